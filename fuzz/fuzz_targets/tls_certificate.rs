//! `Certificate`, `CertificateStatus`, `ServerHelloDone`: no panic, limits hold, what parses is written back.
#![no_main]

use khien::wire::tls::{
    Version,
    reply::{Certificate, CertificateStatus, parse_server_hello_done},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(certificate) = Certificate::parse(data) {
        assert!(certificate.chain.len() <= Certificate::MAX_CERTIFICATES);
        assert_eq!(certificate.to_message(Version::TLS12).map(|message| message.body).as_deref(), Ok(data));
    }
    if let Ok(status) = CertificateStatus::parse(data) {
        assert_eq!(status.to_message(Version::TLS12).map(|message| message.body).as_deref(), Ok(data));
    }
    assert_eq!(parse_server_hello_done(data).is_ok(), data.is_empty());
});
