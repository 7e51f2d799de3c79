//! Rule files as people write them, right and wrong; folding over addresses; what comes after what.

use std::fs;

use serde_json::{Value, json};

use super::*;
use crate::{language::assert_good, observation::Document, yaml::Source};

const FRAMEWORKS: &str = r#"
frameworks:
  - id: rfc-1
    title: {vi: "RFC 1", en: "RFC 1"}
    status: in_force
    clauses:
      - {clause: "2.1", summary: {vi: "a", en: "a"}, verified: full_text, checked_on: 2026-11-24, source: "rfc"}
"#;

const RULE: &str = r#"id: http-hsts-missing
category: http
owner: site
severity: medium
level: required
effort: 15m
title: {vi: "Chưa bật HSTS", en: "HSTS is missing"}
why: {vi: "Vì sao", en: "Why"}
independent: true
applies: http.https_reachable
params: {min: 100}
requires: has(http.hsts) && has(http.hsts.max_age) && http.hsts.max_age >= params.min
evidence: [http.hsts.raw]
fix:
  vi: {nginx: "làm", undo: "bỏ"}
  en: {nginx: "do", undo: "undo"}
  who: operator
cites:
  - {ref: rfc-1, clause: "2.1", role: baseline}
examples:
  - {name: good, given: {http: {https_reachable: true, hsts: {max_age: 100}}}, expect: pass}
  - {name: bad, given: {http: {https_reachable: true}}, expect: fail}
  - {name: unseen, given: {http: {failed: reset}}, expect: inconclusive}
"#;

fn frameworks() -> Frameworks {
    let mut frameworks = Frameworks::default();
    frameworks.add(&Source::new("frameworks.yaml", FRAMEWORKS)).unwrap();
    frameworks
}

fn rule(text: &str) -> Rule {
    Rule::parse(&Source::new("rule.yaml", text), &frameworks()).unwrap_or_else(|m| panic!("{m:#?}\n{text}"))
}

#[test]
fn the_rules_of_this_release_load_and_their_examples_hold() {
    let rules = RuleSet::built_in().unwrap_or_else(|e| panic!("{e:?}"));
    for rule in rules.rules() {
        let mismatches = rules.mismatches(rule);
        assert!(mismatches.is_empty(), "{}: {mismatches:#?}", rule.id);
    }
}

#[test]
fn an_example_that_does_not_hold_is_told() {
    let wrong = rule(&RULE.replace("max_age: 100}", "max_age: 99}"));
    let mismatches = RuleSet::of_one(wrong.clone()).mismatches(&wrong);
    assert_eq!(mismatches.len(), 1);
    assert_eq!(mismatches[0].example.name, "good");
    assert_eq!(mismatches[0].found.as_ref().unwrap().verdict, Verdict::Fail);
    assert_eq!(mismatches[0].found.as_ref().unwrap().evidence[0].value, Value::Null);
    assert_eq!(mismatches[0].found.as_ref().unwrap().evidence[0].fact, "http.hsts.raw");
}

