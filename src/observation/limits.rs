//! How many elements each list of an observation may have. Probes cut lists here and say so; the rule
//! linter bounds the work of a condition by the same numbers.

/// Addresses of one family.
pub const ADDRESSES: usize = 32;
/// Names in a CNAME chain.
pub const CNAMES: usize = 10;
/// Name servers of a zone.
pub const NAME_SERVERS: usize = 32;
/// Addresses of a zone's name servers.
pub const SERVERS: usize = 32;
/// Record sets whose DNSSEC status is kept of a site.
pub const RECORD_SETS: usize = 16;
/// DS or DNSKEY records kept of a zone.
pub const DNSSEC_KEYS: usize = 20;
/// RRSIG records kept of a zone.
pub const DNSSEC_SIGNATURES: usize = 30;
/// HTTPS records kept of a name.
pub const SERVICE_BINDINGS: usize = 10;
/// Properties of a CAA record set.
pub const CAA_PROPERTIES: usize = 50;
/// Endpoints of a site.
pub const ENDPOINTS: usize = 16;
/// Certificates sent after the leaf.
pub const CHAIN: usize = 20;
/// Subject alternative names kept of a certificate.
pub const SUBJECT_NAMES: usize = 100;
/// Kinds of key usage there are.
pub const KEY_USAGES: usize = 9;
/// Purposes of extended key usage kept of a certificate.
pub const PURPOSES: usize = 20;
/// Signed certificate timestamps kept of a certificate.
pub const SCTS: usize = 20;
/// Answers of a visit: the first and ten redirects.
pub const HOPS: usize = 11;
/// Field lines kept of an answer.
pub const FIELDS: usize = 100;
/// Cookies kept of a site.
pub const COOKIES: usize = 50;
/// Content-Security-Policy policies kept of a document.
pub const POLICIES: usize = 20;
/// Weaknesses kept of a document's policies.
pub const WEAKNESSES: usize = 60;
/// Differences between addresses kept of a site.
pub const DIFFERENCES: usize = 20;
/// Resources of one kind of finding kept of a page.
pub const RESOURCES: usize = 50;
/// Forms kept of a page.
pub const FORMS: usize = 51;
/// Other hosts that a page links to or loads from.
pub const LINKED_HOSTS: usize = 100;
/// Generators kept of a page.
pub const GENERATORS: usize = 20;
/// Products that a site names by itself.
pub const PRODUCTS: usize = 20;
/// URLs that are looked at as somebody else.
pub const SUSPECT_URLS: usize = 10;
/// Suspicions kept of a site: three views of each URL.
pub const SUSPECTS: usize = 30;
/// Words kept of a suspicion.
pub const SUSPECT_WORDS: usize = 20;
/// Hosts kept of a suspicion.
pub const SUSPECT_HOSTS: usize = 20;
/// Alternatives kept of Alt-Svc.
pub const ALTERNATIVES: usize = 20;
/// Sitemaps that a robots.txt names.
pub const SITEMAPS: usize = 20;
/// Contacts and faults kept of a security.txt.
pub const SECURITY_TXT: usize = 20;
/// Pairs of version and cipher suite kept of a server; the budget of connections ends before.
pub const CIPHER_SUITES: usize = 200;
/// Versions that have an order of suites.
pub const SUITE_ORDERS: usize = 5;
/// Key exchange groups kept of a server.
pub const GROUPS: usize = 100;
/// Diffie-Hellman primes kept of a server.
pub const DH_PRIMES: usize = 20;
/// Signature schemes kept of a server.
pub const SIGNATURES: usize = 40;
/// DKIM keys that are asked for.
pub const DKIM_SELECTORS: usize = 10;
/// Mail exchangers of a domain.
pub const MAIL_EXCHANGERS: usize = 10;
/// Addresses of a mail exchanger that are spoken to.
pub const MAIL_SERVERS: usize = 2;
/// TLSA records of a mail exchanger.
pub const TLSA_RECORDS: usize = 20;
/// Domains that an SPF record leads to.
pub const SPF_DOMAINS: usize = 40;
/// Faults told of one record.
pub const RECORD_FAULTS: usize = 20;
/// Addresses for reports kept of a record.
pub const REPORT_ADDRESSES: usize = 10;
/// Protocols that are asked for by ALPN.
pub const ALPN_PROTOCOLS: usize = 4;
/// Kinds of hello that a server may fail at.
pub const INTOLERANCES: usize = 10;
/// Longest text kept of a fact, in characters; what is longer is cut and ends in `…`.
pub const TEXT: usize = 1_000;
