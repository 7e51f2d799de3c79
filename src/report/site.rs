//! One site judged: its findings, and what of its document the report needs.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use serde_json::Value;

use super::ProductCard;
use crate::observation::{Document, SiteName, Suspect};
use crate::rule::{Finding, RuleId, RuleSet, Server, Verdict};

/// The most characters of a server's name of itself.
const MAX_SERVER: usize = 80;

/// One site judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteReport {
    /// The site.
    pub site: SiteName,
    /// When it was observed.
    pub at: Timestamp,
    /// The addresses that were dialled, sorted; none where they are not known.
    pub addresses: Vec<String>,
    /// SHA-256 of the server certificates sent there, sorted.
    pub certificates: Vec<String>,
    /// SHA-256 of the keys of these certificates, sorted.
    pub keys: Vec<String>,
    /// The DNS zone it lies in, where that was found out.
    pub zone: Option<String>,
    /// Its `Server` field, where it sent one.
    pub server: Option<String>,
    /// Software whose steps of a fix fit it, what speaks to the visitor first.
    pub software: Vec<Server>,
    /// Software that it names by itself, with what that rests on.
    pub products: Vec<ProductCard>,
    /// Pages that look planted, for a human to look at.
    pub suspicions: Vec<Suspect>,
    /// When the first of its server certificates runs out.
    pub certificate_expires: Option<Timestamp>,
    /// One finding per rule.
    pub findings: Vec<Arc<Finding>>,
}

/// Judges one document by every rule.
pub fn judge(rules: &RuleSet, document: &Document) -> SiteReport {
    SiteReport::new(document, rules.evaluate(document))
}

impl SiteReport {
    /// Lets the last conclusive verdicts stand in for those that could not be made now; each keeps its own date.
    pub fn stand_in(&mut self, verdicts: impl IntoIterator<Item = (RuleId, Verdict, Timestamp)>) {
        let verdicts: HashMap<RuleId, (Verdict, Timestamp)> =
            verdicts.into_iter().map(|(rule, verdict, at)| (rule, (verdict, at))).collect();
        for finding in &mut self.findings {
            if let (Verdict::Inconclusive, Some((verdict, at))) =
                (finding.verdict, verdicts.get(&finding.rule))
            {
                let finding = Arc::make_mut(finding);
                finding.verdict = *verdict;
                finding.as_of = Some(*at);
            }
        }
    }

    /// The findings that rules made of a document, with what of it tells sites that share something.
    pub fn new(document: &Document, findings: Vec<Finding>) -> Self {
        let endpoint = |path: &str| {
            let texts = document.endpoints().iter().filter_map(|endpoint| endpoint.pointer(path)?.as_str());
            let mut texts: Vec<String> = texts.map(str::to_owned).collect();
            texts.sort();
            texts.dedup();
            texts
        };
        // a server may have two certificates
        let leaf = |path: &str| {
            let parts = ["certificate", "second_certificate"];
            let mut texts: Vec<String> =
                parts.iter().flat_map(|part| endpoint(&format!("/{part}/leaf/{path}"))).collect();
            texts.sort();
            texts.dedup();
            texts
        };
        Self {
            site: document.site().clone(),
            at: document.at(),
            addresses: endpoint("/address"),
            certificates: leaf("sha256"),
            keys: leaf("key/spki_sha256"),
            zone: document.text(&["dns", "zone"]).map(str::to_owned),
            software: fitting(document),
            products: products(document),
            suspicions: suspicions(document),
            server: server(document),
            certificate_expires: leaf("not_after").iter().filter_map(|end| end.parse().ok()).min(),
            findings: findings.into_iter().map(Arc::new).collect(),
        }
    }
}

/// What the page's server calls itself: the field as sent, cut where it is too long for a name.
fn server(document: &Document) -> Option<String> {
    let fields =
        document.endpoints().iter().find_map(|endpoint| endpoint.pointer("/http/https/fields/items"));
    let named = |field: &&Value| {
        field.get("name").and_then(Value::as_str).is_some_and(|name| name.eq_ignore_ascii_case("server"))
    };
    let field = fields?.as_array()?.iter().find(named)?;
    Some(field.get("value")?.as_str()?.chars().take(MAX_SERVER).collect())
}

/// What the probe guessed, else what the server's name of itself tells.
fn fitting(document: &Document) -> Vec<Server> {
    let known =
        guesses(document).filter_map(|guess| serde_json::from_value(guess.get("steps")?.clone()).ok());
    let mut fitting: Vec<Server> = Vec::new();
    let name = server(document);
    for server in name.as_deref().and_then(software).into_iter().chain(known) {
        if !fitting.contains(&server) {
            fitting.push(server);
        }
    }
    fitting
}

fn products(document: &Document) -> Vec<ProductCard> {
    let text = |guess: &Value, name: &str| Some(guess.get(name)?.as_str()?.to_owned());
    guesses(document)
        .filter_map(|guess| {
            Some(ProductCard { name: text(guess, "name")?, evidence: text(guess, "evidence")? })
        })
        .collect()
}

fn suspicions(document: &Document) -> Vec<Suspect> {
    let items =
        document.facts().get("web").and_then(|web| web.pointer("/injection/suspects/items")?.as_array());
    items.into_iter().flatten().filter_map(|item| serde_json::from_value(item.clone()).ok()).collect()
}

fn guesses(document: &Document) -> impl Iterator<Item = &Value> {
    let items = document.facts().get("http").and_then(|http| http.pointer("/products/items")?.as_array());
    items.into_iter().flatten()
}

/// The software whose steps fit a server of this name: servers built from nginx are configured as nginx.
fn software(server: &str) -> Option<Server> {
    let product = server.split(['/', ' ']).next()?.to_ascii_lowercase();
    match product.as_str() {
        "nginx" | "openresty" | "tengine" | "angie" => Some(Server::Nginx),
        "apache" => Some(Server::Apache),
        "microsoft-iis" | "microsoft-httpapi" => Some(Server::Iis),
        "apache-coyote" | "tomcat" => Some(Server::Tomcat),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_product_names_the_software() {
        for (field, expected) in [
            ("nginx/1.22.1 (Debian)", Some(Server::Nginx)),
            ("Apache", Some(Server::Apache)),
            ("Apache/2.4.58 (Win64) OpenSSL/3.1.3 PHP/8.2.12", Some(Server::Apache)),
            ("Apache-Coyote/1.1", Some(Server::Tomcat)),
            ("Microsoft-IIS/10.0", Some(Server::Iis)),
            ("cloudflare", None),
            ("", None),
        ] {
            assert_eq!(software(field), expected, "{field}");
        }
    }
}
