//! What could not be checked on a unit's sites, by reason: it costs no points.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::{
    render::html::{icon::icon, view::View, words::capitalised},
    report::UnitCard,
    rule::{Reason, Verdict},
};

use super::site_name;

/// The most sites listed.
const SITES: usize = 40;

pub(super) fn section(view: View<'_, '_>, card: &UnitCard) -> Markup {
    let mut rows = Vec::new();
    for site in &card.sites {
        let mut reasons: BTreeMap<Reason, Vec<&str>> = BTreeMap::new();
        if let (Some(reason), true) = (site.untested, site.findings.is_empty()) {
            reasons.entry(reason).or_default();
        }
        for finding in site.findings.outlines() {
            if let (Verdict::Inconclusive, Some(reason)) = (finding.verdict, finding.reason)
                && reason != Reason::NotRequested
            {
                reasons.entry(reason).or_default().push(view.title(&finding.rule));
            }
        }
        rows.extend(reasons.into_iter().map(|(reason, rules)| (site, reason, rules)));
    }
    if rows.is_empty() {
        return html! {};
    }
    let id = view.anchor(card, "t-chua-kiem-tra");
    html! {
        section aria-labelledby=(view.label(card, &id)) {
            div.sec-head {
                h2 id=(id) { (view.say("Không kiểm tra được", "Could not be checked")) }
                p { (view.say("Không trừ điểm, chỉ giảm độ bao phủ", "Costs no points, lowers the coverage")) }
            }
            ul.list.unknown {
                @for (site, reason, rules) in rows.iter().take(SITES) {
                    li {
                        (icon("unknown"))
                        div {
                            b { (capitalised(reason.words().get(view.lang))) }
                            small { (site_name(site)) @if !rules.is_empty() { ", " (rules.len()) (view.say(" phép kiểm tra", if rules.len() == 1 { " check" } else { " checks" })) } }
                            @if !rules.is_empty() {
                                details { summary { (view.say("Những phép nào", "Which")) } p.fine { (rules.join("; ")) } }
                            }
                        }
                    }
                }
            }
            @if rows.len() > SITES { p.fine { "… +" (rows.len() - SITES) } }
        }
    }
}
