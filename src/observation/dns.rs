//! Facts of the name, as a visitor's resolver sees it. The zone's servers and keys have files of their own.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Attempt, Delegation, Listing, RecordSet, Signing, limits};

/// What the resolver says of the site's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dns {
    /// IPv4 addresses (A), sorted; an empty list means the name has none.
    #[schemars(extend("maxItems" = limits::ADDRESSES))]
    pub a: Attempt<Listing<Address>>,
    /// IPv6 addresses (AAAA), sorted; an empty list means the name has none.
    #[schemars(extend("maxItems" = limits::ADDRESSES))]
    pub aaaa: Attempt<Listing<Address>>,
    /// Names passed through by CNAME in order, the site's own left out.
    #[schemars(extend("maxItems" = limits::CNAMES))]
    pub cname: Attempt<Listing<DomainName>>,
    /// Whether the name, or the name its CNAME chain ends at, does not exist (NXDOMAIN).
    pub nxdomain: Attempt<bool>,
    /// The zone the name lies in: the closest name at or above it with NS records.
    pub zone: Attempt<String>,
    /// Name servers of that zone, sorted.
    #[schemars(extend("maxItems" = limits::NAME_SERVERS))]
    pub ns: Attempt<Listing<DomainName>>,
    /// Certification authorities allowed to issue (RFC 8659); absent when no CAA stands at or above the name.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub caa: Attempt<Option<Caa>>,
    /// Whether the answers for the addresses are signed and verify, down from the trust anchor (RFC 4035 section 4.3).
    pub dnssec: Attempt<DnssecStatus>,
    /// The same for each record set of the name and its zone, with the reason where it is not Secure.
    #[schemars(extend("maxItems" = limits::RECORD_SETS))]
    pub record_sets: Attempt<Listing<RecordSet>>,
    /// The zone's SOA record.
    pub soa: Attempt<Soa>,
    /// How the zone is signed.
    pub signing: Attempt<Signing>,
    /// The zone's delegation and its name servers, asked directly; skipped where port 53 is closed to the scanner.
    pub delegation: Attempt<Delegation>,
    /// Whether names of the zone that nobody entered have an address.
    pub wildcard: Attempt<bool>,
    /// HTTPS records (RFC 9460) of the name, by priority; an empty list means that it has none.
    #[schemars(extend("maxItems" = limits::SERVICE_BINDINGS))]
    pub https: Attempt<Listing<ServiceBinding>>,
    /// The hired service that the end of the CNAME chain belongs to; absent where there is no chain or no such service
    /// is known.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub hired: Attempt<Option<HiredService>>,
}

/// The start of authority (RFC 1035 section 3.3.13).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Soa {
    /// The primary name server (MNAME).
    pub primary: String,
    /// The mailbox of who answers for the zone (RNAME), as a domain name.
    pub mailbox: String,
    /// Whether the mailbox is one: at least three labels, none of them `localhost`, no `@`.
    pub mailbox_valid: bool,
    /// Serial number.
    pub serial: u32,
    /// Seconds between the secondaries' checks.
    pub refresh: i64,
    /// Seconds until a failed check is repeated.
    pub retry: i64,
    /// Seconds after which a secondary gives up.
    pub expire: i64,
    /// Seconds that «there is no such name» may be remembered.
    pub minimum: u32,
}

/// One HTTPS record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceBinding {
    /// Priority; 0 is an alias.
    pub priority: u16,
    /// The target's name; `.` is the owner itself.
    pub target: String,
    /// Protocols it offers (`h2`, `h3`), in its order, separated by commas; empty where it names none.
    pub alpn: String,
}

/// A service where anybody may take over a name that its user gave up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HiredService {
    /// What it is called.
    pub service: String,
    /// The domain by which it was recognised.
    pub suffix: String,
    /// Day of the list it was found in.
    pub listed_on: String,
}

/// One address of a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Address {
    /// The address.
    #[schemars(with = "String")]
    pub address: IpAddr,
    /// Seconds it may be cached.
    pub ttl: u32,
}

/// A domain name: lower case, no trailing dot; the root is `.`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DomainName {
    /// The name.
    pub name: String,
}

/// The CAA record set that governs a name (RFC 8659 section 3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Caa {
    /// The name it stands at.
    pub at: String,
    /// Its properties, in the order received.
    #[schemars(extend("maxItems" = limits::CAA_PROPERTIES))]
    pub properties: Listing<CaaProperty>,
}

/// One CAA property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaaProperty {
    /// The critical bit: a CA that does not know the tag must not issue.
    pub critical: bool,
    /// Tag in lower case: `issue`, `issuewild`, `iodef` …
    pub tag: String,
    /// Value as sent.
    pub value: String,
    /// Whether the value follows the grammar of its tag; an unknown tag has none to follow.
    pub well_formed: bool,
}

/// Security status of an answer (RFC 4035 section 4.3). The fourth, Indeterminate, is no answer but a failed
/// attempt: nothing may be concluded from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum DnssecStatus {
    /// Signed, and the chain from the trust anchor verifies.
    Secure,
    /// Provably not signed.
    Insecure,
    /// Should verify and does not: validating resolvers answer SERVFAIL.
    Bogus,
}
