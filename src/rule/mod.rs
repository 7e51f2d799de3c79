//! What is right: YAML rules, their conditions over facts, and the finding each one makes of a document.

pub mod condition;
mod model;
mod verdict;

pub use model::{Category, Effort, EffortError, Lang, Level, Owner, RuleId, RuleIdError, Severity, Text};
pub use verdict::{Evidence, Finding, Reason, Verdict};
