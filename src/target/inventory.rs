//! The inventory as a whole and the questions others ask of it. Owns the look-ups; reading it is `load`.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Authorisation, Exclusion, Host, Lab, Site, Unit, UnitId};

/// Everything `targets.yaml` says. Made by [`load`](super::load) only: ids and sites are unique, references lead
/// somewhere, parents and successors form no circle.
#[derive(Clone, Debug)]
pub struct Inventory {
    /// The province.
    pub province: Province,
    /// Who runs the scans.
    pub lead_agency: LeadAgency,
    /// The permission; without one nothing is scanned.
    pub authorisation: Option<Authorisation>,
    /// Where the scanner stands.
    pub vantage: Vantage,
    /// Whether loopback, RFC 1918 and ULA addresses may be dialled.
    pub allow_private: bool,
    /// The agencies, in the order of the file.
    pub units: Vec<Unit>,
    /// DNS zones and who runs them.
    pub zones: Vec<Zone>,
    /// Hosts that are not to be scanned.
    pub exclusions: Vec<Exclusion>,
    /// Where to dial instead.
    pub lab: Lab,
    pub(super) index: Index,
}

/// A province.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Province {
    /// Its name in Vietnamese.
    pub name: String,
    /// Its domain.
    pub domain: Host,
}

/// The agency that runs the scans and answers for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadAgency {
    /// Its name in Vietnamese.
    pub name: String,
    /// E-mail address, printable ASCII: safe in a header.
    pub contact: String,
    /// A page about the scans, http(s), printable ASCII: safe in a header.
    pub url: Option<String>,
}

impl LeadAgency {
    /// What stands behind the `+` of the User-Agent: the page, or else `mailto:` and the contact.
    pub fn reference(&self) -> String {
        self.url.clone().unwrap_or_else(|| format!("mailto:{}", self.contact))
    }
}

/// Where the scanner stands; part of every observation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vantage {
    /// What the place is called.
    pub name: String,
    /// Whether it lies inside the agencies' own network: what is seen from there proves nothing about the public side.
    pub inside: bool,
}

impl Default for Vantage {
    fn default() -> Self {
        Self { name: "chưa khai báo".to_owned(), inside: false }
    }
}

/// A DNS zone and the unit that runs its name servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Zone {
    /// The apex.
    pub zone: Host,
    /// Who is charged for findings about the zone.
    pub operator: UnitId,
}

/// Where things stand in the lists.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    units: HashMap<UnitId, usize>,
    zones: HashMap<Host, usize>,
    hosts: HashSet<Host>,
    exclusions: HashMap<Host, Vec<usize>>,
}

impl Index {
    pub(super) fn new(units: &[Unit], zones: &[Zone], exclusions: &[Exclusion]) -> Self {
        let mut index = Self::default();
        for (at, unit) in units.iter().enumerate() {
            index.units.insert(unit.id.clone(), at);
            for site in &unit.sites {
                index.hosts.extend(site.twin());
                index.hosts.insert(site.host.clone());
            }
        }
        for (at, zone) in zones.iter().enumerate() {
            index.zones.insert(zone.zone.clone(), at);
        }
        for (at, exclusion) in exclusions.iter().enumerate() {
            for host in exclusion.host.www_twin().into_iter().chain([exclusion.host.clone()]) {
                index.exclusions.entry(host).or_default().push(at);
            }
        }
        index
    }
}

impl Inventory {
    /// The unit with this id.
    pub fn unit(&self, id: &UnitId) -> Option<&Unit> {
        self.units.get(*self.index.units.get(id)?)
    }

    /// Every site with its unit, in the order of the file.
    pub fn sites(&self) -> impl Iterator<Item = (&Unit, &Site)> {
        self.units.iter().flat_map(|unit| unit.sites.iter().map(move |site| (unit, site)))
    }

    /// The zone a host lies in: the longest listed one, on a label boundary.
    pub fn zone_of(&self, host: &Host) -> Option<&Zone> {
        let apex = std::iter::successors(Some(host.clone()), Host::parent)
            .find_map(|name| self.index.zones.get(&name));
        self.zones.get(*apex?)
    }

    /// Whether a host is a site's, or the `www.` twin of one: redirects may be followed there and nowhere else.
    pub fn is_inventoried(&self, host: &Host) -> bool {
        self.index.hosts.contains(host)
    }

    /// The exclusion that keeps a host (or its `www.` twin) from being scanned at `now`.
    pub fn excluded(&self, host: &Host, now: Timestamp) -> Option<&Exclusion> {
        let listed = self.index.exclusions.get(host)?;
        listed.iter().filter_map(|at| self.exclusions.get(*at)).find(|exclusion| exclusion.holds(now))
    }
}
