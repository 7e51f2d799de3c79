//! Every fix that can be tried here is tried: a real nginx and a real Apache that have the fault, the lines of the
//! rule's own text, the same server again. `tried_on` in a rule says exactly that this was done.

mod cases;
mod server;
mod snippet;
mod tomcat;

use std::collections::{BTreeMap, BTreeSet};

use khien::{
    report::SiteReport,
    rule::{Level, Rule, RuleId, RuleSet, Server, Verdict},
    scan::{Probe, Probes},
    target::{ConnectTo, Www},
};

use crate::{
    peer::{Authority, free_address, free_port},
    peers::{scanned, scanned_by},
    web_lab,
};
use cases::{CASES, Case};
use server::{HOST, Ports, Site, TWIN, write};
use snippet::{Blanks, security_txt, snippets};

/// Advice that needs a newer OpenSSL than the servers here may have.
const BEYOND: &str = "tls-post-quantum-missing";

fn failing(report: &SiteReport) -> BTreeSet<String> {
    let fails = report.findings.iter().filter(|f| f.verdict == Verdict::Fail && f.level != Level::Info);
    fails.map(|finding| finding.rule.to_string()).filter(|rule| rule != BEYOND).collect()
}

fn rule<'r>(rules: &'r RuleSet, id: &str) -> &'r Rule {
    rules.get(&RuleId::parse(id).unwrap()).unwrap_or_else(|| panic!("no rule {id}"))
}

/// Pages are looked at only where the rule is about them.
fn probes(rule: &str) -> Probes {
    let pages = rule.starts_with("web-") || rule.starts_with("http-cors-");
    let always = [Probe::Tls, Probe::Certificate, Probe::Http];
    Probes::only(always.into_iter().chain(pages.then_some(Probe::Web)))
}

/// One fix on one server: the finding is there, then it is not, and no other has come. What went wrong, in words.
async fn tried(case: &Case, on: Server, rules: &RuleSet) -> Result<(), String> {
    let authority = Authority::new();
    let application = web_lab::Peer::start((case.application)()).await;
    let secure = free_address();
    let ports = Ports { plain: free_port(secure.ip()), secure, application: application.http };
    let certificates = (case.certificates)(&authority);
    let fix = &rule(rules, case.rule).fix.vi;
    let folder = |fixed: bool| {
        let folder = tempfile::tempdir().unwrap();
        (case.files)(folder.path(), fixed);
        if let Some(text) = fix.any.as_deref().and_then(security_txt).filter(|_| fixed) {
            std::fs::write(folder.path().join("security.txt"), text).unwrap();
        }
        write(folder.path(), &certificates.before, "site.pem", "site.key");
        write(folder.path(), &certificates.after, "fullchain.pem", "privkey.pem");
        certificates.write_parts(folder.path());
        folder
    };
    let mut site = Site::sound(on, ports);
    (case.fault)(&mut site, on);
    let look = async || {
        let to =
            vec![ConnectTo::new(None, Some(80), ports.plain), ConnectTo::new(None, Some(443), ports.secure)];
        scanned_by(probes(case.rule), HOST, Www::Auto, to, &authority.root, rules).await
    };

    let server = site.start(folder(false));
    let (facts, report) = look().await;
    drop(server);
    let before = failing(&report);
    if !before.contains(case.rule) {
        return Err(format!("the fault is not found, only {before:?}: {facts}"));
    }

    let fixed = folder(true);
    let path = fixed.path().display().to_string();
    let blanks = Blanks {
        host: HOST,
        www: TWIN,
        folder: &path,
        plain: &ports.plain.to_string(),
        secure: &ports.secure.to_string(),
    };
    let text = fix.for_server(on).ok_or("it has no steps for this server")?;
    let steps = snippets(text, &blanks);
    if steps.is_empty() {
        return Err(format!("there is nothing to try in {text}"));
    }
    for step in &steps {
        site.apply(step, fixed.path());
    }
    let server = site.start(fixed);
    let (facts, report) = look().await;
    drop(server);
    let verdict = report.findings.iter().find(|f| f.rule.as_str() == case.rule).map(|f| f.verdict);
    let new: BTreeSet<String> = failing(&report).difference(&before).cloned().collect();
    if verdict != Some(Verdict::Pass) || !new.is_empty() {
        return Err(format!("it comes to {verdict:?}, and new are {new:?}: {facts}"));
    }
    Ok(())
}

