//! Files that are none, damaged, of others or of tomorrow; locks that are held; sites that do not belong.

use std::{fs, path::Path};

use khien::rule::Verdict;
use khien::store::{Store, StoreError};

use super::fixture::{day, document, end, finding, finish, key, new_run, site, whole_run};

async fn refused(path: &Path) -> StoreError {
    let before = fs::read(path).ok();
    let error = Store::open(path).await.unwrap_err();
    assert!(fs::read(path).ok() == before, "the file was changed");
    assert!(!error.advice().0.is_empty() && !error.vietnamese().is_empty());
    error
}

async fn two_runs(path: &Path) {
    let store = Store::open(path).await.unwrap();
    whole_run(&store, 0, 20, &[("a", Verdict::Fail)]).await;
    whole_run(&store, 1, 20, &[("a", Verdict::Pass)]).await;
    store.close().await.unwrap();
}

#[tokio::test]
async fn places_where_no_store_can_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    assert!(matches!(refused(folder.path()).await, StoreError::NotAFile));
    assert!(matches!(refused(&path("no/such/folder.db")).await, StoreError::NoFolder));
    fs::write(path("file"), "x".repeat(4096)).unwrap();
    assert!(matches!(refused(&path("file/khien.db")).await, StoreError::NoFolder));
    assert!(matches!(refused(Path::new("/dev/null")).await, StoreError::NotAFile));
    assert!(matches!(
        refused(Path::new("/proc/khien.db")).await,
        StoreError::NoFolder | StoreError::ReadOnly
    ));
    assert!(matches!(Store::read_only(&path("nothing.db")).await, Err(StoreError::Missing)));
    assert!(matches!(Store::read_only(folder.path()).await, Err(StoreError::NotAFile)));
    assert!(!path("nothing.db").exists());
}

#[tokio::test]
async fn files_of_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("khien.db");
    for text in ["a", "units:\n  - id: so-a\n", &"x".repeat(511), &"không phải cơ sở dữ liệu ".repeat(500)]
    {
        fs::write(&path, text).unwrap();
        assert!(matches!(refused(&path).await, StoreError::NotADatabase), "{} bytes", text.len());
        assert!(matches!(Store::read_only(&path).await, Err(StoreError::NotADatabase)));
    }
    let other = folder.path().join("other.db");
    sql(&other, "CREATE TABLE bookmark (url TEXT)").await;
    assert!(matches!(refused(&other).await, StoreError::NotOurs));
    assert!(matches!(Store::read_only(&other).await, Err(StoreError::NotOurs)));
}

#[tokio::test]
async fn an_empty_file_is_a_new_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("khien.db");
    fs::write(&path, "").unwrap();
    assert!(matches!(Store::read_only(&path).await, Err(StoreError::OlderSchema { found: 0, known: 1 })));
    two_runs(&path).await;
    assert_eq!(Store::read_only(&path).await.unwrap().runs().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_newer_schema_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("khien.db");
    two_runs(&path).await;
    sql(&path, "INSERT INTO _sqlx_migrations VALUES (9, 'later', '', 1, x'00', 0)").await;
    assert!(matches!(refused(&path).await, StoreError::NewerSchema { found: 9, known: 1 }));
    assert!(matches!(Store::read_only(&path).await, Err(StoreError::NewerSchema { found: 9, known: 1 })));
}

#[tokio::test]
async fn damage_is_told_and_not_made_worse() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("khien.db");
    two_runs(&path).await;
    let sound = fs::read(&path).unwrap();
    assert!(sound.len() > 60_000, "{}", sound.len());
    // cut short
    for length in [600, 4096, 10_000, sound.len() / 2, sound.len() - 4096] {
        fs::write(&path, &sound[..length]).unwrap();
        assert!(matches!(refused(&path).await, StoreError::Corrupt(_)), "{length} bytes left");
    }
    // pages overwritten
    let mut damaged = sound.clone();
    for byte in damaged.iter_mut().skip(4096 * 3).step_by(7).take(6000) {
        *byte ^= 0x5a;
    }
    fs::write(&path, &damaged).unwrap();
    assert!(matches!(refused(&path).await, StoreError::Corrupt(_)));
    // the header's name gone
    let mut damaged = sound.clone();
    damaged[0] ^= 0xff;
    fs::write(&path, &damaged).unwrap();
    assert!(matches!(refused(&path).await, StoreError::NotADatabase));
    fs::write(&path, &sound).unwrap();
    assert_eq!(Store::open(&path).await.unwrap().runs().await.unwrap().len(), 2);
}

/// Bits that flip inside a document leave the tables sound; only its hash tells.
#[tokio::test]
async fn every_byte_that_flips_is_told_or_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("khien.db");
    let store = Store::open(&path).await.unwrap();
    whole_run(&store, 0, 3, &[("a", Verdict::Fail)]).await;
    store.close().await.unwrap();
    let sound = fs::read(&path).unwrap();
    let (mut told, mut step) = (0, 0);
    for place in (4096..sound.len()).step_by(997) {
        step += 1;
        let mut damaged = sound.clone();
        damaged[place] ^= 1 << (step % 8);
        fs::write(&path, &damaged).unwrap();
        let read = async {
            let store = Store::read_only(&path).await?;
            let mut documents = Vec::new();
            for run in store.runs().await? {
                let mut visits = store.visits(&run);
                while let Some(stored) = visits.next().await? {
                    documents.push(stored.document);
                }
            }
            Ok::<_, StoreError>(documents)
        };
        match read.await {
            Err(_) => told += 1,
            Ok(documents) => {
                for read in documents {
                    let expected = document(read.site(), day(0));
                    // names and times stand in plain tables, under no hash
                    assert_eq!(read.facts()["http"], expected.facts()["http"], "byte {place}");
                    assert_eq!(read.facts()["endpoints"], expected.facts()["endpoints"], "byte {place}");
                }
            }
        }
    }
    assert!(told > 0, "no flip hit a document");
}

