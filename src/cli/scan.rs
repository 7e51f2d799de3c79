//! `khien scan [targets.yaml]`: every site of the inventory, judged, scored, ranked, kept.

use std::path::{Path, PathBuf};

use jiff::{Timestamp, civil};

use super::{
    Exit, Failed, Screen, inventory,
    keeping::{self, Keep},
    misuse::Refused,
    options::Network,
    outcome::Output,
    probing::{Listening, runtime},
    survey::{Choice, Survey},
};
use crate::{
    render::{escape, pad, suspicion, wrap},
    report::Report,
    rule::{Lang, Severity, Verdict},
    store::Diff,
    target::VIETNAM,
};

/// Quét các trang trong danh mục · Scan the sites of an inventory
#[derive(Debug, clap::Args)]
pub(super) struct Scan {
    /// Tệp danh mục đơn vị và trang · The inventory
    #[arg(default_value = "targets.yaml", value_name = "TARGETS")]
    inventory: PathBuf,
    #[command(flatten)]
    choice: Choice,
    /// Dùng khi hẹn giờ chạy (cron): chỉ nêu điều thay đổi so với lần trước · For cron: say only what changed since the last run
    #[arg(long)]
    quiet: bool,
    /// Chạy tiếp lần quét bị ngắt · Go on with the run that was interrupted
    #[arg(long)]
    resume: bool,
    /// Dừng vào giờ này (giờ Việt Nam, có thể thêm giây); phần đã xong được giữ lại · Stop at this time in Việt Nam; what is done is kept
    #[arg(long, value_name = "HH:MM", value_parser = time_of_day)]
    deadline: Option<civil::Time>,
    #[command(flatten)]
    keep: Keep,
    #[command(flatten)]
    network: Network,
    #[command(flatten)]
    output: Output,
}

fn time_of_day(text: &str) -> Result<civil::Time, Refused> {
    let time = civil::Time::strptime("%H:%M", text).or_else(|_| civil::Time::strptime("%H:%M:%S", text));
    time.map_err(|_| Refused(("ghi giờ và phút, ví dụ 05:30", "write hours and minutes, as in 05:30").into()))
}

/// The most suspicions told one by one.
const MAX_SUSPICIONS: usize = 20;

impl Scan {
    pub(super) fn run(&self, screen: &mut Screen<'_>) -> Result<Exit, Failed> {
        let inventory = inventory::read(&self.inventory, screen)?;
        // the real clock: --now sets what observations carry, never whether we may scan
        let now = Timestamp::now();
        let authorisation = inventory::authorised(&inventory, now, &self.inventory)?;
        inventory::allows_intrusion(self.network.intrusive, authorisation)?;
        let judge = self.output.judge()?;
        let folder = self.inventory.parent().unwrap_or(Path::new("."));
        let mut survey = Survey::new(inventory, folder, self.network.now(), &self.choice)?;
        screen.quiet = self.quiet;
        let runtime = runtime()?;
        let (mut keeper, earlier) =
            self.keep.begin(&runtime, &self.inventory, &mut survey, &judge, self.resume, screen)?;
        let deadline = self.deadline.map(|time| next(time, now));
        let sick = survey.canary(&self.network, &runtime)?;
        if let Some(sick) = &sick {
            sick.tell(screen)?;
            keeper.degrade()?;
        }
        let degraded = keeper.is_degraded();
        let listening =
            Listening { runtime: &runtime, keeper: Some(&keeper), deadline, degraded, experts: None };
        let done = survey.run(&self.network, &judge, &self.output, earlier, listening, screen)?;
        let (mut exit, mut report) = self.output.assemble(&judge, done.sites, &done.roster, done.about)?;
        // kept first: a report that cannot be written loses no run
        let diff = keeper.end(&mut report, screen)?;
        if self.quiet {
            self.output.write_beside(&report, screen)?;
        } else {
            self.output.write(&report, screen)?;
        }
        if self.output.fails_on_regression() && diff.as_ref().is_some_and(keeping::is_regression) {
            exit = exit.or(Exit::Findings);
        }
        if degraded {
            exit = exit.or(Exit::Incomplete);
        }
        if self.quiet {
            Self::tell_cron(&report, diff.as_ref(), exit, screen)?;
        } else if self.output.is_for_people() {
            self.tell_people(&report, exit, screen)?;
        }
        Ok(exit)
    }

