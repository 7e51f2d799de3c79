//! The findings: each folded under its title, with why, evidence, steps, undo, who, how long, and the command that
//! checks again. What others fix is listed apart.

use maud::{Markup, html};

use crate::{
    render::{
        escape,
        html::{
            icon,
            view::{View, name_of},
            words,
        },
    },
    report::UnitCard,
    rule::{Lang, Level, Role},
};

use super::{Fault, Kind, evidence, recheck, steps};

/// The most hosts named below a title.
const NAMED: usize = 3;

pub(super) fn sections(view: View<'_, '_>, card: &UnitCard, faults: &[Fault<'_>]) -> Markup {
    let of = |kind: Kind| faults.iter().filter(move |fault| fault.kind == kind).collect::<Vec<_>>();
    let (own, others, advice) = (of(Kind::Own), of(Kind::Others), of(Kind::Advice));
    let passed = card
        .sites
        .iter()
        .flat_map(|site| site.findings.outlines())
        .filter(|f| f.verdict == crate::rule::Verdict::Pass)
        .count();
    let passed = match view.lang {
        Lang::Vi => format!("{} phép đã đạt", view.count(passed)),
        Lang::En => format!("{} checks passed", view.count(passed)),
    };
    let (own_id, others_id, advice_id) =
        (view.anchor(card, "t-loi"), view.anchor(card, "t-noi-khac"), view.anchor(card, "t-khuyen-nghi"));
    html! {
        @if !own.is_empty() {
            section id=(view.anchor(card, "loi")) aria-labelledby=(view.label(card, &own_id)) {
                div.sec-head {
                    h2 id=(own_id) { (own.len()) (view.say(" lỗi chưa đạt", if own.len() == 1 { " finding" } else { " findings" })) }
                    p { (view.say("Theo thứ tự việc cần làm. ", "In the order of the plan. ")) (passed) }
                }
                @for (place, fault) in own.iter().enumerate() { (finding(view, card, fault, place == 0)) }
            }
        } @else if card.score.is_some() {
            section id=(view.anchor(card, "loi")) aria-labelledby=(view.label(card, &own_id)) {
                div.sec-head { h2 id=(own_id) { (view.say("Không có lỗi chưa đạt", "Nothing failed")) } p { (passed) } }
                (next_expiry(view, card))
            }
        }
        @if !others.is_empty() {
            section aria-labelledby=(view.label(card, &others_id)) {
                div.sec-head {
                    h2 id=(others_id) { (view.say("Do nơi khác xử lý", "For others to fix")) }
                    p { (view.say("Thấy trên trang của đơn vị, không trừ điểm đơn vị", "Seen on the unit's sites, costs it no points")) }
                }
                table.stack.minor role="table" aria-labelledby=(others_id) {
                    thead role="rowgroup" { tr role="row" {
                        th scope="col" role="columnheader" { (view.say("Mức độ", "Severity")) }
                        th scope="col" role="columnheader" { (view.say("Lỗi", "Finding")) }
                        th scope="col" role="columnheader" { (view.say("Trang", "Site")) }
                        th scope="col" role="columnheader" { (view.say("Ai xử lý", "Who fixes it")) }
                    } }
                    tbody role="rowgroup" { @for fault in &others { (other(view, fault)) } }
                }
            }
        }
        @if !advice.is_empty() {
            section id=(view.anchor(card, "khuyen-nghi")) aria-labelledby=(view.label(card, &advice_id)) {
                div.sec-head {
                    h2 id=(advice_id) { (advice.len()) (view.say(" khuyến nghị", " recommended")) }
                    p { (view.say("Nên làm, không tính điểm", "Worth doing, no points")) }
                }
                @for fault in &advice { (finding(view, card, fault, false)) }
            }
        }
    }
}

/// Where nothing failed: what runs out next.
fn next_expiry(view: View<'_, '_>, card: &UnitCard) -> Markup {
    let next = card
        .sites
        .iter()
        .filter_map(|site| Some((site.certificate_expires?, site)))
        .min_by_key(|(at, _)| *at);
    html! {
        p.state {
            (icon::icon("pass")) " "
            @match next {
                Some((at, site)) => (match view.lang {
                    Lang::Vi => format!("Việc sắp tới: chứng thư số của {} hết hạn ngày {}.", super::site_name(site), view.date(at)),
                    Lang::En => format!("Next: the certificate of {} expires on {}.", super::site_name(site), view.date(at)),
                }),
                None => (view.say("Lượt sau kiểm tra lại.", "The next run looks again.")),
            }
        }
    }
}

fn hosts(view: View<'_, '_>, fault: &Fault<'_>) -> String {
    let hosts = fault.hosts();
    let named = hosts.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match (hosts.len().checked_sub(NAMED).filter(|more| *more > 0), view.lang) {
        (None, _) => named,
        (Some(more), Lang::Vi) => format!("{named} và {more} trang nữa"),
        (Some(more), Lang::En) => format!("{named} and {more} more"),
    }
}

fn title<'t>(view: View<'_, 't>, fault: &'t Fault<'_>) -> &'t str {
    match (fault.places.len(), fault.finding()) {
        (1, Some(finding)) => finding.message.get(view.lang),
        _ => fault.entry.map_or(fault.rule.as_str(), |rule| rule.title.get(view.lang)),
    }
}

fn finding(view: View<'_, '_>, card: &UnitCard, fault: &Fault<'_>, open: bool) -> Markup {
    let Some(finding) = fault.finding() else { return html! {} };
    let minutes = fault.entry.map_or(0, |rule| rule.minutes);
    let new = fault.places.iter().any(|place| view.is_new(&place.card));
    let waived = fault.places.iter().any(|place| place.card.finding.waived);
    html! {
        details.find id=(view.anchor(card, &format!("loi-{}", fault.rule))) open[open] {
            summary {
                (icon::severity(&view, finding.severity))
                span.what {
                    span.ft { (title(view, fault)) }
                    @if new { " " span.pill { (view.say("mới", "new")) } }
                    @if waived { " " span.pill { (view.say("được miễn trừ", "waived")) } }
                    @if finding.upcoming { " " span.pill { (upcoming(view, fault)) } }
                    @if finding.level == Level::Info { " " span.pill { (view.say("để biết", "for information")) } }
                    span.fh { (hosts(view, fault)) }
                }
                span.fm { (view.minutes(minutes)) }
                span.chev { (icon::icon("chevron")) }
            }
            div.body {
                div {
                    @if let Some(rule) = fault.entry {
                        h3 { (view.say("Vì sao cần sửa", "Why it matters")) }
                        p { (rule.why.get(view.lang)) }
                    }
                    h3 { (view.say("Bằng chứng", "Evidence")) }
                    (evidence::evidence(view, fault))
                    @if let Some(fix) = fault.entry.and_then(|rule| rule.fix.as_ref()) {
                        (steps::steps(view, card, fault, fix))
                    }
                }
                div.side { (side(view, card, fault)) }
            }
        }
    }
}

fn upcoming(view: View<'_, '_>, fault: &Fault<'_>) -> String {
    match fault.entry.and_then(|rule| rule.effective_from) {
        Some(day) => format!("{} {}", view.say("bắt buộc từ", "required from"), view.day(day)),
        None => view.say("sắp bắt buộc", "required soon").to_owned(),
    }
}

fn side(view: View<'_, '_>, card: &UnitCard, fault: &Fault<'_>) -> Markup {
    let cites = fault.entry.map_or(&[][..], |rule| &rule.cites);
    let of = |role: Role| cites.iter().filter(move |cite| cite.role == role);
    let lost = card.points_lost.iter().find(|lost| lost.rule == fault.rule && fault.kind == Kind::Own);
    let who = words::fixer(fault.entry, view.lang);
    html! {
        dl {
            dt { (view.say("Ai làm", "Who does it")) } dd { (who) }
            @if let Some(lost) = lost {
                dt { (view.say("Đang mất", "It costs")) }
                dd { (view.tenths(lost.points)) (view.say(" điểm gốc", " points of the base")) }
            }
            @if let Some(seen) = fault.first_seen() {
                dt { (view.say("Thấy lần đầu", "First seen")) } dd { (view.date(seen)) }
            }
            dt { (view.say("Sửa xong, kiểm tra lại", "Once fixed, check again")) }
            dd { code.cmd { (recheck::command(card, Some(fault))) } }
            @if of(Role::LegalBasis).next().is_some() {
                dt { (view.say("Căn cứ", "Legal basis")) }
                dd { ul { @for cite in of(Role::LegalBasis) { (citation(view, cite)) } } }
            }
            @if of(Role::Baseline).next().is_some() {
                dt { (view.say("Chuẩn kỹ thuật", "Technical baseline")) }
                dd { ul { @for cite in of(Role::Baseline) { (citation(view, cite)) } } }
            }
            dt { (view.say("Quy tắc", "Rule")) } dd { code { (fault.rule) } }
        }
    }
}

fn citation(view: View<'_, '_>, cite: &crate::report::Cited) -> Markup {
    html! {
        li {
            (cite.title.get(view.lang)) ", " (cite.clause)
            @let mark = cite.verified.mark();
            @if !mark.get(view.lang).is_empty() { " " small.quiet { "(" (mark.get(view.lang)) ")" } }
        }
    }
}

fn other(view: View<'_, '_>, fault: &Fault<'_>) -> Markup {
    let severity = fault.finding().map(|finding| finding.severity);
    let scores = fault.finding().is_some_and(crate::rule::Finding::scores);
    html! {
        tr role="row" {
            td role="cell" { @if let Some(severity) = severity { (icon::severity(&view, severity)) } }
            td role="cell" {
                b { (title(view, fault)) }
                @if !scores { " " span.pill { (view.say("khuyến nghị", "recommended")) } }
            }
            td role="cell" { (hosts(view, fault)) }
            td role="cell" {
                @match fault.charged_to.as_deref().and_then(|id| view.unit(id)) {
                    Some(unit) => a href=(view.to_finding(unit, &fault.rule)) { (name_of(unit)) },
                    None => (escape(fault.charged_to.as_deref().unwrap_or("–"))),
                }
            }
        }
    }
}
