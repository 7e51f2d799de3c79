//! Tests that need the connection under the store.

use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::{
    observation::{Document, SiteName, Vantage},
    report::SiteReport,
};

fn site(number: usize) -> SiteName {
    SiteName { host: format!("s{number}.tinhmau.example"), port: 443 }
}

fn new_run(sites: usize) -> NewRun {
    NewRun {
        inventory: InventoryKey { province: "Tỉnh Mẫu".to_owned(), path: "/targets.yaml".to_owned() },
        started_at: Timestamp::UNIX_EPOCH,
        vantage: Vantage::default(),
        scanner: String::new(),
        rules_hash: String::new(),
        method_version: String::new(),
        profile: None,
        partial: false,
        sites: (0..sites).map(site).collect(),
    }
}

/// A document that does not deflate well.
fn document(number: usize) -> Document {
    let noise: Vec<Vec<u8>> =
        (0..40).map(|i| body::sha256(format!("{number} {i}").as_bytes()).to_vec()).collect();
    let facts = json!({"schema": "khien.observations/1", "site": site(number), "at": "2026-11-01T00:00:00Z",
        "vantage": {"name": "", "inside": false}, "endpoints": [], "noise": noise});
    match facts {
        serde_json::Value::Object(facts) => Document::from_facts(facts).unwrap(),
        _ => panic!("an object"),
    }
}

async fn finish(run: &RunHandle, number: usize) -> Result<(), StoreError> {
    let document = document(number);
    run.finished(&document, &mut SiteReport::new(&document, Vec::new()), &[]).await.map(drop)
}

#[tokio::test]
async fn a_full_disk_costs_nothing_that_was_finished() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("khien.db")).await.unwrap();
    let run = store.begin(&new_run(100)).await.unwrap();
    finish(&run, 0).await.unwrap();
    sqlx::query("PRAGMA max_page_count = 60").fetch_all(&mut *store.connection().await).await.unwrap();
    let mut written = 1;
    let error = loop {
        match finish(&run, written).await {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
        assert!(written < 100, "the limit was never met");
    };
    assert!(matches!(error, StoreError::Full), "{error:?}");
    assert!(error.advice().1.contains("--resume"));
    assert_eq!(store.sites(run.run(), true).await.unwrap(), (0..written).map(site).collect::<Vec<_>>());
    // once there is room the same run goes on
    sqlx::query("PRAGMA max_page_count = 100000").fetch_all(&mut *store.connection().await).await.unwrap();
    for number in written..100 {
        finish(&run, number).await.unwrap();
    }
    for number in 0..100 {
        let stored = store.visit(run.run(), &site(number)).await.unwrap().unwrap();
        assert_eq!(stored.document.facts(), document(number).facts());
    }
}

#[tokio::test]
async fn the_file_is_kept_as_said() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("khien.db")).await.unwrap();
    let mut connection = store.connection().await;
    for (pragma, expected) in
        [("PRAGMA foreign_keys", 1), ("PRAGMA synchronous", 1), ("PRAGMA busy_timeout", 30_000)]
    {
        let (found,): (i64,) = sqlx::query_as(pragma).fetch_one(&mut *connection).await.unwrap();
        assert_eq!(found, expected, "{pragma}");
    }
    let (mode,): (String,) = sqlx::query_as("PRAGMA journal_mode").fetch_one(&mut *connection).await.unwrap();
    assert_eq!(mode, "wal");
    let (lax,): (i64,) = sqlx::query_as(
        "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict
         AND name NOT LIKE 'sqlite%' AND name != '_sqlx_migrations'",
    )
    .fetch_one(&mut *connection)
    .await
    .unwrap();
    assert_eq!(lax, 0);
}

/// Whatever asks again and again goes through an index.
#[tokio::test]
async fn no_question_reads_a_whole_table() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("khien.db")).await.unwrap();
    let mut connection = store.connection().await;
    for sql in [
        "SELECT id FROM body WHERE sha256 = x''",
        "SELECT observation FROM visit WHERE site = 1 AND at IS NOT NULL ORDER BY run DESC LIMIT 1",
        "SELECT site FROM visit WHERE run = 1 AND site > 1 ORDER BY site LIMIT 1",
        "SELECT id FROM site WHERE inventory = 1 AND vantage = '' AND inside = 0 AND host = '' AND port = 1",
        "SELECT verdict FROM streak WHERE site = 1 ORDER BY rule, first_at",
        "SELECT 1 FROM visit WHERE observation = 1",
        "SELECT 1 FROM visit WHERE findings = 1",
    ] {
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")))
                .fetch_all(&mut *connection)
                .await
                .unwrap();
        assert!(plan.iter().all(|(.., step)| step.starts_with("SEARCH")), "{sql}: {plan:?}");
    }
}

/// Two that open a new file at the same moment both get it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_open_a_new_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("khien.db");
    let open = |_| {
        let path = path.clone();
        tokio::spawn(async move { Store::open(&path).await.map(drop) })
    };
    for opened in (0..8).map(open).collect::<Vec<_>>() {
        opened.await.unwrap().unwrap();
    }
}

/// Every future may be spawned.
#[test]
fn futures_move_between_threads() {
    fn send<T: Send>(_: T) {}
    fn all(store: &Store, run: RunHandle, document: &Document, report: &mut SiteReport) {
        let path = std::path::Path::new("");
        send(Store::read_only(path));
        send(store.begin(&new_run(0)));
        send(store.resume(""));
        send(store.history(run.run(), document.site()));
        send(store.visits(run.run()).next());
        send(store.diff("", ""));
        send(store.prune(Timestamp::UNIX_EPOCH));
        send(store.scorecards(&run.run().inventory, None));
        send(run.pending());
        send(run.finished(document, report, &[]));
        send(run.end(End { at: Timestamp::UNIX_EPOCH, report: None }));
        send(store.clone().close());
    }
    let _ = all;
}
