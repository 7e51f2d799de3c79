//! `SSLv2`'s hello exchange (draft-hickman-netscape-ssl-00 §2.5, §2.6): only to see whether a server still speaks it.
//! Owns records with the two-octet header and three messages; nothing behind SERVER-HELLO.

use super::tls::{EncodeError, Malformed, Problem, Reader, Writer};

/// Puts a message into a record with the two-octet header; at most 32,767 octets.
fn to_record(message: &[u8]) -> Result<Vec<u8>, EncodeError> {
    const MAX: usize = 0x7fff;
    let too_long = EncodeError::TooLong { what: "SSLv2 record", length: message.len(), max: MAX };
    let length =
        u16::try_from(message.len()).ok().filter(|length| usize::from(*length) <= MAX).ok_or(too_long)?;
    let mut w = Writer::new();
    w.u16(0x8000 | length);
    w.put(message);
    Ok(w.into_vec())
}

/// CLIENT-HELLO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientHello {
    /// 0002, or more when a TLS client speaks in `SSLv2`'s form (RFC 5246 appendix E.2).
    pub version: u16,
    /// Cipher kinds, three octets each; see [`crate::wire::iana::SSLV2_CIPHER_KINDS`].
    pub cipher_kinds: Vec<u32>,
    /// Empty, or 16 octets.
    pub session_id: Vec<u8>,
    /// 16 to 32 octets.
    pub challenge: Vec<u8>,
}

impl ClientHello {
    /// A hello that offers `SSLv2`'s seven cipher kinds.
    pub fn new(challenge: [u8; 16]) -> Self {
        Self {
            version: 0x0002,
            cipher_kinds: super::iana::SSLV2_CIPHER_KINDS.iter().map(|row| row.0).collect(),
            session_id: Vec::new(),
            challenge: challenge.to_vec(),
        }
    }

    /// What is written to the socket: one record.
    pub fn to_record(&self) -> Result<Vec<u8>, EncodeError> {
        let kinds = cipher_kind_octets(&self.cipher_kinds)?;
        let mut w = Writer::new();
        w.u8(1);
        w.u16(self.version);
        put_length(&mut w, "CLIENT-HELLO.cipher_specs", &kinds)?;
        put_length(&mut w, "CLIENT-HELLO.session_id", &self.session_id)?;
        put_length(&mut w, "CLIENT-HELLO.challenge", &self.challenge)?;
        w.put(&kinds);
        w.put(&self.session_id);
        w.put(&self.challenge);
        to_record(&w.into_vec())
    }
}

/// SERVER-HELLO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerHello {
    /// Whether the session id was known; there are no certificate and cipher kinds then.
    pub session_id_hit: bool,
    /// 1 is X.509; 0 in a session id hit.
    pub certificate_type: u8,
    /// 0002.
    pub version: u16,
    /// One certificate, DER, undecoded.
    pub certificate: Vec<u8>,
    /// Cipher kinds both sides have. None at all: the server answers but can agree on nothing.
    pub cipher_kinds: Vec<u32>,
    /// 16 to 32 octets.
    pub connection_id: Vec<u8>,
}

impl ServerHello {
    /// What a test peer writes to its socket: one record.
    pub fn to_record(&self) -> Result<Vec<u8>, EncodeError> {
        let kinds = cipher_kind_octets(&self.cipher_kinds)?;
        let mut w = Writer::new();
        w.put(&[4, u8::from(self.session_id_hit), self.certificate_type]);
        w.u16(self.version);
        put_length(&mut w, "SERVER-HELLO.certificate", &self.certificate)?;
        put_length(&mut w, "SERVER-HELLO.cipher_specs", &kinds)?;
        put_length(&mut w, "SERVER-HELLO.connection_id", &self.connection_id)?;
        w.put(&self.certificate);
        w.put(&kinds);
        w.put(&self.connection_id);
        to_record(&w.into_vec())
    }
}

/// A message in the clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Type 0, with its code: 1 no cipher, 2 no certificate, 4 bad certificate, 6 unsupported certificate type.
    Error(u16),
    /// Type 1.
    ClientHello(ClientHello),
    /// Type 4.
    ServerHello(ServerHello),
}

impl Message {
    /// Parses a record's content (as in [`super::tls::Event::Sslv2`]).
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let at = r.clone();
        let message = match r.u8("SSLv2 message type")? {
            0 => Self::Error(r.u16("ERROR.code")?),
            1 => Self::ClientHello(read_client_hello(&mut r)?),
            4 => Self::ServerHello(read_server_hello(&mut r)?),
            other => return Err(at.malformed("SSLv2 message type", Problem::Value(other.into()))),
        };
        r.end("SSLv2 message")?;
        Ok(message)
    }

    /// What a peer writes to its socket: one record.
    pub fn to_record(&self) -> Result<Vec<u8>, EncodeError> {
        match self {
            Self::Error(code) => {
                let [high, low] = code.to_be_bytes();
                to_record(&[0, high, low])
            }
            Self::ClientHello(hello) => hello.to_record(),
            Self::ServerHello(hello) => hello.to_record(),
        }
    }
}

fn read_client_hello(r: &mut Reader<'_>) -> Result<ClientHello, Malformed> {
    let version = r.u16("CLIENT-HELLO.version")?;
    let at = r.clone();
    let kinds = usize::from(r.u16("CLIENT-HELLO.cipher_specs length")?);
    let session_id = usize::from(r.u16("CLIENT-HELLO.session_id length")?);
    let challenge = usize::from(r.u16("CLIENT-HELLO.challenge length")?);
    let cipher_kinds =
        read_cipher_kinds(&at, "CLIENT-HELLO.cipher_specs", r.take("CLIENT-HELLO.cipher_specs", kinds)?)?;
    let session_id = r.take("CLIENT-HELLO.session_id", session_id)?.to_vec();
    let challenge = r.take("CLIENT-HELLO.challenge", challenge)?.to_vec();
    Ok(ClientHello { version, cipher_kinds, session_id, challenge })
}

