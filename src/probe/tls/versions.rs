//! Which protocol versions a server takes: one hello each, and what an answer proves.
//!
//! A negative counts only beside a control: a hello to the same address that the server did answer. A reset, a
//! close or an alert about something else counts only where it came three times with the control answered between
//! and after, once to a short hello; silence never counts.

use super::{
    asker::confirmed,
    hello::{Question, chunks},
    reply::{Reply, ask, ask_ssl2},
};
use crate::{
    net::Lane,
    observation::{Attempt, Failure, Support, Versions},
    wire::tls::Version,
};

/// Alerts that a server sends when it will not have this version, these suites or these groups.
pub(super) const REFUSALS: [u8; 5] = [
    40, // handshake_failure
    47, // illegal_parameter: some say so of a version
    70, // protocol_version
    71, // insufficient_security
    86, // inappropriate_fallback
];
/// `protocol_version` speaks of the version alone, whatever else was offered.
pub(super) const PROTOCOL_VERSION: u8 = 70;
/// The server has nothing for the name asked for.
const UNRECOGNIZED_NAME: u8 = 112;

/// What asking for every version brought.
pub(super) struct Asked {
    pub(super) versions: Versions,
    /// Whether any reply was SSL or TLS.
    pub(super) speaks_tls: bool,
    /// Whether every reply was another protocol.
    pub(super) speaks_something_else: bool,
    /// The certificates sent in the clear, DER, leaf first.
    pub(super) chain: Vec<Vec<u8>>,
    /// Why the first hello without a usable answer had none.
    pub(super) first_failure: Option<Failure>,
}

/// A server at one address, and what it has shown so far.
pub(super) struct Server<'l> {
    lane: &'l Lane,
    host: &'l str,
    port: u16,
    /// A hello that it answered with a choice.
    control: Option<Question>,
    /// Whether an ordinary handshake succeeded, which is a control too.
    handshake_succeeded: bool,
    replies: Vec<Reply>,
}

impl<'l> Server<'l> {
    /// `known`: the version of an ordinary handshake, where one succeeded.
    pub(super) fn new(lane: &'l Lane, host: &'l str, port: u16, known: Option<Version>) -> Self {
        let control = known.map(Question::first);
        Self { lane, host, port, control, handshake_succeeded: known.is_some(), replies: Vec::new() }
    }

    /// Asks for every version, those first that are likely to be there: they are the control of the others.
    pub(super) async fn ask_all(mut self, known: Option<Version>) -> Asked {
        let offered = |version| {
            (known == Some(version)).then(|| Reply::Chose {
                version,
                chain: Vec::new(),
                told: Box::default(),
            })
        };
        let mut found = Vec::new();
        for version in [Version::TLS12, Version::TLS13, Version::TLS11, Version::TLS10, Version::SSL3] {
            let reply = match offered(version) {
                Some(reply) => reply,
                None => self.ask(version).await,
            };
            found.push((version, reply));
            if self.is_mute() {
                // each further hello would cost a whole deadline and find out nothing
                return self.nothing();
            }
        }
        let ssl2 = ask_ssl2(self.lane, self.host, self.port).await;
        self.replies.push(ssl2.clone());

        let mut support = Vec::new();
        for (version, reply) in &found {
            support.push((*version, self.support(*version, reply).await));
        }
        let of = |wanted| {
            let found = support.iter().find(|(version, _)| *version == wanted);
            found.map_or(Attempt::failed(Failure::OurBug(format!("{wanted} was not asked"))), |(_, s)| {
                s.clone()
            })
        };
        let versions = Versions {
            ssl2: self.ssl2_support(&ssl2).await,
            ssl3: of(Version::SSL3),
            tls1_0: of(Version::TLS10),
            tls1_1: of(Version::TLS11),
            tls1_2: of(Version::TLS12),
            tls1_3: of(Version::TLS13),
        };
        Asked {
            versions,
            speaks_tls: self.handshake_succeeded || self.replies.iter().any(Reply::is_tls),
            speaks_something_else: self.replies.iter().all(|r| *r == Reply::NotTls),
            chain: self.chain(),
            first_failure: self.replies.iter().find(|r| !r.is_tls()).map(Reply::failure),
        }
    }

    /// Whether nothing at all ever came back in time.
    fn is_mute(&self) -> bool {
        use crate::net::Error;
        !self.handshake_succeeded
            && self.replies.iter().all(|reply| matches!(reply, Reply::Silent(Error::TimedOut { .. })))
    }

    /// No version could be asked for.
    fn nothing(&self) -> Asked {
        let why = self.replies.iter().map(Reply::failure).next().unwrap_or(Failure::Closed);
        let unknown = || Attempt::failed(why.clone());
        Asked {
            versions: Versions {
                ssl2: unknown(),
                ssl3: unknown(),
                tls1_0: unknown(),
                tls1_1: unknown(),
                tls1_2: unknown(),
                tls1_3: unknown(),
            },
            speaks_tls: false,
            speaks_something_else: false,
            chain: Vec::new(),
            first_failure: Some(why),
        }
    }

