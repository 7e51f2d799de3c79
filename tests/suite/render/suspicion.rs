//! Suspicions in every format that has them: told apart from what is judged, and steering nothing.

use khien::{
    observation::{Document, Suspect, View},
    render::{
        html, json,
        terminal::{self, Style},
    },
    report::judge,
    rule::{Lang, RuleSet},
};
use serde_json::json;

use super::steers;
use crate::golden;

const HOSTILE: &str = "<script>alert(1)</script>\u{1b}[31m\u{202e}";

fn suspect() -> Suspect {
    Suspect {
        url: format!("https://a.test/{HOSTILE}"),
        view: View::Crawler,
        words: vec!["nổ hũ".to_owned()],
        hosts: vec!["x.example".to_owned()],
        only_here: vec!["nổ hũ".to_owned()],
        sent_to: Some(HOSTILE.to_owned()),
    }
}

#[test]
fn a_suspicion_has_a_section_of_its_own() {
    let mut report = golden::report();
    let (unit, host) = {
        let unit = report.units.iter_mut().find(|unit| !unit.sites.is_empty()).unwrap();
        unit.sites[0].suspicions.push(suspect());
        (unit.id.clone(), unit.sites[0].host.clone())
    };
    let card = report.units.iter().find(|one| one.id == unit).unwrap();
    for (lang, words) in [(Lang::Vi, "Nghi vấn bị chèn nội dung"), (Lang::En, "may have been planted")]
    {
        let style = Style { lang, colour: false };
        let mut text = Vec::new();
        terminal::unit(&mut text, &report, card, style).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains(words) && text.contains("«nổ hũ»") && text.contains("x.example"), "{text}");
        assert!(!text.chars().any(steers), "{text}");
        let mut page = Vec::new();
        html::single(&mut page, &report, lang).unwrap();
        let page = String::from_utf8(page).unwrap();
        let (_, section) = page.split_once(words).unwrap();
        assert!(section.contains(&host) && section.contains("nổ hũ"));
        assert!(!page.contains("<script>alert") && !page.contains('\u{202e}'));
    }
    let mut text = Vec::new();
    json(&mut text, &report, Lang::Vi).unwrap();
    let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let units = value["units"].as_array().unwrap();
    let site = &units.iter().find(|one| one["id"] == unit.as_str()).unwrap()["sites"][0];
    assert_eq!(site["suspicions"][0]["view"], "crawler");
    assert_eq!(site["suspicions"][0]["words"], json!(["nổ hũ"]));
}

/// Nothing is judged by it, and it is told all the same.
#[test]
fn a_suspicion_changes_no_verdict() {
    let rules = RuleSet::built_in().unwrap();
    let text = std::fs::read_to_string("tests/data/golden/observations.jsonl").unwrap();
    let line = text.lines().find(|line| line.contains("\"page\":true")).unwrap();
    let mut facts: serde_json::Value = serde_json::from_str(line).unwrap();
    let judged =
        |facts: &serde_json::Value| judge(&rules, &Document::parse(facts.to_string().as_bytes()).unwrap());
    let before = judged(&facts);
    facts["web"]["injection"] = json!({"looked_at": ["https://a.test/"], "suspects": {"items": [suspect()]}});
    let after = judged(&facts);
    assert_eq!(before.findings, after.findings);
    assert_eq!((before.suspicions, after.suspicions), (vec![], vec![suspect()]));
}
