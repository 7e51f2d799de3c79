//! Names: one configured resolver, asked once per question and run, validated locally. Owns no fact about hygiene.

mod anchor;
mod authority;
mod cache;
mod descent;
mod exchange;
mod hints;
mod step;
mod validate;
mod walk;

use std::{net::SocketAddr, sync::Arc};

pub use hickory_proto::{
    dnssec,
    op::Message,
    rr::{Name, RData, Record, RecordData, RecordType, rdata},
};
use hickory_proto::{
    dnssec::TrustAnchors,
    op::{DnsResponse, ResponseCode},
};
use tokio::sync::{OnceCell, Semaphore};

use super::{
    error::{Error, ExtendedError, SetupError},
    options::Options,
};
use anchor::Anchors;
pub use anchor::names as names_key;
pub(super) use authority::Authorities;
pub use authority::{DirectAnswer, DirectQuestion, EdnsOffer, Transport};
use cache::Cache;
pub(super) use descent::Descents;
pub use descent::{Cut, Descent, Outward};
use exchange::{Question, Server, rcode_error};
pub use hints::Station;
use step::{Step, Verdict};
use validate::{Validated, is_answer};
pub use walk::Fault;

/// RFC 1034 names no limit; ten is what resolvers follow.
const MOST_CNAMES: usize = 10;

/// Whether the name and the type exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// There are records.
    Found,
    /// The name exists, records of this type do not.
    NoData,
    /// The name does not exist.
    NxDomain,
}

/// The four states of RFC 4035 section 4.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Security {
    /// A chain of signatures reaches the trust anchor.
    Secure,
    /// A signed denial says that the zone is unsigned.
    Insecure,
    /// There should be a chain and a fault was found in it.
    Bogus,
    /// Could not be decided; see [`Answer::detail`].
    Indeterminate,
}

/// What the resolver said to one question, followed through CNAMEs and validated here.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The type that was asked for.
    pub record_type: RecordType,
    /// Records of that type at the end of the CNAME chain; empty unless [`Outcome::Found`].
    pub records: Vec<Record>,
    /// The RRSIG records over them.
    pub signatures: Vec<Record>,
    /// Names the question went on to, in order, lower case without a trailing dot.
    pub cname_chain: Vec<String>,
    /// Whether there is anything.
    pub outcome: Outcome,
    /// Our own validation of everything used: the chain, the records or the denial.
    pub security: Security,
    /// Why [`Security::Bogus`] or [`Security::Indeterminate`].
    pub detail: Option<String>,
    /// The fault our walk found, where the state is bogus and it found one.
    pub fault: Option<Fault>,
    /// Whether the resolver set AD on every answer that was used.
    pub resolver_ad: bool,
    /// Whether the resolver answered SERVFAIL until it was told not to validate (CD=1).
    pub only_with_checking_disabled: bool,
    /// RFC 8914 errors the resolver sent along.
    pub extended: Vec<ExtendedError>,
}

/// What all clones share.
struct Upstream {
    server: Option<Server>,
    cache: Cache,
    anchors: Anchors,
    usable: OnceCell<Arc<TrustAnchors>>,
    asked: std::sync::atomic::AtomicU64,
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstream").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Upstream {
    async fn ask(&self, question: &Question) -> Result<Arc<DnsResponse>, Error> {
        let server = self.server.as_ref().ok_or(Error::Unreachable)?;
        let ask = async {
            self.asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            server.ask(question).await
        };
        self.cache.get_or_ask(question, ask).await
    }
}

/// The run's resolver. Cloning is cheap and shares the cache.
#[derive(Debug, Clone)]
pub struct Resolver {
    upstream: Arc<Upstream>,
}

impl Resolver {
    /// The resolver of the options, else the first of the system's configuration. Sends nothing.
    pub fn new(options: &Options) -> Result<Self, SetupError> {
        let address = match options.resolver {
            Some(address) => address,
            None => system_resolver()?,
        };
        let port = if address.port() == 53 { options.dialled_port(53) } else { address.port() };
        let anchors = match &options.trust_anchor {
            Some(path) => Anchors::from_file(path)?,
            None => Anchors::built_in(),
        };
        Ok(Self::with(options, Some(SocketAddr::new(address.ip(), port)), anchors))
    }

