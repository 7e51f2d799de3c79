//! What a scan leaves behind in the store, and what it finds there of the scans before.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tokio::runtime::Runtime;

use super::{Exit, Failed, Screen, outcome::Judge, past, survey::Survey};
use crate::{
    report::{Report, SiteReport, Sites},
    rule::Lang,
    store::{
        Diff, End, InventoryKey, Kind, NewRun, RunHandle, StandIns, Store, StoreError, Stored, StoredRun,
    },
};

/// Where runs are kept.
#[derive(Debug, clap::Args)]
pub(super) struct Keep {
    /// Tệp lưu các lần quét; mặc định là khien.db cạnh danh mục · The store; khien.db beside the inventory by default
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
}

/// A run that is being kept.
pub(super) struct Keeper<'r> {
    runtime: &'r Runtime,
    path: PathBuf,
    store: Store,
    pub(super) run: RunHandle,
    previous: Option<StoredRun>,
}

impl Keep {
    pub(super) fn path(&self, inventory: &Path) -> PathBuf {
        self.db.clone().unwrap_or_else(|| inventory.with_file_name("khien.db"))
    }

    /// The store for reading: never waits for a scan, and a scan never waits for it.
    pub(super) fn read(&self, runtime: &Runtime, inventory: &Path) -> Result<Store, Failed> {
        let path = self.path(inventory);
        runtime.block_on(Store::read_only(&path)).map_err(|error| failed(&path, &error))
    }

    /// The store for writing.
    pub(super) fn open(&self, runtime: &Runtime, inventory: &Path) -> Result<Store, Failed> {
        let path = self.path(inventory);
        runtime.block_on(Store::open(&path)).map_err(|error| failed(&path, &error))
    }

    /// Begins a run, or goes on with the one that was interrupted: then with the sites that were finished before.
    pub(super) fn begin<'r>(
        &self,
        runtime: &'r Runtime,
        inventory: &Path,
        survey: &mut Survey,
        judge: &Judge,
        resume: bool,
        screen: &mut Screen<'_>,
    ) -> Result<(Keeper<'r>, Sites), Failed> {
        let path = self.path(inventory);
        let store = self.open(runtime, inventory)?;
        let key = key(survey.province(), inventory);
        let refused = |error: StoreError| failed(&path, &error);
        let begun = runtime.block_on(async {
            let previous = past::before(&store, &key, survey.at()).await?;
            let unfinished = store.unfinished(&key).await?;
            let run = match (&unfinished, resume) {
                (Some(run), true) => store.resume(&run.id).await?,
                _ => store.begin(&new_run(&key, survey, judge)).await?,
            };
            let mut earlier = Sites::default();
            if resume && unfinished.is_some() {
                let mut visits = store.visits(run.run());
                while let Some(stored) = visits.next().await? {
                    earlier.push(reported(stored));
                }
            }
            let pending = run.pending().await?;
            Ok((run, previous, unfinished, earlier, pending))
        });
        let (run, previous, unfinished, earlier, pending) = begun.map_err(refused)?;
        survey.retain(&pending);
        if resume {
            let note = match (screen.lang, unfinished.is_some()) {
                (Lang::Vi, true) => format!("tiếp tục lượt {}: còn {} trang", run.run().id, pending.len()),
                (Lang::En, true) => {
                    format!("going on with run {}: {} sites left", run.run().id, pending.len())
                }
                (Lang::Vi, false) => "không có lượt nào dở dang, bắt đầu lượt mới".to_owned(),
                (Lang::En, false) => "no run was interrupted: a new one begins".to_owned(),
            };
            // to go on where nothing is to go on with is what cron asks for every night
            if unfinished.is_some() || !screen.quiet {
                writeln!(screen.err, "khien: {note}")?;
            }
        } else if let Some(left) = unfinished {
            let note = match screen.lang {
                Lang::Vi => format!("lượt {} còn dở dang được giữ lại; lượt mới bắt đầu", left.id),
                Lang::En => format!("run {} was left unfinished and is kept; a new one begins", left.id),
            };
            writeln!(screen.err, "khien: {note}")?;
        }
        Ok((Keeper { runtime, path, store, run, previous }, earlier))
    }
}

