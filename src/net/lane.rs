//! Lanes: one job at a time per address, its two connections, the gap, the global permits, budgets and back-off.
//! Order is always lane, then slot, then turn, then global permit; so nobody waits for a lane while holding a permit.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    net::TcpStream,
    sync::{AcquireError, Mutex as AsyncMutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until, timeout},
};

use super::{
    connection::{Connection, Peer},
    error::{Budget, Error, Phase},
    guard::guard,
    options::Options,
    silence::Silence,
};

/// One answer of «slow down» never holds an address longer.
const BACK_OFF_ONCE: Duration = Duration::from_secs(30);
/// What one job may spend waiting for a server that asked us to slow down.
const BACK_OFF_PER_JOB: Duration = Duration::from_mins(1);

/// How long a connection waits for one of the address's own; longer means that a task holds them and wants another.
const SLOT_WAIT: Duration = Duration::from_secs(90);

/// What a connection is for; decides which budget it draws on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A TLS hello or handshake.
    Tls,
    /// Plain HTTP: one request.
    Http,
    /// HTTP over TLS: one TLS connection and one request.
    Https,
    /// SMTP: counted as a TLS connection, since STARTTLS is why we come.
    Smtp,
}

impl Purpose {
    fn tls(self) -> bool {
        !matches!(self, Purpose::Http)
    }
    fn http(self) -> bool {
        matches!(self, Purpose::Http | Purpose::Https)
    }
}

/// All lanes of a run and what is remembered about each address.
#[derive(Debug)]
pub(super) struct Lanes {
    options: Arc<Options>,
    permits: Arc<Semaphore>,
    table: Mutex<Table>,
}

/// `states` holds only lanes that somebody uses or waits for; `memory` outlives them and is capped.
#[derive(Debug, Default)]
struct Table {
    states: HashMap<IpAddr, Weak<LaneState>>,
    memory: HashMap<IpAddr, Memory>,
}

/// What an address is owed for the rest of the run.
#[derive(Debug, Clone, Default)]
struct Memory {
    tls: u32,
    not_before: Option<Instant>,
    silence: Silence,
}

/// Shared by the one who holds the lane and those who wait for it.
#[derive(Debug)]
struct LaneState {
    address: IpAddr,
    lanes: Weak<Lanes>,
    /// Held by the job in the lane; tokio's mutex is fair.
    exclusive: Arc<AsyncMutex<()>>,
    /// The address's own connections.
    slots: Arc<Semaphore>,
    /// Held while a connection waits for its gap and its permit, so that starts never bunch.
    turn: AsyncMutex<()>,
}

impl Drop for LaneState {
    fn drop(&mut self) {
        let Some(lanes) = self.lanes.upgrade() else { return };
        let mut table = lanes.table();
        // A newer state may have taken the place while the last user of this one went away.
        if table.states.get(&self.address).is_some_and(|state| state.strong_count() == 0) {
            table.states.remove(&self.address);
        }
    }
}

impl Lanes {
    pub(super) fn new(options: Arc<Options>) -> Self {
        let permits = Arc::new(Semaphore::new(options.max_connections.clamp(1, Semaphore::MAX_PERMITS)));
        Lanes { options, permits, table: Mutex::default() }
    }

    pub(super) async fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Lane, Error> {
        let state = self.state(address)?;
        let exclusive = Arc::clone(&state.exclusive).lock_owned().await;
        Ok(Lane {
            lanes: Arc::clone(self),
            state,
            tls: AtomicU32::new(0),
            http: AtomicU32::new(0),
            backed_off_ms: AtomicU64::new(0),
            classic_groups: AtomicBool::new(false),
            _exclusive: exclusive,
        })
    }

    /// Lanes that somebody uses or waits for right now.
    pub(super) fn in_use(&self) -> usize {
        self.table().states.len()
    }

    pub(super) fn free_permits(&self) -> usize {
        self.permits.available_permits()
    }

    fn state(self: &Arc<Self>, address: IpAddr) -> Result<Arc<LaneState>, Error> {
        let mut table = self.table();
        if let Some(state) = table.states.get(&address).and_then(Weak::upgrade) {
            return Ok(state);
        }
        if !table.memory.contains_key(&address) {
            if table.memory.len() >= self.options.budgets.addresses {
                return Err(Error::BudgetSpent { what: Budget::Addresses });
            }
            table.memory.insert(address, Memory::default());
        }
        let state = Arc::new(LaneState {
            address,
            lanes: Arc::downgrade(self),
            exclusive: Arc::default(),
            slots: Arc::new(Semaphore::new(self.options.budgets.connections_per_address.max(1))),
            turn: AsyncMutex::default(),
        });
        table.states.insert(address, Arc::downgrade(&state));
        Ok(state)
    }

