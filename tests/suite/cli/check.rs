//! `khien check` against real servers: each fault alone gives its findings, evidence and exit code.

use std::{fs, net::SocketAddr};

use super::run::{Said, run};
use crate::peer::{Authority, Peer, Pem};

const HOST: &str = "lab.test";

/// Checks the server as `lab.test`, with the authority's root trusted.
fn check(address: SocketAddr, root: &str, more: &[&str]) -> Said {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("root.pem");
    fs::write(&file, root).unwrap();
    let (address, file) = (address.to_string(), file.display().to_string());
    let mut arguments =
        vec!["check", &address, "--name", HOST, "--ca-file", &file, "--allow-private", "--pace", "lab"];
    arguments.extend(["--authorised-by", "test"]);
    arguments.extend(more);
    run(arguments)
}

fn json(address: SocketAddr, root: &str) -> Said {
    check(address, root, &["--format", "json"])
}

#[test]
fn each_certificate_fault_is_told_apart_on_nginx() {
    let authority = Authority::new();
    let stranger = Authority::new();
    let cases: [(&str, Pem, &[&str], i32); 6] = [
        ("good", authority.leaf(&[HOST], -1, 90), &[], 0),
        ("expired", authority.leaf(&[HOST], -100, 90), &["certificate-expired"], 1),
        ("self-signed", crate::peer::self_signed(&[HOST]), &["certificate-self-signed"], 1),
        (
            "no intermediate",
            authority.without_intermediate(&[HOST]),
            &["certificate-intermediate-missing"],
            1,
        ),
        ("another name", authority.leaf(&["other.test"], -1, 90), &["certificate-name-mismatch"], 1),
        ("unknown authority", stranger.leaf(&[HOST], -1, 90), &["certificate-intermediate-missing"], 1),
    ];
    for (what, certificate, expected, code) in cases {
        let server = Peer::nginx(
            &certificate,
            "server { listen ADDRESS ssl; CERTIFICATE ssl_protocols TLSv1.2 TLSv1.3; location / { return 200 x; } }",
        );
        let said = json(server.address(), &authority.root);
        let expected: Vec<String> =
            expected.iter().map(ToString::to_string).chain(post_quantum(&said)).collect();
        assert_eq!(said.failed(&["certificate", "tls"]), expected, "{what}");
        assert_eq!(said.code, code, "{what}: {}", said.err);
    }
}

/// Whether the server's OpenSSL has no ML-KEM is no fault of the test's.
fn post_quantum(said: &Said) -> Option<String> {
    said.verdicts()
        .get("tls-post-quantum-missing")
        .filter(|verdict| *verdict == "fail")
        .map(|_| "tls-post-quantum-missing".to_owned())
}

#[test]
fn versions_of_openssl_give_their_findings() {
    let authority = Authority::new();
    let certificate = authority.leaf(&[HOST], -1, 90);
    for (arguments, expected, code) in [
        (vec!["-tls1_2"], vec!["tls-1-3-missing"], 0),
        (vec!["-tls1_3"], vec!["tls-post-quantum-missing"], 0),
        (
            vec!["-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"],
            vec!["tls-legacy-version-offered", "tls-modern-version-missing"],
            1,
        ),
        (
            vec!["-tls1", "-cipher", "DEFAULT:@SECLEVEL=0"],
            vec!["tls-legacy-version-offered", "tls-modern-version-missing"],
            1,
        ),
        (
            vec!["-cipher", "DEFAULT:@SECLEVEL=0"],
            vec!["tls-legacy-version-offered", "tls-post-quantum-missing", "tls-signature-sha1-accepted"],
            1,
        ),
    ] {
        let server = Peer::openssl(&certificate, &arguments);
        let said = json(server.address(), &authority.root);
        assert_eq!(said.failed(&["tls", "certificate"]), expected, "{arguments:?}");
        assert_eq!(said.code, code, "{arguments:?}: {}", said.err);
    }
}

#[test]
fn a_failure_quotes_what_was_seen_in_both_languages() {
    let authority = Authority::new();
    let server = Peer::nginx(
        &authority.leaf(&[HOST], -100, 90),
        "server { listen ADDRESS ssl; CERTIFICATE add_header Strict-Transport-Security max-age=300; location / { return 200 x; } }",
    );
    let vietnamese = check(server.address(), &authority.root, &[]);
    let english = check(server.address(), &authority.root, &["--lang", "en"]);
    for said in [&vietnamese, &english] {
        assert_eq!(said.code, 1, "{}", said.err);
        assert!(said.out.contains("certificate.leaf.not_after = «"), "{}", said.out);
        assert!(said.out.contains("khien rules show certificate-expired"), "{}", said.out);
        assert!(!said.out.contains('\u{1b}'), "colour without a terminal");
        for line in said.out.lines() {
            assert!(khien::render::width(line) <= 80, "{line}");
        }
    }
    assert!(
        vietnamese.out.contains("nghiêm trọng") && vietnamese.out.contains("Trần 49"),
        "{}",
        vietnamese.out
    );
    assert!(english.out.contains("critical") && english.out.contains("Held at 49"), "{}", english.out);
}

