//! Content-Type: MIME types by the WHATWG MIME Sniffing standard, and the one that browsers take from several fields
//! (Fetch, "extract a MIME type").

use super::field::{get_decode_and_split, is_token_octet};

/// A parsed MIME type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MimeType {
    /// `text/html`, in lower case.
    pub essence: String,
    /// Parameters in the order sent, names in lower case, each name once (the first counts).
    pub parameters: Vec<(String, String)>,
}

/// Parameters read of one value.
const PARAMETER_LIMIT: usize = 32;

impl MimeType {
    /// "Parse a MIME type". `None` is the standard's failure.
    pub fn parse(input: &str) -> Option<Self> {
        let input = input.trim_matches(is_whitespace);
        let (kind, rest) = input.split_once('/')?;
        let (subtype, mut rest) = match rest.split_once(';') {
            Some((subtype, rest)) => (subtype, Some(rest)),
            None => (rest, None),
        };
        let subtype = subtype.trim_end_matches(is_whitespace);
        if !is_token(kind) || !is_token(subtype) {
            return None;
        }
        let essence = format!("{kind}/{subtype}").to_ascii_lowercase();
        let mut parameters: Vec<(String, String)> = Vec::new();
        while let Some(text) = rest.take() {
            let text = text.trim_start_matches(is_whitespace);
            let end = text.find([';', '=']).unwrap_or(text.len());
            let (name, after) = text.split_at(end);
            let name = name.to_ascii_lowercase();
            let Some(after) = after.strip_prefix('=') else {
                rest = after.strip_prefix(';');
                continue;
            };
            let (value, after) = if after.starts_with('"') {
                let (value, after) = quoted(after);
                // what stands between the quote and the next `;` is dropped
                (value, after.split_once(';').map(|(_, after)| after))
            } else {
                let (value, after) = match after.split_once(';') {
                    Some((value, after)) => (value, Some(after)),
                    None => (after, None),
                };
                (value.trim_end_matches(is_whitespace).to_owned(), after)
            };
            rest = after;
            let quoted_empty = value.is_empty() && !text.contains("=\"");
            let fits = is_token(&name) && value.chars().all(is_value_character) && !quoted_empty;
            if fits
                && parameters.len() < PARAMETER_LIMIT
                && parameters.iter().all(|(known, _)| *known != name)
            {
                parameters.push((name, value));
            }
        }
        Some(Self { essence, parameters })
    }

    /// The value of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// An HTML or XHTML document.
    pub fn is_html(&self) -> bool {
        matches!(self.essence.as_str(), "text/html" | "application/xhtml+xml")
    }
}

/// "Extract a MIME type" from the fields of one response: the last readable one counts, `*/*` apart; a charset carries
/// over from an earlier one of the same essence. `None` where there is none to read.
pub fn from_fields<V: AsRef<str>>(lines: impl IntoIterator<Item = V>) -> Option<MimeType> {
    let mut found: Option<MimeType> = None;
    let mut charset: Option<String> = None;
    for value in get_decode_and_split(lines)? {
        let Some(mut read) = MimeType::parse(&value).filter(|read| read.essence != "*/*") else { continue };
        if found.as_ref().is_none_or(|before| before.essence != read.essence) {
            charset = read.parameter("charset").map(str::to_owned);
        } else if let (None, Some(charset)) = (read.parameter("charset"), &charset) {
            read.parameters.push(("charset".to_owned(), charset.clone()));
        }
        found = Some(read);
    }
    found
}

/// "Collect an HTTP quoted string", the value extracted; also what follows.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, text.get(at + 1..).unwrap_or_default()),
            '\\' => match characters.next() {
                Some((_, escaped)) => value.push(escaped),
                None => value.push('\\'),
            },
            other => value.push(other),
        }
    }
    (value, "")
}

fn is_whitespace(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_octet)
}

