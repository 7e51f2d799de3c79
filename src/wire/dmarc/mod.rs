//! DMARC as RFC 9989 has it and as RFC 7489 had it: the policy record, and which record applies to a domain under
//! each. Pure: who calls asks the DNS for the names given here.

mod discovery;
mod report_uri;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tag_list::TagList;

pub use discovery::{
    Applied, Found, Level, TXT_LIMIT, Texts, organizational_domain, tree, under_7489, under_9989,
};
pub use report_uri::{Destination, ReportUri};

/// Which specification reads the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standard {
    /// DMARC of 2015: public suffix list, `pct`.
    Rfc7489,
    /// DMARC of 2026: tree walk, `np`, `psd`, `t`.
    Rfc9989,
}

/// What a receiver should do with mail that is not the domain's (RFC 9989 section 4.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// Nothing; only reports are wanted.
    None,
    /// Treat it as suspicious.
    Quarantine,
    /// Refuse it.
    Reject,
}

/// How alike the domains have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Alignment {
    /// Of one organisation.
    Relaxed,
    /// The same.
    Strict,
}

/// Whether a domain is a public suffix, in its owner's own words (`psd`, RFC 9989).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PublicSuffix {
    /// `y`.
    Yes,
    /// `n`: an organisation begins here.
    No,
    /// `u`, or nothing said.
    Unknown,
}

/// A policy record, syntax errors replaced by defaults as both specifications want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// `p`; `None` where it is missing or means nothing.
    pub policy: Option<Policy>,
    /// `sp`: for subdomains.
    pub subdomain_policy: Option<Policy>,
    /// `np`: for subdomains that do not exist (RFC 9989).
    pub nonexistent_policy: Option<Policy>,
    /// `adkim`.
    pub dkim_alignment: Alignment,
    /// `aspf`.
    pub spf_alignment: Alignment,
    /// `psd` (RFC 9989).
    pub public_suffix: PublicSuffix,
    /// `t=y`: the policy is only tried (RFC 9989).
    pub testing: bool,
    /// `pct`: for how much of the mail (RFC 7489); 100 where not said.
    pub percent: u8,
    /// `rua`: where summaries go.
    pub aggregate: Vec<ReportUri>,
    /// `ruf`: where single failures are reported.
    pub failure: Vec<ReportUri>,
    /// What was wrong.
    pub faults: Vec<Fault>,
}

/// Something in a record that does not say what its owner may have meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// `p` is missing.
    #[error("p= is missing")]
    NoPolicy,
    /// A value that the tag does not have.
    #[error("{tag}={value:?} is no value of this tag")]
    Value {
        /// The tag.
        tag: &'static str,
        /// What is written.
        value: String,
    },
    /// A tag twice.
    #[error("{0}= stands more than once")]
    Repeated(String),
    /// No tag at all.
    #[error("{0:?} is no tag; tags are separated by semicolons")]
    Stray(String),
}

