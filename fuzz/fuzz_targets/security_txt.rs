//! A security.txt.
#![no_main]

use khien::wire::security_txt::{FIELD_LIMIT, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let file = parse(input);
    assert!(file.contacts.len() + file.others.len() + file.canonical.len() <= FIELD_LIMIT);
    assert!(!file.is_valid() || (file.expires.is_some() && !file.contacts.is_empty()));
});
