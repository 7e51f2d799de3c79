//! CAA record data: what parses is written back and parses the same.
#![no_main]

use khien::wire::caa::Property;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|rdata: &[u8]| {
    if let Ok(property) = Property::from_rdata(rdata) {
        let again = property.to_rdata().expect("the tag came out of a length octet");
        assert_eq!(Property::from_rdata(&again), Ok(property));
    }
});
