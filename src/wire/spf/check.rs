//! `check_host` (RFC 7208 section 4): may this client send for this domain? One loop over a stack of records, whose
//! depth the look-up limit bounds.

use std::net::IpAddr;

use super::{
    Dns, HOST_LIMIT, LOOKUP_LIMIT, Problem, SpfResult, VOID_LIMIT,
    macros::{MacroString, Values},
    names::{is_askable, is_domain, is_within, target, to_ascii},
    record::{DomainSpec, DualCidr, Mechanism, Qualifier, Record, Selected, select},
};

/// A client and what it says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender<'s> {
    /// The client's address.
    pub address: IpAddr,
    /// What it said after HELO or EHLO.
    pub helo: &'s str,
    /// The address after MAIL FROM, without brackets; empty for a bounce, which is checked as `postmaster@HELO`.
    pub mail_from: &'s str,
    /// Who checks, for `%{r}` in explanations; empty: `unknown`.
    pub receiver: &'s str,
    /// Seconds since 1970, for `%{t}` in explanations.
    pub now: u64,
}

/// What an evaluation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked<E> {
    /// The result.
    pub verdict: SpfResult,
    /// The domain owner's own words for a *fail* (§6.2); `None` where it has none, or none that can be read.
    pub explanation: Option<String>,
    /// Why *permerror*.
    pub problem: Option<Problem>,
    /// Why *temperror*.
    pub error: Option<E>,
    /// Terms that asked the DNS.
    pub lookups: u32,
    /// Terms whose own question came back empty.
    pub void_lookups: u32,
}

/// Evaluates the record of the sender's domain.
pub async fn check_host<D: Dns>(dns: &D, sender: &Sender<'_>) -> Checked<D::Error> {
    let (local_part, domain) = match sender.mail_from.rsplit_once('@') {
        Some((local, domain)) if !local.is_empty() => (local, domain),
        Some((_, domain)) => ("postmaster", domain),
        None if sender.mail_from.is_empty() => ("postmaster", sender.helo),
        None => ("postmaster", sender.mail_from),
    };
    let domain = to_ascii(domain);
    let mut check = Check {
        dns,
        // an address that came over IPv6 but is IPv4 counts as IPv4 (§5)
        address: sender.address.to_canonical(),
        sender: format!("{local_part}@{domain}"),
        local_part: local_part.to_owned(),
        sender_domain: domain.clone(),
        helo: sender.helo.to_owned(),
        receiver: if sender.receiver.is_empty() {
            String::from("unknown")
        } else {
            sender.receiver.to_owned()
        },
        now: sender.now,
        validated: None,
        lookups: 0,
        void_lookups: 0,
    };
    let outcome = check.run(domain).await;
    let (lookups, void_lookups) = (check.lookups, check.void_lookups);
    let mut checked = Checked {
        verdict: SpfResult::None,
        explanation: None,
        problem: None,
        error: None,
        lookups,
        void_lookups,
    };
    match outcome {
        Ok((verdict, explanation)) => (checked.verdict, checked.explanation) = (verdict, explanation),
        Err(Stop::Permanent(problem)) => {
            (checked.verdict, checked.problem) = (SpfResult::PermError, Some(problem));
        }
        Err(Stop::Temporary(error)) => (checked.verdict, checked.error) = (SpfResult::TempError, Some(error)),
    }
    checked
}

/// What ends an evaluation at whatever depth.
pub(super) enum Stop<E> {
    Permanent(Problem),
    Temporary(E),
}

/// The record of a name: `None` where it has none, or is no name that could have one.
pub(super) async fn record_of<D: Dns>(dns: &D, domain: &str) -> Result<Option<Record>, Stop<D::Error>> {
    if !is_domain(domain) {
        return Ok(None);
    }
    let texts = dns.txt(domain).await.map_err(Stop::Temporary)?;
    match select(&texts) {
        Selected::None => Ok(None),
        Selected::Several(count) => {
            Err(Stop::Permanent(Problem::SeveralRecords { domain: domain.to_owned(), count }))
        }
        Selected::One(text) => Record::parse(text)
            .map(Some)
            .map_err(|error| Stop::Permanent(Problem::Syntax { domain: domain.to_owned(), error })),
    }
}

/// A record under evaluation.
pub(super) struct Frame {
    pub(super) domain: String,
    pub(super) record: Record,
    /// The directive whose turn it is.
    pub(super) next: usize,
    /// What a pass of this record means to the one that includes it.
    pub(super) include: Qualifier,
}

struct Check<'d, D: Dns> {
    dns: &'d D,
    address: IpAddr,
    sender: String,
    local_part: String,
    sender_domain: String,
    helo: String,
    receiver: String,
    now: u64,
    /// Validated names of the client, asked for once.
    validated: Option<Vec<String>>,
    lookups: u32,
    void_lookups: u32,
}

