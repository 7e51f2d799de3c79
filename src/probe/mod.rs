//! From the network to facts, one file per probe. A probe never says good or bad.

pub mod certificate;
pub mod dns;
pub mod failure;
pub mod http;
pub mod mail;
pub mod tls;
