//! What was found out of a server's negotiation, told as facts. Asks nothing.

use std::collections::BTreeMap;

use super::{
    asker::Chosen,
    negotiation::{Suites, VERSIONS, has_prime, properties, support},
    primes,
    reply::Reply,
};
use crate::{
    observation::{
        Attempt, CipherSuite, DhPrime, Failure, Group, GroupKind, HelloTrait, Intolerance, Listing, OrderOf,
        Protocol, SignatureScheme, SuiteOrder, Support, Versions, limits,
    },
    wire::{
        iana::{self, CipherMode},
        tls::{ExtensionType, Version},
    },
};

/// TLS 1.2 to a client that sent `TLS_FALLBACK_SCSV` (RFC 7507).
const INAPPROPRIATE_FALLBACK: u8 = 86;

/// The facts beside versions and handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Negotiated {
    /// Pairs of version and suite, as codes.
    pub(super) accepted: Vec<(Version, u16)>,
    pub(super) cipher_suites: Attempt<Listing<CipherSuite>>,
    pub(super) suite_order: Attempt<Listing<SuiteOrder>>,
    pub(super) groups: Attempt<Listing<Group>>,
    pub(super) dh_primes: Attempt<Listing<DhPrime>>,
    pub(super) signatures: Attempt<Listing<SignatureScheme>>,
    pub(super) compression: Attempt<Support>,
    pub(super) secure_renegotiation: Attempt<Option<Support>>,
    pub(super) extended_master_secret: Attempt<Option<Support>>,
    pub(super) encrypt_then_mac: Attempt<Option<Support>>,
    pub(super) session_ticket: Attempt<Option<Support>>,
    pub(super) fallback_scsv: Attempt<Option<Support>>,
    pub(super) npn: Attempt<Option<Support>>,
    pub(super) timestamps: Attempt<Option<u32>>,
    pub(super) intolerances: Attempt<Listing<Intolerance>>,
}

/// What the server chose, and why there may be more.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) suites: BTreeMap<Version, Suites>,
    pub(super) groups: Vec<(Version, u16)>,
    pub(super) no_group_before: Option<Failure>,
    /// Chosen from suites with a prime, by a client without RFC 7919.
    pub(super) primes: Vec<Chosen>,
    pub(super) no_prime_before: Option<Failure>,
    /// Signed for a client that has nothing but what is broken.
    pub(super) signed: Vec<Chosen>,
    pub(super) no_signature_before: Option<Failure>,
    pub(super) orders: Vec<Picks>,
    pub(super) no_order_before: Option<Failure>,
    pub(super) fallback: Option<Result<Reply, Failure>>,
    pub(super) intolerances: Vec<HelloTrait>,
    /// Why one may have been missed.
    pub(super) no_intolerance_before: Option<Failure>,
}

/// A choice from a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pick {
    /// What stood first.
    pub(super) first: u16,
    pub(super) picked: u16,
}

/// The choices from one order of a version's suites and from the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Picks {
    pub(super) version: Version,
    pub(super) one: Pick,
    pub(super) other: Pick,
    /// Whether a suite with `CHACHA20` was moved to the front, but only where one stood first.
    pub(super) chacha: bool,
}

impl Found {
    pub(super) fn of(&self, version: Version) -> Option<&Suites> {
        self.suites.get(&version)
    }

    pub(super) fn of_mut(&mut self, version: Version) -> &mut Suites {
        self.suites.entry(version).or_default()
    }

    /// What was chosen up to TLS 1.2, from this version on.
    fn old(&self, from: Version) -> impl Iterator<Item = &Chosen> {
        self.suites.range(from..Version::TLS13).flat_map(|(_, of)| &of.chosen)
    }
}

