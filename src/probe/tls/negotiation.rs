//! What a server agrees to beside versions, found by iterative removal: it is offered everything, and what it chose is
//! left out the next time, until it refuses. Suites, groups, primes, signatures, and what its hellos say in passing.

use super::{
    asker::{Asker, Chosen, Peer, Settled},
    hello::{CHUNK, Question, long, weakest_first},
    intolerance,
    negotiated::{self, Found, Negotiated, Pick, Picks},
    offer::Offer,
    reply::Reply,
};
use crate::{
    observation::{Attempt, Failure, Support, Versions},
    wire::{
        iana::{self, Authentication, BulkCipher, GroupKind, KeyExchange, SignatureHash, SuiteProperties},
        tls::Version,
    },
};

/// Some servers do not read past the 64th suite, or hang up; the signalling value is one more.
const SMALL_CHUNK: usize = 60;

/// Every version with the suites of its own kind, newest first.
pub(super) const VERSIONS: [Version; 5] =
    [Version::TLS13, Version::TLS12, Version::TLS11, Version::TLS10, Version::SSL3];

/// Whether a version is there.
pub(super) fn support(versions: &Versions, version: Version) -> &Attempt<Support> {
    match version {
        Version::TLS13 => &versions.tls1_3,
        Version::TLS12 => &versions.tls1_2,
        Version::TLS11 => &versions.tls1_1,
        Version::TLS10 => &versions.tls1_0,
        _ => &versions.ssl3,
    }
}

/// Asks for everything, what rules need most first. Only versions that are there are asked about.
pub(super) async fn explore<P: Peer>(peer: &P, versions: &Versions) -> Negotiated {
    let offered: Vec<Version> = VERSIONS
        .into_iter()
        .filter(|version| support(versions, *version).completed() == Some(&Support::Offered))
        .collect();
    let Some(newest) = offered.first() else { return negotiated::facts(&Found::default(), versions) };
    let explorer = Explorer { asker: Asker::new(peer, Question::first(*newest).offer()), offered: &offered };
    let (mut found, new) = tokio::join!(explorer.up_to_tls12(), explorer.tls13());
    found.suites.extend(new.suites);
    found.groups.extend(new.groups);
    found.no_group_before = found.no_group_before.or(new.no_group_before);
    explorer.orders(&mut found).await;
    explorer.fallback(&mut found).await;
    intolerance::look(&explorer.asker, &mut found).await;
    negotiated::facts(&found, versions)
}

struct Explorer<'a, P> {
    asker: Asker<'a, P>,
    offered: &'a [Version],
}

/// The suites of one version.
#[derive(Clone, Debug, Default)]
pub(super) struct Suites {
    pub(super) chosen: Vec<Chosen>,
    /// Why there may be more.
    pub(super) incomplete: Option<Failure>,
    /// The first choice from each hello that held some of them.
    firsts: Vec<u16>,
}

