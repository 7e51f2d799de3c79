//! A distinguished name as one line (RFC 4514 strings, in the order of the certificate), safe to show anywhere.

use std::fmt::Write as _;

use x509_parser::asn1_rs::{Any, Oid, Tag};
use x509_parser::x509::X509Name;

use crate::observation::limits;

/// Short names of attribute types (RFC 4514 section 3, RFC 4519, X.520) by dotted OID.
const ATTRIBUTES: [(&str, &str); 22] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("2.5.4.13", "description"),
    ("2.5.4.15", "businessCategory"),
    ("2.5.4.17", "postalCode"),
    ("2.5.4.20", "telephoneNumber"),
    ("2.5.4.42", "GN"),
    ("2.5.4.97", "organizationIdentifier"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
    ("1.3.6.1.4.1.311.60.2.1.1", "jurisdictionL"),
    ("1.3.6.1.4.1.311.60.2.1.2", "jurisdictionST"),
    ("1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC"),
];

/// `C=VN, O=UBND tỉnh, CN=example.gov.vn`: relative names joined by `, `, their attributes by `+`, cut at
/// [`limits::TEXT`] characters. An empty name is an empty text.
pub(super) fn one_line(name: &X509Name<'_>) -> String {
    let mut line = String::new();
    // The cut below counts characters; stopping early only bounds the work for hostile names.
    let enough = limits::TEXT.saturating_mul(4);
    for (i, relative) in name.iter().enumerate() {
        for (j, attribute) in relative.iter().enumerate() {
            if line.len() > enough {
                return cut(line);
            }
            match (i, j) {
                (0, 0) => {}
                (_, 0) => line.push_str(", "),
                _ => line.push('+'),
            }
            let oid = dotted(attribute.attr_type());
            let short = ATTRIBUTES.iter().find(|(known, _)| *known == oid).map(|(_, short)| *short);
            line.push_str(short.unwrap_or(&oid));
            line.push('=');
            push_value(&mut line, attribute.attr_value());
        }
    }
    cut(line)
}

/// An object identifier as a text that is not longer than any other.
pub(super) fn dotted(oid: &Oid<'_>) -> String {
    // Arcs of any size are allowed; writing out huge ones takes time that grows with their square.
    const MAX_ENCODED: usize = 64;
    match oid.as_bytes().get(..MAX_ENCODED) {
        Some(start) if oid.as_bytes().len() > MAX_ENCODED => {
            start.iter().fold("#".to_owned(), |mut text, octet| {
                let _ = write!(text, "{octet:02x}");
                text
            }) + "…"
        }
        _ => cut(oid.to_id_string()),
    }
}

