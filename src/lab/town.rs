//! The province built: residents into servers, certificates and zones. Opens no socket.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use aws_lc_rs::digest::{SHA256, digest};
use hickory_proto::rr::{RData, rdata::CAA};
use jiff::Timestamp;
use tokio::task::{JoinSet, spawn_blocking};

use super::{
    LabError, Town,
    authority::{Authority, Flaw, Identity, Key},
    door::{Door, Manner},
    legacy::{Legacy, suite},
    modern::Modern,
    names::{self, Names, NamesError, Plan, Signing},
    post::Post,
    province::{self, Character, DOMAIN, POSTS, PROVINCE, Resident},
    web::Site,
};
use crate::{target::Host, wire::tls::Version};

/// Where certificates may come from, says the zone.
const ISSUER: &str = "ca.tinhmau.example";
const NAME_SERVERS: [&str; 2] = ["ns1.tinhmau.example.", "ns2.tinhmau.example."];

/// In two networks, so that one that fails takes but one of them.
fn name_server_addresses() -> [IpAddr; 2] {
    [province::address(2), province::second_address(3)]
}

/// The one IPv6 address that a machine has of its own.
fn ipv6_name_server() -> IpAddr {
    IpAddr::V6(std::net::Ipv6Addr::LOCALHOST)
}

/// Servers, certificates and zones for these sites (host, HTTPS port). RSA keys take a while each, so machines are
/// built side by side.
pub(super) async fn province(sites: &[(String, u16)], ipv6: bool, now: Timestamp) -> Result<Town, LabError> {
    let stranger = sites.iter().find(|(host, _)| PROVINCE.iter().all(|resident| resident.host() != *host));
    if let Some((host, _)) = stranger {
        return Err(LabError::Stranger(host.clone()));
    }
    let port = |resident: &Resident| {
        let host = resident.host();
        sites.iter().find(|(site, _)| *site == host).map_or(443, |(_, port)| *port)
    };
    let authority = Arc::new(spawn_blocking(move || Authority::new("Tinh Mau", now)).await??);
    let mut building = JoinSet::new();
    for residents in PROVINCE.chunk_by(|one, other| one.place == other.place) {
        let authority = Arc::clone(&authority);
        let sites: Vec<Site> = residents.iter().map(|resident| Site::new(resident, port(resident))).collect();
        building.spawn_blocking(move || machine(&authority, residents, &sites, ipv6));
    }
    let (posts, certified) = spawn_blocking({
        let authority = Arc::clone(&authority);
        move || posts(&authority)
    })
    .await??;
    let zones = spawn_blocking(move || zones(ipv6, certified)).await?;
    let (names, anchor) = zones.map_err(|error| LabError::Names(error.to_string()))?;
    let (mut doors, mut closed_to_https) = (Vec::new(), Vec::new());
    while let Some(built) = building.join_next().await {
        let Machine { open, stands } = built??;
        if open { doors.extend(stands) } else { closed_to_https.extend(stands) }
    }
    let odd_ports = PROVINCE.iter().filter(|resident| port(resident) != 443).filter_map(|resident| {
        Some((Host::parse(&resident.host()).ok()?, port(resident), province::address(resident.place)))
    });
    Ok(Town {
        doors,
        closed_to_https,
        name_servers: name_server_addresses().into_iter().chain(ipv6.then(ipv6_name_server)).collect(),
        names,
        root: authority.root().to_owned(),
        anchor,
        odd_ports: odd_ports.collect(),
        posts,
    })
}

type Posts = Vec<(IpAddr, Arc<Post>)>;

/// The mail servers, and the TLSA record of each that has a certificate.
fn posts(authority: &Authority) -> Result<(Posts, Vec<(String, RData)>), LabError> {
    let (mut posts, mut certified) = (Vec::new(), Vec::new());
    for (label, place, starttls) in POSTS {
        let name = format!("{label}.{DOMAIN}");
        let tls = if starttls {
            let identity = authority.identity(std::slice::from_ref(&name), Key::P256, Flaw::None)?;
            if let Some(leaf) = identity.chain.first() {
                let sha256 = digest(&SHA256, leaf);
                certified.push((format!("_25._tcp.{name}."), names::certified(sha256.as_ref())));
            }
            Some(Modern::new(identity, Key::P256, true)?)
        } else {
            None
        };
        posts.push((province::address(place), Arc::new(Post { name, tls })));
    }
    Ok((posts, certified))
}

