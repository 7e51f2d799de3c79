//! An observation document of unknown origin, judged by every rule: refused, or one finding per rule.
#![no_main]

use std::sync::LazyLock;

use khien::{observation::Document, rule::RuleSet};
use libfuzzer_sys::fuzz_target;

static RULES: LazyLock<RuleSet> = LazyLock::new(|| RuleSet::built_in().expect("the shipped rules load"));

fuzz_target!(|text: &[u8]| {
    if let Ok(document) = Document::parse(text) {
        let findings = RULES.evaluate(&document);
        assert_eq!(findings.len(), RULES.rules().len());
        for finding in findings {
            assert!(finding.verdict != khien::rule::Verdict::Fail || !finding.evidence.is_empty());
        }
    }
});
