//! Facts of what an issuer says about a certificate after it was issued: staples, look-ups, downloads.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A stapled OCSP response (RFC 6960), parsed and checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Staple {
    /// What the responder answered at all.
    pub response: OcspResponse,
    /// Whether one of its statements is about the leaf: the same serial number and issuer.
    pub covers_leaf: bool,
    /// A client may rely on it: successful, about the leaf, of now, and signed by who may.
    pub reliable: bool,
    /// The statement about the leaf; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<OcspStatement>,
}

/// The status of an OCSP response (RFC 6960 section 4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OcspResponse {
    /// It has statements.
    Successful,
    /// The responder did not understand the request.
    MalformedRequest,
    /// The responder has trouble of its own.
    InternalError,
    /// Ask again later.
    TryLater,
    /// Requests must be signed.
    SigRequired,
    /// The responder does not answer for this issuer.
    Unauthorized,
    /// A status that RFC 6960 does not know.
    Other,
}

/// What an OCSP responder says about one certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OcspStatement {
    /// The status of the certificate.
    pub status: RevocationStatus,
    /// Since when it is known to be so.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub this_update: Timestamp,
    /// When there will be newer information; absent where there always is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub next_update: Option<Timestamp>,
    /// Whole hours since `this_update`; negative where it lies ahead.
    pub age_hours: i64,
    /// Where the time of observation stands to the two.
    pub freshness: Freshness,
    /// Whether the response is signed by who may speak for the issuer.
    pub signature: OcspSignature,
    /// When it was revoked; absent where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub revoked_at: Option<Timestamp>,
    /// Why it was revoked, as RFC 5280 section 5.3.1 calls it; absent where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What an issuer says of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevocationStatus {
    /// Not revoked.
    Good,
    /// Revoked, or on hold.
    Revoked,
    /// The responder does not know the certificate.
    Unknown,
}

/// Where a moment stands to a statement's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    /// Between the two updates.
    Current,
    /// After the next update was due.
    Expired,
    /// Before the statement holds.
    Early,
}

/// Whether a response is signed by who may (RFC 6960 section 4.2.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OcspSignature {
    /// By the leaf's issuer itself.
    Issuer,
    /// By a responder that the issuer certified for it.
    Delegate,
    /// The signature does not verify.
    Failed,
    /// By somebody whom the issuer did not certify for it, or not at this time.
    Unauthorized,
    /// The algorithm cannot be verified here.
    Unsupported,
    /// The issuer's certificate was neither sent nor is it a trusted root, so nobody can tell.
    IssuerUnknown,
}

/// Whether the leaf is revoked, from the best source there was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revocation {
    /// What the issuer says.
    pub status: RevocationStatus,
    /// Who was asked.
    pub source: RevocationSource,
    /// Where it was looked up; absent for a staple.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Since when it is known to be so.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub as_of: Timestamp,
    /// When it was revoked; absent where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub revoked_at: Option<Timestamp>,
    /// Why it was revoked, as RFC 5280 section 5.3.1 calls it; absent where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Where a status comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevocationSource {
    /// A staple that a client may rely on.
    Staple,
    /// The issuer's OCSP responder.
    Ocsp,
    /// The issuer's list of revoked certificates (RFC 5280 section 5).
    Crl,
}

/// Issuers downloaded from where the certificates say (RFC 5280 section 4.2.2.1), with which a path was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Completion {
    /// Where the first of them was downloaded.
    pub url: String,
    /// Subject of the intermediate that the server ought to send.
    pub subject: String,
    /// How many were needed.
    pub downloads: u32,
}
