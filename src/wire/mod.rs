//! Pure codecs for what travels: no socket, no clock, no verdict. Every parser here is fuzzed.

pub mod iana;
pub mod sslv2;
pub mod tls;

pub mod caa;
pub mod content_type_options;
pub mod cookie;
pub mod csp;
pub mod dmarc;
pub mod field;
pub mod frame_options;
pub mod hsts;
pub mod http1;
pub mod referrer_policy;
pub mod spf;
pub mod tag_list;
pub mod url;
