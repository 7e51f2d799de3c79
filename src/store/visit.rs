//! One site in one run: writing what it brought, and reading it again. How bodies and patches look is `body`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::SqliteConnection;

use super::{
    RunHandle, StandIn, Store, StoreError, StoredRun, begin,
    body::{apply, pack, patch, read, sha256},
    certificate, history, time,
};
use crate::{
    observation::{Document, SiteName},
    report::SiteReport,
    rule::{Finding, RuleId},
};

/// The last conclusive verdict of each rule whose verdict is inconclusive, where there is a recent one.
pub type StandIns = BTreeMap<RuleId, StandIn>;

/// What one site brought in one run.
#[derive(Clone, Debug)]
pub struct Stored {
    /// What was seen, exactly as it was.
    pub document: Document,
    /// What the rules of that run made of it; failing findings with the time since when they fail.
    pub report: SiteReport,
    /// What stood in for the inconclusive ones.
    pub stand_ins: StandIns,
}

/// The finished sites of a run, one at a time; holds nothing open in between.
#[derive(Debug)]
pub struct Visits {
    store: Store,
    run: i64,
    after: i64,
}

impl RunHandle {
    /// Writes down what a site brought. Once this returns, the site survives whatever happens to the process.
    /// A site that comes again in the same run takes the place of what it brought before.
    ///
    /// Fills in since when each failing finding has been failing, and gives what stands in for the inconclusive
    /// ones. Both are stored too: the report of this run comes out the same whenever it is made.
    ///
    /// `certificates` are the DER of what the site sent; those that are new are kept.
    pub async fn finished(
        &self,
        document: &Document,
        report: &mut SiteReport,
        certificates: &[Vec<u8>],
    ) -> Result<StandIns, StoreError> {
        let name = document.site();
        if *name != report.site {
            let (document, findings) = (name.to_string(), report.site.to_string());
            return Err(StoreError::Mismatch { document, findings });
        }
        let at = time::to_sql(document.at())?;
        let facts = timeless(document);
        let mut connection = self.store.connection().await;
        let mut transaction = begin(&mut connection).await?;
        let site = site_number(&self.run, name, &mut transaction)
            .await?
            .ok_or_else(|| StoreError::NotPlanned(name.to_string()))?;
        let stand_ins = history::of(site, &mut transaction).await?.fill(report);
        let findings = serde_json::to_value(Judged { findings: &report.findings, stand_ins: &stand_ins })
            .map_err(|error| StoreError::Unexpected(error.to_string()))?;
        let latest: Option<(i64, i64)> = sqlx::query_as(
            "SELECT observation, findings FROM visit WHERE site = ?1 AND at IS NOT NULL ORDER BY run DESC LIMIT 1",
        )
        .bind(site)
        .fetch_optional(&mut *transaction)
        .await?;
        let (seen, seen_patch) = keep(&facts, latest.map(|(seen, _)| seen), &mut transaction).await?;
        let (found, found_patch) = keep(&findings, latest.map(|(_, found)| found), &mut transaction).await?;
        let written = sqlx::query(
            "UPDATE visit SET at = ?3, observation = ?4, observation_patch = ?5, findings = ?6, findings_patch = ?7
             WHERE run = ?1 AND site = ?2",
        )
        .bind(self.run.number)
        .bind(site)
        .bind(at)
        .bind(seen)
        .bind(seen_patch)
        .bind(found)
        .bind(found_patch)
        .execute(&mut *transaction)
        .await?;
        if written.rows_affected() == 0 {
            return Err(StoreError::NotPlanned(name.to_string()));
        }
        if !self.run.degraded {
            history::extend(site, at, &report.findings, &mut transaction).await?;
        }
        certificate::keep(certificates, at, &mut transaction).await?;
        transaction.commit().await?;
        Ok(stand_ins)
    }
}

impl Store {
    /// The sites of a run: those that are done, or those that are not.
    pub async fn sites(&self, run: &StoredRun, done: bool) -> Result<Vec<SiteName>, StoreError> {
        let mut connection = self.connection().await;
        let rows: Vec<(String, u16)> = sqlx::query_as(
            "SELECT host, port FROM visit JOIN site ON site.id = visit.site
             WHERE visit.run = ?1 AND (at IS NOT NULL) = ?2 ORDER BY site.id",
        )
        .bind(run.number)
        .bind(done)
        .fetch_all(&mut *connection)
        .await?;
        Ok(rows.into_iter().map(|(host, port)| SiteName { host, port }).collect())
    }

    /// Every finished site of a run, one at a time.
    pub fn visits(&self, run: &StoredRun) -> Visits {
        Visits { store: self.clone(), run: run.number, after: 0 }
    }

    /// What a site brought in a run, if it was finished.
    pub async fn visit(&self, run: &StoredRun, site: &SiteName) -> Result<Option<Stored>, StoreError> {
        let mut connection = self.connection().await;
        let Some(number) = site_number(run, site, &mut connection).await? else { return Ok(None) };
        let next = next(run.number, number - 1, &mut connection).await?;
        Ok(next.filter(|(found, _)| *found == number).map(|(_, stored)| stored))
    }
}

type Judgement = (i64, Vec<u8>, Vec<u8>, Option<Vec<u8>>);

/// What the rules made of a site in a run, without the document; read by `diff`.
pub(super) async fn findings(
    run: &StoredRun,
    site: &SiteName,
    connection: &mut SqliteConnection,
) -> Result<Option<(Timestamp, Vec<Finding>)>, StoreError> {
    let Some(site) = site_number(run, site, connection).await? else { return Ok(None) };
    let row: Option<Judgement> = sqlx::query_as(
        "SELECT visit.at, data, sha256, findings_patch FROM visit JOIN body ON body.id = findings
         WHERE run = ?1 AND site = ?2",
    )
    .bind(run.number)
    .bind(site)
    .fetch_optional(connection)
    .await?;
    let Some((at, data, hash, patch)) = row else { return Ok(None) };
    Ok(Some((time::from_sql(at), judged(&data, &hash, patch.as_deref())?.findings)))
}