    /// A resolver that answers nothing: every question fails with [`Error::Unreachable`].
    pub fn absent(options: &Options) -> Self {
        Self::with(options, None, Anchors::built_in())
    }

    fn with(options: &Options, address: Option<SocketAddr>, anchors: Anchors) -> Self {
        let server = address.map(|address| Server {
            address,
            timeout: options.query_timeout,
            tries: options.query_tries,
            in_flight: Arc::new(Semaphore::new(options.queries_in_flight.clamp(1, Semaphore::MAX_PERMITS))),
        });
        Resolver {
            upstream: Arc::new(Upstream {
                server,
                cache: Cache::new(options.cached_answers),
                anchors,
                usable: OnceCell::new(),
                asked: std::sync::atomic::AtomicU64::new(0),
            }),
        }
    }

    /// Questions sent to it in this run, remembered ones not among them.
    pub fn asked(&self) -> u64 {
        self.upstream.asked.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// The address that is asked.
    pub fn address(&self) -> Option<SocketAddr> {
        self.upstream.server.as_ref().map(|server| server.address)
    }

    /// Asks for one name and type. `name` is ASCII (A-labels, `_dmarc.…`), with or without a trailing dot; no search
    /// list is applied.
    ///
    /// Errors: [`Error::TimedOut`], [`Error::Unreachable`], [`Error::Refused`] of the resolver itself;
    /// [`Error::Rcode`] for anything but NOERROR and NXDOMAIN, SERVFAIL only after CD=1 failed too;
    /// [`Error::Malformed`], [`Error::CnameLoop`], [`Error::BadName`].
    pub async fn lookup(&self, name: &str, record_type: RecordType) -> Result<Answer, Error> {
        let mut current = fully_qualified(name)?;
        let mut answer = Answer {
            record_type,
            records: Vec::new(),
            signatures: Vec::new(),
            cname_chain: Vec::new(),
            outcome: Outcome::NoData,
            security: Security::Secure,
            detail: None,
            fault: None,
            resolver_ad: true,
            only_with_checking_disabled: false,
            extended: Vec::new(),
        };
        let mut visited = vec![current.clone()];
        // Each turn asks for one name; a turn that follows no CNAME is the last.
        loop {
            // Boxed: the validator's state is large, and a site's job holds many look-ups.
            let step = Box::pin(self.step(&current, record_type)).await?;
            let before = visited.len();
            while let Some(target) = step.cname(&current, record_type) {
                if visited.contains(&target) || visited.len() > MOST_CNAMES {
                    let mut chain: Vec<String> = visited.iter().map(plain).collect();
                    chain.push(plain(&target));
                    return Err(Error::CnameLoop(chain));
                }
                current = target.clone();
                answer.cname_chain.push(plain(&target));
                visited.push(target);
            }
            let followed = visited.get(before.saturating_sub(1)..visited.len() - 1).unwrap_or_default();
            let found = step.records(&current, record_type);
            let last = !found.is_empty() || followed.is_empty();

            let verdict = Box::pin(step.judge(&self.upstream, followed, last.then_some(&current))).await?;
            answer.take(&step, verdict);
            if last {
                answer.outcome = match (found.is_empty(), step.response().metadata.response_code) {
                    (false, _) => Outcome::Found,
                    (true, ResponseCode::NXDomain) => Outcome::NxDomain,
                    (true, _) => Outcome::NoData,
                };
                answer.signatures = step.signatures(&current, record_type);
                answer.records = found;
                return Ok(answer);
            }
        }
    }

    /// A and AAAA at once.
    pub async fn addresses(&self, host: &str) -> (Result<Answer, Error>, Result<Answer, Error>) {
        tokio::join!(self.lookup(host, RecordType::A), self.lookup(host, RecordType::AAAA))
    }

    async fn step(&self, name: &Name, record_type: RecordType) -> Result<Step, Error> {
        let mut question = Question { name: name.clone(), record_type, checking_disabled: false };
        let first = self.upstream.ask(&question).await?;
        if is_answer(&first) {
            return Ok(self.validated(question, first, None).await);
        }
        if first.metadata.response_code != ResponseCode::ServFail {
            return Err(rcode_error(&first));
        }
        // A validating resolver hides what is bogus behind SERVFAIL; told not to check, it hands it out. If it
        // cannot then either, the servers behind it are the trouble.
        question.checking_disabled = true;
        match self.upstream.ask(&question).await {
            Ok(second) if is_answer(&second) => Ok(self.validated(question, second, Some(first)).await),
            _ => Err(rcode_error(&first)),
        }
    }

    async fn validated(
        &self,
        question: Question,
        raw: Arc<DnsResponse>,
        servfail: Option<Arc<DnsResponse>>,
    ) -> Step {
        let upstream = &self.upstream;
        let usable =
            upstream.usable.get_or_try_init(|| validate::usable_anchors(upstream)).await.map(Arc::clone);
        let validated = match &usable {
            Ok(anchors) => validate::validate(upstream, anchors, &question).await,
            Err(_) => Validated { response: None, denial: None, trouble: Vec::new() },
        };
        Step { question, raw, servfail, validated, no_anchor: usable.err() }
    }
}

impl Answer {
    /// What its records hold, as `T` has it; records of another type are passed over.
    pub fn data<T: RecordData + 'static>(&self) -> impl Iterator<Item = &T> {
        self.records.iter().filter_map(|record| T::try_borrow(&record.data))
    }

