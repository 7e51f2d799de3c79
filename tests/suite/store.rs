//! The store from outside: what goes in comes out, whatever happens in between.

mod faults;
mod fixture;
mod kill;
mod measure;
mod properties;

use std::sync::Arc;

use jiff::SignedDuration;

use khien::observation::Vantage;
use khien::report::{Member, Place, Roster, RuleBook, Run, Scanner, SiteReport, assemble, judge};
use khien::rule::{Finding, Reason, RuleSet, Verdict};
use khien::score::Method;
use khien::store::{End, InventoryKey, Kind, Store, StoreError};
use khien::target::{Block, Importance, UnitKind};

use fixture::*;

#[tokio::test]
async fn what_goes_in_comes_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("khien.db");
    let rules = RuleSet::built_in().unwrap();
    let store = Store::open(&path).await.unwrap();
    for number in 0..3 {
        let run = store.begin(&new_run(day(number), 2)).await.unwrap();
        for place in [1, 0] {
            let document = document(&site(place), day(number));
            let mut report = judge(&rules, &document);
            assert!(report.findings.iter().any(|f| f.verdict == Verdict::Fail));
            run.finished(&document, &mut report, &[]).await.unwrap();
        }
        run.end(end(day(number))).await.unwrap();
    }
    let runs = store.runs().await.unwrap();
    assert_eq!(runs.len(), 3);
    for (run, number) in runs.iter().zip([2, 1, 0]) {
        assert_eq!((run.started_at, run.complete, run.planned, run.done), (day(number), true, 2, 2));
        let mut visits = store.visits(run);
        let mut seen = 0;
        while let Some(stored) = visits.next().await.unwrap() {
            let expected = document(stored.document.site(), day(number));
            assert_eq!(stored.document.facts(), expected.facts());
            assert_eq!(
                serde_json::to_string(stored.document.facts()).unwrap(),
                serde_json::to_string(expected.facts()).unwrap(),
                "the order of keys too"
            );
            let mut judged = judge(&rules, &expected);
            for finding in judged.findings.iter_mut().filter(|f| f.verdict == Verdict::Fail) {
                Arc::make_mut(finding).first_seen = Some(day(0));
            }
            assert_eq!(stored.report, judged);
            seen += 1;
        }
        assert_eq!(seen, 2);
    }
    assert_eq!(store.latest_run(&key()).await.unwrap().as_ref(), runs.first());
    let nobody = InventoryKey { province: "Tỉnh Khác".to_owned(), ..key() };
    assert_eq!(store.latest_run(&nobody).await.unwrap(), None);
}

#[tokio::test]
async fn the_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("khien.db");
    let store = Store::open(&path).await.unwrap();
    let run = store.begin(&new_run(day(0), 1)).await.unwrap();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["khien.db", "khien.db-lock-1", "khien.db-shm", "khien.db-wal"]);
    drop(run);
    store.close().await.unwrap();
    assert!(!folder.path().join("khien.db-wal").exists());
}

#[tokio::test]
async fn history_tells_since_when_and_what_stands_in() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("khien.db")).await.unwrap();
    let verdicts = [
        Verdict::Fail,
        Verdict::Fail,
        Verdict::Inconclusive,
        Verdict::Fail,
        Verdict::Pass,
        Verdict::Fail,
        Verdict::Inconclusive,
    ];
    let (mut reports, mut runs) = (Vec::new(), Vec::new());
    for (number, verdict) in (0..).zip(verdicts) {
        let run = store.begin(&new_run(day(number), 1)).await.unwrap();
        reports.push(finish(&run, 0, day(number), &[("a", verdict)]).await);
        runs.push(run.end(end(day(number))).await.unwrap());
    }
    let since: Vec<_> = reports.iter().map(|report| report.findings[0].first_seen).collect();
    assert_eq!(since, [Some(day(0)), Some(day(0)), None, Some(day(0)), None, Some(day(5)), None]);
    let history = store.history(&runs[6], &site(0)).await.unwrap();
    let streaks: Vec<_> = history
        .streaks(&rule("a"))
        .iter()
        .map(|streak| (streak.verdict, streak.first, streak.last))
        .collect();
    assert_eq!(
        streaks,
        [(Verdict::Fail, day(0), day(3)), (Verdict::Pass, day(4), day(4)), (Verdict::Fail, day(5), day(5))]
    );
    // what stood in is stored with the run, and stays though the history has gone on
    let stored = store.visit(&runs[2], &site(0)).await.unwrap().unwrap();
    let stand_in = stored.stand_ins[&rule("a")];
    assert_eq!((stand_in.verdict, stand_in.at, stand_in.since), (Verdict::Fail, day(1), day(0)));
    assert!(store.visit(&runs[3], &site(0)).await.unwrap().unwrap().stand_ins.is_empty());
    // fourteen days, and not a moment longer
    let last = day(5) + SignedDuration::from_hours(14 * 24);
    assert_eq!(history.stands_in(&rule("a"), last).unwrap().verdict, Verdict::Fail);
    assert_eq!(history.stands_in(&rule("a"), last + SignedDuration::from_nanos(1)), None);
    assert_eq!(history.stands_in(&rule("unheard-of"), last), None);
}

