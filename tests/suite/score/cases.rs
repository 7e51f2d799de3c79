//! Single situations, with numbers reckoned by hand: mostly mistakes that other scoring systems made.

use std::sync::Arc;

use khien::observation::Document;
use khien::report::{AssembleError, Roster, RuleBook, SiteReport, assemble};
use khien::rule::{Category, Owner, Reason, RuleId, RuleSet, Severity};
use khien::score::{Bracket, Item, Method, Standing, State, score};
use khien::target::Block;

use super::world::{METHOD, V, World, id, in_zone, on_server_of, rule, run, site, unit};

fn tls(name: &str, severity: Severity) -> khien::report::RuleEntry {
    rule(name, Category::Tls, severity, Owner::Site)
}

fn one_site(rules: Vec<khien::report::RuleEntry>) -> World {
    World::new(rules, vec![unit("u", vec![site("a.example")])])
}

#[test]
fn internet_nl_99_for_a_perfect_result() {
    let method = Method::parse(khien::yaml::Source::new("m", METHOD)).unwrap();
    for max in [97, 161, 167, 193, 194, 195] {
        let item = |index: usize| Item {
            state: State::Pass,
            untested: false,
            ..Item::untested(&id(&format!("r{index}")), Category::Http, Severity::Low, 1, &method)
        };
        let mut items: Vec<Item> = (0..max).map(item).collect();
        assert_eq!(score(&items, &method).score, Some(100), "{max}");
        items[0].state = State::Fail;
        assert_eq!(score(&items, &method).score, u8::try_from(100 * (max - 1) / max).ok(), "{max}");
    }
}

#[test]
fn websecmap_a_high_does_not_leak_into_the_next_site() {
    let rules = vec![tls("r-high", Severity::High), tls("r-low", Severity::Low)];
    let mut world = World::new(rules, vec![unit("u", vec![site("a.example"), site("b.example")])]);
    world.set("a.example", "r-high", V::Fail);
    let unit = world.unit("u");
    assert_eq!(unit.sites.iter().map(|site| site.score).collect::<Vec<_>>(), [Some(14), Some(100)]);
    assert!(unit.sites[1].points_lost.is_empty() && unit.sites[1].caps.is_empty());
    assert_eq!((unit.sites_without_high.count, unit.sites_without_high.of), (1, 2));
    assert_eq!(unit.score, Some(57));
    let worst = unit.worst_site.unwrap();
    assert_eq!((worst.host.as_str(), worst.score), ("a.example", 14));
}

#[test]
fn websecmap_a_waived_failure_is_not_subtracted() {
    let mut world = one_site(vec![tls("r-a", Severity::High), tls("r-b", Severity::High)]);
    let failing = world.set("a.example", "r-a", V::Fail).site("a.example");
    let waived = world.set("a.example", "r-a", V::Waived).site("a.example");
    assert_eq!((failing.score, failing.score_with_waivers), (Some(50), None));
    assert_eq!((waived.score, waived.score_with_waivers), (Some(50), Some(100)));
    assert_eq!(world.unit("u").score_with_waivers, Some(100));
}

#[test]
fn websecmap_not_applicable_is_not_ok() {
    let mut world = one_site(vec![tls("r-a", Severity::High), tls("r-b", Severity::Low)]);
    world.set("a.example", "r-a", V::NotApplicable).set("a.example", "r-b", V::NotApplicable);
    let card = world.site("a.example");
    assert_eq!((card.score, card.base, card.bracket, card.grade.as_deref()), (None, None, None, None));
    assert_eq!((card.coverage.tested, card.coverage.applicable, card.coverage.percent), (0, 0, 0));
    assert_eq!((world.unit("u").score, world.unit("u").sites_without_high.of), (None, 0));
    world.set("a.example", "r-b", V::Fail);
    assert_eq!(world.site("a.example").score, Some(0), "r-a gives no credit");
}