    /// Where it was kept, what to look at next, and the exit code in words.
    fn tell_people(&self, report: &Report, exit: Exit, screen: &mut Screen<'_>) -> Result<(), Failed> {
        let word = |vi: &'static str, en: &'static str| if screen.lang == Lang::Vi { vi } else { en };
        let (store, run) = (self.keep.path(&self.inventory), &report.run.id);
        writeln!(screen.out)?;
        writeln!(
            screen.out,
            "{}{}, {} {run}",
            pad(word("Đã ghi", "Kept in"), 14),
            escape(&store.display().to_string()),
            word("lượt", "run"),
        )?;
        let worst = report.units.iter().filter(|unit| unit.score.is_some() && !unit.sites.is_empty());
        if let Some(worst) = worst.min_by_key(|unit| unit.score)
            && report.units.len() > 1
        {
            let place = self.inventory.display().to_string();
            let place = if place == "targets.yaml" { String::new() } else { format!(" {}", escape(&place)) };
            writeln!(
                screen.out,
                "{}khien report{place} --unit {}",
                pad(word("Xem đơn vị", "See a unit"), 14),
                worst.id
            )?;
        }
        let (vi, en) = exit.meaning();
        let code = format!("{} {}: {}", word("Mã thoát", "Exit code"), exit.code(), word(vi, en));
        writeln!(screen.out, "{}", wrap(&code, 80, ""))?;
        Ok(())
    }

    /// What changed, for cron: two lines, and only where something did.
    fn tell_cron(
        report: &Report,
        diff: Option<&Diff>,
        exit: Exit,
        screen: &mut Screen<'_>,
    ) -> Result<(), Failed> {
        // these are told at once, and every night until somebody has looked
        let sites = || report.units.iter().flat_map(|unit| &unit.sites);
        let suspicions: usize = sites().map(|site| site.suspicions.len()).sum();
        if suspicions > 0 {
            let heading = suspicion::heading(screen.lang);
            writeln!(screen.out, "khien: {heading}: {suspicions}")?;
            for suspect in sites().flat_map(|site| &site.suspicions).take(MAX_SUSPICIONS) {
                writeln!(screen.out, "khien:   {}", suspicion::lines(suspect, screen.lang).join("; "))?;
            }
        }
        let news = diff.is_none_or(keeping::is_news) || !report.run.complete || report.run.degraded;
        if !news {
            return Ok(());
        }
        let count: usize = report.units.iter().map(|unit| unit.sites.len()).sum();
        let critical = report
            .units
            .iter()
            .flat_map(|unit| unit.sites.iter().flat_map(|site| site.findings.outlines()))
            .filter(|f| f.verdict == Verdict::Fail && f.severity == Severity::Critical && f.scores())
            .count();
        let at = VIETNAM.to_datetime(report.run.started_at);
        let complete = match (screen.lang, report.run.complete) {
            (Lang::Vi, true) => "đầy đủ",
            (Lang::Vi, false) => "chưa đầy đủ",
            (Lang::En, true) => "complete",
            (Lang::En, false) => "incomplete",
        };
        let change = diff.map(|diff| keeping::summary(diff, screen.lang));
        match screen.lang {
            Lang::Vi => {
                writeln!(
                    screen.out,
                    "khien: {} {complete}, {count} trang, {critical} lỗi nghiêm trọng",
                    at.strftime("%d/%m/%Y %H:%M")
                )?;
                let change = change.unwrap_or_else(|| "lần kiểm tra đầu tiên".to_owned());
                writeln!(screen.out, "khien: {change}. Mã thoát {}", exit.code())?;
            }
            Lang::En => {
                writeln!(
                    screen.out,
                    "khien: {} {complete}, {count} sites, {critical} critical findings",
                    at.strftime("%Y-%m-%d %H:%M")
                )?;
                let change = change.unwrap_or_else(|| "the first run".to_owned());
                writeln!(screen.out, "khien: {change}. Exit code {}", exit.code())?;
            }
        }
        Ok(())
    }
}

/// The next moment at which it is this time of day in Vietnam.
fn next(time: civil::Time, now: Timestamp) -> Timestamp {
    let today = VIETNAM.to_datetime(now);
    let at = |date: civil::Date| VIETNAM.to_timestamp(date.to_datetime(time)).unwrap_or(Timestamp::MAX);
    let this = at(today.date());
    if this > now { this } else { today.date().tomorrow().map_or(Timestamp::MAX, at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_the_next_such_time_in_vietnam() {
        // 23:00 in Vietnam
        let now: Timestamp = "2026-11-24T16:00:00Z".parse().unwrap();
        let at = |text| next(time_of_day(text).unwrap(), now).to_string();
        assert_eq!(at("23:30"), "2026-11-24T16:30:00Z");
        assert_eq!(at("05:30"), "2026-11-24T22:30:00Z");
        assert_eq!(at("23:00"), "2026-11-25T16:00:00Z");
        assert!(time_of_day("25:00").is_err() && time_of_day("5").is_err());
    }
}
