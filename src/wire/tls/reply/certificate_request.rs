//! The `CertificateRequest` message of TLS ≤ 1.2 (RFC 5246 §7.4.4, RFC 4346 §7.4.4): the server wants a client
//! certificate.

use crate::wire::tls::{EncodeError, HandshakeType, Malformed, Message, Problem, Reader, Version, Writer};

/// What the server would accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRequest {
    /// `ClientCertificateType` numbers: 1 RSA, 2 DSS, 64 ECDSA.
    pub types: Vec<u8>,
    /// Signature schemes; `None` before TLS 1.2.
    pub signature_algorithms: Option<Vec<u16>>,
    /// Distinguished names of accepted authorities, DER.
    pub authorities: Vec<Vec<u8>>,
}

impl CertificateRequest {
    /// Most authorities accepted in one message.
    pub const MAX_AUTHORITIES: usize = 1000;

    /// Parses the body of a `certificate_request` message for the negotiated version (`SSLv3` to TLS 1.2).
    pub fn parse(version: Version, body: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let types = r.vec8("CertificateRequest.types", 1)?.to_vec();
        let signature_algorithms = if version >= Version::TLS12 {
            Some(r.u16_list16("CertificateRequest.signature_algorithms", 2)?)
        } else {
            None
        };
        let mut list = r.inside16("CertificateRequest.authorities", 0)?;
        let mut authorities = Vec::new();
        while !list.is_empty() {
            if authorities.len() == Self::MAX_AUTHORITIES {
                let problem = Problem::TooMany(Self::MAX_AUTHORITIES);
                return Err(list.malformed("CertificateRequest.authorities", problem));
            }
            authorities.push(list.vec16("CertificateRequest.authority", 1)?.to_vec());
        }
        r.end("CertificateRequest")?;
        Ok(Self { types, signature_algorithms, authorities })
    }

    /// The message for a test peer to send; has the form of TLS 1.2 when there are signature algorithms.
    pub fn to_message(&self, record_version: Version) -> Result<Message, EncodeError> {
        let mut w = Writer::new();
        w.vec8("CertificateRequest.types", &self.types)?;
        if let Some(schemes) = &self.signature_algorithms {
            w.u16_list16("CertificateRequest.signature_algorithms", schemes)?;
        }
        let mut list = Writer::new();
        for authority in &self.authorities {
            list.vec16("CertificateRequest.authority", authority)?;
        }
        w.vec16("CertificateRequest.authorities", &list.into_vec())?;
        Ok(Message { record_version, kind: HandshakeType::CERTIFICATE_REQUEST, body: w.into_vec() })
    }
}
