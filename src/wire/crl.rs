//! Lists of revoked certificates (RFC 5280 section 5): the frame read once, entries looked through one by one, since a
//! list may have a hundred thousand. Checks no signature.

use super::der::{self, Extension, Reader};

/// Extensions read of a list.
const EXTENSIONS: usize = 20;
/// Names read of a distribution point.
const NAMES: usize = 20;

/// CRL number, 2.5.29.20; authority key identifier, 2.5.29.35: harmless whether critical or not.
const UNDERSTOOD: [&[u8]; 2] = [b"\x55\x1d\x14", b"\x55\x1d\x23"];
/// Issuing distribution point, 2.5.29.28.
const DISTRIBUTION_POINT: &[u8] = b"\x55\x1d\x1c";
/// Reason code of an entry, 2.5.29.21.
const REASON: &[u8] = b"\x55\x1d\x15";

/// Octets that are no list, or one that does not say what is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrlError {
    /// Not a `CertificateList`.
    #[error("a list of revoked certificates with a malformed {0}")]
    Malformed(&'static str),
    /// A delta, an indirect list, or one with a critical extension that is not understood.
    #[error("a list of revoked certificates of a kind that is not supported: {0}")]
    Unsupported(&'static str),
}

/// A `CertificateList`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crl<'a> {
    /// `tbsCertList` as encoded: what is signed.
    pub signed: &'a [u8],
    /// Contents of the issuer's Name.
    pub issuer: &'a [u8],
    /// Since when it holds, in seconds since 1970.
    pub this_update: i64,
    /// When the next one is due.
    pub next_update: Option<i64>,
    /// Which certificates it is about.
    pub scope: Scope<'a>,
    /// The signature's `AlgorithmIdentifier` as encoded.
    pub algorithm: &'a [u8],
    /// The signature.
    pub signature: &'a [u8],
    entries: &'a [u8],
}

/// Which certificates of the issuer a list is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope<'a> {
    /// Only those that name one of these places; all where it is empty.
    pub places: Vec<&'a [u8]>,
    /// Not those of servers and people: only authorities, or only attributes.
    pub no_end_entities: bool,
}

/// An entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// When, in seconds since 1970.
    pub at: i64,
    /// `CRLReason`.
    pub reason: Option<u8>,
}

impl<'a> Crl<'a> {
    /// Reads a list but for its entries.
    pub fn parse(der: &'a [u8]) -> Result<Self, CrlError> {
        let malformed = CrlError::Malformed;
        let list = der::read(der).filter(|list| list.tag == der::SEQUENCE && list.rest.is_empty());
        let mut list = Reader::new(list.ok_or(malformed("outer structure"))?.contents);
        let signed = list.take(der::SEQUENCE).ok_or(malformed("body"))?;
        let algorithm = list.take(der::SEQUENCE).ok_or(malformed("algorithm"))?.whole;
        let signature = list.take(der::BIT_STRING).and_then(|bits| der::octets_of_bits(bits.contents));
        let mut body = Reader::new(signed.contents);
        let _version = body.optional(der::INTEGER);
        body.take(der::SEQUENCE).ok_or(malformed("algorithm"))?;
        let issuer = body.take(der::SEQUENCE).ok_or(malformed("issuer"))?.contents;
        let this_update = body.any().and_then(der::seconds).ok_or(malformed("date"))?;
        let next_update = match der::read(body.rest()) {
            Some(time) if matches!(time.tag, der::UTC_TIME | der::GENERALIZED_TIME) => {
                body.any();
                Some(der::seconds(time).ok_or(malformed("date"))?)
            }
            _ => None,
        };
        let entries = body.optional(der::SEQUENCE).map_or(&[][..], |entries| entries.contents);
        let extensions = match body.optional(der::constructed(0)) {
            Some(extensions) => {
                der::contents(extensions.contents, der::SEQUENCE).ok_or(malformed("extensions"))?
            }
            None => &[],
        };
        Ok(Self {
            signed: signed.whole,
            issuer,
            this_update,
            next_update,
            scope: scope(extensions)?,
            algorithm,
            signature: signature.ok_or(malformed("signature"))?,
            entries,
        })
    }

