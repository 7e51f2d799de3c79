//! TLS reporting records.
#![no_main]

use khien::wire::tls_rpt::{Reporting, reporting};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Reporting::To(places) = reporting(&[input.to_vec()]) {
        assert!(!places.is_empty());
    }
});
