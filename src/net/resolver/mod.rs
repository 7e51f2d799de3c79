//! Names: one configured resolver, asked once per question and run, validated locally. Owns no fact about hygiene.

mod anchor;
mod cache;
mod exchange;
mod validate;
mod walk;

use std::{net::SocketAddr, sync::Arc};

pub use hickory_proto::rr::{RData, Record, RecordType};
use hickory_proto::{
    dnssec::{Proof, TrustAnchors, rdata::DNSSECRData},
    op::{DnsResponse, ResponseCode},
    rr::Name,
};
use tokio::sync::{OnceCell, Semaphore};

use super::{
    error::{Error, ExtendedError, SetupError},
    options::Options,
};
use anchor::Anchors;
use cache::Cache;
use exchange::{Question, Server, extended_errors, rcode_error};
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
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstream").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Upstream {
    async fn ask(&self, question: &Question) -> Result<Arc<DnsResponse>, Error> {
        let server = self.server.as_ref().ok_or(Error::Unreachable)?;
        self.cache.get_or_ask(question, server.ask(question)).await
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
            }),
        }
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
            let step = self.step(&current, record_type).await?;
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

            let verdict = step.judge(&self.upstream, followed, last.then_some(&current)).await?;
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

/// One question's answer with everything known about it.
struct Step {
    question: Question,
    raw: Arc<DnsResponse>,
    /// The SERVFAIL that came without CD=1.
    servfail: Option<Arc<DnsResponse>>,
    validated: Validated,
    /// Why nothing can be validated through this resolver.
    no_anchor: Option<String>,
}

struct Verdict {
    security: Security,
    detail: Option<String>,
    fault: Option<Fault>,
}

impl Verdict {
    fn plain(security: Security) -> Self {
        Verdict { security, detail: None, fault: None }
    }
    fn unsure(detail: impl Into<String>) -> Self {
        Verdict { security: Security::Indeterminate, detail: Some(detail.into()), fault: None }
    }
}

impl Step {
    /// With proofs where the validator came that far.
    fn response(&self) -> &DnsResponse {
        self.validated.response.as_ref().unwrap_or(&self.raw)
    }

    fn extended(&self) -> Vec<ExtendedError> {
        let mut all = self.servfail.as_ref().map(|first| extended_errors(first)).unwrap_or_default();
        all.extend(extended_errors(&self.raw));
        all
    }

    /// Where this name goes on to, unless the CNAME itself was asked for.
    fn cname(&self, name: &Name, record_type: RecordType) -> Option<Name> {
        if matches!(record_type, RecordType::CNAME | RecordType::ANY) {
            return None;
        }
        self.response().answers.iter().find_map(|record| match &record.data {
            RData::CNAME(target) if record.name == *name => Some(target.0.to_lowercase()),
            _ => None,
        })
    }

    fn records(&self, name: &Name, record_type: RecordType) -> Vec<Record> {
        let wanted = |record: &&Record| record.name == *name && record.record_type() == record_type;
        self.response().answers.iter().filter(wanted).cloned().collect()
    }

    fn signatures(&self, name: &Name, record_type: RecordType) -> Vec<Record> {
        let wanted = |record: &&Record| {
            record.name == *name
                && matches!(&record.data, RData::DNSSEC(DNSSECRData::RRSIG(signature))
                    if signature.input().type_covered == record_type)
        };
        self.response().answers.iter().filter(wanted).cloned().collect()
    }

    /// How far to believe what was used of this answer: the CNAMEs at `followed`, and what stands (or does not) at
    /// `end`, where this answer is the last.
    async fn judge(
        &self,
        upstream: &Arc<Upstream>,
        followed: &[Name],
        end: Option<&Name>,
    ) -> Result<Verdict, Error> {
        let proof = self.proof(followed, end);
        if let Some(first) = &self.servfail {
            return self.judge_hidden(upstream, first, proof).await;
        }
        if let Some(reason) = &self.no_anchor {
            return Ok(Verdict::unsure(reason.clone()));
        }
        Ok(match proof {
            Some(Proof::Secure) => Verdict::plain(Security::Secure),
            Some(Proof::Insecure) => Verdict::plain(Security::Insecure),
            Some(Proof::Bogus) => self.confirm(upstream).await,
            _ => Verdict::unsure(
                self.trouble().unwrap_or_else(|| String::from("the validator could not decide")),
            ),
        })
    }

