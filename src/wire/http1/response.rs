//! Reads one response as bytes arrive: interim heads, the head, then the body by its framing (RFC 9112 §6.3).

use std::collections::BTreeSet;

use super::super::field::Field;
use super::chunked::{Decoder, Step};
use super::head::{Head, HeadBuffer};
use super::{Method, Oddity, excerpt};

/// The body cap for a site's final document: 1 MiB.
pub const DOCUMENT_LIMIT: usize = 1024 * 1024;
/// Most interim (1xx) responses skipped.
pub const INTERIM_LIMIT: usize = 5;

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Framing {
    /// There is none: HEAD, 101, 204, 304.
    NoBody,
    /// Content-Length.
    Length(u64),
    /// Transfer-Encoding: chunked.
    Chunked,
    /// The server closes the connection.
    UntilClose,
}

/// What to do after feeding octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Read more and feed it, or call [`ResponseReader::close`] at the end of the stream.
    NeedMore,
    /// The response is whole, or as long as the caller wanted it: take it with [`ResponseReader::finish`].
    Done,
}

/// A response that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The final head.
    pub head: Head,
    /// The body with its transfer coding undone, at most as long as the cap.
    pub body: Vec<u8>,
    /// Trailer fields of a chunked body.
    pub trailers: Vec<Field>,
    /// How the body was framed.
    pub framing: Framing,
    /// The cap stopped reading before the body's end.
    pub truncated: bool,
    /// The connection ended before the framing said so, or the caller stopped: the body may lack its end.
    pub cut_short: bool,
    /// Interim responses that came before.
    pub interim: usize,
    /// What was let pass, each once, in order.
    pub oddities: Vec<Oddity>,
}

/// Why octets are no response we can read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The octets do not begin like HTTP/1: another protocol, TLS on a plain port, or HTTP/0.9.
    #[error("the server does not answer in HTTP/1 but with \"{excerpt}\"; check the port and the protocol")]
    NotHttp {
        /// Up to 60 octets, printable.
        excerpt: String,
    },
    /// A status line with a version other than HTTP/1.0 and HTTP/1.1.
    #[error("the server answers with an HTTP version we do not read: \"{excerpt}\"")]
    UnsupportedVersion {
        /// The status line.
        excerpt: String,
    },
    /// The message breaks RFC 9112 where no reading is safe.
    #[error("the response is malformed ({what}): \"{excerpt}\"; compare it with RFC 9112")]
    Malformed {
        /// Which part.
        what: &'static str,
        /// Up to 60 octets, printable.
        excerpt: String,
    },
    /// The head exceeds 64 KiB.
    #[error("the response head exceeds 64 KiB")]
    HeadTooLarge,
    /// More than 200 field lines.
    #[error("the response has more than 200 fields")]
    TooManyFields,
    /// More than five interim responses.
    #[error("the server sent more than {INTERIM_LIMIT} interim responses")]
    TooManyInterim,
    /// The connection ended inside, or before, the head.
    #[error("the connection ended after {received} octets, before the response's head was whole")]
    Closed {
        /// Octets of the unfinished head.
        received: usize,
    },
}

/// Reads one response. After an error every further call gives that error; [`ResponseReader::head`] stays
/// readable when the fault lies in the body or its framing.
#[derive(Debug)]
pub struct ResponseReader {
    method: Method,
    body_limit: usize,
    head_buffer: HeadBuffer,
    head: Option<Head>,
    stage: Stage,
    framing: Framing,
    body: Vec<u8>,
    decoder: Decoder,
    truncated: bool,
    cut_short: bool,
    interim: usize,
    oddities: BTreeSet<Oddity>,
}

#[derive(Debug)]
enum Stage {
    Head,
    Body,
    Done,
    Failed(ReadError),
}

