//! Facts of DNSSEC beyond the addresses: each record set's status and why, the zone's keys and signatures.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Attempt, DnssecStatus, Listing, limits};

/// How far one record set, or its absence, can be believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordSet {
    /// The name asked for.
    pub name: String,
    /// The type asked for: `MX`, `TXT` …
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether there are records; a denial is signed too.
    pub present: Attempt<bool>,
    /// RFC 4035 section 4.3. Bogus is said only where the validator and our own walk to the root agree.
    pub status: Attempt<DnssecStatus>,
    /// Why it is not Secure, where a reason was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
    /// The reason in words: which record, which zone, which key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What is wrong in a chain of trust, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The signature's time is over.
    Expired,
    /// The signature's time has not begun.
    NotYetValid,
    /// No key of the zone matches any DS of its parent.
    NoDsMatch,
    /// The parent has a DS, the zone no key.
    DsWithoutKey,
    /// The signature does not verify.
    BadSignature,
    /// The zone shows no key that the signature names.
    KeyMissing,
    /// The data is not signed, though its zone should be.
    MissingSignature,
    /// Something is said not to exist and nothing proves it.
    MissingDenial,
    /// Signed only by algorithms that validators do not know, which counts as unsigned (RFC 4035 section 5.2).
    UnsupportedAlgorithm,
    /// The zone, or one above it, is not signed.
    Unsigned,
}

/// How a zone is signed, as its records say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Signing {
    /// The parent's DS records; an empty list means that the parent knows no key.
    #[schemars(extend("maxItems" = limits::DNSSEC_KEYS))]
    pub ds: Attempt<Listing<Ds>>,
    /// The zone's DNSKEY records; an empty list means that the zone is not signed.
    #[schemars(extend("maxItems" = limits::DNSSEC_KEYS))]
    pub keys: Attempt<Listing<DnsKey>>,
    /// Signatures over the zone's SOA, NS and DNSKEY sets.
    #[schemars(extend("maxItems" = limits::DNSSEC_SIGNATURES))]
    pub signatures: Attempt<Listing<Signature>>,
    /// How names are hashed in denials (NSEC3PARAM); absent where the zone has no such record.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub nsec3: Attempt<Option<Nsec3>>,
    /// Whether CDS and CDNSKEY, by which a zone tells its parent of a new key, name the zone's own keys and the same
    /// ones; absent where it has neither.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub child_ds_agrees: Attempt<Option<bool>>,
}

/// A DS record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ds {
    /// It in words, to be quoted: `DS 20326, algorithm 8, digest 2`.
    pub text: String,
    /// The key's tag.
    pub key_tag: u16,
    /// IANA number of the key's algorithm.
    pub algorithm: u8,
    /// IANA number of the digest: 1 is SHA-1, 2 SHA-256, 4 SHA-384.
    pub digest_type: u8,
    /// Whether a key of the zone matches it.
    pub matches: Attempt<bool>,
}

/// A DNSKEY record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DnsKey {
    /// It in words, to be quoted: `DNSKEY 20326, algorithm 8, 2048 bits`.
    pub text: String,
    /// Its tag.
    pub key_tag: u16,
    /// IANA number of its algorithm: 8 is RSASHA256, 13 ECDSAP256SHA256, 15 ED25519.
    pub algorithm: u8,
    /// Length in bits where it is RSA's modulus; absent for other algorithms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rsa_bits: Option<u32>,
    /// Whether it is meant for the parent's DS (SEP flag).
    pub secure_entry_point: bool,
}

/// An RRSIG record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Signature {
    /// It in words, to be quoted: `SOA by 20326 until 2026-11-30T00:00:00Z`.
    pub text: String,
    /// Type of the records it covers.
    pub covers: String,
    /// Tag of the key that made it.
    pub key_tag: u16,
    /// When it ends (RFC 3339, UTC).
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub expires: Timestamp,
    /// Whole hours from its beginning to its end: two days or so where a server signs as it answers.
    pub lifetime_hours: i64,
    /// Whole hours from the time of the observation until then; negative when it is over.
    pub hours_left: i64,
}

/// The parameters of NSEC3 (RFC 5155).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Nsec3 {
    /// Rounds of hashing beyond the first; RFC 9276 asks for 0.
    pub iterations: u16,
    /// Bytes of salt; RFC 9276 asks for none.
    pub salt_length: u8,
}
