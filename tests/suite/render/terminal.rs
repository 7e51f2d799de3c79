//! The terminal: snapshots of province, unit and site; nothing hostile gets through.

use khien::{
    observation::Document,
    render::{
        terminal::{self, Style},
        width,
    },
    report::{Experts, Report, SiteCard},
    rule::{Lang, Verdict},
};
use serde_json::{Value, json};

use super::steers;
use crate::golden;

fn printed(print: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    print(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn province(report: &Report, style: Style) -> String {
    printed(|out| terminal::province(out, report, style))
}

fn everything(report: &Report, style: Style) -> String {
    let mut all = province(report, style);
    for unit in &report.units {
        all += &printed(|out| terminal::unit(out, report, unit, style));
        for site in &unit.sites {
            all += &printed(|out| terminal::site(out, report, site, style));
        }
    }
    all
}

#[test]
fn province_unit_and_site() {
    let report = golden::report();
    let unit = report.units.iter().find(|unit| unit.id == "so-xay-dung").unwrap();
    let site = &report.units.iter().find(|unit| unit.id == "bv-da-khoa").unwrap().sites[0];
    for (lang, word) in [(Lang::Vi, "vi"), (Lang::En, "en")] {
        let style = Style { lang, colour: false };
        golden::compare(&format!("province.{word}.txt"), &province(&report, style));
        let text = printed(|out| terminal::unit(out, &report, unit, style));
        golden::compare(&format!("unit.{word}.txt"), &text);
        let text = printed(|out| terminal::site(out, &report, site, style));
        golden::compare(&format!("site.{word}.txt"), &text);
    }
}

/// A unit that runs a zone for others was shown with a tick while it lost points for it.
#[test]
fn whoever_loses_points_has_a_worst_finding() {
    let report = golden::report();
    let text = province(&report, Style { lang: Lang::Vi, colour: false });
    let ranked = report.units.iter().filter(|unit| unit.rank.is_some());
    let (losing, whole): (Vec<_>, Vec<_>) = ranked.partition(|unit| !unit.points_lost.is_empty());
    assert!(losing.len() > 5 && whole.len() > 1);
    for (units, ticked) in [(losing, false), (whole, true)] {
        for unit in units {
            let short: String = unit.name.chars().take(20).collect();
            let row = text.lines().find(|line| line.contains(&short)).unwrap();
            assert_eq!(row.ends_with('✓'), ticked, "{row}");
        }
    }
}

#[test]
fn colour_adds_to_the_text_and_takes_nothing_from_it() {
    let report = golden::report();
    let (plain, coloured) =
        [false, true].map(|colour| everything(&report, Style { lang: Lang::Vi, colour })).into();
    golden::compare("province.colour.txt", &province(&report, Style { lang: Lang::Vi, colour: true }));
    assert_ne!(plain, coloured);
    assert_eq!(without_colour(&coloured).unwrap(), plain);
}

#[test]
fn a_hostile_site_steers_nothing() {
    let report = golden::hostile();
    for lang in [Lang::Vi, Lang::En] {
        let plain = everything(&report, Style { lang, colour: false });
        let found: Vec<_> = plain.lines().filter(|line| line.chars().any(steers)).collect();
        assert!(found.is_empty(), "{found:?}");
        assert!(plain.contains("\\u{1b}[2J"), "the payloads are not there");
        let coloured = everything(&report, Style { lang, colour: true });
        let text = without_colour(&coloured).unwrap();
        assert!(!text.chars().any(steers));
    }
}

/// The text without the colours that khien sets; nothing where another escape sequence stands in it.
fn without_colour(text: &str) -> Option<String> {
    let mut parts = text.split('\u{1b}');
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let (code, rest) = part.strip_prefix('[')?.split_once('m')?;
        ["0", "1", "2", "1;35", "31", "33", "36", "34"].contains(&code).then_some(())?;
        out.push_str(rest);
    }
    Some(out)
}

/// The observation of a site of the golden province.
fn observed(host: &str) -> serde_json::Map<String, Value> {
    let text = std::fs::read_to_string("tests/data/golden/observations.jsonl").unwrap();
    let documents = text.lines().map(|line| Document::parse(line.as_bytes()).unwrap());
    documents.map(|document| document.facts().clone()).find(|facts| facts["site"]["host"] == host).unwrap()
}

fn details(report: &Report, site: &SiteCard, facts: serde_json::Map<String, Value>, style: Style) -> String {
    let sheet = Experts::built_in().unwrap().sheet(&Document::from_facts(facts).unwrap());
    printed(|out| terminal::tls(out, report, site, &sheet, style))
}

fn card<'r>(report: &'r Report, unit: &str) -> &'r SiteCard {
    &report.units.iter().find(|of| of.id == unit).unwrap().sites[0]
}

#[test]
fn the_tls_of_a_site_for_an_expert() {
    let report = golden::report();
    let site = card(&report, "bv-da-khoa");
    for (lang, word) in [(Lang::Vi, "vi"), (Lang::En, "en")] {
        let style = Style { lang, colour: false };
        let text = details(&report, site, observed(&site.host), style);
        golden::compare(&format!("tls.{word}.txt"), &text);
        let coloured = details(&report, site, observed(&site.host), Style { colour: true, ..style });
        assert_eq!(without_colour(&coloured).unwrap(), text);
        // every failure stands there, and once
        for failure in site.findings.iter().filter(|card| card.finding.verdict == Verdict::Fail) {
            let named = format!("khien rules show {}\n", failure.finding.rule);
            assert_eq!(text.matches(&named).count(), 1, "{named}");
        }
    }
}

