//! What was seen: one document per site, and the catalogue of facts that rules may name. Never a verdict.

mod attempt;
mod behaviour;
pub mod catalogue;
mod certificate;
mod delegation;
mod dns;
mod document;
mod http;
pub mod limits;
mod mail;
mod negotiation;
mod revocation;
#[cfg(test)]
pub(crate) mod sample;
mod sct;
mod signing;
mod site;
mod tls;
mod web;

pub use attempt::{Attempt, Failure, Listing, Phase, Skip};
pub(crate) use attempt::{X_ATTEMPT, X_LISTING};
pub use behaviour::{
    Alpn, AlpnProtocol, ClientRenegotiation, EarlyData, HelloTrait, Intolerance, Intrusive, NameAnswer,
    ServerNames, Sessions, Weakness, WithoutMatch,
};
pub use certificate::{
    Certificate, ChainFault, Misuse, PublicKey, SignatureAlgorithm, SubjectName, Validation, ValidityStatus,
    X509,
};
pub use delegation::{Delegation, Edns, Glue, NameServer, Network, ParentView, ServerName};
pub use dns::{Address, Caa, CaaProperty, Dns, DnssecStatus, DomainName, HiredService, ServiceBinding, Soa};
pub use document::{Document, DocumentError, MAX_BYTES};
pub use http::{
    AddressDifference, AltSvc, Alternative, Answer, ContentType, Cookie, CrossOriginPolicy, Csp, CspPolicy,
    CspSource, CspWeakness, EndpointHttp, Field, FrameAncestors, FrameOptions, FrameOptionsPolicy, Hsts,
    Http, Http2, Http2Difference, NoSniff, PermissionsPolicy, Product, ProductKind, Redirect, ReferrerPolicy,
    Upgrade, Visit, VisitEnd, Www,
};
pub use mail::{
    Bimi, DkimKey, DkimKind, DkimRecord, Dmarc, DmarcLevel, Mail, MailExchanger, MailServer, MailSession,
    MailTls, MtaSts, MtaStsPolicy, RecordFault, ReportAddress, Spf, SpfFault, SpfFaultKind, TlsRpt,
    TlsaRecord,
};
pub use negotiation::{
    CipherSuite, DhPrime, Group, GroupKind, OrderOf, Protocol, SignatureScheme, SuiteOrder,
};
pub use revocation::{
    Completion, Freshness, OcspResponse, OcspSignature, OcspStatement, Revocation, RevocationSource,
    RevocationStatus, Staple,
};
pub use sct::{LogState, Sct, SctSource, SctStatus};
pub use signing::{DnsKey, Ds, Nsec3, RecordSet, Signature, Signing, Why};
pub use site::{Addresses, Agreement, Endpoint, Observations, SCHEMA, SiteName, Vantage};
pub use tls::{CertificateCompression, Handshake, OcspStaple, Support, Tls, Versions};
pub use web::{
    Contact, Cors, CorsAllowed, ErrorLeak, ExternalResource, Injection, LinkedHost, MixedContent, NonceUse,
    Robots, SecurityTxt, Sitemap, Suspect, View, Web, WebForm,
};
