//! What a server answers, one message a file: parsers for the prober, builders for test peers.
//! Strict on lengths, tolerant of unknown values; a parser never decides whether an answer is a good one.

mod certificate;
mod certificate_request;
mod certificate_status;
mod key_exchange;
mod server_hello;
mod session_ticket;

use super::{Malformed, Reader};

pub use certificate::Certificate;
pub use certificate_request::CertificateRequest;
pub use certificate_status::CertificateStatus;
pub use key_exchange::{
    DhParameters, EcParameters, KeyExchangeParameters, ServerKeyExchange, Signature, bit_length,
};
pub use server_hello::{Downgrade, HELLO_RETRY_REQUEST_RANDOM, ServerHello};
pub use session_ticket::NewSessionTicket;

/// Checks a `ServerHelloDone`, which has no content (RFC 5246 §7.4.5).
pub fn parse_server_hello_done(body: &[u8]) -> Result<(), Malformed> {
    Reader::new(body).end("ServerHelloDone")
}

#[cfg(test)]
mod tests;
