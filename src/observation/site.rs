//! One document per site: its endpoints inside, facts of the site beside them.

use std::net::IpAddr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Attempt, Certificate, Dns, EndpointHttp, Http, Mail, Tls, Web, limits};

/// The version of this document's shape; additions do not change it.
pub const SCHEMA: &str = "khien.observations/1";

/// Everything seen of one site in one run, in the JSON shape that the store keeps and rules read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Observations {
    /// `khien.observations/1`.
    pub schema: String,
    /// The site, as the inventory names it.
    pub site: SiteName,
    /// When the site was observed (RFC 3339, UTC). Rules take the time from here, never from the clock.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// From where it was observed.
    pub vantage: Vantage,
    /// What the resolver says of the name.
    pub dns: Attempt<Dns>,
    /// The site's domain as mail systems see it.
    pub mail: Attempt<Mail>,
    /// What a visitor's browser meets, redirects followed.
    pub http: Attempt<Http>,
    /// What its pages hold.
    pub web: Attempt<Web>,
    /// What the addresses have in common.
    pub addresses: Addresses,
    /// One per address of the site.
    #[schemars(extend("maxItems" = limits::ENDPOINTS))]
    pub endpoints: Attempt<Vec<Endpoint>>,
    /// Addresses that were not looked at because the vantage point has no route to any of their family.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>", extend("maxItems" = limits::ENDPOINTS))]
    pub unrouted: Vec<IpAddr>,
}

/// What the addresses of a site have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Addresses {
    /// Whether each sent the same server certificates.
    pub certificates: Attempt<Agreement>,
}

/// Whether what was seen at each address is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// There are fewer than two addresses to compare.
    OneAddress,
    /// The same everywhere.
    Same,
    /// Not the same everywhere.
    Different,
}

/// A site's name: host and logical port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct SiteName {
    /// Host name in A-label form, lower case, no trailing dot.
    pub host: String,
    /// Logical HTTPS port, 443 unless the inventory says otherwise.
    pub port: u16,
}

impl std::fmt::Display for SiteName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.port {
            443 => f.write_str(&self.host),
            port => write!(f, "{}:{port}", self.host),
        }
    }
}

/// The point the observation was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Vantage {
    /// Its name, as the inventory calls it.
    pub name: String,
    /// Whether it stands inside the agencies' own network; what is seen from inside proves nothing about outside.
    pub inside: bool,
}

/// What was seen at one address of the site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Endpoint {
    /// The address that was dialled.
    #[schemars(with = "String")]
    pub address: IpAddr,
    /// TLS on the site's port.
    pub tls: Attempt<Tls>,
    /// The certificate chain sent there.
    pub certificate: Attempt<Certificate>,
    /// The chain sent to clients that take only keys of the other kind, RSA or ECDSA; absent where there is none. Rules
    /// about certificates judge both.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub second_certificate: Attempt<Option<Certificate>>,
    /// The first HTTP answers of this address.
    pub http: Attempt<EndpointHttp>,
}