impl Keeper<'_> {
    /// Writes down what a site brought; it is safe once this returns.
    pub(super) async fn finished(
        &self,
        document: &crate::observation::Document,
        report: &mut SiteReport,
        certificates: &[Vec<u8>],
    ) -> Result<(), Failed> {
        let stand_ins = self
            .run
            .finished(document, report, certificates)
            .await
            .map_err(|error| failed(&self.path, &error))?;
        stand(report, stand_ins);
        Ok(())
    }

    /// The scanner's own check failed: what this run finds moves no history.
    pub(super) fn degrade(&mut self) -> Result<(), Failed> {
        self.runtime.block_on(self.run.degrade()).map_err(|error| failed(&self.path, &error))
    }

    /// Whether that was so, now or before the run was interrupted.
    pub(super) fn is_degraded(&self) -> bool {
        self.run.run().degraded
    }

    pub(super) fn id(&self) -> &str {
        &self.run.run().id
    }

    /// Ends the run, writes into its report what earlier runs say, and gives what changed since the one before. An
    /// incomplete run is left to be resumed.
    pub(super) fn end(self, report: &mut Report, screen: &mut Screen<'_>) -> Result<Option<Diff>, Failed> {
        let Self { runtime, path, store, run, previous, .. } = self;
        let id = run.run().id.clone();
        if !report.run.complete {
            let note = match screen.lang {
                Lang::Vi => format!("lượt {id} chưa xong; chạy lại lệnh này với --resume để làm tiếp"),
                Lang::En => format!("run {id} is not finished; run the same command with --resume to go on"),
            };
            writeln!(screen.err, "khien: {note}")?;
            return Ok(None);
        }
        let ended = runtime.block_on(async {
            let end = End { at: Timestamp::now(), report: Some(report) };
            let run = run.end(end).await?;
            let diff = match previous {
                Some(previous) => Some(store.diff(&previous.id, &id).await?),
                None => None,
            };
            report.recall(past::past(&store, &run.inventory, &run, &run.rules_hash, diff.as_ref()).await?);
            Ok(diff)
        });
        ended.map_err(|error: StoreError| failed(&path, &error))
    }
}

/// A stored site as it goes into a report.
pub(super) fn reported(stored: Stored) -> SiteReport {
    let mut report = stored.report;
    stand(&mut report, stored.stand_ins);
    report
}

fn stand(report: &mut SiteReport, stand_ins: StandIns) {
    report.stand_in(stand_ins.into_iter().map(|(rule, stand_in)| (rule, stand_in.verdict, stand_in.at)));
}

/// What makes an inventory the same one next time.
pub(super) fn key(province: &str, inventory: &Path) -> InventoryKey {
    let path = inventory.canonicalize().unwrap_or_else(|_| inventory.to_owned());
    InventoryKey { province: province.to_owned(), path: path.display().to_string() }
}

fn new_run(key: &InventoryKey, survey: &Survey, judge: &Judge) -> NewRun {
    NewRun {
        inventory: key.clone(),
        started_at: survey.at(),
        vantage: survey.vantage(),
        scanner: env!("CARGO_PKG_VERSION").to_owned(),
        rules_hash: judge.rules_hash().to_owned(),
        method_version: judge.method_version().to_owned(),
        profile: None,
        partial: survey.is_partial(),
        sites: survey.sites(),
    }
}

/// A store that does not do as asked: what is wrong with which file, and what to do.
pub(super) fn failed(path: &Path, error: &StoreError) -> Failed {
    let exit = match error {
        StoreError::Locked(_) | StoreError::Busy | StoreError::Full => Exit::Incomplete,
        StoreError::Unexpected(_) | StoreError::Mismatch { .. } | StoreError::NotPlanned(_) => Exit::Internal,
        _ => Exit::Usage,
    };
    Failed {
        exit,
        ..Failed::usage(
            (format!("{}: {}", path.display(), error.vietnamese()), format!("{}: {error}", path.display())),
            error.advice(),
        )
    }
}

/// How much changed, in one line for people.
pub(super) fn summary(diff: &Diff, lang: Lang) -> String {
    let count = |kind| diff.count(kind);
    let (fixed, new, again) = (count(Kind::Fixed), count(Kind::New), count(Kind::Recurred));
    let mut text = match lang {
        Lang::Vi => format!("{new} mới, {fixed} đã khắc phục, {again} tái diễn"),
        Lang::En => format!("{new} new, {fixed} fixed, {again} recurred"),
    };
    if !diff.same_rules() {
        text.push_str(match lang {
            Lang::Vi => " (bộ quy tắc đã đổi: một phần thay đổi có thể do quy tắc)",
            Lang::En => " (the rules have changed: part of it may lie in them)",
        });
    }
    text
}

/// Whether anything happened that somebody should hear of.
pub(super) fn is_news(diff: &Diff) -> bool {
    [Kind::Fixed, Kind::New, Kind::Recurred, Kind::Gone, Kind::Added]
        .into_iter()
        .any(|kind| diff.count(kind) > 0)
}

/// Whether something got worse.
pub(super) fn is_regression(diff: &Diff) -> bool {
    diff.comparable() && diff.count(Kind::New) + diff.count(Kind::Recurred) > 0
}
