//! X-Content-Type-Options lines, separated by line feeds.
#![no_main]

use khien::wire::{content_type_options, field};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let text = field::text(input);
    assert!(content_type_options::from_fields(text.split('\n')).is_some());
});
