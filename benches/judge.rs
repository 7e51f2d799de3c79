//! Judging observation documents of some 20 KB by 100 rules: wall time on all cores, and the peak memory, for 1,000
//! and for 10,000 documents. Run with `cargo bench --bench judge`.
//!
//! Documents are read from a file line by line, decoded, judged and dropped, as `khien assess` does it.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and stops where it cannot go on"
)]

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, BufWriter, Write},
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use khien::{observation::Document, report::judge, rule::RuleSet};
use serde_json::{Value, json};

const RULES: usize = 100;

fn main() {
    let folder = std::env::temp_dir().join(format!("khien-bench-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let rules = hundred_rules(&folder);
    let template = document();
    println!("{} rules, documents of {} bytes", rules.rules().len(), template.to_string().len());
    println!("{:>9}  {:>8}  {:>11}  {:>10}", "documents", "seconds", "findings", "peak MiB");
    for count in [1_000, 10_000] {
        let file = folder.join(format!("{count}.jsonl"));
        write_documents(&file, &template, count);
        reset_peak();
        let began = Instant::now();
        let findings = judge_file(&file, &rules);
        println!("{count:>9}  {:>8.2}  {findings:>11}  {:>10}", began.elapsed().as_secs_f64(), peak_mib());
    }
    fs::remove_dir_all(&folder).unwrap();
}

/// The built-in rules, repeated under other ids until there are a hundred.
fn hundred_rules(folder: &Path) -> RuleSet {
    let root = folder.join("rules");
    let mut copied = 0;
    'all: for round in 0.. {
        for part in ["tls", "certificate", "http", "dns"] {
            fs::create_dir_all(root.join(part)).unwrap();
            let mut files: Vec<_> =
                fs::read_dir(Path::new("rules").join(part)).unwrap().map(|e| e.unwrap().path()).collect();
            files.sort();
            for file in files {
                if copied == RULES {
                    break 'all;
                }
                let id = file.file_stem().unwrap().to_string_lossy().into_owned();
                let new = if round == 0 { id.clone() } else { format!("{id}-{round}") };
                let text = fs::read_to_string(&file).unwrap().replacen(
                    &format!("id: {id}\n"),
                    &format!("id: {new}\n"),
                    1,
                );
                fs::write(root.join(part).join(format!("{new}.yaml")), text).unwrap();
                copied += 1;
            }
        }
    }
    fs::create_dir_all(root.join("frameworks")).unwrap();
    for entry in fs::read_dir("rules/frameworks").unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, root.join("frameworks").join(path.file_name().unwrap())).unwrap();
    }
    RuleSet::load(&root).unwrap()
}

/// One document with every group of facts, filled up with header fields to some 20 KB.
fn document() -> Value {
    let at = "2026-11-24T00:00:00Z";
    let versions = json!({"SSLv2": "not_offered", "SSLv3": "not_offered", "TLSv1.0": "not_offered", "TLSv1.1": "not_offered", "TLSv1.2": "offered", "TLSv1.3": "offered"});
    let x509 = |n: u32| {
        json!({
            "sha256": format!("{n:064x}"), "subject": format!("CN=ca{n}"), "issuer": format!("CN=ca{}", n + 1), "serial": "01",
            "not_before": "2026-10-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z", "validity": "valid", "days_left": 38, "lifetime_days": 92,
            "names": {"items": (0..10).map(|i| json!({"name": format!("www{i}.tinhmau.example")})).collect::<Vec<_>>()},
            "key": {"algorithm": "EC", "bits": 256, "curve": "secp256r1", "spki_sha256": format!("{n:064x}")},
            "signature": {"name": "ecdsa-with-SHA256", "hash": "SHA-256"}, "self_signed": false, "is_ca": n > 0,
        })
    };
    let fields: Vec<Value> =
        (0..28).map(|i| json!({"name": format!("X-Header-{i}"), "value": "some value of a header, about fifty bytes long, xxxx"})).collect();
    let answer = |scheme: &str| json!({"url": format!("{scheme}://s.tinhmau.example/"), "address": "192.0.2.1", "status": 200, "fields": {"items": fields}});
    let endpoint = |last: u32| {
        json!({
            "address": format!("192.0.2.{last}"),
            "tls": {"offered": true, "versions": versions, "handshake": {"version": "TLSv1.3", "cipher_suite": "TLS_AES_128_GCM_SHA256", "group": "x25519", "alpn": "h2"}, "connections": 9},
            "certificate": {"leaf": x509(0), "issuers": {"items": [x509(1)]}, "names_host": true, "trusted": true, "in_order": true, "root_sent": false},
            "http": {"http": answer("http"), "https": answer("https")},
        })
    };
    json!({
        "schema": "khien.observations/1", "site": {"host": "s.tinhmau.example", "port": 443}, "at": at, "vantage": {"name": "bench", "inside": false},
        "dns": {"a": {"items": [{"address": "192.0.2.1", "ttl": 300}]}, "aaaa": {"items": []}, "cname": {"items": []}, "nxdomain": false, "zone": "tinhmau.example",
            "ns": {"items": [{"name": "ns1.tinhmau.example"}, {"name": "ns2.tinhmau.example"}]}, "dnssec": "Secure"},
        "http": {"https_reachable": true, "http_reachable": true, "http": {"hops": [answer("http"), answer("https")], "end": "document"}, "https": {"hops": [answer("https")], "end": "document"},
            "upgrade": "same_host", "downgrades": {"items": []}, "hsts": {"raw": "max-age=31536000", "valid": true, "max_age": 31_536_000, "include_sub_domains": false, "preload": false, "extra_fields": 0},
            "cookies": {"items": [{"name": "JSESSIONID", "value_length": 32, "host": "s.tinhmau.example", "secure": true, "http_only": false, "session_like": true}]}},
        "endpoints": [endpoint(1), endpoint(2)],
    })
}

fn write_documents(file: &Path, template: &Value, count: usize) {
    let mut out = BufWriter::new(File::create(file).unwrap());
    let mut document = template.clone();
    for number in 0..count {
        document["site"]["host"] = format!("s{number}.tinhmau.example").into();
        writeln!(out, "{document}").unwrap();
    }
    out.flush().unwrap();
}

/// Judges every line on all cores; the number of findings.
fn judge_file(file: &Path, rules: &RuleSet) -> usize {
    let lines = Mutex::new(BufReader::with_capacity(1 << 20, File::open(file).unwrap()));
    let findings = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let mut line = Vec::new();
                loop {
                    line.clear();
                    if lines.lock().unwrap().read_until(b'\n', &mut line).unwrap() == 0 {
                        break;
                    }
                    let site = judge(rules, &Document::parse(&line).unwrap());
                    findings.fetch_add(site.findings.len(), Ordering::Relaxed);
                }
            });
        }
    });
    findings.into_inner()
}

/// Forgets the highest resident size so far (Linux; see `proc_pid_clear_refs(5)`).
fn reset_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// The highest resident size since, in MiB; 0 where the system does not say.
fn peak_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM:"));
    line.and_then(|l| l.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0) / 1024
}
