//! DKIM selectors of the inventory: what stands before `._domainkey` in a key's name. Asks nothing.

use std::fmt;

use serde::Serialize;

use crate::language::{Bilingual, Text, bilingual, text};

/// The longest selector; with `._domainkey` and a domain behind it the name must still fit into 253 characters.
const MAX_LENGTH: usize = 100;

/// A selector (RFC 6376 section 3.1): labels of letters, digits, hyphens and underscores, lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Selector(String);

/// Why a text is no selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelectorError {
    /// The whole name of the key, or a part of it too many.
    WholeName(String),
    /// Letters that names do not have, an empty label, or too long.
    NoName(String),
}

impl std::error::Error for SelectorError {}

impl Bilingual for SelectorError {
    fn text(&self) -> Text {
        match self {
            Self::WholeName(written) => text!(
                "`{written}`: chỉ ghi bộ chọn, là phần đứng trước `._domainkey`",
                "`{written}`: write the selector alone, which stands before `._domainkey`"
            ),
            Self::NoName(written) => text!(
                "`{written}` không phải bộ chọn DKIM: chữ a–z, chữ số, dấu - và _, tối đa {MAX_LENGTH} ký tự",
                "`{written}` is no DKIM selector: letters a–z, digits, - and _, at most {MAX_LENGTH} characters"
            ),
        }
    }
}

bilingual!(SelectorError);

impl Selector {
    /// Reads a selector as written; spaces around it and upper case do no harm.
    pub fn parse(written: &str) -> Result<Self, SelectorError> {
        let shown = || written.chars().take(MAX_LENGTH).collect::<String>();
        let text = written.trim().to_ascii_lowercase();
        if text.split('.').any(|label| label == "_domainkey") {
            return Err(SelectorError::WholeName(shown()));
        }
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet))
        };
        if text.len() > MAX_LENGTH || !text.split('.').all(label) {
            return Err(SelectorError::NoName(shown()));
        }
        Ok(Self(text))
    }

    /// The selector.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_names() {
        for (written, expected) in
            [("s1", "s1"), (" K2025 ", "k2025"), ("mail.vnpt", "mail.vnpt"), ("_x", "_x")]
        {
            assert_eq!(Selector::parse(written).unwrap().as_str(), expected);
        }
        for written in ["", "a..b", "-a", "a b", "bộ-chọn", "a.", &"a".repeat(64), &"a.".repeat(60)] {
            assert!(matches!(Selector::parse(written), Err(SelectorError::NoName(_))), "{written}");
        }
        for written in ["s1._domainkey", "s1._domainkey.tinhmau.example", "S1._DomainKey"] {
            assert!(matches!(Selector::parse(written), Err(SelectorError::WholeName(_))), "{written}");
        }
    }
}
