//! Weaknesses of policies, by the text of the standard and by CSP Evaluator's cases.

use proptest::prelude::*;

use super::super::{Disposition, Source};
use super::*;

const PAGE: Ancestor<'static> = Ancestor { https: true, host: "so.tinh.gov.vn", port: 443 };

fn policies(lines: &[&str]) -> Policies {
    let mut policies = Policies::default();
    for line in lines {
        match line.strip_prefix("meta: ") {
            Some(meta) => policies.add(Policy::parse(meta, Source::Meta, Disposition::Enforce)),
            None => policies.add_fields([line], Disposition::Enforce),
        }
    }
    policies
}

/// `kind@subject: quotes`.
fn told(lines: &[&str]) -> Vec<String> {
    let (found, more) = weaknesses(&policies(lines), PAGE);
    assert!(!more);
    let told = |weakness: &Weakness| {
        let subject =
            if weakness.subject.is_empty() { String::new() } else { format!("@{}", weakness.subject) };
        format!("{}{subject}: {}", weakness.kind.name(), weakness.quotes.join("; "))
    };
    found.iter().map(told).collect()
}

fn kinds(lines: &[&str]) -> Vec<&'static str> {
    weaknesses(&policies(lines), PAGE).0.iter().map(|weakness| weakness.kind.name()).collect()
}

const REST: &str = "object-src 'none'; base-uri 'none'; form-action 'self'; style-src 'self'";

#[test]
fn a_strict_policy_has_none() {
    for scripts in [
        "script-src 'none'",
        "script-src",
        "script-src 'self'",
        "script-src 'nonce-rAnd0m12' 'strict-dynamic' https: 'unsafe-inline'", // a fallback, not a finding
        "script-src 'nonce-rAnd0m12' 'unsafe-inline'",
        "script-src 'sha256-AbC_-+/09=' 'unsafe-inline'",
        "script-src 'NONCE-rAnd0m12==' 'Strict-Dynamic' * data:",
        "script-src 'self' 'wasm-unsafe-eval' 'report-sample' 'inline-speculation-rules' 'trusted-types-eval'",
    ] {
        assert_eq!(told(&[&format!("{scripts}; {REST}")]), Vec::<String>::new(), "{scripts}");
    }
}

#[test]
fn capabilities_quote_the_token_or_what_is_missing() {
    let only = |scripts: &str| {
        let found = told(&[&format!("{scripts}; {REST}")]);
        found.into_iter().filter(|line| !line.starts_with("allow_list")).collect::<Vec<_>>()
    };
    for (scripts, expected) in [
        (
            "script-src 'Unsafe-Inline'",
            &[
                "inline_script: policy 1 (header): script-src 'Unsafe-Inline'",
                "inline_handler: policy 1 (header): script-src 'Unsafe-Inline'",
            ][..],
        ),
        // a nonce that is none does not switch 'unsafe-inline' off
        (
            "script-src 'unsafe-inline' 'nonce-'",
            &[
                "inline_script: policy 1 (header): script-src 'unsafe-inline'",
                "inline_handler: policy 1 (header): script-src 'unsafe-inline'",
                "unknown_token: policy 1 (header): script-src 'nonce-'",
            ],
        ),
        (
            "script-src-elem 'self'; script-src 'unsafe-inline'",
            &["inline_handler: policy 1 (header): script-src 'unsafe-inline'"],
        ),
        (
            "script-src-attr 'none'; script-src 'unsafe-inline'",
            &["inline_script: policy 1 (header): script-src 'unsafe-inline'"],
        ),
        ("script-src 'self' https:", &["any_host_script: policy 1 (header): script-src https:"]),
        (
            "script-src 'self' HTTPS://*/x.js",
            &["any_host_script: policy 1 (header): script-src HTTPS://*/x.js"],
        ),
        (
            "script-src * 'unsafe-eval'",
            &[
                "any_host_script: policy 1 (header): script-src *",
                "eval: policy 1 (header): script-src 'unsafe-eval'",
            ],
        ),
        ("script-src 'self' data:", &["data_script: policy 1 (header): script-src data:"]),
        // eval looks at script-src, not at script-src-elem
        ("script-src-elem 'unsafe-eval'; script-src 'none'", &[]),
        (
            "script-src 'strict-dynamic' https:",
            &["strict_dynamic_alone: policy 1 (header): script-src 'strict-dynamic'"],
        ),
        // for styles 'strict-dynamic' means nothing, and the wrong word beside a nonce is harmless
        ("script-src 'self'; script-src *", &["duplicate_directive: policy 1 (header): script-src"]),
        ("sandbox; script-src 'unsafe-inline'", &[]),
        ("sandbox Allow-Scripts; script-src 'unsafe-hashes' 'unsafe-inline' 'sha512-ab'", &[]),
    ] {
        assert_eq!(only(scripts), expected, "{scripts}");
    }
}

