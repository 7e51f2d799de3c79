//! Handshake messages and the records they travel in (RFC 8446 §4, §5; RFC 5246 §6.2, §7.4): the writing side and
//! the shared types. Reading records is [`super::Reassembler`]'s.

use super::{EncodeError, Version, Writer};

/// The most a record may carry in the clear: 2^14 octets.
pub const MAX_FRAGMENT: usize = 1 << 14;

/// The type octet of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentType(pub u8);

impl ContentType {
    /// 20.
    pub const CHANGE_CIPHER_SPEC: Self = Self(20);
    /// 21.
    pub const ALERT: Self = Self(21);
    /// 22.
    pub const HANDSHAKE: Self = Self(22);
    /// 23.
    pub const APPLICATION_DATA: Self = Self(23);
    /// 24, RFC 6520.
    pub const HEARTBEAT: Self = Self(24);
}

/// The type octet of a handshake message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HandshakeType(pub u8);

impl HandshakeType {
    /// 0.
    pub const HELLO_REQUEST: Self = Self(0);
    /// 1.
    pub const CLIENT_HELLO: Self = Self(1);
    /// 2; a `HelloRetryRequest` has the same type.
    pub const SERVER_HELLO: Self = Self(2);
    /// 4.
    pub const NEW_SESSION_TICKET: Self = Self(4);
    /// 11.
    pub const CERTIFICATE: Self = Self(11);
    /// 12.
    pub const SERVER_KEY_EXCHANGE: Self = Self(12);
    /// 13.
    pub const CERTIFICATE_REQUEST: Self = Self(13);
    /// 14.
    pub const SERVER_HELLO_DONE: Self = Self(14);
    /// 16.
    pub const CLIENT_KEY_EXCHANGE: Self = Self(16);
    /// 20.
    pub const FINISHED: Self = Self(20);
    /// 22, RFC 6066.
    pub const CERTIFICATE_STATUS: Self = Self(22);
}

/// One whole handshake message, without its four-octet header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Version field of the record that began this unbroken run of handshake octets.
    pub record_version: Version,
    /// What kind of message.
    pub kind: HandshakeType,
    /// Everything behind the header.
    pub body: Vec<u8>,
}

impl Message {
    /// Header and body as they stand in records.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut w = Writer::new();
        w.u8(self.kind.0);
        w.vec24("handshake message", &self.body)?;
        Ok(w.into_vec())
    }

    /// The message in records of at most [`MAX_FRAGMENT`] octets.
    pub fn to_records(&self) -> Result<Vec<u8>, EncodeError> {
        to_records(ContentType::HANDSHAKE, self.record_version, &self.encode()?, MAX_FRAGMENT)
    }
}

/// Cuts a payload into records of at most `fragment` octets (1 to [`MAX_FRAGMENT`]); an empty payload becomes one
/// empty record. Serves alerts, `ChangeCipherSpec` and test peers as well as handshakes.
pub fn to_records(
    kind: ContentType,
    version: Version,
    payload: &[u8],
    fragment: usize,
) -> Result<Vec<u8>, EncodeError> {
    if fragment == 0 {
        return Err(EncodeError::Empty { what: "record fragment" });
    }
    if fragment > MAX_FRAGMENT {
        return Err(EncodeError::TooLong { what: "record fragment", length: fragment, max: MAX_FRAGMENT });
    }
    let mut w = Writer::new();
    let mut record = |part: &[u8]| {
        w.u8(kind.0);
        w.u16(version.0);
        w.vec16("record", part)
    };
    if payload.is_empty() {
        record(payload)?;
    }
    for part in payload.chunks(fragment) {
        record(part)?;
    }
    Ok(w.into_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_cut_into_records() {
        let message = Message {
            record_version: Version::TLS12,
            kind: HandshakeType::CERTIFICATE,
            body: vec![7; MAX_FRAGMENT],
        };
        let records = message.to_records().unwrap();
        assert_eq!(records[..9], [22, 3, 3, 0x40, 0, 11, 0, 0x40, 0]);
        assert_eq!(records[5 + MAX_FRAGMENT..][..5], [22, 3, 3, 0, 4]);
        assert_eq!(records.len(), 5 + MAX_FRAGMENT + 5 + 4);
    }

    #[test]
    fn fragments_have_a_size() {
        let cut = |fragment| to_records(ContentType::ALERT, Version::TLS10, &[2, 40], fragment);
        assert_eq!(cut(1).unwrap(), [21, 3, 1, 0, 1, 2, 21, 3, 1, 0, 1, 40]);
        assert!(cut(0).is_err() && cut(MAX_FRAGMENT + 1).is_err());
        assert_eq!(to_records(ContentType::HANDSHAKE, Version::TLS10, &[], 9).unwrap(), [22, 3, 1, 0, 0]);
    }
}
