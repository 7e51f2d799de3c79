//! `ClientHello::parse` and its readers: no panic, and what parses is written back as it was.
#![no_main]

use khien::wire::tls::{ClientHello, Version};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(hello) = ClientHello::parse(Version::TLS10, data) else { return };
    assert_eq!(hello.encode_body().as_deref(), Ok(data));
    let _ = (hello.server_name(), hello.supported_groups(), hello.signature_algorithms());
    let _ = (hello.alpn(), hello.key_shares(), hello.offered_versions(), hello.duplicated_extensions());
});
