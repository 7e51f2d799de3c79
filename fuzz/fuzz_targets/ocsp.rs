//! An OCSP response: never a panic, and what is read lies within what was sent.
#![no_main]

use khien::wire::ocsp::{RESPONSE_LIMIT, Response};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|der: &[u8]| {
    if let Ok(response) = Response::parse(der) {
        assert!(der.len() <= RESPONSE_LIMIT);
        assert_eq!(response.status == 0, response.basic.is_some());
        if let Some(basic) = response.basic {
            assert!(basic.statements.len() <= 100 && basic.certificates.len() <= 10);
            assert!(basic.signed.len() + basic.signature.len() < der.len());
        }
    }
});
