//! The report as every output reads it and as JSON prints it (`khien.report/1`): one shape, no twin per format.
//! Additions do not change the version; nothing is renamed or removed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::findings::{FindingCard, Findings};
use crate::observation::{Suspect, Vantage};
use crate::rule::{Category, Reason, RuleId, Server, Severity, Text};
use crate::score::{Bracket, CategoryScore, Coverage, Exact, Grade, Standing};

use super::book::RuleEntry;
use super::past::{PreviousRun, TrendPoint};
use super::roster::Authorisation;
use super::shared_key::SharedKey;
use super::sheet_card::TlsSheet;
use crate::target::{Block, Importance, UnitKind};

/// The version of this shape.
pub const SCHEMA: &str = "khien.report/1";

/// What one run found, judged and scored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// `khien.report/1`.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// The run.
    pub run: Run,
    /// How it was scored.
    pub method: MethodCard,
    /// Name of the province.
    pub province: String,
    /// Name of the agency that runs the scans.
    pub lead_agency: String,
    /// The document that permitted the scan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorisation: Option<Authorisation>,
    /// The complete run before this one; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousRun>,
    /// The blocks that have units, in order. Units are never compared across blocks.
    pub blocks: Vec<BlockCard>,
    /// Every unit, in the order of the inventory.
    pub units: Vec<UnitCard>,
    /// One cause behind findings on several sites, worst first.
    pub causes: Vec<Cause>,
    /// Keys of certificates that sites of several units share, those of most units first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared_keys: Vec<SharedKey>,
    /// The rules, by id.
    pub rules: Vec<RuleEntry>,
}

/// One run of the scanner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Its id.
    pub id: String,
    /// When it began (RFC 3339).
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub started_at: Timestamp,
    /// When it ended (RFC 3339).
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub finished_at: Timestamp,
    /// From where it looked.
    pub vantage: Vantage,
    /// With what.
    pub scanner: Scanner,
    /// The scanner's own check failed: changes since the last run mean nothing.
    pub degraded: bool,
    /// Every site was looked at.
    pub complete: bool,
}

/// The program that scanned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Scanner {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// How verdicts became points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MethodCard {
    /// Version of the method.
    pub version: String,
    /// Hash of the rule set.
    pub rules_hash: String,
    /// The profile the rules were loaded under.
    pub profile: Option<String>,
    /// Share of tested weight, in percent, below which there is no grade.
    pub minimum_coverage: u8,
    /// The scale, best first.
    pub grades: Vec<Grade>,
    /// What weighs how much; absent in reports of before it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Weights>,
}

/// What weighs how much in a score.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Weights {
    /// Points of a required rule, by how bad its failure is.
    pub severity: BTreeMap<Severity, u16>,
    /// Categories within a site.
    pub category: BTreeMap<Category, u16>,
}

/// A block of units that are ranked among each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlockCard {
    /// Which one.
    pub block: Block,
    /// How many units are in it.
    pub units: u32,
    /// How many of them have a rank.
    pub ranked: u32,
    /// Mean score of those, to one decimal; null without any.
    pub average: Option<Tenths>,
    /// The same in the previous run, where that may be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_average: Option<Tenths>,
}

/// A unit: its score, its rank, what to do first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitCard {
    /// Stable id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: UnitKind,
    /// The block it is ranked in; null for a one-off check.
    pub block: Option<Block>,
    /// How it stands in the ranking.
    pub status: Standing,
    /// The same in words.
    pub status_word: Text,
    /// Its rank in the block; equal values share one.
    pub rank: Option<u32>,
    /// Mean of what it answers for; null where nothing was decided.
    pub score: Option<u8>,
    /// The same without caps.
    pub base: Option<u8>,
    /// Lowest and highest score it could have; null where nothing applies.
    pub bracket: Option<Bracket>,
    /// Points since the previous run; absent where the two may not be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<i16>,
    /// Its scores in earlier runs, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trend: Vec<TrendPoint>,
    /// The score with waived failures left out; absent where none is waived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score_with_waivers: Option<u8>,
    /// The grade's letter; null where too little was tested.
    pub grade: Option<String>,
    /// The grade in words, or that there is too little data for one.
    pub grade_word: Text,
    /// How much could be tested.
    pub coverage: Coverage,
    /// Failed critical rules that it answers for.
    pub criticals: u32,
    /// Its site with the lowest score.
    pub worst_site: Option<WorstSite>,
    /// How many of its tested sites have no failure that is critical or high.
    pub sites_without_high: Share,
    /// Points of its base that each failed rule costs, most first.
    pub points_lost: Vec<PointsLost>,
    /// What it answers for; its score is their mean.
    pub groups: Vec<GroupCard>,
    /// What to do, in this order.
    pub fix_plan: Vec<FixStep>,
    /// Its sites, in the order of the inventory.
    pub sites: Vec<SiteCard>,
}

/// The site with the lowest score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorstSite {
    /// Host name.
    pub host: String,
    /// Logical port.
    pub port: u16,
    /// Its score.
    pub score: u8,
}

/// Some of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Share {
    /// So many
    pub count: u32,
    /// of so many.
    pub of: u32,
}

