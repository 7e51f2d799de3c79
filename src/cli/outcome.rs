//! What a run brought, in the format asked for, and the exit code it means. Shared by check, scan and assess.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::{
    Exit, Failed, Screen,
    options::{FailOn, Percent, RulesFrom},
};
use crate::{
    observation::{Document, Vantage},
    render::{
        self,
        terminal::{self, Style},
    },
    report::{Report, Roster, RuleBook, Run, Scanner, SiteReport, assemble, judge},
    rule::{Lang, Reason, RuleSet, Verdict},
    score::Method,
    yaml::Diagnostics,
};

/// How the outcome is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people
    Terminal,
    /// The report (docs/report.schema.json)
    Json,
    /// What was seen, one document a line (docs/observations.schema.json)
    Observations,
    /// One row a finding, for a spreadsheet
    Csv,
    /// SARIF 2.1.0: what failed and what could not be checked, for code scanning
    Sarif,
    /// A test suite a site, a test case a rule, as XML that builds read
    Junit,
}

/// How the outcome is judged, written, and told to the shell.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Outcome")]
pub(super) struct Output {
    /// How to write the outcome
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    pub(super) format: Format,
    /// Where to write it; standard output without it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Exit with 1 from findings of this severity on
    #[arg(long, value_enum, default_value_t = FailOn::High)]
    fail_on: FailOn,
    /// Exit with 3 when more than this share of the sites could not be tested
    #[arg(long, value_name = "SHARE", default_value_t = Percent(20))]
    max_untested: Percent,
    #[command(flatten)]
    rules: RulesFrom,
}

/// Rules and method, checked against each other before anything is dialled.
pub(super) struct Judge {
    rules: RuleSet,
    book: RuleBook,
    method: Method,
}

/// What is known of a run beside its sites.
pub(super) struct About {
    /// Its id in the store; made of the time without one.
    pub(super) id: Option<String>,
    pub(super) started_at: Timestamp,
    pub(super) vantage: Vantage,
    pub(super) complete: bool,
    /// The scanner's own check failed.
    pub(super) degraded: bool,
}

impl Output {
    pub(super) fn judge(&self) -> Result<Judge, Failed> {
        let rules = self.rules.load()?;
        let method = Method::built_in()?;
        let book = RuleBook::of(&rules, None);
        // caps that name no rule, or let a child cap lower than its parent: refused before anything is dialled
        if let Some(faults) = Diagnostics::collect(book.cap_faults(&method)) {
            return Err(faults.into());
        }
        Ok(Judge { rules, book, method })
    }

    /// Whether the exit code is 1 where something got worse since the last run.
    pub(super) fn fails_on_regression(&self) -> bool {
        self.fail_on == FailOn::Regression
    }

    /// Whether people read standard output.
    pub(super) fn is_for_people(&self) -> bool {
        self.format == Format::Terminal && self.out.is_none()
    }

    /// Where observation documents go as they are made, where they are what was asked for.
    pub(super) fn observations(&self) -> Result<Option<Sink>, Failed> {
        if self.format == Format::Observations { Ok(Some(self.sink()?)) } else { Ok(None) }
    }

    /// Makes the report, writes it, and says what it means to the shell.
    pub(super) fn report(
        &self,
        judge: &Judge,
        sites: Vec<SiteReport>,
        roster: &Roster,
        about: About,
        screen: &mut Screen<'_>,
    ) -> Result<Exit, Failed> {
        let (exit, report) = self.assemble(judge, sites, roster, about)?;
        self.write(&report, screen)?;
        Ok(exit)
    }

    /// Makes the report and says what it means to the shell.
    pub(super) fn assemble(
        &self,
        judge: &Judge,
        sites: Vec<SiteReport>,
        roster: &Roster,
        about: About,
    ) -> Result<(Exit, Report), Failed> {
        let exit = self.exit(&sites);
        let complete = about.complete;
        let report = judge.assemble(sites, roster, about)?;
        Ok((if complete { exit } else { exit.or(Exit::Incomplete) }, report))
    }

    /// Writes the report in the format asked for.
    pub(super) fn write(&self, report: &Report, screen: &mut Screen<'_>) -> Result<(), Failed> {
        match self.format {
            Format::Observations => {}
            Format::Json => {
                let mut sink = self.sink()?;
                let text = serde_json::to_string_pretty(report).map_err(Failed::internal)?;
                sink.line(screen, &text)?;
                sink.close(screen)?;
            }
            Format::Csv => self.stream(report, screen, render::csv)?,
            Format::Sarif => self.stream(report, screen, render::sarif)?,
            Format::Junit => self.stream(report, screen, render::junit)?,
            Format::Terminal => {
                let mut text = Vec::new();
                let colour = screen.colour && self.out.is_none();
                people(&mut text, report, Style { lang: screen.lang, colour })?;
                let mut sink = self.sink()?;
                sink.line(screen, String::from_utf8_lossy(&text).trim_end())?;
                sink.close(screen)?;
            }
        }
        Ok(())
    }

    /// Writes a document piece by piece, so that a large report is held once.
    fn stream(
        &self,
        report: &Report,
        screen: &mut Screen<'_>,
        render: fn(&mut dyn Write, &Report, Lang) -> io::Result<()>,
    ) -> Result<(), Failed> {
        let mut sink = self.sink()?;
        let lang = screen.lang;
        let mut out = io::BufWriter::new(sink.writer(screen));
        render(&mut out, report, lang)?;
        out.flush()?;
        drop(out);
        sink.close(screen)
    }

