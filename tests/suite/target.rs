//! The inventory as people hand it over: the example, sloppy and wrong files, mutated text, a whole country.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use khien::language::Lang;
use khien::target::{Block, Host, Importance, Loaded, Scope, UnitId, UnitKind, Www, load};
use khien::yaml::Source;
use proptest::prelude::*;

const EXAMPLE: &str = include_str!("../../targets.example.yaml");

/// A file of `tests/data/targets/`, reported under its bare name.
fn file(name: &str) -> Source {
    let read = Source::read(&Path::new("tests/data/targets").join(name)).unwrap();
    Source::new(name, read.text())
}

fn loaded(source: &Source) -> Loaded {
    load(source).unwrap_or_else(|mistakes| panic!("{mistakes:#}"))
}

/// An inventory with these lines below `units:`.
fn with_units(units: &str) -> Source {
    let head = "schema: khien.targets/1\nprovince: {name: T, domain: tinhmau.example}\n\
                lead_agency: {name: S, contact: attt@tinhmau.example}\nunits:\n";
    Source::new("t", format!("{head}{units}"))
}

fn host(text: &str) -> Host {
    Host::parse(text).unwrap()
}

fn unit(text: &str) -> UnitId {
    UnitId::parse(text).unwrap()
}

#[test]
fn the_example_loads_without_warnings_and_shows_every_circumstance() {
    let Loaded { inventory, warnings } = loaded(&Source::new("targets.example.yaml", EXAMPLE));
    assert_eq!(warnings, []);
    assert!(inventory.units.len() >= 14);
    for block in Block::ALL {
        let with_sites = inventory.units.iter().filter(|unit| unit.block == block && !unit.sites.is_empty());
        assert!(with_sites.count() >= 2, "{block:?} needs two to rank");
    }
    let shared = inventory.sites().filter(|(_, site)| site.shared_operator == Some(unit("cong-tinh")));
    assert_eq!(shared.count(), 4);
    assert!(inventory.units.iter().any(|unit| unit.sites.is_empty() && unit.successor.is_none()));
    assert!(inventory.units.iter().any(|unit| unit.successor.is_some()));
    for (_, site) in inventory.sites() {
        assert!(site.host.is_within(&inventory.province.domain), "{site}");
        let own = ["bql-kkt", "huyen-nui-mau"].iter().find(|id| {
            inventory.unit(&unit(id)).is_some_and(|unit| unit.sites.iter().any(|own| own.host == site.host))
        });
        let operator = own.copied().unwrap_or("so-khcn");
        assert_eq!(inventory.zone_of(&site.host).map(|zone| &zone.operator), Some(&unit(operator)), "{site}");
    }
    let authorisation = inventory.authorisation.unwrap();
    assert!(authorisation.check("2026-11-24T02:00:00+07:00".parse().unwrap()).is_ok());
    assert!(!authorisation.allows(Scope::Intrusive));
    assert!(inventory.lab.is_empty() && !inventory.allow_private && !inventory.vantage.inside);
}

/// The comment an officer reads lists exactly the kinds there are.
#[test]
fn the_example_lists_every_kind() {
    let (_, list) = EXAMPLE.split_once("# kind: ").unwrap();
    let (list, _) = list.split_once("# block").unwrap();
    let listed: Vec<&str> =
        list.split(['|', '#', '\n']).map(str::trim).filter(|word| !word.is_empty()).collect();
    let known: Vec<String> = UnitKind::ALL.map(|kind| serde_json::to_value(kind).unwrap().to_string()).into();
    assert_eq!(listed, known.iter().map(|word| word.trim_matches('"')).collect::<Vec<_>>());
}

#[test]
fn the_questions_others_ask() {
    let inventory = loaded(&Source::new("targets.example.yaml", EXAMPLE)).inventory;
    assert_eq!(inventory.unit(&unit("so-y-te")).map(|unit| unit.name.as_str()), Some("Sở Y tế"));
    assert_eq!(inventory.unit(&unit("so-ngoai-vu")), None);
    for (name, inside) in [
        ("khcn.tinhmau.example", true),
        ("www.khcn.tinhmau.example", true),
        ("a.khcn.tinhmau.example", false),
        ("ns1.tinhmau.example", false),
        ("tinhmau.example", true),
        ("khcn.example", false),
    ] {
        assert_eq!(inventory.is_inventoried(&host(name)), inside, "{name}");
    }
    let before = "2026-12-31T23:59:59+07:00".parse().unwrap();
    let after = "2027-01-01T00:00:00+07:00".parse().unwrap();
    for name in ["dulieu.tinhmau.example", "www.dulieu.tinhmau.example"] {
        assert!(inventory.excluded(&host(name), before).is_some(), "{name}");
        assert!(inventory.excluded(&host(name), after).is_none(), "{name}");
    }
    assert!(inventory.excluded(&host("khcn.tinhmau.example"), before).is_none());
    assert_eq!(inventory.lead_agency.reference(), "https://tinhmau.example/khien");
}

