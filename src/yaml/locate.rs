//! From a character of a parsed value back to the place in the text it came from, for languages inside YAML.

use serde_saphyr::granit_parser::ScalarStyle;

use super::outline::{Node, Wanted, node_at};
use super::{Location, Source};

impl Source {
    /// The place of character `offset_in_value` of the text whose [`Located`](super::Located) place is `at`.
    ///
    /// Follows quotes, escapes, folded lines and the indentation of `|` and `>` blocks. The end of the value gives the
    /// place behind its last character. An alias gives the alias; what cannot be followed gives `at`.
    /// Reads the text from its start: meant for mistakes, not for every value.
    pub fn locate(&self, at: Location, offset_in_value: usize) -> Location {
        let found = node_at(self, at.offset, Wanted::Value).filter(|found| found.at == at);
        let Some(Node::Scalar { value, style }) = found.map(|found| found.node) else { return at };
        let raw = self.text().get(at.offset..at.offset.saturating_add(at.len)).unwrap_or_default();
        match follow(raw, &value, style, offset_in_value) {
            Some((start, len)) => self.location(at.offset + start, len),
            None => at,
        }
    }
}

/// Byte offset and length in `raw` of character `target` of `value`.
fn follow(raw: &str, value: &str, style: ScalarStyle, target: usize) -> Option<(usize, usize)> {
    let quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
    let mut pieces = Pieces { rest: raw.get(usize::from(quoted)..)?, at: usize::from(quoted), style };
    let mut end = pieces.at;
    let mut wanted = value.chars().enumerate().peekable();
    loop {
        let Some(&(index, expected)) = wanted.peek() else {
            return (target >= value.chars().count()).then_some((end, 0));
        };
        // Trailing line breaks that the parser added or kept have no character of their own to stand on.
        let Some(piece) = pieces.next() else { return expected.is_whitespace().then_some((end, 0)) };
        if piece.value == Some(expected) {
            if index == target {
                return Some((piece.start, piece.len));
            }
            wanted.next();
            end = piece.start + piece.len;
        } else if piece.value.is_none_or(char::is_whitespace) {
            // Indentation, or a line break that was folded away.
        } else if expected.is_whitespace() {
            // A line break was folded into this space: give the piece back and go on behind the space.
            if index == target {
                return Some((end, 0));
            }
            wanted.next();
            pieces.at = piece.start;
            pieces.rest = raw.get(piece.start..)?;
        } else {
            return None;
        }
    }
}

/// The characters of a scalar as written, escapes resolved.
struct Pieces<'a> {
    rest: &'a str,
    at: usize,
    style: ScalarStyle,
}

struct Piece {
    start: usize,
    len: usize,
    /// `None` for an escaped line break, which stands for nothing.
    value: Option<char>,
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let first = self.rest.chars().next()?;
        let (value, len) = match (self.style, first) {
            (ScalarStyle::SingleQuoted, '\'') if !self.rest.starts_with("''") => return None,
            (ScalarStyle::SingleQuoted, '\'') => (Some('\''), 2),
            (ScalarStyle::DoubleQuoted, '"') => return None,
            (ScalarStyle::DoubleQuoted, '\\') => escape(self.rest)?,
            (_, other) => (Some(other), other.len_utf8()),
        };
        let start = self.at;
        self.at += len;
        self.rest = self.rest.get(len..)?;
        Some(Piece { start, len, value })
    }
}

