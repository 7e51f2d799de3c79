//! Reading and writing DER elements one by one (X.690), for the places where a parser of whole structures would give up
//! at the first odd element. Owns lengths, times and the frame of extensions; no meaning of what it reads.

use jiff::civil;

/// One element: its identifier octet, its contents, and what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// The identifier octet.
    pub tag: u8,
    /// The octets inside.
    pub contents: &'a [u8],
    /// Identifier, length and contents.
    pub whole: &'a [u8],
    /// What follows.
    pub rest: &'a [u8],
}

/// BOOLEAN.
pub const BOOLEAN: u8 = 0x01;
/// INTEGER.
pub const INTEGER: u8 = 0x02;
/// BIT STRING.
pub const BIT_STRING: u8 = 0x03;
/// OCTET STRING.
pub const OCTET_STRING: u8 = 0x04;
/// OBJECT IDENTIFIER.
pub const OBJECT_IDENTIFIER: u8 = 0x06;
/// ENUMERATED.
pub const ENUMERATED: u8 = 0x0a;
/// `UTCTime`.
pub const UTC_TIME: u8 = 0x17;
/// `GeneralizedTime`.
pub const GENERALIZED_TIME: u8 = 0x18;
/// SEQUENCE.
pub const SEQUENCE: u8 = 0x30;

/// A context-specific tag with others inside: `[n]` of a structure.
pub const fn constructed(number: u8) -> u8 {
    0xa0 | number
}

/// A context-specific tag with octets inside: `[n] IMPLICIT` of a string.
pub const fn primitive(number: u8) -> u8 {
    0x80 | number
}

/// The first element of `input`; `None` where the input ends early, or has a long-form tag or a length that is
/// indefinite or longer than four octets.
pub fn read(input: &[u8]) -> Option<Element<'_>> {
    let (&tag, after_tag) = input.split_first()?;
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (&first, mut after) = after_tag.split_first()?;
    let length = match first {
        0..=0x7f => usize::from(first),
        0x81..=0x84 => {
            let (octets, rest) = after.split_at_checked(usize::from(first & 0x7f))?;
            after = rest;
            octets
                .iter()
                .try_fold(0_usize, |sum, octet| sum.checked_mul(256)?.checked_add(usize::from(*octet)))?
        }
        _ => return None,
    };
    let (contents, rest) = after.split_at_checked(length)?;
    let whole = input.get(..input.len().checked_sub(rest.len())?)?;
    Some(Element { tag, contents, whole, rest })
}

/// The contents of the element at the start of `input`, where it has this tag.
pub fn contents(input: &[u8], tag: u8) -> Option<&[u8]> {
    read(input).filter(|element| element.tag == tag).map(|element| element.contents)
}

/// The elements of a structure's contents. Ends with `None` inside where the encoding breaks off.
pub fn elements(contents: &[u8]) -> impl Iterator<Item = Option<Element<'_>>> {
    let mut input = contents;
    std::iter::from_fn(move || {
        if input.is_empty() {
            return None;
        }
        let element = read(input);
        input = element.map_or(&[][..], |element| element.rest);
        Some(element)
    })
}

/// One `Extension` (RFC 5280 section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// Contents of its identifier.
    pub kind: &'a [u8],
    /// Whether who does not understand it must refuse.
    pub critical: bool,
    /// What the OCTET STRING holds.
    pub value: &'a [u8],
}

/// The extensions in the contents of a list of them. Ends with `None` inside where the encoding breaks off.
pub fn extensions(contents: &[u8]) -> impl Iterator<Item = Option<Extension<'_>>> {
    elements(contents).map(|extension| {
        let mut extension = Reader::new(extension?.contents);
        let kind = extension.take(OBJECT_IDENTIFIER)?.contents;
        let critical = extension.optional(BOOLEAN).is_some_and(|flag| flag.contents != [0]);
        Some(Extension { kind, critical, value: extension.take(OCTET_STRING)?.contents })
    })
}

/// Takes elements off the front of a structure's contents.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    input: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads these contents.
    pub fn new(input: &'a [u8]) -> Self {
        Self { input }
    }

    /// The next element, whatever it is.
    pub fn any(&mut self) -> Option<Element<'a>> {
        let element = read(self.input)?;
        self.input = element.rest;
        Some(element)
    }

    /// The next element, which must have this tag.
    pub fn take(&mut self, tag: u8) -> Option<Element<'a>> {
        self.optional(tag)
    }

    /// The next element where it has this tag; otherwise nothing is taken.
    pub fn optional(&mut self, tag: u8) -> Option<Element<'a>> {
        let element = read(self.input).filter(|element| element.tag == tag)?;
        self.input = element.rest;
        Some(element)
    }

    /// Whether everything was taken.
    pub fn is_empty(&self) -> bool {
        self.input.is_empty()
    }

    /// What was not taken.
    pub fn rest(&self) -> &'a [u8] {
        self.input
    }
}

/// An element with these contents, its length as short as can be.
pub fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    if let Ok(short @ 0..=0x7f) = u8::try_from(contents.len()) {
        out.push(short);
    } else {
        let octets = contents.len().to_be_bytes();
        let zeros = octets.iter().take_while(|octet| **octet == 0).count();
        let octets = octets.get(zeros..).unwrap_or_default();
        out.push(0x80 | u8::try_from(octets.len()).unwrap_or(8));
        out.extend_from_slice(octets);
    }
    out.extend_from_slice(contents);
    out
}

