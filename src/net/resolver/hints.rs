//! Where the root of DNS is served: IANA's list, or the operator's file for a closed network. Asks nobody.

use std::{collections::BTreeMap, net::IpAddr, path::Path};

use crate::net::error::SetupError;

/// IANA's file is 3 KB.
const FILE_LIMIT: usize = 64 * 1024;
/// Servers that are taken from a file; the root has 13.
const MOST_SERVERS: usize = 64;

/// IANA's root servers as of 2026-11: letter, IPv4, IPv6 (<https://www.iana.org/domains/root/servers>).
const IANA: [(char, [u8; 4], [u16; 8]); 13] = [
    ('a', [198, 41, 0, 4], [0x2001, 0x503, 0xba3e, 0, 0, 0, 2, 0x30]),
    ('b', [170, 247, 170, 2], [0x2801, 0x1b8, 0x10, 0, 0, 0, 0, 0xb]),
    ('c', [192, 33, 4, 12], [0x2001, 0x500, 2, 0, 0, 0, 0, 0xc]),
    ('d', [199, 7, 91, 13], [0x2001, 0x500, 0x2d, 0, 0, 0, 0, 0xd]),
    ('e', [192, 203, 230, 10], [0x2001, 0x500, 0xa8, 0, 0, 0, 0, 0xe]),
    ('f', [192, 5, 5, 241], [0x2001, 0x500, 0x2f, 0, 0, 0, 0, 0xf]),
    ('g', [192, 112, 36, 4], [0x2001, 0x500, 0x12, 0, 0, 0, 0, 0xd0d]),
    ('h', [198, 97, 190, 53], [0x2001, 0x500, 1, 0, 0, 0, 0, 0x53]),
    ('i', [192, 36, 148, 17], [0x2001, 0x7fe, 0, 0, 0, 0, 0, 0x53]),
    ('j', [192, 58, 128, 30], [0x2001, 0x503, 0xc27, 0, 0, 0, 2, 0x30]),
    ('k', [193, 0, 14, 129], [0x2001, 0x7fd, 0, 0, 0, 0, 0, 1]),
    ('l', [199, 7, 83, 42], [0x2001, 0x500, 0x9f, 0, 0, 0, 0, 0x42]),
    ('m', [202, 12, 27, 33], [0x2001, 0xdc3, 0, 0, 0, 0, 0, 0x35]),
];

/// One server of a zone and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Station {
    /// The server's name: lower case, no trailing dot.
    pub name: String,
    /// One of its addresses.
    pub address: IpAddr,
}

/// The root's servers, IPv4 first.
pub(super) fn built_in() -> Vec<Station> {
    let name = |letter: char| format!("{letter}.root-servers.net");
    let v4 = IANA.iter().map(|(letter, v4, _)| Station { name: name(*letter), address: (*v4).into() });
    let v6 = IANA.iter().map(|(letter, _, v6)| Station { name: name(*letter), address: (*v6).into() });
    v4.chain(v6).collect()
}

/// The root's servers of a file in the format of `named.root`.
pub(super) fn from_file(path: &Path) -> Result<Vec<Station>, SetupError> {
    let name = || path.display().to_string();
    let text =
        std::fs::read_to_string(path).map_err(|source| SetupError::HintsFile { path: name(), source })?;
    parse(&text).map_err(|reason| SetupError::Hints { path: name(), reason })
}

/// One record a line, `;` starts a comment: NS records of the root, and A and AAAA records of the servers they name.
fn parse(text: &str) -> Result<Vec<Station>, String> {
    if text.len() > FILE_LIMIT {
        return Err(format!("longer than {FILE_LIMIT} bytes"));
    }
    let mut servers: Vec<String> = Vec::new();
    let mut addresses: BTreeMap<String, Vec<IpAddr>> = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.split(';').next().unwrap_or_default();
        let fields: Vec<&str> = line.split_whitespace().collect();
        let ([owner, .., kind, data], true) = (fields.as_slice(), fields.len() >= 3) else {
            if fields.is_empty() || line.trim_start().starts_with('$') {
                continue;
            }
            return Err(format!("line {}: not a record", index + 1));
        };
        let plain = |name: &str| name.trim_end_matches('.').to_ascii_lowercase();
        let wrong = || format!("line {}: {data} is no address", index + 1);
        match kind.to_ascii_uppercase().as_str() {
            "NS" if *owner == "." => servers.push(plain(data)),
            "A" => {
                let address = data.parse::<std::net::Ipv4Addr>().map_err(|_| wrong())?;
                addresses.entry(plain(owner)).or_default().push(address.into());
            }
            "AAAA" => {
                let address = data.parse::<std::net::Ipv6Addr>().map_err(|_| wrong())?;
                addresses.entry(plain(owner)).or_default().push(address.into());
            }
            "NS" => {
                return Err(format!("line {}: only the root's servers; the owner must be `.`", index + 1));
            }
            _ => return Err(format!("line {}: neither NS nor A nor AAAA", index + 1)),
        }
    }
    let mut stations: Vec<Station> = servers
        .iter()
        .flat_map(|name| {
            let at = addresses.get(name).into_iter().flatten();
            at.map(|address| Station { name: name.clone(), address: *address })
        })
        .take(MOST_SERVERS)
        .collect();
    stations.sort_by_key(|station| station.address.is_ipv6());
    if stations.is_empty() {
        return Err(String::from("no server of the root with an address"));
    }
    Ok(stations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_list_is_thirteen_twice() {
        let stations = built_in();
        assert_eq!(stations.len(), 26);
        assert_eq!(stations[0].address, "198.41.0.4".parse::<IpAddr>().unwrap());
        assert_eq!(stations[25].name, "m.root-servers.net");
        assert_eq!(stations[13].address, "2001:503:ba3e::2:30".parse::<IpAddr>().unwrap());
    }

    #[test]
    fn a_named_root_file_is_read_and_what_is_none_is_refused_with_its_line() {
        let text = "; last update: 2026\n.\t3600000\tIN  NS  A.ROOT.Example.\n\
                    A.root.example. 3600000 AAAA ::1\nA.root.example. 3600000 IN A 127.9.0.1 ; here\n\
                    other.example. A 192.0.2.1\n";
        let stations = parse(text).unwrap();
        let seen: Vec<String> = stations.iter().map(|s| format!("{} {}", s.name, s.address)).collect();
        assert_eq!(seen, ["a.root.example 127.9.0.1", "a.root.example ::1"]);
        for (text, expected) in [
            ("", "no server"),
            (". NS a.example.\n", "no server"),
            ("vn. NS a.example.\n", "line 1: only the root"),
            (". NS a.example.\na.example. A 1.2.3\n", "line 2: 1.2.3"),
            (". MX 10\n", "line 1: neither"),
            ("hello\n", "line 1: not a record"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(expected), "{text:?}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_hints_or_an_error(text in "((\\.|a\\.b\\.) )?(NS|A|AAAA)? ?.{0,40}\n?") {
            let _ = parse(&text);
        }
    }
}