#[test]
fn header_faults_of_nginx() {
    let authority = Authority::new();
    let certificate = authority.leaf(&[HOST], -1, 90);
    let server = |headers: &str| {
        let block = format!(
            "server {{ listen ADDRESS ssl; CERTIFICATE ssl_protocols TLSv1.2 TLSv1.3; server_tokens off; {headers} location / {{ return 200 x; }} }}"
        );
        Peer::nginx(&certificate, &block)
    };
    let good = "add_header Strict-Transport-Security max-age=31536000; add_header X-Frame-Options DENY; \
                add_header X-Content-Type-Options nosniff; add_header Referrer-Policy same-origin; \
                add_header Content-Security-Policy \"default-src 'self'; base-uri 'none'; form-action 'self'\"; \
                add_header Permissions-Policy camera=(); add_header Cross-Origin-Opener-Policy same-origin; \
                add_header Cross-Origin-Resource-Policy same-site;";
    assert_eq!(json(server(good).address(), &authority.root).failed(&["http"]), Vec::<String>::new());
    for (headers, rule) in [
        (good.replace("max-age=31536000", "max-age=300"), "http-hsts-short"),
        (good.replace("max-age=31536000", "max-age=abc"), "http-hsts-missing"),
        (good.replace("X-Frame-Options DENY", "X-Frame-Options ALLOWALL"), "http-clickjacking-unprotected"),
        (good.replace("nosniff", "sniff"), "http-nosniff-missing"),
        (
            good.replace("Referrer-Policy same-origin", "Referrer-Policy unsafe-url"),
            "http-referrer-policy-missing",
        ),
        (good.replace("default-src 'self'", "default-src 'self' 'unsafe-eval'"), "http-csp-eval-allowed"),
        (
            good.replace("default-src 'self'", "default-src 'self' 'unsafe-inline'"),
            "http-csp-script-unprotected",
        ),
        (good.replace("base-uri 'none'", "base-uri *"), "http-csp-base-open"),
        (good.replace("default-src 'self'", "default-src self"), "http-csp-token-unread"),
        (good.replace("camera=()", "\"camera 'none'\""), "http-permissions-policy-missing"),
        (good.replace("Opener-Policy same-origin", "Opener-Policy SAME"), "http-opener-policy-missing"),
        (
            format!(
                "{good} add_header Access-Control-Allow-Origin $http_origin; \
                  add_header Access-Control-Allow-Credentials true;"
            ),
            "http-cors-credentials-open",
        ),
        (format!("{good} add_header X-XSS-Protection 1;"), "http-field-deprecated"),
        (format!("{good} add_header Set-Cookie JSESSIONID=geheim;"), "http-cookie-session-insecure"),
    ] {
        let said = json(server(&headers).address(), &authority.root);
        assert_eq!(said.failed(&["http"]), [rule], "{headers}");
        assert!(!said.out.contains("geheim"), "a cookie's value was kept");
    }
}

#[test]
fn what_cannot_be_tested_is_no_failure() {
    let authority = Authority::new();
    // nobody listens
    let said = json(crate::peer::free_address(), &authority.root);
    assert!(said.verdicts().values().all(|v| v != "fail" && v != "pass"), "{:?}", said.verdicts());
    assert_eq!(said.code, 3, "{}", said.err);
    let report = said.json();
    assert!(report["units"][0]["score"].is_null());
    // a private address that was not opened
    let address = crate::peer::free_address().to_string();
    let said = run(["check", &address, "--name", HOST, "--authorised-by", "test", "--format", "json"]);
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(said.out.contains("forbidden_address"));
}

#[test]
fn usage_is_refused_before_anything_is_dialled() {
    for (arguments, message, help) in [
        (vec!["check", "a.example"], "nobody is named", "--authorised-by"),
        (vec!["check", "192.0.2.1", "--authorised-by", "x"], "an address alone", "--name"),
        (
            vec!["check", "a.example", "b.example", "--name", "c.example", "--authorised-by", "x"],
            "one address",
            "ADDRESS:PORT",
        ),
        (vec!["check", "a_b..example", "--authorised-by", "x"], "", ""),
        (vec!["check"], "HOST", ""),
        (vec!["check", "a.example", "--only", "tls,dsn", "--authorised-by", "x"], "is no probe", ""),
        (vec!["check", "a.example", "--now", "yesterday", "--authorised-by", "x"], "--now", ""),
        (vec!["check", "a.example", "--connect-to", "x", "--authorised-by", "x"], "HOST:PORT:ADDR:PORT", ""),
        (
            vec!["check", "a.example", "--ca-file", "/nonexistent", "--authorised-by", "x"],
            "cannot read the certificates",
            "PEM",
        ),
        (vec!["check", "a.example", "--rules", "/nonexistent", "--authorised-by", "x"], "/nonexistent", ""),
        (vec!["chekc", "a.example"], "chekc", "check"),
    ] {
        let said = run(["--lang", "en"].iter().chain(&arguments));
        assert_eq!(said.code, 2, "{arguments:?}: {said:?}");
        let flat = said.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(message) && flat.contains(help), "{arguments:?}: {flat}");
        assert!(said.out.is_empty(), "{arguments:?}: {}", said.out);
    }
}

