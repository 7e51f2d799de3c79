//! Strict-Transport-Security (RFC 6797): one field value to its directives, and the fields of one response to
//! the policy a browser would note. Whether a policy is long enough is a rule's question.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::field::is_token_octet;

/// The largest `max_age` reported; larger numbers saturate here so that every JSON and CEL integer can hold it.
pub const MAX_AGE_LIMIT: u64 = i64::MAX as u64;

/// Faults kept per field; a hostile value cannot grow the list further.
const FAULT_LIMIT: usize = 16;

/// One Strict-Transport-Security field value, parsed by RFC 6797 §6.1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hsts {
    /// Seconds of the first readable `max-age`, saturated at [`MAX_AGE_LIMIT`]. 0 tells browsers to forget the
    /// host. It may be set on an invalid field, which browsers ignore as a whole: look at `valid` first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u64>,
    /// `includeSubDomains` stands without a value (§6.1.2).
    pub include_sub_domains: bool,
    /// `preload` stands without a value. It is no directive of RFC 6797: the preload list's operators ask for it.
    pub preload: bool,
    /// A browser notes this policy: the grammar holds, nothing is repeated, `max-age` is there and readable.
    pub valid: bool,
    /// Everything that makes the field invalid, in the order it was met; at most 16.
    pub faults: Vec<Fault>,
}

/// Why RFC 6797 §6.1 makes a browser ignore the whole field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The required `max-age` is not there (§6.1.1).
    MissingMaxAge,
    /// `max-age` has no value or one that is not `1*DIGIT` (§6.1.1).
    MaxAgeNotANumber,
    /// A directive appears more than once (§6.1 point 2); its name in lower case.
    Duplicate(String),
    /// `includeSubDomains` carries a value (§6.1.2).
    IncludeSubDomainsHasValue,
    /// The octet at this offset fits no place of the grammar: a stray comma, a lone `=`, an unclosed quote.
    Syntax(usize),
}

/// What one response says about HSTS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The first field: the only one a browser processes (§8.1).
    pub first: Hsts,
    /// The first field's value as sent.
    pub raw: String,
    /// How many further Strict-Transport-Security fields were sent and are ignored.
    pub extra_fields: usize,
}

/// Reads the Strict-Transport-Security values of one response, in the order sent. Only the first counts (§8.1);
/// a comma inside it does not make a list. `None` when there is no such field.
pub fn from_fields<V: AsRef<str>>(values: impl IntoIterator<Item = V>) -> Option<Response> {
    let mut values = values.into_iter();
    let raw = values.next()?.as_ref().to_owned();
    Some(Response { first: parse(&raw), raw, extra_fields: values.count() })
}

/// Parses one field value: `[ directive ] *( ";" [ directive ] )` with the implied whitespace of RFC 2616.
/// Never fails: an invalid field is a value whose `valid` is false and whose `faults` say why.
pub fn parse(value: &str) -> Hsts {
    let mut hsts =
        Hsts { max_age: None, include_sub_domains: false, preload: false, valid: false, faults: Vec::new() };
    let mut seen = HashSet::new();
    let mut max_age_seen = false;
    let mut scanner = Scanner { octets: value.as_bytes(), at: 0 };
    loop {
        let start = scanner.at;
        match scanner.directive() {
            Ok(None) => {}
            Ok(Some(directive)) => {
                let first_time = seen.insert(directive.name.clone());
                if !first_time {
                    hsts.fault(Fault::Duplicate(directive.name.clone()));
                }
                max_age_seen |= directive.name == "max-age";
                hsts.apply(&directive, first_time);
            }
            Err(offset) => {
                hsts.fault(Fault::Syntax(offset));
                max_age_seen |= scanner.begins_with(start, "max-age");
                scanner.skip_to_semicolon();
            }
        }
        if !scanner.semicolon() {
            break;
        }
    }
    if !max_age_seen {
        hsts.fault(Fault::MissingMaxAge);
    }
    hsts.valid = hsts.faults.is_empty();
    hsts
}

