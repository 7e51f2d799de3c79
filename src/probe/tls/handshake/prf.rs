//! The pseudorandom functions of TLS 1.0 to 1.2 (RFC 2246 section 5, RFC 5246 section 5), the hash over a handshake, and
//! the secrets that are made with both. Holds no state.

use aws_lc_rs::{digest, hmac};
use md5::{Digest as _, Md5};

use crate::wire::{iana::SuiteHash, tls::Version};

/// Octets of a master secret.
pub(super) const MASTER: usize = 48;
/// Octets of a Finished message.
const VERIFY_DATA: usize = 12;
/// Octets that a block of MD5 takes.
const MD5_BLOCK: usize = 64;

/// Which function a version and suite use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prf {
    /// MD5 and SHA-1 together: TLS 1.0 and 1.1.
    Md5Sha1,
    /// TLS 1.2 with every suite that names no other.
    Sha256,
    /// TLS 1.2 with a suite that names SHA-384.
    Sha384,
}

/// Whose Finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

impl Prf {
    pub(super) fn of(version: Version, hash: SuiteHash) -> Self {
        match hash {
            _ if version < Version::TLS12 => Self::Md5Sha1,
            SuiteHash::Sha384 => Self::Sha384,
            _ => Self::Sha256,
        }
    }

    /// `length` octets from a secret, a label and a seed.
    pub(super) fn expand(self, secret: &[u8], label: &str, seed: &[u8], length: usize) -> Vec<u8> {
        let seed = [label.as_bytes(), seed].concat();
        match self {
            Self::Md5Sha1 => {
                // halves that share the middle octet of a secret of odd length
                let half = secret.len().div_ceil(2);
                let first = secret.get(..half).unwrap_or_default();
                let second = secret.get(secret.len() - half..).unwrap_or_default();
                let mut octets = p_hash(|data| hmac_md5(first, data), &seed, length);
                let other =
                    p_hash(|data| sign(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, second, data), &seed, length);
                for (octet, other) in octets.iter_mut().zip(other) {
                    *octet ^= other;
                }
                octets
            }
            Self::Sha256 => p_hash(|data| sign(hmac::HMAC_SHA256, secret, data), &seed, length),
            Self::Sha384 => p_hash(|data| sign(hmac::HMAC_SHA384, secret, data), &seed, length),
        }
    }

    /// The hash of all handshake messages so far.
    pub(super) fn transcript(self, messages: &[u8]) -> Vec<u8> {
        let hash = |algorithm| digest::digest(algorithm, messages).as_ref().to_vec();
        match self {
            Self::Md5Sha1 => {
                [Md5::digest(messages).to_vec(), hash(&digest::SHA1_FOR_LEGACY_USE_ONLY)].concat()
            }
            Self::Sha256 => hash(&digest::SHA256),
            Self::Sha384 => hash(&digest::SHA384),
        }
    }

    /// What a side proves at the end that it has seen the same handshake.
    pub(super) fn verify_data(self, master: &[u8], side: Side, messages: &[u8]) -> Vec<u8> {
        let label = match side {
            Side::Client => "client finished",
            Side::Server => "server finished",
        };
        self.expand(master, label, &self.transcript(messages), VERIFY_DATA)
    }
}

fn p_hash(mac: impl Fn(&[u8]) -> Vec<u8>, seed: &[u8], length: usize) -> Vec<u8> {
    let mut octets = Vec::with_capacity(length + 48);
    let mut a = mac(seed);
    while octets.len() < length {
        octets.extend(mac(&[&a, seed].concat()));
        a = mac(&a);
    }
    octets.truncate(length);
    octets
}

fn sign(algorithm: hmac::Algorithm, key: &[u8], data: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(algorithm, key), data).as_ref().to_vec()
}

/// RFC 2104 over MD5, which the crypto library has no more.
fn hmac_md5(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut block = if key.len() > MD5_BLOCK { Md5::digest(key).to_vec() } else { key.to_vec() };
    block.resize(MD5_BLOCK, 0);
    let pad = |with: u8| block.iter().map(|octet| octet ^ with).collect::<Vec<u8>>();
    let inner = Md5::new().chain_update(pad(0x36)).chain_update(data).finalize();
    Md5::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    #[test]
    fn hmac_md5_as_in_rfc_2202() {
        assert_eq!(hmac_md5(&[0x0b; 16], b"Hi There"), hex("9294727a3638bb1c13f48ef8158bfc9d"));
        assert_eq!(
            hmac_md5(&[0xaa; 80], b"Test Using Larger Than Block-Size Key - Hash Key First"),
            hex("6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd")
        );
    }

    /// The vectors that were passed round on the IETF's TLS list in 2009.
    #[test]
    fn prf_sha256() {
        let secret = hex("9bbe436ba940f017b17652849a71db35");
        let seed = hex("a0ba9f936cda311827a6f796ffd5198c");
        let expected =
            hex("e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9\
                            c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789ba\
                            a48082d122ee42c5a72e5a5110fff70187347b66");
        assert_eq!(Prf::Sha256.expand(&secret, "test label", &seed, 100), expected);
    }

    #[test]
    fn a_secret_of_odd_length_is_halved_with_one_octet_in_common() {
        let of = |secret: &[u8]| Prf::Md5Sha1.expand(secret, "x", b"y", 20);
        assert_ne!(of(&[1, 2, 3]), of(&[1, 2, 4]));
        assert_eq!(of(&[]).len(), 20);
        assert_eq!(Prf::Md5Sha1.transcript(b"").len(), 36);
    }
}
