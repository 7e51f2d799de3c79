//! What a server agrees to beside the version: cipher suites, groups, primes, signatures. In the registries' terms.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A protocol version that has cipher suites in common with TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Protocol {
    /// SSL 3.0.
    #[serde(rename = "SSLv3")]
    Ssl3,
    /// TLS 1.0.
    #[serde(rename = "TLSv1.0")]
    Tls10,
    /// TLS 1.1.
    #[serde(rename = "TLSv1.1")]
    Tls11,
    /// TLS 1.2.
    #[serde(rename = "TLSv1.2")]
    Tls12,
    /// TLS 1.3.
    #[serde(rename = "TLSv1.3")]
    Tls13,
}

impl Protocol {
    /// As documents spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ssl3 => "SSLv3",
            Self::Tls10 => "TLSv1.0",
            Self::Tls11 => "TLSv1.1",
            Self::Tls12 => "TLSv1.2",
            Self::Tls13 => "TLSv1.3",
        }
    }
}

/// A cipher suite in one version; every field but the first two is read from the name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CipherSuite {
    /// The version it was chosen in.
    pub version: Protocol,
    /// IANA's name; suites that were never registered have the name scanners print.
    pub name: String,
    /// How keys are agreed, spelt as in the name: `ECDHE`, `DHE`, `RSA`, `DH_anon` …; `TLS13` where the handshake
    /// decides, not the suite.
    pub key_exchange: String,
    /// How the server proves who it is: `RSA`, `ECDSA`, `DSS`, `PSK`, `anonymous` …; `TLS13` where the handshake decides.
    pub authentication: String,
    /// The cipher: `AES`, `CHACHA20`, `3DES`, `DES`, `RC4`, `RC2`, `NULL` …
    pub cipher: String,
    /// Secret bits of the key as named: 40 for export suites, 56 for DES, 168 for 3DES, 0 without encryption.
    pub key_bits: u32,
    /// Block size of the cipher in bits; absent for stream ciphers and NULL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_bits: Option<u32>,
    /// How the cipher is used: `GCM`, `CCM`, `AEAD`, `CBC`, `stream`, `NULL` …
    pub mode: String,
    /// The hash in the name, which protects the records where `aead` is false: `SHA1`, `SHA256`, `MD5` …
    pub hash: String,
    /// Encryption and integrity are one operation.
    pub aead: bool,
    /// A stolen key of the server leaves recorded sessions closed.
    pub forward_secrecy: bool,
    /// Nobody proves who they are.
    pub anonymous: bool,
    /// Weakened for the export rules of the nineties.
    pub export: bool,
}

/// Whose order decides between the suites of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SuiteOrder {
    /// The version.
    pub version: Protocol,
    /// Whose order it was when the server was given its own suites the other way round.
    pub of: OrderOf,
}

/// Whose order it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderOf {
    /// It chose the same suite again, also where one with `CHACHA20` stood first.
    Server,
    /// The same, but for clients that put a suite with `CHACHA20` first: they get that.
    ServerButChacha20,
    /// It chose the suite that now stood first.
    Client,
    /// It chose a third.
    Mixed,
}

/// A key exchange group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    /// The version it was chosen in.
    pub version: Protocol,
    /// IANA's name, e.g. `x25519`, `secp256r1`, `X25519MLKEM768`.
    pub name: String,
    /// What kind of mathematics.
    pub kind: GroupKind,
    /// Bits of the curve's field or of the prime; absent for post-quantum and hybrid groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<u32>,
    /// Recorded sessions stay closed to a quantum computer.
    pub post_quantum: bool,
}

/// Kinds of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroupKind {
    /// An elliptic curve over a binary field (deprecated by RFC 8422).
    BinaryCurve,
    /// An elliptic curve over a prime field.
    PrimeCurve,
    /// A curve described by the server itself (deprecated by RFC 8422).
    ExplicitCurve,
    /// A finite field (RFC 7919).
    FiniteField,
    /// A curve and a post-quantum method together.
    Hybrid,
    /// A post-quantum method alone.
    PostQuantum,
}

/// A prime of finite-field Diffie-Hellman.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DhPrime {
    /// Its bits, leading zeros not counted.
    pub bits: u32,
    /// Where it is published, e.g. `RFC 7919 ffdhe2048`, `RFC 2409 group 2`; absent for one of the server's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
    /// SHA-256 of the prime as a big-endian number, lower-case hex: the same on two servers is the same prime.
    pub sha256: String,
}

/// What a key exchange is signed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignatureScheme {
    /// IANA's name, e.g. `rsa_pss_rsae_sha256`, or one in the same style for older pairs, e.g. `rsa_pkcs1_md5`.
    pub name: String,
    /// The hash that is signed, lower case: `sha256`, `sha1`, `md5` …; `intrinsic` where the scheme hashes for itself.
    pub hash: String,
}
