//! A zone once a run: its delegation and servers asked directly, its SOA, keys and wildcard by the resolver.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::{Arc, atomic::AtomicU32},
};

use jiff::Timestamp;
use tokio::task::JoinSet;

use super::{
    Lookup, cut,
    server::{Asker, Seen, Servers, server},
    signing, untested,
};
use crate::{
    net::{
        Net, Once, Resolver,
        resolver::{Cut, Outcome, Outward, RecordType, Station, plain, rdata::SOA},
    },
    observation::{
        Attempt, Delegation, DomainName, Failure, Glue, Listing, NameServer, Network, ParentView, RecordSet,
        ServerName, Signing, Skip, Soa, limits,
    },
};

/// Zones that are remembered at once.
const MOST_ZONES: usize = 50_000;
/// Name servers that are remembered at once.
const MOST_SERVERS: usize = 50_000;
/// Names of name servers that are remembered at once.
const MOST_NAMES: usize = 50_000;

/// What a run remembers of zones and of name servers.
#[derive(Debug)]
pub struct Zones {
    facts: Once<String, ZoneFacts>,
    servers: Arc<Servers>,
    /// A and AAAA of name servers' names.
    names: Once<String, (Lookup, Lookup)>,
}

impl Default for Zones {
    fn default() -> Self {
        let names = Once::new(MOST_NAMES);
        Self { facts: Once::new(MOST_ZONES), servers: Arc::new(Servers::new(MOST_SERVERS)), names }
    }
}

/// What all names of a zone share.
#[derive(Debug, Clone)]
pub(super) struct ZoneFacts {
    pub(super) soa: Attempt<Soa>,
    pub(super) signing: Attempt<Signing>,
    pub(super) delegation: Attempt<Delegation>,
    pub(super) wildcard: Attempt<bool>,
    pub(super) record_sets: Vec<RecordSet>,
}

impl ZoneFacts {
    pub(super) fn unknown(failure: &Failure) -> Self {
        Self {
            soa: Attempt::failed(failure.clone()),
            signing: Attempt::failed(failure.clone()),
            delegation: Attempt::failed(failure.clone()),
            wildcard: Attempt::failed(failure.clone()),
            record_sets: Vec::new(),
        }
    }
}

/// The zone a name lies in, as the way down from the root says, where it could be gone.
pub(super) struct Place {
    pub(super) cut: Option<Arc<Cut>>,
    /// Why it is not known.
    pub(super) why_not: Attempt<Delegation>,
}

/// Goes down to the zone of a name.
pub(super) async fn place(net: &Net, host: &str) -> Place {
    let nowhere = |why_not| Place { cut: None, why_not };
    match net.outward().await {
        Outward::Open => {}
        Outward::Closed(_) => return nowhere(Attempt::skipped(Skip::DirectDnsClosed)),
        Outward::NoHints => return nowhere(Attempt::skipped(Skip::NotRequested)),
    }
    match net.descend(host).await {
        Err(error) => nowhere(untested(&error)),
        Ok(descent) => match (descent.cuts.last(), &descent.stopped) {
            (Some(cut), _) => {
                Place { cut: Some(Arc::clone(cut)), why_not: Attempt::skipped(Skip::DoesNotApply) }
            }
            (None, Some(error)) => nowhere(untested(error)),
            (None, None) => nowhere(Attempt::skipped(Skip::DoesNotApply)),
        },
    }
}

impl Zones {
    /// The zone's facts; the first who asks waits for them, the others share them.
    pub(super) async fn of(&self, net: &Net, zone: &str, place: &Place, at: Timestamp) -> ZoneFacts {
        let cell = self.facts.of(zone.to_owned());
        cell.get_or_init(|| Box::pin(self.ask(net, zone, place, at))).await.clone()
    }

