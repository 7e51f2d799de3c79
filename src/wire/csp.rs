//! Content-Security-Policy (CSP Level 3): serialised policies to directives, and what `frame-ancestors` lets in.
//! `capability` says what policies let injected markup do together, `weakness` what is weak in them, each with the
//! policy, the directive and the token; whether that fails a site is a rule's question.

use std::{collections::HashSet, fmt};

pub use capability::{Capability, Grant, grants};
pub use framing::{Framing, framing};
pub use source::{Ancestor, Keyword, SourceExpression};
pub use weakness::{Severity, WEAKNESS_LIMIT, Weakness, WeaknessKind, weaknesses};

mod bypass;
mod capability;
mod framing;
mod source;
mod weakness;

/// Policies kept of one response; a header of 64 KiB holds thousands of one-letter policies.
pub const POLICY_LIMIT: usize = 64;
/// Directives kept of one policy, duplicates and dropped ones counted apart.
pub const DIRECTIVE_LIMIT: usize = 256;

/// Directives without effect in a `<meta>` (§3.3).
const NOT_IN_META: [&str; 3] = ["frame-ancestors", "report-uri", "sandbox"];
/// A host no site can own (RFC 2606), standing for a stranger's.
const STRANGER: &str = "stranger.invalid";

/// Where a policy came from, which decides the directives that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A header field.
    Header,
    /// A `<meta http-equiv>`; `frame-ancestors`, `report-uri` and `sandbox` have no effect there (§3.3).
    Meta,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Meta => "meta",
        })
    }
}

/// Whether a policy is enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// `Content-Security-Policy`.
    Enforce,
    /// `Content-Security-Policy-Report-Only`, which blocks nothing.
    Report,
}

/// One policy: an ordered set of directives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Where it came from.
    pub source: Source,
    /// Whether it is enforced.
    pub disposition: Disposition,
    /// The directives that count, in the order sent, each name once.
    pub directives: Vec<Directive>,
    /// Lower-case names of directives sent again and ignored, in the order met (§2.2.1 step 3.5).
    pub duplicates: Vec<String>,
    /// How many directives were dropped because a non-ASCII character stands in them (§2.2.1 step 3.2).
    pub non_ascii: usize,
    /// More directives were sent than [`DIRECTIVE_LIMIT`]; the rest was not read.
    pub cut_short: bool,
}

/// One directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// The name in lower case.
    pub name: String,
    /// The tokens of the value, as sent.
    pub value: Vec<String>,
}

/// The policies of one response or document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policies {
    /// All policies that have a directive, in the order sent. Each one must allow what is to happen.
    pub policies: Vec<Policy>,
    /// More policies were sent than [`POLICY_LIMIT`]; the rest was not read.
    pub cut_short: bool,
}

impl Policies {
    /// Adds the header fields of one kind, in the order sent: each line is a comma-separated list of policies
    /// (§2.2.2). Policies without a directive do not count.
    pub fn add_fields<V: AsRef<str>>(
        &mut self,
        lines: impl IntoIterator<Item = V>,
        disposition: Disposition,
    ) {
        for line in lines {
            for serialised in line.as_ref().split(',') {
                self.add(Policy::parse(serialised, Source::Header, disposition));
            }
        }
    }

    /// Adds one policy, a `<meta>`'s for instance; one without a directive does not count.
    pub fn add(&mut self, policy: Policy) {
        if policy.directives.is_empty() {
            return;
        }
        if self.policies.len() == POLICY_LIMIT {
            self.cut_short = true;
        } else {
            self.policies.push(policy);
        }
    }

    /// The enforced policies.
    pub fn enforced(&self) -> impl Iterator<Item = &Policy> {
        self.policies.iter().filter(|policy| policy.disposition == Disposition::Enforce)
    }
}

impl Policy {
    /// Parses one serialised policy (§2.2.1). Never fails; a policy without directives says nothing.
    /// In a `<meta>` a comma is part of a token: the caller gives the content as it stands.
    pub fn parse(serialised: &str, source: Source, disposition: Disposition) -> Self {
        let mut policy = Self {
            source,
            disposition,
            directives: Vec::new(),
            duplicates: Vec::new(),
            non_ascii: 0,
            cut_short: false,
        };
        let mut seen = HashSet::new();
        for token in serialised.split(';') {
            if !token.is_ascii() {
                policy.non_ascii += 1;
                continue;
            }
            let mut parts = token.split(is_ascii_whitespace).filter(|part| !part.is_empty());
            let Some(name) = parts.next().map(str::to_ascii_lowercase) else { continue };
            if policy.directives.len() + policy.duplicates.len() == DIRECTIVE_LIMIT {
                policy.cut_short = true;
                break;
            }
            if seen.insert(name.clone()) {
                policy.directives.push(Directive { name, value: parts.map(str::to_owned).collect() });
            } else {
                policy.duplicates.push(name);
            }
        }
        policy
    }

    /// The directive of this lower-case name. Directives that have no effect in a `<meta>` are not found there.
    pub fn directive(&self, name: &str) -> Option<&Directive> {
        let ignored = self.source == Source::Meta && NOT_IN_META.contains(&name);
        self.directives.iter().find(|directive| directive.name == name && !ignored)
    }
}

/// The Infra standard's ASCII whitespace: no vertical tab, no Unicode space.
fn is_ascii_whitespace(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\u{c}' | '\r' | ' ')
}

#[cfg(test)]
mod tests;
