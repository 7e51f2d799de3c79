//! Facts of HTTP: at one address, and of the whole site as a browser meets it.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Attempt, Listing, limits};

/// The first answers of one address, redirects not followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointHttp {
    /// `GET http://host/`.
    pub http: Attempt<Answer>,
    /// `GET https://host/`, whatever the certificate.
    pub https: Attempt<Answer>,
}

/// One response, with the request's URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// The logical URL that was asked for; values of a query are replaced by `…`.
    pub url: String,
    /// The address that answered.
    #[schemars(with = "String")]
    pub address: IpAddr,
    /// Status code (RFC 9110 section 15).
    pub status: u16,
    /// Field lines in the order sent, duplicates kept; cookie values are replaced by their length.
    #[schemars(extend("maxItems" = limits::FIELDS))]
    pub fields: Listing<Field>,
    /// Where it redirects to, resolved against the URL; absent when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// One HTTP field line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Field {
    /// Name as sent.
    pub name: String,
    /// Value, leading and trailing white space removed.
    pub value: String,
}

/// The site as a visitor's browser meets it. Facts from response fields are those of the first
/// HTTPS answer of the requested host, unless said otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Http {
    /// Whether an HTTPS response came from at least one address, whatever the certificate, or at least a TLS alert:
    /// a server with which no version or cipher suite is shared. False only where the host answered and the HTTPS
    /// port refused the connection, does not speak TLS, or knows no such name.
    pub https_reachable: Attempt<bool>,
    /// Whether an HTTP response came on port 80 from at least one address; false when it is refused.
    pub http_reachable: Attempt<bool>,
    /// From `http://host/`, redirects followed.
    pub http: Attempt<Visit>,
    /// From `https://host/`, redirects followed.
    pub https: Attempt<Visit>,
    /// The `www` twin of the host; absent when it does not exist or is not asked for.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub www: Attempt<Option<Www>>,
    /// Where a visitor of `http://host/` is sent.
    pub upgrade: Attempt<Upgrade>,
    /// Redirects on the way that lead from HTTPS back to HTTP.
    #[schemars(extend("maxItems" = limits::HOPS))]
    pub downgrades: Attempt<Listing<Redirect>>,
    /// `Strict-Transport-Security` of the requested host's first HTTPS answer; absent when not sent.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub hsts: Attempt<Option<Hsts>>,
    /// `X-Frame-Options` of the final HTTPS document; absent when not sent.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub frame_options: Attempt<Option<FrameOptions>>,
    /// `frame-ancestors` of the final HTTPS document's enforced Content-Security-Policy; absent when no policy has it.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub frame_ancestors: Attempt<Option<FrameAncestors>>,
    /// `X-Content-Type-Options` of the final HTTPS document; absent when not sent.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub content_type_options: Attempt<Option<NoSniff>>,
    /// `Referrer-Policy` of the final HTTPS document, or its `<meta name=referrer>`; absent when there is neither.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub referrer_policy: Attempt<Option<ReferrerPolicy>>,
    /// Content-Security-Policy of the final HTTPS document, `<meta>` included; absent when there is none.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub csp: Attempt<Option<Csp>>,
    /// `Permissions-Policy` of the final HTTPS document; absent when not sent.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub permissions_policy: Attempt<Option<PermissionsPolicy>>,
    /// `Cross-Origin-Opener-Policy` of the final HTTPS document; absent when not sent.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub opener_policy: Attempt<Option<CrossOriginPolicy>>,
    /// `Cross-Origin-Embedder-Policy` of the final HTTPS document; absent when not sent.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub embedder_policy: Attempt<Option<CrossOriginPolicy>>,
    /// `Cross-Origin-Resource-Policy` of the final HTTPS document; absent when not sent.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub resource_policy: Attempt<Option<CrossOriginPolicy>>,
    /// The MIME type that browsers take from `Content-Type` of the final HTTPS document; absent when there is none.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub content_type: Attempt<Option<ContentType>>,
    /// In what the first HTTPS answers of the site's addresses differ.
    #[schemars(extend("maxItems" = limits::DIFFERENCES))]
    pub address_differences: Attempt<Listing<AddressDifference>>,
    /// Software that the site names by itself: what speaks to the visitor first.
    #[schemars(extend("maxItems" = limits::PRODUCTS))]
    pub products: Attempt<Listing<Product>>,
    /// The requested host's first HTTPS answer once more over HTTP/2 (RFC 9113); absent when the server chooses another
    /// protocol.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub h2: Attempt<Option<Http2>>,
    /// `Alt-Svc` of the final HTTPS document (RFC 7838); absent when not sent. Nobody is dialled because of it.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub alt_svc: Attempt<Option<AltSvc>>,
    /// Cookies set by any HTTPS answer of the site's own hosts.
    #[schemars(extend("maxItems" = limits::COOKIES))]
    pub cookies: Attempt<Listing<Cookie>>,
}

