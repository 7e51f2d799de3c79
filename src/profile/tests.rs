//! Profiles: the built-in ones are sound, mistakes have their place, and a comparison quotes what it rests on.

use super::*;
use crate::{
    observation::{
        Attempt, Certificate, Tls,
        sample::{self, stored},
    },
    wire::iana,
    yaml::Source,
};

fn profile(id: &str) -> Profile {
    Profiles::built_in().unwrap().get(id).unwrap().clone()
}

/// A modern server, as a document has it.
fn tls(change: impl FnOnce(&mut serde_json::Value)) -> Tls {
    let suite = |version: &str, code: u16| sample::suite(version, &iana::cipher_suite(code).unwrap());
    let group = |version: &str, name: &str, pq: bool| serde_json::json!({"version": version, "name": name, "kind": "prime_curve", "post_quantum": pq});
    let mut tls = serde_json::json!({
        "offered": true,
        "versions": {"SSLv2": "not_offered", "SSLv3": "not_offered", "TLSv1.0": "not_offered",
            "TLSv1.1": "not_offered", "TLSv1.2": "offered", "TLSv1.3": "offered"},
        "handshake": {"version": "TLSv1.3", "cipher_suite": "TLS_AES_256_GCM_SHA384"},
        "cipher_suites": {"items": [suite("TLSv1.3", 0x1301), suite("TLSv1.3", 0x1302), suite("TLSv1.3", 0x1303),
            suite("TLSv1.2", 0xc02b), suite("TLSv1.2", 0xc02c)]},
        "suite_order": {"items": [{"version": "TLSv1.2", "of": "client"}]},
        "groups": {"items": [group("TLSv1.3", "X25519MLKEM768", true), group("TLSv1.3", "x25519", false),
            group("TLSv1.2", "x25519", false)]},
        "dh_primes": {"items": []},
        "signatures": {"items": [{"name": "ecdsa_secp256r1_sha256", "hash": "sha256"}]},
        "compression": "not_offered",
        "secure_renegotiation": "offered",
        "connections": 60,
    });
    change(&mut tls);
    stored("tls", &tls)
}

fn certificate(change: impl FnOnce(&mut serde_json::Value)) -> Attempt<Certificate> {
    let mut certificate = serde_json::json!({
        "leaf": {
            "sha256": "00", "subject": "CN=a.example", "issuer": "CN=Issuer", "serial": "0a",
            "not_before": "2026-11-01T00:00:00Z", "not_after": "2027-01-29T00:00:00Z", "validity": "valid",
            "days_left": 60, "lifetime_days": 90, "names": {"items": [{"name": "a.example"}]},
            "key": {"algorithm": "EC", "bits": 256, "curve": "secp256r1", "spki_sha256": "00"},
            "signature": {"name": "ecdsa-with-SHA256", "hash": "SHA-256"}, "self_signed": false, "is_ca": false,
            "serial_octets": 8, "serial_positive": true, "names_present": true, "wildcard": false,
            "must_staple": false, "constrains_names": false,
        },
        "issuers": {"items": []}, "names_host": true, "trusted": true, "in_order": true, "root_sent": false,
        "publicly_trusted": true, "scts": {"items": []}, "ct_logs_of": "2026-08-25",
    });
    change(&mut certificate);
    Attempt::Completed(stored("certificate", &certificate))
}

/// The level's name and what is said, as `subject: words`.
fn said(id: &str, tls: &Tls, certificate: &Attempt<Certificate>) -> (String, Vec<String>) {
    let profile = profile(id);
    let found = compare(&profile, tls, certificate).unwrap();
    let told = found.shortfalls.iter().map(|shortfall| {
        let level = &profile.levels[shortfall.level].id;
        format!("{level} {:?} {:?}", shortfall.subject, shortfall.told)
    });
    let missing = found.missing.iter().map(|missing| format!("? {:?} {:?}", missing.subject, missing.reason));
    (profile.levels[found.level].id.clone(), told.chain(missing).collect())
}

#[test]
fn a_modern_server_is_at_its_best_everywhere() {
    let (tls, certificate) = (tls(|_| {}), certificate(|_| {}));
    assert_eq!(said("mozilla-intermediate", &tls, &certificate), ("meets".into(), vec![]));
    assert_eq!(said("ssl-labs", &tls, &certificate), ("none".into(), vec![]));
    let (level, told) = said("ncsc-nl-2025", &tls, &certificate);
    assert_eq!(level, "sufficient");
    assert_eq!(
        told,
        [
            "sufficient Version Has([\"TLSv1.2\"])",
            "sufficient Suite Has([\"TLS_AES_128_GCM_SHA256\", \"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\", \
             \"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384\"])",
        ]
    );
    let (level, told) = said("mozilla-modern", &tls, &certificate);
    assert_eq!((level.as_str(), told.len()), ("differs", 2), "{told:?}");
    assert_eq!(told[0], "differs Version Has([\"TLSv1.2\"])");
}

