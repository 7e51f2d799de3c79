//! The province built: residents into servers, certificates and zones. Opens no socket.

use std::{net::IpAddr, sync::Arc};

use hickory_proto::rr::{RData, rdata::CAA};
use jiff::Timestamp;

use super::{
    LabError, Town,
    authority::{Authority, Flaw, Identity, Key},
    door::{self, Door, Manner},
    legacy::{Legacy, suite},
    names::{self, Names, NamesError, Plan, Signing},
    province::{self, Character, DOMAIN, PROVINCE, Resident},
    web::Site,
};
use crate::{target::Host, wire::tls::Version};

/// Where certificates may come from, says the zone.
const ISSUER: &str = "ca.tinhmau.example";
const NAME_SERVERS: [(&str, u8); 2] = [("ns1.tinhmau.example.", 2), ("ns2.tinhmau.example.", 3)];

/// Servers, certificates and zones for these sites (host, HTTPS port).
pub(super) fn province(sites: &[(String, u16)], ipv6: bool, now: Timestamp) -> Result<Town, LabError> {
    let stranger = sites.iter().find(|(host, _)| PROVINCE.iter().all(|resident| resident.host() != *host));
    if let Some((host, _)) = stranger {
        return Err(LabError::Stranger(host.clone()));
    }
    let port = |resident: &Resident| {
        let host = resident.host();
        sites.iter().find(|(site, _)| *site == host).map_or(443, |(_, port)| *port)
    };
    let authority = Authority::new("Tinh Mau", now)?;
    let (mut doors, mut closed_to_https) = (Vec::new(), Vec::new());
    for residents in PROVINCE.chunk_by(|one, other| one.place == other.place) {
        let Some(first) = residents.first() else { continue };
        let pages: Vec<Site> = residents.iter().map(|resident| Site::new(resident, port(resident))).collect();
        let names: Vec<String> = residents.iter().flat_map(Resident::names).collect();
        let stands = if first.is(Character::NoHttps) { &mut closed_to_https } else { &mut doors };
        let flaw = flaw(first.characters);
        let door = Arc::new(build(&authority, &names, first.characters, flaw, pages.clone())?);
        for address in first.addresses(ipv6) {
            let stale = address == province::second_address(first.place);
            let door = if stale {
                Arc::new(build(&authority, &names, first.characters, Flaw::Expired, pages.clone())?)
            } else {
                Arc::clone(&door)
            };
            stands.push((address, door));
        }
    }
    let odd_ports = PROVINCE.iter().filter(|resident| port(resident) != 443).filter_map(|resident| {
        Some((Host::parse(&resident.host()).ok()?, port(resident), province::address(resident.place)))
    });
    let odd_ports = odd_ports.collect();
    let (names, anchor) = zones(ipv6).map_err(|error| LabError::Names(error.to_string()))?;
    Ok(Town {
        doors,
        closed_to_https,
        name_servers: NAME_SERVERS.map(|(_, place)| province::address(place)).to_vec(),
        names,
        root: authority.root().to_owned(),
        anchor,
        odd_ports,
    })
}

fn flaw(characters: &[Character]) -> Flaw {
    let of = |character: &Character| match character {
        Character::Expired => Some(Flaw::Expired),
        Character::ExpiringSoon => Some(Flaw::ExpiringSoon),
        Character::SelfSigned => Some(Flaw::SelfSigned),
        Character::MissingIntermediate => Some(Flaw::MissingIntermediate),
        Character::WrongName => Some(Flaw::WrongName),
        Character::UntrustedRoot => Some(Flaw::UntrustedRoot),
        _ => None,
    };
    characters.iter().find_map(of).unwrap_or_default()
}

/// What of the past a server still speaks: versions and suites.
type Past = (&'static [Version], &'static [u16]);

fn past(characters: &[Character]) -> Option<Past> {
    const BLOCKS: &[u16] = &[suite::AES_128_SHA, suite::AES_256_SHA];
    const WITH_3DES: &[u16] = &[suite::AES_128_SHA, suite::AES_256_SHA, suite::TRIPLE_DES_SHA];
    let of = |character: &Character| -> Option<Past> {
        match character {
            Character::OldVersions => Some((&[Version::TLS12, Version::TLS11, Version::TLS10], BLOCKS)),
            Character::Ssl3 => {
                Some((&[Version::TLS12, Version::TLS11, Version::TLS10, Version::SSL3], WITH_3DES))
            }
            Character::Tls10Only => Some((&[Version::TLS10], WITH_3DES)),
            Character::WeakSuites => Some((&[Version::TLS12], &[suite::TRIPLE_DES_SHA, suite::RC4_128_SHA])),
            _ => None,
        }
    };
    characters.iter().find_map(of)
}