impl<P: Peer> Explorer<'_, P> {
    /// Everything about versions up to TLS 1.2.
    async fn up_to_tls12(&self) -> Found {
        let old: Vec<Version> =
            self.offered.iter().copied().filter(|version| *version != Version::TLS13).collect();
        let mut found = Found::default();
        let Some(newest) = old.first() else { return found };
        let chunk = if self.reads_long_hellos(*newest).await { CHUNK } else { SMALL_CHUNK };
        self.suites(&old, chunk, &mut found).await;
        self.primes(&old, &mut found).await;
        self.signatures(&mut found).await;
        if let Some((version, suites)) = old.iter().find_map(|version| {
            let suites = curve_suites(found.of(*version)?);
            (!suites.is_empty()).then_some((*version, suites))
        }) {
            let certified = found.of(version).and_then(|of| certified_curve(of, &suites));
            self.groups(version, suites, certified, &mut found).await;
        }
        found
    }

    /// Suites and groups of TLS 1.3.
    async fn tls13(&self) -> Found {
        let mut found = Found::default();
        if self.offered.contains(&Version::TLS13) {
            self.suites(&[Version::TLS13], CHUNK, &mut found).await;
            self.groups(Version::TLS13, weakest_first(Version::TLS13), None, &mut found).await;
        }
        found
    }

    /// The suites of these versions: those of the past first in all of them, the oldest version first.
    async fn suites(&self, versions: &[Version], chunk: usize, found: &mut Found) {
        for extras in [true, false] {
            // who refuses the optional parts refuses everything
            let left: Vec<Version> = versions
                .iter()
                .rev()
                .copied()
                .filter(|version| extras || found.of(*version).is_some_and(|of| of.chosen.is_empty()))
                .collect();
            let most = left.iter().map(|version| weakest_first(*version).len().div_ceil(chunk)).max();
            for index in 0..most.unwrap_or(0) {
                for version in &left {
                    let suites = weakest_first(*version);
                    if let Some(part) = suites.chunks(chunk).nth(index) {
                        self.suites_among(*version, part, extras, found.of_mut(*version)).await;
                    }
                }
            }
        }
        for version in versions {
            let of = found.of_mut(*version);
            if of.chosen.is_empty() && of.incomplete.is_none() {
                let what = format!("{version} was chosen once, and refused with every cipher suite later");
                of.incomplete = Some(Failure::Malformed(what));
            }
        }
    }

    async fn suites_among(&self, version: Version, part: &[u16], extras: bool, of: &mut Suites) {
        let known = |of: &Suites, code: u16| of.chosen.iter().any(|chosen| chosen.told.suite == code);
        let before = of.chosen.len();
        let mut offer = Offer {
            extras,
            ..Offer::new(version, part.iter().copied().filter(|c| !known(of, *c)).collect())
        };
        while !offer.suites.is_empty() {
            match self.asker.settle(&offer).await {
                Settled::Chose(chosen) => {
                    offer.suites.retain(|code| *code != chosen.told.suite);
                    of.chosen.push(chosen);
                }
                Settled::Refused => break,
                Settled::Unknown(why) => {
                    of.incomplete.get_or_insert(why);
                    break;
                }
            }
        }
        of.firsts.extend(of.chosen.get(before).map(|chosen| chosen.told.suite));
    }

    /// Whether the server reads long hellos to their end.
    async fn reads_long_hellos(&self, version: Version) -> bool {
        let long = long(version);
        let reply = self.asker.ask(&long).await;
        let likely = Question { short: true, ..Question::first(version) }.offer();
        let whole = matches!(&reply, Ok(Reply::Chose { told, .. }) if likely.suites.contains(&told.suite));
        self.asker.control_by(if whole { long } else { likely });
        whole
    }

    /// What a client is given that has none of RFC 7919's groups.
    async fn primes(&self, versions: &[Version], found: &mut Found) {
        for version in versions {
            let Some(of) = found.of(*version) else { continue };
            let suites: Vec<u16> = of.chosen.iter().filter(|c| has_prime(c)).map(|c| c.told.suite).collect();
            if suites.is_empty() {
                continue;
            }
            let mut offer = Offer::new(*version, suites);
            offer.groups.retain(|code| {
                !iana::named_group(*code).is_some_and(|group| group.kind == GroupKind::FiniteField)
            });
            match self.asker.settle(&offer).await {
                Settled::Chose(chosen) => found.primes.push(chosen),
                Settled::Refused => {}
                Settled::Unknown(why) => found.no_prime_before = Some(why),
            }
            return;
        }
    }

    /// Whether TLS 1.2 is signed with what is broken, to a client that has nothing else.
    async fn signatures(&self, found: &mut Found) {
        let Some(of) = found.of(Version::TLS12) else { return };
        let suites: Vec<u16> = of.chosen.iter().filter(|c| is_signed(c)).map(|c| c.told.suite).collect();
        let seen = of.chosen.iter().filter_map(|chosen| chosen.told.scheme).any(is_broken);
        if suites.is_empty() || seen {
            return;
        }
        let schemes = iana::signature_schemes().filter(|scheme| is_broken(*scheme)).collect();
        let offer = Offer { schemes, ..Offer::new(Version::TLS12, suites) };
        match self.asker.settle(&offer).await {
            Settled::Chose(chosen) => found.signed.push(chosen),
            Settled::Refused => {}
            Settled::Unknown(why) => found.no_signature_before = Some(why),
        }
    }

    /// The groups of a version, asked for with these suites; `certified`: the curve of the certificate's own key,
    /// without which the suites cannot be used.
    async fn groups(&self, version: Version, suites: Vec<u16>, certified: Option<u16>, found: &mut Found) {
        let mut offer = Offer::new(version, suites);
        offer.groups.retain(|code| Some(*code) != certified);
        offer.groups.extend(certified);
        let mut seen = Vec::new();
        while !offer.groups.is_empty() {
            let group = match self.asker.settle(&offer).await {
                Settled::Chose(chosen) => chosen.told.group,
                Settled::Refused if seen.is_empty() => None,
                Settled::Refused => break,
                Settled::Unknown(why) => {
                    found.no_group_before.get_or_insert(why);
                    break;
                }
            };
            let Some(group) = group else {
                let what = format!("{version} without a group that could be read");
                found.no_group_before.get_or_insert(Failure::Malformed(what));
                break;
            };
            if !offer.groups.contains(&group) {
                // a server that does not look at the list has the one it always takes
                if !seen.contains(&group) {
                    let what = format!("the server chose {}, which was not offered", iana::group_name(group));
                    found.no_group_before.get_or_insert(Failure::Malformed(what));
                }
                break;
            }
            seen.push(group);
            offer.groups.retain(|code| *code != group);
            if Some(group) == certified {
                break;
            }
        }
        found.groups.extend(seen.into_iter().map(|group| (version, group)));
    }

    /// Whose order decides: what a server has is offered in one order and in the other, suites with `CHACHA20` last in both,
    /// since some servers give those to whoever puts them first; then once with them in front.
    async fn orders(&self, found: &mut Found) {
        for version in VERSIONS {
            let Some(of) = found.of(version) else { continue };
            let all: Vec<u16> = of.chosen.iter().map(|chosen| chosen.told.suite).collect();
            if all.len() < 2 {
                continue;
            }
            let (chacha, rest): (Vec<u16>, Vec<u16>) = all.iter().copied().partition(|code| is_chacha(*code));
            let turned = |codes: &[u16]| codes.iter().rev().copied().collect::<Vec<u16>>();
            let told_apart = !chacha.is_empty() && rest.len() > 1;
            let (one, other) = if told_apart {
                ([&rest[..], &chacha].concat(), [turned(&rest), turned(&chacha)].concat())
            } else {
                (all.clone(), turned(&all))
            };
            let asked = async {
                let first = |list: &[u16]| list.first().copied().unwrap_or_default();
                let other = Pick { first: first(&other), picked: self.pick(version, &other).await? };
                let known = match of.firsts.as_slice() {
                    // one hello held all of them, with none that has CHACHA20 in front
                    [only] if !(told_apart && is_chacha(*only)) => Some(*only),
                    // the same suite again, although others stood first both times
                    firsts if other.picked != other.first && (told_apart || chacha.is_empty()) => {
                        firsts.iter().copied().find(|picked| *picked == other.picked)
                    }
                    _ => None,
                };
                let one = match known {
                    Some(picked) => Pick { first: picked, picked },
                    None => Pick { first: first(&one), picked: self.pick(version, &one).await? },
                };
                let chacha = match () {
                    () if is_chacha(one.picked) => false,
                    () if told_apart && one.picked == other.picked => {
                        is_chacha(self.pick(version, &[chacha, rest].concat()).await?)
                    }
                    // to the front, but in an order of its own
                    () => is_chacha(other.first) && is_chacha(other.picked) && other.picked != other.first,
                };
                Ok::<_, Failure>(Picks { version, one, other, chacha })
            };
            match asked.await {
                Ok(picks) => found.orders.push(picks),
                Err(why) => {
                    found.no_order_before.get_or_insert(why);
                }
            }
        }
    }

    /// What is chosen from a list that the server has all of.
    async fn pick(&self, version: Version, suites: &[u16]) -> Result<u16, Failure> {
        match self.asker.settle(&Offer::new(version, suites.to_vec())).await {
            Settled::Chose(chosen) => Ok(chosen.told.suite),
            Settled::Refused => {
                let what = "cipher suites that were chosen one by one were refused together";
                Err(Failure::Malformed(what.to_owned()))
            }
            Settled::Unknown(why) => Err(why),
        }
    }

    /// A client that comes back with a lower version than the server has, and says so.
    async fn fallback(&self, found: &mut Found) {
        let [_, lower, ..] = self.offered else { return };
        let Some(of) = found.of(*lower) else { return };
        let suites: Vec<u16> = of.chosen.iter().map(|chosen| chosen.told.suite).collect();
        if suites.is_empty() {
            return;
        }
        let offer = Offer { fallback: true, ..Offer::new(*lower, suites) };
        found.fallback = Some(self.asker.ask(&offer).await);
    }
}

