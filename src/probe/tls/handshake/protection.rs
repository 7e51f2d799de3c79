//! How records of TLS 1.0 to 1.2 are protected in one direction: AES-CBC with an HMAC beside it (RFC 5246 section
//! 6.2.3.2; RFC 2246 section 6.2.3.2 for the chained IV of TLS 1.0), AES-GCM (RFC 5288) and ChaCha20-Poly1305 (RFC 7905).
//! Knows no handshake.

use aws_lc_rs::{
    aead,
    cipher::{
        AES_128, AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext,
        UnboundCipherKey,
    },
    constant_time, hmac,
    iv::FixedLength,
    rand,
};

use crate::wire::{
    iana::{BulkCipher, CipherMode, SuiteHash, SuiteProperties},
    tls::{ContentType, Version},
};

/// AES's block.
const BLOCK: usize = 16;
/// The part of a GCM nonce that is agreed, and the part that travels.
const FIXED_IV: usize = 4;
const EXPLICIT_NONCE: usize = 8;
const TAG: usize = 16;
/// Octets of the agreed IV that the sequence number is mixed into.
const MIXED_IV: usize = aead::NONCE_LEN;

/// A record could not be protected or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unprotected;

/// Octets of each kind of key that a suite takes out of the key block, for one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyLengths {
    pub(super) mac: usize,
    pub(super) key: usize,
    pub(super) iv: usize,
}

/// The lengths of a suite's keys; nothing where its records cannot be protected here.
pub(super) fn key_lengths(suite: &SuiteProperties, version: Version) -> Option<KeyLengths> {
    if suite.cipher == BulkCipher::ChaCha20 && suite.mode == CipherMode::Aead && version == Version::TLS12 {
        return Some(KeyLengths { mac: 0, key: 32, iv: MIXED_IV });
    }
    if suite.cipher != BulkCipher::Aes || suite.export || !matches!(suite.key_bits, 128 | 256) {
        return None;
    }
    let key = usize::from(suite.key_bits / 8);
    match (suite.mode, suite.hash) {
        (CipherMode::Gcm, _) if version == Version::TLS12 => Some(KeyLengths { mac: 0, key, iv: FIXED_IV }),
        (CipherMode::Cbc, SuiteHash::Sha1) => {
            // from TLS 1.1 on the IV stands in front of each record
            Some(KeyLengths { mac: 20, key, iv: if version < Version::TLS11 { BLOCK } else { 0 } })
        }
        (CipherMode::Cbc, SuiteHash::Sha256) if version == Version::TLS12 => {
            Some(KeyLengths { mac: 32, key, iv: 0 })
        }
        (CipherMode::Cbc, SuiteHash::Sha384) if version == Version::TLS12 => {
            Some(KeyLengths { mac: 48, key, iv: 0 })
        }
        _ => None,
    }
}

/// One direction of a connection.
pub(super) struct Protection {
    cipher: Cipher,
    version: Version,
    sequence: u64,
}

enum Cipher {
    Cbc(Box<Cbc>),
    Gcm { key: aead::LessSafeKey, fixed: [u8; FIXED_IV] },
    ChaCha { key: aead::LessSafeKey, iv: [u8; MIXED_IV] },
}

struct Cbc {
    encrypting: EncryptingKey,
    decrypting: DecryptingKey,
    mac: hmac::Key,
    mac_length: usize,
    /// The block before, up to TLS 1.0.
    chained: Option<[u8; BLOCK]>,
}

impl Protection {
    /// With keys of the lengths that [`key_lengths`] says.
    pub(super) fn new(
        suite: &SuiteProperties,
        version: Version,
        mac: &[u8],
        key: &[u8],
        iv: &[u8],
    ) -> Result<Self, Unprotected> {
        let cipher = if suite.cipher == BulkCipher::ChaCha20 {
            let key = aead::UnboundKey::new(&aead::CHACHA20_POLY1305, key).map_err(|_| Unprotected)?;
            let iv = iv.try_into().map_err(|_| Unprotected)?;
            Cipher::ChaCha { key: aead::LessSafeKey::new(key), iv }
        } else if suite.mode == CipherMode::Gcm {
            let algorithm = if key.len() == 16 { &aead::AES_128_GCM } else { &aead::AES_256_GCM };
            let key = aead::UnboundKey::new(algorithm, key).map_err(|_| Unprotected)?;
            let fixed = iv.try_into().map_err(|_| Unprotected)?;
            Cipher::Gcm { key: aead::LessSafeKey::new(key), fixed }
        } else {
            let algorithm = if key.len() == 16 { &AES_128 } else { &AES_256 };
            let aes = || UnboundCipherKey::new(algorithm, key);
            let hash = match suite.hash {
                SuiteHash::Sha384 => hmac::HMAC_SHA384,
                SuiteHash::Sha256 => hmac::HMAC_SHA256,
                _ => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            };
            Cipher::Cbc(Box::new(Cbc {
                encrypting: aes().and_then(EncryptingKey::cbc).map_err(|_| Unprotected)?,
                decrypting: aes().and_then(DecryptingKey::cbc).map_err(|_| Unprotected)?,
                mac: hmac::Key::new(hash, mac),
                mac_length: mac.len(),
                chained: if version < Version::TLS11 {
                    Some(iv.try_into().map_err(|_| Unprotected)?)
                } else {
                    None
                },
            }))
        };
        Ok(Self { cipher, version, sequence: 0 })
    }

