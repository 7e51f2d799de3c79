//! A list of signed certificate timestamps, and a certificate's body without it: never a panic, and taking the list out
//! a second time changes nothing.
#![no_main]

use khien::wire::sct::{Entry, parse_list, without_timestamps};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Ok(timestamps) = parse_list(octets) {
        assert!(timestamps.len() <= 50);
        for timestamp in timestamps.into_iter().flatten() {
            assert!(timestamp.signed_octets(Entry::Certificate(octets)).is_some());
        }
    }
    if let Some(without) = without_timestamps(octets) {
        assert_eq!(without_timestamps(&without).as_ref(), Some(&without));
    }
});
