//! What is wrong in a file, as data: one [`Diagnostic`] or several. Owns their text and snippet, not how they are printed.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use super::{Location, Source};
use crate::language::{Lang, Text};

/// One mistake (or warning) in a file, in both languages. Displays as `file:line:column: message` in English; what
/// people read, with snippet and advice, is [`Diagnostic::told`].
#[derive(Clone)]
pub struct Diagnostic(Box<Parts>);

#[derive(Clone)]
struct Parts {
    source: Source,
    at: Location,
    message: Text,
    help: Option<Text>,
    also: Vec<(Location, Text)>,
    warning: bool,
}

impl Diagnostic {
    pub(super) fn new(source: &Source, at: Location, message: impl Into<Text>) -> Self {
        Self(Box::new(Parts {
            source: source.clone(),
            at,
            message: printable_text(message),
            help: None,
            also: Vec::new(),
            warning: false,
        }))
    }

    /// Adds advice: what to write instead.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<Text>) -> Self {
        self.0.help = Some(printable_text(help));
        self
    }

    /// Adds a second place in the same file, such as the first of two equal names.
    #[must_use]
    pub fn with_also(mut self, at: Location, label: impl Into<Text>) -> Self {
        self.0.also.push((at, printable_text(label)));
        self
    }

    /// The same, told as a warning.
    #[must_use]
    pub fn into_warning(mut self) -> Self {
        self.0.warning = true;
        self
    }

    /// The name of the file.
    pub fn file(&self) -> &str {
        self.0.source.name()
    }

    /// Line, from 1; 0 when the file as a whole is meant.
    pub fn line(&self) -> u32 {
        self.0.at.line
    }

    /// Column in characters, from 1; 0 when the file as a whole is meant.
    pub fn column(&self) -> u32 {
        self.0.at.column
    }

    /// The place.
    pub fn at(&self) -> Location {
        self.0.at
    }

    /// The other places of the same mistake with what is to be seen there.
    pub fn also(&self) -> impl Iterator<Item = (Location, &Text)> {
        self.0.also.iter().map(|(at, label)| (*at, label))
    }

    /// The sentence, without the place. Control characters of the file are escaped in it.
    pub fn message(&self) -> &Text {
        &self.0.message
    }

    /// Advice, such as ``did you mean `x`?``
    pub fn help(&self) -> Option<&Text> {
        self.0.help.as_ref()
    }

    /// Whether this is a warning: the file is usable as it is.
    pub fn is_warning(&self) -> bool {
        self.0.warning
    }

    pub(super) fn source(&self) -> &Source {
        &self.0.source
    }

    /// The place and the sentence on one line.
    pub(super) fn line_in(&self, lang: Lang, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(self.file()))?;
        if self.0.at.is_known() {
            write!(f, ":{}:{}", self.line(), self.column())?;
        }
        write!(f, ": {}", self.message().get(lang))
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.line_in(Lang::En, f)
    }
}

impl fmt::Debug for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())?;
        self.help().map_or(Ok(()), |help| write!(f, " (help: {:?})", help.en))
    }
}

impl PartialEq for Diagnostic {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (&self.0, &other.0);
        (a.source.name(), a.at, &a.message, &a.help, &a.also, a.warning)
            == (b.source.name(), b.at, &b.message, &b.help, &b.also, b.warning)
    }
}

impl Eq for Diagnostic {}

impl Error for Diagnostic {}

/// Several mistakes at once, in the order of the file. Never empty; at most [`Diagnostics::LIMIT`] are kept and the rest counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    left_out: usize,
}

impl Diagnostics {
    /// How many mistakes are kept: nobody reads more, and a hostile file has millions.
    pub const LIMIT: usize = 200;

    /// Sorts mistakes by place, warnings too; `None` when there are none.
    pub fn collect(list: impl IntoIterator<Item = Diagnostic>) -> Option<Self> {
        let mut list: Vec<_> = list.into_iter().collect();
        list.sort_by(|a, b| (a.file(), a.at().offset).cmp(&(b.file(), b.at().offset)));
        let left_out = list.len().saturating_sub(Self::LIMIT);
        list.truncate(Self::LIMIT);
        (!list.is_empty()).then_some(Self { list, left_out })
    }

    /// The mistakes.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// How many there are, those left out included; at least 1.
    pub fn count(&self) -> usize {
        self.list.len() + self.left_out
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(only: Diagnostic) -> Self {
        Self { list: vec![only], left_out: 0 }
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One line: the mistake, or how many there are and the first. The alternate form (`{:#}`) has a line for each.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            if self.count() > 1 {
                write!(f, "{} mistakes, the first: ", self.count())?;
            }
            return self.list.first().map_or(Ok(()), |first| write!(f, "{first}"));
        }
        for (index, diagnostic) in self.list.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        match self.left_out {
            0 => Ok(()),
            left_out => write!(f, "\nand {left_out} more"),
        }
    }
}

impl Error for Diagnostics {}

/// Control characters and those that reorder or hide text, which a terminal would obey.
pub(super) fn is_steering(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn printable_text(text: impl Into<Text>) -> Text {
    let text = text.into();
    if text.vi.contains(must_be_escaped) || text.en.contains(must_be_escaped) {
        text.map(|text| printable(text).into_owned())
    } else {
        text
    }
}

fn must_be_escaped(c: char) -> bool {
    is_steering(c) || c.is_control()
}

/// The text on one line with steering characters as escapes.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(must_be_escaped) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if must_be_escaped(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line() {
        let source = Source::new("a.yaml", "x: 1\nseverty: high\n");
        let diagnostic =
            source.diagnostic(source.location(5, 7), ("khóa lạ `severty`", "unknown key `severty`"));
        assert_eq!(diagnostic.to_string(), "a.yaml:2:1: unknown key `severty`");
        assert_eq!(diagnostic.told(Lang::Vi).to_string(), "a.yaml:2:1: khóa lạ `severty`");
        let nowhere = source.diagnostic(Location::UNKNOWN, ("tệp trống", "nothing in it"));
        assert_eq!(nowhere.to_string(), "a.yaml: nothing in it");
    }

    #[test]
    fn several_are_sorted_and_capped() {
        assert_eq!(Diagnostics::collect([]), None);
        let source = Source::new("a", "x\n".repeat(300));
        let all = (0..300).rev().map(|line| source.diagnostic(source.location(line * 2, 1), ("sai", "no")));
        let all = Diagnostics::collect(all).unwrap();
        assert_eq!((all.iter().count(), all.count()), (Diagnostics::LIMIT, 300));
        assert_eq!(all.to_string(), "300 mistakes, the first: a:1:1: no");
        let text = format!("{all:#}");
        assert!(text.starts_with("a:1:1: no\na:2:1: no\n") && text.ends_with("\nand 100 more"), "{text}");
        let one = Diagnostics::from(source.diagnostic(source.location(0, 1), ("sai", "no")));
        assert_eq!(one.to_string(), "a:1:1: no");
    }
}
