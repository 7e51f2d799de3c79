//! `docs/report.schema.json` is the schema of the types, and reports satisfy it. `UPDATE=1 cargo test` writes it.

use khien::report::{Authorisation, Report};
use khien::rule::{Category, Owner, Severity};
use serde_json::{Value, json};

use super::world::{V, World, in_zone, on_server_of, rule, site, unit};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/report.schema.json");

/// A report with something in every list.
fn report() -> Report {
    let rules = vec![
        rule("r-tls", Category::Tls, Severity::Critical, Owner::Address),
        rule("r-http", Category::Http, Severity::High, Owner::Site),
        rule("r-dns", Category::Dns, Severity::Low, Owner::Zone),
    ];
    let units = vec![
        unit("a", vec![on_server_of(site("a.example"), "b")]),
        unit("b", vec![in_zone(site("b.example"), "example", "b"), site("c.example"), site("d.example")]),
        unit("c", vec![]),
    ];
    let mut world = World::new(rules, units).cap("r-http", 79);
    world.roster.authorisation = Some(Authorisation {
        document: "Kế hoạch kiểm tra".into(),
        number: "000/KH-UBND".into(),
        date: jiff::civil::date(2026, 11, 1),
        body: "UBND Tỉnh Mẫu".into(),
        expires: jiff::civil::date(2027, 10, 31),
    });
    for host in ["a.example", "b.example"] {
        world.seen.get_mut(host).unwrap().addresses = vec!["192.0.2.1".into()];
        world.set(host, "r-tls", V::Fail).set(host, "r-http", V::Waived).set(host, "r-dns", V::Inconclusive);
    }
    world.seen.remove("d.example");
    world.report()
}

fn schema() -> Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Report>().to_value();
    schema["title"] = json!("khien.report/1");
    schema
}

#[test]
fn the_schema_on_disk_is_that_of_the_types() {
    let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(PATH, &text).unwrap();
    }
    let stored = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(stored == text, "docs/report.schema.json is stale: run just bless");
}

#[test]
fn a_report_satisfies_the_schema_and_reads_back() {
    let report = report();
    assert!(!report.causes.is_empty() && report.units.iter().any(|unit| !unit.fix_plan.is_empty()));
    let json = serde_json::to_value(&report).unwrap();
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let errors: Vec<String> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(serde_json::from_value::<Report>(json).unwrap(), report);
}

#[test]
fn the_contract_names_are_there() {
    let json = serde_json::to_value(report()).unwrap();
    let has = |value: &Value, keys: &str| {
        for key in keys.split(' ') {
            assert!(value.get(key).is_some(), "no {key} in {value}");
        }
    };
    has(&json, "schema run method units causes");
    has(&json["run"], "id started_at finished_at vantage scanner degraded complete");
    has(&json["run"]["scanner"], "name version");
    has(&json["method"], "version rules_hash profile");
    let unit = &json["units"][1];
    has(unit, "id name kind block score base bracket grade coverage fix_plan sites");
    has(&unit["coverage"], "tested applicable percent");
    let site = &unit["sites"][0];
    has(site, "host port addresses score base bracket grade coverage caps findings");
    has(&site["findings"][0], "rule category severity level verdict owner waived message evidence");
    assert_eq!(json["schema"], "khien.report/1");
    assert_eq!(unit["bracket"].as_array().map(Vec::len), Some(2));
    assert_eq!((&unit["kind"], &unit["block"]), (&json!("so"), &json!("so")));
    // Undecided is null, not left out.
    assert_eq!((&json["units"][2]["score"], &json["units"][2]["bracket"]), (&Value::Null, &Value::Null));
    assert_eq!(json["units"][1]["points_lost"][0]["points"].as_f64().map(|p| (p * 10.0).fract()), Some(0.0));
}

#[test]
fn another_shape_is_refused() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let json = serde_json::to_value(report()).unwrap();
    for (pointer, key) in [
        ("", "units"),
        ("", "run"),
        ("/run", "complete"),
        ("/units/0", "score"),
        ("/units/0/sites/0", "findings"),
    ] {
        let mut without = json.clone();
        without.pointer_mut(pointer).and_then(Value::as_object_mut).unwrap().remove(key);
        assert!(!validator.is_valid(&without), "{pointer}/{key} may be left out");
        let mut other = json.clone();
        *other.pointer_mut(&format!("{pointer}/{key}")).unwrap() = json!("x");
        assert!(!validator.is_valid(&other), "{pointer}/{key} may be anything");
    }
    let mut other = json.clone();
    other["schema"] = json!("khien.report/2");
    assert!(!validator.is_valid(&other));
    let mut more = json;
    more["added_later"] = json!(1);
    assert!(validator.is_valid(&more), "additions do not break readers");
}
