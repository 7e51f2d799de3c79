//! The units' cards of each run, for the trend. Scores are made by `score`; here they are only kept.

use jiff::Timestamp;
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{InventoryKey, Store, StoreError, time};
use crate::{
    report::Report,
    score::{Bracket, Coverage},
    target::Block,
};

/// One unit in one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scorecard {
    /// The run.
    pub run: String,
    /// When that began.
    pub started_at: Timestamp,
    /// The rules it was judged by; scores of other rules are not comparable.
    pub rules_hash: String,
    /// The method it was scored by.
    pub method_version: String,
    /// The run's own check failed.
    pub degraded: bool,
    /// Id of the unit.
    pub unit: String,
    /// Its name then.
    pub name: String,
    /// The block it was ranked in.
    pub block: Option<Block>,
    /// Its score.
    pub score: Option<u8>,
    /// The same without caps.
    pub base: Option<u8>,
    /// Lowest and highest score it could have had.
    pub bracket: Option<Bracket>,
    /// How much could be tested.
    pub coverage: Coverage,
    /// The grade's letter.
    pub grade: Option<String>,
    /// Its rank in the block.
    pub rank: Option<u32>,
}

impl Store {
    /// The cards of every run over the whole of an inventory, oldest first; only of one unit where it is given.
    pub async fn scorecards(
        &self,
        inventory: &InventoryKey,
        unit: Option<&str>,
    ) -> Result<Vec<Scorecard>, StoreError> {
        let mut connection = self.connection().await;
        let rows = sqlx::query(
            "SELECT scorecard.*, run.name AS run_name, started_at, rules_hash, method, degraded
             FROM scorecard JOIN run ON run.id = scorecard.run JOIN inventory ON inventory.id = run.inventory
             WHERE province = ?1 AND path = ?2 AND NOT partial AND (?3 IS NULL OR unit = ?3)
             ORDER BY started_at, run.id, unit",
        )
        .bind(&inventory.province)
        .bind(&inventory.path)
        .bind(unit)
        .fetch_all(&mut *connection)
        .await?;
        rows.iter().map(|row| Ok(read(row)?)).collect()
    }
}

pub(super) async fn keep(
    run: i64,
    report: &Report,
    connection: &mut SqliteConnection,
) -> Result<(), StoreError> {
    for unit in &report.units {
        let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        sqlx::query("INSERT INTO scorecard VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)")
            .bind(run)
            .bind(&unit.id)
            .bind(&unit.name)
            .bind(unit.block.and_then(word))
            .bind(unit.score)
            .bind(unit.base)
            .bind(unit.bracket.map(|bracket| bracket.0))
            .bind(unit.bracket.map(|bracket| bracket.1))
            .bind(whole(unit.coverage.tested))
            .bind(whole(unit.coverage.applicable))
            .bind(unit.coverage.percent)
            .bind(&unit.grade)
            .bind(unit.rank)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// The word that reports use for a block.
fn word(block: Block) -> Option<String> {
    serde_json::to_value(block).ok()?.as_str().map(str::to_owned)
}

fn read(row: &SqliteRow) -> Result<Scorecard, sqlx::Error> {
    let weight = |column: &str| Ok::<_, sqlx::Error>(row.try_get::<i64, _>(column)?.unsigned_abs());
    let block: Option<String> = row.try_get("block")?;
    let (low, high): (Option<u8>, Option<u8>) = (row.try_get("low")?, row.try_get("high")?);
    Ok(Scorecard {
        run: row.try_get("run_name")?,
        started_at: time::from_sql(row.try_get("started_at")?),
        rules_hash: row.try_get("rules_hash")?,
        method_version: row.try_get("method")?,
        degraded: row.try_get("degraded")?,
        unit: row.try_get("unit")?,
        name: row.try_get("name")?,
        block: block.and_then(|word| serde_json::from_value(word.into()).ok()),
        score: row.try_get("score")?,
        base: row.try_get("base")?,
        bracket: low.zip(high).map(|(low, high)| Bracket(low, high)),
        coverage: Coverage {
            tested: weight("tested")?,
            applicable: weight("applicable")?,
            percent: row.try_get("percent")?,
        },
        grade: row.try_get("grade")?,
        rank: row.try_get("rank")?,
    })
}
