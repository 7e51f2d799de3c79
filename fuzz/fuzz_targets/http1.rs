//! One response stream: the first octet says how it is cut, and the cut must not change what is read.
#![no_main]

use khien::wire::http1::{Method, ReadError, Response, ResponseReader};
use libfuzzer_sys::fuzz_target;

const BODY_LIMIT: usize = 64;

fn read(stream: &[u8], size: usize) -> Result<Option<Response>, ReadError> {
    let mut reader = ResponseReader::new(Method::Get, BODY_LIMIT);
    for piece in stream.chunks(size.max(1)) {
        reader.feed(piece)?;
    }
    reader.close()?;
    Ok(reader.finish())
}

fuzz_target!(|input: &[u8]| {
    let Some((&size, stream)) = input.split_first() else { return };
    let whole = read(stream, stream.len());
    let pieces = read(stream, usize::from(size));
    match (whole, pieces) {
        (Ok(whole), Ok(pieces)) => {
            assert!(whole.as_ref().is_some_and(|response| response.body.len() <= BODY_LIMIT));
            assert_eq!(whole, pieces);
        }
        (whole, pieces) => assert_eq!(whole.is_err(), pieces.is_err()),
    }
});
