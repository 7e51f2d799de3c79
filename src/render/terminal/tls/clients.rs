//! Who can connect, one client a line, and how the server compares with what others publish, one guideline each.

use std::io::{self, Write};

use super::{COLUMNS, Ink, Style, line, title};
use crate::{
    client::{Connection, Exchange, Gap, Outcome, Why},
    profile::{Shortfall, Told},
    render::{escape, hang, pad},
    report::{Compared, Simulated},
    rule::Lang,
};

/// Columns of a client's name.
const CLIENT: usize = 22;
/// The most words quoted of one thing that falls short.
const MAX_QUOTED: usize = 3;

/// One line a client.
pub(super) fn clients(out: &mut dyn Write, clients: &[Simulated], style: Style) -> io::Result<()> {
    if clients.is_empty() {
        return Ok(());
    }
    let connect = clients.iter().filter(|client| matches!(client.outcome, Outcome::Connects(_))).count();
    let lead = match style.lang {
        Lang::Vi => format!("Ai kết nối được ({connect}/{})", clients.len()),
        Lang::En => format!("Who can connect ({connect} of {})", clients.len()),
    };
    title(out, &lead, style)?;
    for client in clients {
        let (mark, ink, text) = match &client.outcome {
            Outcome::Connects(connection) => ("✓", Ink::Good, told(connection, style)),
            Outcome::Fails(why) => ("✗", Ink::High, refusal(why, style)),
            Outcome::Unknown(gap) => ("?", Ink::Medium, unknown(gap, style)),
        };
        let (mark, ink, text) = match (&client.outcome, &client.missing_root) {
            (Outcome::Connects(_), Some(root)) => {
                let note = match style.lang {
                    Lang::Vi => format!("không có gốc {}: sẽ cảnh báo chứng thư", escape(root)),
                    Lang::En => format!("lacks the root {}: warns of the certificate", escape(root)),
                };
                ("!", Ink::Medium, format!("{text}; {note}"))
            }
            _ => (mark, ink, text),
        };
        let lead = format!("  {mark} {}", pad(&client.client, CLIENT));
        line(out, &style.ink(ink, &hang(&lead, &text, COLUMNS)))?;
    }
    Ok(())
}

/// `TLSv1.2  ECDHE_RSA AES_128_GCM_SHA256  x25519`.
fn told(connection: &Connection, style: Style) -> String {
    let suite = match &connection.suite {
        Some(suite) => {
            let short = suite.strip_prefix("TLS_").unwrap_or(suite);
            escape(&short.replacen("_WITH_", " ", 1)).into_owned()
        }
        None => style.word("(bộ mã chưa rõ)", "(suite not known)").to_owned(),
    };
    let exchange = match &connection.exchange {
        Exchange::Static => style.word("không giữ kín phiên cũ", "no forward secrecy").to_owned(),
        Exchange::Group(group) => escape(group).into_owned(),
        Exchange::OneOf(groups) => {
            let groups: Vec<_> = groups.iter().map(|group| escape(group)).collect();
            groups.join("/")
        }
        Exchange::FiniteField(bits) => format!("DH {bits}"),
        Exchange::Unknown => String::new(),
    };
    format!("{} {suite} {exchange}", connection.version.name()).trim_end().to_owned()
}

fn refusal(why: &Why, style: Style) -> String {
    match (why, style.lang) {
        (Why::Version, Lang::Vi) => "không có phiên bản chung".to_owned(),
        (Why::Version, Lang::En) => "no version in common".to_owned(),
        (Why::Suite, Lang::Vi) => "không có bộ mã chung".to_owned(),
        (Why::Suite, Lang::En) => "no cipher suite in common".to_owned(),
        (Why::Group, Lang::Vi) => "không có nhóm trao đổi khóa chung".to_owned(),
        (Why::Group, Lang::En) => "no key exchange group in common".to_owned(),
        (Why::Prime(bits), Lang::Vi) => format!("không nhận số nguyên tố DH {bits} bit"),
        (Why::Prime(bits), Lang::En) => format!("refuses a DH prime of {bits} bits"),
        (Why::Key(key), Lang::Vi) => format!("không nhận khóa {} của chứng thư", escape(key)),
        (Why::Key(key), Lang::En) => format!("refuses the certificate's key {}", escape(key)),
    }
}

