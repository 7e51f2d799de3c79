//! Common causes: the same failure on several sites that share what it comes from. Owns what may be a cause of what.

use std::{
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    sync::Arc,
};

use crate::rule::{Category, Finding, Owner, RuleId, Verdict};

use super::book::RuleBook;
use super::findings::Findings;
use super::model::{Cause, CauseKind};
use super::roster::{Member, Place};
use super::site::SiteReport;

/// One tested site, as causes see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    pub(super) unit: &'a Member,
    pub(super) place: &'a Place,
    /// Without its findings.
    pub(super) report: &'a SiteReport,
    pub(super) findings: &'a Findings,
}

/// The causes behind two sites or more, no finding in two of them; worst first, then those that touch most units.
pub(super) fn causes(seen: &[Seen<'_>], rules: &RuleBook) -> Vec<Cause> {
    let mut failures: BTreeMap<&RuleId, Vec<(Seen<'_>, &Finding)>> = BTreeMap::new();
    for site in seen {
        let failed = |f: &&Arc<Finding>| f.verdict == Verdict::Fail && f.scores();
        for finding in site.findings.outlines().iter().filter(failed) {
            failures.entry(&finding.rule).or_default().push((*site, finding));
        }
    }
    let mut causes: Vec<Cause> =
        failures.into_iter().flat_map(|(rule, sites)| causes_of(rule, &sites, rules)).collect();
    causes.sort_by(|a, b| {
        let key = |c: &Cause| (c.severity, std::cmp::Reverse((c.units.len(), c.sites.len())));
        key(a).cmp(&key(b)).then_with(|| (&a.rule, a.kind, &a.value).cmp(&(&b.rule, b.kind, &b.value)))
    });
    causes
}

/// Takes what covers most sites, again and again, of what is left.
fn causes_of(rule: &RuleId, sites: &[(Seen<'_>, &Finding)], rules: &RuleBook) -> Vec<Cause> {
    let mut shared: BTreeMap<(CauseKind, &str), Vec<usize>> = BTreeMap::new();
    for (index, (site, finding)) in sites.iter().enumerate() {
        for key in candidates(*site, finding) {
            shared.entry(key).or_default().push(index);
        }
    }
    let mut left: BTreeSet<usize> = (0..sites.len()).collect();
    // Counts only fall while sites are taken, so one that is still right when it comes up is the highest.
    let mut heap: BinaryHeap<_> = (shared.iter().filter(|(_, indexes)| indexes.len() > 1))
        .map(|(key, indexes)| (indexes.len(), std::cmp::Reverse(*key)))
        .collect();
    let mut causes = Vec::new();
    while let Some((count, std::cmp::Reverse(key))) = heap.pop() {
        let open: Vec<usize> =
            shared.get(&key).into_iter().flatten().filter(|i| left.contains(i)).copied().collect();
        if open.len() < 2 {
            continue;
        }
        if open.len() < count {
            heap.push((open.len(), std::cmp::Reverse(key)));
            continue;
        }
        for index in &open {
            left.remove(index);
        }
        causes.extend(cause(rule, key, open.iter().filter_map(|index| sites.get(*index)), rules));
    }
    causes
}

fn candidates<'a>(site: Seen<'a>, finding: &Finding) -> Vec<(CauseKind, &'a str)> {
    let Seen { place, report, .. } = site;
    let operator = place.shared_operator.iter().map(|operator| (CauseKind::Operator, operator.as_str()));
    match (finding.category, finding.owner) {
        (_, Owner::Zone) => {
            let zone = report.zone.as_deref().or(place.zone.as_ref().map(|zone| zone.name.as_str()));
            zone.map(|zone| (CauseKind::Zone, zone)).into_iter().collect()
        }
        // The web server says nothing about who runs the mail exchanger.
        (_, Owner::Mx) => Vec::new(),
        (Category::Certificate, _) => {
            let certificates =
                report.certificates.iter().map(|sha256| (CauseKind::Certificate, sha256.as_str()));
            certificates.chain(operator).collect()
        }
        _ => {
            let addresses = report.addresses.iter().map(|address| (CauseKind::Address, address.as_str()));
            addresses.chain(operator).collect()
        }
    }
}

fn cause<'a>(
    rule: &RuleId,
    (kind, value): (CauseKind, &str),
    sites: impl Iterator<Item = &'a (Seen<'a>, &'a Finding)>,
    rules: &RuleBook,
) -> Option<Cause> {
    let sites: Vec<_> = sites.collect();
    let (_, finding) = sites.first()?;
    let units: BTreeSet<&str> = sites.iter().map(|(site, _)| site.unit.id.as_str()).collect();
    Some(Cause {
        rule: rule.clone(),
        severity: finding.severity,
        kind,
        value: value.to_owned(),
        sites: sites.iter().map(|(site, _)| site.place.site.to_string()).collect(),
        units: units.into_iter().map(str::to_owned).collect(),
        minutes: rules.terms(rule).map_or(0, |terms| terms.minutes),
    })
}
