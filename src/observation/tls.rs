//! Facts of TLS at one address.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Attempt;

/// TLS at one address, on the site's port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tls {
    /// Whether the port speaks SSL or TLS of any version. False: it answered, in something else.
    pub offered: bool,
    /// Which protocol versions the server accepts.
    pub versions: Versions,
    /// One ordinary handshake, with what a current client offers (TLS 1.3 and 1.2).
    pub handshake: Attempt<Handshake>,
    /// Another site at this address, whose versions these are: this one's own handshake and its answer to a hello for
    /// TLS 1.1 agreed with what was found there. Absent where they were found out at this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_with: Option<String>,
    /// TCP connections that were opened at this address to find all this out.
    pub connections: u32,
}

/// Protocol versions, each tried with a hello of its own after a control hello succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Versions {
    /// SSL 2.0 with at least one cipher (prohibited by RFC 6176).
    #[serde(rename = "SSLv2")]
    pub ssl2: Attempt<Support>,
    /// SSL 3.0 (prohibited by RFC 7568).
    #[serde(rename = "SSLv3")]
    pub ssl3: Attempt<Support>,
    /// TLS 1.0 (deprecated by RFC 8996).
    #[serde(rename = "TLSv1.0")]
    pub tls1_0: Attempt<Support>,
    /// TLS 1.1 (deprecated by RFC 8996).
    #[serde(rename = "TLSv1.1")]
    pub tls1_1: Attempt<Support>,
    /// TLS 1.2 (RFC 5246).
    #[serde(rename = "TLSv1.2")]
    pub tls1_2: Attempt<Support>,
    /// TLS 1.3 (RFC 8446).
    #[serde(rename = "TLSv1.3")]
    pub tls1_3: Attempt<Support>,
}

/// Whether a server takes what it was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Support {
    /// The server chose it.
    Offered,
    /// The server refused it with an alert, or chose another.
    NotOffered,
}

/// What a current client and the server agreed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Handshake {
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: String,
    /// IANA name of the cipher suite.
    pub cipher_suite: String,
    /// IANA name of the key exchange group; absent for a suite without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The protocol chosen by ALPN (RFC 7301), e.g. `h2`; absent when the server chose none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
    /// The OCSP response stapled to the handshake (RFC 6066 section 8); absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ocsp_staple: Option<OcspStaple>,
}

/// A stapled OCSP response. Its content is not judged yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OcspStaple {
    /// Its length in bytes.
    pub length: u32,
}
