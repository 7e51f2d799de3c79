//! A Location value: what resolves can be requested, and resolves to itself.
#![no_main]

use khien::wire::http1::{Method, Request};
use khien::wire::{field, url::HttpUrl};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(base) = HttpUrl::parse("https://x.vn/a/b?c") else { return };
    if let Ok(url) = base.resolve(&field::text(input)) {
        assert!(url.target().starts_with('/'));
        let _ = url.redacted();
        // a target of more than 32 KiB is refused, nothing else
        if url.target().len() < 30_000 {
            assert!(Request::new(Method::Get, &url).encode().is_ok());
        }
    }
});
