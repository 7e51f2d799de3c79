//! Who is charged for what: the part of an inventory that a report needs, with every reference resolved. Also made by
//! hand for a one-off check, where there is no inventory.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::observation::SiteName;

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
    pub kind: String,
    /// The block it is ranked in.
    pub block: String,
    /// Its sites.
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

/// How much a site counts within its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Importance {
    /// Less than others.
    Low,
    /// As others.
    Normal,
    /// More than others: services for citizens.
    High,
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
