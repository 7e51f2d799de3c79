//! Facts of signed certificate timestamps: what Certificate Transparency logs promised (RFC 6962).

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One signed certificate timestamp.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sct {
    /// The log's id: SHA-256 of its key, lower-case hex.
    pub log_id: String,
    /// The log's name; absent for a log that the shipped list does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// Who runs it; absent for a log that the shipped list does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// What browsers' programmes thought of the log on the day of the list; absent for an unknown log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_state: Option<LogState>,
    /// When the log promised to publish the certificate.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub timestamp: Timestamp,
    /// Where it was found.
    pub source: SctSource,
    /// Whether the log signed it for this certificate.
    pub status: SctStatus,
}

/// Where a timestamp was found (RFC 6962 section 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SctSource {
    /// In the certificate.
    Certificate,
    /// In the stapled OCSP response.
    Staple,
}

/// Whether a timestamp is genuine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SctStatus {
    /// The log signed it for this certificate.
    Verified,
    /// The log did not sign it for this certificate.
    BadSignature,
    /// The shipped list does not know the log: newer, or nobody's.
    UnknownLog,
    /// The issuer's key, which is part of what is signed, is not known.
    IssuerUnknown,
    /// A version or an algorithm that cannot be verified here.
    Unsupported,
}

/// The state of a log in the list of Google Chrome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogState {
    /// Applied, not yet accepted.
    Pending,
    /// Accepted; not yet in every browser.
    Qualified,
    /// In use.
    Usable,
    /// Takes no more certificates.
    Readonly,
    /// Not trusted for what it signed since a certain day.
    Retired,
    /// Never trusted, or not any more.
    Rejected,
}
