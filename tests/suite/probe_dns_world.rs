//! The DNS probe and its rules against a closed world served by BIND and by scripted servers: each zone's defect is
//! named and nothing else, and what it costs.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use khien::{
    net::{Net, Options, resolver::Outward},
    observation::{
        Addresses, Attempt, Dns, DnssecStatus, Document, Failure, Observations, SCHEMA, SiteName, Skip,
        Vantage, Why,
    },
    probe::dns::{Zones, dns},
    report::judge,
    rule::{RuleSet, Verdict},
};

use crate::dns_world::{World, Zone};

async fn look(net: &Net, zones: &Zones, host: &str) -> Dns {
    let (seen, _) = dns(net, zones, jiff::Timestamp::now(), host).await;
    match seen {
        Attempt::Completed(dns) => dns,
        other => panic!("{host}: {other:?}"),
    }
}

/// Rules about DNS that fail, and those that could not decide.
fn judged(rules: &RuleSet, host: &str, dns: &Dns) -> (BTreeSet<String>, BTreeSet<String>) {
    let observations = Observations {
        schema: SCHEMA.to_owned(),
        site: SiteName { host: host.to_owned(), port: 443 },
        at: jiff::Timestamp::now(),
        vantage: Vantage { name: String::from("test"), inside: false },
        dns: Attempt::Completed(dns.clone()),
        mail: Attempt::skipped(Skip::NotRequested),
        http: Attempt::skipped(Skip::NotRequested),
        web: Attempt::skipped(Skip::NotRequested),
        addresses: Addresses { certificates: Attempt::skipped(Skip::NotRequested) },
        endpoints: Attempt::skipped(Skip::NotRequested),
        unrouted: Vec::new(),
    };
    let report = judge(rules, &Document::try_from(&observations).unwrap());
    let having = |verdict| {
        let of =
            report.findings.iter().filter(|f| f.verdict == verdict && f.rule.as_str().starts_with("dns-"));
        of.map(|finding| finding.rule.as_str().to_owned()).collect()
    };
    (having(Verdict::Fail), having(Verdict::Inconclusive))
}

