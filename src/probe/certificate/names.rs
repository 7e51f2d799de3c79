//! Subject alternative names: which there are, and whether they cover a host (RFC 9525). The common name is not
//! looked at; public suffixes are no concern of this file.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use x509_parser::oid_registry::OID_X509_EXT_SUBJECT_ALT_NAME;

use super::distinguished_name::cut;
use super::parsed::Parsed;
use crate::observation::{Failure, Listing, SubjectName, limits};
use crate::wire::der;

/// Context-specific tags of `GeneralName` (RFC 5280 section 4.2.1.6).
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;

/// One name as it stands in the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presented<'a> {
    Dns(&'a [u8]),
    Ip(IpAddr),
}

/// The names of the kinds DNS and IP, at most [`limits::SUBJECT_NAMES`] of them.
pub(super) fn names(certificate: &Parsed<'_>) -> Listing<SubjectName> {
    let mut malformed = None;
    let good = presented(certificate).filter_map(|name| match name {
        Ok(name) => Some(SubjectName { name: shown(name) }),
        Err(failure) => {
            malformed.get_or_insert(failure);
            None
        }
    });
    let mut names = Listing::capped(good, limits::SUBJECT_NAMES);
    names.incomplete = names.incomplete.or(malformed);
    names
}

/// Whether one of the names, counted or not in [`names`], covers the host: a DNS name, or an IP address with or
/// without the brackets of a URL.
pub(super) fn cover(certificate: &Parsed<'_>, host: &str) -> bool {
    let Some(reference) = Reference::parse(host) else { return false };
    presented(certificate).filter_map(Result::ok).any(|name| match (name, &reference) {
        (Presented::Dns(pattern), Reference::Dns(host)) => covers(pattern, host),
        (Presented::Ip(address), Reference::Ip(host)) => address == *host,
        _ => false,
    })
}

/// Whether a DNS name, counted or not in [`names`], stands for a whole level.
pub(super) fn has_wildcard(certificate: &Parsed<'_>) -> bool {
    presented(certificate)
        .filter_map(Result::ok)
        .any(|name| matches!(name, Presented::Dns(pattern) if pattern.starts_with(b"*.")))
}

/// What the client wanted to reach.
enum Reference {
    Dns(String),
    Ip(IpAddr),
}

impl Reference {
    fn parse(host: &str) -> Option<Self> {
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        let bare = bare.strip_suffix('.').unwrap_or(bare);
        if let Ok(address) = bare.parse() {
            return Some(Self::Ip(address));
        }
        let ascii = if bare.is_ascii() { bare.to_owned() } else { idna::domain_to_ascii(bare).ok()? };
        let sound = ascii.split('.').all(|label| !label.is_empty() && !label.contains(['*', '\0']));
        sound.then_some(Self::Dns(ascii))
    }
}

/// Whether a presented DNS name covers a host without trailing dot.
fn covers(pattern: &[u8], host: &str) -> bool {
    // A presented name is in «preferred name syntax» (RFC 5280): printable ASCII, no trailing dot.
    if !pattern.iter().all(u8::is_ascii_graphic) {
        return false;
    }
    let host = host.as_bytes();
    match pattern.strip_prefix(b"*.") {
        // The wildcard is the whole left-most label and stands for exactly one label (RFC 9525 section 6.3).
        Some(zone) => {
            let above = host
                .iter()
                .position(|octet| *octet == b'.')
                .and_then(|dot| host.get(dot.saturating_add(1)..));
            !zone.is_empty()
                && !zone.contains(&b'*')
                && above.is_some_and(|above| above.eq_ignore_ascii_case(zone))
        }
        None => !pattern.contains(&b'*') && pattern.eq_ignore_ascii_case(host),
    }
}

/// Every DNS and IP name. What cannot be read is an error in its place; after a broken length nothing follows.
fn presented<'a>(certificate: &Parsed<'a>) -> impl Iterator<Item = Result<Presented<'a>, Failure>> {
    let broken =
        || Failure::Malformed("subject alternative names that do not follow their encoding".to_owned());
    let extension = certificate.extension(&OID_X509_EXT_SUBJECT_ALT_NAME).map(|extension| extension.value);
    let (mut input, mut failure) = match extension.map(|value| der::contents(value, der::SEQUENCE)) {
        None => (&[][..], None),
        Some(None) => (&[][..], Some(broken())),
        Some(Some(names)) => (names, None),
    };
    std::iter::from_fn(move || {
        loop {
            if let Some(failure) = failure.take() {
                return Some(Err(failure));
            }
            if input.is_empty() {
                return None;
            }
            let Some(element) = der::read(input) else {
                input = &[];
                return Some(Err(broken()));
            };
            input = element.rest;
            match element.tag {
                DNS_NAME => return Some(Ok(Presented::Dns(element.contents))),
                IP_ADDRESS => return Some(address(element.contents).map(Presented::Ip)),
                _ => {}
            }
        }
    })
}

