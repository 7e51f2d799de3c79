//! What a run brought, in the format asked for, and the exit code it means. Shared by check, scan and assess.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;

use super::{
    Exit, Failed, Screen,
    options::{FailOn, Percent, RulesFrom},
    writing::{Folder, Sink},
};
use crate::{
    observation::{Document, Vantage},
    render::{
        self, Subject, html,
        terminal::{self, Style},
    },
    report::{
        Experts, Report, Roster, RuleBook, Run, Scanner, Sheet, SiteReport, Sites, assemble, attach, judge,
    },
    rule::{Finding, Lang, Reason, RuleSet, Verdict},
    score::Method,
    yaml::Diagnostics,
};

/// How the outcome is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// Cho người đọc · For people
    Terminal,
    /// JSON: báo cáo cho máy đọc · The report (docs/report.schema.json)
    Json,
    /// Trang cho trình duyệt: một thư mục hoặc một tệp · Pages for a browser: a folder, or one file
    Html,
    /// Những gì quan sát được, mỗi dòng một hồ sơ · What was seen, one document a line (docs/observations.schema.json)
    Observations,
    /// Mỗi kết quả một dòng, mở bằng bảng tính · One row a finding, for a spreadsheet
    Csv,
    /// SARIF 2.1.0: điều chưa đạt và điều không kiểm tra được · SARIF 2.1.0: what failed and what could not be checked
    Sarif,
    /// XML cho hệ thống CI: mỗi trang một bộ kiểm thử, mỗi quy tắc một ca kiểm thử · XML that builds read: a suite a site, a case a rule
    Junit,
}

/// How the outcome is judged, written, and told to the shell.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Kết quả · Outcome")]
pub(super) struct Output {
    /// Dạng kết quả; không chọn thì theo tên ghi ở --out, không có --out thì in cho người đọc · How to write the outcome; by default the name given with --out says so, else for people
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Nơi ghi kết quả; không chọn thì in ra màn hình; thư mục, hoặc tên không có đuôi, thì thành thư mục các trang HTML · Where to write it; standard output by default; a folder, or a name without an ending, becomes a folder of pages
    #[arg(long, value_name = "FILE|FOLDER")]
    out: Option<PathBuf>,
    /// Thoát với mã 1 khi có lỗi từ mức này trở lên · Exit with 1 from findings of this severity on
    #[arg(long, value_enum, default_value_t = FailOn::High)]
    fail_on: FailOn,
    /// Thoát với mã 3 khi tỷ lệ trang không kiểm tra được vượt mức này · Exit with 3 when more than this share of the sites could not be tested
    #[arg(long, value_name = "SHARE", default_value_t = Percent(20))]
    max_untested: Percent,
    #[command(flatten)]
    rules: RulesFrom,
}

/// What experts ask for beside the cards.
#[derive(Debug, clap::Args)]
pub(super) struct Details {
    /// In thêm mọi điều thấy được về TLS, cho người rành kỹ thuật; check --only tls,certificate cũng in như vậy · Also print all there is on TLS, for experts; so does check --only tls,certificate
    #[arg(long)]
    details: bool,
    /// Như --details, nhưng chỉ so với một hướng dẫn, ví dụ mozilla-intermediate · As --details, beside one guideline alone, such as mozilla-intermediate
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
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

impl Format {
    /// The format that a file's name asks for.
    fn of_name(path: &Path) -> Self {
        if is_folder(path) {
            return Self::Html;
        }
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("html" | "htm") => Self::Html,
            Some("json") => Self::Json,
            Some("jsonl") => Self::Observations,
            Some("csv") => Self::Csv,
            Some("sarif") => Self::Sarif,
            Some("xml") => Self::Junit,
            _ => Self::Terminal,
        }
    }
}

/// Whether a path is meant as a folder: one that is there, one that ends in `/`, or a name without an ending.
fn is_folder(path: &Path) -> bool {
    let slash = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    slash || path.is_dir() || (path.extension().is_none() && !path.exists())
}

