//! khien beside Zonemaster and checkdmarc on every zone of the closed world: what each says of it, word by word.
//! `UPDATE=1 cargo test --test suite dns_oracles` writes docs/dns-comparison.md anew.
//!
//! Zonemaster asks at port 53 and nowhere else, so the test runs itself a second time in a network of its own.

mod account;
mod known;
mod table;

use std::{collections::BTreeSet, process::Command};

use khien::{
    net::{Net, Options},
    observation::{Addresses, Attempt, Document, Observations, SCHEMA, SiteName, Skip, Vantage},
    probe::{
        certificate::TrustStore,
        dns::{Zones, dns},
        mail::{Known, Question, mail},
    },
    report::judge,
    rule::{RuleSet, Verdict},
};
use tokio::{sync::Semaphore, task::JoinSet};

use crate::dns_world::{RESOLVER, World, Zone};
use account::{Facts, Tool, of_checkdmarc, of_khien, of_zonemaster};
use known::{KNOWN, Only};

/// Set where the test already stands in a network of its own.
const INSIDE: &str = "KHIEN_TEST_CLOSED_NETWORK";
/// Runs of Zonemaster at once: most of their time they wait for servers that say nothing.
const AT_ONCE: usize = 6;

/// A zone, and what everybody says of it.
struct Compared {
    zone: Zone,
    /// khien's rules that fail.
    fails: BTreeSet<String>,
    /// khien's rules that could not decide.
    unsure: BTreeSet<String>,
    zonemaster: Facts,
    checkdmarc: Facts,
}

/// One difference: beside which program, who says it, what.
type Differing = (Tool, Only, String);

impl Compared {
    fn domain(zone: &Zone) -> String {
        format!("{}.example", zone.name)
    }

    fn theirs(&self, tool: Tool) -> &Facts {
        match tool {
            Tool::Zonemaster => &self.zonemaster,
            Tool::Checkdmarc => &self.checkdmarc,
        }
    }

    fn differences(&self) -> Vec<Differing> {
        let mut found = Vec::new();
        for tool in [Tool::Zonemaster, Tool::Checkdmarc] {
            let (ours, theirs) = (of_khien(tool, &self.fails), self.theirs(tool));
            found.extend(ours.difference(theirs).map(|fact| (tool, Only::Khien, fact.clone())));
            found.extend(theirs.difference(&ours).map(|fact| (tool, Only::Oracle, fact.clone())));
        }
        found
    }

    /// Where each difference stands in [`KNOWN`].
    fn explained(&self) -> Vec<(Differing, Option<usize>)> {
        let known = |(tool, only, fact): &Differing| {
            KNOWN.iter().position(|one| one.explains(*tool, self.zone.name, *only, fact))
        };
        self.differences().into_iter().map(|differing| (differing.clone(), known(&differing))).collect()
    }
}

