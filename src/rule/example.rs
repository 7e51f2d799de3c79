//! A rule's examples: documents made of the few facts given, and what the rule makes of them.

use serde_json::{Map, Value, json};

use super::{
    Example, Finding, Names, Reason, Rule, RuleSet, Verdict,
    condition::{Mistake, kind},
};
use crate::{
    language::text,
    observation::{Document, DocumentError, SCHEMA, catalogue::Shape},
    yaml::{did_you_mean, nearest},
};

/// One example that did not come out as written.
#[derive(Clone, Debug)]
pub struct Mismatch {
    /// The example.
    pub example: Example,
    /// What came out, or why its facts make no document.
    pub found: Result<Finding, String>,
}

impl RuleSet {
    /// Runs a rule's examples, without the rules that come before it: each shows what the rule itself makes of facts.
    /// One that is to be not applicable may be so because of those, and is then shown to all of them.
    pub fn mismatches(&self, rule: &Rule) -> Vec<Mismatch> {
        let alone = Self::of_one(Rule { after: Vec::new(), ..rule.clone() });
        let mut out = Vec::new();
        for example in &rule.examples {
            let document = match document(&example.given) {
                Ok(document) => document,
                Err(error) => {
                    out.push(Mismatch { example: example.clone(), found: Err(error.to_string()) });
                    continue;
                }
            };
            let holds = |finding: &Finding| {
                finding.verdict == example.expect && finding.reason != Some(Reason::RuleError)
            };
            let Some(found) = alone.evaluate(&document).pop() else { continue };
            let lost = || self.evaluate(&document).iter().any(|f| f.rule == rule.id && holds(f));
            if !(holds(&found) || example.expect == Verdict::NotApplicable && lost()) {
                out.push(Mismatch { example: example.clone(), found: Ok(found) });
            }
        }
        out
    }
}

/// A document with the facts given; what is not given was not asked for.
fn document(given: &Map<String, Value>) -> Result<Document, DocumentError> {
    let mut facts = Map::new();
    let mut endpoint = Map::new();
    for (name, value) in given {
        match (name.as_str(), value) {
            ("tls" | "certificate", value) => drop(endpoint.insert(name.clone(), value.clone())),
            ("endpoint", Value::Object(parts)) => endpoint.extend(parts.clone()),
            _ => drop(facts.insert(name.clone(), value.clone())),
        }
    }
    let skipped = || json!({"skipped": "not_requested"});
    for part in ["tls", "certificate", "http"] {
        endpoint.entry(part).or_insert_with(skipped);
    }
    endpoint.entry("address").or_insert_with(|| json!("192.0.2.1"));
    facts.entry("endpoints").or_insert_with(|| Value::Array(vec![Value::Object(endpoint)]));
    for part in ["dns", "http"] {
        facts.entry(part).or_insert_with(skipped);
    }
    facts.entry("schema").or_insert_with(|| SCHEMA.into());
    facts.entry("site").or_insert_with(|| json!({"host": "site.example", "port": 443}));
    facts.entry("vantage").or_insert_with(|| json!({"name": "example", "inside": false}));
    facts.entry("at").or_insert_with(|| json!("2026-11-24T00:00:00Z"));
    Document::from_facts(facts)
}

/// Facts in an example that the catalogue does not know, or of another type.
pub(super) fn unknown_facts(given: &Map<String, Value>, names: &Names) -> Vec<Mistake> {
    let mut out = Vec::new();
    for (name, value) in given {
        match names.shape(name) {
            Some(shape) => compare(value, shape, name, &mut out),
            None if name == "endpoints" => {
                let endpoint_names = Names::endpoint();
                for (endpoint, shape) in value
                    .as_array()
                    .into_iter()
                    .flatten()
                    .zip(std::iter::repeat(endpoint_names.shape("endpoint")))
                {
                    if let Some(shape) = shape {
                        compare(endpoint, shape, "endpoints[]", &mut out);
                    }
                }
            }
            None => out.push(no_fact(name, names.all())),
        }
    }
    out
}

fn no_fact<'n>(path: &str, known: impl Iterator<Item = &'n str>) -> Mistake {
    let word = path.rsplit('.').next().unwrap_or(path);
    let message = text!(
        "ví dụ đưa ra `{path}`, không phải dữ kiện mà quy tắc này thấy được",
        "an example gives `{path}`, which is no fact this rule can see"
    );
    Mistake::new(0, message, nearest(word, known).map(did_you_mean))
}

fn compare(value: &Value, shape: &Shape, path: &str, out: &mut Vec<Mistake>) {
    let unseen = value
        .as_object()
        .is_some_and(|m| m.len() == 1 && (m.contains_key("failed") || m.contains_key("skipped")));
    if unseen {
        let known = match value.get("failed") {
            Some(why) => serde_json::from_value::<crate::observation::Failure>(why.clone()).map(drop),
            None => serde_json::from_value::<crate::observation::Skip>(value["skipped"].clone()).map(drop),
        };
        if let Err(error) = known {
            let message =
                text!("`{path}`: lý do không quan sát được này chưa có: {error}", "`{path}`: {error}");
            out.push(Mistake::new(0, message, None));
        }
        return;
    }
    let good = match (shape, value) {
        (Shape::Bool, Value::Bool(_)) | (Shape::Int, Value::Number(_)) => true,
        (Shape::Text(words), Value::String(word)) => words.is_empty() || words.contains(word),
        (Shape::Record(fields), Value::Object(given)) => {
            for (name, value) in given {
                let path = format!("{path}.{name}");
                match fields.get(name) {
                    Some(member) => compare(value, &member.shape, &path, out),
                    None => out.push(no_fact(&path, fields.keys().map(String::as_str))),
                }
            }
            true
        }
        (Shape::List { element, may_be_cut, .. }, value) => {
            let items = if *may_be_cut { value.get("items") } else { Some(value) };
            items
                .and_then(Value::as_array)
                .map(|items| {
                    for item in items {
                        compare(item, element, &format!("{path}[]"), out);
                    }
                })
                .is_some()
        }
        _ => false,
    };
    if !good {
        let wanted = match shape {
            Shape::Text(words) if !words.is_empty() => {
                text!("một trong {words}", "one of {words}", words = words.join(", "))
            }
            Shape::List { may_be_cut: true, .. } => {
                ("một danh sách ghi dạng {items: […]}", "a list written as {items: […]}").into()
            }
            shape => kind(shape),
        };
        let message = text!(
            "`{path}` phải là {wanted}, không phải {value}",
            "`{path}` is {wanted}, not {value}";
            wanted = wanted
        );
        out.push(Mistake::new(0, message, None));
    }
}
