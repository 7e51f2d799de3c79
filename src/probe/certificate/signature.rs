//! Facts of a signature: the name of its algorithm and its hash. Does not verify; `verify` does.

use x509_parser::signature_algorithm::RsaSsaPssParams;
use x509_parser::x509::AlgorithmIdentifier;

use super::distinguished_name::dotted;
use crate::observation::SignatureAlgorithm;

/// Algorithms by dotted OID: name as in their RFC, hash.
const ALGORITHMS: [(&str, &str, Option<&str>); 36] = [
    ("1.2.840.113549.1.1.2", "md2WithRSAEncryption", Some("MD2")),
    ("1.2.840.113549.1.1.3", "md4WithRSAEncryption", Some("MD4")),
    ("1.2.840.113549.1.1.4", "md5WithRSAEncryption", Some("MD5")),
    ("1.3.14.3.2.25", "md5WithRSASignature", Some("MD5")),
    ("1.2.840.113549.1.1.5", "sha1WithRSAEncryption", Some("SHA-1")),
    ("1.3.14.3.2.29", "sha1WithRSASignature", Some("SHA-1")),
    ("1.2.840.113549.1.1.14", "sha224WithRSAEncryption", Some("SHA-224")),
    ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption", Some("SHA-256")),
    ("1.2.840.113549.1.1.12", "sha384WithRSAEncryption", Some("SHA-384")),
    ("1.2.840.113549.1.1.13", "sha512WithRSAEncryption", Some("SHA-512")),
    ("1.2.840.113549.1.1.15", "sha512-224WithRSAEncryption", Some("SHA-512/224")),
    ("1.2.840.113549.1.1.16", "sha512-256WithRSAEncryption", Some("SHA-512/256")),
    ("2.16.840.1.101.3.4.3.13", "id-rsassa-pkcs1-v1_5-with-sha3-224", Some("SHA3-224")),
    ("2.16.840.1.101.3.4.3.14", "id-rsassa-pkcs1-v1_5-with-sha3-256", Some("SHA3-256")),
    ("2.16.840.1.101.3.4.3.15", "id-rsassa-pkcs1-v1_5-with-sha3-384", Some("SHA3-384")),
    ("2.16.840.1.101.3.4.3.16", "id-rsassa-pkcs1-v1_5-with-sha3-512", Some("SHA3-512")),
    ("1.2.840.10045.4.1", "ecdsa-with-SHA1", Some("SHA-1")),
    ("1.2.840.10045.4.3.1", "ecdsa-with-SHA224", Some("SHA-224")),
    ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256", Some("SHA-256")),
    ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384", Some("SHA-384")),
    ("1.2.840.10045.4.3.4", "ecdsa-with-SHA512", Some("SHA-512")),
    ("2.16.840.1.101.3.4.3.9", "id-ecdsa-with-sha3-224", Some("SHA3-224")),
    ("2.16.840.1.101.3.4.3.10", "id-ecdsa-with-sha3-256", Some("SHA3-256")),
    ("2.16.840.1.101.3.4.3.11", "id-ecdsa-with-sha3-384", Some("SHA3-384")),
    ("2.16.840.1.101.3.4.3.12", "id-ecdsa-with-sha3-512", Some("SHA3-512")),
    ("1.2.840.10040.4.3", "dsa-with-sha1", Some("SHA-1")),
    ("2.16.840.1.101.3.4.3.1", "dsa-with-sha224", Some("SHA-224")),
    ("2.16.840.1.101.3.4.3.2", "dsa-with-sha256", Some("SHA-256")),
    ("2.16.840.1.101.3.4.3.3", "dsa-with-sha384", Some("SHA-384")),
    ("2.16.840.1.101.3.4.3.4", "dsa-with-sha512", Some("SHA-512")),
    ("1.2.156.10197.1.501", "SM2-with-SM3", Some("SM3")),
    ("1.3.101.112", "Ed25519", None),
    ("1.3.101.113", "Ed448", None),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44", None),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65", None),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87", None),
];

const RSASSA_PSS: &str = "1.2.840.113549.1.1.10";

/// Names an algorithm. The hash of RSASSA-PSS stands in its parameters and is SHA-1 where they do not say
/// (RFC 4055 section 3.1).
pub(super) fn signature_algorithm(identifier: &AlgorithmIdentifier<'_>) -> SignatureAlgorithm {
    let oid = dotted(&identifier.algorithm);
    if oid == RSASSA_PSS {
        return SignatureAlgorithm { name: "RSASSA-PSS".to_owned(), hash: pss_hash(identifier) };
    }
    match ALGORITHMS.iter().find(|(known, ..)| *known == oid) {
        Some((_, name, hash)) => {
            SignatureAlgorithm { name: (*name).to_owned(), hash: hash.map(str::to_owned) }
        }
        None => SignatureAlgorithm { name: oid, hash: None },
    }
}

fn pss_hash(identifier: &AlgorithmIdentifier<'_>) -> Option<String> {
    let Some(parameters) = identifier.parameters.as_ref() else { return Some("SHA-1".to_owned()) };
    let parameters = RsaSsaPssParams::try_from(parameters).ok()?;
    let oid = dotted(parameters.hash_algorithm_oid());
    Some(hash_name(&oid).map_or(oid, str::to_owned))
}

/// Name of a hash by its dotted OID.
fn hash_name(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "1.2.840.113549.2.5" => "MD5",
        "1.3.14.3.2.26" => "SHA-1",
        "2.16.840.1.101.3.4.2.4" => "SHA-224",
        "2.16.840.1.101.3.4.2.1" => "SHA-256",
        "2.16.840.1.101.3.4.2.2" => "SHA-384",
        "2.16.840.1.101.3.4.2.3" => "SHA-512",
        "2.16.840.1.101.3.4.2.5" => "SHA-512/224",
        "2.16.840.1.101.3.4.2.6" => "SHA-512/256",
        "2.16.840.1.101.3.4.2.7" => "SHA3-224",
        "2.16.840.1.101.3.4.2.8" => "SHA3-256",
        "2.16.840.1.101.3.4.2.9" => "SHA3-384",
        "2.16.840.1.101.3.4.2.10" => "SHA3-512",
        _ => return None,
    })
}
