//! What earlier runs say beside this one: points since the last, scores over time. Where two runs may not be compared
//! nothing is said. Reads no store.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{Report, Tenths};
use crate::score::Exact;
use crate::target::Block;

/// The most earlier scores a card shows.
const MAX_POINTS: usize = 11;

/// The complete run before this one, and what changed since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PreviousRun {
    /// Its id.
    pub id: String,
    /// When it began (RFC 3339).
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub started_at: Timestamp,
    /// Whether changes mean something: neither run is degraded, and both looked from the same place.
    pub comparable: bool,
    /// Whether both were judged by the same rules; else a change may lie in the rules.
    pub same_rules: bool,
    /// Failures of then that are now seen not to fail.
    pub fixed: u32,
    /// Failures that are there for the first time.
    pub new: u32,
    /// Failures that had been there before, and were gone.
    pub recurred: u32,
}

/// A unit's score in an earlier run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrendPoint {
    /// The run.
    pub run: String,
    /// When that began (RFC 3339).
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// The score; null where nothing was decided.
    pub score: Option<u8>,
    /// The grade's letter; null where too little was tested.
    pub grade: Option<String>,
    /// Whether it was judged by the rules of this report; else the two scores are not comparable.
    pub same_rules: bool,
}

/// What is known of earlier runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// The complete run before this one.
    pub previous: Option<PreviousRun>,
    /// The cards of earlier runs that are worth comparing with, oldest first.
    pub cards: Vec<PastCard>,
}

/// One unit in one earlier run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastCard {
    /// The unit, by id.
    pub unit: String,
    /// The block it was in.
    pub block: Option<Block>,
    /// Whether it had a rank there.
    pub ranked: bool,
    /// Its score.
    pub point: TrendPoint,
}

impl Report {
    /// Writes into the cards what earlier runs say.
    pub fn recall(&mut self, past: Past) {
        let Past { previous, cards } = past;
        let last = previous.as_ref().filter(|run| run.comparable && run.same_rules && self.run.complete);
        let last = last.filter(|_| !self.run.degraded).map(|run| run.id.as_str());
        let of_last = |card: &&PastCard| Some(card.point.run.as_str()) == last;
        for block in &mut self.blocks {
            let members = cards.iter().filter(of_last).filter(|c| c.block == Some(block.block) && c.ranked);
            let scores: Vec<u8> = members.filter_map(|card| card.point.score).collect();
            let mut mean = Exact::default();
            for score in &scores {
                mean.add(u128::from(*score), scores.len() as u128);
            }
            block.previous_average = (!scores.is_empty()).then(|| Tenths::from(&mean));
        }
        for unit in &mut self.units {
            let mine = || cards.iter().filter(|card| card.unit == unit.id);
            let before = mine().find(of_last).and_then(|card| card.point.score);
            unit.change = unit.score.zip(before).map(|(now, then)| i16::from(now) - i16::from(then));
            let mut trend: Vec<TrendPoint> =
                mine().rev().take(MAX_POINTS).map(|card| card.point.clone()).collect();
            trend.reverse();
            unit.trend = trend;
        }
        self.previous = previous;
    }
}
