//! What each program says of a server, in the same words: khien's facts, sslscan's XML, sslyze's JSON.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    process::Command,
};

use khien::wire::iana;
use serde_json::Value;

use crate::tls_failures::looked::HOST;

/// What is there: `version TLSv1.2`, `suite TLSv1.2 TLS_…`, `group TLSv1.3 x25519`, `group x25519` (in whatever version),
/// `dh 2048`, `option compression` …
pub(super) type Facts = BTreeSet<String>;

/// The words that sslscan has something to say about, and those of sslyze. `group` alone is with a version.
const OF_SSLSCAN: [&str; 5] = ["version ", "suite ", "group TLSv", "dh ", "option secure renegotiation"];
const OF_SSLYZE: [&str; 5] = ["version ", "suite ", "anygroup ", "dh ", "option "];

/// An oracle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tool {
    Sslscan,
    Sslyze,
}

impl Tool {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sslscan => "sslscan",
            Self::Sslyze => "sslyze",
        }
    }

    /// The part of khien's facts that it has words for.
    pub(super) fn part_of(self, facts: &Facts) -> Facts {
        let words = match self {
            Self::Sslscan => OF_SSLSCAN,
            Self::Sslyze => OF_SSLYZE,
        };
        facts.iter().filter(|fact| words.iter().any(|word| fact.starts_with(word))).cloned().collect()
    }
}

/// That a program could not tell, as it stands among its facts.
pub(super) fn is_failure(fact: &str) -> bool {
    fact.starts_with("failed ") || fact.starts_with("nothing ")
}

/// khien's, from the facts of the observation.
pub(super) fn of_khien(tls: &Value) -> Facts {
    let mut facts = Facts::new();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    for (version, support) in tls["versions"].as_object().unwrap() {
        assert!(support.is_string(), "{version}: {support}");
        if support == "offered" {
            facts.insert(format!("version {version}"));
        }
    }
    for suite in tls["cipher_suites"]["items"].as_array().unwrap() {
        facts.insert(format!("suite {} {}", text(&suite["version"]), text(&suite["name"])));
    }
    for group in tls["groups"]["items"].as_array().unwrap() {
        facts.insert(format!("group {} {}", text(&group["version"]), text(&group["name"])));
        facts.insert(format!("anygroup {}", text(&group["name"])));
    }
    for prime in tls["dh_primes"]["items"].as_array().unwrap() {
        facts.insert(format!("dh {}", prime["bits"]));
    }
    for (fact, option) in [
        ("compression", COMPRESSION),
        ("secure_renegotiation", RENEGOTIATION),
        ("fallback_scsv", FALLBACK),
        ("extended_master_secret", MASTER_SECRET),
    ] {
        if tls[fact] == "offered" {
            facts.insert(option.to_owned());
        }
    }
    facts
}

const COMPRESSION: &str = "option compression";
const RENEGOTIATION: &str = "option secure renegotiation";
const FALLBACK: &str = "option fallback signal";
const MASTER_SECRET: &str = "option extended master secret";

/// The output of one run of sslscan.
pub(super) fn of_sslscan(address: SocketAddr) -> Facts {
    let output = Command::new("sslscan")
        .args(["--no-colour", "--show-cipher-ids", "--xml=-", "--no-heartbleed", "--no-check-certificate"])
        .arg(format!("--sni-name={HOST}"))
        .arg(address.to_string())
        .output()
        .unwrap_or_else(|error| panic!("sslscan: {error}; tests/run installs it"));
    let xml = String::from_utf8(output.stdout).unwrap();
    let mut facts = Facts::new();
    for (element, attributes) in elements(&xml) {
        let get = |name: &str| attributes.get(name).copied().unwrap_or_default();
        match element {
            "protocol" if get("enabled") == "1" => {
                let kind = if get("type") == "ssl" { "SSLv" } else { "TLSv" };
                facts.insert(format!("version {kind}{}", get("version")));
            }
            "cipher" => {
                let code = u16::from_str_radix(get("id").trim_start_matches("0x"), 16).unwrap();
                facts.insert(format!("suite {} {}", get("sslversion"), iana::cipher_suite_name(code)));
                if let Some(bits) = attributes.get("dhebits") {
                    facts.insert(format!("dh {bits}"));
                }
            }
            "group" => {
                let code = u16::from_str_radix(get("id").trim_start_matches("0x"), 16).unwrap();
                facts.insert(format!("group {} {}", get("sslversion"), iana::group_name(code)));
            }
            "renegotiation" if get("secure") == "1" => {
                facts.insert(RENEGOTIATION.to_owned());
            }
            _ => {}
        }
    }
    assert!(xml.contains("<protocol "), "sslscan at {address}: {xml}");
    if !facts.iter().any(|fact| fact.starts_with("version ")) {
        facts.insert("nothing enabled".to_owned());
    }
    facts
}

