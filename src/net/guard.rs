//! The SSRF guard: which addresses are never dialled. Pure; knows the IANA special-purpose registries, not DNS.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// Why an address is special (IANA IPv4 and IPv6 Special-Purpose Address Registries).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Special {
    /// `0.0.0.0`, `::`.
    Unspecified,
    /// `0.0.0.0/8`: this network.
    ThisNetwork,
    /// `127.0.0.0/8`, `::1`.
    Loopback,
    /// RFC 1918.
    Private,
    /// `fc00::/7`.
    UniqueLocal,
    /// `100.64.0.0/10`: between a carrier and its subscribers.
    Shared,
    /// `169.254.0.0/16`, `fe80::/10`, `fec0::/10`.
    LinkLocal,
    /// A cloud provider's instance metadata service.
    Metadata,
    /// `224.0.0.0/4`, `ff00::/8`.
    Multicast,
    /// `255.255.255.255`.
    Broadcast,
    /// Documentation prefixes.
    Documentation,
    /// `198.18.0.0/15`, `2001:2::/48`.
    Benchmarking,
    /// IETF protocol assignments (`192.0.0.0/24`, `2001::/23`), Teredo included.
    Protocol,
    /// 6to4 (`2002::/16`) and its relay anycast prefix: deprecated tunnels to an embedded IPv4 address.
    SixToFour,
    /// An IPv6 form of an IPv4 address that no host answers at (`::a.b.c.d`, SIIT, local NAT64).
    Translated,
    /// Not allocated to anyone.
    Reserved,
}

impl Special {
    /// Whether `--allow-private` opens it.
    pub fn opened_by_allow_private(self) -> bool {
        matches!(self, Special::Loopback | Special::Private | Special::UniqueLocal)
    }
}

impl fmt::Display for Special {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Special::Unspecified => "the unspecified address",
            Special::ThisNetwork => "this-network address",
            Special::Loopback => "loopback address",
            Special::Private => "private address (RFC 1918)",
            Special::UniqueLocal => "unique local address (RFC 4193)",
            Special::Shared => "carrier-grade NAT address (RFC 6598)",
            Special::LinkLocal => "link-local address",
            Special::Metadata => "cloud metadata service",
            Special::Multicast => "multicast address",
            Special::Broadcast => "broadcast address",
            Special::Documentation => "documentation address",
            Special::Benchmarking => "benchmarking address",
            Special::Protocol => "IETF protocol assignment",
            Special::SixToFour => "6to4 tunnel address",
            Special::Translated => "translated IPv4 address",
            Special::Reserved => "reserved address",
        })
    }
}

/// Judges the address that is about to be dialled. `allow_private` opens loopback, RFC 1918 and ULA, nothing else.
pub fn guard(address: IpAddr, allow_private: bool) -> Result<(), Special> {
    match special(address) {
        None => Ok(()),
        Some(reason) if allow_private && reason.opened_by_allow_private() => Ok(()),
        Some(reason) => Err(reason),
    }
}

/// What is special about an address; `None` for ordinary global unicast.
pub fn special(address: IpAddr) -> Option<Special> {
    match address {
        IpAddr::V4(v4) => special_v4(v4),
        IpAddr::V6(v6) => special_v6(v6),
    }
}

/// First match wins: single addresses stand before the prefixes that hold them.
const V4: &[(Ipv4Addr, u32, Special)] = &[
    (Ipv4Addr::new(169, 254, 169, 254), 32, Special::Metadata), // AWS, Azure, GCP, OpenStack and most others
    (Ipv4Addr::new(169, 254, 170, 2), 32, Special::Metadata),   // AWS container credentials
    (Ipv4Addr::new(100, 100, 100, 200), 32, Special::Metadata), // Alibaba
    (Ipv4Addr::new(192, 0, 0, 192), 32, Special::Metadata),     // Oracle
    (Ipv4Addr::new(168, 63, 129, 16), 32, Special::Metadata),   // Azure's wire server, on a public address
    (Ipv4Addr::UNSPECIFIED, 32, Special::Unspecified),
    (Ipv4Addr::UNSPECIFIED, 8, Special::ThisNetwork),
    (Ipv4Addr::new(10, 0, 0, 0), 8, Special::Private),
    (Ipv4Addr::new(100, 64, 0, 0), 10, Special::Shared),
    (Ipv4Addr::new(127, 0, 0, 0), 8, Special::Loopback),
    (Ipv4Addr::new(169, 254, 0, 0), 16, Special::LinkLocal),
    (Ipv4Addr::new(172, 16, 0, 0), 12, Special::Private),
    (Ipv4Addr::new(192, 0, 0, 0), 24, Special::Protocol),
    (Ipv4Addr::new(192, 0, 2, 0), 24, Special::Documentation),
    (Ipv4Addr::new(192, 88, 99, 0), 24, Special::SixToFour),
    (Ipv4Addr::new(192, 168, 0, 0), 16, Special::Private),
    (Ipv4Addr::new(198, 18, 0, 0), 15, Special::Benchmarking),
    (Ipv4Addr::new(198, 51, 100, 0), 24, Special::Documentation),
    (Ipv4Addr::new(203, 0, 113, 0), 24, Special::Documentation),
    (Ipv4Addr::new(224, 0, 0, 0), 4, Special::Multicast),
    (Ipv4Addr::BROADCAST, 32, Special::Broadcast),
    (Ipv4Addr::new(240, 0, 0, 0), 4, Special::Reserved),
];

