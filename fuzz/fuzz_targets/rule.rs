//! A rule file as somebody typed it, and the texts it cites: refused with a place, or a rule whose examples run.
#![no_main]

use khien::{
    rule::{Frameworks, Rule},
    yaml::Source,
};
use libfuzzer_sys::fuzz_target;

const FRAMEWORKS: &str = include_str!("../../rules/frameworks/international.yaml");

fuzz_target!(|text: &str| {
    let source = Source::new("rule.yaml", text);
    let mut frameworks = Frameworks::default();
    frameworks.add(&Source::new("international.yaml", FRAMEWORKS)).expect("the shipped frameworks load");
    match Rule::parse(&source, &frameworks) {
        Ok(rule) => drop(rule.mismatches()),
        Err(mistakes) => assert!(!mistakes.is_empty()),
    }
    let _ = Frameworks::default().add(&source);
});
