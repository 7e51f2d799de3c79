//! `khien recheck --unit U`: a unit's sites again, before and after for each finding, points gained. Kept with its time.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;

use super::{
    Exit, Failed, Screen, inventory,
    keeping::{self, Keep},
    options::Network,
    outcome::Output,
    probing::{Listening, runtime},
    survey::{Choice, Survey},
};
use crate::{
    observation::SiteName,
    render::{escape, fold, pad, words, wrap},
    report::{Report, Sites},
    rule::{Finding, Lang, RuleId, Verdict},
    store::StoreError,
    target::VIETNAM,
};

/// Kiểm tra lại trang của một đơn vị sau khi sửa · Check a unit's sites again after a fix
#[derive(Debug, clap::Args)]
pub(super) struct Recheck {
    /// Mã đơn vị, là `id` trong danh mục · The unit's id in the inventory
    #[arg(long, value_name = "ID")]
    unit: String,
    /// Chỉ trang này của đơn vị · Only this site of it
    #[arg(long, value_name = "HOST")]
    site: Option<String>,
    /// Chỉ quy tắc này · Only this rule
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    /// Tệp danh mục đơn vị và trang · The inventory
    #[arg(long, default_value = "targets.yaml", value_name = "TARGETS")]
    targets: PathBuf,
    #[command(flatten)]
    keep: Keep,
    #[command(flatten)]
    network: Network,
    #[command(flatten)]
    output: Output,
}

/// The most characters quoted of what was seen.
const MAX_QUOTED: usize = 200;

/// The findings of one moment, by site and rule.
type Findings = BTreeMap<(SiteName, RuleId), Finding>;

impl Recheck {
    pub(super) fn run(&self, screen: &mut Screen<'_>) -> Result<Exit, Failed> {
        let inventory = inventory::read(&self.targets, screen)?;
        let authorisation = inventory::authorised(&inventory, Timestamp::now(), &self.targets)?;
        inventory::allows_intrusion(self.network.intrusive, authorisation)?;
        let judge = self.output.judge()?;
        let runtime = runtime()?;
        let folder = self.targets.parent().unwrap_or(Path::new("."));
        let choice = Choice::of(Some(self.unit.clone()), self.site.clone());
        let province = inventory.province.name.clone();
        let mut survey = Survey::new(inventory, folder, self.network.now(), &choice)?;
        let earlier = self.earlier(&runtime, &province, &survey.sites())?;
        let before = findings(&earlier);
        let before_score = Output::assemble_quietly(&judge, earlier, survey.roster(), survey.at())?;

        screen.quiet = true;
        let (keeper, _) = self.keep.begin(&runtime, &self.targets, &mut survey, &judge, false, screen)?;
        let listening = Listening {
            runtime: &runtime,
            keeper: Some(&keeper),
            deadline: None,
            degraded: false,
            experts: None,
        };
        let done = survey.run(&self.network, &judge, &self.output, Sites::default(), listening, screen)?;
        let now = findings(&done.sites);
        let (exit, mut report) = self.output.assemble(&judge, done.sites, &done.roster, done.about)?;
        let run = keeper.id().to_owned();
        keeper.end(&mut report, screen)?;
        self.output.write_beside(&report, screen)?;
        self.tell(&before, &now, before_score.as_ref(), &report, &run, screen)?;
        Ok(exit)
    }

    /// What the newest complete run found at these sites; nothing where there is none.
    fn earlier(
        &self,
        runtime: &tokio::runtime::Runtime,
        province: &str,
        sites: &[SiteName],
    ) -> Result<Sites, Failed> {
        let path = self.keep.path(&self.targets);
        if !path.is_file() {
            return Ok(Sites::default());
        }
        let store = self.keep.read(runtime, &self.targets)?;
        let key = keeping::key(province, &self.targets);
        let read = runtime.block_on(async {
            let mut found = Sites::default();
            let runs = store.runs().await?;
            let complete: Vec<_> =
                runs.into_iter().filter(|run| run.inventory == key && run.complete).collect();
            for site in sites {
                // the newest run that looked at this site, whole or partial
                for run in &complete {
                    if let Some(stored) = store.visit(run, site).await? {
                        found.push(keeping::reported(stored));
                        break;
                    }
                }
            }
            Ok(found)
        });
        read.map_err(|error: StoreError| keeping::failed(&path, &error))
    }

