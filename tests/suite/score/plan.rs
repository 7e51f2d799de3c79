//! Fix plans: caps first and as one step, then points per minute.

use khien::report::{FixStep, RuleEntry};
use khien::rule::{Category, Owner, Severity};

use super::world::{V, World, id, rule, site, unit};

fn tls(name: &str, severity: Severity, minutes: u32) -> RuleEntry {
    RuleEntry { minutes, ..rule(name, Category::Tls, severity, Owner::Site) }
}

fn world(rules: Vec<RuleEntry>, failing: &[&str]) -> World {
    let rest = (0..10).map(|n| tls(&format!("ok-{n}"), Severity::Critical, 1));
    let rules = rules.into_iter().chain(rest).collect();
    let mut world = World::new(rules, vec![unit("u", vec![site("a.example")])]);
    for rule in failing {
        world.set("a.example", rule, V::Fail);
    }
    world
}

fn rules(step: &FixStep) -> Vec<&str> {
    step.rules.iter().map(|rule| rule.rule.as_str()).collect()
}

#[test]
fn two_highs_under_one_cap_are_one_step() {
    let highs = vec![tls("high-a", Severity::High, 20), tls("high-b", Severity::High, 30)];
    let mut world = world(highs, &["high-a", "high-b"]).cap("high-a", 79).cap("high-b", 79);
    let before = world.unit("u");
    assert_eq!((before.score, before.base), (Some(79), Some(89)));
    let [step] = &before.fix_plan[..] else { panic!("{:?}", before.fix_plan) };
    assert_eq!((rules(step), step.minutes, step.lifts_cap), (vec!["high-a", "high-b"], 50, Some(79)));
    assert_eq!(
        (step.gain, step.score, step.grade.as_deref(), step.changes_grade),
        (21, 100, Some("A"), true)
    );
    // Each alone gains nothing: the other still caps.
    for alone in ["high-a", "high-b"] {
        let mut fixed = world.clone();
        fixed.set("a.example", alone, V::Pass);
        assert_eq!(fixed.unit("u").score, Some(79));
    }
    world.set("a.example", "high-a", V::Pass).set("a.example", "high-b", V::Pass);
    assert_eq!(world.unit("u").score, Some(100));
}

#[test]
fn one_cap_may_hide_another() {
    let list =
        vec![tls("deep", Severity::Low, 5), tls("high", Severity::Low, 500), tls("plain", Severity::Low, 1)];
    let world = world(list, &["deep", "high", "plain"]).cap("deep", 49).cap("high", 79);
    let plan = world.unit("u").fix_plan;
    let steps: Vec<_> = plan.iter().map(|s| (rules(s), s.lifts_cap, s.gain, s.score)).collect();
    assert_eq!(
        steps,
        [(vec!["deep"], Some(49), 30, 79), (vec!["high"], Some(79), 20, 99), (vec!["plain"], None, 1, 100)]
    );
}

#[test]
fn single_fixes_go_by_points_per_minute() {
    let list = vec![
        tls("slow", Severity::High, 600),
        tls("quick", Severity::Low, 5),
        tls("same-b", Severity::Medium, 30),
        tls("same-a", Severity::Medium, 30),
    ];
    let world = world(list, &["slow", "quick", "same-a", "same-b"]);
    let order: Vec<_> = world.unit("u").fix_plan.iter().map(|step| rules(step)[0].to_owned()).collect();
    assert_eq!(order, ["quick", "same-a", "same-b", "slow"]);
    let same = world.unit("u").fix_plan;
    assert_eq!(same[1].base_gain, same[2].base_gain);
    assert_eq!(same[1].base_gain.0, 27, "3 of 113");
}

#[test]
fn what_is_lost_with_a_parent_is_not_promised() {
    let mut child = tls("child", Severity::High, 10);
    child.after = vec![id("parent")];
    let mut world = world(vec![tls("parent", Severity::High, 10), child], &["parent"]);
    world.set("a.example", "child", V::Lost("parent".into()));
    let unit = world.unit("u");
    assert_eq!(unit.score, Some(89));
    assert_eq!(unit.points_lost.len(), 1, "both are lost by the parent");
    assert_eq!((unit.points_lost[0].rule.as_str(), unit.points_lost[0].points.0), ("parent", 107));
    assert_eq!((unit.fix_plan.len(), unit.fix_plan[0].score, unit.fix_plan[0].base_gain.0), (1, 94, 54));
}

#[test]
fn a_plan_ends() {
    let list: Vec<_> = (0..80).map(|n| tls(&format!("bad-{n}"), Severity::Low, 1)).collect();
    let names: Vec<String> = (0..80).map(|n| format!("bad-{n}")).collect();
    let world = world(list, &names.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(world.unit("u").fix_plan.len(), khien::score::MAX_STEPS);
}

#[test]
fn a_base_that_rises_to_a_cap_is_capped_then() {
    // Base 60 under a cap of 79 that does not bind yet; after the first fix it would.
    let list = vec![tls("big", Severity::Critical, 1), tls("capping", Severity::Low, 400)];
    let mut world = World::new(
        list.into_iter().chain([tls("ok", Severity::Critical, 1)]).collect(),
        vec![unit("u", vec![site("a.example")])],
    )
    .cap("capping", 79);
    world.set("a.example", "big", V::Fail).set("a.example", "capping", V::Fail);
    let steps: Vec<_> =
        world.unit("u").fix_plan.iter().map(|s| (rules(s)[0].to_owned(), s.lifts_cap, s.score)).collect();
    assert_eq!(steps, [("big".to_owned(), None, 79), ("capping".to_owned(), Some(79), 100)]);
}

#[test]
fn caps_of_several_sites_go_by_points_per_minute() {
    let list = vec![tls("slow", Severity::Low, 500), tls("quick", Severity::Low, 10)];
    let rest = (0..10).map(|n| tls(&format!("ok-{n}"), Severity::Critical, 1));
    let sites = vec![site("a.example"), site("b.example")];
    let mut world = World::new(list.into_iter().chain(rest).collect(), vec![unit("u", sites)]);
    world.set("a.example", "slow", V::Fail).set("b.example", "quick", V::Fail);
    // The slow one gains 50 points, the quick one 20.
    let plan = world.cap("slow", 49).cap("quick", 79).unit("u").fix_plan;
    let steps: Vec<_> = plan.iter().map(|s| (s.name.as_str(), s.lifts_cap, s.score)).collect();
    assert_eq!(steps, [("b.example", Some(79), 74), ("a.example", Some(49), 100)]);
}
