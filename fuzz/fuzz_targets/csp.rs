//! Content-Security-Policy lines, separated by line feeds, what they let frame the page and what is weak in them.
#![no_main]

use khien::wire::csp::{
    Ancestor, DIRECTIVE_LIMIT, Disposition, POLICY_LIMIT, Policies, Policy, Source, WEAKNESS_LIMIT, framing,
    weaknesses,
};
use khien::wire::field;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let text = field::text(input);
    let mut policies = Policies::default();
    policies.add_fields(text.split('\n'), Disposition::Enforce);
    policies.add(Policy::parse(&text, Source::Meta, Disposition::Enforce));
    assert!(policies.policies.len() <= POLICY_LIMIT);
    assert!(policies.policies.iter().all(|policy| policy.directives.len() <= DIRECTIVE_LIMIT));
    let page = Ancestor { https: true, host: "x.vn", port: 443 };
    if let Some(framing) = framing(&policies, page) {
        assert!(!(framing.any_ancestor_allowed && framing.none_allowed));
    }
    let (found, more) = weaknesses(&policies, page);
    assert!(found.len() <= WEAKNESS_LIMIT);
    assert!(!more || found.len() == WEAKNESS_LIMIT);
    assert!(found.iter().all(|weakness| !weakness.quotes.is_empty()));
});