#[test]
fn the_longest_zone_wins_on_a_label_boundary() {
    let units = "  - {id: a, name: A, kind: so}\n  - {id: b, name: B, kind: xa}\nzones:\n\
                 \x20 - {zone: tinhmau.example, operator: a}\n  - {zone: b.tinhmau.example, operator: b}\n";
    let inventory = loaded(&with_units(units)).inventory;
    for (name, operator) in [
        ("x.b.tinhmau.example", Some("b")),
        ("b.tinhmau.example", Some("b")),
        ("xb.tinhmau.example", Some("a")),
        ("tinhmau.example", Some("a")),
        ("xtinhmau.example", None),
    ] {
        let found = inventory.zone_of(&host(name)).map(|zone| zone.operator.as_str());
        assert_eq!(found, operator, "{name}");
    }
}

#[test]
fn sloppy_writing_is_understood_and_urls_are_told() {
    let Loaded { inventory, warnings } = loaded(&file("sloppy.yaml"));
    let sites: Vec<String> = inventory.sites().map(|(_, site)| site.to_string()).collect();
    assert_eq!(
        sites,
        [
            "soyte.tinhmau.example",
            "khcn.tinhmau.example",
            "cu.tinhmau.example:8080",
            "xn--syte-0z5a.example",
            "mot.tinhmau.example:8443",
        ]
    );
    let names: Vec<&str> = inventory.units.iter().map(|unit| unit.name.as_str()).collect();
    assert_eq!(names, ["Sở Y tế", "UBND xã A"], "NFC, plain spaces");
    let lines: Vec<u32> = warnings.iter().map(khien::yaml::Diagnostic::line).collect();
    assert_eq!(lines, [10, 11]);
    assert!(
        warnings[0].message().en.contains("only `khcn.tinhmau.example` of it is used"),
        "{}",
        warnings[0]
    );
    assert!(warnings.iter().all(khien::yaml::Diagnostic::is_warning));
}

/// Bless with `UPDATE=1 cargo test --test target` and read the difference.
#[test]
fn every_mistake_of_a_file_is_told_at_once() {
    for name in ["mistakes", "warnings"] {
        let list = match load(&file(&format!("{name}.yaml"))) {
            Ok(loaded) => loaded.warnings,
            Err(mistakes) => mistakes.into_iter().collect(),
        };
        let mut told = String::new();
        for diagnostic in list {
            for lang in Lang::ALL {
                let help =
                    diagnostic.help().map(|help| format!("\n    {}", help.get(*lang))).unwrap_or_default();
                writeln!(told, "{}{help}", diagnostic.told(*lang)).unwrap();
            }
        }
        let expected = Path::new("tests/data/targets").join(format!("{name}.expected"));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&expected, &told).unwrap();
        }
        assert_eq!(told, std::fs::read_to_string(&expected).unwrap(), "{name}");
    }
}

#[test]
fn a_lab_table_is_read() {
    let inventory = loaded(&file("lab.yaml")).inventory;
    let lab = &inventory.lab;
    assert!(inventory.allow_private);
    let target = |name, port| lab.target(&host(name), port).map(|to| to.to_string());
    assert_eq!(target("a.tinhmau.example", 443).as_deref(), Some("127.0.0.1:8443"));
    assert_eq!(target("b.tinhmau.example", 443).as_deref(), Some("[::1]:9443"));
    assert_eq!(lab.resolver, Some("127.0.0.1:5353".parse().unwrap()));
    assert_eq!([80, 443, 25, 53, 8080].map(|port| lab.ports.dialled(port)), [8080, 8443, 2525, 5353, 8080]);
    assert_eq!(lab.ca_file.as_deref(), Some(Path::new("lab/ca.pem")));
}

#[test]
fn a_site_is_a_name_or_a_mapping_and_mistakes_stay_precise() {
    let first_mistake = |site: &str| {
        let source = with_units(&format!("  - id: x\n    name: X\n    kind: xa\n    sites:\n      {site}\n"));
        load(&source).expect_err(site).iter().next().unwrap().to_string()
    };
    for (site, mistake) in [
        ("- {port: 1}", "t:9:9: `units[0].sites[0]`: the key `host` is missing"),
        (
            "- 12.5",
            "t:9:9: `units[0].sites[0]`: expected a host name, or a mapping with `host`, found `12.5`",
        ),
        ("- [a]", "t:9:9: `units[0].sites[0]`: expected a host name, or a mapping with `host`, found a list"),
        ("- {host: a.b, host: c.d}", "t:9:21: `units[0].sites[0]`: the key `host` is written twice"),
        ("- {host: a.b, prot: 1}", "t:9:21: `units[0].sites[0]`: unknown key `prot`"),
        (
            "- {host: a.b, port: 65536}",
            "t:9:27: `units[0].sites[0].port`: expected a whole number from 0 to 65535, found `65536`",
        ),
        ("- ''", "t:9:9: a host name is missing"),
    ] {
        assert_eq!(first_mistake(site), mistake, "{site}");
    }
    let source = with_units(
        "  - {id: x, name: X, kind: xa, sites: [a.example, {host: b.example, www: no, mail: true}]}\n",
    );
    let inventory = loaded(&source).inventory;
    let [a, b] = inventory.units[0].sites.as_slice() else { panic!() };
    assert_eq!((a.port, a.importance, a.www, a.mail), (443, Importance::Normal, Www::Auto, false));
    assert_eq!((b.www, b.mail, b.twin()), (Www::No, true, None));
    assert!(
        !inventory.is_inventoried(&host("www.b.example")) && inventory.is_inventoried(&host("www.a.example"))
    );
}