/// Nothing was looked for.
pub(super) fn unseen(why: &Attempt<()>) -> Negotiated {
    fn of<T>(why: &Attempt<()>) -> Attempt<T> {
        let bug = || Attempt::failed(Failure::OurBug("a reason without a reason".to_owned()));
        why.clone().and_then(|()| bug())
    }
    Negotiated {
        accepted: Vec::new(),
        cipher_suites: of(why),
        suite_order: of(why),
        groups: of(why),
        dh_primes: of(why),
        signatures: of(why),
        compression: of(why),
        secure_renegotiation: of(why),
        extended_master_secret: of(why),
        encrypt_then_mac: of(why),
        session_ticket: of(why),
        fallback_scsv: of(why),
        npn: of(why),
        timestamps: of(why),
        intolerances: of(why),
    }
}

/// Found told as facts. A version that may be there or not leaves open what it has.
pub(super) fn facts(found: &Found, versions: &Versions) -> Negotiated {
    let seen = Seen { found, versions };
    let cut = seen.cut(Version::SSL3, Version::TLS13);
    let (dh_primes, unread) = dh_primes(found);
    let accepted = found.suites.iter();
    let accepted =
        accepted.flat_map(|(version, of)| of.chosen.iter().map(|chosen| (*version, chosen.told.suite)));
    Negotiated {
        accepted: accepted.collect(),
        cipher_suites: listing(suites(found), limits::CIPHER_SUITES, cut.clone()),
        suite_order: listing(
            found.orders.iter().map(order),
            limits::SUITE_ORDERS,
            cut.clone().or_else(|| found.no_order_before.clone()),
        ),
        groups: listing(
            found.groups.iter().filter_map(|(version, code)| group(*version, *code)),
            limits::GROUPS,
            cut.clone().or_else(|| found.no_group_before.clone()),
        ),
        dh_primes: listing(
            dh_primes,
            limits::DH_PRIMES,
            seen.cut(Version::SSL3, Version::TLS12).or_else(|| found.no_prime_before.clone()).or(unread),
        ),
        signatures: listing(
            signatures(found),
            limits::SIGNATURES,
            seen.cut(Version::TLS12, Version::TLS12).or_else(|| found.no_signature_before.clone()),
        ),
        compression: seen.compression(),
        secure_renegotiation: seen.everywhere(Version::SSL3, ExtensionType::RENEGOTIATION_INFO),
        extended_master_secret: seen.everywhere(Version::TLS10, ExtensionType::EXTENDED_MASTER_SECRET),
        encrypt_then_mac: seen.somewhere(ExtensionType::ENCRYPT_THEN_MAC, |chosen| {
            properties(chosen).is_some_and(|suite| suite.mode == CipherMode::Cbc)
        }),
        session_ticket: seen.somewhere(ExtensionType::SESSION_TICKET, |_| true),
        fallback_scsv: match &found.fallback {
            Some(Ok(Reply::Alert(INAPPROPRIATE_FALLBACK))) => Attempt::Completed(Some(Support::Offered)),
            Some(Ok(Reply::Chose { .. })) => Attempt::Completed(Some(Support::NotOffered)),
            Some(Ok(reply)) => Attempt::failed(reply.failure()),
            Some(Err(why)) => Attempt::failed(why.clone()),
            None => cut.clone().map_or(Attempt::Completed(None), Attempt::failed),
        },
        npn: seen.somewhere(ExtensionType::NEXT_PROTOCOL_NEGOTIATION, |_| true),
        timestamps: seen.timestamps(),
        intolerances: listing(
            found.intolerances.iter().map(|to| Intolerance { to: *to }),
            limits::INTOLERANCES,
            found.no_intolerance_before.clone(),
        ),
    }
}

/// What was found beside which versions are there.
struct Seen<'a> {
    found: &'a Found,
    versions: &'a Versions,
}

