//! `JUnit`: a snapshot; real parsers count what the report counts; nothing hostile leaves its place.

use std::{fs, path::Path, sync::Arc};

use khien::{
    render,
    report::Report,
    rule::{Lang, Verdict},
};
use serde_json::Value;

use super::{
    consumer::{python, says, xmllint},
    rendered, steers,
};
use crate::golden;

/// Reads the file with junitparser, and prints what it found. Also holds elements and attributes against the list of
/// Jenkins' junit-10.xsd.
const READ: &str = r#"
import json, sys, xml.etree.ElementTree as tree
from junitparser import JUnitXml, Failure, Skipped, Error
allowed = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id",
                  "package", "file", "log", "url"},
    "testcase": {"name", "time", "classname", "group"},
    "failure": {"type", "message"}, "error": {"type", "message"}, "skipped": {"type", "message"},
    "properties": set(), "property": {"name", "value"},
}
inside = {
    "testsuites": {"testsuite"}, "testsuite": {"properties", "testcase"},
    "testcase": {"failure", "error", "skipped"}, "properties": {"property"},
}
for element in tree.parse(sys.argv[1]).iter():
    assert set(element.attrib) <= allowed[element.tag], (element.tag, element.attrib)
    for child in element:
        assert child.tag in inside[element.tag], (element.tag, child.tag)
report = JUnitXml.fromfile(sys.argv[1])
counts = {"suites": 0, "tests": 0, "Failure": 0, "Error": 0, "Skipped": 0, "texts": []}
for suite in report:
    counts["suites"] += 1
    own = {"Failure": 0, "Error": 0, "Skipped": 0}
    cases = list(suite)
    for case in cases:
        counts["tests"] += 1
        for result in case.result:
            own[type(result).__name__] += 1
            counts["texts"] += [result.message or "", result.text or ""]
    assert len(cases) == suite.tests and own["Failure"] == suite.failures
    assert own["Error"] == suite.errors and own["Skipped"] == suite.skipped
    counts["texts"].append(suite.name)
    for kind, number in own.items():
        counts[kind] += number
assert report.tests == counts["tests"] and report.failures == counts["Failure"] and report.errors == counts["Error"]
print(json.dumps(counts))
"#;

fn read(report: &Report, lang: Lang) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.xml");
    fs::write(&file, rendered(render::junit, report, lang)).unwrap();
    let mut lint = xmllint();
    lint.arg(&file);
    assert_eq!(says(lint), (true, String::new()));
    parsed(&file)
}

fn parsed(file: &Path) -> Value {
    let mut command = python(READ);
    command.arg(file);
    let (content, text) = says(command);
    assert!(content, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn snapshot() {
    golden::compare("small.junit.xml", &rendered(render::junit, &golden::small(), Lang::Vi));
}

#[test]
fn real_parsers_count_what_the_report_counts() {
    let report = golden::report();
    let counts = read(&report, Lang::En);
    let sites: Vec<_> = report.units.iter().flat_map(|unit| &unit.sites).collect();
    let findings = || sites.iter().flat_map(|site| site.findings.outlines());
    let untested = sites.iter().filter(|site| site.findings.is_empty()).count();
    let failed = findings().filter(|f| f.verdict == Verdict::Fail && f.scores()).count();
    let passed = findings().filter(|f| f.verdict == Verdict::Pass).count();
    assert!(failed > 20 && untested > 0);
    assert_eq!(counts["suites"], sites.len());
    assert_eq!(counts["tests"], findings().count() + untested);
    assert_eq!(counts["Failure"], failed);
    assert_eq!(counts["Error"], 0);
    assert_eq!(counts["Skipped"], findings().count() + untested - failed - passed);
}

#[test]
fn what_cannot_be_tested_is_never_a_failure() {
    let mut report = golden::small();
    golden::change_all(&mut report, |card| {
        Arc::make_mut(&mut card.finding).verdict = Verdict::Inconclusive;
        Arc::make_mut(&mut card.finding).reason = Some(khien::rule::Reason::TimedOut);
    });
    let counts = read(&report, Lang::Vi);
    assert_eq!((&counts["Failure"], &counts["Error"]), (&0.into(), &0.into()));
    assert_eq!(counts["Skipped"], counts["tests"]);
}

#[test]
fn a_hostile_site_stays_text() {
    let report = golden::hostile();
    let counts = read(&report, Lang::Vi);
    let texts: Vec<&str> = counts["texts"].as_array().unwrap().iter().map(|t| t.as_str().unwrap()).collect();
    assert!(
        texts.iter().any(|text| text.contains("<script>alert(1)</script>")),
        "the payloads are not there"
    );
    assert!(texts.iter().any(|text| text.contains("]]><![CDATA[")));
    for text in texts {
        assert!(!text.chars().any(steers), "{text:?}");
    }
}
