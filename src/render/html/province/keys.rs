//! Keys of certificates that sites of several units share: who gets hold of one stands in for all of them.

use maud::{Markup, html};

use crate::{
    render::{
        escape,
        html::view::{View, name_of},
    },
    report::SharedKey,
    rule::Lang,
};

/// The most keys that are shown.
const SHOWN: usize = 12;

pub(super) fn section(view: View<'_, '_>) -> Option<Markup> {
    let keys = &view.report.shared_keys;
    if keys.is_empty() {
        return None;
    }
    let title = match (keys.len(), view.lang) {
        (n, Lang::Vi) => format!("{n} khóa chứng thư dùng chung"),
        (1, Lang::En) => "One certificate key in several places".to_owned(),
        (n, Lang::En) => format!("{n} certificate keys in several places"),
    };
    Some(html! {
        section id="khoa-chung" aria-labelledby="t-khoa-chung" {
            div.sec-head {
                h2 id="t-khoa-chung" { (title) }
                p { (view.say(
                    "Ai lấy được khóa ở một nơi thì giả được mọi trang này; không trừ điểm",
                    "Whoever takes it from one place can pose as all of them; no points",
                )) }
            }
            ul.list.cause { @for key in keys.iter().take(SHOWN) { (line(view, key)) } }
            @if keys.len() > SHOWN {
                p.fine { (match view.lang {
                    Lang::Vi => format!("Còn {} khóa nữa.", keys.len() - SHOWN),
                    Lang::En => format!("{} more.", keys.len() - SHOWN),
                }) }
            }
        }
    })
}

fn line(view: View<'_, '_>, key: &SharedKey) -> Markup {
    // a hash says nothing to a reader; its beginning tells two apart
    let short: String = key.spki_sha256.chars().take(12).collect();
    html! {
        li {
            p.count { (key.units.len()) small { (view.say("đơn vị", "units")) } }
            div {
                h3 { (escape(&key.sites.join(", "))) }
                p.fine {
                    @for (place, id) in key.units.iter().enumerate() {
                        @if place > 0 { ", " }
                        @match view.unit(id) {
                            Some(unit) => a href=(view.to_unit(unit)) { (name_of(unit)) },
                            None => (escape(id)),
                        }
                    }
                    ". SHA-256 " code { (escape(&short)) }
                }
            }
        }
    }
}
