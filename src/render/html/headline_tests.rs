//! Headlines: each state of a report says its own sentence, in both languages.

use super::*;
use crate::{
    render::html::view::Layout,
    report::{FindingCard, Report, UnitCard},
};

/// A report of units made of a line each: `id block score grade status`, with a site unless the status is `no_site`.
pub(in crate::render::html) fn report(units: &[&str]) -> Report {
    let text = |text: &str| serde_json::json!({"vi": text, "en": text});
    let coverage = serde_json::json!({"tested": 10, "applicable": 10, "percent": 100});
    let mut cards = Vec::new();
    for line in units {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [id, block, score, grade, status] = words[..] else { panic!("{line}") };
        let score: Option<u8> = score.parse().ok();
        let site = serde_json::json!({
            "host": format!("{id}.tinhmau.example"), "port": 443, "importance": "normal", "addresses": [],
            "score": score, "base": score, "bracket": null, "grade": null, "grade_word": text("trung bình"),
            "coverage": coverage, "categories": [], "caps": [], "points_lost": [], "findings": [],
        });
        cards.push(serde_json::json!({
            "id": id, "name": id, "kind": "so", "block": (block != "-").then_some(block), "status": status,
            "status_word": text(status), "rank": (status == "ranked").then_some(1), "score": score, "base": score,
            "bracket": null, "grade": (grade != "-").then_some(grade), "grade_word": text("chưa đủ dữ liệu"),
            "coverage": coverage, "criticals": 0, "worst_site": null,
            "sites_without_high": {"count": 1, "of": 1}, "points_lost": [], "groups": [], "fix_plan": [],
            "sites": if status == "no_site" { vec![] } else { vec![site] },
        }));
    }
    let block = |name: &str| {
        let scores: Vec<u64> = cards
            .iter()
            .filter(|card| card["block"] == name && card["rank"] == 1)
            .filter_map(|card| card["score"].as_u64())
            .collect();
        let sum: u64 = scores.iter().sum();
        let count = u64::try_from(scores.len()).unwrap();
        #[expect(clippy::cast_precision_loss, reason = "small numbers of a test")]
        let mean = (count > 0).then(|| sum as f64 / count as f64);
        let units = cards.iter().filter(|card| card["block"] == name).count();
        (units > 0)
            .then(|| serde_json::json!({"block": name, "units": units, "ranked": count, "average": mean}))
    };
    let blocks: Vec<_> = ["so", "huyen", "xa"].into_iter().filter_map(block).collect();
    serde_json::from_value(serde_json::json!({
        "schema": "khien.report/1",
        "run": {"id": "r", "started_at": "2026-11-23T19:00:00Z", "finished_at": "2026-11-23T19:41:00Z",
            "vantage": {"name": "x", "inside": false}, "scanner": {"name": "khien", "version": "0"},
            "degraded": false, "complete": true},
        "method": {"version": "2026.1", "rules_hash": "7f3a", "profile": null, "minimum_coverage": 80,
            "grades": [{"letter": "A", "min": 90, "word": text("Tốt")}, {"letter": "E", "min": 0, "word": text("Kém")}]},
        "province": "Tỉnh Mẫu", "lead_agency": "Sở Mẫu", "blocks": blocks, "units": cards, "causes": [], "rules": [],
    }))
    .unwrap()
}

/// A failure of a rule at the first site of a unit.
fn fail(report: &mut Report, unit: &str, severity: &str, first_seen: Option<&str>, charged_to: Option<&str>) {
    let card: FindingCard = serde_json::from_value(serde_json::json!({
        "rule": "tls-x", "category": "tls", "severity": severity, "level": "required", "verdict": "fail",
        "owner": "site", "waived": false, "upcoming": false, "message": {"vi": "x", "en": "x"},
        "evidence": [], "first_seen": first_seen, "charged_to": charged_to,
    }))
    .unwrap();
    let site = &mut report.units.iter_mut().find(|one| one.id == unit).unwrap().sites[0];
    site.findings = site.findings.iter().chain([card]).collect::<Vec<_>>().into();
}

