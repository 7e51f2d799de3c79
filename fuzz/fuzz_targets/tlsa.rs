//! TLSA record data, and certificates held against it.
#![no_main]

use khien::wire::tlsa::Tlsa;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Ok(record) = Tlsa::from_rdata(input) {
        assert_eq!(record.to_rdata(), input);
        record.place_in(&[input.to_vec()]);
    }
});
