//! Whether a server of TLS 1.3 compresses its certificates (RFC 8879): a client that offers every algorithm, and goes on
//! until the certificate comes. Decompresses nothing, so nothing can blow up.

use std::{cell::Cell, sync::Arc};

use rustls::{
    CertificateCompressionAlgorithm as Algorithm, ClientConnection,
    compress::{CertDecompressor, DecompressionFailed},
    pki_types::ServerName,
};

use super::{BUFFER, Offer, Recorder, Versions, configure, own_fault, provider, record, sni};
use crate::net::{
    connection::Connection,
    error::{Error, Phase},
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

/// The number of the algorithm (IANA: 1 zlib, 2 brotli, 3 zstd) that the server compresses its certificate with for a
/// client that has all three; `None` where it sends it as it is. The versions of the offer do not count.
pub async fn compression(mut connection: Connection, offer: &Offer) -> Result<Option<u16>, Error> {
    let offer = Offer { versions: Versions::Tls13, ..offer.clone() };
    let recorder = Arc::new(Recorder::new(provider(&offer), offer.authentication));
    let name = offer.server_name.as_deref().and_then(sni);
    let mut config = configure(&recorder, &offer, name.is_some()).map_err(|error| own_fault(&error))?;
    config.cert_decompressors = WITNESSES.iter().map(|witness| witness as &dyn CertDecompressor).collect();
    let server = name
        .map_or_else(|| ServerName::IpAddress(connection.peer().logical.ip().into()), ServerName::DnsName);
    let mut session = ClientConnection::new(Arc::new(config), server).map_err(|error| own_fault(&error))?;
    let mut buffer = vec![0; BUFFER];
    loop {
        let mut out = Vec::new();
        while session.wants_write() {
            session.write_tls(&mut out).map_err(|error| Error::Local(error.to_string()))?;
        }
        connection.write_bytes(&out).await?;
        // to the end, so that the server is not left in the middle
        if !session.is_handshaking() {
            return Ok(None);
        }
        let length = connection.read_some(&mut buffer).await?;
        if length == 0 {
            return Err(Error::Closed { during: Phase::Handshake });
        }
        let mut received = buffer.get(..length).unwrap_or_default();
        while !received.is_empty() {
            session.read_tls(&mut received).map_err(|error| Error::Local(error.to_string()))?;
            SEEN.set(None);
            if let Err(error) = session.process_new_packets() {
                return match SEEN.take() {
                    Some(algorithm) => Ok(Some(algorithm)),
                    // it came as it is, whatever is wrong with the signature under it
                    None if !recorder.seen().0.is_empty() => Ok(None),
                    None => Err(record::explain(&error)),
                };
            }
        }
    }
}
