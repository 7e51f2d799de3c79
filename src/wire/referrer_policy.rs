//! Referrer-Policy (W3C): the header's fields, or a `<meta name=referrer>`, to the policy that takes effect.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::field::list_values;

/// The policies a browser knows, in the standard's spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Never send a referrer.
    NoReferrer,
    /// The full URL, but nothing from https to http.
    NoReferrerWhenDowngrade,
    /// The origin alone, always.
    Origin,
    /// The full URL within the origin, the origin elsewhere, even from https to http.
    OriginWhenCrossOrigin,
    /// The full URL within the origin, nothing elsewhere.
    SameOrigin,
    /// The origin, but nothing from https to http.
    StrictOrigin,
    /// The full URL within the origin, the origin elsewhere, nothing from https to http. The browsers' default.
    StrictOriginWhenCrossOrigin,
    /// The full URL, always.
    UnsafeUrl,
}

/// What the Referrer-Policy fields of one response say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferrerPolicy {
    /// The last known token. `None` means no token is known and the browser's default stays.
    pub policy: Option<Policy>,
    /// All tokens as sent, known or not.
    pub tokens: Vec<String>,
}

/// Parses the fields of one response, in the order sent: the last known token wins, unknown tokens are skipped,
/// so that a site can offer a fallback for old browsers (Referrer Policy §8.1, §11.1). `None` when no field was sent.
pub fn from_fields<V: AsRef<str>>(lines: impl IntoIterator<Item = V>) -> Option<ReferrerPolicy> {
    let mut lines = lines.into_iter().peekable();
    lines.peek()?;
    let tokens = list_values(lines);
    Some(ReferrerPolicy { policy: tokens.iter().rev().find_map(|token| Policy::from_token(token)), tokens })
}

/// The policy a `<meta name=referrer content=…>` sets (HTML §4.2.5.1): one value, no list, the four legacy
/// words included. `None` when the element has no effect.
pub fn from_meta(content: &str) -> Option<Policy> {
    Policy::from_token(content).or(match content.to_ascii_lowercase().as_str() {
        "never" => Some(Policy::NoReferrer),
        "default" => Some(Policy::StrictOriginWhenCrossOrigin),
        "always" => Some(Policy::UnsafeUrl),
        "origin-when-crossorigin" => Some(Policy::OriginWhenCrossOrigin),
        _ => None,
    })
}

impl Policy {
    /// Every policy with its token.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::NoReferrer, "no-referrer"),
        (Self::NoReferrerWhenDowngrade, "no-referrer-when-downgrade"),
        (Self::Origin, "origin"),
        (Self::OriginWhenCrossOrigin, "origin-when-cross-origin"),
        (Self::SameOrigin, "same-origin"),
        (Self::StrictOrigin, "strict-origin"),
        (Self::StrictOriginWhenCrossOrigin, "strict-origin-when-cross-origin"),
        (Self::UnsafeUrl, "unsafe-url"),
    ];

    /// The policy a token names. Case does not matter: strings of an ABNF have none, and no browser insists.
    pub fn from_token(token: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| name.eq_ignore_ascii_case(token)).map(|(policy, _)| *policy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn policy(lines: &[&str]) -> Option<Policy> {
        from_fields(lines.iter().copied()).and_then(|found| found.policy)
    }

    #[test]
    fn last_known_token_wins() {
        use Policy::{NoReferrer, SameOrigin, StrictOriginWhenCrossOrigin, UnsafeUrl};
        for (lines, expected) in [
            (&["no-referrer"][..], Some(NoReferrer)),
            (&["No-Referrer"], Some(NoReferrer)),
            (&["no-referrer, strict-origin-when-cross-origin"], Some(StrictOriginWhenCrossOrigin)),
            (&["no-referrer", "unsafe-url"], Some(UnsafeUrl)),
            (&["unsafe-url, no-referrer, future-policy"], Some(NoReferrer)),
            (&["same-origin,,"], Some(SameOrigin)),
            (&["same-origin,"], Some(SameOrigin)),
            (&["never"], None),
            (&["no-referrer unsafe-url"], None),
            (&["'no-referrer'"], None),
            (&["no-referrer;"], None),
            (&[""], None),
            (&[], None),
        ] {
            assert_eq!(policy(lines), expected, "{lines:?}");
        }
        assert!(from_fields([""]).is_some_and(|found| found.tokens.is_empty()));
        assert_eq!(from_fields([""; 0]), None);
    }

    #[test]
    fn meta_knows_the_legacy_words_and_no_list() {
        assert_eq!(from_meta("NEVER"), Some(Policy::NoReferrer));
        assert_eq!(from_meta("default"), Some(Policy::StrictOriginWhenCrossOrigin));
        assert_eq!(from_meta("always"), Some(Policy::UnsafeUrl));
        assert_eq!(from_meta("origin-when-crossorigin"), Some(Policy::OriginWhenCrossOrigin));
        assert_eq!(from_meta("strict-origin"), Some(Policy::StrictOrigin));
        assert_eq!(from_meta("no-referrer, origin"), None);
        assert_eq!(from_meta(""), None);
    }

    #[test]
    fn tokens_and_serialisation_agree() {
        for (policy, token) in Policy::ALL {
            assert_eq!(serde_json::to_value(policy).expect("serialises"), token);
        }
    }

    proptest! {
        #[test]
        fn never_panics(lines in prop::collection::vec(".{0,30}", 0..4), meta in ".{0,30}") {
            prop_assert_eq!(from_fields(lines.iter().map(String::as_str)).is_none(), lines.is_empty());
            from_meta(&meta);
        }
    }
}
