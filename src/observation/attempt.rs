//! `Attempt` and `Listing`: whether a fact was seen, and whether a list is whole.
//! `Failure` and `Skip` say why not. Nothing here says good or bad.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Did we see it? May stand on any field.
///
/// JSON: the value itself, or `{"failed": …}`, or `{"skipped": …}`. Touching one that is not
/// `Completed` in a rule's condition raises, so a rule can never mistake "not seen" for "not there".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Attempt<T> {
    /// We tried and could not find out.
    Failed {
        /// Why.
        failed: Failure,
    },
    /// We did not try.
    Skipped {
        /// Why.
        skipped: Skip,
    },
    /// We looked, and this is what is there.
    Completed(T),
}

impl<T> Attempt<T> {
    /// An attempt that failed with this reason.
    pub fn failed(failed: Failure) -> Self {
        Self::Failed { failed }
    }

    /// An attempt that was not made for this reason.
    pub fn skipped(skipped: Skip) -> Self {
        Self::Skipped { skipped }
    }

    /// The value, where it was seen.
    pub fn completed(&self) -> Option<&T> {
        match self {
            Self::Completed(value) => Some(value),
            Self::Failed { .. } | Self::Skipped { .. } => None,
        }
    }

    /// The same attempt over another value; reasons carry over.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Attempt<U> {
        self.and_then(|value| Attempt::Completed(f(value)))
    }

    /// Another attempt that needs this one's value; reasons carry over.
    pub fn and_then<U>(self, f: impl FnOnce(T) -> Attempt<U>) -> Attempt<U> {
        match self {
            Self::Completed(value) => f(value),
            Self::Failed { failed } => Attempt::Failed { failed },
            Self::Skipped { skipped } => Attempt::Skipped { skipped },
        }
    }

    /// Borrows the value; reasons are cloned.
    pub fn as_ref(&self) -> Attempt<&T> {
        match self {
            Self::Completed(value) => Attempt::Completed(value),
            Self::Failed { failed } => Attempt::Failed { failed: failed.clone() },
            Self::Skipped { skipped } => Attempt::Skipped { skipped: *skipped },
        }
    }
}

impl<T> Attempt<Option<T>> {
    /// Looked, and it is absent: such a field is left out of the document, never `null`.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Completed(None))
    }
}

impl<T> Default for Attempt<Option<T>> {
    /// A field that is left out of a document was looked for and is absent.
    fn default() -> Self {
        Self::Completed(None)
    }
}

impl<T> From<Result<T, Failure>> for Attempt<T> {
    fn from(result: Result<T, Failure>) -> Self {
        match result {
            Ok(value) => Self::Completed(value),
            Err(failed) => Self::Failed { failed },
        }
    }
}

/// Marks the schema of an [`Attempt`]; the last alternative is the value's own schema.
pub(crate) const X_ATTEMPT: &str = "x-attempt";
/// Marks the schema of a [`Listing`].
pub(crate) const X_LISTING: &str = "x-listing";

impl<T: JsonSchema> JsonSchema for Attempt<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Attempt_{}", T::schema_name()).into()
    }

    fn schema_id() -> Cow<'static, str> {
        format!("{}::Attempt<{}>", module_path!(), T::schema_id()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let failure = generator.subschema_for::<Failure>();
        let skip = generator.subschema_for::<Skip>();
        let value = generator.subschema_for::<T>();
        json_schema!({
            "x-attempt": true,
            "anyOf": [
                {"type": "object", "properties": {"failed": failure}, "required": ["failed"], "additionalProperties": false},
                {"type": "object", "properties": {"skipped": skip}, "required": ["skipped"], "additionalProperties": false},
                value
            ]
        })
    }
}

/// A list that may have been cut short.
///
/// `incomplete` absent: these are all. Present: there may be more, and why we do not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-listing" = true))]
pub struct Listing<T> {
    /// What was seen.
    pub items: Vec<T>,
    /// Why the rest was not seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<Failure>,
}

impl<T> Listing<T> {
    /// All there is.
    pub fn complete(items: Vec<T>) -> Self {
        Self { items, incomplete: None }
    }