/// "HTTP quoted-string token code point".
fn is_value_character(character: char) -> bool {
    character == '\t' || (' '..='~').contains(&character) || ('\u{80}'..='\u{ff}').contains(&character)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(mime: &MimeType) -> String {
        let parameters = mime.parameters.iter().map(|(name, value)| format!(";{name}={value}"));
        mime.essence.clone() + &parameters.collect::<String>()
    }

    /// From the web platform tests' mime-types.json.
    #[test]
    fn single_values() {
        for (input, expected) in [
            ("text/html;charset=gbk", Some("text/html;charset=gbk")),
            ("TEXT/HTML;CHARSET=GBK", Some("text/html;charset=GBK")),
            ("text/html;charset=gbk(", Some("text/html;charset=gbk(")),
            ("text/html;x=(;charset=gbk", Some("text/html;x=(;charset=gbk")),
            ("text/html;charset=gbk;charset=windows-1255", Some("text/html;charset=gbk")),
            ("text/html;charset =gbk", Some("text/html")),
            ("text/html ;charset=gbk", Some("text/html;charset=gbk")),
            ("text/html; charset= gbk", Some("text/html;charset= gbk")),
            ("text/html;charset=\"gbk\"", Some("text/html;charset=gbk")),
            ("text/html;charset=\"gbk", Some("text/html;charset=gbk")),
            ("text/html;charset=gbk\"", Some("text/html;charset=gbk\"")),
            ("text/html;charset=\"\\g\\b\\k\"", Some("text/html;charset=gbk")),
            ("text/html;charset=\"gbk\"x;a=b", Some("text/html;charset=gbk;a=b")),
            ("text/html;charset=", Some("text/html")),
            ("text/html;charset=\"\"", Some("text/html;charset=")),
            ("text/html;;;;charset=gbk", Some("text/html;charset=gbk")),
            ("text/html;test;charset=gbk", Some("text/html;charset=gbk")),
            ("text/html;\u{b}charset=gbk", Some("text/html")),
            ("text /html", None),
            ("text/ html", None),
            ("text", None),
            ("/", None),
            ("text/", None),
            ("bogus/bogus/;charset=gbk", None),
            ("", None),
        ] {
            assert_eq!(MimeType::parse(input).as_ref().map(shown).as_deref(), expected, "{input:?}");
        }
    }

    /// The examples of Fetch, "extract a MIME type".
    #[test]
    fn several_values() {
        for (lines, expected) in [
            (&["text/plain;charset=gbk, text/html"][..], Some("text/html")),
            (&["text/html;charset=gbk;a=b, text/html;x=y"], Some("text/html;x=y;charset=gbk")),
            (&["text/html;charset=gbk;a=b", "text/html;x=y"], Some("text/html;x=y;charset=gbk")),
            (&["text/html;charset=gbk", "x/x", "text/html;x=y"], Some("text/html;x=y")),
            (&["text/html", "cannot-parse"], Some("text/html")),
            (&["text/html", "*/*"], Some("text/html")),
            (&["text/html", ""], Some("text/html")),
            (&[""], None),
        ] {
            assert_eq!(from_fields(lines).as_ref().map(shown).as_deref(), expected, "{lines:?}");
        }
        assert_eq!(from_fields([""; 0]), None);
        assert!(MimeType::parse("Text/HTML").unwrap().is_html());
    }

    proptest! {
        #[test]
        fn never_panics(lines in prop::collection::vec("[a-z/;=\" \\\\,]{0,30}|.{0,20}", 0..4)) {
            let _ = from_fields(lines);
        }

        #[test]
        fn round_trip(essence in "[a-z]{1,8}/[a-z]{1,8}", name in "[a-z]{1,8}", value in "[a-zA-Z0-9]{1,8}") {
            let text = format!("{essence};{name}={value}");
            prop_assert_eq!(shown(&MimeType::parse(&text).unwrap()), text);
        }
    }
}