#[test]
fn each_policy_must_allow() {
    // neither has both, together they leave it
    let a = format!("script-src 'unsafe-inline'; {REST}");
    let b = format!("img-src *; {REST}");
    assert_eq!(
        told(&[&a, &format!("meta: {b}")])[0],
        "inline_script: policy 1 (header): script-src 'unsafe-inline'; policy 2 (meta): no script-src"
    );
    assert!(!kinds(&[&a, "script-src 'self'"]).contains(&"inline_script"));
    assert!(!kinds(&[&format!("{a}, script-src 'self'")]).contains(&"inline_script"));
    // each lets some stranger in, but not the same one
    assert!(!kinds(&["script-src *:8443", "script-src *:9443"]).contains(&"any_host_script"));
    // a scheme admits every port
    assert!(kinds(&["script-src *:8443", "script-src https:"]).contains(&"any_host_script"));
    assert!(kinds(&["script-src *:8443", "script-src https://*:*"]).contains(&"any_host_script"));
    // what a meta cannot restrict it does not restrict
    assert!(kinds(&["meta: sandbox; script-src 'unsafe-inline'"]).contains(&"inline_script"));
    // nobody enforces a report
    let mut reports = Policies::default();
    reports.add_fields(["script-src 'unsafe-inline'"], Disposition::Report);
    assert_eq!(weaknesses(&reports, PAGE), (Vec::new(), false));
    reports.add_fields(["script-src 'none'"], Disposition::Enforce);
    assert!(!weaknesses(&reports, PAGE).0.iter().any(|w| w.kind.name() == "inline_script"));
}

#[test]
fn a_policy_about_images_leaves_everything_else() {
    assert_eq!(
        kinds(&["img-src 'self'"]),
        [
            "inline_script",
            "inline_handler",
            "any_host_script",
            "data_script",
            "eval",
            "plugin",
            "base",
            "form_target",
            "inline_style"
        ]
    );
    assert_eq!(
        told(&["default-src 'self'"]),
        ["base: policy 1 (header): no base-uri", "form_target: policy 1 (header): no form-action",]
    );
    let severity = |line: &str| weaknesses(&policies(&[line]), PAGE).0[0].severity;
    assert_eq!(severity("default-src 'self'; form-action 'self'"), Severity::MediumMaybe);
    assert_eq!(severity("default-src 'nonce-abcdefgh'; form-action 'self'"), Severity::High);
    // what a hash lets in is the same wherever it is led to, unless it may load more
    let hash = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='";
    assert_eq!(severity(&format!("default-src {hash}; form-action 'self'")), Severity::MediumMaybe);
    assert_eq!(severity(&format!("default-src {hash} 'strict-dynamic'; form-action 'self'")), Severity::High);
    let alone = "default-src 'strict-dynamic'; base-uri 'none'; form-action 'self'";
    assert_eq!(severity(alone), Severity::Info);
}

#[test]
fn hosts_that_let_strangers_in() {
    let found = |scripts: &str| {
        let kept = |line: &String| line.starts_with("bypass") || line.starts_with("public");
        told(&[&format!("{scripts}; {REST}")]).into_iter().filter(kept).collect::<Vec<_>>()
    };
    for (scripts, expected) in [
        (
            "script-src cdnjs.cloudflare.com",
            &["bypass_host@cdnjs.cloudflare.com: policy 1 (header): script-src cdnjs.cloudflare.com"][..],
        ),
        (
            "script-src https://cdnjs.cloudflare.com/ajax/libs/angular.js/",
            &[
                "bypass_host@cdnjs.cloudflare.com: policy 1 (header): script-src https://cdnjs.cloudflare.com/ajax/libs/angular.js/",
            ],
        ),
        ("script-src https://cdnjs.cloudflare.com/ajax/libs/jquery/", &[]),
        ("script-src cdnjs.cloudflare.com:8443", &[]),
        ("script-src 'nonce-abcdefgh' 'strict-dynamic' cdnjs.cloudflare.com", &[]),
        ("script-src www.google-analytics.com", &[]),
        (
            "script-src www.google-analytics.com 'unsafe-eval'",
            &["bypass_host@www.google-analytics.com: policy 1 (header): script-src www.google-analytics.com"],
        ),
        ("script-src *.gov.vn", &["public_suffix@gov.vn: policy 1 (header): script-src *.gov.vn"]),
        (
            "script-src https://*.GOV.vn:8443",
            &["public_suffix@gov.vn: policy 1 (header): script-src https://*.GOV.vn:8443"],
        ),
        (
            "script-src *.netlify.app",
            &["public_suffix@netlify.app: policy 1 (header): script-src *.netlify.app"],
        ),
        ("script-src *.tinh.gov.vn", &[]),
        ("script-src gov.vn", &[]),
        (
            "script-src 'self'; frame-ancestors *.vn",
            &["public_suffix@vn: policy 1 (header): frame-ancestors *.vn"],
        ),
    ] {
        assert_eq!(found(scripts), expected, "{scripts}");
    }
    // the other policy closes it
    assert!(!kinds(&["script-src *.gov.vn", "script-src 'self'"]).contains(&"public_suffix"));
    assert!(kinds(&["script-src *.gov.vn", "script-src https:"]).contains(&"public_suffix"));
}

