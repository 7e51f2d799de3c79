//! A record read without a sender: every record it leads to, what a full evaluation costs, and what becomes of a
//! sender whom it does not name.

use super::{
    Dns, HOST_LIMIT, LOOKUP_LIMIT, Problem, SpfResult, VOID_LIMIT,
    check::{Frame, Stop, record_of},
    macros::Values,
    names::{is_askable, target},
    record::{DomainSpec, Mechanism, Qualifier, Record},
};

/// Look-ups after which a walk ends: far above the limit, so that a report can say how many there are.
const WALK_LIMIT: u32 = 40;
/// Records open at once; a chain this long has passed the look-up limit.
const DEPTH_LIMIT: usize = 20;

/// What a record and those it leads to come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey<E> {
    /// The record itself; absent where there is none, or none that can be read.
    pub record: Option<Record>,
    /// The first thing that makes a *permerror* for a sender whom no mechanism names.
    pub problem: Option<Problem>,
    /// The first question that got no answer; then the numbers are the least they can be.
    pub error: Option<E>,
    /// Terms that ask the DNS on the longest way, for a sender that matches nothing.
    pub lookups: u32,
    /// Whether the walk ended at its own limit.
    pub cut_short: bool,
    /// Terms that ask for what does not exist, whoever sends.
    pub void_lookups: u32,
    /// The result for a sender whom no mechanism names; *neutral* where no `all` stands.
    pub stranger: SpfResult,
    /// Whether an `all` decides about strangers, here or where `redirect` leads.
    pub has_all: bool,
    /// Domains whose records it leads to, in order, each once.
    pub leads_to: Vec<String>,
    /// Whether any of these records holds `ptr`.
    pub uses_ptr: bool,
    /// Whether a term depends on the sender, so that it could not be followed.
    pub depends_on_sender: bool,
}

/// Whether a whole address family matches: a prefix of no bits.
fn names_everybody(mechanism: &Mechanism) -> bool {
    match mechanism {
        Mechanism::Ip4(_, prefix) | Mechanism::Ip6(_, prefix) => *prefix == 0,
        Mechanism::A(_, cidr) | Mechanism::Mx(_, cidr) => cidr.ip4 == 0 || cidr.ip6 == 0,
        _ => false,
    }
}

/// Walks the record of `domain`. Nothing may be concluded of what is absent where [`Survey::error`] stands.
pub async fn survey<D: Dns>(dns: &D, domain: &str) -> Survey<D::Error> {
    let mut walk = Walk {
        dns,
        survey: Survey {
            record: None,
            problem: None,
            error: None,
            lookups: 0,
            cut_short: false,
            void_lookups: 0,
            stranger: SpfResult::None,
            has_all: false,
            leads_to: Vec::new(),
            uses_ptr: false,
            depends_on_sender: false,
        },
    };
    match record_of(dns, domain).await {
        Ok(None) => {}
        Ok(Some(record)) => {
            walk.survey.record = Some(record.clone());
            walk.run(Frame { domain: domain.to_owned(), record, next: 0, include: Qualifier::Pass }).await;
        }
        Err(stop) => walk.note(stop),
    }
    let survey = &mut walk.survey;
    if survey.problem.is_none() && survey.lookups > LOOKUP_LIMIT {
        survey.problem = Some(Problem::TooManyLookups);
    }
    if survey.problem.is_none() && survey.void_lookups > VOID_LIMIT {
        survey.problem = Some(Problem::TooManyVoidLookups);
    }
    if survey.error.is_some() {
        survey.stranger = SpfResult::TempError;
    }
    if survey.problem.is_some() {
        survey.stranger = SpfResult::PermError;
    }
    walk.survey
}

struct Walk<'d, D: Dns> {
    dns: &'d D,
    survey: Survey<D::Error>,
}

