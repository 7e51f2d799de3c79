//! The catalogue of facts: the shape of an observation, read off the schema of the same structs.
//! The rule linter, `khien facts`, docs/facts.md and the JSON schema all come from here.

use std::{collections::BTreeMap, sync::LazyLock};

use schemars::{Schema, generate::SchemaSettings, transform::Transform};
use serde_json::Value;

use super::{Observations, X_ATTEMPT, X_LISTING};

/// How many elements a list without a stated limit is taken to have.
const UNSTATED_LIMIT: usize = 1_000;

/// What kind of value a fact has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// Text; one of these words where the list is not empty.
    Text(Vec<String>),
    /// A list, and how many elements it may have.
    List {
        /// What each element is.
        element: Box<Shape>,
        /// The most elements a probe keeps.
        limit: usize,
        /// Whether it may have been cut short (a `Listing`).
        may_be_cut: bool,
    },
    /// Named facts.
    Record(BTreeMap<String, Member>),
}

/// One named fact of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// What it is.
    pub shape: Shape,
    /// Whether it may be absent: `has(…)` comes first.
    pub optional: bool,
    /// Whether it may be unseen by itself (an `Attempt` of its own).
    pub attempt: bool,
    /// Its documentation, one paragraph.
    pub doc: String,
    /// Position in the struct, for lists in the order of the source.
    pub order: usize,
}

impl Shape {
    /// The word for it in messages and documentation.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Bool => "a truth value",
            Self::Int => "a number",
            Self::Text(words) if words.is_empty() => "text",
            Self::Text(_) => "a word",
            Self::List { .. } => "a list",
            Self::Record(_) => "a group of facts",
        }
    }
}

/// The JSON schema of one observation document (draft 2020-12).
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.root_schema_for::<Observations>();
    NeverNull.transform(&mut schema);
    schema.insert("$id".to_owned(), "khien.observations/1".into());
    schema.insert("title".to_owned(), "What khien saw of one site in one run".into());
    schema.to_value()
}

/// The shape of a whole observation document.
pub fn observation() -> &'static Shape {
    static SHAPE: LazyLock<Shape> = LazyLock::new(|| {
        let schema = schema();
        shape_of(&schema, &schema).shape
    });
    &SHAPE
}

/// One fact with its full path, as a rule names it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Path, `[]` after a list: `tls.versions["TLSv1.0"]`, `http.cookies[].secure`.
    pub path: String,
    /// The fact.
    pub member: Member,
}

/// Every fact, in the order of the source; those of an endpoint under `tls`, `certificate`, `endpoint`.
pub fn entries() -> Vec<Entry> {
    let mut out = Vec::new();
    let Shape::Record(roots) = observation() else { return out };
    for (name, member) in in_order(roots) {
        if name != "endpoints" {
            push_entries(&mut out, name, member);
        }
    }
    for (name, member) in endpoint_roots() {
        push_entries(&mut out, name, &member);
    }
    out
}

/// The names bound per endpoint: `tls`, `certificate` and `endpoint`.
pub fn endpoint_roots() -> Vec<(&'static str, Member)> {
    let Shape::Record(roots) = observation() else { return Vec::new() };
    let Some(Member { shape: Shape::List { element, .. }, doc, .. }) = roots.get("endpoints") else {
        return Vec::new();
    };
    let Shape::Record(fields) = element.as_ref() else { return Vec::new() };
    let endpoint = Member {
        shape: element.as_ref().clone(),
        optional: false,
        attempt: false,
        doc: doc.clone(),
        order: usize::MAX,
    };
    ["tls", "certificate"]
        .into_iter()
        .filter_map(|name| fields.get(name).map(|member| (name, member.clone())))
        .chain([("endpoint", endpoint)])
        .collect()
}

/// The members of a record in the order of the source.
pub fn in_order(fields: &BTreeMap<String, Member>) -> Vec<(&String, &Member)> {
    let mut all: Vec<_> = fields.iter().collect();
    all.sort_by_key(|(_, member)| member.order);
    all
}

/// `base.name`, or `base["name"]` where the name is no identifier.
pub fn join(base: &str, name: &str) -> String {
    let identifier = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match (base.is_empty(), identifier) {
        (true, _) => name.to_owned(),
        (false, true) => format!("{base}.{name}"),
        (false, false) => format!("{base}[\"{name}\"]"),
    }
}

fn push_entries(out: &mut Vec<Entry>, path: &str, member: &Member) {
    // `endpoint` holds what `tls` and `certificate` already list
    let skip =
        |name: &str| path == "endpoint" && matches!(name, "tls" | "certificate" | "second_certificate");
    out.push(Entry { path: path.to_owned(), member: member.clone() });
    let (shape, path) = match &member.shape {
        Shape::List { element, .. } => (element.as_ref(), format!("{path}[]")),
        shape => (shape, path.to_owned()),
    };
    if let Shape::Record(fields) = shape {
        for (name, field) in in_order(fields) {
            if !skip(name) {
                push_entries(out, &join(&path, name), field);
            }
        }
    }
}

/// A field that is absent is left out of the document, so `null` is never a value.
struct NeverNull;

