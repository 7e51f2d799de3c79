//! Facts of the certificate chain at one address.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Attempt, Completion, Listing, Revocation, Sct, Staple, limits};

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
    /// Whether such a path leads to a root of Mozilla's programme, not only to one that was given to the scan.
    pub publicly_trusted: bool,
    /// What is wrong with the chain; absent when a path was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<ChainFault>,
    /// What was wrong in words, for the fault `unusable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault_detail: Option<String>,
    /// What may not be done with a certificate of the path, for the fault `unusable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub misuse: Option<Misuse>,
    /// Whether each certificate sent certifies the one before it (RFC 5246 section 7.4.2).
    pub in_order: bool,
    /// Whether a self-signed root was sent along needlessly.
    pub root_sent: bool,
    /// What its issuer offers for download in place of a missing intermediate; absent where none is missing, or what
    /// was downloaded leads to no trusted root either.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub completion: Attempt<Option<Completion>>,
    /// The OCSP response stapled to the handshake (RFC 6066 section 8); absent when there is none.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub staple: Attempt<Option<Staple>>,
    /// Whether its issuer has revoked the leaf: from a reliable staple, or looked up where that was asked for. Absent
    /// where nobody was asked.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub revocation: Attempt<Option<Revocation>>,
    /// Signed certificate timestamps embedded in the leaf or in a staple (RFC 6962 section 3.3), in that order. Those of
    /// a TLS extension are not seen.
    #[schemars(extend("maxItems" = limits::SCTS))]
    pub scts: Attempt<Listing<Sct>>,
    /// The day of the list of logs that timestamps are held against.
    pub ct_logs_of: String,
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

/// What may not be done with a certificate, or not be done with it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Misuse {
    /// Key usage does not allow TLS servers, or an issuer to sign (RFC 5280 section 4.2.1.3).
    KeyUsage,
    /// Extended key usage does not allow TLS servers (RFC 5280 section 4.2.1.12).
    ExtendedKeyUsage,
    /// The leaf is the certificate of a certification authority.
    AuthorityAsServer,
    /// An issuer is no certification authority (RFC 5280 section 4.2.1.9).
    ServerAsAuthority,
    /// More authorities below an issuer than its path length allows (RFC 5280 section 4.2.1.9).
    PathLength,
    /// A name lies outside an issuer's name constraints (RFC 5280 section 4.2.1.10).
    NameConstraints,
    /// A critical extension is not understood (RFC 5280 section 4.2).
    CriticalExtension,
    /// An issuer's key is of a kind or size that no signature is accepted from.
    Key,
    /// A signature is made in a way that is not accepted.
    Signature,
    /// Something else; the detail says what.
    Other,
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
    /// Octets of the serial number as encoded; RFC 5280 section 4.1.2.2 allows 20.
    pub serial_octets: u32,
    /// The serial number is larger than zero.
    pub serial_positive: bool,
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
    /// It has a subject alternative name extension.
    pub names_present: bool,
    /// One of the DNS names stands for a whole level: `*.example.vn`.
    pub wildcard: bool,
    /// How its issuer says to have checked the subject, by the CA/B Forum's policies; absent where it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<Validation>,
    /// What the key may be used for, as RFC 5280 section 4.2.1.3 calls it; absent where that is not restricted.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    #[schemars(extend("maxItems" = limits::KEY_USAGES))]
    pub key_usage: Attempt<Option<Vec<String>>>,
    /// What the certificate may be used for: `serverAuth`, `clientAuth` …, or the dotted OID; absent where that is not
    /// restricted.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    #[schemars(extend("maxItems" = limits::PURPOSES))]
    pub extended_key_usage: Attempt<Option<Vec<String>>>,
    /// It demands that servers staple an OCSP response (RFC 7633).
    pub must_staple: bool,
    /// The key it certifies.
    pub key: PublicKey,
    /// How it was signed.
    pub signature: SignatureAlgorithm,
    /// Whether issuer and subject are the same and its own key verifies its signature; where the algorithm cannot be
    /// verified here, names and key identifiers decide.
    pub self_signed: bool,
    /// Basic constraints say CA.
    pub is_ca: bool,
    /// Most authorities that may stand below it; absent where that is not restricted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_length: Option<u32>,
    /// It restricts which names may be certified below it (RFC 5280 section 4.2.1.10).
    pub constrains_names: bool,
}

/// How an issuer checked whom it certifies (CA/B BR 7.1.6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Validation {
    /// Control of the domain.
    Domain,
    /// Also the organisation.
    Organization,
    /// Also the person.
    Individual,
    /// The organisation, by the stricter EV guidelines.
    Extended,
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
    /// Public exponent of an RSA key; absent for other keys, and where it has more than 63 bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exponent: Option<i64>,
    /// The modulus has the structure of keys that can be factored after ROCA (CVE-2017-15361); absent for keys that are
    /// not RSA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roca: Option<bool>,
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
