//! Names as a visitor's resolver sees them: addresses, alias chain, zone, CAA, DNSSEC; and the zone they lie in, whose
//! servers are asked directly, once a run.

mod hired;
mod server;
mod signing;
mod zone;

use std::net::IpAddr;

use jiff::Timestamp;

pub use zone::Zones;

use crate::{
    net::{
        Error, Net, Resolver,
        resolver::{
            Answer, Outcome, RecordType, plain,
            rdata::{CAA, HTTPS, NS, svcb::SvcParamValue},
        },
    },
    observation::{
        Address, Attempt, Caa, CaaProperty, Dns, DnssecStatus, DomainName, Failure, HiredService, Listing,
        RecordSet, ServiceBinding, limits,
    },
    wire::{
        caa::{Iodef, Issue, Meaning, Property},
        field::text,
    },
};

use super::failure::{cut, untested};
use signing::status;
use zone::ZoneFacts;

type Lookup = Result<Answer, Error>;

/// What the resolver says of a name, and the addresses to probe: IPv4 first, each family sorted, at most
/// [`limits::ENDPOINTS`].
///
/// Addresses whose signatures do not verify are probed all the same: visitors behind a resolver that does not
/// validate reach them, and the fact says Bogus. Where one family could not be asked the other's addresses stand.
///
/// `zones` is the run's memory of zones and their servers; `at` the time of the observation.
pub async fn dns(
    net: &Net,
    zones: &Zones,
    at: Timestamp,
    host: &str,
) -> (Attempt<Dns>, Attempt<Vec<IpAddr>>) {
    let resolver = net.resolver();
    let tlsa = format!("_443._tcp.{host}");
    // Boxed: a look-up validates a chain, and its state is large.
    let ((a, aaaa), (zone, ns), caa, https, tlsa_answer, place) = tokio::join!(
        Box::pin(resolver.addresses(host)),
        Box::pin(zone(resolver, host)),
        Box::pin(caa(resolver, host)),
        Box::pin(resolver.lookup(host, RecordType::HTTPS)),
        Box::pin(resolver.lookup(&tlsa, RecordType::TLSA)),
        Box::pin(zone::place(net, host)),
    );
    if let Err(error @ Error::BadName(_)) = &a {
        return (untested(error), untested(error));
    }
    let addresses = usable(&a, &aaaa);
    // the way down from the root knows the zone where the resolver could not ask it
    let apex = place.cut.as_ref().map(|cut| cut.zone.clone()).or_else(|| zone.completed().cloned());
    let facts = match (&apex, &zone) {
        (Some(apex), _) => zones.of(net, apex, &place, at).await,
        (None, Attempt::Failed { failed }) => ZoneFacts::unknown(failed),
        (None, _) => ZoneFacts::unknown(&Failure::NoAddress),
    };
    let unsupported = facts.signing.completed().is_some_and(signing::all_unsupported);
    let of_host = [
        (host, RecordType::A, &a),
        (host, RecordType::AAAA, &aaaa),
        (host, RecordType::HTTPS, &https),
        (tlsa.as_str(), RecordType::TLSA, &tlsa_answer),
    ];
    let of_host = of_host
        .into_iter()
        .filter(|(.., lookup)| signing::askable(lookup))
        .map(|(name, kind, lookup)| signing::record_set(name, kind, lookup, unsupported));
    let record_sets: Vec<RecordSet> = of_host.chain(facts.record_sets).collect();
    let dns = Dns {
        a: listed(&a),
        aaaa: listed(&aaaa),
        cname: cname(&a, &aaaa),
        nxdomain: nxdomain(&a, &aaaa),
        zone,
        ns,
        caa,
        dnssec: dnssec(&a, &aaaa),
        record_sets: Attempt::Completed(Listing::capped(record_sets, limits::RECORD_SETS)),
        soa: facts.soa,
        signing: facts.signing,
        delegation: facts.delegation,
        wildcard: facts.wildcard,
        https: bindings(&https),
        hired: hired(&a, &aaaa),
    };
    (Attempt::Completed(dns), addresses)
}

/// The addresses of a name, as [`dns`] gives them; [`Failure::NoAddress`] where it has none.
pub async fn addresses(net: &Net, host: &str) -> Attempt<Vec<IpAddr>> {
    let (a, aaaa) = Box::pin(net.resolver().addresses(host)).await;
    usable(&a, &aaaa)
}

