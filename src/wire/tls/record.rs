//! From received octets, however they are cut, to events: the record layer and handshake reassembly of a client (or
//! test peer) that holds no keys. No I/O: the caller feeds, then drains. Parses no handshake message except to learn
//! whether TLS 1.3 was chosen.

use std::collections::VecDeque;

use super::{
    Alert, ContentType, Foreign, HandshakeType, Malformed, Message, Problem, Version, reply::ServerHello,
};

/// What a byte stream of a peer says, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An alert in the clear, warnings included.
    Alert(Alert),
    /// A whole handshake message in the clear.
    Handshake(Message),
    /// The peer switches to encryption (TLS ≤ 1.2), or pretends to (TLS 1.3).
    ChangeCipherSpec,
    /// A heartbeat message in the clear (RFC 6520), undecoded.
    Heartbeat(Vec<u8>),
    /// A record we cannot read: application data, or anything behind a `ChangeCipherSpec`.
    Encrypted {
        /// The record's outer type.
        kind: ContentType,
        /// Its length in octets.
        length: usize,
    },
    /// The peer speaks something else; nothing follows.
    NotTls(Foreign),
    /// A whole `SSLv2` message without its record header, for [`crate::wire::sslv2`].
    Sslv2(Vec<u8>),
}

/// The stream broke a rule or a limit. Events before it stand; nothing follows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReassemblyError {
    /// Against the record grammar; `at` counts from the start of the stream for record fields.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// More than a limit allows: the peer is broken or hostile.
    #[error("{what} above the limit of {limit}")]
    OverLimit {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The stream ended inside something; only after [`Reassembler::finish`].
    #[error("the stream ends inside {what}")]
    Truncated {
        /// What was cut.
        what: &'static str,
    },
}

/// Caps on what a peer may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Octets in all.
    pub total: usize,
    /// Octets of one handshake message, header excluded.
    pub message: usize,
    /// Records of length zero in all.
    pub empty_records: usize,
}

impl Default for Limits {
    /// 1 MiB, 256 KiB, 32: many times what real servers send before their handshake is over.
    fn default() -> Self {
        Self { total: 1 << 20, message: 1 << 18, empty_records: 32 }
    }
}

/// The most a record may carry encrypted: 2^14 + 2048 octets (RFC 5246 §6.2.3).
const MAX_RECORD: usize = (1 << 14) + 2048;

/// Longest first line waited for before an answer that is not TLS is reported.
const FOREIGN_WAIT: usize = Foreign::EXCERPT;

/// Reassembles one direction of one connection. The events do not depend on how the octets were cut when fed.
///
/// ```
/// use khien::wire::tls::{Alert, Event, Reassembler};
///
/// let mut peer = Reassembler::default();
/// peer.feed(&[21, 3, 3, 0, 2, 2]);
/// assert_eq!(peer.next_event(), Ok(None));
/// peer.feed(&[40]);
/// assert_eq!(peer.next_event(), Ok(Some(Event::Alert(Alert::fatal(40)))));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Reassembler {
    limits: Limits,
    /// Octets not yet consumed begin at `start`.
    buffer: Vec<u8>,
    start: usize,
    /// Octets consumed or dropped from `buffer`: where the next record begins in the stream.
    consumed: usize,
    fed: usize,
    overfed: bool,
    finished: bool,
    empty_records: usize,
    /// Handshake octets not yet consumed begin at `handshake_start`.
    handshake: Vec<u8>,
    handshake_start: usize,
    handshake_version: Option<Version>,
    alert: VecDeque<u8>,
    phase: Phase,
    encrypted: bool,
    tls13: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Start,
    Tls,
    Sslv2,
    Ended,
    Failed(ReassemblyError),
}

impl Reassembler {
    /// With limits of one's own.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes received octets. Octets above [`Limits::total`] are dropped and reported by [`Self::next_event`] once
    /// everything before them was drained.
    pub fn feed(&mut self, octets: &[u8]) {
        if matches!(self.phase, Phase::Ended | Phase::Failed(_)) {
            return;
        }
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        let room = self.limits.total.saturating_sub(self.fed);
        let taken = octets.get(..room).unwrap_or(octets);
        self.overfed |= taken.len() < octets.len();
        self.fed += taken.len();
        self.buffer.extend_from_slice(taken);
    }