    async fn ask(&self, net: &Net, zone: &str, place: &Place, at: Timestamp) -> ZoneFacts {
        let resolver = net.resolver();
        let delegation = async {
            match &place.cut {
                Some(cut) if cut.zone == zone => Attempt::Completed(self.delegation(net, cut).await),
                Some(_) => Attempt::skipped(Skip::DoesNotApply),
                None => place.why_not.clone(),
            }
        };
        let (delegation, (soa, signing, record_sets), wildcard) = tokio::join!(
            Box::pin(delegation),
            Box::pin(by_resolver(resolver, zone, at)),
            Box::pin(wildcard(resolver, zone, net.options().seed)),
        );
        ZoneFacts { soa, signing: Attempt::Completed(signing), delegation, wildcard, record_sets }
    }

    /// Both NS sets, every name in them, every address behind those.
    async fn delegation(&self, net: &Net, cut: &Cut) -> Delegation {
        let asker = Asker { net: net.clone(), asked: Arc::new(AtomicU32::new(0)) };
        let mut names: BTreeMap<String, ServerName> = BTreeMap::new();
        let mut seen: Vec<Seen> = Vec::new();
        let mut own: Option<Vec<String>> = None;
        let mut pending: Vec<String> = cut.servers.clone();
        // The parent's names first; what the zone itself adds to them second.
        for _ in 0..2 {
            let room = limits::NAME_SERVERS.saturating_sub(names.len());
            let found = self.look_up(net, pending.iter().take(room), cut).await;
            let mut stations = Vec::new();
            for (name, mut addresses) in found {
                addresses.sort_unstable();
                addresses.dedup();
                stations.extend(
                    addresses.into_iter().map(|address| Station { name: name.name.clone(), address }),
                );
                names.insert(name.name.clone(), name);
            }
            let room = limits::SERVERS.saturating_sub(seen.len());
            stations.sort();
            seen.extend(self.servers(&asker, &cut.zone, stations.into_iter().take(room)).await);
            seen.sort_by_key(|seen| (seen.server.name.clone(), seen.server.address));
            own = seen.iter().find_map(|seen| seen.ns.clone());
            let all: BTreeSet<&String> = seen.iter().filter_map(|seen| seen.ns.as_ref()).flatten().collect();
            pending = all.into_iter().filter(|name| !names.contains_key(*name)).cloned().collect();
            if pending.is_empty() {
                break;
            }
        }
        let mut delegation = describe(cut, names, &seen, own);
        delegation.intrusive = net.options().intrusive;
        delegation.queries = asker.asked.load(std::sync::atomic::Ordering::Relaxed);
        delegation
    }

    /// What the resolver says of names, and their addresses with the parent's glue among them. Zones share servers, so
    /// each name is looked up once.
    async fn look_up(
        &self,
        net: &Net,
        names: impl Iterator<Item = &String>,
        cut: &Cut,
    ) -> Vec<(ServerName, Vec<IpAddr>)> {
        let mut under_way = JoinSet::new();
        for name in names {
            let (resolver, name) = (net.resolver().clone(), name.clone());
            let glue: Vec<IpAddr> =
                cut.glue.iter().filter(|glue| glue.name == name).map(|glue| glue.address).collect();
            let cell = self.names.of(name.clone());
            under_way.spawn(async move {
                let (a, aaaa) = cell.get_or_init(|| Box::pin(resolver.addresses(&name))).await;
                server_name(name.clone(), a, aaaa, &glue)
            });
        }
        let mut all = Vec::new();
        while let Some(joined) = under_way.join_next().await {
            all.extend(joined.ok());
        }
        all
    }

    async fn servers(&self, asker: &Asker, zone: &str, stations: impl Iterator<Item = Station>) -> Vec<Seen> {
        let mut under_way = JoinSet::new();
        for station in stations {
            let (asker, servers, zone) = (asker.clone(), Arc::clone(&self.servers), zone.to_owned());
            under_way.spawn(async move { server(&asker, &servers, &zone, &station).await });
        }
        // a panic in one task costs that server, not the zone
        let mut all = Vec::new();
        while let Some(joined) = under_way.join_next().await {
            all.extend(joined.ok());
        }
        all
    }
}

