//! X-Frame-Options by the HTML standard's processing model. Whether a CSP `frame-ancestors` overrides it is
//! decided by whoever holds both ([`super::csp`]); this module reads the header alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::field::get_decode_and_split;

/// What the X-Frame-Options fields of one response make a browser do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameOptions {
    /// The effect, by HTML §7.5 "check a navigation response's adherence to `X-Frame-Options`".
    pub effect: Effect,
    /// The distinct values in lower case, in the order first seen.
    pub values: Vec<String>,
}

/// The effect of X-Frame-Options where no enforced policy has a `frame-ancestors` directive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// No page may frame this one.
    Deny,
    /// Only pages whose every ancestor has the same origin may frame this one.
    SameOrigin,
    /// Several distinct values, one of them known: browsers refuse framing, which the site may not have meant.
    ConflictingDeny,
    /// `ALLOWALL`: any page may frame this one.
    AllowAll,
    /// `ALLOW-FROM …`, which browsers do not know (any more): any page may frame this one.
    AllowFromIgnored,
    /// No known value, or several that are all unknown: any page may frame this one.
    UnknownIgnored,
}

impl Effect {
    /// Whether pages of a foreign origin are kept from framing this one.
    pub fn keeps_foreign_pages_out(self) -> bool {
        matches!(self, Self::Deny | Self::SameOrigin | Self::ConflictingDeny)
    }
}

/// Reads the fields of one response, in the order sent. `None` when there is no such field.
pub fn from_fields<V: AsRef<str>>(lines: impl IntoIterator<Item = V>) -> Option<FrameOptions> {
    let mut seen = std::collections::HashSet::new();
    let mut values = get_decode_and_split(lines)?;
    for value in &mut values {
        value.make_ascii_lowercase();
    }
    values.retain(|value| seen.insert(value.clone()));
    let effect = match values.as_slice() {
        [one] => single(one),
        several if several.iter().any(|value| is_known(value)) => Effect::ConflictingDeny,
        _ => Effect::UnknownIgnored,
    };
    Some(FrameOptions { effect, values })
}

fn single(value: &str) -> Effect {
    match value {
        "deny" => Effect::Deny,
        "sameorigin" => Effect::SameOrigin,
        "allowall" => Effect::AllowAll,
        _ if value.split([' ', '\t', ':', '=']).next() == Some("allow-from") => Effect::AllowFromIgnored,
        _ => Effect::UnknownIgnored,
    }
}

fn is_known(value: &str) -> bool {
    matches!(value, "deny" | "sameorigin" | "allowall")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The table of the HTML standard's section and of the web platform tests.
    #[test]
    fn processing_model() {
        use Effect::{AllowAll, AllowFromIgnored, ConflictingDeny, Deny, SameOrigin, UnknownIgnored};
        for (lines, expected) in [
            (&["DENY"][..], Deny),
            (&["deny"], Deny),
            (&[" Deny\t"], Deny),
            (&["SAMEORIGIN"], SameOrigin),
            (&["SAMEORIGIN, SAMEORIGIN"], SameOrigin),
            (&["SAMEORIGIN", "SameOrigin"], SameOrigin),
            (&["SAMEORIGIN, DENY"], ConflictingDeny),
            (&["SAMEORIGIN", "DENY"], ConflictingDeny),
            (&["SAMEORIGIN", ""], ConflictingDeny),
            (&["SAMEORIGIN,"], ConflictingDeny),
            (&["ALLOWALL, nonsense"], ConflictingDeny),
            (&["DENY", "ALLOW-FROM https://x.example/"], ConflictingDeny),
            (&["ALLOWALL"], AllowAll),
            (&["ALLOWALL", "allowall"], AllowAll),
            (&["ALLOW-FROM https://x.example/"], AllowFromIgnored),
            (&["Allow-From: https://x.example/"], AllowFromIgnored),
            (&["ALLOW-FROM"], AllowFromIgnored),
            (&["allow-fromage"], UnknownIgnored),
            (&["nonsense"], UnknownIgnored),
            (&["nonsense, other"], UnknownIgnored),
            (&["\"DENY\""], UnknownIgnored),
            (&["\"SAMEORIGIN,DENY\""], UnknownIgnored),
            (&["SAMEORIGIN;"], UnknownIgnored),
            (&["X-Frame-Options: DENY"], UnknownIgnored),
            (&[""], UnknownIgnored),
        ] {
            let options = from_fields(lines.iter().copied()).expect("a field was sent");
            assert_eq!(options.effect, expected, "{lines:?}");
        }
        assert_eq!(from_fields([""; 0]), None);
    }

    #[test]
    fn only_known_values_protect() {
        assert!(
            Effect::ConflictingDeny.keeps_foreign_pages_out() && Effect::SameOrigin.keeps_foreign_pages_out()
        );
        assert!(
            !Effect::AllowFromIgnored.keeps_foreign_pages_out()
                && !Effect::AllowAll.keeps_foreign_pages_out()
        );
    }

    proptest! {
        #[test]
        fn order_of_fields_never_changes_the_effect(lines in prop::collection::vec("(deny|SAMEORIGIN|allowall|x|,| |){0,3}", 1..4)) {
            let effect = |lines: &[String]| from_fields(lines.iter().map(String::as_str)).map(|o| o.effect);
            let forward = effect(&lines);
            let reversed: Vec<String> = lines.iter().rev().cloned().collect();
            prop_assert_eq!(forward, effect(&reversed));
        }

        #[test]
        fn never_panics(lines in prop::collection::vec(".{0,30}", 0..4)) {
            prop_assert_eq!(from_fields(lines.iter().map(String::as_str)).is_none(), lines.is_empty());
        }
    }
}
