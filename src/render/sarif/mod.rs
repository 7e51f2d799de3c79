//! A report as SARIF 2.1.0 (OASIS), for code scanning dashboards and their tools. Reads a `Report`; § are sections of
//! the standard.
//!
//! # Which findings
//!
//! Failed ones (`kind` `fail`) and those that could not be checked (`open`, §3.27.9: not enough information to decide;
//! not `review`, which asks for a person's eyes). Passed and not applicable ones are left out: consumers that do not
//! read `kind`, GitHub's and sarif-tools among them, would show each as a problem. The JSON has them all.
//! `level` (§3.27.10) is `error` for critical and high, `warning` for medium, `note` for the rest and for whatever does
//! not score; it is `none` for all that did not fail, as the standard asks. `security-severity` stays the severity's.
//!
//! # Old and new
//!
//! When a failure was first seen stands in `provenance.firstDetectionTimeUtc` (§3.48.3). There is no `baselineState`:
//! where one result has it all must, and it claims a comparison of everything with one earlier run, what is gone
//! included (§3.27.24); a report does not hold that. Consumers tell old from new by `partialFingerprints`, which are
//! made of host, port and rule and so stay the same from run to run.
//!
//! # Large reports
//!
//! GitHub takes 25,000 results a run, and 20 runs a file whose `automationDetails.id` differ before the last `/`. What
//! is beyond goes into another run, `khien/2/…`. Results are written one by one and never held together.
//!
//! # What came from the network
//!
//! Stands in plain text only, never in markdown. It is escaped, and can be no embedded link (§3.11.6) and no
//! placeholder (§3.11.5).

mod finding;
mod model;
mod rule;

use std::{
    collections::HashMap,
    io::{self, Write},
};

use serde::{Serialize, Serializer};
use serde_json::json;

use self::model::{
    AutomationDetails, Descriptor, DescriptorReference, Invocation, Log, Message, Notification, Run, Tool,
};
use super::{escape, words};
use crate::{
    report::{FindingCard, Report, SiteCard, UnitCard},
    rule::{Lang, Reason, RuleId, Verdict},
};

/// Where the schema of the standard with its errata stands.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The most results of a run.
const MAX_RESULTS: usize = 25_000;

/// What is told beside results: why something is not among them.
const SITE_UNTESTED: (&str, &str, &str) =
    ("site-untested", "Trang không kiểm tra được", "A site could not be tested");
const RUN_INCOMPLETE: (&str, &str, &str) =
    ("run-incomplete", "Lượt quét chưa đầy đủ", "Not every site was looked at");
const RUN_DEGRADED: (&str, &str, &str) = (
    "run-degraded",
    "Lượt quét suy giảm: không dùng để so sánh",
    "Degraded run: not to be compared with others",
);

/// Writes what failed and what could not be checked.
pub fn sarif(out: &mut dyn Write, report: &Report, lang: Lang) -> io::Result<()> {
    write(out, report, lang, MAX_RESULTS)
}

fn write(out: &mut dyn Write, report: &Report, lang: Lang, most: usize) -> io::Result<()> {
    let places = report.rules.iter().enumerate().map(|(place, rule)| (&rule.id, place)).collect();
    let view = View { report, lang, places };
    let parts = view.findings().count().div_ceil(most).max(1);
    let log =
        Log { schema: SCHEMA, version: "2.1.0", runs: (0..parts).map(|part| view.run(part, most)).collect() };
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

/// The report, with where each rule stands in it.
struct View<'r> {
    report: &'r Report,
    lang: Lang,
    places: HashMap<&'r RuleId, usize>,
}

/// One finding of a site of a unit.
struct Seen<'r> {
    unit: &'r UnitCard,
    site: &'r SiteCard,
    card: FindingCard,
}

/// Results that are made while they are written.
struct Results<'v> {
    view: &'v View<'v>,
    from: usize,
    most: usize,
}

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let part = self.view.findings().skip(self.from).take(self.most);
        serializer.collect_seq(part.map(|seen| self.view.result(&seen)))
    }
}