/// Text of at most [`limits::TEXT`] characters; what is longer is cut and ends in `…`.
pub(super) fn cut(mut text: String) -> String {
    if text.chars().count() > limits::TEXT {
        let end = text.char_indices().nth(limits::TEXT.saturating_sub(1)).map_or(text.len(), |(at, _)| at);
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Text with the characters escaped that steer a terminal or reorder, hide or join what stands beside them, as the
/// octets of their UTF-8 form (RFC 4514 section 2.4: `\0a`, `\e2\80\ae`).
pub(super) fn push_visible(line: &mut String, c: char) {
    if c.is_control() || is_invisible(c) {
        for octet in c.encode_utf8(&mut [0; 4]).bytes() {
            let _ = write!(line, "\\{octet:02x}");
        }
    } else {
        line.push(c);
    }
}

fn push_value(line: &mut String, value: &Any<'_>) {
    let Some(text) = decode(value) else {
        // RFC 4514 section 2.4: `#` and the octets of the encoding; the header does not matter to a reader.
        line.push('#');
        for octet in value.data.iter().take(limits::TEXT) {
            let _ = write!(line, "{octet:02x}");
        }
        return;
    };
    let last = text.len().saturating_sub(1);
    for (at, c) in text.into_iter().enumerate() {
        match c {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => line.extend(['\\', c]),
            '#' if at == 0 => line.push_str("\\#"),
            ' ' if at == 0 || at == last => line.push_str("\\ "),
            _ => push_visible(line, c),
        }
    }
}

/// The characters of a `DirectoryString` or one of its relatives; `None` for other types and broken text.
fn decode(value: &Any<'_>) -> Option<Vec<char>> {
    let most = limits::TEXT.saturating_add(1);
    match value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::NumericString | Tag::VisibleString => {
            std::str::from_utf8(value.data).ok().map(|text| text.chars().take(most).collect())
        }
        // T.61 is read as Latin-1 by everybody who still writes or reads it.
        Tag::T61String => Some(value.data.iter().take(most).map(|octet| char::from(*octet)).collect()),
        Tag::BmpString => {
            let (units, []) = value.data.as_chunks::<2>() else { return None };
            char::decode_utf16(units.iter().map(|unit| u16::from_be_bytes(*unit)))
                .take(most)
                .collect::<Result<_, _>>()
                .ok()
        }
        Tag::UniversalString => {
            let (points, []) = value.data.as_chunks::<4>() else { return None };
            points.iter().take(most).map(|point| char::from_u32(u32::from_be_bytes(*point))).collect()
        }
        _ => None,
    }
}

/// Characters without a shape of their own: bidirectional controls, zero-width characters, line separators, tags.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use x509_parser::prelude::FromDer as _;

    use super::*;

    /// A Name of one attribute a set; `(last arc of 2.5.4, tag, value)`.
    fn name(attributes: &[(u8, u8, &[u8])]) -> Vec<u8> {
        let wrap = |tag: u8, contents: &[u8]| {
            let mut out = vec![tag, 0x82];
            out.extend(u16::try_from(contents.len()).unwrap().to_be_bytes());
            out.extend(contents);
            // Short lengths must be minimal in DER.
            if contents.len() < 128 {
                [&[tag, u8::try_from(contents.len()).unwrap()], contents].concat()
            } else {
                out
            }
        };
        let sets: Vec<u8> = attributes
            .iter()
            .flat_map(|(arc, tag, value)| {
                let pair = [vec![6, 3, 0x55, 4, *arc], wrap(*tag, value)].concat();
                wrap(0x31, &wrap(0x30, &pair))
            })
            .collect();
        wrap(0x30, &sets)
    }

    fn line(attributes: &[(u8, u8, &[u8])]) -> String {
        let der = name(attributes);
        one_line(&X509Name::from_der(&der).unwrap().1)
    }

    #[test]
    fn order_and_short_names() {
        let text =
            line(&[(6, 0x13, b"VN"), (10, 0x0c, "UBND tỉnh Gia Lai".as_bytes()), (3, 0x0c, b"a.gov.vn")]);
        assert_eq!(text, "C=VN, O=UBND tỉnh Gia Lai, CN=a.gov.vn");
        assert_eq!(line(&[]), "");
        assert_eq!(line(&[(99, 0x0c, b"x")]), "2.5.4.99=x");
    }

    #[test]
    fn every_kind_of_string() {
        assert_eq!(line(&[(3, 0x1e, &[0x1e, 0xdf])]), "CN=\u{1edf}");
        assert_eq!(line(&[(3, 0x1c, &[0, 0, 0x1e, 0xdf])]), "CN=\u{1edf}");
        assert_eq!(line(&[(3, 0x14, &[0xe9])]), "CN=é");
        assert_eq!(line(&[(3, 0x04, &[0xe9, 1])]), "CN=#e901");
        assert_eq!(line(&[(3, 0x1e, &[0x1e])]), "CN=#1e");
    }

    #[test]
    fn nothing_in_a_name_steers_the_reader() {
        assert_eq!(line(&[(3, 0x0c, b"a,CN=b+c\\")]), "CN=a\\,CN=b\\+c\\\\");
        assert_eq!(
            line(&[(3, 0x0c, "a\n\u{1b}[0m\u{202e}b\0".as_bytes())]),
            "CN=a\\0a\\1b[0m\\e2\\80\\aeb\\00"
        );
        assert_eq!(line(&[(3, 0x0c, b" # ")]), "CN=\\ #\\ ");
        assert_eq!(line(&[(3, 0x0c, b"#")]), "CN=\\#");
    }

    #[test]
    fn long_names_are_cut() {
        let text = line(&[(3, 0x0c, "ầ".repeat(1_200).as_bytes()), (3, 0x0c, b"b")]);
        assert_eq!(text.chars().count(), limits::TEXT);
        assert!(text.ends_with('…'));
    }
}
