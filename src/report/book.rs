//! What a report needs to know of the rules: titles and efforts for its readers, ancestors for the score.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rule::{
    Category, Fix, Frameworks, Level, Owner, Role, Rule, RuleId, RuleSet, Severity, Text, Verified,
};
use crate::score::{Method, Terms};
use crate::yaml::Diagnostic;

/// The rules a report was made with.
#[derive(Clone, Debug, Default)]
pub struct RuleBook {
    hash: String,
    profile: Option<String>,
    entries: BTreeMap<RuleId, (RuleEntry, Vec<RuleId>)>,
}

/// One rule, as reports list it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleEntry {
    /// The rule.
    pub id: RuleId,
    /// What its failure is called.
    pub title: Text,
    /// Why it matters, for a leader.
    pub why: Text,
    /// Its category.
    pub category: Category,
    /// How bad its failure is.
    pub severity: Severity,
    /// Whether it scores.
    pub level: Level,
    /// Who can fix it.
    pub owner: Owner,
    /// How long its fix takes, in minutes.
    pub minutes: u32,
    /// The rules it comes after.
    pub after: Vec<RuleId>,
    /// The first day it scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub effective_from: Option<Date>,
    /// How to fix a failure; absent in reports of before there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
    /// What it rests on.
    #[serde(default)]
    pub cites: Vec<Cited>,
}

/// A clause that a rule rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cited {
    /// The law, standard or RFC, by its id in `rules/frameworks/`.
    pub framework: String,
    /// Its title.
    pub title: Text,
    /// The clause.
    pub clause: String,
    /// What the clause says, in our own words.
    pub summary: Text,
    /// Why it matters, or where the number comes from.
    pub role: Role,
    /// How far somebody verified it.
    pub verified: Verified,
    /// When.
    #[schemars(with = "String", extend("format" = "date"))]
    pub checked_on: Date,
}

impl RuleBook {
    /// A book of rules with the hash of their set and the profile they were loaded under.
    pub fn new(
        hash: impl Into<String>,
        profile: Option<String>,
        entries: impl IntoIterator<Item = RuleEntry>,
    ) -> Self {
        let entries: BTreeMap<_, _> = entries.into_iter().map(|entry| (entry.id.clone(), entry)).collect();
        let ancestors: Vec<_> = entries.keys().map(|rule| ancestors(rule, &entries)).collect();
        let entries = entries.into_iter().zip(ancestors).map(|((id, entry), above)| (id, (entry, above)));
        Self { hash: hash.into(), profile, entries: entries.collect() }
    }

    /// The book of a rule set.
    pub fn of(rules: &RuleSet, profile: Option<String>) -> Self {
        let entry = |rule: &Rule| RuleEntry {
            id: rule.id.clone(),
            title: rule.title.clone(),
            why: rule.why.clone(),
            category: rule.category,
            severity: rule.severity,
            level: rule.level,
            owner: rule.owner,
            minutes: rule.effort.minutes(),
            after: rule.after.iter().map(|parent| parent.value.clone()).collect(),
            effective_from: rule.effective_from,
            fix: Some(rule.fix.clone()),
            cites: cited(rule, rules.frameworks()),
        };
        Self::new(rules.hash(), profile, rules.rules().iter().map(entry))
    }

    /// The hash of the rule set.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The profile.
    pub fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// Every rule, by id.
    pub fn entries(&self) -> impl Iterator<Item = &RuleEntry> {
        self.entries.values().map(|(entry, _)| entry)
    }

    /// What is wrong with a method for these rules; see [`Method::cap_faults`].
    pub fn cap_faults(&self, method: &Method) -> Vec<Diagnostic> {
        let scores =
            |entry: &RuleEntry| entry.level == Level::Required && method.severity_weight(entry.severity) > 0;
        method
            .cap_faults(self.entries.iter().map(|(id, (entry, above))| (id, scores(entry), above.as_slice())))
    }

    /// What a score needs of a rule.
    pub fn terms(&self, rule: &RuleId) -> Option<Terms<'_>> {
        self.entries.get(rule).map(|(entry, above)| Terms { ancestors: above, minutes: entry.minutes })
    }
}

fn cited(rule: &Rule, frameworks: &Frameworks) -> Vec<Cited> {
    let cited = rule.cites.iter().filter_map(|cite| {
        let framework = frameworks.get(&cite.reference)?;
        let clause = framework.clause(&cite.clause)?;
        Some(Cited {
            framework: cite.reference.clone(),
            title: framework.title.clone(),
            clause: cite.clause.clone(),
            summary: clause.summary.clone(),
            role: cite.role,
            verified: clause.verified,
            checked_on: clause.checked_on,
        })
    });
    cited.collect()
}

/// Every rule that one comes after, itself never among them, though the rules went in circles.
fn ancestors(rule: &RuleId, entries: &BTreeMap<RuleId, RuleEntry>) -> Vec<RuleId> {
    let mut found = BTreeSet::new();
    let mut open = vec![rule];
    while let Some(next) = open.pop() {
        let after = entries.get(next).map_or(&[][..], |entry| &entry.after);
        open.extend(after.iter().filter(|parent| *parent != rule && found.insert((*parent).clone())));
    }
    found.into_iter().collect()
}