    /// The table is never locked across an await and no code under the lock can panic half way through a change.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count_tls(&self, address: IpAddr) -> Result<(), Error> {
        let mut table = self.table();
        let memory = table.memory.entry(address).or_default();
        if memory.tls >= self.options.budgets.tls_per_address {
            return Err(Error::BudgetSpent { what: Budget::TlsPerAddress });
        }
        memory.tls += 1;
        Ok(())
    }

    /// Looks at what is remembered of an address's silence, or adds to it.
    fn silence<T>(&self, address: IpAddr, look: impl FnOnce(&mut Silence) -> T) -> T {
        look(&mut self.table().memory.entry(address).or_default().silence)
    }

    fn not_before(&self, address: IpAddr) -> Option<Instant> {
        self.table().memory.get(&address).and_then(|memory| memory.not_before)
    }

    /// Moves the earliest next start forward, never back.
    fn hold(&self, address: IpAddr, until: Instant) {
        let mut table = self.table();
        let memory = table.memory.entry(address).or_default();
        memory.not_before = Some(memory.not_before.map_or(until, |earlier| earlier.max(until)));
    }
}

/// Exclusive use of one address by one job. Dropping it lets the next job in, once its connections are dropped too.
#[derive(Debug)]
pub struct Lane {
    lanes: Arc<Lanes>,
    tls: AtomicU32,
    http: AtomicU32,
    backed_off_ms: AtomicU64,
    classic_groups: AtomicBool,
    // Order matters: the lock is given back before the state may leave the table.
    _exclusive: OwnedMutexGuard<()>,
    state: Arc<LaneState>,
}

impl Lane {
    /// The address this lane is for.
    pub fn address(&self) -> IpAddr {
        self.state.address
    }

    /// TLS connections and HTTP requests this job has counted so far.
    pub fn spent(&self) -> (u32, u32) {
        (self.tls.load(Ordering::Relaxed), self.http.load(Ordering::Relaxed))
    }

    /// TLS connections this job may still open.
    pub fn tls_left(&self) -> u32 {
        self.lanes.options.budgets.tls_per_job.saturating_sub(self.spent().0)
    }

    /// Who we are, as [`Options::user_agent`].
    pub fn user_agent(&self) -> String {
        self.lanes.options.user_agent()
    }

    /// How long a whole exchange on one connection is given.
    pub fn exchange_timeout(&self) -> Duration {
        self.lanes.options.exchange_timeout
    }

    /// Whether messages may be sent here that no browser sends.
    pub fn may_intrude(&self) -> bool {
        self.lanes.options.intrusive
    }

    /// Whether this address was found to answer only hellos without post-quantum key shares.
    pub fn wants_classic_groups(&self) -> bool {
        self.classic_groups.load(Ordering::Relaxed)
    }

    /// Remembers so for the rest of this job.
    pub fn keep_to_classic_groups(&self) {
        self.classic_groups.store(true, Ordering::Relaxed);
    }

    /// Counts one more HTTP request on a connection that is already open.
    pub fn count_request(&self) -> Result<(), Error> {
        take(&self.http, self.lanes.options.budgets.http_per_job, Budget::HttpPerJob)
    }

    /// Opens a connection to `host` at this lane's address and a *logical* port; mapping happens here and only here.
    ///
    /// Waits for one of the address's own connections, for the gap, then for a global permit. A task should drop
    /// what it holds before it asks again: one that holds a connection waits at most the exchange timeout for a
    /// second one ([`Error::Busy`]), so that holding and wanting cannot lock the run.
    ///
    /// Errors: [`Error::Forbidden`] (nothing counted, nothing sent), [`Error::BudgetSpent`], [`Error::Refused`],
    /// [`Error::TimedOut`] (also at once, where the port has been silent to others; see `silence`),
    /// [`Error::Unreachable`], [`Error::Local`].
    pub async fn connect(&self, host: &str, port: u16, purpose: Purpose) -> Result<Connection, Error> {
        let options = &self.lanes.options;
        let logical = SocketAddr::new(self.address(), port);
        let dialled = options.dialled(host, self.address(), port);
        guard(dialled.ip(), options.allow_private)
            .map_err(|reason| Error::Forbidden { address: dialled.ip(), reason })?;
        if let Some(error) = self.lanes.silence(self.address(), |silence| silence.of(dialled, Instant::now()))
        {
            return Err(error);
        }
        self.count(purpose)?;

        let admission = self.admit().await?;

        let stream = timeout(options.connect_timeout, dial(dialled))
            .await
            .map_err(|_| Error::TimedOut { during: Phase::Connect, after: options.connect_timeout })
            .and_then(|dialled| dialled.map_err(|error| Error::from_io(&error, Phase::Connect)))
            .map_err(|error| match error {
                Error::TimedOut { during, .. } => {
                    let error = Error::TimedOut { during, after: options.connect_timeout };
                    admission.heard_nothing(dialled, &error);
                    error
                }
                Error::Unreachable if !has_route(dialled.ip()) => Error::NoRoute { address: dialled.ip() },
                other => other,
            })?;
        let peer = Peer { host: host.to_owned(), logical, dialled };
        Ok(Connection::new(stream, peer, options.read_limit, options.exchange_timeout, admission))
    }

