//! What changed between two runs. What could not be found out is told as such, never as fixed or new.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Store, StoreError, StoredRun, history::conclusive, visit::findings};
use crate::{
    observation::SiteName,
    rule::{Finding, RuleId, Verdict},
};

/// Two runs against each other, the earlier one first.
#[derive(Clone, Debug)]
pub struct Diff {
    /// The earlier run.
    pub before: StoredRun,
    /// The later one.
    pub after: StoredRun,
    /// Every change, by site and rule.
    pub changes: Vec<Change>,
    /// How many rules fail in both, over all sites.
    pub still_failing: u32,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The site.
    pub site: SiteName,
    /// The rule; nothing where the whole site came or went.
    pub rule: Option<RuleId>,
    /// What became of it.
    pub kind: Kind,
    /// The verdict in the earlier run; nothing where the rule or the site was not looked at.
    pub before: Option<Verdict>,
    /// The verdict in the later run.
    pub after: Option<Verdict>,
}

/// What became of a rule at a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Failed, and is now seen not to.
    Fixed,
    /// Did not fail, and does now, for the first time.
    New,
    /// Did not fail, does now, and had failed at some time before.
    Recurred,
    /// The site is no longer in the inventory.
    Gone,
    /// The site has come into the inventory.
    Added,
    /// Fails in one run, and could not be found out in the other, or its rule was not asked there.
    Unknown,
}

impl Diff {
    /// Whether both runs were judged by the same rules; else a change may lie in the rules.
    pub fn same_rules(&self) -> bool {
        self.before.rules_hash == self.after.rules_hash && self.before.profile == self.after.profile
    }

    /// Whether changes mean something: neither run is degraded, and both looked from the same place.
    pub fn comparable(&self) -> bool {
        !self.before.degraded && !self.after.degraded && self.before.vantage == self.after.vantage
    }

    /// How many changes are of a kind.
    pub fn count(&self, kind: Kind) -> usize {
        self.changes.iter().filter(|change| change.kind == kind).count()
    }
}

impl Store {
    /// What changed from one run to a later one, by their ids.
    pub async fn diff(&self, before: &str, after: &str) -> Result<Diff, StoreError> {
        let (before, after) = (self.run(before).await?, self.run(after).await?);
        let (mut changes, mut still_failing) = (Vec::new(), 0);
        let (old, new) = (self.planned(&before).await?, self.planned(&after).await?);
        // of a part of the inventory nobody can say what is missing from the whole
        let whole = !before.partial && !after.partial;
        for site in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
            let came = |kind| Change { site: site.clone(), rule: None, kind, before: None, after: None };
            match (old.get(site), new.get(site)) {
                (Some(_), None) if whole => changes.push(came(Kind::Gone)),
                (None, Some(_)) if whole => changes.push(came(Kind::Added)),
                (Some(was_done), Some(is_done)) if *was_done || *is_done => {
                    let mut connection = self.connection().await;
                    let was = findings(&before, site, &mut connection).await?;
                    let is = findings(&after, site, &mut connection).await?;
                    drop(connection);
                    let first = changes.len();
                    let (was, at) = (was.map(|(_, was)| was), is.as_ref().map(|(at, _)| *at));
                    let is = is.map(|(_, is)| is);
                    still_failing += compare(site, was.as_deref(), is.as_deref(), &mut changes);
                    let new = changes.iter_mut().skip(first).filter(|change| change.kind == Kind::New);
                    self.recurred(&after, site, at.unwrap_or_default(), new.collect()).await?;
                }
                _ => {}
            }
        }
        Ok(Diff { before, after, changes, still_failing })
    }

    /// Finds out which of the new failures of a site had been there before.
    async fn recurred(
        &self,
        run: &StoredRun,
        site: &SiteName,
        at: Timestamp,
        new: Vec<&mut Change>,
    ) -> Result<(), StoreError> {
        if new.is_empty() {
            return Ok(());
        }
        let history = self.history(run, site).await?;
        for change in new {
            if change.rule.as_ref().is_some_and(|rule| history.failed_before(rule, at)) {
                change.kind = Kind::Recurred;
            }
        }
        Ok(())
    }

    /// The sites of a run, and whether each is done.
    async fn planned(&self, run: &StoredRun) -> Result<BTreeMap<SiteName, bool>, StoreError> {
        let mut sites = BTreeMap::new();
        for done in [false, true] {
            sites.extend(self.sites(run, done).await?.into_iter().map(|site| (site, done)));
        }
        Ok(sites)
    }
}

/// Adds the changes of one site; counts what fails in both.
fn compare(
    site: &SiteName,
    was: Option<&[Finding]>,
    is: Option<&[Finding]>,
    changes: &mut Vec<Change>,
) -> u32 {
    let (old, new) = (by_rule(was), by_rule(is));
    let mut still_failing = 0;
    for rule in old.keys().chain(new.keys()).copied().collect::<BTreeSet<_>>() {
        let (before, after) = (old.get(rule).copied(), new.get(rule).copied());
        let seen = |finding: Option<&Finding>| finding.and_then(conclusive);
        let kind = match (seen(before), seen(after)) {
            (Some(Verdict::Fail), Some(Verdict::Fail)) => {
                still_failing += 1;
                continue;
            }
            (Some(Verdict::Fail), Some(_)) => Kind::Fixed,
            (Some(_), Some(Verdict::Fail)) => Kind::New,
            (Some(Verdict::Fail), None) | (None, Some(Verdict::Fail)) => Kind::Unknown,
            _ => continue,
        };
        changes.push(Change {
            site: site.clone(),
            rule: Some(rule.clone()),
            kind,
            before: before.map(|finding| finding.verdict),
            after: after.map(|finding| finding.verdict),
        });
    }
    still_failing
}

fn by_rule(findings: Option<&[Finding]>) -> BTreeMap<&RuleId, &Finding> {
    findings.into_iter().flatten().map(|finding| (&finding.rule, finding)).collect()
}
