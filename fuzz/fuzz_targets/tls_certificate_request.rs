//! `CertificateRequest` in both its forms: no panic, and what parses is written back as it was.
#![no_main]

use khien::wire::tls::{Version, reply::CertificateRequest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for version in [Version::TLS11, Version::TLS12] {
        let Ok(request) = CertificateRequest::parse(version, data) else { continue };
        assert!(request.authorities.len() <= CertificateRequest::MAX_AUTHORITIES);
        assert_eq!(request.to_message(version).map(|message| message.body).as_deref(), Ok(data));
    }
});
