//! RFC 3986 §5.4 where browsers agree with it, the URL standard where they do not, and redaction.

use super::*;
use proptest::prelude::*;

fn url(text: &str) -> HttpUrl {
    HttpUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn whole(url: &HttpUrl) -> String {
    format!("{}://{}{}", url.scheme(), url.authority(), url.target())
}

/// RFC 3986 §5.4.1 and §5.4.2; the fragment is dropped.
#[test]
fn reference_resolution() {
    let base = url("http://a/b/c/d;p?q");
    for (reference, expected) in [
        ("g", "http://a/b/c/g"),
        ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g/"),
        ("?y", "http://a/b/c/d;p?y"),
        ("g?y", "http://a/b/c/g?y"),
        ("#s", "http://a/b/c/d;p?q"),
        ("g#s", "http://a/b/c/g"),
        ("g?y#s", "http://a/b/c/g?y"),
        (";x", "http://a/b/c/;x"),
        ("g;x?y#s", "http://a/b/c/g;x?y"),
        ("", "http://a/b/c/d;p?q"),
        (".", "http://a/b/c/"),
        ("./", "http://a/b/c/"),
        ("..", "http://a/b/"),
        ("../g", "http://a/b/g"),
        ("../..", "http://a/"),
        ("../../g", "http://a/g"),
        ("../../../g", "http://a/g"),
        ("/./g", "http://a/g"),
        ("/../g", "http://a/g"),
        ("g.", "http://a/b/c/g."),
        ("..g", "http://a/b/c/..g"),
        ("./g/.", "http://a/b/c/g/"),
        ("g/../h", "http://a/b/c/h"),
        ("g;x=1/../y", "http://a/b/c/y"),
        ("g?y/../x", "http://a/b/c/g?y/../x"),
        ("http:g", "http://a/b/c/g"), // "for backward compatibility", as browsers do
        ("https://x.vn", "https://x.vn/"),
    ] {
        let found = base.resolve(reference).unwrap_or_else(|error| panic!("{reference}: {error}"));
        assert_eq!(whole(&found), expected, "{reference}");
    }
}

/// What browsers do and RFC 3986 does not.
#[test]
fn browser_leniency() {
    let base = url("https://x.vn/a");
    for (reference, expected) in [
        ("\\\\y.vn\\b", "https://y.vn/b"),
        ("/\\y.vn/b", "https://y.vn/b"),
        ("https:\\\\y.vn\\b", "https://y.vn/b"),
        ("https:///y.vn/b", "https://y.vn/b"),
        ("ht\ttp\n://y.vn/\r\nb", "http://y.vn/b"),
        ("  https://y.vn/b  ", "https://y.vn/b"),
        ("\u{1}https://y.vn/b\u{1f}", "https://y.vn/b"),
        ("https://Y.VN:443/b", "https://y.vn/b"),
        ("https://y.vn:80/b", "https://y.vn:80/b"),
        ("https://y.vn:0443/b", "https://y.vn/b"),
        ("http://y.vn:80", "http://y.vn/"),
        ("/a b", "https://x.vn/a%20b"),
        ("/trang-chủ?từ=a", "https://x.vn/trang-ch%E1%BB%A7?t%E1%BB%AB=a"),
        ("https://Tỉnh.vn/", "https://xn--tnh-dlz.vn/"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
        ("/%2e%2E/b", "https://x.vn/b"),
        ("HTTPS://y.vn/", "https://y.vn/"),
    ] {
        let found = base.resolve(reference).unwrap_or_else(|error| panic!("{reference:?}: {error}"));
        assert_eq!(whole(&found), expected, "{reference:?}");
    }
}

#[test]
fn refused() {
    let base = url("https://x.vn/a");
    for (reference, scheme) in [
        ("javascript:alert(1)", "javascript"),
        ("data:text/html,x", "data"),
        ("mailto:a@x.vn", "mailto"),
        ("ftp://x.vn/", "ftp"),
        ("file:///etc/passwd", "file"),
        ("intent://x", "intent"),
        ("x.vn:8080/a", "x.vn"),
        ("localhost:80", "localhost"),
    ] {
        assert_eq!(base.resolve(reference), Err(UrlError::NotHttp(scheme.into())), "{reference}");
    }
    for reference in [
        "https://",
        "https://:80/",
        "https://x.vn:99999/",
        "https://x.vn:a/",
        "http://[::1",
        "http://a b/",
        "http://1.2.3.999/",
        "https://x%00.vn/",
        "https://@/",
        "https://a\"b/",
        "https://a{b}/",
    ] {
        assert!(matches!(base.resolve(reference), Err(UrlError::Malformed(_))), "{reference}");
    }
    assert!(matches!(HttpUrl::parse("/relative"), Err(UrlError::Malformed(_))));
    assert!(matches!(HttpUrl::parse("x.vn"), Err(UrlError::Malformed(_))));
    let long = format!("/{}", "a".repeat(LENGTH_LIMIT));
    assert_eq!(base.resolve(&long), Err(UrlError::TooLong));
}

#[test]
fn userinfo_is_dropped_and_told() {
    for text in ["https://user:pass@x.vn/", "https://user@x.vn/", "https://:pass@x.vn/", "https://x.vn@y.vn/"]
    {
        let found = url(text);
        assert!(found.had_userinfo(), "{text}");
        assert!(!format!("{found:?} {found} {}", whole(&found)).contains("pass"), "{text}");
    }
    assert_eq!(url("https://x.vn@y.vn/").host(), "y.vn");
    assert!(!url("https://x.vn/@a").had_userinfo());
}

#[test]
fn parts() {
    let found = url("https://x.vn:8443/a/b?c=d#e");
    assert_eq!((found.host(), found.port(), found.authority().as_str()), ("x.vn", 8443, "x.vn:8443"));
    assert_eq!((found.target().as_str(), found.path(), found.is_https()), ("/a/b?c=d", "/a/b", true));
    assert_eq!(url("http://x.vn").port(), 80);
    assert_eq!(url("http://[2001:DB8::1]/").address(), Some("2001:db8::1".parse().expect("address")));
    assert_eq!(url("http://2130706433/").address(), Some("127.0.0.1".parse().expect("address")));
    assert_eq!(url("http://x.vn/").address(), None);
}

#[test]
fn roots() {
    let root = |https, host, port| HttpUrl::root(https, host, port).map(|url| whole(&url));
    assert_eq!(root(true, "x.vn", 443).as_deref(), Ok("https://x.vn/"));
    assert_eq!(root(false, "x.vn", 443).as_deref(), Ok("http://x.vn:443/"));
    assert_eq!(root(true, "::1", 8443).as_deref(), Ok("https://[::1]:8443/"));
    assert!(
        root(true, "x.vn/y", 443).is_err() && root(true, "a@b", 443).is_err() && root(true, "", 443).is_err()
    );
}

#[test]
fn comparisons() {
    assert!(url("https://x.vn/").same_host(&url("http://X.vn.:8080/a")));
    assert!(!url("https://x.vn/").same_host(&url("https://www.x.vn/")));
    assert!(url("https://x.vn/").same_origin(&url("https://x.vn:443/a")));
    assert!(!url("https://x.vn/").same_origin(&url("http://x.vn/")));
    assert!(!url("https://x.vn/").same_origin(&url("https://x.vn:8443/")));
}

#[test]
fn redaction() {
    for (text, expected) in [
        ("https://x.vn/a?b=secret&c=&d&&=e", "https://x.vn/a?b=…&c=&…&&=…"),
        ("https://x.vn/a?secret", "https://x.vn/a?…"),
        ("https://x.vn/a?", "https://x.vn/a?"),
        ("https://x.vn/a;jsessionid=SECRET/b;v=1;SECRET", "https://x.vn/a;jsessionid=…/b;v=…;…"),
        ("https://x.vn:8443/web/guest", "https://x.vn:8443/web/guest"),
    ] {
        assert_eq!(url(text).redacted(), expected);
        assert_eq!(format!("{}", url(text)), expected);
    }
}

proptest! {
    #[test]
    fn never_panics_and_stays_requestable(text in "[a-z:/\\\\?#@.%\\[\\]0-9 \t\u{0}-\u{20}é;=&]{0,40}") {
        let base = url("https://x.vn/a/b?c");
        for found in [HttpUrl::parse(&text), base.resolve(&text)].into_iter().flatten() {
            let target = found.target();
            prop_assert!(target.starts_with('/'));
            prop_assert!(target.bytes().chain(found.authority().bytes()).all(|octet| octet.is_ascii_graphic()));
            prop_assert!(!found.host().is_empty());
        }
    }

    #[test]
    fn resolving_oneself_is_the_identity(text in "https?://[a-z]{1,5}\\.vn(:[1-9][0-9]{0,3})?(/[a-z.]{1,4}){0,3}/?(\\?[a-z=]{0,5})?") {
        let found = url(&text);
        prop_assert_eq!(url("http://other.vn/").resolve(&whole(&found)), Ok(found.clone()));
        prop_assert_eq!(found.resolve(&found.target()), Ok(found));
    }

    #[test]
    fn query_values_never_reach_evidence(secret in "[A-Z]{8,20}", name in "[a-z]{0,4}") {
        let found = url(&format!("https://x.vn/p;{name}={secret}?{name}={secret}&{secret}"));
        let shown = format!("{found} {found:?}");
        prop_assert!(!shown.contains(&secret));
    }
}