/// What a mechanism said.
enum Match {
    Yes,
    No,
    /// The record to evaluate first.
    Include(Frame),
}

impl<D: Dns> Check<'_, D> {
    async fn run(&mut self, domain: String) -> Result<(SpfResult, Option<String>), Stop<D::Error>> {
        let Some(record) = record_of(self.dns, &domain).await? else { return Ok((SpfResult::None, None)) };
        let mut stack = vec![Frame { domain, record, next: 0, include: Qualifier::Pass }];
        while let Some(frame) = stack.last_mut() {
            let verdict = if let Some(directive) = frame.record.directives.get(frame.next).cloned() {
                frame.next += 1;
                let domain = frame.domain.clone();
                match self.matches(&directive.mechanism, directive.qualifier, &domain).await? {
                    Match::No => continue,
                    Match::Include(frame) => {
                        stack.push(frame);
                        continue;
                    }
                    Match::Yes => SpfResult::from(directive.qualifier),
                }
            } else if let Some(redirect) = frame.record.redirect.clone() {
                let (domain, include) = (frame.domain.clone(), frame.include);
                let next = self.lead(&redirect, &domain, "redirect").await?;
                *frame = Frame { include, ..next };
                continue;
            } else {
                SpfResult::Neutral
            };
            if let Some(result) = self.settle(&mut stack, verdict).await {
                return Ok(result);
            }
        }
        Ok((SpfResult::Neutral, None))
    }

    /// Carries the result of the innermost record to those that include it; the end, where none goes on.
    async fn settle(
        &mut self,
        stack: &mut Vec<Frame>,
        mut verdict: SpfResult,
    ) -> Option<(SpfResult, Option<String>)> {
        loop {
            let done = stack.pop()?;
            if stack.is_empty() {
                let explanation = match (&done.record.explanation, verdict) {
                    (Some(spec), SpfResult::Fail) => self.explain(spec, &done.domain).await,
                    _ => None,
                };
                return Some((verdict, explanation));
            }
            // only a pass of the included record is a match (§5.2)
            if verdict != SpfResult::Pass {
                return None;
            }
            verdict = SpfResult::from(done.include);
        }
    }

    async fn matches(
        &mut self,
        mechanism: &Mechanism,
        qualifier: Qualifier,
        domain: &str,
    ) -> Result<Match, Stop<D::Error>> {
        let yes = match mechanism {
            Mechanism::All => true,
            Mechanism::Ip4(network, prefix) => {
                self.is_near((*network).into(), DualCidr { ip4: *prefix, ..DualCidr::default() })
            }
            Mechanism::Ip6(network, prefix) => {
                self.is_near((*network).into(), DualCidr { ip6: *prefix, ..DualCidr::default() })
            }
            Mechanism::Include(spec) => {
                let frame = self.lead(spec, domain, "include").await?;
                return Ok(Match::Include(Frame { include: qualifier, ..frame }));
            }
            Mechanism::A(spec, cidr) => {
                let name = self.lookup(spec.as_ref(), domain).await?;
                let found = self.addresses(&name).await.map_err(Stop::Temporary)?;
                self.count_void(found.is_empty())?;
                found.into_iter().any(|address| self.is_near(address, *cidr))
            }
            Mechanism::Mx(spec, cidr) => {
                let name = self.lookup(spec.as_ref(), domain).await?;
                self.mail_exchangers(&name, *cidr).await?
            }
            Mechanism::Exists(spec) => {
                let name = self.lookup(Some(spec), domain).await?;
                let found = if is_askable(&name) {
                    self.dns.a(&name).await.map_err(Stop::Temporary)?
                } else {
                    Vec::new()
                };
                self.count_void(found.is_empty())?;
                !found.is_empty()
            }
            Mechanism::Ptr(spec) => {
                let name = self.lookup(spec.as_ref(), domain).await?;
                let names = self.validated_names().await;
                names.iter().any(|validated| is_within(validated, &name))
            }
        };
        Ok(if yes { Match::Yes } else { Match::No })
    }

    /// The record that `include` or `redirect` leads to.
    async fn lead(
        &mut self,
        spec: &DomainSpec,
        domain: &str,
        term: &'static str,
    ) -> Result<Frame, Stop<D::Error>> {
        let domain = self.lookup(Some(spec), domain).await?;
        match record_of(self.dns, &domain).await? {
            Some(record) => Ok(Frame { domain, record, next: 0, include: Qualifier::Pass }),
            None => Err(Stop::Permanent(Problem::NoRecord { domain, term })),
        }
    }

    /// Counts a term that asks the DNS and gives the name it asks for.
    async fn lookup(&mut self, spec: Option<&DomainSpec>, domain: &str) -> Result<String, Stop<D::Error>> {
        self.lookups += 1;
        if self.lookups > LOOKUP_LIMIT {
            return Err(Stop::Permanent(Problem::TooManyLookups));
        }
        match spec {
            None => Ok(domain.to_owned()),
            Some(DomainSpec(text)) => Ok(target(&self.expand(text, domain).await)),
        }
    }

    /// The questions that count are those the term itself asks, not those about hosts that its answer names: a mail
    /// exchanger without IPv6 would make a permerror of every IPv6 client's mail.
    fn count_void(&mut self, void: bool) -> Result<(), Stop<D::Error>> {
        self.void_lookups += u32::from(void);
        if self.void_lookups > VOID_LIMIT {
            return Err(Stop::Permanent(Problem::TooManyVoidLookups));
        }
        Ok(())
    }

    /// The addresses of a name in the client's family. What cannot be asked for has none.
    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, D::Error> {
        if !is_askable(name) {
            return Ok(Vec::new());
        }
        Ok(match self.address {
            IpAddr::V4(_) => self.dns.a(name).await?.into_iter().map(IpAddr::V4).collect(),
            IpAddr::V6(_) => self.dns.aaaa(name).await?.into_iter().map(IpAddr::V6).collect(),
        })
    }

    async fn mail_exchangers(&mut self, name: &str, cidr: DualCidr) -> Result<bool, Stop<D::Error>> {
        let hosts =
            if is_askable(name) { self.dns.mx(name).await.map_err(Stop::Temporary)? } else { Vec::new() };
        self.count_void(hosts.is_empty())?;
        for (place, host) in hosts.iter().enumerate() {
            if place >= HOST_LIMIT {
                return Err(Stop::Permanent(Problem::TooManyExchangers { domain: name.to_owned() }));
            }
            let found = self.addresses(host).await.map_err(Stop::Temporary)?;
            if found.into_iter().any(|address| self.is_near(address, cidr)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_near(&self, address: IpAddr, cidr: DualCidr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(client), IpAddr::V4(network)) => {
                in_network(u32::from(client).into(), u32::from(network).into(), cidr.ip4, 32)
            }
            (IpAddr::V6(client), IpAddr::V6(network)) => {
                in_network(client.into(), network.into(), cidr.ip6, 128)
            }
            _ => false,
        }
    }

    /// The client's names that lead back to its address (§5.5). Errors only make fewer names: who publishes the
    /// record has no say in what the client's reverse zone holds, so nothing here counts as void either.
    async fn validated_names(&mut self) -> Vec<String> {
        if let Some(names) = &self.validated {
            return names.clone();
        }
        let mut validated = Vec::new();
        for name in self.dns.ptr(self.address).await.unwrap_or_default().into_iter().take(HOST_LIMIT) {
            if let Ok(addresses) = self.addresses(&name).await
                && addresses.contains(&self.address)
            {
                validated.push(name.strip_suffix('.').unwrap_or(&name).to_owned());
            }
        }
        self.validated = Some(validated.clone());
        validated
    }

    async fn expand(&mut self, text: &MacroString, domain: &str) -> String {
        let mut chosen = String::from("unknown");
        if text.uses('p') {
            let names = self.validated_names().await;
            // the domain itself, else a name below it, else any (§7.3)
            let best = names
                .iter()
                .find(|name| name.eq_ignore_ascii_case(domain))
                .or_else(|| names.iter().find(|name| is_within(name, domain)))
                .or_else(|| names.first());
            chosen = best.cloned().unwrap_or(chosen);
        }
        text.expand(&Values {
            sender: &self.sender,
            local_part: &self.local_part,
            sender_domain: &self.sender_domain,
            domain,
            address: self.address,
            validated: &chosen,
            helo: &self.helo,
            receiver: &self.receiver,
            now: self.now,
        })
    }

    /// Asked for after the result is known; it counts against no limit, and whatever is wrong with it leaves no
    /// explanation (§6.2).
    async fn explain(&mut self, spec: &DomainSpec, domain: &str) -> Option<String> {
        let name = target(&self.expand(&spec.0, domain).await);
        if !is_askable(&name) {
            return None;
        }
        let texts = self.dns.txt(&name).await.ok()?;
        let [text] = texts.as_slice() else { return None };
        let text = std::str::from_utf8(text).ok()?;
        let text = MacroString::parse_explanation(text).ok()?;
        Some(self.expand(&text, domain).await)
    }
}

/// Whether the first `prefix` of `width` bits agree.
fn in_network(client: u128, network: u128, prefix: u8, width: u8) -> bool {
    let ignored = u32::from(width.saturating_sub(prefix));
    // a shift by all 128 bits leaves nothing to compare
    (client ^ network).checked_shr(ignored).unwrap_or(0) == 0
}
