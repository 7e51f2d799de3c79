//! Records for a client with keys: the same however the stream is cut, and each within its limit.
#![no_main]

use khien::wire::tls::{Record, RecordReader};
use libfuzzer_sys::fuzz_target;

fn read(stream: &[u8], piece: usize) -> (Vec<Record>, bool) {
    let mut reader = RecordReader::default();
    let mut records = Vec::new();
    for part in stream.chunks(piece) {
        reader.feed(part);
        loop {
            match reader.next_record() {
                Ok(Some(record)) => records.push(record),
                Ok(None) => break,
                Err(_) => return (records, false),
            }
        }
    }
    (records, true)
}

fuzz_target!(|data: &[u8]| {
    let Some((piece, stream)) = data.split_first() else { return };
    let (records, _) = read(stream, usize::from(*piece).max(1));
    assert!(records.iter().all(|record| record.fragment.len() <= (1 << 14) + 2048));
    assert_eq!(records, read(stream, stream.len().max(1)).0);
});
