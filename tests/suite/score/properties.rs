//! What holds in every world.

use khien::report::{Report, UnitCard};
use khien::rule::{Owner, Verdict};
use khien::score::{Bracket, Exact, Item, exact_base, fold, items, points_lost};
use proptest::prelude::*;

use super::random::{Options, world};
use super::world::{V, World};

const ANY: Options = Options { own: false, weights: true };

/// Every site and rule of a world for which a condition holds, one of them chosen.
fn choose(world: &World, index: usize, wanted: impl Fn(&V) -> bool) -> Option<(String, String)> {
    let all: Vec<_> = (world.seen.iter())
        .flat_map(|(host, seen)| seen.verdicts.iter().map(move |(rule, verdict)| (host, rule, verdict)))
        .filter(|(_, _, verdict)| wanted(verdict))
        .collect();
    let (host, rule, _) = all.get(index.checked_rem(all.len())?)?;
    Some(((*host).clone(), (*rule).clone()))
}

/// The unit that is charged for a rule at a site.
fn payer(world: &World, host: &str, rule: &str) -> String {
    let owner = world.rules.iter().find(|r| r.id.as_str() == rule).unwrap().owner;
    let (unit, place) = (world.roster.units.iter())
        .find_map(|unit| Some((unit, unit.sites.iter().find(|place| place.site.host == host)?)))
        .unwrap();
    match owner {
        Owner::Address => place.shared_operator.clone(),
        Owner::Zone => place.zone.as_ref().map(|zone| zone.operator.clone()),
        Owner::Site | Owner::Mx => None,
    }
    .unwrap_or(unit.id.clone())
}

type Numbers = (Option<u8>, Option<u8>, Option<u8>, Option<u8>);

fn numbers(score: Option<u8>, base: Option<u8>, bracket: Option<Bracket>) -> Numbers {
    (score, base, bracket.map(|b| b.0), bracket.map(|b| b.1))
}

fn unit_numbers(report: &Report) -> Vec<Numbers> {
    report.units.iter().map(|unit| numbers(unit.score, unit.base, unit.bracket)).collect()
}

fn site_numbers(report: &Report) -> Vec<Numbers> {
    let sites = report.units.iter().flat_map(|unit| &unit.sites);
    sites.map(|site| numbers(site.score, site.base, site.bracket)).collect()
}

fn not_lower(before: Numbers, after: Numbers) -> bool {
    // The failure was all that was known, and the same rule could not be tested on another site of the server.
    if after.0.is_none() && after.2.is_some() {
        return before.1.unwrap_or(0) == 0 && before.2 <= after.2 && before.3 <= after.3;
    }
    before.0 <= after.0 && before.1 <= after.1 && before.2 <= after.2 && before.3 <= after.3
}

fn site_items(world: &World, host: &str) -> Vec<Item> {
    let book = world.book();
    fold(items(&world.findings(host), |rule| book.terms(rule), &world.method()).unwrap())
}

/// A unit's card without the orders that are only for the eye.
fn plain(mut unit: UnitCard) -> UnitCard {
    unit.sites.sort_by(|a, b| a.host.cmp(&b.host));
    for site in &mut unit.sites {
        crate::golden::change(site, |cards| cards.sort_by(|a, b| a.finding.rule.cmp(&b.finding.rule)));
    }
    unit.groups.iter_mut().for_each(|group| group.sites.sort());
    unit.fix_plan.iter_mut().flat_map(|step| &mut step.rules).for_each(|rule| rule.sites.sort());
    unit
}

