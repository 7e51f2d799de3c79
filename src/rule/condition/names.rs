//! The names that an expression may use at its top: facts of the site, of one endpoint, the rule's parameters.

use std::collections::BTreeMap;

use crate::observation::catalogue::{self, Member, Shape};

/// The names an expression may use at its top.
#[derive(Clone, Debug, Default)]
pub struct Names(BTreeMap<String, Member>);

impl Names {
    /// Facts of the whole site.
    pub fn site() -> Self {
        let Shape::Record(roots) = catalogue::observation() else { return Self::default() };
        let mut names = roots.clone();
        // the engine goes through the endpoints; a rule never does
        names.remove("endpoints");
        Self(names)
    }

    /// Facts of one endpoint, beside those of the site.
    pub fn endpoint() -> Self {
        let mut names = Self::site();
        names.0.extend(catalogue::endpoint_roots().into_iter().map(|(name, m)| (name.to_owned(), m)));
        names
    }

    /// What a name at the top stands for.
    pub(super) fn get(&self, name: &str) -> Option<&Member> {
        self.0.get(name)
    }

    /// The shape of what a name at the top stands for.
    pub fn shape(&self, name: &str) -> Option<&Shape> {
        self.0.get(name).map(|member| &member.shape)
    }

    /// Every name.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Adds the rule's own parameters as `params`.
    #[must_use]
    pub fn with_params(mut self, params: &serde_json::Map<String, serde_json::Value>) -> Self {
        let member = |shape| Member { shape, optional: false, attempt: false, doc: String::new(), order: 0 };
        let fields = params.iter().map(|(name, value)| (name.clone(), member(shape_of(value)))).collect();
        self.0.insert("params".to_owned(), member(Shape::Record(fields)));
        self
    }
}

/// The shape of a parameter, read off its value.
fn shape_of(value: &serde_json::Value) -> Shape {
    match value {
        serde_json::Value::Bool(_) => Shape::Bool,
        serde_json::Value::Number(_) => Shape::Int,
        serde_json::Value::Array(items) => Shape::List {
            element: Box::new(items.first().map_or(Shape::Text(Vec::new()), shape_of)),
            limit: items.len(),
            may_be_cut: false,
        },
        _ => Shape::Text(Vec::new()),
    }
}
