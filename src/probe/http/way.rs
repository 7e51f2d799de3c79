//! How a visitor's requests reach a host: which address, through which lane, within which budget, and what was
//! answered before. Knows no redirect.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use crate::{
    net::{Budget, Lane, Net},
    observation::{Attempt, Failure, Http2, Phase, Skip},
    probe::{
        dns,
        failure::{spent, untested},
    },
    wire::{http1::Method, url::HttpUrl},
};

use super::{
    Reply,
    exchange::{Ask, Kept, fetch},
    h2,
};

/// Addresses of one host that are tried where earlier ones cannot be reached at all.
const TRIES: usize = 3;

/// One visitor's way to all hosts of a site's visits. Holds at most one lane, and none while it waits for another or
/// for a name.
pub(super) struct Way<'a> {
    net: &'a Net,
    agent: String,
    /// Sent with every request.
    fields: &'static [(&'static str, &'static str)],
    lane: Option<Lane>,
    /// Of the lane that is held.
    kept: Option<Kept>,
    /// Requests sent to an address, lanes given back included.
    spent: HashMap<IpAddr, u32>,
    /// Answers to requests without cookies, and failures, by URL.
    known: HashMap<HttpUrl, Attempt<Arc<Reply>>>,
    hosts: HashMap<String, Attempt<Vec<IpAddr>>>,
}

impl<'a> Way<'a> {
    pub(super) fn new(net: &'a Net) -> Self {
        Self {
            net,
            agent: net.user_agent(),
            fields: &[],
            lane: None,
            kept: None,
            spent: HashMap::new(),
            known: HashMap::new(),
            hosts: HashMap::new(),
        }
    }

    /// The same under another name, with further fields.
    pub(super) fn named(self, agent: String, fields: &'static [(&'static str, &'static str)]) -> Self {
        Self { agent, fields, ..self }
    }

    /// Whether pages may be asked for under other names.
    pub(super) fn may_impersonate(&self) -> bool {
        self.net.options().impersonate
    }

    /// Tells the addresses of a host that was looked up already.
    pub(super) fn settle(&mut self, host: &str, addresses: Vec<IpAddr>) {
        self.hosts.insert(host.to_owned(), Attempt::Completed(addresses));
    }

    /// Tells what a URL answered already.
    pub(super) fn learn(&mut self, url: HttpUrl, outcome: Attempt<Arc<Reply>>) {
        self.known.insert(url, outcome);
    }

    /// Counts requests that somebody sent for this site before.
    pub(super) fn count(&mut self, address: IpAddr, requests: u32) {
        *self.spent.entry(address).or_default() += requests;
    }

    /// The answer to a GET. What is known is not asked again, unless there are cookies to send and it did answer.
    pub(super) async fn get(&mut self, url: &HttpUrl, cookies: Option<&str>) -> Attempt<Arc<Reply>> {
        if let Some(known) = self.known.get(url)
            && (cookies.is_none() || known.completed().is_none())
        {
            return known.clone();
        }
        let field = cookies.map(|cookies| [("Cookie", cookies)]);
        let outcome = self.ask(url, Method::Get, field.as_ref().map_or(&[], |field| &field[..])).await;
        if cookies.is_none() || outcome.completed().is_none() {
            self.known.insert(url.clone(), outcome.clone());
        }
        outcome
    }

    /// The addresses of a host: what the operator pinned, what was settled, else what the resolver says.
    pub(super) async fn addresses(&mut self, host: &str, port: u16) -> Attempt<Vec<IpAddr>> {
        if let Some(known) = self.hosts.get(host) {
            return known.clone();
        }
        if let Some(pinned) = self.net.pinned(host, port) {
            return Attempt::Completed(vec![pinned]);
        }
        self.leave();
        let found = dns::addresses(self.net, host).await;
        self.hosts.insert(host.to_owned(), found.clone());
        found
    }

    /// Gives the lane back.
    pub(super) fn leave(&mut self) {
        self.kept = None;
        if let Some(lane) = self.lane.take() {
            self.count(lane.address(), lane.spent().1);
        }
    }

    /// The answer to a request with fields of its own; neither what is known nor what comes is shared with others.
    pub(super) async fn ask(
        &mut self,
        url: &HttpUrl,
        method: Method,
        fields: &[(&str, &str)],
    ) -> Attempt<Arc<Reply>> {
        let addresses = match self.addresses(bare(url.host()), url.port()).await {
            Attempt::Completed(addresses) => addresses,
            other => return other.and_then(|_| Attempt::failed(Failure::NoAddress)),
        };
        let mut first = None;
        for address in addresses.into_iter().take(TRIES) {
            let outcome = self.ask_at(address, url, method, fields).await;
            if !unreached(&outcome) {
                return outcome;
            }
            first.get_or_insert(outcome);
        }
        first.unwrap_or_else(|| Attempt::failed(Failure::NoAddress))
    }

    /// The first answer of the site once more over HTTP/2, at the address that gave it.
    pub(super) async fn over_http2(&mut self, first: &Reply) -> Attempt<Option<Http2>> {
        if let Err(refused) = self.enter(first.address).await {
            return refused;
        }
        let Some(lane) = &self.lane else {
            return Attempt::failed(Failure::OurBug(String::from("the lane was lost")));
        };
        if self.left(lane) == 0 {
            return Attempt::failed(spent(Budget::HttpPerJob));
        }
        h2::observe(lane, first, &self.agent).await
    }

    /// Takes the lane of this address.
    async fn enter<T>(&mut self, address: IpAddr) -> Result<(), Attempt<T>> {
        if self.lane.as_ref().is_none_or(|lane| lane.address() != address) {
            // The lane that is held goes first: nobody waits for one while holding another.
            self.leave();
            match self.net.lane(address).await {
                Ok(lane) => self.lane = Some(lane),
                Err(error) => return Err(untested(&error)),
            }
        }
        Ok(())
    }

    /// Requests that the site may still cost at the address of this lane.
    fn left(&self, lane: &Lane) -> u32 {
        // A lane taken again counts from zero, the site's budget at this address does not.
        let before = self.spent.get(&lane.address()).copied().unwrap_or(0).saturating_add(lane.spent().1);
        self.net.options().budgets.http_per_job.saturating_sub(before)
    }

    async fn ask_at(
        &mut self,
        address: IpAddr,
        url: &HttpUrl,
        method: Method,
        fields: &[(&str, &str)],
    ) -> Attempt<Arc<Reply>> {
        if let Err(refused) = self.enter(address).await {
            return refused;
        }
        let Some(lane) = &self.lane else {
            return Attempt::failed(Failure::OurBug(String::from("the lane was lost")));
        };
        let left = self.left(lane);
        if left == 0 {
            return Attempt::failed(spent(Budget::HttpPerJob));
        }
        let given = self.net.options().exchange_timeout;
        let fields = [self.fields, fields].concat();
        let ask = Ask { url, agent: &self.agent, method, fields: &fields, given, retry: left > 1 };
        fetch(lane, &ask, &mut self.kept).await.map(Arc::new)
    }
}

/// Whether nothing came to the other side, so that a browser would try the next address.
fn unreached(outcome: &Attempt<Arc<Reply>>) -> bool {
    matches!(
        outcome,
        Attempt::Skipped { skipped: Skip::ForbiddenAddress | Skip::Budget }
            | Attempt::Failed {
                failed: Failure::Refused
                    | Failure::Unreachable
                    | Failure::TimedOut { during: Phase::Connect, .. }
            }
    )
}

/// A host without the dot at its end, as the inventory and DNS facts write it.
pub(super) fn bare(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}