fn server_name(name: String, a: &Lookup, aaaa: &Lookup, glue: &[IpAddr]) -> (ServerName, Vec<IpAddr>) {
    let of = |lookup: &Lookup| -> Vec<IpAddr> {
        lookup
            .as_ref()
            .map(super::addresses_of)
            .unwrap_or_default()
            .iter()
            .map(|found| found.address)
            .collect()
    };
    let (v4, v6) = (of(a), of(aaaa));
    let known: Vec<IpAddr> = v4.iter().chain(&v6).copied().collect();
    let has = |lookup: &Lookup, found: bool| match lookup {
        Ok(_) => Attempt::Completed(found),
        Err(error) => untested(error),
    };
    let glue_agrees = match (a, aaaa) {
        _ if glue.is_empty() => Attempt::Completed(true),
        (Ok(_), Ok(_)) => Attempt::Completed(glue.iter().all(|address| known.contains(address))),
        (Err(error), _) | (_, Err(error)) => untested(error),
    };
    let described = ServerName {
        name,
        alias: super::cname(a, aaaa).map(|chain| !chain.items.is_empty()),
        nxdomain: super::nxdomain(a, aaaa),
        ipv4: has(a, !v4.is_empty()),
        ipv6: has(aaaa, !v6.is_empty()),
        glue_agrees,
    };
    (described, known.into_iter().chain(glue.iter().copied()).collect())
}

fn describe(
    cut: &Cut,
    names: BTreeMap<String, ServerName>,
    seen: &[Seen],
    own: Option<Vec<String>>,
) -> Delegation {
    let domains = |names: Vec<String>| {
        Listing::capped(names.into_iter().map(|name| DomainName { name }), limits::NAME_SERVERS)
    };
    let none = || Failure::Malformed(String::from("no server of the zone answers as one"));
    let lacking = |from: &[String], in_this: &[String]| -> Vec<String> {
        from.iter().filter(|name| !in_this.contains(name)).cloned().collect()
    };
    let (only_parent, only_own) = match (&own, cut.referred) {
        (None, _) => (Attempt::failed(none()), Attempt::failed(none())),
        (Some(_), false) => (Attempt::Completed(Listing::default()), Attempt::Completed(Listing::default())),
        (Some(own), true) => (
            Attempt::Completed(domains(lacking(&cut.servers, own))),
            Attempt::Completed(domains(lacking(own, &cut.servers))),
        ),
    };
    let sets: BTreeSet<&Vec<String>> = seen.iter().filter_map(|seen| seen.ns.as_ref()).collect();
    let serials: BTreeSet<u32> =
        seen.iter().filter_map(|seen| seen.server.serial.completed().copied().flatten()).collect();
    let same = |count: usize| match count {
        0 => Attempt::failed(none()),
        count => Attempt::Completed(count == 1),
    };
    let networks: BTreeSet<String> = seen
        .iter()
        .filter(|seen| seen.server.authoritative == Attempt::Completed(true))
        .map(|seen| prefix(seen.server.address))
        .collect();
    let servers: Vec<NameServer> = seen.iter().map(|seen| seen.server.clone()).collect();
    Delegation {
        zone: cut.zone.clone(),
        parent: Attempt::Completed(cut.referred.then(|| ParentView {
            zone: cut.parent.clone(),
            said_by: format!("{} ({})", cut.said_by.name, cut.said_by.address),
            servers: domains(cut.servers.clone()),
            glue: Listing::capped(
                cut.glue.iter().map(|glue| Glue { name: glue.name.clone(), address: glue.address }),
                limits::SERVERS,
            ),
        })),
        own: own.map_or_else(|| Attempt::failed(none()), |own| Attempt::Completed(domains(own))),
        only_parent,
        only_own,
        same_ns: same(sets.len()),
        same_serial: same(serials.len()),
        names: Listing::capped(names.into_values(), limits::NAME_SERVERS),
        servers: Listing::capped(servers, limits::SERVERS),
        networks: Listing::capped(networks.into_iter().map(|prefix| Network { prefix }), limits::SERVERS),
        intrusive: false,
        queries: 0,
    }
}

