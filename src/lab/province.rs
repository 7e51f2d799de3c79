//! The fictional province at a glance: every site of `targets.example.yaml`, where it stands, what is wrong with it.
//! What a fault means on the wire is `web`'s, `door`'s, `authority`'s and `names`' to do.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The domain that all of it lies in.
pub(super) const DOMAIN: &str = "tinhmau.example";

/// Something a site of the province does wrong, or at least in a way of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Character {
    // ── how it is found ──
    /// `www.` in front of the name leads there too.
    Twin,
    /// It has an AAAA record, where this machine has `::1`.
    Ipv6,
    /// Its zone is its own, signed with keys that its parent does not know.
    BogusZone,
    /// Its zone is its own, unsigned, on one name server, with a CAA record that names no issuer.
    PoorZone,
    /// It has a second address, whose server still sends last season's certificate.
    SecondAddressExpired,

    // ── its mail ──
    /// Its mail goes to a server with STARTTLS and DANE.
    Mailbox,
    /// Its mail goes to a server without STARTTLS.
    PlainMailbox,
    /// Says where failures of TLS are reported.
    TlsReports,
    /// No SPF record.
    NoSpf,
    /// An SPF record that lets everybody send.
    OpenSpf,
    /// An SPF record with an address that is none.
    BrokenSpf,
    /// An SPF record with eleven look-ups.
    HungrySpf,
    /// A DMARC record of its own, which only watches.
    WatchingDmarc,

    // ── what its server does, whatever the name ──
    /// Accepts and never says a word.
    Hangs,
    /// Accepts and resets.
    Resets,
    /// Nothing listens for HTTPS.
    NoHttps,
    /// TLS 1.2 but no TLS 1.3.
    Tls12Only,
    /// TLS 1.0 and nothing else.
    Tls10Only,
    /// TLS 1.0 and 1.1 beside the newer ones.
    OldVersions,
    /// `SSLv3`, TLS 1.0 and 1.1 beside TLS 1.2.
    Ssl3,
    /// RC4 and 3DES for clients that offer nothing better.
    WeakSuites,

    // ── its certificate ──
    /// Ended two weeks ago.
    Expired,
    /// Ends in four days.
    ExpiringSoon,
    /// Signed by itself.
    SelfSigned,
    /// Sent without the certificate that links it to its root.
    MissingIntermediate,
    /// For another name.
    WrongName,
    /// From a root that nobody has.
    UntrustedRoot,

    // ── its pages ──
    /// Answers 403 like a web application firewall.
    Wall,
    /// Port 80 serves the page itself.
    NoRedirect,
    /// Port 80 redirects in a circle.
    RedirectLoop,
    /// Port 80 redirects to `https://www.` at once.
    OtherHostFirst,
    /// HTTPS redirects back to HTTP.
    Downgrade,
    /// No `Strict-Transport-Security`.
    NoHsts,
    /// `Strict-Transport-Security` for a day.
    ShortHsts,
    /// May be framed by anyone.
    Framable,
    /// No `X-Content-Type-Options`.
    Sniffable,
    /// No `Referrer-Policy`.
    NoReferrerPolicy,
    /// `Referrer-Policy: unsafe-url`.
    LeakyReferrer,
    /// A session cookie without `Secure` and `HttpOnly`.
    BareSessionCookie,
    /// A `__Host-` cookie with a `Domain`.
    BrokenPrefix,
    /// No `Content-Security-Policy`.
    NoCsp,
    /// A policy with `'unsafe-inline'` for scripts.
    InlineScripts,
    /// Whoever asks may read the page as its visitor sees it.
    OpenCors,
    /// A script over plain http in a page over https.
    MixedContent,
    /// No security.txt.
    NoSecurityTxt,
}

/// A site of the province.
#[derive(Clone, Copy, Debug)]
pub struct Resident {
    /// Its host without the domain; empty for the domain itself.
    pub label: &'static str,
    /// The last octet of its address. Sites at one address share the server and the certificate of the first.
    pub place: u8,
    /// What is wrong with it.
    pub characters: &'static [Character],
}

use Character::{
    BareSessionCookie, BogusZone, BrokenPrefix, BrokenSpf, Downgrade, Expired, ExpiringSoon, Framable, Hangs,
    HungrySpf, InlineScripts, Ipv6, LeakyReferrer, Mailbox, MissingIntermediate, MixedContent, NoCsp, NoHsts,
    NoHttps, NoRedirect, NoReferrerPolicy, NoSecurityTxt, NoSpf, OldVersions, OpenCors, OpenSpf,
    OtherHostFirst, PlainMailbox, PoorZone, RedirectLoop, Resets, SecondAddressExpired, SelfSigned,
    ShortHsts, Sniffable, Ssl3, Tls10Only, Tls12Only, TlsReports, Twin, UntrustedRoot, Wall, WatchingDmarc,
    WeakSuites, WrongName,
};

