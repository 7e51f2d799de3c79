//! The cross-origin policies of lines, separated by line feeds.
#![no_main]

use khien::wire::{cross_origin, field};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let text = field::text(input);
    let _ = cross_origin::opener(text.split('\n'));
    let _ = cross_origin::embedder(text.split('\n'));
    let _ = cross_origin::resource(text.split('\n'));
});
