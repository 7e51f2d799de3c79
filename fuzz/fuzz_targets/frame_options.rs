//! X-Frame-Options lines, separated by line feeds.
#![no_main]

use khien::wire::{field, frame_options};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let text = field::text(input);
    assert!(frame_options::from_fields(text.split('\n')).is_some_and(|options| !options.values.is_empty()));
});
