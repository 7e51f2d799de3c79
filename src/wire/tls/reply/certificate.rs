//! The `Certificate` message of TLS ≤ 1.2 and `SSLv3` (RFC 5246 §7.4.2): a list of DER, undecoded.

use crate::wire::tls::{EncodeError, HandshakeType, Malformed, Message, Problem, Reader, Version, Writer};

/// A chain as sent, leaf first by the RFC; what is in each is the certificate probe's business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// DER, each at least one octet.
    pub chain: Vec<Vec<u8>>,
}

impl Certificate {
    /// Most certificates accepted in one message.
    pub const MAX_CERTIFICATES: usize = 50;
    /// Most octets accepted in one message.
    pub const MAX_OCTETS: usize = 1 << 18;

    /// Parses the body of a `certificate` message. An empty chain is legal on the wire.
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        if body.len() > Self::MAX_OCTETS {
            return Err(r.malformed("Certificate", Problem::Length(body.len())));
        }
        let mut list = r.inside24("Certificate.list", 0)?;
        let mut chain = Vec::new();
        while !list.is_empty() {
            if chain.len() == Self::MAX_CERTIFICATES {
                return Err(list.malformed("Certificate.list", Problem::TooMany(Self::MAX_CERTIFICATES)));
            }
            chain.push(list.vec24("Certificate.certificate", 1)?.to_vec());
        }
        r.end("Certificate")?;
        Ok(Self { chain })
    }

    /// The message for a test peer to send; sets no limit of its own.
    pub fn to_message(&self, record_version: Version) -> Result<Message, EncodeError> {
        let mut list = Writer::new();
        for certificate in &self.chain {
            list.vec24("Certificate.certificate", certificate)?;
        }
        let mut w = Writer::new();
        w.vec24("Certificate.list", &list.into_vec())?;
        Ok(Message { record_version, kind: HandshakeType::CERTIFICATE, body: w.into_vec() })
    }
}
