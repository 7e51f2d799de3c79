//! Where to dial instead of where the names say: the `lab:` table and the `--connect-to` switch. Owns the mapping
//! from logical to dialled; dials nothing.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use super::host::parse_port;
use super::{Host, HostError};
use crate::language::{Bilingual, Text, bilingual, text};

/// The `lab:` table. Empty in a province's own inventory; the same settings exist as switches, which come first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lab {
    /// Tried in order; the first that matches decides.
    pub connect_to: Vec<ConnectTo>,
    /// The resolver to ask.
    pub resolver: Option<SocketAddr>,
    /// Ports to dial instead of the usual ones.
    pub ports: Ports,
    /// PEM file with further roots; as written, so relative to the folder of the inventory.
    pub ca_file: Option<PathBuf>,
    /// Root hints for walking DNS; as written, so relative to the folder of the inventory.
    pub root_hints: Option<PathBuf>,
    /// DNSSEC trust anchors; as written, so relative to the folder of the inventory.
    pub trust_anchor: Option<PathBuf>,
}

impl Lab {
    /// Where to dial for a logical host and port, if the table says so.
    pub fn target(&self, host: &Host, port: u16) -> Option<SocketAddr> {
        self.connect_to.iter().find_map(|rule| rule.target(host, port))
    }

    /// Whether nothing is changed by the table.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// "Where 80, 443, 25 or 53 would be dialled, dial N."
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// Instead of 80.
    pub http: Option<u16>,
    /// Instead of 443.
    pub https: Option<u16>,
    /// Instead of 25.
    pub smtp: Option<u16>,
    /// Instead of 53.
    pub dns: Option<u16>,
}

impl Ports {
    /// The port to dial for a logical port.
    pub fn dialled(&self, port: u16) -> u16 {
        let other = match port {
            80 => self.http,
            443 => self.https,
            25 => self.smtp,
            53 => self.dns,
            _ => None,
        };
        other.unwrap_or(port)
    }
}

/// One rule of `--connect-to HOST:PORT:ADDR:PORT`, as curl's: for HOST:PORT dial ADDR:PORT.
///
/// An empty HOST or first PORT means any; an empty second PORT means the same port. ADDR is an IP
/// address, IPv6 in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectTo {
    /// The logical host; `None` for any.
    pub host: Option<Host>,
    /// The logical port; `None` for any.
    pub port: Option<u16>,
    /// The address to dial.
    pub address: IpAddr,
    /// The port to dial; `None` for the logical one.
    pub dialled_port: Option<u16>,
}

/// Why a text is no [`ConnectTo`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectToError {
    /// Not four parts.
    Parts,
    /// The host or one of the ports.
    Host(HostError),
    /// The third part.
    Address(String),
}

impl From<HostError> for ConnectToError {
    fn from(error: HostError) -> Self {
        Self::Host(error)
    }
}

impl std::error::Error for ConnectToError {}

impl Bilingual for ConnectToError {
    fn text(&self) -> Text {
        match self {
            Self::Parts => (
                "cần dạng HOST:PORT:ADDR:PORT, ví dụ `khcn.tinhmau.example:443:127.0.0.1:8443` hoặc `::[::1]:8443`",
                "expected HOST:PORT:ADDR:PORT, such as `khcn.tinhmau.example:443:127.0.0.1:8443` or `::[::1]:8443`",
            )
                .into(),
            Self::Host(error) => error.text(),
            Self::Address(address) => text!(
                "`{address}` không phải địa chỉ IP; IPv6 đặt trong ngoặc vuông, ví dụ `[::1]`",
                "`{address}` is not an IP address; write IPv6 in brackets, such as `[::1]`"
            ),
        }
    }
}

bilingual!(ConnectToError);

impl ConnectTo {
    /// For this host and port (any, where `None`) dial exactly `to`.
    pub fn new(host: Option<Host>, port: Option<u16>, to: SocketAddr) -> Self {
        Self { host, port, address: to.ip(), dialled_port: Some(to.port()) }
    }

    /// Where to dial, if this rule is about the logical host and port.
    pub fn target(&self, host: &Host, port: u16) -> Option<SocketAddr> {
        let matches =
            self.host.as_ref().is_none_or(|only| only == host) && self.port.is_none_or(|only| only == port);
        matches.then(|| SocketAddr::new(self.address, self.dialled_port.unwrap_or(port)))
    }
}

impl FromStr for ConnectTo {
    type Err = ConnectToError;