fn unknown(gap: &Gap, style: Style) -> String {
    match (gap, style.lang) {
        (Gap::NotSeen(reason), Lang::Vi) => format!("chưa rõ: {}", reason.words().get(style.lang)),
        (Gap::NotSeen(reason), Lang::En) => format!("not known: {}", reason.words().get(style.lang)),
        (Gap::Ambiguous, Lang::Vi) => "chưa rõ: dữ kiện cho phép nhiều kết quả".to_owned(),
        (Gap::Ambiguous, Lang::En) => "not known: the facts allow more than one answer".to_owned(),
    }
}

/// One guideline each: its level, and what falls short of the best one.
pub(super) fn comparisons(out: &mut dyn Write, all: &[Compared], style: Style) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    let lead = style.word("So với hướng dẫn khác (không tính điểm)", "Beside other guidelines (no points)");
    title(out, lead, style)?;
    for Compared { profile, comparison } in all {
        let level = profile.levels.get(comparison.level).map_or("", |level| level.word.get(style.lang));
        let mut parts: Vec<String> = comparison
            .shortfalls
            .iter()
            .map(|shortfall| reason(profile, comparison.level, shortfall, style))
            .collect();
        if !comparison.is_whole() {
            let mut open: Vec<String> =
                comparison.missing.iter().map(|m| m.subject.words().get(style.lang).to_owned()).collect();
            open.dedup();
            parts.push(match style.lang {
                Lang::Vi => format!("chưa so được: {}", open.join(", ")),
                Lang::En => format!("not compared: {}", open.join(", ")),
            });
        }
        let best = comparison.level == 0;
        let (mark, ink) = match (best, comparison.is_whole()) {
            (true, true) => ("✓", Ink::Good),
            (true, false) => ("?", Ink::Medium),
            (false, _) => ("○", Ink::Low),
        };
        let level = match (best && !comparison.is_whole(), style.lang) {
            (false, _) => level.to_owned(),
            (true, Lang::Vi) => format!("{level} ở những phần đã thấy"),
            (true, Lang::En) => format!("{level} as far as seen"),
        };
        let text = if parts.is_empty() { level } else { format!("{level}. {}", parts.join("; ")) };
        let lead = format!("  {mark} ");
        let text = hang(&lead, &format!("{}: {text}", profile.title.get(style.lang)), COLUMNS);
        line(out, &style.ink(ink, &text))?;
    }
    Ok(())
}

/// `bộ mã TLS_RSA_…, TLS_RSA_… +4`; with its level where that is not the worst.
fn reason(profile: &crate::profile::Profile, worst: usize, shortfall: &Shortfall, style: Style) -> String {
    let mut subject = shortfall.subject.words().get(style.lang).to_owned();
    for version in &shortfall.versions {
        subject.push(' ');
        subject.push_str(version.name());
    }
    let quoted = |words: &[String]| {
        let mut list: Vec<String> = words.iter().take(MAX_QUOTED).map(|w| escape(w).into_owned()).collect();
        if let Some(more) = words.len().checked_sub(MAX_QUOTED).filter(|more| *more > 0) {
            list.push(format!("+{more}"));
        }
        list.join(", ")
    };
    let text = match (&shortfall.told, style.lang) {
        (Told::Has(words), _) => format!("{subject} {}", quoted(words)),
        (Told::Lacks(words), Lang::Vi) => format!("{subject}: thiếu {}", quoted(words)),
        (Told::Lacks(words), Lang::En) => format!("{subject}: lacks {}", quoted(words)),
        (Told::TooSmall(is, wanted), _) => format!("{subject} {is} < {wanted}"),
        (Told::TooLarge(is, wanted), _) => format!("{subject} {is} > {wanted}"),
    };
    if shortfall.level == worst {
        return text;
    }
    let level = profile.levels.get(shortfall.level).map_or("", |level| level.word.get(style.lang));
    format!("{text} ({level})")
}
