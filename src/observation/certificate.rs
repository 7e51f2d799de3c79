//! Facts of the certificate chain at one address.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Listing, limits};

/// The chain as the server sent it, and what path building makes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Certificate {
    /// The first certificate sent: the server's own.
    pub leaf: X509,
    /// The certificates sent after it, in the order sent.
    #[schemars(extend("maxItems" = limits::CHAIN))]
    pub issuers: Listing<X509>,
    /// Whether the leaf's subject alternative names cover the host (RFC 9525; the common name does not count).
    pub names_host: bool,
    /// Whether a path leads from the leaf to a trusted root, using the certificates sent in any order.
    /// Expiry of the leaf and its names are facts of their own and do not matter here.
    pub trusted: bool,
    /// What is wrong with the chain; absent when a path was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<ChainFault>,
    /// What was wrong in words, for the fault `unusable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault_detail: Option<String>,
    /// Whether each certificate sent certifies the one before it (RFC 5246 section 7.4.2).
    pub in_order: bool,
    /// Whether a self-signed root was sent along needlessly.
    pub root_sent: bool,
}

/// Why no path leads from the leaf to a trusted root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChainFault {
    /// The leaf signed itself.
    SelfSigned,
    /// The path ends at a certificate whose issuer was neither sent nor is a known root.
    MissingIntermediate,
    /// The path ends at a self-signed root that is not among the trusted ones.
    UntrustedRoot,
    /// A certificate of the path other than the leaf is outside its validity.
    ExpiredIssuer,
    /// A signature in the path does not verify.
    BadSignature,
    /// A certificate of the path may not be used so (not a CA, name constraints, key usage, algorithm).
    Unusable,
}

/// One X.509 certificate (RFC 5280).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct X509 {
    /// SHA-256 of the DER, lower-case hex.
    pub sha256: String,
    /// Subject as one line (RFC 4514 order as in the certificate).
    pub subject: String,
    /// Issuer as one line.
    pub issuer: String,
    /// Serial number, lower-case hex.
    pub serial: String,
    /// Start of validity.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub not_before: Timestamp,
    /// End of validity; the last second is inside.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub not_after: Timestamp,
    /// Where the time of observation stands to the validity.
    pub validity: ValidityStatus,
    /// Whole days until the end of validity, rounded down; negative once expired.
    pub days_left: i64,
    /// Whole days of validity, both ends counted (CA/B BR 6.3.2), rounded up.
    pub lifetime_days: i64,
    /// Subject alternative names of the kinds DNS and IP, in the order of the certificate.
    #[schemars(extend("maxItems" = limits::SUBJECT_NAMES))]
    pub names: Listing<SubjectName>,
    /// The key it certifies.
    pub key: PublicKey,
    /// How it was signed.
    pub signature: SignatureAlgorithm,
    /// Whether issuer and subject are the same and its own key verifies its signature; where the algorithm cannot be
    /// verified here, names and key identifiers decide.
    pub self_signed: bool,
    /// Basic constraints say CA.
    pub is_ca: bool,
}

/// One subject alternative name (RFC 5280 section 4.2.1.6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubjectName {
    /// A DNS name in lower case, or an IP address.
    pub name: String,
}

/// Where a moment stands to a certificate's validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ValidityStatus {
    /// Inside.
    Valid,
    /// After the end.
    Expired,
    /// Before the start.
    NotYetValid,
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublicKey {
    /// `RSA`, `EC`, `Ed25519`, `Ed448`, `DSA`, `ML-DSA`, or the dotted OID of another algorithm.
    pub algorithm: String,
    /// Size in bits of the modulus or of the curve's field; absent where the algorithm has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<u32>,
    /// Name of the curve, e.g. `secp256r1`; absent for keys that are not on a named curve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curve: Option<String>,
    /// SHA-256 of the `SubjectPublicKeyInfo`, lower-case hex: the same key elsewhere has the same value.
    pub spki_sha256: String,
}

/// How a certificate was signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignatureAlgorithm {
    /// Name, e.g. `sha256WithRSAEncryption`, or the dotted OID.
    pub name: String,
    /// Hash: `MD5`, `SHA-1`, `SHA-256` …; absent where the algorithm has none of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}
