//! Which algorithm a server compresses its certificates with (RFC 8879), seen by a client that offers every one of them.
//! Decompresses nothing, so nothing can blow up; the handshake ends there.

use std::cell::Cell;

use rustls::{
    CertificateCompressionAlgorithm as Algorithm,
    compress::{CertDecompressor, DecompressionFailed},
};

thread_local! {
    /// The algorithm of the message that is being read on this thread: the library asks for what lives for ever, which
    /// cannot hold it. Set and taken within one call, with no await between.
    static SEEN: Cell<Option<u16>> = const { Cell::new(None) };
}

/// Notes that its algorithm was chosen, and gives up.
#[derive(Debug)]
struct Witness(Algorithm);

impl CertDecompressor for Witness {
    fn decompress(&self, _: &[u8], _: &mut [u8]) -> Result<(), DecompressionFailed> {
        SEEN.set(Some(u16::from(self.0)));
        Err(DecompressionFailed)
    }

    fn algorithm(&self) -> Algorithm {
        self.0
    }
}

static WITNESSES: [Witness; 3] =
    [Witness(Algorithm::Brotli), Witness(Algorithm::Zlib), Witness(Algorithm::Zstd)];

/// What a client offers that only wants to know.
pub(super) fn witnesses() -> Vec<&'static dyn CertDecompressor> {
    WITNESSES.iter().map(|witness| witness as &dyn CertDecompressor).collect()
}

/// Reads messages; with the number of the algorithm, where one of them was a certificate for a witness.
pub(super) fn witness<T>(read: impl FnOnce() -> T) -> (T, Option<u16>) {
    SEEN.set(None);
    let result = read();
    (result, SEEN.take())
}