#[test]
fn recommended_and_upcoming_rules_do_not_score() {
    let world = one_site(vec![tls("r-a", Severity::High), tls("r-b", Severity::High)]);
    let mut reports = world.site_reports();
    Arc::make_mut(&mut reports[0].findings[0]).verdict = khien::rule::Verdict::Fail;
    let score = |reports: Vec<SiteReport>| {
        let report = assemble(reports, &world.roster, &world.book(), &world.method(), run()).unwrap();
        (report.units[0].score, report.units[0].sites[0].findings.len())
    };
    assert_eq!(score(reports.clone()), (Some(50), 2));
    Arc::make_mut(&mut reports[0].findings[0]).upcoming = true;
    assert_eq!(score(reports.clone()), (Some(100), 2));
    Arc::make_mut(&mut reports[0].findings[0]).upcoming = false;
    Arc::make_mut(&mut reports[0].findings[0]).level = khien::rule::Level::Recommended;
    assert_eq!(score(reports), (Some(100), 2));
}

#[test]
fn only_listed_rules_cap() {
    let rules = || {
        let many = (0..9).map(|n| tls(&format!("r-{n}"), Severity::Critical));
        many.chain([tls("x-a", Severity::Low), tls("x-b", Severity::Low)]).collect::<Vec<_>>()
    };
    let mut world = one_site(rules());
    world.set("a.example", "x-a", V::Fail);
    assert_eq!((world.site("a.example").score, world.site("a.example").base), (Some(98), Some(98)));
    let world = world.cap("x-a", 79).cap("x-b", 49);
    let card = world.site("a.example");
    assert_eq!((card.score, card.base, card.grade.as_deref()), (Some(79), Some(98), Some("E")));
    let caps: Vec<_> = card.caps.iter().map(|cap| (cap.rule.as_str(), cap.cap, cap.binding)).collect();
    assert_eq!(caps, [("x-a", 79, true)]);
    assert_eq!(card.caps[0].reason.as_ref().unwrap().vi.as_ref(), "b");
    assert_eq!(card.points_lost[0].points.0, 11, "points lost are those of the base");
}

#[test]
fn the_bracket_counts_what_a_failure_would_take_along() {
    let mut rules: Vec<_> =
        ["p", "child", "grandchild", "none", "other"].map(|n| tls(n, Severity::High)).into();
    rules[1].after = vec![id("p")];
    rules[2].after = vec![id("child")];
    rules[3].after = vec![id("p")];
    let mut world = one_site(rules);
    world.set("a.example", "p", V::Inconclusive).set("a.example", "none", V::NotApplicable);
    let card = world.site("a.example");
    // Tested: child, grandchild, other, all right. Were p to fail, only `other` of five would have credit.
    assert_eq!((card.score, card.bracket), (Some(100), Some(Bracket(20, 100))));
    assert_eq!((card.coverage.percent, card.grade.as_deref()), (75, None));
    assert_eq!(card.grade_word.vi.as_ref(), "chưa đủ dữ liệu");
    let capped = world.cap("p", 9);
    assert_eq!(capped.site("a.example").bracket, Some(Bracket(9, 100)));
}

#[test]
fn four_fifths_of_the_weight_are_enough_for_a_grade() {
    let mut world = one_site((0..5).map(|n| tls(&format!("r-{n}"), Severity::High)).collect());
    world.set("a.example", "r-0", V::Inconclusive);
    let unit = world.unit("u");
    assert_eq!((unit.coverage.percent, unit.status, unit.rank), (80, Standing::Ranked, Some(1)));
    world.set("a.example", "r-1", V::Inconclusive);
    let unit = world.unit("u");
    assert_eq!((unit.coverage.percent, unit.status, unit.rank), (60, Standing::InsufficientData, None));
    assert_eq!((unit.score, unit.grade, unit.grade_word.en.as_ref()), (Some(100), None, "not enough data"));
}

#[test]
fn nothing_decided_is_unknown_and_not_zero() {
    let mut world = one_site(vec![tls("r-a", Severity::High)]);
    world.set("a.example", "r-a", V::Inconclusive);
    let unit = world.unit("u");
    assert_eq!((unit.score, unit.base, unit.bracket), (None, None, Some(Bracket(0, 100))));
    assert_eq!(
        (unit.status, unit.rank, unit.status_word.vi.as_ref()),
        (Standing::Untested, None, "không kiểm tra được")
    );
}

