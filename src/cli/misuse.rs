//! What is wrong with a command line, in Vietnamese: a sentence made of what clap knows. Clap's own English is its own.

use std::{error::Error as _, ffi::OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::{
    language::{Bilingual, Text, bilingual},
    rule::Lang,
    scan::Probe,
    target::ConnectToError,
    yaml::did_you_mean,
};

/// A value that a flag does not take, with what to write instead.
#[derive(Debug)]
pub(super) struct Refused(pub(super) Text);

impl std::error::Error for Refused {}

impl Bilingual for Refused {
    fn text(&self) -> Text {
        self.0.clone()
    }
}

bilingual!(Refused);

/// The language asked for on a command line that could not be read as a whole.
pub(super) fn language(arguments: &[OsString]) -> Lang {
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let english = words.contains(&"--lang=en") || words.windows(2).any(|pair| pair == ["--lang", "en"]);
    if english { Lang::En } else { Lang::Vi }
}

/// The sentence and, where there is one, the advice; nothing where clap prints what was asked for.
pub(super) fn vietnamese(error: &clap::Error) -> Option<String> {
    let told = Told(error);
    let arg = told.quoted(ContextKind::InvalidArg);
    let value = told.quoted(ContextKind::InvalidValue);
    let what = match error.kind() {
        ErrorKind::InvalidValue
            if told.one(ContextKind::InvalidValue).is_none_or(|value| value.is_empty()) =>
        {
            format!("thiếu giá trị cho {arg}")
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => format!("{arg} không nhận giá trị {value}"),
        ErrorKind::UnknownArgument if told.is_option() => format!("không có tùy chọn {arg}"),
        ErrorKind::UnknownArgument => format!("{arg} thừa, lệnh này không nhận thêm"),
        ErrorKind::InvalidSubcommand => {
            format!("không có lệnh {}", told.quoted(ContextKind::InvalidSubcommand))
        }
        ErrorKind::NoEquals => format!("giữa {arg} và giá trị phải có dấu `=`"),
        ErrorKind::TooManyValues => format!("{arg} có quá nhiều giá trị"),
        ErrorKind::TooFewValues => format!("{arg} còn thiếu giá trị"),
        ErrorKind::WrongNumberOfValues => format!("{arg} không đúng số giá trị"),
        ErrorKind::ArgumentConflict => match told.quoted(ContextKind::PriorArg) {
            prior if prior.is_empty() || prior == arg => format!("{arg} chỉ được ghi một lần"),
            prior => format!("không dùng {arg} cùng với {prior}"),
        },
        ErrorKind::MissingRequiredArgument => format!("còn thiếu {arg}"),
        ErrorKind::MissingSubcommand => "còn thiếu tên lệnh".to_owned(),
        ErrorKind::InvalidUtf8 => "dòng lệnh có chữ không phải UTF-8".to_owned(),
        _ => return None,
    };
    Some(match told.advice() {
        Some(advice) => format!("lỗi: {what}\n  gợi ý: {advice}"),
        None => format!("lỗi: {what}"),
    })
}

/// An error of clap's with what it tells beside its kind.
struct Told<'e>(&'e clap::Error);

impl Told<'_> {
    /// The words of one kind.
    fn words(&self, kind: ContextKind) -> Vec<String> {
        match self.0.get(kind) {
            Some(ContextValue::String(word)) => vec![word.clone()],
            Some(ContextValue::Strings(words)) => words.clone(),
            Some(ContextValue::StyledStr(text)) => vec![text.to_string()],
            Some(ContextValue::StyledStrs(texts)) => texts.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        }
    }

    fn one(&self, kind: ContextKind) -> Option<String> {
        self.words(kind).into_iter().next()
    }

    fn quoted(&self, kind: ContextKind) -> String {
        self.words(kind).iter().map(|word| format!("`{}`", plain(word))).collect::<Vec<_>>().join(", ")
    }

    fn is_option(&self) -> bool {
        self.one(ContextKind::InvalidArg).is_some_and(|arg| arg.starts_with('-'))
    }

    /// What to write instead, in Vietnamese.
    fn advice(&self) -> Option<String> {
        let suggested = [
            ContextKind::SuggestedArg,
            ContextKind::SuggestedSubcommand,
            ContextKind::SuggestedValue,
            ContextKind::SuggestedCommand,
        ];
        if let Some(near) = suggested.into_iter().find_map(|kind| self.one(kind)) {
            return Some(did_you_mean(&plain(&near)).vi.to_string());
        }
        if let Some(source) = self.0.source() {
            return refusal(source);
        }
        let known = [ContextKind::ValidValue, ContextKind::ValidSubcommand];
        if let Some(all) = known.into_iter().map(|kind| self.words(kind)).find(|words| !words.is_empty()) {
            return Some(format!("chọn một trong: {}", all.join(", ")));
        }
        matches!(
            self.0.kind(),
            ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand | ErrorKind::MissingRequiredArgument
        )
        .then(|| "xem các lệnh và tùy chọn bằng --help".to_owned())
    }
}