fn host(zone: &Zone) -> String {
    format!("{}.{}.example", zone.host, zone.name)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_zone_has_its_own_defect_and_no_other() {
    let world = World::start().await;
    let rules = RuleSet::built_in().unwrap();
    let net = world.net(Options::default());
    let zones = Zones::default();
    let mut wrong = Vec::new();
    for zone in &world.zones {
        let seen = look(&net, &zones, &host(zone)).await;
        let (fails, unsure) = judged(&rules, &host(zone), &seen);
        let expected: BTreeSet<String> = zone.fails.iter().map(|rule| (*rule).to_owned()).collect();
        if fails != expected || !unsure.is_empty() {
            wrong.push(format!(
                "{}: fails {fails:?}, cannot decide {unsure:?}, expected {expected:?}",
                zone.name
            ));
            // all of them at once says nothing more than the first few
            if !unsure.is_empty() {
                wrong.push(serde_json::to_string(&seen).unwrap());
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        world.zones.len(),
        wrong[..wrong.len().min(40)].join("\n")
    );
    assert!(world.zones.len() >= 60);
    // two zones and all their checks: one question and its second try
    assert_eq!(world.sent_to_the_mute(), 2);
    facts_of_the_healthy(&world).await;
    reasons(&net, &zones).await;
    permitted(&world, &rules).await;
    loops(&net, &zones).await;
    closed(&world).await;
}

/// Servers that zones share are asked about themselves once, and nothing about a zone twice.
#[tokio::test(flavor = "multi_thread")]
async fn zones_of_the_same_servers_cost_little_more_than_one() {
    const COUNT: u64 = 12;
    let world = World::start_with_sound(usize::try_from(COUNT).unwrap()).await;
    let net = world.net(Options::default());
    let zones = Zones::default();
    look(&net, &zones, &host(&world.zones[0])).await;
    let first = net.queries();
    assert!(first.resolver + first.direct <= 60, "{first:?}");
    for zone in &world.zones[1..] {
        look(&net, &zones, &host(zone)).await;
    }
    let all = net.queries();
    assert!(all.direct - first.direct <= 10 * (COUNT - 1), "{first:?} {all:?}");
    assert!(all.resolver <= first.resolver * COUNT, "{first:?} {all:?}");
}

/// What a healthy zone costs, and that its neighbour costs less.
async fn facts_of_the_healthy(world: &World) {
    let net = world.net(Options::default());
    let zones = Zones::default();
    let started = Instant::now();
    let seen = look(&net, &zones, "www.healthy.example").await;
    let took = started.elapsed();
    let delegation = seen.delegation.completed().unwrap();
    let parent = delegation.parent.completed().unwrap().as_ref().unwrap();
    assert_eq!((parent.zone.as_str(), parent.said_by.as_str()), ("example", "a.nic.example (127.60.0.2)"));
    assert_eq!(parent.glue.items.len(), 3);
    assert_eq!(delegation.servers.items.len(), 3);
    assert_eq!(delegation.networks.items.len(), 3);
    assert!(
        seen.record_sets
            .completed()
            .unwrap()
            .items
            .iter()
            .all(|set| { set.status == Attempt::Completed(DnssecStatus::Secure) })
    );
    let queries = net.queries();
    assert!(took < Duration::from_secs(5), "an idle machine takes a hundredth of that: {took:?}");
    assert!(queries.resolver + queries.direct <= 60, "{queries:?}");
    // a name beside it asks none of the servers again but for the step down
    look(&net, &zones, "mail.healthy.example").await;
    assert!(net.queries().direct - queries.direct <= 1, "{:?}", net.queries());
}

async fn reasons(net: &Net, zones: &Zones) {
    for (host, kind, why) in [
        ("www.expired.example", "A", Why::Expired),
        ("www.not-yet.example", "A", Why::NotYetValid),
        ("www.ds-mismatch.example", "A", Why::NoDsMatch),
        ("www.ds-no-key.example", "A", Why::DsWithoutKey),
        ("www.tampered-a.example", "A", Why::BadSignature),
        ("www.tampered-mx.example", "MX", Why::BadSignature),
        ("www.signature-missing.example", "A", Why::MissingSignature),
        ("www.denial-missing.example", "HTTPS", Why::MissingDenial),
        ("www.ed448.example", "A", Why::UnsupportedAlgorithm),
        ("www.unsigned.example", "A", Why::Unsigned),
    ] {
        let seen = look(net, zones, host).await;
        let sets = &seen.record_sets.completed().unwrap().items;
        let set = sets.iter().find(|set| set.kind == kind).unwrap();
        assert_eq!(set.why, Some(why), "{host}: {set:?}");
    }
    let hired = look(net, zones, "www.hired.example").await.hired;
    assert_eq!(hired.completed().unwrap().as_ref().unwrap().service, "GitHub Pages");
}

/// Zone transfers and open recursion are asked for with permission only.
async fn permitted(world: &World, rules: &RuleSet) {
    let net = world.net(Options { intrusive: true, ..Options::default() });
    let zones = Zones::default();
    for (name, rule) in
        [("healthy", None), ("transfer", Some("dns-transfer-open")), ("recurses", Some("dns-recursion-open"))]
    {
        let host = format!("www.{name}.example");
        let (fails, unsure) = judged(rules, &host, &look(&net, &zones, &host).await);
        assert_eq!(fails, rule.into_iter().map(str::to_owned).collect(), "{name}");
        assert!(unsure.is_empty(), "{name}: {unsure:?}");
    }
}

/// Two zones that name each other's servers: nothing hangs, nothing is made up.
async fn loops(net: &Net, zones: &Zones) {
    let started = Instant::now();
    let seen = look(net, zones, "www.loop-a.example").await;
    assert!(started.elapsed() < Duration::from_secs(10));
    let delegation = seen.delegation.completed().unwrap();
    assert_eq!(delegation.zone, "loop-a.example");
    assert!(delegation.servers.items.is_empty());
    assert!(matches!(seen.a, Attempt::Failed { failed: Failure::Rcode(_) }), "{:?}", seen.a);
}

/// Where the root cannot be asked, what the resolver can tell still stands.
async fn closed(world: &World) {
    let nowhere = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(nowhere.path(), ". NS a.root.example.\na.root.example. A 127.60.9.9\n").unwrap();
    let known = world.net(Options::default());
    let options = Options { root_hints: Some(nowhere.path().to_owned()), ..known.options().clone() };
    let net = Net::new(options).unwrap();
    assert!(matches!(net.outward().await, Outward::Closed(reason) if reason.contains("127.60.9.9")));
    let seen = look(&net, &Zones::default(), "www.healthy.example").await;
    assert_eq!(seen.delegation, Attempt::skipped(Skip::DirectDnsClosed));
    assert_eq!(seen.dnssec, Attempt::Completed(DnssecStatus::Secure));
    assert_eq!(seen.soa.completed().unwrap().refresh, 14_400);
    assert!(!seen.signing.completed().unwrap().keys.completed().unwrap().items.is_empty());
}
