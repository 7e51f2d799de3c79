//! A scoring method as somebody typed it.
#![no_main]

use khien::{score::Method, yaml::Source};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(method) = Method::parse(Source::new("method.yaml", text)) {
        for score in 0..=100 {
            assert!(method.grade(score).is_some());
        }
    }
});
