//! Flags that several subcommands share, and what they mean to the layers below.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;

use super::Failed;
use crate::{
    net::{self, Pace},
    probe::certificate::TrustStore,
    rule::{RuleSet, RuleSetError, Severity},
    scan::{Probe, Probes},
    target::{ConnectTo, Lab},
};

/// Which rules to judge by.
#[derive(Debug, clap::Args)]
pub(super) struct RulesFrom {
    /// A folder laid out as rules/; the built-in rules without it
    #[arg(long = "rules", value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// What to do about a file of roots that cannot be used.
const PEM: (&str, &str) =
    ("chỉ tệp PEM chứa chứng thư gốc bằng --ca-file", "give a PEM file of root certificates with --ca-file");

impl RulesFrom {
    pub(super) fn load(&self) -> Result<RuleSet, RuleSetError> {
        match &self.folder {
            Some(folder) => RuleSet::load(folder),
            None => RuleSet::built_in(),
        }
    }
}

/// How the network is used.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Network")]
pub(super) struct Network {
    /// The resolver to ask, instead of the system's
    #[arg(long, value_name = "IP:PORT", value_parser = resolver)]
    resolver: Option<SocketAddr>,
    /// Root name servers for closed networks; nothing in this version asks the root
    #[arg(long, value_name = "FILE")]
    root_hints: Option<PathBuf>,
    /// Keys of the root zone that replace the built-in ones (DNSKEY or DS records)
    #[arg(long, value_name = "FILE")]
    trust_anchor: Option<PathBuf>,
    /// Certificates of roots that are trusted beside Mozilla's (PEM); may be given several times
    #[arg(long, value_name = "FILE")]
    ca_file: Vec<PathBuf>,
    /// For HOST:PORT dial ADDR:PORT, as curl's; an empty HOST or PORT means any; may be given several times
    #[arg(long, value_name = "HOST:PORT:ADDR:PORT")]
    connect_to: Vec<ConnectTo>,
    /// Where port 80 would be dialled, dial this one
    #[arg(long, value_name = "PORT")]
    http_port: Option<u16>,
    /// Where port 443 would be dialled, dial this one
    #[arg(long, value_name = "PORT")]
    https_port: Option<u16>,
    /// Where port 25 would be dialled, dial this one
    #[arg(long, value_name = "PORT")]
    smtp_port: Option<u16>,
    /// Where port 53 would be dialled, dial this one
    #[arg(long, value_name = "PORT")]
    dns_port: Option<u16>,
    /// The time that observations carry (RFC 3339); never that of the authorisation
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
    /// Open loopback, RFC 1918 and ULA addresses
    #[arg(long)]
    allow_private: bool,
    /// Permit abnormal probes; the authorisation's scope must cover them
    #[arg(long)]
    pub(super) intrusive: bool,
    /// How hard a server may be asked
    #[arg(long, value_enum, default_value_t = PaceFlag::Normal)]
    pace: PaceFlag,
    /// Only these groups of facts, separated by commas
    #[arg(long, value_name = "dns,tls,certificate,http,mail,web", value_delimiter = ',')]
    only: Vec<Probe>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum PaceFlag {
    /// 500 ms between connections to one address
    Gentle,
    /// 100 ms
    Normal,
    /// No gap and short deadlines; for servers on this machine
    Lab,
}

/// `IP:PORT`, or an IP alone for port 53.
fn resolver(text: &str) -> Result<SocketAddr, String> {
    let alone = || text.trim_matches(['[', ']']).parse().map(|ip| SocketAddr::new(ip, 53));
    text.parse()
        .or_else(|_| alone())
        .map_err(|_| "write an address and a port, as in 192.0.2.53:53".to_owned())
}

impl Network {
    /// What the flags and the inventory's lab table mean to the network. `folder` is where the inventory stands:
    /// its own file names are meant from there.
    pub(super) fn options(
        &self,
        lab: &Lab,
        folder: &Path,
        allow_private: bool,
        contact_url: String,
    ) -> net::Options {
        let ports = [
            (80, self.http_port.or(lab.ports.http)),
            (443, self.https_port.or(lab.ports.https)),
            (25, self.smtp_port.or(lab.ports.smtp)),
            (53, self.dns_port.or(lab.ports.dns)),
        ];
        let port_map: BTreeMap<u16, u16> =
            ports.into_iter().filter_map(|(logical, dialled)| Some((logical, dialled?))).collect();
        // the flags stand first: the first row that speaks of a host counts
        let rows = self.connect_to.iter().chain(&lab.connect_to);
        net::Options {
            pace: match self.pace {
                PaceFlag::Gentle => Pace::Gentle,
                PaceFlag::Normal => Pace::Normal,
                PaceFlag::Lab => Pace::Lab,
            },
            allow_private: self.allow_private || allow_private,
            connect_to: rows.cloned().collect(),
            port_map,
            resolver: self.resolver.or(lab.resolver),
            trust_anchor: self
                .trust_anchor
                .clone()
                .or_else(|| lab.trust_anchor.as_ref().map(|file| folder.join(file))),
            seed: self.now().as_second().unsigned_abs(),
            contact_url,
            connect_timeout: Duration::from_secs(if self.pace == PaceFlag::Lab { 2 } else { 5 }),
            exchange_timeout: Duration::from_secs(if self.pace == PaceFlag::Lab { 3 } else { 10 }),
            ..net::Options::default()
        }
    }

