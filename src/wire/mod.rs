//! Pure codecs for what travels: no socket, no clock, no verdict. Every parser here is fuzzed.

pub mod iana;
pub mod sslv2;
pub mod tls;

pub mod der;

pub mod caa;
pub mod content_type_options;
pub mod cookie;
pub mod crl;
pub mod csp;
pub mod field;
pub mod frame_options;
pub mod hsts;
pub mod http1;
pub mod ocsp;
pub mod referrer_policy;
pub mod sct;
pub mod url;