fn previous(report: &mut Report, comparable: bool) {
    report.previous = serde_json::from_value(serde_json::json!({
        "id": "p", "started_at": "2026-11-16T19:00:00Z", "comparable": comparable, "same_rules": true,
        "fixed": 1, "new": 1, "recurred": 0,
    }))
    .unwrap();
}

fn step(card: &mut UnitCard, minutes: u32, gain: u8, score: u8, grade: &str) {
    let step = serde_json::json!({
        "kind": "site", "name": "x", "rules": [{"rule": "tls-x", "sites": ["x"]}], "minutes": minutes, "gain": gain,
        "base_gain": 0.4, "score": score, "grade": grade, "changes_grade": true,
    });
    card.fix_plan.push(serde_json::from_value(step).unwrap());
}

fn vi(report: &Report) -> String {
    province(&Book::new(report, Lang::Vi, Layout::Folder)).join(" ")
}

fn en(report: &Report) -> String {
    province(&Book::new(report, Lang::En, Layout::Folder)).join(" ")
}

fn first(report: &Report, lang: Lang) -> String {
    unit(&Book::new(report, lang, Layout::Folder), &report.units[0]).join(" ")
}

#[test]
fn a_province_without_a_failure_and_with_several_blocks() {
    let report = report(&["a so 78 C ranked", "b so 79 C ranked", "c xa 66 C ranked"]);
    assert_eq!(vi(&report), "Khối sở đạt 78,5 điểm, khối xã 66,0. Không có lỗi chưa đạt.");
    assert_eq!(en(&report), "Departments score 78.5 on average, communes 66.0. Nothing failed.");
}

#[test]
fn failures_below_critical_are_not_critical() {
    let mut report = report(&["a so 78 C ranked"]);
    fail(&mut report, "a", "high", None, None);
    assert_eq!(vi(&report), "Khối sở đạt 78,0 điểm. Không có lỗi nghiêm trọng.");
}

#[test]
fn criticals_are_counted_with_their_units_and_what_is_new_is_said_only_where_runs_compare() {
    let mut report = report(&["a so 40 E ranked", "b so 50 E ranked"]);
    fail(&mut report, "a", "critical", Some("2026-11-23T19:00:00Z"), None);
    fail(&mut report, "a", "critical", Some("2026-11-01T19:00:00Z"), None);
    fail(&mut report, "b", "critical", Some("2026-11-23T19:00:00Z"), Some("a"));
    assert_eq!(vi(&report), "Khối sở đạt 45,0 điểm. Còn 3 lỗi nghiêm trọng ở 2 đơn vị.");
    previous(&mut report, true);
    assert_eq!(vi(&report), "Khối sở đạt 45,0 điểm. Còn 3 lỗi nghiêm trọng ở 2 đơn vị, 2 lỗi mới.");
    let mut fresh = report.clone();
    let site = &mut fresh.units[0].sites[0];
    let mut cards: Vec<_> = site.findings.iter().collect();
    cards.remove(1);
    site.findings = cards.into();
    assert_eq!(vi(&fresh), "Khối sở đạt 45,0 điểm. Còn 2 lỗi nghiêm trọng ở 2 đơn vị, đều mới phát sinh.");
    assert_eq!(
        en(&report),
        "Departments score 45.0 on average. 3 critical findings at 2 units, 2 of them new."
    );
    previous(&mut report, false);
    assert!(!vi(&report).contains("mới"));
}

#[test]
fn a_run_in_doubt_says_so_first() {
    let mut report = report(&["a so 78 C ranked"]);
    fail(&mut report, "a", "critical", Some("2026-11-23T19:00:00Z"), None);
    previous(&mut report, true);
    report.run.degraded = true;
    assert_eq!(
        vi(&report),
        "Lượt quét suy giảm: kết quả chưa dùng để so sánh. Khối sở đạt 78,0 điểm. Còn 1 lỗi nghiêm trọng ở 1 đơn vị."
    );
    report.run.degraded = false;
    report.run.complete = false;
    assert!(vi(&report).starts_with("Lượt quét chưa đầy đủ. Khối sở"));
    assert!(en(&report).ends_with("1 critical finding at 1 unit."));
}

