//! A name server asked directly, for what a resolver hides: lame delegation, glue, TCP, EDNS behaviour. Validates and
//! remembers only who is silent; keeps its own manners of 20 queries a second and 4 in flight at each server.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use hickory_proto::{
    op::{Edns, Message, Query},
    rr::{DNSClass, RecordType, rdata::opt::EdnsOption},
};
use tokio::{
    sync::{Mutex as AsyncMutex, Semaphore},
    time::{Instant, sleep_until, timeout},
};

use super::exchange::{over_tcp, over_udp};
use crate::net::{
    error::{Budget, Error, Phase},
    guard::guard,
    options::{Options, Pace},
};

const IN_FLIGHT: usize = 4;
const GAP: Duration = Duration::from_millis(50);
/// How long a server that never answered is left alone; then one more question may find out whether it lives.
const REST: Duration = Duration::from_mins(1);

/// How the question travels; a truncated answer over UDP is returned as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// One datagram, tried as often as the options say.
    Udp,
    /// One connection, tried once.
    Tcp,
}

/// The OPT record of a question (RFC 6891).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdnsOffer {
    /// Version; anything but 0 asks for BADVERS.
    pub version: u8,
    /// UDP payload size.
    pub payload: u16,
    /// The DO bit.
    pub dnssec_ok: bool,
    /// One option, code and data.
    pub option: Option<(u16, Vec<u8>)>,
    /// Flags beside DO, of which RFC 6891 section 6.1.4 defines none; the highest bit is DO's and ignored.
    pub z: u16,
}

impl Default for EdnsOffer {
    fn default() -> Self {
        EdnsOffer { version: 0, payload: 1232, dnssec_ok: true, option: None, z: 0 }
    }
}

/// A question to one name server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectQuestion {
    /// ASCII; its case is sent as it is.
    pub name: String,
    /// The type.
    pub record_type: RecordType,
    /// Class CHAOS instead of IN (`version.bind`).
    pub chaos: bool,
    /// The RD bit; off for a server that is asked for its own zone.
    pub recursion_desired: bool,
    /// `None` sends no OPT.
    pub edns: Option<EdnsOffer>,
    /// The transport.
    pub transport: Transport,
}

impl DirectQuestion {
    /// An ordinary question over UDP with EDNS and DO, without RD.
    pub fn new(name: &str, record_type: RecordType) -> Self {
        DirectQuestion {
            name: name.to_owned(),
            record_type,
            chaos: false,
            recursion_desired: false,
            edns: Some(EdnsOffer::default()),
            transport: Transport::Udp,
        }
    }

    fn message(&self) -> Result<Message, Error> {
        let name = super::rooted(&self.name)?;
        let mut query = Query::query(name, self.record_type);
        if self.chaos {
            query.set_query_class(DNSClass::CH);
        }
        let mut message = Message::query();
        message.add_query(query);
        message.metadata.recursion_desired = self.recursion_desired;
        if let Some(offer) = &self.edns {
            let mut edns = Edns::new();
            edns.set_max_payload(offer.payload).set_version(offer.version).set_dnssec_ok(offer.dnssec_ok);
            edns.flags_mut().z = offer.z & 0x7fff;
            if let Some((code, data)) = &offer.option {
                edns.options_mut().insert(EdnsOption::Unknown(*code, data.clone()));
            }
            message.set_edns(edns);
        }
        Ok(message)
    }
}

/// What a name server answered.
#[derive(Debug, Clone)]
pub struct DirectAnswer {
    /// The whole message; codes other than NOERROR are answers too.
    pub message: Message,
    /// Its length on the wire.
    pub bytes: usize,
    /// Whether the question came back in the case it was sent in; `false` also where no question came back.
    pub case_kept: bool,
    /// Whether the question it answers had an OPT record: the last try at a silent server has none.
    pub with_edns: bool,
}

/// All name servers of a run.
#[derive(Debug)]
pub(in crate::net) struct Authorities {
    options: Arc<Options>,
    servers: Mutex<HashMap<IpAddr, Arc<Manners>>>,
    sent: AtomicU64,
}

#[derive(Debug)]
struct Manners {
    places: Semaphore,
    next: AsyncMutex<Option<Instant>>,
    /// Whether anything ever came from there in this run.
    heard: AtomicBool,
    /// Held by the one question that finds out whether anybody is there, while nobody knows.
    first: AsyncMutex<Option<(Error, Instant)>>,
}

impl Authorities {
    pub(in crate::net) fn new(options: Arc<Options>) -> Self {
        Authorities { options, servers: Mutex::default(), sent: AtomicU64::new(0) }
    }

