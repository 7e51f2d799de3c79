//! What serde-saphyr says, in sentences for whoever wrote the file. Owns the wording of every shape mistake:
//! unknown or missing keys, wrong kinds of value, limits. Syntax mistakes are in `syntax`.

use serde_saphyr::localizer::ExternalMessageSource;
use serde_saphyr::{Error, budget::BudgetBreach};

use super::outline::{Found, Wanted, node_at, stray_key, syntax_error};
use super::parse::{MAX_ALIASES, MAX_DEPTH, MAX_NODES};
use super::{Diagnostic, Location, Source, nearest, syntax};

/// The sentence, place and advice for a parser's error.
pub(super) fn explain(source: &Source, error: &Error) -> Diagnostic {
    let at = error.location().map_or(Location::UNKNOWN, |at| source.location_of(at));
    let error = original(error);
    let key = || node_at(source, at.offset, Wanted::Key);
    match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            let place = place(key().as_ref());
            suggest(source.diagnostic(at, format!("{place}unknown key `{field}`")), field, expected)
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            let place = place(node_at(source, at.offset, Wanted::Value).as_ref());
            suggest(source.diagnostic(at, format!("{place}unknown value `{variant}`")), variant, expected)
        }
        Error::SerdeMissingField { field, .. } => missing(source, at, field),
        Error::DuplicateMappingKey { key: name, .. } => {
            let name = name.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default();
            let place = place(key().as_ref());
            source
                .diagnostic(at, format!("{place}the key{name} is written twice"))
                .with_help("keep one of the two; a list of values is written with `- ` below one key")
        }
        Error::ExternalMessage { source: from, msg, .. } => match from.as_ref() {
            ExternalMessageSource::Parser(error) => syntax::explain(source, error),
            _ => source.diagnostic(at, msg),
        },
        Error::MultipleDocuments { .. } => source
            .diagnostic(at, "a second document starts here; a file holds one")
            .with_help("remove the line `---` (or `...`) or put what follows into a file of its own"),
        Error::Eof { .. } => {
            source.diagnostic(Location::UNKNOWN, "the file holds no values, only comments or nothing")
        }
        Error::Budget { breach, .. } => source.diagnostic(at, budget(breach)),
        Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => source
            .diagnostic(at, "aliases (`*name`) repeat more than a file may grow by")
            .with_help("write the values out instead"),
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            source.diagnostic(at, "an alias (`*name`) stands inside the value it repeats")
        }
        Error::UnknownAnchor { .. } => source
            .diagnostic(at, "an alias (`*name`) without its anchor (`&name`)")
            .with_help("a text that starts with `*` needs quotes: \"*…\""),
        Error::MergeKeyNotAllowed { .. } | Error::MergeValueNotMapOrSeqOfMaps { .. } => source
            .diagnostic(at, "merge keys (`<<`) are not read here")
            .with_help("write the keys out instead"),
        Error::UnsupportedTag { tag, .. } | Error::TaggedStructFieldName { tag, .. } => source
            .diagnostic(at, format!("the tag `{tag}` means nothing here"))
            .with_help("a text that starts with `!` needs quotes: \"!…\""),
        Error::UnsupportedIncludeForm { .. } | Error::ResolverError { .. } | Error::CyclicInclude { .. } => {
            source.diagnostic(at, "other files are not included here")
        }
        other => value(source, at, other),
    }
}

/// A value of the wrong kind: what was expected and what stands there.
fn value(source: &Source, at: Location, error: &Error) -> Diagnostic {
    let found = node_at(source, at.offset, Wanted::Value);
    let written = found.as_ref().map(|found| format!(", found {}", found.node)).unwrap_or_default();
    let place = place(found.as_ref());
    let expect = |what: &str| source.diagnostic(at, format!("{place}expected {what}{written}"));
    match error {
        Error::InvalidBooleanStrict { .. } => {
            expect("`true` or `false`").with_help("yes, no, on and off are texts in YAML 1.2")
        }
        Error::InvalidScalar { ty, .. } => expect(&number(ty)),
        Error::NonFiniteFloat { .. } => expect("a number"),
        Error::NullIntoString { .. } => {
            expect("a text").with_help("write the text behind the colon, or remove the key")
        }
        Error::Unexpected { expected: "sequence start", .. } => {
            expect("a list").with_help("a list has one line per entry, each starting with `- `")
        }
        Error::Unexpected { expected: "mapping start", .. } => {
            let missing_space = found.as_ref().is_some_and(|found| found.node.looks_like_a_pair());
            expect("a mapping (lines of `key: value`)").with_help(if missing_space {
                "a colon needs a space behind it: `key: value`"
            } else {
                "write each key on a line of its own, indented below this one"
            })
        }
        Error::Unexpected { expected: "string scalar" | "scalar" | "value", .. }
        | Error::ExternallyTaggedEnumExpectedScalarOrMapping { .. } => expect("a single value"),
        Error::TaggedScalarCannotDeserializeIntoString { .. } => expect("a text"),
        Error::UnexpectedValueForUnitEnumVariant { .. } => {
            source.diagnostic(at, format!("{place}expected a single word, found a mapping"))
        }
        Error::InvalidCharNull { .. } | Error::InvalidCharNotSingleScalar { .. } => {
            expect("a single character")
        }
        Error::InvalidBinaryBase64 { .. }
        | Error::BinaryNotUtf8 { .. }
        | Error::BytesNotSupportedMissingBinaryTag { .. } => expect("a text, not binary data"),
        Error::SerdeInvalidType { expected, .. } | Error::SerdeInvalidValue { expected, .. } => {
            expect(expected)
        }
        Error::SerdeInvalidLength { len, expected, .. } => {
            source.diagnostic(at, format!("{place}expected {expected}, found {len} of them"))
        }
        Error::Message { msg, .. } | Error::SerdeVariantId { msg, .. } | Error::HookError { msg, .. } => {
            source.diagnostic(at, format!("{place}{msg}"))
        }
        Error::Unexpected { expected, .. } => expect(expected),
        // What is left cannot come from text in memory under our options, or is a fault of the parser itself.
        other => source.diagnostic(at, format!("{place}not readable: {other}")),
    }
}