impl ResponseReader {
    /// A reader for the response to a request with `method`, keeping at most `body_limit` octets of its body.
    pub fn new(method: Method, body_limit: usize) -> Self {
        Self {
            method,
            body_limit,
            head_buffer: HeadBuffer::default(),
            head: None,
            stage: Stage::Head,
            framing: Framing::NoBody,
            body: Vec::new(),
            decoder: Decoder::default(),
            truncated: false,
            cut_short: false,
            interim: 0,
            oddities: BTreeSet::new(),
        }
    }

    /// Takes what arrived. May be called with any cut of the stream, and after [`Progress::Done`] as well, where
    /// further octets are noted as excess unless the cap was what ended the reading.
    pub fn feed(&mut self, octets: &[u8]) -> Result<Progress, ReadError> {
        let result = match &self.stage {
            Stage::Failed(error) => Err(error.clone()),
            Stage::Head => self.feed_head(octets),
            Stage::Body => self.feed_body(octets),
            Stage::Done => {
                self.excess(octets.len());
                Ok(Progress::Done)
            }
        };
        self.keep_failure(result)
    }

    /// The stream ended. A body until close is whole now; another one is cut short, which is no error.
    pub fn close(&mut self) -> Result<Progress, ReadError> {
        let result = match &self.stage {
            Stage::Failed(error) => Err(error.clone()),
            Stage::Head => Err(ReadError::Closed { received: self.head_buffer.waiting().len() }),
            Stage::Body => {
                self.cut_short = self.framing != Framing::UntilClose;
                self.stage = Stage::Done;
                Ok(Progress::Done)
            }
            Stage::Done => Ok(Progress::Done),
        };
        self.keep_failure(result)
    }

    /// The final head, once it has arrived.
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// The response as far as it was read. `None` before its head is whole. Stopping before
    /// [`Progress::Done`], at a deadline for instance, marks it `cut_short`.
    pub fn finish(self) -> Option<Response> {
        Some(Response {
            head: self.head?,
            body: self.body,
            trailers: self.decoder.trailers,
            framing: self.framing,
            truncated: self.truncated,
            cut_short: self.cut_short || !matches!(self.stage, Stage::Done),
            interim: self.interim,
            oddities: self.oddities.into_iter().collect(),
        })
    }

    fn keep_failure(&mut self, result: Result<Progress, ReadError>) -> Result<Progress, ReadError> {
        if let Err(error) = &result {
            self.stage = Stage::Failed(error.clone());
        }
        result
    }

    fn feed_head(&mut self, octets: &[u8]) -> Result<Progress, ReadError> {
        let mut arrived = octets;
        loop {
            let mut oddities = BTreeSet::new();
            let Some(head) = self.head_buffer.push(arrived, &mut oddities)? else {
                return Ok(Progress::NeedMore);
            };
            // 101 is final: what follows is another protocol
            if (100..200).contains(&head.status) && head.status != 101 {
                self.interim += 1;
                if self.interim > INTERIM_LIMIT {
                    return Err(ReadError::TooManyInterim);
                }
                arrived = &[];
                continue;
            }
            self.oddities = oddities;
            let framing = framing(self.method, &head, &mut self.oddities);
            self.head = Some(head);
            self.framing = framing?;
            break;
        }
        self.stage = Stage::Body;
        let rest = self.head_buffer.take_rest();
        self.feed_body(&rest)
    }

    fn feed_body(&mut self, octets: &[u8]) -> Result<Progress, ReadError> {
        match self.framing {
            Framing::NoBody => Ok(self.done(octets.len())),
            Framing::UntilClose => {
                self.keep(octets);
                Ok(self.progress())
            }
            Framing::Length(length) => {
                let missing = length.saturating_sub(self.body.len() as u64);
                let wanted = usize::try_from(missing).unwrap_or(usize::MAX).min(octets.len());
                self.keep(octets.get(..wanted).unwrap_or_default());
                if self.body.len() as u64 == length {
                    return Ok(self.done(octets.len() - wanted));
                }
                self.stop_when_full();
                Ok(self.progress())
            }
            Framing::Chunked => self.feed_chunked(octets),
        }
    }