/// Answers from a first URL to where redirects end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Visit {
    /// Every answer in order.
    #[schemars(extend("maxItems" = limits::HOPS))]
    pub hops: Vec<Answer>,
    /// How it ended; failed when a later hop could not be fetched.
    pub end: Attempt<VisitEnd>,
}

/// One redirect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Redirect {
    /// The URL that was asked for.
    pub from: String,
    /// The URL it leads to.
    pub to: String,
}

/// How a visit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VisitEnd {
    /// With an answer that is no redirect.
    Document,
    /// At a host outside the inventory: recorded, not followed.
    LeftInventory,
    /// At a URL that was visited before.
    Loop,
    /// After ten redirects.
    TooManyRedirects,
    /// At a `Location` that is no http or https URL.
    BadLocation,
}

/// The `www` twin of a host (`www.host`, or the host without its `www`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Www {
    /// The twin's name.
    pub host: String,
    /// From `http://twin/`, redirects followed.
    pub http: Attempt<Visit>,
    /// From `https://twin/`, redirects followed.
    pub https: Attempt<Visit>,
}

/// Where a visitor of `http://host/` is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Upgrade {
    /// First to `https://` on the same host.
    SameHost,
    /// To `https://` in the end, but the first step is another host or another http URL.
    OtherHost,
    /// Never to `https://`.
    Never,
    /// Redirects go round in a circle or do not end.
    Loop,
    /// Port 80 is closed, which is fine.
    PortClosed,
}

/// `Strict-Transport-Security` (RFC 6797): the first field line counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hsts {
    /// Value of the first field line.
    pub raw: String,
    /// Whether it follows the grammar of RFC 6797 section 6.1; browsers ignore one that does not.
    pub valid: bool,
    /// `max-age` in seconds; 0 switches HSTS off. Absent when missing or unreadable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u64>,
    /// `includeSubDomains` is there.
    pub include_sub_domains: bool,
    /// `preload` is there.
    pub preload: bool,
    /// Further field lines of the same name, which browsers ignore.
    pub extra_fields: u32,
}

/// `X-Frame-Options` (HTML standard, "X-Frame-Options header").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FrameOptions {
    /// Values of all field lines, joined by `, `.
    pub raw: String,
    /// What browsers do with it.
    pub policy: FrameOptionsPolicy,
}

/// What browsers do with `X-Frame-Options`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FrameOptionsPolicy {
    /// No page may frame this one.
    Deny,
    /// Only pages of the same origin may.
    SameOrigin,
    /// Different values contradict each other; browsers deny.
    Conflicting,
    /// Nothing browsers understand: no protection.
    Ignored,
}

/// `frame-ancestors` over all enforced policies; a frame must be allowed by each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FrameAncestors {
    /// The directive as sent, one per policy that has it.
    #[schemars(extend("maxItems" = limits::POLICIES))]
    pub raw: Vec<String>,
    /// Whether every one of them lets any origin frame the page (`*`, `https:`, `http:`).
    pub allows_any_origin: bool,
}

/// `X-Content-Type-Options` (Fetch standard, "determine nosniff").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoSniff {
    /// Values of all field lines, joined by `, `.
    pub raw: String,
    /// Whether browsers read it as `nosniff`.
    pub nosniff: bool,
}

/// `Referrer-Policy`: the last known token counts, and a `<meta>` of the page more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReferrerPolicy {
    /// Values of all field lines, joined by `, `; where the page's `<meta>` decides, `<meta>` and its word.
    pub raw: String,
    /// The policy in force, e.g. `strict-origin-when-cross-origin`; absent when no token is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

/// A cookie that a response sets (RFC 6265bis). Its value is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cookie {
    /// Name.
    pub name: String,
    /// Length of the value in bytes.
    pub value_length: u32,
    /// The host whose answer set it.
    pub host: String,
    /// `Secure` is there.
    pub secure: bool,
    /// `HttpOnly` is there.
    pub http_only: bool,
    /// `SameSite` as sent, e.g. `Lax`; absent when not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_site: Option<String>,
    /// Whether the name is one that servers and frameworks give to session cookies.
    pub session_like: bool,
    /// Whether the conditions of its `__Host-` or `__Secure-` prefix hold; absent without a prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix_holds: Option<bool>,
}

