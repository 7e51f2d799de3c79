//! The grammar of cipher suite names, `TLS_<exchange>_WITH_<cipher>_<hash>` and TLS 1.3's `TLS_<cipher>_<hash>`.
//! Turns a name into [`SuiteProperties`]; knows no codes.

use super::{Authentication, BulkCipher, CipherMode, KeyExchange, SuiteHash, SuiteProperties};

impl SuiteProperties {
    /// Reads a suite name; `None` when it is no suite name this grammar knows (the SCSVs among them).
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.strip_prefix("TLS_")?;
        let name = name.strip_suffix("_OLD").unwrap_or(name);
        let (exchange, cipher) = match name.split_once("_WITH_") {
            Some((exchange, cipher)) => (Some(exchange), cipher),
            None => (None, name),
        };
        let cipher = RecordProtection::from_name(cipher)?;
        let (exchange, export) = match exchange {
            Some(exchange) => without_export(exchange),
            None => ("", false),
        };
        // The MGM suites of RFC 9367 are TLS 1.3 suites in spite of their GOST-style name.
        let (key_exchange, authentication) = if exchange.is_empty() || cipher.mode == CipherMode::Mgm {
            (KeyExchange::Tls13, Authentication::Tls13)
        } else {
            exchange_from_name(exchange)?
        };
        let RecordProtection { cipher, key_bits, block_bits, mode, hash } = cipher;
        Some(Self { key_exchange, authentication, cipher, key_bits, block_bits, mode, hash, export })
    }
}

fn without_export(exchange: &str) -> (&str, bool) {
    for suffix in ["_EXPORT1024", "_EXPORT"] {
        if let Some(exchange) = exchange.strip_suffix(suffix) {
            return (exchange, true);
        }
    }
    (exchange, false)
}

fn exchange_from_name(name: &str) -> Option<(KeyExchange, Authentication)> {
    use Authentication as A;
    use KeyExchange as K;
    Some(match name {
        "NULL" => (K::Null, A::Anonymous),
        "RSA" | "RSA_FIPS" => (K::Rsa, A::Rsa),
        "DH_anon" => (K::DhAnon, A::Anonymous),
        "ECDH_anon" => (K::EcdhAnon, A::Anonymous),
        "DH_DSS" => (K::Dh, A::Dss),
        "DH_RSA" => (K::Dh, A::Rsa),
        "DHE_DSS" => (K::Dhe, A::Dss),
        "DHE_RSA" => (K::Dhe, A::Rsa),
        "ECDH_ECDSA" => (K::Ecdh, A::Ecdsa),
        "ECDH_RSA" => (K::Ecdh, A::Rsa),
        "ECDHE_ECDSA" => (K::Ecdhe, A::Ecdsa),
        "ECDHE_RSA" => (K::Ecdhe, A::Rsa),
        "PSK" => (K::Psk, A::Psk),
        // The registry has both spellings.
        "DHE_PSK" | "PSK_DHE" => (K::DhePsk, A::Psk),
        "ECDHE_PSK" => (K::EcdhePsk, A::Psk),
        "RSA_PSK" => (K::RsaPsk, A::Rsa),
        "KRB5" => (K::Kerberos, A::Kerberos),
        "SRP_SHA" => (K::Srp, A::Password),
        "SRP_SHA_RSA" => (K::Srp, A::Rsa),
        "SRP_SHA_DSS" => (K::Srp, A::Dss),
        "ECCPWD" => (K::Eccpwd, A::Password),
        "GOSTR341094" | "GOSTR341001" | "GOSTR341112_256" => (K::Gost, A::Gost),
        "GOSTR341094_RSA" => (K::Gost, A::Rsa),
        "FORTEZZA_KEA" => (K::Fortezza, A::Fortezza),
        "CECPQ1_RSA" => (K::Cecpq1, A::Rsa),
        "CECPQ1_ECDSA" => (K::Cecpq1, A::Ecdsa),
        _ => return None,
    })
}

struct RecordProtection {
    cipher: BulkCipher,
    key_bits: u16,
    block_bits: Option<u16>,
    mode: CipherMode,
    hash: SuiteHash,
}

