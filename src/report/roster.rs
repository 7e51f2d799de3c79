//! Who is charged for what: the part of an inventory that a report needs, with every reference resolved. A one-off
//! check, where there is no inventory, has a roster of one unit.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::observation::SiteName;
use crate::target::{self, Block, Importance, Inventory, Site, Unit, UnitKind};

/// The units, their sites, and who runs what they stand on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// Name of the province.
    pub province: String,
    /// Name of the agency that runs the scans.
    pub lead_agency: String,
    /// The document that permits the scan.
    pub authorisation: Option<Authorisation>,
    /// Every unit, in the order of the report.
    pub units: Vec<Member>,
}

/// A unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its stable id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What kind of unit it is.
    pub kind: UnitKind,
    /// The block it is ranked in; none for a one-off check.
    pub block: Option<Block>,
    /// Its sites; may be none.
    pub sites: Vec<Place>,
}

/// A site of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its name.
    pub site: SiteName,
    /// How much it matters.
    pub importance: Importance,
    /// The unit that runs the shared server it stands on, by id.
    pub shared_operator: Option<String>,
    /// The zone of the inventory it lies in.
    pub zone: Option<RunZone>,
    /// It was asked to be left alone.
    pub excluded: bool,
}

/// A zone and who runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunZone {
    /// Its name.
    pub name: String,
    /// The unit that runs it, by id.
    pub operator: String,
}

/// The document that permits the scan, as reports copy it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Authorisation {
    /// What it is called.
    pub document: String,
    /// Its number and sign.
    pub number: String,
    /// Its date.
    #[schemars(with = "String", extend("format" = "date"))]
    pub date: Date,
    /// Who issued it.
    pub body: String,
    /// The last day it holds.
    #[schemars(with = "String", extend("format" = "date"))]
    pub expires: Date,
}

impl Roster {
    /// The units of an inventory that exist at a time, with the sites that are not excluded then.
    pub fn new(inventory: &Inventory, at: Timestamp) -> Self {
        let exists = |unit: &&Unit| unit.validity.contains(at);
        Self {
            province: inventory.province.name.clone(),
            lead_agency: inventory.lead_agency.name.clone(),
            authorisation: inventory.authorisation.as_ref().map(Authorisation::from),
            units: inventory.units.iter().filter(exists).map(|unit| member(inventory, unit, at)).collect(),
        }
    }

    /// One unit that answers for all of its sites: for a check of sites outside an inventory.
    pub fn one(name: &str, sites: impl IntoIterator<Item = SiteName>) -> Self {
        let place = |site| Place {
            site,
            importance: Importance::Normal,
            shared_operator: None,
            zone: None,
            excluded: false,
        };
        let unit = Member {
            id: "check".to_owned(),
            name: name.to_owned(),
            kind: UnitKind::Khac,
            block: None,
            sites: sites.into_iter().map(place).collect(),
        };
        Self { units: vec![unit], ..Self::default() }
    }
}

fn member(inventory: &Inventory, unit: &Unit, at: Timestamp) -> Member {
    Member {
        id: unit.id.as_str().to_owned(),
        name: unit.name.clone(),
        kind: unit.kind,
        block: Some(unit.block),
        sites: unit.sites.iter().map(|site| place(inventory, site, at)).collect(),
    }
}

fn place(inventory: &Inventory, site: &Site, at: Timestamp) -> Place {
    // A unit that is no more pays for nothing; its successor does.
    let operator = |id: &target::UnitId| {
        let mut unit = inventory.unit(id);
        while let Some(gone) = unit.filter(|unit| !unit.validity.contains(at)) {
            unit = gone.successor.as_ref().and_then(|next| inventory.unit(next));
        }
        unit.map(|unit| unit.id.as_str().to_owned())
    };
    let zone = inventory.zone_of(&site.host);
    Place {
        site: SiteName { host: site.host.as_str().to_owned(), port: site.port },
        importance: site.importance,
        shared_operator: site.shared_operator.as_ref().and_then(operator),
        zone: zone.and_then(|zone| {
            Some(RunZone { name: zone.zone.as_str().to_owned(), operator: operator(&zone.operator)? })
        }),
        excluded: inventory.excluded(&site.host, at).is_some(),
    }
}

impl From<&target::Authorisation> for Authorisation {
    fn from(authorisation: &target::Authorisation) -> Self {
        let target::Authorisation { document, number, date, body, expires, .. } = authorisation;
        Self {
            document: document.clone(),
            number: number.clone(),
            date: *date,
            body: body.clone(),
            expires: *expires,
        }
    }
}
