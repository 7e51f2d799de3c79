//! What servers were found to take, so that many names at one address are not asked for every version anew. A name is
//! shown what another was only where its own handshake agrees, and so does its answer to a hello for old versions.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use super::{
    hello::Question,
    negotiated::Negotiated,
    reply::{Reply, ask},
    versions::REFUSALS,
};
use crate::{
    net::Lane,
    observation::{Attempt, Handshake, Support, Versions},
    wire::tls::Version,
};

/// The most accounts of one address: names beyond that are each asked for everything.
const MAX_ACCOUNTS: usize = 16;

/// The servers of one run.
#[derive(Debug, Default)]
pub struct Known(Mutex<HashMap<(IpAddr, u16), Vec<Account>>>);

/// What one name brought.
#[derive(Clone, Debug)]
pub(super) struct Account {
    /// The name it was found out with.
    pub(super) host: String,
    pub(super) versions: Versions,
    pub(super) negotiated: Negotiated,
    handshake: Agreed,
}

/// What an ordinary handshake agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Agreed {
    version: String,
    cipher_suite: String,
    group: Option<String>,
    alpn: Option<String>,
}

impl Known {
    /// Keeps what a name brought; only what was found out whole.
    pub(super) fn add(
        &self,
        lane: &Lane,
        port: u16,
        host: &str,
        handshake: &Handshake,
        versions: &Versions,
        negotiated: &Negotiated,
    ) {
        let Versions { ssl2, ssl3, tls1_0, tls1_1, tls1_2, tls1_3 } = versions;
        if [ssl2, ssl3, tls1_0, tls1_1, tls1_2, tls1_3].iter().any(|found| found.completed().is_none()) {
            return;
        }
        let account = Account {
            host: host.to_owned(),
            versions: versions.clone(),
            negotiated: negotiated.clone(),
            handshake: Agreed::on(handshake),
        };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let accounts = known.entry((lane.address(), port)).or_default();
        if accounts.len() < MAX_ACCOUNTS {
            accounts.push(account);
        }
    }

    /// The account of another name at this address that holds for this one too.
    pub(super) async fn of(
        &self,
        lane: &Lane,
        host: &str,
        port: u16,
        handshake: &Handshake,
    ) -> Option<Account> {
        let account = {
            let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let accounts = known.get(&(lane.address(), port))?;
            let agreed = Agreed::on(handshake);
            accounts.iter().find(|account| account.handshake == agreed && account.host != host)?.clone()
        };
        // servers take old versions by name: Apache for one has SSLProtocol in every virtual host
        let reply = ask(lane, host, port, &Question::first(Version::TLS11)).await;
        account.explains(&reply).then_some(account)
    }
}

impl Account {
    /// Whether a server like that answers so to a hello for TLS 1.1 at most.
    fn explains(&self, reply: &Reply) -> bool {
        let offered = |found: &Attempt<Support>| found.completed() == Some(&Support::Offered);
        let Versions { ssl3, tls1_0, tls1_1, .. } = &self.versions;
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

impl Agreed {
    fn on(handshake: &Handshake) -> Self {
        let Handshake { version, cipher_suite, group, alpn, ocsp_staple: _ } = handshake;
        Self {
            version: version.clone(),
            cipher_suite: cipher_suite.clone(),
            group: group.clone(),
            alpn: alpn.clone(),
        }
    }
}
