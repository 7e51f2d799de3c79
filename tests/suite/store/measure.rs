//! The figures of docs/design/store.md: `cargo test --test suite store::measure -- --ignored --nocapture`.

use std::{path::Path, time::Instant};

use khien::report::judge;
use khien::rule::RuleSet;
use khien::store::Store;

use super::fixture::{day, document, end, new_run, site};

async fn size(path: &Path) -> u64 {
    Store::open(path).await.unwrap().close().await.unwrap();
    std::fs::metadata(path).unwrap().len()
}

/// Judging and compressing are part of the time; in a debug build they are most of it.
async fn scan(store: &Store, rules: &RuleSet, today: i64, sites: usize) -> f64 {
    let run = store.begin(&new_run(day(today), sites)).await.unwrap();
    let mut seconds = 0.0;
    for place in 0..sites {
        let document = document(&site(place), day(today));
        let mut report = judge(rules, &document);
        let began = Instant::now();
        run.finished(&document, &mut report, &[]).await.unwrap();
        seconds += began.elapsed().as_secs_f64();
    }
    run.end(end(day(today))).await.unwrap();
    seconds
}

#[tokio::test]
#[ignore = "a measurement of minutes"]
async fn thirty_runs_of_a_thousand_sites() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("khien.db");
    let rules = RuleSet::built_in().unwrap();
    let example = document(&site(0), day(0));
    println!("document {} bytes", serde_json::to_string(example.facts()).unwrap().len());
    println!("findings {} bytes", serde_json::to_string(&judge(&rules, &example).findings).unwrap().len());
    let store = Store::open(&path).await.unwrap();
    let first = scan(&store, &rules, 0, 1000).await;
    store.close().await.unwrap();
    let after_one = size(&path).await;
    println!("first run: {after_one} bytes, {} a site, {first:.1} s", after_one / 1000);
    let store = Store::open(&path).await.unwrap();
    let mut seconds = 0.0;
    for today in 1..30 {
        seconds += scan(&store, &rules, today, 1000).await;
    }
    store.close().await.unwrap();
    let after_all = size(&path).await;
    println!("30 runs: {after_all} bytes, {} a site and further run", (after_all - after_one) / 29_000);
    println!("{:.2} ms a site", seconds / 29.0);
    let began = Instant::now();
    let store = Store::open(&path).await.unwrap();
    println!("opening, checked: {:.2} s", began.elapsed().as_secs_f64());
    let began = Instant::now();
    let mut runs = store.runs().await.unwrap();
    let (last, first) = (runs.remove(0), runs.pop().unwrap());
    let diff = store.diff(&first.id, &last.id).await.unwrap();
    println!("diff: {:.2} s, {} changes", began.elapsed().as_secs_f64(), diff.changes.len());
    let began = Instant::now();
    let pruned = store.prune(day(20)).await.unwrap();
    println!("prune: {:.2} s, {pruned:?}", began.elapsed().as_secs_f64());
}

#[tokio::test]
#[ignore = "a measurement of minutes"]
async fn five_thousand_sites() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("khien.db");
    let rules = RuleSet::built_in().unwrap();
    let store = Store::open(&path).await.unwrap();
    let began = Instant::now();
    let run = store.begin(&new_run(day(0), 5000)).await.unwrap();
    println!("begin: {:.2} s", began.elapsed().as_secs_f64());
    drop(run);
    println!("5,000 new sites: {:.1} s", scan(&store, &rules, 0, 5000).await);
    println!("5,000 known sites: {:.1} s", scan(&store, &rules, 1, 5000).await);
}