/// What the type of a value says of it. A library's own words are left to clap.
fn refusal(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    if let Some(refused) = error.downcast_ref::<Refused>() {
        return Some(refused.text().vi.to_string());
    }
    if let Some(refused) = error.downcast_ref::<ConnectToError>() {
        return Some(refused.text().vi.to_string());
    }
    let ours = if error.is::<<Probe as std::str::FromStr>::Err>() {
        "chọn trong: dns, tls, certificate, http, mail, web"
    } else if error.is::<jiff::Error>() {
        "ghi thời điểm theo RFC 3339, ví dụ 2026-11-24T08:00:00+07:00"
    } else if error.is::<std::num::ParseIntError>() {
        "ghi một số nguyên"
    } else {
        return None;
    };
    Some(ours.to_owned())
}

/// Somebody's words on one line, without what steers a terminal.
fn plain(word: &str) -> String {
    word.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;

    fn told(line: &str) -> String {
        let error = Cli::try_parse_from(line.split_whitespace()).unwrap_err();
        vietnamese(&error).unwrap_or_else(|| panic!("{line}: nothing in Vietnamese: {error}"))
    }

    #[test]
    fn every_misuse_is_named_with_its_words_and_the_near_one() {
        for (line, what, advice) in [
            ("khien scna", "không có lệnh `scna`", "có phải ý bạn là `scan`?"),
            ("khien zzzzzz", "không có lệnh `zzzzzz`", "--help"),
            ("khien scan --unti so", "không có tùy chọn `--unti`", "có phải ý bạn là `--unit`?"),
            ("khien scan --zzzzzz", "không có tùy chọn `--zzzzzz`", "--help"),
            ("khien scan --unit", "thiếu giá trị cho `--unit <ID>`", ""),
            ("khien scan --pace", "thiếu giá trị cho `--pace <PACE>`", "gentle, normal, lab"),
            (
                "khien scan --pace gentel",
                "`--pace <PACE>` không nhận giá trị `gentel`",
                "có phải ý bạn là `gentle`?",
            ),
            ("khien scan a.yaml b.yaml", "`b.yaml` thừa", "--help"),
            ("khien --lang vi --lang en scan", "`--lang <LANG>` chỉ được ghi một lần", ""),
            ("khien check", "còn thiếu `<HOST[:PORT]>...`", "--help"),
            ("khien scan --deadline 25h", "`--deadline <HH:MM>` không nhận giá trị `25h`", "ví dụ 05:30"),
            ("khien scan --resolver x", "`--resolver <IP:PORT>`", "ví dụ 192.0.2.53:53"),
            ("khien scan --max-untested 101", "`101`", "ví dụ 20%"),
            ("khien scan --connect-to a_b:443:127.0.0.1:1", "`--connect-to", "dấu gạch dưới (`_`)"),
            ("khien scan --only tsl", "`tsl`", "dns, tls, certificate"),
            ("khien scan --now yesterday", "`--now <TIME>` không nhận giá trị `yesterday`", "RFC 3339"),
            ("khien scan --https-port 99999", "`99999`", ""),
            ("khien prune --keep x", "`--keep <DAYS>`", "ví dụ 400d"),
        ] {
            let told = told(line);
            assert!(told.contains(what) && told.contains(advice), "{line}: {told}");
            assert_eq!(told.lines().count(), if told.contains("gợi ý") { 2 } else { 1 }, "{told}");
            assert!(unicode_normalization::is_nfc(&told));
        }
    }

    #[test]
    fn help_and_version_are_no_misuse() {
        for line in ["khien --help", "khien scan --help", "khien --version"] {
            let error = Cli::try_parse_from(line.split_whitespace()).unwrap_err();
            assert_eq!(vietnamese(&error), None, "{line}");
        }
    }

    #[test]
    fn hostile_words_do_not_steer_the_terminal() {
        let error = Cli::try_parse_from(["khien", "\u{1b}[2J\n"]).unwrap_err();
        let told = vietnamese(&error).unwrap();
        assert!(!told.contains('\u{1b}') && told.lines().count() <= 2, "{told:?}");
    }

    #[test]
    fn the_language_is_read_from_a_broken_line() {
        let of = |line: &str| language(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(of("khien scna"), Lang::Vi);
        assert_eq!(of("khien scna --lang en"), Lang::En);
        assert_eq!(of("khien --lang=en scna"), Lang::En);
        assert_eq!(of("khien --lang vi scna"), Lang::Vi);
    }
}
