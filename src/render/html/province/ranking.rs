//! The ranking, block by block: rank, score, grade, coverage, the last runs, the worst finding.

use maud::{Markup, html};

use crate::{
    render::html::{
        chart, icon,
        view::{Book, Failure, View, name_of},
        words::{block, capitalised},
    },
    report::{BlockCard, UnitCard},
    rule::Lang,
    score::Standing,
};

/// The earlier runs a row shows.
const RUNS: usize = 7;
/// From how many ranked units on the median says something.
const MEDIAN_FROM: usize = 5;

/// A section per block; the first takes the anchor of the part where `anchored`.
pub(super) fn sections(view: View<'_, '_>, anchored: bool) -> Markup {
    html! {
        @for (place, card) in view.report.blocks.iter().enumerate() {
            (section(view, card, anchored && place == 0))
        }
        @if view.report.blocks.is_empty() { div id=[anchored.then_some("xep-hang")] {} }
    }
}

fn section(view: View<'_, '_>, card: &BlockCard, anchored: bool) -> Markup {
    let mut units: Vec<&UnitCard> =
        view.report.units.iter().filter(|unit| unit.block == Some(card.block)).collect();
    units.sort_by(|a, b| (a.rank.is_none(), a.rank, &a.name).cmp(&(b.rank.is_none(), b.rank, &b.name)));
    let id = format!("t-{}", super::super::words::block(card.block, Lang::En));
    let others = units.len().saturating_sub(units.iter().filter(|unit| unit.rank.is_some()).count());
    let history = view.is_sound() && units.iter().any(|unit| !unit.trend.is_empty());
    let changes = view.compares() && units.iter().any(|unit| unit.change.is_some());
    let columns = 6 + usize::from(history) + usize::from(changes);
    let median = median(&view, &units);
    let title = match view.lang {
        Lang::Vi => format!("Xếp hạng {}", block(card.block, Lang::Vi)),
        Lang::En => format!("{}, ranked", capitalised(block(card.block, Lang::En))),
    };
    let note = match (others, view.lang) {
        (0, Lang::Vi) => format!("{} đơn vị xếp hạng", card.ranked),
        (0, Lang::En) => format!("{} units ranked", card.ranked),
        (_, Lang::Vi) => format!("{} đơn vị xếp hạng, {others} không xếp hạng", card.ranked),
        (_, Lang::En) => format!("{} units ranked, {others} without a rank", card.ranked),
    };
    html! {
        section id=[anchored.then_some("xep-hang")] aria-labelledby=(id) {
            div.sec-head { h2 id=(id) { (title) } p { (note) } }
            table.rank.stack role="table" aria-labelledby=(id) {
                thead role="rowgroup" { tr role="row" {
                    th.n scope="col" role="columnheader" { (view.say("Hạng", "Rank")) }
                    th.name scope="col" role="columnheader" { (view.say("Đơn vị", "Unit")) }
                    th.score scope="col" role="columnheader" { (view.say("Điểm", "Score")) }
                    th.grd scope="col" role="columnheader" { (view.say("Loại", "Grade")) }
                    th.cov scope="col" role="columnheader" { (view.say("Bao phủ", "Coverage")) }
                    @if history { th.tr scope="col" role="columnheader" { (view.say("Các kỳ gần nhất", "Last runs")) } }
                    @if changes { th.chg scope="col" role="columnheader" { (view.say("Thay đổi", "Change")) } }
                    th.bad scope="col" role="columnheader" { (view.say("Lỗi nặng nhất", "Worst finding")) }
                } }
                tbody role="rowgroup" {
                    @for (place, unit) in units.iter().enumerate() {
                        @if let Some((_, text)) = median.as_ref().filter(|(at, _)| *at == place) {
                            tr.median role="row" { td role="cell" colspan=(columns) { (text) } }
                        }
                        (row(view, unit, history, changes))
                    }
                }
            }
            @if history {
                p.fine.note { (match view.lang {
                    Lang::Vi => format!("Vạch đứt trong đường xu hướng: bộ quy tắc đã đổi. Dưới {} bao phủ thì không xếp hạng.", view.percent(view.report.method.minimum_coverage)),
                    Lang::En => format!("A dashed line in a trend: the rules changed. Below {} coverage there is no rank.", view.percent(view.report.method.minimum_coverage)),
                }) }
            }
        }
    }
}