/// The /24 of an IPv4 address, the /48 of an IPv6 one.
fn prefix(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            format!("{}/48", std::net::Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

/// SOA, keys, and the status of the record sets at the apex.
async fn by_resolver(
    resolver: &Resolver,
    zone: &str,
    at: Timestamp,
) -> (Attempt<Soa>, Signing, Vec<RecordSet>) {
    let (soa, ns, mx, txt, caa) = tokio::join!(
        Box::pin(resolver.lookup(zone, RecordType::SOA)),
        Box::pin(resolver.lookup(zone, RecordType::NS)),
        Box::pin(resolver.lookup(zone, RecordType::MX)),
        Box::pin(resolver.lookup(zone, RecordType::TXT)),
        Box::pin(resolver.lookup(zone, RecordType::CAA)),
    );
    let (signing, keys) = Box::pin(signing::signing(resolver, zone, at, &soa, &ns)).await;
    let unsupported = signing::all_unsupported(&signing);
    let sets = [
        (RecordType::SOA, &soa),
        (RecordType::NS, &ns),
        (RecordType::DNSKEY, &keys),
        (RecordType::MX, &mx),
        (RecordType::TXT, &txt),
        (RecordType::CAA, &caa),
    ];
    let record_sets =
        sets.iter().map(|(kind, lookup)| signing::record_set(zone, *kind, lookup, unsupported)).collect();
    (start_of_authority(&soa), signing, record_sets)
}

fn start_of_authority(lookup: &Lookup) -> Attempt<Soa> {
    let answer = match lookup {
        Ok(answer) => answer,
        Err(error) => return untested(error),
    };
    let Some(soa) = answer.data::<SOA>().next() else {
        return Attempt::failed(Failure::Malformed(String::from("the zone's apex has no SOA record")));
    };
    let mailbox = plain(&soa.rname);
    Attempt::Completed(Soa {
        primary: cut(&plain(&soa.mname)),
        mailbox_valid: is_mailbox(&mailbox),
        mailbox: cut(&mailbox),
        serial: soa.serial,
        // the library reads them signed; on the wire they are 32 bits without a sign
        refresh: i64::from(soa.refresh.cast_unsigned()),
        retry: i64::from(soa.retry.cast_unsigned()),
        expire: i64::from(soa.expire.cast_unsigned()),
        minimum: soa.minimum,
    })
}

/// `user.domain.tld`: a label for the user (with `\.` inside, if any) and a domain that may exist.
fn is_mailbox(name: &str) -> bool {
    let unescaped = name.replace("\\.", "_");
    let labels: Vec<&str> = unescaped.split('.').collect();
    labels.len() >= 3
        && !labels.iter().any(|label| label.is_empty() || label.eq_ignore_ascii_case("localhost"))
        && !unescaped.contains('@')
}

async fn wildcard(resolver: &Resolver, zone: &str, seed: u64) -> Attempt<bool> {
    // nobody enters such a name, and one run asks for the same
    match resolver.lookup(&format!("khien-{seed:x}.{}", zone.trim_start_matches('.')), RecordType::A).await {
        Ok(answer) => Attempt::Completed(answer.outcome == Outcome::Found),
        Err(error) => untested(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_of_both_families() {
        assert_eq!(prefix("203.0.113.7".parse().unwrap()), "203.0.113.0/24");
        assert_eq!(prefix("2001:db8:1:2::3".parse().unwrap()), "2001:db8:1::/48");
    }

    #[test]
    fn a_mailbox_has_a_user_and_a_domain() {
        for (name, expected) in [
            ("quantri.tinhmau.gov.vn", true),
            ("quan\\.tri.tinhmau.vn", true),
            ("root.localhost", false),
            ("admin", false),
            ("a@b.gov.vn", false),
            (".", false),
            ("admin.localhost.vn", false),
        ] {
            assert_eq!(is_mailbox(name), expected, "{name}");
        }
    }
}
