//! Random worlds: rules with `after`, inventories with shared servers and zones, any verdicts.

use khien::report::RuleEntry;
use khien::rule::{Category, Level, Owner, Severity};
use khien::target::Importance;
use proptest::prelude::*;

use super::world::{Seen, V, World, id, in_zone, on_server_of, rule, site, unit};

/// Which properties of a world are left to chance.
#[derive(Clone, Copy)]
pub(crate) struct Options {
    /// Every rule is charged to the site's unit.
    pub(crate) own: bool,
    /// Weights of the method are any.
    pub(crate) weights: bool,
}

fn pick<T: Copy + std::fmt::Debug>(list: &'static [T]) -> impl Strategy<Value = T> {
    (0..list.len()).prop_map(move |index| list[index])
}

fn rules(options: Options) -> impl Strategy<Value = Vec<(RuleEntry, Option<u8>)>> {
    const OWNERS: &[Owner] = &[Owner::Site, Owner::Address, Owner::Zone, Owner::Mx];
    let levels = &[Level::Required, Level::Required, Level::Required, Level::Recommended];
    let one = (
        pick(Category::ALL),
        pick(Severity::ALL),
        pick(OWNERS),
        pick(levels),
        prop_oneof![3 => Just(None), 1 => Just(Some(49_u8)), 1 => Just(Some(79))],
        1_u32..600,
        any::<u16>(),
    );
    proptest::collection::vec(one, 1..8).prop_map(move |list| {
        let mut rules: Vec<(RuleEntry, Option<u8>)> = Vec::new();
        for (index, (category, severity, owner, level, cap, minutes, after)) in list.into_iter().enumerate() {
            let owner = if options.own { Owner::Site } else { owner };
            let mut entry = rule(&format!("r{index}"), category, severity, owner);
            entry.level = level;
            entry.minutes = minutes;
            let parents: Vec<usize> = (0..index).filter(|parent| after >> parent & 3 == 3).collect();
            entry.after = parents.iter().map(|parent| id(&format!("r{parent}"))).collect();
            // As a method must: a rule caps no lower than one it comes after, and that one scores.
            let scores = |e: &RuleEntry| e.level == Level::Required && e.severity != Severity::Info;
            let above = parents
                .iter()
                .map(|p| rules[*p].1.filter(|_| scores(&rules[*p].0)))
                .try_fold(0, |max, cap| Some(cap?.max(max)));
            let cap = cap.zip(above).map(|(cap, above): (u8, u8)| cap.max(above));
            rules.push((entry, cap));
        }
        rules
    })
}

type RandomSite = (u8, u8, u8, u8, Vec<u8>);

/// A world; some of its sites may not have been scanned.
pub(crate) fn world(options: Options) -> impl Strategy<Value = World> {
    let one_site =
        (any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>(), proptest::collection::vec(any::<u8>(), 8));
    let units = proptest::collection::vec(proptest::collection::vec(one_site, 0..4), 1..4);
    let weights = proptest::collection::vec(1_u16..=1000, 13);
    (rules(options), units, weights).prop_map(move |(rules, units, weights)| {
        let last = units.len() - 1;
        let operator = |byte: u8| format!("u{}", usize::from(byte) % (last + 1));
        let place = |unit: usize, index: usize, (server, zone, importance, ..): &RandomSite| {
            let mut place = site(&format!("s{unit}-{index}.example"));
            place.importance =
                [Importance::Low, Importance::Normal, Importance::High][usize::from(importance % 3)];
            if server % 2 == 0 {
                place = on_server_of(place, &operator(server / 2));
            }
            if zone % 2 == 0 {
                place = in_zone(place, &format!("z{}.example", zone % 3), &operator(zone % 3));
            }
            place
        };
        let members = (units.iter().enumerate())
            .map(|(u, sites)| {
                unit(&format!("u{u}"), sites.iter().enumerate().map(|(i, s)| place(u, i, s)).collect())
            })
            .collect();
        let (entries, caps): (Vec<_>, Vec<_>) = rules.into_iter().unzip();
        let mut world = World::new(entries, members);
        for (index, cap) in caps.iter().enumerate() {
            world.caps.extend(cap.map(|cap| (format!("r{index}"), cap)));
        }
        for (u, sites) in units.iter().enumerate() {
            for (i, (_, _, importance, address, verdicts)) in sites.iter().enumerate() {
                let host = format!("s{u}-{i}.example");
                if importance / 3 % 9 == 8 {
                    world.seen.remove(&host);
                    continue;
                }
                let verdicts =
                    world.rules.iter().zip(verdicts).map(|(rule, byte)| verdict(rule, *byte)).collect();
                let addresses = vec![format!("192.0.2.{}", address % 3)];
                world.seen.insert(host, Seen { addresses, verdicts, ..Seen::default() });
            }
        }
        if options.weights {
            world.method = Some(method(&weights));
        }
        world
    })
}

fn verdict(rule: &RuleEntry, byte: u8) -> (String, V) {
    let verdict = match (byte % 10, rule.after.first()) {
        (0..4, _) => V::Pass,
        (4..6, _) => V::Fail,
        (6, _) => V::Waived,
        (7, _) => V::Inconclusive,
        (8, Some(parent)) => V::Lost(parent.to_string()),
        _ => V::NotApplicable,
    };
    (rule.id.to_string(), verdict)
}

/// A method with these 13 weights.
pub(crate) fn method(w: &[u16]) -> String {
    let lines = [
        format!("severity: {{critical: {}, high: {}, medium: {}, low: {}, info: 0}}", w[0], w[1], w[2], w[3]),
        format!(
            "category: {{tls: {}, certificate: {}, http: {}, dns: {}, mail: {}, web: {}}}",
            w[4], w[5], w[6], w[7], w[8], w[9]
        ),
        format!("importance: {{high: {}, normal: {}, low: {}}}", w[10], w[11], w[12]),
    ];
    let kept = super::world::METHOD
        .lines()
        .filter(|line| !["severity:", "category:", "importance:"].iter().any(|key| line.starts_with(key)));
    kept.map(str::to_owned).chain(lines).collect::<Vec<_>>().join("\n")
}
