//! A coded body; its first octet chooses the coding.
#![no_main]

use khien::wire::content_coding::decode;
use libfuzzer_sys::fuzz_target;

const CODINGS: [&str; 6] = ["gzip", "deflate", "br", "zstd", "gzip, br", "zstd, deflate"];

fuzz_target!(|input: &[u8]| {
    let Some((first, body)) = input.split_first() else { return };
    let coding = CODINGS[usize::from(*first) % CODINGS.len()];
    if let Ok(decoded) = decode([coding], body.to_vec(), 4096) {
        assert!(decoded.body.len() <= 4096);
    }
});