    /// Says that nothing more comes (end of stream, or the deadline passed): a short foreign greeting is reported
    /// then, and a record or message cut in the middle becomes [`ReassemblyError::Truncated`].
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// The next event; `Ok(None)` when more octets are needed (or, after [`Self::finish`], when the stream ended
    /// cleanly). An error repeats on every further call.
    pub fn next_event(&mut self) -> Result<Option<Event>, ReassemblyError> {
        if let Phase::Failed(error) = &self.phase {
            return Err(error.clone());
        }
        self.advance().inspect_err(|error| self.phase = Phase::Failed(error.clone()))
    }

    fn advance(&mut self) -> Result<Option<Event>, ReassemblyError> {
        loop {
            if let Some(event) = self.pending()? {
                return Ok(Some(event));
            }
            let step = match self.phase {
                Phase::Start => self.first_octets(),
                Phase::Tls => self.record()?,
                Phase::Sslv2 => self.sslv2_record()?,
                Phase::Ended | Phase::Failed(_) => return Ok(None),
            };
            match step {
                Step::Event(event) => return Ok(Some(event)),
                Step::Again => {}
                Step::Starved => return self.starved(),
            }
        }
    }

    /// What earlier records left to be told: whole handshake messages, then whole alerts.
    fn pending(&mut self) -> Result<Option<Event>, ReassemblyError> {
        if let Some(message) = self.message()? {
            return Ok(Some(Event::Handshake(message)));
        }
        if let (Some(&level), Some(&description)) = (self.alert.front(), self.alert.get(1)) {
            self.alert.drain(..2);
            return Ok(Some(Event::Alert(Alert::from_octets([level, description]))));
        }
        Ok(None)
    }

    fn message(&mut self) -> Result<Option<Message>, ReassemblyError> {
        let Some((&[kind, a, b, c], rest)) =
            self.handshake.get(self.handshake_start..).and_then(<[u8]>::split_first_chunk)
        else {
            return Ok(None);
        };
        let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        if length > self.limits.message {
            return Err(ReassemblyError::OverLimit { what: "handshake message", limit: self.limits.message });
        }
        let Some(body) = rest.get(..length) else { return Ok(None) };
        let message = Message {
            record_version: self.handshake_version.unwrap_or(Version(0)),
            kind: HandshakeType(kind),
            body: body.to_vec(),
        };
        self.handshake_start += 4 + length;
        self.tls13 |= chooses_tls13(&message);
        Ok(Some(message))
    }

    /// Tells TLS, `SSLv2` and everything else apart. Decides on a prefix, so that no cut changes the outcome.
    fn first_octets(&mut self) -> Step {
        let rest = self.rest();
        let phase = match *rest {
            [] | [20..=24 | 0x80..=0xff] | [20..=24, 3] | [0x80..=0xff, _] => return Step::Starved,
            [20..=24, 3, _, ..] => Phase::Tls,
            [high @ 0x80..=0xff, low, kind, ..] if is_sslv2(high, low, kind) => Phase::Sslv2,
            _ => return self.foreign(),
        };
        self.phase = phase;
        Step::Again
    }

    /// Reports a foreign answer once its first line is there, or enough of it, or the stream ended.
    fn foreign(&mut self) -> Step {
        let rest = self.rest();
        let first = rest.get(..FOREIGN_WAIT).unwrap_or(rest);
        // A line break in front (some error pages) is not the end of the first line.
        let line_end = first
            .iter()
            .skip_while(|octet| octet.is_ascii_whitespace())
            .position(|octet| matches!(octet, b'\r' | b'\n'));
        if first.len() < FOREIGN_WAIT && line_end.is_none() && !self.finished {
            return Step::Starved;
        }
        let blanks = first.iter().take_while(|octet| octet.is_ascii_whitespace()).count();
        let end = line_end.map_or(first.len(), |end| blanks + end);
        let foreign = Foreign::new(first.get(blanks..end).unwrap_or(first));
        self.phase = Phase::Ended;
        Step::Event(Event::NotTls(foreign))
    }