    /// The resolver said SERVFAIL and answered with CD=1. Bogus where it says so itself or we find it too; else the
    /// first answer stands: a failure is not a forgery.
    async fn judge_hidden(
        &self,
        upstream: &Arc<Upstream>,
        first: &DnsResponse,
        proof: Option<Proof>,
    ) -> Result<Verdict, Error> {
        // RFC 8914: DNSSEC Bogus, Signature Expired, Not Yet Valid, DNSKEY Missing, RRSIGs Missing, No Zone Key Bit
        // Set, NSEC Missing.
        let named = extended_errors(first).into_iter().find(|extended| (6..=12).contains(&extended.code));
        let verifies = matches!(proof, Some(Proof::Secure | Proof::Insecure));
        // Through a resolver that hides signatures the walk would call everything unsigned.
        let fault = if verifies || self.no_anchor.is_some() {
            None
        } else {
            walk::fault(upstream, &self.question, &self.raw).await
        };
        let ours = fault.is_some()
            || (proof == Some(Proof::Bogus) && self.validated.trouble.is_empty() && self.says_something());
        let said = named.as_ref().map(|extended| {
            format!("the resolver says {} {}", extended.code, extended.text).trim_end().to_owned()
        });
        match (said, ours) {
            // Clocks, anchors, or a fault mended between the two questions.
            (Some(said), _) if verifies => Ok(Verdict::unsure(format!("{said}, but it verifies here"))),
            (None, false) => Err(rcode_error(first)),
            (said, _) => {
                let detail = fault.as_ref().map(ToString::to_string).or(said).unwrap_or_else(|| {
                    String::from("the resolver fails unless told not to validate, and our validator agrees")
                });
                Ok(Verdict { security: Security::Bogus, detail: Some(detail), fault })
            }
        }
    }

    /// Records, or a denial that at least names its zone: without SOA the library cannot tell an unsigned zone from
    /// a forged one.
    fn says_something(&self) -> bool {
        !self.raw.answers.is_empty()
            || self.raw.authorities.iter().any(|record| record.record_type() == RecordType::SOA)
    }

    /// The library says bogus. It also says so when it could not see, so a fault must be found before it is believed.
    async fn confirm(&self, upstream: &Arc<Upstream>) -> Verdict {
        if self.raw.metadata.authentic_data {
            return Verdict::unsure("our validator says bogus, the resolver says authentic (AD)");
        }
        if let Some(trouble) = self.trouble() {
            return Verdict::unsure(trouble);
        }
        match walk::fault(upstream, &self.question, &self.raw).await {
            Some(fault) => {
                Verdict { security: Security::Bogus, detail: Some(fault.to_string()), fault: Some(fault) }
            }
            None => Verdict::unsure("our validator says bogus, but the walk to the root found no fault"),
        }
    }

    fn trouble(&self) -> Option<String> {
        self.validated.trouble.first().cloned()
    }

    /// The weakest proof over what was used.
    fn proof<'a>(&self, followed: &'a [Name], end: Option<&'a Name>) -> Option<Proof> {
        let response = self.validated.response.as_ref()?;
        let mut proofs: Vec<Proof> = Vec::new();
        let mut wildcards: Vec<(&'a Name, u8)> = Vec::new();
        let mut used = |name: &'a Name, kind: RecordType| {
            let before = proofs.len();
            for record in response.answers.iter().filter(|record| record.name == *name) {
                match &record.data {
                    RData::DNSSEC(DNSSECRData::RRSIG(signature))
                        if signature.input().type_covered == kind
                            && signature.input().num_labels < name.num_labels() =>
                    {
                        wildcards.push((name, signature.input().num_labels));
                    }
                    _ if record.record_type() == kind => proofs.push(record.proof),
                    _ => {}
                }
            }
            proofs.len() > before
        };
        for name in followed {
            used(name, RecordType::CNAME);
        }
        let found = end.is_some_and(|name| used(name, self.question.record_type));
        let denial = self.validated.denial.unwrap_or(Proof::Indeterminate);
        if end.is_some() && !found {
            proofs.push(denial);
        }
        for (name, labels) in wildcards {
            let proved = validate::expands_wildcard(response, name, labels);
            proofs.push(if proved { Proof::Secure } else { denial });
        }
        let synthesised = response.answers.iter().any(|record| record.record_type() == RecordType::DNAME);
        let rank = |proof: &Proof| match proof {
            Proof::Bogus => 0,
            Proof::Indeterminate => 1,
            Proof::Insecure => 2,
            Proof::Secure => 3,
        };
        match proofs.into_iter().min_by_key(rank)? {
            // A CNAME made from a DNAME carries no signature of its own (RFC 6672 section 5.3.1); the library
            // does not know that.
            Proof::Bogus if synthesised => Some(Proof::Indeterminate),
            weakest => Some(weakest),
        }
    }
}

/// The name to ask for: ASCII, lower case, rooted.
fn fully_qualified(name: &str) -> Result<Name, Error> {
    let bad = || Error::BadName(name.chars().take(255).collect());
    if name.is_empty() || !name.is_ascii() {
        return Err(bad());
    }
    let mut parsed = Name::from_ascii(name).map_err(|_| bad())?.to_lowercase();
    parsed.set_fqdn(true);
    Ok(parsed)
}

/// Lower case, without the trailing dot, the root as `.`.
fn plain(name: &Name) -> String {
    let text = name.to_ascii();
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
