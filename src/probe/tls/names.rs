//! What clients are given that name another site or none, and which protocols are spoken inside: a handshake of the
//! library each, or a hello by hand where the library knows nothing that the server does.

use super::{
    Here,
    asker::Peer as _,
    offer::{Named, Offer},
    reply::{self, Reply},
};
use crate::{
    net::{
        self, Error, Phase,
        tls::{HandshakeError, alert_name, handshake},
    },
    observation::{
        Alpn, AlpnProtocol, Attempt, Failure, Handshake, Listing, NameAnswer, ServerNames, Support,
        WithoutMatch,
    },
    wire::{
        iana::{self, KeyExchange},
        tls::Version,
    },
};

/// A name that nobody can own (RFC 6761 section 6.4).
const WRONG_NAME: &str = "another-site.invalid";
/// A protocol that nobody has.
const NO_PROTOCOL: &[u8] = b"khien-none";
/// The protocols that are offered together, and then each alone.
pub(super) const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];
/// RFC 7301 section 3.2.
const NO_APPLICATION_PROTOCOL: u8 = 120;

/// Who answered to a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// The certificate, DER.
    Leaf(Vec<u8>),
    Refused,
}

/// Who answers to no name, and to a wrong one.
#[derive(Clone, Debug)]
pub(super) struct Strangers {
    without: Attempt<Given>,
    wrong: Attempt<Given>,
}

impl Strangers {
    /// Nobody was asked.
    pub(super) fn unseen(why: &Attempt<Given>) -> Self {
        Self { without: why.clone(), wrong: why.clone() }
    }

    /// The same held against a site's own certificate; why not, where it was not seen.
    pub(super) fn beside(&self, leaf: Attempt<&[u8]>) -> Attempt<ServerNames> {
        leaf.map(|leaf| self.beside_leaf(leaf))
    }

    fn beside_leaf(&self, leaf: &[u8]) -> ServerNames {
        let told = |given: &Attempt<Given>| {
            given.clone().map(|given| match given {
                Given::Refused => NameAnswer::Refused,
                Given::Leaf(other) if other == leaf => NameAnswer::SameCertificate,
                Given::Leaf(_) => NameAnswer::OtherCertificate,
            })
        };
        ServerNames { without: told(&self.without), wrong: told(&self.wrong) }
    }
}

/// How a server is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By a handshake of the library.
    Library,
    /// By a hello with these parts: up to TLS 1.2 all of the answer stands in the clear.
    ByHand(Box<Offer>),
}

impl Way {
    /// The way that leads in; why there is none. `accepted`: pairs of version and suite that the server chose.
    pub(super) fn of(handshake: &Attempt<Handshake>, accepted: &[(Version, u16)]) -> Attempt<Self> {
        let Attempt::Failed { failed } = handshake else { return handshake.as_ref().map(|_| Self::Library) };
        // others send no certificate, or more than the hello's parts allow for
        let usual = |code: u16| {
            let usual = [KeyExchange::Rsa, KeyExchange::Dhe, KeyExchange::Ecdhe];
            let suite = iana::cipher_suite(code).and_then(|suite| suite.properties());
            suite.is_some_and(|suite| usual.contains(&suite.key_exchange))
        };
        let usual: Vec<&(Version, u16)> = accepted.iter().filter(|(_, suite)| usual(*suite)).collect();
        let Some(newest) = usual.iter().map(|(version, _)| *version).max() else {
            return Attempt::failed(failed.clone());
        };
        let suites = usual.iter().filter(|(version, _)| *version == newest).map(|(_, suite)| *suite);
        Attempt::Completed(Self::ByHand(Box::new(Offer::new(newest, suites.collect()))))
    }
}

/// Asks with no name and with a wrong one.
pub(super) async fn strangers(here: &Here<'_>, way: &Way) -> Strangers {
    Strangers {
        without: given(here, way, Named::Nobody).await,
        wrong: given(here, way, Named::Other(WRONG_NAME)).await,
    }
}

async fn given(here: &Here<'_>, way: &Way, name: Named) -> Attempt<Given> {
    let mut failed = match shake(here, way, name, &[]).await {
        Ok(seen) => return leaf(seen.chain),
        Err(failed) => failed,
    };
    // a hang-up is a refusal where it comes again while the site's own name is answered
    if matches!(failed.error, Error::Reset | Error::Closed { .. }) {
        let named = shake(here, way, Named::Site, &[]).await;
        let answered = named.map_or_else(|failed| !failed.chain.is_empty(), |_| true);
        match shake(here, way, name, &[]).await {
            Ok(seen) => return leaf(seen.chain),
            Err(again) if answered && matches!(again.error, Error::Reset | Error::Closed { .. }) => {
                return Attempt::Completed(Given::Refused);
            }
            Err(again) => failed = again,
        }
    }
    match failed.error {
        _ if !failed.chain.is_empty() => leaf(failed.chain),
        Error::Alert { .. } => Attempt::Completed(Given::Refused),
        error => super::super::failure::untested(&error),
    }
}

fn leaf(chain: Vec<Vec<u8>>) -> Attempt<Given> {
    match chain.into_iter().next() {
        Some(leaf) => Attempt::Completed(Given::Leaf(leaf)),
        None => Attempt::failed(Failure::Closed),
    }
}

