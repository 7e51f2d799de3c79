//! Old holes in servers of TLS 1.2 and older, looked for by messages that no browser sends. Only where the scan may; each
//! alone, after everything else, and a second time before anything is said to be open.

mod early_ccs;
mod heartbleed;
mod robot;
mod ticketbleed;

use std::time::Duration;

use super::{
    Here,
    handshake::{Channel, Item, Stop, plain_hello},
    sessions::Old,
};
use crate::{
    net::Error,
    observation::{Attempt, Failure, Intrusive, Support, Versions, Weakness},
    probe::tls::negotiation::support,
    wire::{
        iana,
        tls::{
            ClientHello, ContentType, EncodeError, Extension, HandshakeType, Version,
            reply::{Certificate, ServerHello},
        },
    },
};

impl Here<'_> {
    /// How long an answer is waited for that a sound server does not give.
    fn short_wait(&self) -> Duration {
        self.lane.exchange_timeout() / 5
    }

    /// How long one is waited for that every server gives.
    fn long_wait(&self) -> Duration {
        self.lane.exchange_timeout() / 2
    }
}

/// What is known of the server.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) versions: &'a Versions,
    /// Pairs of version and suite.
    pub(super) accepted: &'a [(Version, u16)],
    /// Why there may be more of them.
    pub(super) incomplete: Option<&'a Failure>,
    /// For handshakes that have to be completed.
    pub(super) old: &'a Result<Option<Old>, Failure>,
}

/// Looks for all of them, one after the other.
pub(super) async fn look(here: &Here<'_>, known: &Known<'_>) -> Intrusive {
    let newest = known.newest();
    let heartbleed = match &newest {
        Err(closed) => closed.clone(),
        Ok(offer) => twice(|| heartbleed::once(here, offer)).await,
    };
    let ccs_injection = match &newest {
        Err(closed) => closed.clone(),
        Ok(offer) => twice(|| early_ccs::once(here, offer)).await,
    };
    let ticketbleed = match known.old {
        Err(why) => Attempt::failed(why.clone()),
        Ok(None) => Attempt::Completed(Weakness::NotVulnerable),
        Ok(Some(old)) => twice(|| ticketbleed::once(here, old)).await,
    };
    let robot = match known.with_rsa() {
        Err(closed) => closed,
        Ok(offer) => twice(|| robot::once(here, &offer)).await,
    };
    Intrusive { heartbleed, ccs_injection, ticketbleed, robot }
}

/// Open only where it is seen again.
async fn twice<F: Future<Output = Result<Weakness, Failure>>>(once: impl Fn() -> F) -> Attempt<Weakness> {
    match Box::pin(once()).await {
        Ok(Weakness::Vulnerable) => {}
        other => return other.into(),
    }
    match Box::pin(once()).await {
        Ok(Weakness::NotVulnerable) => {
            Attempt::failed(Failure::Malformed("it looked open once, and closed when asked again".to_owned()))
        }
        other => other.into(),
    }
}

/// One version, and suites that the server takes in it.
#[derive(Clone, Debug)]
pub(super) struct OldOffer {
    version: Version,
    suites: Vec<u16>,
}

impl Known<'_> {
    fn of(&self, wanted: impl Fn(u16) -> bool) -> Option<OldOffer> {
        let old = [Version::TLS12, Version::TLS11, Version::TLS10, Version::SSL3];
        old.into_iter().find_map(|version| {
            let of = self.accepted.iter().filter(|(of, suite)| *of == version && wanted(*suite));
            let suites: Vec<u16> = of.map(|(_, suite)| *suite).collect();
            (!suites.is_empty()).then_some(OldOffer { version, suites })
        })
    }

    /// The newest old version with all its suites; closed where there is no such version.
    fn newest(&self) -> Result<OldOffer, Attempt<Weakness>> {
        self.of(|_| true).ok_or_else(|| {
            let open = [Version::TLS12, Version::TLS11, Version::TLS10, Version::SSL3]
                .into_iter()
                .any(|version| support(self.versions, version).completed() != Some(&Support::NotOffered));
            match self.incomplete {
                _ if !open => Attempt::Completed(Weakness::NotVulnerable),
                Some(why) => Attempt::failed(why.clone()),
                None => Attempt::failed(Failure::Closed),
            }
        })
    }

    /// With key exchange by RSA alone.
    fn with_rsa(&self) -> Result<OldOffer, Attempt<Weakness>> {
        let by_rsa = |code| {
            let suite = iana::cipher_suite(code).and_then(|suite| suite.properties());
            suite.is_some_and(|suite| suite.key_exchange == iana::KeyExchange::Rsa && !suite.export)
        };
        self.of(by_rsa).ok_or_else(|| match self.incomplete {
            None => Attempt::Completed(Weakness::NotVulnerable),
            Some(why) => Attempt::failed(why.clone()),
        })
    }
}

