//! `khien report`, `diff` and `prune`: what the store knows, without a socket.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use super::{
    Exit, Failed, Screen, inventory,
    keeping::{self, Keep},
    misuse::Refused,
    outcome::{About, Output},
    past,
    probing::runtime,
    survey::Choice,
};
use crate::{
    report::{Roster, Sites},
    rule::{Lang, Verdict},
    store::{Kind, Store, StoreError, StoredRun},
    target::VIETNAM,
};

/// In báo cáo của một lần quét đã lưu · Print the report of a stored run
#[derive(Debug, clap::Args)]
pub(super) struct Report {
    /// Tệp danh mục đơn vị và trang · The inventory
    #[arg(default_value = "targets.yaml", value_name = "TARGETS")]
    inventory: PathBuf,
    /// Lần quét; mặc định là lần đầy đủ mới nhất · The run; the newest complete one by default
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// Liệt kê các lần quét · List the runs
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    keep: Keep,
    #[command(flatten)]
    output: Output,
}

/// So hai lần quét: đã khắc phục, mới, tái diễn · Show what changed between two runs
#[derive(Debug, clap::Args)]
pub(super) struct Diff {
    /// Lần trước; mặc định là lần áp chót · The earlier run; the last but one by default
    before: Option<String>,
    /// Lần sau; mặc định là lần mới nhất · The later run; the newest by default
    after: Option<String>,
    /// Tệp danh mục đơn vị và trang · The inventory
    #[arg(long, default_value = "targets.yaml", value_name = "TARGETS")]
    targets: PathBuf,
    #[command(flatten)]
    keep: Keep,
}

/// Xóa các lần quét đã cũ · Forget old runs
#[derive(Debug, clap::Args)]
pub(super) struct Prune {
    /// Giữ các lần quét bao nhiêu ngày · How long runs are kept, in days
    #[arg(long = "keep", value_name = "DAYS", default_value = "400d", value_parser = days)]
    days: i64,
    /// Tệp danh mục đơn vị và trang · The inventory
    #[arg(long, default_value = "targets.yaml", value_name = "TARGETS")]
    targets: PathBuf,
    #[command(flatten)]
    keep: Keep,
}

fn days(text: &str) -> Result<i64, Refused> {
    let number = text.strip_suffix('d').unwrap_or(text).parse::<i64>();
    number
        .ok()
        .filter(|n| (1..=36_500).contains(n))
        .ok_or_else(|| Refused(("ghi số ngày, ví dụ 400d", "write a number of days, as in 400d").into()))
}

impl Report {
    pub(super) fn run(&self, screen: &mut Screen<'_>) -> Result<Exit, Failed> {
        let inventory = inventory::read(&self.inventory, screen)?;
        let judge = self.output.judge()?;
        let runtime = runtime()?;
        let store = self.keep.read(&runtime, &self.inventory)?;
        let path = self.keep.path(&self.inventory);
        let key = keeping::key(&inventory.province.name, &self.inventory);
        let refused = |error: StoreError| keeping::failed(&path, &error);
        if self.list {
            let runs = runtime.block_on(store.runs()).map_err(refused)?;
            list(runs.iter().filter(|run| run.inventory == key), screen)?;
            return Ok(Exit::Done);
        }
        let found = runtime.block_on(async {
            match &self.run {
                Some(id) => store.run(id).await.map(Some),
                None => store.latest_run(&key).await,
            }
        });
        let Some(run) = found.map_err(refused)? else {
            return Err(Failed::usage(
                (
                    format!("{} chưa có lượt quét đầy đủ nào của danh mục này", path.display()),
                    format!("{} has no complete run of this inventory", path.display()),
                ),
                ("quét trước: khien scan", "scan first: khien scan"),
            ));
        };
        let same_rules = run.rules_hash == judge.rules_hash();
        if !same_rules {
            let note = match screen.lang {
                Lang::Vi => format!("lượt {} được chấm lại bằng bộ quy tắc hiện có", run.id),
                Lang::En => format!("run {} is judged again by the rules at hand", run.id),
            };
            writeln!(screen.err, "khien: {note}")?;
        }
        let roster = self.choice.roster(Roster::new(&inventory, run.started_at), &inventory)?;
        let known: std::collections::HashSet<_> =
            roster.units.iter().flat_map(|unit| &unit.sites).map(|place| &place.site).collect();
        let read = runtime.block_on(async {
            let mut visits = store.visits(&run);
            let mut sites = Sites::default();
            while let Some(stored) = visits.next().await? {
                // the others have left the inventory since, or were not asked for
                if known.contains(stored.document.site()) {
                    sites.push(if same_rules {
                        keeping::reported(stored)
                    } else {
                        judge.site(&stored.document)
                    });
                }
            }
            Ok(sites)
        });
        let sites = read.map_err(refused)?;
        let about = About {
            id: Some(run.id.clone()),
            started_at: run.started_at,
            vantage: run.vantage.clone(),
            complete: run.complete,
            degraded: run.degraded,
        };
        let (exit, mut report) = self.output.assemble(&judge, sites, &roster, about)?;
        let recalled = runtime.block_on(async {
            let diff = match past::before(&store, &key, run.started_at).await? {
                Some(before) => Some(store.diff(&before.id, &run.id).await?),
                None => None,
            };
            past::past(&store, &key, &run, &report.method.rules_hash, diff.as_ref()).await
        });
        report.recall(recalled.map_err(refused)?);
        self.output.write(&report, screen)?;
        Ok(exit)
    }
}