    /// The first `limit` of these; the rest, if any, is dropped and said so.
    pub fn capped(items: impl IntoIterator<Item = T>, limit: usize) -> Self {
        let mut all = items.into_iter();
        let items: Vec<T> = all.by_ref().take(limit).collect();
        let incomplete =
            all.next().map(|_| Failure::TooLarge { limit: u64::try_from(limit).unwrap_or(u64::MAX) });
        Self { items, incomplete }
    }
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self::complete(Vec::new())
    }
}

/// Why something could not be found out. Kept as data, closed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Failure {
    /// The port answered that nobody listens (TCP RST to SYN, ICMP port unreachable).
    #[error("connection refused")]
    Refused,
    /// No answer within the deadline in force.
    #[error("timed out after {after_ms} ms during {during}")]
    TimedOut {
        /// What was waited for.
        during: Phase,
        /// The deadline, in milliseconds (the configured limit, not a measurement).
        after_ms: u32,
    },
    /// The connection was reset (TCP RST).
    #[error("connection reset")]
    Reset,
    /// The peer closed the connection where an answer was due.
    #[error("connection closed without an answer")]
    Closed,
    /// No route from this vantage point to the address.
    #[error("no route to the address")]
    Unreachable,
    /// The peer ended a TLS handshake with this alert (RFC 8446 section 6).
    #[error("TLS alert {description}")]
    Alert {
        /// IANA name of the alert description, e.g. `handshake_failure`.
        description: String,
    },
    /// The peer answers, but not in TLS.
    #[error("the port does not speak TLS")]
    NotTls,
    /// The name has no address (NXDOMAIN, or neither A nor AAAA).
    #[error("the name has no address")]
    NoAddress,
    /// The resolver or name server answered with an error code (RFC 1035 section 4.1.1), e.g. `SERVFAIL`.
    #[error("DNS answer {0}")]
    Rcode(String),
    /// Whether the answer should be signed could not be found out (RFC 4035 section 4.3, Indeterminate).
    #[error("DNSSEC status indeterminate: {0}")]
    Indeterminate(String),
    /// A page that stands in front of the site answered instead of it.
    #[error("blocked: HTTP status {status}")]
    Blocked {
        /// HTTP status code.
        status: u16,
        /// What was recognised, where it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// More than we are willing to read or keep.
    #[error("larger than the limit of {limit}")]
    TooLarge {
        /// The limit: bytes, or items of a list.
        limit: u64,
    },
    /// What came does not follow its specification.
    #[error("malformed: {0}")]
    Malformed(String),
    /// The budget of connections or requests for this address is used up.
    #[error("the budget of {0} for this address is used up")]
    Budget(String),
    /// The answer needs something that this program or its libraries cannot do.
    #[error("not supported by the scanner: {0}")]
    Unsupported(String),
    /// Our own machine or code, not the peer.
    #[error("fault of the scanner: {0}")]
    OurBug(String),
}

/// What was waited for when a deadline passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// TCP connection.
    Connect,
    /// TLS handshake or hello.
    Handshake,
    /// The response to a request.
    Response,
    /// A DNS query.
    Query,
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::Handshake => "handshake",
            Self::Response => "response",
            Self::Query => "query",
        })
    }
}

/// Why something was not tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// Left out by `--only`.
    #[error("not asked for")]
    NotRequested,
    /// The address was given on the command line, so names were not looked up.
    #[error("the address was given")]
    AddressGiven,
    /// Port 53 is closed to the scanner, so name servers could not be asked directly.
    #[error("name servers cannot be asked directly from here")]
    DirectDnsClosed,
    /// The address may not be dialled (private, link-local, metadata …).
    #[error("the address may not be dialled")]
    ForbiddenAddress,
    /// The budget for this address was used up by earlier sites.
    #[error("the budget for this address is used up")]
    Budget,
    /// Excluded by the inventory.
    #[error("excluded by the inventory")]
    Excluded,
    /// The host is outside the inventory: recorded, never probed.
    #[error("outside the inventory")]
    OutsideInventory,
    /// The scan was stopped before this was its turn.
    #[error("the scan was stopped")]
    Interrupted,
    /// Makes no sense after what was seen before it (no TLS, so no certificate).
    #[error("does not apply")]
    DoesNotApply,
}
