//! A rule's condition: an expression in CEL over facts. This folder is the only place that knows CEL.
//! Says true, false, unseen or faulty; never what that means for a site.

mod fact;
mod lint;
mod names;
mod operator;
mod shape;
mod syntax;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, LazyLock},
};

use cel::{
    Context, Env, IdedExpr,
    common::{
        ast::SourceInfo,
        types::{CelBool, CelDouble, CelInt, CelList, CelString, CelUInt},
        value::Val,
    },
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    language::{Text, text},
    observation::{Failure, Skip, catalogue},
};

pub use lint::Expected;
pub use names::Names;
pub(crate) use shape::kind;

/// The longest expression, in characters.
const MAX_TEXT: usize = 1_000;
/// The deepest nesting of brackets. The parser recurses with large frames: a dozen levels fill 2 MiB in a debug build.
const MAX_BRACKETS: usize = 8;
/// The deepest nesting of everything else, as the parser counts it.
const MAX_DEPTH: u16 = 40;

/// A compiled expression.
pub struct Condition {
    expression: IdedExpr,
    source: SourceInfo,
    text: Arc<str>,
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Condition({:?})", self.text)
    }
}

/// What is wrong with an expression, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Offset into the expression, in characters.
    pub offset: usize,
    /// What is wrong.
    pub message: Text,
    /// What to write instead.
    pub help: Option<Text>,
}

impl Mistake {
    /// A mistake at a character of the expression.
    pub(crate) fn new(offset: usize, message: impl Into<Text>, help: Option<Text>) -> Self {
        Self { offset, message: message.into(), help }
    }
}

/// What an expression makes of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision<T> {
    /// It could be decided.
    Decided(T),
    /// A fact it needs was not seen.
    Unseen(Unseen),
    /// The expression itself is faulty: our bug or the rule author's.
    Faulty(String),
}

/// Why a fact was not seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unseen {
    /// We tried.
    Failed(Failure),
    /// We did not try.
    Skipped(Skip),
}

impl Unseen {
    /// Reads `{"failed": …}` or `{"skipped": …}`.
    pub fn read(attempt: &Value) -> Option<Self> {
        let (key, why) = attempt.as_object()?.iter().next()?;
        match key.as_str() {
            // a newer khien may know more reasons than this one
            "failed" => Some(Self::Failed(
                serde_json::from_value(why.clone()).unwrap_or_else(|_| Failure::Unsupported(why.to_string())),
            )),
            "skipped" => serde_json::from_value(why.clone()).ok().map(Self::Skipped),
            _ => None,
        }
    }
}

/// Facts bound to names, borrowed from a document.
pub struct Facts<'v> {
    context: Context<'v, 'v>,
    values: BTreeMap<&'v str, &'v Value>,
}

impl<'v> Facts<'v> {
    /// No facts yet.
    pub fn new() -> Self {
        Self { context: Context::with_env(environment()), values: BTreeMap::new() }
    }

    /// Binds a name; a second binding of a name replaces the first.
    pub fn bind(&mut self, name: &'v str, value: &'v Value) {
        self.context.add_variable_as_val(name, fact::bind(value));
        self.values.insert(name, value);
    }

    /// The fact at a path and its value: `null`, at the path of the first key that is not there, where it is
    /// absent. Nothing where it was not seen.
    pub fn at(&self, keys: &[String]) -> Option<(String, Value)> {
        let (first, rest) = keys.split_first()?;
        let mut value = *self.values.get(first.as_str())?;
        let mut path = first.clone();
        for key in rest {
            if fact::is_unseen(value) {
                return None;
            }
            path = catalogue::join(&path, key);
            match value.get(key) {
                Some(inner) => value = inner,
                None => return Some((path, Value::Null)),
            }
        }
        if fact::is_unseen(value) {
            return None;
        }
        Some((path, value.get("items").unwrap_or(value).clone()))
    }
}

