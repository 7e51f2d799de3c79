//! What is not known stays unknown, and what each side refuses is told apart. Real servers are in `tests/suite/clients.rs`.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    observation::{
        Certificate, Failure, Protocol, Tls,
        sample::{self, stored},
    },
    rule::Reason,
    wire::iana,
};

fn suite(version: &str, name: &str) -> Value {
    sample::suite(version, &iana::cipher_suites().find(|suite| suite.name == name).unwrap())
}

fn group(version: &str, name: &str) -> Value {
    json!({"version": version, "name": name, "kind": "prime_curve", "post_quantum": false})
}

const GCM: &str = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
const CBC: &str = "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA";
const STATIC: &str = "TLS_RSA_WITH_AES_128_CBC_SHA";
const DHE: &str = "TLS_DHE_RSA_WITH_AES_128_CBC_SHA";

/// A server with TLS 1.2 alone and these suites, in its own order.
fn server(suites: &[&str], change: impl FnOnce(&mut Value)) -> Tls {
    let items: Vec<Value> = suites.iter().map(|name| suite("TLSv1.2", name)).collect();
    let no = "not_offered";
    let mut tls = json!({
        "offered": true,
        "versions": {"SSLv2": no, "SSLv3": no, "TLSv1.0": no, "TLSv1.1": no, "TLSv1.2": "offered", "TLSv1.3": no},
        "handshake": {"version": "TLSv1.2", "cipher_suite": GCM, "alpn": "h2"},
        "cipher_suites": {"items": items},
        "suite_order": {"items": [{"version": "TLSv1.2", "of": "server"}]},
        "groups": {"items": [group("TLSv1.2", "secp256r1")]},
        "dh_primes": {"items": [{"bits": 4096, "sha256": "00"}]},
        "signatures": {"items": []},
        "compression": no,
        "connections": 1,
    });
    change(&mut tls);
    stored("tls", &tls)
}

fn certificate(key: &Value, issuer: &str) -> Certificate {
    let one = |subject: &str, issuer: &str| {
        json!({
            "sha256": subject, "subject": subject, "issuer": issuer, "serial": "0a",
            "not_before": "2026-11-01T00:00:00Z", "not_after": "2027-01-29T00:00:00Z", "validity": "valid",
            "days_left": 60, "lifetime_days": 90, "names": {"items": []}, "key": key,
            "signature": {"name": "x"}, "self_signed": false, "is_ca": false,
            "serial_octets": 8, "serial_positive": true, "names_present": true, "wildcard": false,
            "must_staple": false, "constrains_names": false,
        })
    };
    stored(
        "certificate",
        &json!({
            "leaf": one("CN=a.example", "C=US, O=Let's Encrypt, CN=R10"),
            "issuers": {"items": [one("C=US, O=Let's Encrypt, CN=R10", issuer)]},
            "names_host": true, "trusted": true, "in_order": true, "root_sent": false,
            "publicly_trusted": true, "scts": {"items": []}, "ct_logs_of": "2026-08-25",
        }),
    )
}

fn rsa(bits: u32) -> Value {
    json!({"algorithm": "RSA", "bits": bits, "spki_sha256": "00"})
}

fn of(id: &str, tls: &Tls, certificate: Option<&Certificate>) -> Outcome {
    let clients = Clients::built_in().unwrap();
    simulate(clients.all().iter().find(|client| client.id == id).unwrap(), tls, certificate)
}

