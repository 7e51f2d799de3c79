//! The sentences for a text that is not YAML: indentation, tabs, quotes, brackets. Shape mistakes are in `message`.

use serde_saphyr::granit_parser::{ErrorKind, ScanError};

use super::diagnostic::is_steering;
use super::message::too_deep;
use super::{Diagnostic, Location, Source};
use crate::language::text;

/// One thing in Vietnamese and English.
type Both = (&'static str, &'static str);

const ALIGN: Both = (
    "căn dòng này thẳng với các dòng khác cùng danh sách hoặc cùng nhóm khóa: mỗi bậc hai dấu cách",
    "align this line with the others of its list or mapping: two spaces per level",
);
const QUOTE: Both =
    ("đặt cả đoạn chữ trong dấu nháy kép: \"…\"", "put the whole text between double quotes: \"…\"");

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
            .diagnostic(
                first_tab(source, at).unwrap_or(at),
                ("có dấu tab ở đầu dòng", "a tab in the indentation"),
            )
            .with_help((
                "chỉ thụt đầu dòng bằng dấu cách, mỗi bậc hai dấu",
                "indent with spaces only, two per level",
            )),
        ErrorKind::UnclosedFlowCollection { open } => source
            .diagnostic(at, text!("dấu ngoặc `{open}` chưa được đóng", "the bracket `{open}` is not closed")),
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => source.diagnostic(
            at,
            text!("`{open}` lại được đóng bằng `{close}`", "`{open}` is closed with `{close}`"),
        ),
        ErrorKind::UnexpectedCharacter { character } if is_steering(*character) => source
            .diagnostic(
                at,
                text!(
                    "có ký tự điều khiển không nhìn thấy (U+{code:04X})",
                    "an invisible control character (U+{code:04X})",
                    code = u32::from(*character)
                ),
            )
            .with_help((
                "xóa ký tự đó; nó thường theo vào khi chép chữ từ Word hoặc trang web",
                "delete it; it often comes with text copied from Word or a web page",
            )),
        ErrorKind::UnexpectedCharacter { character } => source
            .diagnostic(
                at,
                text!(
                    "đoạn chữ không thể bắt đầu bằng `{character}`",
                    "a text cannot start with `{character}`"
                ),
            )
            .with_help(QUOTE),
        ErrorKind::RecursionLimitExceeded => source.diagnostic(at, too_deep()),
        _ => source.diagnostic(
            at,
            text!("không đúng cú pháp YAML: {why}", "not valid YAML: {why}", why = error.info()),
        ),
    }
}

/// Mistakes of indentation and order: what is wrong, and what to do.
fn layout(kind: &ErrorKind) -> Option<(Both, Both)> {
    Some(match kind {
        ErrorKind::MappingValueNotAllowed
        | ErrorKind::InvalidColonPlacement
        | ErrorKind::MappingKeyNotAllowed => (
            (
                "`khóa: giá trị` không thể đứng ở đây: dòng thụt sai, hoặc chính giá trị có dấu hai chấm",
                "`key: value` cannot stand here: the line is indented wrongly, or the value itself holds a colon",
            ),
            (
                "căn dòng thẳng với các khóa xung quanh, hoặc đặt giá trị có `: ` trong dấu nháy kép",
                "align the line with the keys around it, or put a value that holds `: ` between double quotes",
            ),
        ),
        ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::InvalidIndentation
        | ErrorKind::InvalidFlowScalarIndent => (
            (
                "dòng này thụt không khớp với nhóm khóa phía trên",
                "this line does not fit the indentation of the mapping above it",
            ),
            ALIGN,
        ),
        ErrorKind::ExpectedBlockSequenceEntry => (
            (
                "dòng này không khớp với danh sách phía trên: cần một mục bắt đầu bằng `- `",
                "this line does not fit the list above it: expected an entry that starts with `- `",
            ),
            ALIGN,
        ),
        ErrorKind::BlockSequenceEntryNotAllowed | ErrorKind::BlockEntryInFlowCollection => (
            ("một mục danh sách (`- `) không thể đứng ở đây", "a list entry (`- `) cannot stand here"),
            ("bắt đầu danh sách ở dòng ngay dưới khóa của nó", "start the list on the line below its key"),
        ),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => (
            ("cần `khóa: giá trị`", "expected `key: value`"),
            (
                "khóa kết thúc bằng dấu hai chấm và dấu cách; mục danh sách bắt đầu bằng gạch ngang và dấu cách",
                "a key ends with a colon and a space; a list entry starts with a dash and a space",
            ),
        ),
        ErrorKind::InvalidBlockScalarHeader
        | ErrorKind::ZeroBlockScalarIndent
        | ErrorKind::InvalidBlockScalarIndent => (
            (
                "khối chữ nhiều dòng (`|` hoặc `>`) viết không đúng dạng",
                "a text block (`|` or `>`) that is not well formed",
            ),
            (
                "bắt đầu nội dung ở dòng sau, thụt vào hai dấu cách",
                "start its text on the next line, indented by two spaces",
            ),
        ),
        ErrorKind::BomInsideDocument => (
            ("có dấu thứ tự byte (BOM) ở giữa tệp", "a byte order mark in the middle of the file"),
            ("xóa ký tự không nhìn thấy đó", "delete the invisible character"),
        ),
        ErrorKind::ExpectedDocumentStart
        | ErrorKind::InvalidDocumentEnd
        | ErrorKind::InvalidDirectiveTerminator
        | ErrorKind::MissingDirectiveName
        | ErrorKind::InvalidDirectiveName
        | ErrorKind::MissingDocumentEndBeforeDirective => (
            (
                "dòng bắt đầu bằng `%` và các dấu `---`, `...` không cần ở đây",
                "lines starting with `%` and the marks `---` and `...` are not needed here",
            ),
            ("xóa dòng này", "remove the line"),
        ),
        _ => return None,
    })
}