/// As [`V4`]. What is outside `2000::/3` and not named here is reserved, so the table is closed.
const V6: &[(Ipv6Addr, u32, Special)] = &[
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), 128, Special::Metadata), // AWS
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23), 128, Special::Metadata),  // AWS container credentials
    (Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254), 128, Special::Metadata),  // GCP
    (Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42), 128, Special::Metadata),   // Scaleway
    (Ipv6Addr::UNSPECIFIED, 128, Special::Unspecified),
    (Ipv6Addr::LOCALHOST, 128, Special::Loopback),
    (Ipv6Addr::UNSPECIFIED, 96, Special::Translated), // IPv4-compatible, RFC 4291 section 2.5.5.1
    (Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0), 96, Special::Translated), // SIIT, RFC 2765
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48, Special::Translated), // local-use NAT64, RFC 8215
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, Special::UniqueLocal),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, Special::LinkLocal),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, Special::LinkLocal),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, Special::Multicast),
    (Ipv6Addr::new(0x2001, 2, 0, 0, 0, 0, 0, 0), 48, Special::Benchmarking),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, Special::Protocol), // Teredo, ORCHID, AMT, DRIP …
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, Special::Documentation),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, Special::Documentation),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, Special::SixToFour),
];

fn special_v4(address: Ipv4Addr) -> Option<Special> {
    let bits = address.to_bits();
    V4.iter()
        .find(|(prefix, length, _)| (bits ^ prefix.to_bits()).leading_zeros() >= *length)
        .map(|(_, _, special)| *special)
}

