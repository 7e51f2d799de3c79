//! `NewSessionTicket` up to TLS 1.2 (RFC 5077 §3.3).

use crate::wire::tls::{EncodeError, HandshakeType, Malformed, Message, Reader, Version, Writer};

/// A ticket for the client to come back with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSessionTicket {
    /// Seconds it is good for; 0 leaves that to the client.
    pub lifetime_hint: u32,
    /// The ticket, opaque; empty where the server changed its mind.
    pub ticket: Vec<u8>,
}

impl NewSessionTicket {
    /// Parses the body of a `new_session_ticket` message of TLS 1.2 or older.
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let high = r.u16("NewSessionTicket.ticket_lifetime_hint")?;
        let low = r.u16("NewSessionTicket.ticket_lifetime_hint")?;
        let ticket = r.vec16("NewSessionTicket.ticket", 0)?.to_vec();
        r.end("NewSessionTicket")?;
        Ok(Self { lifetime_hint: u32::from(high) << 16 | u32::from(low), ticket })
    }

    /// The message for a test peer to send.
    pub fn to_message(&self, record_version: Version) -> Result<Message, EncodeError> {
        let mut w = Writer::new();
        w.put(&self.lifetime_hint.to_be_bytes());
        w.vec16("NewSessionTicket.ticket", &self.ticket)?;
        Ok(Message { record_version, kind: HandshakeType::NEW_SESSION_TICKET, body: w.into_vec() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_ticket_survives_the_wire(lifetime_hint: u32, ticket in proptest::collection::vec(any::<u8>(), 0..300)) {
            let sent = NewSessionTicket { lifetime_hint, ticket };
            let message = sent.to_message(Version::TLS12).unwrap();
            prop_assert_eq!(NewSessionTicket::parse(&message.body).unwrap(), sent);
        }

        #[test]
        fn arbitrary_octets_never_panic(body in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(read) = NewSessionTicket::parse(&body) {
                prop_assert_eq!(read.to_message(Version::TLS12).unwrap().body, body);
            }
        }
    }
}
