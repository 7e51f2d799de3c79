//! X-Content-Type-Options by the Fetch standard's "determine nosniff". No other module decides what counts.

use super::field::get_decode_and_split;

/// What the X-Content-Type-Options fields of one response do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentTypeOptions {
    /// Browsers turn sniffing off: the first value is `nosniff`, without regard to case.
    pub nosniff: bool,
    /// All values after joining and splitting, as sent. Only the first one has an effect.
    pub values: Vec<String>,
}

/// Reads the fields of one response, in the order sent. `None` when there is no such field.
pub fn from_fields<V: AsRef<str>>(lines: impl IntoIterator<Item = V>) -> Option<ContentTypeOptions> {
    let values = get_decode_and_split(lines)?;
    let nosniff = values.first().is_some_and(|first| first.eq_ignore_ascii_case("nosniff"));
    Some(ContentTypeOptions { nosniff, values })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nosniff(lines: &[&str]) -> Option<bool> {
        from_fields(lines.iter().copied()).map(|options| options.nosniff)
    }

    /// The table of the web platform tests for `nosniff`, and what peers dispute.
    #[test]
    fn first_value_decides() {
        for (lines, expected) in [
            (&["nosniff"][..], Some(true)),
            (&["NoSniFF"], Some(true)),
            (&["nosniff,nosniff"], Some(true)),
            (&["nosniff", "no"], Some(true)),
            (&["nosniff,"], Some(true)),
            (&["nosniff\t,"], Some(true)),
            (&[" nosniff "], Some(true)),
            (&["nosniff", "nosniff"], Some(true)),
            (&["no,nosniff"], Some(false)),
            (&["no", "nosniff"], Some(false)),
            (&[",nosniff"], Some(false)),
            (&["", "nosniff"], Some(false)),
            (&["nosniff;"], Some(false)),
            (&["\"nosniff\""], Some(false)),
            (&["'nosniff'"], Some(false)),
            (&["nosniff\u{c}"], Some(false)),
            (&["nosniff\u{a0}"], Some(false)),
            (&["NOSNIFF mode=block"], Some(false)),
            (&[""], Some(false)),
            (&[], None),
        ] {
            assert_eq!(nosniff(lines), expected, "{lines:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(lines in prop::collection::vec(".{0,30}", 0..4)) {
            let options = from_fields(lines.iter().map(String::as_str));
            prop_assert_eq!(options.is_none(), lines.is_empty());
        }
    }
}