/// What serves the residents of one address.
struct Machine {
    /// Whether it takes HTTPS.
    open: bool,
    stands: Vec<(IpAddr, Arc<Door>)>,
}

fn machine(
    authority: &Authority,
    residents: &[Resident],
    sites: &[Site],
    ipv6: bool,
) -> Result<Machine, LabError> {
    let Some(first) = residents.first() else { return Err(LabError::NoAddress) };
    let names: Vec<String> = residents.iter().flat_map(Resident::names).collect();
    let build = |flaw| build(authority, &names, first.characters, flaw, sites.to_vec()).map(Arc::new);
    let door = build(flaw(first.characters))?;
    let mut stands = Vec::new();
    for address in first.addresses(ipv6) {
        let stale = address == province::second_address(first.place);
        stands.push((address, if stale { build(Flaw::Expired)? } else { Arc::clone(&door) }));
    }
    Ok(Machine { open: !first.is(Character::NoHttps), stands })
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
    let key = if past.is_some() { Key::Rsa } else { Key::P256 };
    let identity = authority.identity(names, key, flaw)?;
    let legacy = past.map(|(versions, suites)| Legacy { versions, suites, chain: octets(&identity) });
    let tls13 = !(has(Character::Tls12Only) || has(Character::Ssl3));
    let modern = if has(Character::Tls10Only) { None } else { Some(Modern::new(identity, key, tls13)?) };
    Ok(Door { manner, modern, legacy, sites })
}

fn octets(identity: &Identity) -> Vec<Vec<u8>> {
    identity.chain.iter().map(|certificate| certificate.to_vec()).collect()
}

