//! DKIM key records (RFC 6376 section 3.6.1, RFC 8463). Signatures of messages are not read here.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use x509_parser::{
    prelude::FromDer as _,
    public_key::{PublicKey, RSAPublicKey},
    x509::SubjectPublicKeyInfo,
};

use super::{der::bit_length, tag_list::TagList};

/// A key record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// The key.
    pub key: Key,
    /// `t=y`: the domain only tries DKIM.
    pub testing: bool,
    /// `t=s`: not for subdomains.
    pub strict: bool,
    /// Whether mail is among the services (`s`).
    pub for_mail: bool,
}

/// The key of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// An empty `p`: the key is withdrawn.
    Revoked,
    /// RSA with a modulus of so many bits.
    Rsa {
        /// Bits.
        bits: u32,
    },
    /// Ed25519.
    Ed25519,
    /// A type nobody here knows.
    Unknown(String),
}

/// Why a text is no usable key record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// `v` stands, but not first or not `DKIM1`.
    #[error("v= has to come first and be DKIM1")]
    Version,
    /// No key.
    #[error("p= is missing")]
    NoKey,
    /// No base64, or no key inside.
    #[error("p= holds no public key of the type that k= names")]
    Key,
    /// A tag twice: the whole list is invalid (RFC 6376 section 3.2).
    #[error("a tag stands more than once")]
    Repeated,
}

impl KeyRecord {
    /// Reads the TXT record of `SELECTOR._domainkey.DOMAIN`.
    pub fn parse(text: &[u8]) -> Result<Self, KeyError> {
        let text = String::from_utf8_lossy(text);
        let list = TagList::parse(&text);
        if !list.repeated().is_empty() {
            return Err(KeyError::Repeated);
        }
        if let Some(version) = list.get("v") {
            let first = list.tags.first().is_some_and(|tag| tag.name == "v");
            if !first || version != "DKIM1" {
                return Err(KeyError::Version);
            }
        }
        let words = |tag: &str| -> Vec<String> {
            list.get(tag).unwrap_or_default().split(':').map(|word| word.trim().to_owned()).collect()
        };
        let (flags, services) = (words("t"), words("s"));
        let has = |words: &[String], word: &str| words.iter().any(|other| other == word);
        Ok(Self {
            key: key(list.get("k").unwrap_or("rsa"), list.get("p").ok_or(KeyError::NoKey)?)?,
            testing: has(&flags, "y"),
            strict: has(&flags, "s"),
            for_mail: list.get("s").is_none() || has(&services, "*") || has(&services, "email"),
        })
    }
}

fn key(kind: &str, encoded: &str) -> Result<Key, KeyError> {
    // white space may be folded into the value (RFC 6376 section 2.8)
    let encoded: String = encoded.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    if encoded.is_empty() {
        return Ok(Key::Revoked);
    }
    match kind {
        "rsa" => {
            let der = BASE64_STANDARD.decode(encoded).map_err(|_| KeyError::Key)?;
            rsa_bits(&der).map(|bits| Key::Rsa { bits }).ok_or(KeyError::Key)
        }
        "ed25519" => {
            let key = BASE64_STANDARD.decode(encoded).map_err(|_| KeyError::Key)?;
            if key.len() == 32 { Ok(Key::Ed25519) } else { Err(KeyError::Key) }
        }
        other => Ok(Key::Unknown(other.chars().take(100).collect())),
    }
}

/// The specification names the bare key, everybody publishes it inside its `SubjectPublicKeyInfo` (erratum 3017).
fn rsa_bits(der: &[u8]) -> Option<u32> {
    let modulus = |key: &RSAPublicKey<'_>| bit_length(key.modulus).filter(|bits| *bits > 0);
    if let Ok((_, info)) = SubjectPublicKeyInfo::from_der(der) {
        return match info.parsed().ok()? {
            PublicKey::RSA(key) => modulus(&key),
            _ => None,
        };
    }
    RSAPublicKey::from_der(der).ok().and_then(|(_, key)| modulus(&key))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The key of RFC 6376 appendix C, 1024 bits.
    const RSA: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt\
                       IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0\
                       fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB";

    #[test]
    fn records() {
        let of = |text: &str| KeyRecord::parse(text.as_bytes());
        let plain = of(&format!("v=DKIM1; k=rsa; p={RSA}")).unwrap();
        assert_eq!(plain.key, Key::Rsa { bits: 1024 });
        assert!(plain.for_mail && !plain.testing && !plain.strict);
        let (left, right) = RSA.split_at(70);
        let folded = of(&format!("p={left}\r\n {right}; t=y:s; s=tlsrpt")).unwrap();
        assert_eq!(
            (folded.key, folded.testing, folded.strict, folded.for_mail),
            (Key::Rsa { bits: 1024 }, true, true, false)
        );
        // RFC 8463 appendix A.2
        let ed25519 = of("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=").unwrap();
        assert_eq!(ed25519.key, Key::Ed25519);
        assert_eq!(of("v=DKIM1; p=").map(|record| record.key), Ok(Key::Revoked));
        assert_eq!(of("k=ml-dsa; p=AAAA").map(|record| record.key), Ok(Key::Unknown(String::from("ml-dsa"))));
        for (text, error) in [
            ("v=DKIM1; k=rsa", KeyError::NoKey),
            ("p=AAAA; v=DKIM1", KeyError::Version),
            ("v=DKIM2; p=AAAA", KeyError::Version),
            ("p=AAAA", KeyError::Key),
            ("p=%%%", KeyError::Key),
            ("k=ed25519; p=AAAA", KeyError::Key),
            ("p=; p=", KeyError::Repeated),
            ("", KeyError::NoKey),
        ] {
            assert_eq!(of(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_bare_key_is_read_too() {
        let der = BASE64_STANDARD.decode(RSA).unwrap();
        let (_, info) = SubjectPublicKeyInfo::from_der(&der).unwrap();
        assert_eq!(rsa_bits(&info.subject_public_key.data), Some(1024));
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<Vec<u8>>(), der in any::<Vec<u8>>()) {
            let _ = KeyRecord::parse(&text);
            let _ = KeyRecord::parse(format!("p={}", BASE64_STANDARD.encode(der)).as_bytes());
        }
    }
}
