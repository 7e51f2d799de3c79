//! What servers were found to take, so that many names at one address are not asked for every version anew. A name is
//! shown what another was only where its own handshake agrees, and so do its answers to a hello for old versions and,
//! where TLS 1.3 hides it, to one for TLS 1.2.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use super::{
    hello::Question,
    names::Strangers,
    reply::{Reply, ask},
    versions::REFUSALS,
};
use crate::{
    net::Lane,
    observation::{Attempt, Failure, Handshake, Listing, Support, Tls, Versions},
    wire::tls::{ExtensionType, Version},
};

/// The most accounts of one address: names beyond that are each asked for everything.
const MAX_ACCOUNTS: usize = 16;

/// The servers of one run.
#[derive(Debug, Default)]
pub struct Known(Mutex<HashMap<(IpAddr, u16), Vec<Account>>>);

/// What one name brought.
#[derive(Clone, Debug)]
struct Account {
    /// The name it was found out with.
    host: String,
    tls: Tls,
    /// Who answers there to names that nobody has.
    strangers: Strangers,
    /// Its answer to the hello for TLS 1.2 that others are asked, once one has been.
    tls12: Option<Likeness>,
}

/// What names that share a configuration have in common in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Likeness {
    version: Version,
    suite: u16,
    group: Option<u16>,
    extensions: Vec<ExtensionType>,
}

impl Likeness {
    fn of(reply: &Reply) -> Option<Self> {
        let Reply::Chose { version, told, .. } = reply else { return None };
        let mut extensions = told.extensions.clone();
        // whether the name is acknowledged is the name's own
        extensions.retain(|kind| *kind != ExtensionType::SERVER_NAME);
        Some(Self { version: *version, suite: told.suite, group: told.group, extensions })
    }
}

impl Known {
    /// Keeps what a name brought, where a handshake succeeded, every version was settled and no list was cut short.
    pub(super) fn add(&self, lane: &Lane, port: u16, host: &str, tls: &Tls, strangers: Strangers) {
        let Versions { ssl2, ssl3, tls1_0, tls1_1, tls1_2, tls1_3 } = &tls.versions;
        let open =
            [ssl2, ssl3, tls1_0, tls1_1, tls1_2, tls1_3].iter().any(|found| found.completed().is_none());
        if open || tls.handshake.completed().is_none() || !is_whole(tls) {
            return;
        }
        let account = Account { host: host.to_owned(), tls: tls.clone(), strangers, tls12: None };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let accounts = known.entry((lane.address(), port)).or_default();
        if accounts.len() < MAX_ACCOUNTS {
            accounts.push(account);
        }
    }

    /// What another name at this address brought, where it holds for this one too; `sent`: this one's certificates.
    /// Handshake and connections are this one's own to fill in.
    pub(super) async fn of(
        &self,
        lane: &Lane,
        host: &str,
        port: u16,
        handshake: &Handshake,
        sent: &[Vec<u8>],
    ) -> Option<Tls> {
        let mut account = {
            let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let accounts = known.get(&(lane.address(), port))?;
            accounts.iter().find(|account| account.host != host && account.agrees(handshake))?.clone()
        };
        // servers take old versions by name: Apache for one has SSLProtocol in every virtual host
        let reply = ask(lane, host, port, &Question::first(Version::TLS11)).await;
        if !account.explains(&reply) {
            return None;
        }
        if account.has_both() {
            // behind TLS 1.3 two names may have other suites of TLS 1.2
            let question = Question::first(Version::TLS12);
            let own = Likeness::of(&ask(lane, host, port, &question).await)?;
            let there = match account.tls12.take() {
                Some(there) => there,
                None => Likeness::of(&ask(lane, &account.host, port, &question).await)?,
            };
            self.remember(lane, port, &account.host, &there);
            if own != there {
                return None;
            }
        }
        let server_names = match sent.first() {
            Some(leaf) => account.strangers.beside(Attempt::Completed(leaf)),
            None => Attempt::failed(Failure::Closed),
        };
        Some(Tls { shared_with: Some(account.host), server_names, ..account.tls })
    }

    /// Keeps a name's answer to the hello for TLS 1.2.
    fn remember(&self, lane: &Lane, port: u16, host: &str, answer: &Likeness) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let accounts = known.get_mut(&(lane.address(), port));
        if let Some(account) = accounts.and_then(|all| all.iter_mut().find(|account| account.host == host)) {
            account.tls12.get_or_insert_with(|| answer.clone());
        }
    }
}

/// Whether every list is all there is: one cut short is nobody else's.
fn is_whole(tls: &Tls) -> bool {
    fn whole<T>(list: &Attempt<Listing<T>>) -> bool {
        list.completed().is_some_and(|list| list.incomplete.is_none())
    }
    whole(&tls.cipher_suites)
        && whole(&tls.suite_order)
        && whole(&tls.groups)
        && whole(&tls.dh_primes)
        && whole(&tls.signatures)
        && whole(&tls.intolerances)
}

impl Account {
    /// Whether another name's ordinary handshake ended as this one's; what is stapled belongs to the certificate.
    fn agrees(&self, handshake: &Handshake) -> bool {
        let agreed =
            |of: &Handshake| (of.version.clone(), of.cipher_suite.clone(), of.group.clone(), of.alpn.clone());
        self.tls.handshake.completed().is_some_and(|own| agreed(own) == agreed(handshake))
    }

    /// Whether it has TLS 1.2 behind TLS 1.3.
    fn has_both(&self) -> bool {
        let offered = |found: &Attempt<Support>| found.completed() == Some(&Support::Offered);
        offered(&self.tls.versions.tls1_2) && offered(&self.tls.versions.tls1_3)
    }

    /// Whether a server like that answers so to a hello for TLS 1.1 at most.
    fn explains(&self, reply: &Reply) -> bool {
        let offered = |found: &Attempt<Support>| found.completed() == Some(&Support::Offered);
        let Versions { ssl3, tls1_0, tls1_1, .. } = &self.tls.versions;
        let best = [(tls1_1, Version::TLS11), (tls1_0, Version::TLS10), (ssl3, Version::SSL3)]
            .into_iter()
            .find_map(|(found, version)| offered(found).then_some(version));
        match (best, reply) {
            (Some(best), Reply::Chose { version, .. }) => *version == best,
            (None, Reply::Alert(alert)) => REFUSALS.contains(alert),
            _ => false,
        }
    }
}
