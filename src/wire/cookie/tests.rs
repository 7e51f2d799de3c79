//! Tables after RFC 6265bis §4.1.3, §5.6, §5.7 and what peers read differently; the value must never be held.

use super::*;
use proptest::prelude::*;

fn cookie(line: &str) -> SetCookie {
    parse(line.as_bytes()).unwrap_or_else(|rejected| panic!("{line:?}: {rejected}"))
}

#[test]
fn everything_at_once() {
    let found = cookie(
        "SID=31d4d96e407aad42; Path=/; Domain=.Example.COM; Expires=Wed, 09 Jun 2027 10:18:14 GMT; \
         Max-Age=3600; secure ; HTTPONLY; samesite = lax; Partitioned; Priority=High",
    );
    assert_eq!((found.name.as_str(), found.value_length), ("SID", 16));
    assert!(found.secure && found.http_only && found.expires && found.partitioned && found.persistent());
    assert_eq!(found.same_site, Some(SameSite::Lax));
    assert_eq!((found.path.as_deref(), found.domain.as_deref()), (Some("/"), Some("example.com")));
    assert_eq!((found.max_age, found.prefix), (Some(3600), None));
}

/// §5.7: browsers ignore a cookie for a domain that the answer's host is not in, and one for a whole public suffix.
#[test]
fn a_cookie_for_a_strangers_domain_was_counted() {
    for (host, attribute, taken) in [
        ("so.tinh.gov.vn", "", true),
        ("so.tinh.gov.vn", "; Domain=tinh.gov.vn", true),
        ("so.tinh.gov.vn", "; Domain=.TINH.gov.vn", true),
        ("so.tinh.gov.vn", "; Domain=so.tinh.gov.vn", true),
        ("so.tinh.gov.vn", "; Domain=stranger.vn", false),
        ("so.tinh.gov.vn", "; Domain=a.so.tinh.gov.vn", false),
        ("so.tinh.gov.vn", "; Domain=o.tinh.gov.vn", false),
        ("so.tinh.gov.vn", "; Domain=gov.vn", false),
        ("so.tinh.gov.vn", "; Domain=vn", false),
        ("gov.vn", "; Domain=gov.vn", true),
        ("192.0.2.1", "; Domain=0.2.1", false),
    ] {
        assert_eq!(cookie(&format!("sid=1{attribute}")).may_come_from(host), taken, "{host} {attribute}");
    }
}