    /// Mozilla's roots and those of the files.
    pub(super) fn trust(&self, lab: &Lab, folder: &Path) -> Result<Arc<TrustStore>, Failed> {
        let mut store = TrustStore::mozilla();
        let of_lab = lab.ca_file.as_ref().map(|file| folder.join(file));
        for file in self.ca_file.iter().cloned().chain(of_lab) {
            let name = file.display().to_string();
            let pem = std::fs::read(&file).map_err(|error| {
                Failed::usage(
                    (
                        format!("không đọc được chứng thư trong {name}: {error}"),
                        format!("cannot read the certificates in {name}: {error}"),
                    ),
                    PEM,
                )
            })?;
            store.add_pem(&pem, &name).map_err(|error| {
                Failed::usage((format!("không dùng được {name}: {error}"), error.to_string()), PEM)
            })?;
        }
        Ok(Arc::new(store))
    }

    /// The same towards servers on this machine.
    pub(super) fn at_lab_pace(&self) -> Self {
        Self { pace: PaceFlag::Lab, ..self.clone() }
    }

    /// The time that observations carry.
    pub(super) fn now(&self) -> Timestamp {
        self.now.unwrap_or_else(Timestamp::now)
    }

    /// Whether names are looked up although their address is given.
    pub(super) fn names_a_resolver(&self) -> bool {
        self.resolver.is_some()
    }

    pub(super) fn probes(&self) -> Probes {
        if self.only.is_empty() { Probes::all() } else { Probes::only(self.only.iter().copied()) }
    }

    /// Whether nothing but TLS and certificates was asked for.
    pub(super) fn only_asks_tls(&self) -> bool {
        !self.only.is_empty()
            && self.only.iter().all(|probe| matches!(probe, Probe::Tls | Probe::Certificate))
    }

    /// What was asked for and does nothing in this version: said rather than swallowed.
    pub(super) fn unused(&self) -> Vec<&'static str> {
        let mut notes = Vec::new();
        if self.root_hints.is_some() {
            notes.push("--root-hints: nothing in this version asks the root name servers");
        }
        if self.intrusive {
            notes.push("--intrusive: this version has no abnormal probes");
        }
        if self.smtp_port.is_some() {
            notes.push("--smtp-port: this version does not check mail");
        }
        if self.only.iter().any(|probe| matches!(probe, Probe::Mail | Probe::Web)) {
            notes.push("--only: this version has no probes for mail and web yet");
        }
        notes
    }
}

/// From which severity on the exit code is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum FailOn {
    /// Only critical findings
    Critical,
    /// High and critical ones
    High,
    /// Medium and worse
    Medium,
    /// Low and worse
    Low,
    /// What got worse since the last run
    Regression,
    /// Never
    Never,
}

impl FailOn {
    /// Whether a failed finding of this severity counts.
    pub(super) fn counts(self, severity: Severity) -> bool {
        let least = match self {
            Self::Critical => Severity::Critical,
            Self::High => Severity::High,
            Self::Medium => Severity::Medium,
            Self::Low => Severity::Low,
            Self::Regression | Self::Never => return false,
        };
        // worst first
        severity <= least
    }
}

/// A share in percent, as in `20%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Percent(pub(super) u8);

impl std::str::FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.trim().trim_end_matches('%').trim_end();
        let number = digits.parse::<u8>().ok().filter(|n| *n <= 100 && !digits.starts_with('+'));
        number.map(Self).ok_or_else(|| "write a share from 0% to 100%, as in 20%".to_owned())
    }
}

impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}%", self.0)
    }
}
