//! Every zone of the closed world: one healthy, one for each defect, and the rules that must name it. Text only.

use super::sign::Signing;

/// Where the zone's first, second and third name server stand.
pub(crate) const SERVERS: [&str; 3] = ["127.60.1.1", "127.60.2.1", "127.60.3.1"];
/// Takes datagrams and never says a word.
pub(crate) const MUTE: &str = "127.60.6.1";
/// Nobody listens there.
const NOBODY: &str = "127.60.9.9";

/// One zone below `example`.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    pub(crate) name: &'static str,
    /// `NS` and the addresses of name servers, as the zone says.
    pub(crate) servers: String,
    /// The same on the second server, where it differs.
    pub(crate) second: Option<String>,
    /// What the parent says.
    pub(crate) parent: String,
    /// SOA numbers on the first and on the second server.
    pub(crate) soa: [&'static str; 2],
    pub(crate) mailbox: &'static str,
    /// The site's own records.
    pub(crate) records: String,
    pub(crate) signing: Signing,
    /// Whether the third server has the zone.
    pub(crate) third: bool,
    /// What to change in the signed file: every line that holds the first has the second replaced by the third; an
    /// empty third takes the line out.
    pub(crate) tamper: Option<(&'static str, &'static str, &'static str)>,
    /// Rules that must fail, and no other rule about DNS.
    pub(crate) fails: &'static [&'static str],
    /// Rules about mail that must fail, and no other, where the zone is about mail.
    pub(crate) mail: Option<&'static [&'static str]>,
    /// The host that is checked, without the zone's name.
    pub(crate) host: &'static str,
}

const NUMBERS: &str = "1 14400 3600 1209600 3600";
const NS: &str = "@ NS ns1\n@ NS ns2\n";
const ADDRESSES: &str = "ns1 A 127.60.1.1\nns1 AAAA ::1\nns2 A 127.60.2.1\n";
pub(super) const SITE: &str = "www A 203.0.113.7\nwww AAAA 2001:db8::7\n";
const REST: &str =
    "@ CAA 0 issue \"letsencrypt.org\"\n@ MX 10 mail\nmail A 203.0.113.8\n@ TXT \"v=spf1 -all\"\n";