#[tokio::test]
async fn a_verdict_lost_with_its_parent_says_nothing_about_the_rule() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("khien.db")).await.unwrap();
    whole_run(&store, 0, 1, &[("a", Verdict::Fail)]).await;
    let run = store.begin(&new_run(day(1), 1)).await.unwrap();
    let lost = Finding {
        reason: Some(Reason::ParentFailed),
        parent: Some(rule("p")),
        ..finding("a", Verdict::NotApplicable)
    };
    let document = document(&site(0), day(1));
    run.finished(&document, &mut SiteReport::new(&document, vec![lost]), &[]).await.unwrap();
    let lost = run.end(end(day(1))).await.unwrap();
    let after = whole_run(&store, 2, 1, &[("a", Verdict::Fail)]).await;
    let history = store.history(&after, &site(0)).await.unwrap();
    assert_eq!(history.failing_since(&rule("a"), day(2)), Some(day(0)));
    let runs = store.runs().await.unwrap();
    let diff = store.diff(&runs[2].id, &lost.id).await.unwrap();
    assert_eq!((diff.changes[0].kind, diff.count(Kind::Fixed)), (Kind::Unknown, 0));
}

#[tokio::test]
async fn a_diff_tells_what_became_of_each_rule() {
    use Verdict::{Fail, Inconclusive, NotApplicable, Pass};
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("khien.db")).await.unwrap();
    whole_run(&store, 0, 2, &[("back", Fail)]).await;
    let verdicts = [
        ("fixed", Fail, Pass),
        ("object-gone", Fail, NotApplicable),
        ("new", Pass, Fail),
        ("back", Pass, Fail),
        ("still", Fail, Fail),
        ("lost-sight", Fail, Inconclusive),
        ("came-to-sight", Inconclusive, Fail),
        ("fine", Pass, Inconclusive),
        ("found-fine", Inconclusive, Pass),
    ];
    let before: Vec<_> = verdicts.iter().map(|(name, was, _)| (*name, *was)).collect();
    let mut after: Vec<_> = verdicts.iter().map(|(name, _, is)| (*name, *is)).collect();
    after.push(("rule-of-today", Fail));
    let before = whole_run(&store, 1, 2, &before).await;
    let mut new = new_run(day(2), 0);
    new.sites = vec![site(0), site(7)];
    new.rules_hash = "r2".to_owned();
    let run = store.begin(&new).await.unwrap();
    finish(&run, 0, day(2), &after).await;
    finish(&run, 7, day(2), &after).await;
    let after = run.end(end(day(2))).await.unwrap();

    let diff = store.diff(&before.id, &after.id).await.unwrap();
    let told: Vec<_> = diff
        .changes
        .iter()
        .map(|change| {
            (change.site.host.as_str(), change.rule.as_ref().map_or("", |rule| rule.as_str()), change.kind)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("s0.tinhmau.example", "back", Kind::Recurred),
            ("s0.tinhmau.example", "came-to-sight", Kind::Unknown),
            ("s0.tinhmau.example", "fixed", Kind::Fixed),
            ("s0.tinhmau.example", "lost-sight", Kind::Unknown),
            ("s0.tinhmau.example", "new", Kind::New),
            ("s0.tinhmau.example", "object-gone", Kind::Fixed),
            ("s0.tinhmau.example", "rule-of-today", Kind::Unknown),
            ("s1.tinhmau.example", "", Kind::Gone),
            ("s7.tinhmau.example", "", Kind::Added),
        ]
    );
    assert_eq!(diff.still_failing, 1);
    assert!(!diff.same_rules() && diff.comparable());
    // a run over one unit says nothing about the sites of others
    let mut part = new_run(day(3), 1);
    part.partial = true;
    let part = store.begin(&part).await.unwrap();
    finish(&part, 0, day(3), &[("fixed", Pass)]).await;
    let part = part.end(end(day(3))).await.unwrap();
    let diff = store.diff(&before.id, &part.id).await.unwrap();
    assert_eq!((diff.count(Kind::Gone), diff.count(Kind::Fixed)), (0, 1));
    assert_eq!(store.latest_run(&key()).await.unwrap().unwrap().id, after.id, "a part is never the latest");
    assert!(matches!(store.diff("x", &part.id).await, Err(StoreError::NoSuchRun(id)) if id == "x"));
}