async fn try_all(on: Server) {
    let rules = RuleSet::built_in().unwrap();
    let mut wrong = BTreeMap::new();
    for case in CASES.iter().filter(|case| case.on.contains(&on)) {
        if let Err(why) = tried(case, on, &rules).await {
            wrong.insert(case.rule, why);
        }
    }
    let told: Vec<String> = wrong.iter().map(|(rule, why)| format!("{rule}: {why}")).collect();
    assert!(told.is_empty(), "on {on:?}\n{}", told.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_nginx() {
    try_all(Server::Nginx).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_apache() {
    try_all(Server::Apache).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_tomcat() {
    tomcat::try_all(&RuleSet::built_in().unwrap()).await;
}

/// A site without a fault has no finding here: what is found in a case is the case's.
#[tokio::test(flavor = "multi_thread")]
async fn a_sound_site_has_no_finding() {
    let rules = RuleSet::built_in().unwrap();
    for on in [Server::Nginx, Server::Apache] {
        let authority = Authority::new();
        let application = web_lab::Peer::start(cases::plain()).await;
        let secure = free_address();
        let ports = Ports { plain: free_port(secure.ip()), secure, application: application.http };
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &authority.leaf(&[HOST, TWIN], -1, 90), "site.pem", "site.key");
        let _server = Site::sound(on, ports).start(folder);
        let to =
            vec![ConnectTo::new(None, Some(80), ports.plain), ConnectTo::new(None, Some(443), ports.secure)];
        let (facts, report) = scanned(HOST, Www::Auto, to, &authority.root, &rules).await;
        assert_eq!(failing(&report), BTreeSet::new(), "{on:?}: {facts}");
        assert_eq!(report.software, [on], "whose steps come first");
    }
}

#[test]
fn a_rule_says_it_was_tried_where_it_is_tried_here() {
    let rules = RuleSet::built_in().unwrap();
    let mut wrong = Vec::new();
    for rule in rules.rules() {
        let case = CASES.iter().find(|case| case.rule == rule.id.as_str());
        let mut tried = case.map_or(Vec::new(), |case| case.on.to_vec());
        tried.extend(tomcat::tries(rule.id.as_str()).then_some(Server::Tomcat));
        if rule.fix.tried_on != tried {
            wrong.push(format!("{}: tried_on is {:?}, tried is {tried:?}", rule.id, rule.fix.tried_on));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for case in CASES {
        assert_eq!(CASES.iter().filter(|other| other.rule == case.rule).count(), 1, "{}", case.rule);
        rule(&rules, case.rule);
    }
}

/// Both languages say the same to the server; only names to be filled in, and what a reader sees, differ.
#[test]
fn what_is_typed_is_the_same_in_both_languages() {
    let blanks = [
        ("YOUR-HOST", "TEN-TRANG"),
        ("WWW-HOST", "TEN-WWW"),
        ("MAIN-NAME", "TEN-CHINH"),
        ("OLD-NAME", "TEN-CU"),
        ("PASSWORD", "MAT-KHAU"),
        ("ADDRESS-FOR-REPORTS", "DIA-CHI-NHAN-BAO-CAO"),
        ("province.example", "tinhmau.example"),
        ("intermediate.crt", "trung-gian.crt"),
        ("conf/site.p12", "conf/trang.p12"),
        ("-name site", "-name trang"),
        ("site.crt", "trang.crt"),
        ("site.key", "trang.key"),
        ("site.csr", "trang.csr"),
        ("YOUR-DOMAIN", "TEN-MIEN"),
        ("THEIR-DOMAIN", "TEN-MIEN-NHAN"),
        ("MAIL-HOST", "TEN-MAY-THU"),
        ("ADDRESS-OF-THE-MAIL-SERVER", "DIA-CHI-MAY-THU"),
        ("THE-VALUE", "GIA-TRI-VUA-TINH"),
        ("SELECTOR", "BO-CHON"),
        ("PUBLIC-KEY", "KHOA-CONG-KHAI"),
        ("THUMBPRINT", "DAU-VAN-TAY"),
        ("key.pem", "khoa.pem"),
        ("fullchain.pem", "chung-thu-day-du.pem"),
        ("certificate.pem", "chung-thu.pem"),
        ("logo.svg", "bieu-trung.svg"),
        ("allowed_origin", "duoc_phep"),
        ("ALLOWED_ORIGIN", "DUOC_PHEP"),
    ];
    let typed = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| line.starts_with("  "));
        lines.map(|line| blanks.iter().fold(line.to_owned(), |line, (en, vi)| line.replace(en, vi))).collect()
    };
    let rules = RuleSet::built_in().unwrap();
    for rule in rules.rules() {
        for ((server, vi), (_, en)) in rule.fix.vi.steps().zip(rule.fix.en.steps()) {
            assert_eq!(typed(vi), typed(en), "{} {server}", rule.id);
        }
    }
}
