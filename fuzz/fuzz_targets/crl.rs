//! A list of revoked certificates: never a panic, and looking an entry up ends.
#![no_main]

use khien::wire::crl::Crl;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|der: &[u8]| {
    if let Ok(list) = Crl::parse(der) {
        assert!(list.signed.len() + list.signature.len() < der.len());
        let _ = list.find(&[0x10, 0x02]);
        let _ = list.find(&[]);
    }
});
