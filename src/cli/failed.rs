//! Why a command could not do what it was asked: an exit code and a report for people.

use std::io;

use miette::{Diagnostic, Report, miette};

use super::Exit;
use crate::{
    rule::RuleSetError,
    yaml::{Diagnostics, ReadError},
};

/// A command that could not be carried out.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) exit: Exit,
    /// Nothing where whoever reads our output has gone away.
    pub(super) report: Option<Report>,
}

impl Failed {
    /// The person asked for something that cannot be.
    pub(super) fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        let report = miette!(help = help.into(), "{}", message.into());
        Self { exit: Exit::Usage, report: Some(report) }
    }

    /// A fault of ours.
    pub(super) fn internal(error: impl std::fmt::Display) -> Self {
        let help = "this is a fault of khien: please report it with the command and this message";
        Self { exit: Exit::Internal, report: Some(miette!(help = help, "{error}")) }
    }

    fn configuration(error: impl Diagnostic + Send + Sync + 'static) -> Self {
        Self { exit: Exit::Usage, report: Some(Report::new(error)) }
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { exit: Exit::Done, report: None };
        }
        Self { exit: Exit::Internal, report: Some(miette!("cannot write: {error}")) }
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
