//! Facts of a site's domain as mail systems see it: who may send for it, who takes its mail, and how.

use std::net::IpAddr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Address, Attempt, DomainName, Listing, limits};
use crate::wire::{dmarc, mta_sts, spf};

/// Mail of the site's domain. Every domain has these facts, for anybody may write its name into a sender's address;
/// mail servers are asked only where the inventory says that mail is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mail {
    /// The domain: the site's host without a leading `www.`.
    pub domain: String,
    /// Whether the inventory says that mail is received or sent under it.
    pub used: bool,
    /// Whether the domain has an address or a mail exchanger; what does not exist is its parent's matter.
    pub exists: Attempt<bool>,
    /// Mail exchangers (MX) by preference; an empty list means there are none, or a null MX alone.
    #[schemars(extend("maxItems" = limits::MAIL_EXCHANGERS))]
    pub mx: Attempt<Listing<MailExchanger>>,
    /// Whether a null MX says that no mail is received (RFC 7505).
    pub null_mx: Attempt<bool>,
    /// Who may send (RFC 7208); absent when there is no SPF record.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub spf: Attempt<Option<Spf>>,
    /// The DMARC record that applies under RFC 9989; absent when none does.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub dmarc: Attempt<Option<Dmarc>>,
    /// The DMARC record that applies for receivers that still follow RFC 7489; absent when none does.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub dmarc_rfc7489: Attempt<Option<Dmarc>>,
    /// The domain at which several DMARC records stand, so that none of them counts; absent when nowhere.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub dmarc_repeated_at: Attempt<Option<String>>,
    /// Whether the name `_domainkey` exists below the domain: a hint that DKIM keys stand there, no proof.
    pub dkim_name: Attempt<bool>,
    /// The keys under the selectors that the inventory names, sorted by selector.
    #[schemars(extend("maxItems" = limits::DKIM_SELECTORS))]
    pub dkim_keys: Attempt<Listing<DkimKey>>,
    /// Whether and how senders are to insist on TLS (RFC 8461); absent when nothing is announced.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub mta_sts: Attempt<Option<MtaSts>>,
    /// Where failures of TLS are reported (RFC 8460); absent when nothing is announced.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub tls_rpt: Attempt<Option<TlsRpt>>,
    /// The logo for mail programs (BIMI); absent when there is no record.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub bimi: Attempt<Option<Bimi>>,
}

/// A DKIM key that mail is said to be signed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DkimKey {
    /// The selector, as the inventory names it.
    pub selector: String,
    /// The record at `SELECTOR._domainkey.DOMAIN`; absent when there is none.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub record: Attempt<Option<DkimRecord>>,
}

/// A DKIM key record (RFC 6376 section 3.6.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DkimRecord {
    /// Why receivers cannot use it, in words; absent when they can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Its kind; absent when it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<DkimKind>,
    /// Length in bits where it is RSA's modulus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rsa_bits: Option<u32>,
    /// Whether the domain only tries DKIM (`t=y`).
    pub testing: bool,
}

/// Kinds of DKIM keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DkimKind {
    /// RSA.
    Rsa,
    /// Ed25519 (RFC 8463).
    Ed25519,
    /// An empty `p`: the key is withdrawn.
    Revoked,
}

/// An SPF record and what it leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Spf {
    /// The record as published; the first of several.
    pub raw: String,
    /// Why receivers cannot evaluate it (permerror); absent when they can.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub fault: Attempt<Option<SpfFault>>,
    /// Terms that ask the DNS, in this record and those it leads to, for a sender that matches none; from 40 on not
    /// counted further.
    pub lookups: Attempt<u32>,
    /// Terms among them that ask for what does not exist.
    pub void_lookups: Attempt<u32>,
    /// The result for a sender whom the record does not name.
    pub stranger: Attempt<spf::SpfResult>,
    /// Whether `ptr` stands in any of the records.
    pub uses_ptr: Attempt<bool>,
    /// Domains whose records it leads to by `include` and `redirect`, in order.
    #[schemars(extend("maxItems" = limits::SPF_DOMAINS))]
    pub leads_to: Listing<DomainName>,
}

/// Why an SPF record cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SpfFault {
    /// Its kind.
    pub kind: SpfFaultKind,
    /// In words, with the domain and the term.
    pub detail: String,
}

/// Kinds of SPF faults (RFC 7208, permerror).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpfFaultKind {
    /// A record does not follow the grammar.
    Syntax,
    /// More than one record stands at a name.
    SeveralRecords,
    /// `include` or `redirect` leads to a name without a record.
    NoRecord,
    /// `include` or `redirect` leads back to itself.
    Loop,
    /// More than 10 terms ask the DNS.
    TooManyLookups,
    /// More than 2 terms ask for what does not exist.
    TooManyVoidLookups,
    /// `mx` names a domain with more than 10 mail exchangers.
    TooManyExchangers,
}

