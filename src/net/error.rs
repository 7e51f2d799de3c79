//! What can go wrong on the network, closed and typed. Owns no verdict: a probe turns these into facts.

use std::{fmt, io, net::IpAddr, time::Duration};

use super::guard::Special;

/// What was under way when time ran out or the peer went away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The TCP handshake.
    Connect,
    /// The TLS handshake.
    Handshake,
    /// Reading what the peer owes.
    Read,
    /// Writing a request.
    Write,
    /// A DNS query, from the first datagram to the last retry.
    Query,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Connect => "connecting",
            Phase::Handshake => "the TLS handshake",
            Phase::Read => "reading",
            Phase::Write => "writing",
            Phase::Query => "a DNS query",
        })
    }
}

/// Which of the promised limits is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Budget {
    /// TLS connections of one job, that is of one (site, address).
    TlsPerJob,
    /// HTTP requests of one job.
    HttpPerJob,
    /// TLS connections to one address in the whole run.
    TlsPerAddress,
    /// Time one job may spend waiting because the server asked us to slow down.
    BackOff,
    /// Different addresses in one run.
    Addresses,
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Budget::TlsPerJob => "TLS connections to this site at this address",
            Budget::HttpPerJob => "HTTP requests to this site at this address",
            Budget::TlsPerAddress => "TLS connections to this address in this run",
            Budget::BackOff => "time spent waiting for a server that asked us to slow down",
            Budget::Addresses => "different addresses in this run",
        })
    }
}

/// An RFC 8914 extended DNS error, as the resolver sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtendedError {
    /// INFO-CODE, from the IANA registry (6 = DNSSEC Bogus).
    pub code: u16,
    /// EXTRA-TEXT, cut at 256 bytes; often empty.
    pub text: String,
}

/// Every way in which talking to a peer or a resolver can fail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// RST to our SYN, or ICMP port unreachable.
    #[error("connection refused")]
    Refused,
    /// The deadline passed.
    #[error("no end of {during} after {after:?}")]
    TimedOut {
        /// What was under way.
        during: Phase,
        /// How long it was given.
        after: Duration,
    },
    /// RST on an established connection.
    #[error("connection reset by the peer")]
    Reset,
    /// A clean end where data was due.
    #[error("the peer closed the connection during {during}")]
    Closed {
        /// What was under way.
        during: Phase,
    },
    /// This machine has no route to the address at all, as one without IPv6 has none to any IPv6 address. Nothing was
    /// sent; it says nothing about the peer.
    #[error("this machine has no route to {address}")]
    NoRoute {
        /// The address that would have been dialled.
        address: IpAddr,
    },
    /// Host or network unreachable, as a router said.
    #[error("host or network unreachable")]
    Unreachable,
    /// The address must not be dialled.
    #[error("{address} is not dialled: {reason}{}", if reason.opened_by_allow_private() { "; --allow-private opens it" } else { "" })]
    Forbidden {
        /// The address that would have been dialled.
        address: IpAddr,
        /// Why it is special.
        reason: Special,
    },
    /// A promised limit is used up; not tested, not at fault.
    #[error("budget spent: {what}")]
    BudgetSpent {
        /// Which limit.
        what: Budget,
    },
    /// The peer sent more than we take.
    #[error("the peer sent more than {limit} bytes")]
    TooLarge {
        /// The cap in bytes.
        limit: u64,
    },
    /// A connection was wanted while another of the same lane was held, and none came free.
    #[error("no connection came free while another one was held; drop the first before asking for a second")]
    Busy,
    /// A TLS alert received from the peer.
    #[error("TLS alert {description} ({name})")]
    Alert {
        /// `1` warning, `2` fatal (RFC 8446 section 6).
        level: u8,
        /// The `AlertDescription` number.
        description: u8,
        /// Its IANA name, or `unknown`.
        name: String,
    },
    /// The first bytes are no TLS record: plain HTTP on a TLS port, an SSH banner …
    #[error("the peer does not speak TLS here")]
    NotTls {
        /// The first bytes it sent, at most 16.
        head: Vec<u8>,
    },
    /// The handshake signature cannot be checked here: its algorithm, key size or certificate encoding is outside
    /// what the library supports. Says nothing about the certificate's validity.
    #[error("the handshake signature cannot be checked: {detail}")]
    SignatureUnsupported {
        /// The library's words.
        detail: String,
    },
    /// The handshake signature was checked and is wrong.
    #[error("the handshake signature is wrong: {detail}")]
    SignatureWrong {
        /// The library's words.
        detail: String,
    },
    /// The peer and we share no version, suite or group, or it broke the protocol.
    #[error("TLS handshake failed: {detail}")]
    Tls {
        /// The library's words.
        detail: String,
    },
    /// The resolver answered with an error code.
    #[error("the resolver answered {name}")]
    Rcode {
        /// The RCODE, extended part included (2 = SERVFAIL).
        code: u16,
        /// Its IANA name.
        name: String,
        /// What the resolver added under RFC 8914.
        extended: Vec<ExtendedError>,
    },
    /// An answer that does not parse or does not answer the question.
    #[error("malformed answer: {0}")]
    Malformed(String),
    /// A CNAME chain that returns to itself or is longer than ten.
    #[error("CNAME chain loops or is too long: {}", .0.join(" -> "))]
    CnameLoop(Vec<String>),
    /// A name that cannot be asked for.
    #[error("not a domain name: {0}")]
    BadName(String),
    /// Our machine's fault: out of file descriptors, memory, ports.
    #[error("this machine failed: {0}")]
    Local(String),
}