    /// The entry of a certificate by the contents of its serial number.
    pub fn find(&self, serial: &[u8]) -> Result<Option<Revoked>, CrlError> {
        let malformed = || CrlError::Malformed("entry");
        for entry in der::elements(self.entries) {
            let mut entry = Reader::new(entry.ok_or_else(malformed)?.contents);
            let found = entry.take(der::INTEGER).ok_or_else(malformed)?.contents;
            if found != serial {
                continue;
            }
            let at = entry.any().and_then(der::seconds).ok_or_else(malformed)?;
            let reason = match entry.optional(der::SEQUENCE) {
                Some(extensions) => reason(extensions.contents)?,
                None => None,
            };
            return Ok(Some(Revoked { at, reason }));
        }
        Ok(None)
    }
}

fn reason(extensions: &[u8]) -> Result<Option<u8>, CrlError> {
    for extension in der::extensions(extensions).take(EXTENSIONS) {
        let Extension { kind, critical, value } = extension.ok_or(CrlError::Malformed("extension"))?;
        match (kind, der::contents(value, der::ENUMERATED)) {
            (REASON, Some([reason])) => return Ok(Some(*reason)),
            (REASON, _) => return Err(CrlError::Malformed("reason")),
            _ if critical => return Err(CrlError::Unsupported("an entry with a critical extension")),
            _ => {}
        }
    }
    Ok(None)
}

fn scope(extensions: &[u8]) -> Result<Scope<'_>, CrlError> {
    let mut scope = Scope::default();
    for extension in der::extensions(extensions).take(EXTENSIONS) {
        let Extension { kind, critical, value } = extension.ok_or(CrlError::Malformed("extension"))?;
        if kind == DISTRIBUTION_POINT {
            scope = distribution_point(value)?;
        } else if critical && !UNDERSTOOD.contains(&kind) {
            return Err(CrlError::Unsupported("a critical extension"));
        }
    }
    Ok(scope)
}

/// `IssuingDistributionPoint` (RFC 5280 section 5.2.5).
fn distribution_point(value: &[u8]) -> Result<Scope<'_>, CrlError> {
    let malformed = CrlError::Malformed("distribution point");
    let mut scope = Scope::default();
    for part in der::elements(der::contents(value, der::SEQUENCE).ok_or(malformed)?) {
        let part = part.ok_or(malformed)?;
        let set = part.contents != [0];
        match part.tag & 0x1f {
            // [0] DistributionPointName, of which [0] is fullName.
            0 => {
                let name = der::read(part.contents).ok_or(malformed)?;
                if name.tag != der::constructed(0) {
                    return Err(CrlError::Unsupported("a place relative to the issuer"));
                }
                for name in der::elements(name.contents).take(NAMES) {
                    let name = name.ok_or(malformed)?;
                    // uniformResourceIdentifier
                    if name.tag == der::primitive(6) {
                        scope.places.push(name.contents);
                    }
                }
            }
            2 | 5 => scope.no_end_entities |= set,
            3 => return Err(CrlError::Unsupported("only some reasons")),
            4 if set => return Err(CrlError::Unsupported("entries of other issuers")),
            _ => {}
        }
    }
    Ok(scope)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIST: &[u8] = include_bytes!("ocsp/testdata/list.crl");
    const SHARD: &[u8] = include_bytes!("ocsp/testdata/shard.crl");

    #[test]
    fn what_openssl_makes() {
        let list = Crl::parse(LIST).unwrap();
        assert_eq!(list.find(&[0x10, 0x02]).unwrap(), Some(Revoked { at: 1_767_225_600, reason: Some(1) }));
        assert_eq!(list.find(&[0x10, 0x01]).unwrap(), None);
        assert_eq!(list.scope, Scope::default());
        assert!(list.next_update.unwrap() > list.this_update);
        let shard = Crl::parse(SHARD).unwrap();
        assert_eq!(shard.scope, Scope { places: vec![b"http://crl.test/7.crl"], no_end_entities: false });
        assert_eq!(shard.find(&[0x10, 0x02]).unwrap().map(|found| found.at), Some(1_767_225_600));
    }

    #[test]
    fn a_list_that_ends_early_is_none() {
        for whole in [LIST, SHARD] {
            for end in 0..whole.len() {
                assert!(Crl::parse(&whole[..end]).is_err(), "{end}");
            }
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(
            octets in proptest::collection::vec(0_u8.., 0..300),
            changes in proptest::collection::vec((0_usize..3_000, 0_u8..), 1..6),
        ) {
            let mut changed = SHARD.to_vec();
            for (at, octet) in &changes {
                let at = at % changed.len();
                changed[at] = *octet;
            }
            for der in [octets, changed] {
                if let Ok(list) = Crl::parse(&der) {
                    let _ = list.find(&[0x10, 2]);
                }
            }
        }
    }
}
