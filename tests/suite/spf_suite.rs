//! The published test-suite of RFC 7208, which ships inside `PyPI`'s `pyspf` source package; `tests/run` fetches it.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::PathBuf,
};

use hickory_proto::rr::Name;
use khien::wire::spf::{Dns, Sender, check_host};
use serde::Deserialize;
use serde_json::Value;

/// How many checks the suite of 2014.04 holds, as pyspf 2.0.14 ships it: fewer would mean that it was not read whole.
const CHECKS: usize = 203;

#[derive(Deserialize)]
struct Scenario {
    description: String,
    tests: HashMap<String, Case>,
    zonedata: HashMap<String, Vec<Value>>,
}

#[derive(Deserialize)]
struct Case {
    helo: String,
    host: String,
    mailfrom: String,
    result: Value,
    explanation: Option<String>,
}

/// The zones of a scenario. A record `TIMEOUT` stands for every type that the name has no other record of.
struct Zones(HashMap<String, Vec<(String, Value)>>);

#[derive(Debug, PartialEq, Eq)]
struct Silent;

impl Zones {
    fn new(zonedata: HashMap<String, Vec<Value>>) -> Self {
        let named = zonedata.into_iter().map(|(name, records)| {
            let mut kept: Vec<(String, Value)> = Vec::new();
            for record in &records {
                match record {
                    Value::String(word) if word == "TIMEOUT" => {
                        kept.push((String::from("TIMEOUT"), Value::Null));
                    }
                    Value::Object(pair) => kept.extend(pair.iter().map(|(k, v)| (k.clone(), v.clone()))),
                    other => panic!("{name}: {other}"),
                }
            }
            // records of type SPF stand for TXT where a name has no TXT of its own (the suite's own rule)
            if kept.iter().any(|(kind, _)| kind == "TXT") {
                kept.retain(|(kind, value)| kind != "SPF" && *value != "NONE");
            } else {
                for (kind, _) in &mut kept {
                    if kind == "SPF" {
                        *kind = String::from("TXT");
                    }
                }
            }
            (name.to_ascii_lowercase(), kept)
        });
        Self(named.collect())
    }

    fn find(&self, name: &str, kind: &str) -> Result<Vec<Value>, Silent> {
        let mut name = name.trim_end_matches('.').to_ascii_lowercase();
        for _ in 0..10 {
            let Some(records) = self.0.get(&name) else { return Ok(Vec::new()) };
            let found: Vec<Value> =
                records.iter().filter(|(k, _)| k == kind).map(|(_, value)| value.clone()).collect();
            if !found.is_empty() {
                return Ok(found);
            }
            if records.iter().any(|(k, _)| k == "TIMEOUT") {
                return Err(Silent);
            }
            match records.iter().find(|(k, _)| k == "CNAME") {
                Some((_, target)) => {
                    name = target.as_str().unwrap().trim_end_matches('.').to_ascii_lowercase();
                }
                None => return Ok(Vec::new()),
            }
        }
        Err(Silent)
    }
}

impl Dns for Zones {
    type Error = Silent;

    async fn txt(&self, name: &str) -> Result<Vec<Vec<u8>>, Silent> {
        let joined = |value: Value| match value {
            Value::String(text) => text.into_bytes(),
            Value::Array(parts) => {
                parts.iter().flat_map(|part| part.as_str().unwrap().bytes().collect::<Vec<_>>()).collect()
            }
            other => panic!("{name}: {other}"),
        };
        Ok(self.find(name, "TXT")?.into_iter().map(joined).collect())
    }

    async fn a(&self, name: &str) -> Result<Vec<Ipv4Addr>, Silent> {
        Ok(self.find(name, "A")?.iter().map(|value| value.as_str().unwrap().parse().unwrap()).collect())
    }

    async fn aaaa(&self, name: &str) -> Result<Vec<Ipv6Addr>, Silent> {
        Ok(self.find(name, "AAAA")?.iter().map(|value| value.as_str().unwrap().parse().unwrap()).collect())
    }

    async fn mx(&self, name: &str) -> Result<Vec<String>, Silent> {
        let host = |value: &Value| value[1].as_str().unwrap().to_owned();
        Ok(self.find(name, "MX")?.iter().map(host).collect())
    }

    async fn ptr(&self, address: IpAddr) -> Result<Vec<String>, Silent> {
        let name = Name::from(address).to_ascii();
        Ok(self.find(&name, "PTR")?.iter().map(|value| value.as_str().unwrap().to_owned()).collect())
    }
}

#[tokio::test]
async fn the_published_suite_passes_whole() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("target/consumers/pyspf-2.0.14/test/rfc7208-tests.yml");
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; tests/run fetches it", path.display()));
    let scenarios: Vec<Scenario> = serde_saphyr::from_multiple(&text).unwrap();

    let (mut passed, mut failed) = (0, Vec::new());
    for scenario in scenarios {
        let zones = Zones::new(scenario.zonedata);
        for (name, case) in &scenario.tests {
            let sender = Sender {
                address: case.host.parse().unwrap(),
                helo: &case.helo,
                mail_from: &case.mailfrom,
                receiver: "",
                now: 0,
            };
            let checked = check_host(&zones, &sender).await;
            let verdict = serde_json::to_value(checked.verdict).unwrap();
            let expected = match &case.result {
                Value::Array(any) => any.contains(&verdict),
                one => *one == verdict,
            };
            let explained = match case.explanation.as_deref() {
                None => true,
                Some("DEFAULT") => checked.explanation.is_none(),
                Some(text) => checked.explanation.as_deref() == Some(text),
            };
            if expected && explained {
                passed += 1;
            } else {
                failed.push(format!(
                    "{} / {name}: {:?} {:?} for {} {:?}: {checked:?}",
                    scenario.description, verdict, checked.explanation, case.result, case.explanation
                ));
            }
        }
    }
    println!("RFC 7208 test-suite: {passed} passed, {} failed", failed.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert_eq!(passed, CHECKS, "not the suite that is known");
}
