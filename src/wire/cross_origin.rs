//! Cross-Origin-Opener-Policy, -Embedder-Policy (structured items, HTML standard) and -Resource-Policy (Fetch): the
//! policy that browsers take from the fields of one response.

use sfv::{BareItem, Item, Parser};

use super::field::joined;

/// What one such field does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrossOrigin {
    /// All lines joined by `, `.
    pub raw: String,
    /// The policy in force, one of the standard's words; `None` where browsers ignore the field.
    pub policy: Option<&'static str>,
}

const OPENER: &[&str] = &[
    "same-origin",
    "same-origin-allow-popups",
    "same-origin-plus-coep",
    "noopener-allow-popups",
    "unsafe-none",
];
const EMBEDDER: &[&str] = &["require-corp", "credentialless", "unsafe-none"];
const RESOURCE: &[&str] = &["same-origin", "same-site", "cross-origin"];

/// Cross-Origin-Opener-Policy. `None` when there is no such field.
pub fn opener<V: AsRef<str>>(lines: impl IntoIterator<Item = V>) -> Option<CrossOrigin> {
    let raw = joined(lines)?;
    // one of the words is the browser's own and cannot be sent
    let policy = token(&raw, OPENER).filter(|word| *word != "same-origin-plus-coep");
    Some(CrossOrigin { raw, policy })
}

/// Cross-Origin-Embedder-Policy. `None` when there is no such field.
pub fn embedder<V: AsRef<str>>(lines: impl IntoIterator<Item = V>) -> Option<CrossOrigin> {
    let raw = joined(lines)?;
    let policy = token(&raw, EMBEDDER);
    Some(CrossOrigin { raw, policy })
}

/// Cross-Origin-Resource-Policy: the joined value as it stands, case-sensitive (Fetch, "cross-origin resource policy
/// internal check"). `None` when there is no such field.
pub fn resource<V: AsRef<str>>(lines: impl IntoIterator<Item = V>) -> Option<CrossOrigin> {
    let raw = joined(lines)?;
    let policy = RESOURCE.iter().find(|word| **word == raw).copied();
    Some(CrossOrigin { raw, policy })
}

/// The token of a structured item; two lines make no item.
fn token(raw: &str, words: &[&'static str]) -> Option<&'static str> {
    let item = Parser::new(raw).parse::<Item>().ok()?;
    let BareItem::Token(token) = item.bare_item else { return None };
    words.iter().find(|word| **word == token.as_str()).copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_browsers_take() {
        let of = |found: Option<CrossOrigin>| found.unwrap().policy;
        for (line, expected) in [
            ("same-origin", Some("same-origin")),
            (" same-origin ", Some("same-origin")),
            ("same-origin; report-to=\"x\"", Some("same-origin")),
            ("noopener-allow-popups", Some("noopener-allow-popups")),
            ("same-origin-plus-coep", None),
            ("Same-Origin", None),
            ("\"same-origin\"", None),
            ("same-origin, same-origin", None),
            ("same-origin;", None),
            ("", None),
        ] {
            assert_eq!(of(opener([line])), expected, "{line}");
        }
        assert_eq!(of(opener(["same-origin", "same-origin"])), None);
        assert_eq!(of(embedder(["require-corp;report-to=\"a\""])), Some("require-corp"));
        assert_eq!(of(embedder(["credentialless"])), Some("credentialless"));
        assert_eq!(of(embedder(["same-origin"])), None);
        assert_eq!(of(resource(["same-site"])), Some("same-site"));
        assert_eq!(of(resource(["same-site; a=b"])), None);
        assert_eq!(of(resource(["Same-Site"])), None);
        assert_eq!(of(resource(["same-site", "same-site"])), None);
        assert_eq!(opener([""; 0]), None);
    }

    proptest! {
        #[test]
        fn never_panics(lines in prop::collection::vec(".{0,40}", 0..4)) {
            let _ = (opener(&lines), embedder(&lines), resource(&lines));
        }
    }
}
