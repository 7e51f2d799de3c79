//! The sentences for a text that is not YAML: indentation, tabs, quotes, brackets. Shape mistakes are in `message`.

use serde_saphyr::granit_parser::{ErrorKind, ScanError};

use super::diagnostic::is_steering;
use super::parse::MAX_DEPTH;
use super::{Diagnostic, Location, Source};

const ALIGN: &str = "align this line with the others of its list or mapping: two spaces per level";
const QUOTE: &str = "put the whole text between double quotes: \"…\"";

/// The sentence, place and advice for a scanner's error.
pub(super) fn explain(source: &Source, error: &ScanError) -> Diagnostic {
    let at = source.location_of_char(error.marker().index());
    let kind = error.kind();
    if let Some((message, help)) = layout(kind).or_else(|| quoting(kind)) {
        return source.diagnostic(at, message).with_help(help);
    }
    match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => source
            .diagnostic(first_tab(source, at).unwrap_or(at), "a tab in the indentation")
            .with_help("indent with spaces only, two per level"),
        ErrorKind::UnclosedFlowCollection { open } => {
            source.diagnostic(at, format!("the bracket `{open}` is not closed"))
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            source.diagnostic(at, format!("`{open}` is closed with `{close}`"))
        }
        ErrorKind::UnexpectedCharacter { character } if is_steering(*character) => source
            .diagnostic(at, format!("an invisible control character (U+{:04X})", u32::from(*character)))
            .with_help("delete it; it often comes with text copied from Word or a web page"),
        ErrorKind::UnexpectedCharacter { character } => {
            source.diagnostic(at, format!("a text cannot start with `{character}`")).with_help(QUOTE)
        }
        ErrorKind::RecursionLimitExceeded => {
            source.diagnostic(at, format!("lists and mappings lie more than {MAX_DEPTH} deep in each other"))
        }
        _ => source.diagnostic(at, format!("not valid YAML: {}", error.info())),
    }
}

/// Mistakes of indentation and order.
fn layout(kind: &ErrorKind) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        ErrorKind::MappingValueNotAllowed
        | ErrorKind::InvalidColonPlacement
        | ErrorKind::MappingKeyNotAllowed => (
            "`key: value` cannot stand here: the line is indented wrongly, or the value itself holds a colon",
            "align the line with the keys around it, or put a value that holds `: ` between double quotes",
        ),
        ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::InvalidIndentation
        | ErrorKind::InvalidFlowScalarIndent => {
            ("this line does not fit the indentation of the mapping above it", ALIGN)
        }
        ErrorKind::ExpectedBlockSequenceEntry => {
            ("this line does not fit the list above it: expected an entry that starts with `- `", ALIGN)
        }
        ErrorKind::BlockSequenceEntryNotAllowed | ErrorKind::BlockEntryInFlowCollection => {
            ("a list entry (`- `) cannot stand here", "start the list on the line below its key")
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => (
            "expected `key: value`",
            "a key ends with a colon and a space; a list entry starts with a dash and a space",
        ),
        ErrorKind::InvalidBlockScalarHeader
        | ErrorKind::ZeroBlockScalarIndent
        | ErrorKind::InvalidBlockScalarIndent => (
            "a text block (`|` or `>`) that is not well formed",
            "start its text on the next line, indented by two spaces",
        ),
        ErrorKind::BomInsideDocument => {
            ("a byte order mark in the middle of the file", "delete the invisible character")
        }
        ErrorKind::ExpectedDocumentStart
        | ErrorKind::InvalidDocumentEnd
        | ErrorKind::InvalidDirectiveTerminator
        | ErrorKind::MissingDirectiveName
        | ErrorKind::InvalidDirectiveName
        | ErrorKind::MissingDocumentEndBeforeDirective => {
            ("lines starting with `%` and the marks `---` and `...` are not needed here", "remove the line")
        }
        _ => return None,
    })
}

/// Mistakes of quotes, escapes, brackets and comments.
fn quoting(kind: &ErrorKind) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        ErrorKind::UnclosedQuotedScalar
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::DocumentIndicatorInQuotedScalar => {
            ("a quote that opens here is not closed", "close it with the same quote")
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => (
            "text behind a closing quote",
            "inside single quotes an apostrophe is written twice (''); inside double quotes a quote is \\\"",
        ),
        ErrorKind::UnknownQuotedScalarEscape
        | ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidUnicodeEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate => (
            "a backslash that starts no known escape in this double-quoted text",
            "write the backslash twice, or use single quotes, where it stands for itself",
        ),
        ErrorKind::MisplacedFlowCollectionEnd => ("a closing bracket without its opening one", QUOTE),
        ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator => (
            "between brackets: expected a comma or the closing bracket",
            "two commas in a row and a missing one are the usual cause",
        ),
        ErrorKind::UnknownAnchor => ("an alias (`*name`) without its anchor (`&name`)", QUOTE),
        ErrorKind::CommentNotSeparated => ("a comment needs a space before its `#`", QUOTE),
        ErrorKind::CommentInterceptedScalar => ("a comment in the middle of a text of several lines", QUOTE),
        _ => return None,
    })
}

/// The first tab in the white space that starts a line, from the line of `at` to the next.
fn first_tab(source: &Source, at: Location) -> Option<Location> {
    let text = source.text();
    let mut start = text.get(..at.offset)?.rfind('\n').map_or(0, |newline| newline + 1);
    for line in text.get(start..)?.split_inclusive('\n').take(2) {
        let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = line.get(..blank)?.find('\t') {
            return Some(source.location(start + tab, 1));
        }
        start += line.len();
    }
    None
}
