//! What the store knows of the runs before one: what changed since the last, the units' scores over time.

use jiff::Timestamp;

use crate::{
    report::{Past, PastCard, PreviousRun, TrendPoint},
    store::{Diff, InventoryKey, Kind, Store, StoreError, StoredRun},
};

/// What to write beside the report of a run that was judged by these rules; `diff` is that against the complete run
/// before it.
pub(super) async fn past(
    store: &Store,
    key: &InventoryKey,
    run: &StoredRun,
    rules_hash: &str,
    diff: Option<&Diff>,
) -> Result<Past, StoreError> {
    let count = |diff: &Diff, kind| u32::try_from(diff.count(kind)).unwrap_or(u32::MAX);
    let previous = diff.map(|diff| PreviousRun {
        id: diff.before.id.clone(),
        started_at: diff.before.started_at,
        comparable: diff.comparable(),
        same_rules: diff.same_rules() && diff.before.rules_hash == rules_hash,
        fixed: count(diff, Kind::Fixed),
        new: count(diff, Kind::New),
        recurred: count(diff, Kind::Recurred),
    });
    if run.partial {
        // a unit's score over some of its sites is another score
        return Ok(Past { previous, cards: Vec::new() });
    }
    let cards = store.scorecards(key, None).await?;
    let earlier = cards.into_iter().filter(|card| card.started_at < run.started_at && !card.degraded);
    let cards = earlier.map(|card| PastCard {
        unit: card.unit,
        block: card.block,
        ranked: card.rank.is_some(),
        point: TrendPoint {
            same_rules: card.rules_hash == rules_hash,
            run: card.run,
            at: card.started_at,
            score: card.score,
            grade: card.grade,
        },
    });
    Ok(Past { previous, cards: cards.collect() })
}

/// The newest run before a moment that is worth comparing with: complete, over the whole inventory, not degraded.
pub(super) async fn before(
    store: &Store,
    key: &InventoryKey,
    at: Timestamp,
) -> Result<Option<StoredRun>, StoreError> {
    let runs = store.runs().await?;
    let good = |run: &StoredRun| run.inventory == *key && run.complete && !run.partial && !run.degraded;
    Ok(runs.into_iter().find(|run| good(run) && run.started_at < at))
}
