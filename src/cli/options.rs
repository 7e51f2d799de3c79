//! Flags that several subcommands share, and what they mean to the layers below.

use std::path::PathBuf;

use crate::rule::{RuleSet, RuleSetError};

/// Which rules to judge by.
#[derive(Debug, clap::Args)]
pub(super) struct RulesFrom {
    /// A folder laid out as rules/; the built-in rules without it
    #[arg(long = "rules", value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

impl RulesFrom {
    pub(super) fn load(&self) -> Result<RuleSet, RuleSetError> {
        match &self.folder {
            Some(folder) => RuleSet::load(folder),
            None => RuleSet::built_in(),
        }
    }
}
