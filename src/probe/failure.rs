//! What went wrong on the network or in a codec, as an observation says it. Decides nothing but the wording.

use crate::{
    net::{self, Budget},
    observation::{Attempt, Failure, Phase, Skip, limits},
    wire::{http1, tls},
};

/// What a network call gave, as an attempt: a refusal of our own (address not allowed, the run's budget) is no
/// failure of the peer's but a skip.
pub fn attempt<T>(result: Result<T, net::Error>) -> Attempt<T> {
    match result {
        Ok(value) => Attempt::Completed(value),
        Err(error) => untested(&error),
    }
}

/// The attempt that this error makes of anything: [`Skip`] where it was our choice, else [`Failure`].
pub fn untested<T>(error: &net::Error) -> Attempt<T> {
    match skip(error) {
        Some(skipped) => Attempt::skipped(skipped),
        None => Attempt::failed(error.into()),
    }
}

/// Why nothing was sent, where that was our own choice.
pub fn skip(error: &net::Error) -> Option<Skip> {
    match error {
        net::Error::Forbidden { .. } => Some(Skip::ForbiddenAddress),
        net::Error::BudgetSpent { what: Budget::TlsPerAddress | Budget::Addresses } => Some(Skip::Budget),
        _ => None,
    }
}

impl From<&net::Error> for Failure {
    /// Total: what [`skip`] calls a skip is given the nearest failure, for places where only a failure fits.
    fn from(error: &net::Error) -> Self {
        use net::Error as E;
        match error {
            E::Refused => Self::Refused,
            E::TimedOut { during, after } => Self::TimedOut {
                during: phase(*during),
                after_ms: u32::try_from(after.as_millis()).unwrap_or(u32::MAX),
            },
            E::Reset => Self::Reset,
            E::Closed { .. } => Self::Closed,
            // No route is our machine's limit: the address is untested for us and unreachable from here.
            E::NoRoute { .. } | E::Unreachable | E::Forbidden { .. } => Self::Unreachable,
            E::BudgetSpent { what } => spent(*what),
            E::TooLarge { limit } => Self::TooLarge { limit: *limit },
            E::Alert { description, name, .. } => Self::Alert {
                // Two alerts without a name must not become one.
                description: if name == "unknown" { format!("unknown_{description}") } else { name.clone() },
            },
            E::NotTls { .. } => Self::NotTls,
            E::SignatureUnsupported { .. } => Self::Unsupported(cut(&error.to_string())),
            E::Tls { detail } if is_incompatible(detail) => Self::Unsupported(cut(detail)),
            E::Tls { detail } => Self::Malformed(cut(detail)),
            E::Rcode { name, .. } => Self::Rcode(name.clone()),
            E::SignatureWrong { .. } | E::Malformed(_) | E::CnameLoop(_) | E::BadName(_) => {
                Self::Malformed(cut(&error.to_string()))
            }
            E::Busy | E::Local(_) => Self::OurBug(cut(&error.to_string())),
        }
    }
}

/// The failure of a spent budget; its words go on with «for this address is used up».
pub fn spent(what: Budget) -> Failure {
    let what = match what {
        Budget::TlsPerJob => "TLS connections",
        Budget::HttpPerJob => "HTTP requests",
        Budget::TlsPerAddress => "TLS connections in this run",
        Budget::BackOff => "time to wait",
        Budget::Addresses => "addresses in this run",
    };
    Failure::Budget(what.to_owned())
}

impl From<&http1::ReadError> for Failure {
    fn from(error: &http1::ReadError) -> Self {
        use http1::ReadError as E;
        match error {
            E::HeadTooLarge => Self::TooLarge { limit: http1::HEAD_LIMIT as u64 },
            E::TooManyFields => Self::TooLarge { limit: http1::FIELD_LIMIT as u64 },
            E::TooManyInterim => Self::TooLarge { limit: http1::INTERIM_LIMIT as u64 },
            E::Closed { .. } => Self::Closed,
            E::UnsupportedVersion { .. } => Self::Unsupported(cut(&error.to_string())),
            E::NotHttp { .. } | E::Malformed { .. } => Self::Malformed(cut(&error.to_string())),
        }
    }
}

