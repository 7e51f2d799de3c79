//! One cause behind the same finding at many units: one request in place of many letters.

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
    report::{Cause, CauseKind},
    rule::Lang,
};

/// The most causes before the rest is left to the units' pages.
const SHOWN: usize = 12;

pub(super) fn section(view: View<'_, '_>) -> Option<Markup> {
    let causes = &view.report.causes;
    let first = causes.first()?;
    let widest = causes.iter().max_by_key(|cause| cause.units.len()).unwrap_or(first);
    let title = match (causes.len(), view.lang) {
        (1, Lang::Vi) => format!("{} đơn vị, 1 nguyên nhân", widest.units.len()),
        (1, Lang::En) => format!("{} units, one cause", widest.units.len()),
        (n, Lang::Vi) => format!("{n} nguyên nhân chung"),
        (n, Lang::En) => format!("{n} common causes"),
    };
    Some(html! {
        section id="nguyen-nhan" aria-labelledby="t-nguyen-nhan" {
            div.sec-head {
                h2 id="t-nguyen-nhan" { (title) }
                p { (view.say(
                    "Cùng máy chủ, chứng thư hoặc tên miền: gửi một yêu cầu thay cho nhiều công văn",
                    "The same server, certificate or zone: one request in place of many letters",
                )) }
            }
            ul.list.cause { @for cause in causes.iter().take(SHOWN) { (line(view, cause)) } }
            @if causes.len() > SHOWN {
                p.fine { (match view.lang {
                    Lang::Vi => format!("Còn {} nguyên nhân nữa, xem ở trang từng đơn vị.", causes.len() - SHOWN),
                    Lang::En => format!("{} more: see the units' pages.", causes.len() - SHOWN),
                }) }
            }
        }
    })
}

fn line(view: View<'_, '_>, cause: &Cause) -> Markup {
    let what = match cause.kind {
        // a hash says nothing to a reader; its beginning tells two apart
        CauseKind::Certificate => cause.value.chars().take(12).collect(),
        CauseKind::Operator => {
            view.unit(&cause.value).map_or_else(|| cause.value.clone(), |unit| unit.name.clone())
        }
        CauseKind::Zone | CauseKind::Address => cause.value.clone(),
    };
    let charged = view.failures().find(|f| {
        f.card.finding.rule == cause.rule && cause.sites.contains(&f.site.host) && f.card.charged_to.is_some()
    });
    let operator = charged.and_then(|f| f.card.charged_to.as_deref()).and_then(|id| view.unit(id));
    let count = cause.units.len();
    let (count, noun) = if count > 1 {
        (count, view.say("đơn vị", "units"))
    } else {
        (cause.sites.len(), view.say("trang", "sites"))
    };
    html! {
        li {
            p.count { (count) small { (noun) } }
            div {
                h3 { (view.title(&cause.rule)) }
                p.quiet { (icon::severity(&view, cause.severity)) " " (words::cause(cause.kind, view.lang)) ": " code { (escape(&what)) } }
                details {
                    summary { (match view.lang {
                        Lang::Vi => format!("{} trang bị ảnh hưởng", cause.sites.len()),
                        Lang::En => format!("{} sites concerned", cause.sites.len()),
                    }) }
                    p.fine {
                        @for (place, id) in cause.units.iter().enumerate() {
                            @if place > 0 { ", " }
                            @match view.unit(id) {
                                Some(unit) => a href=(view.to_unit(unit)) { (name_of(unit)) },
                                None => (escape(id)),
                            }
                        }
                        ". " (escape(&cause.sites.join(", "))) "."
                    }
                }
            }
            div.fix {
                small { (view.say("Ai sửa", "Who fixes it")) }
                b {
                    @match operator {
                        Some(unit) => a href=(view.to_finding(unit, &cause.rule)) { (name_of(unit)) },
                        None => (words::fixer(view.rule(&cause.rule), view.lang)),
                    }
                }
                (view.minutes(cause.minutes)) (view.say(", sửa một lần", ", once"))
            }
        }
    }
}
