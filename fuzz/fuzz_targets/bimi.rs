//! BIMI records.
#![no_main]

use khien::wire::bimi::Bimi;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Ok(Some(bimi)) = Bimi::select(&[input.to_vec()]) {
        assert!(bimi.logo.is_none_or(|logo| logo.len() >= 8));
    }
});
