//! SPF records, separated by line feeds: picked, read, and none of them a surprise.
#![no_main]

use khien::wire::spf::{MacroString, Record, Selected, select};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let texts: Vec<Vec<u8>> = input.split(|octet| *octet == b'\n').map(<[u8]>::to_vec).collect();
    if let Selected::One(text) = select(&texts)
        && let Ok(record) = Record::parse(text)
    {
        assert!(text.is_ascii());
        assert!(record.directives.len() <= text.len());
    }
    if let Ok(text) = std::str::from_utf8(input) {
        let _ = MacroString::parse_explanation(text);
    }
});