/// The character an escape of a double-quoted scalar stands for (YAML 1.2.2 section 5.7) and its length in bytes.
fn escape(text: &str) -> Option<(Option<char>, usize)> {
    let code = text.chars().nth(1)?;
    let hex = |from: usize, digits: usize| u32::from_str_radix(text.get(from..from + digits)?, 16).ok();
    let simple = |c: char| Some((Some(c), 1 + code.len_utf8()));
    match code {
        '0' => simple('\0'),
        'a' => simple('\x07'),
        'b' => simple('\x08'),
        't' | '\t' => simple('\t'),
        'n' => simple('\n'),
        'v' => simple('\x0b'),
        'f' => simple('\x0c'),
        'r' => simple('\r'),
        'e' => simple('\x1b'),
        'N' => simple('\u{85}'),
        '_' => simple('\u{a0}'),
        'L' => simple('\u{2028}'),
        'P' => simple('\u{2029}'),
        '\n' | '\r' => Some((None, 2)),
        'x' => Some((Some(char::from_u32(hex(2, 2)?)?), 4)),
        'u' => match char::from_u32(hex(2, 4)?) {
            Some(c) => Some((Some(c), 6)),
            // A surrogate pair, as JSON writes characters beyond U+FFFF.
            None => char::decode_utf16([u16::try_from(hex(2, 4)?).ok()?, u16::try_from(hex(8, 4)?).ok()?])
                .next()?
                .ok()
                .map(|c| (Some(c), 12)),
        },
        'U' => Some((Some(char::from_u32(hex(2, 8)?)?), 10)),
        other => simple(other),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::yaml::{Located, parse};

    #[derive(Deserialize)]
    struct File {
        when: Located<String>,
        #[serde(default)]
        more: Vec<Located<String>>,
    }

    /// The place of the first `needle` of the value `when`, as `line:column`, and the text there.
    fn place(yaml: &str, needle: &str) -> (String, String) {
        let source = Source::new("a", yaml);
        let file: File = parse(&source).unwrap();
        let bytes = file.when.find(needle).unwrap();
        let at = source.locate(file.when.at, file.when[..bytes].chars().count());
        (format!("{}:{}", at.line, at.column), source.text()[at.offset..at.offset + at.len].to_owned())
    }

    #[test]
    fn every_style_is_followed() {
        for (yaml, expected) in [
            ("when: ầu X\n", "1:10"),
            ("a: 1\nwhen: &n !!str 'it''s X'\n", "2:23"),
            ("when: \"\\u00e9 \\\"é\\\" X\"\n", "1:21"),
            ("when: \"\\ud83d\\ude00X\"\n", "1:20"),
            ("when: |\n  foo\n    bar X\n", "3:9"),
            ("when: |\n\n\n  foo\n\n  X\n", "6:3"),
            ("when: |\r\n  foo\r\n  bar X\r\n", "3:7"),
            ("when: >-\n  foo\n  bar\n\n  baz X\n", "5:7"),
            ("when: >2\n    foo\n   X\n", "3:4"),
            ("when: foo\n  bar\n\n  baz X\n", "4:7"),
            ("when: 'foo\n  bar\n\n  baz X'\n", "4:7"),
            ("when: \"foo \\\n  bar X\"\n", "2:7"),
        ] {
            assert_eq!(place(yaml, "X"), (expected.to_owned(), "X".to_owned()), "{yaml:?}");
        }
    }

    #[test]
    fn the_end_an_alias_and_nonsense_have_a_place() {
        let source = Source::new("a", "when: &x 'abc'\nmore: [*x]\n");
        let file: File = parse(&source).unwrap();
        assert_eq!(source.locate(file.when.at, 3).column, 14);
        assert_eq!(source.locate(file.when.at, 99).column, 14);
        assert_eq!((file.more[0].at.line, file.more[0].at.column), (2, 8));
        assert_eq!(source.locate(file.more[0].at, 1), file.more[0].at);
        assert_eq!(source.locate(Location::UNKNOWN, 3), Location::UNKNOWN);
        let beyond = Location { line: 9, column: 9, offset: usize::MAX, len: 4 };
        assert_eq!(source.locate(beyond, 3), beyond);
    }

    proptest! {
        /// Whatever the text and style, the character found is the one asked for.
        #[test]
        fn plain_characters_are_found(words in "[a-z&|=<.]{1,9}( [a-zé]{1,6}){0,6}", block in any::<bool>()) {
            let yaml = if block { format!("when: |\n   {words}\n") } else { format!("when: \"{words}\"\n") };
            let source = Source::new("a", yaml);
            let file: File = parse(&source).unwrap();
            for (index, c) in words.chars().enumerate() {
                let at = source.locate(file.when.at, index);
                prop_assert_eq!(source.text()[at.offset..].chars().next(), Some(c));
            }
        }

        #[test]
        fn never_panics(raw in "\\PC{0,30}", value in "\\PC{0,30}", target in 0..40_usize) {
            for style in [ScalarStyle::Plain, ScalarStyle::SingleQuoted, ScalarStyle::DoubleQuoted, ScalarStyle::Literal] {
                follow(&raw, &value, style, target);
            }
        }
    }
}