#[tokio::test]
async fn what_is_seen_from_inside_is_another_history() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("khien.db")).await.unwrap();
    whole_run(&store, 0, 1, &[("a", Verdict::Pass)]).await;
    let mut inside = new_run(day(1), 1);
    inside.vantage.inside = true;
    let run = store.begin(&inside).await.unwrap();
    let document = document(&site(0), day(1));
    let mut report = SiteReport::new(&document, vec![finding("a", Verdict::Inconclusive)]);
    assert!(run.finished(&document, &mut report, &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn scorecards_make_a_trend() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("khien.db")).await.unwrap();
    let (rules, method) = (RuleSet::built_in().unwrap(), Method::built_in().unwrap());
    let unit = |id: &str, block, sites: Vec<usize>| Member {
        id: id.to_owned(),
        name: format!("Sở {id}"),
        kind: UnitKind::So,
        block: Some(block),
        sites: sites
            .into_iter()
            .map(|number| Place {
                site: site(number),
                importance: Importance::Normal,
                shared_operator: None,
                zone: None,
                excluded: false,
            })
            .collect(),
    };
    let roster = Roster {
        province: "Tỉnh Mẫu".to_owned(),
        units: vec![unit("so-a", Block::So, vec![0, 1]), unit("xa-b", Block::Xa, vec![])],
        ..Roster::default()
    };
    for number in 0..2 {
        let mut run = store.begin(&new_run(day(number), 2)).await.unwrap();
        if number == 1 {
            run.degrade().await.unwrap();
        }
        let mut reports = Vec::new();
        for place in 0..2 {
            let document = document(&site(place), day(number));
            let mut report = judge(&rules, &document);
            run.finished(&document, &mut report, &[]).await.unwrap();
            reports.push(report);
        }
        let about = Run {
            id: run.run().id.clone(),
            started_at: day(number),
            finished_at: day(number),
            vantage: Vantage::default(),
            scanner: Scanner { name: "khien".to_owned(), version: "0.1.0".to_owned() },
            degraded: false,
            complete: true,
        };
        let report = assemble(reports, &roster, &RuleBook::of(&rules, None), &method, about).unwrap();
        let card = report.units[0].clone();
        run.end(End { at: day(number), report: Some(&report) }).await.unwrap();
        let cards = store.scorecards(&key(), Some("so-a")).await.unwrap();
        let last = cards.last().unwrap();
        assert_eq!(cards.len(), usize::try_from(number).unwrap() + 1);
        assert_eq!((last.score, last.base, last.bracket), (card.score, card.base, card.bracket));
        assert_eq!((last.coverage, &last.grade, last.rank), (card.coverage, &card.grade, card.rank));
        assert_eq!((last.block, last.started_at, last.degraded), (Some(Block::So), day(number), number == 1));
        assert!(last.score.is_some());
    }
    let all = store.scorecards(&key(), None).await.unwrap();
    assert_eq!((all.len(), all[1].unit.as_str(), all[1].score), (4, "xa-b", None));
}

