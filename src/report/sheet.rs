//! One site's TLS for an expert: the facts of each address, what clients would agree on there, how it compares with what
//! others publish. Made only where somebody asked for it; no score rests on it. What of it the report holds is
//! `sheet_card`'s.

use std::sync::Arc;

use serde_json::Value;

use super::sheet_fact::{self, SheetFact};
use crate::{
    client::{Clients, Outcome, missing_root, simulate},
    observation::{Attempt, Certificate, Document, Failure, SiteName, Tls},
    profile::{Comparison, Profile, Profiles, compare},
    yaml::Diagnostics,
};

/// What expert views are made with: clients and profiles.
#[derive(Clone, Debug)]
pub struct Experts {
    clients: Clients,
    profiles: Profiles,
}

/// One site's TLS.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The site.
    pub site: SiteName,
    /// Each of its addresses; none where they are not known.
    pub endpoints: Vec<SheetEndpoint>,
}

/// TLS at one address.
#[derive(Clone, Debug)]
pub struct SheetEndpoint {
    /// The address.
    pub address: String,
    /// The facts.
    pub tls: Attempt<Tls>,
    /// The chain.
    pub certificate: Attempt<Certificate>,
    /// The chain with a key of another kind, where the server has two.
    pub second_certificate: Attempt<Option<Certificate>>,
    /// What else was seen, in words.
    pub facts: Vec<SheetFact>,
    /// What each client would agree on; empty where the facts of TLS were not seen.
    pub clients: Vec<Simulated>,
    /// How it compares; empty where the facts of TLS were not seen.
    pub comparisons: Vec<Compared>,
}

/// What becomes of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulated {
    /// Its name.
    pub client: String,
    /// What they agree on.
    pub outcome: Outcome,
    /// The root that it lacks, where the chain ends there.
    pub missing_root: Option<String>,
}

/// One profile's column.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The profile.
    pub profile: Arc<Profile>,
    /// How the server compares.
    pub comparison: Comparison,
}

impl Experts {
    /// The clients and profiles of this release.
    pub fn built_in() -> Result<Self, Diagnostics> {
        Ok(Self { clients: Clients::built_in()?, profiles: Profiles::built_in()? })
    }

    /// The same with one profile alone; `Err` names those there are.
    pub fn with_profile(self, id: &str) -> Result<Self, Vec<String>> {
        match self.profiles.only(id) {
            Some(profiles) => Ok(Self { profiles, ..self }),
            None => Err(self.profiles.all().iter().map(|profile| profile.id.clone()).collect()),
        }
    }

    /// The sheet of one site.
    pub fn sheet(&self, document: &Document) -> Sheet {
        let endpoints = document.endpoints().iter().map(|endpoint| self.endpoint(endpoint)).collect();
        Sheet { site: document.site().clone(), endpoints }
    }

    fn endpoint(&self, endpoint: &Value) -> SheetEndpoint {
        let tls: Attempt<Tls> = part(endpoint, "tls");
        let certificate: Attempt<Certificate> = part(endpoint, "certificate");
        let second_certificate = match endpoint.get("second_certificate") {
            Some(_) => part(endpoint, "second_certificate"),
            // looked for, and absent
            None => Attempt::Completed(None),
        };
        let (mut clients, mut comparisons) = (Vec::new(), Vec::new());
        if let Some(facts) = tls.completed().filter(|tls| tls.offered) {
            let chain = certificate.completed();
            let simulated = self.clients.all().iter().map(|client| Simulated {
                client: client.name.clone(),
                outcome: simulate(client, facts, chain),
                missing_root: chain.and_then(|chain| missing_root(client, chain)).map(str::to_owned),
            });
            clients.extend(simulated);
            comparisons.extend(self.profiles.all().iter().filter_map(|profile| {
                let comparison = compare(profile, facts, &certificate)?;
                Some(Compared { profile: profile.clone(), comparison })
            }));
        }
        let address = endpoint.get("address").and_then(Value::as_str).unwrap_or_default().to_owned();
        let facts = match tls.completed().filter(|tls| tls.offered) {
            Some(tls) => sheet_fact::facts(tls, &certificate),
            None => Vec::new(),
        };
        SheetEndpoint { address, tls, certificate, second_certificate, facts, clients, comparisons }
    }
}

/// A part of an endpoint. A document of another version of khien may have it in a shape that this one does not read.
fn part<T: serde::de::DeserializeOwned>(endpoint: &Value, name: &str) -> Attempt<T> {
    let value = endpoint.get(name).cloned().unwrap_or_default();
    serde_json::from_value(value)
        .unwrap_or_else(|error| Attempt::failed(Failure::Unsupported(format!("{name}: {error}"))))
}
