//! The judged sites of a run until its report is made: of what rules come to, as most sites have it alike, each
//! different one is kept once.

use std::{collections::HashMap, sync::Arc};

use crate::{
    observation::SiteName,
    rule::{Finding, RuleId},
};

use super::{Findings, SiteReport};

/// How many different outlines of a rule are kept for sharing; a message may quote what one site sent.
const VARIANTS: usize = 16;

/// The outlines that were seen, to be shared by the sites that come.
#[derive(Debug, Default)]
pub(super) struct Pool(HashMap<RuleId, Vec<Arc<Finding>>>);

impl Pool {
    pub(super) fn share(&mut self, outline: Arc<Finding>) -> Arc<Finding> {
        let known = self.0.entry(outline.rule.clone()).or_default();
        if let Some(one) = known.iter().find(|one| **one == outline) {
            return Arc::clone(one);
        }
        if known.len() < VARIANTS {
            known.push(Arc::clone(&outline));
        }
        outline
    }
}

/// Judged sites, in the order they came.
#[derive(Debug, Default)]
pub struct Sites {
    pool: Pool,
    kept: Vec<Kept>,
}

/// A judged site with its findings kept small.
#[derive(Debug)]
pub(super) struct Kept {
    /// Without its findings.
    pub(super) report: SiteReport,
    pub(super) findings: Findings,
}

impl Sites {
    /// Adds a site.
    pub fn push(&mut self, mut report: SiteReport) {
        let findings = Findings::keep(std::mem::take(&mut report.findings), &mut self.pool);
        self.kept.push(Kept { report, findings });
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &SiteName> {
        self.kept.iter().map(|kept| &kept.report.site)
    }

    /// Their findings.
    pub fn findings(&self) -> impl Iterator<Item = (&SiteName, &Findings)> {
        self.kept.iter().map(|kept| (&kept.report.site, &kept.findings))
    }

    /// When the last of them was observed.
    pub fn latest(&self) -> Option<jiff::Timestamp> {
        self.kept.iter().map(|kept| kept.report.at).max()
    }

    pub(super) fn into_kept(self) -> Vec<Kept> {
        self.kept
    }
}

impl FromIterator<SiteReport> for Sites {
    fn from_iter<I: IntoIterator<Item = SiteReport>>(reports: I) -> Self {
        let mut sites = Self::default();
        reports.into_iter().for_each(|report| sites.push(report));
        sites
    }
}

impl From<Vec<SiteReport>> for Sites {
    fn from(reports: Vec<SiteReport>) -> Self {
        reports.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{observation::Document, report::judge, rule::RuleSet};

    fn golden() -> Vec<SiteReport> {
        let rules = RuleSet::built_in().unwrap();
        let lines = include_str!("../../tests/data/golden/observations.jsonl").lines();
        lines.map(|line| judge(&rules, &Document::parse(line.as_bytes()).unwrap())).collect()
    }

    #[test]
    fn sites_share_what_they_have_in_common_and_say_the_same_as_before() {
        let mut reports = golden();
        let seen = "2026-11-01T02:00:00Z".parse().unwrap();
        for finding in reports.iter_mut().flat_map(|report| &mut report.findings).step_by(7) {
            Arc::make_mut(finding).first_seen = Some(seen);
            Arc::make_mut(finding).as_of = (finding.rule.as_str().len() % 2 == 0).then_some(seen);
        }
        let sites: Sites = reports.iter().cloned().collect();
        let (mut distinct, mut all) = (std::collections::HashSet::new(), 0);
        for (report, (site, kept)) in reports.iter().zip(sites.findings()) {
            let whole: Vec<_> = kept.iter().map(|card| card.finding).collect();
            assert_eq!((site, &whole), (&report.site, &report.findings));
            all += kept.len();
            distinct.extend(kept.outlines().iter().map(Arc::as_ptr));
        }
        assert!(sites.len() > 10 && distinct.len() * 5 < all, "{} of {all}", distinct.len());
    }

    #[test]
    fn a_card_survives_json_and_being_kept() {
        let sites: Sites = golden().into_iter().collect();
        for (_, findings) in sites.findings() {
            let mut findings = findings.clone();
            findings.charge(|owner| (owner == crate::rule::Owner::Zone).then_some("dau-moi"));
            let cards: Vec<_> = findings.iter().collect();
            assert!(cards.iter().any(|card| card.charged_to.as_deref() == Some("dau-moi")));
            assert!(cards.iter().any(|card| card.charged_to.is_none()));
            assert_eq!(Findings::from(cards.clone()).iter().collect::<Vec<_>>(), cards);
            let json = serde_json::to_string(&findings).unwrap();
            let read: Findings = serde_json::from_str(&json).unwrap();
            assert_eq!(read.iter().collect::<Vec<_>>(), cards);
        }
    }
}