fn zones(ipv6: bool, certified: Vec<(String, RData)>) -> Result<(Names, String), NamesError> {
    let servers: Vec<String> = NAME_SERVERS.map(str::to_owned).to_vec();
    let mut main = vec![(format!("{DOMAIN}."), names::issuer(ISSUER)?)];
    for (name, address) in NAME_SERVERS.into_iter().zip(name_server_addresses()) {
        main.push((name.to_owned(), names::address(address)));
        if ipv6 {
            main.push((name.to_owned(), names::address(ipv6_name_server())));
        }
    }
    for (label, place, _) in POSTS {
        main.push((format!("{label}.{DOMAIN}."), names::address(province::address(place))));
    }
    main.extend(certified);
    // one policy for all, whose subdomains do not send
    let policy = format!("v=DMARC1; p=reject; rua=mailto:dmarc@{DOMAIN}");
    main.push((format!("_dmarc.{DOMAIN}."), names::text(&policy)));
    let mut children = Vec::new();
    for resident in PROVINCE {
        let of_name = |name: String| {
            resident.addresses(ipv6).into_iter().map(move |to| (format!("{name}."), names::address(to)))
        };
        let mut records: Vec<(String, RData)> = resident.names().into_iter().flat_map(of_name).collect();
        records.extend(mail(resident)?);
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

/// What a resident's zone says of its mail; most have none and say so.
fn mail(resident: &Resident) -> Result<Vec<(String, RData)>, NamesError> {
    let has = |character| resident.is(character);
    let host = resident.host();
    let mut records = Vec::new();
    let post = match (has(Character::Mailbox), has(Character::PlainMailbox)) {
        (true, _) => Some(format!("mail.{DOMAIN}.")),
        (_, true) => Some(format!("thu.{DOMAIN}.")),
        _ => None,
    };
    let hungry = format!("v=spf1{} -all", " exists:%{i}._spf.example".repeat(11));
    let spf = match () {
        () if has(Character::NoSpf) => None,
        () if has(Character::OpenSpf) => Some("v=spf1 mx +all"),
        () if has(Character::BrokenSpf) => Some("v=spf1 ip4:127.63.0.300 -all"),
        () if has(Character::HungrySpf) => Some(hungry.as_str()),
        () if post.is_some() => Some("v=spf1 mx -all"),
        () => Some("v=spf1 -all"),
    };
    records.extend(spf.map(|spf| (format!("{host}."), names::text(spf))));
    if let Some(post) = post {
        records.push((format!("{host}."), names::exchanger(&post)?));
    }
    if has(Character::WatchingDmarc) {
        let policy = format!("v=DMARC1; p=none; rua=mailto:dmarc@{DOMAIN}");
        records.push((format!("_dmarc.{host}."), names::text(&policy)));
    }
    if has(Character::TlsReports) {
        let reports = format!("v=TLSRPTv1; rua=mailto:dmarc@{DOMAIN}");
        records.push((format!("_smtp._tls.{host}."), names::text(&reports)));
    }
    Ok(records)
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

/// Servers, certificates and zones for many names on few addresses; each host lies in one of the zones.
pub(super) fn crowd(
    zones: &[String],
    hosts: &[(String, IpAddr)],
    alive: &dyn Fn(IpAddr) -> bool,
    name_servers: [IpAddr; 2],
    now: Timestamp,
) -> Result<Town, LabError> {
    const KINDS: [&[Character]; 4] =
        [&[], &[Character::NoHsts], &[Character::NoRedirect], &[Character::BareSessionCookie]];
    let authority = Authority::new("Tinh Mau Dong Dan", now)?;
    let names: Vec<String> = zones.iter().map(|zone| format!("*.{zone}")).collect();
    let modern = Modern::new(authority.identity(&names, Key::P256, Flaw::None)?, Key::P256, true)?;
    let mut sites: BTreeMap<IpAddr, Vec<Site>> = BTreeMap::new();
    for ((host, address), kind) in hosts.iter().zip(KINDS.iter().cycle()) {
        if alive(*address) {
            sites.entry(*address).or_default().push(Site::plain(host.clone(), kind));
        }
    }
    let doors = sites.into_iter().map(|(address, sites)| {
        let modern = Some(modern.clone());
        (address, Arc::new(Door { manner: Manner::Serve, modern, legacy: None, sites }))
    });
    let made = crowd_zones(zones, hosts, name_servers);
    let (names, anchor) = made.map_err(|error| LabError::Names(error.to_string()))?;
    Ok(Town {
        doors: doors.collect(),
        closed_to_https: Vec::new(),
        name_servers: name_servers.to_vec(),
        names,
        root: authority.root().to_owned(),
        anchor,
        odd_ports: Vec::new(),
        posts: Vec::new(),
    })
}

fn crowd_zones(
    zones: &[String],
    hosts: &[(String, IpAddr)],
    name_servers: [IpAddr; 2],
) -> Result<(Names, String), NamesError> {
    let servers: Vec<String> = NAME_SERVERS.map(str::to_owned).to_vec();
    let mut main = vec![(format!("{DOMAIN}."), names::issuer(ISSUER)?)];
    for (server, address) in servers.iter().zip(name_servers) {
        main.push((server.clone(), names::address(address)));
    }
    main.push((format!("_dmarc.{DOMAIN}."), names::text("v=DMARC1; p=reject")));
    let mut below: BTreeMap<&str, Vec<(String, RData)>> = BTreeMap::new();
    for (host, address) in hosts {
        let zone = host.split_once('.').map_or(DOMAIN, |(_, zone)| zone);
        let records = below.entry(zone).or_default();
        records.push((format!("{host}."), names::address(*address)));
        records.push((format!("{host}."), names::text("v=spf1 -all")));
    }
    let children = zones.iter().map(|zone| Plan {
        origin: format!("{zone}."),
        signing: Signing::Sound,
        servers: servers.clone(),
        records: below.remove(zone.as_str()).unwrap_or_default(),
    });
    Names::new(above(&servers, main).into_iter().chain(children).collect())
}
