//! Pure codecs for what travels: no socket, no clock, no verdict. Every parser here is fuzzed.

pub mod iana;
pub mod sslv2;
pub mod tls;

pub mod bimi;
pub mod caa;
pub mod content_type_options;
pub mod cookie;
pub mod csp;
pub mod dkim;
pub mod dmarc;
pub mod field;
pub mod frame_options;
pub mod hsts;
pub mod http1;
pub mod mta_sts;
pub mod referrer_policy;
pub mod smtp;
pub mod spf;
pub mod tag_list;
pub mod tls_rpt;
pub mod tlsa;
pub mod url;
