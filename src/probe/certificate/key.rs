//! Facts of a public key: which algorithm, how large, on which curve. Owns the names of algorithms and curves.

use x509_parser::asn1_rs::{Any, Tag};
use x509_parser::x509::SubjectPublicKeyInfo;

use super::distinguished_name::dotted;
use super::roca;
use super::x509::sha256;
use crate::observation::PublicKey;
use crate::wire::der;

/// Curves by dotted OID: IANA name (TLS Supported Groups, or SEC 2 where TLS has none), bits of the field.
const CURVES: [(&str, &str, u32); 41] = [
    ("1.2.840.10045.3.1.1", "secp192r1", 192),
    ("1.2.840.10045.3.1.7", "secp256r1", 256),
    ("1.3.132.0.1", "sect163k1", 163),
    ("1.3.132.0.2", "sect163r1", 163),
    ("1.3.132.0.3", "sect239k1", 239),
    ("1.3.132.0.6", "secp112r1", 112),
    ("1.3.132.0.7", "secp112r2", 112),
    ("1.3.132.0.8", "secp160r1", 160),
    ("1.3.132.0.9", "secp160k1", 160),
    ("1.3.132.0.10", "secp256k1", 256),
    ("1.3.132.0.15", "sect163r2", 163),
    ("1.3.132.0.16", "sect283k1", 283),
    ("1.3.132.0.17", "sect283r1", 283),
    ("1.3.132.0.24", "sect193r1", 193),
    ("1.3.132.0.25", "sect193r2", 193),
    ("1.3.132.0.26", "sect233k1", 233),
    ("1.3.132.0.27", "sect233r1", 233),
    ("1.3.132.0.28", "secp128r1", 128),
    ("1.3.132.0.29", "secp128r2", 128),
    ("1.3.132.0.30", "secp160r2", 160),
    ("1.3.132.0.31", "secp192k1", 192),
    ("1.3.132.0.32", "secp224k1", 224),
    ("1.3.132.0.33", "secp224r1", 224),
    ("1.3.132.0.34", "secp384r1", 384),
    ("1.3.132.0.35", "secp521r1", 521),
    ("1.3.132.0.36", "sect409k1", 409),
    ("1.3.132.0.37", "sect409r1", 409),
    ("1.3.132.0.38", "sect571k1", 571),
    ("1.3.132.0.39", "sect571r1", 571),
    ("1.3.36.3.3.2.8.1.1.1", "brainpoolP160r1", 160),
    ("1.3.36.3.3.2.8.1.1.3", "brainpoolP192r1", 192),
    ("1.3.36.3.3.2.8.1.1.5", "brainpoolP224r1", 224),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", 256),
    ("1.3.36.3.3.2.8.1.1.8", "brainpoolP256t1", 256),
    ("1.3.36.3.3.2.8.1.1.9", "brainpoolP320r1", 320),
    ("1.3.36.3.3.2.8.1.1.10", "brainpoolP320t1", 320),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", 384),
    ("1.3.36.3.3.2.8.1.1.12", "brainpoolP384t1", 384),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", 512),
    ("1.3.36.3.3.2.8.1.1.14", "brainpoolP512t1", 512),
    ("1.2.156.10197.1.301", "curveSM2", 256),
];

