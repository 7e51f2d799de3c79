//! Pure codecs for what travels: no socket, no clock, no verdict. Every parser here is fuzzed.

pub mod cookie;
pub mod field;
pub mod hsts;
pub mod http1;
pub mod url;