/// What a unit answers for as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GroupCard {
    /// What it is.
    pub kind: GroupKind,
    /// Its name: the site, the addresses, the zone.
    pub name: String,
    /// The sites in it, of whatever unit.
    pub sites: Vec<String>,
    /// Its weight in the mean.
    pub weight: u16,
    /// Its score from what is charged to this unit.
    pub score: Option<u8>,
    /// The same without caps.
    pub base: Option<u8>,
    /// Lowest and highest score it could have.
    pub bracket: Option<Bracket>,
    /// How much could be tested.
    pub coverage: Coverage,
    /// Caps of failed rules, lowest first.
    pub caps: Vec<CapCard>,
}

/// What a unit can answer for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroupKind {
    /// A site of its own.
    Site,
    /// A server it runs for others.
    Server,
    /// A zone it runs.
    Zone,
}

/// A cap of a failed rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CapCard {
    /// The rule.
    pub rule: RuleId,
    /// The score it allows.
    pub cap: u8,
    /// Whether this is what holds the score down.
    pub binding: bool,
    /// Why there is such a cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// What a failed rule costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PointsLost {
    /// The rule.
    pub rule: RuleId,
    /// Points of the base, what is lost with it included.
    pub points: Tenths,
}

/// Software that a site names by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductCard {
    /// Its name.
    pub name: String,
    /// What the guess rests on.
    pub evidence: String,
}

/// One step of a fix plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FixStep {
    /// What it is done to.
    pub kind: GroupKind,
    /// The name of that.
    pub name: String,
    /// What to fix; several only where they lift a cap together.
    pub rules: Vec<FixRule>,
    /// How long it takes.
    pub minutes: u32,
    /// The cap it lifts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifts_cap: Option<u8>,
    /// Points of the unit's score gained: the difference to the step before.
    pub gain: u8,
    /// Points of the unit's base gained.
    pub base_gain: Tenths,
    /// The unit's score after this step.
    pub score: u8,
    /// The unit's grade after this step.
    pub grade: Option<String>,
    /// Whether this step changes the grade.
    pub changes_grade: bool,
}

/// A rule of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FixRule {
    /// The rule.
    pub rule: RuleId,
    /// Where it fails.
    pub sites: Vec<String>,
}

/// A site: what a citizen meets there, whoever answers for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SiteCard {
    /// Host name.
    pub host: String,
    /// Logical port.
    pub port: u16,
    /// How much it matters within its unit.
    pub importance: Importance,
    /// When it was observed; absent when it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub at: Option<Timestamp>,
    /// Why there is no result at all; absent when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untested: Option<Reason>,
    /// The addresses it was looked at.
    pub addresses: Vec<String>,
    /// What it calls itself in its `Server` field; absent where it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The server software whose steps fit it, as far as it names itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software: Option<Server>,
    /// Further software whose steps fit it, behind that one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub behind: Vec<Server>,
    /// Software that it names by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<ProductCard>,
    /// Pages that look planted, for a human to look at: judged by nothing, without points.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspicions: Vec<Suspect>,
    /// When the first of its certificates runs out (RFC 3339); absent where none was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub certificate_expires: Option<Timestamp>,
    /// Its score; null where nothing was decided.
    pub score: Option<u8>,
    /// The same without caps.
    pub base: Option<u8>,
    /// Lowest and highest score it could have; null where nothing applies.
    pub bracket: Option<Bracket>,
    /// The score with waived failures left out; absent where none is waived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score_with_waivers: Option<u8>,
    /// The grade's letter; null where too little was tested.
    pub grade: Option<String>,
    /// The grade in words, or that there is too little data for one.
    pub grade_word: Text,
    /// How much could be tested.
    pub coverage: Coverage,
    /// Its categories.
    pub categories: Vec<CategoryScore>,
    /// Caps of failed rules, lowest first.
    pub caps: Vec<CapCard>,
    /// Points of its base that each failed rule costs, most first.
    pub points_lost: Vec<PointsLost>,
    /// Every finding, in the order of the rules.
    #[schemars(with = "Vec<FindingCard>")]
    pub findings: Findings,
    /// Its TLS for an expert; absent where nobody asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_sheet: Option<TlsSheet>,
}

/// One cause behind the same finding on several sites.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cause {
    /// The failed rule.
    pub rule: RuleId,
    /// How bad its failure is.
    pub severity: Severity,
    /// What the sites share.
    pub kind: CauseKind,
    /// Which one.
    pub value: String,
    /// The sites.
    pub sites: Vec<String>,
    /// The units of the sites, by id.
    pub units: Vec<String>,
    /// How long the one fix takes.
    pub minutes: u32,
}

/// What sites can share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CauseKind {
    /// A certificate, by SHA-256.
    Certificate,
    /// A DNS zone.
    Zone,
    /// Whoever runs the server, by unit id.
    Operator,
    /// An address.
    Address,
}

/// A number with one decimal, kept whole; in JSON a number such as `3.4`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, JsonSchema)]
pub struct Tenths(#[schemars(with = "f64")] pub u32);

impl From<&Exact> for Tenths {
    fn from(exact: &Exact) -> Self {
        Self(exact.round(10))
    }
}

impl Serialize for Tenths {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / 10.0)
    }
}

impl<'de> Deserialize<'de> for Tenths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)? * 10.0;
        if !(0.0..=f64::from(u32::MAX)).contains(&value.round()) {
            return Err(serde::de::Error::custom("expected a number from 0 with one decimal"));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was checked")]
        Ok(Self(value.round() as u32))
    }
}
