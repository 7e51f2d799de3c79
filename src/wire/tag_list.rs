//! Tag lists `name=value; name=value` (RFC 6376 section 3.2), which DKIM, DMARC and others write into TXT records.
//! What a tag means is decided by who reads it.

/// More tags than any specification knows; what follows is dropped.
const TAG_LIMIT: usize = 64;

/// One tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag<'t> {
    /// The name as written, without white space around it.
    pub name: &'t str,
    /// The value as written, without white space around it.
    pub value: &'t str,
}

/// A list, read.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TagList<'t> {
    /// In order, repeated ones too.
    pub tags: Vec<Tag<'t>>,
    /// Parts between semicolons that are no tag, as written.
    pub strays: Vec<&'t str>,
}

impl<'t> TagList<'t> {
    /// Reads a list. Empty parts, such as that after a last semicolon, are nothing.
    pub fn parse(text: &'t str) -> Self {
        let mut list = Self::default();
        for part in text.split(';').map(trim).filter(|part| !part.is_empty()).take(TAG_LIMIT) {
            match part.split_once('=').map(|(name, value)| (trim(name), trim(value))) {
                Some((name, value)) if is_name(name) => list.tags.push(Tag { name, value }),
                _ => list.strays.push(part),
            }
        }
        list
    }

    /// The value of the first tag of this name; names compare with case (RFC 6376 section 3.2).
    pub fn get(&self, name: &str) -> Option<&'t str> {
        self.tags.iter().find(|tag| tag.name == name).map(|tag| tag.value)
    }

    /// Names that stand more than once, each once.
    pub fn repeated(&self) -> Vec<&'t str> {
        let mut repeated: Vec<&str> = Vec::new();
        for (place, tag) in self.tags.iter().enumerate() {
            let before = self.tags.iter().take(place).any(|earlier| earlier.name == tag.name);
            if before && !repeated.contains(&tag.name) {
                repeated.push(tag.name);
            }
        }
        repeated
    }
}

/// Several records of a kind of which only one may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Several;

/// What `read` makes of the one TXT record of a name that it takes for its own; `None` where it takes none.
pub fn sole<'t, T>(texts: &'t [Vec<u8>], read: impl Fn(&'t [u8]) -> Option<T>) -> Result<Option<T>, Several> {
    let mut ours = texts.iter().filter_map(|text| read(text));
    match (ours.next(), ours.next()) {
        (one, None) => Ok(one),
        (_, Some(_)) => Err(Several),
    }
}

/// What follows the version, such as `v=STSv1`, in a record that begins with it to the letter.
pub fn after_version<'t>(text: &'t [u8], version: &str) -> Option<&'t [u8]> {
    text.strip_prefix(version.as_bytes())
        .filter(|rest| rest.first().is_none_or(|next| b"; \t".contains(next)))
}

/// Spaces, tabs and folded lines.
fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

/// `ALPHA *( ALPHA / DIGIT / "_" )`.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lists() {
        let list = TagList::parse(" v = DMARC1 ;p=none; ;x; rua = mailto:a@b.vn?c=d ; p=reject;");
        let tags: Vec<(&str, &str)> = list.tags.iter().map(|tag| (tag.name, tag.value)).collect();
        assert_eq!(tags, [("v", "DMARC1"), ("p", "none"), ("rua", "mailto:a@b.vn?c=d"), ("p", "reject")]);
        assert_eq!(list.strays, ["x"]);
        assert_eq!(list.repeated(), ["p"]);
        assert_eq!((list.get("p"), list.get("P")), (Some("none"), None));
        assert_eq!(TagList::parse(""), TagList::default());
        assert_eq!(TagList::parse("1a=b; =c; a b=d").strays.len(), 3);
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>()) {
            let list = TagList::parse(&text);
            prop_assert!(list.tags.len() + list.strays.len() <= TAG_LIMIT);
        }

        #[test]
        fn round_trip(tags in prop::collection::vec(("[a-z][a-z0-9_]{0,5}", "[!-:<-~]{0,9}"), 0..9)) {
            let text = tags.iter().map(|(name, value)| [name, "=", value, ";"].concat()).collect::<String>();
            let list = TagList::parse(&text);
            let read: Vec<(String, String)> =
                list.tags.iter().map(|tag| (tag.name.to_owned(), tag.value.to_owned())).collect();
            prop_assert_eq!(read, tags);
        }
    }
}
