//! One Set-Cookie line: limits hold, and a prefix is never said to hold without Secure.
#![no_main]

use khien::wire::cookie;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &[u8]| {
    if let Ok(cookie) = cookie::parse(line) {
        assert!(cookie.value_length <= cookie::NAME_VALUE_LIMIT);
        assert!(cookie.prefix_holds() != Some(true) || cookie.secure);
        cookie.session_like();
    }
});
