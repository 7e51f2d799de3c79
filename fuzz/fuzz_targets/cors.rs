//! Access-Control-Allow-Origin lines, and the last one as Access-Control-Allow-Credentials.
#![no_main]

use khien::wire::{cors, field};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let text = field::text(input);
    let (origins, credentials) = text.rsplit_once('\n').unwrap_or((&text, ""));
    if let Some(cors) = cors::from_fields(origins.split('\n'), [credentials], "https://x.example") {
        assert!(!cors.asker_reads_with_credentials() || credentials == "true");
    }
});