impl Output {
    /// How the outcome is written.
    pub(super) fn format(&self) -> Format {
        self.format.or_else(|| self.out.as_deref().map(Format::of_name)).unwrap_or(Format::Terminal)
    }

    pub(super) fn judge(&self) -> Result<Judge, Failed> {
        // a scan of an hour is not lost to a folder that cannot be written
        if let Some(folder) = self.folder() {
            Folder::replaceable(folder)?;
        }
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

    /// What sheets are made with, where they were asked for and this format has a place for them.
    pub(super) fn experts(&self, details: &Details, asked: bool) -> Result<Option<Experts>, Failed> {
        let asked = asked || details.details || details.profile.is_some();
        let printed = matches!(self.format(), Format::Terminal | Format::Html | Format::Json);
        if !asked {
            return Ok(None);
        }
        let experts = Experts::built_in()?;
        let experts = match &details.profile {
            None => experts,
            Some(id) => experts.with_profile(id).map_err(|known| {
                let known = known.join(", ");
                Failed::usage(
                    (format!("không có hướng dẫn nào tên {id}"), format!("there is no guideline {id}")),
                    (format!("chọn một trong: {known}"), format!("choose one of: {known}")),
                )
            })?,
        };
        Ok(printed.then_some(experts))
    }

    /// Whether people read standard output.
    pub(super) fn is_for_people(&self) -> bool {
        self.is_beside() || (self.format() == Format::Terminal && self.out.is_none())
    }

    /// Whether pages are written beside what people read on standard output: nobody asked for pages alone.
    fn is_beside(&self) -> bool {
        self.format.is_none() && self.format() == Format::Html
    }

    /// The folder that pages go to.
    fn folder(&self) -> Option<&Path> {
        self.out.as_deref().filter(|path| self.format() == Format::Html && is_folder(path))
    }

    /// Where observation documents go as they are made, where they are what was asked for.
    pub(super) fn observations(&self) -> Result<Option<Sink>, Failed> {
        if self.format() == Format::Observations { Ok(Some(self.sink()?)) } else { Ok(None) }
    }

    /// Makes the report, writes it, and says what it means to the shell.
    pub(super) fn report(
        &self,
        judge: &Judge,
        sites: Sites,
        roster: &Roster,
        about: About,
        screen: &mut Screen<'_>,
    ) -> Result<Exit, Failed> {
        self.report_in_detail(judge, sites, Vec::new(), roster, about, screen)
    }

    /// The same, with everything known of the TLS of those sites that have a sheet.
    pub(super) fn report_in_detail(
        &self,
        judge: &Judge,
        sites: Sites,
        mut sheets: Vec<Sheet>,
        roster: &Roster,
        about: About,
        screen: &mut Screen<'_>,
    ) -> Result<Exit, Failed> {
        let (exit, mut report) = self.assemble(judge, sites, roster, about)?;
        attach(&mut report, &mut sheets);
        self.write_in_detail(&report, &sheets, screen)?;
        Ok(exit)
    }

    /// Makes the report and says what it means to the shell.
    pub(super) fn assemble(
        &self,
        judge: &Judge,
        sites: Sites,
        roster: &Roster,
        about: About,
    ) -> Result<(Exit, Report), Failed> {
        let exit = self.exit(&sites);
        let complete = about.complete;
        let report = judge.assemble(sites, roster, about)?;
        Ok((if complete { exit } else { exit.or(Exit::Incomplete) }, report))
    }

    /// Writes the report where a file was asked for; standard output is somebody else's.
    pub(super) fn write_beside(&self, report: &Report, screen: &mut Screen<'_>) -> Result<(), Failed> {
        let mut nothing = io::sink();
        self.write(report, &mut Screen { out: &mut nothing, err: &mut *screen.err, ..*screen })
    }

    /// Writes the report in the format asked for.
    pub(super) fn write(&self, report: &Report, screen: &mut Screen<'_>) -> Result<(), Failed> {
        self.write_in_detail(report, &[], screen)
    }

    fn write_in_detail(
        &self,
        report: &Report,
        sheets: &[Sheet],
        screen: &mut Screen<'_>,
    ) -> Result<(), Failed> {
        match self.format() {
            Format::Observations => {}
            Format::Html => self.pages(report, sheets, screen)?,
            Format::Json => self.stream(report, screen, render::json)?,
            Format::Csv => self.stream(report, screen, render::csv)?,
            Format::Sarif => self.stream(report, screen, render::sarif)?,
            Format::Junit => self.stream(report, screen, render::junit)?,
            Format::Terminal => {
                let mut text = Vec::new();
                let colour = screen.colour && self.out.is_none();
                people(&mut text, report, sheets, Style { lang: screen.lang, colour })?;
                let mut sink = self.sink()?;
                sink.line(screen, String::from_utf8_lossy(&text).trim_end())?;
                sink.close(screen)?;
            }
        }
        Ok(())
    }

    /// Writes the pages; where their name alone asked for them, the scorecards still go to standard output.
    fn pages(&self, report: &Report, sheets: &[Sheet], screen: &mut Screen<'_>) -> Result<(), Failed> {
        if self.is_beside() {
            people(screen.out, report, sheets, Style { lang: screen.lang, colour: screen.colour })?;
        }
        let written = if let Some(path) = self.folder() {
            let folder = Folder::new(path)?;
            for (name, page) in html::folder(report, screen.lang) {
                folder.page(&name, &page)?;
            }
            folder.close()?;
            path.join(html::INDEX)
        } else {
            let mut sink = self.sink()?;
            let lang = screen.lang;
            html::single(sink.writer(screen), report, lang)?;
            sink.close(screen)?;
            let Some(path) = &self.out else { return Ok(()) };
            path.clone()
        };
        let text = match screen.lang {
            Lang::Vi => format!("Đã ghi {}: mở bằng trình duyệt web.", written.display()),
            Lang::En => format!("Wrote {}: open it in a web browser.", written.display()),
        };
        if self.is_beside() {
            writeln!(screen.out, "\n{text}")?;
        } else {
            writeln!(screen.err, "khien: {text}")?;
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
        sites: Sites,
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

    fn exit(&self, sites: &Sites) -> Exit {
        let outlines = || sites.findings().map(|(_, findings)| findings.outlines());
        let decided =
            |site: &&[Arc<Finding>]| site.iter().any(|f| matches!(f.verdict, Verdict::Pass | Verdict::Fail));
        let untested = sites.len() - outlines().filter(decided).count();
        let too_many = untested * 100 > sites.len() * usize::from(self.max_untested.0);
        let mut exit = Exit::Done;
        for finding in outlines().flatten() {
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
    fn assemble(&self, sites: Sites, roster: &Roster, about: About) -> Result<Report, Failed> {
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
            Failed::usage(
                (format!("kết quả và danh mục không khớp: {error}"), error.to_string()),
                (
                    "dùng đúng danh mục đã dùng khi kiểm tra",
                    "use the inventory the observations were made with",
                ),
            )
        })
    }

    pub(super) fn rules_hash(&self) -> &str {
        self.rules.hash()
    }

    pub(super) fn method_version(&self) -> &str {
        self.method.version()
    }
}

/// The province, one unit's card, or the cards of the sites of a one-off check.
fn people(out: &mut dyn Write, report: &Report, sheets: &[Sheet], style: Style) -> io::Result<()> {
    match Subject::of(report) {
        Subject::Province => terminal::province(out, report, style),
        Subject::Unit(card) => terminal::unit(out, report, card, style),
        Subject::Sites(card) => {
            for (place, site) in card.sites.iter().enumerate() {
                if place > 0 {
                    writeln!(out)?;
                }
                let of_site = |sheet: &&Sheet| (&sheet.site.host, sheet.site.port) == (&site.host, site.port);
                match sheets.iter().find(of_site) {
                    Some(sheet) => terminal::tls(out, report, site, sheet, style)?,
                    None => terminal::site(out, report, site, style)?,
                }
            }
            Ok(())
        }
    }
}