#[test]
fn blocks_follow_the_kind_unless_written() {
    let block = |keys: &str| {
        let source = with_units(&format!("  - {{id: x, name: X, {keys}}}\n"));
        load(&source).map(|loaded| loaded.inventory.units[0].block).ok()
    };
    assert_eq!(block("kind: dac-khu"), Some(Block::Xa));
    assert_eq!(block("kind: thi-xa"), Some(Block::Huyen));
    assert_eq!(block("kind: cong"), Some(Block::So));
    assert_eq!(block("kind: trung-tam, block: xa"), Some(Block::Xa));
    assert_eq!(block("kind: khac"), None);
    assert_eq!(block("kind: khac, block: so"), Some(Block::So));
    assert_eq!(UnitKind::DacKhu.vietnamese(), "đặc khu");
    assert!(UnitKind::ALL.iter().all(|kind| kind.default_block().is_some() != (*kind == UnitKind::Khac)));
}

#[test]
fn a_unit_that_names_itself_as_operator_runs_its_own_server() {
    let source =
        with_units("  - {id: x, name: X, kind: xa, sites: [{host: a.example, shared_operator: x}]}\n");
    assert_eq!(loaded(&source).inventory.units[0].sites[0].shared_operator, None);
}

#[test]
fn circles_of_any_length_are_told_once() {
    let mut units = String::new();
    for n in 0..2000 {
        writeln!(units, "  - {{id: u-{n}, name: U, kind: xa, parent: u-{}}}", (n + 1) % 2000).unwrap();
    }
    let mistakes = load(&with_units(&units)).unwrap_err();
    assert_eq!(mistakes.count(), 1);
    assert!(mistakes.to_string().ends_with("`parent` leads in a circle: 2000 units"), "{mistakes}");
    let chain = units.replace("parent: u-0", "contact: none");
    assert_eq!(loaded(&with_units(&chain)).inventory.units.len(), 2000);
}

#[test]
fn a_whole_country_loads_quickly_and_thousands_of_mistakes_do_too() {
    let (mut good, mut bad) = (String::new(), String::new());
    for n in 0..5000 {
        write!(
            good,
            "  - id: xa-{n}\n    name: \"UBND xã số {n}\"\n    kind: xa\n    level: 2\n    sites:\n"
        )
        .unwrap();
        write!(bad, "  - id: xa-{n}\n    name: X\n    kind: xa\n    parent: xb-{n}\n    sites:\n").unwrap();
        for s in 0..4 {
            writeln!(good, "      - {{host: s{s}.xa{n}.tinhmau.example, shared_operator: xa-0}}").unwrap();
            writeln!(bad, "      - {{host: 10.0.0.{s}, shared_operator: xc-{n}}}").unwrap();
        }
    }
    let (good, bad) = (with_units(&good), with_units(&bad));
    let start = Instant::now();
    let inventory = loaded(&good).inventory;
    let took = start.elapsed();
    assert_eq!((inventory.units.len(), inventory.sites().count()), (5000, 20_000));
    let start = Instant::now();
    let mistakes = load(&bad).unwrap_err();
    let took_bad = start.elapsed();
    println!("5,000 units, 20,000 sites: {took:?}; the same with 45,000 mistakes: {took_bad:?}");
    assert_eq!(mistakes.count(), 45_000);
    // Unoptimised and on a busy machine; optimised it is a tenth of a second.
    assert!(took < Duration::from_secs(30) && took_bad < Duration::from_secs(30), "{took:?} {took_bad:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// However the example is cut, doubled and scribbled on, there is an answer, and its mistakes lie in the text.
    #[test]
    fn mutated_files_get_an_answer(
        edits in prop::collection::vec(
            (any::<prop::sample::Index>(), 0..40_usize, r"|\n|\t|  |- |: |[\[\]{}'&*!|>@#,]|\PC{0,6}|xa-an-mau|2026-02-30|null|0|\u{0}|\u{202e}"),
            1..6,
        )
    ) {
        let mut text: Vec<char> = EXAMPLE.chars().collect();
        for (place, cut, put) in edits {
            let start = place.index(text.len() + 1);
            let end = (start + cut).min(text.len());
            text.splice(start..end, put.chars());
        }
        let source = Source::new("t", text.into_iter().collect::<String>());
        if let Err(mistakes) = load(&source) {
            prop_assert!(mistakes.iter().next().is_some());
            for mistake in &mistakes {
                let at = mistake.at();
                prop_assert!(source.text().get(at.offset..at.offset + at.len).is_some(), "{mistake}");
                let steers = mistake.to_string().contains(['\n', '\u{202e}', '\0']);
                prop_assert!(!steers, "{:?}", mistake);
            }
        }
    }
}
