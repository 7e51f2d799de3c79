//! DKIM key records.
#![no_main]

use khien::wire::dkim::{Key, KeyRecord};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Ok(KeyRecord { key: Key::Rsa { bits }, .. }) = KeyRecord::parse(input) {
        assert!(bits > 0);
    }
});