#[test]
fn a_shared_portal_is_charged_once_to_whoever_runs_it() {
    let portal = rule("r-portal", Category::Tls, Severity::High, Owner::Address);
    let own = rule("r-own", Category::Tls, Severity::High, Owner::Site);
    let tenants =
        ["a", "b", "c"].map(|name| unit(name, vec![on_server_of(site(&format!("{name}.example")), "op")]));
    let units =
        tenants.into_iter().chain([unit("op", vec![site("op.example")]), unit("x", vec![])]).collect();
    let mut world = World::new(vec![portal, own], units);
    for host in ["a.example", "b.example", "c.example"] {
        world.seen.get_mut(host).unwrap().addresses = vec!["192.0.2.9".into()];
        world.set(host, "r-portal", V::Fail);
    }
    let report = world.report();
    for tenant in &report.units[..3] {
        assert_eq!((tenant.score, tenant.sites[0].score, tenant.fix_plan.len()), (Some(100), Some(50), 0));
        let payers: Vec<_> = tenant.sites[0].findings.charges().map(|(_, payer)| payer).collect();
        assert_eq!(payers, [Some("op"), None]);
    }
    let operator = &report.units[3];
    let groups: Vec<_> = operator.groups.iter().map(|group| (group.name.as_str(), group.score)).collect();
    assert_eq!(groups, [("op.example", Some(100)), ("192.0.2.9", Some(0))]);
    assert_eq!((operator.score, operator.fix_plan.len()), (Some(50), 1));
    assert_eq!(operator.fix_plan[0].rules[0].sites, ["a.example", "b.example", "c.example"]);
    assert_eq!(operator.fix_plan[0].minutes, 15, "one server, one fix");
    let causes: Vec<_> =
        report.causes.iter().map(|cause| (cause.value.as_str(), cause.units.len())).collect();
    assert_eq!(causes, [("op", 3)]);
}

#[test]
fn a_zone_is_charged_to_whoever_runs_it() {
    let zone = rule("r-zone", Category::Dns, Severity::High, Owner::Zone);
    let sites = ["a.tinh.example", "b.tinh.example"];
    let units = vec![
        unit("a", vec![in_zone(site(sites[0]), "tinh.example", "op")]),
        unit("b", vec![site(sites[1])]),
        unit("op", vec![]),
    ];
    let mut world = World::new(vec![zone], units);
    for host in sites {
        world.set(host, "r-zone", V::Fail);
    }
    let report = world.report();
    let standing: Vec<_> = report.units.iter().map(|unit| (unit.status, unit.score)).collect();
    // Nobody is named for the second site's zone: its own unit is charged.
    assert_eq!(
        standing,
        [(Standing::Shared, None), (Standing::Ranked, Some(0)), (Standing::Ranked, Some(0))]
    );
}

#[test]
fn a_unit_without_sites_is_unknown() {
    let world = World::new(vec![tls("r-a", Severity::High)], vec![unit("u", vec![])]);
    let unit = world.unit("u");
    assert_eq!((unit.status, unit.score, unit.bracket, unit.rank), (Standing::NoSite, None, None, None));
    assert_eq!(unit.status_word.vi.as_ref(), "chưa khai báo trang nào");
}

#[test]
fn equal_units_share_a_rank_and_blocks_are_apart() {
    let rules: Vec<_> = (0..10).map(|n| tls(&format!("r-{n}"), Severity::High)).collect();
    let mut units: Vec<_> =
        ["a", "b", "c", "d", "e"].map(|u| unit(u, vec![site(&format!("{u}.example"))])).into();
    units[4].block = Some(Block::Xa);
    let mut world = World::new(rules, units);
    // a and b lose one rule each, c two, d hides one.
    world.set("a.example", "r-0", V::Fail).set("b.example", "r-1", V::Fail);
    world.set("c.example", "r-0", V::Fail).set("c.example", "r-1", V::Fail);
    world.set("d.example", "r-0", V::Inconclusive).set("d.example", "r-1", V::Inconclusive);
    let report = world.report();
    let ranks: Vec<_> = report.units.iter().map(|unit| unit.rank).collect();
    // d has 100 points of what was tested, and 80 for certain: before c by its base, behind a and b.
    assert_eq!(ranks, [Some(1), Some(1), Some(4), Some(3), Some(1)]);
    let blocks: Vec<_> = report.blocks.iter().map(|b| (b.block, b.ranked, b.average.unwrap().0)).collect();
    assert_eq!(blocks, [(Block::So, 4, 900), (Block::Xa, 1, 1000)]);
}

