//! From the network to facts, one file per probe. A probe never says good or bad.

pub mod certificate;
pub mod failure;
pub mod tls;