/// A sick scanner may take every site for broken: that night is no part of the history.
#[tokio::test]
async fn a_degraded_run_moves_no_history() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("khien.db")).await.unwrap();
    whole_run(&store, 0, 1, &[("a", Verdict::Fail), ("b", Verdict::Pass)]).await;
    let mut sick = store.begin(&new_run(day(1), 1)).await.unwrap();
    sick.degrade().await.unwrap();
    finish(&sick, 0, day(1), &[("a", Verdict::Pass), ("b", Verdict::Fail)]).await;
    let name = sick.run().id.clone();
    drop(sick);
    // it stays so when it is resumed
    let resumed = store.resume(&name).await.unwrap();
    assert!(resumed.run().degraded);
    assert!(resumed.end(end(day(1))).await.unwrap().degraded);
    let run = whole_run(&store, 2, 1, &[("a", Verdict::Fail), ("b", Verdict::Pass)]).await;
    let history = store.history(&run, &site(0)).await.unwrap();
    assert_eq!(history.failing_since(&rule("a"), day(2)), Some(day(0)));
    assert!(!history.failed_before(&rule("b"), day(2)));
    assert_eq!(history.streaks(&rule("b")).len(), 1);
}

#[tokio::test]
async fn pruning_keeps_what_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("khien.db")).await.unwrap();
    for number in 0..4 {
        whole_run(&store, number, 2, &[("a", Verdict::Fail)]).await;
        if number == 0 {
            whole_run(&store, 0, 3, &[("a", Verdict::Fail)]).await;
        }
    }
    // an unfinished run that nobody holds is old like any other
    drop(store.begin(&new_run(day(1), 2)).await.unwrap());
    let under_way = store.begin(&new_run(day(1), 2)).await.unwrap();
    let before = store.prune(day(0)).await.unwrap();
    assert_eq!((before.runs, before.streaks, before.bodies), (0, 0, 0));
    let pruned = store.prune(day(3)).await.unwrap();
    assert_eq!((pruned.runs, pruned.sites), (5, 1), "days 0, 0, 1, 2 and the unfinished one; the third site");
    finish(&under_way, 0, day(4), &[("a", Verdict::Fail)]).await;
    under_way.end(end(day(4))).await.unwrap();
    // however old, the newest complete run stays, whole; that under way is over now, and incomplete
    let pruned = store.prune(day(100)).await.unwrap();
    assert_eq!(pruned.runs, 1);
    store.compact().await.unwrap();
    let runs = store.runs().await.unwrap();
    assert_eq!((runs.len(), runs[0].started_at), (1, day(3)));
    for place in 0..2 {
        let stored = store.visit(&runs[0], &site(place)).await.unwrap().unwrap();
        assert_eq!(stored.document.facts(), document(&site(place), day(3)).facts());
        assert_eq!(stored.report.findings[0].first_seen, Some(day(0)));
    }
    let history = store.history(&runs[0], &site(0)).await.unwrap();
    assert_eq!(history.failing_since(&rule("a"), day(3)), Some(day(0)));
}

#[tokio::test]
async fn a_certificate_that_nobody_sends_any_more_goes() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("khien.db")).await.unwrap();
    let (old, current) = (vec![1_u8; 20], vec![2_u8; 20]);
    for (at, sent) in [(0, vec![old.clone(), current.clone()]), (3, vec![current.clone()])] {
        let run = store.begin(&new_run(day(at), 2)).await.unwrap();
        for place in 0..2 {
            finish_with(&run, place, day(at), &[("a", Verdict::Fail)], &sent).await;
        }
        run.end(end(day(at))).await.unwrap();
    }
    assert_eq!(store.prune(day(2)).await.unwrap().certificates, 1);
    assert_eq!(store.certificate(&hex(&current)).await.unwrap().unwrap(), current);
    assert_eq!(store.certificate(&hex(&old)).await.unwrap(), None);
}

#[tokio::test]
async fn certificates_are_kept_with_the_site_that_sent_them() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("khien.db")).await.unwrap();
    let der = b"not really DER".to_vec();
    let run = store.begin(&new_run(day(0), 2)).await.unwrap();
    for place in 0..2 {
        finish_with(&run, place, day(0), &[("a", Verdict::Pass)], &[der.clone(), der.clone()]).await;
        assert_eq!(store.certificate(&hex(&der)).await.unwrap().unwrap(), der);
    }
    assert_eq!(store.certificate("no hex").await.unwrap(), None);
}