#[test]
fn a_site_that_was_not_scanned_is_listed_and_doubted() {
    let rules = vec![tls("r-a", Severity::High)];
    let mut world = World::new(rules, vec![unit("u", vec![site("a.example"), site("b.example")])]);
    world.seen.remove("b.example");
    let report = world.report();
    assert!(!report.run.complete);
    let unit = &report.units[0];
    assert_eq!((unit.score, unit.bracket, unit.coverage.percent), (Some(100), Some(Bracket(50, 100)), 50));
    assert_eq!((unit.sites[1].untested, unit.sites[1].score), (Some(Reason::Interrupted), None));
    world.roster.units[0].sites[1].excluded = true;
    let report = world.report();
    assert!(report.run.complete);
    let unit = &report.units[0];
    assert_eq!((unit.bracket, unit.sites[1].untested), (Some(Bracket(100, 100)), Some(Reason::Excluded)));
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let world = one_site(vec![tls("r-a", Severity::High)]);
    let try_with = |reports: Vec<SiteReport>, world: &World| {
        assemble(reports, &world.roster, &world.book(), &world.method(), run()).unwrap_err()
    };
    let report = world.site_reports().remove(0);
    assert_eq!(try_with(vec![report.clone(); 2], &world), AssembleError::JudgedTwice(report.site.clone()));
    let mut stranger = report.clone();
    stranger.site.port = 8443;
    let error = try_with(vec![stranger.clone()], &world);
    assert_eq!(error, AssembleError::UnknownSite(stranger.site));
    assert!(error.to_string().starts_with("a.example:8443 was judged"), "{error}");
    let mut unknown = report.clone();
    Arc::make_mut(&mut unknown.findings[0]).rule = id("r-unknown");
    let rule: RuleId = id("r-unknown");
    let expected = AssembleError::UnknownRule { site: report.site.clone(), rule };
    assert_eq!(try_with(vec![unknown], &world), expected);
    let mut twice = world.clone();
    twice.roster.units.push(unit("v", vec![site("a.example")]));
    assert!(matches!(twice.try_report(), Err(AssembleError::ListedTwice(_))));
    let mut twice = world.clone();
    twice.roster.units.push(unit("u", vec![]));
    assert!(matches!(twice.try_report(), Err(AssembleError::UnitTwice(_))));
    let mut nobody = world;
    nobody.roster.units[0].sites[0].shared_operator = Some("nobody".into());
    assert!(matches!(nobody.try_report(), Err(AssembleError::UnknownOperator { .. })));
}

#[test]
fn an_inventory_says_who_is_charged() {
    let text = include_str!("../../../targets.example.yaml");
    let loaded = khien::target::load(&khien::yaml::Source::new("targets.yaml", text)).unwrap();
    let roster = Roster::new(&loaded.inventory, run().started_at);
    assert_eq!(roster.province, "Tỉnh Mẫu");
    assert_eq!(roster.authorisation.as_ref().unwrap().number, "000/KH-UBND");
    let places = || roster.units.iter().flat_map(|unit| &unit.sites);
    assert!(places().any(|place| place.shared_operator.as_deref() == Some("cong-tinh")));
    assert!(places().any(|place| place.zone.is_some()));
    for id in
        places().flat_map(|p| p.shared_operator.iter().chain(p.zone.as_ref().map(|zone| &zone.operator)))
    {
        assert!(roster.units.iter().any(|unit| unit.id == *id), "{id}");
    }
    let report =
        assemble(vec![], &roster, &RuleBook::default(), &Method::built_in().unwrap(), run()).unwrap();
    assert_eq!(report.units.len(), roster.units.len());
    assert!(!report.run.complete);
}

#[test]
fn a_unit_that_was_merged_pays_through_its_successor() {
    let text = r#"
schema: khien.targets/1
province: {name: "Tỉnh Mẫu", domain: tinhmau.example}
lead_agency: {name: "Sở", contact: a@tinhmau.example}
units:
  - {id: old, name: "Cũ", kind: so, valid: {until: 2026-06-30}, successor: new, sites: [old.tinhmau.example]}
  - {id: new, name: "Mới", kind: so}
  - {id: xa, name: "Xã", kind: xa, sites: [{host: xa.tinhmau.example, shared_operator: old}]}
zones: [{zone: tinhmau.example, operator: old}]
"#;
    let loaded = khien::target::load(&khien::yaml::Source::new("t", text)).unwrap();
    let roster = Roster::new(&loaded.inventory, run().started_at);
    assert_eq!(roster.units.iter().map(|unit| unit.id.as_str()).collect::<Vec<_>>(), ["new", "xa"]);
    let place = &roster.units[1].sites[0];
    assert_eq!(place.shared_operator.as_deref(), Some("new"));
    assert_eq!(place.zone.as_ref().map(|zone| zone.operator.as_str()), Some("new"));
}

