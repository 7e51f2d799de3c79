//! Why this score: what the unit answers for with weights and caps, and the points of each category.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::{
    render::{
        escape,
        html::{chart, icon, number::NBSP, view::View, words},
    },
    report::{CapCard, GroupCard, GroupKind, ProductCard, SiteCard, UnitCard},
    rule::{Category, Lang},
};

use super::{commonest_reason, site_name};

/// The most terms of the sum that are written out.
const TERMS: usize = 6;

pub(super) fn section(view: View<'_, '_>, card: &UnitCard) -> Markup {
    if card.sites.is_empty() && card.groups.is_empty() {
        return html! {};
    }
    let (id, categories_id) = (view.anchor(card, "t-trang"), view.anchor(card, "t-nhom"));
    let groups: Vec<&GroupCard> = card.groups.iter().filter(|group| group.kind != GroupKind::Site).collect();
    let title = match (card.sites.len(), view.lang) {
        (n, Lang::Vi) => format!("{n} trang của đơn vị"),
        (1, Lang::En) => "One site".to_owned(),
        (n, Lang::En) => format!("{n} sites"),
    };
    html! {
        section aria-labelledby=(view.label(card, &id)) {
            div.two {
                div {
                    div.sec-head { h2 id=(id) { (title) } @if card.score.is_some() { p { (view.say("Vì sao có điểm này", "Why this score")) } } }
                    table.stack.sites role="table" aria-labelledby=(id) {
                        thead role="rowgroup" { tr role="row" {
                            th scope="col" role="columnheader" { (view.say("Trang", "Site")) }
                            th.r scope="col" role="columnheader" { (view.say("Hệ số", "Weight")) }
                            th.r scope="col" role="columnheader" { (view.say("Điểm", "Score")) }
                            th scope="col" role="columnheader" { (view.say("Loại", "Grade")) }
                            th scope="col" role="columnheader" { (view.say("Trần điểm", "Cap")) }
                        } }
                        tbody role="rowgroup" {
                            @for site in &card.sites { (row(view, site, own_group(card, site))) }
                            @for group in &groups { (group_row(view, group)) }
                        }
                    }
                    @if let Some(sum) = sum(view, card) { p.fine.note { (sum) } }
                }
                div {
                    div.sec-head {
                        h2 id=(categories_id) { (view.say("Theo nhóm", "By category")) }
                        p { (view.say("Độ bao phủ ", "Coverage ")) (view.percent(card.coverage.percent)) }
                    }
                    (categories(view, card))
                }
            }
        }
    }
}

/// The group of a site's own, where the unit answers for it.
fn own_group<'r>(card: &'r UnitCard, site: &SiteCard) -> Option<&'r GroupCard> {
    let plain = site.host.as_str();
    let with_port = format!("{}:{}", site.host, site.port);
    card.groups.iter().find(|group| {
        let named = if site.port == 443 { group.name == plain } else { group.name == with_port };
        group.kind == GroupKind::Site && named
    })
}

fn row(view: View<'_, '_>, site: &SiteCard, group: Option<&GroupCard>) -> Markup {
    let score = group.map_or(site.score, |group| group.score);
    let grade = match group {
        Some(group) if group.score == site.score => site.grade.as_deref(),
        Some(group) => letter(view, group),
        None => site.grade.as_deref(),
    };
    let caps = group.map_or(&site.caps, |group| &group.caps);
    let base = group.map_or(site.base, |group| group.base);
    // where too little was tested, the site's number says nothing to a reader
    let known = site.score.filter(|_| site.grade.is_some());
    let whole = known.filter(|whole| group.is_some_and(|group| group.score != Some(*whole)));
    let mut about: Vec<String> = site.server.iter().map(|server| escape(server).into_owned()).collect();
    let named = |product: &&ProductCard| {
        let name = product.name.split(' ').next_back().unwrap_or_default().to_lowercase();
        site.server.as_ref().is_none_or(|server| !server.to_lowercase().contains(&name))
    };
    about.extend(site.products.iter().filter(named).map(|product| escape(&product.name).into_owned()));
    about.extend(site.addresses.iter().take(4).map(|address| escape(address).into_owned()));
    let undecided = score.is_none() || site.untested.is_some();
    html! {
        tr role="row" {
            td role="cell" {
                b { (site_name(site)) }
                small.quiet {
                    (about.join(", "))
                    @if !about.is_empty() { ". " }
                    (words::capitalised(words::importance(site.importance, view.lang)))
                }
            }
            td.r role="cell" data-l=(view.say("Hệ số", "Weight")) { @if let Some(group) = group { (group.weight) } @else { "–" } }
            td.r role="cell" { @if undecided { "–" } @else if let Some(score) = score { b { (score) } } @else { "–" } }
            td role="cell" { @if undecided { (icon::grade(&view, None, "")) } @else { (icon::grade(&view, grade, "")) } }
            td role="cell" {
                small {
                    @match (undecided, commonest_reason(site)) {
                        (true, Some(reason)) => { (icon::icon("unknown")) " " (words::capitalised(reason.words().get(view.lang))) },
                        _ => (cap(view, caps, base)),
                    }
                    @if let (Some(whole), false) = (whole, undecided) {
                        br; (match view.lang {
                            Lang::Vi => format!("Người dân gặp: {whole} điểm, tính cả lỗi do nơi khác xử lý"),
                            Lang::En => format!("What visitors meet: {whole}, with what others have to fix"),
                        })
                    }
                }
            }
        }
    }
}

