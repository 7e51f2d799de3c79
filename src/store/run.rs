//! Runs: beginning, resuming, ending, listing. What a site brings goes through `visit`.

use jiff::Timestamp;
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{Holder, Store, StoreError, begin, lock, scorecard, time};
use crate::{
    observation::{SiteName, Vantage},
    report::Report,
};

/// What makes an inventory the same one as last time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InventoryKey {
    /// Name of the province.
    pub province: String,
    /// Absolute path of the file.
    pub path: String,
}

/// What a run begins with.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// The inventory.
    pub inventory: InventoryKey,
    /// When it begins.
    pub started_at: Timestamp,
    /// Where the scanner stands.
    pub vantage: Vantage,
    /// Version of khien.
    pub scanner: String,
    /// Hash of the rule set.
    pub rules_hash: String,
    /// Version of the method.
    pub method_version: String,
    /// The profile the rules were loaded under.
    pub profile: Option<String>,
    /// Only a part of the inventory was asked for: what is missing is not gone.
    pub partial: bool,
    /// Every site that will be looked at.
    pub sites: Vec<SiteName>,
}

/// A run as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRun {
    pub(super) number: i64,
    pub(super) inventory_number: i64,
    /// Its id, made of the time it began.
    pub id: String,
    /// The inventory.
    pub inventory: InventoryKey,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; nothing while it is unfinished.
    pub finished_at: Option<Timestamp>,
    /// Where the scanner stood.
    pub vantage: Vantage,
    /// Version of khien.
    pub scanner: String,
    /// Hash of the rule set.
    pub rules_hash: String,
    /// Version of the method.
    pub method_version: String,
    /// The profile the rules were loaded under.
    pub profile: Option<String>,
    /// Only a part of the inventory was asked for.
    pub partial: bool,
    /// Ended, and every site was looked at.
    pub complete: bool,
    /// The scanner's own check failed: changes mean nothing.
    pub degraded: bool,
    /// How many sites it set out to look at.
    pub planned: u32,
    /// How many of them are done.
    pub done: u32,
}

/// How a run ended.
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    /// When.
    pub at: Timestamp,
    /// The units' cards, for the trend.
    pub report: Option<&'a Report>,
}

/// A run under way. Dropped without [`end`](Self::end) the run stays unfinished and can be resumed; dropped in any
/// way, even by `kill -9`, the lock is free.
#[derive(Debug)]
pub struct RunHandle {
    pub(super) store: Store,
    pub(super) run: StoredRun,
    taken_over: Option<Holder>,
    _lock: lock::Lock,
}

const SELECT: &str = "SELECT run.*, inventory.province, inventory.path,
    (SELECT count(*) FROM visit WHERE visit.run = run.id) AS planned,
    (SELECT count(at) FROM visit WHERE visit.run = run.id) AS done
    FROM run JOIN inventory ON inventory.id = run.inventory ";

impl Store {
    /// Begins a run: takes the lock of its inventory and writes down every site that is to come.
    pub async fn begin(&self, new: &NewRun) -> Result<RunHandle, StoreError> {
        let mut connection = self.connection().await;
        let inventory = inventory(&new.inventory, &mut connection).await?;
        let lock = lock::take(&self.path, inventory, &mut connection).await?;
        let mut transaction = begin(&mut connection).await?;
        let taken_over = lock::holder(inventory, &mut transaction).await?;
        let number = insert(new, inventory, &mut transaction).await?;
        for site in &new.sites {
            plan(number, inventory, &new.vantage, site, &mut transaction).await?;
        }
        lock::sign(inventory, number, &mut transaction).await?;
        transaction.commit().await?;
        let run = by_number(number, &mut connection).await?;
        Ok(RunHandle { store: self.clone(), run, taken_over, _lock: lock })
    }

