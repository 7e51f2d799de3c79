//! `ServerKeyExchange` for any suite and version: no panic, and what parses is written back as it was.
#![no_main]

use khien::wire::{
    iana::cipher_suite,
    tls::{Version, reply::ServerKeyExchange},
};
use libfuzzer_sys::fuzz_target;

// The first two octets choose the suite, the third the version.
fuzz_target!(|input: &[u8]| {
    let Some((&[high, low, minor], data)) = input.split_first_chunk() else { return };
    let suite = u16::from_be_bytes([high, low]);
    let version = Version(0x0300 | u16::from(minor % 5));
    let Some(suite) = cipher_suite(suite).and_then(|suite| suite.properties()) else { return };
    if let Ok(exchange) = ServerKeyExchange::parse(&suite, version, data) {
        assert_eq!(exchange.to_message(version).map(|message| message.body).as_deref(), Ok(data));
    }
});