impl RecordProtection {
    /// Reads the part behind `_WITH_` (or all of a TLS 1.3 name): cipher, size, mode, hash.
    fn from_name(name: &str) -> Option<Self> {
        use BulkCipher as B;
        use CipherMode as M;
        // RFC 6655 names its suites without the hash, which is SHA-256; RFC 9150 has no cipher, only hashes.
        let name = if name.ends_with("_CCM") || name.ends_with("_CCM_8") {
            format!("{name}_SHA256")
        } else if matches!(name, "SHA256_SHA256" | "SHA384_SHA384") {
            name.replacen("SHA256_", "NULL_", 1).replacen("SHA384_", "NULL_", 1)
        } else {
            name.to_owned()
        };
        let (cipher, hash) = split_hash(&name)?;
        let (cipher, key_bits, block_bits, mode) = match cipher {
            "NULL" => (B::Null, 0, None, M::Null),
            "RC4_40" => (B::Rc4, 40, None, M::Stream),
            "RC4_56" => (B::Rc4, 56, None, M::Stream),
            "RC4_128" => (B::Rc4, 128, None, M::Stream),
            "RC2_CBC_40" => (B::Rc2, 40, Some(64), M::Cbc),
            "RC2_CBC_56" => (B::Rc2, 56, Some(64), M::Cbc),
            "RC2_CBC" => (B::Rc2, 128, Some(64), M::Cbc),
            "IDEA_CBC" => (B::Idea, 128, Some(64), M::Cbc),
            "DES40_CBC" | "DES_CBC_40" => (B::Des, 40, Some(64), M::Cbc),
            "DES_CBC" => (B::Des, 56, Some(64), M::Cbc),
            "3DES_EDE_CBC" => (B::TripleDes, 168, Some(64), M::Cbc),
            "SEED_CBC" => (B::Seed, 128, Some(128), M::Cbc),
            "SM4_GCM" => (B::Sm4, 128, Some(128), M::Gcm),
            "SM4_CCM" => (B::Sm4, 128, Some(128), M::Ccm),
            "CHACHA20_POLY1305" => (B::ChaCha20, 256, None, M::Aead),
            "AEGIS_256" => (B::Aegis, 256, Some(128), M::Aead),
            "AEGIS_128L" => (B::Aegis, 128, Some(256), M::Aead),
            "FORTEZZA_CBC" => (B::FortezzaSkipjack, 80, Some(64), M::Cbc),
            "28147_CNT" => (B::Gost28147, 256, Some(64), M::Ctr),
            "KUZNYECHIK_CTR" => (B::Kuznyechik, 256, Some(128), M::Ctr),
            "KUZNYECHIK_MGM" => (B::Kuznyechik, 256, Some(128), M::Mgm),
            "MAGMA_CTR" => (B::Magma, 256, Some(64), M::Ctr),
            "MAGMA_MGM" => (B::Magma, 256, Some(64), M::Mgm),
            sized => sized_cipher(sized)?,
        };
        Some(Self { cipher, key_bits, block_bits, mode, hash })
    }
}

/// `AES_128_GCM` and its like: the families that come in 128 and 256 bits and several modes.
fn sized_cipher(name: &str) -> Option<(BulkCipher, u16, Option<u16>, CipherMode)> {
    let (family, rest) = name.split_once('_')?;
    let (bits, mode) = rest.split_once('_')?;
    let cipher = match family {
        "AES" => BulkCipher::Aes,
        "ARIA" => BulkCipher::Aria,
        "CAMELLIA" => BulkCipher::Camellia,
        _ => return None,
    };
    let mode = match mode {
        "CBC" => CipherMode::Cbc,
        "CCM" => CipherMode::Ccm,
        "CCM_8" => CipherMode::Ccm8,
        "GCM" => CipherMode::Gcm,
        _ => return None,
    };
    let bits = match bits {
        "128" => 128,
        "256" => 256,
        _ => return None,
    };
    Some((cipher, bits, Some(128), mode))
}

