//! khien beside MDN HTTP Observatory, Google's CSP Evaluator and sectxt on cases of our own: what each says of the same
//! answers. `UPDATE=1 cargo test --test suite web_oracles` writes docs/http-comparison.md anew.

mod programs;
mod server;
mod table;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use khien::{
    net::{Budgets, Net, Options, Pace},
    observation::{Document, Vantage},
    probe::certificate::{LookUps, TrustStore},
    report::judge,
    rule::{RuleSet, Verdict},
    scan::{self, Plan, Probe, Probes},
    target::{ConnectTo, Www},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{peer::Authority, web_lab::site_name};
use programs::{Facts, of_evaluator, of_sectxt, of_weaknesses};
use server::{Case, ZONE};

/// The rules that answer what a test of the Observatory asks, by topic.
const TOPICS: [(&str, &str, &[&str]); 10] = [
    ("hsts", "strict-transport-security", &["http-hsts-missing", "http-hsts-short"]),
    ("csp", "content-security-policy", &["http-csp-missing", "http-csp-script-unprotected"]),
    ("framing", "x-frame-options", &["http-clickjacking-unprotected"]),
    ("nosniff", "x-content-type-options", &["http-nosniff-missing"]),
    ("referrer", "referrer-policy", &["http-referrer-policy-missing"]),
    (
        "cookies",
        "cookies",
        &["http-cookie-session-insecure", "http-cookie-samesite-missing", "http-cookie-prefix-broken"],
    ),
    ("cors", "cross-origin-resource-sharing", &["http-cors-credentials-open"]),
    ("corp", "cross-origin-resource-policy", &["http-resource-policy-missing"]),
    ("sri", "subresource-integrity", &["web-integrity-missing", "web-mixed-content-active"]),
    (
        "redirection",
        "redirection",
        &[
            "http-redirect-missing",
            "http-redirect-loop",
            "http-redirect-other-host-first",
            "http-https-downgrade",
        ],
    ),
];

/// Another program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Tool {
    Observatory,
    Evaluator,
    Sectxt,
}

/// Who says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Only {
    Khien,
    Other,
}

/// A row of known.yaml: what only one of two says, and the text that decides.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    tool: Tool,
    only: Only,
    /// Words as in [`Facts`]; `*` stands for anything.
    facts: Vec<String>,
    /// Names of cases, likewise.
    cases: Vec<String>,
    why: String,
}

impl Known {
    fn explains(&self, case: &str, difference: &(Tool, Only, String)) -> bool {
        let (tool, only, fact) = difference;
        let fits = |patterns: &[String], text: &str| patterns.iter().any(|pattern| matches(pattern, text));
        (self.tool, self.only) == (*tool, *only) && fits(&self.facts, fact) && fits(&self.cases, case)
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    text.strip_prefix(first)
        .is_some_and(|text| (0..=text.len()).filter_map(|at| text.get(at..)).any(|text| matches(rest, text)))
}

/// A case with what everybody says.
struct Compared {
    case: Case,
    said: BTreeMap<Tool, (Facts, Facts)>,
}

impl Compared {
    fn differences(&self) -> Vec<(Tool, Only, String)> {
        let mut found = Vec::new();
        for (tool, (ours, theirs)) in &self.said {
            found.extend(ours.difference(theirs).map(|fact| (*tool, Only::Khien, fact.clone())));
            found.extend(theirs.difference(ours).map(|fact| (*tool, Only::Other, fact.clone())));
        }
        found
    }
}

fn cases() -> Vec<Case> {
    let text = std::fs::read_to_string("tests/data/web/cases.yaml").unwrap();
    let mut cases: Vec<Case> = serde_saphyr::from_str(&text).unwrap();
    let date = |days: i64| {
        let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
        at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    };
    for text in cases.iter_mut().filter_map(|case| case.security_txt.as_mut()) {
        *text = text.replace("SOON", &date(90)).replace("FAR", &date(900));
    }
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "two cases of one name");
    cases
}

/// The facts and the rules that fail, by host.
async fn khien_looks(
    cases: &[Case],
    http: std::net::SocketAddr,
    https: std::net::SocketAddr,
) -> BTreeMap<String, (Value, BTreeSet<String>)> {
    let net = Net::without_resolver(Options {
        allow_private: true,
        pace: Pace::Lab,
        connect_to: vec![ConnectTo::new(None, Some(80), http), ConnectTo::new(None, Some(443), https)],
        exchange_timeout: Duration::from_secs(10),
        // all the cases stand at one address
        budgets: Budgets { tls_per_address: u32::MAX, ..Budgets::default() },
        ..Options::default()
    });
    let options = scan::Options {
        at: jiff::Timestamp::now(),
        vantage: Vantage { name: "test".into(), inside: false },
        probes: Probes::only([Probe::Http, Probe::Web]),
        resolve_pinned: false,
        trust: Arc::new(TrustStore::mozilla()),
        look_ups: LookUps::default(),
        inventoried: Arc::new(|host| host.ends_with(ZONE)),
    };
    let targets = cases
        .iter()
        .map(|case| scan::Target {
            site: site_name(&case.host()),
            www: Www::No,
            mail: false,
            dkim_selectors: Vec::new(),
        })
        .collect();
    let rules = RuleSet::built_in().unwrap();
    let mut events = scan::run(net, Plan { targets }, options);
    let mut found = BTreeMap::new();
    while let Some(event) = events.recv().await {
        let scan::Event::Finished(seen) = event else { continue };
        let report = judge(&rules, &Document::try_from(&seen.observations).unwrap());
        let failed = report
            .findings
            .iter()
            .filter(|finding| finding.verdict == Verdict::Fail)
            .map(|finding| finding.rule.to_string())
            .collect();
        let facts = serde_json::to_value(&seen.observations).unwrap();
        found.insert(facts["site"]["host"].as_str().unwrap().to_owned(), (facts, failed));
    }
    found
}

