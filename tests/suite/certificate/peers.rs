//! What OpenSSL and nginx really send: staples of every kind, two certificates on one port, chains that are mended by
//! a download, and issuers that are asked about revocation.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use base64::Engine as _;
use khien::{
    observation::Document,
    probe::certificate::LookUps,
    report::judge,
    rule::{RuleSet, Verdict},
    scan::{self, Probe, Probes},
    target::{ConnectTo, Host, Www},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    peer::{Peer, Pem, free_address},
    peers::Scan,
    web_lab,
};

const HOST: &str = "lab.test";

/// A small authority kept by the openssl command, with a root, an intermediate, a responder and leaves.
struct Office {
    folder: tempfile::TempDir,
}

impl Office {
    fn new() -> Self {
        let office = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(office.path("conf"), include_str!("office.cnf")).unwrap();
        fs::write(office.path("index.txt"), "").unwrap();
        fs::write(office.path("index.txt.attr"), "unique_subject = no\n").unwrap();
        fs::write(office.path("number"), "01\n").unwrap();
        office.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out root.key");
        office.openssl("req -x509 -new -key root.key -subj /CN=Office-Root -days 3000 -config conf -extensions ca -out root.pem");
        office.issue("middle", "ec", "ca", "root", "/CN=Office-Middle");
        office
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn openssl(&self, line: &str) {
        let done = Command::new("openssl")
            .args(line.split_whitespace())
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        assert!(done.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// A certificate by `issuer` with the extensions of a section, `name.pem` and `name.key`.
    fn issue(&self, name: &str, kind: &str, section: &str, issuer: &str, subject: &str) {
        let key = if kind == "rsa" {
            "RSA -pkeyopt rsa_keygen_bits:2048"
        } else {
            "EC -pkeyopt ec_paramgen_curve:P-256"
        };
        self.openssl(&format!("genpkey -algorithm {key} -out {name}.key"));
        self.openssl(&format!("req -new -key {name}.key -subj {subject} -config conf -out {name}.csr"));
        self.openssl(&format!(
            "x509 -req -in {name}.csr -CA {issuer}.pem -CAkey {issuer}.key -CAcreateserial -days 90 \
             -extfile conf -extensions {section} -out {name}.pem"
        ));
    }

    /// A leaf by the intermediate, entered into its book as valid or revoked.
    fn leaf(&self, name: &str, kind: &str, section: &str, revoked: bool) {
        self.issue(name, kind, section, "middle", "/CN=lab.test");
        self.openssl(&format!("ca -config conf -name book -valid {name}.pem"));
        if revoked {
            self.openssl(&format!("ca -config conf -name book -revoke {name}.pem -crl_reason keyCompromise"));
        }
    }

    /// An OCSP response about a leaf in `name.der`.
    fn respond(&self, leaf: &str, signer: &str, more: &str, name: &str) -> PathBuf {
        self.openssl(&format!("ocsp -issuer middle.pem -cert {leaf}.pem -no_nonce -reqout request.der"));
        self.openssl(&format!(
            "ocsp -index index.txt -CA middle.pem -rsigner {signer}.pem -rkey {signer}.key -reqin request.der \
             -respout {name}.der {more}"
        ));
        self.path(&format!("{name}.der"))
    }

    fn chain(&self, name: &str) -> Pem {
        let chain = format!("{}{}", self.read(&format!("{name}.pem")), self.read("middle.pem"));
        Pem { chain, key: self.read(&format!("{name}.key")) }
    }
}

/// Scans the site at this address; other hosts on port 80 are at `files`.
async fn scanned(office: &Office, server: SocketAddr, files: Option<SocketAddr>, look_ups: LookUps) -> Value {
    let mut connect_to = vec![ConnectTo::new(Host::parse(HOST).ok(), None, server)];
    connect_to.extend(files.map(|files| ConnectTo::new(None, Some(80), files)));
    let root = office.read("root.pem");
    let scan = Scan {
        connect_to,
        root: &root,
        probes: Probes::only([Probe::Tls, Probe::Certificate]),
        look_ups,
        exchange_timeout: Duration::from_secs(5),
    };
    let target = scan::Target {
        site: web_lab::site_name(HOST),
        www: Www::No,
        mail: false,
        dkim_selectors: Vec::new(),
    };
    serde_json::to_value(scan.only(target).await).unwrap()
}

fn verdict(facts: &Value, rule: &str) -> Verdict {
    let document = Document::parse(facts.to_string().as_bytes()).unwrap();
    let report = judge(&RuleSet::built_in().unwrap(), &document);
    report.findings.iter().find(|finding| finding.rule.as_str() == rule).unwrap().verdict
}

fn certificate(facts: &Value) -> &Value {
    &facts["endpoints"][0]["certificate"]
}

#[tokio::test]
async fn staples_as_openssl_and_nginx_send_them() {
    let office = Office::new();
    office.leaf("good", "ec", "leaf", false);
    office.leaf("bad", "ec", "leaf", true);
    office.leaf("must", "ec", "muststaple", false);
    office.issue("responder", "ec", "responder", "middle", "/CN=Responder");
    office.issue("stranger", "ec", "leaf", "middle", "/CN=Stranger");
    let good = office.respond("good", "middle", "-ndays 7", "good");
    let revoked = office.respond("bad", "middle", "-ndays 7", "revoked");
    let delegated = office.respond("good", "responder", "-ndays 7 -resp_key_id", "delegated");
    let unauthorized = office.respond("good", "stranger", "-ndays 7", "unauthorized");
    let unbounded = office.respond("good", "middle", "", "unbounded");
    let (pass, fail, none) = (Verdict::Pass, Verdict::Fail, Verdict::NotApplicable);
    let cases = [
        ("good", Some(&good), "issuer", pass, pass),
        ("good", Some(&delegated), "delegate", pass, pass),
        ("good", Some(&unbounded), "issuer", pass, pass),
        ("good", Some(&unauthorized), "unauthorized", fail, none),
        // about another certificate
        ("good", Some(&revoked), "", fail, none),
        ("bad", Some(&revoked), "issuer", pass, fail),
        ("good", None, "", none, none),
        ("must", None, "", none, none),
    ];
    for (leaf, staple, signature, unusable, revocation) in cases {
        let chain = office.chain(leaf);
        let openssl_arguments: Vec<&str> =
            staple.iter().flat_map(|file| ["-status_file", file.to_str().unwrap()]).collect();
        let nginx_lines = staple
            .map_or(String::new(), |file| format!("ssl_stapling on; ssl_stapling_file {};", file.display()));
        let openssl = Peer::openssl(&chain, &openssl_arguments);
        let nginx = Peer::nginx(
            &chain,
            &format!(
                "server {{ listen ADDRESS ssl; CERTIFICATE {nginx_lines} location / {{ return 200 x; }} }}"
            ),
        );
        for server in [openssl, nginx] {
            let facts = scanned(&office, server.address(), None, LookUps::default()).await;
            let found = certificate(&facts);
            let place = format!("{leaf} {staple:?}: {found}");
            assert_eq!(found["trusted"], true, "{place}");
            assert_eq!(found["publicly_trusted"], false, "{place}");
            let statement = &found["staple"]["statement"];
            assert_eq!(statement["signature"].as_str().unwrap_or_default(), signature, "{place}");
            assert_eq!(verdict(&facts, "certificate-staple-unusable"), unusable, "{place}");
            assert_eq!(verdict(&facts, "certificate-revoked"), revocation, "{place}");
            let must = if leaf == "must" { fail } else { none };
            assert_eq!(verdict(&facts, "certificate-must-staple-unmet"), must, "{place}");
        }
    }
}

#[tokio::test]
async fn both_certificates_of_one_port() {
    let office = Office::new();
    office.leaf("ec", "ec", "leaf", false);
    office.leaf("rsa", "rsa", "client", false);
    let (ec, rsa) = (office.chain("ec"), office.chain("rsa"));
    let folder = tempfile::tempdir().unwrap();
    let (second, key) = rsa.write(folder.path());
    let nginx = |versions: &str| {
        Peer::nginx(
            &ec,
            &format!(
                "server {{ listen ADDRESS ssl; ssl_protocols {versions}; CERTIFICATE ssl_certificate {};\n\
                 ssl_certificate_key {}; location / {{ return 200 x; }} }}",
                second.display(),
                key.display()
            ),
        )
    };
    let openssl = Peer::openssl(&ec, &["-dcert", second.to_str().unwrap(), "-dkey", key.to_str().unwrap()]);
    for server in [nginx("TLSv1.2 TLSv1.3"), nginx("TLSv1.2"), nginx("TLSv1.3"), openssl] {
        let facts = scanned(&office, server.address(), None, LookUps::default()).await;
        let endpoint = &facts["endpoints"][0];
        let kind = |name: &str| endpoint[name]["leaf"]["key"]["algorithm"].as_str().unwrap().to_owned();
        let mut kinds = [kind("certificate"), kind("second_certificate")];
        kinds.sort();
        assert_eq!(kinds, ["EC", "RSA"], "{endpoint}");
        // The one for clients fails, whichever comes first.
        assert_eq!(verdict(&facts, "certificate-purpose-wrong"), Verdict::Fail, "{endpoint}");
    }
    // With one certificate there is no second, in any version.
    for versions in ["TLSv1.2 TLSv1.3", "TLSv1.3"] {
        let server = Peer::nginx(
            &ec,
            &format!(
                "server {{ listen ADDRESS ssl; ssl_protocols {versions}; CERTIFICATE location / {{ return 200 x; }} }}"
            ),
        );
        let facts = scanned(&office, server.address(), None, LookUps::default()).await;
        assert_eq!(facts["endpoints"][0].get("second_certificate"), None, "{versions}");
        assert_eq!(verdict(&facts, "certificate-purpose-wrong"), Verdict::Pass);
    }
}

/// Has OpenSSL write `ocsp` in this folder for a request in a URL (RFC 6960 appendix A.1), where its book is there.
fn answer(folder: &Path, request: &str) {
    if !folder.join("index.txt").exists() {
        return;
    }
    let request = request.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
    let request = base64::engine::general_purpose::STANDARD.decode(request).unwrap();
    fs::write(folder.join("asked.der"), request).unwrap();
    let done = Command::new("openssl")
        .args(["ocsp", "-index", "index.txt", "-CA", "middle.pem", "-rsigner", "middle.pem", "-rkey"])
        .args(["middle.key", "-ndays", "7", "-reqin", "asked.der", "-respout", "ocsp"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Serves a folder over plain HTTP; what is not there is 404. Counts requests into `requests`.
async fn files(folder: &Path) -> (SocketAddr, Arc<std::sync::atomic::AtomicUsize>) {
    let listener = TcpListener::bind(free_address()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let folder = folder.to_owned();
    let requests = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let folder = folder.clone();
            tokio::spawn(async move {
                let mut request = vec![0; 4_096];
                let count = client.read(&mut request).await.unwrap_or(0);
                let text = String::from_utf8_lossy(&request[..count]).into_owned();
                let name = text.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
                if let Some(request) = name.strip_prefix("ocsp/") {
                    answer(&folder, request);
                }
                let name = name.split('/').next().unwrap_or_default();
                let (status, body) = match fs::read(folder.join(name)) {
                    Ok(body) if !name.contains("..") && !name.is_empty() => ("200 OK", body),
                    _ => ("404 Not Found", Vec::new()),
                };
                let head = format!(
                    "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                let _ = client.write_all(&[head.as_bytes(), &body].concat()).await;
            });
        }
    });
    (address, requests)
}

#[tokio::test]
async fn a_missing_issuer_is_downloaded_only_when_asked() {
    let office = Office::new();
    office.leaf("leaf", "ec", "places", false);
    office.openssl("x509 -in middle.pem -outform DER -out middle.der");
    office.openssl("crl2pkcs7 -nocrl -certfile middle.pem -outform DER -out bundle.p7c");
    let alone = Pem { chain: office.read("leaf.pem"), key: office.read("leaf.key") };
    let server = Peer::openssl(&alone, &[]);
    let ask = LookUps { issuers: true, revocation: false };

    let (address, requests) = files(office.folder.path()).await;
    let facts = scanned(&office, server.address(), Some(address), LookUps::default()).await;
    assert_eq!(certificate(&facts)["fault"], "missing_intermediate");
    assert_eq!(certificate(&facts)["completion"]["skipped"], "not_requested");
    assert_eq!(requests.load(std::sync::atomic::Ordering::Relaxed), 0);

    for form in ["middle.der", "middle.pem", "bundle.p7c"] {
        let place = tempfile::tempdir().unwrap();
        fs::copy(office.path(form), place.path().join("issuer.crt")).unwrap();
        let (address, _) = files(place.path()).await;
        let facts = scanned(&office, server.address(), Some(address), ask).await;
        let found = certificate(&facts);
        assert_eq!(found["completion"]["subject"], "CN=Office-Middle", "{form}: {found}");
        assert_eq!(found["completion"]["url"], "http://files.test/issuer.crt");
        // What the server sent stays as it is.
        assert_eq!((&found["trusted"], &found["fault"]), (&false.into(), &"missing_intermediate".into()));
        assert_eq!(verdict(&facts, "certificate-intermediate-missing"), Verdict::Fail);
    }

    // Nobody there, nothing there, something else there, something huge there: no fault of the server, and no end.
    let place = tempfile::tempdir().unwrap();
    let (address, _) = files(place.path()).await;
    let facts = scanned(&office, server.address(), Some(address), ask).await;
    assert!(certificate(&facts)["completion"]["failed"]["unsupported"].is_string(), "{facts}");
    fs::write(place.path().join("issuer.crt"), "<html>").unwrap();
    let facts = scanned(&office, server.address(), Some(address), ask).await;
    assert!(certificate(&facts)["completion"]["failed"]["malformed"].is_string(), "{facts}");
    fs::write(place.path().join("issuer.crt"), vec![0x30; 100_000]).unwrap();
    let facts = scanned(&office, server.address(), Some(address), ask).await;
    assert_eq!(certificate(&facts)["completion"]["failed"]["too_large"]["limit"], 65_536, "{facts}");
    let facts = scanned(&office, server.address(), Some(free_address()), ask).await;
    assert_eq!(certificate(&facts)["completion"]["failed"], "refused", "{facts}");

    // A whole chain needs nothing.
    let whole = Peer::openssl(&office.chain("leaf"), &[]);
    let facts = scanned(&office, whole.address(), Some(address), ask).await;
    assert_eq!(certificate(&facts).get("completion"), None);
}

#[tokio::test]
async fn revocation_is_asked_of_responders_and_lists() {
    let office = Office::new();
    office.leaf("good", "ec", "places", false);
    office.leaf("bad", "ec", "places", true);
    office.openssl("ca -config conf -name book -gencrl -out list.pem");
    office.openssl("crl -in list.pem -outform DER -out list.crl");
    let ask = LookUps { issuers: false, revocation: true };
    let (pass, fail) = (Verdict::Pass, Verdict::Fail);

    // OpenSSL reads the request and answers it.
    let (responder, _) = files(office.folder.path()).await;
    // Only the list is there.
    let place = tempfile::tempdir().unwrap();
    fs::copy(office.path("list.crl"), place.path().join("list.crl")).unwrap();
    let (lists, _) = files(place.path()).await;
    for (files, source) in [(responder, "ocsp"), (lists, "crl")] {
        for (leaf, status, expected) in [("good", "good", pass), ("bad", "revoked", fail)] {
            let server = Peer::openssl(&office.chain(leaf), &[]);
            let facts = scanned(&office, server.address(), Some(files), ask).await;
            let found = &certificate(&facts)["revocation"];
            assert_eq!((&found["status"], &found["source"]), (&status.into(), &source.into()), "{facts}");
            assert_eq!(verdict(&facts, "certificate-revoked"), expected, "{found}");
            if leaf == "bad" {
                assert_eq!(found["reason"], "keyCompromise");
            }
        }
    }
    // Neither answers: could not look, which is no fault.
    let server = Peer::openssl(&office.chain("bad"), &[]);
    let facts = scanned(&office, server.address(), Some(free_address()), ask).await;
    assert_eq!(certificate(&facts)["revocation"]["failed"], "refused", "{facts}");
    assert_eq!(verdict(&facts, "certificate-revoked"), Verdict::Inconclusive);
    // Not asked for.
    let facts = scanned(&office, server.address(), Some(lists), LookUps::default()).await;
    assert_eq!(verdict(&facts, "certificate-revoked"), Verdict::NotApplicable);
}