    /// The weakest part decides; the first reason is kept.
    fn take(&mut self, step: &Step, verdict: Verdict) {
        let rank = |security| match security {
            Security::Bogus => 0,
            Security::Indeterminate => 1,
            Security::Insecure => 2,
            Security::Secure => 3,
        };
        if rank(verdict.security) < rank(self.security) {
            self.security = verdict.security;
            self.detail = verdict.detail;
            self.fault = verdict.fault;
        }
        self.resolver_ad &= step.raw.metadata.authentic_data;
        self.only_with_checking_disabled |= step.servfail.is_some();
        self.extended.extend(step.extended());
    }
}

/// Where the root is served, as the options say; nothing where it must not be asked.
pub(super) fn root(options: &Options) -> Result<Option<Vec<Station>>, SetupError> {
    if let Some(path) = &options.root_hints {
        return hints::from_file(path).map(Some);
    }
    let real = options.dialled_port(53) == 53 && options.resolver.is_none_or(|address| address.port() == 53);
    Ok(real.then(hints::built_in))
}

/// The name to ask for: ASCII, lower case, rooted.
fn fully_qualified(name: &str) -> Result<Name, Error> {
    rooted(name).map(|name| name.to_lowercase())
}

/// The name as it is written, rooted.
///
/// Errors: [`Error::BadName`] for what is not ASCII or no name of the DNS.
pub fn rooted(name: &str) -> Result<Name, Error> {
    let bad = || Error::BadName(name.chars().take(255).collect());
    if name.is_empty() || !name.is_ascii() {
        return Err(bad());
    }
    let mut parsed = Name::from_ascii(name).map_err(|_| bad())?;
    parsed.set_fqdn(true);
    Ok(parsed)
}

/// Lower case, without the trailing dot, the root as `.`: the form of names in answers and facts.
pub fn plain(name: &Name) -> String {
    let text = name.to_ascii().to_ascii_lowercase();
    match text.strip_suffix('.') {
        Some("") | None => text,
        Some(rest) => rest.to_owned(),
    }
}

/// The first usable server of the system's configuration.
fn system_resolver() -> Result<SocketAddr, SetupError> {
    let (config, _) = hickory_resolver::system_conf::read_system_conf()
        .map_err(|error| SetupError::NoResolver { reason: error.to_string() })?;
    config
        .name_servers()
        .iter()
        .find(|server| !server.ip.is_unspecified() && !server.ip.is_multicast())
        .map(|server| SocketAddr::new(server.ip, server.connections.first().map_or(53, |first| first.port)))
        .ok_or_else(|| SetupError::NoResolver {
            reason: String::from("the system's configuration names none"),
        })
}
