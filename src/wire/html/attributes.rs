//! How many attributes a tag has, counted before the tokenizer reads it: that compares each one with all before it.

/// Counts the attributes of one tag, which may come in several pieces, by the tokenizer's own states (HTML §13.2.5.8,
/// §13.2.5.32–40).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tag {
    state: State,
    attributes: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// No tag is open.
    #[default]
    Outside,
    TagName,
    BeforeName,
    Name,
    AfterName,
    BeforeValue,
    Quoted(u8),
    Unquoted,
}

/// Whether a tag begins here.
pub(super) fn begins(octets: &[u8]) -> bool {
    matches!(octets, [b'<', name, ..] | [b'<', b'/', name, ..] if name.is_ascii_alphabetic())
}

impl Tag {
    /// Whether the tag goes on in the next piece.
    pub(super) fn is_open(self) -> bool {
        self.state != State::Outside
    }

    /// Reads on, to the end of the tag or of the piece; returns how many attributes the tag has so far.
    pub(super) fn read(&mut self, piece: &str) -> usize {
        let mut rest = piece;
        if !self.is_open() {
            if !begins(piece.as_bytes()) {
                return 0;
            }
            *self = Self { state: State::TagName, attributes: 0 };
            rest = piece.trim_start_matches(['<', '/']);
        }
        for octet in rest.bytes() {
            self.step(octet);
            if !self.is_open() {
                break;
            }
        }
        self.attributes
    }

    fn step(&mut self, octet: u8) {
        use State::{AfterName, BeforeName, BeforeValue, Name, Outside, Quoted, TagName, Unquoted};
        let blank = matches!(octet, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c');
        self.state = match (self.state, octet) {
            (Quoted(mark), _) if octet == mark => BeforeName,
            (Quoted(mark), _) => Quoted(mark),
            (_, b'>') => Outside,
            (TagName | BeforeName | Name | AfterName, b'/') => BeforeName,
            (TagName | BeforeName | Unquoted, _) if blank => BeforeName,
            (Name | AfterName, b'=') => BeforeValue,
            (Name | AfterName, _) if blank => AfterName,
            (BeforeName | AfterName, _) => {
                self.attributes += 1;
                Name
            }
            (BeforeValue, b'"' | b'\'') => Quoted(octet),
            (BeforeValue, _) if blank => BeforeValue,
            (BeforeValue | Unquoted, _) => Unquoted,
            (state @ (Outside | TagName | Name), _) => state,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(pieces: &[&str]) -> usize {
        let mut tag = Tag::default();
        pieces.iter().map(|piece| tag.read(piece)).last().unwrap_or_default()
    }

    fn are_too_many(tag: &str, limit: usize) -> bool {
        count(&[tag]) > limit
    }

    #[test]
    fn a_long_value_is_not_many() {
        let image = format!("<img alt=x src=\"data:image/png;base64,{}\">", "a/b ".repeat(50_000));
        assert!(!are_too_many(&image, 1_000));
        assert!(!are_too_many(&format!("<p> {}", "word ".repeat(50_000)), 1_000));
        assert!(are_too_many(&format!("<p {}>", "a ".repeat(5_000)), 1_000));
        assert!(are_too_many(&format!("<p {}>", "a/".repeat(5_000)), 1_000));
        assert!(are_too_many(&format!("<p {}>", "a=''".repeat(5_000)), 1_000));
        assert!(are_too_many(&format!("<p {}>", "b=\"\"".repeat(5_000)), 1_000));
    }

    #[test]
    fn each_attribute_is_counted_as_the_tokenizer_does() {
        for (pieces, expected) in [
            (&["<p>"][..], 0),
            (&["<p/>"], 0),
            (&["<p a b = c d='> e' f=\"'\"g/h>i j"], 6),
            (&["</p a b>"], 2),
            // `=` begins a name where no name stands before it, so that what follows is no quoted value
            (&["<p =\" a b>"], 3),
            (&["<p a=b\"c d>"], 2),
            (&["<p a=/b/c d>"], 2),
            (&["<p a =\n\"x y\" b>"], 2),
            // `<` does not end a tag
            (&["<p a ", "<b ", "</b c>"], 5),
            (&["<p a='x", "</b c d'e>"], 2),
            (&["<p a>", "<b>"], 0),
            (&["text a b"], 0),
            (&["<!-- a b", "< a b"], 0),
        ] {
            assert_eq!(count(pieces), expected, "{pieces:?}");
        }
    }
}
