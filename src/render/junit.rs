//! A report as `JUnit` XML, for a build that should turn red: one `testsuite` a site, one `testcase` a rule. Reads a
//! `Report`. Elements and attributes are those of Jenkins' `junit-10.xsd`; GitLab, Azure and Gitea read the same.
//!
//! | verdict | here |
//! |---|---|
//! | pass | a test case |
//! | failed, and it scores | `failure`, its type the severity |
//! | failed, but recommended, for information or required only later | `skipped`: shown, and no build turns red for it |
//! | not applicable, or lost with a failed parent | `skipped` |
//! | could not check, a site that was not looked at | `skipped`: could not test is never fail |
//! | a fault of khien or of a rule | `error` |
//!
//! So a build turns red exactly where `--fail-on low` exits with 1, or 4. A waived failure stays one, as its verdict does.
//! `time` stands only on the whole: how long one rule took is not known. Written by hand, since a site at a time is
//! enough for it, and the crates for it hold the whole document.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use super::{escape, words};
use crate::{
    report::{FindingCard, Report, SiteCard, UnitCard},
    rule::{Finding, Lang, Level, Reason, Verdict},
};

/// The most characters quoted of one piece of evidence.
const MAX_QUOTED: usize = 2_000;

/// Writes every finding of a report as a test case.
pub fn junit(out: &mut dyn Write, report: &Report, lang: Lang) -> io::Result<()> {
    let sites = || report.units.iter().flat_map(|unit| unit.sites.iter().map(move |site| (unit, site)));
    let all = sites().map(|(_, site)| Counts::of(site)).fold(Counts::default(), Counts::plus);
    let lasted = report.run.finished_at.duration_since(report.run.started_at).as_millis().max(0);
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(
        out,
        r#"<testsuites name="khien" tests="{}" failures="{}" errors="{}" time="{}.{:03}">"#,
        all.tests,
        all.failures,
        all.errors,
        lasted / 1_000,
        lasted % 1_000
    )?;
    for (unit, site) in sites() {
        suite(out, report, unit, site, lang)?;
    }
    writeln!(out, "</testsuites>")
}

/// What a finding is to a build.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Skipped,
    Failed,
    Error,
}

fn outcome(finding: &Finding) -> Outcome {
    match finding.verdict {
        Verdict::Pass => Outcome::Passed,
        Verdict::Fail if finding.scores() => Outcome::Failed,
        _ if matches!(finding.reason, Some(Reason::OurBug | Reason::RuleError)) => Outcome::Error,
        _ => Outcome::Skipped,
    }
}

#[derive(Clone, Copy, Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Counts {
    fn of(site: &SiteCard) -> Self {
        if site.findings.is_empty() {
            // the site itself, which was not looked at
            return Self { tests: 1, skipped: 1, ..Self::default() };
        }
        let count =
            |wanted| site.findings.outlines().iter().filter(|finding| outcome(finding) == wanted).count();
        Self {
            tests: site.findings.len(),
            failures: count(Outcome::Failed),
            errors: count(Outcome::Error),
            skipped: count(Outcome::Skipped),
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            tests: self.tests + other.tests,
            failures: self.failures + other.failures,
            errors: self.errors + other.errors,
            skipped: self.skipped + other.skipped,
        }
    }
}

