//! The head of a response: finds its end as bytes arrive and parses it with `httparse`, as leniently as browsers.

use std::collections::BTreeSet;

use super::super::field::{Field, text, values};
use super::{Oddity, ReadError, excerpt};

/// Longest head read, in octets.
pub const HEAD_LIMIT: usize = 64 * 1024;
/// Most field lines read in one head.
pub const FIELD_LIMIT: usize = 200;

/// The head of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The minor version: 0 or 1 of HTTP/1.
    pub minor_version: u8,
    /// The status code, 100–999.
    pub status: u16,
    /// The reason phrase, empty where the server sends none.
    pub reason: String,
    /// The field lines in the order sent, names in the case sent, duplicates kept.
    pub fields: Vec<Field>,
}

impl Head {
    /// The values of all fields called `name`, as text, in the order sent.
    pub fn values<'h>(&'h self, name: &str) -> impl Iterator<Item = std::borrow::Cow<'h, str>> {
        values(&self.fields, name)
    }
}

/// Collects octets until a head is whole.
#[derive(Debug, Default)]
pub(super) struct HeadBuffer {
    octets: Vec<u8>,
    /// Everything before this offset has been searched for the empty line.
    searched: usize,
    /// Octets of empty lines skipped, so that a server cannot send them for ever.
    skipped: usize,
}

impl HeadBuffer {
    /// Adds octets; gives the parsed head and how many octets it took, once it is whole. The octets after it stay
    /// in the buffer for [`HeadBuffer::take_rest`].
    pub(super) fn push(
        &mut self,
        octets: &[u8],
        oddities: &mut BTreeSet<Oddity>,
    ) -> Result<Option<Head>, ReadError> {
        self.octets.extend_from_slice(octets);
        self.skip_empty_lines();
        if self.skipped > HEAD_LIMIT {
            return Err(ReadError::HeadTooLarge);
        }
        if !begins_like_http(&self.octets) {
            return Err(ReadError::NotHttp { excerpt: excerpt(&self.octets) });
        }
        let Some(end) = self.find_end() else {
            return if self.octets.len() > HEAD_LIMIT { Err(ReadError::HeadTooLarge) } else { Ok(None) };
        };
        if end > HEAD_LIMIT {
            return Err(ReadError::HeadTooLarge);
        }
        let rest = self.octets.split_off(end);
        let head = parse(&self.octets, oddities)?;
        self.octets = rest;
        self.searched = 0;
        Ok(Some(head))
    }

    /// What follows the head last parsed.
    pub(super) fn take_rest(&mut self) -> Vec<u8> {
        self.searched = 0;
        std::mem::take(&mut self.octets)
    }

    /// Octets waiting for the rest of a head.
    pub(super) fn waiting(&self) -> &[u8] {
        &self.octets
    }

    /// Empty lines before the status line are skipped (RFC 9112 §2.2).
    fn skip_empty_lines(&mut self) {
        if self.searched == 0 {
            let blank = self.octets.iter().take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
            self.octets.drain(..blank);
            self.skipped += blank;
        }
    }

    /// The offset after the empty line that ends the head; CRLF and LF both end a line.
    fn find_end(&mut self) -> Option<usize> {
        let mut from = self.searched;
        while let Some(at) = self.octets.get(from..)?.iter().position(|&octet| octet == b'\n') {
            let next = from + at + 1;
            match self.octets.get(next..)? {
                [b'\n', ..] => return Some(next + 1),
                [b'\r', b'\n', ..] => return Some(next + 2),
                [] | [b'\r'] => {
                    // what decides has not arrived: look at this line end again
                    self.searched = next - 1;
                    return None;
                }
                _ => from = next,
            }
        }
        self.searched = self.octets.len();
        None
    }
}

/// Whether `octets` are, or may still become, `HTTP/`.
fn begins_like_http(octets: &[u8]) -> bool {
    let length = octets.len().min(5);
    octets.get(..length) == b"HTTP/".get(..length)
}

/// Parses a whole head, first keeping every line; where that fails, again without the lines that are no fields.
fn parse(octets: &[u8], oddities: &mut BTreeSet<Oddity>) -> Result<Head, ReadError> {
    let parsed = parse_with(octets, false).or_else(|error| match error {
        httparse::Error::HeaderName | httparse::Error::HeaderValue | httparse::Error::NewLine => {
            oddities.insert(Oddity::InvalidLines);
            parse_with(octets, true)
        }
        _ => Err(error),
    });
    let mut head = parsed.map_err(|error| match error {
        httparse::Error::TooManyHeaders => ReadError::TooManyFields,
        httparse::Error::Version => ReadError::UnsupportedVersion { excerpt: excerpt(first_line(octets)) },
        _ => ReadError::Malformed { what: "status line or field", excerpt: excerpt(first_line(octets)) },
    })?;
    head.reason = reason(first_line(octets));
    note_line_oddities(octets, oddities);
    for field in &mut head.fields {
        unfold(&mut field.value);
    }
    Ok(head)
}

fn parse_with(octets: &[u8], ignore_invalid: bool) -> Result<Head, httparse::Error> {
    let mut slots = vec![httparse::EMPTY_HEADER; FIELD_LIMIT];
    let mut response = httparse::Response::new(&mut slots);
    let status = httparse::ParserConfig::default()
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_multiple_spaces_in_response_status_delimiters(true)
        .allow_space_before_first_header_name(true)
        .ignore_invalid_headers_in_responses(ignore_invalid)
        .parse_response(&mut response, octets)?;
    match (status, response.version, response.code) {
        (httparse::Status::Complete(_), Some(minor_version), Some(status)) => Ok(Head {
            minor_version,
            status,
            reason: String::new(),
            fields: response.headers.iter().map(|field| Field::new(field.name, field.value)).collect(),
        }),
        _ => Err(httparse::Error::NewLine),
    }
}

fn first_line(octets: &[u8]) -> &[u8] {
    octets.split(|&octet| octet == b'\n').next().unwrap_or_default().trim_ascii()
}

/// What follows the status code; httparse drops a phrase that is not ASCII.
fn reason(line: &[u8]) -> String {
    let mut parts = line.splitn(2, |&octet| octet == b' ');
    let after_version = parts.nth(1).unwrap_or_default().trim_ascii_start();
    text(after_version.get(3..).unwrap_or_default().trim_ascii()).into_owned()
}

fn note_line_oddities(octets: &[u8], oddities: &mut BTreeSet<Oddity>) {
    for line in octets.split_inclusive(|&octet| octet == b'\n') {
        if !line.ends_with(b"\r\n") {
            oddities.insert(Oddity::BareLineFeed);
        }
    }
    let field_lines = octets.split(|&octet| octet == b'\n').skip(1);
    for (number, line) in field_lines.enumerate() {
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            // a blank before the first field's name folds nothing
            if number > 0 {
                oddities.insert(Oddity::FoldedField);
            }
            continue;
        }
        let name = line.split(|&octet| octet == b':').next().unwrap_or_default();
        if name.len() < line.len() && (name.ends_with(b" ") || name.ends_with(b"\t")) {
            oddities.insert(Oddity::SpaceBeforeColon);
        }
    }
}

/// Replaces each line fold and the blanks around it by one space (RFC 9112 §5.2).
fn unfold(value: &mut Vec<u8>) {
    if !value.contains(&b'\n') {
        return;
    }
    let lines: Vec<&[u8]> = value
        .split(|&octet| octet == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
        .collect();
    *value = lines.join(&b' ');
}