#[test]
fn what_was_written_and_is_not_read() {
    let syntax = |line: &str| {
        let line = format!("{line}; object-src 'none'; base-uri 'none'; form-action 'self'");
        let of_capability = ["inline_", "any_", "data_", "eval", "allow_list"];
        let kept = |line: &String| !of_capability.iter().any(|start| line.starts_with(start));
        told(&[&line]).into_iter().filter(kept).collect::<Vec<_>>()
    };
    for (line, expected) in [
        ("script-src self", "unknown_token: policy 1 (header): script-src self"),
        ("script-src unsafe-inline", "unknown_token: policy 1 (header): script-src unsafe-inline"),
        ("script-src nonce-abcdefgh", "unknown_token: policy 1 (header): script-src nonce-abcdefgh"),
        (
            "script-src 'self' object-src 'self'",
            "missing_semicolon: policy 1 (header): script-src object-src",
        ),
        ("script-src 'none' 'self'", "none_ignored: policy 1 (header): script-src 'none'"),
        ("script-src ‘self’", "non_ascii: policy 1 (header): 1 directives"),
        ("script-src 'nonce-abc'", "short_nonce: policy 1 (header): script-src 'nonce-abc'"),
        ("script-src http://x.vn", "plain_http: policy 1 (header): script-src http://x.vn"),
        ("script-src 10.0.0.1", "address_source: policy 1 (header): script-src 10.0.0.1"),
        ("script-src 'self'; scrip-src x", "unknown_directive: policy 1 (header): scrip-src"),
        (
            "script-src 'self'; block-all-mixed-content",
            "obsolete_directive: policy 1 (header): block-all-mixed-content",
        ),
    ] {
        assert_eq!(syntax(line), [expected], "{line}");
    }
    assert!(kinds(&["meta: frame-ancestors 'none'"]).contains(&"ineffective_in_meta"));
    assert_eq!(
        syntax("script-src 'self'; trusted-types a b; require-trusted-types-for 'script'"),
        Vec::<String>::new()
    );
}

#[test]
fn there_is_a_limit() {
    let line = (0..200).map(|number| format!("x{number} y")).collect::<Vec<_>>().join(";");
    let (found, more) = weaknesses(&policies(&[&line]), PAGE);
    assert!(more && found.len() == WEAKNESS_LIMIT);
    // a list of ports and hosts as long as a head may be
    let ports = (1..9000).map(|port| format!("*:{port}")).collect::<Vec<_>>().join(" ");
    let line = format!("script-src {ports}; object-src {ports}");
    let begin = std::time::Instant::now();
    weaknesses(&policies(&[&line, &line]), PAGE);
    assert!(begin.elapsed() < std::time::Duration::from_secs(5), "{:?}", begin.elapsed());
}

proptest! {
    #[test]
    fn never_panics_and_more_policies_never_allow_more(
        lines in prop::collection::vec("(script-src|default-src|base-uri|object-src|( 'unsafe-inline'| https:| \\*| 'self'| data:| 'nonce-abc'| \\*.gov.vn|;|,|.)){0,10}", 1..4),
    ) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let all = policies(&lines);
        let one = policies(&lines[..1]);
        weaknesses(&all, PAGE);
        for capability in Capability::ALL {
            if let (Some(all), true) = (grants(&all, PAGE, capability), all.enforced().count() > 0) {
                prop_assert!(grants(&one, PAGE, capability).is_some(), "{:?}", all);
            }
        }
    }
}
