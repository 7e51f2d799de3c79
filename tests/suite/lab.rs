//! The province on loopback, scanned through exactly the code of `scan`: what each of its sites is found to lack.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::TcpListener,
    sync::Arc,
    time::{Duration, Instant},
};

use khien::{
    lab::{Crowd, Lab, LabError, PROVINCE, Resident},
    net::{Net, Options, Pace},
    observation::{Document, Vantage},
    probe::certificate::TrustStore,
    report::{Roster, RuleBook, Run, Scanner, SiteReport, assemble, judge},
    rule::{Level, RuleSet, Verdict},
    scan::{self, Event, Plan, Probes},
    score::Method,
    target::{Host, Inventory, load},
    yaml::Source,
};

fn example() -> Inventory {
    load(&Source::read(std::path::Path::new("targets.example.yaml")).unwrap()).unwrap().inventory
}

fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// As the command line turns a `lab:` table and `--pace lab` into options.
fn options(inventory: &Inventory) -> Options {
    let lab = &inventory.lab;
    let ports = [(80, lab.ports.http), (443, lab.ports.https), (53, lab.ports.dns)];
    Options {
        pace: Pace::Lab,
        allow_private: inventory.allow_private,
        connect_to: lab.connect_to.clone(),
        port_map: ports.into_iter().filter_map(|(logical, dialled)| Some((logical, dialled?))).collect(),
        resolver: lab.resolver,
        trust_anchor: lab.trust_anchor.clone(),
        connect_timeout: Duration::from_secs(2),
        exchange_timeout: Duration::from_secs(3),
        ..Options::default()
    }
}

fn scan_options(inventory: &Arc<Inventory>) -> scan::Options {
    let mut trust = TrustStore::mozilla();
    let file = inventory.lab.ca_file.as_ref().unwrap();
    trust.add_pem(&std::fs::read(file).unwrap(), "root.pem").unwrap();
    let known = Arc::clone(inventory);
    scan::Options {
        at: now(),
        vantage: Vantage { name: inventory.vantage.name.clone(), inside: inventory.vantage.inside },
        probes: Probes::all(),
        resolve_pinned: true,
        trust: Arc::new(trust),
        inventoried: Arc::new(move |host| Host::parse(host).is_ok_and(|host| known.is_inventoried(&host))),
    }
}

/// Every site of the inventory, judged by the built-in rules; also what was seen, for messages.
async fn scan(inventory: &Arc<Inventory>) -> Vec<(SiteReport, String)> {
    let mut plan = Plan::of_inventory(inventory, now(), None, None);
    // the example leaves a site out until the end of the year; it is looked at all the same
    for (unit, site) in inventory.sites() {
        if unit.validity.contains(now()) && inventory.excluded(&site.host, now()).is_some() {
            plan.targets.push(scan::Target {
                site: khien::observation::SiteName { host: site.host.to_string(), port: site.port },
                www: site.www,
            });
        }
    }
    let rules = RuleSet::built_in().unwrap();
    let net = Net::new(options(inventory)).unwrap();
    let mut events = scan::run(net, plan, scan_options(inventory));
    let mut reports = Vec::new();
    while let Some(event) = events.recv().await {
        if let Event::Finished(observations) = event {
            let seen = serde_json::to_string(&*observations).unwrap();
            reports.push((judge(&rules, &Document::try_from(&*observations).unwrap()), seen));
        }
    }
    reports
}

fn having(report: &SiteReport, verdict: Verdict, levels: &[Level]) -> BTreeSet<String> {
    let findings = report.findings.iter().filter(|f| f.verdict == verdict && levels.contains(&f.level));
    findings.map(|finding| finding.rule.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_site_is_found_to_lack_what_it_lacks_and_the_excellent_one_nothing() {
    let mut inventory = example();
    let began = Instant::now();
    let lab = Lab::start(&inventory, now()).await.unwrap();
    eprintln!("started in {:?}", began.elapsed());
    lab.host(&mut inventory);
    let inventory = Arc::new(inventory);
    let began = Instant::now();
    let reports = scan(&inventory).await;
    eprintln!("scanned in {:?}", began.elapsed());
    for (report, seen) in &reports {
        eprintln!(
            "{}: {:?} recommended {:?} inconclusive {:?}",
            report.site.host,
            having(report, Verdict::Fail, &[Level::Required]),
            having(report, Verdict::Fail, &[Level::Recommended, Level::Info]),
            having(report, Verdict::Inconclusive, &[Level::Required]),
        );
        if std::env::var("SEEN").is_ok_and(|h| h == report.site.host) {
            eprintln!("{seen}");
        }
    }
    lab.stop().await;
}
