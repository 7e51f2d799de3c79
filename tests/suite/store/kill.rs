//! A scan that is killed, and one whose disk fills up: in a process of their own, this same test binary.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use khien::report::SiteReport;
use khien::rule::Verdict;
use khien::store::Store;

use super::fixture::{day, document, end, finding, finish, key, new_run, site};

const PATH: &str = "KHIEN_TEST_STORE";
const SITES: usize = 400;

/// Writes sites until it is killed or cannot go on; says each one that is finished.
#[tokio::test]
#[ignore = "the other process of the tests below"]
async fn child() {
    let Some(path) = std::env::var_os(PATH) else { return };
    let result = async {
        let store = Store::open(Path::new(&path)).await?;
        let run = match store.unfinished(&key()).await? {
            Some(run) => store.resume(&run.id).await?,
            None => store.begin(&new_run(day(0), SITES)).await?,
        };
        for site in run.pending().await? {
            let document = document(&site, day(0));
            let mut report = SiteReport::new(&document, vec![finding("a", Verdict::Fail)]);
            run.finished(&document, &mut report, &[]).await?;
            println!("\nfinished {}", site.host);
        }
        run.end(end(day(0))).await
    };
    match result.await {
        Ok(run) => println!("\nended {}", run.complete),
        Err(error) => println!("\nfailed {error:?}"),
    }
}

fn command(path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["store::kill::child", "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(PATH, path).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

#[tokio::test]
async fn a_scan_killed_at_any_moment_loses_no_finished_site() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("khien.db");
    let mut finished: Vec<String> = Vec::new();
    for (round, wait) in [0_u64, 1, 3, 7, 13, 29].into_iter().enumerate() {
        let mut child = command(&path).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // some are finished, and then at a moment of no choosing
        let said = lines.by_ref().filter_map(|line| Some(line.ok()?.strip_prefix("finished ")?.to_owned()));
        finished.extend(said.take(5 + round));
        std::thread::sleep(Duration::from_millis(wait));
        child.kill().unwrap();
        child.wait().unwrap();
        finished.extend(lines.filter_map(|line| Some(line.ok()?.strip_prefix("finished ")?.to_owned())));

        let store = Store::open(&path).await.unwrap();
        let run = store.unfinished(&key()).await.unwrap().unwrap();
        let done = store.sites(&run, true).await.unwrap();
        assert!(done.len() >= finished.len() && done.len() < SITES, "{} of {}", finished.len(), done.len());
        for host in &finished {
            let site = done.iter().find(|site| site.host == *host).unwrap();
            let stored = store.visit(&run, site).await.unwrap().unwrap();
            assert_eq!(stored.document.facts(), document(site, day(0)).facts());
        }
        // what was written just before the kill may not have been said
        finished = done.into_iter().map(|site| site.host).collect();
        let resumed = store.resume(&run.id).await.unwrap();
        assert_eq!(resumed.taken_over().unwrap().pid, child.id(), "the lock of a dead process is free");
        assert_eq!(resumed.pending().await.unwrap().len(), SITES - finished.len());
    }
    let store = Store::open(&path).await.unwrap();
    let run = store.unfinished(&key()).await.unwrap().unwrap();
    let resumed = store.resume(&run.id).await.unwrap();
    for number in 0..SITES {
        if resumed.pending().await.unwrap().first() == Some(&site(number)) {
            finish(&resumed, number, day(0), &[("a", Verdict::Fail)]).await;
        }
    }
    assert!(resumed.end(end(day(0))).await.unwrap().complete);
}

/// A process under way holds the lock against others.
#[tokio::test]
async fn another_process_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("khien.db");
    let mut child = command(&path).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.by_ref().find(|line| line.as_ref().unwrap().starts_with("finished ")).unwrap().unwrap();
    let store = Store::open(&path).await.unwrap();
    let refused = store.begin(&new_run(day(1), 1)).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let Err(khien::store::StoreError::Locked(Some(holder))) = refused else { panic!("{refused:?}") };
    assert_eq!(holder.pid, child.id());
    let run = store.begin(&new_run(day(1), 1)).await.unwrap();
    assert_eq!(run.taken_over(), Some(&*holder));
}

/// A limit on the size of files stands for a disk or a quota that is used up.
#[tokio::test]
async fn a_scan_that_cannot_write_any_more_says_so_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("khien.db");
    let inner = command(&path);
    let mut shell = Command::new("sh");
    // dash counts in blocks of 512 bytes
    shell.args(["-c", "trap '' XFSZ; ulimit -f 2000; exec \"$0\" \"$@\""]).arg(inner.get_program());
    shell.args(inner.get_args()).env(PATH, &path);
    let output = shell.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("finished ")).collect();
    assert!(text.contains("failed Io") || text.contains("failed Full"), "{text}");
    assert!(said.len() > 5 && said.len() < SITES, "{}", said.len());
    let store = Store::open(&path).await.unwrap();
    let run = store.unfinished(&key()).await.unwrap().unwrap();
    let done = store.sites(&run, true).await.unwrap();
    assert_eq!(done.iter().map(|site| site.host.as_str()).collect::<Vec<_>>(), said);
    let resumed = store.resume(&run.id).await.unwrap();
    let next = resumed.pending().await.unwrap().remove(0);
    let document = document(&next, day(0));
    resumed.finished(&document, &mut SiteReport::new(&document, Vec::new()), &[]).await.unwrap();
}