#[test]
fn a_province_of_which_nothing_is_known_is_not_well() {
    let none = report(&["a so - - no_site"]);
    assert_eq!(vi(&none), "Chưa khai báo trang nào.");
    let silent = report(&["a so - - untested"]);
    assert_eq!(vi(&silent), "Không kiểm tra được đơn vị nào.");
    let little = report(&["a so 80 - insufficient_data"]);
    assert_eq!(vi(&little), "Chưa đủ dữ liệu để xếp loại đơn vị nào. Không có lỗi chưa đạt.");
    assert_eq!(vi(&report(&[])), "Chưa khai báo trang nào.");
}

#[test]
fn a_unit_reads_what_to_do_first() {
    let mut one = report(&["a so 73 C ranked"]);
    step(&mut one.units[0], 20, 5, 78, "C");
    assert_eq!(
        first(&one, Lang::Vi),
        "73 điểm, loại C. Làm 1 việc, khoảng 20\u{a0}phút, lên 78 điểm, loại C."
    );
    step(&mut one.units[0], 35, 6, 84, "B");
    assert_eq!(
        first(&one, Lang::Vi),
        "73 điểm, loại C. Làm 2 việc, khoảng 55\u{a0}phút, lên 84 điểm, loại B."
    );
    step(&mut one.units[0], 35, 6, 90, "A");
    assert_eq!(
        first(&one, Lang::Vi),
        "73 điểm, loại C. Làm 2 việc đầu, khoảng 55\u{a0}phút, lên 84 điểm, loại B."
    );
    assert_eq!(
        first(&one, Lang::En),
        "73 points, grade C. The first 2 steps, about 55\u{a0}min, up to 84, grade B."
    );
}

#[test]
fn steps_that_gain_no_whole_point_promise_none() {
    let mut one = report(&["a so 99 A ranked"]);
    step(&mut one.units[0], 20, 0, 99, "A");
    assert_eq!(
        first(&one, Lang::Vi),
        "99 điểm, loại A. Còn việc nhỏ, khoảng 20\u{a0}phút, chưa thêm đủ một điểm."
    );
}

#[test]
fn a_unit_without_work_says_why() {
    let mut one = report(&["a so 100 A ranked", "b so 90 A ranked"]);
    assert_eq!(first(&one, Lang::Vi), "100 điểm, loại A. Không có lỗi chưa đạt.");
    fail(&mut one, "a", "high", None, Some("b"));
    assert!(first(&one, Lang::Vi).ends_with("Không còn việc của đơn vị; có lỗi do nơi vận hành xử lý."));
    fail(&mut one, "a", "high", None, None);
    assert!(first(&one, Lang::Vi).ends_with("Còn lỗi chưa đạt, xem từng lỗi bên dưới."));
}

#[test]
fn a_unit_without_a_score_has_none() {
    assert_eq!(first(&report(&["a so - - no_site"]), Lang::Vi), "Chưa khai báo trang nào.");
    assert_eq!(first(&report(&["a so - - untested"]), Lang::En), "Could not be tested.");
    let mut blocked = report(&["a so - - untested"]);
    blocked.units[0].sites[0].untested = Some(crate::rule::Reason::Blocked);
    assert_eq!(first(&blocked, Lang::Vi), "Không kiểm tra được: tường lửa trả lời thay cho trang.");
    assert!(first(&report(&["a so - - shared"]), Lang::Vi).starts_with("Trang dùng chung"));
    assert_eq!(
        first(&report(&["a so 80 - insufficient_data"]), Lang::Vi),
        "80 điểm, chưa đủ dữ liệu. Không có lỗi chưa đạt."
    );
}
