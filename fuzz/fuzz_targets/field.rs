//! Fetch's "get, decode, and split" and list values, on lines separated by line feeds.
#![no_main]

use khien::wire::field;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let text = field::text(input);
    assert!(field::get_decode_and_split(text.split('\n')).is_some_and(|parts| !parts.is_empty()));
    assert!(field::list_values(text.split('\n')).iter().all(|part| !part.is_empty()));
});
