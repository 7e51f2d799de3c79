//! CSV: a snapshot; what a spreadsheet reads has as many rows as the report findings, and computes nothing.

use khien::{render, rule::Lang};

use super::{rendered, steers};
use crate::golden;

/// The cells as a reader of the format sees them; the first row names them.
fn cells(text: &str) -> Vec<Vec<String>> {
    let body = text.strip_prefix('\u{feff}').expect("no byte order mark");
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(body.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn snapshots() {
    for (lang, word) in [(Lang::Vi, "vi"), (Lang::En, "en")] {
        golden::compare(&format!("small.{word}.csv"), &rendered(render::csv, &golden::small(), lang));
    }
}

#[test]
fn one_row_a_finding_and_nobody_missing() {
    let report = golden::report();
    let text = rendered(render::csv, &report, Lang::Vi);
    let rows = cells(&text);
    let expected: usize = report
        .units
        .iter()
        .map(|unit| match unit.sites.len() {
            0 => 1,
            _ => unit.sites.iter().map(|site| site.findings.len().max(1)).sum(),
        })
        .sum();
    assert_eq!(rows.len(), 1 + expected);
    assert_eq!(text.matches("\r\n").count(), rows.len());
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
    let named: std::collections::BTreeSet<&str> = rows.iter().skip(1).map(|row| row[2].as_str()).collect();
    assert_eq!(named.len(), report.units.len());
    for row in rows.iter().skip(1).filter(|row| !row[4].is_empty()) {
        assert!(row[5].parse::<u16>().is_ok(), "{row:?}");
        for number in [&row[20], &row[21]] {
            assert!(number.is_empty() || number.parse::<u32>().is_ok(), "{row:?}");
        }
    }
    // points are those of the site's card
    let lost: u32 = rows.iter().skip(1).filter_map(|row| row[20].parse::<u32>().ok()).sum();
    let sites = report.units.iter().flat_map(|unit| &unit.sites);
    assert_eq!(lost, sites.flat_map(|site| &site.points_lost).map(|lost| lost.points.0).sum::<u32>());
}

#[test]
fn a_hostile_site_computes_nothing() {
    let report = golden::hostile();
    for lang in [Lang::Vi, Lang::En] {
        let text = rendered(render::csv, &report, lang);
        assert!(!text.replace("\r\n", "").trim_start_matches('\u{feff}').contains(['\n', '\r']));
        let rows = cells(&text);
        assert!(rows.len() > golden::payloads().len());
        let mut defused = 0;
        for cell in rows.iter().flatten() {
            assert!(!cell.chars().any(|c| steers(c) || c == '\n'), "{cell:?}");
            assert!(cell.encode_utf16().count() <= 32_767);
            // what a spreadsheet sees, also one that trims or takes quotes away
            let seen = cell.trim_start_matches(|c: char| c.is_whitespace() || "\"'`«“‘".contains(c));
            if seen.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r']) {
                assert!(cell.starts_with('\''), "{cell:?}");
                defused += 1;
            }
        }
        assert!(defused > 10, "the payloads are not there");
    }
}
