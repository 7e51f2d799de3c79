//! The grammar of an SPF record (RFC 7208 section 12), exactly: every term is read before anything is evaluated.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::macros::{MacroString, Part};

/// What is wrong with a record's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    /// Octets outside of ASCII.
    #[error("it holds characters outside of ASCII; write names in their xn-- form")]
    NotAscii,
    /// No mechanism of this name.
    #[error("{0:?} is no mechanism and no modifier")]
    UnknownTerm(String),
    /// A mechanism with what it does not take, or without what it needs.
    #[error("{0:?} has what this mechanism does not take, or lacks what it needs")]
    Argument(String),
    /// No domain name where one must stand.
    #[error("{0:?} holds no domain name; an address is written ip4: or ip6:")]
    Domain(String),
    /// An address or a prefix length that is none.
    #[error("{0:?} holds no valid address or prefix length")]
    Address(String),
    /// A macro that is none.
    #[error("{0:?} holds a character or a macro that may not stand there")]
    Macro(String),
    /// `redirect=` or `exp=` twice.
    #[error("{0}= stands more than once")]
    Repeated(&'static str),
}

/// An SPF record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Mechanisms with their qualifiers, in order.
    pub directives: Vec<Directive>,
    /// `redirect=`; without effect beside an `all`.
    pub redirect: Option<DomainSpec>,
    /// `exp=`.
    pub explanation: Option<DomainSpec>,
    /// Names of modifiers that mean nothing, lower case.
    pub unknown_modifiers: Vec<String>,
}

/// A mechanism and what its match means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// `+` where none is written.
    pub qualifier: Qualifier,
    /// What has to match.
    pub mechanism: Mechanism,
}

/// What a match means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Qualifier {
    /// `+`.
    Pass,
    /// `-`.
    Fail,
    /// `~`.
    SoftFail,
    /// `?`.
    Neutral,
}

/// What has to match (§5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// Everybody.
    All,
    /// Whom the record of another domain lets pass.
    Include(DomainSpec),
    /// The addresses of a name; `None`: the domain itself.
    A(Option<DomainSpec>, DualCidr),
    /// The addresses of a name's mail exchangers.
    Mx(Option<DomainSpec>, DualCidr),
    /// Clients whose validated name lies in a domain.
    Ptr(Option<DomainSpec>),
    /// An IPv4 network.
    Ip4(Ipv4Addr, u8),
    /// An IPv6 network.
    Ip6(Ipv6Addr, u8),
    /// A name that has an A record.
    Exists(DomainSpec),
}

/// A domain name with macros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainSpec(pub MacroString);

/// Prefix lengths for both families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DualCidr {
    /// 0 to 32.
    pub ip4: u8,
    /// 0 to 128.
    pub ip6: u8,
}

impl Default for DualCidr {
    fn default() -> Self {
        Self { ip4: 32, ip6: 128 }
    }
}

/// Which of a name's TXT records is its SPF record (§4.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selected<'t> {
    /// None begins with the version.
    None,
    /// This one.
    One(&'t [u8]),
    /// So many: a permerror.
    Several(usize),
}

/// Picks the record that begins with `v=spf1` and then ends or goes on with a space; case does not matter.
pub fn select(texts: &[Vec<u8>]) -> Selected<'_> {
    let mut found = texts.iter().filter(|text| terms(text).is_some());
    match (found.next(), found.count()) {
        (None, _) => Selected::None,
        (Some(one), 0) => Selected::One(one),
        (Some(_), more) => Selected::Several(more + 1),
    }
}

/// What follows the version.
fn terms(text: &[u8]) -> Option<&[u8]> {
    const VERSION: &[u8] = b"v=spf1";
    let (start, rest) = text.split_at_checked(VERSION.len())?;
    let whole = start.eq_ignore_ascii_case(VERSION) && matches!(rest.first(), None | Some(b' '));
    whole.then_some(rest)
}

impl Record {
    /// Reads a record. The first fault of any term ends it (§4.6).
    pub fn parse(text: &[u8]) -> Result<Self, SyntaxError> {
        if !text.is_ascii() {
            return Err(SyntaxError::NotAscii);
        }
        let text = std::str::from_utf8(text).map_err(|_| SyntaxError::NotAscii)?;
        let terms = terms(text.as_bytes())
            .and_then(|rest| std::str::from_utf8(rest).ok())
            .ok_or_else(|| SyntaxError::UnknownTerm(excerpt(text)))?;
        let mut record =
            Self { directives: Vec::new(), redirect: None, explanation: None, unknown_modifiers: Vec::new() };
        for term in terms.split(' ').filter(|term| !term.is_empty()) {
            match term.split_once('=').filter(|(name, _)| is_modifier_name(name)) {
                Some((name, value)) => record.modifier(term, name, value)?,
                None => record.directives.push(Directive::parse(term)?),
            }
        }
        Ok(record)
    }

    fn modifier(&mut self, term: &str, name: &str, value: &str) -> Result<(), SyntaxError> {
        let name = name.to_ascii_lowercase();
        let (known, place) = match name.as_str() {
            "redirect" => ("redirect", &mut self.redirect),
            "exp" => ("exp", &mut self.explanation),
            _ => {
                MacroString::parse(value)?;
                self.unknown_modifiers.push(name);
                return Ok(());
            }
        };
        if place.is_some() {
            return Err(SyntaxError::Repeated(known));
        }
        *place = Some(DomainSpec::parse(value, term)?);
        Ok(())
    }

