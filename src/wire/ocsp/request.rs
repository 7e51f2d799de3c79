//! An OCSP request for one certificate (RFC 6960 section 4.1): unsigned, without extensions, as RFC 5019 wants it.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::SHA1;
use crate::wire::der::{INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, element};

/// A request, DER. `issuer_name`: the issuer's Name as encoded; `issuer_key`: the octets of its key's BIT STRING;
/// `serial`: the contents of the certificate's serial number. The hash is SHA-1, which every responder knows; nothing
/// depends on its strength.
pub fn request(issuer_name: &[u8], issuer_key: &[u8], serial: &[u8]) -> Vec<u8> {
    let hash = |octets| element(OCTET_STRING, digest(&SHA1_FOR_LEGACY_USE_ONLY, octets).as_ref());
    let algorithm = element(SEQUENCE, &[element(OBJECT_IDENTIFIER, SHA1), vec![5, 0]].concat());
    let id = [algorithm, hash(issuer_name), hash(issuer_key), element(INTEGER, serial)].concat();
    // CertID, Request, requestList, TBSRequest, OCSPRequest
    (0..5).fold(id, |inside, _| element(SEQUENCE, &inside))
}