    fn record(&mut self) -> Result<Step, ReassemblyError> {
        let rest = self.rest();
        let Some((&[kind, major, minor, high, low], rest)) = rest.split_first_chunk() else {
            return Ok(Step::Starved);
        };
        let (kind, version) = (ContentType(kind), Version(u16::from_be_bytes([major, minor])));
        let malformed = |what, value| Malformed { what, at: self.consumed, problem: Problem::Value(value) };
        if !(20..=24).contains(&kind.0) {
            return Err(malformed("record type", kind.0.into()).into());
        }
        if major != 3 {
            return Err(malformed("record version", version.0.into()).into());
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length > MAX_RECORD {
            return Err(ReassemblyError::OverLimit { what: "record length", limit: MAX_RECORD });
        }
        let Some(payload) = rest.get(..length) else { return Ok(Step::Starved) };
        let payload = payload.to_vec();
        let at = self.consumed;
        self.consume(5 + length);
        if length == 0 {
            self.empty_records += 1;
            if self.empty_records > self.limits.empty_records {
                let limit = self.limits.empty_records;
                return Err(ReassemblyError::OverLimit { what: "empty records", limit });
            }
        }
        self.payload(kind, version, payload, at)
    }

    fn payload(
        &mut self,
        kind: ContentType,
        version: Version,
        payload: Vec<u8>,
        at: usize,
    ) -> Result<Step, ReassemblyError> {
        let encrypted = Step::Event(Event::Encrypted { kind, length: payload.len() });
        if kind == ContentType::APPLICATION_DATA {
            return Ok(encrypted);
        }
        // An encrypted alert is longer than two octets (MAC, tag): two that read as an alert are one.
        let is_alert = kind == ContentType::ALERT && matches!(*payload, [1 | 2, _]);
        if self.encrypted && !is_alert {
            return Ok(encrypted);
        }
        match kind {
            ContentType::HANDSHAKE => {
                self.handshake.drain(..self.handshake_start);
                self.handshake_start = 0;
                if self.handshake.is_empty() {
                    self.handshake_version = Some(version);
                }
                self.handshake.extend_from_slice(&payload);
                Ok(Step::Again)
            }
            ContentType::ALERT => {
                self.alert.extend(payload);
                Ok(Step::Again)
            }
            ContentType::HEARTBEAT => Ok(Step::Event(Event::Heartbeat(payload))),
            // ChangeCipherSpec; an empty one was counted above and means nothing.
            _ if payload.is_empty() => Ok(Step::Again),
            _ if payload == [1] => {
                // RFC 8446 §5: in TLS 1.3 it is a disguise, and a ServerHello in the clear may follow.
                self.encrypted = !self.tls13;
                Ok(Step::Event(Event::ChangeCipherSpec))
            }
            _ => {
                Err(Malformed { what: "ChangeCipherSpec", at, problem: Problem::Length(payload.len()) }
                    .into())
            }
        }
    }

    fn sslv2_record(&mut self) -> Result<Step, ReassemblyError> {
        let rest = self.rest();
        let Some((&[high, low], rest)) = rest.split_first_chunk() else { return Ok(Step::Starved) };
        if high < 0x80 {
            // The three-octet header is for padded, encrypted records; there are none in the clear.
            let problem = Problem::Value(high.into());
            return Err(Malformed { what: "SSLv2 record header", at: self.consumed, problem }.into());
        }
        let length = sslv2_length(high, low);
        let Some(message) = rest.get(..length) else { return Ok(Step::Starved) };
        let message = message.to_vec();
        if message.is_empty() {
            let problem = Problem::Length(0);
            return Err(Malformed { what: "SSLv2 record", at: self.consumed, problem }.into());
        }
        self.consume(2 + length);
        Ok(Step::Event(Event::Sslv2(message)))
    }

    /// Nothing can be told from what is there: an error when nothing more will come, else "feed me".
    fn starved(&mut self) -> Result<Option<Event>, ReassemblyError> {
        if self.overfed {
            return Err(ReassemblyError::OverLimit { what: "answer", limit: self.limits.total });
        }
        if !self.finished {
            return Ok(None);
        }
        let what = if !self.rest().is_empty() {
            "a record"
        } else if self.handshake_start < self.handshake.len() {
            "a handshake message"
        } else if !self.alert.is_empty() {
            "an alert"
        } else {
            return Ok(None);
        };
        Err(ReassemblyError::Truncated { what })
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    fn consume(&mut self, count: usize) {
        self.start += count;
        self.consumed += count;
    }
}

enum Step {
    Event(Event),
    Again,
    Starved,
}

/// An `SSLv2` record with a two-octet header whose message is an ERROR (0), CLIENT-HELLO (1) or SERVER-HELLO (4).
fn is_sslv2(high: u8, low: u8, kind: u8) -> bool {
    let length = sslv2_length(high, low);
    matches!((kind, length), (0, 3) | (1, 9..) | (4, 11..))
}

fn sslv2_length(high: u8, low: u8) -> usize {
    usize::from(u16::from_be_bytes([high & 0x7f, low]))
}

fn chooses_tls13(message: &Message) -> bool {
    message.kind == HandshakeType::SERVER_HELLO
        && ServerHello::parse(&message.body).is_ok_and(|hello| hello.negotiated_version() >= Version::TLS13)
}

#[cfg(test)]
mod tests;
