//! An observation as rules read it: the JSON document itself, with the few parts that every reader needs
//! checked once. A document written by a newer khien may carry facts this one does not know.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Observations, SCHEMA, SiteName};

/// The most bytes one document may have.
pub const MAX_BYTES: usize = 4 << 20;

/// One observation document.
#[derive(Clone, Debug)]
pub struct Document {
    site: SiteName,
    at: Timestamp,
    facts: Map<String, Value>,
}

/// Why a text is no observation document.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// No JSON, or a part of the wrong shape.
    #[error("not an observation document: {0}")]
    Json(#[from] serde_json::Error),
    /// Another kind of document, or a later shape.
    #[error("the document's schema is {found:?}; this khien reads {SCHEMA:?}")]
    Schema {
        /// What `schema` says.
        found: String,
    },
    /// A part that every document has is missing.
    #[error("the document has no `{0}`")]
    Missing(&'static str),
    /// Too large to be one of ours.
    #[error("the document has {0} bytes; the limit is {MAX_BYTES}")]
    TooLarge(usize),
}

impl Document {
    /// Reads one JSON document.
    pub fn parse(text: &[u8]) -> Result<Self, DocumentError> {
        if text.len() > MAX_BYTES {
            return Err(DocumentError::TooLarge(text.len()));
        }
        Self::from_facts(serde_json::from_slice(text)?)
    }

    /// A document from its JSON object.
    pub fn from_facts(mut facts: Map<String, Value>) -> Result<Self, DocumentError> {
        mark_later_facts(&mut facts);
        let part = |name: &'static str| facts.get(name).ok_or(DocumentError::Missing(name));
        let schema = part("schema")?.as_str().unwrap_or_default();
        if schema != SCHEMA {
            return Err(DocumentError::Schema { found: schema.to_owned() });
        }
        let site = serde::Deserialize::deserialize(part("site")?)?;
        let at = serde::Deserialize::deserialize(part("at")?)?;
        part("endpoints")?;
        Ok(Self { site, at, facts })
    }

    /// The site it is about.
    pub fn site(&self) -> &SiteName {
        &self.site
    }

    /// When the site was observed.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Every fact, by its name at the top of the document.
    pub fn facts(&self) -> &Map<String, Value> {
        &self.facts
    }

    /// What was seen at each address; nothing where the addresses are not known.
    pub fn endpoints(&self) -> &[Value] {
        self.facts.get("endpoints").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The text at a path of keys, where there is one.
    pub fn text(&self, path: &[&str]) -> Option<&str> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.facts.get(*first)?, |value, key| value.get(key))?.as_str()
    }
}

/// Facts of `tls` that came later than the first documents of this schema: a generation each, those that are always told
/// and those that may be absent, of which «not there» would say that they were looked for.
const LATER_TLS: [(&[&str], &[&str]); 3] = [
    (
        &["cipher_suites", "suite_order", "groups", "dh_primes", "signatures", "compression"],
        &[
            "secure_renegotiation",
            "extended_master_secret",
            "encrypt_then_mac",
            "session_ticket",
            "fallback_scsv",
        ],
    ),
    // `intrusive` that is absent was not looked for, which is true of older documents too
    (&["alpn", "sessions", "server_names", "intolerances"], &["signed_certificate_timestamps"]),
    (&["certificate_compression"], &[]),
];

/// Facts of `dns` that came later, each required: those that may be absent stand behind `delegation`.
const LATER_DNS: [&str; 7] = ["record_sets", "soa", "signing", "delegation", "wildcard", "https", "hired"];
/// Facts of `certificate` that came later, of which those that may be absent would say that they were looked for.
const LATER_CERTIFICATE: [&str; 6] =
    ["publicly_trusted", "completion", "staple", "revocation", "scts", "ct_logs_of"];
/// The same of each certificate of a chain.
const LATER_X509: [&str; 9] = [
    "serial_octets",
    "serial_positive",
    "names_present",
    "wildcard",
    "key_usage",
    "extended_key_usage",
    "must_staple",
    "constrains_names",
    "path_length",
];

/// Facts of `http` that came later; the last one is always there.
const LATER_HTTP: [&str; 7] = [
    "csp",
    "permissions_policy",
    "opener_policy",
    "embedder_policy",
    "resource_policy",
    "content_type",
    "address_differences",
];

/// Facts of `http` that came after those, and of `web`; the first one of each is always there.
const LATEST_HTTP: [&str; 3] = ["products", "h2", "alt_svc"];
/// The same of `web`, where a document says by the ones of `http` that it knows them.
const LATEST_WEB: [&str; 4] = ["security_txt_at_top", "robots", "sitemap", "injection"];

