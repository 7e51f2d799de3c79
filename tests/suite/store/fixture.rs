//! Documents, findings and whole runs for tests of the store. No assertions.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use khien::observation::{Document, SiteName, Vantage};
use khien::report::SiteReport;
use khien::rule::{Category, Evidence, Finding, Level, Owner, Reason, RuleId, Severity, Text, Verdict};
use khien::store::{End, InventoryKey, NewRun, RunHandle, Store, StoredRun};

/// The start of the first day.
pub(super) fn day(number: i64) -> Timestamp {
    "2026-11-01T01:02:03.000000456Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(24 * number)
}

pub(super) fn site(number: usize) -> SiteName {
    SiteName { host: format!("s{number}.tinhmau.example"), port: 443 }
}

pub(super) fn key() -> InventoryKey {
    InventoryKey { province: "Tỉnh Mẫu".to_owned(), path: "/etc/khien/targets.yaml".to_owned() }
}

pub(super) fn new_run(at: Timestamp, sites: usize) -> NewRun {
    NewRun {
        inventory: key(),
        started_at: at,
        vantage: Vantage { name: "trung tâm dữ liệu".to_owned(), inside: false },
        scanner: "0.1.0".to_owned(),
        rules_hash: "r1".to_owned(),
        method_version: "m1".to_owned(),
        profile: None,
        partial: false,
        sites: (0..sites).map(site).collect(),
    }
}

/// A document with every group of facts, of some 10 KB.
pub(super) fn document(site: &SiteName, at: Timestamp) -> Document {
    let days = 90 - (at.duration_since(day(0)).as_hours() / 24);
    let x509 = |n: u32| {
        json!({
            "sha256": format!("{n:064x}"), "subject": format!("CN=ca{n}"), "issuer": format!("CN=ca{}", n + 1), "serial": "01",
            "not_before": "2026-10-01T00:00:00Z", "not_after": "2027-01-30T00:00:00Z", "validity": "valid", "days_left": days, "lifetime_days": 122,
            "names": {"items": [{"name": site.host}, {"name": format!("www.{}", site.host)}]},
            "key": {"algorithm": "EC", "bits": 256, "curve": "secp256r1", "spki_sha256": format!("{n:064x}")},
            "signature": {"name": "ecdsa-with-SHA256", "hash": "SHA-256"}, "self_signed": false, "is_ca": n > 0,
        })
    };
    let mut fields: Vec<Value> = (0..14)
        .map(|i| json!({"name": format!("X-Header-{i}"), "value": format!("value {i} of a header of about fifty bytes, {}", site.host)}))
        .collect();
    fields.push(json!({"name": "Date", "value": at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()}));
    fields.push(json!({"name": "X-Request-Id", "value": format!("{:x}", at.as_nanosecond().wrapping_mul(0x9e37_79b9_7f4a_7c15))}));
    let answer = |scheme: &str| json!({"url": format!("{scheme}://{}/", site.host), "address": "192.0.2.1", "status": 200, "fields": {"items": fields}});
    let facts = json!({
        "schema": "khien.observations/1", "site": site, "at": at, "vantage": {"name": "trung tâm dữ liệu", "inside": false},
        "dns": {"a": {"items": [{"address": "192.0.2.1", "ttl": 300 - days}]}, "aaaa": {"items": []}, "cname": {"items": []}, "nxdomain": false, "zone": "tinhmau.example",
            "ns": {"items": [{"name": "ns1.tinhmau.example"}, {"name": "ns2.tinhmau.example"}]}, "dnssec": "Secure"},
        "http": {"https_reachable": true, "http_reachable": true, "http": {"hops": [answer("http"), answer("https")], "end": "document"}, "https": {"hops": [answer("https")], "end": "document"},
            "upgrade": "same_host", "downgrades": {"items": []}, "hsts": {"raw": "max-age=31536000", "valid": true, "max_age": 31_536_000, "include_sub_domains": false, "preload": false, "extra_fields": 0},
            "cookies": {"items": [{"name": "JSESSIONID", "value_length": 32, "host": site.host, "secure": true, "http_only": false, "session_like": true}]}},
        "endpoints": [{
            "address": "192.0.2.1",
            "tls": {"offered": true, "connections": 9,
                "versions": {"SSLv2": "not_offered", "SSLv3": "not_offered", "TLSv1.0": "offered", "TLSv1.1": "not_offered", "TLSv1.2": "offered", "TLSv1.3": "offered"},
                "handshake": {"version": "TLSv1.3", "cipher_suite": "TLS_AES_128_GCM_SHA256", "group": "x25519", "alpn": "h2"},
                "cipher_suites": {"items": [{"version": "TLSv1.3", "name": "TLS_AES_128_GCM_SHA256", "cipher": "AES", "hash": "SHA256", "forward_secrecy": true, "anonymous": false, "export": false}]},
                "suite_order": {"items": []}, "groups": {"items": []}, "dh_primes": {"items": []}, "signatures": {"items": []}, "compression": "not_offered"},
            "certificate": {"leaf": x509(0), "issuers": {"items": [x509(1)]}, "names_host": true, "trusted": true, "in_order": true, "root_sent": false},
            "http": {"http": answer("http"), "https": answer("https")},
        }],
    });
    let Value::Object(facts) = facts else { panic!() };
    Document::from_facts(facts).unwrap()
}

pub(super) fn rule(name: &str) -> RuleId {
    RuleId::parse(name).unwrap()
}

pub(super) fn finding(name: &str, verdict: Verdict) -> Finding {
    let seen = Evidence { fact: "http.hsts".to_owned(), value: Value::Null, address: None };
    Finding {
        rule: rule(name),
        category: Category::Http,
        severity: Severity::Medium,
        level: Level::Required,
        verdict,
        owner: Owner::Site,
        waived: false,
        upcoming: false,
        first_seen: None,
        as_of: None,
        reason: (verdict == Verdict::Inconclusive).then_some(Reason::TimedOut),
        parent: None,
        message: Text::new("chưa đạt", "fails"),
        evidence: if verdict == Verdict::Fail { vec![seen] } else { Vec::new() },
    }
}

/// Finishes a site with these verdicts; the report as it came back.
pub(super) async fn finish(
    run: &RunHandle,
    number: usize,
    at: Timestamp,
    verdicts: &[(&str, Verdict)],
) -> SiteReport {
    finish_with(run, number, at, verdicts, &[]).await
}

/// The same with the certificates that were sent.
pub(super) async fn finish_with(
    run: &RunHandle,
    number: usize,
    at: Timestamp,
    verdicts: &[(&str, Verdict)],
    certificates: &[Vec<u8>],
) -> SiteReport {
    let document = document(&site(number), at);
    let mut report = SiteReport::new(&document, verdicts.iter().map(|(name, v)| finding(name, *v)).collect());
    run.finished(&document, &mut report, certificates).await.unwrap();
    report
}

/// SHA-256 as observations write it.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    hash.as_ref().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

pub(super) fn end(at: Timestamp) -> End<'static> {
    End { at, report: None }
}

/// One whole run over sites, each with the same verdicts.
pub(super) async fn whole_run(
    store: &Store,
    number: i64,
    sites: usize,
    verdicts: &[(&str, Verdict)],
) -> StoredRun {
    let run = store.begin(&new_run(day(number), sites)).await.unwrap();
    for number_of_site in 0..sites {
        finish(&run, number_of_site, day(number), verdicts).await;
    }
    run.end(end(day(number))).await.unwrap()
}
