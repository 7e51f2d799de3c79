//! `NewSessionTicket` and heartbeat messages: no panic, what parses is written back.
#![no_main]

use khien::wire::tls::{Heartbeat, Version, reply::NewSessionTicket};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(ticket) = NewSessionTicket::parse(data) {
        assert_eq!(ticket.to_message(Version::TLS12).map(|message| message.body).as_deref(), Ok(data));
    }
    if let Ok(message) = Heartbeat::parse(data) {
        assert_eq!(message.encode().as_deref(), Ok(data));
    }
});