    /// Goes on with a run that was begun and not ended. Its sites that are done stay done:
    /// [`RunHandle::pending`] are those left.
    pub async fn resume(&self, id: &str) -> Result<RunHandle, StoreError> {
        let run = self.run(id).await?;
        let mut connection = self.connection().await;
        let lock = lock::take(&self.path, run.inventory_number, &mut connection).await?;
        let mut transaction = begin(&mut connection).await?;
        let taken_over = lock::holder(run.inventory_number, &mut transaction).await?;
        // read again: whoever held the lock may have ended it meanwhile
        let run = by_number(run.number, &mut transaction).await?;
        if run.finished_at.is_some() {
            return Err(StoreError::Ended(run.id));
        }
        lock::sign(run.inventory_number, run.number, &mut transaction).await?;
        transaction.commit().await?;
        Ok(RunHandle { store: self.clone(), run, taken_over, _lock: lock })
    }

    /// Every run, newest first.
    pub async fn runs(&self) -> Result<Vec<StoredRun>, StoreError> {
        self.select("ORDER BY run.started_at DESC, run.id DESC", None).await
    }

    /// The run with this id.
    pub async fn run(&self, id: &str) -> Result<StoredRun, StoreError> {
        let found = self.select("WHERE run.name = ?1", Some(id)).await?;
        found.into_iter().next().ok_or_else(|| StoreError::NoSuchRun(id.to_owned()))
    }

    /// The newest complete run over a whole inventory.
    pub async fn latest_run(&self, inventory: &InventoryKey) -> Result<Option<StoredRun>, StoreError> {
        let found = self.runs().await?;
        Ok(found.into_iter().find(|run| run.inventory == *inventory && run.complete && !run.partial))
    }

    /// The newest run of an inventory, if that was not ended: the one to resume.
    pub async fn unfinished(&self, inventory: &InventoryKey) -> Result<Option<StoredRun>, StoreError> {
        let newest = self.runs().await?.into_iter().find(|run| run.inventory == *inventory);
        Ok(newest.filter(|run| run.finished_at.is_none()))
    }

    async fn select(&self, which: &'static str, id: Option<&str>) -> Result<Vec<StoredRun>, StoreError> {
        let mut connection = self.connection().await;
        let sql = sqlx::AssertSqlSafe(format!("{SELECT}{which}"));
        let query = sqlx::query(sql);
        let query = if let Some(id) = id { query.bind(id) } else { query };
        let rows = query.fetch_all(&mut *connection).await?;
        rows.iter().map(|row| Ok(read(row)?)).collect()
    }
}

impl RunHandle {
    /// The run.
    pub fn run(&self) -> &StoredRun {
        &self.run
    }

    /// The process that held the lock before and died without signing off.
    pub fn taken_over(&self) -> Option<&Holder> {
        self.taken_over.as_ref()
    }

    /// The sites that are still to be looked at.
    pub async fn pending(&self) -> Result<Vec<SiteName>, StoreError> {
        self.store.sites(&self.run, false).await
    }

    /// The scanner's own check failed: what this run finds moves no history. A run stays so, also when it is resumed.
    pub async fn degrade(&mut self) -> Result<(), StoreError> {
        let mut connection = self.store.connection().await;
        sqlx::query("UPDATE run SET degraded = 1 WHERE id = ?1")
            .bind(self.run.number)
            .execute(&mut *connection)
            .await?;
        self.run.degraded = true;
        Ok(())
    }

    /// Ends the run and gives the lock back. It is complete when no site is left.
    pub async fn end(self, end: End<'_>) -> Result<StoredRun, StoreError> {
        let mut connection = self.store.connection().await;
        let mut transaction = begin(&mut connection).await?;
        sqlx::query(
            "UPDATE run SET ended_at = ?2,
             complete = NOT EXISTS (SELECT 1 FROM visit WHERE visit.run = run.id AND at IS NULL)
             WHERE id = ?1",
        )
        .bind(self.run.number)
        .bind(time::to_sql(end.at)?)
        .execute(&mut *transaction)
        .await?;
        if let Some(report) = end.report {
            scorecard::keep(self.run.number, report, &mut transaction).await?;
        }
        sqlx::query("DELETE FROM lock WHERE run = ?1")
            .bind(self.run.number)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        by_number(self.run.number, &mut connection).await
    }
}

