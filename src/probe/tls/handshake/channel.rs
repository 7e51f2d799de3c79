//! One connection of a handshake made by hand: records out and in, protected once keys are there, and the handshake
//! messages, alerts and the rest inside them. Knows no order of messages.

use super::protection::Protection;
use crate::{
    net::{Connection, Error, Phase},
    observation::Failure,
    wire::{
        iana,
        tls::{
            Alert, AlertLevel, ContentType, HandshakeType, MAX_FRAGMENT, Malformed, RecordReader, Version,
            to_records,
        },
    },
};

/// The longest handshake message that is read.
const LONGEST_MESSAGE: usize = 1 << 18;
/// More records than any server needs before it is done.
const MOST_RECORDS: u32 = 4096;

/// What comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::probe::tls) enum Item {
    /// A whole handshake message.
    Message {
        kind: HandshakeType,
        body: Vec<u8>,
        /// With its header, as both sides hash it.
        octets: Vec<u8>,
    },
    ChangeCipherSpec,
    /// A warning that does not end the handshake.
    Warning(u8),
    /// A heartbeat message.
    Heartbeat(Vec<u8>),
    /// Application data.
    Data(Vec<u8>),
}

/// Why it goes no further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::probe::tls) enum Stop {
    /// The server ended it with this alert.
    Alert(u8),
    /// The connection is gone, or silent.
    Lost(Error),
    /// The server breaks the protocol.
    Broken(String),
    /// What it chose is beyond what is done by hand here.
    Unsupported(String),
}

impl Stop {
    /// As an observation says it.
    pub(in crate::probe::tls) fn failure(&self) -> Failure {
        match self {
            Self::Alert(description) => {
                Failure::Alert { description: iana::alert_name(*description).into_owned() }
            }
            Self::Lost(error) => error.into(),
            Self::Broken(what) => Failure::Malformed(what.clone()),
            Self::Unsupported(what) => Failure::Unsupported(what.clone()),
        }
    }

    /// Whether the server said no, or hung up: not silence, and no fault of ours.
    pub(in crate::probe::tls) fn is_refusal(&self) -> bool {
        matches!(self, Self::Alert(_) | Self::Lost(Error::Reset | Error::Closed { .. }))
    }
}

impl From<Malformed> for Stop {
    fn from(malformed: Malformed) -> Self {
        Self::Broken(malformed.to_string())
    }
}

/// Both directions.
pub(in crate::probe::tls) struct Channel {
    pub(in crate::probe::tls) connection: Connection,
    /// The version that records carry.
    version: Version,
    reader: RecordReader,
    records: u32,
    handshake: Vec<u8>,
    pub(super) incoming: Option<Protection>,
    pub(super) outgoing: Option<Protection>,
}

impl Channel {
    pub(in crate::probe::tls) fn new(connection: Connection) -> Self {
        Self {
            connection,
            version: Version::TLS10,
            reader: RecordReader::default(),
            records: 0,
            handshake: Vec::new(),
            incoming: None,
            outgoing: None,
        }
    }

    /// The records for this content, protected where that has begun.
    pub(super) fn records(&mut self, kind: ContentType, content: &[u8]) -> Result<Vec<u8>, Stop> {
        let ours = |what: &str| Stop::Unsupported(format!("our own record: {what}"));
        let Some(protection) = &mut self.outgoing else {
            return to_records(kind, self.version, content, MAX_FRAGMENT).map_err(|e| ours(&e.to_string()));
        };
        let mut records = Vec::new();
        for part in content.chunks(MAX_FRAGMENT) {
            let fragment = protection.seal(kind, part).map_err(|_| ours("it cannot be protected"))?;
            let length = u16::try_from(fragment.len()).map_err(|_| ours("it is too long"))?;
            records.push(kind.0);
            records.extend(self.version.0.to_be_bytes());
            records.extend(length.to_be_bytes());
            records.extend(fragment);
        }
        Ok(records)
    }

    /// Sends this content.
    pub(in crate::probe::tls) async fn send(
        &mut self,
        kind: ContentType,
        content: &[u8],
    ) -> Result<(), Stop> {
        let records = self.records(kind, content)?;
        self.write(&records).await
    }

    /// Sends these contents at once.
    pub(in crate::probe::tls) async fn send_all(
        &mut self,
        contents: &[(ContentType, &[u8])],
    ) -> Result<(), Stop> {
        let mut records = Vec::new();
        for (kind, content) in contents {
            records.extend(self.records(*kind, content)?);
        }
        self.write(&records).await
    }

    /// Records carry this version from now on.
    pub(in crate::probe::tls) fn speak(&mut self, version: Version) {
        self.version = version;
    }

    /// Sends octets as they are.
    pub(in crate::probe::tls) async fn write(&mut self, octets: &[u8]) -> Result<(), Stop> {
        self.connection.write_bytes(octets).await.map_err(Stop::Lost)
    }

    /// Waits for what comes next.
    pub(in crate::probe::tls) async fn next(&mut self) -> Result<Item, Stop> {
        let mut buffer = vec![0; 8192];
        loop {
            if let Some(item) = self.message()? {
                return Ok(item);
            }
            match self.reader.next_record()? {
                Some(record) => {
                    self.records += 1;
                    if self.records > MOST_RECORDS {
                        return Err(Stop::Broken("records without end".to_owned()));
                    }
                    let content = match &mut self.incoming {
                        Some(protection) => protection
                            .open(record.kind, &record.fragment)
                            .map_err(|_| Stop::Broken("a record that cannot be opened".to_owned()))?,
                        None => record.fragment,
                    };
                    if let Some(item) = self.content(record.kind, content)? {
                        return Ok(item);
                    }
                }
                None => match self.connection.read_some(&mut buffer).await.map_err(Stop::Lost)? {
                    0 => return Err(Stop::Lost(Error::Closed { during: Phase::Handshake })),
                    length => self.reader.feed(buffer.get(..length).unwrap_or_default()),
                },
            }
        }
    }

    /// What a record holds, where it is no part of a handshake message.
    fn content(&mut self, kind: ContentType, content: Vec<u8>) -> Result<Option<Item>, Stop> {
        Ok(match kind {
            ContentType::HANDSHAKE => {
                self.handshake.extend(content);
                None
            }
            ContentType::CHANGE_CIPHER_SPEC => Some(Item::ChangeCipherSpec),
            ContentType::ALERT => {
                let octets = content
                    .first_chunk()
                    .copied()
                    .ok_or_else(|| Stop::Broken("an alert cut short".to_owned()))?;
                let alert = Alert::from_octets(octets);
                if alert.level == AlertLevel::Warning && !alert.is_end() {
                    Some(Item::Warning(alert.description))
                } else {
                    return Err(Stop::Alert(alert.description));
                }
            }
            ContentType::HEARTBEAT => Some(Item::Heartbeat(content)),
            _ => Some(Item::Data(content)),
        })
    }

    /// A whole handshake message, where one is there.
    fn message(&mut self) -> Result<Option<Item>, Stop> {
        let Some((&[kind, a, b, c], rest)) = self.handshake.split_first_chunk() else { return Ok(None) };
        let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        if length > LONGEST_MESSAGE {
            return Err(Stop::Broken(format!("a handshake message of {length} octets")));
        }
        let Some(body) = rest.get(..length) else { return Ok(None) };
        let body = body.to_vec();
        let octets = self.handshake.drain(..4 + length).collect();
        Ok(Some(Item::Message { kind: HandshakeType(kind), body, octets }))
    }
}
