//! A diagnostic in one language, as [`miette`] shows it: sentence, snippet with the places marked, advice. Owns no words
//! but the label of the place.

use std::error::Error;
use std::fmt;

use miette::{LabeledSpan, MietteError, MietteSpanContents, Severity, SourceCode, SourceSpan, SpanContents};

use super::diagnostic::printable;
use super::{Diagnostic, Location};
use crate::language::{Lang, Text};

/// One mistake or warning in one language. Displays as `file:line:column: message`.
#[derive(Clone)]
pub struct Told {
    what: Diagnostic,
    lang: Lang,
}

impl Diagnostic {
    /// This in one language.
    pub fn told(&self, lang: Lang) -> Told {
        Told { what: self.clone(), lang }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.what.line_in(self.lang, f)
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

impl Error for Told {}

impl miette::Diagnostic for Told {
    fn severity(&self) -> Option<Severity> {
        Some(if self.what.is_warning() { Severity::Warning } else { Severity::Error })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.what.help()?.get(self.lang);
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.what.at().is_known().then_some(self as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if !self.what.at().is_known() {
            return None;
        }
        let span = |at: Location| SourceSpan::from((at.offset, at.len));
        let label = |text: &Text| Some(text.get(self.lang).to_owned());
        let here = LabeledSpan::new_primary_with_span(label(&("ở đây", "here").into()), span(self.what.at()));
        let also = self.what.also().filter(|(at, _)| at.is_known());
        let also = also.map(move |(at, what)| LabeledSpan::new_with_span(label(what), span(at)));
        Some(Box::new(std::iter::once(here).chain(also)))
    }
}

/// The snippet. [`Source`](super::Source) has made it harmless: a file under examination must not steer the terminal it
/// is shown on.
impl SourceCode for Told {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let source = self.what.source();
        let inner = source.shown().read_span(span, context_lines_before, context_lines_after)?;
        let column = if context_lines_before == 0 {
            // miette counts bytes; `file:line:column` promises characters, as editors show them
            let column = source.location(span.offset(), 0).column;
            usize::try_from(column).map_or(inner.column(), |column| column.saturating_sub(1))
        } else {
            inner.column()
        };
        Ok(Box::new(MietteSpanContents::new_named(
            printable(self.what.file()).into_owned(),
            inner.data(),
            *inner.span(),
            inner.line(),
            column,
            inner.line_count(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use miette::{GraphicalReportHandler, GraphicalTheme};

    use super::*;
    use crate::yaml::Source;

    fn render(diagnostic: &Diagnostic, lang: Lang) -> String {
        let mut out = String::new();
        let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
        handler.render_report(&mut out, &diagnostic.told(lang)).unwrap();
        out
    }

    #[test]
    fn a_snippet_and_advice_in_one_language() {
        let source = Source::new("a.yaml", "x: 1\nseverty: high\n");
        let diagnostic = source
            .diagnostic(source.location(5, 7), ("khóa lạ `severty`", "unknown key `severty`"))
            .with_help(("có phải ý bạn là `severity`?", "did you mean `severity`?"));
        let vi = render(&diagnostic, Lang::Vi);
        assert!(
            vi.contains("2 │ severty: high") && vi.contains("có phải ý bạn") && vi.contains("ở đây"),
            "{vi}"
        );
        assert!(vi.contains("[a.yaml:2:1]") && !vi.contains("unknown") && !vi.contains("did you"), "{vi}");
        let en = render(&diagnostic, Lang::En);
        assert!(en.contains("did you mean") && en.contains("here") && !en.contains("khóa"), "{en}");
        let nowhere = source.diagnostic(Location::UNKNOWN, ("tệp trống", "nothing in it"));
        assert!(render(&nowhere, Lang::Vi).contains("tệp trống"));
    }

    /// The header of the snippet says the column of the sentence, whatever stands before it in the line.
    #[test]
    fn the_snippets_column_counts_characters() {
        for line in ["tên: Sở Nội vụ, ", "\u{1f3db} ", "", "\u{65e5}\u{672c}: ", "So\u{31b}\u{309}: "]
        {
            for newline in ["\n", "\r\n"] {
                let text = format!("đầu: ầ{newline}{line}sai{newline}");
                let source = Source::new("a", &text);
                let at = source.location(text.find("sai").unwrap(), 3);
                assert_eq!(at.column as usize, 1 + line.chars().count());
                let shown = render(&source.diagnostic(at, ("sai", "wrong")), Lang::Vi);
                let place = format!("a:2:{}", at.column);
                assert!(
                    shown.contains(&format!("[{place}]")) && shown.contains(&format!("{place}: sai")),
                    "{shown}"
                );
            }
        }
    }

    #[test]
    fn hostile_text_does_not_reach_the_terminal() {
        let source = Source::new("a\u{1b}.yaml", "x: \u{1b}[31m\u{202e}\u{9b}y\n");
        let bad = "bad \u{1b}[2J\nvalue \u{202e}";
        let diagnostic = source.diagnostic(source.location(3, 1), (bad, bad)).with_help((bad, bad));
        for text in [diagnostic.to_string(), render(&diagnostic, Lang::Vi), render(&diagnostic, Lang::En)] {
            assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{text:?}");
        }
        assert_eq!(diagnostic.to_string(), r"a\u{1b}.yaml:1:4: bad \u{1b}[2J\nvalue \u{202e}");
    }
}
