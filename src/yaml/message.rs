//! What serde-saphyr says, in sentences for whoever wrote the file. Owns the wording of every shape mistake:
//! unknown or missing keys, wrong kinds of value, limits. Syntax mistakes are in `syntax`.

use serde_saphyr::localizer::ExternalMessageSource;
use serde_saphyr::{Error, budget::BudgetBreach};

use super::outline::{Found, Wanted, node_at, stray_key, syntax_error};
use super::parse::{MAX_ALIASES, MAX_DEPTH, MAX_NODES};
use super::{Diagnostic, Location, Source, did_you_mean, nearest, syntax};
use crate::language::{Text, text};

/// The sentence, place and advice for a parser's error.
pub(super) fn explain(source: &Source, error: &Error) -> Diagnostic {
    let at = error.location().map_or(Location::UNKNOWN, |at| source.location_of(at));
    let error = original(error);
    let key = || node_at(source, at.offset, Wanted::Key);
    match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            let place = place(key().as_ref());
            let what = text!("{place}khóa lạ `{field}`", "{place}unknown key `{field}`");
            suggest(source.diagnostic(at, what), field, expected)
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            let place = place(node_at(source, at.offset, Wanted::Value).as_ref());
            let what = text!("{place}giá trị lạ `{variant}`", "{place}unknown value `{variant}`");
            suggest(source.diagnostic(at, what), variant, expected)
        }
        Error::SerdeMissingField { field, .. } => missing(source, at, field),
        Error::DuplicateMappingKey { key: name, .. } => {
            let name = name.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default();
            let place = place(key().as_ref());
            let what = text!("{place}khóa{name} được ghi hai lần", "{place}the key{name} is written twice");
            source.diagnostic(at, what).with_help((
                "giữ lại một; nhiều giá trị thì ghi thành danh sách dưới một khóa, mỗi dòng bắt đầu bằng `- `",
                "keep one of the two; a list of values is written with `- ` below one key",
            ))
        }
        Error::ExternalMessage { source: from, msg, .. } => match from.as_ref() {
            ExternalMessageSource::Parser(error) => syntax::explain(source, error),
            _ => source.diagnostic(at, foreign(msg)),
        },
        Error::MultipleDocuments { .. } => source
            .diagnostic(
                at,
                (
                    "từ đây là tài liệu YAML thứ hai; mỗi tệp chỉ chứa một",
                    "a second document starts here; a file holds one",
                ),
            )
            .with_help((
                "xóa dòng `---` (hoặc `...`), hoặc chuyển phần phía sau sang tệp riêng",
                "remove the line `---` (or `...`) or put what follows into a file of its own",
            )),
        Error::Eof { .. } => source.diagnostic(
            Location::UNKNOWN,
            (
                "tệp không có giá trị nào, chỉ có chú thích hoặc để trống",
                "the file holds no values, only comments or nothing",
            ),
        ),
        Error::Budget { breach, .. } => source.diagnostic(at, budget(breach)),
        other => reference(source, at, other).unwrap_or_else(|| value(source, at, other)),
    }
}

/// What YAML has for repeating, tagging and including values; little of it is read here.
fn reference(source: &Source, at: Location, error: &Error) -> Option<Diagnostic> {
    Some(match error {
        Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => source
            .diagnostic(
                at,
                (
                    "các bí danh (`*tên`) lặp lại nhiều hơn mức một tệp được phép",
                    "aliases (`*name`) repeat more than a file may grow by",
                ),
            )
            .with_help(("ghi hẳn các giá trị ra", "write the values out instead")),
        Error::RecursiveReferencesRequireWeakTypes { .. } => source.diagnostic(
            at,
            (
                "một bí danh (`*tên`) nằm trong chính giá trị mà nó lặp lại",
                "an alias (`*name`) stands inside the value it repeats",
            ),
        ),
        Error::UnknownAnchor { .. } => source
            .diagnostic(
                at,
                (
                    "một bí danh (`*tên`) không có chỗ đặt tên (`&tên`)",
                    "an alias (`*name`) without its anchor (`&name`)",
                ),
            )
            .with_help((
                "đoạn chữ bắt đầu bằng `*` phải đặt trong dấu nháy: \"*…\"",
                "a text that starts with `*` needs quotes: \"*…\"",
            )),
        Error::MergeKeyNotAllowed { .. } | Error::MergeValueNotMapOrSeqOfMaps { .. } => source
            .diagnostic(at, ("khóa gộp (`<<`) không dùng được ở đây", "merge keys (`<<`) are not read here"))
            .with_help(("ghi hẳn các khóa ra", "write the keys out instead")),
        Error::UnsupportedTag { tag, .. } | Error::TaggedStructFieldName { tag, .. } => source
            .diagnostic(
                at,
                text!("nhãn `{tag}` không có nghĩa gì ở đây", "the tag `{tag}` means nothing here"),
            )
            .with_help((
                "đoạn chữ bắt đầu bằng `!` phải đặt trong dấu nháy: \"!…\"",
                "a text that starts with `!` needs quotes: \"!…\"",
            )),
        Error::UnsupportedIncludeForm { .. } | Error::ResolverError { .. } | Error::CyclicInclude { .. } => {
            source.diagnostic(at, ("không gọi được tệp khác từ tệp này", "other files are not included here"))
        }
        _ => return None,
    })
}

