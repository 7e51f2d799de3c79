//! Permissions-Policy: a structured dictionary (RFC 9651) from features to those who may use them. Which feature a site
//! should close is a rule's question.

use sfv::{BareItem, Dictionary, ListEntry, Parser};

/// Features kept of one response.
pub const FEATURE_LIMIT: usize = 100;

/// What the Permissions-Policy fields of one response say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionsPolicy {
    /// All lines joined by `, `.
    pub raw: String,
    /// The whole is a dictionary; browsers drop it as a whole where it is not.
    pub valid: bool,
    /// The features in the order sent, at most [`FEATURE_LIMIT`].
    pub features: Vec<Feature>,
    /// There were more.
    pub cut_short: bool,
}

/// One feature of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// Its name, `geolocation`.
    pub name: String,
    /// Who may use it.
    pub allow: Allow,
}

/// Who may use a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allow {
    /// Nobody: `()`, or nothing in the list that a browser understands.
    None,
    /// The page's own origin.
    SelfOnly,
    /// Origins that are listed, `self` perhaps among them.
    Listed,
    /// Everybody: `*`.
    All,
}

/// Reads the fields of one response. `None` when there is no such field.
pub fn from_fields<V: AsRef<str>>(lines: impl IntoIterator<Item = V>) -> Option<PermissionsPolicy> {
    let raw = super::field::joined(lines)?;
    let parsed = Parser::new(&raw).parse::<Dictionary>();
    let mut policy =
        PermissionsPolicy { raw: raw.clone(), valid: parsed.is_ok(), features: Vec::new(), cut_short: false };
    let Ok(dictionary) = parsed else { return Some(policy) };
    policy.cut_short = dictionary.len() > FEATURE_LIMIT;
    policy.features = dictionary
        .iter()
        .take(FEATURE_LIMIT)
        .map(|(name, entry)| Feature { name: name.as_str().to_owned(), allow: allow(entry) })
        .collect();
    Some(policy)
}

/// Permissions Policy §5.2: the tokens `*` and `self`, and strings that are origins; everything else is ignored.
fn allow(entry: &ListEntry) -> Allow {
    let items: Vec<&BareItem> = match entry {
        ListEntry::Item(item) => vec![&item.bare_item],
        ListEntry::InnerList(list) => list.items.iter().map(|item| &item.bare_item).collect(),
    };
    let token = |wanted: &str| {
        items.iter().any(|item| matches!(item, BareItem::Token(token) if token.as_str() == wanted))
    };
    let listed = items.iter().any(|item| match item {
        BareItem::String(text) => {
            url::Url::parse(text.as_str()).is_ok_and(|url| url.origin().is_tuple())
                // https://*.example.org is allowed there
                || text.as_str().contains("://*.")
        }
        _ => false,
    });
    match (token("*"), listed, token("self")) {
        (true, _, _) => Allow::All,
        (false, true, _) => Allow::Listed,
        (false, false, true) => Allow::SelfOnly,
        (false, false, false) => Allow::None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn features(lines: &[&str]) -> Option<Vec<(String, Allow)>> {
        let policy = from_fields(lines.iter().copied()).unwrap();
        policy.valid.then(|| policy.features.into_iter().map(|f| (f.name, f.allow)).collect())
    }

    #[test]
    fn features_and_who_may_use_them() {
        for (line, expected) in [
            ("geolocation=()", Some(Allow::None)),
            ("geolocation=self", Some(Allow::SelfOnly)),
            ("geolocation=(self)", Some(Allow::SelfOnly)),
            ("geolocation=*", Some(Allow::All)),
            ("geolocation=(self *)", Some(Allow::All)),
            ("geolocation=(self \"https://a.vn\")", Some(Allow::Listed)),
            ("geolocation=(\"https://*.a.vn\")", Some(Allow::Listed)),
            ("geolocation", Some(Allow::None)), // ?1, which means nothing here
            ("geolocation=(none)", Some(Allow::None)),
            ("geolocation=();report-to=a", Some(Allow::None)),
            // the last of two counts (RFC 9651 §4.2.2)
            ("geolocation=*, geolocation=()", Some(Allow::None)),
            // Feature-Policy's grammar, and what people mix up
            ("geolocation 'none'", None),
            ("geolocation=('self')", None),
            ("geolocation=self;", None),
            ("Geolocation=()", None),
            ("geolocation=(), ", None),
            ("geolocation=(); camera=()", None),
        ] {
            let found = features(&[line]).map(|features| {
                assert_eq!((features.len(), features[0].0.as_str()), (1, "geolocation"), "{line}");
                features[0].1
            });
            assert_eq!(found, expected, "{line}");
        }
        assert_eq!(features(&["a=()", "b=*"]).unwrap().len(), 2);
        assert_eq!(features(&[""]), Some(Vec::new()));
        assert_eq!(from_fields([""; 0]), None);
    }

    #[test]
    fn there_is_a_limit() {
        let line = (0..500).map(|number| format!("f{number}=()")).collect::<Vec<_>>().join(", ");
        let policy = from_fields([line]).unwrap();
        assert!(policy.cut_short && policy.features.len() == FEATURE_LIMIT);
    }

    proptest! {
        #[test]
        fn never_panics(lines in prop::collection::vec(".{0,40}|[a-z*=();, \"]{0,30}", 0..4)) {
            let _ = from_fields(lines);
        }
    }
}