#[test]
fn a_document_is_judged_and_keeps_what_sites_share() {
    let document = serde_json::json!({
        "schema": "khien.observations/1",
        "site": {"host": "a.example", "port": 443},
        "at": "2026-11-24T02:10:00Z",
        "vantage": {"name": "ngoài", "inside": false},
        "dns": {"zone": "example"},
        "http": {"https_reachable": true},
        "endpoints": [
            {"address": "192.0.2.2", "certificate": {"leaf": {"sha256": "ff"}}},
            {"address": "192.0.2.1", "certificate": {"failed": {"refused": {}}}},
            {"address": "2001:db8::1", "certificate": {"leaf": {"sha256": "ff"}}},
        ],
    });
    let document = Document::parse(document.to_string().as_bytes()).unwrap();
    let rules = RuleSet::built_in().unwrap();
    let judged = khien::report::judge(&rules, &document);
    assert_eq!(judged.addresses, ["192.0.2.1", "192.0.2.2", "2001:db8::1"]);
    assert_eq!(
        (judged.certificates.as_slice(), judged.zone.as_deref()),
        (&["ff".to_owned()][..], Some("example"))
    );
    assert_eq!(judged.findings.len(), rules.rules().len());
    let book = RuleBook::of(&rules, None);
    let roster = Roster::one("a.example", [document.site().clone()]);
    let report = assemble(vec![judged], &roster, &book, &Method::built_in().unwrap(), run()).unwrap();
    assert_eq!(report.units[0].sites[0].findings.len(), rules.rules().len());
    assert_eq!((report.units[0].rank, report.blocks.len()), (None, 0), "a one-off check is ranked nowhere");
}

#[test]
fn a_rule_without_weight_does_not_cap() {
    let mut world =
        one_site(vec![tls("r-a", Severity::High), tls("r-info", Severity::Info)]).cap("r-info", 49);
    world.set("a.example", "r-info", V::Fail);
    let card = world.site("a.example");
    assert_eq!((card.score, card.bracket, card.caps.len()), (Some(100), Some(Bracket(100, 100)), 0));
}

#[test]
fn under_the_same_cap_the_base_ranks_and_then_fewer_criticals() {
    let mut rules: Vec<_> = (0..10).map(|n| tls(&format!("r-{n}"), Severity::High)).collect();
    rules.push(tls("cap", Severity::Low));
    rules.extend([
        tls("critical", Severity::Critical),
        tls("part-a", Severity::High),
        tls("part-b", Severity::Medium),
    ]);
    rules.push(tls("part-c", Severity::Low));
    let units = ["a", "b", "c"].map(|u| unit(u, vec![site(&format!("{u}.example"))])).into();
    let mut world = World::new(rules, units).cap("cap", 49);
    for host in ["a.example", "b.example", "c.example"] {
        world.set(host, "cap", V::Fail);
    }
    // b and c lose ten points each, b by one critical.
    world.set("b.example", "critical", V::Fail);
    for part in ["part-a", "part-b", "part-c"] {
        world.set("c.example", part, V::Fail);
    }
    let report = world.report();
    let card: Vec<_> =
        report.units.iter().map(|unit| (unit.score, unit.base, unit.criticals, unit.rank)).collect();
    let expected = [(98, 0, 1), (86, 1, 3), (86, 0, 2)];
    assert_eq!(card, expected.map(|(base, criticals, rank)| (Some(49), Some(base), criticals, Some(rank))));
}

#[test]
fn a_unit_to_which_nothing_applies_is_apart() {
    let mut world = one_site(vec![tls("r-a", Severity::High)]);
    world.set("a.example", "r-a", V::NotApplicable);
    let unit = world.unit("u");
    assert_eq!((unit.status, unit.score, unit.rank), (Standing::Shared, None, None));
}
