//! One site judged: its findings, and what of its document the report needs.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::observation::{Document, SiteName};
use crate::rule::{Finding, RuleId, RuleSet, Verdict};

/// One site judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteReport {
    /// The site.
    pub site: SiteName,
    /// When it was observed.
    pub at: Timestamp,
    /// The addresses that were dialled, sorted; none where they are not known.
    pub addresses: Vec<String>,
    /// SHA-256 of the server certificates sent there, sorted.
    pub certificates: Vec<String>,
    /// The DNS zone it lies in, where that was found out.
    pub zone: Option<String>,
    /// One finding per rule.
    pub findings: Vec<Finding>,
}

/// Judges one document by every rule.
pub fn judge(rules: &RuleSet, document: &Document) -> SiteReport {
    SiteReport::new(document, rules.evaluate(document))
}

impl SiteReport {
    /// Lets the last conclusive verdicts stand in for those that could not be made now; each keeps its own date.
    pub fn stand_in(&mut self, verdicts: impl IntoIterator<Item = (RuleId, Verdict, Timestamp)>) {
        let verdicts: HashMap<RuleId, (Verdict, Timestamp)> =
            verdicts.into_iter().map(|(rule, verdict, at)| (rule, (verdict, at))).collect();
        for finding in &mut self.findings {
            if let (Verdict::Inconclusive, Some((verdict, at))) =
                (finding.verdict, verdicts.get(&finding.rule))
            {
                finding.verdict = *verdict;
                finding.as_of = Some(*at);
            }
        }
    }

    /// The findings that rules made of a document, with what of it tells sites that share something.
    pub fn new(document: &Document, findings: Vec<Finding>) -> Self {
        let endpoint = |path: &'static str| {
            let texts = document.endpoints().iter().filter_map(|endpoint| endpoint.pointer(path)?.as_str());
            let mut texts: Vec<String> = texts.map(str::to_owned).collect();
            texts.sort();
            texts.dedup();
            texts
        };
        Self {
            site: document.site().clone(),
            at: document.at(),
            addresses: endpoint("/address"),
            certificates: endpoint("/certificate/leaf/sha256"),
            zone: document.text(&["dns", "zone"]).map(str::to_owned),
            findings,
        }
    }
}
