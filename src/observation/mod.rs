//! What was seen: one document per site, and the catalogue of facts that rules may name. Never a verdict.

mod attempt;
pub mod catalogue;
mod certificate;
mod dns;
mod document;
mod http;
pub mod limits;
mod negotiation;
mod site;
mod tls;
mod web;

pub use attempt::{Attempt, Failure, Listing, Phase, Skip};
pub(crate) use attempt::{X_ATTEMPT, X_LISTING};
pub use certificate::{
    Certificate, ChainFault, PublicKey, SignatureAlgorithm, SubjectName, ValidityStatus, X509,
};
pub use dns::{Address, Caa, CaaProperty, Dns, DnssecStatus, DomainName};
pub use document::{Document, DocumentError, MAX_BYTES};
pub use http::{
    AddressDifference, Answer, ContentType, Cookie, CrossOriginPolicy, Csp, CspPolicy, CspSource,
    CspWeakness, EndpointHttp, Field, FrameAncestors, FrameOptions, FrameOptionsPolicy, Hsts, Http, NoSniff,
    PermissionsPolicy, Redirect, ReferrerPolicy, Upgrade, Visit, VisitEnd, Www,
};
pub use negotiation::{
    CipherSuite, DhPrime, Group, GroupKind, OrderOf, Protocol, SignatureScheme, SuiteOrder,
};
pub use site::{Endpoint, Observations, SCHEMA, SiteName, Vantage};
pub use tls::{Handshake, OcspStaple, Support, Tls, Versions};
pub use web::{
    Contact, Cors, CorsAllowed, ErrorLeak, ExternalResource, LinkedHost, MixedContent, NonceUse, SecurityTxt,
    Web, WebForm,
};
