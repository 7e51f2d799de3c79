//! Permissions-Policy lines, separated by line feeds.
#![no_main]

use khien::wire::{field, permissions_policy};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Some(policy) = permissions_policy::from_fields(field::text(input).split('\n')) {
        assert!(policy.features.len() <= permissions_policy::FEATURE_LIMIT);
        assert!(policy.valid || policy.features.is_empty());
    }
});
