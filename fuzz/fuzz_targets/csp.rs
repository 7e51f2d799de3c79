//! Content-Security-Policy lines, separated by line feeds, and what they let frame the page.
#![no_main]

use khien::wire::csp::{Ancestor, DIRECTIVE_LIMIT, Disposition, POLICY_LIMIT, Policies, framing};
use khien::wire::field;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let text = field::text(input);
    let mut policies = Policies::default();
    policies.add_fields(text.split('\n'), Disposition::Enforce);
    assert!(policies.policies.len() <= POLICY_LIMIT);
    assert!(policies.policies.iter().all(|policy| policy.directives.len() <= DIRECTIVE_LIMIT));
    if let Some(framing) = framing(&policies, Ancestor { https: true, host: "x.vn", port: 443 }) {
        assert!(!(framing.any_ancestor_allowed && framing.none_allowed));
    }
});
