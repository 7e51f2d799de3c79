//! What is to be looked at: sites, and which probes. Decides nothing about the network.

use std::{collections::BTreeSet, fmt, str::FromStr};

use jiff::Timestamp;

use crate::{
    observation::SiteName,
    target::{Host, Inventory, Selector, UnitId, Www},
};

/// The sites of one run, in the order they will be started.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// What to look at.
    pub targets: Vec<Target>,
}

/// One site to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its name.
    pub site: SiteName,
    /// What is known of its `www` twin.
    pub www: Www,
    /// Whether mail is used under its name, so that mail servers are asked.
    pub mail: bool,
    /// Selectors of its DKIM keys.
    pub dkim_selectors: Vec<Selector>,
}

impl Plan {
    /// The sites of the units that exist at this time, without the excluded ones; only those of one unit or of one
    /// host where these are given.
    pub fn of_inventory(
        inventory: &Inventory,
        at: Timestamp,
        unit: Option<&UnitId>,
        host: Option<&Host>,
    ) -> Self {
        let targets = inventory
            .sites()
            .filter(|(owner, _)| owner.validity.contains(at))
            .filter(|(owner, _)| unit.is_none_or(|wanted| owner.id == *wanted))
            .filter(|(_, site)| host.is_none_or(|wanted| site.host == *wanted))
            .filter(|(_, site)| inventory.excluded(&site.host, at).is_none())
            .map(|(_, site)| Target {
                site: SiteName { host: site.host.as_str().to_owned(), port: site.port },
                www: site.www,
                mail: site.mail,
                dkim_selectors: site.dkim_selectors.clone(),
            })
            .collect();
        Self { targets }
    }
}

/// A group of facts that can be asked for alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Probe {
    /// Names.
    Dns,
    /// TLS.
    Tls,
    /// Certificates.
    Certificate,
    /// HTTP.
    Http,
    /// Mail.
    Mail,
    /// Content of pages.
    Web,
}

/// Which probes run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probes(BTreeSet<Probe>);

impl Probes {
    /// All of them.
    pub fn all() -> Self {
        Self([Probe::Dns, Probe::Tls, Probe::Certificate, Probe::Http, Probe::Mail, Probe::Web].into())
    }

    /// These.
    pub fn only(probes: impl IntoIterator<Item = Probe>) -> Self {
        Self(probes.into_iter().collect())
    }

    /// Whether this one runs.
    pub fn has(&self, probe: Probe) -> bool {
        self.0.contains(&probe)
    }
}

/// Why a word names no probe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no probe: there are dns, tls, certificate, http, mail and web")]
pub struct UnknownProbe(String);

impl FromStr for Probe {
    type Err = UnknownProbe;

    fn from_str(word: &str) -> Result<Self, UnknownProbe> {
        match word.trim() {
            "dns" => Ok(Self::Dns),
            "tls" => Ok(Self::Tls),
            "certificate" => Ok(Self::Certificate),
            "http" => Ok(Self::Http),
            "mail" => Ok(Self::Mail),
            "web" => Ok(Self::Web),
            other => Err(UnknownProbe(other.to_owned())),
        }
    }
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "dns",
            Self::Tls => "tls",
            Self::Certificate => "certificate",
            Self::Http => "http",
            Self::Mail => "mail",
            Self::Web => "web",
        })
    }
}
