//! One Strict-Transport-Security value: a valid one has a max-age, an invalid one says why.
#![no_main]

use khien::wire::{field, hsts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|value: &[u8]| {
    let hsts = hsts::parse(&field::text(value));
    assert_eq!(hsts.valid, hsts.faults.is_empty());
    assert!(!hsts.valid || hsts.max_age.is_some());
});
