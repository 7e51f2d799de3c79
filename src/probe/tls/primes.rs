//! Primes of finite-field Diffie-Hellman that are published, so that a server's own can be told from everybody's.

use std::fmt::Write as _;

use aws_lc_rs::digest;

use crate::{
    observation::DhPrime,
    wire::tls::reply::{DhParameters, bit_length},
};

/// Where a prime is published, and the SHA-256 of it as a big-endian number. Made from OpenSSL 3.0's tables.
#[rustfmt::skip]
const KNOWN: &[(&str, &str)] = &[
    ("RFC 2409 group 1", "b52ba6a3026520a6c49d37e4587601801bee500123b3259b6bf03e7cecc3e63d"),
    ("RFC 2409 group 2", "3f35a3f5f6c4376a744acad409bb22f8d897f949d2311d885adaa890981b67a0"),
    ("RFC 3526 group 5", "64fcc83ec403930bf18393dbc883ccaa1fbb08ac876f77f7aa99748ca945019b"),
    ("RFC 3526 group 14", "d66436f79bbd6b2e38c0ffbd079be904d2641415e2e67140e09448be9a60890e"),
    ("RFC 3526 group 15", "48cf8b092fbce4359d9871abf74f98e25b6163379eaa15cd9087e800c6d1c55c"),
    ("RFC 3526 group 16", "4ee95187682bcb230ad26a95205f6920e84708f6251b3894329b09ec23919e33"),
    ("RFC 3526 group 17", "d1bfe6d0925ce7e4da262b62861514a7755e35831e429f343e7b864848657efd"),
    ("RFC 3526 group 18", "39ab4feab950a3128fb71accb9fc3965d857012e081998a85996e3ea8b3c3bcf"),
    ("RFC 5114 group 22", "44c55cfee5c075927cf682da5b681bdecbd5c3eb0784c14f5dce7610f0ef133d"),
    ("RFC 5114 group 23", "bfe545862ca102ad1eeddb5fbfa5bf855ac4995c56a8b408ce3fe099dce93a9d"),
    ("RFC 5114 group 24", "0b7835722cb619827610c2549fdda5587421686c4409a13865e76225522ddcc9"),
    ("RFC 7919 ffdhe2048", "9cd3b7f336872f46c09428d1bbc19877a4d440512cda8d1c1cf0cd6e33698966"),
    ("RFC 7919 ffdhe3072", "0eaf67db3a839156d5013494a5318a772b5697d270d721f37f092efc69ea5a17"),
    ("RFC 7919 ffdhe4096", "4648414224ac881b3d0dc59b466f96d06a558278776807797ecf1f66ff397b3e"),
    ("RFC 7919 ffdhe6144", "227ac9066b3ddd9e193670cda2388fa884f65ba0cf98b742d1fe77a6687c79c7"),
    ("RFC 7919 ffdhe8192", "770b14efaf6f049929c523113b3fa99a8d11dab1b18af3609590122075d19833"),
];

/// What there is to say about a prime.
pub(super) fn describe(parameters: &DhParameters) -> DhPrime {
    let zeros = parameters.p.iter().take_while(|octet| **octet == 0).count();
    let number = parameters.p.get(zeros..).unwrap_or_default();
    let mut sha256 = String::new();
    for octet in digest::digest(&digest::SHA256, number).as_ref() {
        // writing to a text cannot fail
        let _ = write!(sha256, "{octet:02x}");
    }
    DhPrime {
        bits: u32::try_from(bit_length(number)).unwrap_or(u32::MAX),
        known: KNOWN.iter().find(|(_, hash)| *hash == sha256).map(|(name, _)| (*name).to_owned()),
        sha256,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_prime_is_known_whatever_zeros_stand_before_it() {
        // RFC 2409 section 6.1
        let text = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD\
                    EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A63A3620FFFFFFFFFFFFFFFF";
        let p: Vec<u8> = text
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect();
        let of = |p: Vec<u8>| describe(&DhParameters { p, g: vec![2], public: vec![1] });
        let plain = of(p.clone());
        assert_eq!((plain.bits, plain.known.as_deref()), (768, Some("RFC 2409 group 1")));
        assert_eq!(of([vec![0, 0], p].concat()), plain);
        assert_eq!((of(vec![0x80, 1]).bits, of(vec![0x80, 1]).known), (16, None));
    }
}
