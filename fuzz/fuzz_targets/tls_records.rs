//! Record reassembly: no panic, limits hold, and the events do not depend on how the stream was cut.
#![no_main]

use khien::wire::tls::{Event, Limits, Reassembler, ReassemblyError};
use libfuzzer_sys::fuzz_target;

fn reassemble<'a>(
    pieces: impl Iterator<Item = &'a [u8]>,
    limits: Limits,
) -> (Vec<Event>, Option<ReassemblyError>) {
    let mut peer = Reassembler::new(limits);
    let mut events = Vec::new();
    let mut drain = |peer: &mut Reassembler| loop {
        match peer.next_event() {
            Ok(Some(event)) => events.push(event),
            Ok(None) => return None,
            Err(error) => return Some(error),
        }
    };
    for piece in pieces {
        peer.feed(piece);
        drain(&mut peer);
    }
    peer.finish();
    let error = drain(&mut peer);
    (events, error)
}

fuzz_target!(|data: &[u8]| {
    let Some((&size, stream)) = data.split_first() else { return };
    for limits in [Limits::default(), Limits { total: 300, message: 60, empty_records: 2 }] {
        let whole = reassemble(std::iter::once(stream), limits);
        let cut = reassemble(stream.chunks(usize::from(size).max(1)), limits);
        assert_eq!(whole, cut);
        let told: usize = whole
            .0
            .iter()
            .map(|event| match event {
                Event::Handshake(message) => {
                    assert!(message.body.len() <= limits.message);
                    message.body.len()
                }
                Event::Heartbeat(body) | Event::Sslv2(body) => body.len(),
                _ => 0,
            })
            .sum();
        assert!(told <= limits.total.min(stream.len()));
    }
});
