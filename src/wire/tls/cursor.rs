//! Bounded reading and writing of the length-prefixed vectors of RFC 8446 §3.4, shared by the TLS and `SSLv2` codecs.
//! Owns the two error types of the codecs; knows no message.

use std::fmt;

/// A peer's message does not follow its grammar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed {what} at octet {at}: {problem}")]
pub struct Malformed {
    /// The field, `ServerHello.session_id`.
    pub what: &'static str,
    /// Offset in octets from the start of the message body (of the extension body in an extension).
    pub at: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The message ends before the field does: octets needed and octets left.
    Truncated {
        /// Octets the field needs.
        needed: usize,
        /// Octets that are left.
        left: usize,
    },
    /// Octets remain behind the last field.
    Trailing(usize),
    /// The length is outside what the grammar allows.
    Length(usize),
    /// More items than this codec accepts; the limit.
    TooMany(usize),
    /// A value the grammar does not have.
    Value(u32),
    /// The message cannot occur with the negotiated suite.
    Unexpected,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { needed, left } => write!(f, "needs {needed} octets, {left} are left"),
            Self::Trailing(count) => write!(f, "{count} octets too many behind the last field"),
            Self::Length(length) => write!(f, "a length of {length} is not allowed"),
            Self::TooMany(limit) => write!(f, "more than {limit} items"),
            Self::Value(value) => write!(f, "the value {value} is not allowed"),
            Self::Unexpected => f.write_str("does not occur with this cipher suite"),
        }
    }
}

/// What was asked for cannot be put on the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The length does not fit its prefix or the grammar's limit: shorten the field.
    #[error("{what} is {length} octets long, the wire has room for {max}: shorten it")]
    TooLong {
        /// The field.
        what: &'static str,
        /// Its length in octets.
        length: usize,
        /// The most that fits.
        max: usize,
    },
    /// RFC 6066 §3 knows DNS names only: leave `server_name` out for an address.
    #[error("an IP address cannot be a server_name: leave the extension out")]
    AddressAsServerName,
    /// Not a DNS name in its ASCII form: convert to A-labels first.
    #[error("{0:?} is no DNS name in ASCII form: convert it to A-labels first")]
    NotADnsName(String),
    /// An item is empty where the grammar wants at least one octet.
    #[error("{what} may not be empty")]
    Empty {
        /// The field.
        what: &'static str,
    },
}