impl Error {
    /// The typed error inside an [`io::Error`], or the one its kind stands for.
    pub fn from_io(error: &io::Error, during: Phase) -> Self {
        if let Some(own) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            return own.clone();
        }
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Error::Refused,
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Error::Reset,
            // EPIPE: the peer closed and we wrote on; it is the peer's end that happened first.
            io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof | io::ErrorKind::NotConnected => {
                Error::Closed { during }
            }
            io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown => Error::Unreachable,
            // ETIMEDOUT comes from the kernel's own SYN or retransmission timer, whose length we do not set.
            io::ErrorKind::TimedOut => Error::TimedOut { during, after: Duration::ZERO },
            _ => Error::Local(error.to_string()),
        }
    }

    /// Whether a second try might go better: the peer or the path, not a limit and not the answer.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Error::TimedOut { .. }
                | Error::Reset
                | Error::Closed { .. }
                | Error::Unreachable
                | Error::Local(_)
        )
    }
}

impl From<Error> for io::Error {
    /// Carries the typed error through a library that speaks `io::Error`; [`Error::from_io`] takes it out again.
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::TimedOut { .. } => io::ErrorKind::TimedOut,
            Error::Reset => io::ErrorKind::ConnectionReset,
            Error::Closed { .. } => io::ErrorKind::UnexpectedEof,
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, error)
    }
}

/// Why the network could not be set up; nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// No resolver given and none usable in the system's configuration.
    #[error("no resolver: {reason}; name one with --resolver IP:PORT")]
    NoResolver {
        /// What the system's configuration said.
        reason: String,
    },
    /// The trust anchor file cannot be read.
    #[error("--trust-anchor {path}: {source}")]
    AnchorFile {
        /// The path as given.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The file of root hints cannot be read.
    #[error("--root-hints {path}: {source}")]
    HintsFile {
        /// The path as given.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The file of root hints names no server.
    #[error("--root-hints {path}: {reason}; write NS records of `.` and A or AAAA records of their servers")]
    Hints {
        /// The path as given.
        path: String,
        /// Why.
        reason: String,
    },
    /// The trust anchor file holds no usable key.
    #[error("--trust-anchor {path}: {reason}; write one DNSKEY or DS record of the root zone a line")]
    Anchor {
        /// The path as given.
        path: String,
        /// Why.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_error_survives_the_way_through_io() {
        for error in [
            Error::Reset,
            Error::TooLarge { limit: 3 },
            Error::TimedOut { during: Phase::Read, after: Duration::from_secs(1) },
            Error::Closed { during: Phase::Handshake },
        ] {
            assert_eq!(Error::from_io(&io::Error::from(error.clone()), Phase::Connect), error);
        }
    }

    #[test]
    fn kernel_errors_map_to_their_meaning() {
        let kind = |kind: io::ErrorKind| Error::from_io(&io::Error::from(kind), Phase::Read);
        assert_eq!(kind(io::ErrorKind::ConnectionReset), Error::Reset);
        assert_eq!(kind(io::ErrorKind::HostUnreachable), Error::Unreachable);
        assert_eq!(kind(io::ErrorKind::BrokenPipe), Error::Closed { during: Phase::Read });
        assert!(matches!(Error::from_io(&io::Error::from_raw_os_error(24), Phase::Connect), Error::Local(_)));
    }
}
