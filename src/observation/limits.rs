//! How many elements each list of an observation may have. Probes cut lists here and say so; the rule
//! linter bounds the work of a condition by the same numbers.

/// Addresses of one family.
pub const ADDRESSES: usize = 32;
/// Names in a CNAME chain.
pub const CNAMES: usize = 10;
/// Name servers of a zone.
pub const NAME_SERVERS: usize = 32;
/// Properties of a CAA record set.
pub const CAA_PROPERTIES: usize = 50;
/// Endpoints of a site.
pub const ENDPOINTS: usize = 16;
/// Certificates sent after the leaf.
pub const CHAIN: usize = 20;
/// Subject alternative names kept of a certificate.
pub const SUBJECT_NAMES: usize = 100;
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
/// Longest text kept of a fact, in characters; what is longer is cut and ends in `…`.
pub const TEXT: usize = 1_000;
