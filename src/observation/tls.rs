//! Facts of TLS at one address: versions, one handshake, and what else the server agrees to. The parts of the latter
//! are `negotiation`'s.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Alpn, Attempt, CipherSuite, DhPrime, Group, Intolerance, Intrusive, Listing, ServerNames, Sessions,
    SignatureScheme, SuiteOrder, limits,
};

/// TLS at one address, on the site's port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tls {
    /// Whether the port speaks SSL or TLS of any version. False: it answered, in something else.
    pub offered: bool,
    /// Which protocol versions the server accepts.
    pub versions: Versions,
    /// One ordinary handshake, with what a current client offers (TLS 1.3 and 1.2).
    pub handshake: Attempt<Handshake>,
    /// Every pair of version and cipher suite the server agrees to, SSL 3.0 to TLS 1.3: each was chosen once by the
    /// server from all that had not been chosen yet. Those of a version in the order they were chosen in, which is the
    /// server's own among suites asked for at once (up to 120) where `suite_order` says so.
    #[schemars(extend("maxItems" = limits::CIPHER_SUITES))]
    pub cipher_suites: Attempt<Listing<CipherSuite>>,
    /// Whose order decides between suites, for each version with at least two.
    #[schemars(extend("maxItems" = limits::SUITE_ORDERS))]
    pub suite_order: Attempt<Listing<SuiteOrder>>,
    /// The groups it exchanges keys in, found out with its newest version and, where that is TLS 1.3, with its newest
    /// older one too. Behind the curve of an ECDSA certificate, which every client of TLS 1.2 must have, groups that the
    /// server likes less are never used and not listed.
    #[schemars(extend("maxItems" = limits::GROUPS))]
    pub groups: Attempt<Listing<Group>>,
    /// The different primes it was seen to use for finite-field Diffie-Hellman up to TLS 1.2, once to a client that
    /// names no group of RFC 7919. Empty where it has no such suite.
    #[schemars(extend("maxItems" = limits::DH_PRIMES))]
    pub dh_primes: Attempt<Listing<DhPrime>>,
    /// What it was seen to sign the key exchange of TLS 1.2 with: to clients that offer everything, and to one that
    /// offers nothing but SHA-1 and MD5. Empty where nothing is signed.
    #[schemars(extend("maxItems" = limits::SIGNATURES))]
    pub signatures: Attempt<Listing<SignatureScheme>>,
    /// Whether it compresses (DEFLATE, RFC 3749). TLS 1.3 has no compression.
    pub compression: Attempt<Support>,
    /// Whether it answers with `renegotiation_info` (RFC 5746) in every version up to TLS 1.2; absent where it has none
    /// of them.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub secure_renegotiation: Attempt<Option<Support>>,
    /// Whether it has `extended_master_secret` (RFC 7627) in every version from TLS 1.0 to 1.2; absent where it has none
    /// of them.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub extended_master_secret: Attempt<Option<Support>>,
    /// Whether it has `encrypt_then_mac` (RFC 7366), seen where it chose a suite with CBC; absent where it has no such
    /// suite from TLS 1.0 to 1.2.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub encrypt_then_mac: Attempt<Option<Support>>,
    /// Whether it hands out session tickets (RFC 5077) up to TLS 1.2; absent where it has none of these versions.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub session_ticket: Attempt<Option<Support>>,
    /// Whether it heeds `TLS_FALLBACK_SCSV` (RFC 7507); absent where there is no lower version to fall back to.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub fallback_scsv: Attempt<Option<Support>>,
    /// How many signed certificate timestamps it sends by extension (RFC 6962 section 3.3) up to TLS 1.2, 0 for none;
    /// absent where it has none of these versions.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub signed_certificate_timestamps: Attempt<Option<u32>>,
    /// Whether it compresses its certificates (RFC 8879) for a client of TLS 1.3 that has every algorithm.
    pub certificate_compression: Attempt<CertificateCompression>,
    /// The protocols it speaks inside.
    pub alpn: Attempt<Alpn>,
    /// How clients come back.
    pub sessions: Attempt<Sessions>,
    /// What clients are given that name another site, or none.
    pub server_names: Attempt<ServerNames>,
    /// Kinds of hello that it cannot stand.
    #[schemars(extend("maxItems" = limits::INTOLERANCES))]
    pub intolerances: Attempt<Listing<Intolerance>>,
    /// Old holes; absent where the scan was not told to look for them.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub intrusive: Attempt<Option<Intrusive>>,
    /// Another site at this address, whose facts these are, `handshake` left out: this one's own handshake and its answer to
    /// a hello for TLS 1.1 agreed with what was found there. Absent where they were found out at this name.
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

/// How certificates are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CertificateCompression {
    /// As they are; so does every server without TLS 1.3.
    None,
    /// Compressed with zlib.
    Zlib,
    /// Compressed with Brotli.
    Brotli,
    /// Compressed with Zstandard.
    Zstd,
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
    /// The OCSP response stapled to the handshake (RFC 6066 section 8), or to a later one where this had none; absent when
    /// there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ocsp_staple: Option<OcspStaple>,
}

/// A stapled OCSP response. Its content is not judged yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OcspStaple {
    /// Its length in bytes.
    pub length: u32,
}

impl OcspStaple {
    /// Of a response, DER.
    pub fn of(response: &[u8]) -> Self {
        Self { length: u32::try_from(response.len()).unwrap_or(u32::MAX) }
    }
}