#[test]
fn mistakes_in_a_rule_file_are_refused_with_place_and_suggestion() {
    let mut wrong = Vec::new();
    for (what, from, to, line, column, message, help) in [
        ("unknown key", "severity:", "severty:", 4, 1, "severty", "severity"),
        ("duplicate key", "owner: site", "owner: site\nowner: zone", 4, 1, "owner", ""),
        ("word that is none", "severity: medium", "severity: medum", 4, 11, "medum", "medium"),
        ("wrong type", "independent: true", "independent: yes", 9, 14, "", ""),
        ("id", "id: http-hsts-missing", "id: HTTP_HSTS", 1, 5, "no rule id", ""),
        ("effort", "15m", "15 minutes", 6, 9, "no effort", ""),
        (
            "path",
            "http.hsts.max_age >=",
            "http.hsts.maxage >=",
            12,
            64,
            "no fact `http.hsts.maxage`",
            "max_age",
        ),
        ("guard", "has(http.hsts.max_age) && ", "", 12, 38, "may be absent", "has(http.hsts.max_age)"),
        ("parameter", "params.min\n", "params.mni\n", 12, 82, "no parameter `params.mni`", "min"),
        (
            "function",
            "http.hsts.max_age >= params.min",
            "http.hsts.raw.startswith(\"a\")",
            12,
            79,
            "no function",
            "startsWith",
        ),
        ("unused parameter", "{min: 100}", "{min: 100, max: 3}", 11, 9, "`max` is not used", ""),
        ("evidence path", "[http.hsts.raw]", "[http.hsts.row]", 13, 21, "no fact `http.hsts.row`", "raw"),
        ("no evidence", "[http.hsts.raw]", "[]", 13, 11, "without evidence", ""),
        ("text", "ref: rfc-1", "ref: rfc-11", 19, 11, "no text", "rfc-1"),
        ("clause", "\"2.1\"", "\"2.2\"", 19, 26, "not among the verified", "2.1"),
        ("nothing cited", "role: baseline", "role: legal_basis", 19, 3, "rests on nothing", "baseline"),
        ("presence without parent", "independent: true\n", "", 11, 11, "optional", "after"),
        (
            "example's fact",
            "{https_reachable: true}}",
            "{https_reachble: true}}",
            22,
            24,
            "https_reachble",
            "https_reachable",
        ),
        ("example's word", "expect: fail", "expect: failed", 22, 65, "failed", "fail"),
        ("example's type", "max_age: 100", "max_age: \"100\"", 21, 25, "a number", ""),
        ("missing verdict", "expect: inconclusive", "expect: pass", 21, 3, "no example with the verdict", ""),
        ("undo", ", undo: \"bỏ\"", "", 15, 7, "undo", ""),
        ("blame", "Vì sao", "Đơn vị vi phạm", 8, 6, "vi phạm", "chưa đạt"),
        ("day", "effort: 15m", "effort: 15m\neffective_from: 2026-02-30", 7, 17, "no day", ""),
        ("unknown failure", "{failed: reset}", "{failed: resett}", 23, 27, "resett", ""),
    ] {
        assert!(RULE.contains(from), "{what}");
        let text = RULE.replacen(from, to, 1);
        let result = Rule::parse(&Source::new("rule.yaml", &text), &frameworks());
        let Err(mistakes) = result else {
            wrong.push(format!("{what}: accepted"));
            continue;
        };
        mistakes.iter().flat_map(|m| [m.message()].into_iter().chain(m.help())).for_each(assert_good);
        let found = mistakes.iter().any(|m| {
            m.message().en.contains(message)
                && m.help().map_or("", |help| &help.en).contains(help)
                && (m.line(), m.column()) == (line, column)
        });
        if !found {
            wrong.push(format!("{what}: wanted {line}:{column} {message:?} / {help:?}, got {mistakes:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn document(endpoints: &Value, http: &Value) -> Document {
    let facts = json!({
        "schema": "khien.observations/1", "site": {"host": "a.example", "port": 443}, "at": "2026-11-24T00:00:00Z",
        "vantage": {"name": "x", "inside": false}, "dns": {"skipped": "not_requested"}, "http": http, "endpoints": endpoints,
    });
    Document::from_facts(facts.as_object().unwrap().clone()).unwrap()
}

fn endpoint(address: &str, tls10: &Value) -> Value {
    json!({"address": address, "tls": {"offered": true, "versions": {"TLSv1.0": tls10}}, "certificate": {"failed": "reset"}, "http": {"failed": "reset"}})
}

fn per_endpoint() -> Rule {
    let text = RULE
        .replace(
            "requires: has(http.hsts) && has(http.hsts.max_age) && http.hsts.max_age >= params.min",
            "requires: tls.versions[\"TLSv1.0\"] == \"not_offered\"",
        )
        .replace("applies: http.https_reachable\nparams: {min: 100}\n", "")
        .replace("[http.hsts.raw]", "['tls.versions[\"TLSv1.0\"]']")
        .replace("{https_reachable: true, hsts: {max_age: 100}}", "{https_reachable: true}");
    let mut rule = rule(&text);
    assert_eq!(rule.scope, Scope::Endpoint);
    rule.id = RuleId::parse("tls-old").unwrap();
    rule
}

#[test]
fn addresses_fold_to_one_finding() {
    let set = RuleSet::of_one(per_endpoint());
    let (offered, not, unseen) = (json!("offered"), json!("not_offered"), json!({"failed": "reset"}));
    let verdict = |endpoints: Vec<Value>| {
        let finding =
            set.evaluate(&document(&Value::Array(endpoints), &json!({"failed": "reset"}))).remove(0);
        (finding.verdict, finding.evidence)
    };
    let (found, evidence) = verdict(vec![
        endpoint("192.0.2.1", &not),
        endpoint("192.0.2.2", &offered),
        endpoint("192.0.2.3", &unseen),
    ]);
    assert_eq!(found, Verdict::Fail);
    assert_eq!(evidence.len(), 1);
    assert_eq!(evidence[0].address.as_deref(), Some("192.0.2.2"));
    assert_eq!(evidence[0].fact, "tls.versions[\"TLSv1.0\"]");
    assert_eq!(evidence[0].value, json!("offered"));
    let (found, evidence) = verdict(vec![endpoint("192.0.2.1", &not), endpoint("192.0.2.3", &unseen)]);
    assert_eq!(found, Verdict::Inconclusive);
    assert_eq!(evidence[0].value, json!({"failed": "reset"}));
    assert_eq!(verdict(vec![endpoint("192.0.2.1", &not)]).0, Verdict::Pass);
}

#[test]
fn no_address_is_inconclusive_with_its_reason() {
    let set = RuleSet::of_one(per_endpoint());
    let finding =
        |endpoints: Value| set.evaluate(&document(&endpoints, &json!({"failed": "reset"}))).remove(0);
    assert_eq!(finding(json!([])).reason, Some(Reason::NoAddress));
    let timed_out = json!({"failed": {"timed_out": {"during": "query", "after_ms": 3000}}});
    assert_eq!(finding(timed_out).reason, Some(Reason::TimedOut));
    let given = finding(json!({"skipped": "forbidden_address"}));
    assert_eq!((given.verdict, given.reason), (Verdict::Inconclusive, Some(Reason::ForbiddenAddress)));
}

/// Writes rule files and loads them as a folder.
fn load(files: &[(&str, &str)]) -> Result<RuleSet, String> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    RuleSet::load(folder.path()).map_err(|e| format!("{e:?}"))
}

#[test]
fn a_rule_after_a_failed_one_is_lost_with_it() {
    let child = RULE
        .replace("id: http-hsts-missing", "id: http-child")
        .replace("independent: true", "after: [http-hsts-missing]");
    let grandchild = RULE
        .replace("id: http-hsts-missing", "id: http-grandchild")
        .replace("independent: true", "after: [http-child]");
    let files = [
        ("frameworks/x.yaml", FRAMEWORKS),
        ("http/http-grandchild.yaml", grandchild.as_str()),
        ("http/http-child.yaml", child.as_str()),
        ("http/http-hsts-missing.yaml", RULE),
    ];
    let set = load(&files).unwrap();
    let ids: Vec<&str> = set.rules().iter().map(|r| r.id.as_str()).collect();
    assert_eq!(ids, ["http-hsts-missing", "http-child", "http-grandchild"]);
    let findings = set.evaluate(&document(&json!([]), &json!({"https_reachable": true})));
    assert_eq!(findings[0].verdict, Verdict::Fail);
    for lost in &findings[1..] {
        assert_eq!((lost.verdict, lost.reason), (Verdict::NotApplicable, Some(Reason::ParentFailed)));
        assert_eq!(lost.parent.as_ref().map(RuleId::as_str), Some("http-hsts-missing"));
        assert!(lost.is_lost() && lost.evidence.is_empty());
    }
    // the parent's own uncertainty does not silence the child
    let findings = set.evaluate(&document(&json!([]), &json!({"failed": "reset"})));
    assert!(findings.iter().all(|f| f.verdict == Verdict::Inconclusive));
}

#[test]
fn folders_with_mistakes_across_files_are_refused() {
    let twin = RULE.to_owned();
    let error = load(&[
        ("frameworks/x.yaml", FRAMEWORKS),
        ("http/http-hsts-missing.yaml", RULE),
        ("http/other.yaml", &twin),
    ])
    .unwrap_err();
    assert!(error.contains("is taken by") || error.contains("name the file"), "{error}");
    let lost = RULE.replace("independent: true", "after: [http-hsts-mising]");
    let error =
        load(&[("frameworks/x.yaml", FRAMEWORKS), ("http/http-hsts-missing.yaml", &lost)]).unwrap_err();
    assert!(
        error.contains("no rule http-hsts-mising") && error.contains("did you mean `http-hsts-missing`?"),
        "{error}"
    );
    let circle = RULE.replace("independent: true", "after: [http-hsts-missing]");
    let error =
        load(&[("frameworks/x.yaml", FRAMEWORKS), ("http/http-hsts-missing.yaml", &circle)]).unwrap_err();
    assert!(error.contains("after itself"), "{error}");
    let error = load(&[("frameworks/x.yaml", FRAMEWORKS), ("tls/http-hsts-missing.yaml", RULE)]).unwrap_err();
    assert!(error.contains("stands in the folder tls/"), "{error}");
    let error = load(&[("frameworks/x.yaml", FRAMEWORKS)]).unwrap_err();
    assert!(error.contains("no rules") || error.contains("Empty"), "{error}");
    assert!(RuleSet::load(std::path::Path::new("/nonexistent/rules")).is_err());
}

#[test]
fn a_rule_of_the_future_is_upcoming() {
    let future = rule(&RULE.replace("effort: 15m", "effort: 15m\neffective_from: 2026-11-25"));
    let today = rule(&RULE.replace("effort: 15m", "effort: 15m\neffective_from: 2026-11-24"));
    let upcoming = |rule| {
        RuleSet::of_one(rule).evaluate(&document(&json!([]), &json!({"https_reachable": true}))).remove(0)
    };
    // the document's time is 07:00 on 24/11/2026 in Vietnam
    assert!(upcoming(future.clone()).upcoming && !upcoming(future).scores());
    assert!(!upcoming(today.clone()).upcoming && upcoming(today).scores());
}

#[test]
fn the_hash_follows_every_file() {
    let a = load(&[("frameworks/x.yaml", FRAMEWORKS), ("http/http-hsts-missing.yaml", RULE)]).unwrap();
    let other = RULE.replace("100", "101");
    let b = load(&[("frameworks/x.yaml", FRAMEWORKS), ("http/http-hsts-missing.yaml", &other)]).unwrap();
    assert_eq!(a.hash().len(), 64);
    assert_ne!(a.hash(), b.hash());
}
