//! What the operator decides about the network, as plain data. The command line translates into this; nothing here dials.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use crate::target::ConnectTo;

/// How hard a server may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// 500 ms between connection starts to one address.
    Gentle,
    /// 100 ms.
    #[default]
    Normal,
    /// No gap: for the lab only.
    Lab,
}

impl Pace {
    /// The gap between two connection starts to one address.
    pub fn gap(self) -> Duration {
        match self {
            Pace::Gentle => Duration::from_millis(500),
            Pace::Normal => Duration::from_millis(100),
            Pace::Lab => Duration::ZERO,
        }
    }
}

/// Limits that protect the server being checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budgets {
    /// TLS connections per job (site, address).
    pub tls_per_job: u32,
    /// HTTP requests per job.
    pub http_per_job: u32,
    /// TLS connections per address in the whole run.
    pub tls_per_address: u32,
    /// Simultaneous connections to one address.
    pub connections_per_address: usize,
    /// Different addresses in one run: bounds what is remembered about each.
    pub addresses: usize,
}

impl Default for Budgets {
    fn default() -> Self {
        Budgets {
            tls_per_job: 200,
            http_per_job: 25,
            tls_per_address: 1_500,
            connections_per_address: 2,
            addresses: 200_000,
        }
    }
}

/// Everything [`Net::new`](super::Net::new) needs.
#[derive(Debug, Clone)]
pub struct Options {
    /// For the TCP handshake.
    pub connect_timeout: Duration,
    /// For a whole exchange on one connection (handshake, request, answer), counted from the connect.
    pub exchange_timeout: Duration,
    /// Bytes read from one connection before it is cut.
    pub read_limit: u64,
    /// Gap between connection starts.
    pub pace: Pace,
    /// Opens loopback, RFC 1918 and ULA.
    pub allow_private: bool,
    /// First match wins.
    pub connect_to: Vec<ConnectTo>,
    /// Where a logical port would be dialled, dial another (80, 443, 25, 53).
    pub port_map: BTreeMap<u16, u16>,
    /// Open connections overall; see [`default_max_connections`].
    pub max_connections: usize,
    /// Limits per job and address.
    pub budgets: Budgets,
    /// The resolver; `None`: the first of the system's configuration. A port of 53 follows `port_map`.
    pub resolver: Option<SocketAddr>,
    /// Root zone keys that replace the built-in ones, as DNSKEY or DS records.
    pub trust_anchor: Option<PathBuf>,
    /// Where the root of DNS is served, in the format of `named.root`; IANA's servers without it. Those are not asked
    /// where port 53 is mapped or the resolver has another port: such a network has a root of its own.
    pub root_hints: Option<PathBuf>,
    /// For one try of one DNS query.
    pub query_timeout: Duration,
    /// Tries of one DNS query.
    pub query_tries: u32,
    /// Queries in flight at the resolver.
    pub queries_in_flight: usize,
    /// Answers remembered in one run.
    pub cached_answers: usize,
    /// Seed of every shuffle; the same seed gives the same order.
    pub seed: u64,
    /// Where a server's operator reads who we are; ends the `User-Agent`.
    pub contact_url: String,
    /// Whether messages may be sent that no browser and no resolver sends (broken handshakes, zone transfers, recursion
    /// at servers that should not offer it): the flag was given and the authorisation covers it.
    pub intrusive: bool,
    /// Whether pages may be asked for under other names than our own, each of which still ends in it: the authorisation
    /// covers it.
    pub impersonate: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            connect_timeout: Duration::from_secs(5),
            exchange_timeout: Duration::from_secs(10),
            read_limit: 4 * 1024 * 1024,
            pace: Pace::default(),
            allow_private: false,
            connect_to: Vec::new(),
            port_map: BTreeMap::new(),
            max_connections: default_max_connections(),
            budgets: Budgets::default(),
            resolver: None,
            trust_anchor: None,
            root_hints: None,
            query_timeout: Duration::from_secs(3),
            query_tries: 2,
            queries_in_flight: 50,
            cached_answers: 50_000,
            seed: 0,
            contact_url: String::from("https://khien.invalid/"),
            intrusive: false,
            impersonate: false,
        }
    }
}

impl Options {
    /// Who we are, for every HTTP request and, after `EHLO`, in no other protocol.
    pub fn user_agent(&self) -> String {
        format!("Mozilla/5.0 (compatible; khien/{}; +{})", env!("CARGO_PKG_VERSION"), self.contact_url)
    }

