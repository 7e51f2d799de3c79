//! Pure codecs for what travels: no socket, no clock, no verdict. Every parser here is fuzzed.

pub mod iana;
pub mod sslv2;
pub mod tls;
