//! Alt-Svc lines, separated by line feeds.
#![no_main]

use khien::wire::{
    alt_svc::{self, ALTERNATIVE_LIMIT, AltSvc},
    field,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Some(AltSvc::Alternatives(all)) = alt_svc::from_fields(field::text(input).split('\n')) {
        assert!(all.len() <= ALTERNATIVE_LIMIT);
    }
});