impl Record {
    /// Reads a record; `None` where it is none of DMARC's: the version has to come first and be written exactly.
    pub fn parse(text: &[u8]) -> Option<Self> {
        const POLICIES: [&str; 3] = ["none", "quarantine", "reject"];
        // octets outside of ASCII spoil the tag they stand in, not the record
        let text = String::from_utf8_lossy(text);
        let list = TagList::parse(&text);
        let version = list.tags.first().filter(|tag| tag.name.eq_ignore_ascii_case("v"))?;
        if version.value != "DMARC1" || !text.trim_start_matches([' ', '\t']).starts_with(['v', 'V']) {
            return None;
        }
        let mut faults: Vec<Fault> = list
            .strays
            .iter()
            .map(|stray| Fault::Stray(stray.chars().take(100).collect()))
            .chain(list.repeated().into_iter().map(|name| Fault::Repeated(name.to_owned())))
            .collect();
        let value = |name: &str| {
            // DMARC's names are ABNF strings, which have no case
            list.tags.iter().find(|tag| tag.name.eq_ignore_ascii_case(name)).map(|tag| tag.value)
        };
        let wrong = |tag, value: &str| Fault::Value { tag, value: value.chars().take(100).collect() };
        let mut tag = |name: &'static str, known: &[&str]| {
            let value = value(name)?;
            let at = known.iter().position(|known| known.eq_ignore_ascii_case(value));
            if at.is_none() {
                faults.push(wrong(name, value));
            }
            at
        };
        let policy = |at: Option<usize>| match at? {
            0 => Some(Policy::None),
            1 => Some(Policy::Quarantine),
            _ => Some(Policy::Reject),
        };
        let alignment = |at| if at == Some(1) { Alignment::Strict } else { Alignment::Relaxed };
        let mut record = Self {
            policy: policy(tag("p", &POLICIES)),
            subdomain_policy: policy(tag("sp", &POLICIES)),
            nonexistent_policy: policy(tag("np", &POLICIES)),
            dkim_alignment: alignment(tag("adkim", &["r", "s"])),
            spf_alignment: alignment(tag("aspf", &["r", "s"])),
            public_suffix: match tag("psd", &["y", "n", "u"]) {
                Some(0) => PublicSuffix::Yes,
                Some(1) => PublicSuffix::No,
                _ => PublicSuffix::Unknown,
            },
            testing: tag("t", &["y", "n"]) == Some(0),
            percent: 100,
            aggregate: Vec::new(),
            failure: Vec::new(),
            faults: Vec::new(),
        };
        if let Some(percent) = value("pct") {
            match percent.parse::<u8>().ok().filter(|percent| *percent <= 100) {
                Some(percent) => record.percent = percent,
                None => faults.push(wrong("pct", percent)),
            }
        }
        for (tag, place) in [("rua", &mut record.aggregate), ("ruf", &mut record.failure)] {
            let Some(listed) = value(tag) else { continue };
            for uri in listed.split(',').map(str::trim) {
                match ReportUri::parse(uri) {
                    Some(uri) => place.push(uri),
                    None => faults.push(wrong(tag, uri)),
                }
            }
        }
        if value("p").is_none() {
            faults.push(Fault::NoPolicy);
        }
        record.faults = faults;
        Some(record)
    }

    /// The policy this record asks for, for the domain itself or a subdomain; `None` where no DMARC is applied at all
    /// (RFC 9989 section 4.10.1, RFC 7489 section 6.6.3).
    fn policy_for(&self, who: Who, standard: Standard) -> Option<Policy> {
        let invalid = |tag: &str| {
            self.faults.iter().any(|fault| matches!(fault, Fault::Value { tag: bad, .. } if *bad == tag))
        };
        let missing = self.faults.contains(&Fault::NoPolicy);
        let spoilt = match standard {
            Standard::Rfc7489 => self.policy.is_none() || invalid("sp"),
            // a missing p counts as none (section 4.7), an invalid one does not
            Standard::Rfc9989 => (self.policy.is_none() && !missing) || invalid("sp") || invalid("np"),
        };
        if spoilt {
            return (!self.aggregate.is_empty()).then_some(Policy::None);
        }
        let own = self.policy.unwrap_or(Policy::None);
        let policy = match (who, standard) {
            (Who::Itself, _) => own,
            (Who::Nonexistent, Standard::Rfc9989) => {
                self.nonexistent_policy.or(self.subdomain_policy).unwrap_or(own)
            }
            (Who::Subdomain | Who::Nonexistent, _) => self.subdomain_policy.unwrap_or(own),
        };
        Some(match (standard, self.testing) {
            (Standard::Rfc9989, true) => policy.one_below(),
            _ => policy,
        })
    }
}

impl Policy {
    /// What `t=y` makes of it.
    fn one_below(self) -> Self {
        match self {
            Self::Reject => Self::Quarantine,
            Self::Quarantine | Self::None => Self::None,
        }
    }
}

/// As domains are compared: lower case, without the trailing dot.
fn plain(domain: &str) -> String {
    domain.strip_suffix('.').unwrap_or(domain).to_ascii_lowercase()
}

/// Of whom a policy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Itself,
    Subdomain,
    Nonexistent,
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
