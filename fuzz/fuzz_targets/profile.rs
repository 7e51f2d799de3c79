//! A guideline to compare with, as somebody typed it.
#![no_main]

use khien::{profile::Profiles, yaml::Source};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(profiles) = Profiles::parse([Source::new("a.yaml", text)]) {
        for profile in profiles.all() {
            assert!(profile.levels.len() > 1);
        }
    }
});