    fn tell(
        &self,
        before: &Findings,
        now: &Findings,
        earlier: Option<&Report>,
        report: &Report,
        run: &str,
        screen: &mut Screen<'_>,
    ) -> Result<(), Failed> {
        let lang = screen.lang;
        let word = |vi: &'static str, en: &'static str| if lang == Lang::Vi { vi } else { en };
        let Some(unit) = report.units.iter().find(|unit| unit.id == self.unit) else { return Ok(()) };
        let at = VIETNAM.to_datetime(report.run.started_at);
        writeln!(screen.out, "{}  {}", escape(&unit.name), at.strftime("%d/%m/%Y %H:%M"))?;
        writeln!(
            screen.out,
            "\n  {}{}{}",
            pad(word("Lỗi", "Finding"), 40),
            pad(word("Trước", "Before"), 16),
            word("Nay", "Now")
        )?;
        let fixed = self.table(before, now, report, screen)?;
        let points = |report: Option<&Report>| {
            let unit = report.and_then(|r| r.units.iter().find(|unit| unit.id == self.unit));
            let score =
                unit.and_then(|unit| unit.score).map_or_else(|| "–".to_owned(), |score| score.to_string());
            format!("{score} {}", unit.and_then(|unit| unit.grade.clone()).unwrap_or_else(|| "–".to_owned()))
        };
        writeln!(
            screen.out,
            "\n  {}    {}  →  {}",
            word("Điểm đơn vị", "Unit's score"),
            points(earlier),
            points(Some(report))
        )?;
        let sentence = match lang {
            Lang::Vi => format!("  ✓ Đã khắc phục {fixed} lỗi. Lượt {run}"),
            Lang::En => format!("  ✓ {fixed} fixed. Run {run}"),
        };
        writeln!(screen.out, "{sentence}")?;
        if let Some(step) = unit.fix_plan.first() {
            let what: Vec<&str> = step
                .rules
                .iter()
                .map(|fix| {
                    report
                        .rules
                        .iter()
                        .find(|r| r.id == fix.rule)
                        .map_or(fix.rule.as_str(), |r| r.title.get(lang))
                })
                .collect();
            let next = match lang {
                Lang::Vi => format!(
                    "Việc tiếp theo, {} phút, lên {}: {} ({})",
                    step.minutes,
                    step.score,
                    what.join("; "),
                    step.name
                ),
                Lang::En => format!(
                    "Next, {} minutes, to {}: {} ({})",
                    step.minutes,
                    step.score,
                    what.join("; "),
                    step.name
                ),
            };
            writeln!(screen.out, "{}", wrap(&escape(&next), 78, "  "))?;
        }
        Ok(())
    }

    /// The rules that failed before or fail now, by site; how many are fixed.
    fn table(
        &self,
        before: &Findings,
        now: &Findings,
        report: &Report,
        screen: &mut Screen<'_>,
    ) -> Result<usize, Failed> {
        let lang = screen.lang;
        let mut fixed = 0;
        let mut under: Option<&SiteName> = None;
        for ((site, rule), finding) in now {
            if self.rule.as_ref().is_some_and(|only| only != rule.as_str()) {
                continue;
            }
            let was = before.get(&(site.clone(), rule.clone()));
            let failed = |f: &Finding| f.verdict == Verdict::Fail && f.as_of.is_none();
            let shown = was.is_some_and(|f| f.verdict == Verdict::Fail) || failed(finding);
            if !shown {
                continue;
            }
            if under.replace(site) != Some(site) {
                writeln!(screen.out, "  {site}")?;
            }
            let title =
                report.rules.iter().find(|r| r.id == *rule).map_or(rule.as_str(), |r| r.title.get(lang));
            let verdict = |f: Option<&Finding>| match f {
                None => "–".to_owned(),
                Some(f) if f.as_of.is_some() => Verdict::Inconclusive.words().get(lang).to_owned(),
                Some(f) => f.verdict.words().get(lang).to_owned(),
            };
            let is_fixed = was.is_some_and(|f| f.verdict == Verdict::Fail)
                && finding.verdict == Verdict::Pass
                && finding.as_of.is_none();
            fixed += usize::from(is_fixed);
            writeln!(
                screen.out,
                "    {} {}{}",
                pad(title, 37),
                pad(&verdict(was), 16),
                verdict(Some(finding))
            )?;
            let seen = finding.evidence.first().map(|e| words::evidence(e, lang, MAX_QUOTED));
            let detail = match (finding.as_of, finding.reason) {
                (_, Some(reason)) if !failed(finding) => Some(reason.words().get(lang).to_owned()),
                _ => seen,
            };
            if let Some(detail) = detail {
                writeln!(screen.out, "{}", fold(&detail, 78, "      "))?;
            }
        }
        Ok(fixed)
    }
}

fn findings(sites: &Sites) -> Findings {
    let each = sites.findings().flat_map(|(site, findings)| findings.iter().map(move |card| (site, card)));
    each.map(|(site, card)| {
        let finding = Arc::unwrap_or_clone(card.finding);
        ((site.clone(), finding.rule.clone()), finding)
    })
    .collect()
}