impl Seen<'_> {
    /// Why it is not known whether one of these versions is there.
    fn open(&self, from: Version, to: Version) -> Option<Failure> {
        let within = VERSIONS.into_iter().filter(|version| (from..=to).contains(version));
        within.into_iter().find_map(|version| match support(self.versions, version) {
            Attempt::Failed { failed } => Some(failed.clone()),
            Attempt::Skipped { .. } => Some(Failure::Closed),
            Attempt::Completed(_) => None,
        })
    }

    /// Why one of these versions may have more suites.
    fn short(&self, from: Version, to: Version) -> Option<Failure> {
        self.found.suites.range(from..=to).find_map(|(_, of)| of.incomplete.clone())
    }

    fn cut(&self, from: Version, to: Version) -> Option<Failure> {
        self.open(from, to).or_else(|| self.short(from, to))
    }

    /// Whether one of these versions is there.
    fn offered(&self, from: Version, to: Version) -> bool {
        let is = |version| support(self.versions, version).completed() == Some(&Support::Offered);
        VERSIONS.into_iter().any(|version| (from..=to).contains(&version) && is(version))
    }

    /// An extension that every answer of these versions must have to count.
    fn everywhere(&self, from: Version, kind: ExtensionType) -> Attempt<Option<Support>> {
        // every hello asks for this one
        let asked = |chosen: &Chosen| chosen.extras || kind == ExtensionType::RENEGOTIATION_INFO;
        let answers = self.found.old(from).filter(|chosen| asked(chosen));
        let answers: Vec<bool> = answers.map(|chosen| chosen.told.extensions.contains(&kind)).collect();
        let to = Version::TLS12;
        match (answers.contains(&false), self.open(from, to)) {
            (true, _) => Attempt::Completed(Some(Support::NotOffered)),
            (false, Some(why)) => Attempt::failed(why),
            (false, None) if !answers.is_empty() => Attempt::Completed(Some(Support::Offered)),
            (false, None) if !self.offered(from, to) => Attempt::Completed(None),
            (false, None) => Attempt::failed(self.short(from, to).unwrap_or(Failure::Closed)),
        }
    }

    /// An extension that one answer among these suffices for.
    fn somewhere(&self, kind: ExtensionType, among: fn(&Chosen) -> bool) -> Attempt<Option<Support>> {
        let (from, to) = (Version::TLS10, Version::TLS12);
        let suited: Vec<&Chosen> = self.found.old(from).filter(|chosen| among(chosen)).collect();
        let asked: Vec<&&Chosen> = suited.iter().filter(|chosen| chosen.extras).collect();
        let yes = asked.iter().any(|chosen| chosen.told.extensions.contains(&kind));
        match self.cut(from, to) {
            _ if yes => Attempt::Completed(Some(Support::Offered)),
            Some(why) => Attempt::failed(why),
            None if suited.is_empty() => Attempt::Completed(None),
            None if asked.is_empty() => {
                Attempt::failed(Failure::Unsupported("the server takes no optional extension".to_owned()))
            }
            None => Attempt::Completed(Some(Support::NotOffered)),
        }
    }

    fn timestamps(&self) -> Attempt<Option<u32>> {
        let most = self.found.old(Version::TLS10).map(|chosen| chosen.told.timestamps).max().unwrap_or(0);
        self.somewhere(ExtensionType::SIGNED_CERTIFICATE_TIMESTAMP, |_| true)
            .map(|there| there.map(|_| u32::try_from(most).unwrap_or(u32::MAX)))
    }

    fn compression(&self) -> Attempt<Support> {
        let (from, to) = (Version::SSL3, Version::TLS12);
        if self.found.old(from).any(|chosen| chosen.told.compression != 0) {
            return Attempt::Completed(Support::Offered);
        }
        let asked = self.found.old(from).any(|chosen| chosen.extras);
        match self.open(from, to) {
            Some(why) => Attempt::failed(why),
            None if asked || !self.offered(from, to) => Attempt::Completed(Support::NotOffered),
            None => Attempt::failed(self.short(from, to).unwrap_or_else(|| {
                Failure::Unsupported("the server takes no hello with compression".to_owned())
            })),
        }
    }
}

/// The different primes, and whether one could not be read.
fn dh_primes(found: &Found) -> (Vec<DhPrime>, Option<Failure>) {
    let (mut primes, mut unread) = (Vec::new(), None);
    for chosen in found.old(Version::SSL3).chain(&found.primes).filter(|chosen| has_prime(chosen)) {
        match chosen.told.prime.as_ref().map(primes::describe) {
            Some(prime) if primes.contains(&prime) => {}
            Some(prime) => primes.push(prime),
            None => unread = Some(Failure::Malformed("a key exchange whose prime cannot be read".to_owned())),
        }
    }
    (primes, unread)
}

