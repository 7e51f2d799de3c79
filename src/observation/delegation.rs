//! Facts of a zone's delegation and of its name servers, asked directly. Once a run for each zone, whoever lies in it.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Attempt, DomainName, Listing, limits};

/// What the parent says of the zone, what the zone says of itself, and how each of its servers answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Delegation {
    /// The zone's apex.
    pub zone: String,
    /// What a server of the zone above says; absent where that server serves this zone too, so that no referral shows.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub parent: Attempt<Option<ParentView>>,
    /// The NS set as the zone's own servers give it, sorted; of the first that answers authoritatively.
    #[schemars(extend("maxItems" = limits::NAME_SERVERS))]
    pub own: Attempt<Listing<DomainName>>,
    /// Names in the parent's NS set that the zone's own lacks.
    #[schemars(extend("maxItems" = limits::NAME_SERVERS))]
    pub only_parent: Attempt<Listing<DomainName>>,
    /// Names in the zone's own NS set that the parent's lacks.
    #[schemars(extend("maxItems" = limits::NAME_SERVERS))]
    pub only_own: Attempt<Listing<DomainName>>,
    /// Whether all servers that answer give the same NS set.
    pub same_ns: Attempt<bool>,
    /// Whether all servers that answer give the same SOA serial.
    pub same_serial: Attempt<bool>,
    /// Every name that is said to serve the zone, by the parent or by itself, sorted.
    #[schemars(extend("maxItems" = limits::NAME_SERVERS))]
    pub names: Listing<ServerName>,
    /// Every address behind those names, in their order.
    #[schemars(extend("maxItems" = limits::SERVERS))]
    pub servers: Listing<NameServer>,
    /// Networks (IPv4 /24, IPv6 /48) of the servers that answer for the zone, sorted.
    #[schemars(extend("maxItems" = limits::SERVERS))]
    pub networks: Listing<Network>,
    /// Whether abnormal questions (`recursion`, `transfer`) were permitted and so asked.
    pub intrusive: bool,
    /// Questions asked directly for this zone, retries and what was remembered left out.
    pub queries: u32,
}

/// The referral of a server of the zone above.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParentView {
    /// The zone above; the root is `.`.
    pub zone: String,
    /// The server that said so.
    pub said_by: String,
    /// The NS set, sorted.
    #[schemars(extend("maxItems" = limits::NAME_SERVERS))]
    pub servers: Listing<DomainName>,
    /// Addresses that came with it, of servers inside the zone above, sorted.
    #[schemars(extend("maxItems" = limits::SERVERS))]
    pub glue: Listing<Glue>,
}

/// An address that a parent gives for a name server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Glue {
    /// The server's name.
    pub name: String,
    /// The address.
    #[schemars(with = "String")]
    pub address: IpAddr,
}

/// A name that is said to serve the zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServerName {
    /// The name.
    pub name: String,
    /// Whether it is an alias (CNAME), which RFC 2181 section 10.3 forbids.
    pub alias: Attempt<bool>,
    /// Whether it does not exist (NXDOMAIN): whoever registers it answers for the zone.
    pub nxdomain: Attempt<bool>,
    /// Whether it has an IPv4 address.
    pub ipv4: Attempt<bool>,
    /// Whether it has an IPv6 address.
    pub ipv6: Attempt<bool>,
    /// Whether every glue address of the parent is one of its own; true where there is no glue.
    pub glue_agrees: Attempt<bool>,
}

/// A network that name servers stand in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Network {
    /// Address and length: `203.0.113.0/24`.
    pub prefix: String,
}

/// One name server at one address, as it answers for the zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NameServer {
    /// Its name.
    pub name: String,
    /// Its address.
    #[schemars(with = "String")]
    pub address: IpAddr,
    /// Whether it was asked: not where the scanner has no route to its family, or may not dial the address.
    pub asked: bool,
    /// Whether it answers over UDP. Other servers do, so a silent one is not the scanner's network.
    pub udp: Attempt<bool>,
    /// Whether it answers over TCP.
    pub tcp: Attempt<bool>,
    /// Whether it answers for the zone as its server (AA, with the zone's SOA); one that does not is lame.
    pub authoritative: Attempt<bool>,
    /// What it said to the question for the zone's SOA: an RCODE, `no answer within 6 s`, …
    pub said: String,
    /// The SOA serial it has.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub serial: Attempt<Option<u32>>,
    /// Whether the question came back in the case it was sent in.
    pub case_kept: Attempt<bool>,
    /// How it treats EDNS (RFC 6891).
    pub edns: Attempt<Edns>,
    /// What it says to `version.bind`; absent where it does not tell.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub version: Attempt<Option<String>>,
    /// Whether it resolves foreign names for anybody. Intrusive: asked only with permission.
    pub recursion: Attempt<bool>,
    /// Whether it hands the whole zone to anybody (AXFR). Intrusive: asked only with permission.
    pub transfer: Attempt<bool>,
}

/// How a name server treats EDNS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Edns {
    /// Whether a question with an OPT record is answered with one.
    pub supported: bool,
    /// Whether version 1 is answered with BADVERS, as RFC 6891 section 6.1.3 asks.
    pub badvers: Attempt<bool>,
    /// Whether an option and a flag that nobody knows leave the answer as it is (section 6.1.2).
    pub unknown_ignored: Attempt<bool>,
    /// Whether the unknown option or flag comes back in the answer.
    pub unknown_echoed: Attempt<bool>,
}
