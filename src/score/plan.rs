//! The fix plan of a unit: what to do first, what it takes, what it yields. Owns the order of the steps.

use std::cmp::Ordering;

use crate::rule::{RuleId, Severity};

use super::points::score;
use super::unit::combine;
use super::{Exact, Grade, Group, Item, Method, Score, State};

/// The most steps a plan has; what comes after is too far away to plan.
pub const MAX_STEPS: usize = 50;

/// One step of a plan: to be done as a whole, in one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The group, by its place in the list.
    pub group: usize,
    /// The rules to satisfy; several only where no part of them lifts a cap.
    pub rules: Vec<RuleId>,
    /// What they take together.
    pub minutes: u32,
    /// The cap that holds the group down and is lifted by this step.
    pub lifts: Option<u8>,
    /// Points of the unit's score gained, as printed: the difference of two scores.
    pub gain: u8,
    /// Points of the unit's base gained, exact, out of 100.
    pub base_gain: Exact,
    /// The unit's score after this step.
    pub score: u8,
    /// The unit's grade after this step.
    pub grade: Option<Grade>,
    /// Whether this step changes the grade.
    pub changes_grade: bool,
}

/// Plans a unit's fixes: first whatever lifts a cap that binds, then single rules by points of base per minute.
/// What is lost with a failed rule stays at 0: whether it holds is not known before the parent is fixed.
pub fn plan(groups: &[Group], method: &Method) -> Vec<Step> {
    let mut bench = Bench::new(groups, method);
    let mut steps = Vec::new();
    while steps.len() < MAX_STEPS {
        let Some((group, rules, lifts)) = bench.next() else { break };
        match bench.fix(group, rules, lifts) {
            Some(step) => steps.push(step),
            None => break,
        }
    }
    steps
}

/// The unit as it would be with the steps so far done.
struct Bench<'a> {
    method: &'a Method,
    groups: Vec<Group>,
    scores: Vec<Score>,
    /// Single fixes, best first. Doing one does not change what another gains: no weight enters or leaves a sum.
    singles: Vec<Single>,
}

impl<'a> Bench<'a> {
    fn new(groups: &[Group], method: &'a Method) -> Self {
        let groups = groups.to_vec();
        let scores: Vec<_> = groups.iter().map(|group| score(&group.items, method)).collect();
        let mut singles: Vec<Single> = Vec::new();
        for (index, (group, score)) in groups.iter().zip(&scores).enumerate() {
            singles.extend(failed(group).map(|item| Single::new(index, item, group, score, method)));
        }
        singles.sort_by(Single::order);
        Self { method, groups, scores, singles }
    }

    /// The best thing to do next: group, rules, and the cap they lift.
    fn next(&self) -> Option<(usize, Vec<RuleId>, Option<u8>)> {
        let lift = (0..self.groups.len()).filter_map(|index| self.lift(index)).min_by(Lift::order);
        if let Some(lift) = lift {
            return Some((lift.group, lift.rules, Some(lift.cap)));
        }
        let open = |single: &&Single| {
            self.groups
                .get(single.group)
                .is_some_and(|group| failed(group).any(|item| item.rule == single.rule))
        };
        self.singles.iter().find(open).map(|single| (single.group, vec![single.rule.clone()], None))
    }

    /// The smallest set that lifts the cap binding in a group: every failed rule with that cap.
    fn lift(&self, index: usize) -> Option<Lift> {
        let (group, before) = (self.groups.get(index)?, self.scores.get(index)?);
        let cap = before.caps.iter().find(|cap| cap.binding)?.cap;
        let lifted = || failed(group).filter(|item| item.cap == Some(cap));
        let rules: Vec<RuleId> = lifted().map(|item| item.rule.clone()).collect();
        let after = score(&fixed(group, &rules), self.method);
        let gain = u64::from(after.score?.saturating_sub(before.score?));
        Some(Lift {
            group: index,
            cap,
            gain: gain * u64::from(group.importance),
            minutes: minutes(lifted()),
            severity: lifted().map(|item| item.severity).min()?,
            rules,
        })
    }

