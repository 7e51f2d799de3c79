//! What a score is made of: one item per scoring rule. Owns how findings become items and how the items of several
//! sites fold into those of one server or zone.

use std::{borrow::Borrow, collections::BTreeMap};

use crate::rule::{Category, Finding, RuleId, Severity, Verdict};

use super::Method;

/// What a rule came to, mildest first: where sites share a server or zone, the last one of these stands for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Has no object here; out of the sum.
    NotApplicable,
    /// Full credit.
    Pass,
    /// Could not be tested; out of the sum, but in the bracket.
    Inconclusive,
    /// No credit, because a rule it comes after failed («mất theo»).
    Lost,
    /// No credit.
    Fail,
}

/// One rule in a score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The rule.
    pub rule: RuleId,
    /// Its category.
    pub category: Category,
    /// How bad its failure is.
    pub severity: Severity,
    /// Its points.
    pub weight: u16,
    /// How long its fix takes.
    pub minutes: u32,
    /// What it came to.
    pub state: State,
    /// It could not be tested at one of the places at least.
    pub untested: bool,
    /// Its credit may be lost yet: a rule it comes after failed or could not be tested.
    pub in_doubt: bool,
    /// A waiver covers its failure, at every place where it fails. Changes no score: [`unwaived`] is for a second one.
    pub waived: bool,
    /// The score that its failure holds the whole at; a rule without weight holds nothing.
    pub cap: Option<u8>,
    /// The failed rule its weight is lost with, at one of the places at least.
    pub lost_with: Option<RuleId>,
}

/// What a score needs to know of a rule beside its finding.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// Every rule it comes after, directly or through others.
    pub ancestors: &'a [RuleId],
    /// How long its fix takes.
    pub minutes: u32,
}

/// A finding of a rule that is not in the rule set at hand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a finding of the unknown rule {0}: judge the observations again with the rules at hand")]
pub struct UnknownRule(pub RuleId);

impl Item {
    /// The item of a rule at a site that was not scanned: it could not be tested.
    pub fn untested(
        rule: &RuleId,
        category: Category,
        severity: Severity,
        minutes: u32,
        method: &Method,
    ) -> Self {
        let weight = method.severity_weight(severity);
        Self {
            rule: rule.clone(),
            category,
            severity,
            weight,
            minutes,
            state: State::Inconclusive,
            untested: true,
            in_doubt: false,
            waived: false,
            cap: method.cap(rule).filter(|_| weight > 0),
            lost_with: None,
        }
    }
}

/// The items of one site, in the order of its findings; findings that do not score make none.
pub fn items<'a>(
    findings: &[impl Borrow<Finding>],
    terms: impl Fn(&RuleId) -> Option<Terms<'a>>,
    method: &Method,
) -> Result<Vec<Item>, UnknownRule> {
    let each = || findings.iter().map(Borrow::borrow);
    let states: BTreeMap<&RuleId, State> = each().map(|f| (&f.rule, state(f))).collect();
    let item = |finding: &Finding| {
        let terms = terms(&finding.rule).ok_or_else(|| UnknownRule(finding.rule.clone()))?;
        let state = state(finding);
        let ancestors = || terms.ancestors.iter().filter_map(|ancestor| states.get(ancestor));
        let weight = method.severity_weight(finding.severity);
        Ok(Item {
            rule: finding.rule.clone(),
            category: finding.category,
            severity: finding.severity,
            weight,
            minutes: terms.minutes,
            state,
            untested: state == State::Inconclusive,
            in_doubt: match state {
                State::Pass => ancestors().any(|s| matches!(s, State::Fail | State::Inconclusive)),
                // Known not to apply even where a parent failed; unknown only where the parent is.
                State::NotApplicable => ancestors().any(|s| *s == State::Inconclusive),
                State::Inconclusive | State::Lost | State::Fail => false,
            },
            waived: finding.waived && state == State::Fail,
            cap: method.cap(&finding.rule).filter(|_| weight > 0),
            lost_with: finding.parent.clone().filter(|_| state == State::Lost),
        })
    };
    each().filter(|finding| finding.scores()).map(item).collect()
}

/// One item per rule, sorted by rule: the worst of each over the places they come from.
pub fn fold(items: impl IntoIterator<Item = Item>) -> Vec<Item> {
    let mut folded: BTreeMap<RuleId, Item> = BTreeMap::new();
    for item in items {
        match folded.get_mut(&item.rule) {
            None => {
                folded.insert(item.rule.clone(), item);
            }
            Some(kept) => {
                kept.untested |= item.untested;
                kept.in_doubt |= item.in_doubt;
                kept.waived = match (kept.state, item.state) {
                    (State::Fail, State::Fail) => kept.waived && item.waived,
                    _ => kept.waived || item.waived,
                };
                // The smaller name, so that the order of the places does not matter.
                if item.lost_with.is_some()
                    && kept.lost_with.as_ref().is_none_or(|k| item.lost_with < Some(k.clone()))
                {
                    kept.lost_with = item.lost_with;
                }
                kept.state = kept.state.max(item.state);
            }
        }
    }
    folded.into_values().collect()
}

/// The items without the failures that a waiver covers, for the score that is printed beside the real one.
/// `None` where there are none.
pub fn unwaived(items: &[Item]) -> Option<Vec<Item>> {
    let waived = |item: &Item| item.waived && item.state == State::Fail;
    items.iter().any(waived).then(|| items.iter().filter(|item| !waived(item)).cloned().collect())
}

fn state(finding: &Finding) -> State {
    match finding.verdict {
        Verdict::Pass => State::Pass,
        Verdict::Fail => State::Fail,
        Verdict::Inconclusive => State::Inconclusive,
        Verdict::NotApplicable if finding.is_lost() => State::Lost,
        Verdict::NotApplicable => State::NotApplicable,
    }
}
