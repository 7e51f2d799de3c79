//! Runs the probes of a plan for a subcommand: starts the runtime, listens to events, judges each site as it comes.

use std::{io::IsTerminal as _, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};

use super::{
    Failed, Screen,
    keeping::Keeper,
    options::Network,
    outcome::{Judge, Output},
    progress::{Progress, Style},
};
use crate::{
    net::{self, Net},
    observation::{Document, Vantage},
    probe::certificate::TrustStore,
    report::{Experts, Sheet, Sites},
    rule::Lang,
    scan::{self, Event, Finished, Plan},
};

/// Everything a run needs.
pub(super) struct Job {
    pub(super) plan: Plan,
    pub(super) options: net::Options,
    pub(super) needs_resolver: bool,
    pub(super) scan: scan::Options,
    /// Sites that were finished before, where a run goes on.
    pub(super) earlier: Sites,
}

/// Who listens to a run, and for how long.
#[derive(Clone, Copy)]
pub(super) struct Listening<'l> {
    pub(super) runtime: &'l Runtime,
    /// Writes down what comes.
    pub(super) keeper: Option<&'l Keeper<'l>>,
    /// When to stop at the latest.
    pub(super) deadline: Option<Timestamp>,
    /// The scanner's own check failed: the run is told so.
    pub(super) degraded: bool,
    /// Makes a sheet of every site, where they are wanted.
    pub(super) experts: Option<&'l Experts>,
}

/// What a run brought.
pub(super) struct Done {
    pub(super) sites: Sites,
    /// One a site, where they were wanted.
    pub(super) sheets: Vec<Sheet>,
    /// False where it was interrupted.
    pub(super) complete: bool,
}

impl Network {
    /// What the flags mean to a scan.
    pub(super) fn scan_options(
        &self,
        vantage: Vantage,
        trust: Arc<TrustStore>,
        inventoried: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> scan::Options {
        scan::Options {
            at: self.now(),
            vantage,
            probes: self.probes(),
            resolve_pinned: self.names_a_resolver(),
            trust,
            look_ups: self.look_ups(),
            inventoried: Arc::new(inventoried),
        }
    }
}

/// Probes every site of the job; writes observations as they come where they were asked for.
pub(super) fn probe(
    job: Job,
    judge: &Judge,
    output: &Output,
    listening: Listening<'_>,
    screen: &mut Screen<'_>,
) -> Result<Done, Failed> {
    listening.runtime.block_on(listen(job, judge, output, listening, screen))
}

/// The threads that probes run on.
pub(super) fn runtime() -> Result<Runtime, Failed> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failed::internal)
}

async fn listen(
    job: Job,
    judge: &Judge,
    output: &Output,
    listening: Listening<'_>,
    screen: &mut Screen<'_>,
) -> Result<Done, Failed> {
    let net = if job.needs_resolver {
        Net::new(job.options).map_err(|error| {
            Failed::usage(
                (format!("không dùng được máy phân giải tên miền: {error}"), error.to_string()),
                (
                    "chưa có kết nối nào được mở; chỉ máy phân giải bằng --resolver IP:PORT",
                    "nothing was dialled; name a resolver with --resolver IP:PORT",
                ),
            )
        })?
    } else {
        Net::without_resolver(job.options)
    };
    let total = job.plan.targets.len();
    let asked = net.clone();
    let mut events = scan::run(net, job.plan, job.scan);
    let mut written = output.observations()?;
    let style = match (screen.quiet || total < 2, std::io::stderr().is_terminal()) {
        (true, _) => Style::Silent,
        (false, true) => Style::Live,
        (false, false) => Style::Plain,
    };
    let mut progress = Progress::new(total, style, screen.lang);
    let mut sites = job.earlier;
    let (mut sheets, mut done, mut interrupted) = (Vec::new(), 0, false);
    let mut stop = std::pin::pin!(stopped(listening.deadline));
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            () = &mut stop => {
                interrupted = true;
                None
            }
        };
        match event {
            None => break,
            // night after night the same: no news for cron, and the coverage says it too
            Some(Event::DirectDnsClosed(_)) if screen.quiet => {}
            Some(Event::DirectDnsClosed(reason)) => {
                progress.clear(screen.err)?;
                let said = match screen.lang {
                    Lang::Vi => {
                        "không hỏi thẳng được máy chủ tên miền (cổng 53 bị chặn); chỉ kiểm tra qua máy phân giải"
                    }
                    Lang::En => {
                        "name servers cannot be asked directly (port 53 is closed); checked through the resolver alone"
                    }
                };
                writeln!(screen.err, "khien: {said}: {reason}")?;
            }
            Some(Event::Started(target)) => progress.started(&target.site, screen.err)?,
            Some(Event::Finished(finished)) => {
                let Finished { observations, certificates } = *finished;
                if let Some(sink) = &mut written {
                    let text = serde_json::to_string(&observations).map_err(Failed::internal)?;
                    sink.line(screen, &text)?;
                }
                let document = Document::try_from(&observations).map_err(Failed::internal)?;
                sheets.extend(listening.experts.map(|experts| experts.sheet(&document)));
                let mut report = judge.site(&document);
                if let Some(keeper) = listening.keeper {
                    keeper.finished(&document, &mut report, &certificates).await?;
                }
                sites.push(report);
                done += 1;
                progress.finished(&observations.site, screen.err)?;
            }
        }
    }
    progress.clear(screen.err)?;
    let queries = asked.queries();
    if !screen.quiet && total > 1 && queries.resolver + queries.direct > 0 {
        let net::Queries { resolver, direct } = queries;
        match screen.lang {
            Lang::Vi => writeln!(
                screen.err,
                "khien: đã gửi {resolver} câu hỏi DNS tới máy phân giải, {direct} thẳng tới máy chủ tên miền"
            )?,
            Lang::En => writeln!(
                screen.err,
                "khien: {resolver} DNS questions went to the resolver, {direct} to name servers directly"
            )?,
        }
    }
    if let Some(sink) = written {
        sink.close(screen)?;
    }
    Ok(Done { complete: !interrupted && done == total, sites, sheets })
}

/// Ctrl-C, SIGTERM or the deadline: what is done is kept, the rest is left.
async fn stopped(deadline: Option<Timestamp>) {
    let past_deadline = async {
        match deadline {
            Some(at) => {
                let left = Duration::try_from(at.duration_since(Timestamp::now())).unwrap_or_default();
                tokio::time::sleep(left.min(Duration::from_hours(48))).await;
            }
            None => std::future::pending().await,
        }
    };
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        () = past_deadline => {}
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
