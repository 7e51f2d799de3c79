//! A CEL value over a borrowed JSON document: nothing is copied, and touching what was not seen raises.
//! This is where "could not look" becomes an error that CEL's `&&`, `||`, `all` and `exists` absorb.

use std::sync::Arc;

use cel::{
    ExecutionError,
    common::{
        traits::{Container, Indexer, Iterable, Iterator as ValIterator, Sizer},
        types::{CelBool, CelDouble, CelInt, CelNull, CelString, CelUInt, LIST_TYPE, MAP_TYPE, Type},
        value::{CowVal, Val},
    },
};
use serde_json::Value;

/// The name under which an unseen fact travels through CEL's errors.
const UNSEEN: &str = "khien.unseen";

/// Binds a JSON value for CEL.
pub(super) fn bind(value: &Value) -> Box<dyn Val + '_> {
    item(value).boxed()
}

/// The reason, as the JSON of `{"failed": …}` or `{"skipped": …}`, where the error is an unseen fact.
pub(super) fn unseen_reason(error: &ExecutionError) -> Option<&str> {
    match error {
        ExecutionError::FunctionError { function, message } if function == UNSEEN => Some(message),
        _ => None,
    }
}

/// Whether this is `{"failed": …}` or `{"skipped": …}`.
pub(super) fn is_unseen(value: &Value) -> bool {
    value.as_object().is_some_and(|m| m.len() == 1 && (m.contains_key("failed") || m.contains_key("skipped")))
}

fn raise(attempt: &Value) -> ExecutionError {
    ExecutionError::FunctionError { function: UNSEEN.to_owned(), message: attempt.to_string() }
}

fn no_such_key(key: &str) -> ExecutionError {
    ExecutionError::NoSuchKey(Arc::new(key.to_owned()))
}

#[derive(Clone, Debug)]
enum Item<'v> {
    Null(CelNull),
    Bool(CelBool),
    Int(CelInt),
    UInt(CelUInt),
    Double(CelDouble),
    Text(CelString<'v>),
    Record(Record<'v>),
    List(List<'v>),
    Unseen(Unseen<'v>),
}

fn item(value: &Value) -> Item<'_> {
    match value {
        Value::Null => Item::Null(CelNull),
        Value::Bool(b) => Item::Bool((*b).into()),
        Value::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(i), _) => Item::Int(i.into()),
            (None, Some(u)) => Item::UInt(u.into()),
            (None, None) => Item::Double(n.as_f64().unwrap_or(f64::NAN).into()),
        },
        Value::String(s) => Item::Text(s.as_str().into()),
        Value::Array(items) => Item::List(List { items: items.iter().map(item).collect(), incomplete: None }),
        Value::Object(_) if is_unseen(value) => Item::Unseen(Unseen { attempt: value, inner: None }),
        Value::Object(fields) => match (fields.get("items"), fields.get("incomplete")) {
            (Some(Value::Array(items)), incomplete) => Item::List(List::cut(items, incomplete)),
            _ => Item::Record(Record(fields)),
        },
    }
}

impl<'v> Item<'v> {
    fn as_val(&self) -> &(dyn Val + 'v) {
        match self {
            Self::Null(x) => x,
            Self::Bool(x) => x,
            Self::Int(x) => x,
            Self::UInt(x) => x,
            Self::Double(x) => x,
            Self::Text(x) => x,
            Self::Record(x) => x,
            Self::List(x) => x,
            Self::Unseen(x) => x,
        }
    }

    fn boxed(self) -> Box<dyn Val + 'v> {
        match self {
            Self::Null(x) => Box::new(x),
            Self::Bool(x) => Box::new(x),
            Self::Int(x) => Box::new(x),
            Self::UInt(x) => Box::new(x),
            Self::Double(x) => Box::new(x),
            Self::Text(x) => Box::new(x),
            Self::Record(x) => Box::new(x),
            Self::List(x) => Box::new(x),
            Self::Unseen(x) => Box::new(x),
        }
    }
}

/// What every kind of value here does alike.
macro_rules! indexable {
    ($name:ident, $cel_type:ident) => {
        fn get_type(&self) -> &Type {
            &$cel_type
        }
        fn cel_type() -> &'static Type {
            &$cel_type
        }
        fn clone_as_boxed<'w>(&self) -> Box<dyn Val + 'w>
        where
            Self: 'w,
        {
            Box::new(self.clone())
        }
        fn as_indexer<'b, 'w>(&'b self) -> Option<&'b (dyn Indexer + 'w)>
        where
            Self: 'w,
        {
            Some(self)
        }
        fn into_indexer<'w>(self: Box<Self>) -> Option<Box<dyn Indexer + 'w>>
        where
            Self: 'w,
        {
            Some(self)
        }
    };
}

/// Named facts.
#[derive(Clone, Copy, Debug)]
struct Record<'v>(&'v serde_json::Map<String, Value>);

impl<'v> Record<'v> {
    fn find(self, key: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError> {
        let key = key.downcast_ref::<CelString<'_>>().ok_or_else(|| no_such_key("?"))?.inner();
        let value = self.0.get(key).ok_or_else(|| no_such_key(key))?;
        if is_unseen(value) { Err(raise(value)) } else { Ok(bind(value)) }
    }
}

impl Val for Record<'_> {
    indexable!(Record, MAP_TYPE);
    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }
}

