//! The only place that dials what is being checked or asks a resolver. Says what happened, never whether it is good.
//!
//! A probe takes a [`Lane`] for one address, opens a [`Connection`] through it and perhaps a [`tls::handshake`] on
//! top; names go through the [`Resolver`]. Everything has a deadline, a byte cap and a budget, and the address that
//! is really dialled passes the [`guard()`]. No global state: whoever holds a [`Net`] may talk, nobody else.

mod connection;
mod error;
mod guard;
mod lane;
mod once;
mod options;
pub mod resolver;
mod silence;
pub mod tls;

use std::{net::IpAddr, sync::Arc};

pub use connection::{Connection, Peer};
pub use error::{Budget, Error, ExtendedError, Phase, SetupError};
pub use guard::{Special, guard, special};
pub use lane::{Lane, Purpose};
pub use once::Once;
pub use options::{Budgets, Options, Pace, default_max_connections};
pub use resolver::Resolver;

/// The network of one run. Cloning is cheap and shares lanes, permits, budgets and the DNS cache.
#[derive(Debug, Clone)]
pub struct Net {
    options: Arc<Options>,
    lanes: Arc<lane::Lanes>,
    authorities: Arc<resolver::Authorities>,
    descents: Arc<resolver::Descents>,
    resolver: Resolver,
}

/// DNS questions that went out in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queries {
    /// To the resolver.
    pub resolver: u64,
    /// To name servers directly.
    pub direct: u64,
}

impl Net {
    /// Sets the run's network up; sends nothing. Must not be called twice in one run, or the limits count twice.
    ///
    /// Errors: no resolver given or found, an unusable file of trust anchors or root hints.
    pub fn new(options: Options) -> Result<Self, SetupError> {
        let resolver = Resolver::new(&options)?;
        let root = resolver::root(&options)?;
        Ok(Self::with(options, resolver, root))
    }

    /// As [`Net::new`] for a run that asks no names (`check ADDR:PORT`): no resolver needs to exist, and every
    /// look-up fails with [`Error::Unreachable`].
    pub fn without_resolver(options: Options) -> Self {
        let resolver = Resolver::absent(&options);
        Self::with(options, resolver, None)
    }

    fn with(options: Options, resolver: Resolver, root: Option<Vec<resolver::Station>>) -> Self {
        let options = Arc::new(options);
        Net {
            lanes: Arc::new(lane::Lanes::new(Arc::clone(&options))),
            authorities: Arc::new(resolver::Authorities::new(Arc::clone(&options))),
            descents: Arc::new(resolver::Descents::new(root)),
            options,
            resolver,
        }
    }

    /// What the operator decided.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Who answers for names.
    pub fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    /// Asks one name server directly, past the resolver. `host` is the server's name, for `--connect-to`; port 53 is
    /// mapped like every other. 20 queries a second and 4 in flight at each server.
    ///
    /// Errors: [`Error::Forbidden`], [`Error::TimedOut`], [`Error::Refused`], [`Error::Malformed`], [`Error::BadName`];
    /// an RCODE is an answer, not an error.
    pub async fn ask_authority(
        &self,
        host: &str,
        address: IpAddr,
        question: &resolver::DirectQuestion,
    ) -> Result<resolver::DirectAnswer, Error> {
        self.authorities.ask(host, address, question).await
    }

    /// Whether name servers can be asked directly from here; finds out at the first call of the run.
    pub async fn outward(&self) -> resolver::Outward {
        self.descents.outward(&self.authorities).await.clone()
    }

    /// The zones from the root down to the one `host` lies in, asked of the servers themselves, each step once a run.
    ///
    /// Errors: [`Error::Unreachable`] where [`Net::outward`] is not open, [`Error::BadName`]. What goes wrong further
    /// down is in [`resolver::Descent::stopped`].
    pub async fn descend(&self, host: &str) -> Result<resolver::Descent, Error> {
        self.descents.descend(&self.authorities, &self.resolver, host).await
    }

    /// DNS questions sent so far.
    pub fn queries(&self) -> Queries {
        Queries { resolver: self.resolver.asked(), direct: self.authorities.sent() }
    }

    /// Exclusive use of one address, first come first served. Budgets of the job start at zero.
    ///
    /// Errors: [`Error::BudgetSpent`] when the run has met more addresses than it may remember.
    pub async fn lane(&self, address: IpAddr) -> Result<Lane, Error> {
        self.lanes.enter(address).await
    }

    /// The address that stands for `host` without asking DNS, where a `--connect-to` row speaks of it and `port`.
    pub fn pinned(&self, host: &str, port: u16) -> Option<IpAddr> {
        self.options.connect_to(host, port).map(|to| to.ip())
    }

    /// Whether this machine has any route to the address; sends nothing. Without one, what is behind it is untested,
    /// not unreachable.
    pub fn has_route(&self, address: IpAddr) -> bool {
        lane::has_route(address)
    }

    /// Lanes that somebody uses or waits for, and global permits that are free: for progress and tests.
    pub fn load(&self) -> (usize, usize) {
        (self.lanes.in_use(), self.lanes.free_permits())
    }

    /// Who we are, for every HTTP request and, after `EHLO`, in no other protocol.
    pub fn user_agent(&self) -> String {
        self.options.user_agent()
    }

    /// Puts jobs in the run's order: the same seed and the same input give the same order.
    pub fn shuffle<T>(&self, items: &mut [T]) {
        let mut state = self.options.seed;
        for last in (1..items.len()).rev() {
            // SplitMix64; the modulo bias is far below what an order of visits could show.
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^= mixed >> 31;
            let below = usize::try_from(mixed % (last as u64 + 1)).unwrap_or(0);
            items.swap(last, below);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_keeps_everything_and_follows_its_seed() {
        let order = |seed| {
            let net = Net::without_resolver(Options { seed, ..Options::default() });
            let mut items: Vec<u32> = (0..100).collect();
            net.shuffle(&mut items);
            items
        };
        let (one, again, other) = (order(1), order(1), order(2));
        assert_eq!(one, again);
        assert_ne!(one, other);
        let mut sorted = one;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn the_user_agent_names_us_and_a_contact() {
        let net = Net::without_resolver(Options {
            contact_url: String::from("https://so.example.gov.vn/khien"),
            ..Options::default()
        });
        let agent = net.user_agent();
        assert!(agent.starts_with("Mozilla/5.0 (compatible; khien/"));
        assert!(agent.ends_with("; +https://so.example.gov.vn/khien)"));
    }
}