#[test]
fn what_falls_short_is_quoted() {
    let certificate = certificate(|c| {
        c["leaf"]["key"] = serde_json::json!({"algorithm": "RSA", "bits": 1024, "spki_sha256": "00"});
        c["leaf"]["signature"] = serde_json::json!({"name": "sha1WithRSAEncryption", "hash": "SHA-1"});
        c["leaf"]["lifetime_days"] = 398.into();
        c["trusted"] = false.into();
        c["fault"] = "missing_intermediate".into();
    });
    let tls = tls(|tls| {
        tls["versions"]["TLSv1.0"] = "offered".into();
        tls["versions"]["TLSv1.3"] = "not_offered".into();
        tls["groups"]["items"] = serde_json::json!([]);
        tls["dh_primes"]["items"] = serde_json::json!([{"bits": 1024, "sha256": "00"}]);
        tls["signatures"]["items"][0]["hash"] = "sha1".into();
    });
    let (level, told) = said("ssl-labs", &tls, &certificate);
    assert_eq!(level, "b");
    assert_eq!(
        told,
        [
            "b Version Has([\"TLSv1.0\"])",
            "b RsaBits TooSmall(1024, 2048)",
            "b CertificateChain Has([\"missing_intermediate\"])",
            "a-minus Version Lacks([\"TLSv1.3\"])",
        ]
    );
    let (level, told) = said("ncsc-nl-2025", &tls, &certificate);
    assert_eq!(level, "insufficient");
    for expected in [
        "insufficient Version Has([\"TLSv1.0\"])",
        "insufficient DhPrime Has([\"own\"])",
        "insufficient SignatureHash Has([\"sha1\"])",
        "insufficient CertificateSignature Has([\"sha1WithRSAEncryption\"])",
        "insufficient RsaBits TooSmall(1024, 3072)",
    ] {
        assert!(told.iter().any(|line| line == expected), "{expected}: {told:?}");
    }
    let (_, told) = said("mozilla-intermediate", &tls, &certificate);
    assert!(told.iter().any(|line| line == "differs LifetimeDays TooLarge(398, 366)"), "{told:?}");
    assert!(told.iter().any(|line| line == "differs Group Lacks([\"X25519MLKEM768\"])"), "{told:?}");
}

#[test]
fn what_was_not_seen_is_no_shortfall() {
    let not_seen = serde_json::json!({"failed": {"timed_out": {"during": "handshake", "after_ms": 3000}}});
    let tls = tls(|tls| {
        tls["versions"]["TLSv1.3"] = not_seen.clone();
        tls["cipher_suites"] = serde_json::json!({"items": [], "incomplete": "reset"});
        tls["groups"] = not_seen;
    });
    let certificate = Attempt::failed(crate::observation::Failure::Refused);
    let (level, told) = said("ssl-labs", &tls, &certificate);
    assert_eq!(level, "none");
    assert!(told.iter().all(|line| line.starts_with('?')), "{told:?}");
    for expected in ["? Version TimedOut", "? SuiteSecrecy Reset", "? RsaBits Refused"] {
        assert!(told.iter().any(|line| line == expected), "{expected}: {told:?}");
    }
    let (_, told) = said("mozilla-intermediate", &tls, &certificate);
    assert!(told.iter().any(|line| line == "? Group TimedOut"), "{told:?}");
    assert!(!told.iter().any(|line| line.contains("X25519MLKEM768")), "{told:?}");
}

#[test]
fn a_port_without_tls_is_not_compared() {
    let tls = tls(|tls| tls["offered"] = false.into());
    assert_eq!(compare(&profile("ssl-labs"), &tls, &certificate(|_| {})), None);
}

#[test]
fn every_built_in_profile_says_where_it_comes_from() {
    let profiles = Profiles::built_in().unwrap();
    let ids: Vec<&str> = profiles.all().iter().map(|profile| profile.id.as_str()).collect();
    assert_eq!(ids, ["mozilla-intermediate", "mozilla-modern", "ncsc-nl-2025", "ssl-labs"]);
    for profile in profiles.all() {
        assert!(profile.source.starts_with("https://") && !profile.left_out.is_empty(), "{}", profile.id);
    }
}

#[test]
fn mistakes_have_line_and_column() {
    let text = std::fs::read_to_string("rules/profiles/mozilla-modern.yaml").unwrap();
    for (from, to, expected) in [
        ("of: [TLSv1.3]", "of: [TLS1.3]", "mozilla-modern.yaml:15:"),
        ("otherwise: differs", "otherwise: difers", "did you mean `differs`?"),
        ("secp384r1", "secp385r1", "is never seen as groups"),
        ("TLS_AES_128_GCM_SHA256", "TLS_AES_128_GMC_SHA256", "is never seen as suites"),
        ("subject: version", "subject: versoin", "mozilla-modern.yaml:15:"),
        ("subject: version", "subject: rsa_bits", "has numbers, no words"),
        ("subject: lifetime_days", "subject: group", "has words, no numbers"),
        ("edition:", "editoin:", "mozilla-modern.yaml:4:1"),
        ("id: mozilla-modern", "id: mozilla-moderm", "stands in `mozilla-modern.yaml`"),
        (
            "subject: suite_order",
            "subject: suite_order, versions: [TLSv1.2]",
            "only suites belong to a version",
        ),
        ("some:", "any:", "any"),
    ] {
        assert!(text.contains(from), "{from}");
        let source = Source::new("rules/profiles/mozilla-modern.yaml", text.replacen(from, to, 1));
        let found = Profiles::parse([source]).unwrap_err();
        let found: Vec<String> = found.iter().map(|fault| format!("{fault:?} {:?}", fault.help())).collect();
        assert!(found.join("\n").contains(expected), "{to}: {found:?}");
    }
}