    /// The first `all`, if any: nothing after it has an effect (§5.1).
    pub fn all(&self) -> Option<Qualifier> {
        let all = |directive: &&Directive| directive.mechanism == Mechanism::All;
        self.directives.iter().find(all).map(|directive| directive.qualifier)
    }
}

/// `ALPHA *( ALPHA / DIGIT / "-" / "_" / "." )`. A mechanism's argument may hold `=`, but a `:` or `/` stands before it.
fn is_modifier_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

impl Directive {
    fn parse(term: &str) -> Result<Self, SyntaxError> {
        let (qualifier, rest) = match term.split_at_checked(1) {
            Some(("+", rest)) => (Qualifier::Pass, rest),
            Some(("-", rest)) => (Qualifier::Fail, rest),
            Some(("~", rest)) => (Qualifier::SoftFail, rest),
            Some(("?", rest)) => (Qualifier::Neutral, rest),
            _ => (Qualifier::Pass, term),
        };
        let end = rest.find([':', '/']).unwrap_or(rest.len());
        let (name, argument) = rest.split_at(end);
        let mechanism = Mechanism::parse(&name.to_ascii_lowercase(), argument, term)?;
        Ok(Self { qualifier, mechanism })
    }
}

impl Mechanism {
    /// `argument` is what follows the name, its `:` or `/` included.
    fn parse(name: &str, argument: &str, term: &str) -> Result<Self, SyntaxError> {
        let wrong = || SyntaxError::Argument(excerpt(term));
        let needed = || argument.strip_prefix(':').ok_or_else(wrong);
        match name {
            "all" if argument.is_empty() => Ok(Self::All),
            "all" => Err(wrong()),
            "include" => Ok(Self::Include(DomainSpec::parse(needed()?, term)?)),
            "exists" => Ok(Self::Exists(DomainSpec::parse(needed()?, term)?)),
            "a" | "mx" => {
                let (domain, cidr) = dual_cidr(argument, term)?;
                let domain = optional_domain(domain, term)?;
                Ok(if name == "a" { Self::A(domain, cidr) } else { Self::Mx(domain, cidr) })
            }
            "ptr" => Ok(Self::Ptr(optional_domain(argument, term)?)),
            "ip4" => {
                let (network, prefix) = network(needed()?, 32, term)?;
                Ok(Self::Ip4(network, prefix))
            }
            "ip6" => {
                let (network, prefix) = network(needed()?, 128, term)?;
                Ok(Self::Ip6(network, prefix))
            }
            _ => Err(SyntaxError::UnknownTerm(excerpt(term))),
        }
    }
}

fn optional_domain(argument: &str, term: &str) -> Result<Option<DomainSpec>, SyntaxError> {
    match argument.strip_prefix(':') {
        Some(domain) => DomainSpec::parse(domain, term).map(Some),
        None if argument.is_empty() => Ok(None),
        None => Err(SyntaxError::Argument(excerpt(term))),
    }
}

/// Takes `["/" ip4] ["//" ip6]` off the end; a `/` may also be part of the domain before it.
fn dual_cidr<'a>(argument: &'a str, term: &str) -> Result<(&'a str, DualCidr), SyntaxError> {
    let mut cidr = DualCidr::default();
    let mut rest = argument;
    if let Some((before, digits)) = number_off(rest, "//") {
        cidr.ip6 = prefix_length(digits, 128, term)?;
        rest = before;
    }
    if let Some((before, digits)) = number_off(rest, "/") {
        cidr.ip4 = prefix_length(digits, 32, term)?;
        rest = before;
    }
    Ok((rest, cidr))
}

/// What stands before and after `mark`, where only digits follow it.
fn number_off<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let (before, digits) = text.rsplit_once(mark)?;
    (!digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())).then_some((before, digits))
}

fn prefix_length(digits: &str, most: u8, term: &str) -> Result<u8, SyntaxError> {
    let plain = digits == "0" || (digits.bytes().all(|d| d.is_ascii_digit()) && !digits.starts_with('0'));
    digits
        .parse()
        .ok()
        .filter(|length| plain && *length <= most)
        .ok_or_else(|| SyntaxError::Address(excerpt(term)))
}

fn network<A: std::str::FromStr>(text: &str, most: u8, term: &str) -> Result<(A, u8), SyntaxError> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, digits)) => (address, prefix_length(digits, most, term)?),
        None => (text, most),
    };
    let address = address.parse().map_err(|_| SyntaxError::Address(excerpt(term)))?;
    Ok((address, prefix))
}

impl DomainSpec {
    /// `macro-string domain-end`: it has to end in a macro or in a dot and a top label.
    fn parse(text: &str, term: &str) -> Result<Self, SyntaxError> {
        let parsed = MacroString::parse(text)?;
        let ends_well = match parsed.parts.last() {
            None => false,
            Some(Part::Escape(_) | Part::Expand(_)) => true,
            Some(Part::Literal(tail)) => {
                let tail = tail.strip_suffix('.').unwrap_or(tail);
                tail.rsplit_once('.').is_some_and(|(_, label)| is_top_label(label))
            }
        };
        if ends_well { Ok(Self(parsed)) } else { Err(SyntaxError::Domain(excerpt(term))) }
    }
}

/// Letters, digits and inner hyphens, not digits alone.
fn is_top_label(label: &str) -> bool {
    let edges = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    edges(label.chars().next())
        && edges(label.chars().next_back())
        && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && label.chars().any(|c| !c.is_ascii_digit())
}

fn excerpt(term: &str) -> String {
    term.chars().take(100).collect()
}