#[test]
fn what_is_wrong_is_said_in_vietnamese_first() {
    for (arguments, what, help) in [
        (vec!["check", "a.example"], "chưa ghi ai cho phép", "--authorised-by"),
        (vec!["check", "192.0.2.1"], "chưa biết là trang nào", "thêm tên của trang"),
        (vec!["report", "targets.example.yaml", "--db", "/nonexistent/x"], "chưa có", "khien scan"),
        (
            vec!["scan", "targets.example.yaml", "--unit", "so-yte"],
            "danh mục không có đơn vị",
            "có phải ý bạn là `so-y-te`",
        ),
        (
            vec!["rules", "show", "http-hst-missing"],
            "không có quy tắc",
            "có phải ý bạn là `http-hsts-missing`?",
        ),
    ] {
        let said = run(&arguments);
        let flat = said.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(said.code, 2, "{arguments:?}: {flat}");
        assert!(flat.contains(what) && flat.contains(help), "{arguments:?}: {flat}");
    }
}

#[test]
fn only_some_probes_run() {
    let authority = Authority::new();
    let server = Peer::nginx(&authority.leaf(&[HOST], -1, 90), "server { listen ADDRESS ssl; CERTIFICATE }");
    let said = check(server.address(), &authority.root, &["--only", "tls,certificate", "--format", "json"]);
    let verdicts = said.verdicts();
    assert_eq!(verdicts["certificate-expired"], "pass");
    assert_eq!(verdicts["tls-modern-version-missing"], "pass");
    assert_eq!(verdicts["http-nosniff-missing"], "inconclusive");
    assert!(said.out.contains("not_requested"));
    let people = check(server.address(), &authority.root, &["--only", "tls,certificate"]);
    assert!(people.out.contains("ngoài lần kiểm tra này"), "{}", people.out);
    // who asks for TLS alone wants to see all of it; nobody else gets it unasked
    let shown = |said: &Said| ["Bộ mã", "Ai kết nối được (", "NCSC-NL"].map(|part| said.out.contains(part));
    assert_eq!(shown(&people), [true; 3], "{}", people.out);
    assert!(people.out.lines().all(|line| khien::render::width(line) <= 80), "{}", people.out);
    let everything = check(server.address(), &authority.root, &[]);
    assert_eq!(shown(&everything), [false; 3], "{}", everything.out);
    let details = check(server.address(), &authority.root, &["--details"]);
    assert_eq!(shown(&details), [true; 3], "{}", details.out);
    assert!(details.out.contains("http-hsts-missing"), "{}", details.out);
    // one guideline alone, which is asked for by name
    let one = check(server.address(), &authority.root, &["--profile", "mozilla-modern"]);
    assert!(one.out.contains("Mozilla") && !one.out.contains("NCSC-NL"), "{}", one.out);
    let wrong = check(server.address(), &authority.root, &["--profile", "mozilla"]);
    let flat = wrong.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(wrong.code == 2 && flat.contains("mozilla-intermediate, mozilla-modern"), "{flat}");
    // documents hold the same
    let document: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let sheet = &document["units"][0]["sites"][0]["tls_sheet"]["endpoints"][0];
    let named = |list: &str, key: &str| -> Vec<String> {
        sheet[list].as_array().unwrap().iter().map(|one| one[key].as_str().unwrap().to_owned()).collect()
    };
    assert!(named("profiles", "id").contains(&"ncsc-nl-2025".to_owned()), "{sheet}");
    assert!(named("facts", "fact").contains(&"tls.sessions.by_ticket".to_owned()), "{sheet}");
    assert!(named("clients", "client").len() > 15, "{sheet}");
    let kept =
        check(server.address(), &authority.root, &["--only", "tls,certificate", "--format", "observations"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("o.jsonl").display().to_string();
    fs::write(&file, &kept.out).unwrap();
    assert_eq!(shown(&run(["assess", &file, "--details"])), [true; 3]);
    assert_eq!(shown(&run(["assess", &file])), [false; 3]);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    use std::{io::Read as _, process::Stdio};
    let mut child = super::run::khien()
        .args(["facts", "--format", "schema"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0));
}