async fn everybody_looks() -> Vec<Compared> {
    let cases = Arc::new(cases());
    let authority = Authority::new();
    let twins: Vec<String> = cases
        .iter()
        .filter(|case| case.topic == "redirection")
        .map(|case| format!("www.{}", case.host()))
        .collect();
    let wildcard = format!("*.{ZONE}");
    let names: Vec<&str> =
        std::iter::once(wildcard.as_str()).chain(twins.iter().map(String::as_str)).collect();
    let (http, https) = server::start(Arc::clone(&cases), &authority.leaf(&names, -1, 90)).await;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root.pem");
    std::fs::write(&root, &authority.root).unwrap();
    let sites: Vec<Value> = cases
        .iter()
        .filter(|case| TOPICS.iter().any(|(topic, ..)| *topic == case.topic))
        .map(|case| json!({"name": case.name, "host": case.host()}))
        .collect();
    let policies: Vec<Value> = cases
        .iter()
        .filter(|case| case.policies.len() == 1)
        .map(|case| json!({"name": case.name, "policy": case.policies[0]}))
        .collect();
    let files: BTreeMap<String, String> =
        cases.iter().filter_map(|case| Some((case.name.clone(), case.security_txt.clone()?))).collect();
    let others = tokio::task::spawn_blocking(move || {
        (
            programs::node(&root, http.port(), https.port(), &json!(sites), &json!(policies)),
            programs::sectxt(&files),
        )
    });
    let khien = khien_looks(&cases, http, https).await;
    let (node, sectxt) = others.await.unwrap();
    cases.iter().map(|case| compared(case, &khien[&case.host()], &node, &sectxt)).collect()
}

fn compared(case: &Case, khien: &(Value, BTreeSet<String>), node: &Value, sectxt: &Value) -> Compared {
    let (facts, failed) = khien;
    let mut said = BTreeMap::new();
    let word = |fails: bool| fails.then(|| "fail".to_owned()).into_iter().collect::<Facts>();
    if let Some((_, test, rules)) = TOPICS.iter().find(|(topic, ..)| *topic == case.topic) {
        let theirs = match &node["sites"][&case.name]["tests"][test]["pass"] {
            Value::Bool(pass) => word(!pass),
            _ => Facts::from([format!("error {}", node["sites"][&case.name]["error"])]),
        };
        said.insert(Tool::Observatory, (word(rules.iter().any(|rule| failed.contains(*rule))), theirs));
    }
    if case.policies.len() == 1 {
        let theirs = of_evaluator(&node["policies"][&case.name]);
        said.insert(Tool::Evaluator, (of_weaknesses(&facts["http"]["csp"]), theirs));
    }
    if case.security_txt.is_some() {
        let file = &facts["web"]["security_txt"];
        let words =
            file["faults"].as_array().into_iter().flatten().map(|word| word.as_str().unwrap().to_owned());
        let mut ours: Facts = words.collect();
        if file.is_null() {
            ours.insert("no_file".to_owned());
        }
        if file["days_left"].as_i64().is_some_and(|days| days > 366) {
            ours.insert("too_far".to_owned());
        }
        let mut theirs = of_sectxt(&sectxt[&case.name]);
        // advice, not faults
        theirs.retain(|word| !["not_signed", "no_encryption", "no_canonical"].contains(&word.as_str()));
        said.insert(Tool::Sectxt, (ours, theirs));
    }
    Compared { case: case.clone(), said }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_difference_has_a_text_that_decides() {
    let known: Vec<Known> =
        serde_saphyr::from_str(&std::fs::read_to_string("tests/data/web/known.yaml").unwrap()).unwrap();
    let all = everybody_looks().await;
    let (mut unknown, mut used) = (Vec::new(), BTreeMap::<usize, Vec<String>>::new());
    for one in &all {
        for difference in one.differences() {
            match known.iter().position(|known| known.explains(&one.case.name, &difference)) {
                Some(index) => used.entry(index).or_default().push(one.case.name.clone()),
                None => unknown.push(format!(
                    "{} {:?} {:?}: {}",
                    one.case.name, difference.0, difference.1, difference.2
                )),
            }
        }
    }
    assert!(unknown.is_empty(), "nobody explains:\n{}", unknown.join("\n"));
    let stale: Vec<&str> = (0..known.len())
        .filter(|index| !used.contains_key(index))
        .map(|index| known[index].why.as_str())
        .collect();
    assert!(stale.is_empty(), "no longer so: {stale:#?}");
    assert!(all.len() >= 150, "{}", all.len());
    let text = table::render(&all, &known, &used);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(table::FILE, &text).unwrap();
    }
    let committed = std::fs::read_to_string(table::FILE).unwrap();
    assert_eq!(committed, text, "{}: write it anew with UPDATE=1", table::FILE);
}