/// The text with its lines joined.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_was_not_seen_of_tls_is_told_with_its_reason() {
    let report = golden::report();
    let site = card(&report, "bv-da-khoa");
    let timed_out = json!({"failed": {"timed_out": {"during": "handshake", "after_ms": 3000}}});
    let of = |change: &dyn Fn(&mut Value)| {
        let mut facts = observed(&site.host);
        change(&mut facts["endpoints"][0]);
        details(&report, site, facts, Style { lang: Lang::En, colour: false })
    };
    let text = of(&|endpoint| {
        endpoint["tls"]["versions"]["TLSv1.2"] = timed_out.clone();
        endpoint["tls"]["groups"] = timed_out.clone();
        endpoint["tls"]["cipher_suites"]["incomplete"] = "reset".into();
        endpoint["certificate"] = json!({"failed": {"alert": {"description": "unrecognized_name"}}});
    });
    for expected in [
        "? TLSv1.2: could not be checked: no answer in time",
        "? there may be more: the connection was reset",
        "not known: no answer in time",
        "Who can connect (0 of 19)",
        "the server refused the TLS handshake (unrecognized_name)",
        "not compared: versions",
    ] {
        assert!(flat(&text).contains(expected), "{expected}: {text}");
    }
    let refused = of(&|endpoint| endpoint["tls"] = json!({"failed": "refused"}));
    assert!(
        refused.contains("the server refused the connection") && !refused.contains("Who can"),
        "{refused}"
    );
    let plain = of(&|endpoint| endpoint["tls"]["offered"] = false.into());
    assert!(plain.contains("but not in TLS") && !plain.contains("guidelines"), "{plain}");
    // a document of a later khien with another shape
    let later = of(&|endpoint| endpoint["tls"]["versions"] = "all".into());
    assert!(later.contains("the scanner cannot read what came"), "{later}");
}

/// The version stands before the reason in the same lines.
#[test]
fn a_version_that_was_not_seen_stays_in_its_columns() {
    let report = golden::report();
    let site = card(&report, "bv-da-khoa");
    for lang in [Lang::Vi, Lang::En] {
        for reason in [
            json!({"skipped": "direct_dns_closed"}),
            json!({"failed": {"alert": {"description": "unrecognized_name, and more of its words"}}}),
        ] {
            let mut facts = observed(&site.host);
            facts["endpoints"][0]["tls"]["versions"]["TLSv1.2"] = reason.clone();
            let text = details(&report, site, facts, Style { lang, colour: false });
            assert!(text.contains("  ? TLSv1.2: "), "{text}");
            let wide: Vec<_> = text.lines().filter(|line| width(line) > 80).collect();
            assert!(wide.is_empty(), "{lang} {reason}: {wide:?}");
        }
    }
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let wide = |text: &str| -> Vec<String> {
        text.lines().filter(|line| width(line) > 80).map(str::to_owned).collect()
    };
    for lang in [Lang::Vi, Lang::En] {
        let style = Style { lang, colour: false };
        let report = golden::report();
        assert_eq!(wide(&everything(&report, style)), Vec::<String>::new());
        for unit in &report.units {
            for site in unit.sites.iter().filter(|site| site.untested.is_none()) {
                let text = details(&report, site, observed(&site.host), style);
                assert_eq!(wide(&text), Vec::<String>::new(), "{}", site.host);
            }
        }
    }
}

#[test]
fn hostile_tls_steers_nothing_and_stays_in_its_columns() {
    let report = golden::report();
    let site = card(&report, "bv-da-khoa");
    for payload in golden::payloads() {
        let mut facts = observed(&site.host);
        let endpoint = &mut facts["endpoints"][0];
        endpoint["address"] = "192.0.2.1".into();
        for path in [
            "/certificate/leaf/subject",
            "/certificate/leaf/issuer",
            "/certificate/leaf/names/items/0/name",
            "/certificate/leaf/key/algorithm",
            "/certificate/leaf/signature/name",
            "/certificate/issuers/items/0/subject",
            "/certificate/issuers/items/0/issuer",
            "/tls/handshake/alpn",
            "/tls/cipher_suites/items/0/name",
            "/tls/cipher_suites/items/0/mode",
            "/tls/groups/items/0/name",
            "/tls/signatures/items/0/name",
        ] {
            *endpoint.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = payload.clone().into();
        }
        endpoint["tls"]["shared_with"] = payload.clone().into();
        endpoint["tls"]["dh_primes"]["items"] = json!([{"bits": 2048, "known": payload, "sha256": payload}]);
        let text = details(&report, site, facts, Style { lang: Lang::Vi, colour: false });
        let found: Vec<_> =
            text.lines().filter(|line| line.chars().any(steers) || width(line) > 80).collect();
        assert!(found.is_empty(), "{payload:?}: {found:?}");
    }
}
