//! Items into the score of one site, server or zone: base, caps, bracket, coverage, points lost. Owns the formula.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rule::{Category, RuleId};

use super::{Exact, Grade, Item, Method, State};

/// The score of a site, server or zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// The base, held down by the lowest cap of a failed rule; `None` where nothing was decided.
    pub score: Option<u8>,
    /// What it would be without caps.
    pub base: Option<u8>,
    /// Between which scores it lies once everything could be tested; `None` where nothing applies.
    pub bracket: Option<Bracket>,
    /// How much could be tested.
    pub coverage: Coverage,
    /// Each category with something to test, in order.
    pub categories: Vec<CategoryScore>,
    /// Every cap of a failed rule, lowest first.
    pub caps: Vec<Cap>,
}

/// Lowest and highest possible score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bracket(
    /// Everything untested fails.
    pub u8,
    /// Everything untested passes.
    pub u8,
);

/// How much of what applies could be tested, in tenths of the categories' weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// Weight with a verdict.
    pub tested: u64,
    /// Weight that applies.
    pub applicable: u64,
    /// Their ratio, rounded down; 0 where nothing applies.
    pub percent: u8,
}

/// The score of one category, for the reader: no sum is made of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CategoryScore {
    /// The category.
    pub category: Category,
    /// Its share of full credit in percent, rounded down; null where nothing was decided.
    pub score: Option<u8>,
    /// Weight with credit.
    pub points: u64,
    /// Weight with a verdict.
    pub max: u64,
}

/// A cap of a failed rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cap {
    /// The rule.
    pub rule: RuleId,
    /// The score it allows.
    pub cap: u8,
    /// Whether this is what holds the score down.
    pub binding: bool,
}

/// Scores the items of one site, server or zone. Items of the same rule count one by one: fold them first.
pub fn score(items: &[Item], method: &Method) -> Score {
    let worst = |item: &Item| match item.state {
        State::Pass => Some(!item.in_doubt),
        State::Fail | State::Lost | State::Inconclusive => Some(false),
        State::NotApplicable => item.in_doubt.then_some(false),
    };
    let best = |item: &Item| if item.state == State::Inconclusive { Some(true) } else { credit(item) };

    let failed = |item: &&Item| item.state == State::Fail;
    let cap = items.iter().filter(failed).filter_map(|item| item.cap).min();
    let worst_cap =
        items.iter().filter(|item| failed(item) || item.untested).filter_map(|item| item.cap).min();
    let capped = |base: u8, cap: Option<u8>| cap.map_or(base, |cap| base.min(cap));

    let base = Sums::of(items, credit).base(method);
    let applies = items.iter().any(|item| item.state != State::NotApplicable && item.weight > 0);
    let bracket = || {
        let low = Sums::of(items, worst).base(method)?;
        let high = Sums::of(items, best).base(method)?;
        Some(Bracket(capped(low, worst_cap), capped(high, cap)))
    };
    let mut caps: Vec<Cap> = (items.iter().filter(failed))
        .filter_map(|item| {
            let binding = base.is_some_and(|base| item.cap < Some(base)) && item.cap == cap;
            Some(Cap { rule: item.rule.clone(), cap: item.cap?, binding })
        })
        .collect();
    caps.sort_by(|a, b| (a.cap, &a.rule).cmp(&(b.cap, &b.rule)));
    Score {
        score: base.map(|base| capped(base, cap)),
        base,
        bracket: applies.then(bracket).flatten(),
        coverage: Coverage::of(items, method),
        categories: categories(items, &Sums::of(items, credit)),
        caps,
    }
}

/// The points of the base that each failed rule costs, what is lost with it included, out of 100. With the exact base
/// they make 100.
pub fn points_lost(items: &[Item], method: &Method) -> BTreeMap<RuleId, Exact> {
    let sums = Sums::of(items, credit);
    let total = sums.total(method);
    let mut lost: BTreeMap<RuleId, Exact> = BTreeMap::new();
    for item in items.iter().filter(|item| matches!(item.state, State::Fail | State::Lost) && item.weight > 0)
    {
        let Some((_, max)) = sums.0.get(&item.category) else { continue };
        let rule = item.lost_with.as_ref().filter(|_| item.state == State::Lost).unwrap_or(&item.rule);
        let weight = u128::from(method.category_weight(item.category));
        let numerator = 100 * weight * u128::from(item.weight);
        lost.entry(rule.clone()).or_default().add(numerator, u128::from(*max) * total);
    }
    lost
}

