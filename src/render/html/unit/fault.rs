//! What a unit's page lists: failures of one rule, on however many sites, as one thing to fix.

use std::collections::BTreeMap;

use crate::{
    render::html::view::{Book, Failure},
    report::{RuleEntry, UnitCard},
    rule::{Finding, RuleId, Verdict},
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

/// Failures of one rule.
pub(super) struct Fault<'r> {
    pub(super) kind: Kind,
    pub(super) rule: &'r RuleId,
    pub(super) entry: Option<&'r RuleEntry>,
    /// Where, at least one.
    pub(super) places: Vec<Failure<'r>>,
    /// The unit that answers, where that is another.
    pub(super) charged_to: Option<&'r str>,
}

impl<'r> Fault<'r> {
    /// The finding at the first place.
    pub(super) fn finding(&self) -> Option<&'r Finding> {
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
    let mut found: BTreeMap<(Kind, &RuleId, Option<&str>), Vec<Failure<'r>>> = BTreeMap::new();
    for failure in book.charged_to(card) {
        let kind = if failure.card.finding.scores() { Kind::Own } else { Kind::Advice };
        found.entry((kind, &failure.card.finding.rule, None)).or_default().push(*failure);
    }
    for site in &card.sites {
        for one in &site.findings {
            if let (Verdict::Fail, Some(other)) = (one.finding.verdict, one.charged_to.as_deref()) {
                let failure = Failure { unit: card, site, card: one };
                found.entry((Kind::Others, &one.finding.rule, Some(other))).or_default().push(failure);
            }
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
            rule,
            entry: book.rule(rule),
            places,
            charged_to,
        })
        .collect();
    faults.sort_by_key(|fault| {
        let finding = fault.finding();
        let costs = finding.is_some_and(Finding::scores);
        (fault.kind, planned(fault.rule), !costs, finding.map(|finding| finding.severity))
    });
    faults
}