/// The Content-Security-Policy of a document: all its policies, and what all enforced ones together leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Csp {
    /// Whether at least one policy is enforced; `Content-Security-Policy-Report-Only` blocks nothing.
    pub enforced: bool,
    /// Every policy, fields first.
    #[schemars(extend("maxItems" = limits::POLICIES))]
    pub policies: Vec<CspPolicy>,
    /// What is weak in the enforced policies: a capability stands where every one of them allows it.
    #[schemars(extend("maxItems" = limits::WEAKNESSES))]
    pub weaknesses: Listing<CspWeakness>,
    /// Whether `upgrade-insecure-requests` makes browsers load everything over https.
    pub upgrades_requests: bool,
}

/// One policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CspPolicy {
    /// Where it stands.
    pub source: CspSource,
    /// Whether it is enforced.
    pub enforced: bool,
    /// Its directives, as read.
    pub raw: String,
}

/// Where a policy stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CspSource {
    /// A field of the response.
    Header,
    /// `<meta http-equiv>` in the head.
    Meta,
}

/// One weakness of the enforced policies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CspWeakness {
    /// What: `inline_script`, `inline_handler`, `any_host_script`, `data_script`, `eval`, `plugin`, `base`,
    /// `form_target`, `inline_style` where all policies allow it; `bypass_host`, `public_suffix`, `allow_list`,
    /// `strict_dynamic_alone`, `short_nonce`, `plain_http`, `address_source`, `none_ignored`, `unknown_token`,
    /// `missing_semicolon`, `unknown_directive`, `obsolete_directive`, `duplicate_directive`, `non_ascii`,
    /// `ineffective_in_meta`.
    pub kind: String,
    /// How bad in the terms of Google's CSP Evaluator: `high`, `syntax`, `medium`, `strict_csp`, `medium_maybe`, `info`.
    pub rating: String,
    /// The host or suffix, for `bypass_host` and `public_suffix`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Each policy that takes part, with its directive and token, or with what it lacks.
    pub quote: String,
}

/// `Permissions-Policy`, a structured dictionary (RFC 9651).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PermissionsPolicy {
    /// Values of all field lines, joined by `, `.
    pub raw: String,
    /// Whether it can be read; browsers drop it as a whole where it cannot.
    pub valid: bool,
    /// How many features it names.
    pub features: u32,
}

/// A cross-origin policy of a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CrossOriginPolicy {
    /// Values of all field lines, joined by `, `.
    pub raw: String,
    /// The policy in force, e.g. `same-origin`; absent where browsers ignore the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

/// A MIME type (WHATWG MIME Sniffing).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContentType {
    /// Type and subtype in lower case, e.g. `text/html`.
    pub essence: String,
    /// The `charset`, as sent; absent when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
}

/// Software, guessed from what it says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Product {
    /// Its name, e.g. `nginx`, `Liferay`.
    pub name: String,
    /// What it does.
    pub kind: ProductKind,
    /// Which steps of a fix fit it: `nginx`, `apache`, `iis`, `tomcat`; absent where none are written for it alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<String>,
    /// What the guess rests on.
    pub evidence: String,
}

/// What software does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductKind {
    /// Speaks to the visitor.
    Server,
    /// Runs the application.
    Runtime,
    /// Is the application.
    Platform,
}

/// `Alt-Svc`: other places and protocols where the site may be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AltSvc {
    /// Values of all field lines, joined by `, `.
    pub raw: String,
    /// Whether it is `clear`: every alternative is to be forgotten.
    pub clear: bool,
    /// What can be read of it, in the order of preference.
    #[schemars(extend("maxItems" = limits::ALTERNATIVES))]
    pub alternatives: Vec<Alternative>,
}

/// One alternative.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Alternative {
    /// ALPN protocol name, e.g. `h3`.
    pub protocol: String,
    /// Host; empty for the same one.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Seconds it may be remembered.
    pub max_age: u64,
}

/// The answer over HTTP/2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Http2 {
    /// The answer; failed where the server offers HTTP/2 and does not keep to it.
    pub answer: Attempt<Answer>,
    /// In what it differs from the one over HTTP/1.1: status, `Location`, fields that are the same for every visitor.
    #[schemars(extend("maxItems" = limits::DIFFERENCES))]
    pub differences: Attempt<Listing<Http2Difference>>,
}

/// Something in which the answers over two versions of HTTP differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Http2Difference {
    /// `status`, `location`, or the field's name in lower case.
    pub what: String,
    /// Over HTTP/1.1; empty where the field is not there.
    pub http1: String,
    /// Over HTTP/2.
    pub http2: String,
}

/// Something in which the answers of two addresses differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AddressDifference {
    /// `status`, `location`, or the field's name in lower case.
    pub what: String,
    /// An address and what it answers; nothing after the `=` where the field is not there.
    pub one: String,
    /// Another address and what it answers.
    pub other: String,
}
