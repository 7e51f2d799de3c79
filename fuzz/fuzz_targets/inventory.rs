//! An inventory as somebody typed it: refused with a place, or understood; never a panic.
#![no_main]

use khien::{target, yaml::Source};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match target::load(&Source::new("targets.yaml", text)) {
        Ok(loaded) => {
            for (unit, site) in loaded.inventory.sites() {
                assert_eq!(loaded.inventory.unit(&unit.id).map(|u| &u.id), Some(&unit.id));
                assert!(loaded.inventory.is_inventoried(&site.host));
            }
        }
        Err(mistakes) => assert!(mistakes.count() > 0),
    }
});