impl<D: Dns> Walk<'_, D> {
    async fn run(&mut self, first: Frame) {
        let mut stack = vec![first];
        while let Some(frame) = stack.last_mut() {
            if self.survey.lookups >= WALK_LIMIT {
                self.survey.cut_short = true;
                return;
            }
            let mut has_all = false;
            let result = if let Some(directive) = frame.record.directives.get(frame.next).cloned() {
                frame.next += 1;
                let domain = frame.domain.clone();
                match directive.mechanism {
                    Mechanism::All => {
                        has_all = true;
                        directive.qualifier.into()
                    }
                    Mechanism::Include(spec) => {
                        if let Some((domain, record)) = self.lead(&spec, &domain, "include", &stack).await {
                            stack.push(Frame { domain, record, next: 0, include: directive.qualifier });
                        }
                        continue;
                    }
                    mechanism => {
                        self.ask(&mechanism, &domain).await;
                        if directive.qualifier != Qualifier::Pass || !names_everybody(&mechanism) {
                            continue;
                        }
                        SpfResult::Pass
                    }
                }
            } else if let Some(spec) = frame.record.redirect.clone() {
                let (domain, include) = (frame.domain.clone(), frame.include);
                match self.lead(&spec, &domain, "redirect", &stack).await {
                    Some((domain, record)) => {
                        if let Some(top) = stack.last_mut() {
                            *top = Frame { domain, record, next: 0, include };
                        }
                        continue;
                    }
                    None => SpfResult::Neutral,
                }
            } else {
                SpfResult::Neutral
            };
            self.settle(&mut stack, result, has_all);
        }
    }

    /// A record that lets strangers pass makes its include match, and that ends the one that includes it.
    fn settle(&mut self, stack: &mut Vec<Frame>, mut result: SpfResult, has_all: bool) {
        while let Some(done) = stack.pop() {
            if stack.is_empty() {
                (self.survey.stranger, self.survey.has_all) = (result, has_all);
            }
            if result != SpfResult::Pass {
                return;
            }
            result = done.include.into();
        }
    }

    async fn lead(
        &mut self,
        spec: &DomainSpec,
        domain: &str,
        term: &'static str,
        stack: &[Frame],
    ) -> Option<(String, Record)> {
        self.survey.lookups += 1;
        let domain = self.name(Some(spec), domain)?;
        if stack.iter().any(|open| open.domain.eq_ignore_ascii_case(&domain)) {
            self.note(Stop::Permanent(Problem::Loop { domain }));
            return None;
        }
        if stack.len() >= DEPTH_LIMIT {
            self.survey.cut_short = true;
            return None;
        }
        if !self.survey.leads_to.contains(&domain) {
            self.survey.leads_to.push(domain.clone());
        }
        match record_of(self.dns, &domain).await {
            Ok(Some(record)) => Some((domain, record)),
            Ok(None) => {
                self.note(Stop::Permanent(Problem::NoRecord { domain, term }));
                None
            }
            Err(stop) => {
                self.note(stop);
                None
            }
        }
    }

    /// Asks what the mechanism asks, as far as that does not depend on the sender.
    async fn ask(&mut self, mechanism: &Mechanism, domain: &str) {
        let (spec, ptr) = match mechanism {
            Mechanism::A(spec, _) | Mechanism::Mx(spec, _) => (spec.as_ref(), false),
            Mechanism::Ptr(spec) => (spec.as_ref(), true),
            Mechanism::Exists(spec) => (Some(spec), false),
            Mechanism::All | Mechanism::Include(_) | Mechanism::Ip4(..) | Mechanism::Ip6(..) => return,
        };
        self.survey.lookups += 1;
        self.survey.uses_ptr |= ptr;
        let Some(name) = self.name(spec, domain) else { return };
        if ptr {
            return;
        }
        let void = match (is_askable(&name), mechanism) {
            (false, _) => Ok(true),
            (true, Mechanism::Mx(..)) => self.dns.mx(&name).await.map(|hosts| {
                if hosts.len() > HOST_LIMIT {
                    self.note(Stop::Permanent(Problem::TooManyExchangers { domain: name.clone() }));
                }
                hosts.is_empty()
            }),
            (true, Mechanism::Exists(_)) => self.dns.a(&name).await.map(|found| found.is_empty()),
            (true, _) => match self.dns.a(&name).await {
                // empty for clients of one family only: not for every sender
                Ok(found) if found.is_empty() => self.dns.aaaa(&name).await.map(|found| found.is_empty()),
                other => other.map(|found| found.is_empty()),
            },
        };
        match void {
            Ok(void) => self.survey.void_lookups += u32::from(void),
            Err(error) => self.note(Stop::Temporary(error)),
        }
    }

    /// The name a term asks for; `None` where only a sender could tell.
    fn name(&mut self, spec: Option<&DomainSpec>, domain: &str) -> Option<String> {
        let Some(DomainSpec(text)) = spec else { return Some(domain.to_owned()) };
        if !text.is_fixed() {
            self.survey.depends_on_sender = true;
            return None;
        }
        Some(target(&text.expand(&Values::of_domain(domain))))
    }

    fn note(&mut self, stop: Stop<D::Error>) {
        match stop {
            Stop::Permanent(problem) => drop(self.survey.problem.get_or_insert(problem)),
            Stop::Temporary(error) => drop(self.survey.error.get_or_insert(error)),
        }
    }
}