/// A connection on which the server has said all it says of itself, and waits for the client.
struct Waiting {
    channel: Channel,
    hello: ServerHello,
    chain: Vec<Vec<u8>>,
}

/// Opens one, with these further extensions and this session id.
async fn waiting(here: &Here<'_>, offer: &OldOffer, more: Vec<Extension>) -> Result<Waiting, Failure> {
    let mut failed = Failure::Closed;
    // once more after a hang-up: what comes after it decides
    for _ in 0..2 {
        let connection = here.connect().await.map_err(|error| Failure::from(&error))?;
        let mut channel = Channel::new(connection);
        let hello = hello(here, offer, more.clone());
        let octets = hello.and_then(|hello| hello.to_records());
        let octets = octets.map_err(|error| Failure::OurBug(error.to_string()))?;
        match first_flight(&mut channel, &octets).await {
            Ok((hello, chain)) => return Ok(Waiting { channel, hello, chain }),
            Err(stop) => {
                failed = stop.failure();
                if !matches!(stop, Stop::Lost(Error::Reset | Error::Closed { .. })) {
                    break;
                }
            }
        }
    }
    Err(failed)
}

fn hello(here: &Here<'_>, offer: &OldOffer, more: Vec<Extension>) -> Result<ClientHello, EncodeError> {
    let mut suites = offer.suites.clone();
    suites.push(iana::EMPTY_RENEGOTIATION_INFO_SCSV);
    let groups: Vec<u16> = iana::named_groups().map(|group| group.code).collect();
    let mut hello = plain_hello(here.host, offer.version, suites, &groups)?;
    if let Some(extensions) = &mut hello.extensions {
        extensions.extend(more);
    }
    Ok(hello)
}

/// Up to `ServerHelloDone`.
async fn first_flight(channel: &mut Channel, hello: &[u8]) -> Result<(ServerHello, Vec<Vec<u8>>), Stop> {
    channel.write(hello).await?;
    let (mut answer, mut chain) = (None, Vec::new());
    loop {
        match channel.next().await? {
            Item::Message { kind: HandshakeType::SERVER_HELLO, body, .. } => {
                let hello = ServerHello::parse(&body)?;
                channel.speak(hello.negotiated_version());
                answer = Some(hello);
            }
            Item::Message { kind: HandshakeType::CERTIFICATE, body, .. } => {
                chain = Certificate::parse(&body)?.chain;
            }
            Item::Message { kind: HandshakeType::SERVER_HELLO_DONE, .. } => break,
            Item::Message { .. } | Item::Warning(_) => {}
            Item::ChangeCipherSpec | Item::Heartbeat(_) | Item::Data(_) => {
                return Err(Stop::Broken("something else than a first flight".to_owned()));
            }
        }
    }
    let hello = answer.ok_or_else(|| Stop::Broken("no ServerHello".to_owned()))?;
    Ok((hello, chain))
}

/// Makes a server that waits say something: a message that only servers send.
async fn nudge(channel: &mut Channel) -> Result<(), Stop> {
    channel.send(ContentType::HANDSHAKE, &[HandshakeType::SERVER_HELLO_DONE.0, 0, 0, 0]).await
}
