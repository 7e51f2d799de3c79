//! What serde-saphyr says, in sentences for whoever wrote the file. Owns the wording of every syntax and shape mistake.

use serde_saphyr::Error;

use super::{Diagnostic, Location, Source, nearest};

/// The sentence, place and advice for a parser's error.
pub(super) fn explain(source: &Source, error: &Error) -> Diagnostic {
    let at = error.location().map_or(Location::UNKNOWN, Location::from_saphyr);
    let error = error.without_snippet();
    match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            suggest(source.diagnostic(at, format!("unknown key `{field}`")), field, expected)
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            suggest(source.diagnostic(at, format!("unknown value `{variant}`")), variant, expected)
        }
        other => source.diagnostic(at, other.to_string()),
    }
}

fn suggest(diagnostic: Diagnostic, word: &str, known: &[&'static str]) -> Diagnostic {
    match nearest(word, known.iter().copied()) {
        Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
        None => diagnostic.with_help(format!("expected one of: {}", known.join(", "))),
    }
}
