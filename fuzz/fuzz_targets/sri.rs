//! An integrity attribute.
#![no_main]

use khien::wire::{field, sri};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let _ = sri::parse(&field::text(input));
});
