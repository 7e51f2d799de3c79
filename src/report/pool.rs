//! One copy of what many sites share: of findings without evidence, as most are, a run keeps each different one once.

use std::{collections::HashMap, sync::Arc};

use crate::rule::{Finding, RuleId};

use super::site::SiteReport;

/// How many different findings of a rule are kept for sharing; what stands in for others brings its own date.
const VARIANTS: usize = 8;

/// The findings that were seen, to be shared by the sites that come.
#[derive(Debug, Default)]
pub struct Pool(HashMap<RuleId, Vec<Arc<Finding>>>);

impl Pool {
    /// Lets a site that stays in memory share what it has in common with those before it. Nothing it says changes.
    #[must_use]
    pub fn share(&mut self, mut report: SiteReport) -> SiteReport {
        for finding in &mut report.findings {
            if !finding.evidence.is_empty() {
                // made anew, so that it takes no more than it needs, away from all that judging left behind
                *finding = Arc::new(Finding::clone(finding));
                continue;
            }
            let known = self.0.entry(finding.rule.clone()).or_default();
            match known.iter().find(|one| *one == finding) {
                Some(one) => *finding = Arc::clone(one),
                None if known.len() < VARIANTS => known.push(Arc::clone(finding)),
                None => {}
            }
        }
        report.findings.shrink_to_fit();
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{observation::Document, report::judge, rule::RuleSet};

    #[test]
    fn sites_share_what_they_have_in_common_and_say_the_same_as_before() {
        let rules = RuleSet::built_in().unwrap();
        let golden = include_str!("../../tests/data/golden/observations.jsonl");
        let mut pool = Pool::default();
        let (mut distinct, mut all) = (std::collections::HashSet::new(), 0);
        let mut kept = Vec::new();
        for line in golden.lines() {
            let report = judge(&rules, &Document::parse(line.as_bytes()).unwrap());
            let shared = pool.share(report.clone());
            assert_eq!(shared, report);
            all += shared.findings.len();
            distinct.extend(shared.findings.iter().map(Arc::as_ptr));
            kept.push(shared);
        }
        assert!(kept.len() > 10 && distinct.len() * 3 < all, "{} of {all}", distinct.len());
    }
}
