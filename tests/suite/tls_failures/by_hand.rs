//! Servers written by hand: an old one that answers up to its `ServerHelloDone` as it should, and how its octets may
//! be delivered. Also whoever stands in front of a real server and does something else to each connection.

use std::{net::SocketAddr, time::Duration};

use khien::wire::tls::{
    Alert, ClientHello, ContentType, Event, Extension, ExtensionType, HandshakeType, MAX_FRAGMENT, Message,
    Reassembler, Version, reply, to_records,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

pub(super) const HANDSHAKE_FAILURE: u8 = 40;
pub(super) const PROTOCOL_VERSION: u8 = 70;
pub(super) const UNRECOGNIZED_NAME: u8 = 112;

/// A server with RSA key exchange, for which no `ServerKeyExchange` is due (RFC 5246 section 7.4.3).
#[derive(Clone)]
pub(super) struct Old {
    /// Best first.
    pub(super) versions: Vec<Version>,
    /// Best first.
    pub(super) suites: Vec<u16>,
    /// DER, leaf first.
    pub(super) chain: Vec<Vec<u8>>,
}

/// What is said to a hello.
#[derive(Clone)]
pub(super) enum Said {
    Flight(Version, Vec<Message>),
    Refused(u8),
}

impl Old {
    /// TLS 1.0 to 1.2 with three suites of the past.
    pub(super) fn usual(chain: &[Vec<u8>]) -> Self {
        let versions = vec![Version::TLS12, Version::TLS11, Version::TLS10];
        Self { versions, suites: vec![0x002f, 0x0035, 0x000a], chain: chain.to_vec() }
    }

    pub(super) fn answer(&self, hello: &ClientHello) -> Said {
        let listed = hello.extension(ExtensionType::SUPPORTED_VERSIONS).is_some();
        let offered = hello.offered_versions().unwrap();
        let takes = |v: &&Version| if listed { offered.contains(*v) } else { **v <= hello.version };
        let Some(version) = self.versions.iter().find(takes) else { return Said::Refused(PROTOCOL_VERSION) };
        let suite = self.suites.iter().find(|suite| hello.cipher_suites.contains(suite));
        let Some(suite) = suite else { return Said::Refused(HANDSHAKE_FAILURE) };
        self.choose(*version, *suite)
    }

    /// These, whatever was offered.
    pub(super) fn choose(&self, version: Version, suite: u16) -> Said {
        let hello = reply::ServerHello {
            legacy_version: version,
            random: [7; 32],
            session_id: vec![9; 32],
            cipher_suite: suite,
            compression_method: 0,
            extensions: Some(vec![Extension::renegotiation_info(&[]).unwrap()]),
        };
        let certificate = reply::Certificate { chain: self.chain.clone() };
        let done =
            Message { record_version: version, kind: HandshakeType::SERVER_HELLO_DONE, body: Vec::new() };
        let messages =
            vec![hello.to_message(version).unwrap(), certificate.to_message(version).unwrap(), done];
        Said::Flight(version, messages)
    }
}

impl Said {
    /// Each message in records of its own of at most so many octets, or the alert, which nobody may cut (RFC 8446
    /// section 5.1).
    pub(super) fn records(&self, fragment: usize) -> Vec<Vec<u8>> {
        match self {
            Self::Flight(version, messages) => messages
                .iter()
                .map(|message| {
                    let octets = message.encode().unwrap();
                    to_records(ContentType::HANDSHAKE, *version, &octets, fragment).unwrap()
                })
                .collect(),
            Self::Refused(alert) => vec![record_of(Alert::fatal(*alert))],
        }
    }

    /// Everything in as few records as possible.
    pub(super) fn glued(&self) -> Vec<u8> {
        match self {
            Self::Flight(version, messages) => {
                let octets: Vec<u8> = messages.iter().flat_map(|message| message.encode().unwrap()).collect();
                to_records(ContentType::HANDSHAKE, *version, &octets, MAX_FRAGMENT).unwrap()
            }
            Self::Refused(_) => self.whole(),
        }
    }

    pub(super) fn whole(&self) -> Vec<u8> {
        self.records(MAX_FRAGMENT).concat()
    }
}

pub(super) fn record_of(alert: Alert) -> Vec<u8> {
    to_records(ContentType::ALERT, Version::TLS10, &alert.to_octets(), MAX_FRAGMENT).unwrap()
}

/// Listens and gives every connection to `serve` with its number, from 0.
pub(super) async fn listen<F, R>(serve: F) -> SocketAddr
where
    F: Fn(usize, TcpStream) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind(crate::peer::free_address()).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for number in 0.. {
            let Ok((stream, _)) = listener.accept().await else { return };
            stream.set_nodelay(true).unwrap();
            tokio::spawn(serve(number, stream));
        }
    });
    address
}

/// The octets of the client's hello, and the hello where it is one of SSL 3.0 or later.
pub(super) async fn hello_of(stream: &mut TcpStream) -> Option<(Vec<u8>, Option<ClientHello>)> {
    let (mut octets, mut reader) = (Vec::new(), Reassembler::default());
    loop {
        let mut buffer = [0; 8192];
        let length = stream.read(&mut buffer).await.ok().filter(|length| *length > 0)?;
        octets.extend_from_slice(&buffer[..length]);
        reader.feed(&buffer[..length]);
        match reader.next_event() {
            Ok(None) => {}
            Ok(Some(Event::Handshake(message))) => {
                let hello = ClientHello::parse(message.record_version, &message.body).ok();
                return Some((octets, hello));
            }
            _ => return Some((octets, None)),
        }
    }
}

/// What a server does with a hello of SSL 3.0 or later.
pub(super) enum Act {
    /// Writes these octets, then waits for the client to go.
    Write(Vec<u8>),
    /// One octet at a time.
    Drip(Vec<u8>),
    Reset,
    /// Waits for the client to go.
    Hang,
    /// The first part, then the second for ever.
    Endless(Vec<u8>, Vec<u8>),
}

/// A server that acts upon every hello; upon one of SSL 2.0 it closes.
pub(super) async fn server(
    act: impl Fn(usize, &ClientHello, usize) -> Act + Clone + Send + Sync + 'static,
) -> SocketAddr {
    listen(move |number, mut stream| {
        let act = act.clone();
        async move {
            let Some((octets, Some(hello))) = hello_of(&mut stream).await else { return };
            perform(stream, act(number, &hello, octets.len())).await;
        }
    })
    .await
}

pub(super) async fn perform(mut stream: TcpStream, act: Act) {
    match act {
        Act::Write(octets) => {
            let _ = stream.write_all(&octets).await;
        }
        Act::Drip(octets) => {
            for octet in octets {
                if stream.write_all(&[octet]).await.is_err() {
                    return;
                }
                tokio::task::yield_now().await;
            }
        }
        Act::Reset => return stream.set_zero_linger().unwrap(),
        Act::Hang => {}
        Act::Endless(first, again) => {
            let _ = stream.write_all(&first).await;
            while stream.write_all(&again).await.is_ok() {}
            return;
        }
    }
    wait_for_the_end(&mut stream).await;
}

/// Until the client closes.
pub(super) async fn wait_for_the_end(stream: &mut TcpStream) {
    let mut buffer = [0; 4096];
    while let Ok(Ok(1..)) = tokio::time::timeout(Duration::from_secs(30), stream.read(&mut buffer)).await {}
}
