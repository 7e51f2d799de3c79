//! The client's half of a key exchange up to TLS 1.2: RSA (RFC 5246 section 7.4.7.1), ephemeral Diffie-Hellman over
//! finite fields and curves. Takes whatever the server sends within limits; proves nothing about it.

use aws_lc_rs::{agreement, rand};
use num_bigint::BigUint;
use x509_parser::{parse_x509_certificate, public_key::PublicKey};

use crate::wire::{
    iana::KeyExchange,
    tls::{
        Version,
        reply::{DhParameters, EcParameters, KeyExchangeParameters, ServerKeyExchange, bit_length},
    },
};

/// Numbers longer than this cost more than they are worth.
const MOST_BITS: usize = 8192;
/// Octets of a secret exponent: twice the strength of what it is used with.
const SECRET: usize = 32;
/// Octets of a premaster secret that RSA carries.
pub(in crate::probe::tls) const PREMASTER: usize = 48;
/// Groups that a key is made for here.
pub(super) const GROUPS: [u16; 4] = [29, 23, 24, 25];

/// What the client sends, and what both know then.
#[derive(Debug)]
pub(super) struct Agreed {
    /// Body of the `ClientKeyExchange`.
    pub(super) message: Vec<u8>,
    pub(super) premaster: Vec<u8>,
}

/// Answers the server's half. `Err` says why that cannot be done.
pub(super) fn agree(
    kind: KeyExchange,
    offered: Version,
    leaf: Option<&[u8]>,
    exchange: Option<&ServerKeyExchange>,
) -> Result<Agreed, String> {
    match (kind, exchange.map(|exchange| &exchange.parameters)) {
        (KeyExchange::Rsa, _) => {
            let key = RsaKey::of(leaf.ok_or("no certificate was sent")?)?;
            let mut premaster = random(PREMASTER)?;
            for (place, octet) in premaster.iter_mut().zip(offered.0.to_be_bytes()) {
                *place = octet;
            }
            let encrypted = key.encrypt(&pad(key.length, &premaster)?);
            Ok(Agreed { message: with_length16(&encrypted)?, premaster })
        }
        (KeyExchange::Dhe, Some(KeyExchangeParameters::Dh(parameters))) => finite_field(parameters),
        (KeyExchange::Ecdhe, Some(KeyExchangeParameters::Ec(EcParameters::Named { group, public }))) => {
            curve(*group, public)
        }
        _ => Err("a key exchange of another kind".to_owned()),
    }
}

fn finite_field(parameters: &DhParameters) -> Result<Agreed, String> {
    let number = BigUint::from_bytes_be;
    if bit_length(&parameters.p) > MOST_BITS || bit_length(&parameters.p) < 3 {
        return Err(format!("a prime of {} bits", bit_length(&parameters.p)));
    }
    let (p, g, theirs) = (number(&parameters.p), number(&parameters.g), number(&parameters.public));
    let secret = number(&random(SECRET)?);
    let ours = g.modpow(&secret, &p).to_bytes_be();
    // leading zeros are left out (RFC 5246 section 8.1.2)
    let premaster = theirs.modpow(&secret, &p).to_bytes_be();
    Ok(Agreed { message: with_length16(&ours)?, premaster })
}

fn curve(group: u16, public: &[u8]) -> Result<Agreed, String> {
    let algorithm = match group {
        23 => &agreement::ECDH_P256,
        24 => &agreement::ECDH_P384,
        25 => &agreement::ECDH_P521,
        29 => &agreement::X25519,
        other => return Err(format!("group {other}, which was not offered")),
    };
    let failed = |_| "the key exchange failed".to_owned();
    let secret = agreement::PrivateKey::generate(algorithm).map_err(failed)?;
    let ours = secret.compute_public_key().map_err(failed)?;
    let theirs = agreement::UnparsedPublicKey::new(algorithm, public);
    let premaster =
        agreement::agree(&secret, theirs, "the server's point is not on the curve".to_owned(), |octets| {
            Ok(octets.to_vec())
        })?;
    let length = u8::try_from(ours.as_ref().len()).map_err(|_| "a point too long".to_owned())?;
    Ok(Agreed { message: [&[length], ours.as_ref()].concat(), premaster })
}

/// An RSA key that octets can be encrypted to.
#[derive(Clone, Debug)]
pub(in crate::probe::tls) struct RsaKey {
    modulus: BigUint,
    exponent: BigUint,
    /// Octets of the modulus.
    pub(in crate::probe::tls) length: usize,
}

