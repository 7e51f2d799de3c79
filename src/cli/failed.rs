//! Why a command could not do what it was asked: an exit code and a report for people.

use std::io;

use miette::{Diagnostic, Report, miette};

use super::Exit;
use crate::{
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
    Ours { what: Said, help: Said },
    /// Mistakes in files, with line and column.
    Files(Report),
}

/// One thing in both languages.
#[derive(Clone, Debug)]
pub(super) struct Said {
    vi: String,
    en: String,
}

impl<V: Into<String>, E: Into<String>> From<(V, E)> for Said {
    fn from((vi, en): (V, E)) -> Self {
        Self { vi: vi.into(), en: en.into() }
    }
}

impl Words {
    /// The report in one language.
    pub(super) fn in_language(self, lang: Lang) -> Report {
        let one = |said: Said| if lang == Lang::Vi { said.vi } else { said.en };
        match self {
            Self::Ours { what, help } => miette!(help = one(help), "{}", one(what)),
            Self::Files(report) => report,
        }
    }
}

impl Failed {
    /// The person asked for something that cannot be: what is wrong, and what to do, each in Vietnamese and English.
    pub(super) fn usage(what: impl Into<Said>, help: impl Into<Said>) -> Self {
        Self { exit: Exit::Usage, words: Some(Words::Ours { what: what.into(), help: help.into() }) }
    }

    /// A fault of ours.
    pub(super) fn internal(error: impl std::fmt::Display) -> Self {
        let help = (
            "đây là lỗi của khien: xin báo lại, kèm lệnh đã gõ và dòng này",
            "this is a fault of khien: please report it with the command and this message",
        );
        let what = error.to_string();
        let what = (what.clone(), what).into();
        Self { exit: Exit::Internal, words: Some(Words::Ours { what, help: help.into() }) }
    }

    fn configuration(error: impl Diagnostic + Send + Sync + 'static) -> Self {
        Self { exit: Exit::Usage, words: Some(Words::Files(Report::new(error))) }
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

macro_rules! configuration {
    ($($error:ty),+) => {
        $(impl From<$error> for Failed {
            fn from(error: $error) -> Self {
                Self::configuration(error)
            }
        })+
    };
}

configuration!(RuleSetError, Diagnostics, ReadError);
