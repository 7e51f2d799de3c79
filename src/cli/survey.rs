//! One scan of an inventory: what `scan` and `demo` share. Chooses the sites, sets the network up, probes.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;
use tokio::runtime::Runtime;

use super::{
    Failed, Screen,
    canary::{self, Sick},
    inventory,
    options::Network,
    outcome::{About, Judge, Output},
    probing::{Job, Listening, probe},
};
use crate::{
    observation::{SiteName, Vantage},
    report::{Roster, Sites},
    scan::Plan,
    target::{Host, Inventory, Scope, UnitId},
};

/// Which part of an inventory.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Choice {
    /// Chỉ các trang của đơn vị này (mã `id` trong danh mục) · Only the sites of this unit (its id in the inventory)
    #[arg(long, value_name = "ID")]
    unit: Option<String>,
    /// Chỉ trang có tên miền này · Only the site with this name
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
    partial: bool,
    roster: Roster,
}

/// What a scan brought.
pub(super) struct Surveyed {
    pub(super) sites: Sites,
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
                (
                    "không có trang nào để kiểm tra: các đơn vị chưa khai báo trang, đã thôi hoạt động, hoặc trang được loại trừ",
                    "no site to scan: every unit is without one, gone, or excluded",
                ),
                (
                    "bổ sung trang vào danh mục, hoặc bỏ --unit và --site",
                    "add sites to the inventory, or leave --unit and --site out",
                ),
            ));
        }
        let mut roster = Roster::new(&inventory, at);
        let partial = unit.is_some() || host.is_some();
        if partial {
            let sites: Vec<SiteName> = plan.targets.iter().map(|target| target.site.clone()).collect();
            restrict(&mut roster, &sites);
        }
        Ok(Self { inventory: Arc::new(inventory), folder: folder.to_owned(), at, plan, partial, roster })
    }

    pub(super) fn province(&self) -> &str {
        &self.inventory.province.name
    }

    pub(super) fn at(&self) -> Timestamp {
        self.at
    }

    pub(super) fn vantage(&self) -> Vantage {
        let vantage = &self.inventory.vantage;
        Vantage { name: vantage.name.clone(), inside: vantage.inside }
    }

    /// Whether only a part of the inventory was asked for.
    pub(super) fn is_partial(&self) -> bool {
        self.partial
    }

    /// The sites that will be looked at.
    pub(super) fn sites(&self) -> Vec<SiteName> {
        self.plan.targets.iter().map(|target| target.site.clone()).collect()
    }

    /// The units the report will have.
    pub(super) fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Checks resolver and scanner before the run; what is wrong with them, where something is.
    pub(super) fn canary(&self, network: &Network, runtime: &Runtime) -> Result<Option<Sick>, Failed> {
        let lab = &self.inventory.lab;
        let needs_names = lab.resolver.is_some() || network.names_a_resolver() || self.looks_names_up();
        let contact = self.inventory.lead_agency.reference();
        let options = network.options(lab, &self.folder, self.inventory.allow_private, contact);
        runtime.block_on(canary::check(needs_names.then_some(options)))
    }

    /// Whether any site has to be looked up: all but those whose address the lab table gives.
    fn looks_names_up(&self) -> bool {
        let lab = &self.inventory.lab;
        self.inventory.sites().any(|(_, site)| lab.target(&site.host, site.port).is_none())
    }

    /// Leaves only these to be looked at.
    pub(super) fn retain(&mut self, pending: &[SiteName]) {
        let pending: HashSet<&SiteName> = pending.iter().collect();
        self.plan.targets.retain(|target| pending.contains(&target.site));
    }

    pub(super) fn run(
        self,
        network: &Network,
        judge: &Judge,
        output: &Output,
        earlier: Sites,
        listening: Listening<'_>,
        screen: &mut Screen<'_>,
    ) -> Result<Surveyed, Failed> {
        let vantage = self.vantage();
        let looks_names_up = self.looks_names_up();
        let Self { inventory, folder, at, plan, roster, .. } = self;
        let lab = &inventory.lab;
        let known = Arc::clone(&inventory);
        let mut scan = network.scan_options(vantage.clone(), network.trust(lab, &folder)?, move |host| {
            Host::parse(host)
                .is_ok_and(|host| known.is_inventoried(&host) && known.excluded(&host, at).is_none())
        });
        scan.at = at;
        scan.resolve_pinned |= lab.resolver.is_some();
        let contact = inventory.lead_agency.reference();
        let mut options = network.options(lab, &folder, inventory.allow_private, contact);
        // the document alone decides: who runs the scan need not ask for it
        options.impersonate =
            inventory.authorisation.as_ref().is_some_and(|document| document.allows(Scope::Impersonation));
        let needs_resolver = scan.resolve_pinned || looks_names_up;
        let job = Job { plan, options, needs_resolver, scan, earlier };
        let id = listening.keeper.map(|keeper| keeper.id().to_owned());
        let done = probe(job, judge, output, listening, screen)?;
        let about =
            About { id, started_at: at, vantage, complete: done.complete, degraded: listening.degraded };
        Ok(Surveyed { sites: done.sites, roster, about })
    }
}

impl Choice {
    pub(super) fn of(unit: Option<String>, site: Option<String>) -> Self {
        Self { unit, site }
    }

    /// Leaves the chosen part of a roster.
    pub(super) fn roster(&self, mut roster: Roster, inventory: &Inventory) -> Result<Roster, Failed> {
        let (unit, host) = (self.unit(inventory)?, self.host(inventory)?);
        if unit.is_none() && host.is_none() {
            return Ok(roster);
        }
        for member in &mut roster.units {
            let chosen = unit.as_ref().is_none_or(|unit| unit.as_str() == member.id);
            member
                .sites
                .retain(|place| chosen && host.as_ref().is_none_or(|host| host.as_str() == place.site.host));
        }
        let sites: Vec<SiteName> =
            roster.units.iter().flat_map(|unit| &unit.sites).map(|place| place.site.clone()).collect();
        restrict(&mut roster, &sites);
        Ok(roster)
    }

    fn unit(&self, inventory: &Inventory) -> Result<Option<UnitId>, Failed> {
        let Some(text) = &self.unit else { return Ok(None) };
        let known = inventory.units.iter().map(|unit| unit.id.as_str());
        match inventory.units.iter().find(|unit| unit.id.as_str() == text) {
            Some(unit) => Ok(Some(unit.id.clone())),
            None => Err(inventory::unknown_unit(text, known)),
        }
    }

    fn host(&self, inventory: &Inventory) -> Result<Option<Host>, Failed> {
        let Some(text) = &self.site else { return Ok(None) };
        let known = inventory.sites().map(|(_, site)| site.host.as_str());
        let parsed = Host::parse(text).ok();
        match inventory.sites().find(|(_, site)| Some(&site.host) == parsed.as_ref()) {
            Some((_, site)) => Ok(Some(site.host.clone())),
            None => Err(inventory::unknown_site(text, known)),
        }
    }
}

/// Leaves only what is scanned in the roster.
fn restrict(roster: &mut Roster, sites: &[SiteName]) {
    let planned: HashSet<&SiteName> = sites.iter().collect();
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
