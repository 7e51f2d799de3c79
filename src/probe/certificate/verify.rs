//! One signature under one key. Verifies more than anybody should trust (MD5, SHA-1, short RSA keys), since what
//! signed an old certificate is a fact; whether a path may be built from it is `webpki`'s to say.

use aws_lc_rs::{digest, signature};
use md5::{Digest as _, Md5};
use x509_parser::num_bigint::BigUint;
use x509_parser::prelude::X509Certificate;
use x509_parser::signature_algorithm::RsaSsaPssParams;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use super::distinguished_name::dotted;
use super::{key, signature::signature_algorithm};

/// What a signature check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// The key made the signature.
    Verified,
    /// It did not.
    Failed,
    /// Nobody here can tell: the algorithm or its parameters are not supported.
    Unsupported,
}

/// Largest RSA modulus that is looked at, in bits: larger ones cost too much.
const MAX_RSA_BITS: u32 = 8192;
/// Largest public exponent, in bits, as in `BoringSSL` and its relatives.
const MAX_EXPONENT_BITS: u64 = 33;

/// Something signed: a certificate, a list, a response.
#[derive(Clone, Copy)]
pub(super) struct Signed<'a> {
    pub(super) algorithm: &'a AlgorithmIdentifier<'a>,
    pub(super) message: &'a [u8],
    pub(super) signature: &'a [u8],
}

/// Whether the holder of `key_info` made the signature of `certificate`.
pub(super) fn verify(certificate: &X509Certificate<'_>, key_info: &SubjectPublicKeyInfo<'_>) -> Check {
    let signed = Signed {
        algorithm: &certificate.signature_algorithm,
        message: certificate.tbs_certificate.as_ref(),
        signature: &certificate.signature_value.data,
    };
    verify_signed(signed, key_info)
}

/// Whether the holder of `key_info` made the signature.
pub(super) fn verify_signed(signed: Signed<'_>, key_info: &SubjectPublicKeyInfo<'_>) -> Check {
    let algorithm = signature_algorithm(signed.algorithm);
    let key_oid = dotted(&key_info.algorithm.algorithm);
    let hash = algorithm.hash.as_deref().unwrap_or_default();
    match (algorithm.name.as_str(), key_oid.as_str()) {
        ("RSASSA-PSS", "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10") => {
            verify_pss(signed, key_info, hash)
        }
        (name, "1.2.840.113549.1.1.1") if name.contains("WithRSA") => verify_pkcs1(signed, key_info, hash),
        (name, "1.2.840.10045.2.1") if name.starts_with("ecdsa-with-") => {
            let Some(curve) = key::curve_oid(key_info) else { return Check::Unsupported };
            ecdsa(&curve, hash).map_or(Check::Unsupported, |method| run(method, signed, key_info))
        }
        ("Ed25519", "1.3.101.112") => run(&signature::ED25519, signed, key_info),
        ("ML-DSA-44", "2.16.840.1.101.3.4.3.17") => run(&signature::ML_DSA_44, signed, key_info),
        ("ML-DSA-65", "2.16.840.1.101.3.4.3.18") => run(&signature::ML_DSA_65, signed, key_info),
        ("ML-DSA-87", "2.16.840.1.101.3.4.3.19") => run(&signature::ML_DSA_87, signed, key_info),
        // A key of one kind cannot have made a signature of another.
        (name, oid) if kinds_differ(name, oid) => Check::Failed,
        _ => Check::Unsupported,
    }
}

fn run(
    algorithm: &'static dyn signature::VerificationAlgorithm,
    signed: Signed<'_>,
    key_info: &SubjectPublicKeyInfo<'_>,
) -> Check {
    let key = signature::UnparsedPublicKey::new(algorithm, &key_info.subject_public_key.data);
    match key.verify(signed.message, signed.signature) {
        Ok(()) => Check::Verified,
        Err(_) => Check::Failed,
    }
}

fn ecdsa(curve: &str, hash: &str) -> Option<&'static dyn signature::VerificationAlgorithm> {
    Some(match (curve, hash) {
        ("1.2.840.10045.3.1.7", "SHA-1") => &signature::ECDSA_P256_SHA1_ASN1,
        ("1.2.840.10045.3.1.7", "SHA-256") => &signature::ECDSA_P256_SHA256_ASN1,
        ("1.2.840.10045.3.1.7", "SHA-384") => &signature::ECDSA_P256_SHA384_ASN1,
        ("1.2.840.10045.3.1.7", "SHA-512") => &signature::ECDSA_P256_SHA512_ASN1,
        ("1.3.132.0.34", "SHA-256") => &signature::ECDSA_P384_SHA256_ASN1,
        ("1.3.132.0.34", "SHA-384") => &signature::ECDSA_P384_SHA384_ASN1,
        ("1.3.132.0.34", "SHA-512") => &signature::ECDSA_P384_SHA512_ASN1,
        ("1.3.132.0.35", "SHA-1") => &signature::ECDSA_P521_SHA1_ASN1,
        ("1.3.132.0.35", "SHA-224") => &signature::ECDSA_P521_SHA224_ASN1,
        ("1.3.132.0.35", "SHA-256") => &signature::ECDSA_P521_SHA256_ASN1,
        ("1.3.132.0.35", "SHA-384") => &signature::ECDSA_P521_SHA384_ASN1,
        ("1.3.132.0.35", "SHA-512") => &signature::ECDSA_P521_SHA512_ASN1,
        ("1.3.132.0.10", "SHA-256") => &signature::ECDSA_P256K1_SHA256_ASN1,
        _ => return None,
    })
}