impl Visits {
    /// The next one.
    pub async fn next(&mut self) -> Result<Option<Stored>, StoreError> {
        let mut connection = self.store.connection().await;
        let Some((site, stored)) = next(self.run, self.after, &mut connection).await? else {
            return Ok(None);
        };
        drop(connection);
        self.after = site;
        Ok(Some(stored))
    }
}

/// The number of a site seen from where a run stands.
pub(super) async fn site_number(
    run: &StoredRun,
    site: &SiteName,
    connection: &mut SqliteConnection,
) -> Result<Option<i64>, StoreError> {
    let row: Option<(i64,)> = sqlx::query_as(
        "SELECT id FROM site WHERE inventory = ?1 AND vantage = ?2 AND inside = ?3 AND host = ?4 AND port = ?5",
    )
    .bind(run.inventory_number)
    .bind(&run.vantage.name)
    .bind(run.vantage.inside)
    .bind(&site.host)
    .bind(site.port)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(id,)| id))
}

/// The second body of a visit.
#[derive(Serialize, Deserialize)]
struct Judged<F, S> {
    findings: F,
    stand_ins: S,
}

type Row = (i64, i64, Vec<u8>, Vec<u8>, Option<Vec<u8>>, Vec<u8>, Vec<u8>, Option<Vec<u8>>);

async fn next(
    run: i64,
    after: i64,
    connection: &mut SqliteConnection,
) -> Result<Option<(i64, Stored)>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT visit.site, visit.at, seen.data, seen.sha256, observation_patch, found.data, found.sha256, findings_patch
         FROM visit JOIN body AS seen ON seen.id = observation JOIN body AS found ON found.id = findings
         WHERE run = ?1 AND site > ?2 ORDER BY site LIMIT 1",
    )
    .bind(run)
    .bind(after)
    .fetch_optional(connection)
    .await?;
    let Some((site, at, seen, seen_hash, seen_patch, found, found_hash, found_patch)) = row else {
        return Ok(None);
    };
    let damaged = |what: String| StoreError::Corrupt(format!("a stored document: {what}"));
    let mut facts = whole(&seen, &seen_hash, seen_patch.as_deref())?;
    if let Some(time) = facts.get_mut("at") {
        *time = Value::String(time::from_sql(at).to_string());
    }
    let Value::Object(facts) = facts else { return Err(damaged("no object".to_owned())) };
    let document = Document::from_facts(facts).map_err(|error| damaged(error.to_string()))?;
    let judged = judged(&found, &found_hash, found_patch.as_deref())?;
    let report = SiteReport::new(&document, judged.findings);
    Ok(Some((site, Stored { document, report, stand_ins: judged.stand_ins })))
}

fn judged(
    data: &[u8],
    hash: &[u8],
    patch: Option<&[u8]>,
) -> Result<Judged<Vec<Finding>, StandIns>, StoreError> {
    serde_json::from_value(whole(data, hash, patch)?)
        .map_err(|error| StoreError::Corrupt(format!("stored findings: {error}")))
}

fn whole(data: &[u8], hash: &[u8], patch: Option<&[u8]>) -> Result<Value, StoreError> {
    let mut value = read(data, hash)?;
    if let Some(patch) = patch {
        apply(&mut value, patch)?;
    }
    Ok(value)
}

/// The document without its time, which stands in the visit: a site that stays as it is makes one body.
fn timeless(document: &Document) -> Value {
    let mut facts = document.facts().clone();
    if let Some(at) = facts.get_mut("at") {
        *at = Value::Null;
    }
    Value::Object(facts)
}

/// Keeps a value: as the body it equals, as a patch of the site's latest body, or as a body of its own.
async fn keep(
    value: &Value,
    latest: Option<i64>,
    connection: &mut SqliteConnection,
) -> Result<(i64, Option<Vec<u8>>), StoreError> {
    let bytes = serde_json::to_vec(value).map_err(|error| StoreError::Unexpected(error.to_string()))?;
    let hash = sha256(&bytes);
    let same: Option<(i64,)> = sqlx::query_as("SELECT id FROM body WHERE sha256 = ?1")
        .bind(&hash[..])
        .fetch_optional(&mut *connection)
        .await?;
    if let Some((id,)) = same {
        return Ok((id, None));
    }
    if let Some(latest) = latest {
        let (data, hash): (Vec<u8>, Vec<u8>) = sqlx::query_as("SELECT data, sha256 FROM body WHERE id = ?1")
            .bind(latest)
            .fetch_one(&mut *connection)
            .await?;
        // a body that cannot be read any more is told when it is read; here it only is no base
        if let Some(patch) = read(&data, &hash).ok().and_then(|base| patched(base, value, data.len())) {
            return Ok((latest, Some(patch)));
        }
    }
    let (id,) = sqlx::query_as("INSERT INTO body (sha256, data) VALUES (?1, ?2) RETURNING id")
        .bind(&hash[..])
        .bind(pack(&bytes))
        .fetch_one(connection)
        .await?;
    Ok((id, None))
}

/// A patch that was seen to lead back to the value.
fn patched(mut base: Value, value: &Value, size: usize) -> Option<Vec<u8>> {
    let patch = patch(&base, value, size)?;
    apply(&mut base, &patch).ok()?;
    (base == *value).then_some(patch)
}