fn address(octets: &[u8]) -> Result<IpAddr, Failure> {
    if let Ok(four) = <[u8; 4]>::try_from(octets) {
        return Ok(IpAddr::V4(Ipv4Addr::from(four)));
    }
    match <[u8; 16]>::try_from(octets) {
        Ok(sixteen) => Ok(IpAddr::V6(Ipv6Addr::from(sixteen))),
        Err(_) => {
            Err(Failure::Malformed(format!("an IP address of {} octets among the names", octets.len())))
        }
    }
}

/// The name for people and rules. Octets that are no part of a DNS name are escaped: `\00`.
fn shown(name: Presented<'_>) -> String {
    match name {
        Presented::Ip(address) => address.to_string(),
        Presented::Dns(octets) => {
            let mut text = String::new();
            for octet in octets.iter().take(limits::TEXT.saturating_add(1)) {
                if octet.is_ascii_graphic() && *octet != b'\\' {
                    text.push(char::from(octet.to_ascii_lowercase()));
                } else {
                    let _ = write!(text, "\\{octet:02x}");
                }
            }
            cut(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dns(pattern: &str, host: &str) -> bool {
        match Reference::parse(host) {
            Some(Reference::Dns(host)) => covers(pattern.as_bytes(), &host),
            _ => false,
        }
    }

    #[test]
    fn names_without_wildcard() {
        assert!(dns("a.gov.vn", "a.gov.vn"));
        assert!(dns("A.Gov.VN", "a.gov.vn"));
        assert!(dns("a.gov.vn", "A.GOV.VN."));
        assert!(dns("xn--bh-ska.vn", "xn--bh-ska.vn"));
        assert!(dns("_sip.a.vn", "_sip.a.vn"));
        for (pattern, host) in [
            ("a.gov.vn", "b.a.gov.vn"),
            ("a.gov.vn", "gov.vn"),
            ("a.gov.vn.", "a.gov.vn"),
            ("a.gov.vn\0.evil.example", "a.gov.vn"),
            ("a.gov.vn\0", "a.gov.vn"),
            ("", "a.vn"),
            ("192.0.2.1", "192.0.2.1"),
            ("a.vn", ""),
            ("a.vn", "a..vn"),
        ] {
            assert!(!dns(pattern, host), "{pattern:?} {host:?}");
        }
    }

    #[test]
    fn wildcards_stand_for_one_whole_label() {
        assert!(dns("*.gov.vn", "a.gov.vn"));
        assert!(dns("*.GOV.vn", "xn--bh-ska.gov.vn."));
        assert!(dns("*.vn", "a.vn"));
        for (pattern, host) in [
            ("*.gov.vn", "gov.vn"),
            ("*.gov.vn", "b.a.gov.vn"),
            ("*.gov.vn", ".gov.vn"),
            ("w*.gov.vn", "www.gov.vn"),
            ("*w.gov.vn", "www.gov.vn"),
            ("a.*.vn", "a.gov.vn"),
            ("*.*.vn", "a.gov.vn"),
            ("*", "localhost"),
            ("*.", "a."),
            ("*.gov.vn", "*.gov.vn"),
        ] {
            assert!(!dns(pattern, host), "{pattern:?} {host:?}");
        }
    }

    #[test]
    fn names_as_people_type_them_are_compared_as_a_labels() {
        assert!(
            dns("xn--bh-ska.vn", "bêh.vn") == (idna::domain_to_ascii("bêh.vn").unwrap() == "xn--bh-ska.vn")
        );
        let ascii = idna::domain_to_ascii("tỉnh.vn").unwrap();
        assert!(dns(&ascii, "tỉnh.vn"));
        assert!(!dns("tỉnh.vn", "tỉnh.vn"));
    }

    #[test]
    fn what_is_shown_cannot_steer() {
        assert_eq!(shown(Presented::Dns(b"A.vn\0\x1b\xc3\xa9\\")), "a.vn\\00\\1b\\c3\\a9\\5c");
        assert_eq!(shown(Presented::Dns(&[b'a'; 3_000])).chars().count(), limits::TEXT);
        assert_eq!(shown(Presented::Ip("2001:db8::1".parse().unwrap())), "2001:db8::1");
    }
}