    pub(in crate::net) async fn ask(
        &self,
        host: &str,
        address: IpAddr,
        question: &DirectQuestion,
    ) -> Result<DirectAnswer, Error> {
        let message = question.message()?;
        let dialled = self.options.dialled(host, address, 53);
        guard(dialled.ip(), self.options.allow_private)
            .map_err(|reason| Error::Forbidden { address: dialled.ip(), reason })?;
        let manners = self.manners(dialled.ip())?;
        // Until a server has been heard its questions go one by one, and once it was silent for all the tries of one
        // it is left alone: a dead server costs one time-out, however many zones and checks want it.
        let mut first = None;
        if !manners.heard.load(Ordering::Relaxed) {
            let guard = manners.first.lock().await;
            if !manners.heard.load(Ordering::Relaxed) {
                if let Some((error, _)) = guard.as_ref().filter(|(_, until)| *until > Instant::now()) {
                    return Err(error.clone());
                }
                first = Some(guard);
            }
        }
        let _place = manners
            .places
            .acquire()
            .await
            .map_err(|_| Error::Local(String::from("the run is shutting down")))?;
        let answer = self.tries(&manners, dialled, question, &message).await;
        match &answer {
            Ok(_) => manners.heard.store(true, Ordering::Relaxed),
            Err(error @ Error::TimedOut { .. }) => {
                if let Some(guard) = &mut first {
                    **guard = Some((error.clone(), Instant::now() + REST));
                }
            }
            Err(_) => {}
        }
        answer
    }

    /// As [`Authorities::ask`], and over TCP where the answer over UDP was cut short.
    pub(super) async fn ask_whole(
        &self,
        host: &str,
        address: IpAddr,
        question: &DirectQuestion,
    ) -> Result<DirectAnswer, Error> {
        let answer = self.ask(host, address, question).await?;
        if answer.message.metadata.truncation && question.transport == Transport::Udp {
            let again = DirectQuestion { transport: Transport::Tcp, ..question.clone() };
            return self.ask(host, address, &again).await;
        }
        Ok(answer)
    }

    /// Datagrams and connections sent to name servers in this run.
    pub(in crate::net) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// The last try at a server that was never heard goes without EDNS: one that drops what it does not know is not
    /// dead.
    async fn tries(
        &self,
        manners: &Manners,
        dialled: SocketAddr,
        question: &DirectQuestion,
        message: &Message,
    ) -> Result<DirectAnswer, Error> {
        let tries = match question.transport {
            Transport::Udp => self.options.query_tries.max(1),
            Transport::Tcp => 1,
        };
        for turn in 1..=tries {
            self.wait(manners).await;
            self.sent.fetch_add(1, Ordering::Relaxed);
            let plain = turn > 1 && turn == tries && !manners.heard.load(Ordering::Relaxed);
            let mut shorter = message.clone();
            if plain {
                shorter.edns = None;
            }
            let sent = if plain { &shorter } else { message };
            if let Ok(result) = timeout(self.options.query_timeout, send(question, dialled, sent)).await {
                return result.map_err(|error| match error {
                    Error::Unreachable if !crate::net::lane::has_route(dialled.ip()) => {
                        Error::NoRoute { address: dialled.ip() }
                    }
                    other => other,
                });
            }
        }
        Err(Error::TimedOut { during: Phase::Query, after: self.options.query_timeout.saturating_mul(tries) })
    }

    fn manners(&self, address: IpAddr) -> Result<Arc<Manners>, Error> {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(manners) = servers.get(&address) {
            return Ok(Arc::clone(manners));
        }
        if servers.len() >= self.options.budgets.addresses {
            return Err(Error::BudgetSpent { what: Budget::Addresses });
        }
        let manners = Arc::new(Manners {
            places: Semaphore::new(IN_FLIGHT),
            next: AsyncMutex::default(),
            heard: AtomicBool::new(false),
            first: AsyncMutex::default(),
        });
        servers.insert(address, Arc::clone(&manners));
        Ok(manners)
    }

    /// Starts stand 50 ms apart; the lock is fair, so they keep their order.
    async fn wait(&self, manners: &Manners) {
        if self.options.pace == Pace::Lab {
            return;
        }
        let mut next = manners.next.lock().await;
        if let Some(when) = *next {
            sleep_until(when).await;
        }
        *next = Some(Instant::now() + GAP);
    }
}

async fn send(question: &DirectQuestion, to: SocketAddr, message: &Message) -> Result<DirectAnswer, Error> {
    let response = match question.transport {
        Transport::Udp => over_udp(to, message).await?,
        Transport::Tcp => over_tcp(to, message).await?,
    };
    let (received, wire) = response.into_parts();
    let case_kept = match (received.queries.first(), message.queries.first()) {
        (Some(came), Some(went)) => came.name().eq_case(went.name()),
        _ => false,
    };
    Ok(DirectAnswer { bytes: wire.len(), case_kept, with_edns: message.edns.is_some(), message: received })
}