fn usable(a: &Lookup, aaaa: &Lookup) -> Attempt<Vec<IpAddr>> {
    let known: Vec<IpAddr> = [a, aaaa]
        .into_iter()
        .filter_map(|lookup| lookup.as_ref().ok())
        .flat_map(addresses_of)
        .map(|address| address.address)
        .take(limits::ENDPOINTS)
        .collect();
    match (known.is_empty(), a, aaaa) {
        (false, ..) => Attempt::Completed(known),
        (true, Err(error), _) | (true, Ok(_), Err(error)) => untested(error),
        (true, Ok(_), Ok(_)) => Attempt::failed(Failure::NoAddress),
    }
}

/// Sorted, each once, with the shortest time to live.
pub(super) fn addresses_of(answer: &Answer) -> Vec<Address> {
    let mut addresses: Vec<Address> = answer
        .records
        .iter()
        .filter_map(|record| Some(Address { address: record.data.ip_addr()?, ttl: record.ttl }))
        .collect();
    addresses.sort_by_key(|address| (address.address, address.ttl));
    addresses.dedup_by_key(|address| address.address);
    addresses
}

fn listed(lookup: &Lookup) -> Attempt<Listing<Address>> {
    match lookup {
        Ok(answer) => Attempt::Completed(Listing::capped(addresses_of(answer), limits::ADDRESSES)),
        Err(error) => untested(error),
    }
}

fn cname(a: &Lookup, aaaa: &Lookup) -> Attempt<Listing<DomainName>> {
    match (a, aaaa) {
        (Ok(answer), _) | (Err(_), Ok(answer)) => {
            let names = answer.cname_chain.iter().map(|name| DomainName { name: name.clone() });
            Attempt::Completed(Listing::capped(names, limits::CNAMES))
        }
        (Err(error), Err(_)) => untested(error),
    }
}

/// NXDOMAIN speaks of the whole name; a server that says so for one type and finds another contradicts itself, and
/// then the name exists.
fn nxdomain(a: &Lookup, aaaa: &Lookup) -> Attempt<bool> {
    let outcomes: Vec<Outcome> = [a, aaaa]
        .into_iter()
        .filter_map(|lookup| lookup.as_ref().ok())
        .map(|answer| answer.outcome)
        .collect();
    match (outcomes.as_slice(), a) {
        ([], Err(error)) => untested(error),
        (outcomes, _) => Attempt::Completed(outcomes.iter().all(|outcome| *outcome == Outcome::NxDomain)),
    }
}

/// The worse of both. One that could not be asked or decided might be bogus, so the other decides alone only if it is.
fn dnssec(a: &Lookup, aaaa: &Lookup) -> Attempt<DnssecStatus> {
    match (status(a), status(aaaa)) {
        (bogus @ Attempt::Completed(DnssecStatus::Bogus), _)
        | (_, bogus @ Attempt::Completed(DnssecStatus::Bogus)) => bogus,
        (insecure @ Attempt::Completed(DnssecStatus::Insecure), Attempt::Completed(_)) => insecure,
        (Attempt::Completed(_), other) => other,
        (unknown, _) => unknown,
    }
}

fn hired(a: &Lookup, aaaa: &Lookup) -> Attempt<Option<HiredService>> {
    cname(a, aaaa).map(|chain| chain.items.last().and_then(|end| hired::service(&end.name)))
}

fn bindings(lookup: &Lookup) -> Attempt<Listing<ServiceBinding>> {
    let answer = match lookup {
        Ok(answer) => answer,
        Err(error) => return untested(error),
    };
    let mut bindings: Vec<ServiceBinding> = answer
        .data::<HTTPS>()
        .map(|https| ServiceBinding {
            priority: https.svc_priority,
            target: plain(&https.target_name),
            alpn: https
                .svc_params
                .iter()
                .find_map(|(_, value)| match value {
                    SvcParamValue::Alpn(alpn) => Some(cut(&alpn.0.join(","))),
                    _ => None,
                })
                .unwrap_or_default(),
        })
        .collect();
    bindings.sort_by(|one, other| (one.priority, &one.target).cmp(&(other.priority, &other.target)));
    Attempt::Completed(Listing::capped(bindings, limits::SERVICE_BINDINGS))
}

