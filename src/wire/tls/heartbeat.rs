//! Heartbeat messages (RFC 6520 §4): a request that says what it carries, or lies about it, and what comes back.

use super::{EncodeError, Malformed, Reader, Writer};

/// A heartbeat message as it stands in a record of type 24.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// 1 is a request, 2 a response.
    pub kind: u8,
    /// The length it claims of its payload.
    pub claimed: u16,
    /// Payload and padding, whatever the claim.
    pub rest: Vec<u8>,
}

impl Heartbeat {
    /// A request for `claimed` octets that carries none of them, nor any padding: whoever follows the RFC discards it
    /// without a word.
    pub fn hollow(claimed: u16) -> Self {
        Self { kind: 1, claimed, rest: Vec::new() }
    }

    /// The message.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut w = Writer::new();
        w.u8(self.kind);
        w.u16(self.claimed);
        w.put(&self.rest);
        Ok(w.into_vec())
    }

    /// Reads a message; whether the claim is true is the caller's to see.
    pub fn parse(message: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(message);
        let kind = r.u8("Heartbeat.type")?;
        let claimed = r.u16("Heartbeat.payload_length")?;
        let rest = message.get(3..).unwrap_or_default().to_vec();
        Ok(Self { kind, claimed, rest })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_hollow_request_is_three_octets() {
        assert_eq!(Heartbeat::hollow(0x4000).encode().unwrap(), [1, 0x40, 0]);
        assert!(Heartbeat::parse(&[1, 0x40]).is_err());
    }

    proptest! {
        #[test]
        fn what_parses_is_written_back(message in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(read) = Heartbeat::parse(&message) {
                prop_assert_eq!(read.encode().unwrap(), message);
            }
        }
    }
}
