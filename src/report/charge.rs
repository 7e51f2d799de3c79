//! Who is charged: sorts the items of every site into what each unit answers for. Owns whose fault is whose, not what
//! it costs.

use std::collections::BTreeMap;

use crate::observation::SiteName;
use crate::rule::Owner;
use crate::score::{Group, Item, Method, State, fold};

use super::model::GroupKind;
use super::roster::{Member, Place};
use crate::target::Importance;

/// What a unit answers for as one, with the sites it comes from.
#[derive(Clone, Debug)]
pub(super) struct Charge {
    pub(super) kind: GroupKind,
    pub(super) name: String,
    pub(super) members: Vec<(SiteName, Vec<Item>)>,
    importance: Importance,
}

/// The items of one site that score, each with its owner.
pub(super) type Owned = Vec<(Owner, Item)>;

impl Charge {
    /// The group as the score takes it.
    pub(super) fn group(&self, method: &Method) -> Group {
        Group {
            importance: method.importance_weight(self.importance),
            items: fold(self.members.iter().flat_map(|(_, items)| items).cloned()),
        }
    }

    /// Where a rule fails.
    pub(super) fn failing(&self, rule: &crate::rule::RuleId) -> Vec<String> {
        let fails = |items: &[Item]| items.iter().any(|item| item.rule == *rule && item.state == State::Fail);
        self.members.iter().filter(|(_, items)| fails(items)).map(|(site, _)| site.to_string()).collect()
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

/// Sorts items into charges, collected site by site.
#[derive(Debug, Default)]
pub(super) struct Ledger<'a>(BTreeMap<&'a str, BTreeMap<(GroupKind, String), Charge>>);

impl<'a> Ledger<'a> {
    /// Books the items of one site.
    pub(super) fn book(&mut self, unit: &'a Member, place: &'a Place, addresses: &[String], items: Owned) {
        for (owner, item) in items {
            let (payer, kind) = payer(unit, place, owner);
            let name = match (kind, &place.zone) {
                (GroupKind::Server, _) => addresses.join(" "),
                (GroupKind::Zone, Some(zone)) => zone.name.clone(),
                _ => place.site.to_string(),
            };
            let charge = self.charge(payer, kind, name, place.importance);
            match charge.members.last_mut().filter(|(site, _)| *site == place.site) {
                Some((_, items)) => items.push(item),
                None => charge.members.push((place.site.clone(), vec![item])),
            }
        }
    }

    /// The charges of a unit, by kind and name.
    pub(super) fn of(&self, unit: &str) -> Vec<&Charge> {
        self.0.get(unit).map(|charges| charges.values().collect()).unwrap_or_default()
    }

    fn charge(
        &mut self,
        payer: &'a str,
        kind: GroupKind,
        name: String,
        importance: Importance,
    ) -> &mut Charge {
        let charges = self.0.entry(payer).or_default();
        let charge = charges.entry((kind, name.clone())).or_insert_with(|| Charge {
            kind,
            name,
            members: Vec::new(),
            importance,
        });
        charge.importance = charge.importance.max(importance);
        charge
    }
}
