//! DMARC policy records and the names of a tree walk.
#![no_main]

use khien::wire::dmarc::{Record, ReportUri, TXT_LIMIT, organizational_domain, tree};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    Record::parse(input);
    let text = String::from_utf8_lossy(input);
    if let Some(uri) = ReportUri::parse(&text) {
        uri.consent_name(&text);
    }
    assert!(tree(&text).len() <= TXT_LIMIT);
    organizational_domain(&text);
});