async fn inventory(key: &InventoryKey, connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    sqlx::query("INSERT INTO inventory (province, path) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
        .bind(&key.province)
        .bind(&key.path)
        .execute(&mut *connection)
        .await?;
    let (id,) = sqlx::query_as("SELECT id FROM inventory WHERE province = ?1 AND path = ?2")
        .bind(&key.province)
        .bind(&key.path)
        .fetch_one(connection)
        .await?;
    Ok(id)
}

async fn insert(new: &NewRun, inventory: i64, connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    let stem = new.started_at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let (number,) = sqlx::query_as(
        "INSERT INTO run (name, inventory, started_at, vantage, inside, scanner, rules_hash, method, profile, partial)
         VALUES (
             (WITH RECURSIVE suffix (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM suffix LIMIT 100000),
                  candidate (name) AS (SELECT ?1 || iif(n = 1, '', '-' || n) FROM suffix)
              SELECT name FROM candidate WHERE name NOT IN (SELECT name FROM run) LIMIT 1),
             ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         RETURNING id",
    )
    .bind(stem)
    .bind(inventory)
    .bind(time::to_sql(new.started_at)?)
    .bind(&new.vantage.name)
    .bind(new.vantage.inside)
    .bind(&new.scanner)
    .bind(&new.rules_hash)
    .bind(&new.method_version)
    .bind(&new.profile)
    .bind(new.partial)
    .fetch_one(connection)
    .await?;
    Ok(number)
}

async fn plan(
    run: i64,
    inventory: i64,
    vantage: &Vantage,
    site: &SiteName,
    connection: &mut SqliteConnection,
) -> Result<(), StoreError> {
    // UPDATE of nothing new: so that RETURNING gives the row that was there already
    let (number,): (i64,) = sqlx::query_as(
        "INSERT INTO site (inventory, vantage, inside, host, port) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET port = excluded.port RETURNING id",
    )
    .bind(inventory)
    .bind(&vantage.name)
    .bind(vantage.inside)
    .bind(&site.host)
    .bind(site.port)
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query("INSERT INTO visit (run, site) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
        .bind(run)
        .bind(number)
        .execute(connection)
        .await?;
    Ok(())
}

async fn by_number(number: i64, connection: &mut SqliteConnection) -> Result<StoredRun, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!("{SELECT}WHERE run.id = ?1"));
    let row = sqlx::query(sql).bind(number).fetch_optional(connection).await?;
    match row {
        Some(row) => Ok(read(&row)?),
        None => Err(StoreError::NoSuchRun(number.to_string())),
    }
}

fn read(row: &SqliteRow) -> Result<StoredRun, sqlx::Error> {
    Ok(StoredRun {
        number: row.try_get("id")?,
        inventory_number: row.try_get("inventory")?,
        id: row.try_get("name")?,
        inventory: InventoryKey { province: row.try_get("province")?, path: row.try_get("path")? },
        started_at: time::from_sql(row.try_get("started_at")?),
        finished_at: row.try_get::<Option<i64>, _>("ended_at")?.map(time::from_sql),
        vantage: Vantage { name: row.try_get("vantage")?, inside: row.try_get("inside")? },
        scanner: row.try_get("scanner")?,
        rules_hash: row.try_get("rules_hash")?,
        method_version: row.try_get("method")?,
        profile: row.try_get("profile")?,
        partial: row.try_get("partial")?,
        complete: row.try_get("complete")?,
        degraded: row.try_get("degraded")?,
        planned: row.try_get("planned")?,
        done: row.try_get("done")?,
    })
}
