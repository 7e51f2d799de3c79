//! Asks one hello after another of the same server and settles what each answer proves: a choice, a refusal, or
//! nothing. Knows when to stop asking. What to ask is `negotiation`'s.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use tokio::sync::RwLock;

use super::{
    offer::Offer,
    reply::{Reply, Told},
    versions::{REFUSALS, is_doubtful_refusal},
};
use crate::{net, observation::Failure, wire::iana};

/// Whoever answers hellos: a server behind a lane, or a model of one in tests.
pub(super) trait Peer: Sync {
    /// What comes back for a hello on a connection of its own.
    fn ask(&self, offer: &Offer) -> impl Future<Output = Reply> + Send;
    /// Whether the budget allows one more.
    fn may_ask(&self) -> bool;
    /// Lets a server that hung up on us breathe.
    fn pause(&self) -> impl Future<Output = ()> + Send;
}

/// Each costs a whole deadline: after so many, nothing more is asked.
const MOST_SILENCES: u32 = 2;
/// So does an answer that stops in its middle, as where the path drops long packets.
const MOST_LATE: u32 = 3;

/// What an answer proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    Chose(Chosen),
    Refused,
    Unknown(Failure),
}

/// The server's choice from what was offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) told: Told,
    /// The certificate, DER, where one came in the clear.
    pub(super) leaf: Option<Vec<u8>>,
    /// Whether the hello had the optional parts that the server could say something about.
    pub(super) extras: bool,
}

pub(super) struct Asker<'p, P> {
    peer: &'p P,
    /// A hello that was answered with a choice.
    control: Mutex<Offer>,
    /// Held alone while a doubtful refusal is looked into: connections in between would fall to other back ends.
    turn: RwLock<()>,
    silences: AtomicU32,
    late: AtomicU32,
    paused: AtomicBool,
    given_up: Mutex<Option<Failure>>,
}

impl<'p, P: Peer> Asker<'p, P> {
    pub(super) fn new(peer: &'p P, control: Offer) -> Self {
        Self {
            peer,
            control: Mutex::new(control),
            turn: RwLock::new(()),
            silences: AtomicU32::new(0),
            late: AtomicU32::new(0),
            paused: AtomicBool::new(false),
            given_up: Mutex::new(None),
        }
    }

    /// Another hello is one that was answered.
    pub(super) fn control_by(&self, offer: Offer) {
        *self.control.lock().unwrap_or_else(PoisonError::into_inner) = offer;
    }

    /// Offers this and finds out what the answer is worth.
    pub(super) async fn settle(&self, offer: &Offer) -> Settled {
        match self.try_settle(offer).await {
            Ok(settled) | Err(settled) => settled,
        }
    }

    async fn try_settle(&self, offer: &Offer) -> Result<Settled, Settled> {
        let mut reply = self.ask(offer).await.map_err(Settled::Unknown)?;
        while is_silence(&reply) && self.silences.fetch_add(1, Ordering::Relaxed) + 1 < MOST_SILENCES {
            reply = self.ask(offer).await.map_err(Settled::Unknown)?;
        }
        if let Some(settled) = read(offer, &reply) {
            if matches!(settled, Settled::Chose(_)) {
                self.control_by(offer.clone());
            }
            return Ok(settled);
        }
        if is_doubtful_refusal(&reply) {
            return self.confirm(offer, &reply).await.map_err(Settled::Unknown);
        }
        let why = reply.failure();
        if matches!(reply, Reply::Silent(_)) {
            self.give_up(why.clone());
        }
        Ok(Settled::Unknown(why))
    }

    /// Offers this once, whatever comes; why not, where nothing more is asked.
    pub(super) async fn ask(&self, offer: &Offer) -> Result<Reply, Failure> {
        let _others_may = self.turn.read().await;
        self.ask_alone(offer).await
    }

    async fn ask_alone(&self, offer: &Offer) -> Result<Reply, Failure> {
        if let Some(why) = self.given_up() {
            return Err(why);
        }
        if !self.peer.may_ask() {
            let spent = crate::probe::failure::spent(net::Budget::TlsPerJob);
            self.give_up(spent.clone());
            return Err(spent);
        }
        let reply = self.peer.ask(offer).await;
        if let Reply::Chose { told, .. } = &reply
            && let Some(error) = &told.late
            && self.late.fetch_add(1, Ordering::Relaxed) + 1 >= MOST_LATE
        {
            self.give_up(error.into());
        }
        Ok(reply)
    }

    fn given_up(&self) -> Option<Failure> {
        self.given_up.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks into a doubtful refusal, with nothing else under way.
    async fn confirm(&self, offer: &Offer, first: &Reply) -> Result<Settled, Failure> {
        let _alone = self.turn.write().await;
        if !self.control_answers().await? {
            // some hang up on everybody who comes too often
            let paused_before = self.paused.swap(true, Ordering::Relaxed);
            if !paused_before {
                self.peer.pause().await;
            }
            if paused_before || !self.control_answers().await? {
                self.give_up(first.failure());
                return Err(first.failure());
            }
        }
        let (one, other) = (self.ask_alone(offer), self.ask_alone(offer));
        match confirmed(first, one, other, self.control_answers()).await? {
            None => Ok(Settled::Refused),
            Some(again) => read(offer, &again).ok_or_else(|| again.failure()),
        }
    }

    async fn control_answers(&self) -> Result<bool, Failure> {
        let control = self.control.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let reply = self.ask_alone(&control).await?;
        Ok(matches!(read(&control, &reply), Some(Settled::Chose(_))))
    }

    fn give_up(&self, why: Failure) {
        self.given_up.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
    }
}

/// Whether a doubtful refusal stands, once a control was answered: it does where the server refuses twice more in a row
/// and still answers the control; `None` then, else what it answered this time. In a row: one back end of several that
/// hangs up on everybody comes round again when every other connection goes to the next one.
pub(super) async fn confirmed(
    first: &Reply,
    one: impl Future<Output = Result<Reply, Failure>>,
    other: impl Future<Output = Result<Reply, Failure>>,
    control: impl Future<Output = Result<bool, Failure>>,
) -> Result<Option<Reply>, Failure> {
    let one = one.await?;
    if !is_doubtful_refusal(&one) {
        return Ok(Some(one));
    }
    let other = other.await?;
    if !is_doubtful_refusal(&other) {
        return Ok(Some(other));
    }
    if control.await? { Ok(None) } else { Err(first.failure()) }
}

fn is_silence(reply: &Reply) -> bool {
    matches!(reply, Reply::Silent(net::Error::TimedOut { .. }))
}

/// What an answer says by itself; nothing where it is doubtful, or none. The version is known to be there.
fn read(offer: &Offer, reply: &Reply) -> Option<Settled> {
    match reply {
        Reply::Chose { version, chain, told } if *version == offer.version => {
            if !offer.suites.contains(&told.suite) {
                let name = iana::cipher_suite_name(told.suite);
                let what = format!("the server chose {name}, which was not offered");
                return Some(Settled::Unknown(Failure::Malformed(what)));
            }
            Some(Settled::Chose(Chosen {
                told: (**told).clone(),
                leaf: chain.first().cloned(),
                extras: offer.extras,
            }))
        }
        // a server picks the highest version it can serve at or below what is asked: not so with these suites
        Reply::Chose { version, .. } if *version < offer.version => Some(Settled::Refused),
        Reply::Alert(alert) if REFUSALS.contains(alert) => Some(Settled::Refused),
        _ => None,
    }
}
