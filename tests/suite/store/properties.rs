//! Random sequences of finishing, crashing, resuming and ending, held against a model that keeps everything.

use std::collections::BTreeMap;

use khien::rule::Verdict;
use khien::store::{RunHandle, Store};
use proptest::prelude::*;

use super::fixture::{day, document, end, finish, key, new_run, rule, site};

const SITES: usize = 4;

#[derive(Clone, Debug)]
enum Step {
    Finish(usize, Verdict),
    /// The run is dropped and the file opened again.
    Crash,
    End,
    Prune,
}

fn step() -> impl Strategy<Value = Step> {
    let verdict = prop_oneof![
        Just(Verdict::Pass),
        Just(Verdict::Fail),
        Just(Verdict::NotApplicable),
        Just(Verdict::Inconclusive)
    ];
    prop_oneof![
        6 => (0..SITES, verdict).prop_map(|(site, verdict)| Step::Finish(site, verdict)),
        2 => Just(Step::Crash),
        2 => Just(Step::End),
        1 => Just(Step::Prune),
    ]
}

/// What is known of one run: the verdict of each finished site.
type Model = BTreeMap<usize, Verdict>;

/// Since when the rule has been failing at a site, by the runs before and in this one.
fn failing_since(runs: &[Model], number: usize, place: usize) -> Option<i64> {
    let mut since = None;
    for (day, run) in (0..).zip(&runs[..=number]) {
        match run.get(&place) {
            Some(Verdict::Fail) => since = since.or(Some(day)),
            Some(Verdict::Pass | Verdict::NotApplicable) => since = None,
            Some(Verdict::Inconclusive) | None => {}
        }
    }
    since
}

async fn check(store: &Store, models: &[Model]) {
    let mut runs = store.runs().await.unwrap();
    runs.reverse();
    assert_eq!(runs.len(), models.len());
    for (number, (run, model)) in runs.iter().zip(models).enumerate() {
        let today = day(i64::try_from(number).unwrap());
        for place in 0..SITES {
            let stored = store.visit(run, &site(place)).await.unwrap();
            let Some(verdict) = model.get(&place) else {
                assert!(stored.is_none());
                continue;
            };
            let stored = stored.unwrap();
            assert_eq!(stored.document.facts(), document(&site(place), today).facts());
            assert_eq!(stored.report.findings[0].verdict, *verdict);
            let since = failing_since(models, number, place).map(day);
            if *verdict == Verdict::Fail {
                assert_eq!(stored.report.findings[0].first_seen, since);
            }
            if *verdict == Verdict::Inconclusive {
                let last = (0..number).rev().find_map(|earlier| {
                    let verdict = models[earlier].get(&place)?;
                    (*verdict != Verdict::Inconclusive)
                        .then_some((*verdict, day(i64::try_from(earlier).unwrap())))
                });
                let stand_in = stored.stand_ins.get(&rule("a")).map(|s| (s.verdict, s.at));
                assert_eq!(stand_in, last);
            }
        }
    }
}

async fn play(steps: &[Step]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("khien.db");
    let mut store = Store::open(&path).await.unwrap();
    let mut models: Vec<Model> = Vec::new();
    let mut run: Option<RunHandle> = None;
    for step in steps {
        let handle = if let Some(run) = run.take() {
            run
        } else if let Some(unfinished) = store.unfinished(&key()).await.unwrap() {
            store.resume(&unfinished.id).await.unwrap()
        } else {
            models.push(Model::new());
            store.begin(&new_run(day(i64::try_from(models.len() - 1).unwrap()), SITES)).await.unwrap()
        };
        let number = models.len() - 1;
        let model = models.last_mut().unwrap();
        let today = day(i64::try_from(number).unwrap());
        let left: Vec<_> = (0..SITES).filter(|place| !model.contains_key(place)).map(site).collect();
        assert_eq!(handle.pending().await.unwrap(), left);
        match step {
            Step::Finish(place, verdict) => {
                // a site comes once a run
                if !model.contains_key(place) {
                    finish(&handle, *place, today, &[("a", *verdict)]).await;
                    model.insert(*place, *verdict);
                }
                run = Some(handle);
            }
            Step::Crash => {
                drop(handle);
                drop(store);
                store = Store::open(&path).await.unwrap();
            }
            Step::End => {
                let ended = handle.end(end(today)).await.unwrap();
                assert_eq!(ended.complete, left.is_empty());
            }
            Step::Prune => {
                let pruned = store.prune(day(0)).await.unwrap();
                assert_eq!((pruned.runs, pruned.bodies, pruned.streaks, pruned.sites), (0, 0, 0, 0));
                run = Some(handle);
            }
        }
    }
    drop(run);
    drop(store);
    check(&Store::open(&path).await.unwrap(), &models).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_nothing_is_lost(steps in prop::collection::vec(step(), 1..30)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(play(&steps));
    }
}