proptest! {
    #[test]
    fn scores_lie_in_their_brackets(world in world(ANY)) {
        let report = world.report();
        for (score, base, low, high) in unit_numbers(&report).into_iter().chain(site_numbers(&report)) {
            prop_assert!(low.is_some() == high.is_some() && (score.is_none() || low.is_some()));
            prop_assert!(low <= high && high <= Some(100));
            if score.is_some() {
                prop_assert!(low <= score && score <= high && score <= base, "{:?}", (score, base, low, high));
            }
        }
        for group in report.units.iter().flat_map(|unit| &unit.groups) {
            if let (Some(score), Some(Bracket(low, high))) = (group.score, group.bracket) {
                prop_assert!(low <= score && score <= high);
            }
        }
    }

    #[test]
    fn a_fix_never_lowers_anything(world in world(ANY), index: usize) {
        let before = world.report();
        let Some((host, rule)) = choose(&world, index, |v| matches!(v, V::Fail | V::Waived)) else { return Ok(()) };
        let mut fixed = world.clone();
        fixed.set(&host, &rule, V::Pass);
        let after = fixed.report();
        for (before, after) in unit_numbers(&before).into_iter().zip(unit_numbers(&after)) {
            prop_assert!(not_lower(before, after), "{before:?} {after:?}");
        }
        for (before, after) in site_numbers(&before).into_iter().zip(site_numbers(&after)) {
            prop_assert!(not_lower(before, after), "{before:?} {after:?}");
        }
        let payer = payer(&world, &host, &rule);
        let rank = |report: &Report| report.units.iter().find(|unit| unit.id == payer).unwrap().rank;
        prop_assert_eq!(rank(&before).is_some(), rank(&after).is_some());
        // A pass below a failed parent, which rules never make, is in doubt: the fix then frees another unit's too.
        let others = |report: &Report| {
            let others = report.units.iter().filter(|unit| unit.id != payer);
            others.map(|unit| numbers(unit.score, unit.base, unit.bracket)).collect::<Vec<_>>()
        };
        prop_assert!(rank(&after) <= rank(&before) || others(&before) != others(&after));
    }

    #[test]
    fn hiding_never_raises_the_lower_end(world in world(ANY), index: usize) {
        let before = world.report();
        let Some((host, rule)) = choose(&world, index, |v| *v != V::Inconclusive) else { return Ok(()) };
        let mut hidden = world.clone();
        hidden.set(&host, &rule, V::Inconclusive);
        let after = hidden.report();
        let pairs = unit_numbers(&before).into_iter().zip(unit_numbers(&after));
        for (before, after) in pairs.chain(site_numbers(&before).into_iter().zip(site_numbers(&after))) {
            prop_assert!(before.2.is_none() || after.2.is_some());
            prop_assert!(before.2.is_none() || after.2 <= before.2, "{before:?} {after:?}");
        }
    }

    #[test]
    fn shutting_the_scanner_out_never_raises_the_lower_end(world in world(Options { own: true, ..ANY }), index: usize) {
        let Some((host, _)) = choose(&world, index, |_| true) else { return Ok(()) };
        let mut hidden = world.clone();
        hidden.seen.remove(&host);
        let (before, after) = (world.report(), hidden.report());
        prop_assert!(!after.run.complete);
        for (before, after) in unit_numbers(&before).into_iter().zip(unit_numbers(&after)) {
            prop_assert!(before.2.is_none() || after.2.is_some() && after.2 <= before.2);
        }
    }

    #[test]
    fn something_weak_is_never_below_nothing(
        world in world(Options { own: true, ..ANY }), index: usize, weak: bool,
    ) {
        let parent = world.rules[index % world.rules.len()].id.to_string();
        let book = world.book();
        let below: Vec<String> = (world.rules.iter())
            .filter(|r| book.terms(&r.id).unwrap().ancestors.iter().any(|a| a.as_str() == parent))
            .map(|r| r.id.to_string())
            .collect();
        let with = |verdict: &V, children: &V| {
            let mut world = world.clone();
            for host in world.seen.keys().cloned().collect::<Vec<_>>() {
                world.set(&host, &parent, verdict.clone());
                for child in &below {
                    world.set(&host, child, children.clone());
                }
            }
            world.report()
        };
        let nothing = with(&V::Fail, &V::Lost(parent.clone()));
        let something = with(&V::Pass, if weak { &V::Fail } else { &V::Pass });
        for (nothing, something) in site_numbers(&nothing).into_iter().zip(site_numbers(&something)) {
            prop_assert!(nothing.0 <= something.0 && nothing.1 <= something.1);
        }
        for (nothing, something) in unit_numbers(&nothing).into_iter().zip(unit_numbers(&something)) {
            prop_assert!(nothing.0 <= something.0 && nothing.1 <= something.1);
        }
    }

    #[test]
    fn order_does_not_matter(world in world(ANY), rotation: usize) {
        let mut turned = world.clone();
        let turn = |n: usize| rotation.checked_rem(n).unwrap_or(0);
        let n = turn(turned.rules.len());
        turned.rules.rotate_left(n);
        turned.rules.reverse();
        for unit in &mut turned.roster.units {
            unit.sites.reverse();
        }
        let n = turn(turned.roster.units.len());
        turned.roster.units.rotate_left(n);
        let mut reports = turned.site_reports();
        reports.reverse();
        let other = khien::report::assemble(reports, &turned.roster, &turned.book(), &turned.method(), super::world::run());
        let sorted = |report: Report| {
            let mut units: Vec<_> = report.units.into_iter().map(plain).collect();
            units.sort_by(|a, b| a.id.cmp(&b.id));
            units
        };
        prop_assert_eq!(sorted(world.report()), sorted(other.unwrap()));
    }

    #[test]
    fn size_does_not_matter(world in world(ANY)) {
        let mut twice = world.clone();
        for unit in &mut twice.roster.units {
            for mut place in unit.sites.clone() {
                let seen = twice.seen.get(&place.site.host).cloned();
                place.site.host = format!("again-{}", place.site.host);
                twice.seen.extend(seen.map(|seen| (place.site.host.clone(), seen)));
                unit.sites.push(place);
            }
        }
        // Servers and zones are the same ones; sites are there twice, so only units without the former compare.
        for (one, two) in world.report().units.iter().zip(twice.report().units) {
            if one.groups.iter().all(|group| group.kind == khien::report::GroupKind::Site) {
                prop_assert_eq!(
                    (one.score, one.base, one.bracket, &one.grade, one.coverage.percent, &one.points_lost),
                    (two.score, two.base, two.bracket, &two.grade, two.coverage.percent, &two.points_lost)
                );
            }
        }
    }

    #[test]
    fn perfect_is_100_under_any_weights(world in world(ANY)) {
        let mut perfect = world.clone();
        for seen in perfect.seen.values_mut() {
            seen.verdicts.values_mut().for_each(|v| if *v != V::NotApplicable { *v = V::Pass });
        }
        for (score, base, low, high) in site_numbers(&perfect.report()) {
            for number in [score, base, low, high].into_iter().flatten() {
                prop_assert_eq!(number, 100);
            }
        }
    }

    #[test]
    fn points_lost_and_the_base_make_100(world in world(ANY)) {
        let method = world.method();
        for host in world.seen.keys() {
            let items = site_items(&world, host);
            let Some(mut sum) = exact_base(&items, &method) else { continue };
            for points in points_lost(&items, &method).values() {
                sum.add_scaled(points, 1, 1);
            }
            let mut whole = Exact::default();
            whole.add(100, 1);
            prop_assert_eq!(sum, whole);
        }
    }

    #[test]
    fn a_waiver_changes_no_score(world in world(ANY)) {
        let mut unwaived = world.clone();
        for verdict in unwaived.seen.values_mut().flat_map(|seen| seen.verdicts.values_mut()) {
            if *verdict == V::Waived {
                *verdict = V::Fail;
            }
        }
        let (with, without) = (world.report(), unwaived.report());
        prop_assert_eq!(unit_numbers(&with), unit_numbers(&without));
        prop_assert_eq!(site_numbers(&with), site_numbers(&without));
        for (with, without) in with.units.iter().zip(&without.units) {
            prop_assert_eq!(
                (with.rank, with.coverage, with.criticals, &with.points_lost, &with.fix_plan, with.sites_without_high),
                (without.rank, without.coverage, without.criticals, &without.points_lost, &without.fix_plan, without.sites_without_high)
            );
            prop_assert!(without.score_with_waivers.is_none());
        }
    }

    #[test]
    fn every_finding_is_on_the_card_and_charged_once(world in world(ANY)) {
        let report = world.report();
        for unit in &report.units {
            for site in unit.sites.iter().filter(|site| site.untested.is_none()) {
                prop_assert_eq!(site.findings.len(), world.rules.len());
                for card in &site.findings {
                    let expected = payer(&world, &site.host, card.finding.rule.as_str());
                    prop_assert_eq!(card.charged_to.as_deref().unwrap_or(&unit.id), expected.as_str());
                }
            }
            // What a unit loses points for fails somewhere it answers for.
            for lost in unit.points_lost.iter().filter(|lost| lost.points.0 > 0) {
                let mut findings = report.units.iter().flat_map(|u| &u.sites).flat_map(|site| &site.findings);
                let explained = findings.any(|card| {
                    let fails = card.finding.rule == lost.rule && card.finding.verdict == Verdict::Fail;
                    fails || card.finding.parent.as_ref() == Some(&lost.rule)
                });
                prop_assert!(explained);
            }
        }
    }

    #[test]
    fn the_plan_keeps_its_promises(world in world(ANY)) {
        let world = World { seen: World::new(world.rules.clone(), world.roster.units.clone()).seen.into_iter().chain(world.seen.clone()).collect(), ..world };
        for unit in world.report().units {
            let mut fixed = world.clone();
            let mut last = unit.score;
            prop_assert!(unit.fix_plan.len() <= khien::score::MAX_STEPS);
            for step in &unit.fix_plan {
                let group = unit.groups.iter().find(|group| (group.kind, &group.name) == (step.kind, &step.name));
                for rule in &step.rules {
                    prop_assert!(!rule.sites.is_empty());
                    // Done to the server or zone as a whole, also where it could not be tested.
                    for site in &group.unwrap().sites {
                        let Some(seen) = fixed.seen.get_mut(site) else { continue };
                        let verdict = seen.verdicts.get_mut(rule.rule.as_str()).unwrap();
                        if matches!(verdict, V::Fail | V::Waived | V::Inconclusive) {
                            *verdict = V::Pass;
                        }
                    }
                }
                let now = fixed.unit(&unit.id);
                prop_assert_eq!((now.score, &now.grade), (Some(step.score), &step.grade));
                prop_assert_eq!(last.map(|last| last + step.gain), now.score);
                last = now.score;
            }
            prop_assert!(fixed.unit(&unit.id).fix_plan.is_empty() || unit.fix_plan.len() == khien::score::MAX_STEPS);
        }
    }
}