    /// Asks for one version with every suite, as many hellos as that takes.
    async fn ask(&mut self, version: Version) -> Reply {
        let mut last = None;
        for chunk in 0..chunks(version) {
            let question = Question { version, chunk, short: false };
            let reply = ask(self.lane, self.host, self.port, &question).await;
            self.replies.push(reply.clone());
            match &reply {
                Reply::Chose { version: chosen, .. } => {
                    if *chosen == version {
                        self.control.get_or_insert(question);
                    }
                    return reply;
                }
                // perhaps only the suites were wrong
                Reply::Alert(alert) if REFUSALS.contains(alert) && *alert != PROTOCOL_VERSION => {
                    last = Some(reply);
                }
                _ => return reply,
            }
        }
        last.unwrap_or_else(|| Reply::Broken("no cipher suite to offer".to_owned()))
    }

    /// What the reply proves of this version.
    async fn support(&self, version: Version, reply: &Reply) -> Attempt<Support> {
        match reply {
            Reply::Chose { version: chosen, .. } if *chosen == version => {
                Attempt::Completed(Support::Offered)
            }
            // a server picks the highest it has at or below what is asked: a lower one is a refusal
            Reply::Chose { version: chosen, .. } if *chosen < version => {
                Attempt::Completed(Support::NotOffered)
            }
            Reply::Alert(alert) if REFUSALS.contains(alert) && self.has_control() => {
                Attempt::Completed(Support::NotOffered)
            }
            Reply::Alert(PROTOCOL_VERSION) | Reply::Ssl2 { .. } => Attempt::Completed(Support::NotOffered),
            Reply::NotTls if !self.has_control() => Attempt::Completed(Support::NotOffered),
            doubtful if is_doubtful_refusal(doubtful) => {
                let short = Question { short: true, ..Question::first(version) };
                let full = Question::first(version);
                match self.confirm(reply, self.again(&short), self.again(&full)).await {
                    Ok(None) => Attempt::Completed(Support::NotOffered),
                    Ok(Some(Reply::Chose { version: chosen, .. })) if chosen == version => {
                        Attempt::Completed(Support::Offered)
                    }
                    Ok(Some(Reply::Chose { version: chosen, .. })) if chosen < version => {
                        Attempt::Completed(Support::NotOffered)
                    }
                    Ok(Some(_)) | Err(_) => Attempt::failed(reply.failure()),
                }
            }
            other => Attempt::failed(other.failure()),
        }
    }

    async fn ssl2_support(&self, reply: &Reply) -> Attempt<Support> {
        match reply {
            Reply::Ssl2 { ciphers: 1.., .. } => Attempt::Completed(Support::Offered),
            // the hello is no TLS record: a TLS server answers it with an alert of whatever kind
            Reply::Ssl2 { .. } | Reply::Alert(_) | Reply::Chose { .. } | Reply::NotTls => {
                Attempt::Completed(Support::NotOffered)
            }
            doubtful if is_doubtful_refusal(doubtful) => {
                let again = || async { Ok(ask_ssl2(self.lane, self.host, self.port).await) };
                match self.confirm(reply, again(), again()).await {
                    Ok(None) => Attempt::Completed(Support::NotOffered),
                    Ok(Some(Reply::Ssl2 { ciphers: 1.., .. })) => Attempt::Completed(Support::Offered),
                    Ok(Some(_)) | Err(_) => Attempt::failed(reply.failure()),
                }
            }
            other => Attempt::failed(other.failure()),
        }
    }

    /// Looks into a doubtful refusal where a control is answered.
    async fn confirm(
        &self,
        first: &Reply,
        one: impl Future<Output = Result<Reply, Failure>>,
        other: impl Future<Output = Result<Reply, Failure>>,
    ) -> Result<Option<Reply>, Failure> {
        if !self.control_answers().await {
            return Err(first.failure());
        }
        confirmed(first, one, other, async { Ok(self.control_answers().await) }).await
    }

    async fn again(&self, question: &Question) -> Result<Reply, Failure> {
        Ok(ask(self.lane, self.host, self.port, question).await)
    }

    fn has_control(&self) -> bool {
        self.handshake_succeeded || self.control.is_some()
    }

    async fn control_answers(&self) -> bool {
        let Some(control) = &self.control else { return false };
        let reply = ask(self.lane, self.host, self.port, control).await;
        matches!(reply, Reply::Chose { version, .. } if version == control.version)
    }

    fn chain(&self) -> Vec<Vec<u8>> {
        self.replies
            .iter()
            .find_map(|reply| match reply {
                Reply::Chose { chain, .. } if !chain.is_empty() => Some(chain.clone()),
                Reply::Ssl2 { certificate, .. } if !certificate.is_empty() => Some(vec![certificate.clone()]),
                _ => None,
            })
            .unwrap_or_default()
    }
}

/// A hang-up, or an alert that is no word about what was offered: OpenSSL says `internal_error` where its security
/// level leaves it nothing to sign with, load balancers hang up.
pub(super) fn is_doubtful_refusal(reply: &Reply) -> bool {
    use crate::net::Error;
    match reply {
        Reply::Silent(error) => matches!(error, Error::Reset | Error::Closed { .. }),
        // the name was wrong, not the version
        Reply::Alert(alert) => *alert != UNRECOGNIZED_NAME,
        _ => false,
    }
}
