//! Sender Policy Framework (RFC 7208): the record's grammar, `check_host` to the letter, and a walk without a sender.
//! Whoever calls brings the DNS ([`Dns`]); nothing here opens a socket or says whether a policy is good.

mod check;
mod macros;
mod names;
mod record;
mod survey;

use std::{
    future::Future,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use check::{Checked, Sender, check_host};
pub use macros::{MacroString, Part};
pub use record::{
    Directive, DomainSpec, DualCidr, Mechanism, Qualifier, Record, Selected, SyntaxError, select,
};
pub use survey::{Survey, survey};

/// Terms of one evaluation that may ask the DNS: `include`, `a`, `mx`, `ptr`, `exists`, `redirect` (§4.6.4).
pub const LOOKUP_LIMIT: u32 = 10;
/// Terms of one evaluation whose question may come back empty (§4.6.4).
pub const VOID_LIMIT: u32 = 2;
/// Mail exchangers of one `mx` and names of one `ptr` that are looked at (§4.6.4).
pub const HOST_LIMIT: usize = 10;

/// What an evaluation asks. Names are ASCII without a trailing dot; CNAMEs are followed by who answers.
///
/// An empty list means that the name, or records of the type, do not exist; an error is anything else that is no
/// answer: a time-out, SERVFAIL, REFUSED. It makes a *temperror*, never «no SPF».
pub trait Dns {
    /// Why there was no answer.
    type Error: Send;

    /// TXT: the strings of each record put together, with nothing between them (§3.3).
    fn txt(&self, name: &str) -> impl Future<Output = Result<Vec<Vec<u8>>, Self::Error>> + Send;
    /// A.
    fn a(&self, name: &str) -> impl Future<Output = Result<Vec<Ipv4Addr>, Self::Error>> + Send;
    /// AAAA.
    fn aaaa(&self, name: &str) -> impl Future<Output = Result<Vec<Ipv6Addr>, Self::Error>> + Send;
    /// MX: host names by preference; a null MX (RFC 7505) is the empty name or `.`.
    fn mx(&self, name: &str) -> impl Future<Output = Result<Vec<String>, Self::Error>> + Send;
    /// PTR of an address.
    fn ptr(&self, address: IpAddr) -> impl Future<Output = Result<Vec<String>, Self::Error>> + Send;
}

/// The result of an evaluation (§2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SpfResult {
    /// No record, or no name that could have one.
    None,
    /// The record says neither yes nor no.
    Neutral,
    /// The client may send for the domain.
    Pass,
    /// It may not.
    Fail,
    /// It probably may not.
    #[serde(rename = "softfail")]
    SoftFail,
    /// The DNS gave no answer; later it may.
    #[serde(rename = "temperror")]
    TempError,
    /// The published record cannot be interpreted.
    #[serde(rename = "permerror")]
    PermError,
}

impl From<Qualifier> for SpfResult {
    fn from(qualifier: Qualifier) -> Self {
        match qualifier {
            Qualifier::Pass => Self::Pass,
            Qualifier::Fail => Self::Fail,
            Qualifier::SoftFail => Self::SoftFail,
            Qualifier::Neutral => Self::Neutral,
        }
    }
}

/// Why a record makes a *permerror*.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A record does not follow the grammar.
    #[error("the record of {domain} does not follow the grammar: {error}")]
    Syntax {
        /// Whose.
        domain: String,
        /// What is wrong.
        error: SyntaxError,
    },
    /// More than one record.
    #[error("{domain} has {count} SPF records; only one may stand (RFC 7208 section 4.5)")]
    SeveralRecords {
        /// Whose.
        domain: String,
        /// How many.
        count: usize,
    },
    /// An `include` or `redirect` leads to a name without a record.
    #[error("{domain}, to which {term} leads, has no SPF record (RFC 7208 sections 5.2 and 6.1)")]
    NoRecord {
        /// Where it leads.
        domain: String,
        /// `include` or `redirect`.
        term: &'static str,
    },
    /// An `include` or `redirect` leads back to a record that is being read.
    #[error("{domain} leads back to itself by include or redirect")]
    Loop {
        /// Where the circle closes.
        domain: String,
    },
    /// More than [`LOOKUP_LIMIT`] terms ask the DNS.
    #[error("more than 10 terms ask the DNS (RFC 7208 section 4.6.4)")]
    TooManyLookups,
    /// More than [`VOID_LIMIT`] questions came back empty.
    #[error("more than 2 terms ask for what does not exist (RFC 7208 section 4.6.4)")]
    TooManyVoidLookups,
    /// More than [`HOST_LIMIT`] mail exchangers at one `mx`.
    #[error("{domain} has more than 10 mail exchangers, which mx may not ask for (RFC 7208 section 4.6.4)")]
    TooManyExchangers {
        /// Whose.
        domain: String,
    },
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