/// PHP before 5.5 takes a cookie away with a date alone, and with a value: `deleted`.
#[test]
fn the_year_of_a_cookie_that_was_taken_away_was_not_read() {
    for (date, year) in [
        ("Thu, 01-Jan-1970 00:00:01 GMT", Some(1970)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", Some(1970)),
        ("Tue, 24-Nov-26 06:46:00 GMT", Some(2026)),
        ("Sunday, 06-Nov-94 08:49:37 GMT", Some(1994)),
        ("Sun Nov  6 08:49:37 1994", Some(1994)),
        ("0", None),
        ("-1", None),
        ("12345 12345", None),
        ("", None),
    ] {
        assert_eq!(cookie(&format!("sid=deleted; Expires={date}")).expires_year, year, "{date}");
    }
}

#[test]
fn nothing_but_a_pair() {
    let found = cookie("a=b");
    assert!(!found.secure && !found.http_only && !found.expires && !found.persistent());
    assert_eq!((found.same_site, found.path, found.domain, found.max_age), (None, None, None, None));
}

#[test]
fn names_and_values() {
    for (line, name, length) in [
        ("a=b=c", "a", 3),
        (" a = b ; Secure", "a", 1),
        ("\ta\t=\tb\t", "a", 1),
        ("a=", "a", 0),
        ("=b", "", 1),
        ("b", "", 1),
        ("a=\"b c\"", "a", 5),
        ("a b=c", "a b", 1),
        ("a=Secure; x", "a", 6),
        ("a=tỉnh", "a", 6),
    ] {
        let found = cookie(line);
        assert_eq!((found.name.as_str(), found.value_length), (name, length), "{line:?}");
        assert!(!found.secure || line.contains("; Secure"));
    }
}

#[test]
fn rejected_lines() {
    for line in ["a=b\u{0}", "a=b\r", "a=b; Secure\u{7f}", "a\u{1}=b", "a=b;\n"] {
        assert_eq!(parse(line.as_bytes()), Err(Rejected::ControlCharacter), "{line:?}");
    }
    for line in ["", "=", ";", " = ; Secure", "; a=b"] {
        assert_eq!(parse(line.as_bytes()), Err(Rejected::Empty), "{line:?}");
    }
    for line in ["=__Host-x=1", "__Secure-x", "=__hOST-sid=1; Secure; Path=/", "__http-a", "=__Host-Http-a"] {
        assert_eq!(parse(line.as_bytes()), Err(Rejected::NamelessPrefix), "{line:?}");
    }
    assert!(parse(b"a=b\tc").is_ok());
    let fits = format!("a={}", "v".repeat(NAME_VALUE_LIMIT - 1));
    assert_eq!(cookie(&fits).value_length, 4095);
    assert_eq!(parse(format!("{fits}v").as_bytes()), Err(Rejected::TooLarge));
}

#[test]
fn attributes() {
    for (line, same_site) in [
        ("a=b; SameSite=None", Some(SameSite::None)),
        ("a=b; SameSite=STRICT", Some(SameSite::Strict)),
        ("a=b; SameSite", Some(SameSite::Unknown(String::new()))),
        ("a=b; SameSite=Nope", Some(SameSite::Unknown("Nope".into()))),
        ("a=b; SameSite=Lax; SameSite=Nope", Some(SameSite::Unknown("Nope".into()))),
        ("a=b; SameSite=Nope; SameSite=Lax", Some(SameSite::Lax)),
        ("a=b; Same-Site=Lax", None),
        ("a=b, SameSite=Lax", None),
    ] {
        assert_eq!(cookie(line).same_site, same_site, "{line}");
    }
    for (line, path) in [
        ("a=b; Path=/x; Path=/y", Some("/y")),
        ("a=b; Path=/x; Path", None),
        ("a=b; Path=x", None),
        ("a=b; path = /a b ", Some("/a b")),
    ] {
        assert_eq!(cookie(line).path.as_deref(), path, "{line}");
    }
    for (line, domain) in [
        ("a=b; Domain=", None),
        ("a=b; Domain=.", None),
        ("a=b; Domain=..x.vn", Some(".x.vn")),
        ("a=b; Domain=x.vn; domain=Y.vn", Some("y.vn")),
    ] {
        assert_eq!(cookie(line).domain.as_deref(), domain, "{line}");
    }
    assert!(cookie("a=b; Secure=false").secure, "the value of Secure is ignored");
    assert!(!cookie("a=b; Secured; XHttpOnly").secure);
    let long =
        format!("a=b; Path=/{}; Secure={}", "p".repeat(ATTRIBUTE_LIMIT), "x".repeat(ATTRIBUTE_LIMIT + 1));
    assert!(cookie(&long).path.is_none() && !cookie(&long).secure, "overlong attributes are ignored");
}

#[test]
fn max_ages() {
    for (value, expected) in [
        ("0", Some(0)),
        ("-1", Some(-1)),
        ("-", Some(0)),
        ("", None),
        ("+5", None),
        ("1.5", None),
        ("5s", None),
        ("99999999999999999999", Some(i64::MAX)),
        ("-99999999999999999999", Some(-i64::MAX)),
    ] {
        assert_eq!(cookie(&format!("a=b; Max-Age={value}")).max_age, expected, "{value}");
    }
    assert_eq!(cookie("a=b; Max-Age=5; Max-Age=x").max_age, Some(5), "an ignored attribute replaces nothing");
    assert!(!cookie("a=b; Expires=x; Max-Age=0").persistent());
}

#[test]
fn prefixes() {
    for (line, prefix, holds) in [
        ("__Secure-a=1; Secure", Prefix::Secure, true),
        ("__SECURE-a=1; Secure; Domain=x.vn", Prefix::Secure, true),
        ("__Secure-a=1", Prefix::Secure, false),
        ("__Host-a=1; Secure; Path=/", Prefix::Host, true),
        ("__host-a=1; Secure; Path=/", Prefix::Host, true),
        ("__Host-a=1; Secure; Path=/; Domain=", Prefix::Host, true),
        ("__Host-a=1; Secure; Path=/; Domain=x.vn", Prefix::Host, false),
        ("__Host-a=1; Secure; Path=/x", Prefix::Host, false),
        ("__Host-a=1; Secure", Prefix::Host, false),
        ("__Host-a=1; Path=/", Prefix::Host, false),
        ("__Http-a=1; Secure; HttpOnly", Prefix::Http, true),
        ("__Http-a=1; Secure", Prefix::Http, false),
        ("__Host-Http-a=1; Secure; HttpOnly; Path=/", Prefix::HostHttp, true),
        ("__Host-Http-a=1; Secure; Path=/", Prefix::HostHttp, false),
    ] {
        let found = cookie(line);
        assert_eq!((found.prefix, found.prefix_holds()), (Some(prefix), Some(holds)), "{line}");
    }
    for line in ["_Host-a=1", "__Hosta=1", "x__Host-a=1"] {
        assert_eq!(cookie(line).prefix_holds(), None, "{line}");
    }
}

#[test]
fn same_site_none_needs_secure() {
    assert!(cookie("a=b; SameSite=None").same_site_none_without_secure());
    assert!(!cookie("a=b; SameSite=None; Secure").same_site_none_without_secure());
}

proptest! {
    #[test]
    fn never_panics(line in any::<Vec<u8>>()) {
        if let Ok(cookie) = parse(&line) {
            prop_assert!(cookie.value_length <= NAME_VALUE_LIMIT);
        }
    }

    #[test]
    fn the_value_is_never_held(secret in "[A-Z]{12,40}", attribute in "(; Secure|; Path=/|; SameSite=x|;;|)") {
        let found = cookie(&format!("sid={secret}{attribute}"));
        let shown = format!("{found:?}");
        prop_assert!(!shown.contains(&secret));
        prop_assert!(!serde_json::to_string(&found).expect("serialises").contains(&secret));
        prop_assert_eq!(found.value_length, secret.len());
    }

    #[test]
    fn attributes_survive_any_order_and_blanks(turn in 0_usize..4, blank in "[ \t]{0,3}") {
        let mut parts = ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"];
        parts.rotate_left(turn);
        let line = format!("a=b{blank};{blank}{}", parts.join(&format!("{blank};{blank}")));
        let found = cookie(&line);
        prop_assert!(found.secure && found.http_only && found.path.as_deref() == Some("/"));
        prop_assert_eq!(found.same_site, Some(SameSite::Strict));
    }
}
