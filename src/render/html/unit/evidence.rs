//! What was seen and decided a verdict: fact, value as the server sent it, where and when.

use maud::{Markup, html};
use serde_json::Value;

use crate::{
    render::{escape, html::view::View},
    rule::{Evidence, Lang},
};

use super::{Fault, site_name};

/// The most places whose evidence is shown.
const PLACES: usize = 6;
/// The most facts of one place.
const FACTS: usize = 6;
/// The most items of a list.
const ITEMS: usize = 12;
/// The most characters of one value.
const LETTERS: usize = 300;

pub(super) fn evidence(view: View<'_, '_>, fault: &Fault<'_>) -> Markup {
    let several = fault.places.len() > 1;
    html! {
        @for place in fault.places.iter().take(PLACES) {
            @let finding = &place.card.finding;
            dl.ev {
                @if several { dt { (view.say("Trang", "Site")) } dd { b { (site_name(place.site)) } } }
                @for one in finding.evidence.iter().take(FACTS) {
                    dt { code { (escape(&one.fact)) } }
                    dd {
                        (value(view, &one.value))
                        @if let Some(address) = &one.address { " " small.quiet { (view.say("tại ", "at ")) (escape(address)) } }
                    }
                }
                @if finding.evidence.len() > FACTS { dt {} dd { "… +" (finding.evidence.len() - FACTS) } }
                dt { (view.say("Nơi thấy", "Where, when")) }
                dd {
                    (site_name(place.site))
                    @if let Some(at) = finding.as_of.or(place.site.at) { ", " (view.moment(at)) }
                    @if finding.as_of.is_some() { (view.say(" (kết quả của lần trước)", " (result of an earlier run)")) }
                }
            }
        }
        @if fault.places.len() > PLACES {
            p.fine { (match view.lang {
                Lang::Vi => format!("và {} trang nữa: ", fault.places.len() - PLACES),
                Lang::En => format!("and {} more: ", fault.places.len() - PLACES),
            }) (fault.hosts().into_iter().skip(PLACES).take(40).collect::<Vec<_>>().join(", ")) }
        }
    }
}

fn value(view: View<'_, '_>, value: &Value) -> Markup {
    match value {
        Value::Null => html! { (view.say("không có", "absent")) },
        Value::Array(items) if items.is_empty() => html! { (view.say("không có mục nào", "none")) },
        Value::Array(items) => html! {
            @for (place, item) in items.iter().take(ITEMS).enumerate() {
                @if place > 0 { ", " }
                q { (plain(item)) }
            }
            @if items.len() > ITEMS { " … +" (items.len() - ITEMS) }
        },
        Value::String(_) => html! { q { (plain(value)) } },
        other => html! { code { (plain(other)) } },
    }
}

/// A value as text, harmless and not too long.
fn plain(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut letters = text.chars();
    let mut short: String = letters.by_ref().take(LETTERS).collect();
    if letters.next().is_some() {
        short.push('…');
    }
    escape(&short).into_owned()
}

/// One line of evidence for a letter.
pub(super) fn in_words(view: View<'_, '_>, evidence: &Evidence) -> String {
    let value = match &evidence.value {
        Value::Null => view.say("không có", "absent").to_owned(),
        other => format!("«{}»", plain(other)),
    };
    format!("{} = {value}", escape(&evidence.fact))
}
