//! Content-Type lines, separated by line feeds.
#![no_main]

use khien::wire::{content_type, field};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Some(found) = content_type::from_fields(field::text(input).split('\n')) {
        assert!(found.essence.contains('/'));
    }
});
