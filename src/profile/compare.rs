//! A server's facts beside a profile: the worst level of all its tests, with every word or number that falls short, and
//! what could not be compared.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Profile, Subject,
    definition::Test,
    subject::{Facts, Seen},
};
use crate::{
    observation::{Attempt, Certificate, Protocol, Tls},
    rule::Reason,
};

/// How a server compares with a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The place of the worst level found, in [`Profile::levels`]; 0 is the best.
    pub level: usize,
    /// What falls short of the best level, worst first.
    pub shortfalls: Vec<Shortfall>,
    /// What could not be compared, wholly or in part: the true level may be worse.
    pub missing: Vec<Missing>,
}

/// One thing that falls short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// The level it has.
    pub level: usize,
    /// What it is about.
    pub subject: Subject,
    /// Of suites: only in these versions; empty where every version counts.
    pub versions: Vec<Protocol>,
    /// What was seen.
    pub told: Told,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// These words, as the facts have them.
    Has(Vec<String>),
    /// None of these.
    Lacks(Vec<String>),
    /// This number, where at least that is wanted.
    TooSmall(u32, u32),
    /// This number, where at most that is wanted.
    TooLarge(u32, u32),
}

/// Something that could not be compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Missing {
    /// What it is about.
    pub subject: Subject,
    /// Why.
    pub reason: Reason,
}

impl Comparison {
    /// Whether everything that the profile's tests ask for was seen.
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty()
    }
}

/// Compares what was seen at one address with a profile; nothing where the port speaks no TLS.
pub fn compare(profile: &Profile, tls: &Tls, certificate: &Attempt<Certificate>) -> Option<Comparison> {
    if !tls.offered {
        return None;
    }
    let facts = Facts { tls, certificate };
    let mut all = Comparison { level: 0, shortfalls: Vec::new(), missing: Vec::new() };
    for test in &profile.tests {
        all.take(test, facts);
    }
    all.shortfalls.retain(|shortfall| shortfall.level > 0);
    all.shortfalls.sort_by_key(|shortfall| std::cmp::Reverse(shortfall.level));
    all.level = all.shortfalls.first().map_or(0, |shortfall| shortfall.level);
    Some(all)
}

impl Comparison {
    fn take(&mut self, test: &Test, facts: Facts<'_>) {
        match test {
            Test::Each { subject, versions, lists, unranked, otherwise } => {
                let Seen { values, gap } = subject.words_of(facts, versions);
                self.note(*subject, gap);
                for word in values.into_iter().filter(|word| !unranked.contains(word)) {
                    let level = lists.iter().find(|(_, of)| of.contains(&word)).map(|(level, _)| *level);
                    if let Some(level) = level.or(*otherwise) {
                        self.has(level, *subject, versions, word);
                    }
                }
            }
            Test::Some { subject, versions, of, otherwise } => {
                let Seen { values, gap } = subject.words_of(facts, versions);
                if values.iter().any(|word| of.contains(word)) {
                    return;
                }
                if gap.is_some() {
                    self.note(*subject, gap);
                } else {
                    self.add(*otherwise, *subject, versions, Told::Lacks(of.clone()));
                }
            }
            Test::Bound { subject, least, bounds, otherwise } => {
                let Seen { values, gap } = subject.numbers_of(facts);
                self.note(*subject, gap);
                let worst = if *least { values.iter().min() } else { values.iter().max() };
                let (Some(worst), Some((_, wanted))) = (worst, bounds.first()) else { return };
                let keeps = |bound: u32| if *least { *worst >= bound } else { *worst <= bound };
                let level =
                    bounds.iter().find(|(_, bound)| keeps(*bound)).map_or(*otherwise, |(level, _)| *level);
                let told =
                    if *least { Told::TooSmall(*worst, *wanted) } else { Told::TooLarge(*worst, *wanted) };
                self.add(level, *subject, &[], told);
            }
        }
    }

    fn note(&mut self, subject: Subject, gap: Option<Reason>) {
        let Some(reason) = gap else { return };
        let missing = Missing { subject, reason };
        if !self.missing.contains(&missing) {
            self.missing.push(missing);
        }
    }

    /// One more word of a level and subject, beside those there are.
    fn has(&mut self, level: usize, subject: Subject, versions: &[Protocol], word: String) {
        let same = |s: &&mut Shortfall| s.level == level && s.subject == subject && s.versions == versions;
        if let Some(Shortfall { told: Told::Has(words), .. }) = self.shortfalls.iter_mut().find(same) {
            words.push(word);
        } else {
            self.add(level, subject, versions, Told::Has(vec![word]));
        }
    }

    fn add(&mut self, level: usize, subject: Subject, versions: &[Protocol], told: Told) {
        self.shortfalls.push(Shortfall { level, subject, versions: versions.to_vec(), told });
    }
}
