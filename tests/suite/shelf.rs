//! The shelf of built-in rules as a whole: how many, how complete each is, and that no fact is forgotten.

use khien::{
    observation::catalogue,
    rule::{RuleSet, Verdict},
};

#[test]
fn there_are_forty_and_each_shows_every_verdict_it_can_come_to() {
    let rules = RuleSet::built_in().unwrap();
    assert!(rules.rules().len() >= 40, "{}", rules.rules().len());
    let mut wrong = Vec::new();
    for rule in rules.rules() {
        let may_not_apply = rule.applies.is_some() || !rule.after.is_empty();
        let all = [
            (Verdict::Pass, true),
            (Verdict::Fail, true),
            (Verdict::Inconclusive, true),
            (Verdict::NotApplicable, may_not_apply),
        ];
        for (verdict, wanted) in all {
            let shown = rule.examples.iter().any(|example| example.expect == verdict);
            if shown != wanted {
                wrong.push(format!("{}: {verdict:?} is shown: {shown}, can be: {wanted}", rule.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// An example that says a rule does not apply because of one before it is shown to that one: it fails without it.
#[test]
fn a_rule_that_is_lost_with_another_is_lost_in_its_example() {
    let rules = RuleSet::built_in().unwrap();
    for rule in rules.rules().iter().filter(|rule| !rule.after.is_empty()) {
        assert!(rules.mismatches(rule).is_empty(), "{}", rule.id);
    }
    let mut first =
        rules.rules().iter().find(|rule| rule.id.as_str() == "http-nosniff-missing").unwrap().clone();
    for example in &mut first.examples {
        if example.expect == Verdict::NotApplicable {
            example.given.insert("http".into(), serde_json::json!({"https_reachable": true}));
        }
    }
    assert_eq!(rules.mismatches(&first).len(), 1);
}

/// Facts that no rule judges, and why. Ends with the first word that is judged.
const UNJUDGED: &[(&str, &str)] = &[
    ("dns.soa.primary", "who is asked first; any server of the zone is right"),
    ("dns.soa.serial", "a number that only has to be the same everywhere, which same_serial says"),
    ("dns.delegation.parent.zone", "says whose word it is"),
    ("dns.delegation.parent.servers", "only_parent and only_own say where it differs"),
    ("dns.delegation.own", "only_parent and only_own say where it differs"),
    ("dns.delegation.queries", "what the look cost"),
    ("dns.https", "nobody has to have HTTPS records"),
    ("dns.hired.suffix", "how the service was recognised"),
    ("dns.hired.listed_on", "how old the list is"),
    ("schema", "the version of the format"),
    ("at", "the time, which other facts already take into account"),
    ("site.port", "what the inventory says, nothing observed"),
    ("vantage.name", "the vantage point's name"),
    ("unrouted", "about the vantage point, not about the site"),
    ("tls.connections", "what the scan itself cost"),
    ("tls.shared_with", "whose facts they are"),
    ("tls.suite_order", "without weak suites it does not matter who chooses; with them they are the fault"),
    ("tls.encrypt_then_mac", "matters for suites with CBC alone, which are judged"),
    ("tls.session_ticket", "a convenience"),
    ("tls.certificate_compression", "makes a handshake shorter, not safer"),
    ("tls.fallback_scsv", "protects versions that are judged themselves"),
    (
        "tls.signed_certificate_timestamps",
        "where the proof of logging comes from does not matter: the certificate is judged",
    ),
    ("tls.alpn", "which protocol is spoken inside makes a site quicker, not safer"),
    ("tls.sessions.by_id", "a convenience"),
    ("tls.sessions.by_ticket", "a convenience"),
    ("tls.sessions.by_psk", "a convenience"),
    ("tls.sessions.tickets", "a convenience"),
    (
        "tls.server_names",
        "what strangers are given tells of the server's other sites, and is no weakness of this one",
    ),
    ("tls.handshake.alpn", "HTTP/2 makes a site quicker, not safer; Circular 39/2017 only recommends it"),
    (
        "tls.handshake.ocsp_staple",
        "some authorities no longer run OCSP, and nothing says whether stapling is a must",
    ),
    ("certificate.leaf.sha256", "identity"),
    (
        "certificate.leaf.validation",
        "how much an issuer checked; no text cited asks for more than the domain",
    ),
    ("certificate.leaf.path_length", "matters for issuers: certificate-chain-invalid"),
    ("certificate.leaf.constrains_names", "matters for issuers: certificate-chain-invalid"),
    ("certificate.completion.downloads", "what the scan itself did"),
    (
        "certificate.staple.statement.status",
        "judged as certificate.revocation.status where it can be relied on",
    ),
    ("certificate.staple.statement.this_update", "judged as its freshness"),
    ("certificate.staple.statement.age_hours", "judged as its freshness"),
    ("certificate.staple.statement.revoked_at", "judged as certificate.revocation.status"),
    ("certificate.staple.statement.reason", "judged as certificate.revocation.status"),
    ("certificate.revocation.as_of", "when it was so"),
    ("endpoint.address", "the address itself; which are public is judged in dns"),
    ("endpoint.http.http", "the way of a visitor, http.http, is judged instead"),
    ("endpoint.http.https.url", "what was asked for"),
    ("endpoint.http.https.address", "the address itself"),
    (
        "endpoint.http.https.status",
        "an error at one moment is no weakness, and no text cited asks for availability",
    ),
    ("endpoint.http.https.location", "the way of a visitor, http.https, is judged instead"),
    ("http.www.https", "whether the twin's HTTPS is missing or was not reached cannot be told apart"),
    ("http.hsts.include_sub_domains", "harmful advice on a domain that units share"),
    ("http.hsts.preload", "only with includeSubDomains"),
    ("mail.dmarc_rfc7489.level", "where the old standard looks; the policy it comes to is judged"),
    ("mail.dmarc_rfc7489.raw", "the same record as in mail.dmarc, or one that is told by where it stands"),
    ("mail.dmarc_rfc7489.testing", "a tag that the old standard does not have"),
    ("mail.dmarc_rfc7489.percent", "the new standard has no such tag, and the policy itself is judged"),
    ("mail.dmarc_rfc7489.faults", "the same record as in mail.dmarc wherever both find one"),
    ("mail.dmarc_rfc7489.reports", "the same record as in mail.dmarc wherever both find one"),
    ("http.csp.policies", "what was sent; what is weak in it is judged"),
    ("http.content_type", "what the page is; nosniff, which makes it count, is judged"),
    ("http.products", "chooses whose steps of a fix come first; a guess judges nobody"),
    ("http.alt_svc", "where else the site may be fetched; nobody has to offer more"),
    ("http.h2", "which protocol is spoken makes a site quicker, not safer; what differs is for the eye"),
    ("web.injection", "a suspicion for a human to look at; a heuristic accuses nobody"),
    ("web.robots", "whom a site lets crawl it is its own affair"),
    ("web.sitemap", "nobody has to have one"),
    ("web.linked_hosts", "an inventory for the eye"),
    ("web.contact.page", "where the contact was found"),
    ("web.security_txt.contacts", "whose they are no machine can tell"),
    ("web.security_txt.signed", "RFC 9116 leaves it open"),
];

#[test]
fn every_fact_is_judged_or_told_why_not() {
    let rules = RuleSet::built_in().unwrap();
    let plain = |path: &str| path.replace("[\"", ".").replace("\"]", "");
    let conditions: Vec<String> =
        rules.rules().iter().flat_map(khien::rule::Rule::conditions).map(|c| plain(c.text())).collect();
    let named = |path: &str| {
        let path = &plain(path)[..];
        conditions.iter().any(|text| {
            text.match_indices(path).any(|(at, _)| {
                let end = text[at + path.len()..].chars().next();
                let start = text[..at].chars().next_back();
                let part = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
                !part(end) && !part(start) && start != Some('.')
            })
        })
    };
    let entries: Vec<String> = catalogue::entries().into_iter().map(|entry| entry.path).collect();
    let mut wrong = Vec::new();
    // what stands inside a list is named by its own short names
    for path in entries.iter().filter(|path| !path.contains("[]")) {
        let told = UNJUDGED.iter().any(|(why, _)| {
            path.strip_prefix(why).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
        if named(path) == told {
            wrong.push(format!("{path}: judged {}, listed {told}", named(path)));
        }
    }
    for (path, _) in UNJUDGED {
        assert!(entries.iter().any(|entry| entry == path), "no fact {path}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
