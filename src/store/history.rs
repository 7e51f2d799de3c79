//! Verdicts over time: for each site and rule the streaks of one conclusive verdict. An inconclusive verdict begins
//! and ends none, and so does one lost with a failed parent: nothing was found out about the rule itself.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sqlx::SqliteConnection;

use super::{Store, StoreError, StoredRun, time, visit::site_number};
use crate::{
    observation::SiteName,
    report::SiteReport,
    rule::{Finding, RuleId, Verdict},
};

/// How long a conclusive verdict may stand in for later inconclusive ones.
pub const STANDS_FOR: SignedDuration = SignedDuration::from_hours(14 * 24);

/// One conclusive verdict for as long as it stayed the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streak {
    /// The verdict; never inconclusive.
    pub verdict: Verdict,
    /// When it was seen first.
    pub first: Timestamp,
    /// When it was seen last.
    pub last: Timestamp,
}

/// The last conclusive verdict, where today's is inconclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandIn {
    /// The verdict.
    pub verdict: Verdict,
    /// When it was seen last: to be printed beside it.
    pub at: Timestamp,
    /// Since when it was so.
    pub since: Timestamp,
}

/// The streaks of one site, by rule, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    rules: BTreeMap<RuleId, Vec<Streak>>,
}

impl History {
    /// The streaks of a rule, oldest first.
    pub fn streaks(&self, rule: &RuleId) -> &[Streak] {
        self.rules.get(rule).map_or(&[], Vec::as_slice)
    }

    /// The last conclusive verdict up to a moment, with the time it was last seen until then.
    pub fn last_conclusive(&self, rule: &RuleId, at: Timestamp) -> Option<Streak> {
        let streak = self.streaks(rule).iter().rfind(|streak| streak.first <= at)?;
        Some(Streak { last: streak.last.min(at), ..*streak })
    }

    /// Since when the rule has been failing without a break, where it is.
    pub fn failing_since(&self, rule: &RuleId, at: Timestamp) -> Option<Timestamp> {
        self.last_conclusive(rule, at)
            .filter(|streak| streak.verdict == Verdict::Fail)
            .map(|streak| streak.first)
    }

    /// Whether the rule failed before, and was then seen not to, at a moment where it fails.
    pub fn failed_before(&self, rule: &RuleId, at: Timestamp) -> bool {
        let earlier =
            self.streaks(rule).iter().filter(|streak| streak.last < at && streak.verdict == Verdict::Fail);
        let now = self.failing_since(rule, at);
        earlier.into_iter().any(|streak| now.is_none_or(|since| streak.first < since))
    }

    /// What stands in for an inconclusive verdict of this moment: the last conclusive one, unless it is older than
    /// [`STANDS_FOR`]. Nothing where the history goes on beyond that moment.
    pub fn stands_in(&self, rule: &RuleId, at: Timestamp) -> Option<StandIn> {
        let streak = self.streaks(rule).iter().rfind(|streak| streak.first <= at)?;
        let recent = streak.last <= at && at.duration_since(streak.last) <= STANDS_FOR;
        recent.then_some(StandIn { verdict: streak.verdict, at: streak.last, since: streak.first })
    }

    /// Fills in since when each failing finding has been failing; gives what stands in for the inconclusive ones.
    /// The history is that before the report.
    pub fn fill(&self, report: &mut SiteReport) -> BTreeMap<RuleId, StandIn> {
        let at = report.at;
        let mut stand_ins = BTreeMap::new();
        for finding in &mut report.findings {
            if finding.first_seen.is_some() {
                Arc::make_mut(finding).first_seen = None;
            }
            match finding.verdict {
                Verdict::Fail => {
                    let since = self.failing_since(&finding.rule, at).unwrap_or(at);
                    Arc::make_mut(finding).first_seen = Some(since);
                }
                Verdict::Inconclusive => {
                    if let Some(stand_in) = self.stands_in(&finding.rule, at) {
                        stand_ins.insert(finding.rule.clone(), stand_in);
                    }
                }
                Verdict::Pass | Verdict::NotApplicable => {}
            }
        }
        stand_ins
    }
}

impl Store {
    /// The history of a site, as seen from where a run stood.
    pub async fn history(&self, run: &StoredRun, site: &SiteName) -> Result<History, StoreError> {
        let mut connection = self.connection().await;
        let Some(site) = site_number(run, site, &mut connection).await? else {
            return Ok(History::default());
        };
        of(site, &mut connection).await
    }
}

/// What a finding says about its rule: nothing where that could not be found out.
pub(super) fn conclusive(finding: &Finding) -> Option<Verdict> {
    match finding.verdict {
        Verdict::Inconclusive => None,
        Verdict::NotApplicable if finding.is_lost() => None,
        verdict => Some(verdict),
    }
}

/// The history of a site by its number.
pub(super) async fn of(site: i64, connection: &mut SqliteConnection) -> Result<History, StoreError> {
    let rows: Vec<(String, i64, i64, String)> = sqlx::query_as(
        "SELECT rule, first_at, last_at, verdict FROM streak WHERE site = ?1 ORDER BY rule, first_at",
    )
    .bind(site)
    .fetch_all(connection)
    .await?;
    let mut history = History::default();
    for (rule, first, last, verdict) in rows {
        let rule = RuleId::parse(&rule).map_err(|error| StoreError::Corrupt(format!("history: {error}")))?;
        let verdict = match verdict.as_str() {
            "pass" => Verdict::Pass,
            "fail" => Verdict::Fail,
            _ => Verdict::NotApplicable,
        };
        let streak = Streak { verdict, first: time::from_sql(first), last: time::from_sql(last) };
        history.rules.entry(rule).or_default().push(streak);
    }
    Ok(history)
}

/// Carries the streaks of a site on. What is older than a streak's end changes nothing: `--now` and resumed runs may
/// bring the past after the present.
pub(super) async fn extend(
    site: i64,
    at: i64,
    findings: &[Arc<Finding>],
    connection: &mut SqliteConnection,
) -> Result<(), StoreError> {
    let pair = |finding: &Arc<Finding>| {
        let word = match conclusive(finding)? {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::NotApplicable => "not_applicable",
            Verdict::Inconclusive => return None,
        };
        Some(serde_json::json!([finding.rule.as_str(), word]))
    };
    let verdicts = findings.iter().filter_map(pair).collect::<serde_json::Value>().to_string();
    sqlx::query(
        "UPDATE streak SET last_at = ?2 FROM json_each(?3) AS now
         WHERE site = ?1 AND rule = now.value ->> 0 AND verdict = now.value ->> 1 AND last_at < ?2
         AND first_at = (SELECT max(first_at) FROM streak AS s WHERE s.site = ?1 AND s.rule = streak.rule)",
    )
    .bind(site)
    .bind(at)
    .bind(&verdicts)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO streak (site, rule, first_at, last_at, verdict)
         SELECT ?1, now.value ->> 0, ?2, ?2, now.value ->> 1 FROM json_each(?3) AS now
         WHERE NOT EXISTS (
             SELECT 1 FROM streak AS s WHERE s.site = ?1 AND s.rule = now.value ->> 0
             AND (s.last_at > ?2 OR (s.last_at = ?2 AND s.verdict = now.value ->> 1)))
         ON CONFLICT DO UPDATE SET verdict = excluded.verdict",
    )
    .bind(site)
    .bind(at)
    .bind(&verdicts)
    .execute(connection)
    .await?;
    Ok(())
}