    /// The server said slow down (429, 503, a reset): later connections to this address wait, at most 30 s at once.
    ///
    /// [`Error::BudgetSpent`] once this job has been told to wait for 60 s in all: give up on it.
    pub fn back_off(&self, wait: Duration) -> Result<(), Error> {
        let wait = wait.min(BACK_OFF_ONCE);
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let most = u64::try_from(BACK_OFF_PER_JOB.as_millis()).unwrap_or(u64::MAX);
        self.backed_off_ms
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |spent| {
                spent.checked_add(wait_ms).filter(|sum| *sum <= most)
            })
            .map_err(|_| Error::BudgetSpent { what: Budget::BackOff })?;
        self.lanes.hold(self.address(), Instant::now() + wait);
        Ok(())
    }

    fn count(&self, purpose: Purpose) -> Result<(), Error> {
        let budgets = &self.lanes.options.budgets;
        if purpose.http() {
            self.count_request()?;
        }
        if purpose.tls() {
            take(&self.tls, budgets.tls_per_job, Budget::TlsPerJob)?;
            self.lanes.count_tls(self.address())?;
        }
        Ok(())
    }

    /// Slot, turn, gap, permit. Dropped half way, it gives everything back.
    async fn admit(&self) -> Result<Admission, Error> {
        let options = &self.lanes.options;
        let slot = timeout(SLOT_WAIT, Arc::clone(&self.state.slots).acquire_owned())
            .await
            .map_err(|_| Error::Busy)?
            .map_err(shutting_down)?;
        let _turn = self.state.turn.lock().await;
        loop {
            while let Some(when) = self.lanes.not_before(self.address()).filter(|when| *when > Instant::now())
            {
                sleep_until(when).await;
            }
            let permit = Arc::clone(&self.lanes.permits).acquire_owned();
            // Our own slot is taken already, so one more than that means the lane holds a permit elsewhere.
            let alone =
                self.state.slots.available_permits() + 1 >= options.budgets.connections_per_address.max(1);
            let permit = if alone {
                permit.await
            } else {
                timeout(options.exchange_timeout, permit).await.map_err(|_| Error::Busy)?
            }
            .map_err(shutting_down)?;
            // While we waited for the permit the other connection may have been told to back off.
            if self.lanes.not_before(self.address()).is_some_and(|when| when > Instant::now()) {
                continue;
            }
            let gap = options.pace.gap();
            if !gap.is_zero() {
                self.lanes.hold(self.address(), Instant::now() + gap);
            }
            return Ok(Admission { _slot: slot, _permit: permit, state: Arc::clone(&self.state) });
        }
    }
}

/// The right to one open connection: the address's own, and one of the run's. It also keeps the lane's state in the
/// table, so that a connection that outlives its lane still counts against the address.
#[derive(Debug)]
pub(super) struct Admission {
    _slot: OwnedSemaphorePermit,
    _permit: OwnedSemaphorePermit,
    state: Arc<LaneState>,
}

impl Admission {
    /// Remembers that nothing came from there in time.
    pub(super) fn heard_nothing(&self, dialled: SocketAddr, error: &Error) {
        if let Some(lanes) = self.state.lanes.upgrade() {
            lanes
                .silence(self.state.address, |silence| silence.heard_nothing(dialled, error, Instant::now()));
        }
    }

    /// Remembers that something came.
    pub(super) fn heard(&self, dialled: SocketAddr) {
        if let Some(lanes) = self.state.lanes.upgrade() {
            lanes.silence(self.state.address, |silence| silence.heard(dialled));
        }
    }
}

fn shutting_down(_: AcquireError) -> Error {
    Error::Local(String::from("the run is shutting down"))
}

fn take(counter: &AtomicU32, limit: u32, what: Budget) -> Result<(), Error> {
    counter
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |spent| (spent < limit).then_some(spent + 1))
        .map(drop)
        .map_err(|_| Error::BudgetSpent { what })
}

/// Whether this machine has any route to the address. Connecting a UDP socket only asks the routing table; nothing
/// is sent.
#[expect(clippy::disallowed_methods, reason = "a UDP socket that is connected and never written to")]
pub(super) fn has_route(address: IpAddr) -> bool {
    let here: IpAddr = match address {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    std::net::UdpSocket::bind((here, 0)).and_then(|socket| socket.connect((address, 9))).is_ok()
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that dials what is being checked")]
async fn dial(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[cfg(test)]
#[path = "lane_tests.rs"]
mod tests;