impl Hsts {
    fn apply(&mut self, directive: &Directive, first_time: bool) {
        match directive.name.as_str() {
            "max-age" => match directive.value.as_deref().and_then(delta_seconds) {
                Some(seconds) if first_time => self.max_age = Some(seconds),
                Some(_) => {}
                None => self.fault(Fault::MaxAgeNotANumber),
            },
            "includesubdomains" if directive.value.is_some() => self.fault(Fault::IncludeSubDomainsHasValue),
            "includesubdomains" => self.include_sub_domains = true,
            "preload" => self.preload |= directive.value.is_none(),
            _ => {} // unknown directives are ignored (§6.1 point 5)
        }
    }

    fn fault(&mut self, fault: Fault) {
        if self.faults.len() < FAULT_LIMIT {
            self.faults.push(fault);
        }
    }
}

/// `delta-seconds = 1*DIGIT`, saturating.
fn delta_seconds(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let seconds =
        value.iter().fold(0_u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
    Some(seconds.min(MAX_AGE_LIMIT))
}

/// A directive that fits the grammar: lower-cased name, value with quotes and escapes undone.
struct Directive {
    name: String,
    value: Option<Vec<u8>>,
}

struct Scanner<'v> {
    octets: &'v [u8],
    at: usize,
}

impl Scanner<'_> {
    /// One directive up to, not including, the next semicolon. `Ok(None)` is the empty directive of `;;`.
    /// `Err` holds the offset of the first octet that fits nowhere.
    fn directive(&mut self) -> Result<Option<Directive>, usize> {
        self.whitespace();
        if matches!(self.peek(), None | Some(b';')) {
            return Ok(None);
        }
        let name = self.token()?;
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        self.whitespace();
        let mut value = None;
        if self.peek() == Some(b'=') {
            self.at += 1;
            self.whitespace();
            value = Some(match self.peek() {
                Some(b'"') => self.quoted_string()?,
                // `max-age=` is reported as the number it lacks, which helps more than an offset
                None | Some(b';') if name == "max-age" => Vec::new(),
                _ => self.token()?.to_vec(),
            });
            self.whitespace();
        }
        match self.peek() {
            None | Some(b';') => Ok(Some(Directive { name, value })),
            Some(_) => Err(self.at),
        }
    }

    fn token(&mut self) -> Result<&[u8], usize> {
        let rest = self.octets.get(self.at..).unwrap_or_default();
        let length = rest.iter().take_while(|&&octet| is_token_octet(octet)).count();
        if length == 0 {
            return Err(self.at);
        }
        self.at += length;
        Ok(rest.get(..length).unwrap_or_default())
    }

    /// `<"> *( qdtext | quoted-pair ) <">` (RFC 2616 §2.2); anything but controls may stand inside.
    fn quoted_string(&mut self) -> Result<Vec<u8>, usize> {
        let opening = self.at;
        let mut value = Vec::new();
        self.at += 1;
        while let Some(octet) = self.next() {
            match octet {
                b'"' => return Ok(value),
                b'\\' => value.push(self.next().filter(u8::is_ascii).ok_or(opening)?),
                0..=8 | 10..=31 | 127 => return Err(self.at - 1),
                _ => value.push(octet),
            }
        }
        Err(opening)
    }

    /// Whether the directive that starts at `start` has this name, so that one slip is not told twice.
    fn begins_with(&self, start: usize, name: &str) -> bool {
        let rest = self.octets.get(start..).unwrap_or_default().trim_ascii_start();
        rest.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
    }

    fn skip_to_semicolon(&mut self) {
        while !matches!(self.peek(), None | Some(b';')) {
            self.at += 1;
        }
    }

    fn semicolon(&mut self) -> bool {
        let found = self.peek() == Some(b';');
        self.at += usize::from(found);
        found
    }

    fn whitespace(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.octets.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let octet = self.peek()?;
        self.at += 1;
        Some(octet)
    }
}

#[cfg(test)]
mod tests;