/// Describes the key of a `SubjectPublicKeyInfo`. What cannot be read of it is left out.
pub(super) fn public_key(info: &SubjectPublicKeyInfo<'_>) -> PublicKey {
    let oid = dotted(&info.algorithm.algorithm);
    let parameters = info.algorithm.parameters.as_ref();
    let (algorithm, bits, curve) = match oid.as_str() {
        // The second is a key that may only make RSASSA-PSS signatures (RFC 4055).
        "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => ("RSA", rsa_bits(info), None),
        "1.2.840.10045.2.1" => {
            let (bits, curve) = parameters.map_or((None, None), curve_of);
            ("EC", bits, curve)
        }
        "1.2.840.10040.4.1" => ("DSA", parameters.and_then(dsa_bits), None),
        "1.3.101.112" => ("Ed25519", Some(255), None),
        "1.3.101.113" => ("Ed448", Some(448), None),
        "2.16.840.1.101.3.4.3.17" | "2.16.840.1.101.3.4.3.18" | "2.16.840.1.101.3.4.3.19" => {
            ("ML-DSA", None, None)
        }
        other => (other, None, None),
    };
    let numbers = (algorithm == "RSA").then(|| rsa_numbers(info)).flatten();
    PublicKey {
        exponent: numbers.and_then(|(_, exponent)| small(exponent)),
        roca: numbers.map(|(modulus, _)| roca::has_its_structure(modulus)),
        algorithm: algorithm.to_owned(),
        bits,
        curve,
        spki_sha256: sha256(info.raw),
    }
}

/// A positive INTEGER that fits; `None` for others.
fn small(integer: &[u8]) -> Option<i64> {
    let zeros = integer.iter().take_while(|octet| **octet == 0).count();
    let significant = integer.get(zeros..)?;
    let fits = significant.len() <= 8 && integer.first().is_some_and(|first| *first < 0x80);
    let number = significant.iter().fold(0_u64, |sum, octet| sum << 8 | u64::from(*octet));
    i64::try_from(number).ok().filter(|_| fits)
}

/// Bits of the modulus of an RSA key, whatever algorithm identifier stands before it.
pub(super) fn rsa_bits(info: &SubjectPublicKeyInfo<'_>) -> Option<u32> {
    rsa_numbers(info).and_then(|(modulus, _)| der::bit_length(modulus))
}

/// Modulus and public exponent of an RSA key, big-endian.
pub(super) fn rsa_numbers<'a>(info: &'a SubjectPublicKeyInfo<'_>) -> Option<(&'a [u8], &'a [u8])> {
    let numbers = der::contents(&info.subject_public_key.data, der::SEQUENCE)?;
    let modulus = der::read(numbers).filter(|element| element.tag == der::INTEGER)?;
    Some((modulus.contents, der::contents(modulus.rest, der::INTEGER)?))
}

/// The dotted OID of the named curve of an EC key.
pub(super) fn curve_oid(info: &SubjectPublicKeyInfo<'_>) -> Option<String> {
    named_curve(info.algorithm.parameters.as_ref()?)
}

/// Size of the field and name of the curve. An unknown named curve keeps its OID as its name; a curve written out
/// as numbers (RFC 3279 section 2.3.5) has a field of known size and no name.
fn curve_of(parameters: &Any<'_>) -> (Option<u32>, Option<String>) {
    if let Some(oid) = named_curve(parameters) {
        return match CURVES.iter().find(|(known, ..)| *known == oid) {
            Some((_, name, bits)) => (Some(*bits), Some((*name).to_owned())),
            None => (None, Some(oid)),
        };
    }
    (explicit_field_bits(parameters.data), None)
}

fn named_curve(parameters: &Any<'_>) -> Option<String> {
    // `as_oid` takes any element for an OID.
    parameters.tag().assert_eq(Tag::Oid).ok()?;
    parameters.as_oid().ok().map(|oid| dotted(&oid))
}

/// Bits of the prime of `ECParameters ::= SEQUENCE { version, fieldID SEQUENCE { OID, prime INTEGER }, … }`.
fn explicit_field_bits(parameters: &[u8]) -> Option<u32> {
    let version = der::read(parameters).filter(|element| element.tag == der::INTEGER)?;
    let field = der::contents(version.rest, der::SEQUENCE)?;
    let kind = der::read(field).filter(|element| element.tag == der::OBJECT_IDENTIFIER)?;
    der::bit_length(der::contents(kind.rest, der::INTEGER)?)
}

/// Bits of p in `Dss-Parms ::= SEQUENCE { p, q, g }`.
fn dsa_bits(parameters: &Any<'_>) -> Option<u32> {
    der::bit_length(der::contents(parameters.data, der::INTEGER)?)
}