pub(super) fn healthy(name: &'static str, fails: &'static [&'static str]) -> Zone {
    let below = |text: &str| {
        text.lines()
            .map(|line| line.replace("ns1", &format!("ns1.{name}")).replace("ns2", &format!("ns2.{name}")))
            .fold(String::new(), |all, line| {
                let line = line.strip_prefix("@ ").map_or(line.clone(), |rest| format!("{name} {rest}"));
                all + &line + "\n"
            })
    };
    Zone {
        name,
        servers: format!("{NS}{ADDRESSES}"),
        second: None,
        parent: below(&format!("{NS}{ADDRESSES}")),
        soa: [NUMBERS, NUMBERS],
        mailbox: "quantri",
        records: format!("{SITE}{REST}"),
        signing: Signing::default(),
        third: true,
        tamper: None,
        fails,
        mail: None,
        host: "www",
    }
}

/// A zone whose third server has something of its own: both lists name it.
fn with_third(name: &'static str, address: &str, fails: &'static [&'static str]) -> Zone {
    let mut zone = healthy(name, fails);
    zone.servers += &format!("@ NS ns3\nns3 A {address}\n");
    zone.parent += &format!("{name} NS ns3.{name}\nns3.{name} A {address}\n");
    zone
}

fn with(name: &'static str, fails: &'static [&'static str], change: impl FnOnce(&mut Zone)) -> Zone {
    let mut zone = healthy(name, fails);
    change(&mut zone);
    zone
}

fn signed(name: &'static str, fails: &'static [&'static str], change: impl FnOnce(&mut Signing)) -> Zone {
    with(name, fails, |zone| change(&mut zone.signing))
}

const BOGUS: &[&str] = &["dns-dnssec-bogus"];

/// All of them. `rogues` are the addresses of scripted servers that stand as second server of a zone of their name.
pub(crate) fn zones() -> Vec<Zone> {
    let mut zones = vec![
        healthy("healthy", &[]),
        // ── delegation ──
        with("parent-extra", &["dns-delegation-differs"], |zone| {
            zone.parent += "parent-extra NS ns3.parent-extra\nns3.parent-extra A 127.60.3.1\n";
            zone.records += "ns3 A 127.60.3.1\n";
        }),
        with("child-extra", &["dns-delegation-differs"], |zone| {
            zone.servers += "@ NS ns3\nns3 A 127.60.3.1\n";
        }),
        with("glue-wrong", &["dns-glue-wrong"], |zone| {
            zone.parent = zone.parent.replace(SERVERS[1], SERVERS[2]);
        }),
        with("ns-alias", &["dns-name-server-alias"], |zone| {
            zone.servers = zone.servers.replace("@ NS ns2\n", "@ NS dns\ndns CNAME ns2\n");
            zone.parent = zone.parent.replace("NS ns2.ns-alias", "NS dns.ns-alias");
            zone.parent = zone.parent.replace("ns2.ns-alias A 127.60.2.1\n", "");
        }),
        with("ns-missing", &["dns-name-server-missing"], |zone| {
            zone.servers += "@ NS ns.gone.example.\n";
            zone.parent += "ns-missing NS ns.gone.example.\n";
        }),
        with_third("ns-silent", NOBODY, &["dns-name-server-silent"]),
        {
            let mut zone = with_third("ns-lame", SERVERS[2], &["dns-name-server-lame"]);
            zone.third = false;
            zone
        },
        with("one-network", &["dns-name-servers-one-network", "dns-name-server-ipv6-missing"], |zone| {
            let move_in = |text: &str| text.replace(SERVERS[1], "127.60.1.2");
            zone.servers = move_in(&zone.servers).replace("ns1 AAAA ::1\n", "");
            zone.parent = move_in(&zone.parent).replace("ns1.one-network AAAA ::1\n", "");
        }),
        with("ns-ipv4", &["dns-name-server-ipv6-missing"], |zone| {
            zone.servers = zone.servers.replace("ns1 AAAA ::1\n", "");
            zone.parent = zone.parent.replace("ns1.ns-ipv4 AAAA ::1\n", "");
        }),
        with("ns-disagree", &["dns-name-servers-disagree"], |zone| {
            zone.second = Some(format!("{}@ NS ns3\n", zone.servers));
            zone.records += "ns3 A 127.60.3.1\n";
        }),
        with("ns-single", &["dns-name-server-single"], |zone| {
            zone.servers = zone.servers.replace("@ NS ns2\n", "");
            zone.parent = zone.parent.replace("ns-single NS ns2.ns-single\n", "");
        }),
        // ── SOA ──
        with("serial", &["dns-serial-differs"], |zone| zone.soa[1] = "2 14400 3600 1209600 3600"),
        with("refresh", &["dns-soa-timers"], |zone| zone.soa = ["1 600 60 1209600 3600"; 2]),
        with("retry", &["dns-soa-timers"], |zone| zone.soa = ["1 14400 14400 1209600 3600"; 2]),
        with("expire", &["dns-soa-timers"], |zone| zone.soa = ["1 14400 3600 86400 3600"; 2]),
        with("minimum", &["dns-soa-timers"], |zone| zone.soa = ["1 14400 3600 1209600 0"; 2]),
        with("mailbox", &["dns-soa-mailbox-invalid"], |zone| zone.mailbox = "root.localhost."),
        // ── DNSSEC ──
        signed("unsigned", &["dns-dnssec-missing"], |signing| *signing = Signing::none()),
        signed("expired", BOGUS, |signing| (signing.from, signing.until) = (-30, -1)),
        signed("not-yet", BOGUS, |signing| (signing.from, signing.until) = (2, 30)),
        signed("ds-mismatch", BOGUS, |signing| signing.ds_of_another = true),
        signed("ds-no-key", BOGUS, |signing| {
            *signing = Signing { ds_of_another: true, ..Signing::none() };
        }),
        with("tampered-a", BOGUS, |zone| zone.tamper = Some(("203.0.113.7", "203.0.113.7", "203.0.113.66"))),
        with("tampered-mx", &["dns-record-bogus"], |zone| zone.tamper = Some(("MX\t", "10 mail", "11 mail"))),
        with("signature-missing", BOGUS, |zone| zone.tamper = Some(("RRSIG\tA ", "www", ""))),
        with("denial-missing", &["dns-record-bogus"], |zone| zone.tamper = Some(("NSEC", "", ""))),
        // two zones with one dead server
        with_third("mute-a", MUTE, &["dns-name-server-silent"]),
        with_third("mute-b", MUTE, &["dns-name-server-silent"]),
        signed("island", &["dns-dnssec-island", "dns-dnssec-missing"], |signing| signing.ds = false),
        signed("ds-sha1", &["dns-dnssec-algorithm-old"], |signing| signing.digest = "SHA-1"),
        signed("rsa-1024", &["dns-dnssec-algorithm-old"], |signing| {
            (signing.algorithm, signing.bits) = ("RSASHA256", Some(1024));
        }),
        signed("rsa-2048", &[], |signing| (signing.algorithm, signing.bits) = ("RSASHA256", Some(2048))),
        signed("rsasha1", &["dns-dnssec-algorithm-old"], |signing| {
            (signing.algorithm, signing.bits) = ("NSEC3RSASHA1", Some(2048));
        }),
        signed("ed448", &["dns-dnssec-missing"], |signing| signing.algorithm = "ED448"),
        signed("nsec3", &[], |signing| signing.nsec3 = Some((0, "-"))),
        signed("nsec3-rounds", &["dns-nsec3-costly"], |signing| signing.nsec3 = Some((10, "-"))),
        signed("nsec3-salt", &["dns-nsec3-costly"], |signing| signing.nsec3 = Some((0, "c0ffee"))),
        signed("expiring", &["dns-signature-expiring"], |signing| (signing.from, signing.until) = (-20, 2)),
        signed("online-signed", &[], |signing| (signing.from, signing.until) = (-1, 2)),
        signed("ds-stale", &["dns-ds-stale"], |signing| signing.ds_stale = true),
        with("cds-wrong", &["dns-cds-inconsistent"], |zone| {
            let digest = "0123456789abcdef".repeat(4);
            zone.records += &format!("@ CDS 12345 13 2 {digest}\n");
        }),
        signed("cds-right", &[], |signing| signing.cds = true),
        // ── the site's own records ──
        with("caa-missing", &["dns-caa-missing"], |zone| {
            zone.records = zone.records.replace("@ CAA", "; CAA");
        }),
        with("caa-broken", &["dns-caa-broken"], |zone| {
            zone.records = zone.records.replace("letsencrypt.org", "https://letsencrypt.org/");
        }),
        with("ttl-short", &["dns-ttl-extreme"], |zone| {
            zone.records = zone.records.replace("www A ", "www 5 A ");
        }),
        with("ttl-long", &["dns-ttl-extreme"], |zone| {
            zone.records = zone.records.replace("www AAAA ", "www 2592000 AAAA ");
        }),
        with("wildcard", &["dns-wildcard"], |zone| zone.records += "* A 203.0.113.7\n"),
        with("private", &["dns-address-private"], |zone| {
            zone.records = zone.records.replace("203.0.113.7", "10.1.2.3");
        }),
        with("dangling", &["dns-cname-dangling"], |zone| zone.records = format!("www CNAME gone\n{REST}")),
        with("hired", &["dns-cname-dangling"], |zone| {
            zone.records = format!("www CNAME tinhmau.github.io.\n{REST}");
        }),
        with("ipv4-only", &["dns-ipv6-missing"], |zone| {
            zone.records = zone.records.replace("www AAAA 2001:db8::7\n", "");
        }),
        // ── what only a permitted scan asks ──
        healthy("transfer", &[]),
    ];
    for (place, (name, fails)) in ROGUES.iter().enumerate() {
        let mut zone = healthy(name, fails);
        let address = rogue(place);
        zone.servers = zone.servers.replace(SERVERS[1], &address);
        zone.parent = zone.parent.replace(SERVERS[1], &address);
        zones.push(zone);
    }
    zones.extend(super::mail::zones());
    zones
}

/// Scripted servers by the zone they are the second server of, and the rules that must fail there.
pub(crate) const ROGUES: &[(&str, &[&str])] = &[
    ("drops-edns", &["dns-edns-broken"]),
    ("formerr-edns", &["dns-edns-broken"]),
    ("no-badvers", &["dns-edns-broken"]),
    ("echoes", &["dns-edns-broken"]),
    ("drops-options", &["dns-edns-broken"]),
    ("no-tcp", &["dns-tcp-refused"]),
    ("always-tc", &[]),
    ("wrong-id", &["dns-name-server-silent"]),
    ("late", &["dns-name-server-silent"]),
    ("garbage", &["dns-name-server-lame"]),
    ("refuses", &["dns-name-server-lame"]),
    ("upward", &["dns-name-server-lame"]),
    ("not-authoritative", &["dns-name-server-lame"]),
    ("lower-case", &["dns-case-lost"]),
    ("tells-version", &["dns-version-disclosed"]),
    ("recurses", &[]),
];

/// Where the rogue of this number stands.
pub(crate) fn rogue(place: usize) -> String {
    format!("127.60.5.{}", place + 1)
}
