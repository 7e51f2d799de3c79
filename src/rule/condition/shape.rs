//! The types that the linter gives to parts of an expression, and the functions a rule may call.

use cel::common::ast::LiteralValue;

use crate::{language::Text, observation::catalogue::Shape};

/// The type of a part of an expression.
#[derive(Clone, Debug)]
pub(super) enum Type<'s> {
    /// A fact, or what a function gives.
    Known(&'s Shape),
    /// A list made by the expression, and how many elements it may have.
    List(Box<Type<'s>>, usize),
    /// Something is wrong already; say no more.
    Unknown,
}

/// A type, and the path of an optional fact that must be guarded before use.
pub(super) struct Typed<'s> {
    pub(super) of: Type<'s>,
    pub(super) optional: Option<String>,
}

impl<'s> From<Type<'s>> for Typed<'s> {
    fn from(of: Type<'s>) -> Self {
        Self { of, optional: None }
    }
}

const TEXT: &Shape = &Shape::Text(Vec::new());

impl<'s> Type<'s> {
    pub(super) const BOOL: Self = Self::Known(&Shape::Bool);
    pub(super) const INT: Self = Self::Known(&Shape::Int);
    pub(super) const TEXT: Self = Self::Known(TEXT);

    pub(super) fn kind(&self) -> Text {
        match self {
            Self::Known(shape) => kind(shape),
            Self::List(..) => ("một danh sách", "a list").into(),
            Self::Unknown => ("thứ chưa rõ loại", "something unknown").into(),
        }
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self, Self::List(..) | Self::Known(Shape::List { .. }))
    }

    pub(super) fn may_be_cut(&self) -> bool {
        matches!(self, Self::Known(Shape::List { may_be_cut: true, .. }))
    }

    pub(super) fn element(&self) -> Option<Type<'s>> {
        match self {
            Self::Known(Shape::List { element, .. }) => Some(Self::Known(element)),
            Self::List(element, _) => Some((**element).clone()),
            Self::Known(_) | Self::Unknown => None,
        }
    }

    pub(super) fn limit_usize(&self) -> usize {
        match self {
            // one more for the unseen rest of a list that was cut short
            Self::Known(Shape::List { limit, .. }) => limit.saturating_add(1),
            Self::List(_, limit) => *limit,
            Self::Known(_) | Self::Unknown => 1,
        }
    }

    pub(super) fn limit(&self) -> u64 {
        u64::try_from(self.limit_usize()).unwrap_or(u64::MAX)
    }

    pub(super) fn same_kind(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => true,
            (Self::Known(a), Self::Known(b)) => match (a, b) {
                (Shape::Text(_), Shape::Text(_)) => true,
                (Shape::Record(_) | Shape::List { .. }, _) => false,
                (a, b) => a == b,
            },
            _ => false,
        }
    }

    pub(super) fn is_scalar_or_list_of_scalars(&self) -> bool {
        let scalar =
            |t: &Self| matches!(t, Self::Known(Shape::Bool | Shape::Int | Shape::Text(_)) | Self::Unknown);
        scalar(self) || self.element().is_some_and(|e| scalar(&e))
    }
}

/// What kind of value a fact has, as [`Shape::kind`] says it in English.
pub(crate) fn kind(shape: &Shape) -> Text {
    let vi = match shape {
        Shape::Bool => "giá trị đúng hoặc sai",
        Shape::Int => "một số",
        Shape::Text(words) if words.is_empty() => "đoạn chữ",
        Shape::Text(_) => "một từ",
        Shape::List { .. } => "một danh sách",
        Shape::Record(_) => "một nhóm dữ kiện",
    };
    Text::new(vi, shape.kind())
}

pub(super) fn literal_type<'s>(literal: &LiteralValue) -> Type<'s> {
    match literal {
        LiteralValue::Boolean(_) => Type::BOOL,
        LiteralValue::Int(_) | LiteralValue::UInt(_) | LiteralValue::Double(_) => Type::INT,
        LiteralValue::String(_) => Type::TEXT,
        LiteralValue::Bytes(_) | LiteralValue::Null => Type::Unknown,
    }
}

/// A function of CEL's standard library that cannot fail at run time on checked operands.
pub(super) struct Function {
    pub(super) name: &'static str,
    /// How many arguments beside what it works on; all are text.
    pub(super) arguments: usize,
    gives_number: bool,
}

impl Function {
    pub(super) fn result<'s>(&self) -> Type<'s> {
        if self.gives_number { Type::INT } else { Type::BOOL }
    }
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "contains", arguments: 1, gives_number: false },
    Function { name: "endsWith", arguments: 1, gives_number: false },
    Function { name: "matches", arguments: 1, gives_number: false },
    Function { name: "size", arguments: 0, gives_number: true },
    Function { name: "startsWith", arguments: 1, gives_number: false },
];
