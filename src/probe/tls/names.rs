//! What clients are given that name another site or none, and which protocols are spoken inside: a handshake of the
//! library each.

use super::Here;
use crate::{
    net::{
        Error, Phase,
        tls::{HandshakeError, Offer, handshake},
    },
    observation::{
        Alpn, AlpnProtocol, Attempt, Failure, Listing, NameAnswer, ServerNames, Support, WithoutMatch,
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

    /// The same held against a site's own certificate.
    pub(super) fn beside(&self, leaf: Option<&[u8]>) -> Attempt<ServerNames> {
        let Some(leaf) = leaf else { return Attempt::failed(Failure::Closed) };
        let told = |given: &Attempt<Given>| {
            given.clone().map(|given| match given {
                Given::Refused => NameAnswer::Refused,
                Given::Leaf(other) if other == leaf => NameAnswer::SameCertificate,
                Given::Leaf(_) => NameAnswer::OtherCertificate,
            })
        };
        Attempt::Completed(ServerNames { without: told(&self.without), wrong: told(&self.wrong) })
    }
}

/// Asks with no name and with a wrong one.
pub(super) async fn strangers(here: &Here<'_>) -> Strangers {
    Strangers { without: given(here, None).await, wrong: given(here, Some(WRONG_NAME)).await }
}

async fn given(here: &Here<'_>, name: Option<&str>) -> Attempt<Given> {
    let offer = Offer { server_name: name.map(str::to_owned), ..here.offer(&[]) };
    let mut failed = match shake(here, &offer).await {
        Ok(seen) => return leaf(seen.chain),
        Err(failed) => failed,
    };
    // a hang-up is a refusal where it comes again while the site's own name is answered
    if matches!(failed.error, Error::Reset | Error::Closed { .. }) {
        let named = shake(here, &here.offer(&[])).await;
        let answered = named.as_ref().map_or_else(|failed| !failed.chain.is_empty(), |_| true);
        drop(named);
        match shake(here, &offer).await {
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

async fn shake(here: &Here<'_>, offer: &Offer) -> Result<crate::net::tls::Handshake, Box<HandshakeError>> {
    Box::pin(handshake(here.connect().await?, offer)).await
}

/// Which protocols are chosen. `seen` were chosen before, from offers that held others too; `of_all` is what was chosen
/// from all of them at once.
pub(super) async fn alpn(
    here: &Here<'_>,
    of_all: Option<&str>,
    seen: &[Vec<u8>],
    npn: Attempt<Option<Support>>,
) -> Alpn {
    if of_all.is_none() {
        // it had every protocol to choose from, chose none and went on
        let none = Attempt::Completed(Listing::default());
        return Alpn { protocols: none, without_match: Attempt::Completed(WithoutMatch::Ignored), npn };
    }
    let mut items: Vec<AlpnProtocol> = Vec::new();
    let mut incomplete = None;
    for protocol in PROTOCOLS {
        let is_there = if seen.iter().any(|chosen| chosen == protocol) {
            Ok(true)
        } else {
            chosen(here, protocol).await.map(|chosen| chosen.as_deref().ok() == Some(protocol))
        };
        match is_there {
            Ok(true) => items.push(AlpnProtocol { name: String::from_utf8_lossy(protocol).into_owned() }),
            Ok(false) => {}
            Err(why) => {
                incomplete.get_or_insert(why);
            }
        }
    }
    let without_match = chosen(here, NO_PROTOCOL).await.map(|chosen| match chosen {
        Err(NoProtocol::Refused) => WithoutMatch::Refused,
        // the library lets no protocol pass that was not offered
        Err(NoProtocol::Silent) | Ok(_) => WithoutMatch::Ignored,
    });
    Alpn {
        protocols: Attempt::Completed(Listing { items, incomplete }),
        without_match: without_match.into(),
        npn,
    }
}

/// Why no protocol was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoProtocol {
    Refused,
    Silent,
}

/// What is chosen where this protocol alone is offered.
async fn chosen(here: &Here<'_>, protocol: &[u8]) -> Result<Result<Vec<u8>, NoProtocol>, Failure> {
    let offer = here.offer(&[protocol]);
    let mut again = true;
    loop {
        let failed = match shake(here, &offer).await {
            Ok(seen) => return Ok(seen.alpn.ok_or(NoProtocol::Silent)),
            Err(failed) => failed.error,
        };
        match failed {
            Error::Alert { description: NO_APPLICATION_PROTOCOL, .. } => return Ok(Err(NoProtocol::Refused)),
            Error::Reset | Error::Closed { during: Phase::Handshake } if again => again = false,
            error => return Err(Failure::from(&error)),
        }
    }
}