impl Transform for NeverNull {
    fn transform(&mut self, schema: &mut Schema) {
        schemars::transform::transform_subschemas(self, schema);
        let Some(object) = schema.as_object_mut() else { return };
        if let Some(Value::Array(types)) = object.get_mut("type") {
            types.retain(|t| t != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                object.insert("type".to_owned(), only);
            }
        }
        let Some(Value::Array(any_of)) = object.get_mut("anyOf") else { return };
        any_of.retain(|s| s.get("type").is_none_or(|t| t != "null"));
        if let [Value::Object(only)] = any_of.as_slice() {
            let only = only.clone();
            object.remove("anyOf");
            for (key, value) in only {
                object.entry(key).or_insert(value);
            }
        }
    }
}

fn shape_of(root: &Value, schema: &Value) -> Member {
    let mut schema = schema;
    let mut doc = None;
    let mut limit = None;
    let mut attempt = false;
    let mut may_be_cut = false;
    // follow references and unwrap Attempt and Listing; the outermost documentation and limit count
    loop {
        doc = doc.or_else(|| schema.get("description").and_then(Value::as_str));
        limit = limit.or_else(|| schema.get("maxItems").and_then(Value::as_u64));
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            schema = root.pointer(target.trim_start_matches('#')).unwrap_or(&Value::Null);
        } else if schema.get(X_ATTEMPT).is_some() {
            attempt = true;
            schema = schema.pointer("/anyOf/2").unwrap_or(&Value::Null);
        } else if schema.get(X_LISTING).is_some() {
            may_be_cut = true;
            schema = schema.pointer("/properties/items").unwrap_or(&Value::Null);
        } else {
            break;
        }
    }
    let limit = limit.and_then(|n| usize::try_from(n).ok()).unwrap_or(UNSTATED_LIMIT);
    let shape = match schema.get("type").and_then(Value::as_str) {
        Some("boolean") => Shape::Bool,
        Some("integer" | "number") => Shape::Int,
        Some("array") => Shape::List {
            element: Box::new(shape_of(root, schema.get("items").unwrap_or(&Value::Null)).shape),
            limit,
            may_be_cut,
        },
        Some("object") => Shape::Record(fields_of(root, schema)),
        _ => Shape::Text(words_of(schema)),
    };
    let doc = doc.unwrap_or_default().split("\n\n").next().unwrap_or_default().replace('\n', " ");
    Member { shape, optional: false, attempt, doc, order: 0 }
}

fn fields_of(root: &Value, schema: &Value) -> BTreeMap<String, Member> {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flatten()
        .enumerate()
        .map(|(order, (name, schema))| {
            let member = shape_of(root, schema);
            (name.clone(), Member { optional: !required.contains(&name.as_str()), order, ..member })
        })
        .collect()
}

fn words_of(schema: &Value) -> Vec<String> {
    let words = |s: &Value| -> Vec<String> {
        let listed = s.get("enum").and_then(Value::as_array).into_iter().flatten();
        listed.chain(s.get("const")).filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut out = words(schema);
    for alternative in schema.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
        out.extend(words(alternative));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(path: &str) -> Member {
        entries().into_iter().find(|e| e.path == path).unwrap_or_else(|| panic!("no fact {path}")).member
    }

    #[test]
    fn attempts_listings_and_options_are_unwrapped() {
        let tls10 = find("tls.versions[\"TLSv1.0\"]");
        assert!(tls10.attempt && !tls10.optional);
        assert_eq!(tls10.shape, Shape::Text(vec!["offered".into(), "not_offered".into()]));
        assert!(tls10.doc.starts_with("TLS 1.0"), "{}", tls10.doc);
        let hsts = find("http.hsts");
        assert!(hsts.attempt && hsts.optional);
        assert!(find("http.hsts.max_age").optional);
        assert_eq!(find("http.hsts.max_age").shape, Shape::Int);
        let Shape::List { limit, may_be_cut, .. } = find("http.cookies").shape else { panic!() };
        assert_eq!((limit, may_be_cut), (super::super::limits::COOKIES, true));
        assert_eq!(find("http.cookies[].secure").shape, Shape::Bool);
    }

    #[test]
    fn every_fact_is_documented_and_every_list_is_limited() {
        for Entry { path, member } in entries() {
            assert!(!member.doc.is_empty(), "{path} has no documentation");
            if let Shape::List { limit, .. } = member.shape {
                assert_ne!(limit, UNSTATED_LIMIT, "{path} states no limit");
            }
        }
    }

    #[test]
    fn elements_of_a_list_that_may_be_cut_are_records() {
        // comparing a scalar cannot raise, so the unseen rest of a list of scalars would read as "not equal"
        for Entry { path, member } in entries() {
            if let Shape::List { element, may_be_cut: true, .. } = member.shape {
                assert!(matches!(*element, Shape::Record(_)), "{path} is a Listing of scalars");
            }
        }
    }

    #[test]
    fn null_is_never_a_value() {
        let text = schema().to_string();
        assert!(!text.contains("\"null\""), "{text}");
    }
}