pub(super) fn properties(chosen: &Chosen) -> Option<SuiteProperties> {
    iana::cipher_suite(chosen.told.suite)?.properties()
}

fn is_chacha(code: u16) -> bool {
    let suite = iana::cipher_suite(code).and_then(|suite| suite.properties());
    suite.is_some_and(|suite| suite.cipher == BulkCipher::ChaCha20)
}

/// Whether the exchange has a prime.
pub(super) fn has_prime(chosen: &Chosen) -> bool {
    properties(chosen).is_some_and(|suite| {
        matches!(suite.key_exchange, KeyExchange::Dhe | KeyExchange::DhAnon | KeyExchange::DhePsk)
    })
}

fn is_signed(chosen: &Chosen) -> bool {
    properties(chosen).is_some_and(|suite| {
        matches!(suite.key_exchange, KeyExchange::Dhe | KeyExchange::Ecdhe)
            && matches!(
                suite.authentication,
                Authentication::Rsa | Authentication::Ecdsa | Authentication::Dss
            )
    })
}

fn is_broken(scheme: u16) -> bool {
    matches!(iana::signature_scheme_hash(scheme), Some(SignatureHash::Sha1 | SignatureHash::Md5))
}

/// Suites with a curve, those that no certificate's own curve limits if there are any.
fn curve_suites(of: &Suites) -> Vec<u16> {
    let with = |wanted: fn(Authentication) -> bool| -> Vec<u16> {
        let curved = |suite: SuiteProperties| {
            matches!(suite.key_exchange, KeyExchange::Ecdhe | KeyExchange::EcdhAnon | KeyExchange::EcdhePsk)
                && wanted(suite.authentication)
        };
        let chosen = of.chosen.iter().filter(|chosen| properties(chosen).is_some_and(curved));
        chosen.map(|chosen| chosen.told.suite).collect()
    };
    let free = with(|authentication| authentication != Authentication::Ecdsa);
    if free.is_empty() { with(|_| true) } else { free }
}

/// The curve of the certificate that came with one of these suites.
fn certified_curve(of: &Suites, suites: &[u16]) -> Option<u16> {
    let ecdsa = |chosen: &&Chosen| {
        suites.contains(&chosen.told.suite)
            && properties(chosen).is_some_and(|suite| suite.authentication == Authentication::Ecdsa)
    };
    curve_of(of.chosen.iter().find(ecdsa)?.leaf.as_deref()?)
}

/// The group of the curve that a certificate's key lies on.
pub(super) fn curve_of(leaf: &[u8]) -> Option<u16> {
    let name = crate::probe::certificate::curve(leaf)?;
    iana::named_groups().find(|group| group.name == name).map(|group| group.code)
}

#[cfg(test)]
#[path = "negotiation_tests.rs"]
mod tests;