fn connection(outcome: Outcome) -> Connection {
    match outcome {
        Outcome::Connects(connection) => connection,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_order_that_was_seen_decides() {
    let suites = ["TLS_RSA_WITH_AES_128_CBC_SHA", GCM, CBC];
    let chosen = |order: &str| {
        let tls = server(&suites, |tls| tls["suite_order"]["items"][0]["of"] = order.into());
        connection(of("ie-11-windows-10", &tls, None))
    };
    let by_server = chosen("server");
    assert_eq!((by_server.suite.as_deref(), by_server.exchange), (Some(STATIC), Exchange::Static));
    let by_client = chosen("client");
    assert_eq!(by_client.suite.as_deref(), Some(GCM));
    assert_eq!(by_client.exchange, Exchange::Group("secp256r1".into()));
    assert_eq!(by_client.alpn.as_deref(), Some("h2"));
    let unseen = server(&suites, |tls| tls["suite_order"] = json!({"failed": "reset"}));
    let unseen = connection(of("ie-11-windows-10", &unseen, None));
    assert_eq!((unseen.suite, unseen.version), (None, Protocol::Tls12));
}

#[test]
fn what_each_side_refuses_is_told_apart() {
    let only = |suites: &[&str]| server(suites, |_| {});
    assert_eq!(
        of("chromium-156", &server(&[GCM], |tls| tls["versions"]["TLSv1.2"] = "not_offered".into()), None),
        Outcome::Fails(Why::Version)
    );
    assert_eq!(of("ie-11-windows-7", &only(&[GCM]), None), Outcome::Fails(Why::Suite));
    let curve = server(&[GCM], |tls| tls["groups"]["items"] = json!([group("TLSv1.2", "secp521r1")]));
    assert_eq!(of("android-7-0", &curve, None), Outcome::Fails(Why::Group));
    assert_eq!(of("java-8u31", &only(&[DHE]), None), Outcome::Fails(Why::Prime(4096)));
    let weak = certificate(&rsa(1024), "CN=Root");
    assert_eq!(of("openssl-3-0", &only(&[GCM]), Some(&weak)), Outcome::Fails(Why::Key("RSA 1024".into())));
    let new = server(&[], |tls| {
        tls["versions"]["TLSv1.3"] = "offered".into();
        tls["cipher_suites"]["items"] = json!([suite("TLSv1.3", "TLS_AES_128_GCM_SHA256")]);
        tls["groups"]["items"] = json!([group("TLSv1.3", "x25519")]);
    });
    let p521 = certificate(
        &json!({"algorithm": "EC", "bits": 521, "curve": "secp521r1", "spki_sha256": "0"}),
        "CN=Root",
    );
    assert_eq!(of("chromium-156", &new, Some(&p521)), Outcome::Fails(Why::Key("secp521r1".into())));
    assert!(matches!(of("firefox-137", &new, Some(&p521)), Outcome::Connects(_)));
}

#[test]
fn what_was_not_seen_is_unknown_only_where_it_matters() {
    let timed_out = json!({"failed": {"timed_out": {"during": "handshake", "after_ms": 1}}});
    let unknown = Outcome::Unknown(Gap::NotSeen(Reason::TimedOut));
    // TLS 1.3 may be there, which matters to those who have it
    let tls = server(&[GCM], |tls| tls["versions"]["TLSv1.3"] = timed_out.clone());
    assert_eq!(of("chromium-156", &tls, None), unknown);
    assert!(matches!(of("android-7-0", &tls, None), Outcome::Connects(_)));
    // a list cut short can hold a suite in common, or a better one
    let cut = |suites: &[&str]| server(suites, |tls| tls["cipher_suites"]["incomplete"] = "reset".into());
    assert_eq!(of("ie-11-windows-7", &cut(&[GCM]), None), Outcome::Unknown(Gap::NotSeen(Reason::Reset)));
    assert_eq!(connection(of("android-7-0", &cut(&[GCM]), None)).suite, None);
    // groups: without them a suite that needs none is still possible
    let groups = |suites: &[&str]| server(suites, |tls| tls["groups"] = timed_out.clone());
    assert_eq!(of("android-7-0", &groups(&[GCM]), None), unknown);
    assert_eq!(connection(of("android-7-0", &groups(&[GCM, STATIC]), None)).suite, None);
    // the second certificate of another kind was not seen
    let p521 = certificate(
        &json!({"algorithm": "EC", "bits": 521, "curve": "secp521r1", "spki_sha256": "0"}),
        "CN=Root",
    );
    let both = server(&[GCM], |tls| {
        tls["versions"]["TLSv1.3"] = "offered".into();
        tls["cipher_suites"]["items"]
            .as_array_mut()
            .unwrap()
            .push(suite("TLSv1.3", "TLS_AES_128_GCM_SHA256"));
        tls["groups"]["items"] = json!([group("TLSv1.3", "x25519")]);
    });
    assert_eq!(of("chromium-156", &both, Some(&p521)), Outcome::Unknown(Gap::Ambiguous));
    let dark = server(&[GCM], |tls| tls["offered"] = false.into());
    assert_eq!(of("chromium-156", &dark, None), Outcome::Unknown(Gap::NotSeen(Reason::DoesNotApply)));
    assert_eq!(Gap::from(&Failure::Reset), Gap::NotSeen(Reason::Reset));
}

#[test]
fn a_root_that_a_client_lacks_is_named() {
    let clients = Clients::built_in().unwrap();
    let lacks = |id: &str, issuer: &str| {
        let client = clients.all().iter().find(|client| client.id == id).unwrap();
        missing_root(client, &certificate(&rsa(2048), issuer)).map(str::to_owned)
    };
    let isrg = "C=US, O=Internet Security Research Group, CN=ISRG Root X1";
    assert_eq!(lacks("android-6", isrg).as_deref(), Some("ISRG Root X1"));
    assert_eq!(lacks("android-9", isrg), None);
    assert_eq!(lacks("android-6", "O=Digital Signature Trust Co., CN=DST Root CA X3"), None);
    assert_eq!(lacks("android-6", "CN=Not ISRG Root X1"), None);
    // nobody trusts it: that is told elsewhere
    let mut untrusted = certificate(&rsa(2048), isrg);
    untrusted.trusted = false;
    let android = clients.all().iter().find(|client| client.id == "android-6").unwrap();
    assert_eq!(missing_root(android, &untrusted), None);
}

proptest! {
    /// Whatever a server has, each client gets an answer, and a suite that is named is one that both have.
    #[test]
    fn a_named_suite_is_one_that_both_have(
        picked in proptest::collection::vec((0..5usize, 0..400usize), 0..40),
        groups in proptest::collection::vec((0..5usize, 0..60usize), 0..8),
        orders in proptest::collection::vec(0..4usize, 5),
        cut in any::<bool>(),
    ) {
        const VERSIONS: [&str; 5] = ["SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
        let suites: Vec<iana::CipherSuite> = iana::cipher_suites().filter(|s| s.properties().is_some()).collect();
        let known: Vec<iana::NamedGroup> = iana::named_groups().collect();
        let tls = server(&[], |tls| {
            let items = picked.iter().map(|(v, s)| suite(VERSIONS[*v], suites[s % suites.len()].name));
            tls["cipher_suites"]["items"] = items.collect();
            let items = groups.iter().map(|(v, g)| group(VERSIONS[*v], known[g % known.len()].name));
            tls["groups"]["items"] = items.collect();
            let order = |o: usize| ["server", "client", "mixed", "server_but_chacha20"][o];
            let items = orders.iter().zip(VERSIONS).map(|(o, v)| json!({"version": v, "of": order(*o)}));
            tls["suite_order"]["items"] = items.collect();
            for version in VERSIONS {
                let there = picked.iter().any(|(v, _)| VERSIONS[*v] == version);
                tls["versions"][version] = if there { "offered" } else { "not_offered" }.into();
            }
            if cut {
                tls["cipher_suites"]["incomplete"] = "reset".into();
            }
        });
        for client in Clients::built_in().unwrap().all() {
            let Outcome::Connects(connection) = simulate(client, &tls, None) else { continue };
            prop_assert!(client.versions.contains(&connection.version));
            if let Some(name) = &connection.suite {
                prop_assert!(client.suites.contains(name) && !cut);
                let items = &tls.cipher_suites.completed().unwrap().items;
                prop_assert!(items.iter().any(|s| s.name == *name && s.version == connection.version));
            }
            if let Exchange::Group(group) = &connection.exchange {
                prop_assert!(client.groups.contains(group));
            }
        }
    }
}