/// A missing key is told where its mapping starts. A text that breaks further down is usually the true
/// cause: a wrong indentation ends the mapping too early.
fn missing(source: &Source, at: Location, field: &str) -> Diagnostic {
    if let Some(error) = syntax_error(source) {
        return syntax::explain(source, &error);
    }
    let found = node_at(source, at.offset, Wanted::Key);
    let start = found.as_ref().map_or(at, |found| found.at);
    let diagnostic =
        source.diagnostic(start, format!("{}the key `{field}` is missing", place(found.as_ref())));
    match stray_key(source, at.offset, field) {
        Some(stray) => diagnostic
            .with_also(stray, format!("`{field}` stands here"))
            .with_help(format!("the `{field}` of line {} is indented too little to belong here", stray.line)),
        None => diagnostic,
    }
}

fn place(found: Option<&Found>) -> String {
    match found {
        Some(found) if !found.path.is_root() => format!("`{}`: ", found.path),
        _ => String::new(),
    }
}

fn number(ty: &str) -> String {
    let range = match ty {
        "u8" => Some((0, i128::from(u8::MAX))),
        "u16" => Some((0, i128::from(u16::MAX))),
        "u32" => Some((0, i128::from(u32::MAX))),
        "u64" | "u128" | "usize" => Some((0, i128::from(u64::MAX))),
        "i8" => Some((i128::from(i8::MIN), i128::from(i8::MAX))),
        "i16" => Some((i128::from(i16::MIN), i128::from(i16::MAX))),
        "i32" => Some((i128::from(i32::MIN), i128::from(i32::MAX))),
        "i64" | "i128" | "isize" => Some((i128::from(i64::MIN), i128::from(i64::MAX))),
        _ => None,
    };
    match (range, ty) {
        (Some((low, high)), _) => format!("a whole number from {low} to {high}"),
        (None, "boolean") => "`true` or `false`".to_owned(),
        (None, _) => "a number".to_owned(),
    }
}

fn budget(breach: &BudgetBreach) -> String {
    match breach {
        BudgetBreach::Depth { .. } => {
            format!("lists and mappings lie more than {MAX_DEPTH} deep in each other")
        }
        BudgetBreach::Aliases { .. }
        | BudgetBreach::Anchors { .. }
        | BudgetBreach::AliasAnchorRatio { .. } => {
            format!("more than {MAX_ALIASES} anchors (`&name`) or aliases (`*name`)")
        }
        BudgetBreach::RecordedAnchorEvents { .. } | BudgetBreach::RecordedAnchorBytes { .. } => {
            "anchors (`&name`) cover more than a file may repeat".to_owned()
        }
        BudgetBreach::Documents { .. } => "a file holds one document".to_owned(),
        BudgetBreach::Events { .. } | BudgetBreach::Nodes { .. } => {
            format!("more than {MAX_NODES} values in one file")
        }
        _ => "the file is larger than what is read".to_owned(),
    }
}

fn suggest(diagnostic: Diagnostic, word: &str, known: &[&'static str]) -> Diagnostic {
    match nearest(word, known.iter().copied()) {
        Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
        None if known.is_empty() => diagnostic,
        None => diagnostic.with_help(format!("expected one of: {}", known.join(", "))),
    }
}

/// The error inside those that only add an alias or a snippet.
fn original(mut error: &Error) -> &Error {
    while let Error::AliasError { error: inner, .. } | Error::WithSnippet { error: inner, .. } = error {
        error = inner;
    }
    error
}
