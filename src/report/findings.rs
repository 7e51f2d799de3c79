//! The findings of one site, kept small while a run of thousands of sites is in memory: what sites share is there once,
//! evidence and dates are deflated until somebody reads them. Judges nothing.

use std::sync::Arc;

use jiff::Timestamp;
use miniz_oxide::{deflate::compress_to_vec, inflate::decompress_to_vec};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::pool::Pool;
use crate::rule::{Evidence, Finding, Owner};

/// A finding and who answers for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingCard {
    /// The finding.
    #[serde(flatten)]
    pub finding: Arc<Finding>,
    /// The unit it is charged to, where that is not the site's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub charged_to: Option<Arc<str>>,
}

/// Every finding of a site, in the order of the rules. Walking them makes each whole again; [`Findings::outlines`] costs
/// nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    outlines: Box<[Arc<Finding>]>,
    /// What is charged to another unit, by place.
    charged: Charged,
    /// [`Detail`]s in the order of their places: JSON, deflated; empty without any.
    details: Box<[u8]>,
}

/// Units, each with the places of what it is charged for.
type Charged = Box<[(Arc<str>, Box<[u16]>)]>;

/// What few sites share of a finding.
#[derive(Debug, Serialize, Deserialize)]
struct Detail {
    place: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_seen: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    as_of: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<Evidence>,
}

impl Findings {
    /// Keeps findings, sharing with those that came before what they have in common with them.
    pub(super) fn keep(findings: Vec<Arc<Finding>>, pool: &mut Pool) -> Self {
        let mut details = Vec::new();
        let outline = |(place, mut finding): (usize, Arc<Finding>)| {
            if finding.first_seen.is_some() || finding.as_of.is_some() || !finding.evidence.is_empty() {
                // anew, so that it takes no more than it needs, away from all that judging left behind
                let mut own = Finding::clone(&finding);
                details.push(Detail {
                    place: number(place),
                    first_seen: own.first_seen.take(),
                    as_of: own.as_of.take(),
                    evidence: std::mem::take(&mut own.evidence),
                });
                finding = Arc::new(own);
            }
            pool.share(finding)
        };
        let outlines = findings.into_iter().enumerate().map(outline).collect();
        let details = if details.is_empty() { Vec::new() } else { deflated(&details) };
        Self { outlines, charged: Box::default(), details: details.into() }
    }

    /// Writes down who answers for them, by whose fault they are; nothing where that is the site's own unit.
    pub(super) fn charge<'u>(&mut self, payer: impl Fn(Owner) -> Option<&'u str>) {
        let payers: Vec<Option<&str>> = self.outlines.iter().map(|outline| payer(outline.owner)).collect();
        self.charged = charged(&payers);
    }

    /// What each rule came to, without evidence and dates.
    pub fn outlines(&self) -> &[Arc<Finding>] {
        &self.outlines
    }

    /// What each rule came to, with the unit it is charged to where that is not the site's own.
    pub fn charges(&self) -> impl Iterator<Item = (&Finding, Option<&str>)> {
        self.outlines.iter().zip(self.payers()).map(|(outline, payer)| (&**outline, payer.map(|id| &**id)))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.outlines.len()
    }

    /// Whether there are none: the site was not looked at.
    pub fn is_empty(&self) -> bool {
        self.outlines.is_empty()
    }

    /// Every finding, whole.
    pub fn iter(&self) -> impl Iterator<Item = FindingCard> + use<'_> {
        let mut details = self.details().into_iter().peekable();
        self.outlines.iter().zip(self.payers()).enumerate().map(move |(place, (outline, payer))| {
            let mut finding = Arc::clone(outline);
            if let Some(detail) = details.next_if(|detail| usize::from(detail.place) == place) {
                let finding = Arc::make_mut(&mut finding);
                finding.first_seen = detail.first_seen;
                finding.as_of = detail.as_of;
                finding.evidence = detail.evidence;
            }
            FindingCard { finding, charged_to: payer.cloned() }
        })
    }

    fn payers(&self) -> Vec<Option<&Arc<str>>> {
        let mut payers = vec![None; self.outlines.len()];
        for (payer, places) in &self.charged {
            for place in places {
                if let Some(there) = payers.get_mut(usize::from(*place)) {
                    *there = Some(payer);
                }
            }
        }
        payers
    }

    fn details(&self) -> Vec<Detail> {
        // what was written here is read here: neither can fail
        let json = decompress_to_vec(&self.details).unwrap_or_default();
        serde_json::from_slice(&json).unwrap_or_default()
    }
}

fn deflated(details: &[Detail]) -> Vec<u8> {
    compress_to_vec(&serde_json::to_vec(details).unwrap_or_default(), 1)
}

fn charged(payers: &[Option<&str>]) -> Charged {
    let mut names: Vec<&str> = payers.iter().flatten().copied().collect();
    names.sort_unstable();
    names.dedup();
    let places =
        |name| (0..).zip(payers).filter(|(_, payer)| **payer == Some(name)).map(|(n, _)| n).collect();
    names.into_iter().map(|name| (name.into(), places(name))).collect()
}

/// There are some hundred rules.
fn number(place: usize) -> u16 {
    u16::try_from(place).unwrap_or(u16::MAX)
}

impl From<Vec<FindingCard>> for Findings {
    fn from(cards: Vec<FindingCard>) -> Self {
        let payers: Vec<Option<&str>> = cards.iter().map(|card| card.charged_to.as_deref()).collect();
        let charged = charged(&payers);
        let findings = cards.into_iter().map(|card| card.finding).collect();
        Self { charged, ..Self::keep(findings, &mut Pool::default()) }
    }
}

impl IntoIterator for &Findings {
    type Item = FindingCard;
    type IntoIter = std::vec::IntoIter<FindingCard>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter().collect::<Vec<_>>().into_iter()
    }
}

impl Serialize for Findings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Findings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<FindingCard>::deserialize(deserializer).map(Self::from)
    }
}
