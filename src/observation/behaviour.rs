//! How a TLS server behaves beside what it agrees to: sessions it takes back, names it does not know, hellos it cannot
//! stand, and old holes in it. Facts only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Attempt, Listing, Support};

/// Which protocol is spoken inside (RFC 7301), and what the server does about names it does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Alpn {
    /// The protocols among `h2` and `http/1.1` that it was seen to choose, each from an offer of its own kind.
    #[schemars(extend("maxItems" = super::limits::ALPN_PROTOCOLS))]
    pub protocols: Attempt<Listing<AlpnProtocol>>,
    /// What it does where a client offers only protocols that nobody has.
    pub without_match: Attempt<WithoutMatch>,
    /// Whether it has NPN, the draft that came before ALPN, up to TLS 1.2; absent where it has none of these versions.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub npn: Attempt<Option<Support>>,
}

/// A protocol by its ALPN name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlpnProtocol {
    /// IANA's identifier, e.g. `h2`.
    pub name: String,
}

/// What a server does where no protocol is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WithoutMatch {
    /// It ends the handshake with an alert, as RFC 7301 section 3.2 asks.
    Refused,
    /// It goes on as if nothing had been offered.
    Ignored,
}

/// Whether a client may come back without a full handshake, and what else a session allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sessions {
    /// Whether a session was resumed by its id (TLS 1.2 or older); absent where it has none of these versions.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub by_id: Attempt<Option<Support>>,
    /// Whether a session was resumed by its ticket (RFC 5077, TLS 1.2 or older); absent where it has none of these versions.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub by_ticket: Attempt<Option<Support>>,
    /// Whether a session was resumed by a ticket of TLS 1.3; absent where it has no TLS 1.3.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub by_psk: Attempt<Option<Support>>,
    /// How many tickets of TLS 1.3 came before the first octets of an answer; absent where it has no TLS 1.3.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub tickets: Attempt<Option<u32>>,
    /// Early data (0-RTT, RFC 8446 section 2.3); absent where it has no TLS 1.3.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub early_data: Attempt<Option<EarlyData>>,
    /// Renegotiation begun by the client (TLS 1.2 or older); absent where it has none of these versions.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub client_renegotiation: Attempt<Option<ClientRenegotiation>>,
}

/// Early data: a request that is sent before the handshake is over, and that may be played again by others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EarlyData {
    /// The octets that a ticket allows (`max_early_data_size`); 0 where it allows none.
    pub limit: u32,
    /// Whether a request for `/` was taken as early data when a client came back.
    pub accepted: bool,
}

/// A new handshake inside a connection, asked for by the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClientRenegotiation {
    /// How many were completed on one connection before the server would have no more; 11 is where the scanner stops.
    pub accepted: u32,
}

/// What is answered to a client that names another site, or none (RFC 6066 section 3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServerNames {
    /// To a client that sends no name.
    pub without: Attempt<NameAnswer>,
    /// To a client that sends a name under `.invalid`, which nobody can own.
    pub wrong: Attempt<NameAnswer>,
}

/// What a client is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NameAnswer {
    /// The certificate of this site.
    SameCertificate,
    /// The certificate of another.
    OtherCertificate,
    /// An alert.
    Refused,
}

/// A kind of hello that the server cannot stand although TLS allows it: it was refused, or broke the connection, where
/// an ordinary one was answered before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Intolerance {
    /// What the hello had.
    pub to: HelloTrait,
}

/// Something that a hello may have, and that some servers fail at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HelloTrait {
    /// A version above every one there is, to be answered with the server's highest (RFC 5246 appendix E.1).
    HighVersion,
    /// A record version above TLS 1.0 (RFC 5246 appendix E.1: any 3.x is accepted).
    HighRecordVersion,
    /// An unknown cipher suite (RFC 8701).
    UnknownSuite,
    /// An unknown extension (RFC 8701).
    UnknownExtension,
    /// An unknown group (RFC 8701).
    UnknownGroup,
    /// A length of 256 to 511 octets (RFC 7685).
    #[serde(rename = "length_256_to_511")]
    Length256To511,
    /// More than 64 cipher suites.
    #[serde(rename = "more_than_64_suites")]
    MoreThan64Suites,
    /// More than 128 cipher suites.
    #[serde(rename = "more_than_128_suites")]
    MoreThan128Suites,
}

/// Old holes, looked for by messages that no browser sends: only by `--intrusive` under an authorisation that covers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Intrusive {
    /// Heartbleed (CVE-2014-0160): memory is sent for a heartbeat that claims more than it carries.
    pub heartbleed: Attempt<Weakness>,
    /// CCS injection (CVE-2014-0224): keys are changed before there are any.
    pub ccs_injection: Attempt<Weakness>,
    /// Ticketbleed (CVE-2016-9244): a short session id comes back with memory behind it.
    pub ticketbleed: Attempt<Weakness>,
    /// ROBOT: answers tell whether an RSA key exchange was well-formed, which opens it (Bleichenbacher 1998).
    pub robot: Attempt<Weakness>,
}

/// Whether an old hole is open. Open: seen twice, the second time with nothing else under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weakness {
    /// It is open.
    Vulnerable,
    /// It is closed, or the server has nothing that it could be in.
    NotVulnerable,
}
