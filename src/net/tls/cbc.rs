//! TLS 1.2 suites with AES-CBC and an HMAC of their own (RFC 5246 section 6.2.3.2), which the TLS library leaves out.
//!
//! They are offered last, so that servers that know nothing else (IIS up to Windows Server 2012 R2, old Java) can be
//! looked at: what their site says is worth knowing, and nothing secret is ever sent to it. Whether a server should
//! still take them is for the rules to say.

use aws_lc_rs::{
    cipher::{
        AES_128, AES_256, Algorithm, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey,
    },
    error::Unspecified,
    hmac,
    iv::FixedLength,
};
use rustls::{
    CipherSuite, CipherSuiteCommon, ConnectionTrafficSecrets, Error, SupportedCipherSuite, Tls12CipherSuite,
    crypto::{
        aws_lc_rs::cipher_suite::{
            TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        },
        cipher::{
            AeadKey, InboundOpaqueMessage, InboundPlainMessage, KeyBlockShape, MessageDecrypter,
            MessageEncrypter, OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload,
            Tls12AeadAlgorithm, UnsupportedOperationError, make_tls12_aad,
        },
    },
};

/// AES's block, and so the length of the IV in front of each record.
const BLOCK: usize = 16;
/// The longest fragment of a record (RFC 5246 section 6.2.1).
const LONGEST_FRAGMENT: usize = 1 << 14;

/// The suites, the better ones first. The one with a MAC of SHA-384 is not among them: its key is longer than the
/// library hands over.
pub(super) static SUITES: [SupportedCipherSuite; 6] = [
    SupportedCipherSuite::Tls12(&ECDSA_AES_128_SHA256),
    SupportedCipherSuite::Tls12(&RSA_AES_128_SHA256),
    SupportedCipherSuite::Tls12(&ECDSA_AES_128_SHA),
    SupportedCipherSuite::Tls12(&RSA_AES_128_SHA),
    SupportedCipherSuite::Tls12(&ECDSA_AES_256_SHA),
    SupportedCipherSuite::Tls12(&RSA_AES_256_SHA),
];

static ECDSA_AES_128_SHA256: Tls12CipherSuite =
    like(ECDSA, CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, &AES_128_SHA256);
static RSA_AES_128_SHA256: Tls12CipherSuite =
    like(RSA, CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, &AES_128_SHA256);
static ECDSA_AES_128_SHA: Tls12CipherSuite =
    like(ECDSA, CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, &AES_128_SHA);
static RSA_AES_128_SHA: Tls12CipherSuite =
    like(RSA, CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, &AES_128_SHA);
static ECDSA_AES_256_SHA: Tls12CipherSuite =
    like(ECDSA, CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, &AES_256_SHA);
static RSA_AES_256_SHA: Tls12CipherSuite =
    like(RSA, CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, &AES_256_SHA);

/// Suites of the library with the same signatures and the same PRF: `P_SHA256`, whatever the MAC (RFC 5246 section 5).
static ECDSA: &Tls12CipherSuite = tls12(&TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256);
static RSA: &Tls12CipherSuite = tls12(&TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256);

