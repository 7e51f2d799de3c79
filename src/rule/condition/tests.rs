//! The truth table of unseen facts, and what the linter refuses.

use serde_json::json;

use super::*;
use crate::language::assert_good;

fn decide(text: &str) -> Decision<bool> {
    let document = json!({
        "unseen": {"failed": {"timed_out": {"during": "handshake", "after_ms": 1}}},
        "skipped": {"skipped": "not_requested"},
        "yes": true,
        "no": false,
        "text": "abc",
        "huge": u64::MAX,
        "present": {"inner": 1},
        "cut": {"items": [{"n": 1, "good": true}, {"n": 2, "good": false}], "incomplete": "reset"},
        "whole": {"items": [{"n": 1, "good": true}, {"n": 2, "good": false}]},
        "part": [{"n": 1, "good": true}, {"n": 2, "good": {"failed": "reset"}}],
    });
    let mut facts = Facts::new();
    facts.bind("f", &document);
    facts.bind("root", &document["unseen"]);
    Condition::parse(text).unwrap_or_else(|m| panic!("{text}: {m:?}")).decide(&facts)
}

#[test]
fn truth_table() {
    let unseen = || {
        Decision::Unseen(Unseen::Failed(Failure::TimedOut {
            during: crate::observation::Phase::Handshake,
            after_ms: 1,
        }))
    };
    let reset = || Decision::Unseen(Unseen::Failed(Failure::Reset));
    let (pass, fail) = (|| Decision::Decided(true), || Decision::Decided(false));
    for (text, expected) in [
        // && and || decide where they can, both ways round
        ("f.unseen && f.no", fail()),
        ("f.no && f.unseen", fail()),
        ("f.unseen && f.yes", unseen()),
        ("f.yes && f.unseen", unseen()),
        ("f.unseen || f.yes", pass()),
        ("f.yes || f.unseen", pass()),
        ("f.unseen || f.no", unseen()),
        ("f.no || f.unseen", unseen()),
        ("f.unseen == 'a' && f.unseen == 'b' || f.yes", pass()),
        // everything else is inconclusive
        ("f.unseen", unseen()),
        ("!f.unseen", unseen()),
        ("f.unseen == 'offered'", unseen()),
        ("f.unseen != 'offered'", unseen()),
        ("f.unseen.deeper == 1", unseen()),
        ("f.unseen ? f.yes : f.yes", unseen()),
        ("f.unseen == 'a' ? true : true", unseen()),
        ("has(f.unseen)", unseen()),
        ("has(f.unseen.deeper)", unseen()),
        ("'unseen' in f", unseen()),
        ("root.anything == 1", unseen()),
        ("has(root.anything)", unseen()),
        ("'x' in root", unseen()),
        ("f.unseen in ['a', 'b']", unseen()),
        ("f.unseen.startsWith('a')", unseen()),
        ("f.unseen > 1", unseen()),
        ("f.unseen + 1 > 1", unseen()),
        ("f.skipped", Decision::Unseen(Unseen::Skipped(Skip::NotRequested))),
        // lists that were cut short
        ("f.cut.exists(x, x.n == 2)", pass()),
        ("f.cut.exists(x, x.n == 3)", reset()),
        ("f.cut.all(x, x.good)", fail()),
        ("f.cut.all(x, x.n > 0)", reset()),
        ("f.cut.filter(x, x.good).size() == 1", reset()),
        ("f.cut.map(x, x.n).exists(n, n == 1)", reset()),
        ("f.cut.exists_one(x, x.n == 1)", reset()),
        // lists that are whole
        ("f.whole.exists(x, x.n == 3)", fail()),
        ("f.whole.all(x, x.n > 0)", pass()),
        ("f.whole.filter(x, x.good).size() == 1", pass()),
        ("f.whole.map(x, x.n).exists(n, n == 2)", pass()),
        // an element with an unseen fact
        ("f.part.all(x, x.good)", reset()),
        ("f.part.exists(x, x.good)", pass()),
        ("f.part.all(x, x.n == 2)", fail()),
        ("f.part.exists(x, !x.good)", reset()),
        // presence
        ("has(f.present)", pass()),
        ("has(f.absent)", fail()),
        ("!has(f.absent)", pass()),
        ("has(f.present.inner) && f.present.inner == 1", pass()),
        ("'text' in f", pass()),
        ("'absent' in f", fail()),
        // numbers beyond i64
        ("f.huge > 31536000", pass()),
    ] {
        assert_eq!(decide(text), expected, "{text}");
    }
}

#[test]
fn a_fault_of_the_rule_is_no_verdict() {
    for text in
        ["f.absent == 1", "f.text", "f.text > 1", "f.present.all(x, true)", "nothing == 1", "1 / 0 == 1"]
    {
        assert!(matches!(decide(text), Decision::Faulty(_)), "{text}: {:?}", decide(text));
    }
}