/// Mistakes of quotes, escapes, brackets and comments: what is wrong, and what to do.
fn quoting(kind: &ErrorKind) -> Option<(Both, Both)> {
    Some(match kind {
        ErrorKind::UnclosedQuotedScalar
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::DocumentIndicatorInQuotedScalar => (
            ("dấu nháy mở ở đây chưa được đóng", "a quote that opens here is not closed"),
            ("đóng lại bằng đúng loại dấu nháy đó", "close it with the same quote"),
        ),
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => (
            ("còn chữ phía sau dấu nháy đóng", "text behind a closing quote"),
            (
                "trong dấu nháy đơn, dấu nháy được viết hai lần (''); trong dấu nháy kép, dấu nháy viết là \\\"",
                "inside single quotes an apostrophe is written twice (''); inside double quotes a quote is \\\"",
            ),
        ),
        ErrorKind::UnknownQuotedScalarEscape
        | ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidUnicodeEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate => (
            (
                "dấu gạch chéo ngược trong đoạn chữ nháy kép này không mở đầu ký hiệu nào đã biết",
                "a backslash that starts no known escape in this double-quoted text",
            ),
            (
                "viết dấu gạch chéo ngược hai lần, hoặc dùng dấu nháy đơn, trong đó nó giữ nguyên nghĩa",
                "write the backslash twice, or use single quotes, where it stands for itself",
            ),
        ),
        ErrorKind::MisplacedFlowCollectionEnd => {
            (("dấu ngoặc đóng mà không có dấu ngoặc mở", "a closing bracket without its opening one"), QUOTE)
        }
        ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator => (
            (
                "trong dấu ngoặc: cần dấu phẩy hoặc dấu ngoặc đóng",
                "between brackets: expected a comma or the closing bracket",
            ),
            (
                "thường là do hai dấu phẩy liền nhau hoặc thiếu dấu phẩy",
                "two commas in a row and a missing one are the usual cause",
            ),
        ),
        ErrorKind::UnknownAnchor => (
            (
                "một bí danh (`*tên`) không có chỗ đặt tên (`&tên`)",
                "an alias (`*name`) without its anchor (`&name`)",
            ),
            QUOTE,
        ),
        ErrorKind::CommentNotSeparated => (
            ("trước dấu `#` của chú thích phải có dấu cách", "a comment needs a space before its `#`"),
            QUOTE,
        ),
        ErrorKind::CommentInterceptedScalar => (
            (
                "có chú thích ở giữa một đoạn chữ nhiều dòng",
                "a comment in the middle of a text of several lines",
            ),
            QUOTE,
        ),
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