fn split_hash(name: &str) -> Option<(&str, SuiteHash)> {
    let (cipher, hash) = name.rsplit_once('_')?;
    let hash = match hash {
        "NULL" => SuiteHash::Null,
        "MD5" => SuiteHash::Md5,
        "SHA" => SuiteHash::Sha1,
        "SHA256" => SuiteHash::Sha256,
        "SHA384" => SuiteHash::Sha384,
        "SHA512" => SuiteHash::Sha512,
        "SM3" => SuiteHash::Sm3,
        "RMD" => SuiteHash::Ripemd160,
        // GOST's own MACs and hashes; `_L` and `_S` are RFC 9367's two key-change intervals.
        "IMIT" | "OMAC" | "GOSTR3411" | "GOST94" | "L" | "S" => SuiteHash::Gost,
        _ => return None,
    };
    Some((cipher, hash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::iana::{cipher_suite, cipher_suites};

    #[test]
    fn every_name_is_understood_except_the_signalling_values() {
        let silent: Vec<_> = cipher_suites().filter(|s| s.properties().is_none()).map(|s| s.code).collect();
        assert_eq!(silent, [0x00ff, 0x5600]);
    }

    /// Independent statements about the names, over every row: the parser may not contradict the plain text.
    #[test]
    fn properties_agree_with_the_text_of_every_name() {
        for suite in cipher_suites() {
            let Some(p) = suite.properties() else { continue };
            let n = suite.name;
            assert_eq!(p.export, n.contains("EXPORT"), "{n}");
            assert_eq!(p.anonymous(), n.contains("anon") || n == "TLS_NULL_WITH_NULL_NULL", "{n}");
            assert_eq!(p.null_encryption(), n.contains("WITH_NULL") || n.starts_with("TLS_SHA"), "{n}");
            assert_eq!(p.mode == CipherMode::Cbc, n.contains("_CBC"), "{n}");
            assert_eq!(p.mode == CipherMode::Gcm, n.contains("_GCM"), "{n}");
            assert_eq!(matches!(p.mode, CipherMode::Ccm | CipherMode::Ccm8), n.contains("_CCM"), "{n}");
            assert_eq!(p.mode == CipherMode::Ccm8, n.contains("_CCM_8"), "{n}");
            assert_eq!(p.mode == CipherMode::Stream, n.contains("_RC4_"), "{n}");
            assert_eq!(p.cipher == BulkCipher::TripleDes, n.contains("3DES"), "{n}");
            assert_eq!(p.cipher == BulkCipher::Des, n.contains("_DES"), "{n}");
            assert_eq!(p.hash == SuiteHash::Md5, n.ends_with("MD5"), "{n}");
            assert_eq!(p.hash == SuiteHash::Sha1, n.replace("_OLD", "").ends_with("SHA"), "{n}");
            assert_eq!(p.is_tls13(), !n.contains("_WITH_") || n.contains("MGM"), "{n}");
            let ephemeral =
                ["DHE_", "ECDHE_", "_anon", "SRP", "ECCPWD", "CECPQ1"].iter().any(|t| n.contains(t));
            assert_eq!(p.forward_secrecy(), ephemeral || p.is_tls13() || n.contains("PSK_DHE"), "{n}");
            assert_eq!(p.key_bits == 0, p.null_encryption(), "{n}");
            let renamed = p.cipher == BulkCipher::FortezzaSkipjack || n.starts_with("TLS_SHA");
            assert!(renamed || n.contains(p.cipher.name()), "{n}");
            assert!(
                p.is_tls13() || p.key_exchange == KeyExchange::DhePsk || n.contains(p.key_exchange.name()),
                "{n}"
            );
            if p.export {
                assert!(p.key_bits <= 56, "{n}");
            }
            let small =
                ["DES", "IDEA", "RC2", "28147", "MAGMA", "FORTEZZA_CBC"].iter().any(|t| n.contains(t));
            assert_eq!(p.block_bits == Some(64), small, "{n}");
        }
    }

    #[test]
    fn well_known_suites() {
        let p = cipher_suite(0xc02f).unwrap().properties().unwrap();
        assert_eq!((p.key_exchange, p.authentication), (KeyExchange::Ecdhe, Authentication::Rsa));
        assert_eq!((p.cipher, p.key_bits, p.mode), (BulkCipher::Aes, 128, CipherMode::Gcm));
        assert!(p.forward_secrecy() && !p.anonymous() && !p.export);
        let p = cipher_suite(0x0003).unwrap().properties().unwrap();
        assert_eq!((p.key_exchange, p.key_bits, p.block_bits), (KeyExchange::Rsa, 40, None));
        assert!(p.export && !p.forward_secrecy());
        let p = cipher_suite(0xc0aa).unwrap().properties().unwrap();
        assert_eq!((p.key_exchange, p.hash), (KeyExchange::DhePsk, SuiteHash::Sha256));
        let p = cipher_suite(0xcc13).unwrap();
        assert!(!p.registered && p.properties().unwrap().mode.is_aead());
        assert_eq!(cipher_suite(0x0a0a), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_panic(name in "(TLS_)?[A-Z0-9_a-z]{0,60}") {
            let _ = SuiteProperties::from_name(&name);
        }
    }
}