/// A document that is older than a fact was not asked for it. Those that may be absent are known to be older by the
/// ones of their generation that may not.
fn mark_later_facts(facts: &mut Map<String, Value>) {
    facts.entry("web").or_insert_with(not_requested);
    let told = facts.get("http").and_then(Value::as_object);
    let older =
        told.is_some_and(|http| http.contains_key("https_reachable") && !http.contains_key("products"));
    for (part, always, latest) in
        [("http", "https_reachable", &LATEST_HTTP[..]), ("web", "page", &LATEST_WEB)]
    {
        if let Some(part) = facts.get_mut(part).and_then(Value::as_object_mut).filter(|_| older)
            && part.contains_key(always)
        {
            for name in latest {
                part.entry(*name).or_insert_with(not_requested);
            }
        }
    }
    if let Some(http) = facts.get_mut("http").and_then(Value::as_object_mut)
        && http.contains_key("https_reachable")
        && !http.contains_key("address_differences")
    {
        for name in LATER_HTTP {
            http.entry(name).or_insert_with(not_requested);
        }
    }
    if let Some(dns) = facts.get_mut("dns").and_then(Value::as_object_mut)
        && dns.contains_key("nxdomain")
        && !dns.contains_key("delegation")
    {
        for name in LATER_DNS {
            dns.entry(name).or_insert_with(not_requested);
        }
    }
    facts.entry("mail").or_insert_with(not_requested);
    let endpoints = facts.get_mut("endpoints").and_then(Value::as_array_mut);
    for endpoint in endpoints.into_iter().flatten() {
        mark_later_of_certificate(endpoint);
        let Some(tls) = endpoint.get_mut("tls").and_then(Value::as_object_mut) else { continue };
        if !tls.contains_key("offered") {
            continue;
        }
        for (told, optional) in LATER_TLS {
            if told.iter().all(|name| !tls.contains_key(*name)) {
                for name in optional {
                    tls.entry(*name).or_insert_with(not_requested);
                }
            }
            for name in told {
                tls.entry(*name).or_insert_with(not_requested);
            }
        }
    }
    facts.entry("addresses").or_insert_with(|| serde_json::json!({"certificates": not_requested()}));
}

fn not_requested() -> Value {
    serde_json::json!({"skipped": "not_requested"})
}

/// The same for a certificate.
fn mark_later_of_certificate(endpoint: &mut Value) {
    let Some(endpoint) = endpoint.as_object_mut() else { return };
    let Some(certificate) = endpoint.get_mut("certificate").and_then(Value::as_object_mut) else {
        return;
    };
    if !certificate.contains_key("trusted") || certificate.contains_key("ct_logs_of") {
        return;
    }
    for name in LATER_CERTIFICATE {
        certificate.entry(name).or_insert_with(not_requested);
    }
    if let Some(leaf) = certificate.get_mut("leaf").and_then(Value::as_object_mut) {
        for name in LATER_X509 {
            leaf.entry(name).or_insert_with(not_requested);
        }
        if let Some(key) = leaf.get_mut("key").and_then(Value::as_object_mut) {
            for name in ["exponent", "roca"] {
                key.entry(name).or_insert_with(not_requested);
            }
        }
    }
    endpoint.entry("second_certificate").or_insert_with(not_requested);
}

impl TryFrom<&Observations> for Document {
    type Error = DocumentError;

    fn try_from(observations: &Observations) -> Result<Self, DocumentError> {
        match serde_json::to_value(observations)? {
            Value::Object(facts) => Self::from_facts(facts),
            _ => Err(DocumentError::Missing("schema")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_older_than_a_fact_was_not_requested_for_it() {
        let of = |tls: Value| {
            let document = json!({
                "schema": SCHEMA, "at": "2026-11-24T00:00:00Z", "site": {"host": "a.example", "port": 443},
                "endpoints": [{"tls": tls}],
            });
            Document::parse(document.to_string().as_bytes()).unwrap().endpoints()[0]["tls"].clone()
        };
        let not_requested = json!({"skipped": "not_requested"});
        let old = of(json!({"offered": true}));
        assert_eq!((&old["cipher_suites"], &old["secure_renegotiation"]), (&not_requested, &not_requested));
        let new = of(json!({"offered": true, "compression": "offered", "groups": {"items": []}}));
        assert_eq!((&new["compression"], new.get("secure_renegotiation")), (&json!("offered"), None));
        let failed = json!({"failed": "refused"});
        assert_eq!(of(failed.clone()), failed);
        let of = |http: Value| {
            let document = json!({
                "schema": SCHEMA, "at": "2026-11-24T00:00:00Z", "site": {"host": "a.example", "port": 443},
                "endpoints": [], "http": http,
            });
            Document::parse(document.to_string().as_bytes()).unwrap().facts().clone()
        };
        let old = of(json!({"https_reachable": true}));
        assert_eq!((&old["web"], &old["http"]["csp"]), (&not_requested, &not_requested));
        let new = of(json!({"https_reachable": true, "address_differences": {"items": []}}));
        assert_eq!(new["http"].get("csp"), None);

        let names = |dns: Value| {
            let document = json!({
                "schema": SCHEMA, "at": "2026-11-24T00:00:00Z", "site": {"host": "a.example", "port": 443},
                "dns": dns, "endpoints": [],
            });
            Document::parse(document.to_string().as_bytes()).unwrap().facts()["dns"].clone()
        };
        let old = names(json!({"nxdomain": false}));
        assert_eq!((&old["delegation"], &old["hired"]), (&not_requested, &not_requested));
        let new = names(json!({"nxdomain": false, "delegation": failed}));
        assert_eq!((&new["delegation"], new.get("hired")), (&failed, None));
        assert_eq!(names(failed.clone()), failed);
    }
}