    fn from_str(text: &str) -> Result<Self, ConnectToError> {
        let (host, rest) = text.trim().split_once(':').ok_or(ConnectToError::Parts)?;
        let (port, rest) = rest.split_once(':').ok_or(ConnectToError::Parts)?;
        let (address, dialled_port) = rest.rsplit_once(':').ok_or(ConnectToError::Parts)?;
        let bad_address = || ConnectToError::Address(address.chars().take(80).collect());
        let parsed = match address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(v6) => v6.parse().map(IpAddr::V6).map_err(|_| bad_address())?,
            None => address.parse().map(IpAddr::V4).map_err(|_| bad_address())?,
        };
        let port_or_any = |text: &str| if text.is_empty() { Ok(None) } else { parse_port(text).map(Some) };
        Ok(Self {
            host: if host.is_empty() { None } else { Some(Host::parse(host)?) },
            port: port_or_any(port)?,
            address: parsed,
            dialled_port: port_or_any(dialled_port)?,
        })
    }
}

impl fmt::Display for ConnectTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = |port: Option<u16>| port.map(|port| port.to_string()).unwrap_or_default();
        let host = self.host.as_ref().map_or("", Host::as_str);
        let (port, dialled) = (port(self.port), port(self.dialled_port));
        match self.address {
            IpAddr::V4(address) => write!(f, "{host}:{port}:{address}:{dialled}"),
            IpAddr::V6(address) => write!(f, "{host}:{port}:[{address}]:{dialled}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn host(text: &str) -> Host {
        Host::parse(text).unwrap()
    }

    #[test]
    fn rules_are_read_and_matched() {
        let target = |rule: &str, name: &str, port: u16| {
            rule.parse::<ConnectTo>().unwrap().target(&host(name), port).map(|to| to.to_string())
        };
        let one = "KHCN.tinhmau.example:443:127.0.0.1:8443";
        assert_eq!(target(one, "khcn.tinhmau.example", 443).as_deref(), Some("127.0.0.1:8443"));
        assert_eq!(target(one, "khcn.tinhmau.example", 80), None);
        assert_eq!(target(one, "www.khcn.tinhmau.example", 443), None);
        assert_eq!(target("::[::1]:8443", "a.example", 9).as_deref(), Some("[::1]:8443"));
        assert_eq!(target(":443:127.0.0.2:", "a.example", 443).as_deref(), Some("127.0.0.2:443"));
        assert_eq!(target("a.example::127.0.0.2:1", "a.example", 7).as_deref(), Some("127.0.0.2:1"));
    }

    #[test]
    fn wrong_rules_say_what_is_wrong() {
        let error = |rule: &str| rule.parse::<ConnectTo>().unwrap_err().to_string();
        assert!(error("a.example").contains("HOST:PORT:ADDR:PORT"));
        assert!(error("a.example:443").contains("HOST:PORT:ADDR:PORT"));
        assert!(error("a.example:443:127.0.0.1").contains("HOST:PORT:ADDR:PORT"));
        assert!(error("a.example:443:b.example:443").contains("`b.example` is not an IP address"));
        assert!(error("a.example:443:::1:443").contains("brackets"));
        assert!(error("a.example:0:127.0.0.1:443").contains("`0` is not a port"));
        assert!(error("a.example:443:127.0.0.1:99999").contains("`99999` is not a port"));
        assert!(error("a:443:127.0.0.1:1").contains("has no dot"));
        assert!(error("127.0.0.1:443:127.0.0.1:1").contains("IP address"));
    }

    #[test]
    fn the_first_rule_wins_and_ports_are_mapped() {
        let rules = ["a.example:443:127.0.0.1:1", "::127.0.0.1:2"].map(|rule| rule.parse().unwrap());
        let lab = Lab { connect_to: rules.into(), ..Lab::default() };
        assert_eq!(lab.target(&host("a.example"), 443).map(|to| to.port()), Some(1));
        assert_eq!(lab.target(&host("b.example"), 443).map(|to| to.port()), Some(2));
        assert!(!lab.is_empty() && Lab::default().is_empty());
        let ports = Ports { http: Some(8080), https: Some(8443), ..Ports::default() };
        assert_eq!([80, 443, 25, 53, 8443].map(|port| ports.dialled(port)), [8080, 8443, 25, 53, 8443]);
    }

    proptest! {
        #[test]
        fn rules_round_trip(
            named in any::<bool>(), port in proptest::option::of(1_u16..), address in any::<IpAddr>(),
            dialled_port in proptest::option::of(1_u16..)
        ) {
            let rule = ConnectTo { host: named.then(|| host("a.example")), port, address, dialled_port };
            prop_assert_eq!(rule.to_string().parse(), Ok(rule));
        }

        #[test]
        fn never_panics(text in r"\PC{0,10}(:\PC{0,10}){0,5}") {
            let _ = text.parse::<ConnectTo>();
        }
    }
}
