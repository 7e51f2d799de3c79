//! Units that have no score: why, and what to do next. Never 0, never «chưa đạt».

use maud::{Markup, html};

use crate::{
    render::html::{
        icon::icon,
        unit::{commonest_reason, site_name},
        view::{View, name_of},
        words::capitalised,
    },
    report::UnitCard,
    rule::{Lang, Reason},
    score::Standing,
};

pub(super) fn section(view: View<'_, '_>) -> Option<Markup> {
    let apart: Vec<&UnitCard> = view
        .report
        .units
        .iter()
        .filter(|u| matches!(u.status, Standing::Untested | Standing::InsufficientData | Standing::NoSite))
        .collect();
    if apart.is_empty() {
        return None;
    }
    let title = match view.lang {
        Lang::Vi => format!("Không kiểm tra được: {} đơn vị", apart.len()),
        Lang::En => format!("Could not be tested: {} units", apart.len()),
    };
    Some(html! {
        section id="khong-kiem-tra" aria-labelledby="t-khong-kiem-tra" {
            div.sec-head {
                h2 id="t-khong-kiem-tra" { (title) }
                p { (view.say("Không tính điểm, không xếp hạng. Đây không phải là kết quả chưa đạt.", "No points, no rank. This is not a failure.")) }
            }
            table.stack.apart role="table" aria-labelledby="t-khong-kiem-tra" {
                thead role="rowgroup" { tr role="row" {
                    th scope="col" role="columnheader" { (view.say("Đơn vị", "Unit")) }
                    th scope="col" role="columnheader" { (view.say("Trang", "Sites")) }
                    th scope="col" role="columnheader" { (view.say("Lý do", "Reason")) }
                    th scope="col" role="columnheader" { (view.say("Lần cuối có kết quả", "Last result")) }
                    th scope="col" role="columnheader" { (view.say("Việc nên làm", "What to do")) }
                } }
                tbody role="rowgroup" { @for unit in apart { (row(view, unit)) } }
            }
        }
    })
}

fn row(view: View<'_, '_>, unit: &UnitCard) -> Markup {
    let reason = unit.sites.iter().find_map(commonest_reason);
    let why = match (unit.status, reason) {
        (Standing::Untested, Some(reason)) => capitalised(reason.words().get(view.lang)),
        _ => capitalised(unit.status_word.get(view.lang)),
    };
    let last = unit.trend.iter().rev().find(|point| point.score.is_some());
    html! {
        tr role="row" {
            td role="cell" { b { a href=(view.to_unit(unit)) { (name_of(unit)) } } }
            td role="cell" {
                @for (place, site) in unit.sites.iter().take(3).enumerate() { @if place > 0 { ", " } (site_name(site)) }
                @if unit.sites.len() > 3 { ", …" }
                @if unit.sites.is_empty() { "–" }
            }
            td role="cell" { span.reason { (icon("unknown")) (why) } }
            td role="cell" data-l=(view.say("Lần cuối", "Last")) {
                @match last { Some(point) => (view.date(point.at)), None => (view.say("chưa lần nào", "never")) }
            }
            td role="cell" { (next(view, unit.status, reason)) }
        }
    }
}

/// What helps, by what stood in the way.
fn next(view: View<'_, '_>, status: Standing, reason: Option<Reason>) -> &'static str {
    let (vi, en) = match (status, reason) {
        (Standing::NoSite, _) => (
            "Bổ sung trang vào danh mục, hoặc ghi rõ không có trang",
            "Add its sites to the inventory, or note that it has none",
        ),
        (_, Some(Reason::Blocked)) => (
            "Đề nghị nơi vận hành cho phép địa chỉ máy quét",
            "Ask the operator to let the scanner's address in",
        ),
        (_, Some(Reason::NoAddress | Reason::Rcode)) => {
            ("Xác nhận tên miền, hoặc bỏ khỏi danh mục", "Confirm the name, or take it out of the inventory")
        }
        (_, Some(Reason::Excluded)) => {
            ("Xem lại danh sách loại trừ khi hết hạn", "Look at the exclusion again when it ends")
        }
        (
            _,
            Some(Reason::Refused | Reason::TimedOut | Reason::Reset | Reason::Closed | Reason::Unreachable),
        ) => (
            "Kiểm tra trang có còn hoạt động, tường lửa có chặn máy quét",
            "See whether the site runs and whether a firewall stops the scanner",
        ),
        _ => ("Kiểm tra lại ở lượt sau", "Look again in the next run"),
    };
    match view.lang {
        Lang::Vi => vi,
        Lang::En => en,
    }
}