/// Everyone.
pub const PROVINCE: &[Resident] = &[
    // departments
    at("khcn", 20, &[Twin, Ipv6]), // the excellent one
    at("vanphong", 21, &[Tls12Only, ShortHsts, NoReferrerPolicy, NoSecurityTxt, Mailbox, WatchingDmarc]),
    at("dichvucong", 22, &[BareSessionCookie, NoSpf]),
    at("motcua", 23, &[SecondAddressExpired]),
    at("dulieu", 24, &[UntrustedRoot]),
    at("stc", 25, &[Expired, NoHsts, BrokenSpf]),
    at("soyte", 26, &[MissingIntermediate, Sniffable, NoCsp, PlainMailbox, OpenSpf]),
    at("benhvien", 27, &[Ssl3, NoHsts, Framable, Sniffable]),
    at("datkham", 28, &[WeakSuites, LeakyReferrer]),
    at("sgddt", 29, &[SelfSigned, HungrySpf]),
    at("kkt", 30, &[BogusZone]),
    at("thanhtra", 31, &[NoHttps]),
    at("noivu", 32, &[WrongName, Framable]),
    at("tuphap", 33, &[Downgrade]),
    at("soxaydung", 34, &[Hangs]),
    at("vhttdl", 35, &[OtherHostFirst, Twin, NoHsts]),
    // districts
    at("nuimau", 40, &[Tls10Only, PoorZone]),
    at("tpmau", 41, &[Wall]),
    // the shared portal, and the communes on it
    at("", 50, &[OldVersions, ExpiringSoon, Twin, Mailbox, TlsReports]),
    at("anmau", 50, &[]),
    at("binhmau", 50, &[NoHsts, Framable]),
    at("catmau", 50, &[NoRedirect, NoReferrerPolicy, OpenCors, MixedContent]),
    at("dongmau", 50, &[BareSessionCookie, BrokenPrefix, InlineScripts]),
    // communes with a server of their own
    at("taymau", 60, &[RedirectLoop, Sniffable]),
    at("lammau", 61, &[Resets]),
    at("maimau", 62, &[Tls12Only]),
];

const fn at(label: &'static str, place: u8, characters: &'static [Character]) -> Resident {
    Resident { label, place, characters }
}

impl Resident {
    /// Its host name.
    pub fn host(&self) -> String {
        if self.label.is_empty() { DOMAIN.to_owned() } else { format!("{}.{DOMAIN}", self.label) }
    }

    /// Whether this is said of it.
    pub fn is(&self, character: Character) -> bool {
        self.characters.contains(&character)
    }

    /// Its addresses: one for nearly everybody. `ipv6` says whether this machine has `::1`.
    pub(super) fn addresses(&self, ipv6: bool) -> Vec<IpAddr> {
        let mut addresses = vec![address(self.place)];
        if self.is(Character::SecondAddressExpired) {
            addresses.push(second_address(self.place));
        }
        if ipv6 && self.is(Character::Ipv6) {
            addresses.push(IpAddr::V6(Ipv6Addr::LOCALHOST));
        }
        addresses
    }

    /// Every name that leads to it.
    pub(super) fn names(&self) -> Vec<String> {
        let twin = self.is(Character::Twin).then(|| format!("www.{}", self.host()));
        std::iter::once(self.host()).chain(twin).collect()
    }
}

/// The mail servers: host without the domain, the last octet of the address, whether there is STARTTLS.
pub(super) const POSTS: [(&str, u8, bool); 2] = [("mail", 10, true), ("thu", 11, false)];

/// A place of the province's network, 127.63.0.0/16.
pub(super) fn address(place: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 63, 0, place))
}

/// Where the other server of a site with two stands.
pub(super) fn second_address(place: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 63, 1, place))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn nobody_lives_there_twice_and_nobody_shares_by_accident() {
        let hosts: HashSet<String> = PROVINCE.iter().map(Resident::host).collect();
        assert_eq!(hosts.len(), PROVINCE.len());
        for pair in PROVINCE.windows(2) {
            assert!(pair[0].place <= pair[1].place, "sites at one address stand together: {pair:?}");
            assert!(pair[0].place < pair[1].place || pair[0].place == 50, "{pair:?}");
        }
    }

    #[test]
    fn only_one_site_may_have_ipv6() {
        // `::1` is a single address: two sites there would look as if they shared a server
        assert_eq!(PROVINCE.iter().filter(|resident| resident.is(Ipv6)).count(), 1);
    }
}