impl Indexer for Record<'_> {
    fn get<'b, 'w>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'w>, ExecutionError>
    where
        Self: 'w,
    {
        Ok(CowVal::Owned(self.find(key)?))
    }
    fn steal<'w>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'w>, ExecutionError>
    where
        Self: 'w,
    {
        self.find(key)
    }
}

impl Container for Record<'_> {
    fn contains(&self, key: &dyn Val) -> Result<bool, ExecutionError> {
        match self.find(key) {
            Ok(_) => Ok(true),
            Err(ExecutionError::NoSuchKey(_)) => Ok(false),
            Err(unseen) => Err(unseen),
        }
    }
}

/// A fact that was not seen, or the unseen rest of a list: whatever is asked of it raises.
#[derive(Clone, Debug)]
struct Unseen<'v> {
    attempt: &'v Value,
    /// For the rest of a list: the reason as an attempt, which stands nowhere in the document.
    inner: Option<Arc<Value>>,
}

impl Unseen<'_> {
    fn raise(&self) -> ExecutionError {
        raise(self.inner.as_deref().unwrap_or(self.attempt))
    }
}

impl Val for Unseen<'_> {
    indexable!(Unseen, MAP_TYPE);
    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }
}

impl Indexer for Unseen<'_> {
    fn get<'b, 'w>(&'b self, _: &dyn Val) -> Result<CowVal<'b, 'w>, ExecutionError>
    where
        Self: 'w,
    {
        Err(self.raise())
    }
    fn steal<'w>(self: Box<Self>, _: &dyn Val) -> Result<Box<dyn Val + 'w>, ExecutionError>
    where
        Self: 'w,
    {
        Err(self.raise())
    }
}

impl Container for Unseen<'_> {
    fn contains(&self, _: &dyn Val) -> Result<bool, ExecutionError> {
        Err(self.raise())
    }
}

/// A list; one that was cut short ends in an unseen element.
#[derive(Clone, Debug)]
struct List<'v> {
    items: Vec<Item<'v>>,
    incomplete: Option<Arc<Value>>,
}

impl<'v> List<'v> {
    fn cut(items: &'v [Value], incomplete: Option<&'v Value>) -> Self {
        let mut list = Self { items: items.iter().map(item).collect(), incomplete: None };
        if let Some(why) = incomplete {
            let attempt = Arc::new(serde_json::json!({ "failed": why }));
            list.incomplete = Some(Arc::clone(&attempt));
            list.items.push(Item::Unseen(Unseen { attempt: why, inner: Some(attempt) }));
        }
        list
    }
}

impl Val for List<'_> {
    indexable!(List, LIST_TYPE);
    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }
    fn as_sizer(&self) -> Option<&dyn Sizer> {
        // a list that was cut short has no known size; the linter refuses size() on every Listing
        if self.incomplete.is_some() { None } else { Some(self) }
    }
    fn as_iterable<'b, 'w>(&'b self) -> Option<&'b (dyn Iterable + 'w)>
    where
        Self: 'w,
    {
        Some(self)
    }
}

impl Indexer for List<'_> {
    fn get<'b, 'w>(&'b self, index: &dyn Val) -> Result<CowVal<'b, 'w>, ExecutionError>
    where
        Self: 'w,
    {
        let index = index.downcast_ref::<CelInt>().map_or(-1, |i| *i.inner());
        match usize::try_from(index).ok().and_then(|i| self.items.get(i)) {
            Some(Item::Unseen(unseen)) => Err(unseen.raise()),
            Some(found) => Ok(CowVal::Borrowed(found.as_val())),
            None => Err(self.incomplete.as_deref().map_or_else(|| no_such_key(&index.to_string()), raise)),
        }
    }
    fn steal<'w>(self: Box<Self>, index: &dyn Val) -> Result<Box<dyn Val + 'w>, ExecutionError>
    where
        Self: 'w,
    {
        Ok(self.get(index)?.into_owned())
    }
}

impl Container for List<'_> {
    fn contains(&self, value: &dyn Val) -> Result<bool, ExecutionError> {
        if self.items.iter().any(|i| i.as_val().equals(value)) {
            return Ok(true);
        }
        self.incomplete.as_deref().map_or(Ok(false), |why| Err(raise(why)))
    }
}

impl Sizer for List<'_> {
    fn size(&self) -> CelInt {
        i64::try_from(self.items.len()).unwrap_or(i64::MAX).into()
    }
}

impl Iterable for List<'_> {
    fn iter<'b, 'w>(&'b self) -> Box<dyn ValIterator<'b, 'w> + 'b>
    where
        Self: 'w,
    {
        Box::new(Items(self.items.iter()))
    }
}

struct Items<'b, 'v>(std::slice::Iter<'b, Item<'v>>);

impl<'b, 'v, 'w> ValIterator<'b, 'w> for Items<'b, 'v>
where
    'v: 'w,
{
    fn next(&mut self) -> Option<&'b (dyn Val + 'w)> {
        self.0.next().map(|item| item.as_val() as &(dyn Val + 'w))
    }
}
