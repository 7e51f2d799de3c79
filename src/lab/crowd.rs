//! A province of thousands of names on few addresses, to see how a scan bears the load. Owns who lives where and the
//! inventory that says so.

use std::{
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr},
};

use jiff::{SignedDuration, Timestamp};

use super::{Lab, LabError, Town, province::DOMAIN, town};
use crate::target::local_date;

/// How many live where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crowd {
    /// Sites, `s00001.k000.tinhmau.example` and on; at most 99,999.
    pub sites: usize,
    /// Addresses that they are spread over, 127.64.1.1 and on; at most 60,000.
    pub addresses: usize,
    /// How many addresses in a hundred refuse every connection.
    pub dead_percent: u8,
}

const SITES_PER_UNIT: usize = 5;
/// The name server looks through a whole zone to prove that a name does not exist, as every `www.` here does not: one
/// zone of thousands would measure that, not the scan.
const SITES_PER_ZONE: usize = 250;
const MOST_SITES: usize = 99_999;
const MOST_ADDRESSES: usize = 60_000;

impl Crowd {
    /// Its servers, certificates and zones.
    pub(super) fn town(self, now: Timestamp) -> Result<Town, LabError> {
        if self.sites == 0 || self.addresses == 0 {
            return Err(LabError::NoAddress);
        }
        let hosts: Vec<(String, IpAddr)> =
            self.hosts().enumerate().map(|(place, host)| (host, self.address(place))).collect();
        let dead: std::collections::HashSet<IpAddr> = (0..self.addresses())
            .filter(|place| self.is_dead(*place))
            .map(|place| self.address(place))
            .collect();
        // in two networks, beyond those of the servers
        let name_servers = [(0, 2), (255, 3)].map(|(c, d)| IpAddr::V4(Ipv4Addr::new(127, 64, c, d)));
        let zones: Vec<String> = (0..hosts.len().div_ceil(SITES_PER_ZONE)).map(zone).collect();
        town::crowd(&zones, &hosts, &|address| !dead.contains(&address), name_servers, now)
    }

    /// Every host, in order.
    pub fn hosts(self) -> impl Iterator<Item = String> {
        (1..=self.sites.min(MOST_SITES))
            .map(|number| format!("s{number:05}.{}", zone((number - 1) / SITES_PER_ZONE)))
    }

    /// How many of the sites stand at an address that refuses.
    pub fn dead_sites(self) -> usize {
        let places = (0..self.sites.min(MOST_SITES)).map(|place| place % self.addresses());
        places.filter(|place| self.is_dead(*place)).count()
    }

    /// The addresses at which nobody lives.
    pub fn dead_addresses(self) -> impl Iterator<Item = IpAddr> {
        (0..self.addresses()).filter(move |place| self.is_dead(*place)).map(move |place| self.address(place))
    }

    fn addresses(self) -> usize {
        self.addresses.clamp(1, MOST_ADDRESSES)
    }

    /// Where the site with this number stands; sites are dealt out one by one.
    fn address(self, place: usize) -> IpAddr {
        const IN_A_ROW: u32 = 250;
        let place = u32::try_from(place % self.addresses()).unwrap_or(0);
        let first = u32::from(Ipv4Addr::new(127, 64, 1, 1));
        IpAddr::V4(Ipv4Addr::from(first + place / IN_A_ROW * 256 + place % IN_A_ROW))
    }

    /// The dead are spread evenly among the living.
    fn is_dead(self, place: usize) -> bool {
        let share = usize::from(self.dead_percent.min(100));
        (place + 1) * share / 100 > place * share / 100
    }

    /// The inventory, a YAML text, with the `lab:` table that leads to this lab.
    pub(super) fn inventory(self, lab: &Lab, now: Timestamp) -> String {
        let today = local_date(now);
        let until = local_date(now.checked_add(SignedDuration::from_hours(24 * 30)).unwrap_or(now));
        let mut text = format!(
            "schema: khien.targets/1\n\
             province: {{name: \"Tỉnh Mẫu\", domain: {DOMAIN}}}\n\
             lead_agency: {{name: \"Sở Khoa học và Công nghệ\", contact: attt@{DOMAIN}}}\n\
             authorisation: {{document: \"Kế hoạch thử tải\", number: \"1/KH\", date: {today}, body: \"UBND Tỉnh Mẫu\", expires: {until}}}\n\
             vantage: {{name: \"Máy thử\", inside: true}}\n\
             allow_private: true\n\
             zones: [{{zone: {DOMAIN}, operator: xa-00001}}]\n\
             units:\n"
        );
        let hosts: Vec<String> = self.hosts().collect();
        for (place, sites) in hosts.chunks(SITES_PER_UNIT).enumerate() {
            let number = place + 1;
            // writing to a String cannot fail
            let _ = writeln!(
                text,
                "  - {{id: xa-{number:05}, name: \"UBND xã số {number}\", kind: xa, sites: [{}]}}",
                sites.join(", ")
            );
        }
        let table = lab.table();
        let _ = writeln!(text, "lab:");
        for (key, value) in [
            ("resolver", table.resolver.map(|to| to.to_string())),
            ("ca_file", table.ca_file.map(|file| file.display().to_string())),
            ("root_hints", table.root_hints.map(|file| file.display().to_string())),
            ("trust_anchor", table.trust_anchor.map(|file| file.display().to_string())),
        ] {
            let _ = value.map(|value| writeln!(text, "  {key}: '{}'", value.replace('\'', "''")));
        }
        let ports = [("http", table.ports.http), ("https", table.ports.https), ("dns", table.ports.dns)];
        let ports: Vec<String> =
            ports.into_iter().filter_map(|(name, port)| Some(format!("{name}: {}", port?))).collect();
        let _ = writeln!(text, "  ports: {{{}}}", ports.join(", "));
        text
    }
}

/// The zone with this number.
fn zone(number: usize) -> String {
    format!("k{number:03}.{DOMAIN}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dead_are_as_many_as_asked_for_and_everyone_has_a_place() {
        let crowd = Crowd { sites: 1_000, addresses: 260, dead_percent: 10 };
        assert_eq!((0..260).filter(|place| crowd.is_dead(*place)).count(), 26);
        let places: std::collections::BTreeSet<IpAddr> =
            (0..1_000).map(|place| crowd.address(place)).collect();
        assert_eq!(places.len(), 260);
        assert!(places.contains(&IpAddr::from([127, 64, 2, 10])), "{places:?}");
        assert_eq!(Crowd { dead_percent: 0, ..crowd }.dead_sites(), 0);
        assert_eq!(Crowd { dead_percent: 100, ..crowd }.dead_sites(), 1_000);
    }
}
