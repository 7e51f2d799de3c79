//! SSLv2 messages: no panic, and what parses is written back as it was.
#![no_main]

use khien::wire::sslv2::Message;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(message) = Message::parse(data) else { return };
    // A body above 32,767 octets fits no record; the parser is given any slice.
    match message.to_record() {
        Ok(record) => assert_eq!(record.get(2..), Some(data)),
        Err(_) => assert!(data.len() > 0x7fff),
    }
});
