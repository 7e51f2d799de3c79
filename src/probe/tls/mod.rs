//! TLS at one address: the versions a server takes, one ordinary handshake, and the certificates it sends.
//! Facts only; what the certificates are worth is `probe::certificate`'s to describe.

mod asker;
mod handshake;
mod hello;
mod intolerance;
mod intrusive;
mod known;
mod names;
mod negotiated;
mod negotiation;
mod offer;
mod primes;
mod reply;
mod sessions;
mod versions;

use std::time::Duration;

use crate::{
    net::{self, Connection, Error, Lane, Purpose, tls::Offer},
    observation::{
        Alpn, Attempt, CertificateCompression, Failure, Handshake, Intrusive, OcspStaple, ServerNames,
        Sessions, Skip, Support, Tls, Versions,
    },
    wire::tls::Version,
};
pub use known::Known;
use names::{Strangers, Way};
use negotiated::Negotiated;
use offer::Offer as HelloOffer;
use reply::Reply;
use sessions::InPassing;
use versions::Server;

/// Connections left to those who come after us in the same job.
const LEFT_TO_OTHERS: u32 = 30;
/// How long a server that hung up on us is left alone.
const BREATH: Duration = Duration::from_secs(2);

/// What the TLS probe brings home.
#[derive(Debug)]
pub struct Seen {
    /// The facts.
    pub tls: Attempt<Tls>,
    /// The certificates as sent, DER, leaf first.
    pub chain: Attempt<Vec<Vec<u8>>>,
    /// The OCSP response stapled to the ordinary handshake, DER; absent where none was sent.
    pub staple: Attempt<Option<Vec<u8>>>,
}

impl Seen {
    /// Nothing was seen, for this reason.
    fn nothing(why: &Attempt<()>) -> Self {
        Self {
            tls: why.clone().and_then(unreachable),
            chain: why.clone().and_then(unreachable),
            staple: why.clone().and_then(unreachable),
        }
    }
}

/// Probes one address of a site. `known` is what was found at other names of this run.
pub async fn tls(lane: &Lane, host: &str, port: u16, known: &Known) -> Seen {
    // boxed: it holds the state of everything it may ask
    Box::pin(look(lane, host, port, known)).await
}

