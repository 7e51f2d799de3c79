//! `khien assess FILE`: judges observations of an earlier run by other rules. Opens no socket, keeps their time.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    sync::mpsc,
    thread,
};

use serde_json::Value;

use super::{
    Exit, Failed, Screen, inventory,
    outcome::{About, Details, Format, Judge, Output},
};
use crate::{
    observation::{Document, DocumentError, MAX_BYTES, Vantage},
    report::{Experts, Roster, Sheet, SiteReport, Sites},
};

/// Đánh giá lại quan sát của lần trước, không kết nối · Judge earlier observations again, offline
#[derive(Debug, clap::Args)]
pub(super) struct Assess {
    /// Tệp quan sát, mỗi dòng một hồ sơ, do --format observations ghi; - là đầu vào chuẩn · Observations, one document a line; - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Danh mục đã dùng khi quan sát: đơn vị, khối, ai chịu trách nhiệm · The inventory they were made with
    #[arg(long, value_name = "TARGETS")]
    targets: Option<PathBuf>,
    #[command(flatten)]
    details: Details,
    #[command(flatten)]
    output: Output,
}

/// Documents that wait for a judge.
const WAITING: usize = 64;

impl Assess {
    pub(super) fn run(&self, screen: &mut Screen<'_>) -> Result<Exit, Failed> {
        if self.output.format() == Format::Observations {
            return Err(Failed::usage(
                ("quan sát là đầu vào của assess, không phải đầu ra", "observations are what assess reads"),
                ("chọn --format khác, ví dụ terminal", "choose another --format, such as terminal"),
            ));
        }
        let judge = self.output.judge()?;
        let inventory = self.targets.as_ref().map(|path| inventory::read(path, screen)).transpose()?;
        let lines: Box<dyn BufRead + Send> = if self.file.as_os_str() == "-" {
            Box::new(BufReader::new(std::io::stdin()))
        } else {
            let opened = File::open(&self.file).map_err(|error| {
                Failed::usage(
                    (
                        format!("không đọc được {}: {error}", self.file.display()),
                        format!("cannot read {}: {error}", self.file.display()),
                    ),
                    (
                        "chỉ tệp do khien scan --format observations --out TỆP ghi ra",
                        "give a file written by khien scan --format observations --out FILE",
                    ),
                )
            })?;
            Box::new(BufReader::with_capacity(1 << 20, opened))
        };
        let experts = self.output.experts(&self.details, false)?;
        let judged = judge_all(lines, &judge, experts.as_ref(), &self.file.display().to_string())?;
        let Some(at) = judged.sites.latest() else {
            return Err(Failed::usage(
                ("tệp không có quan sát nào", "the file holds no observations"),
                ("mỗi dòng của tệp phải là một quan sát", "give a file that holds one document a line"),
            ));
        };
        let roster = match &inventory {
            Some(inventory) => Roster::new(inventory, at),
            None => Roster::one("assess", judged.sites.names().cloned()),
        };
        let about =
            About { id: None, started_at: at, vantage: judged.vantage, complete: true, degraded: false };
        self.output.report_in_detail(&judge, judged.sites, judged.sheets, &roster, about, screen)
    }
}

/// Sites in the order of the file.
#[derive(Default)]
struct Judged {
    sites: Sites,
    /// One a site, where they were wanted.
    sheets: Vec<Sheet>,
    /// Of the first.
    vantage: Vantage,
}

/// A line of the file.
struct Line {
    site: SiteReport,
    sheet: Option<Sheet>,
    vantage: Value,
}

impl Line {
    fn new(document: &Document, judge: &Judge, experts: Option<&Experts>) -> Self {
        Self {
            site: judge.site(document),
            sheet: experts.map(|experts| experts.sheet(document)),
            vantage: document.facts().get("vantage").cloned().unwrap_or_default(),
        }
    }
}

impl Judged {
    fn add(&mut self, line: Line) {
        if self.sites.is_empty() {
            self.vantage = serde_json::from_value(line.vantage).unwrap_or_default();
        }
        self.sites.push(line.site);
        self.sheets.extend(line.sheet);
    }
}

/// Judges line by line on every core; only the verdicts are kept.
fn judge_all(
    mut lines: Box<dyn BufRead + Send>,
    judge: &Judge,
    experts: Option<&Experts>,
    name: &str,
) -> Result<Judged, Failed> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let (done, results) = mpsc::channel();
        let mut queues = Vec::new();
        for _ in 0..workers {
            let (queue, work) = mpsc::sync_channel::<(usize, Vec<u8>)>(WAITING);
            let done = done.clone();
            queues.push(queue);
            scope.spawn(move || {
                for (number, line) in work {
                    let judged = if line.trim_ascii().is_empty() {
                        Ok(None)
                    } else {
                        Document::parse(&line).map(|document| Some(Line::new(&document, judge, experts)))
                    };
                    if done.send((number, judged)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(done);
        let reader = scope.spawn(move || -> std::io::Result<()> {
            let mut number = 0;
            loop {
                let mut line = Vec::new();
                let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(2);
                if lines.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
                    return Ok(());
                }
                number += 1;
                let Some(queue) = queues.get(number % workers) else { return Ok(()) };
                // nobody listens any more after a line that is no document
                if queue.send((number, line)).is_err() {
                    return Ok(());
                }
            }
        });
        let mut judged = Judged::default();
        let mut waiting = BTreeMap::new();
        let mut next = 1;
        for (number, result) in results {
            waiting.insert(number, result);
            while let Some(result) = waiting.remove(&next) {
                if let Some(line) = result.map_err(|error| not_a_document(name, next, &error))? {
                    judged.add(line);
                }
                next += 1;
            }
        }
        reader.join().unwrap_or(Ok(()))?;
        Ok(judged)
    })
}

fn not_a_document(name: &str, number: usize, error: &DocumentError) -> Failed {
    Failed::usage(
        (format!("{name}:{number}: không phải một quan sát: {error}"), format!("{name}:{number}: {error}")),
        (
            "mỗi dòng là một quan sát, như khien scan --format observations ghi ra",
            "every line is one document, as khien scan --format observations writes it",
        ),
    )
}
