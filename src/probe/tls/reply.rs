//! One hello sent, and what came back: the server's choice, its alert, silence. Judges nothing.

use aws_lc_rs::rand;

use super::{hello::Question, offer::Offer};
use crate::{
    net::{Error, Lane, Purpose},
    observation::Failure,
    wire::{
        iana, sslv2,
        tls::{
            AlertLevel, Event, ExtensionType, HandshakeType, Malformed, Reassembler, ReassemblyError,
            Version,
            reply::{
                Certificate, DhParameters, EcParameters, KeyExchangeParameters, ServerHello,
                ServerKeyExchange,
            },
        },
    },
};

/// What came back for a hello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// The server chose a version.
    Chose {
        /// The version.
        version: Version,
        /// The certificates it sent in the clear, DER, leaf first; empty where none came.
        chain: Vec<Vec<u8>>,
        /// What else it chose.
        told: Box<Told>,
    },
    /// The server ended the handshake with an alert.
    Alert(u8),
    /// An `SSLv2` answer, and how many ciphers it has in common with us.
    Ssl2 {
        /// The number of cipher kinds in the SERVER-HELLO.
        ciphers: usize,
        /// The certificate, DER; empty where none came.
        certificate: Vec<u8>,
    },
    /// The peer speaks something else.
    NotTls,
    /// No usable answer.
    Silent(Error),
    /// The answer breaks the protocol.
    Broken(String),
}

/// What a server's first flight says beside the version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) suite: u16,
    /// 0 is none, 1 is DEFLATE.
    pub(super) compression: u8,
    /// The group of the key exchange, or the one asked for by a `HelloRetryRequest`.
    pub(super) group: Option<u16>,
    /// The prime of a finite-field exchange.
    pub(super) prime: Option<DhParameters>,
    /// What the key exchange is signed with, where it says so (TLS 1.2).
    pub(super) scheme: Option<u16>,
    /// Types of the hello's extensions.
    pub(super) extensions: Vec<ExtensionType>,
    /// How many signed certificate timestamps came by extension.
    pub(super) timestamps: usize,
    /// The protocol to speak inside.
    pub(super) alpn: Option<Vec<u8>>,
    /// That the rest of the flight did not come in time: the choice stands, but it cost a whole deadline.
    pub(super) late: Option<Error>,
}

impl Reply {
    /// Whether the peer spoke SSL or TLS of whatever version.
    pub(super) fn is_tls(&self) -> bool {
        matches!(self, Self::Chose { .. } | Self::Alert(_) | Self::Ssl2 { .. })
    }

    /// Why nothing can be concluded, where that is so.
    pub(super) fn failure(&self) -> Failure {
        match self {
            Self::Alert(description) => {
                Failure::Alert { description: crate::wire::iana::alert_name(*description).into_owned() }
            }
            Self::NotTls => Failure::NotTls,
            Self::Silent(error) => error.into(),
            Self::Broken(what) => Failure::Malformed(what.clone()),
            Self::Chose { version, .. } => Failure::Malformed(format!("{version}, which was not offered")),
            Self::Ssl2 { .. } => Failure::Malformed("an SSLv2 answer to a TLS hello".to_owned()),
        }
    }
}

/// Sends a hello on a connection of its own.
pub(super) async fn ask(lane: &Lane, host: &str, port: u16, question: &Question) -> Reply {
    ask_offer(lane, host, port, &question.offer()).await
}

/// Sends a hello on a connection of its own.
pub(super) async fn ask_offer(lane: &Lane, host: &str, port: u16, offer: &Offer) -> Reply {
    let octets = random()
        .and_then(|random| offer.to_records(host, random).map_err(|error| Error::Local(error.to_string())));
    match octets {
        Ok(octets) => exchange(lane, host, port, &octets).await,
        Err(error) => Reply::Silent(error),
    }
}

/// Sends an `SSLv2` hello on a connection of its own.
pub(super) async fn ask_ssl2(lane: &Lane, host: &str, port: u16) -> Reply {
    let hello = random::<16>().map(sslv2::ClientHello::new);
    match hello.and_then(|hello| hello.to_record().map_err(|error| Error::Local(error.to_string()))) {
        Ok(octets) => exchange(lane, host, port, &octets).await,
        Err(error) => Reply::Silent(error),
    }
}

/// Random octets.
pub(super) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut octets = [0; N];
    rand::fill(&mut octets).map_err(|_| Error::Local("no random numbers".to_owned()))?;
    Ok(octets)
}

async fn exchange(lane: &Lane, host: &str, port: u16, octets: &[u8]) -> Reply {
    let mut connection = match lane.connect(host, port, Purpose::Tls).await {
        Ok(connection) => connection,
        Err(error) => return Reply::Silent(error),
    };
    // a peer that answers and closes at once may make our write fail although its answer can be read
    let written = connection.write_bytes(octets).await;
    let mut reader = Reader::default();
    let mut buffer = vec![0; 8192];
    loop {
        match connection.read_some(&mut buffer).await {
            Ok(0) => {
                reader.stream.finish();
                return reader.drain().unwrap_or_else(|| reader.ended(closed(written)));
            }
            Ok(length) => {
                reader.stream.feed(buffer.get(..length).unwrap_or_default());
                if let Some(reply) = reader.drain() {
                    return reply;
                }
            }
            Err(error) => {
                reader.stream.finish();
                let mut reply = match reader.drain() {
                    None | Some(Reply::Silent(_)) => reader.ended(error.clone()),
                    Some(reply) => reply,
                };
                if let (Reply::Chose { told, .. }, Error::TimedOut { .. }) = (&mut reply, &error) {
                    told.late = Some(error);
                }
                return reply;
            }
        }
    }
}

