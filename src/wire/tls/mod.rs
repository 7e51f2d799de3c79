//! TLS and `SSLv3` on the wire, without crypto and without a socket: what a prober sends, what it reads back.
//! Names of codes live in [`crate::wire::iana`]; `SSLv2` in [`crate::wire::sslv2`]; verdicts in no codec.
//!
//! # Layers
//! - [`Extension`] and [`ClientHello`] build (and parse) what is sent;
//! - [`Reassembler`] turns received bytes, however they are cut, into [`Event`]s;
//! - [`reply`] parses the handshake messages of a server, and builds them for test peers;
//! - [`Malformed`] and [`EncodeError`] say what is wrong and where.

mod alert;
#[cfg(test)]
mod captures;
mod cursor;
mod extension;
mod foreign;
mod heartbeat;
mod hello;
mod message;
mod raw;
mod record;
pub mod reply;
mod version;

pub use alert::{Alert, AlertLevel};
pub use cursor::{EncodeError, Malformed, Problem};
pub use extension::{Extension, ExtensionType, KeyShareEntry};
pub use foreign::{Foreign, ForeignKind};
pub use heartbeat::Heartbeat;
pub use hello::ClientHello;
pub use message::{ContentType, HandshakeType, MAX_FRAGMENT, Message, to_records};
pub use raw::{Record, RecordReader};
pub use record::{Event, Limits, Reassembler, ReassemblyError};
pub use version::Version;

pub(in crate::wire) use cursor::{Reader, Writer};