fn signatures(found: &Found) -> Vec<SignatureScheme> {
    let mut schemes: Vec<SignatureScheme> = Vec::new();
    for scheme in found.old(Version::TLS12).chain(&found.signed).filter_map(|chosen| chosen.told.scheme) {
        let scheme = signature(scheme);
        if !schemes.contains(&scheme) {
            schemes.push(scheme);
        }
    }
    schemes
}

fn listing<T>(items: impl IntoIterator<Item = T>, limit: usize, cut: Option<Failure>) -> Attempt<Listing<T>> {
    let mut listing = Listing::capped(items, limit);
    listing.incomplete = listing.incomplete.or(cut);
    Attempt::Completed(listing)
}

/// Newest version first; in each what is of today before what is of the past.
fn suites(found: &Found) -> Vec<CipherSuite> {
    let mut all = Vec::new();
    for (version, of) in found.suites.iter().rev() {
        let mut chosen: Vec<&Chosen> = of.chosen.iter().collect();
        chosen.sort_by_key(|chosen| properties(chosen).is_some_and(|p| super::hello::is_past(&p)));
        all.extend(chosen.into_iter().filter_map(|chosen| suite(*version, chosen)));
    }
    all
}

fn suite(version: Version, chosen: &Chosen) -> Option<CipherSuite> {
    let properties = properties(chosen)?;
    Some(CipherSuite {
        version: protocol(version),
        name: iana::cipher_suite_name(chosen.told.suite).into_owned(),
        key_exchange: properties.key_exchange.name().to_owned(),
        authentication: properties.authentication.name().to_owned(),
        cipher: properties.cipher.name().to_owned(),
        key_bits: properties.key_bits.into(),
        block_bits: properties.block_bits.map(u32::from),
        mode: properties.mode.name().to_owned(),
        hash: properties.hash.name().to_owned(),
        aead: properties.mode.is_aead(),
        forward_secrecy: properties.forward_secrecy(),
        anonymous: properties.anonymous(),
        export: properties.export,
    })
}

fn order(picks: &Picks) -> SuiteOrder {
    let Picks { version, one, other, chacha } = picks;
    let of = match () {
        () if *chacha => OrderOf::ServerButChacha20,
        () if one.picked == other.picked => OrderOf::Server,
        () if one.picked == one.first && other.picked == other.first => OrderOf::Client,
        () => OrderOf::Mixed,
    };
    SuiteOrder { version: protocol(*version), of }
}

fn group(version: Version, code: u16) -> Option<Group> {
    let group = iana::named_group(code)?;
    Some(Group {
        version: protocol(version),
        name: group.name.to_owned(),
        kind: match group.kind {
            iana::GroupKind::BinaryCurve => GroupKind::BinaryCurve,
            iana::GroupKind::PrimeCurve => GroupKind::PrimeCurve,
            iana::GroupKind::FiniteField => GroupKind::FiniteField,
            iana::GroupKind::PostQuantum => GroupKind::PostQuantum,
            iana::GroupKind::Hybrid => GroupKind::Hybrid,
            iana::GroupKind::ExplicitCurve => GroupKind::ExplicitCurve,
        },
        bits: group.field_bits().map(u32::from),
        post_quantum: group.is_post_quantum(),
    })
}

fn signature(code: u16) -> SignatureScheme {
    let hash = iana::signature_scheme_hash(code).map_or("unknown", iana::SignatureHash::name);
    SignatureScheme { name: iana::signature_scheme_name(code).into_owned(), hash: hash.to_owned() }
}

fn protocol(version: Version) -> Protocol {
    match version {
        Version::TLS13 => Protocol::Tls13,
        Version::TLS12 => Protocol::Tls12,
        Version::TLS11 => Protocol::Tls11,
        Version::TLS10 => Protocol::Tls10,
        _ => Protocol::Ssl3,
    }
}
