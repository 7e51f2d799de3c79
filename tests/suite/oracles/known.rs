//! The differences between khien and the oracles that are known, each with its reason. One that is not here fails the
//! test, and so does one that is no longer seen.

use super::account::Tool;

/// Who says that it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Only {
    Khien,
    Oracle,
}

/// Facts that one of two has.
pub(super) struct Difference {
    pub(super) tool: Tool,
    /// Names of configurations; none: wherever it comes up.
    pub(super) servers: &'static [&'static str],
    pub(super) only: Only,
    /// Words as in `Facts`; `*` stands for anything.
    pub(super) facts: &'static [&'static str],
    /// Who is right, and why they differ.
    pub(super) why: &'static str,
}

pub(super) const KNOWN: [Difference; 0] = [];

impl Difference {
    pub(super) fn explains(&self, tool: Tool, server: &str, only: Only, fact: &str) -> bool {
        self.tool == tool
            && self.only == only
            && (self.servers.is_empty() || self.servers.contains(&server))
            && self.facts.iter().any(|pattern| matches(pattern, fact))
    }
}

/// Whether a pattern with `*` covers all of a text.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(last)
}

#[test]
fn patterns_cover_all_of_a_text() {
    for (pattern, text, expected) in [
        ("dh 1024", "dh 1024", true),
        ("dh 1024", "dh 10240", false),
        ("suite * TLS_AES_128_CCM*", "suite TLSv1.3 TLS_AES_128_CCM_8_SHA256", true),
        ("suite *_CCM", "suite TLSv1.3 TLS_AES_128_CCM_8_SHA256", false),
        ("*", "", true),
        ("a*b*c", "a-c-b", false),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    }
}