impl From<&tls::Malformed> for Failure {
    fn from(error: &tls::Malformed) -> Self {
        Self::Malformed(cut(&error.to_string()))
    }
}

impl From<&tls::ReassemblyError> for Failure {
    fn from(error: &tls::ReassemblyError) -> Self {
        match error {
            tls::ReassemblyError::Malformed(malformed) => malformed.into(),
            tls::ReassemblyError::OverLimit { limit, .. } => Self::TooLarge { limit: *limit as u64 },
            tls::ReassemblyError::Truncated { .. } => Self::Closed,
        }
    }
}

/// The longest text an observation keeps; what is longer ends in `…`.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(limits::TEXT) {
        None => text.to_owned(),
        Some(_) => text.chars().take(limits::TEXT.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// The TLS library speaks 1.2 and 1.3 with modern suites only; a peer that has none of them did nothing wrong by
/// its specification. The library has a class of error for that, of which [`net::Error`] keeps the words alone.
fn is_incompatible(detail: &str) -> bool {
    detail.starts_with("peer is incompatible")
}

fn phase(during: net::Phase) -> Phase {
    match during {
        net::Phase::Connect => Phase::Connect,
        net::Phase::Handshake => Phase::Handshake,
        net::Phase::Read | net::Phase::Write => Phase::Response,
        net::Phase::Query => Phase::Query,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::net::{Error, Special};

    #[test]
    fn our_own_choices_are_skips_and_the_peers_doing_is_not() {
        let no_more = |what| Error::BudgetSpent { what };
        let forbidden = Error::Forbidden { address: "10.0.0.1".parse().unwrap(), reason: Special::Private };
        for (error, expected) in [
            (forbidden, Attempt::<()>::skipped(Skip::ForbiddenAddress)),
            (no_more(Budget::TlsPerAddress), Attempt::skipped(Skip::Budget)),
            (no_more(Budget::Addresses), Attempt::skipped(Skip::Budget)),
            (no_more(Budget::HttpPerJob), Attempt::failed(Failure::Budget("HTTP requests".into()))),
            (Error::Refused, Attempt::failed(Failure::Refused)),
            (
                Error::NoRoute { address: "2001:db8::1".parse().unwrap() },
                Attempt::failed(Failure::Unreachable),
            ),
            (
                Error::TimedOut { during: net::Phase::Write, after: Duration::from_millis(1500) },
                Attempt::failed(Failure::TimedOut { during: Phase::Response, after_ms: 1500 }),
            ),
            (
                Error::Alert { level: 2, description: 200, name: "unknown".into() },
                Attempt::failed(Failure::Alert { description: "unknown_200".into() }),
            ),
        ] {
            assert_eq!(attempt(Err(error)), expected);
        }
    }

    /// Pins the library's words that [`is_incompatible`] reads.
    #[test]
    fn a_peer_without_a_common_version_is_unsupported_and_a_broken_one_is_malformed() {
        let old = rustls::Error::PeerIncompatible(rustls::PeerIncompatible::ServerDoesNotSupportTls12Or13);
        let broken = rustls::Error::PeerMisbehaved(rustls::PeerMisbehaved::TooMuchEarlyDataReceived);
        let of = |error: &rustls::Error| Failure::from(&Error::Tls { detail: error.to_string() });
        assert!(matches!(of(&old), Failure::Unsupported(_)), "{old}");
        assert!(matches!(of(&broken), Failure::Malformed(_)), "{broken}");
    }

    #[test]
    fn long_words_are_cut_between_characters() {
        let long = "ạ".repeat(limits::TEXT + 1);
        let kept = cut(&long);
        assert_eq!(kept.chars().count(), limits::TEXT);
        assert!(kept.ends_with('…'));
        let exact = "ạ".repeat(limits::TEXT);
        assert_eq!(cut(&exact), exact);
    }

    #[test]
    fn unreadable_responses() {
        use http1::ReadError as E;
        assert_eq!(Failure::from(&E::Closed { received: 3 }), Failure::Closed);
        assert_eq!(Failure::from(&E::HeadTooLarge), Failure::TooLarge { limit: 65_536 });
        assert!(matches!(
            Failure::from(&E::NotHttp { excerpt: "SSH-2.0".into() }),
            Failure::Malformed(text) if text.contains("SSH-2.0")
        ));
    }
}