impl View<'_> {
    fn findings(&self) -> impl Iterator<Item = Seen<'_>> {
        let sites = self.report.units.iter().flat_map(|unit| unit.sites.iter().map(move |site| (unit, site)));
        sites.flat_map(|(unit, site)| site.findings.iter().map(move |card| Seen { unit, site, card })).filter(
            |seen| match seen.card.finding.verdict {
                Verdict::Fail => true,
                // what `--only` left out is no open question
                Verdict::Inconclusive => seen.card.finding.reason != Some(Reason::NotRequested),
                Verdict::Pass | Verdict::NotApplicable => false,
            },
        )
    }

    fn word<'t>(&self, vi: &'t str, en: &'t str) -> &'t str {
        match self.lang {
            Lang::Vi => vi,
            Lang::En => en,
        }
    }

    /// As `run.language` has it (§3.14.7).
    fn language(&self) -> &'static str {
        match self.lang {
            Lang::Vi => "vi",
            Lang::En => "en-US",
        }
    }

    fn run(&self, part: usize, most: usize) -> Run<Results<'_>> {
        let report = self.report;
        let id = escape(&report.run.id);
        Run {
            tool: Tool { driver: self.driver() },
            language: self.language(),
            automation_details: AutomationDetails {
                id: if part == 0 { format!("khien/{id}") } else { format!("khien/{}/{id}", part + 1) },
                description: Message::plain(plain(&report.province)),
            },
            invocations: [self.invocation(part)],
            column_kind: "utf16CodeUnits",
            taxonomies: self.taxonomies(),
            properties: json!({
                "province": escape(&report.province),
                "leadAgency": escape(&report.lead_agency),
                "vantage": escape(&report.run.vantage.name),
                "inside": report.run.vantage.inside,
                "complete": report.run.complete,
                "degraded": report.run.degraded,
                "methodVersion": escape(&report.method.version),
                "rulesHash": escape(&report.method.rules_hash),
            }),
            results: Results { view: self, from: part * most, most },
        }
    }

    fn invocation(&self, part: usize) -> Invocation {
        let run = &self.report.run;
        Invocation {
            execution_successful: run.complete && !run.degraded,
            start_time_utc: words::utc(run.started_at),
            end_time_utc: words::utc(run.finished_at),
            tool_execution_notifications: if part == 0 { self.notifications() } else { Vec::new() },
        }
    }

    fn notifications(&self) -> Vec<Notification> {
        let run = &self.report.run;
        let of_run = [(!run.complete, 1, RUN_INCOMPLETE), (run.degraded, 2, RUN_DEGRADED)];
        let mut all: Vec<Notification> = of_run
            .into_iter()
            .filter(|(applies, ..)| *applies)
            .map(|(_, index, (id, vi, en))| Notification {
                descriptor: told(id, index),
                level: "warning",
                message: Message::plain(format!("{}.", self.word(vi, en))),
                locations: Vec::new(),
            })
            .collect();
        let sites = self.report.units.iter().flat_map(|unit| &unit.sites);
        all.extend(sites.filter(|site| site.findings.is_empty()).map(|site| {
            let (id, vi, en) = SITE_UNTESTED;
            let why = site.untested.map_or_else(String::new, |r| format!(": {}", r.words().get(self.lang)));
            let asked = site.untested == Some(Reason::Excluded);
            Notification {
                descriptor: told(id, 0),
                level: if asked { "note" } else { "warning" },
                message: Message::plain(format!(
                    "{}: {}{why}.",
                    plain(&words::site(site)),
                    self.word(vi, en).to_lowercase()
                )),
                locations: vec![finding::location(site)],
            }
        }));
        all
    }

    /// What notifications refer to, in the order of their indices.
    fn told(&self) -> Vec<Descriptor> {
        let descriptor = |(id, vi, en): (&str, &str, &str)| {
            // GitHub wants all three of whatever is described
            let text = || Some(Message::plain(format!("{}.", self.word(vi, en))));
            Descriptor {
                id: id.to_owned(),
                short_description: text(),
                full_description: text(),
                help: text(),
                ..Descriptor::default()
            }
        };
        [SITE_UNTESTED, RUN_INCOMPLETE, RUN_DEGRADED].map(descriptor).into()
    }
}

fn told(id: &str, index: usize) -> DescriptorReference {
    DescriptorReference { id: id.to_owned(), index: Some(index), tool_component: None }
}

/// Text that is no more than text: escaped, no embedded link (§3.11.6), braces doubled (§3.11.5).
fn plain(text: &str) -> String {
    escape(text).replace("](", "] (").replace('{', "{{").replace('}', "}}")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{plain, write};
    use crate::rule::Lang;

    #[test]
    fn what_is_too_much_for_a_run_goes_into_the_next() {
        let text = std::fs::read_to_string("tests/data/golden/report.json").unwrap();
        let report = serde_json::from_str(&text).unwrap();
        let runs = |most| {
            let mut out = Vec::new();
            write(&mut out, &report, Lang::En, most).unwrap();
            let log: Value = serde_json::from_slice(&out).unwrap();
            log["runs"].as_array().unwrap().clone()
        };
        let results = |runs: &[Value]| -> Vec<Value> {
            runs.iter().flat_map(|run| run["results"].as_array().unwrap().clone()).collect()
        };
        let (one, many) = (runs(1_000), runs(20));
        assert_eq!((one.len(), many.len()), (1, results(&one).len().div_ceil(20)));
        assert_eq!(results(&one), results(&many));
        assert!(many.iter().all(|run| run["results"].as_array().unwrap().len() <= 20));
        // GitHub tells runs apart by what stands before the last slash
        let category = |run: &Value| {
            run["automationDetails"]["id"].as_str().unwrap().rsplit_once('/').unwrap().0.to_owned()
        };
        let categories: std::collections::BTreeSet<String> = many.iter().map(category).collect();
        assert_eq!(categories.len(), many.len());
    }

    #[test]
    fn plain_text_has_no_links_and_no_placeholders() {
        assert_eq!(plain("[click](https://x.example/) {0}"), "[click] (https://x.example/) {{0}}");
        assert_eq!(plain("\u{202e}"), "\\u{{202e}}");
    }
}