/// Reads forward over a slice; every read is checked.
#[derive(Debug, Clone)]
pub(in crate::wire) struct Reader<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(in crate::wire) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, at: 0 }
    }

    pub(in crate::wire) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Octets read so far.
    pub(in crate::wire) fn position(&self) -> usize {
        self.at
    }

    pub(in crate::wire) fn malformed(&self, what: &'static str, problem: Problem) -> Malformed {
        Malformed { what, at: self.at, problem }
    }

    pub(in crate::wire) fn take(&mut self, what: &'static str, count: usize) -> Result<&'a [u8], Malformed> {
        let Some((head, rest)) = self.rest.split_at_checked(count) else {
            let problem = Problem::Truncated { needed: count, left: self.rest.len() };
            return Err(self.malformed(what, problem));
        };
        self.rest = rest;
        self.at += count;
        Ok(head)
    }

    pub(in crate::wire) fn array<const N: usize>(
        &mut self,
        what: &'static str,
    ) -> Result<[u8; N], Malformed> {
        let at = self.clone();
        let head = self.take(what, N)?;
        head.try_into().map_err(|_| at.malformed(what, Problem::Truncated { needed: N, left: head.len() }))
    }

    pub(in crate::wire) fn u8(&mut self, what: &'static str) -> Result<u8, Malformed> {
        self.array(what).map(|[octet]| octet)
    }

    pub(in crate::wire) fn u16(&mut self, what: &'static str) -> Result<u16, Malformed> {
        self.array(what).map(u16::from_be_bytes)
    }

    /// A vector with a one-octet length of at least `min` octets.
    pub(in crate::wire) fn vec8(&mut self, what: &'static str, min: usize) -> Result<&'a [u8], Malformed> {
        let at = self.clone();
        let length = usize::from(self.u8(what)?);
        self.vec(&at, what, length, min)
    }

    /// A vector with a two-octet length of at least `min` octets.
    pub(in crate::wire) fn vec16(&mut self, what: &'static str, min: usize) -> Result<&'a [u8], Malformed> {
        let at = self.clone();
        let length = usize::from(self.u16(what)?);
        self.vec(&at, what, length, min)
    }

    /// A vector with a three-octet length of at least `min` octets.
    pub(in crate::wire) fn vec24(&mut self, what: &'static str, min: usize) -> Result<&'a [u8], Malformed> {
        let at = self.clone();
        let [a, b, c] = self.array(what)?;
        let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        self.vec(&at, what, length, min)
    }

    /// A reader over a vector with a two-octet length; offsets go on counting from the message's start.
    pub(in crate::wire) fn inside16(&mut self, what: &'static str, min: usize) -> Result<Self, Malformed> {
        let inside = self.vec16(what, min)?;
        Ok(Self { rest: inside, at: self.at - inside.len() })
    }

    /// A reader over a vector with a three-octet length; offsets go on counting from the message's start.
    pub(in crate::wire) fn inside24(&mut self, what: &'static str, min: usize) -> Result<Self, Malformed> {
        let inside = self.vec24(what, min)?;
        Ok(Self { rest: inside, at: self.at - inside.len() })
    }

    fn vec(
        &mut self,
        at: &Self,
        what: &'static str,
        length: usize,
        min: usize,
    ) -> Result<&'a [u8], Malformed> {
        if length < min {
            return Err(at.malformed(what, Problem::Length(length)));
        }
        self.take(what, length)
    }

    /// A list of 16-bit values with a two-octet length; at least `min` octets.
    pub(in crate::wire) fn u16_list16(
        &mut self,
        what: &'static str,
        min: usize,
    ) -> Result<Vec<u16>, Malformed> {
        let at = self.clone();
        let list = self.vec16(what, min)?;
        at.pairs(what, list)
    }

    /// A list of 16-bit values with a one-octet length; at least `min` octets.
    pub(in crate::wire) fn u16_list8(
        &mut self,
        what: &'static str,
        min: usize,
    ) -> Result<Vec<u16>, Malformed> {
        let at = self.clone();
        let list = self.vec8(what, min)?;
        at.pairs(what, list)
    }

    fn pairs(&self, what: &'static str, list: &[u8]) -> Result<Vec<u16>, Malformed> {
        let (pairs, rest) = list.as_chunks::<2>();
        if rest.is_empty() {
            Ok(pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect())
        } else {
            Err(self.malformed(what, Problem::Length(list.len())))
        }
    }

    /// The message must end here.
    pub(in crate::wire) fn end(&self, what: &'static str) -> Result<(), Malformed> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.malformed(what, Problem::Trailing(self.rest.len())))
        }
    }
}

/// Writes length-prefixed vectors; a length that does not fit is an error, never cut.
#[derive(Debug, Default)]
pub(in crate::wire) struct Writer {
    out: Vec<u8>,
}

impl Writer {
    pub(in crate::wire) fn new() -> Self {
        Self::default()
    }

    pub(in crate::wire) fn put(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    pub(in crate::wire) fn u8(&mut self, value: u8) {
        self.out.push(value);
    }

    pub(in crate::wire) fn u16(&mut self, value: u16) {
        self.put(&value.to_be_bytes());
    }

    pub(in crate::wire) fn vec8(&mut self, what: &'static str, bytes: &[u8]) -> Result<(), EncodeError> {
        let length = u8::try_from(bytes.len()).map_err(|_| too_long(what, bytes, usize::from(u8::MAX)))?;
        self.u8(length);
        self.put(bytes);
        Ok(())
    }

    pub(in crate::wire) fn vec16(&mut self, what: &'static str, bytes: &[u8]) -> Result<(), EncodeError> {
        let length = u16::try_from(bytes.len()).map_err(|_| too_long(what, bytes, usize::from(u16::MAX)))?;
        self.u16(length);
        self.put(bytes);
        Ok(())
    }

    pub(in crate::wire) fn vec24(&mut self, what: &'static str, bytes: &[u8]) -> Result<(), EncodeError> {
        const MAX: usize = 0x00ff_ffff;
        match u32::try_from(bytes.len()).map(u32::to_be_bytes) {
            Ok([0, a, b, c]) => self.put(&[a, b, c]),
            _ => return Err(too_long(what, bytes, MAX)),
        }
        self.put(bytes);
        Ok(())
    }

    pub(in crate::wire) fn u16_list8(
        &mut self,
        what: &'static str,
        values: &[u16],
    ) -> Result<(), EncodeError> {
        self.vec8(what, &octets(values))
    }

    pub(in crate::wire) fn u16_list16(
        &mut self,
        what: &'static str,
        values: &[u16],
    ) -> Result<(), EncodeError> {
        self.vec16(what, &octets(values))
    }

    pub(in crate::wire) fn into_vec(self) -> Vec<u8> {
        self.out
    }
}

fn octets(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

fn too_long(what: &'static str, bytes: &[u8], max: usize) -> EncodeError {
    EncodeError::TooLong { what, length: bytes.len(), max }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_and_where() {
        let mut r = Reader::new(&[0, 3, 1, 2]);
        assert_eq!(
            r.vec16("Test.list", 0).unwrap_err().to_string(),
            "malformed Test.list at octet 2: needs 3 octets, 2 are left"
        );
        let mut r = Reader::new(&[0, 3, 1, 2, 3]);
        assert_eq!(r.u16_list16("Test.list", 2).unwrap_err().problem, Problem::Length(3));
        let mut r = Reader::new(&[0, 0, 9]);
        assert_eq!(r.vec16("Test.list", 1).unwrap_err().at, 0);
        r.u16("Test.length").unwrap_err();
        let r = Reader::new(&[1]);
        assert_eq!(r.end("Test").unwrap_err().problem, Problem::Trailing(1));
    }

    #[test]
    fn lengths_that_do_not_fit_are_refused() {
        let mut w = Writer::new();
        assert!(w.vec8("Test", &[0; 255]).is_ok());
        assert!(w.vec8("Test", &[0; 256]).is_err());
        assert!(w.vec16("Test", &vec![0; 65_535]).is_ok());
        assert!(w.vec16("Test", &vec![0; 65_536]).is_err());
        assert!(w.vec24("Test", &vec![0; 0x0100_0000]).is_err());
        assert!(w.u16_list8("Test", &[0; 128]).is_err());
    }
}