#[test]
fn evidence_is_scalars() {
    let document =
        json!({"list": {"items": [{"n": 1}, {"n": 2}]}, "text": "x", "unseen": {"failed": "reset"}});
    let mut facts = Facts::new();
    facts.bind("f", &document);
    let value = |text| Condition::parse(text).unwrap().value(&facts);
    assert_eq!(value("f.list.map(x, x.n)"), Decision::Decided(json!([1, 2])));
    assert_eq!(value("f.text"), Decision::Decided(json!("x")));
    assert!(matches!(value("f.unseen"), Decision::Unseen(_)));
    assert!(matches!(value("f.list"), Decision::Faulty(_)));
}

fn lint(text: &str) -> Vec<Mistake> {
    let params = json!({"min": 1, "names": ["a"]});
    let names = Names::endpoint().with_params(params.as_object().unwrap());
    match Condition::parse(text) {
        Ok(condition) => condition.check(&names, Expected::Bool),
        Err(mistakes) => mistakes,
    }
}

#[test]
fn good_conditions_pass() {
    for text in [
        "tls.versions[\"TLSv1.0\"] == \"not_offered\"",
        "\"offered\" == tls.versions[\"TLSv1.2\"]",
        "tls.versions[\"TLSv1.2\"] in [\"offered\"]",
        "has(http.hsts) && http.hsts.valid && has(http.hsts.max_age) && http.hsts.max_age >= params.min",
        "!has(http.hsts) || http.hsts.valid",
        "!(has(http.hsts) && has(http.hsts.max_age)) || http.hsts.max_age == 0",
        "has(http.hsts) ? http.hsts.valid : false",
        "http.cookies.all(c, !c.session_like || c.secure && c.http_only)",
        "http.cookies.exists(c, has(c.same_site) && c.same_site in [\"None\"])",
        "certificate.leaf.key.algorithm != \"RSA\" || has(certificate.leaf.key.bits) && certificate.leaf.key.bits >= 2048",
        "certificate.issuers.all(i, i.days_left * 4 > i.lifetime_days)",
        "certificate.leaf.days_left > certificate.leaf.lifetime_days / 4",
        "has(tls.handshake.group)",
        "\"hsts\" in http && http.hsts.valid",
        "site.host.endsWith(\".gov.vn\")",
        "dns.dnssec == \"Secure\" || dns.ns.exists(n, n.name.matches(\"^ns[0-9]\"))",
        "params.names.exists(n, n == site.host)",
        "site.host in params.names",
        "http.cookies.filter(c, c.secure).map(c, c.name).exists(n, n == \"a\")",
        "has(endpoint.address) && endpoint.http.https.status == 200",
        "true",
    ] {
        assert_eq!(lint(text), [], "{text}");
    }
}