/// What an answer shows.
struct Shaken {
    chain: Vec<Vec<u8>>,
    alpn: Option<Vec<u8>>,
}

async fn shake(
    here: &Here<'_>,
    way: &Way,
    name: Named,
    alpn: &[&'static [u8]],
) -> Result<Shaken, Box<HandshakeError>> {
    match way {
        Way::Library => {
            let named = match name {
                Named::Site => Some(here.host),
                Named::Other(name) => Some(name),
                Named::Nobody => None,
            };
            let offer = net::tls::Offer { server_name: named.map(str::to_owned), ..here.offer(alpn) };
            let seen = Box::pin(handshake(here.connect().await?, &offer)).await?;
            Ok(Shaken { chain: seen.chain, alpn: seen.alpn })
        }
        Way::ByHand(offer) => {
            if !here.may_ask() {
                return Err(Error::BudgetSpent { what: net::Budget::TlsPerJob }.into());
            }
            let offer = Offer { named: name, alpn: alpn.to_vec(), ..(**offer).clone() };
            Ok(shaken(reply::ask_offer(here.lane, here.host, here.port, &offer).await)?)
        }
    }
}

/// The answer to a hello by hand, as the library would tell it.
fn shaken(reply: Reply) -> Result<Shaken, Error> {
    match reply {
        Reply::Chose { chain, told, .. } => Ok(Shaken { chain, alpn: told.alpn }),
        Reply::Alert(description) => {
            Err(Error::Alert { level: 2, description, name: alert_name(description).to_owned() })
        }
        Reply::Silent(error) => Err(error),
        other => Err(Error::Tls { detail: other.failure().to_string() }),
    }
}

/// Which protocols are chosen. `agreed`: an ordinary handshake that offered all of them; `seen` was chosen before, from an
/// offer that held others too.
pub(super) async fn alpn(
    here: &Here<'_>,
    way: &Way,
    agreed: Option<&Handshake>,
    seen: Option<Vec<u8>>,
    npn: Attempt<Option<Support>>,
) -> Attempt<Alpn> {
    let of_all = match agreed {
        Some(agreed) => agreed.alpn.as_ref().map(|chosen| chosen.as_bytes().to_vec()),
        None => match shake(here, way, Named::Site, &PROTOCOLS).await {
            Ok(shaken) => shaken.alpn,
            // it has none of them, and says so
            Err(failed) if is_no_protocol(&failed.error) => {
                let protocols = Attempt::Completed(Listing::default());
                let without_match = Attempt::Completed(WithoutMatch::Refused);
                return Attempt::Completed(Alpn { protocols, without_match, npn });
            }
            Err(failed) => return super::super::failure::untested(&failed.error),
        },
    };
    let Some(of_all) = of_all else {
        // it had every protocol to choose from, chose none and went on
        let protocols = Attempt::Completed(Listing::default());
        let without_match = Attempt::Completed(WithoutMatch::Ignored);
        return Attempt::Completed(Alpn { protocols, without_match, npn });
    };
    let seen: Vec<Vec<u8>> = std::iter::once(of_all).chain(seen).collect();
    let mut items: Vec<AlpnProtocol> = Vec::new();
    let mut incomplete = None;
    for protocol in PROTOCOLS {
        let is_there = if seen.iter().any(|chosen| chosen == protocol) {
            Ok(true)
        } else {
            chosen(here, way, protocol).await.map(|chosen| chosen.as_deref().ok() == Some(protocol))
        };
        match is_there {
            Ok(true) => items.push(AlpnProtocol { name: String::from_utf8_lossy(protocol).into_owned() }),
            Ok(false) => {}
            Err(why) => {
                incomplete.get_or_insert(why);
            }
        }
    }
    let without_match = chosen(here, way, NO_PROTOCOL).await.map(|chosen| match chosen {
        Err(NoProtocol::Refused) => WithoutMatch::Refused,
        // the library lets no protocol pass that was not offered, and one by hand is as if none was chosen
        Err(NoProtocol::Silent) | Ok(_) => WithoutMatch::Ignored,
    });
    Attempt::Completed(Alpn {
        protocols: Attempt::Completed(Listing { items, incomplete }),
        without_match: without_match.into(),
        npn,
    })
}

fn is_no_protocol(error: &Error) -> bool {
    matches!(error, Error::Alert { description: NO_APPLICATION_PROTOCOL, .. })
}

/// Why no protocol was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoProtocol {
    Refused,
    Silent,
}

/// What is chosen where this protocol alone is offered.
async fn chosen(
    here: &Here<'_>,
    way: &Way,
    protocol: &'static [u8],
) -> Result<Result<Vec<u8>, NoProtocol>, Failure> {
    let mut again = true;
    loop {
        let failed = match shake(here, way, Named::Site, &[protocol]).await {
            Ok(seen) => return Ok(seen.alpn.ok_or(NoProtocol::Silent)),
            Err(failed) => failed.error,
        };
        match failed {
            error if is_no_protocol(&error) => return Ok(Err(NoProtocol::Refused)),
            Error::Reset | Error::Closed { during: Phase::Handshake } if again => again = false,
            error => return Err(Failure::from(&error)),
        }
    }
}
