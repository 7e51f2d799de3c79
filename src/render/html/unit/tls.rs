//! What experts asked for of a site's TLS, folded away: facts in words, who can connect, how it compares. Only where the
//! report has sheets.

use maud::{Markup, html};

use crate::{
    client::{Exchange, Gap, Outcome, Why},
    profile::Told,
    render::{escape, html::view::View},
    report::{ClientCard, ProfileCard, ShortfallCard, TlsSheet, TlsSheetEndpoint, UnitCard},
    rule::Lang,
};

use super::site_name;

/// The most words quoted of one thing that falls short.
const QUOTED: usize = 6;

/// The section; nothing where nobody asked for it.
pub(super) fn section(view: View<'_, '_>, card: &UnitCard) -> Option<Markup> {
    let sheets = card.sites.iter().filter_map(|site| Some((site, site.tls_sheet.as_ref()?)));
    let sheets: Vec<_> = sheets.filter(|(_, sheet)| !sheet.endpoints.is_empty()).collect();
    if sheets.is_empty() {
        return None;
    }
    let id = view.anchor(card, "t-tls");
    Some(html! {
        section id=(view.anchor(card, "tls")) aria-labelledby=(view.label(card, &id)) {
            div.sec-head {
                h2 id=(id) { (view.say("TLS chi tiết", "TLS in detail")) }
                p { (view.say("Cho người rành kỹ thuật, không tính điểm", "For experts; no points")) }
            }
            @for (site, sheet) in sheets {
                details.more.tls {
                    summary { (site_name(site)) }
                    (self::sheet(view, sheet))
                }
            }
        }
    })
}

fn sheet(view: View<'_, '_>, sheet: &TlsSheet) -> Markup {
    html! {
        @for endpoint in &sheet.endpoints {
            @let address = escape(&endpoint.address);
            h3 { code { @if address.trim().is_empty() { "–" } @else { (address) } } }
            @if endpoint.clients.is_empty() && endpoint.facts.is_empty() {
                p.fine { (view.say("Chưa thấy được TLS ở địa chỉ này.", "TLS was not seen at this address.")) }
            }
            (facts(view, endpoint))
            (clients(view, endpoint))
            (profiles(view, endpoint))
        }
    }
}

fn facts(view: View<'_, '_>, endpoint: &TlsSheetEndpoint) -> Markup {
    if endpoint.facts.is_empty() {
        return html! {};
    }
    html! {
        table.stack role="table" {
            caption { (view.say("Điều thấy được", "What was seen")) }
            thead role="rowgroup" { tr role="row" {
                th scope="col" role="columnheader" { (view.say("Mục", "Fact")) }
                th scope="col" role="columnheader" { (view.say("Thấy", "Seen")) }
            } }
            tbody role="rowgroup" {
                @for fact in &endpoint.facts {
                    tr role="row" {
                        td role="cell" { (escape(fact.name.get(view.lang))) }
                        td role="cell" data-l=(view.say("Thấy", "Seen")) { (escape(fact.value.get(view.lang))) }
                    }
                }
            }
        }
    }
}

fn clients(view: View<'_, '_>, endpoint: &TlsSheetEndpoint) -> Markup {
    if endpoint.clients.is_empty() {
        return html! {};
    }
    let all = endpoint.clients.len();
    let connect = endpoint.clients.iter().filter(|c| matches!(c.outcome, Outcome::Connects(_))).count();
    html! {
        table.stack role="table" {
            caption { (match view.lang {
                Lang::Vi => format!("Ai kết nối được ({connect}/{all})"),
                Lang::En => format!("Who can connect ({connect} of {all})"),
            }) }
            thead role="rowgroup" { tr role="row" {
                th scope="col" role="columnheader" { (view.say("Trình duyệt, máy khách", "Client")) }
                th scope="col" role="columnheader" { (view.say("Kết quả", "Outcome")) }
            } }
            tbody role="rowgroup" {
                @for client in &endpoint.clients {
                    tr role="row" {
                        td role="cell" { (escape(&client.client)) }
                        td role="cell" data-l=(view.say("Kết quả", "Outcome")) { (outcome(view, client)) }
                    }
                }
            }
        }
    }
}