fn suite(
    out: &mut dyn Write,
    report: &Report,
    unit: &UnitCard,
    site: &SiteCard,
    lang: Lang,
) -> io::Result<()> {
    let counts = Counts::of(site);
    let name = xml(&words::site(site));
    writeln!(
        out,
        r#"  <testsuite name="{name}" hostname="{}" timestamp="{}" tests="{}" failures="{}" errors="{}" skipped="{}">"#,
        xml(&site.host),
        words::utc(site.at.unwrap_or(report.run.started_at)),
        counts.tests,
        counts.failures,
        counts.errors,
        counts.skipped
    )?;
    let score = site.score.map_or_else(String::new, |score| score.to_string());
    let properties = [
        ("unit", unit.id.as_str()),
        ("unit.name", &unit.name),
        ("score", &score),
        ("grade", site.grade.as_deref().unwrap_or_default()),
        ("run", &report.run.id),
        ("rules", &report.method.rules_hash),
    ];
    writeln!(out, "    <properties>")?;
    for (key, value) in properties.into_iter().filter(|(_, value)| !value.is_empty()) {
        writeln!(out, r#"      <property name="{key}" value="{}"/>"#, xml(value))?;
    }
    writeln!(out, "    </properties>")?;
    for card in &site.findings {
        case(out, report, site, &card, lang)?;
    }
    if site.findings.is_empty() {
        let reason = site.untested.map_or_else(String::new, |r| r.words().get(lang).to_owned());
        let message = format!("{}: {reason}", words::verdict(Verdict::Inconclusive, lang));
        writeln!(out, r#"    <testcase classname="{name}" name="site">"#)?;
        writeln!(out, r#"      <skipped message="{}"/>"#, xml(&message))?;
        writeln!(out, "    </testcase>")?;
    }
    writeln!(out, "  </testsuite>")
}

fn case(
    out: &mut dyn Write,
    report: &Report,
    site: &SiteCard,
    card: &FindingCard,
    lang: Lang,
) -> io::Result<()> {
    let finding = &card.finding;
    let (class, name) = (xml(&words::site(site)), xml(finding.rule.as_str()));
    let message = xml(&message(finding, lang));
    let element = match outcome(finding) {
        Outcome::Passed => return writeln!(out, r#"    <testcase classname="{class}" name="{name}"/>"#),
        Outcome::Skipped => {
            format!(r#"<skipped message="{message}">{}</skipped>"#, body(report, site, card, lang))
        }
        Outcome::Failed => format!(
            r#"<failure type="{}" message="{message}">{}</failure>"#,
            finding.severity,
            body(report, site, card, lang)
        ),
        Outcome::Error => {
            let kind = if finding.reason == Some(Reason::RuleError) { "rule_error" } else { "our_bug" };
            format!(r#"<error type="{kind}" message="{message}">{}</error>"#, body(report, site, card, lang))
        }
    };
    writeln!(out, r#"    <testcase classname="{class}" name="{name}">"#)?;
    writeln!(out, "      {element}")?;
    writeln!(out, "    </testcase>")
}

/// The finding's sentence, with what keeps a failure from counting, or from being answered for.
fn message(finding: &Finding, lang: Lang) -> String {
    let mut notes = Vec::new();
    if finding.verdict == Verdict::Fail {
        if finding.level != Level::Required {
            notes.push(words::level(finding.level, lang));
        }
        if finding.upcoming {
            notes.push(if lang == Lang::Vi { "sắp bắt buộc" } else { "required soon" });
        }
        if finding.waived {
            notes.push(if lang == Lang::Vi { "được miễn trừ" } else { "waived" });
        }
    }
    let text = finding.message.get(lang);
    if notes.is_empty() { text.to_owned() } else { format!("{text} ({})", notes.join(", ")) }
}

/// What was seen, one a line, then the first line of the steps that fit the server; already XML.
fn body(report: &Report, site: &SiteCard, card: &FindingCard, lang: Lang) -> String {
    let finding = &card.finding;
    let mut lines: Vec<String> =
        finding.evidence.iter().map(|seen| xml(&words::evidence(seen, lang, MAX_QUOTED))).collect();
    if finding.verdict == Verdict::Fail {
        let fix = report.rules.iter().find(|rule| rule.id == finding.rule).and_then(|r| r.fix.as_ref());
        let steps = fix.and_then(|fix| words::steps(fix, site, lang));
        if let Some(first) = steps.and_then(|steps| steps.lines().find(|line| !line.trim().is_empty())) {
            lines.push(xml(first.trim()));
        }
        let how = if lang == Lang::Vi { "Cách sửa" } else { "Steps" };
        lines.push(xml(&format!("{how}: khien rules show {}", finding.rule)));
    }
    lines.join("\n")
}

/// A text for an attribute or between tags: what steers a reader written out, what XML 1.0 knows no character for
/// (§2.2) too, and its five signs as entities.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in escape(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // a `char` is no surrogate, and controls are written out by now
            '\u{fffe}' | '\u{ffff}' => {
                // writing to a String cannot fail
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::xml;

    proptest! {
        #[test]
        fn every_text_is_text(given in any::<String>()) {
            let escaped = xml(&given);
            // XML 1.0 §2.2, less the controls, which are written out
            let legal = |c: char| matches!(c, ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
            prop_assert!(escaped.chars().all(legal));
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
        }
    }

    #[test]
    fn no_text_leaves_its_place() {
        assert_eq!(xml(r#"]]><a b="c">'&#0;"#), "]]&gt;&lt;a b=&quot;c&quot;&gt;&apos;&amp;#0;");
        assert_eq!(xml("\u{0}\u{1b}\u{fffe}\u{ffff}\r\n"), "\\u{0}\\u{1b}\\u{fffe}\\u{ffff}\\u{d}\\u{a}");
        assert_eq!(xml("Sở Tài chính 😀"), "Sở Tài chính 😀");
    }
}
