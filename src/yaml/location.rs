//! Where something stands in a [`Source`](super::Source), and values that remember it.

use std::ops::Deref;

use serde::{Deserialize, Deserializer};

/// A stretch of a [`Source`](super::Source).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// Line, from 1; 0 when the place is not known.
    pub line: u32,
    /// Column in characters, from 1; 0 when the place is not known.
    pub column: u32,
    /// First byte in the text.
    pub offset: usize,
    /// Length in bytes; 0 for a mapping or a list, which is located at its first character.
    pub len: usize,
}

impl Location {
    /// Nowhere in particular: a mistake about the file as a whole, or a value made in code.
    pub const UNKNOWN: Self = Self { line: 0, column: 0, offset: 0, len: 0 };

    /// Whether this is a real place.
    pub fn is_known(self) -> bool {
        self.line > 0
    }

    pub(super) fn from_saphyr(at: serde_saphyr::Location) -> Self {
        let span = at.span();
        let count = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        // Present whenever the text was parsed from memory, as it always is here.
        let bytes = |n: Option<u64>| n.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        Self {
            line: count(at.line()),
            column: count(at.column()),
            offset: bytes(span.byte_offset()),
            len: bytes(span.byte_len()),
        }
    }
}

/// A value with the place where it stood. For an alias (`*name`) that is the alias, not the anchor.
///
/// The place is lost below `serde(flatten)`, `untagged` and internally tagged enums: do not use those in files people write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stood.
    pub at: Location,
}

impl<T> Located<T> {
    /// A value with a place given by hand.
    pub const fn new(value: T, at: Location) -> Self {
        Self { value, at }
    }

    /// The value without its place.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// Another value at the same place.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Located<U> {
        Located { value: f(self.value), at: self.at }
    }
}

impl<T> Deref for Located<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = serde_saphyr::Spanned::deserialize(deserializer)?;
        Ok(Self { value: spanned.value, at: Location::from_saphyr(spanned.referenced) })
    }
}
