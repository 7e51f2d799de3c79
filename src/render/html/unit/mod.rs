//! A unit's page: how bad, what first, who does it, how many points, how long; then each finding with its evidence and
//! steps. Also the page of a one-off check.

mod evidence;
mod fault;
mod finding;
mod history;
mod plan;
mod recheck;
mod sites;
mod steps;
mod suspicion;
mod tls;
mod untested;

use maud::{Markup, html};

use super::{
    chart,
    frame::Page,
    headline, icon,
    province::soundness,
    view::{Book, View, name_of},
    words,
};
use crate::{
    render::{escape, words as shared},
    report::{SiteCard, UnitCard},
    rule::{Lang, Reason},
    score::{Bracket, Standing},
};

use fault::{Fault, Kind, faults};

/// A site as readers write it: its port only where that is not 443.
pub(super) fn site_name(site: &SiteCard) -> String {
    if site.host.is_empty() {
        return "–".to_owned();
    }
    escape(&shared::site(site)).into_owned()
}

/// Why most of what could not be tested of a site could not.
pub(super) fn commonest_reason(site: &SiteCard) -> Option<Reason> {
    site.untested.or_else(|| shared::commonest_reason(site.findings.outlines()))
}

/// The page.
pub(super) fn page(view: View<'_, '_>, card: &UnitCard) -> Page {
    let date = view.date(view.report.run.started_at);
    let one_off = card.block.is_none();
    let name = if one_off { hosts(view, card) } else { name_of(card).into_owned() };
    let faults = faults(&view, card);
    let own = faults.iter().filter(|fault| fault.kind == Kind::Own).count();
    let advice = faults.iter().filter(|fault| fault.kind == Kind::Advice).count();
    let anchor = |part: &str| view.anchor(card, part);
    let mut parts = vec![(anchor("ket-qua"), view.say("Kết quả", "Result").to_owned())];
    if !card.fix_plan.is_empty() {
        parts.push((anchor("viec"), view.say("Việc cần làm trước", "What to do first").to_owned()));
    }
    if own > 0 {
        parts.push((anchor("loi"), format!("{} ({own})", view.say("Lỗi chưa đạt", "Findings"))));
    }
    if advice > 0 {
        parts.push((anchor("khuyen-nghi"), format!("{} ({advice})", view.say("Khuyến nghị", "Recommended"))));
    }
    let suspicions = suspicion::count(card);
    if suspicions > 0 {
        parts.push((anchor("nghi-van"), format!("{} ({suspicions})", view.say("Nghi vấn", "Suspicions"))));
    }
    if !card.sites.is_empty() {
        parts.push((anchor("kiem-tra-lai"), view.say("Kiểm tra lại", "Check again").to_owned()));
    }
    let history = history::section(view, card);
    if history.is_some() {
        parts.push((anchor("lich-su"), view.say("Các lần trước", "Earlier runs").to_owned()));
    }
    let tls = tls::section(view, card);
    if tls.is_some() {
        parts.push((anchor("tls"), view.say("TLS chi tiết", "TLS in detail").to_owned()));
    }
    Page {
        kind: "unit",
        title: match view.lang {
            Lang::Vi => format!("{name}: kết quả kiểm tra ngày {date}"),
            Lang::En => format!("{name}: results of {date}"),
        },
        anchor: anchor("don-vi"),
        agency: agency(view, card, &name),
        kicker: match view.lang {
            Lang::Vi => format!("Kết quả kiểm tra trang thông tin điện tử, lượt ngày {date}"),
            Lang::En => format!("Check of web sites, run of {date}"),
        },
        headline: headline::unit(&view, card),
        facts: facts(view, card),
        parts,
        body: html! {
            (score_line(view, card))
            (plan::section(view, card))
            (sites::section(view, card))
            (finding::sections(view, card, &faults))
            (suspicion::section(view, card))
            (untested::section(view, card))
            (recheck::section(view, card, own))
            (recheck::letter(view, card, &faults))
            @if let Some(history) = history { (history) }
            @if let Some(tls) = tls { (tls) }
        },
    }
}

fn hosts(view: View<'_, '_>, card: &UnitCard) -> String {
    match card.sites.as_slice() {
        [] => name_of(card).into_owned(),
        [only] => site_name(only),
        [first, rest @ ..] => {
            format!(
                "{} {} {}",
                site_name(first),
                view.say("và", "and"),
                match view.lang {
                    Lang::Vi => format!("{} trang khác", rest.len()),
                    Lang::En => format!("{} more", rest.len()),
                }
            )
        }
    }
}

