//! From a document to findings: each rule asked once per site or once per address, folded to one finding.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
};

use jiff::civil::Date;
use serde_json::{Value, json};

use super::{
    Evidence, Finding, Reason, Rule, RuleSet, Scope, Text, Verdict,
    condition::{Condition, Decision, Facts, Unseen},
};
use crate::observation::{Document, Failure, limits};
use crate::target;

/// The most pieces of evidence in one finding.
const MAX_EVIDENCE: usize = 20;
/// The most elements of a list that stands in evidence.
const MAX_ELEMENTS: usize = 20;

/// What one rule makes of one address, or of the whole site.
#[derive(Clone, Debug)]
struct Outcome {
    verdict: Verdict,
    reason: Option<Reason>,
    /// The rule, by its place in the set, that failed before this one.
    lost_to: Option<usize>,
    evidence: Vec<Evidence>,
}

impl Outcome {
    fn plain(verdict: Verdict, reason: Option<Reason>) -> Self {
        Self { verdict, reason, lost_to: None, evidence: Vec::new() }
    }

    fn failed_or_lost(&self, own: usize) -> Option<usize> {
        if self.verdict == Verdict::Fail { Some(own) } else { self.lost_to }
    }
}

impl RuleSet {
    /// Judges one document by every rule; one finding each, in the order of the set.
    pub fn evaluate(&self, document: &Document) -> Vec<Finding> {
        let mut site = Facts::new();
        for (name, value) in document.facts() {
            site.bind(name, value);
        }
        let mut endpoints: Vec<(&str, Facts<'_>)> = document
            .endpoints()
            .iter()
            .take(limits::ENDPOINTS)
            .flat_map(|endpoint| {
                let first = endpoint.get("certificate");
                // a server with two certificates is judged by both
                let second = endpoint.get("second_certificate").filter(|second| second.get("leaf").is_some());
                [Some((endpoint, first)), second.map(|second| (endpoint, Some(second)))]
            })
            .flatten()
            .map(|(endpoint, certificate)| {
                let mut facts = Facts::new();
                for (name, value) in document.facts() {
                    facts.bind(name, value);
                }
                for (part, value) in [("tls", endpoint.get("tls")), ("certificate", certificate)] {
                    if let Some(value) = value {
                        facts.bind(part, value);
                    }
                }
                facts.bind("endpoint", endpoint);
                (endpoint.get("address").and_then(Value::as_str).unwrap_or_default(), facts)
            })
            .collect();

        let today = target::local_date(document.at());
        let mut all: Vec<Vec<Outcome>> = Vec::with_capacity(self.rules().len());
        let mut findings = Vec::with_capacity(self.rules().len());
        for (index, rule) in self.rules().iter().enumerate() {
            let parents = self.parents(index);
            let outcomes = match rule.scope {
                Scope::Site => {
                    site.bind("params", &rule.params);
                    vec![ask(rule, &site, None, lost_to(&all, parents, None))]
                }
                Scope::Endpoint if endpoints.is_empty() => {
                    vec![no_endpoint(document, lost_to(&all, parents, None))]
                }
                Scope::Endpoint => endpoints
                    .iter_mut()
                    .enumerate()
                    .map(|(i, (address, facts))| {
                        facts.bind("params", &rule.params);
                        ask(rule, facts, Some(address), lost_to(&all, parents, Some(i)))
                    })
                    .collect(),
            };
            findings.push(self.finding(rule, fold(&outcomes), today));
            all.push(outcomes);
        }
        findings
    }

    fn finding(&self, rule: &Rule, outcome: Outcome, today: Date) -> Finding {
        let parent = outcome.lost_to.and_then(|index| self.rules().get(index)).map(|rule| rule.id.clone());
        Finding {
            rule: rule.id.clone(),
            category: rule.category,
            severity: rule.severity,
            level: rule.level,
            verdict: outcome.verdict,
            owner: rule.owner,
            waived: false,
            upcoming: rule.effective_from.is_some_and(|day| today < day),
            first_seen: None,
            as_of: None,
            reason: outcome.reason,
            parent,
            message: message(rule, &outcome),
            evidence: outcome.evidence,
        }
    }
}

fn message(rule: &Rule, outcome: &Outcome) -> Text {
    match (outcome.verdict, outcome.reason) {
        (Verdict::Fail, _) => rule.title.clone(),
        (verdict, reason) => plain_message(verdict, reason),
    }
}

type Messages = HashMap<(Verdict, Option<Reason>), Text>;

/// The message of whatever did not fail. There are few, and every site has most of them: each is made once.
fn plain_message(verdict: Verdict, reason: Option<Reason>) -> Text {
    static MESSAGES: LazyLock<Mutex<Messages>> = LazyLock::new(Mutex::default);
    let make = || {
        let words = reason.map(Reason::words);
        let because = |vi: &str, en: &str| match &words {
            Some(why) => Text::new(format!("{vi}: {}", why.vi), format!("{en}: {}", why.en)),
            None => Text::new(vi, en),
        };
        match verdict {
            Verdict::Pass | Verdict::Fail => Text::new("Đạt", "Pass"),
            Verdict::NotApplicable => because("Không áp dụng", "Not applicable"),
            Verdict::Inconclusive => because("Không kiểm tra được", "Could not check"),
        }
    };
    let mut messages = MESSAGES.lock().unwrap_or_else(PoisonError::into_inner);
    messages.entry((verdict, reason)).or_insert_with(make).clone()
}

/// The failed rule that a rule's weight is lost with, at one address or, without one, anywhere.
fn lost_to(all: &[Vec<Outcome>], parents: &[usize], endpoint: Option<usize>) -> Option<usize> {
    parents.iter().find_map(|&parent| {
        let outcomes = all.get(parent)?;
        match endpoint {
            Some(i) if outcomes.len() > 1 => outcomes.get(i)?.failed_or_lost(parent),
            _ => outcomes.iter().find_map(|outcome| outcome.failed_or_lost(parent)),
        }
    })
}

/// A rule about addresses where none is known.
fn no_endpoint(document: &Document, lost_to: Option<usize>) -> Outcome {
    if lost_to.is_some() {
        return lost(lost_to);
    }
    let why = document.facts().get("endpoints").filter(|v| v.is_object());
    let unseen = why.and_then(Unseen::read).unwrap_or(Unseen::Failed(Failure::NoAddress));
    inconclusive("endpoints", &unseen, None)
}

fn lost(lost_to: Option<usize>) -> Outcome {
    Outcome { lost_to, ..Outcome::plain(Verdict::NotApplicable, Some(Reason::ParentFailed)) }
}

fn inconclusive(fact: &str, unseen: &Unseen, address: Option<&str>) -> Outcome {
    let evidence =
        Evidence { fact: fact.to_owned(), value: json!(unseen), address: address.map(str::to_owned) };
    Outcome { evidence: vec![evidence], ..Outcome::plain(Verdict::Inconclusive, Some(unseen.into())) }
}

fn faulty(condition: &Condition, fault: &str) -> Outcome {
    let evidence = Evidence { fact: condition.text().to_owned(), value: fault.into(), address: None };
    Outcome { evidence: vec![evidence], ..Outcome::plain(Verdict::Inconclusive, Some(Reason::RuleError)) }
}

fn ask(rule: &Rule, facts: &Facts<'_>, address: Option<&str>, lost_to: Option<usize>) -> Outcome {
    if lost_to.is_some() {
        return lost(lost_to);
    }
    if let Some(applies) = &rule.applies {
        match applies.decide(facts) {
            Decision::Decided(true) => {}
            Decision::Decided(false) => {
                return Outcome::plain(Verdict::NotApplicable, Some(Reason::DoesNotApply));
            }
            Decision::Unseen(unseen) => return inconclusive(applies.text(), &unseen, address),
            Decision::Faulty(fault) => return faulty(applies, &fault),
        }
    }
    match rule.requires.decide(facts) {
        Decision::Decided(true) => Outcome::plain(Verdict::Pass, None),
        Decision::Decided(false) => {
            Outcome { evidence: evidence(rule, facts, address), ..Outcome::plain(Verdict::Fail, None) }
        }
        Decision::Unseen(unseen) => inconclusive(rule.requires.text(), &unseen, address),
        Decision::Faulty(fault) => faulty(&rule.requires, &fault),
    }
}

/// What decided a failure; never empty.
fn evidence(rule: &Rule, facts: &Facts<'_>, address: Option<&str>) -> Vec<Evidence> {
    let address = address.map(str::to_owned);
    let mut out: Vec<Evidence> = Vec::new();
    for condition in &rule.evidence {
        let seen = match condition.path() {
            Some(keys) => facts.at(&keys),
            None => match condition.value(facts) {
                Decision::Decided(value) => Some((condition.text().to_owned(), value)),
                // what was not seen cannot have decided the failure
                Decision::Unseen(_) | Decision::Faulty(_) => None,
            },
        };
        if let Some((fact, value)) = seen {
            let one = Evidence { fact, value: short(value), address: address.clone() };
            if !out.contains(&one) {
                out.push(one);
            }
        }
    }
    if out.is_empty() {
        out.push(Evidence { fact: rule.requires.text().to_owned(), value: false.into(), address });
    }
    out
}

/// Evidence is quoted, not dumped.
fn short(value: Value) -> Value {
    match value {
        Value::String(text) if text.chars().count() > limits::TEXT => {
            let mut cut: String = text.chars().take(limits::TEXT).collect();
            cut.push('…');
            Value::String(cut)
        }
        Value::Array(mut items) => {
            let more = items.len().saturating_sub(MAX_ELEMENTS);
            items.truncate(MAX_ELEMENTS);
            let mut items: Vec<Value> = items.into_iter().map(short).collect();
            if more > 0 {
                items.push(format!("… +{more}").into());
            }
            Value::Array(items)
        }
        other => other,
    }
}

/// One outcome over all addresses: fail if any fails, else lost, else inconclusive, else pass.
fn fold(outcomes: &[Outcome]) -> Outcome {
    let decisive = |outcome: &&Outcome| match (outcome.verdict, outcome.lost_to) {
        (Verdict::Fail, _) => 0,
        (Verdict::NotApplicable, Some(_)) => 1,
        (Verdict::Inconclusive, _) => 2,
        (Verdict::Pass, _) => 3,
        (Verdict::NotApplicable, None) => 4,
    };
    let Some(worst) = outcomes.iter().min_by_key(decisive) else {
        return Outcome::plain(Verdict::NotApplicable, Some(Reason::DoesNotApply));
    };
    let same = outcomes.iter().filter(|o| decisive(o) == decisive(&worst));
    let evidence = same.flat_map(|o| o.evidence.iter().cloned()).take(MAX_EVIDENCE).collect();
    Outcome { evidence, ..worst.clone() }
}