fn read_server_hello(r: &mut Reader<'_>) -> Result<ServerHello, Malformed> {
    let at = r.clone();
    let session_id_hit = match r.u8("SERVER-HELLO.session_id_hit")? {
        0 => false,
        1 => true,
        other => return Err(at.malformed("SERVER-HELLO.session_id_hit", Problem::Value(other.into()))),
    };
    let certificate_type = r.u8("SERVER-HELLO.certificate_type")?;
    let version = r.u16("SERVER-HELLO.version")?;
    let certificate = usize::from(r.u16("SERVER-HELLO.certificate length")?);
    let at = r.clone();
    let kinds = usize::from(r.u16("SERVER-HELLO.cipher_specs length")?);
    let connection_id = usize::from(r.u16("SERVER-HELLO.connection_id length")?);
    let certificate = r.take("SERVER-HELLO.certificate", certificate)?.to_vec();
    let cipher_kinds =
        read_cipher_kinds(&at, "SERVER-HELLO.cipher_specs", r.take("SERVER-HELLO.cipher_specs", kinds)?)?;
    let connection_id = r.take("SERVER-HELLO.connection_id", connection_id)?.to_vec();
    Ok(ServerHello { session_id_hit, certificate_type, version, certificate, cipher_kinds, connection_id })
}

fn read_cipher_kinds(at: &Reader<'_>, what: &'static str, octets: &[u8]) -> Result<Vec<u32>, Malformed> {
    let (kinds, rest) = octets.as_chunks::<3>();
    if !rest.is_empty() {
        return Err(at.malformed(what, Problem::Length(octets.len())));
    }
    Ok(kinds.iter().map(|[a, b, c]| u32::from_be_bytes([0, *a, *b, *c])).collect())
}

fn cipher_kind_octets(kinds: &[u32]) -> Result<Vec<u8>, EncodeError> {
    let mut octets = Vec::with_capacity(kinds.len() * 3);
    for kind in kinds {
        let [0, a, b, c] = kind.to_be_bytes() else {
            return Err(EncodeError::TooLong { what: "SSLv2 cipher kind", length: 4, max: 3 });
        };
        octets.extend([a, b, c]);
    }
    Ok(octets)
}

fn put_length(w: &mut Writer, what: &'static str, octets: &[u8]) -> Result<(), EncodeError> {
    let length = octets.len();
    let max = usize::from(u16::MAX);
    w.u16(u16::try_from(length).map_err(|_| EncodeError::TooLong { what, length, max })?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_client_hello_on_the_wire() {
        let record = ClientHello::new([0xaa; 16]).to_record().unwrap();
        assert_eq!(record[..11], [0x80, 46, 1, 0, 2, 0, 21, 0, 0, 0, 16]);
        assert_eq!(record[11..17], [1, 0, 0x80, 2, 0, 0x80]);
        assert_eq!(record[29..32], [7, 0, 0xc0]);
        assert_eq!(record.len(), 2 + 46);
    }

    #[test]
    fn errors_and_strange_messages() {
        assert_eq!(Message::parse(&[0, 0, 1]).unwrap(), Message::Error(1));
        assert_eq!(Message::parse(&[0, 0, 1, 0]).unwrap_err().problem, Problem::Trailing(1));
        assert_eq!(Message::parse(&[9]).unwrap_err().problem, Problem::Value(9));
        assert!(Message::parse(&[]).is_err());
        // Two octets of cipher specs are no whole number of kinds.
        let odd = [4, 0, 1, 0, 2, 0, 0, 0, 2, 0, 0, 1, 2];
        assert_eq!(Message::parse(&odd).unwrap_err().problem, Problem::Length(2));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut hello = ClientHello::new([0; 16]);
        hello.cipher_kinds = vec![0x0100_0000];
        assert!(hello.to_record().is_err());
        hello.cipher_kinds = vec![1; 11_000];
        assert!(hello.to_record().is_err());
    }

    fn octets(most: usize) -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(any::<u8>(), 0..=most)
    }

    fn kinds() -> impl Strategy<Value = Vec<u32>> {
        proptest::collection::vec(0u32..0x0100_0000, 0..12)
    }

    prop_compose! {
        fn server_hello()(
            session_id_hit: bool, certificate_type: u8, version: u16, certificate in octets(80),
            cipher_kinds in kinds(), connection_id in octets(32),
        ) -> Message {
            Message::ServerHello(ServerHello {
                session_id_hit, certificate_type, version, certificate, cipher_kinds, connection_id,
            })
        }
    }

    prop_compose! {
        fn client_hello()(
            version: u16, cipher_kinds in kinds(), session_id in octets(16), challenge in octets(32),
        ) -> Message {
            Message::ClientHello(ClientHello { version, cipher_kinds, session_id, challenge })
        }
    }

    proptest! {
        #[test]
        fn every_message_survives_the_wire(
            message in prop_oneof![server_hello(), client_hello(), any::<u16>().prop_map(Message::Error)]
        ) {
            let record = message.to_record().unwrap();
            prop_assert_eq!(Message::parse(&record[2..]).unwrap(), message);
        }

        #[test]
        fn arbitrary_octets_never_panic(
            kind in prop::sample::select(vec![0u8, 1, 4, 7]), rest in octets(120)
        ) {
            let body = [vec![kind], rest].concat();
            if let Ok(message) = Message::parse(&body) {
                prop_assert_eq!(&message.to_record().unwrap()[2..], &body[..]);
            }
        }
    }
}
