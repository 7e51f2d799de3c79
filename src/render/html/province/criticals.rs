//! The open critical findings: one line each, whose, where, since when.

use maud::{Markup, html};

use crate::{
    render::html::{
        icon,
        unit::site_name,
        view::{Failure, View, name_of},
    },
    rule::{Lang, Severity},
};

/// The most lines before the rest is folded.
const SHOWN: usize = 10;

pub(super) fn section(view: View<'_, '_>) -> Option<Markup> {
    let critical =
        |f: &&Failure<'_>| f.card.finding.severity == Severity::Critical && f.card.finding.scores();
    let mut open: Vec<&Failure<'_>> = view.failures().filter(critical).collect();
    // what is there for the first time comes first, then unit by unit
    open.sort_by_key(|f| !view.is_new(&f.card));
    if open.is_empty() {
        return None;
    }
    let (first, rest) = open.split_at(open.len().min(SHOWN));
    Some(html! {
        section id="xu-ly" aria-labelledby="t-xu-ly" {
            div.sec-head {
                h2 id="t-xu-ly" { (view.say("Lỗi nghiêm trọng đang mở", "Open critical findings")) }
                p { (view.say("Bấm vào lỗi để xem bằng chứng và cách sửa", "Each leads to its evidence and steps")) }
            }
            ul.list.crit { @for one in first { (line(view, one)) } }
            @if !rest.is_empty() {
                details.more {
                    summary { (match view.lang {
                        Lang::Vi => format!("{} lỗi nữa", rest.len()),
                        Lang::En => format!("{} more", rest.len()),
                    }) }
                    ul.list.crit { @for one in rest { (line(view, one)) } }
                }
            }
        }
    })
}

fn line(view: View<'_, '_>, failure: &Failure<'_>) -> Markup {
    let finding = &failure.card.finding;
    let answers = failure.card.charged_to.as_deref().and_then(|id| view.unit(id));
    let owner = answers.unwrap_or(failure.unit);
    let minutes = view.rule(&finding.rule).map_or(0, |rule| rule.minutes);
    html! {
        li {
            (icon::severity_mark(&view, finding.severity))
            div {
                a.t href=(view.to_finding(owner, &finding.rule)) { (finding.message.get(view.lang)) }
                @if view.is_new(&failure.card) { " " span.pill { (view.say("mới", "new")) } }
                small {
                    (name_of(failure.unit)) ", " (site_name(failure.site))
                    @if let Some(other) = answers {
                        (view.say("; do ", "; to be fixed by ")) (name_of(other)) (view.say(" xử lý", ""))
                    }
                }
            }
            div.when {
                span { (view.say("sửa khoảng ", "takes about ")) (view.minutes(minutes)) }
                @if let Some(seen) = finding.first_seen {
                    small { (view.say("thấy từ ", "since ")) (view.date(seen)) }
                }
            }
        }
    }
}