/// The base as an exact number out of 100; `None` where nothing was decided.
pub fn exact_base(items: &[Item], method: &Method) -> Option<Exact> {
    Sums::of(items, credit).exact(method)
}

impl Coverage {
    /// The coverage of items: the share of each category, weighed as in the score, so that a category with many rules
    /// does not count for more than it can cost. One that failed in one place and could not be tested in another is not
    /// tested: else a fix would lower the coverage.
    pub fn of(items: &[Item], method: &Method) -> Self {
        /// A category's weight is divided into so many parts, of which whole ones are tested.
        const PARTS: u64 = 10;
        let mut sums: BTreeMap<Category, (u64, u64)> = BTreeMap::new();
        for item in items.iter().filter(|item| item.state != State::NotApplicable && item.weight > 0) {
            let (tested, applicable) = sums.entry(item.category).or_default();
            let weight = u64::from(item.weight);
            *applicable += weight;
            *tested += if item.untested { 0 } else { weight };
        }
        let parts = |category: &Category| PARTS * u64::from(method.category_weight(*category));
        let tested = sums.iter().map(|(category, (tested, of))| parts(category) * tested / of).sum();
        Self::new(tested, sums.keys().map(parts).sum())
    }

    /// A coverage from its two weights.
    pub fn new(tested: u64, applicable: u64) -> Self {
        let mut ratio = Exact::default();
        ratio.add(u128::from(tested), u128::from(applicable));
        Self { tested, applicable, percent: percent(ratio.floor(100)) }
    }

    /// The grade of a score that rests on this coverage; `None` where too little was tested.
    pub fn grade(self, score: Option<u8>, method: &Method) -> Option<&Grade> {
        score.filter(|_| self.percent >= method.minimum_coverage()).and_then(|score| method.grade(score))
    }
}

/// Whether an item has its credit; `None` where it is out of the sum.
fn credit(item: &Item) -> Option<bool> {
    match item.state {
        State::Pass => Some(true),
        State::Fail | State::Lost => Some(false),
        State::Inconclusive | State::NotApplicable => None,
    }
}

/// Credit and possible credit by category; only categories where some is possible.
struct Sums(BTreeMap<Category, (u64, u64)>);

impl Sums {
    fn of(items: &[Item], credit: impl Fn(&Item) -> Option<bool>) -> Self {
        let mut sums: BTreeMap<Category, (u64, u64)> = BTreeMap::new();
        for item in items.iter().filter(|item| item.weight > 0) {
            if let Some(credit) = credit(item) {
                let (points, max) = sums.entry(item.category).or_default();
                *points += if credit { u64::from(item.weight) } else { 0 };
                *max += u64::from(item.weight);
            }
        }
        Self(sums)
    }

    /// The weight of the categories together.
    fn total(&self, method: &Method) -> u128 {
        self.0.keys().map(|category| u128::from(method.category_weight(*category))).sum()
    }

    fn exact(&self, method: &Method) -> Option<Exact> {
        let total = self.total(method);
        let mut sum = Exact::default();
        for (category, (points, max)) in &self.0 {
            let numerator = 100 * u128::from(method.category_weight(*category)) * u128::from(*points);
            sum.add(numerator, u128::from(*max) * total);
        }
        (total > 0).then_some(sum)
    }

    fn base(&self, method: &Method) -> Option<u8> {
        self.exact(method).map(|sum| percent(sum.floor(1)))
    }
}

fn categories(items: &[Item], sums: &Sums) -> Vec<CategoryScore> {
    let tested = |item: &&Item| item.state != State::NotApplicable && item.weight > 0;
    let some = |category: &Category| items.iter().filter(tested).any(|item| item.category == *category);
    let score = |category: &Category| {
        let (points, max) = sums.0.get(category).copied().unwrap_or_default();
        let score = (max > 0).then(|| Coverage::new(points, max).percent);
        CategoryScore { category: *category, score, points, max }
    };
    Category::ALL.iter().filter(|category| some(category)).map(score).collect()
}

/// A number that is at most 100 by construction.
pub(super) fn percent(value: u32) -> u8 {
    u8::try_from(value).unwrap_or(100).min(100)
}
