//! MTA-STS records and policy files: what parses is written back and parses the same.
#![no_main]

use khien::wire::mta_sts::{Policy, announced};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    announced(&[input.to_vec()]);
    if let Ok(policy) = Policy::parse(input) {
        assert_eq!(Policy::parse(policy.to_file().as_bytes()), Ok(policy));
    }
});
