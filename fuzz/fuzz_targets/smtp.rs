//! SMTP replies.
#![no_main]

use khien::wire::smtp::{LINE_LIMIT, Read, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Ok(Read::Reply(reply, taken)) = read(input) {
        assert!(taken <= input.len() && reply.lines.len() <= LINE_LIMIT);
        reply.keywords();
    }
});
