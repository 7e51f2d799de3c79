//! TLS signature schemes: TLS 1.3 names where there is one, TLS 1.2 hash and signature pairs otherwise.

use std::borrow::Cow;

/// Name of a `SignatureScheme` code: RFC 8446's (`rsa_pss_rsae_sha256`), else composed from TLS 1.2's pair in the
/// same style (`rsa_pkcs1_md5`, `dsa_sha1`, `ecdsa_sha224`), else `0x1234`.
///
/// A TLS 1.2 peer does not bind 0403, 0503, 0603 to the curve their TLS 1.3 name carries (RFC 8446 §4.2.3).
pub fn signature_scheme_name(code: u16) -> Cow<'static, str> {
    if let Some((_, name)) = SCHEMES.iter().find(|row| row.0 == code) {
        return Cow::Borrowed(name);
    }
    let [hash, signature] = code.to_be_bytes();
    match (pair_hash(hash), signature) {
        (Some(hash), 1) => Cow::Owned(format!("rsa_pkcs1_{}", hash.name())),
        (Some(hash), 2) => Cow::Owned(format!("dsa_{}", hash.name())),
        (Some(hash), 3) => Cow::Owned(format!("ecdsa_{}", hash.name())),
        _ => Cow::Owned(super::hex(code)),
    }
}

/// Every scheme worth offering when one asks what a server signs with: the registry's, then TLS 1.2's other pairs
/// (MD5, SHA-224, DSA).
pub fn signature_schemes() -> impl Iterator<Item = u16> {
    let pairs = (1..=6u16).flat_map(|hash| (1..=3u16).map(move |signature| hash << 8 | signature));
    SCHEMES.iter().map(|row| row.0).chain(pairs.filter(|pair| SCHEMES.iter().all(|row| row.0 != *pair)))
}

/// The hash that is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names of the hashes are all there is to say")]
pub enum SignatureHash {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sm3,
    /// The scheme hashes for itself (`EdDSA`, ML-DSA, GOST and the like).
    Intrinsic,
}

impl SignatureHash {
    /// Lower-case name as scheme names spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
            Self::Sm3 => "sm3",
            Self::Intrinsic => "intrinsic",
        }
    }
}

/// The hash of a scheme, read from its name; `None` for an unknown code.
pub fn signature_scheme_hash(code: u16) -> Option<SignatureHash> {
    let name = signature_scheme_name(code);
    if name.starts_with("0x") {
        return None;
    }
    let words: Vec<&str> = name.split('_').collect();
    // Ed25519, ML-DSA and SLH-DSA sign the message itself: `sha2` in an SLH-DSA name is not its message hash.
    let hashes = [
        SignatureHash::Md5,
        SignatureHash::Sha1,
        SignatureHash::Sha224,
        SignatureHash::Sha256,
        SignatureHash::Sha384,
        SignatureHash::Sha512,
        SignatureHash::Sm3,
    ];
    Some(hashes.into_iter().find(|hash| words.contains(&hash.name())).unwrap_or(SignatureHash::Intrinsic))
}

fn pair_hash(code: u8) -> Option<SignatureHash> {
    Some(match code {
        1 => SignatureHash::Md5,
        2 => SignatureHash::Sha1,
        3 => SignatureHash::Sha224,
        4 => SignatureHash::Sha256,
        5 => SignatureHash::Sha384,
        6 => SignatureHash::Sha512,
        _ => return None,
    })
}

#[rustfmt::skip]
const SCHEMES: &[(u16, &str)] = &[
    (0x0201, "rsa_pkcs1_sha1"), (0x0203, "ecdsa_sha1"), (0x0401, "rsa_pkcs1_sha256"),
    (0x0403, "ecdsa_secp256r1_sha256"), (0x0420, "rsa_pkcs1_sha256_legacy"), (0x0501, "rsa_pkcs1_sha384"),
    (0x0503, "ecdsa_secp384r1_sha384"), (0x0520, "rsa_pkcs1_sha384_legacy"), (0x0601, "rsa_pkcs1_sha512"),
    (0x0603, "ecdsa_secp521r1_sha512"), (0x0620, "rsa_pkcs1_sha512_legacy"),
    (0x0704, "eccsi_sha256"), (0x0705, "iso_ibs1"), (0x0706, "iso_ibs2"), (0x0707, "iso_chinese_ibs"),
    (0x0708, "sm2sig_sm3"), (0x0709, "gostr34102012_256a"), (0x070a, "gostr34102012_256b"),
    (0x070b, "gostr34102012_256c"), (0x070c, "gostr34102012_256d"), (0x070d, "gostr34102012_512a"),
    (0x070e, "gostr34102012_512b"), (0x070f, "gostr34102012_512c"),
    (0x0804, "rsa_pss_rsae_sha256"), (0x0805, "rsa_pss_rsae_sha384"), (0x0806, "rsa_pss_rsae_sha512"),
    (0x0807, "ed25519"), (0x0808, "ed448"), (0x0809, "rsa_pss_pss_sha256"), (0x080a, "rsa_pss_pss_sha384"),
    (0x080b, "rsa_pss_pss_sha512"), (0x081a, "ecdsa_brainpoolP256r1tls13_sha256"),
    (0x081b, "ecdsa_brainpoolP384r1tls13_sha384"), (0x081c, "ecdsa_brainpoolP512r1tls13_sha512"),
    (0x0840, "gostr34102012_256"), (0x0841, "gostr34102012_512"),
    (0x0904, "mldsa44"), (0x0905, "mldsa65"), (0x0906, "mldsa87"),
    (0x0911, "slhdsa_sha2_128s"), (0x0912, "slhdsa_sha2_128f"), (0x0913, "slhdsa_sha2_192s"),
    (0x0914, "slhdsa_sha2_192f"), (0x0915, "slhdsa_sha2_256s"), (0x0916, "slhdsa_sha2_256f"),
    (0x0917, "slhdsa_shake_128s"), (0x0918, "slhdsa_shake_128f"), (0x0919, "slhdsa_shake_192s"),
    (0x091a, "slhdsa_shake_192f"), (0x091b, "slhdsa_shake_256s"), (0x091c, "slhdsa_shake_256f"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted() {
        assert!(SCHEMES.windows(2).all(|w| w[0].0 < w[1].0));
    }

    #[test]
    fn names_and_hashes() {
        assert_eq!(signature_scheme_name(0x0804), "rsa_pss_rsae_sha256");
        assert_eq!(signature_scheme_name(0x0101), "rsa_pkcs1_md5");
        assert_eq!(signature_scheme_name(0x0302), "dsa_sha224");
        assert_eq!(signature_scheme_name(0x0a0a), "0x0a0a");
        assert_eq!(signature_scheme_hash(0x0201), Some(SignatureHash::Sha1));
        assert_eq!(signature_scheme_hash(0x0603), Some(SignatureHash::Sha512));
        assert_eq!(signature_scheme_hash(0x0911), Some(SignatureHash::Intrinsic));
        assert_eq!(signature_scheme_hash(0x0a0a), None);
    }

    #[test]
    fn the_offer_has_no_duplicates_and_every_one_has_a_name() {
        let mut all: Vec<u16> = signature_schemes().collect();
        assert!(all.contains(&0x0101) && all.contains(&0x0202) && all.contains(&0x0905));
        assert!(all.iter().all(|code| !signature_scheme_name(*code).starts_with("0x")));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
