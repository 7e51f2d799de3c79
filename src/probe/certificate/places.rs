//! Where a certificate says that more can be had: its issuer, its issuer's OCSP responder and list of revoked
//! certificates (RFC 5280 sections 4.2.1.13 and 4.2.2.1). Reads; fetches nothing.

use x509_parser::oid_registry as oid;

use super::parsed::Parsed;
use crate::wire::der::{self, Reader};

/// `id-ad-ocsp`, 1.3.6.1.5.5.7.48.1.
const OCSP: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x30\x01";
/// `id-ad-caIssuers`, 1.3.6.1.5.5.7.48.2.
const CA_ISSUERS: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x30\x02";
/// `uniformResourceIdentifier` of a `GeneralName`.
const URI: u8 = der::primitive(6);
/// Places read of one certificate.
const PLACES: usize = 10;

/// `http` URLs in the order of a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) issuers: Vec<String>,
    pub(super) ocsp: Vec<String>,
    pub(super) lists: Vec<String>,
}

/// What a certificate says; what cannot be read is left out.
pub(super) fn places(certificate: &Parsed<'_>) -> Places {
    let mut places = Places::default();
    if let Some(extension) = certificate.extension(&oid::OID_PKIX_AUTHORITY_INFO_ACCESS) {
        let descriptions = der::contents(extension.value, der::SEQUENCE).unwrap_or_default();
        for description in der::elements(descriptions).map_while(|element| element).take(PLACES) {
            let mut description = Reader::new(description.contents);
            let kind = description.take(der::OBJECT_IDENTIFIER).map(|kind| kind.contents);
            let place = description.take(URI).and_then(|place| url(place.contents));
            match (kind, place) {
                (Some(OCSP), Some(place)) => places.ocsp.push(place),
                (Some(CA_ISSUERS), Some(place)) => places.issuers.push(place),
                _ => {}
            }
        }
    }
    if let Some(extension) = certificate.extension(&oid::OID_X509_EXT_CRL_DISTRIBUTION_POINTS) {
        let points = der::contents(extension.value, der::SEQUENCE).unwrap_or_default();
        for point in der::elements(points).map_while(|element| element).take(PLACES) {
            // DistributionPoint { [0] { [0] fullName } }; a list of only some reasons has [1] beside it.
            let mut point = Reader::new(point.contents);
            let name = point.take(der::constructed(0));
            if point.optional(der::primitive(1)).is_some() {
                continue;
            }
            let full = name.and_then(|name| der::contents(name.contents, der::constructed(0)));
            let names = der::elements(full.unwrap_or_default()).map_while(|element| element).take(PLACES);
            places.lists.extend(names.filter(|name| name.tag == URI).filter_map(|name| url(name.contents)));
        }
    }
    places
}

/// Only `http`: what is downloaded is signed, and with `https` a certificate would be needed to check one.
fn url(octets: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(octets).ok()?;
    let scheme = text.get(..7)?;
    (scheme.eq_ignore_ascii_case("http://") && text.bytes().all(|octet| octet.is_ascii_graphic()))
        .then(|| text.to_owned())
}