    fn feed_chunked(&mut self, octets: &[u8]) -> Result<Progress, ReadError> {
        let mut rest = octets;
        while !rest.is_empty() && !self.truncated {
            let taken = match self.decoder.step(rest)? {
                Step::Consumed(taken) => taken,
                Step::Done(taken) => return Ok(self.done(rest.len() - taken)),
                Step::Data(available) => {
                    self.keep(rest.get(..available).unwrap_or_default());
                    self.decoder.took(available);
                    available
                }
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
        Ok(self.progress())
    }

    /// Keeps body octets up to the cap; one octet too many is the proof that the body is longer.
    fn keep(&mut self, octets: &[u8]) {
        let room = self.body_limit.saturating_sub(self.body.len());
        self.body.extend_from_slice(octets.get(..room).unwrap_or(octets));
        self.truncated |= octets.len() > room;
    }

    /// A known length beyond the cap needs no further octet as a proof.
    fn stop_when_full(&mut self) {
        self.truncated |= self.body.len() >= self.body_limit;
    }

    fn progress(&mut self) -> Progress {
        if self.truncated {
            self.stage = Stage::Done;
            return Progress::Done;
        }
        Progress::NeedMore
    }

    fn done(&mut self, excess: usize) -> Progress {
        self.stage = Stage::Done;
        self.excess(excess);
        Progress::Done
    }

    fn excess(&mut self, octets: usize) {
        let upgraded = self.head.as_ref().is_some_and(|head| head.status == 101);
        if octets > 0 && !self.truncated && !upgraded {
            self.oddities.insert(Oddity::ExcessOctets);
        }
    }
}

/// RFC 9112 §6.3: which of the rules tells the body's end.
fn framing(method: Method, head: &Head, oddities: &mut BTreeSet<Oddity>) -> Result<Framing, ReadError> {
    if method == Method::Head || matches!(head.status, 101 | 204 | 304) {
        return Ok(Framing::NoBody);
    }
    let length = content_length(head, oddities);
    let codings: Vec<String> = head
        .values("transfer-encoding")
        .flat_map(|line| line.split(',').map(|coding| coding.trim().to_ascii_lowercase()).collect::<Vec<_>>())
        .filter(|coding| !coding.is_empty() && coding != "identity") // RFC 2616's name for none at all
        .collect();
    let Some((last, others)) = codings.split_last() else {
        return Ok(length?.map_or(Framing::UntilClose, Framing::Length));
    };
    if head.fields.iter().any(|field| field.is("content-length")) {
        oddities.insert(Oddity::LengthAndChunked);
    }
    if head.minor_version == 0 {
        oddities.insert(Oddity::TransferEncodingIn10);
    }
    if last != "chunked" || !others.is_empty() {
        oddities.insert(Oddity::TransferCoded);
    }
    if others.iter().any(|coding| coding == "chunked") {
        return Err(ReadError::Malformed {
            what: "chunked applied twice or not last",
            excerpt: excerpt(codings.join(", ").as_bytes()),
        });
    }
    Ok(if last == "chunked" { Framing::Chunked } else { Framing::UntilClose })
}

/// One number, however often it is repeated; different ones, or anything but digits, are an attack or a fault.
fn content_length(head: &Head, oddities: &mut BTreeSet<Oddity>) -> Result<Option<u64>, ReadError> {
    let mut length: Option<u64> = None;
    for value in head.values("content-length") {
        for number in value.split(',').map(str::trim) {
            let malformed = |what| ReadError::Malformed { what, excerpt: excerpt(value.as_bytes()) };
            if number.is_empty() || !number.bytes().all(|octet| octet.is_ascii_digit()) {
                return Err(malformed("Content-Length is not a number"));
            }
            // a length beyond 64 bits is beyond every cap as well
            let number = number.parse().unwrap_or(u64::MAX);
            if length.is_some_and(|before| before != number) {
                return Err(malformed("Content-Length fields that differ"));
            }
            if length.replace(number).is_some() {
                oddities.insert(Oddity::RepeatedContentLength);
            }
        }
    }
    Ok(length)
}