async fn look(lane: &Lane, host: &str, port: u16, known: &Known) -> Seen {
    let ordinary = match handshake(lane, host, port).await {
        // silence is asked about once more below, by a hello of another kind
        Err(failed) if failed.error.is_transient() && !matches!(failed.error, Error::TimedOut { .. }) => {
            handshake(lane, host, port).await
        }
        other => other,
    };
    let hello_was_dropped = matches!(
        &ordinary,
        Err(failed) if matches!(
            failed.error,
            Error::TimedOut { during: net::Phase::Handshake, .. } | Error::Reset | Error::Closed { .. }
        )
    );
    // where not even a connection comes about, five more hellos would find out nothing
    if let Err(failed) = &ordinary
        && is_out_of_reach(&failed.error)
    {
        let attempt = super::failure::attempt::<()>(Err(failed.error.clone()));
        return Seen::nothing(&attempt);
    }
    // facts only: a server that serves one connection at a time must not wait for this one to be dropped
    let mut staple = stapled(&ordinary);
    let (version, mut handshake, mut sent) = match ordinary {
        Ok(seen) => {
            let chain = seen.chain.clone();
            (Some(Version(seen.version)), Attempt::Completed(facts(seen)), chain)
        }
        Err(failed) => (None, super::failure::attempt(Err(failed.error)), failed.chain),
    };
    if let Attempt::Completed(agreed) = &handshake
        && let Some(shared) = known.of(lane, host, port, agreed, &sent).await
    {
        let here = Here { lane, host, port };
        let leaf = sent.first().map(Vec::as_slice);
        staple = stapled_later(&here, staple, leaf, InPassing::default()).await;
        let tls = Tls { handshake, connections: lane.spent().0, ..shared };
        return Seen { tls: Attempt::Completed(tls), chain: Attempt::Completed(sent), staple };
    }
    let asked = Server::new(lane, host, port, version).ask_all(version).await;
    // hellos without key shares are answered: then it was the size of the ordinary one, which some middleboxes drop
    if hello_was_dropped && asked.speaks_tls {
        lane.keep_to_classic_groups();
        let again = self::handshake(lane, host, port).await;
        staple = stapled(&again);
        match again {
            Ok(seen) => {
                sent.clone_from(&seen.chain);
                handshake = Attempt::Completed(facts(seen));
            }
            Err(failed) => handshake = super::failure::attempt(Err(failed.error)),
        }
    }
    let chain = if sent.is_empty() { asked.chain } else { sent };
    if asked.speaks_tls {
        let chain = if chain.is_empty() {
            // a certificate that is sent encrypted is seen by the handshake alone
            handshake.as_ref().and_then(|_| Attempt::failed(asked.first_failure.unwrap_or(Failure::Closed)))
        } else {
            Attempt::Completed(chain)
        };
        let here = Here { lane, host, port };
        let negotiated = Box::pin(negotiation::explore(&here, &asked.versions)).await;
        let behaviour = Box::pin(behaviour(&here, &asked.versions, &negotiated, &handshake, &chain)).await;
        let (strangers, in_passing, behaviour) = behaviour;
        if let Attempt::Completed(agreed) = &mut handshake {
            staple = stapled_later(&here, staple, leaf_of(&chain).completed().copied(), in_passing).await;
            agreed.ocsp_staple = staple.completed().and_then(Option::as_deref).map(OcspStaple::of);
        }
        let tls = told(asked.versions, handshake, negotiated, behaviour, lane.spent().0);
        known.add(lane, port, host, &tls, strangers);
        return Seen { tls: Attempt::Completed(tls), chain, staple };
    }
    if asked.speaks_something_else {
        let nothing = negotiated::unseen(&Attempt::skipped(Skip::DoesNotApply));
        let handshake = Attempt::skipped(Skip::DoesNotApply);
        let behaviour = Behaviour {
            certificate_compression: Attempt::skipped(Skip::DoesNotApply),
            alpn: Attempt::skipped(Skip::DoesNotApply),
            sessions: Attempt::skipped(Skip::DoesNotApply),
            server_names: Attempt::skipped(Skip::DoesNotApply),
            intrusive: Attempt::skipped(Skip::DoesNotApply),
        };
        let tls =
            Tls { offered: false, ..told(none_offered(), handshake, nothing, behaviour, lane.spent().0) };
        let chain = Attempt::skipped(Skip::DoesNotApply);
        return Seen { tls: Attempt::Completed(tls), chain, staple: Attempt::skipped(Skip::DoesNotApply) };
    }
    let why = asked.first_failure.unwrap_or(Failure::Closed);
    Seen::nothing(&Attempt::failed(why))
}

/// The stapled response; known to be absent only where the handshake was completed.
fn stapled(seen: &Result<net::tls::Handshake, Box<net::tls::HandshakeError>>) -> Attempt<Option<Vec<u8>>> {
    match seen {
        Ok(seen) => Attempt::Completed(seen.staple.clone()),
        Err(failed) if failed.staple.is_some() => Attempt::Completed(failed.staple.clone()),
        Err(failed) => super::failure::attempt(Err(failed.error.clone())),
    }
}

/// The server's own certificate.
fn leaf_of(chain: &Attempt<Vec<Vec<u8>>>) -> Attempt<&[u8]> {
    chain.as_ref().and_then(|chain| match chain.first() {
        Some(leaf) => Attempt::Completed(leaf.as_slice()),
        None => Attempt::failed(Failure::Closed),
    })
}

