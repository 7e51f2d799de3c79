//! The province's page: whom to write to, one cause behind many findings, ranks by block, what could not be tested,
//! what runs out.

mod causes;
mod criticals;
mod expiry;
mod figures;
mod keys;
mod ranking;
mod untested;

use maud::{Markup, html};

use super::{
    chart,
    frame::Page,
    headline::{self, looked_at},
    icon::icon,
    number::NBSP,
    view::{Book, View},
};
use crate::{render::escape, report::Report, rule::Lang};

/// The page.
pub(super) fn page(view: View<'_, '_>) -> Page {
    let report = view.report;
    let province = escape(&report.province).into_owned();
    let date = view.date(report.run.started_at);
    let agency = escape(&report.lead_agency).to_uppercase();
    let critical = criticals::section(view);
    let causes = causes::section(view);
    let keys = keys::section(view);
    let untested = untested::section(view);
    let expiry = expiry::section(view);
    let ranked = report.units.iter().any(|unit| unit.rank.is_some());
    let part = |anchor: &str, vi: &str, en: &str| (anchor.to_owned(), view.say(vi, en).to_owned());
    let mut parts = vec![part("tong-quan", "Tổng quan", "Overview")];
    if critical.is_some() {
        parts.push(part("xu-ly", "Cần xử lý", "To handle"));
    }
    if causes.is_some() {
        parts.push(part("nguyen-nhan", "Nguyên nhân chung", "Common causes"));
    }
    if keys.is_some() {
        parts.push(part("khoa-chung", "Khóa dùng chung", "Shared keys"));
    }
    parts.push(part("xep-hang", "Xếp hạng", "Ranks"));
    if untested.is_some() {
        parts.push(part("khong-kiem-tra", "Không kiểm tra được", "Could not be tested"));
    }
    if expiry.is_some() {
        parts.push(part("het-han", "Sắp hết hạn", "Running out"));
    }
    let title = match view.lang {
        Lang::Vi => format!("{province}: kết quả kiểm tra ngày {date}"),
        Lang::En => format!("{province}: results of {date}"),
    };
    Page {
        kind: "province",
        title,
        anchor: "tong-quan".to_owned(),
        agency: html! { "UBND " (province.to_uppercase()) br; b { (agency) } },
        kicker: match view.lang {
            Lang::Vi => format!("Kết quả kiểm tra trang thông tin điện tử, lượt ngày {date}"),
            Lang::En => format!("Checks of agency web sites, run of {date}"),
        },
        headline: headline::province(&view),
        facts: facts(view),
        parts,
        body: html! {
            (figures::figures(view))
            @if let Some(critical) = critical { (critical) }
            @if let Some(causes) = causes { (causes) }
            @if let Some(keys) = keys { (keys) }
            @if ranked { (spread(view)) }
            (ranking::sections(view, !ranked))
            @if let Some(untested) = untested { (untested) }
            @if let Some(expiry) = expiry { (expiry) }
        },
    }
}

/// When, since when, by which rules, over how many, and whether the run can be trusted.
fn facts(view: View<'_, '_>) -> Markup {
    let report = view.report;
    let hash: String = report.method.rules_hash.chars().take(8).collect();
    let sites: usize = report.units.iter().map(|unit| unit.sites.len()).sum();
    let (units, sites) = (view.count(report.units.len()), view.count(sites));
    html! {
        span {
            (view.say("Quét ", "Scanned "))
            b { (view.moment(report.run.started_at)) "–" (Book::clock(report.run.finished_at)) }
        }
        span {
            @match &report.previous {
                Some(previous) => { (view.say("Kỳ trước ", "Last run ")) b { (view.date(previous.started_at)) } }
                None => { (view.say("Lần kiểm tra đầu tiên", "The first run")) }
            }
        }
        span {
            (view.say("Bộ quy tắc ", "Rules ")) b { (report.method.version) }
            (match view.lang { Lang::Vi => format!(" (mã {hash})"), Lang::En => format!(" ({hash})") })
        }
        span {
            (view.say("Phạm vi ", "Scope "))
            b { (match view.lang {
                Lang::Vi => format!("{units} đơn vị, {sites} trang"),
                Lang::En => format!("{units} units, {sites} sites"),
            }) }
        }
        (soundness(view))
    }
}

/// Whether the run can be trusted, in words and by a mark.
pub(super) fn soundness(view: View<'_, '_>) -> Markup {
    let run = &view.report.run;
    let (seen, all) = looked_at(view.report);
    html! {
        @if run.degraded {
            span.tag.doubt { (icon("high")) (view.say(
                "Lượt quét suy giảm: máy quét tự kiểm tra không đạt",
                "Degraded run: the scanner's own check failed",
            )) }
        } @else if !run.complete {
            span.tag.doubt { (icon("high")) (match view.lang {
                Lang::Vi => format!("Lượt quét chưa đầy đủ: {seen} trên {all} trang có kết quả"),
                Lang::En => format!("Not complete: {seen} of {all} sites have a result"),
            }) }
        } @else {
            span.tag.ok { (icon("pass")) (view.say("Lượt quét đầy đủ", "Complete run")) }
        }
    }
}

fn spread(view: View<'_, '_>) -> Markup {
    let start = chart::start(&view);
    let label = label(view.report, &view);
    html! {
        section id="xep-hang" aria-labelledby="t-phan-bo" {
            div.sec-head {
                h2 id="t-phan-bo" { (view.say("Phân bố điểm theo khối", "Scores by block")) }
                p { (view.say("Mỗi chấm là một đơn vị. Chỉ so sánh trong cùng khối.", "One dot a unit. Compare within a block only.")) }
            }
            figure {
                (chart::distribution(&view, &label))
                figcaption.legend {
                    span { (key("mean")) (view.say("bình quân kỳ này", "mean of this run")) }
                    @if view.compares() { span { (key("prev")) (view.say("bình quân kỳ trước", "mean of the last run")) } }
                    span { (match view.lang {
                        Lang::Vi => format!("Trục bắt đầu từ {start}{NBSP}điểm"),
                        Lang::En => format!("The axis begins at {start}"),
                    }) }
                }
            }
        }
    }
}

fn key(class: &str) -> Markup {
    html! { svg width="14" height="14" aria-hidden="true" { path class=(class) d="M7,0V14" {} } }
}

fn label(report: &Report, book: &Book<'_>) -> String {
    let blocks = report.blocks.iter().filter_map(|block| {
        let name = super::words::block(block.block, book.lang);
        Some(format!("{name}: {} {}", book.say("bình quân", "mean"), book.tenths(block.average?)))
    });
    let blocks: Vec<String> = blocks.collect();
    format!("{}: {}", book.say("Phân bố điểm theo khối", "Scores by block"), blocks.join("; "))
}
