//! The golden report: what renderers are tested on. Judged from the stored observations of the fictional province by
//! the built-in rules, with a past made up here. `UPDATE=1 cargo test` writes tests/data/golden/report.json anew.

use std::{fs, path::Path};

use khien::{
    observation::{Document, Vantage},
    report::{
        Past, PastCard, PreviousRun, Report, Roster, RuleBook, Run, Scanner, TrendPoint, assemble, judge,
    },
    rule::RuleSet,
    score::Method,
    target,
    yaml::Source,
};

const FOLDER: &str = "tests/data/golden";

/// The golden report.
pub(crate) fn report() -> Report {
    serde_json::from_str(&fs::read_to_string(Path::new(FOLDER).join("report.json")).unwrap()).unwrap()
}

/// Compares what a renderer wrote with what stands in the golden folder; `UPDATE=1` writes it anew.
pub(crate) fn compare(name: &str, rendered: &str) {
    let path = Path::new(FOLDER).join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, rendered).unwrap();
        return;
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == rendered,
        "{} is stale: run UPDATE=1 cargo test, look at the change, commit it",
        path.display()
    );
}

#[test]
fn the_golden_report_is_what_the_rules_make_of_the_golden_observations() {
    let rules = RuleSet::built_in().unwrap();
    let text = fs::read_to_string(Path::new(FOLDER).join("observations.jsonl")).unwrap();
    let sites = text.lines().map(|line| judge(&rules, &Document::parse(line.as_bytes()).unwrap()));
    let inventory = fs::read_to_string("targets.example.yaml").unwrap();
    let inventory = target::load(&Source::new("targets.example.yaml", inventory)).unwrap().inventory;
    let started_at = "2026-11-23T19:00:00Z".parse().unwrap();
    let run = Run {
        id: "20261123T190000Z".to_owned(),
        started_at,
        finished_at: "2026-11-23T19:41:00Z".parse().unwrap(),
        vantage: Vantage { name: inventory.vantage.name.clone(), inside: inventory.vantage.inside },
        scanner: Scanner { name: "khien".to_owned(), version: "0.0.0".to_owned() },
        degraded: false,
        complete: true,
    };
    let book = RuleBook::of(&rules, None);
    let roster = Roster::new(&inventory, started_at);
    let mut report = assemble(sites, &roster, &book, &Method::built_in().unwrap(), run).unwrap();
    // the hash changes with every comma of a rule; it is not what renderers are tested for
    report.method.rules_hash = "7f3a91c2".repeat(8);
    let past = past(&report);
    report.recall(past);
    // when a finding was first seen is the store's to say
    for site in report.units.iter_mut().flat_map(|unit| &mut unit.sites) {
        for (place, card) in site.findings.iter_mut().enumerate() {
            if card.finding.verdict == khien::rule::Verdict::Fail {
                let day = if place % 3 == 0 { "2026-11-23T19:00:00Z" } else { "2026-11-09T19:00:00Z" };
                card.finding.first_seen = Some(day.parse().unwrap());
            }
        }
    }
    compare("report.json", &(serde_json::to_string_pretty(&report).unwrap() + "\n"));
}

/// Eight nights before, each unit a little off today's score; the rules changed after the third.
fn past(report: &Report) -> Past {
    let week = |n: usize| format!("202610{:02}T190000Z", n + 1);
    let mut cards = Vec::new();
    for (place, unit) in report.units.iter().enumerate() {
        for n in 0..8 {
            let drift = u8::try_from((place * 5 + n * 3) % 7).unwrap();
            let score = unit.score.map(|score| (score + drift).saturating_sub(4).min(100));
            cards.push(PastCard {
                unit: unit.id.clone(),
                block: unit.block,
                ranked: unit.rank.is_some(),
                point: TrendPoint {
                    run: week(n),
                    at: format!("2026-10-{:02}T19:00:00Z", n + 1).parse().unwrap(),
                    score,
                    grade: unit.grade.clone(),
                    same_rules: n >= 3,
                },
            });
        }
    }
    let previous = PreviousRun {
        id: week(7),
        started_at: "2026-10-08T19:00:00Z".parse().unwrap(),
        comparable: true,
        same_rules: true,
        fixed: 31,
        new: 9,
        recurred: 2,
    };
    Past { previous: Some(previous), cards }
}
