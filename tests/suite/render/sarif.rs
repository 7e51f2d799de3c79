//! SARIF: a snapshot; the schema of the standard and Microsoft's validator accept it; nothing hostile is more than text.

use std::{collections::BTreeSet, fs};

use khien::{
    render,
    report::Report,
    rule::{Lang, Reason, Verdict},
};
use serde_json::Value;

use super::{
    consumer::{multitool, says},
    rendered, steers,
};
use crate::golden;

const SCHEMA: &str = "tests/data/sarif/sarif-schema-2.1.0.json";

fn log(report: &Report, lang: Lang) -> Value {
    let log = serde_json::from_str(&rendered(render::sarif, report, lang)).unwrap();
    // the published pattern of a language has a stray bracket, which is no regular expression of ECMA-262
    let schema = fs::read_to_string(SCHEMA).unwrap();
    let mended = schema.replace("^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$", "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$");
    assert_ne!(schema, mended);
    let schema = serde_json::from_str(&mended).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let faults: Vec<String> =
        validator.iter_errors(&log).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(faults.is_empty(), "{faults:?}");
    log
}

/// What cannot be otherwise: the project has no address on the web to name, and what is found is found in a site, not in
/// a line of it.
const ACCEPTED: [&str; 2] = ["SARIF2005", "SARIF2017"];

/// What the validator of the people who wrote the standard finds wrong, by its rules and those for GitHub.
fn refused(report: &Report, lang: Lang) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let (file, verdict) = (folder.path().join("khien.sarif"), folder.path().join("verdict.sarif"));
    fs::write(&file, rendered(render::sarif, report, lang)).unwrap();
    let mut command = multitool();
    command.arg("validate").arg(&file).args(["--rule-kind", "Sarif;Ghas", "--level", "Error;Warning"]);
    command.arg("--json-schema").arg(SCHEMA).arg("--output").arg(&verdict);
    let (_, said) = says(command);
    let text = fs::read_to_string(&verdict).unwrap_or_else(|error| panic!("{error}: {said}"));
    let verdict: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap();
    assert_eq!(verdict["runs"][0]["invocations"][0]["executionSuccessful"], true, "{said}");
    let results = verdict["runs"][0]["results"].as_array().unwrap();
    let results = results.iter().filter(|r| !ACCEPTED.contains(&r["ruleId"].as_str().unwrap()));
    let mut found: Vec<String> = results.map(|r| format!("{} {}", r["ruleId"], r["message"])).collect();
    found.dedup();
    found
}

fn results(log: &Value) -> Vec<&Value> {
    log["runs"].as_array().unwrap().iter().flat_map(|run| run["results"].as_array().unwrap()).collect()
}

#[test]
fn snapshots() {
    golden::compare("small.vi.sarif", &rendered(render::sarif, &golden::small(), Lang::Vi));
}

#[test]
fn the_validator_of_the_standard_accepts_it() {
    for report in [golden::small(), golden::report(), golden::hostile()] {
        for lang in [Lang::Vi, Lang::En] {
            let found = refused(&report, lang);
            assert!(found.is_empty(), "{found:#?}");
        }
    }
}

#[test]
fn results_are_what_failed_and_what_is_open() {
    let report = golden::report();
    let log = log(&report, Lang::Vi);
    let findings: Vec<_> = report
        .units
        .iter()
        .flat_map(|unit| &unit.sites)
        .flat_map(|site| &site.findings)
        .map(|card| card.finding)
        .filter(|f| matches!(f.verdict, Verdict::Fail | Verdict::Inconclusive))
        // what nobody asked is not open
        .filter(|f| f.verdict == Verdict::Fail || f.reason != Some(Reason::NotRequested))
        .collect();
    let results = results(&log);
    assert_eq!(results.len(), findings.len());
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    for (result, finding) in results.iter().zip(findings) {
        assert_eq!(result["ruleId"], finding.rule.as_str());
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let failed = finding.verdict == Verdict::Fail;
        assert_eq!(result["kind"], if failed { "fail" } else { "open" });
        assert_eq!(result["level"] == "none", !failed);
        assert_eq!(result["suppressions"].as_array().unwrap().len(), usize::from(finding.waived));
        let first = result.pointer("/provenance/firstDetectionTimeUtc").and_then(Value::as_str);
        assert_eq!(first, finding.first_seen.map(|at| at.to_string()).as_deref());
    }
    // logically distinct results differ (§3.27.17)
    let fingerprints: BTreeSet<&str> =
        results.iter().map(|r| r["partialFingerprints"]["siteRule/v1"].as_str().unwrap()).collect();
    assert_eq!(fingerprints.len(), results.len());
    let told = log["runs"][0]["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
    assert_eq!(told.len(), 1, "the excluded site: {told:?}");
}

#[test]
fn what_rules_rest_on_can_be_looked_up() {
    let log = log(&golden::report(), Lang::En);
    let run = &log["runs"][0];
    let mut followed = 0;
    for rule in run["tool"]["driver"]["rules"].as_array().unwrap() {
        for relation in rule["relationships"].as_array().unwrap() {
            let target = &relation["target"];
            let taxonomy = &run["taxonomies"]
                [usize::try_from(target["toolComponent"]["index"].as_u64().unwrap()).unwrap()];
            assert_eq!(taxonomy["name"], target["toolComponent"]["name"]);
            let taxon = &taxonomy["taxa"][usize::try_from(target["index"].as_u64().unwrap()).unwrap()];
            assert_eq!(taxon["id"], target["id"]);
            followed += 1;
        }
    }
    assert!(followed > 30);
}

#[test]
fn an_incomplete_or_degraded_run_says_so() {
    let mut report = golden::small();
    report.run.degraded = true;
    report.run.complete = false;
    let log = log(&report, Lang::En);
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let notifications = log["runs"][0]["tool"]["driver"]["notifications"].as_array().unwrap();
    for told in invocation["toolExecutionNotifications"].as_array().unwrap() {
        let index = usize::try_from(told["descriptor"]["index"].as_u64().unwrap()).unwrap();
        assert_eq!(notifications[index]["id"], told["descriptor"]["id"]);
    }
    assert_eq!(invocation["toolExecutionNotifications"].as_array().unwrap().len(), 3);
}

#[test]
fn a_hostile_site_stays_text() {
    for lang in [Lang::Vi, Lang::En] {
        let log = log(&golden::hostile(), lang);
        let mut messages = 0;
        let mut open = vec![("", &log)];
        while let Some((key, value)) = open.pop() {
            match value {
                Value::String(text) => {
                    assert!(!text.chars().any(steers), "{key}: {text:?}");
                    if key == "markdown" {
                        assert!(!text.contains("evil.example") && !text.contains("alert(1)"), "{text}");
                    }
                    if key == "uri" {
                        assert!(text.is_ascii() && !text.contains(['<', '"', ' ']), "{text}");
                    }
                }
                Value::Array(items) => open.extend(items.iter().map(|item| (key, item))),
                Value::Object(map) => open.extend(map.iter().map(|(key, item)| (key.as_str(), item))),
                _ => {}
            }
        }
        for result in results(&log) {
            let text = result["message"]["text"].as_str().unwrap();
            assert!(!text.contains("]("), "a link: {text}");
            assert!(!text.replace("{{", "").replace("}}", "").contains(['{', '}']), "a placeholder: {text}");
            assert!(result["message"].get("markdown").is_none());
            messages += usize::from(text.contains("<script>alert(1)</script>"));
        }
        assert!(messages > 0, "the payloads are not there");
    }
}
