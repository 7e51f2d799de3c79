//! One site's card: score, what failed with its evidence, what could not be checked.

use std::io::{self, Write};

use super::{COLUMNS, Ink, Style, failures, line};
use crate::{
    render::{escape, fold, hang, suspicion, words, wrap},
    report::{FindingCard, Report, SiteCard},
    rule::{Lang, Level, Reason, Verdict},
};

/// The most pieces of evidence shown of one finding.
const MAX_EVIDENCE: usize = 4;
/// The most characters quoted of one value: a server may send thousands.
const MAX_QUOTED: usize = 400;

/// Prints one site's card.
pub fn site(out: &mut dyn Write, report: &Report, card: &SiteCard, style: Style) -> io::Result<()> {
    heading(out, report, card, style)?;
    for failure in failures(&card.findings) {
        finding(out, report, &failure, style)?;
    }
    suspicions(out, card, style)?;
    rest(out, card, style)
}

/// Pages that look planted, apart from what is judged.
fn suspicions(out: &mut dyn Write, card: &SiteCard, style: Style) -> io::Result<()> {
    if card.suspicions.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    line(out, &style.ink(Ink::Medium, &hang("⚑ ", suspicion::heading(style.lang), COLUMNS)))?;
    for suspect in &card.suspicions {
        for (place, text) in suspicion::lines(suspect, style.lang).iter().enumerate() {
            line(out, &fold(text, COLUMNS, if place == 0 { "    " } else { "      " }))?;
        }
    }
    line(out, &wrap(suspicion::advice(style.lang), COLUMNS, "    "))
}

/// One failure with its evidence, who fixes it and how long that takes.
pub(super) fn finding(
    out: &mut dyn Write,
    report: &Report,
    failure: &FindingCard,
    style: Style,
) -> io::Result<()> {
    let finding = &failure.finding;
    let mut notes = Vec::new();
    if finding.level == Level::Recommended {
        notes.push(style.word("khuyến nghị, không tính điểm", "recommended, no points"));
    } else if finding.level == Level::Info {
        notes.push(style.word("để biết", "for information"));
    } else if finding.upcoming {
        notes.push(style.word("sắp bắt buộc", "required soon"));
    }
    writeln!(out)?;
    let head = style.severity(finding.severity);
    let text = wrap(finding.message.get(style.lang), COLUMNS - 16, "");
    for (i, part) in text.lines().enumerate() {
        let lead = if i == 0 { format!("{head}  ") } else { " ".repeat(4) };
        line(out, &format!("{lead}{}", style.ink(Ink::Strong, part)))?;
    }
    for evidence in finding.evidence.iter().take(MAX_EVIDENCE) {
        line(out, &fold(&words::evidence(evidence, style.lang, MAX_QUOTED), COLUMNS, "    "))?;
    }
    if let Some(more) = finding.evidence.len().checked_sub(MAX_EVIDENCE + 1) {
        line(out, &format!("    … +{}", more + 1))?;
    }
    if let Some(unit) = failure.charged_to.as_deref() {
        let name = report.units.iter().find(|u| u.id == unit).map_or(unit, |u| &u.name);
        let text = match style.lang {
            Lang::Vi => format!("do đơn vị vận hành {} xử lý", escape(name)),
            Lang::En => format!("to be fixed by {}", escape(name)),
        };
        line(out, &fold(&text, COLUMNS, "    "))?;
    }
    let minutes = report.rules.iter().find(|r| r.id == finding.rule).map_or(0, |r| r.minutes);
    let owner = words::owner(finding.owner, style.lang);
    let mut last = format!("{}, {}", style.minutes(minutes), owner);
    for note in notes {
        last.push_str(", ");
        last.push_str(note);
    }
    line(out, &fold(&last, COLUMNS, "    "))?;
    line(
        out,
        &style.ink(
            Ink::Faint,
            &format!("    {} khien rules show {}", style.word("Cách sửa:", "Steps:"), finding.rule),
        ),
    )
}

