//! What servers were found to take, so that many names at one address are not asked for every version anew. A name is
//! shown what another was only where its own handshake agrees, and so does its answer to a hello for old versions.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use super::{
    hello::Question,
    reply::{Reply, ask},
    versions::REFUSALS,
};
use crate::{
    net::Lane,
    observation::{Attempt, Handshake, Support, Tls, Versions},
    wire::tls::Version,
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
}

impl Known {
    /// Keeps what a name brought, where a handshake succeeded and every version was settled.
    pub(super) fn add(&self, lane: &Lane, port: u16, host: &str, tls: &Tls) {
        let Versions { ssl2, ssl3, tls1_0, tls1_1, tls1_2, tls1_3 } = &tls.versions;
        let open =
            [ssl2, ssl3, tls1_0, tls1_1, tls1_2, tls1_3].iter().any(|found| found.completed().is_none());
        if open || tls.handshake.completed().is_none() {
            return;
        }
        let account = Account { host: host.to_owned(), tls: tls.clone() };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let accounts = known.entry((lane.address(), port)).or_default();
        if accounts.len() < MAX_ACCOUNTS {
            accounts.push(account);
        }
    }

    /// What another name at this address brought, where it holds for this one too. Handshake and connections are this
    /// one's own to fill in.
    pub(super) async fn of(&self, lane: &Lane, host: &str, port: u16, handshake: &Handshake) -> Option<Tls> {
        let account = {
            let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let accounts = known.get(&(lane.address(), port))?;
            accounts.iter().find(|account| account.host != host && account.agrees(handshake))?.clone()
        };
        // servers take old versions by name: Apache for one has SSLProtocol in every virtual host
        let reply = ask(lane, host, port, &Question::first(Version::TLS11)).await;
        account.explains(&reply).then_some(Tls { shared_with: Some(account.host), ..account.tls })
    }
}

impl Account {
    /// Whether another name's ordinary handshake ended as this one's; what is stapled belongs to the certificate.
    fn agrees(&self, handshake: &Handshake) -> bool {
        let agreed =
            |of: &Handshake| (of.version.clone(), of.cipher_suite.clone(), of.group.clone(), of.alpn.clone());
        self.tls.handshake.completed().is_some_and(|own| agreed(own) == agreed(handshake))
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
