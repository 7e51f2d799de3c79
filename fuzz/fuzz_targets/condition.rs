//! A condition over a document with unseen facts: whatever parses and is accepted by the linter runs within its budget
//! and never turns what was not seen into a fault of the rule.
#![no_main]

use std::sync::LazyLock;

use khien::rule::condition::{Condition, Expected, Facts, Names};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "tls": {"offered": true, "versions": {"TLSv1.2": "offered", "TLSv1.0": {"failed": "reset"}}, "handshake": {"skipped": "budget"}},
        "http": {"https_reachable": true, "hsts": {"raw": "max-age=1", "valid": true, "max_age": 1}, "cookies": {"items": [{"name": "a", "secure": true}], "incomplete": "reset"}},
        "dns": {"failed": "refused"},
    })
});

fuzz_target!(|text: &str| {
    let Ok(condition) = Condition::parse(text) else { return };
    let accepted = condition.check(&Names::endpoint(), Expected::Bool).is_empty();
    if !accepted {
        return;
    }
    let mut facts = Facts::new();
    for name in ["tls", "http", "dns"] {
        facts.bind(name, &DOCUMENT[name]);
    }
    let _ = condition.decide(&facts);
    let _ = condition.value(&facts);
});
