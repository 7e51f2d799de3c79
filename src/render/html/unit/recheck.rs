//! How to check again once something is fixed, and a letter for whoever runs the server, ready to send.

use maud::{Markup, html};

use crate::{
    render::{escape, html::view::View},
    report::UnitCard,
    rule::{FixedBy, Lang},
};

use super::{Fault, Kind, evidence, site_name};

/// The most findings in a letter.
const LINES: usize = 12;

/// The command that checks again: all that failed, or one finding. A line breaks between its words only.
pub(super) fn command(card: &UnitCard, fault: Option<&Fault<'_>>) -> Markup {
    let words = words(card, fault);
    html! {
        @for (place, word) in words.iter().enumerate() { @if place > 0 { " " } span { (word) } }
    }
}

/// The command in words that stay together: an option with its value.
fn words(card: &UnitCard, fault: Option<&Fault<'_>>) -> Vec<String> {
    if card.block.is_none() {
        let sites = match fault {
            Some(fault) => fault.hosts(),
            None => card.sites.iter().map(site_name).collect(),
        };
        let plain = |c: char| !c.is_control() && !"\"\\$`!".contains(c);
        let by = if card.name.chars().all(plain) && !card.name.is_empty() { &card.name } else { "…" };
        let mut words = vec!["khien check".to_owned()];
        words.extend(sites);
        words.push(format!("--authorised-by \"{}\"", escape(by)));
        return words;
    }
    let mut words = vec!["khien recheck".to_owned(), format!("--unit {}", escape(&card.id))];
    if let Some(fault) = fault {
        if let [only] = fault.places.as_slice()
            && only.unit.id == card.id
        {
            words.push(format!("--site {}", escape(&only.site.host)));
        }
        words.push(format!("--rule {}", fault.rule));
    }
    words
}

pub(super) fn section(view: View<'_, '_>, card: &UnitCard, own: usize) -> Markup {
    if card.sites.is_empty() {
        return html! {};
    }
    let id = view.anchor(card, "t-kiem-tra-lai");
    html! {
        section.noprint id=(view.anchor(card, "kiem-tra-lai")) aria-labelledby=(view.label(card, &id)) {
            div.sec-head {
                h2 id=(id) { (view.say("Sửa xong, kiểm tra lại", "Once fixed, check again")) }
                p { (view.say("Khoảng một phút, bao nhiêu lần cũng được", "About a minute, as often as you like")) }
            }
            p { @if own > 0 {
                (view.say("Trên máy có khien, chạy:", "On the machine that has khien, run:"))
            } @else {
                (view.say("Muốn xem lại, trên máy có khien, chạy:", "To look again, on the machine that has khien, run:"))
            } }
            p { code.cmd.one { (command(card, None)) } }
            p.fine { (view.say(
                "Chỉ gửi yêu cầu thông thường tới các trang này, không đăng nhập, không ghi gì lên máy chủ.",
                "Only ordinary requests to these sites: no login, nothing is written to the server.",
            )) }
        }
    }
}

/// What whoever runs server or zone has to do, to be copied into a mail.
pub(super) fn letter(view: View<'_, '_>, card: &UnitCard, faults: &[Fault<'_>]) -> Markup {
    let theirs = faults.iter().filter(|fault| {
        let who = fault.entry.and_then(|rule| rule.fix.as_ref()).map(|fix| fix.who);
        fault.kind == Kind::Own && who.is_some_and(|who| who != FixedBy::Unit)
    });
    let theirs: Vec<&Fault<'_>> = theirs.collect();
    if theirs.is_empty() {
        return html! {};
    }
    let date = view.date(view.report.run.started_at);
    let mut text = match view.lang {
        Lang::Vi => format!(
            "Kính gửi đơn vị vận hành,\n\nKết quả kiểm tra trang thông tin điện tử ngày {date} cho thấy các nội dung sau chưa đạt, đề nghị quý đơn vị xử lý và báo lại để chúng tôi kiểm tra:\n"
        ),
        Lang::En => format!(
            "To whoever runs the server,\n\nThe check of {date} found the following. Please fix it and tell us, so that we can check again:\n"
        ),
    };
    for (place, fault) in theirs.iter().take(LINES).enumerate() {
        let Some(finding) = fault.finding() else { continue };
        let hosts = fault.hosts();
        let named = hosts.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        let more = hosts.len().saturating_sub(5);
        let more = if more > 0 { format!(" (+{more})") } else { String::new() };
        text += &format!("\n{}. {} ({named}{more})", place + 1, view.title(&fault.rule));
        if let Some(first) = finding.evidence.first() {
            text +=
                &format!("\n   {}: {}", view.say("Bằng chứng", "Evidence"), evidence::in_words(view, first));
        }
    }
    text.push_str("\n\n");
    text.push_str(view.say("Trân trọng.", "Kind regards."));
    let id = view.anchor(card, "t-thu");
    html! {
        section aria-labelledby=(view.label(card, &id)) {
            div.sec-head {
                h2 id=(id) { (view.say("Thư gửi nơi vận hành, soạn sẵn", "A letter to the operator, ready to send")) }
                p { (view.say("Chép vào thư, sửa tên người nhận", "Copy it, put the name in")) }
            }
            pre.letter tabindex="0" { (text) }
        }
    }
}
