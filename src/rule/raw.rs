//! A rule file as it is written: the YAML keys, nothing checked beyond their types.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Category, Level, Owner, Severity, Text, Verdict};
use crate::yaml::Located;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    pub(super) id: Located<String>,
    pub(super) category: Category,
    pub(super) owner: Owner,
    pub(super) severity: Severity,
    pub(super) level: Level,
    pub(super) effort: Located<String>,
    #[serde(default)]
    pub(super) effective_from: Option<Located<String>>,
    pub(super) title: Located<Text>,
    pub(super) why: Located<Text>,
    #[serde(default)]
    pub(super) after: Vec<Located<String>>,
    #[serde(default)]
    pub(super) independent: bool,
    #[serde(default)]
    pub(super) applies: Option<Located<String>>,
    #[serde(default)]
    pub(super) params: Option<Located<Map<String, Value>>>,
    pub(super) requires: Located<String>,
    pub(super) evidence: Located<Vec<Located<String>>>,
    pub(super) fix: Located<RawFix>,
    pub(super) cites: Located<Vec<Located<RawCitation>>>,
    pub(super) examples: Located<Vec<Located<RawExample>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFix {
    pub(super) vi: FixText,
    pub(super) en: FixText,
    pub(super) who: FixedBy,
    #[serde(default)]
    pub(super) tried_on: Vec<Located<Server>>,
}

/// What to do, per server software. `any` is for whatever does not depend on the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixText {
    /// Steps that do not depend on the server software.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub any: Option<String>,
    /// Steps for nginx.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nginx: Option<String>,
    /// Steps for Apache HTTP Server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apache: Option<String>,
    /// Steps for Microsoft IIS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iis: Option<String>,
    /// Steps for Apache Tomcat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tomcat: Option<String>,
    /// How to undo it.
    pub undo: String,
}

/// Server software that a fix is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Server {
    /// nginx.
    Nginx,
    /// Apache HTTP Server.
    Apache,
    /// Microsoft IIS.
    Iis,
    /// Apache Tomcat.
    Tomcat,
}

impl FixText {
    /// The steps for one server, where there are any of its own.
    pub fn for_server(&self, server: Server) -> Option<&str> {
        match server {
            Server::Nginx => self.nginx.as_deref(),
            Server::Apache => self.apache.as_deref(),
            Server::Iis => self.iis.as_deref(),
            Server::Tomcat => self.tomcat.as_deref(),
        }
    }

    /// Every text with its heading: `any`, then the servers.
    pub fn steps(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("any", &self.any),
            ("nginx", &self.nginx),
            ("apache", &self.apache),
            ("iis", &self.iis),
            ("tomcat", &self.tomcat),
        ]
        .into_iter()
        .filter_map(|(name, text)| text.as_deref().map(|text| (name, text)))
    }
}

/// Who carries a fix out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FixedBy {
    /// The unit itself, in the content management of its site.
    Unit,
    /// Whoever runs the server: đơn vị vận hành.
    Operator,
    /// Whoever runs the DNS zone.
    DnsOperator,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCitation {
    #[serde(rename = "ref")]
    pub(super) reference: Located<String>,
    pub(super) clause: Located<String>,
    pub(super) role: Role,
}

/// What a citation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Why it matters here: no numbers come from it.
    LegalBasis,
    /// Where the number or the requirement comes from.
    Baseline,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExample {
    pub(super) name: String,
    pub(super) given: Located<Map<String, Value>>,
    pub(super) expect: Verdict,
}
