//! What a unit's page lists: failures of one rule, on however many sites, as one thing to fix.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    render::html::view::{Book, Failure},
    report::{RuleEntry, UnitCard},
    rule::{Finding, RuleId},
};

/// Whose it is, and whether it costs points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Costs this unit points.
    Own,
    /// Another unit answers for it.
    Others,
    /// Costs nothing: recommended, for information, or required later.
    Advice,
}

/// What failures have alike that are one fault: whose, the rule, the unit that answers where that is another.
type Key = (Kind, RuleId, Option<Arc<str>>);

/// Failures of one rule.
pub(super) struct Fault<'r> {
    pub(super) kind: Kind,
    pub(super) rule: RuleId,
    pub(super) entry: Option<&'r RuleEntry>,
    /// Where, at least one.
    pub(super) places: Vec<Failure<'r>>,
    /// The unit that answers, where that is another.
    pub(super) charged_to: Option<Arc<str>>,
}

impl Fault<'_> {
    /// The finding at the first place.
    pub(super) fn finding(&self) -> Option<&Finding> {
        self.places.first().map(|place| &*place.card.finding)
    }

    /// When it was first seen anywhere.
    pub(super) fn first_seen(&self) -> Option<jiff::Timestamp> {
        self.places.iter().filter_map(|place| place.card.finding.first_seen).min()
    }

    /// The hosts, each once.
    pub(super) fn hosts(&self) -> Vec<String> {
        let mut hosts: Vec<String> = self.places.iter().map(|place| super::site_name(place.site)).collect();
        hosts.dedup();
        hosts
    }
}

/// What failed at a unit: what it answers for itself, wherever that is, in the order of its plan, then the rest.
pub(super) fn faults<'r>(book: &Book<'r>, card: &'r UnitCard) -> Vec<Fault<'r>> {
    let mut found: BTreeMap<Key, Vec<Failure<'r>>> = BTreeMap::new();
    for failure in book.charged_to(card) {
        let kind = if failure.card.finding.scores() { Kind::Own } else { Kind::Advice };
        found.entry((kind, failure.card.finding.rule.clone(), None)).or_default().push(failure.clone());
    }
    for failure in book.seen_at(card) {
        if failure.card.charged_to.is_some() {
            let key = (Kind::Others, failure.card.finding.rule.clone(), failure.card.charged_to.clone());
            found.entry(key).or_default().push(failure.clone());
        }
    }
    let planned = |rule: &RuleId| {
        let place = card.fix_plan.iter().position(|step| step.rules.iter().any(|fix| fix.rule == *rule));
        place.unwrap_or(usize::MAX)
    };
    let mut faults: Vec<Fault<'r>> = found
        .into_iter()
        .map(|((kind, rule, charged_to), places)| Fault {
            kind,
            entry: book.rule(&rule),
            rule,
            places,
            charged_to,
        })
        .collect();
    faults.sort_by_key(|fault| {
        let finding = fault.finding();
        let costs = finding.is_some_and(Finding::scores);
        (fault.kind, planned(&fault.rule), !costs, finding.map(|finding| finding.severity))
    });
    faults
}
