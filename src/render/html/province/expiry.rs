//! What runs out within ninety days: certificates, by day.

use std::collections::BTreeMap;

use jiff::civil::Date;
use maud::{Markup, html};

use crate::{
    render::html::{
        chart,
        unit::site_name,
        view::{View, name_of},
    },
    report::{SiteCard, UnitCard},
    rule::Lang,
    target::local_date,
};

/// How far ahead, in days.
const HORIZON: i32 = 90;
/// The most days before the rest is folded.
const SHOWN: usize = 8;
/// The most sites named of one day.
const NAMED: usize = 6;

/// Sites whose certificate ends on one day.
struct Ending<'r> {
    day: Date,
    days: i32,
    sites: Vec<(&'r UnitCard, &'r SiteCard)>,
}

pub(super) fn section(view: View<'_, '_>) -> Option<Markup> {
    let today = local_date(view.report.run.started_at);
    let mut found: BTreeMap<Date, Vec<(&UnitCard, &SiteCard)>> = BTreeMap::new();
    for unit in &view.report.units {
        for site in &unit.sites {
            if let Some(at) = site.certificate_expires {
                found.entry(local_date(at)).or_default().push((unit, site));
            }
        }
    }
    let all = found.into_iter().filter_map(|(day, sites)| {
        let days = today.until((jiff::Unit::Day, day)).ok()?.get_days();
        Some(Ending { day, days, sites })
    });
    let days: Vec<Ending<'_>> = all.filter(|day| (0..=HORIZON).contains(&day.days)).collect();
    if days.is_empty() {
        return None;
    }
    let events: Vec<chart::Event> = days
        .iter()
        .map(|day| chart::Event {
            days: day.days,
            day: day.day,
            label: match (day.sites.as_slice(), view.lang) {
                ([(_, only)], _) => site_name(only),
                (many, Lang::Vi) => format!("{} trang", many.len()),
                (many, Lang::En) => format!("{} sites", many.len()),
            },
            several: day.sites.len() > 1,
        })
        .collect();
    let count: usize = days.iter().map(|day| day.sites.len()).sum();
    let label = match view.lang {
        Lang::Vi => format!("{count} chứng thư số hết hạn trong {HORIZON} ngày; danh sách ở dưới"),
        Lang::En => format!("{count} certificates expire within {HORIZON} days; the list is below"),
    };
    let end = today.saturating_add(jiff::Span::new().days(HORIZON));
    let (first, rest) = days.split_at(days.len().min(SHOWN));
    Some(html! {
        section id="het-han" aria-labelledby="t-het-han" {
            div.sec-head {
                h2 id="t-het-han" { (match view.lang {
                    Lang::Vi => format!("Chứng thư số hết hạn trong {HORIZON} ngày"),
                    Lang::En => format!("Certificates that expire within {HORIZON} days"),
                }) }
                p { (view.day(today)) (view.say(" đến ", " to ")) (view.day(end)) }
            }
            figure {
                (chart::calendar(&view, today, HORIZON, &events, &label))
                figcaption.legend.wide-only {
                    span { svg width="12" height="12" aria-hidden="true" { path.f-none d="M6,0l6,6l-6,6l-6,-6z" {} } (view.say("một trang", "one site")) }
                    span { svg width="12" height="12" aria-hidden="true" { rect.f-none x="1" y="1" width="10" height="10" {} } (view.say("nhiều trang", "several sites")) }
                    span.s-critical { (view.say("trong 7 ngày", "within 7 days")) }
                    span.s-high { (view.say("trong 14 ngày", "within 14 days")) }
                    span.s-medium { (view.say("trong 30 ngày", "within 30 days")) }
                }
            }
            ul.list.agenda { @for day in first { (line(view, day)) } }
            @if !rest.is_empty() {
                details.more {
                    summary { (match view.lang {
                        Lang::Vi => format!("{} ngày nữa", rest.len()),
                        Lang::En => format!("{} more days", rest.len()),
                    }) }
                    ul.list.agenda { @for day in rest { (line(view, day)) } }
                }
            }
        }
    })
}

fn line(view: View<'_, '_>, day: &Ending<'_>) -> Markup {
    let left = match (day.days, view.lang) {
        (0, Lang::Vi) => "hôm nay".to_owned(),
        (0, Lang::En) => "today".to_owned(),
        (n, Lang::Vi) => format!("còn {n} ngày"),
        (1, Lang::En) => "in 1 day".to_owned(),
        (n, Lang::En) => format!("in {n} days"),
    };
    let named = day.sites.iter().take(NAMED);
    html! {
        li {
            span { b { (view.day(day.day)) } small { (left) } }
            span {
                @for (place, (unit, site)) in named.enumerate() {
                    @if place > 0 { ", " }
                    a href=(view.to_unit(unit)) title=(name_of(unit)) { (site_name(site)) }
                }
                @if day.sites.len() > NAMED {
                    (match view.lang {
                        Lang::Vi => format!(" và {} trang nữa", day.sites.len() - NAMED),
                        Lang::En => format!(" and {} more", day.sites.len() - NAMED),
                    })
                }
            }
        }
    }
}
