//! What was seen and decided a verdict: fact, value as the server sent it, where and when.

use maud::{Markup, html};
use serde_json::Value;

use crate::{
    render::{
        escape,
        html::view::{Failure, View},
    },
    rule::{Evidence, Lang},
};

use super::{Fault, site_name};

/// The most hosts named as one.
const HOSTS: usize = 40;
/// The most places whose evidence is shown.
const PLACES: usize = 6;
/// The most facts of one place.
const FACTS: usize = 6;
/// The most items of a list.
const ITEMS: usize = 12;
/// The most characters of one value.
const LETTERS: usize = 300;

pub(super) fn evidence(view: View<'_, '_>, fault: &Fault<'_>) -> Markup {
    let groups = alike(&fault.places);
    html! {
        @for places in groups.iter().take(PLACES) {
            @if let Some(first) = places.first() { (seen(view, first, places, fault.places.len() > 1)) }
        }
        @if groups.len() > PLACES {
            @let rest: Vec<String> = groups.iter().skip(PLACES).flatten().map(|place| site_name(place.site)).collect();
            p.fine { (match view.lang {
                Lang::Vi => format!("và {} trang nữa: ", rest.len()),
                Lang::En => format!("and {} more: ", rest.len()),
            }) (named(&rest)) }
        }
    }
}

/// Places that show the same thing: sites on one server are told once.
fn alike<'f, 'r>(places: &'f [Failure<'r>]) -> Vec<Vec<&'f Failure<'r>>> {
    let mut groups: Vec<Vec<&Failure<'_>>> = Vec::new();
    for place in places {
        let finding = &place.card.finding;
        let same = groups.iter_mut().find(|group| {
            group.first().is_some_and(|first| {
                let other = &first.card.finding;
                other.evidence == finding.evidence && other.as_of == finding.as_of
            })
        });
        match same {
            Some(group) => group.push(place),
            None => groups.push(vec![place]),
        }
    }
    groups
}

/// Hosts in one line, the first forty.
fn named(hosts: &[String]) -> String {
    let shown = hosts.iter().take(HOSTS).cloned().collect::<Vec<_>>().join(", ");
    if hosts.len() > HOSTS { format!("{shown}, …") } else { shown }
}

fn seen(view: View<'_, '_>, first: &Failure<'_>, places: &[&Failure<'_>], several: bool) -> Markup {
    let finding = &first.card.finding;
    let hosts: Vec<String> = places.iter().map(|place| site_name(place.site)).collect();
    html! {
        dl.ev {
            @for one in finding.evidence.iter().take(FACTS) {
                dt { code { (escape(&one.fact)) } }
                dd {
                    (value(view, &one.value))
                    @if let Some(address) = &one.address { " " small.quiet { (view.say("tại ", "at ")) (escape(address)) } }
                }
            }
            @if finding.evidence.len() > FACTS { dt { "…" } dd { "+" (finding.evidence.len() - FACTS) } }
            dt { (view.say("Nơi thấy", "Where, when")) }
            dd {
                @if several { b { (named(&hosts)) } } @else { (named(&hosts)) }
                @if let Some(at) = finding.as_of.or(first.site.at) { ", " (view.moment(at)) }
                @if finding.as_of.is_some() { (view.say(" (kết quả của lần trước)", " (result of an earlier run)")) }
            }
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