fn group_row(view: View<'_, '_>, group: &GroupCard) -> Markup {
    html! {
        tr role="row" {
            td role="cell" {
                b { (words::group(group.kind, view.lang)) " " (escape(&group.name)) }
                small.quiet { (match view.lang {
                    Lang::Vi => format!("Đơn vị vận hành cho {} trang", group.sites.len()),
                    Lang::En => format!("Run for {} sites", group.sites.len()),
                }) }
            }
            td.r role="cell" data-l=(view.say("Hệ số", "Weight")) { (group.weight) }
            td.r role="cell" { b { @match group.score { Some(score) => (score), None => "–" } } }
            td role="cell" { (icon::grade(&view, letter(view, group), "")) }
            td role="cell" { small { (cap(view, &group.caps, group.base)) } }
        }
    }
}

/// The grade of a group; none where too little was tested.
fn letter<'r>(view: View<'_, 'r>, group: &GroupCard) -> Option<&'r str> {
    let enough = group.coverage.percent >= view.report.method.minimum_coverage;
    let grade = group.score.filter(|_| enough).and_then(|score| view.grade_of(score))?;
    Some(&grade.letter)
}

fn cap(view: View<'_, '_>, caps: &[CapCard], base: Option<u8>) -> Markup {
    let Some(binding) = caps.iter().find(|cap| cap.binding) else {
        return html! { (view.say("Không bị trần", "None")) };
    };
    let title = view.title(&binding.rule);
    html! {
        (match view.lang {
            Lang::Vi => format!("Trần {}: {title}.", binding.cap),
            Lang::En => format!("Held at {}: {title}.", binding.cap),
        })
        @if let Some(base) = base { " " (match view.lang {
            Lang::Vi => format!("Không có trần: {base}."),
            Lang::En => format!("Without it: {base}."),
        }) }
    }
}

/// The mean written out, where it is short: `(3 × 79 + 2 × 49) : 5 = 67`.
fn sum(view: View<'_, '_>, card: &UnitCard) -> Option<String> {
    let score = card.score?;
    let scored: Vec<(u16, u8)> = card.groups.iter().filter_map(|g| Some((g.weight, g.score?))).collect();
    let mut text = String::new();
    if (2..=TERMS).contains(&scored.len()) {
        let terms: Vec<String> = scored.iter().map(|(weight, score)| format!("{weight} × {score}")).collect();
        let weight: u32 = scored.iter().map(|(weight, _)| u32::from(*weight)).sum();
        text = format!("({}) : {weight} = {score}. ", terms.join(" + "));
    }
    if let Some(worst) = card.worst_site.as_ref().filter(|_| card.sites.len() > 1) {
        text += &match view.lang {
            Lang::Vi => format!("Trang yếu nhất: {}, {} điểm. ", escape(&worst.host), worst.score),
            Lang::En => format!("Weakest site: {}, {}. ", escape(&worst.host), worst.score),
        };
    }
    let share = card.sites_without_high;
    if share.of > 1 {
        text += &match view.lang {
            Lang::Vi => {
                format!("{} trên {} trang không có lỗi cao hoặc nghiêm trọng.", share.count, share.of)
            }
            Lang::En => format!("{} of {} sites have nothing high or critical.", share.count, share.of),
        };
    }
    (!text.is_empty()).then_some(text)
}

/// Points over all sites, category by category.
fn categories(view: View<'_, '_>, card: &UnitCard) -> Markup {
    let mut sums: BTreeMap<Category, (u64, u64)> = BTreeMap::new();
    // where the unit has no score, what little was tested is another's
    let sites = card.sites.iter().filter(|_| card.score.is_some());
    for one in sites.flat_map(|site| &site.categories) {
        let sum = sums.entry(one.category).or_default();
        sum.0 = sum.0.saturating_add(one.points);
        sum.1 = sum.1.saturating_add(one.max);
    }
    sums.retain(|_, (_, max)| *max > 0);
    if sums.is_empty() {
        return html! { p.fine { (view.say("Chưa có nhóm nào được kiểm tra.", "No category was tested.")) } };
    }
    html! {
        ul.cats {
            @for (category, (points, max)) in &sums {
                @let share = u8::try_from(points.saturating_mul(100) / (*max).max(1)).unwrap_or(100);
                @let ink = view.ink_of(view.grade_of(share).map(|grade| grade.letter.as_str()));
                li {
                    span { (words::category(*category, view.lang)) }
                    (chart::category(share, ink))
                    b { (share) }
                    small { (points) "/" (max) }
                }
            }
        }
        p.fine.note {
            (match view.lang {
                Lang::Vi => format!("Phần đạt được trên trọng số đã kiểm tra, tính cho mọi trang, kể cả lỗi do nơi khác xử lý. Thang 100{NBSP}điểm."),
                Lang::En => "Weight that passed of the weight that was tested, over all sites, with what others have to fix. Out of 100.".to_owned(),
            })
        }
    }
}