/// A value of the wrong kind: what was expected and what stands there.
fn value(source: &Source, at: Location, error: &Error) -> Diagnostic {
    let found = node_at(source, at.offset, Wanted::Value);
    let place = place(found.as_ref());
    let expect = |what: Text| {
        let message = if let Some(found) = &found {
            text!(
                "{place}cần {what}, nhưng gặp {found}",
                "{place}expected {what}, found {found}";
                what = what,
                found = found.node.text()
            )
        } else {
            text!("{place}cần {what}", "{place}expected {what}"; what = what)
        };
        source.diagnostic(at, message)
    };
    match error {
        Error::InvalidBooleanStrict { .. } => expect(truth()).with_help((
            "yes, no, on, off là chữ thường trong YAML 1.2",
            "yes, no, on and off are texts in YAML 1.2",
        )),
        Error::InvalidScalar { ty, .. } => expect(number(ty)),
        Error::NonFiniteFloat { .. } => expect(kind("number")),
        Error::NullIntoString { .. } => expect(kind("string")).with_help((
            "ghi nội dung phía sau dấu hai chấm, hoặc xóa khóa này",
            "write the text behind the colon, or remove the key",
        )),
        Error::Unexpected { expected: "sequence start", .. } => expect(kind("sequence")).with_help((
            "danh sách có mỗi mục một dòng, bắt đầu bằng `- `",
            "a list has one line per entry, each starting with `- `",
        )),
        Error::Unexpected { expected: "mapping start", .. } => {
            let missing_space = found.as_ref().is_some_and(|found| found.node.looks_like_a_pair());
            expect(kind("map")).with_help(if missing_space {
                (
                    "sau dấu hai chấm phải có dấu cách: `khóa: giá trị`",
                    "a colon needs a space behind it: `key: value`",
                )
            } else {
                (
                    "ghi mỗi khóa trên một dòng riêng, thụt vào bên dưới dòng này",
                    "write each key on a line of its own, indented below this one",
                )
            })
        }
        Error::ExternallyTaggedEnumExpectedScalarOrMapping { .. } => expect(kind("scalar")),
        Error::TaggedScalarCannotDeserializeIntoString { .. } => expect(kind("string")),
        Error::UnexpectedValueForUnitEnumVariant { .. } => source.diagnostic(
            at,
            text!(
                "{place}cần một từ, nhưng gặp một nhóm khóa",
                "{place}expected a single word, found a mapping"
            ),
        ),
        Error::InvalidCharNull { .. } | Error::InvalidCharNotSingleScalar { .. } => {
            expect(("đúng một ký tự", "a single character").into())
        }
        Error::InvalidBinaryBase64 { .. }
        | Error::BinaryNotUtf8 { .. }
        | Error::BytesNotSupportedMissingBinaryTag { .. } => {
            expect(("chữ, không phải dữ liệu nhị phân", "a text, not binary data").into())
        }
        Error::SerdeInvalidType { expected, .. } | Error::SerdeInvalidValue { expected, .. } => {
            expect(kind(expected))
        }
        Error::SerdeInvalidLength { len, expected, .. } => source.diagnostic(
            at,
            text!(
                "{place}cần {what}, nhưng có {len}",
                "{place}expected {what}, found {len} of them";
                what = kind(expected)
            ),
        ),
        Error::Message { msg, .. } | Error::SerdeVariantId { msg, .. } | Error::HookError { msg, .. } => {
            source.diagnostic(at, text!("{place}{why}", "{place}{why}"; why = foreign(msg)))
        }
        Error::Unexpected { expected, .. } => expect(kind(expected)),
        // What is left cannot come from text in memory under our options, or is a fault of the parser itself.
        other => {
            source.diagnostic(at, text!("{place}không đọc được: {other}", "{place}not readable: {other}"))
        }
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
    let place = place(found.as_ref());
    let diagnostic =
        source.diagnostic(start, text!("{place}thiếu khóa `{field}`", "{place}the key `{field}` is missing"));
    match stray_key(source, at.offset, field) {
        Some(stray) => diagnostic
            .with_also(stray, text!("`{field}` nằm ở đây", "`{field}` stands here"))
            .with_help(text!(
                "`{field}` ở dòng {line} thụt vào quá ít nên không thuộc nhóm này",
                "the `{field}` of line {line} is indented too little to belong here",
                line = stray.line
            )),
        None => diagnostic,
    }
}

fn place(found: Option<&Found>) -> String {
    match found {
        Some(found) if !found.path.is_root() => format!("`{}`: ", found.path),
        _ => String::new(),
    }
}

/// What serde and its drivers call a kind of value. Types of ours speak by [`Text::lines`].
fn kind(expected: &str) -> Text {
    match expected {
        "string" | "str" | "a string" | "a borrowed string" => ("một đoạn chữ", "a text").into(),
        "string scalar" | "scalar" | "value" => ("một giá trị đơn", "a single value").into(),
        "bool" | "a boolean" => truth(),
        "number" | "an integer" | "integer" | "f32" | "f64" => ("một số", "a number").into(),
        "seq" | "sequence" | "a sequence" => ("một danh sách", "a list").into(),
        "map" | "a map" => {
            ("một nhóm khóa (các dòng `khóa: giá trị`)", "a mapping (lines of `key: value`)").into()
        }
        "null" | "unit" | "option" => ("chỗ trống", "nothing").into(),
        "any valid JSON value" => ("một giá trị", "a value").into(),
        "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" | "isize" => number(expected),
        other => Text::from_lines(other)
            .unwrap_or_else(|| text!("giá trị loại khác ({other})", "{other}", other = other)),
    }
}

fn truth() -> Text {
    ("`true` hoặc `false`", "`true` or `false`").into()
}

fn number(ty: &str) -> Text {
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
        (Some((low, high)), _) => {
            text!("số nguyên từ {low} đến {high}", "a whole number from {low} to {high}")
        }
        (None, "boolean") => truth(),
        (None, _) => kind("number"),
    }
}

