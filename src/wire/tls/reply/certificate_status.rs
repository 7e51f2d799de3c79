//! The `CertificateStatus` message: stapled OCSP responses, undecoded (RFC 6066 §8, RFC 6961 §2.2).

use crate::wire::tls::{EncodeError, HandshakeType, Malformed, Message, Problem, Reader, Version, Writer};

/// What is stapled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateStatus {
    /// Type 1: one OCSP response for the leaf, DER.
    Ocsp(Vec<u8>),
    /// Type 2: one OCSP response a certificate, in the order of the chain; empty where there is none.
    OcspMulti(Vec<Vec<u8>>),
}

impl CertificateStatus {
    /// Most responses accepted in one message: one a certificate.
    pub const MAX_RESPONSES: usize = super::Certificate::MAX_CERTIFICATES;

    /// Parses the body of a `certificate_status` message.
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let at = r.clone();
        let status = match r.u8("CertificateStatus.type")? {
            1 => Self::Ocsp(r.vec24("CertificateStatus.response", 1)?.to_vec()),
            2 => {
                let mut list = r.inside24("CertificateStatus.list", 1)?;
                let mut responses = Vec::new();
                while !list.is_empty() {
                    if responses.len() == Self::MAX_RESPONSES {
                        let problem = Problem::TooMany(Self::MAX_RESPONSES);
                        return Err(list.malformed("CertificateStatus.list", problem));
                    }
                    responses.push(list.vec24("CertificateStatus.response", 0)?.to_vec());
                }
                Self::OcspMulti(responses)
            }
            other => return Err(at.malformed("CertificateStatus.type", Problem::Value(other.into()))),
        };
        r.end("CertificateStatus")?;
        Ok(status)
    }

    /// The message for a test peer to send.
    pub fn to_message(&self, record_version: Version) -> Result<Message, EncodeError> {
        let mut w = Writer::new();
        match self {
            Self::Ocsp(response) => {
                w.u8(1);
                w.vec24("CertificateStatus.response", response)?;
            }
            Self::OcspMulti(responses) => {
                let mut list = Writer::new();
                for response in responses {
                    list.vec24("CertificateStatus.response", response)?;
                }
                w.u8(2);
                w.vec24("CertificateStatus.list", &list.into_vec())?;
            }
        }
        Ok(Message { record_version, kind: HandshakeType::CERTIFICATE_STATUS, body: w.into_vec() })
    }
}