/// Every element of an XML document that has attributes.
fn elements(xml: &str) -> impl Iterator<Item = (&str, BTreeMap<&str, &str>)> {
    xml.split('<').filter_map(|tag| {
        let (name, rest) = tag.split_once(' ')?;
        let mut attributes = BTreeMap::new();
        let mut parts = rest.split('"');
        while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
            attributes.insert(key.trim().trim_end_matches('='), value);
        }
        Some((name, attributes))
    })
}

/// What sslyze says of each address, and what it could not tell; one run for all of them.
pub(super) fn of_sslyze(addresses: &[SocketAddr]) -> BTreeMap<SocketAddr, Facts> {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/target/consumers/python/bin/sslyze");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sslyze.json");
    let output = Command::new(program)
        .args(["--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3", "--elliptic_curves"])
        .args(["--compression", "--reneg", "--fallback", "--ems", "--quiet"])
        .arg(format!("--json_out={}", file.display()))
        .args(addresses.iter().map(|address| format!("{HOST}:{}{{{}}}", address.port(), address.ip())))
        .output()
        .unwrap_or_else(|error| panic!("sslyze: {error}; tests/run installs it"));
    let text = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let document: Value = serde_json::from_str(&text).unwrap();
    let results = document["server_scan_results"].as_array().unwrap();
    let of = |result: &Value| {
        let place = &result["server_location"];
        let port = u16::try_from(place["port"].as_u64().unwrap()).unwrap();
        let address = SocketAddr::new(place["ip_address"].as_str().unwrap().parse().unwrap(), port);
        (address, sslyze_facts(result))
    };
    results.iter().map(of).collect()
}

fn sslyze_facts(result: &Value) -> Facts {
    let mut facts = Facts::new();
    if result["scan_status"] != "COMPLETED" {
        facts.insert(format!("nothing {}", result["connectivity_status"].as_str().unwrap_or_default()));
        return facts;
    }
    let result = &result["scan_result"];
    // what failed is said, as something that only sslyze has
    let completed = |command: &str, facts: &mut Facts| {
        let attempt = &result[command];
        if attempt["status"] == "COMPLETED" {
            return Some(attempt["result"].clone());
        }
        facts.insert(format!("failed {command} {}", attempt["error_reason"].as_str().unwrap_or_default()));
        None
    };
    for (command, version) in SSLYZE_VERSIONS {
        let Some(found) = completed(command, &mut facts) else { continue };
        if found["is_tls_version_supported"] == true {
            facts.insert(format!("version {version}"));
        }
        for suite in found["accepted_cipher_suites"].as_array().unwrap() {
            let name = suite["cipher_suite"]["name"].as_str().unwrap();
            facts.insert(format!("suite {version} {name}"));
            if suite["ephemeral_key"]["type_name"] == "DH" {
                facts.insert(format!("dh {}", suite["ephemeral_key"]["size"]));
            }
        }
    }
    if let Some(curves) = completed("elliptic_curves", &mut facts) {
        for curve in curves["supported_curves"].as_array().into_iter().flatten() {
            facts.insert(format!("anygroup {}", curve["name"].as_str().unwrap().replace('X', "x")));
        }
    }
    for (command, key, option) in [
        ("tls_compression", "supports_compression", COMPRESSION),
        ("session_renegotiation", "supports_secure_renegotiation", RENEGOTIATION),
        ("tls_fallback_scsv", "supports_fallback_scsv", FALLBACK),
        ("tls_extended_master_secret", "supports_ems_extension", MASTER_SECRET),
    ] {
        if completed(command, &mut facts).is_some_and(|found| found[key] == true) {
            facts.insert(option.to_owned());
        }
    }
    facts
}

pub(super) const SSLYZE_VERSIONS: [(&str, &str); 6] = [
    ("ssl_2_0_cipher_suites", "SSLv2"),
    ("ssl_3_0_cipher_suites", "SSLv3"),
    ("tls_1_0_cipher_suites", "TLSv1.0"),
    ("tls_1_1_cipher_suites", "TLSv1.1"),
    ("tls_1_2_cipher_suites", "TLSv1.2"),
    ("tls_1_3_cipher_suites", "TLSv1.3"),
];
