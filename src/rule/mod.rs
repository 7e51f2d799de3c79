//! What is right: YAML rules, their conditions over facts, and the finding each one makes of a document.
//! Never looks at the network, weighs nothing.

pub mod condition;
mod definition;
mod evaluate;
mod example;
mod framework;
mod model;
mod raw;
mod reason;
mod set;
#[cfg(test)]
mod tests;
mod verdict;

pub use crate::language::{Lang, Text};
pub use condition::{Expected, Names};
pub use definition::{Citation, Example, Fix, Rule, Scope};
pub use example::Mismatch;
pub use framework::{Clause, Framework, Frameworks, Status, Verified};
pub use model::{Category, Effort, EffortError, Level, Owner, RuleId, RuleIdError, Severity};
pub use raw::{FixText, FixedBy, Role, Server};
pub use reason::seen;
pub use set::{RuleSet, RuleSetError};
pub use verdict::{Evidence, Finding, Reason, Verdict};
