//! One site scanned for TLS and certificate alone, and what it means not to lie about it: beside a look at the same
//! server when it behaves, everything is the same or was not seen.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

use khien::{
    observation::Document,
    probe::certificate::LookUps,
    report::judge,
    rule::{RuleSet, Verdict},
    scan::{self, Probe, Probes},
    target::{ConnectTo, Www},
};
use serde_json::Value;

use crate::peers::Scan;

pub(crate) const HOST: &str = "lab.test";
/// For servers that answer: only a busy machine is slow.
pub(crate) const PATIENT: Duration = Duration::from_secs(8);
/// For servers that do not.
pub(crate) const SHORT: Duration = Duration::from_millis(900);

/// What a look brought.
pub(crate) struct Looked {
    /// Of the only address.
    pub(crate) tls: Value,
    pub(crate) certificate: Value,
    /// By rule, with the reason where one is told.
    pub(crate) verdicts: BTreeMap<String, (Verdict, Option<String>)>,
    pub(crate) took: Duration,
}

pub(crate) async fn look(address: SocketAddr, root: &str, deadline: Duration) -> Looked {
    look_at(&[HOST], address, root, deadline).await.remove(0)
}

/// These names at one address, in one run.
pub(crate) async fn look_at(
    hosts: &[&str],
    address: SocketAddr,
    root: &str,
    deadline: Duration,
) -> Vec<Looked> {
    let scan = Scan {
        connect_to: vec![ConnectTo::new(None, None, address)],
        root,
        probes: Probes::only([Probe::Tls, Probe::Certificate]),
        look_ups: LookUps::default(),
        exchange_timeout: deadline,
    };
    let targets = hosts
        .iter()
        .map(|host| scan::Target {
            site: crate::web_lab::site_name(host),
            www: Www::No,
            mail: false,
            dkim_selectors: Vec::new(),
        })
        .collect();
    let rules = RuleSet::built_in().unwrap();
    let began = Instant::now();
    let mut events = scan.start(targets);
    let mut found = BTreeMap::new();
    while let Some(event) = events.recv().await {
        let scan::Event::Finished(seen) = event else { continue };
        let took = began.elapsed();
        let report = judge(&rules, &Document::try_from(&seen.observations).unwrap());
        let facts = serde_json::to_value(&seen.observations).unwrap();
        let text = facts.to_string();
        assert!(!text.contains("our_bug"), "{text}");
        let endpoint = &facts["endpoints"][0];
        let verdicts = report
            .findings
            .iter()
            .map(|finding| {
                let reason = finding.reason.as_ref().map(|reason| format!("{reason:?}"));
                (finding.rule.to_string(), (finding.verdict, reason))
            })
            .collect();
        let looked = Looked {
            tls: endpoint["tls"].clone(),
            certificate: endpoint["certificate"].clone(),
            verdicts,
            took,
        };
        assert!(looked.tls["connections"].as_u64().is_none_or(|count| count <= 200), "{}", looked.tls);
        found.insert(facts["site"]["host"].as_str().unwrap().to_owned(), looked);
    }
    hosts.iter().map(|host| found.remove(*host).unwrap_or_else(|| panic!("{host} is not there"))).collect()
}

/// Neither completed nor absent.
pub(crate) fn is_open(fact: &Value) -> bool {
    fact.get("failed").is_some() || fact.get("skipped").is_some()
}

const FACTS: [&str; 9] = [
    "offered",
    "handshake",
    "compression",
    "secure_renegotiation",
    "extended_master_secret",
    "encrypt_then_mac",
    "session_ticket",
    "fallback_scsv",
    "shared_with",
];
const LISTS: [&str; 5] = ["cipher_suites", "suite_order", "groups", "dh_primes", "signatures"];
const VERSIONS: [&str; 6] = ["SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

impl Looked {
    /// Everything about TLS but how often was asked, and sessions: the servers written by hand complete no handshake, and
    /// how one ends hangs on the certificate's key.
    pub(crate) fn facts(&self) -> Value {
        let mut facts = self.tls.clone();
        for left_out in ["connections", "sessions"] {
            facts.as_object_mut().unwrap().remove(left_out);
        }
        facts
    }

    pub(crate) fn verdict(&self, rule: &str) -> Verdict {
        self.verdicts[rule].0
    }

    pub(crate) fn reason(&self, rule: &str) -> &str {
        self.verdicts[rule].1.as_deref().unwrap_or("")
    }

    pub(crate) fn version(&self, version: &str) -> &Value {
        &self.tls["versions"][version]
    }

    /// Every fact is the one of `truth` or open, every list a part of its list and said to be one, every verdict its
    /// verdict or inconclusive.
    pub(crate) fn is_honest_beside(&self, truth: &Self, what: &str) {
        if !is_open(&self.tls) {
            let told = |name: &str, seen: &Value, true_one: &Value| {
                assert!(is_open(seen) || seen == true_one, "{what}: {name}: {seen} beside {true_one}");
            };
            for version in VERSIONS {
                told(version, self.version(version), truth.version(version));
            }
            for fact in FACTS {
                told(fact, &self.tls[fact], &truth.tls[fact]);
            }
            for list in LISTS {
                self.list_is_honest(list, truth, what);
            }
        }
        self.verdicts_are_honest(truth, what);
    }

    fn list_is_honest(&self, list: &str, truth: &Self, what: &str) {
        let (seen, true_one) = (&self.tls[list], &truth.tls[list]);
        if is_open(seen) {
            return;
        }
        let items = |of: &Value| of["items"].as_array().unwrap().clone();
        let (seen_items, true_items) = (items(seen), items(true_one));
        let strange: Vec<&Value> = seen_items.iter().filter(|item| !true_items.contains(item)).collect();
        assert!(strange.is_empty(), "{what}: {list}: {strange:?} are not there");
        if seen.get("incomplete").is_none() {
            let missing: Vec<&Value> = true_items.iter().filter(|item| !seen_items.contains(item)).collect();
            assert!(missing.is_empty(), "{what}: {list} seems to be whole without {missing:?}");
        }
    }

    pub(crate) fn verdicts_are_honest(&self, truth: &Self, what: &str) {
        // a server that breaks off at some kinds of hello is just that, and rightly told so
        for (rule, (verdict, reason)) in
            self.verdicts.iter().filter(|(rule, _)| *rule != "tls-hello-intolerant")
        {
            let expected = truth.verdict(rule);
            // beside a parent that fails a rule is not looked at; beside one that could not be seen it is
            let unlooked = truth.reason(rule) == "ParentFailed";
            assert!(
                *verdict == expected || *verdict == Verdict::Inconclusive || unlooked,
                "{what}: {rule} is {verdict:?} ({reason:?}), and {expected:?} when all is well: {}",
                self.tls
            );
        }
    }

    /// All that could not be decided is told with this reason.
    pub(crate) fn nothing_is_decided(&self, reason: &str, what: &str) {
        assert!(is_open(&self.tls), "{what}: {}", self.tls);
        // whether there is TLS at all is another question, and one address has none to differ from
        let others = ["tls-https-missing", "certificate-addresses-differ"];
        for rule in self.verdicts.keys().filter(|rule| !others.contains(&rule.as_str())) {
            if !rule.starts_with("tls-") && !rule.starts_with("certificate-") {
                continue;
            }
            assert_eq!(self.verdict(rule), Verdict::Inconclusive, "{what}: {rule}");
            assert!(self.reason(rule).contains(reason), "{what}: {rule}: {}", self.reason(rule));
        }
    }
}
