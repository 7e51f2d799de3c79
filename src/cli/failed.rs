//! Why a command could not do what it was asked: an exit code and a report for people.

use std::io;

use miette::{Report, miette};

use super::Exit;
use crate::{
    language::{Bilingual, Text, text},
    rule::{Lang, RuleSetError},
    yaml::{Diagnostics, ReadError},
};

/// A command that could not be carried out.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) exit: Exit,
    /// Nothing where whoever reads our output has gone away.
    pub(super) words: Option<Words>,
}

/// What is told.
#[derive(Debug)]
pub(super) enum Words {
    /// What is wrong, and what to do about it.
    Ours { what: Text, help: Text },
    /// Mistakes in files, with line and column.
    Files(Diagnostics),
}

impl Words {
    /// What is printed in one language: each mistake as a report of its own, and how many there are.
    pub(super) fn in_language(&self, lang: Lang) -> String {
        match self {
            Self::Ours { what, help } => {
                format!("{:?}", miette!(help = help.get(lang).to_owned(), "{}", what.get(lang)))
            }
            Self::Files(mistakes) => {
                let reports = mistakes.iter().map(|mistake| format!("{:?}", Report::new(mistake.told(lang))));
                reports
                    .chain(total(mistakes).map(|total| total.get(lang).to_owned()))
                    .collect::<Vec<_>>()
                    .join("\n")
            }
        }
    }
}

/// How many mistakes there are, where they are several.
fn total(mistakes: &Diagnostics) -> Option<Text> {
    let (count, shown) = (mistakes.count(), mistakes.iter().len());
    if count > shown {
        return Some(text!(
            "{count} lỗi; {shown} lỗi đầu được nêu ở trên. Sửa rồi chạy lại.",
            "{count} mistakes; the first {shown} are above. Mend them and run the command again."
        ));
    }
    (count > 1).then(|| {
        text!(
            "{count} lỗi. Sửa từng chỗ rồi chạy lại.",
            "{count} mistakes. Mend each place and run the command again."
        )
    })
}

impl Failed {
    /// The person asked for something that cannot be: what is wrong, and what to do, each in Vietnamese and English.
    pub(super) fn usage(what: impl Into<Text>, help: impl Into<Text>) -> Self {
        Self { exit: Exit::Usage, words: Some(Words::Ours { what: what.into(), help: help.into() }) }
    }

    /// A fault of ours.
    pub(super) fn internal(error: impl std::fmt::Display) -> Self {
        let help = (
            "đây là lỗi của khien: xin báo lại, kèm lệnh đã gõ và dòng này",
            "this is a fault of khien: please report it with the command and this message",
        );
        let what = Text::same(error.to_string());
        Self { exit: Exit::Internal, words: Some(Words::Ours { what, help: help.into() }) }
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { exit: Exit::Done, words: None };
        }
        let what = (format!("không ghi được: {error}"), format!("cannot write: {error}"));
        let help = ("xem lại chỗ trống trên đĩa và quyền ghi", "look at free space and permissions");
        Self { exit: Exit::Internal, ..Self::usage(what, help) }
    }
}

impl From<Diagnostics> for Failed {
    fn from(mistakes: Diagnostics) -> Self {
        Self { exit: Exit::Usage, words: Some(Words::Files(mistakes)) }
    }
}

impl From<ReadError> for Failed {
    fn from(error: ReadError) -> Self {
        Self::usage(error.text(), error.help())
    }
}

impl From<RuleSetError> for Failed {
    fn from(error: RuleSetError) -> Self {
        match error {
            RuleSetError::Mistakes(mistakes) => mistakes.into(),
            other => Self::usage(other.text(), other.help()),
        }
    }
}
