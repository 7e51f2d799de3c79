//! Groups into the score of a unit. A group is what a unit answers for as one: a site of its own, a shared server or
//! a zone it runs. Owns the mean and the standing, not who answers for what.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rule::{RuleId, Severity, Text};

use super::points::percent;
use super::{Bracket, Coverage, Exact, Item, Method, Score, State, points_lost, score};

/// What a unit answers for as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its weight among the unit's groups, at least 1.
    pub importance: u16,
    /// Its items, one per rule. A group where none applies does not count.
    pub items: Vec<Item>,
}

/// The score of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitScore {
    /// Mean of the groups' scores, weighted by importance, rounded down; `None` where nothing was decided.
    pub score: Option<u8>,
    /// The same of their bases.
    pub base: Option<u8>,
    /// The same of the ends of their brackets, untested groups included.
    pub bracket: Option<Bracket>,
    /// Weights summed over the groups.
    pub coverage: Coverage,
    /// Failed critical rules, each once per group.
    pub criticals: u32,
    /// How it stands in the ranking.
    pub standing: Standing,
}

/// How a unit stands in the ranking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Has a rank.
    Ranked,
    /// «Chưa đủ dữ liệu»: too little could be tested for a grade or a rank.
    InsufficientData,
    /// «Không kiểm tra được»: has sites, and nothing could be decided.
    Untested,
    /// «Dùng chung»: others answer for everything that applies to its sites.
    Shared,
    /// «Chưa khai báo trang nào»: nothing is known of it.
    NoSite,
}

impl Standing {
    /// What it is called.
    pub fn word(self) -> Text {
        let (vi, en) = match self {
            Self::Ranked => ("đã xếp hạng", "ranked"),
            Self::InsufficientData => ("chưa đủ dữ liệu", "not enough data"),
            Self::Untested => ("không kiểm tra được", "could not be tested"),
            Self::Shared => ("dùng chung", "shared"),
            Self::NoSite => ("chưa khai báo trang nào", "no site declared"),
        };
        Text::new(vi, en)
    }
}

/// Scores a unit with `sites` sites of its own from the groups it answers for.
pub fn unit(groups: &[Group], sites: usize, method: &Method) -> UnitScore {
    let scores: Vec<_> = groups.iter().map(|group| score(&group.items, method)).collect();
    combine(groups, &scores, sites, method)
}

/// The same where the groups' scores are known.
pub(super) fn combine(groups: &[Group], scores: &[Score], sites: usize, method: &Method) -> UnitScore {
    let counted = || groups.iter().zip(scores).filter(|(_, score)| score.bracket.is_some());
    let low = mean(counted().filter_map(|(group, score)| Some((group.importance, score.bracket?.0))));
    let high = mean(counted().filter_map(|(group, score)| Some((group.importance, score.bracket?.1))));
    let score = mean(counted().filter_map(|(group, score)| Some((group.importance, score.score?))));
    let base = mean(counted().filter_map(|(group, score)| Some((group.importance, score.base?))));
    let covered = || scores.iter().map(|score| score.coverage);
    let coverage = Coverage::new(covered().map(|c| c.tested).sum(), covered().map(|c| c.applicable).sum());
    let critical = |item: &&Item| item.state == State::Fail && item.severity == Severity::Critical;
    let criticals = groups.iter().flat_map(|group| &group.items).filter(critical).count();
    let standing = match score {
        Some(_) if coverage.percent >= method.minimum_coverage() => Standing::Ranked,
        Some(_) => Standing::InsufficientData,
        None if counted().next().is_some() => Standing::Untested,
        None if sites > 0 => Standing::Shared,
        None => Standing::NoSite,
    };
    UnitScore {
        score,
        base,
        bracket: low.zip(high).map(|(low, high)| Bracket(low, high)),
        coverage,
        criticals: u32::try_from(criticals).unwrap_or(u32::MAX),
        standing,
    }
}

/// The points of the unit's base that each failed rule costs over all groups, out of 100: the means of
/// [`points_lost`] of the groups.
pub fn unit_points_lost(groups: &[Group], method: &Method) -> BTreeMap<RuleId, Exact> {
    let decided = |group: &&Group| score(&group.items, method).base.is_some();
    let total: u128 = groups.iter().filter(decided).map(|group| u128::from(group.importance)).sum();
    let mut lost: BTreeMap<RuleId, Exact> = BTreeMap::new();
    for group in groups.iter().filter(decided) {
        for (rule, points) in points_lost(&group.items, method) {
            lost.entry(rule).or_default().add_scaled(&points, u128::from(group.importance), total);
        }
    }
    lost
}

fn mean(values: impl Iterator<Item = (u16, u8)>) -> Option<u8> {
    let (mut sum, mut weights) = (0_u128, 0_u128);
    for (weight, value) in values {
        sum += u128::from(weight) * u128::from(value);
        weights += u128::from(weight);
    }
    let mean = sum.checked_div(weights)?;
    Some(percent(u32::try_from(mean).unwrap_or(100)))
}
