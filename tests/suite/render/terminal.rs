//! The terminal: snapshots of province, unit and site; nothing hostile gets through.

use khien::{
    render::terminal::{self, Style},
    report::Report,
    rule::Lang,
};

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
