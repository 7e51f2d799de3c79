//! `khien scan [targets.yaml]`: every site of the inventory, judged, scored, ranked.

use std::path::{Path, PathBuf};

use super::{
    Exit, Failed, Screen, inventory,
    options::Network,
    outcome::{About, Output},
    probing::{Job, probe},
};
use crate::{
    observation,
    report::Roster,
    scan::Plan,
    target::{Host, Scope, UnitId},
};

/// Scan every site of an inventory and print the units' scorecards
#[derive(Debug, clap::Args)]
pub(super) struct Scan {
    /// The inventory
    #[arg(default_value = "targets.yaml", value_name = "TARGETS")]
    inventory: PathBuf,
    /// Only the sites of this unit
    #[arg(long, value_name = "ID")]
    unit: Option<String>,
    /// Only this site
    #[arg(long, value_name = "HOST")]
    site: Option<String>,
    /// Say nothing but errors and the document asked for with --out
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    network: Network,
    #[command(flatten)]
    output: Output,
}

impl Scan {
    pub(super) fn run(&self, screen: &mut Screen<'_>) -> Result<Exit, Failed> {
        let inventory = inventory::read(&self.inventory, screen)?;
        // the real clock: --now sets what observations carry, never whether we may scan
        let authorisation =
            inventory::authorised(&inventory, jiff::Timestamp::now(), &self.inventory, screen.lang)?;
        if self.network.intrusive && !authorisation.allows(Scope::Intrusive) {
            return Err(Failed::usage(
                format!("the authorisation {} does not cover abnormal probes", authorisation.number),
                "leave --intrusive out, or have `intrusive` written into the authorisation's scope",
            ));
        }
        let judge = self.output.judge()?;
        let at = self.network.now();
        let unit = self.chosen_unit(&inventory)?;
        let host = self.chosen_site(&inventory)?;
        let plan = Plan::of_inventory(&inventory, at, unit.as_ref(), host.as_ref());
        if plan.targets.is_empty() {
            return Err(Failed::usage(
                "no site to scan: every unit is without one, gone, or excluded",
                "add sites to the inventory, or leave --unit and --site out",
            ));
        }
        let folder = self.inventory.parent().unwrap_or(Path::new("."));
        let options = self.network.options(
            &inventory.lab,
            folder,
            inventory.allow_private,
            inventory.lead_agency.reference(),
        );
        let trust = self.network.trust(&inventory.lab, folder)?;
        let vantage =
            observation::Vantage { name: inventory.vantage.name.clone(), inside: inventory.vantage.inside };
        let mut roster = Roster::new(&inventory, at);
        restrict(&mut roster, &plan, unit.is_some() || host.is_some());
        let shared = std::sync::Arc::new(inventory);
        let known = std::sync::Arc::clone(&shared);
        let job = Job {
            plan,
            options,
            needs_resolver: shared.lab.resolver.is_some() || self.needs_names(&shared),
            scan: {
                let mut scan = self.network.scan_options(vantage.clone(), trust, move |host| {
                    Host::parse(host)
                        .is_ok_and(|host| known.is_inventoried(&host) && known.excluded(&host, at).is_none())
                });
                scan.resolve_pinned |= shared.lab.resolver.is_some();
                scan
            },
        };
        screen.quiet = self.quiet;
        let done = probe(job, &judge, &self.output, &self.network, screen)?;
        let about = About { started_at: at, vantage, complete: done.complete };
        if self.quiet {
            let mut nothing = std::io::sink();
            let mut silent = Screen { out: &mut nothing, err: &mut *screen.err, ..*screen };
            return self.output.report(&judge, done.sites, &roster, about, &mut silent);
        }
        self.output.report(&judge, done.sites, &roster, about, screen)
    }

    /// Whether any site has to be looked up: all but those whose address the lab table gives.
    fn needs_names(&self, inventory: &crate::target::Inventory) -> bool {
        self.network.names_a_resolver()
            || inventory.sites().any(|(_, site)| inventory.lab.target(&site.host, site.port).is_none())
    }

    fn chosen_unit(&self, inventory: &crate::target::Inventory) -> Result<Option<UnitId>, Failed> {
        let Some(text) = &self.unit else { return Ok(None) };
        let known = inventory.units.iter().map(|unit| unit.id.as_str());
        match inventory.units.iter().find(|unit| unit.id.as_str() == text) {
            Some(unit) => Ok(Some(unit.id.clone())),
            None => Err(inventory::unknown("unit", text, known)),
        }
    }

    fn chosen_site(&self, inventory: &crate::target::Inventory) -> Result<Option<Host>, Failed> {
        let Some(text) = &self.site else { return Ok(None) };
        let known = inventory.sites().map(|(_, site)| site.host.as_str());
        let parsed = Host::parse(text).ok();
        match inventory.sites().find(|(_, site)| Some(&site.host) == parsed.as_ref()) {
            Some((_, site)) => Ok(Some(site.host.clone())),
            None => Err(inventory::unknown("site", text, known)),
        }
    }
}

/// Leaves only what was scanned in the roster, where only a part was asked for.
fn restrict(roster: &mut Roster, plan: &Plan, partial: bool) {
    if !partial {
        return;
    }
    let planned: std::collections::HashSet<_> = plan.targets.iter().map(|t| &t.site).collect();
    for unit in &mut roster.units {
        unit.sites.retain(|place| planned.contains(&place.site));
    }
    // whoever runs a scanned site's server or zone stays: findings are charged to them
    let needed: std::collections::HashSet<String> = roster
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