    /// The fragment of a record for this content.
    pub(super) fn seal(&mut self, kind: ContentType, plain: &[u8]) -> Result<Vec<u8>, Unprotected> {
        let header = next_header(&mut self.sequence, self.version, kind, plain.len())?;
        match &mut self.cipher {
            Cipher::Gcm { key, fixed } => {
                let explicit: [u8; EXPLICIT_NONCE] = *header.first_chunk().ok_or(Unprotected)?;
                let mut sealed = plain.to_vec();
                key.seal_in_place_append_tag(nonce(*fixed, explicit)?, aead::Aad::from(header), &mut sealed)
                    .map_err(|_| Unprotected)?;
                Ok([&explicit[..], &sealed].concat())
            }
            Cipher::ChaCha { key, iv } => {
                let mut sealed = plain.to_vec();
                key.seal_in_place_append_tag(mixed(*iv, &header)?, aead::Aad::from(header), &mut sealed)
                    .map_err(|_| Unprotected)?;
                Ok(sealed)
            }
            Cipher::Cbc(cbc) => cbc.seal(&header, plain),
        }
    }

    /// What a record's fragment holds.
    pub(super) fn open(&mut self, kind: ContentType, fragment: &[u8]) -> Result<Vec<u8>, Unprotected> {
        match &mut self.cipher {
            Cipher::Gcm { key, fixed } => {
                let (explicit, sealed) = fragment.split_first_chunk().ok_or(Unprotected)?;
                let length = sealed.len().checked_sub(TAG).ok_or(Unprotected)?;
                let header = next_header(&mut self.sequence, self.version, kind, length)?;
                let mut opened = sealed.to_vec();
                key.open_in_place(nonce(*fixed, *explicit)?, aead::Aad::from(header), &mut opened)
                    .map_err(|_| Unprotected)?;
                opened.truncate(length);
                Ok(opened)
            }
            Cipher::ChaCha { key, iv } => {
                let length = fragment.len().checked_sub(TAG).ok_or(Unprotected)?;
                let header = next_header(&mut self.sequence, self.version, kind, length)?;
                let mut opened = fragment.to_vec();
                key.open_in_place(mixed(*iv, &header)?, aead::Aad::from(header), &mut opened)
                    .map_err(|_| Unprotected)?;
                opened.truncate(length);
                Ok(opened)
            }
            Cipher::Cbc(cbc) => {
                let (opened, sent) = cbc.decrypt(fragment)?;
                let header = next_header(&mut self.sequence, self.version, kind, opened.len())?;
                let expected = tag(&cbc.mac, &header, &opened);
                constant_time::verify_slices_are_equal(expected.as_ref(), &sent).map_err(|_| Unprotected)?;
                Ok(opened)
            }
        }
    }
}

/// Sequence number, type, version, length: what the MAC covers beside the content. Counts on.
fn next_header(
    sequence: &mut u64,
    version: Version,
    kind: ContentType,
    length: usize,
) -> Result<[u8; 13], Unprotected> {
    let mut header = [0; 13];
    let length = u16::try_from(length).map_err(|_| Unprotected)?;
    let parts = sequence
        .to_be_bytes()
        .into_iter()
        .chain([kind.0])
        .chain(version.0.to_be_bytes())
        .chain(length.to_be_bytes());
    for (place, octet) in header.iter_mut().zip(parts) {
        *place = octet;
    }
    *sequence = sequence.checked_add(1).ok_or(Unprotected)?;
    Ok(header)
}

impl Cbc {
    fn seal(&mut self, header: &[u8], plain: &[u8]) -> Result<Vec<u8>, Unprotected> {
        let mut block = plain.to_vec();
        block.extend_from_slice(tag(&self.mac, header, plain).as_ref());
        let padded = (block.len() + 1).next_multiple_of(BLOCK);
        let filler = u8::try_from(padded - block.len() - 1).map_err(|_| Unprotected)?;
        block.resize(padded, filler);
        let mut iv = [0; BLOCK];
        match self.chained {
            Some(before) => iv = before,
            None => rand::fill(&mut iv).map_err(|_| Unprotected)?,
        }
        let start = EncryptionContext::Iv128(FixedLength::from(iv));
        self.encrypting.less_safe_encrypt(&mut block, start).map_err(|_| Unprotected)?;
        if let Some(before) = &mut self.chained {
            *before = *block.last_chunk().ok_or(Unprotected)?;
            return Ok(block);
        }
        Ok([&iv[..], &block].concat())
    }