/// A DMARC record that applies to the domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dmarc {
    /// The domain at whose `_dmarc` it stands.
    pub at: String,
    /// What that domain is to this one.
    pub level: DmarcLevel,
    /// The record as published.
    pub raw: String,
    /// What it asks receivers to do with mail of this very domain that is not the domain's, `sp` and `t` taken into
    /// account; absent when it is so broken that receivers do nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<dmarc::Policy>,
    /// Whether the policy is only tried (`t=y`, RFC 9989).
    pub testing: bool,
    /// For how much of the mail it is meant (`pct`, RFC 7489).
    pub percent: u8,
    /// What is wrong in the record.
    #[schemars(extend("maxItems" = limits::RECORD_FAULTS))]
    pub faults: Listing<RecordFault>,
    /// Where reports go (`rua` and `ruf`).
    #[schemars(extend("maxItems" = limits::REPORT_ADDRESSES))]
    pub reports: Listing<ReportAddress>,
}

/// Where a DMARC record that applies was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DmarcLevel {
    /// At the domain itself.
    Domain,
    /// Where its organisation begins.
    Organization,
    /// At a public suffix above its organisation.
    PublicSuffix,
}

/// Something wrong in a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordFault {
    /// In words.
    pub detail: String,
}

/// Where DMARC reports go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportAddress {
    /// The URI.
    pub uri: String,
    /// Whether the other organisation's domain consents to reports about this one (RFC 7489 section 7.1); absent when
    /// they stay inside.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub consented: Attempt<Option<bool>>,
}

/// MTA-STS of a domain (RFC 8461).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MtaSts {
    /// Why senders ignore it, in words; absent when record and policy are sound.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub fault: Attempt<Option<String>>,
    /// The policy file.
    pub policy: Attempt<MtaStsPolicy>,
}

/// An MTA-STS policy file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MtaStsPolicy {
    /// How it is applied.
    pub mode: mta_sts::Mode,
    /// For how many seconds senders remember it.
    pub max_age: u64,
    /// Mail exchangers of the domain that it does not allow.
    #[schemars(extend("maxItems" = limits::MAIL_EXCHANGERS))]
    pub missing: Attempt<Listing<DomainName>>,
}

/// TLS reporting of a domain (RFC 8460).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TlsRpt {
    /// Why nobody reports, in words; absent when the record is sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// BIMI of a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bimi {
    /// Why mail programs ignore it, in words; absent when the record is sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Where the logo is; absent when the domain declines to have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
}

/// One mail exchanger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MailExchanger {
    /// Its host name as the MX record has it.
    pub name: String,
    /// Lower is tried first.
    pub preference: u16,
    /// Whether it is a host name: letters, digits, hyphens, and no IP address.
    pub is_host_name: bool,
    /// Whether it is an alias (CNAME), which it must not be (RFC 2181 section 10.3).
    pub is_alias: Attempt<bool>,
    /// Its addresses, IPv4 first.
    #[schemars(extend("maxItems" = limits::ADDRESSES))]
    pub addresses: Attempt<Listing<Address>>,
    /// TLSA records for its port 25 (RFC 7672).
    #[schemars(extend("maxItems" = limits::TLSA_RECORDS))]
    pub tlsa: Attempt<Listing<TlsaRecord>>,
    /// Whether the MX records, its addresses and its TLSA records are signed and verify, so that senders heed TLSA.
    pub dane: Attempt<bool>,
    /// What answers on port 25, one address of each family.
    #[schemars(extend("maxItems" = limits::MAIL_SERVERS))]
    pub servers: Attempt<Listing<MailServer>>,
}

/// One TLSA record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TlsaRecord {
    /// 2 an authority, 3 the server's own certificate; 0 and 1 mean nothing for mail.
    pub usage: u8,
    /// 0 the whole certificate, 1 its public key.
    pub selector: u8,
    /// 0 as it is, 1 SHA-256, 2 SHA-512.
    pub matching: u8,
    /// What has to match, lower-case hex.
    pub data: String,
    /// Whether senders of mail can use it at all.
    pub usable: bool,
}

/// One address of a mail exchanger, and the conversation on port 25.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MailServer {
    /// The address that was dialled.
    #[schemars(with = "String")]
    pub address: IpAddr,
    /// What was said, up to the TLS handshake.
    pub session: Attempt<MailSession>,
}

/// One conversation: greeting, EHLO, STARTTLS, QUIT.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MailSession {
    /// The greeting's text.
    pub banner: String,
    /// Whether STARTTLS is offered (RFC 3207).
    pub starttls: bool,
    /// Whether more came after the answer to STARTTLS before TLS began; it was thrown away.
    pub plaintext_after_starttls: bool,
    /// The handshake after STARTTLS.
    pub tls: Attempt<MailTls>,
}

/// A TLS handshake with a mail server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MailTls {
    /// Version, named as in `tls.versions`.
    pub version: String,
    /// IANA name of the cipher suite.
    pub cipher_suite: String,
    /// SHA-256 of the server's certificate, lower-case hex.
    pub sha256: String,
    /// End of its validity.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub not_after: Timestamp,
    /// Whether the time of observation lies in its validity.
    pub valid_now: bool,
    /// Whether it covers the exchanger's host name.
    pub names_host: bool,
    /// Whether a path leads to a trusted root.
    pub trusted: bool,
    /// Whether a usable TLSA record matches what was sent; absent where none is usable.
    #[serde(default, skip_serializing_if = "Attempt::is_absent")]
    pub tlsa_matches: Attempt<Option<bool>>,
}