fn list<'r>(runs: impl Iterator<Item = &'r StoredRun>, screen: &mut Screen<'_>) -> Result<(), Failed> {
    for run in runs {
        let at = VIETNAM.to_datetime(run.started_at);
        let state = match (screen.lang, run.complete, run.finished_at.is_some()) {
            (Lang::Vi, true, _) => "đầy đủ",
            (Lang::Vi, false, true) => "chưa đầy đủ",
            (Lang::Vi, false, false) => "dở dang",
            (Lang::En, true, _) => "complete",
            (Lang::En, false, true) => "incomplete",
            (Lang::En, false, false) => "unfinished",
        };
        let part = match (screen.lang, run.partial) {
            (_, false) => "",
            (Lang::Vi, true) => ", một phần",
            (Lang::En, true) => ", partial",
        };
        writeln!(
            screen.out,
            "{}  {}  {}/{}  {state}{part}",
            run.id,
            at.strftime("%d/%m/%Y %H:%M"),
            run.done,
            run.planned
        )?;
    }
    Ok(())
}

impl Diff {
    pub(super) fn run(&self, screen: &mut Screen<'_>) -> Result<Exit, Failed> {
        let inventory = inventory::read(&self.targets, screen)?;
        let runtime = runtime()?;
        let store = self.keep.read(&runtime, &self.targets)?;
        let path = self.keep.path(&self.targets);
        let key = keeping::key(&inventory.province.name, &self.targets);
        let refused = |error: StoreError| keeping::failed(&path, &error);
        let runs = runtime.block_on(store.runs()).map_err(refused)?;
        let mut complete =
            runs.into_iter().filter(|run| run.inventory == key && run.complete && !run.partial);
        let (newest, earlier) = (complete.next(), complete.next());
        let chosen =
            |given: &Option<String>, found: Option<StoredRun>| given.clone().or(found.map(|run| run.id));
        let (Some(before), Some(after)) = (chosen(&self.before, earlier), chosen(&self.after, newest)) else {
            return Err(Failed::usage(
                (
                    format!("{} chưa có đủ hai lượt quét đầy đủ của danh mục này", path.display()),
                    format!("{} has not two complete runs of this inventory", path.display()),
                ),
                (
                    "quét thêm một lượt, hoặc ghi rõ hai lượt lấy từ khien report --list",
                    "scan again, or name two runs of khien report --list",
                ),
            ));
        };
        let diff = runtime.block_on(store.diff(&before, &after)).map_err(refused)?;
        writeln!(screen.out, "{before} → {after}: {}", keeping::summary(&diff, screen.lang))?;
        if !diff.comparable() {
            let note = match screen.lang {
                Lang::Vi => "! hai lượt không so sánh được: suy giảm, hoặc quét từ nơi khác nhau",
                Lang::En => "! not comparable: a degraded run, or another vantage point",
            };
            writeln!(screen.out, "{note}")?;
        }
        for change in &diff.changes {
            let word = match (change.kind, screen.lang) {
                (Kind::Fixed, Lang::Vi) => "✓ đã khắc phục",
                (Kind::New, Lang::Vi) => "▲ mới",
                (Kind::Recurred, Lang::Vi) => "▲ tái diễn",
                (Kind::Gone, Lang::Vi) => "- đã rời danh mục",
                (Kind::Added, Lang::Vi) => "+ mới vào danh mục",
                (Kind::Unknown, Lang::Vi) => "? chưa rõ",
                (Kind::Fixed, Lang::En) => "✓ fixed",
                (Kind::New, Lang::En) => "▲ new",
                (Kind::Recurred, Lang::En) => "▲ recurred",
                (Kind::Gone, Lang::En) => "- left the inventory",
                (Kind::Added, Lang::En) => "+ joined the inventory",
                (Kind::Unknown, Lang::En) => "? unknown",
            };
            let rule = change.rule.as_ref().map_or("", |rule| rule.as_str());
            let verdict = |verdict: Option<Verdict>| {
                verdict.map_or_else(|| "–".to_owned(), |verdict| verdict.words().get(screen.lang).to_owned())
            };
            let (was, is) = (verdict(change.before), verdict(change.after));
            writeln!(screen.out, "  {word}  {}  {rule}  {was} → {is}", change.site)?;
        }
        Ok(Exit::Done)
    }
}

impl Prune {
    pub(super) fn run(&self, screen: &mut Screen<'_>) -> Result<Exit, Failed> {
        let path = self.keep.path(&self.targets);
        if !path.is_file() {
            return Err(Failed::usage(
                (
                    format!("không có kho dữ liệu ở {}", path.display()),
                    format!("there is no store at {}", path.display()),
                ),
                (
                    "chỉ tệp kho bằng --db FILE, hoặc danh mục bằng --targets",
                    "name it with --db FILE, or the inventory with --targets",
                ),
            ));
        }
        let runtime = runtime()?;
        let store: Store = self.keep.open(&runtime, Path::new(&self.targets))?;
        let before = Timestamp::now() - SignedDuration::from_hours(24 * self.days);
        let pruned = runtime
            .block_on(async {
                let pruned = store.prune(before).await?;
                store.compact().await?;
                Ok(pruned)
            })
            .map_err(|error: StoreError| keeping::failed(&path, &error))?;
        match screen.lang {
            Lang::Vi => writeln!(
                screen.out,
                "Đã bỏ {} lượt, {} trang không còn lượt nào nhắc tới, {} quan sát.",
                pruned.runs, pruned.sites, pruned.bodies
            )?,
            Lang::En => writeln!(
                screen.out,
                "Forgot {} runs, {} sites that no run names any more, {} observations.",
                pruned.runs, pruned.sites, pruned.bodies
            )?,
        }
        Ok(Exit::Done)
    }
}