/// The staple of a later handshake with the same certificate, where the first had none: nginx for one asks for it only once
/// a client has come, and staples to the next. Asked once more where the certificate demands one.
async fn stapled_later(
    here: &Here<'_>,
    first: Attempt<Option<Vec<u8>>>,
    leaf: Option<&[u8]>,
    in_passing: InPassing,
) -> Attempt<Option<Vec<u8>>> {
    let (Attempt::Completed(None), Some(leaf)) = (&first, leaf) else { return first };
    if in_passing.staple.is_some() && in_passing.leaf.as_deref() == Some(leaf) {
        return Attempt::Completed(in_passing.staple);
    }
    if !super::certificate::demands_staple(leaf) {
        return first;
    }
    let again = match here.connect().await {
        Ok(connection) => net::tls::handshake(connection, &here.offer(&names::PROTOCOLS)).await,
        Err(error) => Err(error.into()),
    };
    match again {
        Ok(seen) if seen.chain.first().map(Vec::as_slice) == Some(leaf) => Attempt::Completed(seen.staple),
        _ => first,
    }
}

/// What is asked once it is known what the server agrees to.
struct Behaviour {
    certificate_compression: Attempt<CertificateCompression>,
    alpn: Attempt<Alpn>,
    sessions: Attempt<Sessions>,
    server_names: Attempt<ServerNames>,
    intrusive: Attempt<Option<Intrusive>>,
}

async fn behaviour(
    here: &Here<'_>,
    versions: &Versions,
    negotiated: &Negotiated,
    handshake: &Attempt<Handshake>,
    chain: &Attempt<Vec<Vec<u8>>>,
) -> (Strangers, InPassing, Behaviour) {
    let old = sessions::old(versions, &negotiated.accepted, leaf_of(chain).completed().copied());
    let (sessions, in_passing) = Box::pin(sessions::look(here, versions, &old)).await;
    let way = Way::of(handshake, &negotiated.accepted);
    let (strangers, alpn) = if let Attempt::Completed(way) = &way {
        let strangers = Box::pin(names::strangers(here, way)).await;
        let seen = in_passing.alpn.clone();
        let alpn =
            Box::pin(names::alpn(here, way, handshake.completed(), seen, negotiated.npn.clone())).await;
        (strangers, alpn)
    } else {
        let why = way.map(|_| ());
        (Strangers::unseen(&why.clone().and_then(unreachable)), why.and_then(unreachable))
    };
    let intrusive = if here.lane.may_intrude() {
        let listing = negotiated.cipher_suites.completed();
        let known = intrusive::Known {
            versions,
            accepted: &negotiated.accepted,
            incomplete: listing.and_then(|listing| listing.incomplete.as_ref()),
            old: &old,
        };
        Some(Box::pin(intrusive::look(here, &known)).await)
    } else {
        None
    };
    let behaviour = Behaviour {
        certificate_compression: certificate_compression(versions, &in_passing, &sessions),
        alpn,
        sessions: Attempt::Completed(sessions),
        server_names: strangers.beside(leaf_of(chain)),
        intrusive: Attempt::Completed(intrusive),
    };
    (strangers, in_passing, behaviour)
}

/// What the first visit with TLS 1.3 showed of it; `sessions` knows why there was none.
fn certificate_compression(
    versions: &Versions,
    in_passing: &InPassing,
    sessions: &Sessions,
) -> Attempt<CertificateCompression> {
    if versions.tls1_3.completed() == Some(&Support::NotOffered) {
        return Attempt::Completed(CertificateCompression::None);
    }
    match in_passing.compression {
        Some(None) => Attempt::Completed(CertificateCompression::None),
        Some(Some(1)) => Attempt::Completed(CertificateCompression::Zlib),
        Some(Some(2)) => Attempt::Completed(CertificateCompression::Brotli),
        Some(Some(3)) => Attempt::Completed(CertificateCompression::Zstd),
        Some(Some(other)) => Attempt::failed(Failure::OurBug(format!("algorithm {other}, never offered"))),
        None => sessions.by_psk.clone().and_then(|_| Attempt::failed(Failure::Closed)),
    }
}

