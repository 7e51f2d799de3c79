//! Models of servers, enumerated: whatever they have is found, within the budget; however they misbehave, nothing that
//! could not be looked at is called absent.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use proptest::prelude::*;

use super::*;
use crate::{
    net::{Error, Phase},
    observation::{OrderOf, Protocol},
    probe::tls::reply::Told,
};

/// A server that follows the protocol, and what stands in front of it.
struct Model<F> {
    versions: Vec<(Version, Vec<u16>)>,
    groups: Vec<u16>,
    order: OrderOf,
    /// By the number of the connection, from 1.
    front: F,
    asked: AtomicUsize,
}

impl<F: Fn(usize, &Offer) -> Option<Reply> + Sync> Peer for Model<F> {
    async fn ask(&self, offer: &Offer) -> Reply {
        let number = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        (self.front)(number, offer).unwrap_or_else(|| self.answer(offer))
    }
    fn may_ask(&self) -> bool {
        self.asked.load(Ordering::Relaxed) < 500
    }
    async fn pause(&self) {}
}

impl<F> Model<F> {
    fn answer(&self, offer: &Offer) -> Reply {
        let Some((_, suites)) = self.versions.iter().find(|(version, _)| *version == offer.version) else {
            return Reply::Alert(70);
        };
        let pick = |own: &[u16], theirs: &[u16]| {
            let (first, second) = if self.order == OrderOf::Client { (theirs, own) } else { (own, theirs) };
            let moved = self.order == OrderOf::ServerButChacha20
                && theirs.first().is_some_and(|first| is_chacha(*first));
            let mut both = first.iter().copied().filter(|code| second.contains(code));
            let next = both.clone().next();
            both.find(|code| moved && is_chacha(*code)).or(next)
        };
        let group = pick(&self.groups, &offer.groups);
        let curved =
            |code: &u16| matches!(properties_of(*code).key_exchange, KeyExchange::Ecdhe | KeyExchange::Tls13);
        let usable: Vec<u16> =
            suites.iter().copied().filter(|code| group.is_some() || !curved(code)).collect();
        match pick(&usable, &offer.suites) {
            Some(suite) => chose(offer.version, suite, group.filter(|_| curved(&suite))),
            None => Reply::Alert(40),
        }
    }
}

fn chose(version: Version, suite: u16, group: Option<u16>) -> Reply {
    let extensions = vec![crate::wire::tls::ExtensionType::RENEGOTIATION_INFO];
    let told = Box::new(Told { suite, group, extensions, ..Told::default() });
    Reply::Chose { version, chain: Vec::new(), told }
}

fn properties_of(code: u16) -> SuiteProperties {
    iana::cipher_suite(code).unwrap().properties().unwrap()
}

fn versions_of(offered: &[Version]) -> Versions {
    let of = |version| {
        let there = offered.contains(&version);
        Attempt::Completed(if there { Support::Offered } else { Support::NotOffered })
    };
    Versions {
        ssl2: Attempt::Completed(Support::NotOffered),
        ssl3: of(Version::SSL3),
        tls1_0: of(Version::TLS10),
        tls1_1: of(Version::TLS11),
        tls1_2: of(Version::TLS12),
        tls1_3: of(Version::TLS13),
    }
}

/// A usual server: TLS 1.2 with 3DES behind newer suites, and TLS 1.3.
fn usual<F: Fn(usize, &Offer) -> Option<Reply> + Sync>(front: F) -> Model<F> {
    Model {
        versions: vec![
            (Version::TLS12, vec![0xc02f, 0xc030, 0xc013, 0x002f, 0x000a]),
            (Version::TLS13, vec![0x1302, 0x1301]),
        ],
        groups: vec![29, 23],
        order: OrderOf::Server,
        front,
        asked: AtomicUsize::new(0),
    }
}

async fn explored<F: Fn(usize, &Offer) -> Option<Reply> + Sync>(model: &Model<F>) -> Negotiated {
    let offered: Vec<Version> = model.versions.iter().map(|(version, _)| *version).collect();
    explore(model, &versions_of(&offered)).await
}

/// The pairs found, and why there may be more.
fn pairs(seen: &Negotiated) -> (BTreeSet<(Protocol, &str)>, Option<&Failure>) {
    let suites = seen.cipher_suites.completed().unwrap();
    let pairs = suites.items.iter().map(|suite| (suite.version, suite.name.as_str()));
    (pairs.collect(), suites.incomplete.as_ref())
}