    /// The row of `connect_to` for this host and logical port. A row without a port of its own leaves that to the port
    /// map.
    pub fn connect_to(&self, host: &str, port: u16) -> Option<SocketAddr> {
        let host = host.strip_suffix('.').unwrap_or(host);
        self.connect_to
            .iter()
            .find(|row| {
                row.host.as_ref().is_none_or(|wanted| wanted.as_str().eq_ignore_ascii_case(host))
                    && row.port.is_none_or(|wanted| wanted == port)
            })
            .map(|row| {
                SocketAddr::new(row.address, row.dialled_port.unwrap_or_else(|| self.dialled_port(port)))
            })
    }

    /// Where a connection to `host` at `address` and logical `port` is really dialled: `connect_to`, else the port
    /// map, else as it stands.
    pub fn dialled(&self, host: &str, address: IpAddr, port: u16) -> SocketAddr {
        self.connect_to(host, port).unwrap_or_else(|| SocketAddr::new(address, self.dialled_port(port)))
    }

    /// Where a logical port is dialled when no `connect_to` row says which.
    pub fn dialled_port(&self, port: u16) -> u16 {
        self.port_map.get(&port).copied().unwrap_or(port)
    }
}

/// 256, or less where the process may open fewer files: a fourth of the soft limit stays for everything else.
pub fn default_max_connections() -> usize {
    const MOST: usize = 256;
    let limit = std::fs::read_to_string("/proc/self/limits").ok().and_then(|text| soft_file_limit(&text));
    limit.map_or(MOST, |files| (files / 4 * 3).clamp(4, MOST))
}

/// The soft limit of the line `Max open files  SOFT  HARD  files` of `/proc/self/limits`.
fn soft_file_limit(limits: &str) -> Option<usize> {
    limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(host: Option<&str>, port: Option<u16>, to: &str) -> ConnectTo {
        ConnectTo::new(host.map(|host| host.parse().unwrap()), port, to.parse().unwrap())
    }

    /// `check ADDR:PORT --name HOST` pins every port to the address; `--http-port` then still says where 80 is.
    #[test]
    fn http_port_was_ignored_beside_an_address_without_port() {
        let anywhere =
            ConnectTo { host: None, port: None, address: "127.0.0.9".parse().unwrap(), dialled_port: None };
        let options = Options {
            connect_to: vec![row(None, Some(443), "127.0.0.9:8443"), anywhere],
            port_map: BTreeMap::from([(80, 8080)]),
            ..Options::default()
        };
        let address: IpAddr = "203.162.1.1".parse().unwrap();
        for (port, dialled) in [(443, "127.0.0.9:8443"), (80, "127.0.0.9:8080"), (8080, "127.0.0.9:8080")] {
            assert_eq!(options.dialled("a.gov.vn", address, port), dialled.parse().unwrap(), "{port}");
        }
    }

    #[test]
    fn connect_to_stands_before_the_port_map() {
        let options = Options {
            connect_to: vec![
                row(Some("www.a.gov.vn"), Some(443), "127.0.0.2:9443"),
                row(Some("www.a.gov.vn"), None, "127.0.0.3:9000"),
                row(None, Some(25), "127.0.0.4:9025"),
            ],
            port_map: BTreeMap::from([(443, 8443), (80, 8080), (25, 2525)]),
            ..Options::default()
        };
        let address: IpAddr = "203.162.1.1".parse().unwrap();
        for (host, port, expected) in [
            ("www.a.gov.vn", 443, "127.0.0.2:9443"),
            ("WWW.A.gov.vn.", 443, "127.0.0.2:9443"),
            ("www.a.gov.vn", 80, "127.0.0.3:9000"),
            ("b.gov.vn", 25, "127.0.0.4:9025"),
            ("b.gov.vn", 443, "203.162.1.1:8443"),
            ("b.gov.vn", 80, "203.162.1.1:8080"),
            ("b.gov.vn", 8443, "203.162.1.1:8443"),
            ("b.gov.vn", 8444, "203.162.1.1:8444"),
        ] {
            assert_eq!(options.dialled(host, address, port), expected.parse().unwrap(), "{host}:{port}");
        }
    }

    #[test]
    fn the_file_limit_is_read_from_its_line() {
        let text = "Limit                     Soft Limit           Hard Limit           Units\n\
                    Max cpu time              unlimited            unlimited            seconds\n\
                    Max open files            1024                 524288               files\n";
        assert_eq!(soft_file_limit(text), Some(1024));
        assert_eq!(soft_file_limit("Max open files            unlimited unlimited files"), None);
        assert_eq!(soft_file_limit(""), None);
    }
}
