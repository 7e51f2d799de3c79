//! Host names as they come: sloppy, foreign, hostile.

use proptest::prelude::*;

use super::*;

fn host(text: &str) -> String {
    Host::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}")).as_str().to_owned()
}

fn refused(text: &str) -> HostError {
    let error = Host::parse(text).expect_err(text);
    crate::language::assert_good(&error.text());
    error
}

#[test]
fn names_are_normalised() {
    for (text, name) in [
        ("khcn.tinhmau.example", "khcn.tinhmau.example"),
        ("KHCN.TinhMau.EXAMPLE", "khcn.tinhmau.example"),
        (" khcn.tinhmau.example \t", "khcn.tinhmau.example"),
        ("khcn.tinhmau.example.", "khcn.tinhmau.example"),
        ("sởyte.example", "xn--syte-0z5a.example"),
        ("So\u{31b}\u{309}YTE.example", "xn--syte-0z5a.example"),
        ("XN--SYTE-0Z5A.example", "xn--syte-0z5a.example"),
        // Non-transitional: ß stays itself.
        ("straße.example", "xn--strae-oqa.example"),
        ("ｋｈｃｎ。ｅｘａｍｐｌｅ", "khcn.example"),
        ("ab--c.example", "ab--c.example"),
        ("1.2.3.a4", "1.2.3.a4"),
        ("3com.example", "3com.example"),
    ] {
        assert_eq!(host(text), name, "{text:?}");
    }
    assert_eq!(Host::parse("sởyte.example").unwrap().to_unicode(), "sởyte.example");
    assert_eq!(Host::parse("khcn.example").unwrap().to_unicode(), "khcn.example");
}

#[test]
fn addresses_are_told_apart() {
    for text in [
        "127.0.0.1",
        "192.0.2.1:443",
        "::1",
        "[::1]",
        "[2001:db8::1]:8443",
        "fe80::1%eth0",
        "[fe80::1%25eth0]",
        "１２７．０．０．１",
        "127。0。0。1",
        "127.0.0.1.",
    ] {
        assert!(refused(text).is_ip_literal(), "{text:?}: {:?}", refused(text));
    }
    for text in ["127.1", "0x7f.1", "a.0x7f", "a.0x", "2130706433", "1.2.3.4.5"] {
        assert!(matches!(refused(text), HostError::EndsInNumber(_)), "{text:?}: {:?}", refused(text));
    }
    assert!(refused("127.0.0.1").to_string().contains("write the host name"));
}

#[test]
fn what_is_no_host_name_is_refused() {
    let long_label = format!("{}.example", "a".repeat(64));
    let long_name = format!("{}example", "abcdefg.".repeat(31));
    for (text, expected) in [
        ("", HostError::Empty),
        ("  ", HostError::Empty),
        (".", HostError::EmptyLabel(".".into())),
        ("a..example", HostError::EmptyLabel("a..example".into())),
        (".a.example", HostError::EmptyLabel(".a.example".into())),
        ("a.example..", HostError::EmptyLabel("a.example.".into())),
        ("*.tinhmau.example", HostError::Wildcard("*.tinhmau.example".into())),
        ("intranet", HostError::SingleLabel("intranet".into())),
        ("localhost", HostError::Localhost("localhost".into())),
        ("a.localhost", HostError::Localhost("a.localhost".into())),
        ("a_b.example", HostError::Character('_')),
        ("a,b.example", HostError::Character(',')),
        ("a\u{0}.example", HostError::Character('\0')),
        ("a\u{200b}.example", HostError::Character('\u{200b}')),
        ("a\u{202e}.example", HostError::Character('\u{202e}')),
        ("a\u{ad}.example", HostError::Character('\u{ad}')),
        ("a b.example", HostError::Space("a b.example".into())),
        ("a\u{3000}b.example", HostError::Space("a\u{3000}b.example".into())),
        ("-a.example", HostError::Hyphen("-a".into())),
        ("a-.example", HostError::Hyphen("a-".into())),
        (&long_label, HostError::LabelTooLong("a".repeat(64))),
        (&long_name, HostError::TooLong),
        ("xn--a.example", HostError::Idna("xn--a.example".into())),
        ("xn--.example", HostError::Idna("xn--.example".into())),
        ("a@b.example", HostError::UserInfo),
        ("https://a.example", HostError::Url("https://a.example".into())),
        ("a.example/x", HostError::Url("a.example/x".into())),
        ("a.example:443", HostError::Port("a.example:443".into())),
    ] {
        assert_eq!(Host::parse(text), Err(expected), "{text:?}");
    }
    assert!(refused("a_b.example").to_string().contains("an underscore"));
    assert!(refused("a\u{200b}.example").to_string().contains("U+200B"));
    // An international label is measured as it is sent.
    assert!(matches!(refused(&format!("{}.example", "ầ".repeat(60))), HostError::LabelTooLong(_)));
    assert!(matches!(refused(&"a".repeat(10_000_000)), HostError::TooLong));
}