const ALL_SEVEN: [(Protocol, &str); 7] = [
    (Protocol::Tls12, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
    (Protocol::Tls12, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    (Protocol::Tls12, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
    (Protocol::Tls12, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
    (Protocol::Tls12, "TLS_RSA_WITH_AES_128_CBC_SHA"),
    (Protocol::Tls13, "TLS_AES_128_GCM_SHA256"),
    (Protocol::Tls13, "TLS_AES_256_GCM_SHA384"),
];

#[tokio::test]
async fn a_usual_server_is_told_whole() {
    let model = usual(|_, _| None);
    let seen = explored(&model).await;
    assert_eq!(pairs(&seen), (BTreeSet::from(ALL_SEVEN), None));
    let orders = &seen.suite_order.completed().unwrap().items;
    assert!(orders.len() == 2 && orders.iter().all(|order| order.of == OrderOf::Server), "{orders:?}");
    let groups = seen.groups.completed().unwrap();
    assert_eq!((groups.items.len(), &groups.incomplete), (4, &None), "{groups:?}");
    assert_eq!(seen.compression, Attempt::Completed(Support::NotOffered));
    assert_eq!(seen.secure_renegotiation, Attempt::Completed(Some(Support::Offered)));
    assert_eq!(seen.fallback_scsv, Attempt::Completed(Some(Support::NotOffered)));
    assert!(model.asked.load(Ordering::Relaxed) <= 7 + 4 + 35);
}

fn timed_out() -> Reply {
    Reply::Silent(Error::TimedOut { during: Phase::Read, after: Duration::from_secs(1) })
}

/// Nobody is called free of what could not be asked for.
#[tokio::test]
async fn whoever_stops_answering_leaves_the_list_open() {
    for from in 1..30 {
        for reply in [timed_out(), Reply::Silent(Error::Reset), Reply::Alert(80)] {
            let model = usual(|number, _| (number >= from).then(|| reply.clone()));
            let seen = explored(&model).await;
            let (found, incomplete) = pairs(&seen);
            let whole = found == BTreeSet::from(ALL_SEVEN);
            assert!(whole || incomplete.is_some(), "{from} {reply:?}: {found:?}");
            assert!(model.asked.load(Ordering::Relaxed) < from + 12, "{from} {reply:?}: it went on asking");
        }
    }
}

/// Load balancers hang up where they have nothing in common with a client.
#[tokio::test]
async fn a_hang_up_instead_of_an_alert_is_a_refusal() {
    for hang_up in [Reply::Silent(Error::Reset), Reply::Alert(80), Reply::Alert(10)] {
        let bare = usual(|_, _| None);
        let model =
            usual(|_, offer: &Offer| matches!(bare.answer(offer), Reply::Alert(_)).then(|| hang_up.clone()));
        let seen = explored(&model).await;
        assert_eq!(pairs(&seen), (BTreeSet::from(ALL_SEVEN), None), "{hang_up:?}");
    }
}

#[tokio::test]
async fn a_back_end_that_hangs_up_by_turns_hides_no_suite() {
    for (period, phase) in [(2, 0), (2, 1), (3, 0), (3, 1), (3, 2), (5, 3)] {
        let model = usual(|number, _| (number % period == phase).then_some(Reply::Silent(Error::Reset)));
        let seen = explored(&model).await;
        let (found, incomplete) = pairs(&seen);
        assert!(found == BTreeSet::from(ALL_SEVEN) || incomplete.is_some(), "{period} {phase}: {found:?}");
    }
}

#[tokio::test]
async fn hellos_that_are_too_long_are_cut_into_shorter_ones() {
    // one reads the first 64 alone, one hangs up, one never answers
    let bare = usual(|_, _| None);
    let forgetful = usual(|_, offer: &Offer| {
        let mut read = offer.clone();
        read.suites.truncate(64);
        Some(bare.answer(&read))
    });
    assert_eq!(pairs(&explored(&forgetful).await), (BTreeSet::from(ALL_SEVEN), None));
    let long = |offer: &Offer| offer.suites.len() > 64;
    let touchy = usual(|_, offer: &Offer| long(offer).then_some(Reply::Silent(Error::Reset)));
    assert_eq!(pairs(&explored(&touchy).await), (BTreeSet::from(ALL_SEVEN), None));
    let mute = usual(|_, offer: &Offer| long(offer).then(timed_out));
    assert_eq!(pairs(&explored(&mute).await), (BTreeSet::from(ALL_SEVEN), None));
}

#[tokio::test]
async fn whoever_refuses_optional_extensions_is_asked_without() {
    let model = usual(|_, offer: &Offer| offer.extras.then_some(Reply::Alert(40)));
    let seen = explored(&model).await;
    assert_eq!(pairs(&seen), (BTreeSet::from(ALL_SEVEN), None));
    assert!(matches!(seen.compression, Attempt::Failed { .. }), "{:?}", seen.compression);
}

#[tokio::test]
async fn a_suite_that_was_not_offered_breaks_the_protocol() {
    let model = usual(|_, offer: &Offer| {
        (offer.version == Version::TLS12).then(|| chose(Version::TLS12, 0x0005, None))
    });
    let seen = explored(&model).await;
    let (found, incomplete) = pairs(&seen);
    assert!(matches!(incomplete, Some(Failure::Malformed(why)) if why.contains("not offered")), "{found:?}");
}

#[tokio::test]
async fn a_version_that_was_not_seen_leaves_the_list_open() {
    let model = usual(|_, _| None);
    let mut versions = versions_of(&[Version::TLS12, Version::TLS13]);
    versions.tls1_0 = Attempt::failed(Failure::Reset);
    let seen = explore(&model, &versions).await;
    assert_eq!(pairs(&seen), (BTreeSet::from(ALL_SEVEN), Some(&Failure::Reset)));
    assert_eq!(seen.secure_renegotiation, Attempt::failed(Failure::Reset));
    assert_eq!(seen.compression, Attempt::failed(Failure::Reset));
}

#[tokio::test]
async fn the_budget_ends_it_with_a_reason() {
    struct Poor<P>(P, usize);
    impl<F: Fn(usize, &Offer) -> Option<Reply> + Sync> Peer for Poor<Model<F>> {
        async fn ask(&self, offer: &Offer) -> Reply {
            self.0.ask(offer).await
        }
        fn may_ask(&self) -> bool {
            self.0.asked.load(Ordering::Relaxed) < self.1
        }
        async fn pause(&self) {}
    }
    for most in 0..40 {
        let poor = Poor(usual(|_, _| None), most);
        let seen = explore(&poor, &versions_of(&[Version::TLS12, Version::TLS13])).await;
        let (found, incomplete) = pairs(&seen);
        assert!(poor.0.asked.load(Ordering::Relaxed) <= most);
        assert!(found == BTreeSet::from(ALL_SEVEN) || matches!(incomplete, Some(Failure::Budget(_))));
    }
}

fn some_suites() -> impl Strategy<Value = Vec<u16>> {
    let web: Vec<u16> = weakest_first(Version::TLS12)
        .into_iter()
        .filter(|code| {
            let suite = properties_of(*code);
            matches!(suite.key_exchange, KeyExchange::Ecdhe | KeyExchange::Rsa)
        })
        .collect();
    proptest::sample::subsequence(web, 1..40).prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_a_server_has_is_found_within_the_budget(
        old in proptest::collection::vec(some_suites(), 1..=4),
        new in proptest::option::of(proptest::sample::subsequence(weakest_first(Version::TLS13), 1..4).prop_shuffle()),
        groups in proptest::sample::subsequence(vec![29u16, 23, 24, 25, 30, 0x0100, 0x11ec], 1..7).prop_shuffle(),
        order in proptest::sample::select(vec![OrderOf::Server, OrderOf::Client, OrderOf::ServerButChacha20]),
    ) {
        let mut versions: Vec<(Version, Vec<u16>)> = VERSIONS[1..].iter().copied().zip(old).collect();
        versions.extend(new.map(|suites| (Version::TLS13, suites)));
        // a server without a curve's suite in some version is all right, one without any suite is not
        let model = Model { versions, groups, order, front: |_: usize, _: &Offer| None, asked: AtomicUsize::new(0) };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let seen = runtime.block_on(explored(&model));
        let expected: BTreeSet<(String, &str)> = model
            .versions
            .iter()
            .flat_map(|(version, suites)| {
                suites.iter().map(|code| (version.to_string(), iana::cipher_suite(*code).unwrap().name))
            })
            .collect();
        let suites = seen.cipher_suites.completed().unwrap();
        prop_assert_eq!(&suites.incomplete, &None);
        let word = |version| serde_json::to_value(version).unwrap().as_str().unwrap().to_owned();
        let found: BTreeSet<(String, &str)> =
            suites.items.iter().map(|suite| (word(suite.version), suite.name.as_str())).collect();
        prop_assert_eq!(found, expected);
        let found_groups = seen.groups.completed().unwrap();
        prop_assert_eq!(&found_groups.incomplete, &None);
        for told in &seen.suite_order.completed().unwrap().items {
            let (_, own) = model.versions.iter().find(|(v, _)| v.to_string() == word(told.version)).unwrap();
            let chacha = own.iter().filter(|code| is_chacha(**code)).count();
            prop_assert_eq!(told.of, match (order, chacha, own.len() - chacha) {
                (OrderOf::ServerButChacha20, 0, _) | (OrderOf::ServerButChacha20, _, 0) => OrderOf::Server,
                (OrderOf::ServerButChacha20, ..) if is_chacha(own[0]) => OrderOf::Server,
                // nobody could tell
                (OrderOf::ServerButChacha20, 1, 1) => OrderOf::Client,
                _ => order,
            }, "{:?}", own);
        }
        let asked = model.asked.load(Ordering::Relaxed);
        // whoever has no usual suite is asked in shorter hellos, three more for each version
        let usual = long(Version::TLS12).suites;
        let old = model.versions.iter().filter(|(version, _)| *version < Version::TLS13).count();
        let is_usual = model.versions[0].1.iter().any(|code| usual.contains(code));
        let most = suites.items.len() + found_groups.items.len() + 35 + if is_usual { 0 } else { 3 * old };
        prop_assert!(asked <= most, "{asked} of {most}");
    }
}