/// The octets of a BIT STRING without unused bits.
pub fn octets_of_bits(bit_string: &[u8]) -> Option<&[u8]> {
    bit_string.split_first().filter(|(unused, _)| **unused == 0).map(|(_, octets)| octets)
}

/// Seconds since 1970 of a time as certificates have it: in UTC, with seconds (RFC 5280 section 4.1.2.5). Fractions,
/// which RFC 5280 forbids and some responders write, are dropped.
pub fn seconds(time: Element<'_>) -> Option<i64> {
    let text = std::str::from_utf8(time.contents).ok()?.strip_suffix('Z')?;
    let (year, rest) = match time.tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: i16 = digits(year)?;
            (if year >= 50 { year + 1900 } else { year + 2000 }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (digits(year)?, rest)
        }
        _ => return None,
    };
    let (rest, fraction) = rest.split_once('.').unwrap_or((rest, "0"));
    if rest.len() != 10 || fraction.is_empty() || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let part = |at: usize| digits(rest.get(at..at + 2)?);
    let part = |at: usize| part(at).and_then(|number| i8::try_from(number).ok());
    let time = civil::DateTime::new(year, part(0)?, part(2)?, part(4)?, part(6)?, part(8)?, 0).ok()?;
    jiff::tz::Offset::UTC.to_timestamp(time).ok().map(jiff::Timestamp::as_second)
}

fn digits(text: &str) -> Option<i16> {
    text.bytes().all(|digit| digit.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Bits of a positive INTEGER without leading zeros.
pub fn bit_length(integer: &[u8]) -> Option<u32> {
    let zeros = integer.iter().take_while(|octet| **octet == 0).count();
    let significant = integer.get(zeros..)?;
    let bits = significant.len().checked_mul(8)?;
    let first = significant.first().map_or(0, |octet| octet.leading_zeros());
    u32::try_from(bits).ok()?.checked_sub(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_in_short_and_long_form() {
        assert_eq!(
            read(&[0x04, 0x01, 0xaa, 0xbb]).map(|e| (e.tag, e.contents, e.rest)),
            Some((4, &[0xaa][..], &[0xbb][..]))
        );
        assert_eq!(contents(&[0x30, 0x81, 0x02, 1, 2], SEQUENCE), Some(&[1, 2][..]));
        assert_eq!(contents(&[0x30, 0x82, 0x00, 0x01, 7], SEQUENCE), Some(&[7][..]));
        for broken in [
            &[][..],
            &[0x30],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x02, 1],
            &[0x30, 0x85, 0, 0, 0, 0, 1, 1],
            &[0x1f, 1, 1],
        ] {
            assert!(read(broken).is_none(), "{broken:x?}");
        }
    }

    #[test]
    fn bits_of_an_integer() {
        for (integer, bits) in [(&[][..], 0), (&[0], 0), (&[0, 0x80], 8), (&[1, 0], 9), (&[0, 0, 0xff], 8)] {
            assert_eq!(bit_length(integer), Some(bits), "{integer:x?}");
        }
    }

    #[test]
    fn times_in_utc() {
        let of = |tag, text: &str| seconds(Element { tag, contents: text.as_bytes(), whole: &[], rest: &[] });
        assert_eq!(of(GENERALIZED_TIME, "19700101000000Z"), Some(0));
        assert_eq!(of(GENERALIZED_TIME, "20260101000000Z"), Some(1_767_225_600));
        assert_eq!(of(GENERALIZED_TIME, "20260101000000.123Z"), Some(1_767_225_600));
        assert_eq!(of(UTC_TIME, "260101000000Z"), Some(1_767_225_600));
        assert_eq!(of(UTC_TIME, "700101000000Z"), Some(0));
        for (tag, text) in [
            (GENERALIZED_TIME, "20260101000000"),
            (GENERALIZED_TIME, "20261301000000Z"),
            (GENERALIZED_TIME, "2026010100000Z"),
            (GENERALIZED_TIME, "20260101000000+0700"),
            (GENERALIZED_TIME, "20260101000000.Z"),
            (GENERALIZED_TIME, "2026010100-100Z"),
            (GENERALIZED_TIME, "Z"),
            (UTC_TIME, "20260101000000Z"),
            (INTEGER, "20260101000000Z"),
        ] {
            assert_eq!(of(tag, text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read(tag in 0_u8..0x1f, contents in proptest::collection::vec(0_u8.., 0..400)) {
            let whole = element(tag, &contents);
            let read = read(&whole).unwrap();
            proptest::prop_assert_eq!((read.tag, read.contents, read.whole, read.rest), (tag, &contents[..], &whole[..], &[][..]));
        }

        #[test]
        fn reading_never_panics(input in proptest::collection::vec(0_u8.., 0..200)) {
            for element in elements(&input).flatten() {
                let _ = seconds(element);
                let _ = octets_of_bits(element.contents);
                let _ = bit_length(element.contents);
            }
        }
    }
}
