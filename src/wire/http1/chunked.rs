//! The chunked transfer coding (RFC 9112 §7.1), decoded as bytes arrive. Extensions are skipped, trailers kept.

use super::super::field::{Field, is_token_octet};
use super::{ReadError, excerpt};

/// Longest chunk-size line with its extensions, and longest trailer line, in octets.
const LINE_LIMIT: usize = 8 * 1024;
/// Longest trailer section, in octets.
const TRAILER_LIMIT: usize = 16 * 1024;

/// Decodes one chunked body.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    state: State,
    line: Vec<u8>,
    trailer_octets: usize,
    /// Trailer fields in the order sent.
    pub(super) trailers: Vec<Field>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A chunk-size line is being collected.
    #[default]
    Size,
    /// So many octets of chunk data are still to come.
    Data(u64),
    /// The line end after chunk data.
    DataEnd,
    /// Trailer lines up to an empty one.
    Trailers,
    /// All read.
    Done,
}

/// What one step of the decoder found at the start of its input.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// So many octets were taken and are no body data; more may follow.
    Consumed(usize),
    /// The next so many octets are body data. The caller takes them and says so with [`Decoder::took`].
    Data(usize),
    /// The body is complete; so many octets were taken.
    Done(usize),
}

impl Decoder {
    /// Looks at non-empty input. A step always makes progress.
    pub(super) fn step(&mut self, input: &[u8]) -> Result<Step, ReadError> {
        match self.state {
            State::Data(remaining) => {
                Ok(Step::Data(usize::try_from(remaining).unwrap_or(usize::MAX).min(input.len())))
            }
            State::Done => Ok(Step::Done(0)),
            State::Size | State::DataEnd | State::Trailers => {
                let end = input.iter().position(|&octet| octet == b'\n');
                let taken = end.map_or(input.len(), |at| at + 1);
                self.line.extend_from_slice(input.get(..taken).unwrap_or_default());
                if self.line.len() > LINE_LIMIT {
                    return Err(self.malformed("chunk line longer than 8 KiB"));
                }
                if end.is_some() {
                    self.line_complete()?;
                } else if self.state == State::DataEnd && self.line != b"\r" {
                    // no need to wait for a line end that is not going to come
                    return Err(self.malformed("chunk data longer than its size"));
                }
                Ok(if self.state == State::Done { Step::Done(taken) } else { Step::Consumed(taken) })
            }
        }
    }

    /// The caller has taken this many octets of body data.
    pub(super) fn took(&mut self, octets: usize) {
        if let State::Data(remaining) = self.state {
            let left = remaining.saturating_sub(octets as u64);
            self.state = if left == 0 { State::DataEnd } else { State::Data(left) };
        }
    }

    fn line_complete(&mut self) -> Result<(), ReadError> {
        let line = self.line.trim_ascii_end();
        self.state = match self.state {
            State::Size => match chunk_size(line) {
                Some(0) => State::Trailers,
                Some(size) => State::Data(size),
                None => return Err(self.malformed("chunk size")),
            },
            State::DataEnd if line.is_empty() => State::Size,
            State::DataEnd => return Err(self.malformed("chunk data longer than its size")),
            State::Trailers if line.is_empty() => State::Done,
            State::Trailers => {
                self.trailer_octets += line.len();
                if self.trailer_octets > TRAILER_LIMIT || self.trailers.len() == super::FIELD_LIMIT {
                    return Err(self.malformed("trailer section longer than 16 KiB or 200 fields"));
                }
                self.trailers.extend(trailer(line));
                State::Trailers
            }
            state @ (State::Data(_) | State::Done) => state,
        };
        self.line.clear();
        Ok(())
    }

    fn malformed(&self, what: &'static str) -> ReadError {
        ReadError::Malformed { what, excerpt: excerpt(&self.line) }
    }
}

/// `1*HEXDIG`, then blanks or extensions after `;`. `None` for anything else, or a size above 64 bits.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let size = line.split(|&octet| octet == b';').next()?.trim_ascii();
    if size.is_empty() || !size.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(size).ok()?, 16).ok()
}

/// A trailer line as a field; lines that are none are left out.
fn trailer(line: &[u8]) -> Option<Field> {
    let colon = line.iter().position(|&octet| octet == b':')?;
    let name = line.get(..colon)?.trim_ascii_end();
    let value = line.get(colon + 1..)?.trim_ascii();
    (!name.is_empty() && name.iter().all(|&octet| is_token_octet(octet)))
        .then(|| Field::new(String::from_utf8_lossy(name), value))
}