/// What a type refused with. One of ours says it in both languages; what a library says stays as it is.
fn foreign(message: &str) -> Text {
    Text::from_lines(message)
        .unwrap_or_else(|| text!("giá trị này không dùng được: {message}", "{message}", message = message))
}

fn budget(breach: &BudgetBreach) -> Text {
    match breach {
        BudgetBreach::Depth { .. } => too_deep(),
        BudgetBreach::Aliases { .. }
        | BudgetBreach::Anchors { .. }
        | BudgetBreach::AliasAnchorRatio { .. } => text!(
            "có hơn {MAX_ALIASES} chỗ đặt tên (`&tên`) hoặc bí danh (`*tên`)",
            "more than {MAX_ALIASES} anchors (`&name`) or aliases (`*name`)"
        ),
        BudgetBreach::RecordedAnchorEvents { .. } | BudgetBreach::RecordedAnchorBytes { .. } => (
            "các chỗ đặt tên (`&tên`) bao trùm nhiều hơn mức một tệp được lặp lại",
            "anchors (`&name`) cover more than a file may repeat",
        )
            .into(),
        BudgetBreach::Documents { .. } => {
            ("mỗi tệp chỉ chứa một tài liệu YAML", "a file holds one document").into()
        }
        BudgetBreach::Events { .. } | BudgetBreach::Nodes { .. } => {
            text!("một tệp có hơn {MAX_NODES} giá trị", "more than {MAX_NODES} values in one file")
        }
        _ => ("tệp lớn hơn mức đọc được", "the file is larger than what is read").into(),
    }
}

pub(super) fn too_deep() -> Text {
    text!(
        "danh sách và nhóm khóa lồng nhau sâu hơn {MAX_DEPTH} bậc",
        "lists and mappings lie more than {MAX_DEPTH} deep in each other"
    )
}

fn suggest(diagnostic: Diagnostic, word: &str, known: &[&'static str]) -> Diagnostic {
    match nearest(word, known.iter().copied()) {
        Some(near) => diagnostic.with_help(did_you_mean(near)),
        None if known.is_empty() => diagnostic,
        None => diagnostic.with_help(text!(
            "ghi một trong các từ: {known}",
            "expected one of: {known}",
            known = known.join(", ")
        )),
    }
}

/// The error inside those that only add an alias or a snippet.
fn original(mut error: &Error) -> &Error {
    while let Error::AliasError { error: inner, .. } | Error::WithSnippet { error: inner, .. } = error {
        error = inner;
    }
    error
}