fn closed(written: Result<(), Error>) -> Error {
    written.err().unwrap_or(Error::Closed { during: crate::net::Phase::Handshake })
}

/// Reads a server's first flight up to where it says nothing more in the clear.
#[derive(Default)]
struct Reader {
    stream: Reassembler,
    hello: Option<ServerHello>,
    chain: Vec<Vec<u8>>,
    exchange: Vec<u8>,
}

impl Reader {
    /// The reply, as soon as what was read makes one.
    fn drain(&mut self) -> Option<Reply> {
        loop {
            match self.stream.next_event() {
                Ok(None) => return None,
                Ok(Some(event)) => {
                    if let Some(reply) = self.event(event) {
                        return Some(reply);
                    }
                }
                Err(error) => return Some(self.broken(&error)),
            }
        }
    }

    fn event(&mut self, event: Event) -> Option<Reply> {
        match event {
            Event::Handshake(message) if message.kind == HandshakeType::SERVER_HELLO => {
                match ServerHello::parse(&message.body) {
                    Ok(hello) => {
                        // TLS 1.3 says nothing more in the clear
                        let done = hello.negotiated_version() >= Version::TLS13;
                        self.hello = Some(hello);
                        if done { self.chosen() } else { None }
                    }
                    Err(malformed) => Some(broken(&malformed)),
                }
            }
            Event::Handshake(message) if message.kind == HandshakeType::CERTIFICATE => {
                match Certificate::parse(&message.body) {
                    Ok(certificate) => {
                        self.chain = certificate.chain;
                        None
                    }
                    // the choice stands, whatever is wrong with the certificate
                    Err(_) => self.chosen(),
                }
            }
            Event::Handshake(message) if message.kind == HandshakeType::SERVER_KEY_EXCHANGE => {
                self.exchange = message.body;
                None
            }
            Event::Handshake(message) if message.kind == HandshakeType::SERVER_HELLO_DONE => self.chosen(),
            Event::Handshake(_) | Event::Heartbeat(_) => None,
            Event::Alert(alert) if alert.level == AlertLevel::Warning && !alert.is_end() => None,
            Event::Alert(alert) => self.chosen().or(Some(Reply::Alert(alert.description))),
            Event::ChangeCipherSpec | Event::Encrypted { .. } => self.chosen(),
            Event::NotTls(_) => Some(Reply::NotTls),
            Event::Sslv2(message) => Some(match sslv2::Message::parse(&message) {
                Ok(sslv2::Message::ServerHello(hello)) => {
                    Reply::Ssl2 { ciphers: hello.cipher_kinds.len(), certificate: hello.certificate }
                }
                Ok(_) => Reply::Ssl2 { ciphers: 0, certificate: Vec::new() },
                Err(malformed) => broken(&malformed),
            }),
        }
    }

    fn chosen(&mut self) -> Option<Reply> {
        let hello = self.hello.take()?;
        let told = Box::new(told(&hello, &self.exchange));
        Some(Reply::Chose {
            version: hello.negotiated_version(),
            chain: std::mem::take(&mut self.chain),
            told,
        })
    }

    /// The stream ended before the flight did: a choice already made stands.
    fn ended(&mut self, error: Error) -> Reply {
        self.chosen().unwrap_or(Reply::Silent(error))
    }

    fn broken(&mut self, error: &ReassemblyError) -> Reply {
        let truncated = matches!(error, ReassemblyError::Truncated { .. });
        self.chosen().unwrap_or_else(|| {
            if truncated {
                Reply::Silent(Error::Closed { during: crate::net::Phase::Handshake })
            } else {
                Reply::Broken(error.to_string())
            }
        })
    }
}

/// What a hello and its key exchange say; what cannot be read of the latter is left out.
fn told(hello: &ServerHello, exchange: &[u8]) -> Told {
    let mut told = Told {
        suite: hello.cipher_suite,
        compression: hello.compression_method,
        group: hello.selected_group().ok().flatten(),
        prime: None,
        scheme: None,
        extensions: hello.extensions.iter().flatten().map(|extension| extension.kind).collect(),
        timestamps: hello.signed_certificate_timestamps().ok().flatten().map_or(0, |list| list.len()),
        alpn: hello.alpn().ok().flatten(),
        late: None,
    };
    let properties = iana::cipher_suite(hello.cipher_suite).and_then(|suite| suite.properties());
    let parsed = properties
        .and_then(|suite| ServerKeyExchange::parse(&suite, hello.negotiated_version(), exchange).ok());
    if let Some(exchange) = parsed {
        told.scheme = exchange.signature.and_then(|signature| signature.scheme);
        match exchange.parameters {
            KeyExchangeParameters::Dh(parameters) => told.prime = Some(parameters),
            KeyExchangeParameters::Ec(EcParameters::Named { group, .. }) => told.group = Some(group),
            KeyExchangeParameters::Ec(EcParameters::Explicit { curve_type, .. }) => {
                told.group = Some(if curve_type == 1 { 0xff01 } else { 0xff02 });
            }
            _ => {}
        }
    }
    told
}

fn broken(malformed: &Malformed) -> Reply {
    Reply::Broken(malformed.to_string())
}
