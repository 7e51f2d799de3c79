//! Forgetting: runs older than asked for, and what nothing refers to any more.

use jiff::Timestamp;
use sqlx::{SqliteConnection, sqlite::SqliteQueryResult};

use super::{Store, StoreError, begin, time};

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Runs.
    pub runs: u64,
    /// Sites that no run refers to.
    pub sites: u64,
    /// Stored documents and lists of findings.
    pub bodies: u64,
    /// Stretches of the verdict history.
    pub streaks: u64,
    /// Certificates.
    pub certificates: u64,
}

impl Store {
    /// Forgets the runs that began before a moment. Whatever its age, the newest complete run of each inventory stays,
    /// and so does one that is under way; what these refer to stays with them.
    pub async fn prune(&self, before: Timestamp) -> Result<Pruned, StoreError> {
        let before = time::to_sql(before)?;
        let mut connection = self.connection().await;
        let mut transaction = begin(&mut connection).await?;
        let on = &mut *transaction;
        let runs = run(
            on,
            "DELETE FROM run WHERE started_at < ?1
             AND id NOT IN (SELECT run FROM lock)
             AND id IS NOT (SELECT newest.id FROM run AS newest
                 WHERE newest.inventory = run.inventory AND newest.complete AND NOT newest.partial
                 ORDER BY newest.started_at DESC, newest.id DESC LIMIT 1)",
            Some(before),
        )
        .await?;
        // history and certificates stay as long as a kept run may ask for them
        let (oldest,): (Option<i64>,) =
            sqlx::query_as("SELECT min(started_at) FROM run").fetch_one(&mut *on).await?;
        let before = Some(oldest.map_or(before, |oldest| oldest.min(before)));
        let streaks = run(on, "DELETE FROM streak WHERE last_at < ?1", before).await?;
        let certificates = run(on, "DELETE FROM certificate WHERE last_seen < ?1", before).await?;
        let sites = run(on, "DELETE FROM site WHERE id NOT IN (SELECT site FROM visit)", None).await?;
        let bodies = run(
            on,
            "DELETE FROM body WHERE NOT EXISTS (SELECT 1 FROM visit WHERE observation = body.id)
             AND NOT EXISTS (SELECT 1 FROM visit WHERE findings = body.id)",
            None,
        )
        .await?;
        let unused = "DELETE FROM inventory WHERE id NOT IN (SELECT inventory FROM run)
             AND id NOT IN (SELECT inventory FROM site)";
        run(on, unused, None).await?;
        transaction.commit().await?;
        Ok(Pruned { runs, sites, bodies, streaks, certificates })
    }

    /// Gives the room of what was forgotten back to the disk. Needs as much free space as the file takes, and that no
    /// scan is writing.
    pub async fn compact(&self) -> Result<(), StoreError> {
        let mut connection = self.connection().await;
        sqlx::query("VACUUM").execute(&mut *connection).await?;
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut *connection).await?;
        Ok(())
    }
}

async fn run(on: &mut SqliteConnection, sql: &'static str, before: Option<i64>) -> Result<u64, StoreError> {
    let query = sqlx::query(sql);
    let query = if let Some(before) = before { query.bind(before) } else { query };
    Ok(query.execute(on).await.map(|result: SqliteQueryResult| result.rows_affected())?)
}
