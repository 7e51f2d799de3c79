//! Common causes: one certificate, zone, operator or address behind many findings.

use khien::report::CauseKind;
use khien::rule::{Category, Owner, Severity};

use super::world::{V, World, on_server_of, rule, site, unit};

fn hosts(n: usize) -> Vec<String> {
    (0..n).map(|n| format!("s{n}.example")).collect()
}

fn world(n: usize) -> World {
    let rules = vec![
        rule("cert", Category::Certificate, Severity::Critical, Owner::Address),
        rule("zone", Category::Dns, Severity::Medium, Owner::Zone),
        rule("head", Category::Http, Severity::Low, Owner::Site),
        rule("mx", Category::Mail, Severity::High, Owner::Mx),
    ];
    World::new(
        rules,
        hosts(n).iter().enumerate().map(|(n, host)| unit(&format!("u{n}"), vec![site(host)])).collect(),
    )
}

#[test]
fn four_units_one_cause() {
    let mut world = world(5);
    for host in &hosts(5)[..4] {
        world.seen.get_mut(host).unwrap().certificates = vec!["ab".repeat(32)];
        world.set(host, "cert", V::Fail);
    }
    world.set("s4.example", "cert", V::Fail);
    let causes = world.report().causes;
    assert_eq!(causes.len(), 1, "{causes:?}");
    assert_eq!((causes[0].kind, causes[0].value.len(), causes[0].minutes), (CauseKind::Certificate, 64, 15));
    assert_eq!((causes[0].units.len(), causes[0].sites.len()), (4, 4));
}

#[test]
fn a_key_on_sites_of_two_units_is_told() {
    let mut world = world(4);
    for (host, keys) in hosts(4).iter().zip([&["aa", "bb"][..], &["aa"], &["bb", "aa"], &["cc"]]) {
        world.seen.get_mut(host).unwrap().keys = keys.iter().map(ToString::to_string).collect();
    }
    let shared = world.report().shared_keys;
    let shared: Vec<_> =
        shared.iter().map(|key| (key.spki_sha256.as_str(), key.units.len(), key.sites.len())).collect();
    assert_eq!(shared, [("aa", 3, 3), ("bb", 2, 2)]);
}

#[test]
fn each_kind_has_its_own_tie() {
    let mut world = world(2);
    for host in hosts(2) {
        let seen = world.seen.get_mut(&host).unwrap();
        seen.addresses = vec!["192.0.2.7".into(), "2001:db8::7".into()];
        seen.zone = Some("tinh.example".into());
        seen.verdicts.values_mut().for_each(|verdict| *verdict = V::Fail);
    }
    let causes: Vec<_> =
        world.report().causes.into_iter().map(|c| (c.rule.to_string(), c.kind, c.value)).collect();
    // Different certificates are no common cause, nor does a web address say who runs the mail.
    assert_eq!(
        causes,
        [
            ("zone".to_owned(), CauseKind::Zone, "tinh.example".to_owned()),
            ("head".to_owned(), CauseKind::Address, "192.0.2.7".to_owned()),
        ]
    );
}

#[test]
fn no_finding_is_in_two_causes() {
    let mut world = world(5);
    for (index, host) in hosts(5).iter().enumerate() {
        let seen = world.seen.get_mut(host).unwrap();
        // s0–s2 share one address, s2–s4 another: the middle one goes to the first.
        seen.addresses =
            (0..2).filter(|a| index.abs_diff(1 + 2 * a) < 2).map(|a| format!("192.0.2.{a}")).collect();
        world.set(host, "head", V::Fail);
    }
    let causes = world.report().causes;
    let sites: Vec<Vec<String>> = causes.into_iter().map(|cause| cause.sites).collect();
    assert_eq!(sites, [vec!["s0.example", "s1.example", "s2.example"], vec!["s3.example", "s4.example"]]);
}

#[test]
fn an_operator_goes_before_an_address_that_covers_as_much() {
    let mut world = world(3);
    for (index, host) in hosts(3).iter().enumerate() {
        let place = &mut world.roster.units[index].sites[0];
        *place = on_server_of(place.clone(), "u0");
        world.seen.get_mut(host).unwrap().addresses = vec!["192.0.2.7".into()];
        world.set(host, "head", V::Fail);
    }
    let causes = world.report().causes;
    assert_eq!(
        causes.iter().map(|c| (c.kind, c.value.as_str())).collect::<Vec<_>>(),
        [(CauseKind::Operator, "u0")]
    );
    world.set("s0.example", "head", V::Pass).set("s1.example", "head", V::Pass);
    assert!(world.report().causes.is_empty(), "one site is no common cause");
}
