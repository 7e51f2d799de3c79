//! The report on a terminal of 80 columns: units by block, one unit's card, one site's card. Reads a `Report`.
//! Everything that came from the network is escaped; colour only where asked for, and never alone.

mod province;
mod site;
mod tls;
mod unit;

use std::io::{self, Write};

use jiff::Timestamp;

use crate::{
    render::words,
    report::{FindingCard, Findings, Report, Tenths},
    rule::{Lang, RuleId, Severity},
    score::Bracket,
    target::VIETNAM,
};

pub use province::province;
pub use site::site;
pub use tls::tls;
pub use unit::unit;

/// Columns of a line.
const COLUMNS: usize = 80;

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// In which language.
    pub lang: Lang,
    /// Whether ANSI colours are understood.
    pub colour: bool,
}

/// A colour of the terminal; always beside a mark and a word.
#[derive(Clone, Copy)]
enum Ink {
    Strong,
    Faint,
    Critical,
    High,
    Medium,
    Low,
    Good,
}

impl Style {
    /// The word in the language printed.
    fn word<'t>(self, vi: &'t str, en: &'t str) -> &'t str {
        match self.lang {
            Lang::Vi => vi,
            Lang::En => en,
        }
    }

    fn ink(self, ink: Ink, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let code = match ink {
            Ink::Strong => "1",
            Ink::Faint => "2",
            Ink::Critical => "1;35",
            Ink::High => "31",
            Ink::Medium => "33",
            Ink::Low => "36",
            Ink::Good => "34",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    fn severity(self, severity: Severity) -> String {
        let (mark, ink) = match severity {
            Severity::Critical => ("■", Ink::Critical),
            Severity::High => ("▲", Ink::High),
            Severity::Medium => ("◆", Ink::Medium),
            Severity::Low => ("○", Ink::Low),
            Severity::Info => ("·", Ink::Faint),
        };
        self.ink(ink, &format!("{mark} {}", words::severity(severity, self.lang)))
    }

    fn date(self, at: Timestamp) -> String {
        let local = VIETNAM.to_datetime(at);
        match self.lang {
            Lang::Vi => format!(
                "{:02}/{:02}/{} {:02}:{:02}",
                local.day(),
                local.month(),
                local.year(),
                local.hour(),
                local.minute()
            ),
            Lang::En => format!("{} {:02}:{:02} +07", local.date(), local.hour(), local.minute()),
        }
    }

    fn tenths(self, tenths: Tenths) -> String {
        let point = self.word(",", ".");
        format!("{}{point}{}", tenths.0 / 10, tenths.0 % 10)
    }

    /// `+2`, `0`, `−3`, with the sign of typography.
    fn change(points: i16) -> String {
        match points {
            0 => "0".to_owned(),
            1.. => format!("+{points}"),
            _ => format!("−{}", points.unsigned_abs()),
        }
    }

    fn tenths_change(self, then: Tenths, now: Tenths) -> String {
        let sign = match now.cmp(&then) {
            std::cmp::Ordering::Less => "−",
            std::cmp::Ordering::Equal => "",
            std::cmp::Ordering::Greater => "+",
        };
        format!("{sign}{}", self.tenths(Tenths(now.0.abs_diff(then.0))))
    }

    fn percent(self, percent: u8) -> String {
        match self.lang {
            // a no-break space before the sign
            Lang::Vi => format!("{percent}\u{a0}%"),
            Lang::En => format!("{percent}%"),
        }
    }

    fn minutes(self, minutes: u32) -> String {
        format!("{minutes} {}", self.word("phút", "min"))
    }

    /// `73`, or `62–78` where not everything could be tested, or `–` where nothing was.
    fn score(score: Option<u8>, bracket: Option<Bracket>) -> String {
        match (score, bracket) {
            (None, _) => "–".to_owned(),
            (Some(_), Some(Bracket(low, high))) if low != high => format!("{low}–{high}"),
            (Some(score), _) => score.to_string(),
        }
    }
}

/// The title of a rule, as the report has it.
fn title<'r>(report: &'r Report, rule: &'r RuleId, lang: Lang) -> &'r str {
    report.rules.iter().find(|r| r.id == *rule).map_or(rule.as_str(), |r| r.title.get(lang))
}

/// The failed findings, worst first; required ones before those that are only recommended.
fn failures(findings: &Findings) -> Vec<FindingCard> {
    let mut failed: Vec<FindingCard> =
        findings.iter().filter(|f| f.finding.verdict == crate::rule::Verdict::Fail).collect();
    failed.sort_by_key(|f| (!f.finding.scores(), f.finding.severity, f.finding.rule.clone()));
    failed
}

/// A line without trailing white space.
fn line(out: &mut dyn Write, text: &str) -> io::Result<()> {
    writeln!(out, "{}", text.trim_end())
}
