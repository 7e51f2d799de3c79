//! What was seen: one document per site, and the catalogue of facts that rules may name. Never a verdict.

mod attempt;
pub mod catalogue;
mod certificate;
mod delegation;
mod dns;
mod document;
mod http;
pub mod limits;
mod negotiation;
mod signing;
mod site;
mod tls;

pub use attempt::{Attempt, Failure, Listing, Phase, Skip};
pub(crate) use attempt::{X_ATTEMPT, X_LISTING};
pub use certificate::{
    Certificate, ChainFault, PublicKey, SignatureAlgorithm, SubjectName, ValidityStatus, X509,
};
pub use delegation::{Delegation, Edns, Glue, NameServer, Network, ParentView, ServerName};
pub use dns::{Address, Caa, CaaProperty, Dns, DnssecStatus, DomainName, HiredService, ServiceBinding, Soa};
pub use document::{Document, DocumentError, MAX_BYTES};
pub use http::{
    Answer, Cookie, EndpointHttp, Field, FrameAncestors, FrameOptions, FrameOptionsPolicy, Hsts, Http,
    NoSniff, Redirect, ReferrerPolicy, Upgrade, Visit, VisitEnd, Www,
};
pub use negotiation::{
    CipherSuite, DhPrime, Group, GroupKind, OrderOf, Protocol, SignatureScheme, SuiteOrder,
};
pub use signing::{DnsKey, Ds, Nsec3, RecordSet, Signature, Signing, Why};
pub use site::{Endpoint, Observations, SCHEMA, SiteName, Vantage};
pub use tls::{Handshake, OcspStaple, Support, Tls, Versions};