/// Before which row the line of the median stands, and what it says.
fn median(book: &Book<'_>, units: &[&UnitCard]) -> Option<(usize, String)> {
    let mut scores: Vec<u8> =
        units.iter().filter(|unit| unit.rank.is_some()).filter_map(|unit| unit.score).collect();
    if scores.len() < MEDIAN_FROM {
        return None;
    }
    scores.sort_unstable();
    let (low, high) = (*scores.get((scores.len() - 1) / 2)?, *scores.get(scores.len() / 2)?);
    let twice = u32::from(low) + u32::from(high);
    let median = crate::report::Tenths(twice * 5);
    let below = units.iter().position(|unit| unit.score.is_none_or(|s| u32::from(s) * 2 < twice))?;
    Some((below, format!("{}: {}", book.say("Trung vị của khối", "The block's median"), book.tenths(median))))
}

fn row(view: View<'_, '_>, unit: &UnitCard, history: bool, changes: bool) -> Markup {
    let shows_rank = view.is_sound();
    let rank = unit.rank.filter(|_| shows_rank).map_or_else(|| "–".to_owned(), |rank| rank.to_string());
    let sites = match view.lang {
        Lang::Vi => format!("{} trang", unit.sites.len()),
        Lang::En if unit.sites.len() == 1 => "1 site".to_owned(),
        Lang::En => format!("{} sites", unit.sites.len()),
    };
    let tested = !matches!(unit.status, Standing::NoSite | Standing::Shared);
    html! {
        tr role="row" class=[unit.rank.is_none().then_some("apart")] {
            td.n role="cell" { (rank) }
            td.name role="cell" { a href=(view.to_unit(unit)) { (name_of(unit)) } @if unit.sites.len() != 1 { " " small { (sites) } } }
            td.score role="cell" { (Book::score(unit.score, unit.bracket)) }
            td.grd role="cell" { (icon::grade(&view, unit.grade.as_deref(), unit.grade_word.get(view.lang))) }
            td.cov role="cell" data-l=(view.say("Bao phủ", "Coverage")) { @if tested { (view.percent(unit.coverage.percent)) } }
            @if history { td.tr role="cell" { (trend(&view, unit)) } }
            @if changes {
                td.chg role="cell" data-l=(view.say("So kỳ trước", "Since the last run")) {
                    @if let Some(change) = unit.change { (icon::change(change.into(), &Book::signed(change.into()))) }
                }
            }
            td.bad role="cell" { (worst(view, unit)) }
        }
    }
}

fn trend(book: &Book<'_>, unit: &UnitCard) -> Markup {
    let from = unit.trend.len().saturating_sub(RUNS);
    let earlier = unit.trend.get(from..).unwrap_or_default();
    let mut scores: Vec<Option<u8>> = earlier.iter().map(|point| point.score).collect();
    scores.push(unit.score);
    if scores.iter().flatten().count() < 2 {
        return html! {};
    }
    let cut = earlier.iter().rposition(|point| !point.same_rules).map(|last| last + 1);
    let (low, high) = (scores.iter().flatten().min(), scores.iter().flatten().max());
    let label = match (low, high, book.lang) {
        (Some(low), Some(high), Lang::Vi) => format!("{} kỳ: từ {low} đến {high} điểm", scores.len()),
        (Some(low), Some(high), Lang::En) => format!("{} runs: {low} to {high} points", scores.len()),
        _ => String::new(),
    };
    chart::spark(&scores, cut, book.ink_of(unit.grade.as_deref()), &label)
}

/// The worst failure that scores and that the unit answers for.
fn worst(view: View<'_, '_>, unit: &UnitCard) -> Markup {
    if unit.status != Standing::Ranked {
        return html! { span.quiet.tag { (icon::icon("unknown")) (capitalised(unit.status_word.get(view.lang))) } };
    }
    let scored = |f: &&Failure<'_>| f.card.finding.scores();
    let worst = view.charged_to(unit).iter().filter(scored).min_by_key(|f| {
        let cost = unit.points_lost.iter().position(|lost| lost.rule == f.card.finding.rule);
        (f.card.finding.severity, cost.unwrap_or(usize::MAX))
    });
    match worst {
        None => html! { span.tag.ok { (icon::icon("pass")) (view.say("Không có", "None")) } },
        Some(failure) => html! {
            div.w {
                (icon::severity(&view, failure.card.finding.severity))
                " " span { (failure.card.finding.message.get(view.lang)) }
            }
        },
    }
}