impl RsaKey {
    /// The key of a certificate.
    pub(in crate::probe::tls) fn of(certificate: &[u8]) -> Result<Self, String> {
        let (_, parsed) =
            parse_x509_certificate(certificate).map_err(|_| "the certificate cannot be read")?;
        let Ok(PublicKey::RSA(key)) = parsed.public_key().parsed() else {
            return Err("the certificate has no RSA key".to_owned());
        };
        let bits = bit_length(key.modulus);
        if !(8 * (PREMASTER + 11)..=MOST_BITS).contains(&bits) || bit_length(key.exponent) > 64 {
            return Err(format!("an RSA key of {bits} bits with such an exponent"));
        }
        Ok(Self {
            modulus: BigUint::from_bytes_be(key.modulus),
            exponent: BigUint::from_bytes_be(key.exponent),
            length: bits.div_ceil(8),
        })
    }

    /// The plain operation, with no padding of its own.
    pub(in crate::probe::tls) fn encrypt(&self, padded: &[u8]) -> Vec<u8> {
        let number = BigUint::from_bytes_be(padded).modpow(&self.exponent, &self.modulus).to_bytes_be();
        [vec![0; self.length.saturating_sub(number.len())], number].concat()
    }
}

/// The message between the marks of RFC 8017 section 7.2.1, for a modulus of so many octets.
pub(in crate::probe::tls) fn pad(length: usize, message: &[u8]) -> Result<Vec<u8>, String> {
    let filler = length.checked_sub(message.len() + 3).ok_or("the key is too short")?;
    Ok([&[0, 2], &nonzero(filler)?[..], &[0], message].concat())
}

/// Random octets.
pub(in crate::probe::tls) fn random(length: usize) -> Result<Vec<u8>, String> {
    let mut octets = vec![0; length];
    rand::fill(&mut octets).map_err(|_| "no random numbers".to_owned())?;
    Ok(octets)
}

/// Random octets none of which is zero.
pub(in crate::probe::tls) fn nonzero(length: usize) -> Result<Vec<u8>, String> {
    let mut octets = random(length)?;
    for octet in &mut octets {
        if *octet == 0 {
            *octet = 0x5a;
        }
    }
    Ok(octets)
}

/// Octets with their length in front, as a key exchange carries them.
pub(in crate::probe::tls) fn with_length16(octets: &[u8]) -> Result<Vec<u8>, String> {
    let length = u16::try_from(octets.len()).map_err(|_| "a number too long".to_owned())?;
    Ok([&length.to_be_bytes(), octets].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_of_a_finite_field_agree() {
        // 23 is a safe prime: 5 generates the whole group
        let parameters = DhParameters { p: vec![0, 23], g: vec![5], public: vec![8] };
        let agreed = finite_field(&parameters).unwrap();
        assert_eq!(agreed.message[..2], [0, 1]);
        // 8 is 5^6: the shared number is ours to the sixth power
        let ours = BigUint::from_bytes_be(&agreed.message[2..]);
        assert_eq!(ours.modpow(&6u32.into(), &23u32.into()).to_bytes_be(), agreed.premaster);
        for p in [vec![], vec![0], vec![2], vec![0xff; 2000]] {
            assert!(finite_field(&DhParameters { p, ..parameters.clone() }).is_err());
        }
    }

    #[test]
    fn curves_agree_or_say_why_not() {
        for group in GROUPS {
            let algorithm =
                [&agreement::X25519, &agreement::ECDH_P256, &agreement::ECDH_P384, &agreement::ECDH_P521]
                    [GROUPS.iter().position(|g| *g == group).unwrap()];
            let theirs = agreement::PrivateKey::generate(algorithm).unwrap();
            let agreed = curve(group, theirs.compute_public_key().unwrap().as_ref()).unwrap();
            let ours = agreement::UnparsedPublicKey::new(algorithm, &agreed.message[1..]);
            let shared = agreement::agree(&theirs, ours, (), |octets| Ok(octets.to_vec())).unwrap();
            assert_eq!(shared, agreed.premaster);
        }
        assert!(curve(23, &[4; 65]).is_err() && curve(30, &[0; 56]).is_err());
    }

    #[test]
    fn padding_has_the_form_of_pkcs1() {
        let padded = pad(128, &[0; 48]).unwrap();
        assert_eq!((padded.len(), &padded[..2], padded[79]), (128, &[0, 2][..], 0));
        assert!(padded[2..79].iter().all(|octet| *octet != 0));
    }
}
