//! What a report holds of sheets: as JSON prints them and pages show them. Made of sheets, makes nothing up.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Report,
    sheet::{Compared, Sheet, SheetEndpoint},
    sheet_fact::{SheetFact, overview, shared_key},
};
use crate::{
    client::Outcome,
    observation::{Protocol, SiteName},
    profile::{Missing, Subject, Told},
    rule::Text,
};

/// A site's TLS for an expert. Only in reports of which that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TlsSheet {
    /// Each of its addresses.
    pub endpoints: Vec<TlsSheetEndpoint>,
}

/// TLS at one address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TlsSheetEndpoint {
    /// The address.
    pub address: String,
    /// What was seen, in words.
    pub facts: Vec<SheetFact>,
    /// What each client would agree on; empty where the facts of TLS were not seen.
    pub clients: Vec<ClientCard>,
    /// How it compares with each guideline; empty where the facts of TLS were not seen.
    pub profiles: Vec<ProfileCard>,
}

/// What becomes of one client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClientCard {
    /// Its name.
    pub client: String,
    /// What they agree on, computed from what was seen.
    pub outcome: Outcome,
    /// The root that it lacks, where the chain ends there: it warns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_root: Option<String>,
}

/// How a server compares with one guideline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProfileCard {
    /// Its stable name.
    pub id: String,
    /// What it is called.
    pub title: Text,
    /// Which edition, as its publisher counts.
    pub edition: String,
    /// The level that the server has: the worst that was found.
    pub level: ProfileLevel,
    /// Whether that is the best there is.
    pub best: bool,
    /// What falls short of the best level, worst first.
    pub shortfalls: Vec<ShortfallCard>,
    /// What could not be compared: the true level may be worse.
    pub missing: Vec<Missing>,
}

/// A level of a guideline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProfileLevel {
    /// Its stable name.
    pub id: String,
    /// What it is called.
    pub word: Text,
}

/// One thing that falls short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShortfallCard {
    /// The level it has.
    pub level: ProfileLevel,
    /// What it is about.
    pub subject: Subject,
    /// Of suites: only in these versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<Protocol>,
    /// What was seen; of numbers the one seen, then the one wanted.
    pub told: Told,
}

/// Gives the sites of a report what is on their sheets. Keys that several of these sites share are told on each.
pub fn attach(report: &mut Report, sheets: &mut [Sheet]) {
    shared_keys(sheets);
    for site in report.units.iter_mut().flat_map(|unit| &mut unit.sites) {
        let of_site = |sheet: &&Sheet| (&sheet.site.host, sheet.site.port) == (&site.host, site.port);
        site.tls_sheet = sheets.iter().find(of_site).map(TlsSheet::of);
    }
}

fn shared_keys(sheets: &mut [Sheet]) {
    let keys: Vec<(SiteName, Vec<String>)> = sheets
        .iter()
        .map(|sheet| (sheet.site.clone(), sheet.endpoints.iter().flat_map(SheetEndpoint::keys).collect()))
        .collect();
    for sheet in sheets {
        for endpoint in &mut sheet.endpoints {
            let own: Vec<String> = endpoint.keys().collect();
            let others = keys.iter().filter(|(site, _)| *site != sheet.site);
            let others: Vec<String> = others
                .filter(|(_, theirs)| theirs.iter().any(|key| own.contains(key)))
                .map(|(site, _)| site.to_string())
                .collect();
            if !others.is_empty() {
                endpoint.facts.push(shared_key(&others));
            }
        }
    }
}

impl SheetEndpoint {
    /// Every fact in words, the overview first.
    fn all_facts(&self) -> Vec<SheetFact> {
        let Some(tls) = self.tls.completed().filter(|tls| tls.offered) else { return self.facts.clone() };
        let mut all = overview(tls, &self.certificate, &self.second_certificate);
        all.extend(self.facts.iter().cloned());
        all
    }

    /// SHA-256 of the keys of the server's certificates.
    fn keys(&self) -> impl Iterator<Item = String> {
        let second = self.second_certificate.completed().and_then(Option::as_ref);
        let all = self.certificate.completed().into_iter().chain(second);
        all.map(|certificate| certificate.leaf.key.spki_sha256.clone())
    }
}

impl TlsSheet {
    fn of(sheet: &Sheet) -> Self {
        let endpoints = sheet.endpoints.iter().map(|endpoint| TlsSheetEndpoint {
            address: endpoint.address.clone(),
            facts: endpoint.all_facts(),
            clients: endpoint
                .clients
                .iter()
                .map(|client| ClientCard {
                    client: client.client.clone(),
                    outcome: client.outcome.clone(),
                    missing_root: client.missing_root.clone(),
                })
                .collect(),
            profiles: endpoint.comparisons.iter().map(ProfileCard::of).collect(),
        });
        Self { endpoints: endpoints.collect() }
    }
}

impl ProfileCard {
    fn of(Compared { profile, comparison }: &Compared) -> Self {
        let level = |place: usize| match profile.levels.get(place) {
            Some(level) => ProfileLevel { id: level.id.clone(), word: level.word.clone() },
            None => ProfileLevel { id: place.to_string(), word: Text::same(place.to_string()) },
        };
        Self {
            id: profile.id.clone(),
            title: profile.title.clone(),
            edition: profile.edition.clone(),
            level: level(comparison.level),
            best: comparison.level == 0,
            shortfalls: comparison
                .shortfalls
                .iter()
                .map(|shortfall| ShortfallCard {
                    level: level(shortfall.level),
                    subject: shortfall.subject,
                    versions: shortfall.versions.clone(),
                    told: shortfall.told.clone(),
                })
                .collect(),
            missing: comparison.missing.clone(),
        }
    }
}
