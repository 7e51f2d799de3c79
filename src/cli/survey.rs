//! One scan of an inventory: what `scan` and `demo` share. Chooses the sites, sets the network up, probes.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;

use super::{
    Failed, Screen, inventory,
    options::Network,
    outcome::{About, Judge, Output},
    probing::{Job, probe},
};
use crate::{
    observation::Vantage,
    report::{Roster, SiteReport},
    scan::Plan,
    target::{Host, Inventory, UnitId},
};

/// Which part of an inventory.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Choice {
    /// Only the sites of this unit
    #[arg(long, value_name = "ID")]
    unit: Option<String>,
    /// Only this site
    #[arg(long, value_name = "HOST")]
    site: Option<String>,
}

/// A scan that is about to begin.
pub(super) struct Survey {
    inventory: Arc<Inventory>,
    /// Where the inventory stands: file names in it are meant from there.
    folder: PathBuf,
    at: Timestamp,
    plan: Plan,
    roster: Roster,
}

/// What a scan brought.
pub(super) struct Surveyed {
    pub(super) sites: Vec<SiteReport>,
    pub(super) roster: Roster,
    pub(super) about: About,
}

impl Survey {
    pub(super) fn new(
        inventory: Inventory,
        folder: &Path,
        at: Timestamp,
        choice: &Choice,
    ) -> Result<Self, Failed> {
        let unit = choice.unit(&inventory)?;
        let host = choice.host(&inventory)?;
        let plan = Plan::of_inventory(&inventory, at, unit.as_ref(), host.as_ref());
        if plan.targets.is_empty() {
            return Err(Failed::usage(
                "no site to scan: every unit is without one, gone, or excluded",
                "add sites to the inventory, or leave --unit and --site out",
            ));
        }
        let mut roster = Roster::new(&inventory, at);
        if unit.is_some() || host.is_some() {
            restrict(&mut roster, &plan);
        }
        Ok(Self { inventory: Arc::new(inventory), folder: folder.to_owned(), at, plan, roster })
    }

    pub(super) fn run(
        self,
        network: &Network,
        judge: &Judge,
        output: &Output,
        screen: &mut Screen<'_>,
    ) -> Result<Surveyed, Failed> {
        let Self { inventory, folder, at, plan, roster } = self;
        let lab = &inventory.lab;
        let vantage = Vantage { name: inventory.vantage.name.clone(), inside: inventory.vantage.inside };
        let known = Arc::clone(&inventory);
        let mut scan = network.scan_options(vantage.clone(), network.trust(lab, &folder)?, move |host| {
            Host::parse(host)
                .is_ok_and(|host| known.is_inventoried(&host) && known.excluded(&host, at).is_none())
        });
        scan.at = at;
        scan.resolve_pinned |= lab.resolver.is_some();
        let unpinned = || inventory.sites().any(|(_, site)| lab.target(&site.host, site.port).is_none());
        let job = Job {
            needs_resolver: scan.resolve_pinned || unpinned(),
            options: network.options(
                lab,
                &folder,
                inventory.allow_private,
                inventory.lead_agency.reference(),
            ),
            plan,
            scan,
        };
        let done = probe(job, judge, output, network, screen)?;
        let about = About { started_at: at, vantage, complete: done.complete };
        Ok(Surveyed { sites: done.sites, roster, about })
    }
}

impl Choice {
    fn unit(&self, inventory: &Inventory) -> Result<Option<UnitId>, Failed> {
        let Some(text) = &self.unit else { return Ok(None) };
        let known = inventory.units.iter().map(|unit| unit.id.as_str());
        match inventory.units.iter().find(|unit| unit.id.as_str() == text) {
            Some(unit) => Ok(Some(unit.id.clone())),
            None => Err(inventory::unknown("unit", text, known)),
        }
    }

    fn host(&self, inventory: &Inventory) -> Result<Option<Host>, Failed> {
        let Some(text) = &self.site else { return Ok(None) };
        let known = inventory.sites().map(|(_, site)| site.host.as_str());
        let parsed = Host::parse(text).ok();
        match inventory.sites().find(|(_, site)| Some(&site.host) == parsed.as_ref()) {
            Some((_, site)) => Ok(Some(site.host.clone())),
            None => Err(inventory::unknown("site", text, known)),
        }
    }
}

/// Leaves only what is scanned in the roster.
fn restrict(roster: &mut Roster, plan: &Plan) {
    let planned: HashSet<_> = plan.targets.iter().map(|t| &t.site).collect();
    for unit in &mut roster.units {
        unit.sites.retain(|place| planned.contains(&place.site));
    }
    // whoever runs a scanned site's server or zone stays: findings are charged to them
    let needed: HashSet<String> = roster
        .units
        .iter()
        .flat_map(|unit| unit.sites.iter().map(move |place| (unit, place)))
        .flat_map(|(unit, place)| {
            [
                Some(unit.id.clone()),
                place.shared_operator.clone(),
                place.zone.as_ref().map(|z| z.operator.clone()),
            ]
        })
        .flatten()
        .collect();
    roster.units.retain(|unit| needed.contains(&unit.id));
}