    /// The report of an earlier moment, for comparison; nothing where there was none.
    pub(super) fn assemble_quietly(
        judge: &Judge,
        sites: Vec<SiteReport>,
        roster: &Roster,
        at: Timestamp,
    ) -> Result<Option<Report>, Failed> {
        if sites.is_empty() {
            return Ok(None);
        }
        let about =
            About { id: None, started_at: at, vantage: Vantage::default(), complete: true, degraded: false };
        judge.assemble(sites, roster, about).map(Some)
    }

    fn exit(&self, sites: &[SiteReport]) -> Exit {
        let decided = |site: &&SiteReport| {
            site.findings.iter().any(|f| matches!(f.verdict, Verdict::Pass | Verdict::Fail))
        };
        let untested = sites.len() - sites.iter().filter(decided).count();
        let too_many = untested * 100 > sites.len() * usize::from(self.max_untested.0);
        let findings = sites.iter().flat_map(|site| &site.findings);
        let mut exit = Exit::Done;
        for finding in findings {
            if finding.verdict == Verdict::Fail && finding.scores() && self.fail_on.counts(finding.severity) {
                exit = exit.or(Exit::Findings);
            }
            if matches!(finding.reason, Some(Reason::RuleError)) {
                exit = exit.or(Exit::Internal);
            }
        }
        if too_many { exit.or(Exit::Incomplete) } else { exit }
    }

    fn sink(&self) -> Result<Sink, Failed> {
        match &self.out {
            None => Ok(Sink::Screen),
            Some(path) => Sink::file(path),
        }
    }
}

impl Judge {
    pub(super) fn site(&self, document: &Document) -> SiteReport {
        judge(&self.rules, document)
    }

    /// Judged sites into the report.
    fn assemble(&self, sites: Vec<SiteReport>, roster: &Roster, about: About) -> Result<Report, Failed> {
        let run = Run {
            id: about.id.unwrap_or_else(|| about.started_at.strftime("%Y%m%dT%H%M%SZ").to_string()),
            started_at: about.started_at,
            finished_at: Timestamp::now().max(about.started_at),
            vantage: about.vantage,
            scanner: Scanner { name: "khien".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            degraded: about.degraded,
            complete: about.complete,
        };
        assemble(sites, roster, &self.book, &self.method, run).map_err(|error| {
            Failed::usage(error.to_string(), "use the inventory the observations were made with")
        })
    }

    pub(super) fn rules_hash(&self) -> &str {
        self.rules.hash()
    }

    pub(super) fn method_version(&self) -> &str {
        self.method.version()
    }
}

/// One unit without a block is a one-off check: its sites' cards. One unit that has sites, beside those that only run
/// its zone or server: its card. Otherwise the province.
fn people(out: &mut dyn Write, report: &Report, style: Style) -> io::Result<()> {
    match report.units.as_slice() {
        [only] if only.block.is_none() => {
            for (place, card) in only.sites.iter().enumerate() {
                if place > 0 {
                    writeln!(out)?;
                }
                terminal::site(out, report, card, style)?;
            }
            Ok(())
        }
        units => {
            let (owners, others): (Vec<_>, Vec<_>) = units.iter().partition(|unit| !unit.sites.is_empty());
            match owners.as_slice() {
                [only] if others.iter().all(|other| other.score.is_some()) => {
                    terminal::unit(out, report, only, style)
                }
                _ => terminal::province(out, report, style),
            }
        }
    }
}

/// Where a document is written: standard output, or a file that only its owner may read.
pub(super) enum Sink {
    Screen,
    File { path: PathBuf, temporary: PathBuf, file: io::BufWriter<fs::File> },
}

impl Sink {
    /// A file that appears under its name only when it is whole.
    fn file(path: &Path) -> Result<Self, Failed> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".part");
        let temporary = PathBuf::from(temporary);
        // results are internal: nobody but the owner reads them
        let opened =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary);
        let file = opened.map_err(|error| {
            Failed::usage(
                format!("cannot write {}: {error}", path.display()),
                "give a file in a folder you may write to",
            )
        })?;
        Ok(Self::File { path: path.to_owned(), temporary, file: io::BufWriter::new(file) })
    }

    pub(super) fn line(&mut self, screen: &mut Screen<'_>, text: &str) -> Result<(), Failed> {
        match self {
            Self::Screen => writeln!(screen.out, "{text}")?,
            Self::File { file, .. } => writeln!(file, "{text}")?,
        }
        Ok(())
    }

    fn writer<'a>(&'a mut self, screen: &'a mut Screen<'_>) -> &'a mut dyn Write {
        match self {
            Self::Screen => screen.out,
            Self::File { file, .. } => file,
        }
    }

    pub(super) fn close(self, screen: &mut Screen<'_>) -> Result<(), Failed> {
        match self {
            Self::Screen => screen.out.flush()?,
            Self::File { path, temporary, mut file } => {
                file.flush()?;
                file.get_ref().sync_all()?;
                fs::rename(temporary, path)?;
            }
        }
        Ok(())
    }
}
