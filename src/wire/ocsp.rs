//! OCSP (RFC 6960): responses read, requests written. Checks no signature and knows no clock.

mod request;
#[cfg(test)]
mod tests;

pub use request::request;

use super::der::{self, Reader};

/// Longest response that is looked at, in octets; real ones have 300 to 3,000.
pub const RESPONSE_LIMIT: usize = 64 * 1024;
/// Statements read of one response.
const STATEMENTS: usize = 100;
/// Certificates read of one response.
const CERTIFICATES: usize = 10;
/// Extensions read of one statement.
const EXTENSIONS: usize = 20;

/// `id-pkix-ocsp-basic`, 1.3.6.1.5.5.7.48.1.1.
const BASIC: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x30\x01\x01";
/// Timestamps of Certificate Transparency logs in a response, 1.3.6.1.4.1.11129.2.4.5 (RFC 6962 section 3.3).
const SCT_LIST: &[u8] = b"\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x05";
/// SHA-1, 1.3.14.3.2.26.
pub(super) const SHA1: &[u8] = b"\x2b\x0e\x03\x02\x1a";
/// SHA-256, 2.16.840.1.101.3.4.2.1.
const SHA256: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x01";

/// Octets that are no OCSP response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an OCSP response with a malformed {0}")]
pub struct OcspError(pub &'static str);

/// An OCSP response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    /// `OCSPResponseStatus`: 0 successful, 1 malformedRequest, 2 internalError, 3 tryLater, 5 sigRequired,
    /// 6 unauthorized.
    pub status: u8,
    /// What was answered; absent unless successful.
    pub basic: Option<Basic<'a>>,
}

/// A `BasicOCSPResponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basic<'a> {
    /// `tbsResponseData` as encoded: what is signed.
    pub signed: &'a [u8],
    /// Who signed it.
    pub responder: Responder<'a>,
    /// When, in seconds since 1970.
    pub produced_at: i64,
    /// The statements.
    pub statements: Vec<Statement<'a>>,
    /// The signature's `AlgorithmIdentifier` as encoded.
    pub algorithm: &'a [u8],
    /// The signature.
    pub signature: &'a [u8],
    /// Certificates sent along, DER.
    pub certificates: Vec<&'a [u8]>,
}

/// Who signed a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Responder<'a> {
    /// The contents of its Name.
    Name(&'a [u8]),
    /// SHA-1 of its key.
    KeyHash(&'a [u8]),
}

/// What is said of one certificate (`SingleResponse`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    /// Which one.
    pub about: CertificateId<'a>,
    /// What.
    pub status: Status,
    /// Since when, in seconds since 1970.
    pub this_update: i64,
    /// Until when; absent where newer information is always there.
    pub next_update: Option<i64>,
    /// Timestamps of logs: the list as `wire::sct` reads it.
    pub scts: Option<&'a [u8]>,
}

/// The certificate a statement is about (`CertID`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateId<'a> {
    /// How the two hashes were made.
    pub hash: Hash,
    /// Of the issuer's Name as encoded.
    pub issuer_name_hash: &'a [u8],
    /// Of the issuer's key, the octets of its BIT STRING.
    pub issuer_key_hash: &'a [u8],
    /// Contents of the serial number.
    pub serial: &'a [u8],
}

/// Hashes of a [`CertificateId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// Another one.
    Other,
}

/// `CertStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not revoked.
    Good,
    /// Revoked.
    Revoked {
        /// When, in seconds since 1970.
        at: i64,
        /// `CRLReason` (RFC 5280 section 5.3.1).
        reason: Option<u8>,
    },
    /// Not known to the responder.
    Unknown,
}

impl<'a> Response<'a> {
    /// Reads a whole response.
    pub fn parse(der: &'a [u8]) -> Result<Self, OcspError> {
        if der.len() > RESPONSE_LIMIT {
            return Err(OcspError("length"));
        }
        let element = der::read(der).filter(|element| element.tag == der::SEQUENCE);
        let element =
            element.filter(|element| element.rest.is_empty()).ok_or(OcspError("outer structure"))?;
        let mut reader = Reader::new(element.contents);
        let status = reader.take(der::ENUMERATED).ok_or(OcspError("status"))?;
        let [status] = status.contents else { return Err(OcspError("status")) };
        if *status != 0 {
            return Ok(Self { status: *status, basic: None });
        }
        let bytes = reader.take(der::constructed(0)).ok_or(OcspError("response"))?;
        let mut bytes =
            der::contents(bytes.contents, der::SEQUENCE).map(Reader::new).ok_or(OcspError("response"))?;
        let kind = bytes.take(der::OBJECT_IDENTIFIER).ok_or(OcspError("kind of response"))?;
        if kind.contents != BASIC {
            return Err(OcspError("kind of response"));
        }
        let basic = bytes.take(der::OCTET_STRING).ok_or(OcspError("response"))?;
        Ok(Self { status: 0, basic: Some(Basic::parse(basic.contents).ok_or(OcspError("basic response"))?) })
    }
}

