//! One TLS 1.2/1.3 handshake that takes any certificate and records it. Judges no certificate and no chain.

mod cbc;
mod compression;
mod record;
mod session;

use std::{
    io,
    net::IpAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use rustls::{
    ClientConfig, NamedGroup, SupportedProtocolVersion,
    client::Resumption,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{DnsName, ServerName},
    version::{TLS12, TLS13},
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio_rustls::TlsConnector;

use super::{
    connection::{Connection, Peer},
    error::{Error, Phase},
};
use record::Recorder;
pub use record::alert_name;
pub use session::{Compression, FirstVisit, SecondVisit, Visit};

/// Octets read at once.
const BUFFER: usize = 8192;

/// Which versions to offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Versions {
    /// TLS 1.3 and 1.2.
    #[default]
    Both,
    /// TLS 1.2 alone.
    Tls12,
    /// TLS 1.3 alone.
    Tls13,
}

/// A kind of key that servers prove themselves with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authentication {
    /// RSA, whatever the padding.
    Rsa,
    /// ECDSA, and `EdDSA` with it.
    Ecdsa,
}

/// What to put into the `ClientHello`.
#[derive(Debug, Clone, Default)]
pub struct Offer {
    /// SNI. `None`, an IP literal or a name that is none send no SNI at all (RFC 6066 section 3).
    pub server_name: Option<String>,
    /// ALPN protocols in order of preference; empty sends no ALPN.
    pub alpn: Vec<Vec<u8>>,
    /// Versions.
    pub versions: Versions,
    /// Leaves the post-quantum hybrids out. Their key share makes the hello longer than one packet, which some
    /// middleboxes drop: worth one more try after a reset or a timeout.
    pub classic_groups_only: bool,
    /// Offers only signatures of this kind, so that a server with two certificates sends the one with such a key.
    pub authentication: Option<Authentication>,
}

/// A code point with the name the IANA registry gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The code point.
    pub code: u16,
    /// Its name.
    pub name: String,
}

/// What a completed handshake showed, and the stream to speak over.
#[derive(Debug)]
pub struct Handshake {
    /// `0x0303` TLS 1.2, `0x0304` TLS 1.3.
    pub version: u16,
    /// The cipher suite.
    pub suite: Registered,
    /// The key exchange group; `None` where TLS 1.2 used none that the library names.
    pub group: Option<Registered>,
    /// The protocol the server chose.
    pub alpn: Option<Vec<u8>>,
    /// Certificates as sent, DER, leaf first.
    pub chain: Vec<Vec<u8>>,
    /// The stapled OCSP response, DER.
    pub staple: Option<Vec<u8>>,
    /// Whether SNI was sent.
    pub server_name_sent: bool,
    /// To speak HTTP over; deadline and byte cap of the connection still hold.
    pub stream: TlsStream,
}

/// A handshake that failed, with what was seen before it did: the certificate may be known although the signature
/// over the handshake could not be checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct HandshakeError {
    /// Why.
    pub error: Error,
    /// Certificates as sent, DER, leaf first; empty where it did not come that far.
    pub chain: Vec<Vec<u8>>,
    /// The stapled OCSP response, DER.
    pub staple: Option<Vec<u8>>,
}

impl From<Box<HandshakeError>> for Error {
    fn from(failed: Box<HandshakeError>) -> Self {
        failed.error
    }
}

impl From<Error> for Box<HandshakeError> {
    /// It failed before anything was seen.
    fn from(error: Error) -> Self {
        Self::new(HandshakeError { error, chain: Vec::new(), staple: None })
    }
}

/// Completes one full handshake over a fresh connection: no resumption, no early data, post-quantum group first.
///
/// Any certificate is taken; the handshake signature is checked against it, so what is recorded belongs to whoever
/// answered. Errors of the path as [`Error`] has them, [`Error::Alert`] for a received alert, [`Error::NotTls`] for a
/// peer that speaks something else.
pub async fn handshake(mut connection: Connection, offer: &Offer) -> Result<Handshake, Box<HandshakeError>> {
    let recorder = Arc::new(Recorder::new(provider(offer), offer.authentication));
    connection.restart_head();
    let fail = |error| {
        let (chain, staple) = recorder.seen();
        Box::new(HandshakeError { error, chain, staple })
    };

    let name = offer.server_name.as_deref().and_then(sni);
    let server_name_sent = name.is_some();
    let config = configure(&recorder, offer, server_name_sent).map_err(|error| fail(own_fault(&error)))?;
    let server = name
        .map_or_else(|| ServerName::IpAddress(connection.peer().logical.ip().into()), ServerName::DnsName);

    let connecting = TlsConnector::from(Arc::new(config)).connect(server, connection).into_fallible();
    let stream = match connecting.await {
        Ok(stream) => stream,
        Err((error, connection)) => return Err(fail(explain(&error, connection.head()))),
    };

    let session = stream.get_ref().1;
    let (chain, staple) = recorder.seen();
    let (Some(version), Some(suite)) = (session.protocol_version(), session.negotiated_cipher_suite()) else {
        return Err(fail(Error::Tls { detail: String::from("completed without a version or suite") }));
    };
    Ok(Handshake {
        version: u16::from(version),
        suite: registered_suite(suite.suite()),
        group: session.negotiated_key_exchange_group().map(|group| registered_group(group.name())),
        alpn: session.alpn_protocol().map(<[u8]>::to_vec),
        chain,
        staple,
        server_name_sent,
        stream: TlsStream { inner: stream, truncated: false },
    })
}