fn special_v6(address: Ipv6Addr) -> Option<Special> {
    if let Some(v4) = address.to_ipv4_mapped() {
        return special_v4(v4);
    }
    let segments = address.segments();
    if let [0x64, 0xff9b, 0, 0, 0, 0, high, low] = segments {
        // RFC 6052 section 3.1: the well-known prefix must not carry a non-global IPv4 address, so what is private
        // inside is refused whatever the switch says.
        let embedded = Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low));
        return special_v4(embedded)
            .map(|reason| if reason.opened_by_allow_private() { Special::Translated } else { reason });
    }
    let bits = address.to_bits();
    V6.iter()
        .find(|(prefix, length, _)| (bits ^ prefix.to_bits()).leading_zeros() >= *length)
        .map(|(_, _, special)| *special)
        .or_else(|| (segments.first().copied().unwrap_or(0) >> 13 != 1).then_some(Special::Reserved))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[(&str, Option<Special>)] = &[
        ("0.0.0.0", Some(Special::Unspecified)),
        ("0.1.2.3", Some(Special::ThisNetwork)),
        ("1.1.1.1", None),
        ("9.255.255.255", None),
        ("10.0.0.0", Some(Special::Private)),
        ("10.255.255.255", Some(Special::Private)),
        ("11.0.0.0", None),
        ("100.63.255.255", None),
        ("100.64.0.0", Some(Special::Shared)),
        ("100.100.100.200", Some(Special::Metadata)),
        ("100.127.255.255", Some(Special::Shared)),
        ("100.128.0.0", None),
        ("127.0.0.1", Some(Special::Loopback)),
        ("127.255.255.254", Some(Special::Loopback)),
        ("128.0.0.0", None),
        ("168.63.129.16", Some(Special::Metadata)),
        ("169.253.255.255", None),
        ("169.254.0.1", Some(Special::LinkLocal)),
        ("169.254.169.254", Some(Special::Metadata)),
        ("172.15.255.255", None),
        ("172.16.0.1", Some(Special::Private)),
        ("172.31.255.255", Some(Special::Private)),
        ("172.32.0.0", None),
        ("192.0.0.9", Some(Special::Protocol)),
        ("192.0.0.192", Some(Special::Metadata)),
        ("192.0.2.1", Some(Special::Documentation)),
        ("192.0.3.1", None),
        ("192.88.99.1", Some(Special::SixToFour)),
        ("192.168.1.1", Some(Special::Private)),
        ("192.169.0.0", None),
        ("198.17.255.255", None),
        ("198.18.0.0", Some(Special::Benchmarking)),
        ("198.19.255.255", Some(Special::Benchmarking)),
        ("198.20.0.0", None),
        ("198.51.100.7", Some(Special::Documentation)),
        ("203.0.113.9", Some(Special::Documentation)),
        ("203.162.4.191", None),
        ("223.255.255.255", None),
        ("224.0.0.1", Some(Special::Multicast)),
        ("239.255.255.255", Some(Special::Multicast)),
        ("240.0.0.1", Some(Special::Reserved)),
        ("255.255.255.254", Some(Special::Reserved)),
        ("255.255.255.255", Some(Special::Broadcast)),
        ("::", Some(Special::Unspecified)),
        ("::1", Some(Special::Loopback)),
        ("::2", Some(Special::Translated)),
        ("::7f00:1", Some(Special::Translated)),
        ("::ffff:127.0.0.1", Some(Special::Loopback)),
        ("::ffff:10.1.2.3", Some(Special::Private)),
        ("::ffff:169.254.169.254", Some(Special::Metadata)),
        ("::ffff:1.1.1.1", None),
        ("::ffff:0:127.0.0.1", Some(Special::Translated)),
        ("64:ff9b::1.1.1.1", None),
        ("64:ff9b::10.0.0.1", Some(Special::Translated)),
        ("64:ff9b::127.0.0.1", Some(Special::Translated)),
        ("64:ff9b::169.254.169.254", Some(Special::Metadata)),
        ("64:ff9b:0:0:0:1::1", Some(Special::Reserved)),
        ("64:ff9b:1::1", Some(Special::Translated)),
        ("100::1", Some(Special::Reserved)),
        ("1fff:ffff::1", Some(Special::Reserved)),
        ("2001::1", Some(Special::Protocol)),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", Some(Special::Protocol)),
        ("2001:2::1", Some(Special::Benchmarking)),
        ("2001:20::1", Some(Special::Protocol)),
        ("2001:1ff::1", Some(Special::Protocol)),
        ("2001:200::1", None),
        ("2001:db8::1", Some(Special::Documentation)),
        ("2001:db9::1", None),
        ("2001:dc8:0:2::1", None),
        ("2002:7f00:1::", Some(Special::SixToFour)),
        ("2002:0101:0101::1", Some(Special::SixToFour)),
        ("2405:4800::1", None),
        ("3ffe::1", None),
        ("3fff:0fff::1", Some(Special::Documentation)),
        ("3fff:1000::1", None),
        ("4000::1", Some(Special::Reserved)),
        ("5f00::1", Some(Special::Reserved)),
        ("fbff::1", Some(Special::Reserved)),
        ("fc00::1", Some(Special::UniqueLocal)),
        ("fd00:ec2::254", Some(Special::Metadata)),
        ("fd00:ec2::253", Some(Special::UniqueLocal)),
        ("fd20:ce::254", Some(Special::Metadata)),
        ("fdff:ffff::1", Some(Special::UniqueLocal)),
        ("fe00::1", Some(Special::Reserved)),
        ("fe80::1", Some(Special::LinkLocal)),
        ("febf::1", Some(Special::LinkLocal)),
        ("fec0::1", Some(Special::LinkLocal)),
        ("ff02::1", Some(Special::Multicast)),
    ];

    #[test]
    fn every_row_of_the_table() {
        for (text, expected) in TABLE {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(special(address), *expected, "{text}");
            assert_eq!(guard(address, false).err(), *expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_mapped_address_is_judged_as_what_is_dialled(bits: u32, allow_private: bool) {
            let v4 = Ipv4Addr::from_bits(bits);
            assert_eq!(guard(v4.into(), allow_private), guard(v4.to_ipv6_mapped().into(), allow_private));
        }

        /// Nothing outside global unicast slips through, however it is written.
        #[test]
        fn only_global_unicast_is_ordinary(bits: u128) {
            let address = Ipv6Addr::from_bits(bits);
            let global = bits >> 125 == 1;
            let nat64 = bits >> 32 == 0x0064_ff9b_0000_0000_0000_0000;
            if !global && !nat64 && address.to_ipv4_mapped().is_none() {
                assert!(special(address.into()).is_some());
            }
        }
    }

    #[test]
    fn allow_private_opens_three_kinds_and_no_more() {
        for (text, expected) in TABLE {
            let address: IpAddr = text.parse().unwrap();
            let open =
                matches!(expected, None | Some(Special::Loopback | Special::Private | Special::UniqueLocal));
            assert_eq!(guard(address, true).is_ok(), open, "{text}");
        }
        assert!(guard("fd00:ec2::254".parse().unwrap(), true).is_err());
        assert!(guard("64:ff9b::10.0.0.1".parse().unwrap(), true).is_err());
    }
}
