//! TLSA records (RFC 6698, for SMTP RFC 7672): the record data, and whether a certificate matches. Verifies no chain.

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use x509_parser::{certificate::X509Certificate, prelude::FromDer as _};

/// One TLSA record, its numbers as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tlsa {
    /// 0 PKIX-TA, 1 PKIX-EE, 2 DANE-TA, 3 DANE-EE (RFC 7218).
    pub usage: u8,
    /// 0 the whole certificate, 1 its public key.
    pub selector: u8,
    /// 0 as it is, 1 SHA-256, 2 SHA-512.
    pub matching: u8,
    /// What has to match.
    pub data: Vec<u8>,
}

/// Octets that are no TLSA record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a TLSA record has at least three octets, RFC 6698 section 2.1")]
pub struct TooShort;

impl Tlsa {
    /// Reads record data.
    pub fn from_rdata(rdata: &[u8]) -> Result<Self, TooShort> {
        match rdata {
            [usage, selector, matching, data @ ..] => {
                Ok(Self { usage: *usage, selector: *selector, matching: *matching, data: data.to_vec() })
            }
            _ => Err(TooShort),
        }
    }

    /// The record data.
    pub fn to_rdata(&self) -> Vec<u8> {
        [&[self.usage, self.selector, self.matching][..], &self.data].concat()
    }

    /// Whether a mail server's certificate can be held against it: usages 2 and 3 (RFC 7672 section 3.1), known
    /// numbers, and data of the length that its digest has.
    pub fn is_usable_for_mail(&self) -> bool {
        let length = match self.matching {
            0 => !self.data.is_empty(),
            1 => self.data.len() == 32,
            2 => self.data.len() == 64,
            _ => false,
        };
        matches!(self.usage, 2 | 3) && self.selector <= 1 && length
    }

    /// Whether this certificate (DER) is the one it speaks of. A certificate that cannot be read matches nothing.
    pub fn matches(&self, certificate: &[u8]) -> bool {
        let selected = match self.selector {
            0 => Some(certificate),
            1 => X509Certificate::from_der(certificate)
                .ok()
                .map(|(_, parsed)| parsed.tbs_certificate.subject_pki.raw),
            _ => None,
        };
        let Some(selected) = selected else { return false };
        match self.matching {
            0 => selected == self.data,
            1 => digest(&SHA256, selected).as_ref() == self.data,
            2 => digest(&SHA512, selected).as_ref() == self.data,
            _ => false,
        }
    }

    /// The place in the chain, leaf first, of the certificate it speaks of: usage 3 looks at the leaf alone, usage 2 at
    /// all of them. Whether the leaf is signed by what matches is not looked at.
    pub fn place_in(&self, chain: &[Vec<u8>]) -> Option<usize> {
        let end = if matches!(self.usage, 1 | 3) { 1 } else { chain.len() };
        chain.iter().take(end).position(|certificate| self.matches(certificate))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chain() -> Vec<Vec<u8>> {
        let text = include_str!("../../tests/data/certificates/good.pem");
        x509_parser::pem::Pem::iter_from_buffer(text.as_bytes()).map(|pem| pem.unwrap().contents).collect()
    }

    fn of(usage: u8, selector: u8, matching: u8, certificate: &[u8]) -> Tlsa {
        let (_, parsed) = X509Certificate::from_der(certificate).unwrap();
        let selected = if selector == 0 { certificate } else { parsed.tbs_certificate.subject_pki.raw };
        let data = match matching {
            0 => selected.to_vec(),
            1 => digest(&SHA256, selected).as_ref().to_vec(),
            _ => digest(&SHA512, selected).as_ref().to_vec(),
        };
        Tlsa { usage, selector, matching, data }
    }

    #[test]
    fn certificates_match_what_was_made_of_them() {
        let chain = chain();
        assert!(chain.len() > 1);
        for selector in 0..2 {
            for matching in 0..3 {
                let leaf = of(3, selector, matching, &chain[0]);
                assert!(leaf.is_usable_for_mail());
                assert_eq!(leaf.place_in(&chain), Some(0));
                let issuer = of(2, selector, matching, &chain[1]);
                assert_eq!(issuer.place_in(&chain), Some(1));
                // an issuer's digest under «this very certificate» is a common slip
                assert_eq!(of(3, selector, matching, &chain[1]).place_in(&chain), None);
                assert_eq!(Tlsa { matching: 3, ..leaf.clone() }.place_in(&chain), None);
                assert_eq!(Tlsa { selector: 2, ..leaf }.place_in(&chain), None);
            }
        }
    }

    #[test]
    fn what_mail_cannot_use() {
        let record =
            |usage, selector, matching, length| Tlsa { usage, selector, matching, data: vec![0; length] };
        assert!(record(3, 1, 1, 32).is_usable_for_mail());
        for (usage, selector, matching, length) in [
            (0, 1, 1, 32),
            (1, 1, 1, 32),
            (4, 1, 1, 32),
            (3, 2, 1, 32),
            (3, 1, 3, 32),
            (3, 1, 1, 31),
            (3, 1, 0, 0),
        ] {
            assert!(!record(usage, selector, matching, length).is_usable_for_mail());
        }
    }

    proptest! {
        #[test]
        fn round_trip(rdata in any::<Vec<u8>>(), certificate in any::<Vec<u8>>()) {
            match Tlsa::from_rdata(&rdata) {
                Ok(record) => {
                    prop_assert_eq!(record.to_rdata(), rdata);
                    record.place_in(&[certificate]);
                }
                Err(TooShort) => prop_assert!(rdata.len() < 3),
            }
        }
    }
}