#[expect(
    clippy::panic,
    reason = "called by the two statics above alone: it would be an error of the compiler"
)]
const fn tls12(suite: &'static SupportedCipherSuite) -> &'static Tls12CipherSuite {
    match suite {
        SupportedCipherSuite::Tls12(suite) => suite,
        SupportedCipherSuite::Tls13(_) => panic!("a suite of TLS 1.2"),
    }
}

const fn like(
    model: &'static Tls12CipherSuite,
    suite: CipherSuite,
    records: &'static Cbc,
) -> Tls12CipherSuite {
    let confidentiality_limit = model.common.confidentiality_limit;
    Tls12CipherSuite {
        common: CipherSuiteCommon { suite, hash_provider: model.common.hash_provider, confidentiality_limit },
        prf_provider: model.prf_provider,
        kx: model.kx,
        sign: model.sign,
        aead_alg: records,
    }
}

static AES_128_SHA: Cbc =
    Cbc { aes: &AES_128, aes_key: 16, mac: hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, mac_len: 20 };
static AES_256_SHA: Cbc =
    Cbc { aes: &AES_256, aes_key: 32, mac: hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, mac_len: 20 };
static AES_128_SHA256: Cbc = Cbc { aes: &AES_128, aes_key: 16, mac: hmac::HMAC_SHA256, mac_len: 32 };

/// How the records of a suite are protected.
struct Cbc {
    aes: &'static Algorithm,
    /// Octets.
    aes_key: usize,
    mac: hmac::Algorithm,
    /// Octets of the MAC, and of its key.
    mac_len: usize,
}

impl Cbc {
    fn aes_key(&self, key: &[u8]) -> Result<UnboundCipherKey, Unspecified> {
        UnboundCipherKey::new(self.aes, key)
    }
}

/// The key block is MAC keys, cipher keys, IVs, client first each time (RFC 5246 section 6.3), and TLS 1.2 takes no IV
/// out of it. The library cuts keys, then IVs: its key is our MAC key, its IV our cipher key.
impl Tls12AeadAlgorithm for Cbc {
    fn key_block_shape(&self) -> KeyBlockShape {
        KeyBlockShape { enc_key_len: self.mac_len, fixed_iv_len: self.aes_key, explicit_nonce_len: 0 }
    }

    fn encrypter(&self, mac_key: AeadKey, key: &[u8], _: &[u8]) -> Box<dyn MessageEncrypter> {
        Box::new(Encrypter {
            key: self.aes_key(key).and_then(EncryptingKey::cbc),
            mac: hmac::Key::new(self.mac, mac_key.as_ref()),
            mac_len: self.mac_len,
        })
    }

    fn decrypter(&self, mac_key: AeadKey, key: &[u8]) -> Box<dyn MessageDecrypter> {
        Box::new(Decrypter {
            key: self.aes_key(key).and_then(DecryptingKey::cbc),
            mac: hmac::Key::new(self.mac, mac_key.as_ref()),
            mac_len: self.mac_len,
        })
    }

    fn extract_keys(
        &self,
        _: AeadKey,
        _: &[u8],
        _: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Err(UnsupportedOperationError)
    }
}

struct Encrypter {
    /// An error only with a key of another length than the key block's shape has.
    key: Result<EncryptingKey, Unspecified>,
    mac: hmac::Key,
    mac_len: usize,
}

impl Encrypter {
    /// Length with MAC, padding and its length octet, without the IV.
    fn padded_len(&self, fragment: usize) -> usize {
        (fragment + self.mac_len + 1).next_multiple_of(BLOCK)
    }
}

impl MessageEncrypter for Encrypter {
    fn encrypt(
        &mut self,
        message: OutboundPlainMessage<'_>,
        seq: u64,
    ) -> Result<OutboundOpaqueMessage, Error> {
        let key = self.key.as_ref().map_err(|_| Error::EncryptError)?;
        let mut block = message.payload.to_vec();
        let fragment = block.len();
        block.reserve_exact(self.padded_len(fragment) - fragment);

        let header = make_tls12_aad(seq, message.typ, message.version, fragment);
        block.extend_from_slice(mac(&self.mac, &header, &block).as_ref());
        let padded = self.padded_len(fragment);
        // every octet of the padding, the last included, tells how many come before the last: below one block
        let filler = u8::try_from(padded - block.len() - 1).map_err(|_| Error::EncryptError)?;
        block.resize(padded, filler);
        let context = key.encrypt(&mut block).map_err(|_| Error::EncryptError)?;
        let iv: &[u8] = (&context).try_into().map_err(|_| Error::EncryptError)?;

        let mut payload = PrefixedPayload::with_capacity(iv.len() + block.len());
        payload.extend_from_slice(iv);
        payload.extend_from_slice(&block);
        Ok(OutboundOpaqueMessage::new(message.typ, message.version, payload))
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        BLOCK + self.padded_len(payload_len)
    }
}

struct Decrypter {
    /// As the encrypter's.
    key: Result<DecryptingKey, Unspecified>,
    mac: hmac::Key,
    mac_len: usize,
}

impl MessageDecrypter for Decrypter {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        seq: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let (typ, version) = (message.typ, message.version);
        let opened = self.open(&mut message.payload, |fragment| make_tls12_aad(seq, typ, version, fragment));
        let fragment = opened.ok_or(Error::DecryptError)?;
        if fragment > LONGEST_FRAGMENT {
            return Err(Error::PeerSentOversizedRecord);
        }
        Ok(message.into_plain_message_range(BLOCK..BLOCK + fragment))
    }
}

impl Decrypter {
    /// Decrypts in place and gives the length of the fragment, which follows the IV.
    ///
    /// Wrong padding counts as none and the MAC is computed all the same, as RFC 5246 section 6.2.3.2 asks. The time
    /// that the MAC takes still depends on the padding: who asks for public pages over and over repeats no secret.
    fn open(&self, payload: &mut [u8], header: impl Fn(usize) -> [u8; 13]) -> Option<usize> {
        let (iv, block) = payload.split_first_chunk_mut::<BLOCK>()?;
        // an empty or broken block is left for the library, which wants whole blocks, and for the length below
        let iv = DecryptionContext::Iv128(FixedLength::from(&*iv));
        let block = self.key.as_ref().ok()?.decrypt(block, iv).ok()?;

        let (&last, before) = block.split_last()?;
        let with_mac = before.len();
        let most = with_mac.checked_sub(self.mac_len)?;
        let filler = usize::from(last);
        let padding_is_right = filler <= most
            && before.iter().rev().take(filler).fold(0, |wrong, octet| wrong | (octet ^ last)) == 0;
        let fragment = if padding_is_right { most - filler } else { most };

        let (fragment_octets, rest) = before.split_at_checked(fragment)?;
        let expected = mac(&self.mac, &header(fragment), fragment_octets);
        let sent = rest.get(..self.mac_len)?;
        let mac_is_right = aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_ref(), sent).is_ok();
        (padding_is_right && mac_is_right).then_some(fragment)
    }
}

fn mac(key: &hmac::Key, header: &[u8], fragment: &[u8]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    context.update(header);
    context.update(fragment);
    context.sign()
}

#[cfg(test)]
#[path = "cbc_tests.rs"]
mod tests;