    /// The content and the MAC that was sent with it, which is not looked at yet.
    fn decrypt(&mut self, fragment: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Unprotected> {
        let (iv, sealed) = match self.chained {
            Some(before) => (before, fragment),
            None => fragment.split_first_chunk().map(|(iv, rest)| (*iv, rest)).ok_or(Unprotected)?,
        };
        if let Some(before) = &mut self.chained {
            *before = *sealed.last_chunk().ok_or(Unprotected)?;
        }
        let mut opened = sealed.to_vec();
        let start = DecryptionContext::Iv128(FixedLength::from(iv));
        self.decrypting.decrypt(&mut opened, start).map_err(|_| Unprotected)?;
        // nothing secret passes here, so what padding and MAC cost in time may show
        let filler = *opened.last().ok_or(Unprotected)?;
        let padding = usize::from(filler) + 1;
        let length = opened.len().checked_sub(padding + self.mac_length).ok_or(Unprotected)?;
        if opened.iter().rev().take(padding).any(|octet| *octet != filler) {
            return Err(Unprotected);
        }
        let sent = opened.get(length..length + self.mac_length).ok_or(Unprotected)?.to_vec();
        opened.truncate(length);
        Ok((opened, sent))
    }
}

fn nonce(fixed: [u8; FIXED_IV], explicit: [u8; EXPLICIT_NONCE]) -> Result<aead::Nonce, Unprotected> {
    aead::Nonce::try_assume_unique_for_key(&[&fixed[..], &explicit].concat()).map_err(|_| Unprotected)
}

/// The IV with the sequence number, which a header begins with, mixed into its end.
fn mixed(iv: [u8; MIXED_IV], header: &[u8; 13]) -> Result<aead::Nonce, Unprotected> {
    let mut nonce = iv;
    for (place, octet) in nonce.iter_mut().skip(MIXED_IV - 8).zip(header) {
        *place ^= octet;
    }
    aead::Nonce::try_assume_unique_for_key(&nonce).map_err(|_| Unprotected)
}

fn tag(key: &hmac::Key, header: &[u8], plain: &[u8]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    context.update(header);
    context.update(plain);
    context.sign()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::iana;

    const SUITES: [(u16, Version); 7] = [
        (0x002f, Version::TLS10),
        (0x0035, Version::TLS11),
        (0xc013, Version::TLS12),
        (0x003d, Version::TLS12),
        (0xc028, Version::TLS12),
        (0xc030, Version::TLS12),
        (0xcca8, Version::TLS12),
    ];

    fn pair(which: usize) -> (Protection, Protection) {
        let (code, version) = SUITES[which % SUITES.len()];
        let suite = iana::cipher_suite(code).unwrap().properties().unwrap();
        let lengths = key_lengths(&suite, version).unwrap();
        let one = || {
            let octets = |length| vec![7; length];
            Protection::new(&suite, version, &octets(lengths.mac), &octets(lengths.key), &octets(lengths.iv))
                .unwrap_or_else(|_| panic!("{code:04x}"))
        };
        (one(), one())
    }

    #[test]
    fn only_what_can_be_protected_has_keys() {
        let of = |code: u16, version| {
            key_lengths(&iana::cipher_suite(code).unwrap().properties().unwrap(), version)
        };
        assert_eq!(of(0xc02f, Version::TLS12), Some(KeyLengths { mac: 0, key: 16, iv: 4 }));
        assert_eq!(of(0x0035, Version::TLS10), Some(KeyLengths { mac: 20, key: 32, iv: 16 }));
        assert_eq!(of(0xcca8, Version::TLS12), Some(KeyLengths { mac: 0, key: 32, iv: 12 }));
        for (code, version) in [(0xc02f, Version::TLS11), (0x0005, Version::TLS12), (0x000a, Version::TLS12)]
        {
            assert_eq!(of(code, version), None, "{code:04x}");
        }
    }

    proptest! {
        #[test]
        fn what_is_sealed_is_opened_in_order(
            which in 0usize..7,
            contents in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..100), 1..4),
        ) {
            let (mut here, mut there) = pair(which);
            for content in contents {
                let sealed = here.seal(ContentType::HANDSHAKE, &content).unwrap();
                prop_assert_eq!(there.open(ContentType::HANDSHAKE, &sealed).unwrap(), content);
            }
        }

        #[test]
        fn what_was_touched_is_refused(which in 0usize..7, at: prop::sample::Index, bit in 0u8..8) {
            let (mut here, mut there) = pair(which);
            let mut sealed = here.seal(ContentType::HANDSHAKE, b"sixteen octets..").unwrap();
            let i = at.index(sealed.len());
            sealed[i] ^= 1 << bit;
            prop_assert_eq!(there.open(ContentType::HANDSHAKE, &sealed), Err(Unprotected));
        }

        #[test]
        fn arbitrary_records_never_panic(which in 0usize..7, octets in proptest::collection::vec(any::<u8>(), 0..80)) {
            let (_, mut there) = pair(which);
            let _ = there.open(ContentType::HANDSHAKE, &octets);
        }
    }
}
