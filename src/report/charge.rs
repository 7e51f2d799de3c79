//! Who is charged: sorts the items of every site into what each unit answers for. Owns whose fault is whose, not what
//! it costs.

use std::{collections::BTreeMap, mem};

use crate::observation::SiteName;
use crate::rule::{Owner, RuleId};
use crate::score::{Group, Item, Method, State, fold};

use super::model::GroupKind;
use super::roster::{Member, Place};
use crate::target::Importance;

/// What a unit answers for as one, over the sites it comes from.
#[derive(Clone, Debug)]
pub(super) struct Charge {
    pub(super) kind: GroupKind,
    pub(super) name: String,
    importance: Importance,
    /// Its items, one per rule.
    items: Vec<Item>,
    sites: Vec<String>,
    failing: BTreeMap<RuleId, Vec<String>>,
}

/// The items of one site that score, each with its owner.
pub(super) type Owned = Vec<(Owner, Item)>;

impl Charge {
    fn new(kind: GroupKind, name: String, importance: Importance) -> Self {
        Self { kind, name, importance, items: Vec::new(), sites: Vec::new(), failing: BTreeMap::new() }
    }

    /// What a site's own unit answers for there; nothing where that is nothing.
    pub(super) fn of_site(unit: &Member, place: &Place, items: &Owned) -> Option<Self> {
        let own = |(owner, item): &(Owner, Item)| {
            (payer(unit, place, *owner).1 == GroupKind::Site).then(|| item.clone())
        };
        let items: Vec<Item> = items.iter().filter_map(own).collect();
        let mut charge = Self::new(GroupKind::Site, place.site.to_string(), place.importance);
        charge.add(&place.site, place.importance, items);
        (!charge.items.is_empty()).then_some(charge)
    }

    /// The group as the score takes it.
    pub(super) fn group(&self, method: &Method) -> Group {
        Group { importance: method.importance_weight(self.importance), items: self.items.clone() }
    }

    /// The sites it comes from.
    pub(super) fn sites(&self) -> &[String] {
        &self.sites
    }

    /// Where a rule fails.
    pub(super) fn failing(&self, rule: &RuleId) -> Vec<String> {
        self.failing.get(rule).cloned().unwrap_or_default()
    }

    /// Only what the sites come to together is kept: a zone may have thousands.
    fn add(&mut self, site: &SiteName, importance: Importance, items: Vec<Item>) {
        self.importance = self.importance.max(importance);
        self.sites.push(site.to_string());
        for item in items.iter().filter(|item| item.state == State::Fail) {
            self.failing.entry(item.rule.clone()).or_default().push(site.to_string());
        }
        self.items = fold(mem::take(&mut self.items).into_iter().chain(items));
    }
}

/// The unit that is charged for a finding about a site of `unit`, by id.
pub(super) fn payer<'a>(unit: &'a Member, place: &'a Place, owner: Owner) -> (&'a str, GroupKind) {
    match (owner, &place.shared_operator, &place.zone) {
        (Owner::Address, Some(operator), _) => (operator, GroupKind::Server),
        (Owner::Zone, _, Some(zone)) => (&zone.operator, GroupKind::Zone),
        _ => (&unit.id, GroupKind::Site),
    }
}

/// Sorts items into the charges for what sites share, collected site by site. What a site's own unit answers for is
/// [`Charge::of_site`], made when its card is.
#[derive(Debug, Default)]
pub(super) struct Ledger<'a>(BTreeMap<&'a str, BTreeMap<(GroupKind, String), Charge>>);

impl<'a> Ledger<'a> {
    /// Books the items of one site.
    pub(super) fn book(&mut self, unit: &'a Member, place: &'a Place, addresses: &[String], items: Owned) {
        let mut sorted: BTreeMap<(&'a str, GroupKind), Vec<Item>> = BTreeMap::new();
        for (owner, item) in items {
            sorted.entry(payer(unit, place, owner)).or_default().push(item);
        }
        for ((payer, kind), items) in sorted {
            let name = match (kind, &place.zone) {
                (GroupKind::Server, _) => addresses.join(" "),
                (GroupKind::Zone, Some(zone)) => zone.name.clone(),
                _ => continue,
            };
            let charges = self.0.entry(payer).or_default();
            let charge = charges
                .entry((kind, name.clone()))
                .or_insert_with(|| Charge::new(kind, name, place.importance));
            charge.add(&place.site, place.importance, items);
        }
    }

    /// The charges of a unit, by kind and name, with those for its own sites.
    pub(super) fn take(&mut self, unit: &str, own: Vec<Charge>) -> Vec<Charge> {
        let shared = self.0.remove(unit).unwrap_or_default();
        let mut charges: Vec<Charge> = shared.into_values().chain(own).collect();
        charges.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        charges
    }
}
