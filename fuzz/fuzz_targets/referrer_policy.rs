//! Referrer-Policy lines, separated by line feeds, and the same text as a meta element's content.
#![no_main]

use khien::wire::{field, referrer_policy};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let text = field::text(input);
    assert!(referrer_policy::from_fields(text.split('\n')).is_some());
    referrer_policy::from_meta(&text);
});