/// The one crypto provider of the tree, X25519MLKEM768 first, and the suites that only old servers choose last.
fn provider(offer: &Offer) -> Arc<CryptoProvider> {
    /// Code points of elliptic curves and finite fields end below this; hybrids lie above (IANA TLS Supported Groups).
    const FIRST_AFTER_CLASSIC: u16 = 0x0200;
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites.extend(cbc::SUITES);
    if let Some(authentication) = offer.authentication {
        let prefix = match authentication {
            Authentication::Rsa => "TLS_ECDHE_RSA_",
            Authentication::Ecdsa => "TLS_ECDHE_ECDSA_",
        };
        // Those of TLS 1.3 name no kind.
        provider.cipher_suites.retain(|suite| {
            let name = format!("{:?}", suite.suite());
            name.starts_with("TLS13_") || name.starts_with(prefix)
        });
    }
    if offer.classic_groups_only {
        provider.kx_groups.retain(|group| u16::from(group.name()) < FIRST_AFTER_CLASSIC);
    }
    Arc::new(provider)
}

fn configure(
    recorder: &Arc<Recorder>,
    offer: &Offer,
    server_name_sent: bool,
) -> Result<ClientConfig, rustls::Error> {
    const BOTH: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];
    const ONLY_12: &[&SupportedProtocolVersion] = &[&TLS12];
    const ONLY_13: &[&SupportedProtocolVersion] = &[&TLS13];
    let versions = match offer.versions {
        Versions::Both => BOTH,
        Versions::Tls12 => ONLY_12,
        Versions::Tls13 => ONLY_13,
    };
    let verifier: Arc<Recorder> = Arc::clone(recorder);
    let mut config = ClientConfig::builder_with_provider(Arc::clone(recorder.provider()))
        .with_protocol_versions(versions)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols.clone_from(&offer.alpn);
    config.enable_sni = server_name_sent;
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// The name as SNI may carry it: no IP literal, no trailing dot.
fn sni(name: &str) -> Option<DnsName<'static>> {
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.parse::<IpAddr>().is_ok() {
        return None;
    }
    DnsName::try_from(name.to_owned()).ok()
}

/// IANA writes the TLS 1.3 suites without the library's `TLS13_`.
fn registered_suite(suite: rustls::CipherSuite) -> Registered {
    let name = format!("{suite:?}");
    let name = name.strip_prefix("TLS13_").map(|rest| format!("TLS_{rest}")).unwrap_or(name);
    Registered { code: u16::from(suite), name }
}

/// IANA writes `x25519`, `x448` and `ffdhe…` in lower case, the hybrids not.
fn registered_group(group: NamedGroup) -> Registered {
    let name = format!("{group:?}");
    let name = match group {
        NamedGroup::X25519
        | NamedGroup::X448
        | NamedGroup::FFDHE2048
        | NamedGroup::FFDHE3072
        | NamedGroup::FFDHE4096
        | NamedGroup::FFDHE6144
        | NamedGroup::FFDHE8192 => name.to_ascii_lowercase(),
        _ => name,
    };
    Registered { code: u16::from(group), name }
}

fn own_fault(error: &rustls::Error) -> Error {
    Error::Local(format!("TLS client configuration: {error}"))
}

/// What a failed handshake means, from the library's error and the first bytes the peer sent.
fn explain(error: &io::Error, head: &[u8]) -> Error {
    if let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        // An alert is a TLS record, so only our own complaints can mean that no TLS was spoken.
        if !matches!(inner, rustls::Error::AlertReceived(_)) && !record::looks_like_tls(head) {
            return Error::NotTls { head: head.to_vec() };
        }
        return record::explain(inner);
    }
    match Error::from_io(error, Phase::Handshake) {
        // A peer that sent a banner of its own and hung up, or waits for ours.
        Error::Closed { .. } | Error::TimedOut { .. } if !record::looks_like_tls(head) => {
            Error::NotTls { head: head.to_vec() }
        }
        Error::TimedOut { after, .. } => Error::TimedOut { during: Phase::Handshake, after },
        Error::Closed { .. } => Error::Closed { during: Phase::Handshake },
        other => other,
    }
}

/// The inside of a completed handshake. An end without `close_notify` reads as an end and is remembered.
#[derive(Debug)]
pub struct TlsStream {
    inner: tokio_rustls::client::TlsStream<Connection>,
    truncated: bool,
}

impl TlsStream {
    /// Who is at the other end.
    pub fn peer(&self) -> &Peer {
        self.inner.get_ref().0.peer()
    }

    /// Bytes received on the wire, handshake included.
    pub fn bytes_read(&self) -> u64 {
        self.inner.get_ref().0.bytes_read()
    }

    /// Whether the peer ended the connection without `close_notify` (RFC 8446 section 6.1); data may be cut short.
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    /// Starts a new exchange: `given` counts from now.
    pub fn renew_deadline(&mut self, given: Duration) {
        self.inner.get_mut().0.renew_deadline(given);
    }

    /// Reads what is there, at least one byte; `0` is the peer's end.
    pub async fn read_some(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.read(buffer).await.map_err(|error| after_handshake(&error, Phase::Read))
    }

    /// Writes everything and flushes.
    pub async fn write_bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let result = async {
            self.write_all(bytes).await?;
            self.flush().await
        };
        result.await.map_err(|error| after_handshake(&error, Phase::Write))
    }
}

fn after_handshake(error: &io::Error, during: Phase) -> Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(inner) => record::explain(inner),
        None => Error::from_io(error, during),
    }
}

impl AsyncRead for TlsStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match ready!(Pin::new(&mut self.inner).poll_read(cx, buffer)) {
            Err(error)
                if error.kind() == io::ErrorKind::UnexpectedEof
                    && error.get_ref().is_none_or(|inner| !inner.is::<Error>()) =>
            {
                self.truncated = true;
                Poll::Ready(Ok(()))
            }
            other => Poll::Ready(other),
        }
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