/// The name and all above it, the root left out.
fn climb(host: &str) -> impl Iterator<Item = &str> {
    let host = host.strip_suffix('.').unwrap_or(host);
    std::iter::successors((!host.is_empty()).then_some(host), |name| {
        name.split_once('.').map(|(_, parent)| parent).filter(|parent| !parent.is_empty())
    })
}

/// The closest name with NS records of its own; an alias has none (RFC 1034 section 3.6.2), its target's do not count.
/// A name that cannot be asked may be the one, so what lies above it proves nothing.
async fn zone(resolver: &Resolver, host: &str) -> (Attempt<String>, Attempt<Listing<DomainName>>) {
    for name in climb(host).chain(["."]) {
        let answer = match resolver.lookup(name, RecordType::NS).await {
            Ok(answer) => answer,
            // An alias, if one that leads nowhere.
            Err(Error::CnameLoop(_)) => continue,
            Err(error) => return (untested(&error), untested(&error)),
        };
        if answer.outcome != Outcome::Found || !answer.cname_chain.is_empty() {
            continue;
        }
        let mut servers: Vec<DomainName> =
            answer.data::<NS>().map(|ns| DomainName { name: plain(&ns.0) }).collect();
        servers.sort_by(|one, other| one.name.cmp(&other.name));
        servers.dedup();
        let listing = Listing::capped(servers, limits::NAME_SERVERS);
        return (Attempt::Completed(name.to_ascii_lowercase()), Attempt::Completed(listing));
    }
    let none = || Failure::Malformed(String::from("no name up to the root has NS records"));
    (Attempt::failed(none()), Attempt::failed(none()))
}

/// The relevant record set (RFC 8659 section 3): of the name or the closest name above it that has one, the root left
/// out. An alias is followed by the resolver; where its target has none, the climb goes on from the alias itself.
async fn caa(resolver: &Resolver, host: &str) -> Attempt<Option<Caa>> {
    for name in climb(host) {
        let answer = match resolver.lookup(name, RecordType::CAA).await {
            Ok(answer) => answer,
            Err(error) => return untested(&error),
        };
        let properties: Vec<CaaProperty> =
            answer.data::<CAA>().map(|caa| property(caa.issuer_critical, &caa.tag, &caa.value)).collect();
        if !properties.is_empty() {
            let at = answer.cname_chain.last().map_or(name, String::as_str);
            let properties = Listing::capped(properties, limits::CAA_PROPERTIES);
            return Attempt::Completed(Some(Caa { at: at.to_ascii_lowercase(), properties }));
        }
    }
    Attempt::Completed(None)
}

fn property(critical: bool, tag: &str, value: &[u8]) -> CaaProperty {
    let flags = if critical { 0x80 } else { 0 };
    let well_formed = match Property::new(flags, tag.as_bytes(), value).map(|property| property.meaning) {
        Ok(Meaning::Issue(issue) | Meaning::IssueWild(issue) | Meaning::IssueMail(issue)) => {
            issue != Issue::Malformed
        }
        Ok(Meaning::Iodef(iodef)) => iodef != Iodef::Other,
        Ok(Meaning::Contact | Meaning::Unknown) => true,
        Err(_) => false,
    };
    CaaProperty { critical, tag: tag.to_ascii_lowercase(), value: cut(&text(value)), well_formed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_climb_ends_below_the_root() {
        assert_eq!(climb("a.b.gov.vn.").collect::<Vec<_>>(), ["a.b.gov.vn", "b.gov.vn", "gov.vn", "vn"]);
        assert_eq!(climb("vn").collect::<Vec<_>>(), ["vn"]);
        assert_eq!(climb(".").count(), 0);
    }

    #[test]
    fn a_property_is_held_to_its_tags_grammar() {
        for (tag, value, expected) in [
            ("issue", "letsencrypt.org", true),
            ("issue", ";", true),
            ("ISSUE", "lets encrypt", false),
            ("issuewild", "ca.vn; accounturi=https://x/1", true),
            ("iodef", "mailto:a@b.vn", true),
            ("iodef", "a@b.vn", false),
            ("contactemail", "a@b.vn", true),
            ("tbs", "anything at all", true),
        ] {
            let seen = property(true, tag, value.as_bytes());
            assert_eq!((seen.well_formed, seen.tag), (expected, tag.to_ascii_lowercase()), "{tag} {value}");
        }
    }
}
