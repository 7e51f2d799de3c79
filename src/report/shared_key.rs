//! Keys of certificates that sites of several units share: whoever takes the key from one of them can pose as all. No
//! finding of a rule, since each site by itself is as it should be, and shared hosting is legitimate.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cause::Seen;

/// One key on sites of several units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SharedKey {
    /// SHA-256 of the `SubjectPublicKeyInfo`, lower-case hex.
    pub spki_sha256: String,
    /// The sites.
    pub sites: Vec<String>,
    /// The units of the sites, by id.
    pub units: Vec<String>,
}

/// The keys on sites of at least two units, those of most units first.
pub(super) fn shared_keys(seen: &[Seen<'_>]) -> Vec<SharedKey> {
    let mut holders: BTreeMap<&str, Vec<&Seen<'_>>> = BTreeMap::new();
    for site in seen {
        for key in &site.report.keys {
            holders.entry(key).or_default().push(site);
        }
    }
    let mut shared: Vec<SharedKey> = holders
        .into_iter()
        .filter_map(|(key, sites)| {
            let units: BTreeSet<&str> = sites.iter().map(|site| site.unit.id.as_str()).collect();
            let sites: BTreeSet<String> = sites.iter().map(|site| site.place.site.to_string()).collect();
            (units.len() > 1).then(|| SharedKey {
                spki_sha256: key.to_owned(),
                sites: sites.into_iter().collect(),
                units: units.into_iter().map(str::to_owned).collect(),
            })
        })
        .collect();
    shared.sort_by_key(|key| std::cmp::Reverse((key.units.len(), key.sites.len())));
    shared
}