#[tokio::test]
async fn two_ways_to_one_file_are_one_store() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("khien.db"), folder.path().join("link.db"));
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let store = Store::open(&link).await.unwrap();
    let held = store.begin(&new_run(day(0), 1)).await.unwrap();
    let other = Store::open(&path).await.unwrap();
    assert!(matches!(other.begin(&new_run(day(0), 1)).await, Err(StoreError::Locked(Some(_)))));
    drop(held);
    assert_eq!(other.runs().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_second_scan_of_an_inventory_is_told_who_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("khien.db");
    let (first, second) = (Store::open(&path).await.unwrap(), Store::open(&path).await.unwrap());
    let run = first.begin(&new_run(day(0), 2)).await.unwrap();
    assert!(run.taken_over().is_none());
    let id = run.run().id.clone();
    let refusals =
        [second.begin(&new_run(day(1), 2)).await.unwrap_err(), second.resume(&id).await.unwrap_err()];
    for error in refusals {
        let StoreError::Locked(Some(holder)) = &error else { panic!("{error}") };
        assert_eq!((holder.pid, &holder.run), (std::process::id(), &id));
        assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    }
    // another inventory is free
    let mut other = new_run(day(0), 2);
    other.inventory.path = "/elsewhere.yaml".to_owned();
    let neighbour = second.begin(&other).await.unwrap();
    finish(&neighbour, 0, day(0), &[("a", Verdict::Fail)]).await;
    finish(&run, 0, day(0), &[("a", Verdict::Fail)]).await;
    // a run that is dropped frees the lock and says so to the next
    drop(run);
    let resumed = second.resume(&id).await.unwrap();
    assert_eq!(resumed.taken_over().unwrap().run, id);
    assert_eq!(resumed.pending().await.unwrap(), [site(1)]);
    finish(&resumed, 1, day(0), &[("a", Verdict::Fail)]).await;
    let ended = resumed.end(end(day(0))).await.unwrap();
    assert!(ended.complete && ended.finished_at == Some(day(0)));
    assert!(matches!(first.resume(&id).await, Err(StoreError::Ended(ended)) if ended == id));
    let next = first.begin(&new_run(day(0), 2)).await.unwrap();
    assert!(next.taken_over().is_none(), "the last one ended in order");
    assert_eq!(next.run().id, format!("{id}-3"), "two runs began in the same second before it");
    assert_eq!(first.unfinished(&key()).await.unwrap().unwrap().id, next.run().id);
}

#[tokio::test]
async fn a_run_without_all_its_sites_is_not_complete() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("khien.db")).await.unwrap();
    let run = store.begin(&new_run(day(0), 2)).await.unwrap();
    finish(&run, 0, day(0), &[]).await;
    let run = run.end(end(day(1))).await.unwrap();
    assert_eq!((run.complete, run.planned, run.done), (false, 2, 1));
    assert_eq!(store.latest_run(&key()).await.unwrap(), None);
    assert_eq!(store.unfinished(&key()).await.unwrap(), None);
}

#[tokio::test]
async fn sites_that_do_not_belong_are_refused() {
    use khien::report::SiteReport;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("khien.db")).await.unwrap();
    whole_run(&store, 0, 3, &[]).await;
    let run = store.begin(&new_run(day(1), 1)).await.unwrap();
    for number in [2, 9] {
        let stranger = document(&site(number), day(1));
        let mut report = SiteReport::new(&stranger, vec![finding("a", Verdict::Fail)]);
        assert!(matches!(run.finished(&stranger, &mut report, &[]).await, Err(StoreError::NotPlanned(_))));
        let ours = document(&site(0), day(1));
        assert!(matches!(run.finished(&ours, &mut report, &[]).await, Err(StoreError::Mismatch { .. })));
    }
    let history = store.history(run.run(), &site(2)).await.unwrap();
    assert!(history.streaks(&super::rule("a")).is_empty(), "the refused site left nothing behind");
}

#[tokio::test]
async fn reading_goes_on_while_a_scan_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("khien.db");
    let writer = Store::open(&path).await.unwrap();
    whole_run(&writer, 0, 5, &[("a", Verdict::Fail)]).await;
    let run = writer.begin(&new_run(day(1), 5)).await.unwrap();
    let reader = Store::read_only(&path).await.unwrap();
    let before = reader.runs().await.unwrap().pop().unwrap();
    let mut visits = reader.visits(&before);
    for number in 0..5 {
        let stored = visits.next().await.unwrap().unwrap();
        assert_eq!(stored.document.facts(), document(stored.document.site(), day(0)).facts());
        finish(&run, number, day(1), &[("a", Verdict::Pass)]).await;
        assert_eq!(reader.runs().await.unwrap()[0].done, u32::try_from(number).unwrap() + 1);
    }
    assert!(visits.next().await.unwrap().is_none());
    assert!(matches!(reader.begin(&new_run(day(2), 1)).await, Err(StoreError::ReadOnly)));
    assert!(matches!(reader.prune(day(9)).await, Err(StoreError::ReadOnly)));
    run.end(end(day(1))).await.unwrap();
}

/// Runs SQL of a test on a file, past the store.
async fn sql(path: &Path, sql: &'static str) {
    use sqlx::{ConnectOptions as _, Connection as _};
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    sqlx::query(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
