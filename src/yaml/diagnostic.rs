//! What is wrong in a file, as data: one [`Diagnostic`] or several. Owns their text and snippet, not how they are printed.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use miette::{LabeledSpan, MietteError, MietteSpanContents, Severity, SourceCode, SourceSpan, SpanContents};

use super::{Location, Source};

/// One mistake (or warning) in a file. Displays as `file:line:column: message`; as a
/// [`miette::Diagnostic`] it carries the snippet and the advice.
#[derive(Clone)]
pub struct Diagnostic(Box<Parts>);

#[derive(Clone)]
struct Parts {
    source: Source,
    at: Location,
    message: String,
    help: Option<String>,
    also: Vec<(Location, String)>,
    warning: bool,
}

impl Diagnostic {
    pub(super) fn new(source: &Source, at: Location, message: impl AsRef<str>) -> Self {
        Self(Box::new(Parts {
            source: source.clone(),
            at,
            message: printable(message.as_ref()).into_owned(),
            help: None,
            also: Vec::new(),
            warning: false,
        }))
    }

    /// Adds advice: what to write instead.
    #[must_use]
    pub fn with_help(mut self, help: impl AsRef<str>) -> Self {
        self.0.help = Some(printable(help.as_ref()).into_owned());
        self
    }

    /// Adds a second place in the same file, such as the first of two equal names.
    #[must_use]
    pub fn with_also(mut self, at: Location, label: impl AsRef<str>) -> Self {
        self.0.also.push((at, printable(label.as_ref()).into_owned()));
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
    pub fn also(&self) -> impl Iterator<Item = (Location, &str)> {
        self.0.also.iter().map(|(at, label)| (*at, label.as_str()))
    }

    /// The sentence, without the place. Control characters of the file are escaped in it.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Advice, such as ``did you mean `x`?``
    pub fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// Whether this is a warning: the file is usable as it is.
    pub fn is_warning(&self) -> bool {
        self.0.warning
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(self.file()))?;
        if self.0.at.is_known() {
            write!(f, ":{}:{}", self.line(), self.column())?;
        }
        write!(f, ": {}", self.message())
    }
}

impl fmt::Debug for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())?;
        self.help().map_or(Ok(()), |help| write!(f, " (help: {help:?})"))
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

/// The line, the snippet with every place marked, the advice.
impl miette::Diagnostic for Diagnostic {
    fn severity(&self) -> Option<Severity> {
        Some(if self.0.warning { Severity::Warning } else { Severity::Error })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.0.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.0.at.is_known().then_some(self as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if !self.0.at.is_known() {
            return None;
        }
        let span = |at: Location| SourceSpan::from((at.offset, at.len));
        let here = LabeledSpan::new_primary_with_span(Some("here".to_owned()), span(self.0.at));
        let also = self.0.also.iter().filter(|(at, _)| at.is_known());
        let also = also.map(move |(at, label)| LabeledSpan::new_with_span(Some(label.clone()), span(*at)));
        Some(Box::new(std::iter::once(here).chain(also)))
    }
}

/// The snippet. [`Source`] has made it harmless: a file under examination must not steer the terminal it is shown on.
impl SourceCode for Diagnostic {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let inner = self.0.source.shown().read_span(span, context_lines_before, context_lines_after)?;
        Ok(Box::new(MietteSpanContents::new_named(
            printable(self.file()).into_owned(),
            inner.data(),
            *inner.span(),
            inner.line(),
            inner.column(),
            inner.line_count(),
        )))
    }
}

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

    fn only(&self) -> Option<&Diagnostic> {
        if let [only] = self.list.as_slice() { Some(only) } else { None }
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

/// As a report the mistakes hang below the one-line summary; a single one stands for itself.
impl miette::Diagnostic for Diagnostics {
    fn severity(&self) -> Option<Severity> {
        self.only()?.severity()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        miette::Diagnostic::help(self.only()?)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.only()?.source_code()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.only()?.labels()
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        let list = self.only().is_none().then_some(&self.list)?;
        Some(Box::new(list.iter().map(|diagnostic| diagnostic as &dyn miette::Diagnostic)))
    }
}

/// Control characters and those that reorder or hide text, which a terminal would obey.
pub(super) fn is_steering(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The text on one line with steering characters as escapes.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    let escape = |c: char| is_steering(c) || c.is_control();
    if !text.contains(escape) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if escape(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use miette::{GraphicalReportHandler, GraphicalTheme};

    use super::*;

    fn render(diagnostic: &dyn miette::Diagnostic) -> String {
        let mut out = String::new();
        let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
        handler.render_report(&mut out, diagnostic).unwrap();
        out
    }

    #[test]
    fn one_line_and_a_snippet() {
        let source = Source::new("a.yaml", "x: 1\nseverty: high\n");
        let diagnostic = source.diagnostic(source.location(5, 7), "unknown key `severty`");
        let diagnostic = diagnostic.with_help("did you mean `severity`?");
        assert_eq!(diagnostic.to_string(), "a.yaml:2:1: unknown key `severty`");
        let shown = render(&diagnostic);
        assert!(shown.contains("2 │ severty: high") && shown.contains("did you mean"), "{shown}");
        assert!(shown.contains("[a.yaml:2:1]"), "{shown}");
    }

    #[test]
    fn a_mistake_without_a_place_names_the_file() {
        let source = Source::new("a.yaml", "");
        let diagnostic = source.diagnostic(Location::UNKNOWN, "nothing in it");
        assert_eq!(diagnostic.to_string(), "a.yaml: nothing in it");
        assert!(render(&diagnostic).contains("nothing in it"));
    }

    #[test]
    fn hostile_text_does_not_reach_the_terminal() {
        let source = Source::new("a\u{1b}.yaml", "x: \u{1b}[31m\u{202e}\u{9b}y\n");
        let diagnostic = source.diagnostic(source.location(3, 1), "bad \u{1b}[2J\nvalue \u{202e}");
        for text in [diagnostic.to_string(), render(&diagnostic)] {
            assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{text:?}");
        }
        assert_eq!(diagnostic.to_string(), r"a\u{1b}.yaml:1:4: bad \u{1b}[2J\nvalue \u{202e}");
    }

    #[test]
    fn several_are_sorted_and_capped() {
        assert_eq!(Diagnostics::collect([]), None);
        let source = Source::new("a", "x\n".repeat(300));
        let all = (0..300).rev().map(|line| source.diagnostic(source.location(line * 2, 1), "no"));
        let all = Diagnostics::collect(all).unwrap();
        assert_eq!((all.iter().count(), all.count()), (Diagnostics::LIMIT, 300));
        assert_eq!(all.to_string(), "300 mistakes, the first: a:1:1: no");
        let text = format!("{all:#}");
        assert!(text.starts_with("a:1:1: no\na:2:1: no\n") && text.ends_with("\nand 100 more"), "{text}");
        assert!(render(&all).contains("a:200:1: no"));
        let one = Diagnostics::from(source.diagnostic(source.location(0, 1), "no").with_help("yes"));
        assert_eq!(one.to_string(), "a:1:1: no");
        assert!(
            render(&one).matches("a:1:1: no").count() == 1 && render(&one).contains("yes"),
            "{}",
            render(&one)
        );
    }
}
