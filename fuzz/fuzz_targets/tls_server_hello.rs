//! `ServerHello::parse` and its readers: no panic, and what parses is written back as it was.
#![no_main]

use khien::wire::tls::{Version, reply::ServerHello};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(hello) = ServerHello::parse(data) else { return };
    assert_eq!(hello.to_message(Version::TLS12).map(|message| message.body).as_deref(), Ok(data));
    let _ = (hello.negotiated_version(), hello.is_retry_request(), hello.downgrade(), hello.selected_group());
    let _ = (hello.cookie(), hello.alpn(), hello.renegotiation_info(), hello.next_protocols());
    let _ = (hello.signed_certificate_timestamps(), hello.duplicated_extensions());
});