pub(super) fn heading(out: &mut dyn Write, report: &Report, card: &SiteCard, style: Style) -> io::Result<()> {
    let name = if card.port == 443 { card.host.clone() } else { format!("{}:{}", card.host, card.port) };
    line(out, &style.ink(Ink::Strong, &escape(&name)))?;
    let addresses = if card.addresses.is_empty() {
        style.word("không có địa chỉ", "no address").to_owned()
    } else {
        card.addresses.join(", ")
    };
    line(out, &fold(&escape(&addresses), COLUMNS, ""))?;
    let grade = match &card.grade {
        Some(letter) => format!("{letter}, {}", card.grade_word.get(style.lang)),
        None => card.grade_word.get(style.lang).to_owned(),
    };
    let score = match card.score {
        Some(score) => {
            let bracket =
                card.bracket.filter(|b| b.0 != b.1).map_or_else(String::new, |b| match style.lang {
                    Lang::Vi => format!(", trong khoảng {}–{}", b.0, b.1),
                    Lang::En => format!(", between {} and {}", b.0, b.1),
                });
            format!("{} {score} ({grade}){bracket}", style.word("Điểm", "Score"))
        }
        None => {
            style.word("Không kiểm tra được, không tính điểm", "Could not be tested: no score").to_owned()
        }
    };
    let coverage = format!("{} {}", style.word("bao phủ", "coverage"), style.percent(card.coverage.percent));
    line(out, &format!("{score}, {coverage}"))?;
    for cap in card.caps.iter().filter(|cap| cap.binding) {
        let title = super::title(report, &cap.rule, style.lang);
        let base = card.base.unwrap_or_default();
        let text = match style.lang {
            Lang::Vi => format!("Trần {}: {title}. Không có trần: {base}", cap.cap),
            Lang::En => format!("Held at {}: {title}. Without: {base}", cap.cap),
        };
        line(out, &wrap(&text, COLUMNS, ""))?;
    }
    Ok(())
}

/// What passed in one line, what could not be checked one by one.
pub(super) fn rest(out: &mut dyn Write, card: &SiteCard, style: Style) -> io::Result<()> {
    let count = |verdict| card.findings.outlines().iter().filter(|f| f.verdict == verdict).count();
    let not_asked = |reason: Option<Reason>| reason == Some(Reason::NotRequested);
    let unknown: Vec<_> = card
        .findings
        .outlines()
        .iter()
        .filter(|f| f.verdict == Verdict::Inconclusive && !not_asked(f.reason))
        .collect();
    if !unknown.is_empty() {
        writeln!(out)?;
        line(out, &style.ink(Ink::Medium, style.word("? Không kiểm tra được", "? Could not be checked")))?;
        let mut reasons: Vec<_> = unknown.iter().filter_map(|f| f.reason).collect();
        reasons.sort_unstable();
        reasons.dedup();
        for reason in reasons {
            let rules: Vec<&str> =
                unknown.iter().filter(|f| f.reason == Some(reason)).map(|f| f.rule.as_str()).collect();
            line(
                out,
                &wrap(&format!("{}: {}", reason.words().get(style.lang), rules.join(", ")), COLUMNS, "    "),
            )?;
        }
    }
    writeln!(out)?;
    let (pass, not_applicable) = (count(Verdict::Pass), count(Verdict::NotApplicable));
    let lost = card.findings.outlines().iter().filter(|f| f.is_lost()).count();
    let skipped = card.findings.outlines().iter().filter(|f| not_asked(f.reason)).count();
    let mut text = match style.lang {
        Lang::Vi => {
            format!("{pass} quy tắc đạt, {} không áp dụng", not_applicable - lost)
        }
        Lang::En => format!("{pass} rules pass, {} do not apply", not_applicable - lost),
    };
    if lost > 0 {
        text += &match style.lang {
            Lang::Vi => format!(", {lost} mất theo lỗi đứng trước"),
            Lang::En => format!(", {lost} lost with a failure before them"),
        };
    }
    if skipped > 0 {
        text += &match style.lang {
            Lang::Vi => format!(", {skipped} ngoài lần kiểm tra này"),
            Lang::En => format!(", {skipped} not part of this check"),
        };
    }
    line(out, &style.ink(Ink::Good, &hang("✓ ", &text, COLUMNS)))
}