impl<'a> Basic<'a> {
    fn parse(der: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(der::contents(der, der::SEQUENCE)?);
        let signed = reader.take(der::SEQUENCE)?;
        let algorithm = reader.take(der::SEQUENCE)?.whole;
        let signature = der::octets_of_bits(reader.take(der::BIT_STRING)?.contents)?;
        let mut certificates = Vec::new();
        if let Some(sent) = reader.optional(der::constructed(0)) {
            for certificate in der::elements(der::contents(sent.contents, der::SEQUENCE)?).take(CERTIFICATES)
            {
                certificates.push(certificate?.whole);
            }
        }
        let mut data = Reader::new(signed.contents);
        // Version 1 is the only one, and left out.
        let _version = data.optional(der::constructed(0));
        let responder = data.any()?;
        let responder = match responder.tag {
            tag if tag == der::constructed(1) => {
                Responder::Name(der::contents(responder.contents, der::SEQUENCE)?)
            }
            tag if tag == der::constructed(2) => {
                Responder::KeyHash(der::contents(responder.contents, der::OCTET_STRING)?)
            }
            _ => return None,
        };
        let produced_at = der::seconds(data.take(der::GENERALIZED_TIME)?)?;
        let mut statements = Vec::new();
        for statement in der::elements(data.take(der::SEQUENCE)?.contents).take(STATEMENTS) {
            statements.push(Statement::parse(statement?.contents)?);
        }
        Some(Self {
            signed: signed.whole,
            responder,
            produced_at,
            statements,
            algorithm,
            signature,
            certificates,
        })
    }
}

impl<'a> Statement<'a> {
    fn parse(contents: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(contents);
        let mut id = Reader::new(reader.take(der::SEQUENCE)?.contents);
        let hash = der::contents(id.take(der::SEQUENCE)?.contents, der::OBJECT_IDENTIFIER)?;
        let about = CertificateId {
            hash: match hash {
                SHA1 => Hash::Sha1,
                SHA256 => Hash::Sha256,
                _ => Hash::Other,
            },
            issuer_name_hash: id.take(der::OCTET_STRING)?.contents,
            issuer_key_hash: id.take(der::OCTET_STRING)?.contents,
            serial: id.take(der::INTEGER)?.contents,
        };
        let status = reader.any()?;
        let status = match status.tag {
            tag if tag == der::primitive(0) => Status::Good,
            tag if tag == der::constructed(1) => revoked(status.contents)?,
            // Some responders encode the NULL inside as a structure.
            tag if tag == der::primitive(2) || tag == der::constructed(2) => Status::Unknown,
            _ => return None,
        };
        let this_update = der::seconds(reader.take(der::GENERALIZED_TIME)?)?;
        let next_update = match reader.optional(der::constructed(0)) {
            Some(next) => Some(der::seconds(der::read(next.contents)?)?),
            None => None,
        };
        let scts = match reader.optional(der::constructed(1)) {
            Some(extensions) => sct_list(der::contents(extensions.contents, der::SEQUENCE)?).ok()?,
            None => None,
        };
        Some(Self { about, status, this_update, next_update, scts })
    }
}

fn revoked(contents: &[u8]) -> Option<Status> {
    let mut reader = Reader::new(contents);
    let at = der::seconds(reader.take(der::GENERALIZED_TIME)?)?;
    let reason = match reader.optional(der::constructed(0)) {
        Some(reason) => match der::contents(reason.contents, der::ENUMERATED)? {
            [reason] => Some(*reason),
            _ => return None,
        },
        None => None,
    };
    Some(Status::Revoked { at, reason })
}

/// The list of timestamps among a statement's extensions, where it is there.
fn sct_list(extensions: &[u8]) -> Result<Option<&[u8]>, OcspError> {
    let malformed = OcspError("extension");
    for extension in der::extensions(extensions).take(EXTENSIONS) {
        let extension = extension.ok_or(malformed)?;
        if extension.kind == SCT_LIST {
            return der::contents(extension.value, der::OCTET_STRING).map(Some).ok_or(malformed);
        }
    }
    Ok(None)
}

/// What a `CRLReason` is called (RFC 5280 section 5.3.1).
pub fn reason_name(reason: u8) -> Option<&'static str> {
    Some(match reason {
        0 => "unspecified",
        1 => "keyCompromise",
        2 => "cACompromise",
        3 => "affiliationChanged",
        4 => "superseded",
        5 => "cessationOfOperation",
        6 => "certificateHold",
        8 => "removeFromCRL",
        9 => "privilegeWithdrawn",
        10 => "aACompromise",
        _ => return None,
    })
}
