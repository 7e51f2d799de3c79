//! A chain as a hostile server might send it: never a panic, never slow. The input is cut into certificates by a
//! length of two octets before each; what is left over is tried as a file of trusted roots
//! and as a staple.
#![no_main]

use jiff::Timestamp;
use khien::observation::Attempt;
use khien::probe::certificate::{Sent, TrustStore, certificate};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut chain = Vec::new();
    let mut rest = input;
    while let Some(([high, low], after)) = rest.split_first_chunk::<2>() {
        let Some((der, after)) = after.split_at_checked(usize::from(u16::from_be_bytes([*high, *low]))) else { break };
        chain.push(der.to_vec());
        rest = after;
    }
    let mut store = TrustStore::mozilla();
    let _ = store.add_pem(rest, "fuzz");
    let _ = certificate(&Sent { chain: &chain, staple: Attempt::Completed(Some(rest)) }, "a.gov.vn", Timestamp::UNIX_EPOCH, &store);
    // The input as one leaf, so that a corpus of plain DER helps too.
    let _ = certificate(&Sent::chain_alone(&[input.to_vec()]), "192.0.2.1", Timestamp::UNIX_EPOCH, &store);
});