fn build(
    authority: &Authority,
    names: &[String],
    characters: &[Character],
    flaw: Flaw,
    sites: Vec<Site>,
) -> Result<Door, LabError> {
    let has = |character| characters.contains(&character);
    let manner = match () {
        () if has(Character::Hangs) => Manner::Hang,
        () if has(Character::Resets) => Manner::Reset,
        () => Manner::Serve,
    };
    let past = past(characters);
    let identity = authority.identity(names, if past.is_some() { Key::Rsa } else { Key::P256 }, flaw)?;
    let legacy = past.map(|(versions, suites)| Legacy { versions, suites, chain: octets(&identity) });
    let tls13 = !(has(Character::Tls12Only) || has(Character::Ssl3));
    let modern = if has(Character::Tls10Only) { None } else { Some(door::modern(identity, tls13)?) };
    Ok(Door { manner, modern, legacy, sites })
}

fn octets(identity: &Identity) -> Vec<Vec<u8>> {
    identity.chain.iter().map(|certificate| certificate.to_vec()).collect()
}

fn zones(ipv6: bool) -> Result<(Names, String), NamesError> {
    let servers: Vec<String> = NAME_SERVERS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut main = vec![(format!("{DOMAIN}."), names::issuer(ISSUER)?)];
    for (name, place) in NAME_SERVERS {
        main.push((name.to_owned(), names::address(province::address(place))));
    }
    let mut children = Vec::new();
    for resident in PROVINCE {
        let of_name = |name: String| {
            resident.addresses(ipv6).into_iter().map(move |to| (format!("{name}."), names::address(to)))
        };
        let records: Vec<(String, RData)> = resident.names().into_iter().flat_map(of_name).collect();
        let origin = format!("{}.", resident.host());
        if resident.is(Character::BogusZone) {
            children.push(Plan { origin, signing: Signing::Bogus, servers: servers.clone(), records });
        } else if resident.is(Character::PoorZone) {
            let iodef = url::Url::parse("mailto:quantri@tinhmau.example").ok();
            let caa = iodef.map(|to| (origin.clone(), RData::CAA(CAA::new_iodef(false, to))));
            let records = records.into_iter().chain(caa).collect();
            let servers = servers.iter().take(1).cloned().collect();
            children.push(Plan { origin, signing: Signing::Absent, servers, records });
        } else {
            main.extend(records);
        }
    }
    Names::new([above(&servers, main), children].concat())
}

/// The root, what lies between, and the domain with these records.
fn above(servers: &[String], records: Vec<(String, RData)>) -> Vec<Plan> {
    let signed = |origin: &str, records| Plan {
        origin: origin.to_owned(),
        signing: Signing::Sound,
        servers: servers.to_vec(),
        records,
    };
    vec![signed(".", Vec::new()), signed("example.", Vec::new()), signed(&format!("{DOMAIN}."), records)]
}

/// Servers, certificates and zones for many names on few addresses.
pub(super) fn crowd(
    hosts: &[(String, IpAddr)],
    alive: &dyn Fn(IpAddr) -> bool,
    name_servers: [IpAddr; 2],
    now: Timestamp,
) -> Result<Town, LabError> {
    const KINDS: [&[Character]; 4] =
        [&[], &[Character::NoHsts], &[Character::NoRedirect], &[Character::BareSessionCookie]];
    let authority = Authority::new("Tinh Mau Dong Dan", now)?;
    let modern = door::modern(authority.identity(&[format!("*.{DOMAIN}")], Key::P256, Flaw::None)?, true)?;
    let mut sites: std::collections::BTreeMap<IpAddr, Vec<Site>> = std::collections::BTreeMap::new();
    for ((host, address), kind) in hosts.iter().zip(KINDS.iter().cycle()) {
        if alive(*address) {
            sites.entry(*address).or_default().push(Site::plain(host.clone(), kind));
        }
    }
    let doors = sites.into_iter().map(|(address, sites)| {
        let modern = Some(modern.clone());
        (address, Arc::new(Door { manner: Manner::Serve, modern, legacy: None, sites }))
    });
    let made = || -> Result<(Names, String), NamesError> {
        let servers: Vec<String> = NAME_SERVERS.iter().map(|(name, _)| (*name).to_owned()).collect();
        let mut records = vec![(format!("{DOMAIN}."), names::issuer(ISSUER)?)];
        for (server, address) in servers.iter().zip(name_servers) {
            records.push((server.clone(), names::address(address)));
        }
        records.extend(hosts.iter().map(|(host, to)| (format!("{host}."), names::address(*to))));
        Names::new(above(&servers, records))
    };
    let (names, anchor) = made().map_err(|error| LabError::Names(error.to_string()))?;
    Ok(Town {
        doors: doors.collect(),
        closed_to_https: Vec::new(),
        name_servers: name_servers.to_vec(),
        names,
        root: authority.root().to_owned(),
        anchor,
        odd_ports: Vec::new(),
    })
}