fn verify_pss(signed: Signed<'_>, key_info: &SubjectPublicKeyInfo<'_>, hash: &str) -> Check {
    let (algorithm, length): (&'static dyn signature::VerificationAlgorithm, u32) = match hash {
        "SHA-256" => (&signature::RSA_PSS_2048_8192_SHA256, 32),
        "SHA-384" => (&signature::RSA_PSS_2048_8192_SHA384, 48),
        "SHA-512" => (&signature::RSA_PSS_2048_8192_SHA512, 64),
        _ => return Check::Unsupported,
    };
    // The library takes the customary parameters for granted: salt as long as the hash, MGF1 with the same hash.
    let customary = signed
        .algorithm
        .parameters
        .as_ref()
        .and_then(|parameters| RsaSsaPssParams::try_from(parameters).ok())
        .is_some_and(|parameters| {
            parameters.salt_length() == length
                && parameters
                    .mask_gen_algorithm()
                    .is_ok_and(|mask| mask.hash == *parameters.hash_algorithm_oid())
        });
    match key::rsa_bits(key_info) {
        Some(2048..=MAX_RSA_BITS) if customary => run(algorithm, signed, key_info),
        _ => Check::Unsupported,
    }
}

fn verify_pkcs1(signed: Signed<'_>, key_info: &SubjectPublicKeyInfo<'_>, hash: &str) -> Check {
    let algorithm: &'static dyn signature::VerificationAlgorithm = match (key::rsa_bits(key_info), hash) {
        (None | Some(0), _) => return Check::Failed,
        (Some(bits), _) if bits > MAX_RSA_BITS => return Check::Unsupported,
        // The library refuses an exponent of 1, under which anybody can sign; that somebody did is a fact all the same.
        _ if !has_usual_exponent(key_info) => return verify_pkcs1_by_hand(signed, key_info, hash),
        (Some(1024..), "SHA-1") => &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (Some(1024..), "SHA-256") => &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        (Some(2048..), "SHA-384") => &signature::RSA_PKCS1_2048_8192_SHA384,
        (Some(1024..), "SHA-512") => &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        _ => return verify_pkcs1_by_hand(signed, key_info, hash),
    };
    run(algorithm, signed, key_info)
}

fn has_usual_exponent(key_info: &SubjectPublicKeyInfo<'_>) -> bool {
    key::rsa_numbers(key_info).is_some_and(|(_, exponent)| {
        let exponent = BigUint::from_bytes_be(exponent);
        exponent.bit(0) && (2..=MAX_EXPONENT_BITS).contains(&exponent.bits())
    })
}

/// RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2.2) for what the library refuses: MD5, SHA-224, and keys shorter than
/// 1024 bits. Compares the whole encoded message, so there is no padding to parse.
fn verify_pkcs1_by_hand(signed: Signed<'_>, key_info: &SubjectPublicKeyInfo<'_>, hash: &str) -> Check {
    let message = signed.message;
    let digest_of = |algorithm| digest::digest(algorithm, message).as_ref().to_vec();
    // DigestInfo up to the digest (RFC 8017 section 9.2, notes).
    let (prefix, hashed): (&[u8], Vec<u8>) = match hash {
        "MD5" => (
            b"\x30\x20\x30\x0c\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x05\x05\x00\x04\x10",
            Md5::digest(message).to_vec(),
        ),
        "SHA-1" => (
            b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
            digest_of(&digest::SHA1_FOR_LEGACY_USE_ONLY),
        ),
        "SHA-224" => (&digest_info(4, 28), digest_of(&digest::SHA224)),
        "SHA-256" => (&digest_info(1, 32), digest_of(&digest::SHA256)),
        "SHA-384" => (&digest_info(2, 48), digest_of(&digest::SHA384)),
        "SHA-512" => (&digest_info(3, 64), digest_of(&digest::SHA512)),
        _ => return Check::Unsupported,
    };
    let Some((modulus, exponent)) = key::rsa_numbers(key_info) else { return Check::Failed };
    let (n, e) = (BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(exponent));
    let signature = BigUint::from_bytes_be(signed.signature);
    if !n.bit(0) || e.bits() > MAX_EXPONENT_BITS {
        return Check::Unsupported;
    }
    let length = usize::try_from(n.bits().div_ceil(8)).unwrap_or(usize::MAX);
    let Some(padding) = length.checked_sub(prefix.len() + hashed.len() + 3).filter(|padding| *padding >= 8)
    else {
        return Check::Failed;
    };
    if signed.signature.len() != length || signature >= n {
        return Check::Failed;
    }
    let expected = [&[0, 1], vec![0xff; padding].as_slice(), &[0], prefix, &hashed].concat();
    if signature.modpow(&e, &n) == BigUint::from_bytes_be(&expected) {
        Check::Verified
    } else {
        Check::Failed
    }
}

/// The beginning of a `DigestInfo` of the SHA-2 family: last arc of the OID, length of the digest.
fn digest_info(arc: u8, length: u8) -> [u8; 19] {
    let [whole, algorithm] = [length + 17, 13];
    [0x30, whole, 0x30, algorithm, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, arc, 5, 0, 4, length]
}

/// Whether the algorithm is known to need another kind of key than this one.
fn kinds_differ(name: &str, key_oid: &str) -> bool {
    let wanted = if name.contains("WithRSA") || name.contains("rsassa") || name == "RSASSA-PSS" {
        "RSA"
    } else if name.contains("ecdsa") {
        "EC"
    } else if name.starts_with("dsa-") {
        "DSA"
    } else {
        match name {
            "Ed25519" | "Ed448" | "ML-DSA-44" | "ML-DSA-65" | "ML-DSA-87" => name,
            _ => return false,
        }
    };
    let held = match key_oid {
        "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => "RSA",
        "1.2.840.10045.2.1" => "EC",
        "1.2.840.10040.4.1" => "DSA",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
        _ => return false,
    };
    wanted != held
}
