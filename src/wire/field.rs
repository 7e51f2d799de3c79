//! One HTTP field line as it was sent, and the ways the Fetch standard reads several lines as one value.
//! What a particular field means is its own module's business.

use std::borrow::Cow;
use std::fmt;

/// One field line of a message: the name in the case it was sent in, the value without surrounding whitespace.
/// Its `Debug` shows the length alone of values that carry secrets, so that no log holds a session.
#[derive(Clone, PartialEq, Eq)]
pub struct Field {
    /// The field name, case as sent (`x-aspnet-version` and `X-AspNet-Version` stay apart).
    pub name: String,
    /// The octets of the value; old servers send Latin-1 here.
    pub value: Vec<u8>,
}

impl Field {
    /// A field from a name and its octets.
    pub fn new(name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), value: value.into() }
    }

    /// Whether this field is called `name`; names compare without regard to ASCII case (RFC 9110 §5.1).
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The value as text: UTF-8 where the octets are UTF-8, otherwise Latin-1, which never fails.
    pub fn text(&self) -> Cow<'_, str> {
        text(&self.value)
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = ["set-cookie", "set-cookie2", "cookie", "authorization", "proxy-authorization"];
        if secret.iter().any(|name| self.is(name)) {
            write!(formatter, "{}: <{} octets>", self.name, self.value.len())
        } else {
            write!(formatter, "{}: {:?}", self.name, self.text())
        }
    }
}

/// Octets as text: UTF-8 where they are UTF-8, otherwise Latin-1 (each octet is the code point of its number).
pub fn text(octets: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(octets) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(octets.iter().map(|&octet| char::from(octet)).collect()),
    }
}

/// The values of all fields called `name`, as text, in the order they were sent.
pub fn values<'f>(fields: &'f [Field], name: &str) -> impl Iterator<Item = Cow<'f, str>> {
    fields.iter().filter(move |field| field.is(name)).map(Field::text)
}

/// Fetch §2.2.2 "get": all lines joined by `, `. `None` when there is no line at all.
pub fn joined<V: AsRef<str>>(lines: impl IntoIterator<Item = V>) -> Option<String> {
    let mut lines = lines.into_iter();
    let mut joined = lines.next()?.as_ref().to_owned();
    for line in lines {
        joined.push_str(", ");
        joined.push_str(line.as_ref());
    }
    Some(joined)
}

/// Fetch §2.2.2 "get, decode, and split": all lines joined by commas, split at commas outside double quotes,
/// HTTP tabs and spaces removed from both ends of each part. `None` when there is no line at all; a line that
/// is empty gives one empty part.
pub fn get_decode_and_split<V: AsRef<str>>(lines: impl IntoIterator<Item = V>) -> Option<Vec<String>> {
    let joined = joined(lines)?;
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut characters = joined.chars();
    let mut quoted = false;
    while let Some(character) = characters.next() {
        match character {
            ',' if !quoted => parts.push(trim(&std::mem::take(&mut part))),
            '"' => {
                quoted = !quoted;
                part.push(character);
            }
            '\\' if quoted => {
                part.push(character);
                part.extend(characters.next());
            }
            _ => part.push(character),
        }
    }
    parts.push(trim(&part));
    Some(parts)
}

/// Fetch "extract header list values" for fields whose grammar is a list of tokens: every line split at its
/// commas, parts trimmed of tabs and spaces, empty parts dropped (RFC 9110 §5.6.1.2).
pub fn list_values<V: AsRef<str>>(lines: impl IntoIterator<Item = V>) -> Vec<String> {
    let mut values = Vec::new();
    for line in lines {
        values.extend(line.as_ref().split(',').map(trim).filter(|part| !part.is_empty()));
    }
    values
}

/// Whether `octet` may stand in a token (RFC 9110 §5.6.2 `tchar`; the same set as RFC 2616's `token`).
pub fn is_token_octet(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet)
}

fn trim(part: &str) -> String {
    part.trim_matches([' ', '\t']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_utf8_else_latin1() {
        assert_eq!(Field::new("Server", "tỉnh".as_bytes()).text(), "tỉnh");
        assert_eq!(Field::new("Server", &b"caf\xe9"[..]).text(), "café");
        assert_eq!(Field::new("Server", &b""[..]).text(), "");
    }

    #[test]
    fn names_compare_without_case_and_order_is_kept() {
        let fields = [Field::new("x-a", &b"1"[..]), Field::new("B", &b"2"[..]), Field::new("X-A", &b"3"[..])];
        assert_eq!(values(&fields, "X-a").collect::<Vec<_>>(), ["1", "3"]);
        assert_eq!(values(&fields, "absent").count(), 0);
    }

    #[test]
    fn debug_never_shows_a_session() {
        let shown =
            format!("{:?}", [Field::new("SET-cookie", &b"sid=SECRET"[..]), Field::new("A", &b"b"[..])]);
        assert_eq!(shown, r#"[SET-cookie: <10 octets>, A: "b"]"#);
    }

    /// The examples of the Fetch standard under "get, decode, and split".
    #[test]
    fn fetch_examples() {
        for (lines, expected) in [
            (&["nosniff,"][..], &["nosniff", ""][..]),
            (&["nosniff", ""], &["nosniff", ""]),
            (&[""], &[""]),
            (&["text/html;\", x/x"], &["text/html;\", x/x"]),
            (&["text/html;\"", "x/x"], &["text/html;\", x/x"]),
            (&["x/x;test=\"hi\"", "y/y"], &["x/x;test=\"hi\"", "y/y"]),
            (&["x / x,,,1"], &["x / x", "", "", "1"]),
            (&["\"1,2\", 3"], &["\"1,2\"", "3"]),
            (&["\"1\\\",2\", 3"], &["\"1\\\",2\"", "3"]),
        ] {
            assert_eq!(
                get_decode_and_split(lines.iter().copied()).as_deref(),
                Some(expected.iter().map(ToString::to_string).collect::<Vec<_>>().as_slice()),
                "{lines:?}"
            );
        }
        assert_eq!(get_decode_and_split([""; 0]), None);
    }

    #[test]
    fn lists_drop_empty_members() {
        assert_eq!(list_values(["a, ,b\t,", " c"]), ["a", "b", "c"]);
        assert_eq!(list_values(["", ","]), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn splitting_never_panics_and_loses_only_separators(lines in prop::collection::vec(".{0,40}", 0..5)) {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let parts = get_decode_and_split(lines.iter().copied());
            prop_assert_eq!(parts.is_none(), lines.is_empty());
            let strip = |s: &str| s.replace([',', ' ', '\t'], "");
            prop_assert_eq!(strip(&parts.unwrap_or_default().join("")), strip(&lines.join("")));
        }
    }
}