impl Default for Facts<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl Condition {
    /// Compiles an expression. Its names and types are checked by [`Condition::check`].
    pub fn parse(text: &str) -> Result<Self, Vec<Mistake>> {
        let too_much = |message: Text| {
            let help = ("tách thành hai quy tắc", "split the rule in two").into();
            Err(vec![Mistake::new(0, message, Some(help))])
        };
        if text.chars().count() > MAX_TEXT {
            return too_much(text!(
                "biểu thức dài hơn {MAX_TEXT} ký tự",
                "the expression is longer than {MAX_TEXT} characters"
            ));
        }
        if syntax::bracket_depth(text) > MAX_BRACKETS {
            return too_much(text!(
                "dấu ngoặc lồng nhau sâu hơn {MAX_BRACKETS} bậc",
                "brackets are nested deeper than {MAX_BRACKETS} levels"
            ));
        }
        let parser = environment().parser().max_recursion_depth(MAX_DEPTH);
        let (expression, source) =
            parser.parse_with_source_info(text).map_err(|errors| syntax::mistakes(text, &errors))?;
        Ok(Self { expression, source, text: text.into() })
    }

    /// The expression as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The top-level names it uses, loop variables left out.
    pub fn names(&self) -> Vec<&str> {
        syntax::free_names(&self.expression)
    }

    /// Whether the presence of an optional fact is needed for it to be true.
    pub fn needs_presence(&self) -> bool {
        syntax::needs_presence(&self.expression)
    }

    /// The keys of the fact, outermost first, where the expression is nothing but a fact's path.
    pub fn path(&self) -> Option<Vec<String>> {
        syntax::keys(&self.expression)
    }

    /// Checks names, types, guards, functions and the step budget.
    pub fn check(&self, names: &Names, expected: Expected) -> Vec<Mistake> {
        lint::check(&self.expression, &self.source, names, expected)
    }

    /// Decides a true-or-false expression.
    pub fn decide(&self, facts: &Facts<'_>) -> Decision<bool> {
        self.run(facts, |value| match value.downcast_ref::<CelBool>() {
            Some(truth) => Ok(*truth.inner()),
            None => Err(format!("`{}` is neither true nor false", self.text)),
        })
    }

    /// The value of an expression: a scalar or a list of scalars.
    pub fn value(&self, facts: &Facts<'_>) -> Decision<Value> {
        self.run(facts, |value| {
            json(value).ok_or_else(|| format!("`{}` is neither a scalar nor a list of scalars", self.text))
        })
    }

    fn run<T>(&self, facts: &Facts<'_>, read: impl FnOnce(&dyn Val) -> Result<T, String>) -> Decision<T> {
        match cel::Value::resolve_val(&self.expression, &facts.context) {
            Ok(value) => match read(value.as_ref()) {
                Ok(value) => Decision::Decided(value),
                Err(fault) => Decision::Faulty(fault),
            },
            Err(error) => match fact::unseen_reason(&error).map(unseen) {
                Some(Some(why)) => Decision::Unseen(why),
                Some(None) => Decision::Unseen(Unseen::Failed(Failure::OurBug(error.to_string()))),
                None => Decision::Faulty(error.to_string()),
            },
        }
    }
}

fn unseen(attempt: &str) -> Option<Unseen> {
    Unseen::read(&serde_json::from_str(attempt).ok()?)
}

fn json(value: &dyn Val) -> Option<Value> {
    if let Some(list) = value.downcast_ref::<CelList<'_>>() {
        return list.inner().iter().map(|v| scalar(v.as_ref())).collect::<Option<Vec<_>>>().map(Value::from);
    }
    scalar(value)
}

fn scalar(value: &dyn Val) -> Option<Value> {
    let text = value.downcast_ref::<CelString<'_>>().map(|s| Value::from(s.inner()));
    text.or_else(|| value.downcast_ref::<CelBool>().map(|b| Value::from(*b.inner())))
        .or_else(|| value.downcast_ref::<CelInt>().map(|i| Value::from(*i.inner())))
        .or_else(|| value.downcast_ref::<CelUInt>().map(|u| Value::from(*u.inner())))
        .or_else(|| value.downcast_ref::<CelDouble>().map(|d| Value::from(*d.inner())))
}

/// CEL as rules may use it: the standard library, without optional values.
fn environment() -> Arc<Env> {
    static ENVIRONMENT: LazyLock<Arc<Env>> =
        LazyLock::new(|| Arc::new(Env::stdlib().with_optional_support(false)));
    Arc::clone(&ENVIRONMENT)
}