#[test]
fn every_zone_is_seen_as_the_oracles_see_it() {
    if std::env::var_os(INSIDE).is_some() {
        tokio::runtime::Runtime::new().unwrap().block_on(compare());
        return;
    }
    let network = |program: &str| {
        let mut command = Command::new("unshare");
        // as root of it and of nothing else, so that anybody may
        command.args([
            "--map-root-user",
            "--net",
            "--",
            "sh",
            "-c",
            "ip link set lo up && exec \"$@\"",
            "sh",
        ]);
        command.arg(program);
        command
    };
    if !network("true").output().is_ok_and(|output| output.status.success()) {
        println!(
            "skipped: this machine lets nobody have a network of his own (unshare --map-root-user --net)"
        );
        return;
    }
    let this = std::env::current_exe().unwrap();
    let output = network(this.to_str().unwrap())
        .args(["--exact", "--nocapture", "dns_oracles::every_zone_is_seen_as_the_oracles_see_it"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "the test was renamed: {said}");
}

async fn compare() {
    let all = everybody_looks().await;
    let (mut unknown, mut used) = (Vec::new(), BTreeSet::new());
    for one in &all {
        for ((tool, only, fact), why) in one.explained() {
            match why {
                Some(index) => drop(used.insert(index)),
                None => unknown.push(format!("{} {} {only:?}: {fact}", one.zone.name, tool.name())),
            }
        }
        if let Some(expected) = one.zone.mail {
            let mail: BTreeSet<&str> =
                one.fails.iter().map(String::as_str).filter(|rule| rule.starts_with("mail-")).collect();
            let expected: BTreeSet<&str> = expected.iter().copied().collect();
            if mail != expected {
                unknown.push(format!("{}: khien says {mail:?}, expected {expected:?}", one.zone.name));
            }
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(table::FILE, table::render(&all)).unwrap();
    }
    assert!(unknown.is_empty(), "{} that nobody explains:\n{}", unknown.len(), unknown.join("\n"));
    let stale: Vec<&str> =
        (0..KNOWN.len()).filter(|index| !used.contains(index)).map(|index| KNOWN[index].why).collect();
    assert!(stale.is_empty(), "no longer so: {stale:#?}");
    let committed = std::fs::read_to_string(table::FILE).unwrap();
    for text in all.iter().map(|one| one.zone.name).chain(KNOWN.iter().map(|one| one.why)) {
        assert!(committed.contains(text), "{}: write it anew with UPDATE=1: {text}", table::FILE);
    }
}

async fn everybody_looks() -> Vec<Compared> {
    let world = World::start_at_port_53().await;
    let domains: Vec<String> = world.zones.iter().map(Compared::domain).collect();
    let of_checkdmarc = tokio::task::spawn_blocking({
        let domains = domains.clone();
        move || of_checkdmarc(RESOLVER, &domains)
    });
    let (mut running, places) = (JoinSet::new(), std::sync::Arc::new(Semaphore::new(AT_ONCE)));
    for domain in domains {
        let (hints, places) = (world.hints(), std::sync::Arc::clone(&places));
        running.spawn(async move {
            let _place = places.acquire().await.unwrap();
            let asked = domain.clone();
            (domain, tokio::task::spawn_blocking(move || of_zonemaster(&hints, &asked)).await.unwrap())
        });
    }
    let mut zonemaster: std::collections::BTreeMap<String, Facts> =
        running.join_all().await.into_iter().collect();
    let mut checkdmarc = of_checkdmarc.await.unwrap();

    let (rules, net) = (RuleSet::built_in().unwrap(), world.net(Options::default()));
    let (zones, known) = (Zones::default(), Known::default());
    let mut all = Vec::new();
    for zone in &world.zones {
        let (fails, unsure) = judged(&rules, &net, &zones, &known, zone).await;
        let domain = Compared::domain(zone);
        all.push(Compared {
            zone: zone.clone(),
            fails,
            unsure,
            zonemaster: zonemaster.remove(&domain).unwrap(),
            checkdmarc: checkdmarc.remove(&domain).unwrap(),
        });
    }
    all
}

/// Rules about DNS and mail that fail, and those that could not decide.
async fn judged(
    rules: &RuleSet,
    net: &Net,
    zones: &Zones,
    known: &Known,
    zone: &Zone,
) -> (BTreeSet<String>, BTreeSet<String>) {
    let host = format!("{}.{}", zone.host, Compared::domain(zone));
    let (at, trust) = (jiff::Timestamp::now(), TrustStore::empty());
    let (dns, _) = dns(net, zones, at, &host).await;
    let mail =
        mail(&Question { net, host: &host, used: true, selectors: &[], at, trust: &trust, known }).await;
    let observations = Observations {
        schema: SCHEMA.to_owned(),
        site: SiteName { host: host.clone(), port: 443 },
        at,
        vantage: Vantage { name: String::from("test"), inside: false },
        dns,
        mail,
        http: Attempt::skipped(Skip::NotRequested),
        web: Attempt::skipped(Skip::NotRequested),
        addresses: Addresses { certificates: Attempt::skipped(Skip::NotRequested) },
        endpoints: Attempt::skipped(Skip::NotRequested),
        unrouted: Vec::new(),
    };
    let report = judge(rules, &Document::try_from(&observations).unwrap());
    let having = |verdict| {
        let of = report.findings.iter().filter(|finding| {
            let rule = finding.rule.as_str();
            finding.verdict == verdict && (rule.starts_with("dns-") || rule.starts_with("mail-"))
        });
        of.map(|finding| finding.rule.as_str().to_owned()).collect()
    };
    (having(Verdict::Fail), having(Verdict::Inconclusive))
}