    fn fix(&mut self, index: usize, rules: Vec<RuleId>, lifts: Option<u8>) -> Option<Step> {
        // The number of sites matters to units without groups only.
        let unit = |groups: &[Group], scores: &[Score]| combine(groups, scores, 0, self.method);
        let before = unit(&self.groups, &self.scores);
        let decided = self.groups.iter().zip(&self.scores).filter(|(_, score)| score.base.is_some());
        let total: u128 = decided.map(|(group, _)| u128::from(group.importance)).sum();
        let (group, score_before) = (self.groups.get_mut(index)?, self.scores.get_mut(index)?);
        let mut base_gain = Exact::default();
        let taken = minutes(failed(group).filter(|item| rules.contains(&item.rule)));
        for item in failed(group).filter(|item| rules.contains(&item.rule)) {
            let (numerator, denominator) = share(item, score_before, self.method);
            base_gain.add(100 * u128::from(group.importance) * numerator, total * denominator);
        }
        group.items = fixed(group, &rules);
        *score_before = score(&group.items, self.method);
        let after = unit(&self.groups, &self.scores);
        let grade = after.coverage.grade(after.score, self.method).cloned();
        Some(Step {
            group: index,
            minutes: taken,
            lifts,
            gain: after.score?.saturating_sub(before.score.unwrap_or(0)),
            base_gain,
            score: after.score?,
            changes_grade: grade.as_ref() != before.coverage.grade(before.score, self.method),
            grade,
            rules,
        })
    }
}

/// A set of rules that lifts a cap.
struct Lift {
    group: usize,
    rules: Vec<RuleId>,
    cap: u8,
    /// Points of score, times the weight of the group.
    gain: u64,
    minutes: u32,
    severity: Severity,
}

impl Lift {
    /// Most points per minute first, then the worst, the quickest, the name.
    fn order(&self, other: &Self) -> Ordering {
        let rate = |a: &Self, b: &Self| u128::from(a.gain) * u128::from(b.minutes.max(1));
        (rate(other, self).cmp(&rate(self, other)))
            .then_with(|| (self.severity, self.minutes).cmp(&(other.severity, other.minutes)))
            .then_with(|| (&self.rules, self.group).cmp(&(&other.rules, other.group)))
    }
}

/// One rule to satisfy in one group.
struct Single {
    group: usize,
    rule: RuleId,
    /// Points of base gained per minute, as a fraction; the divisor that all of a unit's groups share is left out.
    rate: (u128, u128),
    severity: Severity,
    minutes: u32,
}

impl Single {
    fn new(index: usize, item: &Item, group: &Group, score: &Score, method: &Method) -> Self {
        let (numerator, denominator) = share(item, score, method);
        Self {
            group: index,
            rule: item.rule.clone(),
            rate: (numerator * u128::from(group.importance), denominator * u128::from(item.minutes.max(1))),
            severity: item.severity,
            minutes: item.minutes,
        }
    }

    /// Most points per minute first, then the worst, the quickest, the name.
    fn order(&self, other: &Self) -> Ordering {
        // At most 2^48 by 2^79 with weights of 16 bits and fewer than 4,096 rules.
        let rate = |a: &Self, b: &Self| a.rate.0.saturating_mul(b.rate.1);
        (rate(other, self).cmp(&rate(self, other)))
            .then_with(|| (self.severity, self.minutes).cmp(&(other.severity, other.minutes)))
            .then_with(|| (&self.rule, self.group).cmp(&(&other.rule, other.group)))
    }
}

/// The share of a group's base that fixing one item gains, as a fraction: none where it is lost in another place.
fn share(item: &Item, score: &Score, method: &Method) -> (u128, u128) {
    if item.lost_with.is_some() {
        return (0, 1);
    }
    let decided = || score.categories.iter().filter(|category| category.max > 0);
    let total: u128 = decided().map(|c| u128::from(method.category_weight(c.category))).sum();
    let max =
        decided().find(|category| category.category == item.category).map_or(1, |category| category.max);
    let weight = u128::from(method.category_weight(item.category));
    (weight * u128::from(item.weight), u128::from(max) * total.max(1))
}

fn failed(group: &Group) -> impl Iterator<Item = &Item> {
    group.items.iter().filter(|item| item.state == State::Fail)
}

fn minutes<'a>(items: impl Iterator<Item = &'a Item>) -> u32 {
    items.fold(0, |sum, item| sum.saturating_add(item.minutes))
}

/// The items with some rules fixed wherever the group has them.
fn fixed(group: &Group, rules: &[RuleId]) -> Vec<Item> {
    let fix = |item: &Item| match item.state {
        State::Fail if rules.contains(&item.rule) => {
            let state = if item.lost_with.is_some() { State::Lost } else { State::Pass };
            Item { state, untested: false, ..item.clone() }
        }
        _ => item.clone(),
    };
    group.items.iter().map(fix).collect()
}