#[test]
fn mistakes_have_a_place_and_a_suggestion() {
    // the expression, with the place marked by ^ under it, what is said and what is advised
    let mut wrong = Vec::new();
    for (text, at, message, help) in [
        ("tls.versoins[\"TLSv1.0\"] == \"offered\"", 3, "no fact `tls.versoins`", "did you mean `versions`?"),
        ("tls.versions[\"TLS1.0\"] == \"offered\"", 13, "no fact `tls.versions[\"TLS1.0\"]`", "TLSv1.0"),
        ("tls.versions[\"TLSv1.0\"] == \"ofered\"", 27, "is never \"ofered\"", "did you mean `offered`?"),
        (
            "tls.versions[\"TLSv1.0\"] == \"unknown\"",
            27,
            "is never \"unknown\"",
            "it is one of offered, not_offered",
        ),
        ("tls.versions[\"TLSv1.0\"] in [\"offered\", \"no\"]", 39, "is never \"no\"", "it is one of"),
        ("tsl.offered", 0, "no fact `tsl`", "did you mean `tls`?"),
        ("http.hsts.valid", 4, "`http.hsts` may be absent", "write has(http.hsts) && …"),
        (
            "has(http.hsts) && http.hsts.max_age > 1",
            27,
            "`http.hsts.max_age` may be absent",
            "has(http.hsts.max_age)",
        ),
        ("has(http.hsts) || http.hsts.valid", 22, "`http.hsts` may be absent", "has(http.hsts)"),
        ("http.hsts.valid && has(http.hsts)", 4, "`http.hsts` may be absent", "has(http.hsts)"),
        ("has(http.hsst)", 3, "no fact `http.hsst`", "did you mean `hsts`?"),
        ("http.cookies.all(c, c.secrue)", 21, "no fact `c.secrue`", "did you mean `secure`?"),
        (
            "http.cookies.exists(c, c.same_site == \"Lax\")",
            24,
            "`c.same_site` may be absent",
            "has(c.same_site)",
        ),
        ("http.cookies.size() > 0", 17, "the size of this list may be unknown", "use exists()"),
        ("size(http.cookies) > 0", 4, "the size of this list may be unknown", "use exists()"),
        ("http.cookies[0].secure", 12, "an element may not be there", "use all()"),
        ("http.hsts == null", 13, "a fact is never null", "has(http.hsts)"),
        ("certificate.leaf.days_left > \"30\"", 29, "a number is compared with text", ""),
        ("certificate.leaf == certificate.leaf", 11, "a group of facts cannot be compared", ""),
        ("tls.offered > false", 14, "compared", ""),
        (
            "tls.offered && certificate.leaf.days_left",
            31,
            "this is a number; a truth value is needed here",
            "",
        ),
        ("certificate.leaf.days_left", 16, "this is a number, not true or false", ""),
        ("http.https_reachable.all(x, x)", 4, "a truth value has no elements", ""),
        ("certificate.leaf.days_left / params.min > 1", 35, "may be 0", "other than 0"),
        ("site.host.startswith(\"a\")", 20, "no function `startswith`", "did you mean `startsWith`?"),
        ("site.host.matches(\"(\")", 17, "not a regular expression", "literal"),
        ("site.host.startsWith(\"a\", \"b\")", 20, "takes 1 argument", ""),
        ("\"ns1\" in dns.ns", 0, "groups of facts", "exists(x, x.name == …)"),
        ("params.mim > 0", 6, "no parameter `params.mim`", "did you mean `min`?"),
        ("!http.cookies.exists(c, true)", 5, "never looks at `c`", "ask something"),
        ("endpoints.all(e, e.tls.offered)", 0, "no fact `endpoints`", "once per address"),
        ("optional.of(1).hasValue()", 0, "", ""),
        ("http.?hsts.valid", 4, "optional values", "has("),
        ("tls.offered =", 12, "", ""),
        ("tls.offered = true", 12, "`=` is no operator", "`==`"),
        ("certificate.leaf.days_left => 3", 27, "`=>` is no operator", "`>=`"),
        (
            "http.cookies.all(a, http.cookies.all(b, http.cookies.all(c, a.secure && b.secure && c.secure)))",
            16,
            "steps on the largest document",
            "nest fewer",
        ),
        ("{'a': 1} == {'a': 1}", 0, "cannot build records", ""),
    ] {
        let mistakes = lint(text);
        mistakes.iter().flat_map(|m| [&m.message].into_iter().chain(&m.help)).for_each(assert_good);
        let found = mistakes
            .iter()
            .find(|m| m.message.en.contains(message) && m.help.as_ref().map_or("", |h| &h.en).contains(help));
        let good = found.is_some_and(|m| message.is_empty() || m.offset == at);
        if !good {
            wrong.push(format!("{text}\n  wanted {at} {message:?} / {help:?}\n  got {mistakes:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_needs_presence() {
    for (text, needed) in [
        ("has(http.hsts) && http.hsts.valid", true),
        ("!has(http.hsts) || http.hsts.valid", false),
        ("tls.offered", false),
        ("!(!has(http.hsts))", true),
        ("has(http.hsts) || tls.offered", false),
        ("has(http.hsts) || has(http.frame_options)", true),
    ] {
        assert_eq!(Condition::parse(text).unwrap().needs_presence(), needed, "{text}");
    }
}

#[test]
fn hostile_expressions_are_refused_quickly() {
    let nested = |open: &str, n: usize, close: &str| format!("{}1{} == 1", open.repeat(n), close.repeat(n));
    for text in [
        nested("(", 8, ")"),
        nested("(", 400, ")"),
        nested("[", 8, "]"),
        nested("a[", 8, "]"),
        nested("x.all(x, ", 8, ")"),
        "(".repeat(5_000),
        "[".repeat(900),
        "(\"".repeat(300),
        "!".repeat(900),
        format!("a{}", ".a".repeat(450)),
        format!("{}true", "true && ".repeat(120)),
        format!("{}true", "true ? true : ".repeat(70)),
        format!("{}1 > 1", "1+".repeat(450)),
        "'".to_owned(),
        "\\".to_owned(),
        String::new(),
    ] {
        let _ = Condition::parse(&text).map(|c| c.check(&Names::site(), Expected::Bool));
    }
    assert!(Condition::parse(&nested("(", 8, ")")).is_ok());
    assert!(Condition::parse(&nested("(", 9, ")")).is_err());
    assert!(Condition::parse("\"((((((((((((((((((\" == \"a\"").is_ok());
}