fn agency(view: View<'_, '_>, card: &UnitCard, name: &str) -> Markup {
    let Some(block) = card.block else {
        return html! { (view.say("Kiểm tra một lần", "One-off check")) br; b.host id=(view.anchor(card, "ten")) { (name) } };
    };
    html! {
        a href=(view.to_index()) { (escape(&view.report.province)) } ", " (words::block(block, view.lang))
        br; b id=(view.anchor(card, "ten")) { (name.to_uppercase()) }
    }
}

fn facts(view: View<'_, '_>, card: &UnitCard) -> Markup {
    let report = view.report;
    let ranked = card.block.and_then(|block| report.blocks.iter().find(|one| one.block == block));
    html! {
        @if let (Some(rank), Some(block), true) = (card.rank, ranked.filter(|b| b.ranked > 1), view.is_sound()) {
            span { (view.say("Hạng ", "Rank ")) b { (match view.lang {
                Lang::Vi => format!("{rank} trên {}", block.ranked),
                Lang::En => format!("{rank} of {}", block.ranked),
            }) } " " (words::block(block.block, view.lang)) }
        }
        @if let (Some(change), true) = (card.change, view.compares()) {
            span { (view.say("So kỳ trước ", "Since the last run ")) (icon::change(change.into(), &Book::signed(change.into()))) }
        } @else if report.previous.is_none() && card.block.is_some() {
            span { (view.say("Lần kiểm tra đầu tiên", "The first run")) }
        }
        span { (view.say("Quét ", "Scanned ")) b { (view.moment(report.run.started_at)) } }
        span { (view.say("Bộ quy tắc ", "Rules ")) b { (report.method.version) } }
        @if card.block.is_none() && !card.name.is_empty() {
            span { (view.say("Người cho phép ", "Permitted by ")) b { (escape(&card.name)) } }
        }
        (soundness(view))
    }
}

/// Score, grade, and where they stand on the scale.
fn score_line(view: View<'_, '_>, card: &UnitCard) -> Markup {
    let id = view.anchor(card, "ket-qua");
    let Some(score) = card.score else {
        let text = match card.status {
            Standing::NoSite => view.say(
                "Chưa biết gì về đơn vị này. Khi có trang trong danh mục, lượt quét sau sẽ chấm điểm.",
                "Nothing is known of this unit. Once it has a site in the inventory, the next run scores it.",
            ),
            Standing::Shared => view.say(
                "Điểm của máy chủ và tên miền nằm ở đơn vị vận hành.",
                "The points of server and zone are with whoever runs them.",
            ),
            _ => view.say(
                "Không tính điểm, không xếp hạng. Đây không phải là kết quả chưa đạt.",
                "No points, no rank. This is not a failure.",
            ),
        };
        return html! {
            div.scoreline id=(id) { p.state { (icon::icon("unknown")) " " (text) " " a href=(view.to_method()) { (view.say("Cách chấm điểm", "How the score is made")) } } }
        };
    };
    let first = headline::first_steps(card);
    let (words, after) = match first {
        Some((n, _, after, _)) if after > score => (
            match (n, view.lang) {
                (1, Lang::Vi) => "sau 1 việc".to_owned(),
                (n, Lang::Vi) => format!("sau {n} việc"),
                (1, Lang::En) => "after one step".to_owned(),
                (n, Lang::En) => format!("after {n} steps"),
            },
            Some(after),
        ),
        _ => (String::new(), None),
    };
    let label = match (after, view.lang) {
        (Some(after), Lang::Vi) => format!("Điểm nay {score}, {words} {after}"),
        (Some(after), Lang::En) => format!("Score now {score}, {words} {after}"),
        (None, Lang::Vi) => format!("Điểm nay {score}"),
        (None, Lang::En) => format!("Score now {score}"),
    };
    html! {
        div.scoreline id=(id) {
            div.bigscore {
                span.n { (score) }
                div.of {
                    (view.say("trên 100", "out of 100")) br;
                    span.tag {
                        (icon::grade(&view, card.grade.as_deref(), ""))
                        " " b class={ "g-" (view.ink_of(card.grade.as_deref())) } { (words::capitalised(card.grade_word.get(view.lang))) }
                    }
                    @if let Some(Bracket(low, high)) = card.bracket.filter(|b| b.0 != b.1) {
                        br; (view.say("trong khoảng ", "between ")) (low) "–" (high)
                    }
                    @if let Some(waived) = card.score_with_waivers.filter(|waived| *waived != score) {
                        br; (view.say("bỏ qua lỗi được miễn trừ: ", "waived failures left out: ")) (waived)
                    }
                    br; a href=(view.to_method()) { (view.say("Cách chấm điểm", "How it is made")) }
                }
            }
            figure { (chart::scale(&view, score, card.grade.as_deref(), after.map(|after| (after, words.as_str())), &label)) }
        }
    }
}
