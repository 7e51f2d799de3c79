//! Parsing by §2.2.1 and §2.2.2, and frame-ancestors as browsers apply it.

use super::*;
use proptest::prelude::*;

const PAGE: Ancestor<'static> = Ancestor { https: true, host: "sotnmt.tinh.gov.vn", port: 443 };

fn policy(text: &str) -> Policy {
    Policy::parse(text, Source::Header, Disposition::Enforce)
}

fn policies(lines: &[&str]) -> Policies {
    let mut policies = Policies::default();
    policies.add_fields(lines.iter().copied(), Disposition::Enforce);
    policies
}

fn directives(policy: &Policy) -> Vec<(&str, String)> {
    policy.directives.iter().map(|directive| (directive.name.as_str(), directive.value.join("|"))).collect()
}

#[test]
fn one_policy() {
    let parsed = policy(" Default-SRC\t'Self'  HTTPS://X.vn/Path ;; script-src 'nonce-AbC=' ; sandbox;");
    assert_eq!(
        directives(&parsed),
        [
            ("default-src", "'Self'|HTTPS://X.vn/Path".to_owned()),
            ("script-src", "'nonce-AbC='".into()),
            ("sandbox", String::new())
        ]
    );
    assert!(parsed.duplicates.is_empty() && parsed.non_ascii == 0);
}

#[test]
fn first_of_duplicates_counts() {
    let parsed = policy("script-src a; SCRIPT-SRC b; script-src");
    assert_eq!(directives(&parsed), [("script-src", "a".to_owned())]);
    assert_eq!(parsed.duplicates, ["script-src", "script-src"]);
}

#[test]
fn non_ascii_directives_are_dropped_whole() {
    let parsed = policy("script-src tỉnh.vn; img-src x; style-src\u{a0}'self'");
    assert_eq!(directives(&parsed), [("img-src", "x".to_owned())]);
    assert_eq!(parsed.non_ascii, 2);
    // a dropped one does not make the next one a duplicate
    assert_eq!(directives(&policy("img-src é; img-src y")), [("img-src", "y".to_owned())]);
}

#[test]
fn only_ascii_whitespace_separates() {
    assert_eq!(directives(&policy("a\tb\nc\u{c}d\re f\u{b}g")), [("a", "b|c|d|e|f\u{b}g".to_owned())]);
}

#[test]
fn lines_and_commas_are_policies() {
    let all = policies(&["default-src 'self', script-src a;img-src b", ", ,;", "frame-ancestors 'none'"]);
    let names: Vec<_> = all.policies.iter().map(|p| p.directives.len()).collect();
    assert_eq!(names, [1, 2, 1]);
    let mut all = policies(&["img-src a"]);
    all.add_fields(["img-src b"], Disposition::Report);
    assert_eq!((all.policies.len(), all.enforced().count()), (2, 1));
    // in a meta a comma is part of the token
    let meta = Policy::parse("img-src a, b", Source::Meta, Disposition::Enforce);
    assert_eq!(directives(&meta), [("img-src", "a,|b".to_owned())]);
}

#[test]
fn meta_has_no_frame_ancestors() {
    let text = "frame-ancestors 'none'; report-uri /r; sandbox; img-src a";
    let meta = Policy::parse(text, Source::Meta, Disposition::Enforce);
    assert!(["frame-ancestors", "report-uri", "sandbox"].iter().all(|name| meta.directive(name).is_none()));
    assert!(meta.directive("img-src").is_some());
    assert!(policy(text).directive("sandbox").is_some());
}

#[test]
fn limits() {
    let all = policies(&[&"a,".repeat(1000)]);
    assert!(all.cut_short && all.policies.len() == POLICY_LIMIT);
    let text = (0..1000).map(|number| format!("d{number}")).collect::<Vec<_>>().join(";");
    let parsed = policy(&text);
    assert!(parsed.cut_short && parsed.directives.len() == DIRECTIVE_LIMIT);
    let parsed = policy(&"d;".repeat(1000));
    assert!(parsed.cut_short && parsed.directives.len() == 1);
}

#[test]
fn framing_of_lists() {
    for (lines, any, none) in [
        (&["frame-ancestors *"][..], true, false),
        (&["frame-ancestors 'self' *"], true, false),
        (&["frame-ancestors https:"], true, false),
        (&["frame-ancestors HTTP:"], true, false),
        (&["frame-ancestors ws:"], true, false),
        (&["frame-ancestors https://*"], true, false),
        (&["frame-ancestors *:*"], true, false),
        (&["frame-ancestors *:8443"], true, false),
        (&["frame-ancestors http://*:8080/"], true, false),
        (&["frame-ancestors 'none' *"], true, false),
        (&["frame-ancestors 'none'"], false, true),
        (&["frame-ancestors 'NONE'"], false, true),
        (&["frame-ancestors"], false, true),
        (&["frame-ancestors data: blob:"], false, true),
        (&["frame-ancestors 'unsafe-inline' none:x"], false, true),
        (&["frame-ancestors ftp://*"], false, true),
        (&["frame-ancestors 'self'"], false, false),
        (&["frame-ancestors self"], false, false), // a host called "self": the usual slip
        (&["frame-ancestors *.gov.vn"], false, false),
        (&["frame-ancestors 'none' https://x.vn"], false, false),
        (&["frame-ancestors https://*/embed"], false, true),
        (&["frame-ancestors *, frame-ancestors 'self'"], false, false),
        (&["frame-ancestors *", "frame-ancestors https:"], true, false),
        (&["frame-ancestors *", "frame-ancestors 'none'"], false, true),
        (&["frame-ancestors *:8443", "frame-ancestors *:9443"], false, false),
        (&["frame-ancestors *:8443", "frame-ancestors https:"], true, false),
        (&["frame-ancestors 'self'; frame-ancestors *"], false, false),
        (&["frame-ancestors *", "default-src 'none'"], true, false),
    ] {
        let found = framing(&policies(lines), PAGE).expect("there is a directive");
        assert_eq!((found.any_ancestor_allowed, found.none_allowed), (any, none), "{lines:?}");
    }
    assert_eq!(framing(&policies(&["default-src 'none'"]), PAGE), None, "no fallback to default-src");
    let mut report_only = Policies::default();
    report_only.add_fields(["frame-ancestors 'none'"], Disposition::Report);
    assert_eq!(framing(&report_only, PAGE), None);
}