fn told(
    versions: Versions,
    handshake: Attempt<Handshake>,
    negotiated: Negotiated,
    behaviour: Behaviour,
    connections: u32,
) -> Tls {
    let Behaviour { certificate_compression, alpn, sessions, server_names, intrusive } = behaviour;
    Tls {
        offered: true,
        versions,
        handshake,
        cipher_suites: negotiated.cipher_suites,
        suite_order: negotiated.suite_order,
        groups: negotiated.groups,
        dh_primes: negotiated.dh_primes,
        signatures: negotiated.signatures,
        compression: negotiated.compression,
        secure_renegotiation: negotiated.secure_renegotiation,
        extended_master_secret: negotiated.extended_master_secret,
        encrypt_then_mac: negotiated.encrypt_then_mac,
        session_ticket: negotiated.session_ticket,
        fallback_scsv: negotiated.fallback_scsv,
        signed_certificate_timestamps: negotiated.timestamps,
        certificate_compression,
        alpn,
        sessions,
        server_names,
        intolerances: negotiated.intolerances,
        intrusive,
        shared_with: None,
        connections,
    }
}

/// The server behind a lane.
struct Here<'l> {
    lane: &'l Lane,
    host: &'l str,
    port: u16,
}

impl Here<'_> {
    /// What a handshake of the library offers by default, with these protocols to speak inside.
    fn offer(&self, alpn: &[&[u8]]) -> Offer {
        Offer {
            server_name: Some(self.host.to_owned()),
            alpn: alpn.iter().map(|protocol| protocol.to_vec()).collect(),
            classic_groups_only: self.lane.wants_classic_groups(),
            ..Offer::default()
        }
    }

    /// A connection of its own, where the budget allows one more.
    async fn connect(&self) -> Result<Connection, Error> {
        if !asker::Peer::may_ask(self) {
            return Err(Error::BudgetSpent { what: net::Budget::TlsPerJob });
        }
        self.lane.connect(self.host, self.port, Purpose::Tls).await
    }
}

impl asker::Peer for Here<'_> {
    async fn ask(&self, offer: &HelloOffer) -> Reply {
        reply::ask_offer(self.lane, self.host, self.port, offer).await
    }

    fn may_ask(&self) -> bool {
        self.lane.tls_left() > LEFT_TO_OTHERS
    }

    async fn pause(&self) {
        // no time left to wait: then the next answer says what there is to say
        let _ = self.lane.back_off(BREATH);
    }
}

async fn handshake(
    lane: &Lane,
    host: &str,
    port: u16,
) -> Result<net::tls::Handshake, Box<net::tls::HandshakeError>> {
    let offer = Here { lane, host, port }.offer(&names::PROTOCOLS);
    let connection = lane.connect(host, port, Purpose::Tls).await?;
    net::tls::handshake(connection, &offer).await
}

fn facts(seen: net::tls::Handshake) -> Handshake {
    Handshake {
        version: Version(seen.version).to_string(),
        cipher_suite: crate::wire::iana::cipher_suite_name(seen.suite.code).into_owned(),
        group: seen.group.map(|group| crate::wire::iana::group_name(group.code).into_owned()),
        alpn: seen.alpn.map(|protocol| String::from_utf8_lossy(&protocol).into_owned()),
        ocsp_staple: seen.staple.as_deref().map(OcspStaple::of),
    }
}

/// Whether the error says that nothing can be learnt at this address at all.
fn is_out_of_reach(error: &Error) -> bool {
    match error {
        Error::Refused
        | Error::NoRoute { .. }
        | Error::Unreachable
        | Error::Forbidden { .. }
        | Error::BudgetSpent { .. }
        | Error::Busy
        | Error::Local(_) => true,
        Error::TimedOut { during, .. } => *during == net::Phase::Connect,
        _ => false,
    }
}

/// The attempt never completes here: it was made from an error.
fn unreachable<T>((): ()) -> Attempt<T> {
    Attempt::failed(Failure::OurBug("an error without a reason".to_owned()))
}

fn none_offered() -> Versions {
    let not = || Attempt::Completed(Support::NotOffered);
    Versions { ssl2: not(), ssl3: not(), tls1_0: not(), tls1_1: not(), tls1_2: not(), tls1_3: not() }
}
