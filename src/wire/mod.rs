//! Pure codecs for what travels: no socket, no clock, no verdict. Every parser here is fuzzed.

pub mod iana;
pub mod sslv2;
pub mod tls;

pub mod der;

pub mod alt_svc;
pub mod bimi;
pub mod caa;
pub mod content_coding;
pub mod content_type;
pub mod content_type_options;
pub mod cookie;
pub mod cors;
pub mod crl;
pub mod cross_origin;
pub mod csp;
pub mod dkim;
pub mod dmarc;
pub mod field;
pub mod frame_options;
pub mod hsts;
pub mod html;
pub mod http1;
pub mod mta_sts;
pub mod ocsp;
pub mod permissions_policy;
pub mod referrer_policy;
pub mod robots;
pub mod sct;
pub mod security_txt;
pub mod smtp;
pub mod spf;
pub mod sri;
pub mod tag_list;
pub mod tls_rpt;
pub mod tlsa;
pub mod url;