#[test]
fn sources_match_origins() {
    let http_page = Ancestor { https: false, host: "sotnmt.tinh.gov.vn", port: 80 };
    for (token, page, ancestor, expected) in [
        ("'self'", PAGE, (true, "sotnmt.tinh.gov.vn", 443), true),
        ("'self'", PAGE, (false, "sotnmt.tinh.gov.vn", 80), false),
        ("'self'", http_page, (true, "sotnmt.tinh.gov.vn", 443), true),
        ("'self'", PAGE, (true, "sotnmt.tinh.gov.vn", 8443), false),
        ("x.vn", PAGE, (true, "x.vn", 443), true),
        ("x.vn", PAGE, (false, "x.vn", 80), false),
        ("x.vn", http_page, (false, "x.vn", 80), true),
        ("x.vn", http_page, (true, "x.vn", 443), true),
        ("X.VN", PAGE, (true, "x.vn", 443), true),
        ("x.vn:80", http_page, (true, "x.vn", 443), true),
        ("x.vn:8443", PAGE, (true, "x.vn", 443), false),
        ("x.vn:*", PAGE, (true, "x.vn", 8443), true),
        ("*.x.vn", PAGE, (true, "a.b.x.vn", 443), true),
        ("*.x.vn", PAGE, (true, "x.vn", 443), false),
        ("*.x.vn", PAGE, (true, "ax.vn", 443), false),
        ("https://x.vn/", PAGE, (true, "x.vn", 443), true),
        ("https://x.vn/path", PAGE, (true, "x.vn", 443), false),
        ("https:", PAGE, (false, "x.vn", 80), false),
        ("wss:", PAGE, (true, "x.vn", 443), true),
        ("1.2.3.4", PAGE, (true, "1.2.3.4", 443), true),
        ("[::1]", PAGE, (true, "[::1]", 443), false), // outside the grammar
        ("127.0.0.1", PAGE, (true, "127.0.0.1", 443), true),
        ("*", PAGE, (false, "1.2.3.4", 80), true),
    ] {
        let (https, host, port) = ancestor;
        let found = SourceExpression::parse(token).matches(Ancestor { https, host, port }, page);
        assert_eq!(found, expected, "{token} {ancestor:?}");
    }
}

#[test]
fn tokens_outside_the_grammar() {
    for token in [
        "x_y.vn",
        "x..vn",
        "://x.vn",
        "x.vn:port",
        "x.vn:99999",
        "x.vn/?q",
        "a.*.vn",
        "**",
        "'x'",
        "*x.vn",
        ":443",
    ] {
        assert_eq!(SourceExpression::parse(token), SourceExpression::Other, "{token}");
    }
    assert_eq!(SourceExpression::parse("localhost:"), SourceExpression::Scheme("localhost".into()));
}

proptest! {
    #[test]
    fn never_panics(lines in prop::collection::vec("(frame-ancestors|[^\u{0}]{0,3}|[ ;,*:/'.]|https?|x\\.vn|[0-9]{1,6}){0,12}", 0..4)) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        if let Some(found) = framing(&policies(&lines), PAGE) {
            prop_assert!(!(found.any_ancestor_allowed && found.none_allowed));
        }
    }

    #[test]
    fn more_policies_never_allow_more(list in "( \\*| https:| 'self'| x\\.vn| 'none'){0,3}", more in "( \\*| http:| \\*:99| 'none'){0,3}") {
        let one = format!("frame-ancestors{list}");
        let two = format!("frame-ancestors{more}");
        let alone = framing(&policies(&[&one]), PAGE).expect("directive");
        let both = framing(&policies(&[&one, &two]), PAGE).expect("directive");
        prop_assert!(alone.any_ancestor_allowed || !both.any_ancestor_allowed);
        prop_assert!(both.none_allowed || !alone.none_allowed);
    }

    #[test]
    fn round_trip(parts in prop::collection::vec(("[a-z-]{1,8}", prop::collection::vec("[!-+./-:<-~-]{1,6}", 0..4)), 0..6)) {
        let text = parts.iter().map(|(name, value)| format!("{name} {}", value.join(" "))).collect::<Vec<_>>().join("; ");
        let parsed = policy(&text);
        let again = parsed.directives.iter().map(|d| format!("{} {}", d.name, d.value.join(" "))).collect::<Vec<_>>().join("; ");
        prop_assert_eq!(&policy(&again).directives, &parsed.directives);
        prop_assert_eq!(parsed.directives.len() + parsed.duplicates.len(), parts.len());
    }
}
