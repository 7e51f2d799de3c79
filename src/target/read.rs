//! From one written value to one parsed value: text, host, port, date, id. Gathers every mistake with its place
//! instead of stopping at the first.

use jiff::civil::Date;

use super::host::HostError;
use super::raw::Text;
use super::{Authority, Host, UnitId, text};
use crate::language::{Text as Words, text};
use crate::yaml::{Diagnostic, Located, Location, Source, did_you_mean};

/// How many unknown ids get a suggestion; each is compared with every known id.
const SUGGESTIONS: u32 = 50;

pub(super) struct Reader<'a> {
    source: &'a Source,
    pub(super) errors: Vec<Diagnostic>,
    pub(super) warnings: Vec<Diagnostic>,
    suggestions_left: u32,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        Self { source, errors: Vec::new(), warnings: Vec::new(), suggestions_left: SUGGESTIONS }
    }

    pub(super) fn error(&mut self, at: Location, message: impl Into<Words>) {
        self.errors.push(self.source.diagnostic(at, message));
    }

    pub(super) fn error_with_help(
        &mut self,
        at: Location,
        message: impl Into<Words>,
        help: impl Into<Words>,
    ) {
        self.errors.push(self.source.diagnostic(at, message).with_help(help));
    }

    /// The same thing written in two places.
    pub(super) fn twice(
        &mut self,
        second: Location,
        first: Location,
        message: impl Into<Words>,
        help: impl Into<Words>,
    ) {
        let message = text!(
            "{what}, lần đầu ở dòng {line}",
            "{what}, first in line {line}",
            line = first.line;
            what = message
        );
        let diagnostic = self
            .source
            .diagnostic(second, message)
            .with_also(first, ("lần đầu ở đây", "first here"))
            .with_help(help);
        self.errors.push(diagnostic);
    }

    pub(super) fn warn(&mut self, at: Location, message: impl Into<Words>, help: impl Into<Words>) {
        self.warnings.push(self.source.diagnostic(at, message).with_help(help).into_warning());
    }

    /// A name to display.
    pub(super) fn line(&mut self, written: &Text) -> Option<String> {
        text::line(written).map_err(|error| self.error(written.at, error)).ok()
    }

    /// A text that is sent in a header: printable ASCII without spaces and parentheses.
    pub(super) fn header_word(
        &mut self,
        written: &Text,
        what: impl Into<Words>,
        valid: fn(&str) -> bool,
    ) -> Option<String> {
        let word = written.trim();
        let plain = |byte: u8| byte.is_ascii_graphic() && !b"()<>\"\\,;".contains(&byte);
        if !word.is_empty() && word.len() <= 200 && word.bytes().all(plain) && valid(word) {
            return Some(word.to_owned());
        }
        let message = text!(
            "cần {what}: chỉ gồm chữ a–z không dấu, chữ số và ký hiệu, vì được gửi trong tiêu đề HTTP",
            "expected {what}: letters a–z, digits and signs only, because it is sent in a header";
            what = what
        );
        self.error(written.at, message);
        None
    }

    /// A host alone. A pasted URL is taken with a warning.
    pub(super) fn host(&mut self, written: &Text) -> Option<Host> {
        let authority = self.authority(written)?;
        if let Some(port) = authority.port {
            self.error(
                written.at,
                text!(
                    "cổng (`{port}`) không có nghĩa ở đây; chỉ ghi tên miền",
                    "a port (`{port}`) has no meaning here; write the host alone"
                ),
            );
            return None;
        }
        Some(authority.host)
    }

    /// A host with perhaps a port. A pasted URL is taken with a warning.
    pub(super) fn authority(&mut self, written: &Text) -> Option<Authority> {
        match Authority::parse(written) {
            Ok(authority) => {
                if authority.was_url {
                    let port = authority.port.map(|port| format!(":{port}")).unwrap_or_default();
                    let kept = format!("{}{port}", authority.host);
                    self.warn(
                        written.at,
                        text!(
                            "ở đây là địa chỉ web đầy đủ; chỉ dùng phần `{kept}`",
                            "a URL stands here; only `{kept}` of it is used"
                        ),
                        write(&kept),
                    );
                }
                Some(authority)
            }
            Err(error @ HostError::Space(_)) if written.contains(" - ") => {
                // `- a` and below it, indented deeper, `- b`: YAML reads one text "a - b".
                self.error_with_help(
                    written.at,
                    error,
                    (
                        "căn các dấu `- ` của cùng một danh sách thẳng hàng",
                        "align the `- ` of the entries of one list",
                    ),
                );
                None
            }
            Err(error) => {
                self.error(written.at, error);
                None
            }
        }
    }

    /// A port from 1.
    pub(super) fn port(&mut self, written: Located<u16>) -> Option<u16> {
        if written.value == 0 {
            self.error(
                written.at,
                (
                    "không kết nối được tới cổng 0; cần một số từ 1 đến 65535",
                    "port 0 cannot be connected to; expected a number from 1 to 65535",
                ),
            );
            return None;
        }
        Some(written.value)
    }

    /// A day of the calendar, written `2026-11-01`.
    pub(super) fn date(&mut self, written: &Text) -> Option<Date> {
        let text = written.trim();
        if let Some(parts) = numbers(text, '-', [4, 2, 2]) {
            return self.day(written.at, text, parts);
        }
        let vietnamese = ['/', '-', '.'].into_iter().find_map(|separator| {
            let parts: Vec<&str> = text.split(separator).collect();
            let [day, month, year] = parts.as_slice() else { return None };
            let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
            (year.len() == 4).then_some(date)
        });
        let text: String = text.chars().take(40).collect();
        match vietnamese {
            Some(date) => self.error_with_help(
                written.at,
                text!(
                    "`{text}`: ngày được ghi là năm-tháng-ngày",
                    "`{text}`: a date is written year-month-day"
                ),
                write(&date.to_string()),
            ),
            None => {
                self.error(
                    written.at,
                    text!(
                        "`{text}` không phải ngày; cần dạng năm-tháng-ngày, ví dụ 2026-11-01",
                        "`{text}` is not a date; expected one such as 2026-11-01"
                    ),
                );
            }
        }
        None
    }

    fn day(&mut self, at: Location, text: &str, [year, month, day]: [u16; 3]) -> Option<Date> {
        let date = i16::try_from(year).ok().zip(i8::try_from(month).ok()).zip(i8::try_from(day).ok());
        let date = date.and_then(|((year, month), day)| Date::new(year, month, day).ok());
        if date.is_none() {
            self.error(
                at,
                text!("ngày `{text}` không có trong lịch", "`{text}` does not exist in the calendar"),
            );
        }
        date
    }

    /// A unit's own id.
    pub(super) fn unit_id(&mut self, written: &Text) -> Option<UnitId> {
        match UnitId::parse(written) {
            Ok(id) => Some(id),
            Err(error) => {
                let diagnostic = self.source.diagnostic(written.at, error);
                self.errors.push(match UnitId::suggest(written) {
                    Some(id) => diagnostic.with_help(write(id.as_str())),
                    None => diagnostic,
                });
                None
            }
        }
    }

    /// A reference to a unit, which must be one of `known`.
    pub(super) fn reference(&mut self, written: &Text, known: &super::load::Ids) -> Option<UnitId> {
        let id = UnitId::parse(written).ok();
        if let Some(id) = id.filter(|id| known.contains_key(id)) {
            return Some(id);
        }
        let shown: String = written.trim().chars().take(80).collect();
        let message = text!("không có đơn vị nào mang mã `{shown}`", "no unit has the id `{shown}`");
        let diagnostic = self.source.diagnostic(written.at, message);
        let near = if self.suggestions_left > 0 {
            self.suggestions_left -= 1;
            crate::yaml::nearest(&shown, known.keys().map(UnitId::as_str))
        } else {
            None
        };
        self.errors.push(match near {
            Some(near) => diagnostic.with_help(did_you_mean(near)),
            None => diagnostic.with_help((
                "mã đơn vị là giá trị của khóa `id:` trong `units:`",
                "the ids are those written as `id:` in `units:`",
            )),
        });
        None
    }
}

/// Advice that is the right spelling.
fn write(right: &str) -> Words {
    text!("ghi `{right}`", "write `{right}`")
}

/// Three numbers with exactly so many digits.
fn numbers(text: &str, separator: char, digits: [usize; 3]) -> Option<[u16; 3]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; 3];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != digits || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}