fn outcome(view: View<'_, '_>, client: &ClientCard) -> String {
    match &client.outcome {
        Outcome::Connects(connection) => {
            let suite = connection.suite.as_deref();
            let suite = suite.unwrap_or(view.say("bộ mã chưa rõ", "suite not known"));
            let exchange = match &connection.exchange {
                Exchange::Static => view.say("không giữ kín phiên cũ", "no forward secrecy").to_owned(),
                Exchange::Group(group) => group.clone(),
                Exchange::OneOf(groups) => groups.join("/"),
                Exchange::FiniteField(bits) => format!("DH {bits}"),
                Exchange::Unknown => String::new(),
            };
            let mut text = format!("{} {suite} {exchange}", connection.version.name());
            if let Some(root) = &client.missing_root {
                text = match view.lang {
                    Lang::Vi => format!("{text}; không có gốc {root}: sẽ cảnh báo chứng thư"),
                    Lang::En => format!("{text}; lacks the root {root}: warns of the certificate"),
                };
            }
            escape(text.trim_end()).into_owned()
        }
        Outcome::Fails(why) => {
            let why = match why {
                Why::Version => view.say("không có phiên bản chung", "no version in common").to_owned(),
                Why::Suite => view.say("không có bộ mã chung", "no cipher suite in common").to_owned(),
                Why::Group => view
                    .say("không có nhóm trao đổi khóa chung", "no key exchange group in common")
                    .to_owned(),
                Why::Prime(bits) => format!("DH {bits}"),
                Why::Key(key) => escape(key).into_owned(),
            };
            format!("{}: {why}", view.say("Không kết nối được", "Cannot connect"))
        }
        Outcome::Unknown(Gap::NotSeen(reason)) => {
            format!("{}: {}", view.say("Chưa rõ", "Not known"), reason.words().get(view.lang))
        }
        Outcome::Unknown(Gap::Ambiguous) => view
            .say("Chưa rõ: dữ kiện cho phép nhiều kết quả", "Not known: the facts allow more than one answer")
            .to_owned(),
    }
}

fn profiles(view: View<'_, '_>, endpoint: &TlsSheetEndpoint) -> Markup {
    if endpoint.profiles.is_empty() {
        return html! {};
    }
    html! {
        table.stack role="table" {
            caption { (view.say("So với hướng dẫn khác", "Beside other guidelines")) }
            thead role="rowgroup" { tr role="row" {
                th scope="col" role="columnheader" { (view.say("Hướng dẫn", "Guideline")) }
                th scope="col" role="columnheader" { (view.say("Mức", "Level")) }
                th scope="col" role="columnheader" { (view.say("Còn thiếu", "What falls short")) }
            } }
            tbody role="rowgroup" {
                @for profile in &endpoint.profiles {
                    tr role="row" {
                        td role="cell" { (profile.title.get(view.lang)) }
                        td role="cell" data-l=(view.say("Mức", "Level")) { (level(view, profile)) }
                        td role="cell" data-l=(view.say("Còn thiếu", "What falls short")) { (shortfalls(view, profile)) }
                    }
                }
            }
        }
    }
}

fn level(view: View<'_, '_>, profile: &ProfileCard) -> String {
    let word = profile.level.word.get(view.lang);
    match (profile.best && !profile.missing.is_empty(), view.lang) {
        (false, _) => word.to_owned(),
        (true, Lang::Vi) => format!("{word} ở những phần đã thấy"),
        (true, Lang::En) => format!("{word} as far as seen"),
    }
}

fn shortfalls(view: View<'_, '_>, profile: &ProfileCard) -> String {
    let mut parts: Vec<String> = profile.shortfalls.iter().map(|shortfall| told(view, shortfall)).collect();
    let mut open: Vec<String> =
        profile.missing.iter().map(|missing| missing.subject.words().get(view.lang).to_owned()).collect();
    open.dedup();
    if !open.is_empty() {
        parts.push(format!("{}: {}", view.say("chưa so được", "not compared"), open.join(", ")));
    }
    if parts.is_empty() { "–".to_owned() } else { parts.join("; ") }
}

fn told(view: View<'_, '_>, shortfall: &ShortfallCard) -> String {
    let mut subject = shortfall.subject.words().get(view.lang).to_owned();
    for one in &shortfall.versions {
        subject.push(' ');
        subject.push_str(one.name());
    }
    let quoted = |words: &[String]| {
        let mut list: Vec<String> = words.iter().take(QUOTED).map(|w| escape(w).into_owned()).collect();
        if let Some(more) = words.len().checked_sub(QUOTED).filter(|more| *more > 0) {
            list.push(format!("+{more}"));
        }
        list.join(", ")
    };
    match &shortfall.told {
        Told::Has(words) => format!("{subject} {}", quoted(words)),
        Told::Lacks(words) => format!("{subject}: {} {}", view.say("thiếu", "lacks"), quoted(words)),
        Told::TooSmall(is, wanted) => format!("{subject} {is} < {wanted}"),
        Told::TooLarge(is, wanted) => format!("{subject} {is} > {wanted}"),
    }
}