#[test]
fn the_longest_names_pass() {
    let label = "a".repeat(63);
    let name = format!("{label}.{label}.{label}.{}", "a".repeat(61));
    assert_eq!(name.len(), 253);
    assert_eq!(host(&name), name);
    assert_eq!(host(&format!("{name}.")), name);
    assert!(Host::parse(&format!("{name}a")).is_err());
    // `www.` in front would be too long.
    assert_eq!(Host::parse(&name).unwrap().www_twin(), None);
}

#[test]
fn relations() {
    let host = |text| Host::parse(text).unwrap();
    assert_eq!(host("www.a.example").www_twin(), Some(host("a.example")));
    assert_eq!(host("a.example").www_twin(), Some(host("www.a.example")));
    assert_eq!(host("www.example").www_twin(), None, "`example` alone is no host name");
    assert!(
        host("a.b.example").is_within(&host("b.example")) && host("b.example").is_within(&host("b.example"))
    );
    assert!(
        !host("ab.example").is_within(&host("b.example"))
            && !host("b.example").is_within(&host("a.b.example"))
    );
    assert_eq!(host("a.b.example").parent(), Some(host("b.example")));
    assert_eq!(host("b.example").parent(), None);
}

#[test]
fn pasted_addresses() {
    let parse =
        |text: &str| Authority::parse(text).map(|found| (found.host.to_string(), found.port, found.was_url));
    let name = || "khcn.tinhmau.example".to_owned();
    for (text, port, was_url) in [
        ("khcn.tinhmau.example", None, false),
        ("khcn.tinhmau.example:8443", Some(8443), false),
        ("https://KHCN.tinhmau.example/trang-chu?x=1", None, true),
        ("http://khcn.tinhmau.example:8080/", Some(8080), true),
        ("HTTPS://khcn.tinhmau.example.:443#a@b", Some(443), true),
        ("https:\u{2f}\u{2f}khcn.tinhmau.example\\x", None, true),
        ("//khcn.tinhmau.example/a", None, true),
        ("khcn.tinhmau.example/trang?u=a@b", None, true),
        ("https://khcn.tinhmau.example:/", None, true),
    ] {
        assert_eq!(parse(text), Ok((name(), port, was_url)), "{text:?}");
    }
    for (text, expected) in [
        ("https://user:pass@khcn.tinhmau.example/", HostError::UserInfo),
        ("canbo@khcn.tinhmau.example", HostError::UserInfo),
        ("ftp://khcn.tinhmau.example", HostError::Scheme("ftp".into())),
        ("https://", HostError::Empty),
        ("https:///x", HostError::Empty),
        ("https://[::1]:443/", HostError::IpLiteral("::1".parse().unwrap())),
        ("https://192.0.2.7:443/x", HostError::IpLiteral("192.0.2.7".parse().unwrap())),
        ("a.example:0", HostError::BadPort("0".into())),
        ("a.example:65536", HostError::BadPort("65536".into())),
        ("a.example:+80", HostError::BadPort("+80".into())),
        ("a.example:80:90", HostError::BadPort("80:90".into())),
        ("https://a.example b/", HostError::Space("a.example b".into())),
    ] {
        assert_eq!(parse(text), Err(expected), "{text:?}");
    }
}

#[test]
fn serde_goes_through_the_parser() {
    let host: Host = serde_json::from_str("\"KHCN.example.\"").unwrap();
    assert_eq!(serde_json::to_string(&host).unwrap(), "\"khcn.example\"");
    assert!(serde_json::from_str::<Host>("\"127.0.0.1\"").is_err());
}

proptest! {
    #[test]
    fn parsing_never_panics_and_is_idempotent(
        text in r"(\PC{0,20}|[a-zA-Z0-9.\-_ßởｅ。٠-٩א-ת\u{300}-\u{309}]{0,30}|xn--[a-z0-9\-]{0,12})(\.(example|\PC{0,4}|xn--[a-z0-9\-]{1,8}))?\.?"
    ) {
        let _ = Authority::parse(&text);
        if let Ok(host) = Host::parse(&text) {
            prop_assert_eq!(Host::parse(host.as_str()), Ok(host.clone()));
            prop_assert!(host.as_str().is_ascii() && host.as_str().len() <= 253 && host.labels().count() >= 2);
            prop_assert_eq!(Host::parse(&host.to_unicode()), Ok(host.clone()));
            for other in [host.www_twin(), host.parent()].into_iter().flatten() {
                prop_assert_eq!(Host::parse(other.as_str()), Ok(other.clone()));
            }
            prop_assert_eq!(Authority::parse(&text), Ok(Authority { host, port: None, was_url: false }));
        }
    }
}
