//! The certificate probe over the chains of `tests/data/certificates`, which `make.sh` there made with OpenSSL.

mod peers;

use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::Timestamp;
use khien::observation::{Attempt, Certificate, ChainFault, ValidityStatus};
use khien::probe::certificate::{Sent, TrustStore, certificate};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// 2026-01-01T00:00:00Z.
const AT: i64 = 1_767_225_600;

/// A chain below `root.pem`, and what is to be found.
#[derive(Clone, Copy)]
struct Case {
    file: &'static str,
    fault: Option<ChainFault>,
    /// Part of the detail.
    detail: &'static str,
    /// Whether OpenSSL trusts it; differs where OpenSSL is known to see it otherwise.
    openssl: bool,
}

const fn ok(file: &'static str) -> Case {
    Case { file, fault: None, detail: "", openssl: true }
}

const fn bad(file: &'static str, fault: ChainFault) -> Case {
    Case { file, fault: Some(fault), detail: "", openssl: false }
}

const fn unusable(file: &'static str, detail: &'static str) -> Case {
    Case { file, fault: Some(ChainFault::Unusable), detail, openssl: false }
}

const fn but_openssl_trusts(case: Case) -> Case {
    Case { openssl: true, ..case }
}

const CASES: [Case; 52] = [
    ok("good"),
    ok("expired-leaf"),
    ok("pss"),
    // The leaf's own key is a fact of its own; OpenSSL's level counts it in.
    Case { openssl: false, ..ok("rsa1024-leaf") },
    ok("constrained"),
    ok("no-names"),
    ok("critical-policies"),
    // The root itself, sent by a server, is given by name; OpenSSL minds that its key usage is for signing only.
    Case { openssl: false, ..ok("root") },
    bad("missing", ChainFault::MissingIntermediate),
    bad("rekeyed-issuer", ChainFault::MissingIntermediate),
    bad("dsa-issuer", ChainFault::MissingIntermediate),
    bad("other-key", ChainFault::BadSignature),
    bad("expired-issuer", ChainFault::ExpiredIssuer),
    bad("early-issuer", ChainFault::ExpiredIssuer),
    unusable("sha1-issuer", "«C=VN, CN=Issuing CA» is signed with sha1WithRSAEncryption"),
    unusable("md5-leaf", "«C=VN, CN=a.gov.vn» is signed with md5WithRSAEncryption"),
    unusable("pss-sha1", "«C=VN, CN=a.gov.vn» is signed with RSASSA-PSS"),
    // OpenSSL's level 2 takes SHA-224; browsers and webpki do not.
    but_openssl_trusts(unusable("sha224-leaf", "signed with sha224WithRSAEncryption")),
    unusable("rsa1024-issuer", "«C=VN, CN=Short CA» has an RSA key of only 1024 bits"),
    unusable("rsa1024-sha384", "«C=VN, CN=Short CA» has an RSA key of only 1024 bits"),
    but_openssl_trusts(unusable("v1-leaf", "«C=VN, CN=a.gov.vn» is of X.509 version 1, not 3")),
    unusable("constrained-outside", "name constraints"),
    unusable("no-cert-sign", "key usage of the certificate of «C=VN, CN=No Signing CA»"),
    unusable("not-a-ca", "«C=VN, CN=Not a CA» is not one of a certification authority"),
    unusable("no-basic-constraints", "«C=VN, CN=No constraints» is not one of a certification authority"),
    unusable("client-issuer", "extended key usage of the certificate of «C=VN, CN=Client CA»"),
    unusable("client-leaf", "extended key usage of the certificate of «C=VN, CN=a.gov.vn»"),
    unusable("path-length", "«C=VN, CN=Flat CA»"),
    unusable("critical-issuer", "«C=VN, CN=Critical CA» has the critical extension 1.2.3.4"),
    unusable("critical-policies-and-more", "«C=VN, CN=a.gov.vn» has the critical extension 1.2.3.4"),
    unusable("critical-policies-client", "extended key usage of the certificate of «C=VN, CN=Policy CA»"),
    unusable("critical-policies-constrained", ""),
    bad("critical-policies-expired", ChainFault::ExpiredIssuer),
    // OpenSSL looks at policies only when asked.
    but_openssl_trusts(unusable(
        "explicit-policy",
        "«C=VN, CN=Demanding CA» has the critical extension 2.5.29.36",
    )),
    unusable("critical-leaf", "«C=VN, CN=a.gov.vn» has the critical extension 1.2.3.4"),
    // Firefox and webpki refuse an authority's certificate for a server; OpenSSL and Chromium do not.
    but_openssl_trusts(unusable("ca-leaf", "certification authority")),
    bad("self-v1-rsa512-md5", ChainFault::SelfSigned),
    bad("self-rsa1024-sha1", ChainFault::SelfSigned),
    bad("self-dsa", ChainFault::SelfSigned),
    bad("self-p521", ChainFault::SelfSigned),
    bad("self-p224", ChainFault::SelfSigned),
    bad("self-secp256k1", ChainFault::SelfSigned),
    bad("self-brainpool", ChainFault::SelfSigned),
    bad("self-explicit", ChainFault::SelfSigned),
    bad("self-ed25519", ChainFault::SelfSigned),
    bad("self-ed448", ChainFault::SelfSigned),
    bad("self-pss-key", ChainFault::SelfSigned),
    bad("dsa-root", ChainFault::SelfSigned),
    bad("short-root", ChainFault::SelfSigned),
    bad("short-root-leaf", ChainFault::MissingIntermediate),
    but_openssl_trusts(unusable("secp256k1-issuer", "«CN=k256 CA» has a key on the curve secp256k1")),
    but_openssl_trusts(unusable("ed448-issuer", "«CN=a.gov.vn» is signed with Ed448")),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/certificates")
}

fn pem(file: &str) -> Vec<u8> {
    std::fs::read(folder().join(format!("{file}.pem"))).unwrap()
}

fn chain(file: &str) -> Vec<Vec<u8>> {
    CertificateDer::pem_slice_iter(&pem(file)).map(|der| der.unwrap().to_vec()).collect()
}

fn store(roots: &[&str]) -> TrustStore {
    let mut store = TrustStore::mozilla();
    for root in roots {
        assert_eq!(store.add_pem(&pem(root), root), Ok(1));
    }
    store
}

fn facts(chain: &[Vec<u8>], host: &str, store: &TrustStore) -> Certificate {
    match certificate(&Sent::chain_alone(chain), host, Timestamp::from_second(AT).unwrap(), store) {
        Attempt::Completed(facts) => facts,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_chain_is_classified() {
    let store = store(&["root"]);
    for case in CASES {
        let facts = facts(&chain(case.file), "a.gov.vn", &store);
        assert_eq!(facts.fault, case.fault, "{}: {:?}", case.file, facts.fault_detail);
        assert_eq!(facts.trusted, case.fault.is_none(), "{}", case.file);
        let detail = facts.fault_detail.unwrap_or_default();
        assert!(detail.contains(case.detail), "{}: {detail}", case.file);
        assert_eq!(detail.is_empty(), case.fault != Some(ChainFault::Unusable), "{}", case.file);
        assert_eq!(facts.in_order, !matches!(case.file, "rekeyed-issuer" | "other-key"), "{}", case.file);
    }
}

#[test]
fn every_file_is_a_case() {
    let mut files: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| Some(entry.unwrap().file_name().to_str()?.strip_suffix(".pem")?.to_owned()))
        .collect();
    files.sort();
    let mut cases: Vec<String> = CASES.iter().map(|case| case.file.to_owned()).collect();
    cases.sort();
    assert_eq!(files, cases);
}

/// OpenSSL is asked at security level 2 (no SHA-1, no RSA below 2048), at a moment inside the leaf's validity.
#[test]
fn openssl_agrees() {
    if !Command::new("openssl").arg("version").output().is_ok_and(|out| out.stdout.starts_with(b"OpenSSL 3"))
    {
        println!("not compared: no OpenSSL 3 here");
        return;
    }
    let mut disagreements = Vec::new();
    for case in CASES {
        let path = folder().join(format!("{}.pem", case.file));
        // OpenSSL takes the last second of validity for over already.
        let moment = if case.file == "expired-leaf" { AT - 2 } else { AT };
        let out = Command::new("openssl")
            .args(["verify", "-purpose", "sslserver", "-auth_level", "2", "-no-CApath", "-no-CAstore"])
            .args(["-attime", &moment.to_string()])
            .arg("-CAfile")
            .arg(folder().join("root.pem"))
            .arg("-untrusted")
            .arg(&path)
            .arg(&path)
            .output()
            .unwrap();
        if out.status.success() != case.openssl {
            disagreements.push(format!("{}: {}", case.file, String::from_utf8_lossy(&out.stderr)));
        }
    }
    assert!(disagreements.is_empty(), "{disagreements:#?}");
}

#[test]
fn keys_and_signatures() {
    type Facts<'a> = (&'a str, Option<u32>, Option<&'a str>, &'a str, Option<&'a str>);
    let cases: [(&str, Facts<'_>); 17] = [
        ("good", ("EC", Some(256), Some("secp256r1"), "ecdsa-with-SHA256", Some("SHA-256"))),
        ("root", ("RSA", Some(2048), None, "sha256WithRSAEncryption", Some("SHA-256"))),
        ("md5-leaf", ("EC", Some(256), Some("secp256r1"), "md5WithRSAEncryption", Some("MD5"))),
        ("pss", ("EC", Some(256), Some("secp256r1"), "RSASSA-PSS", Some("SHA-256"))),
        ("pss-sha1", ("EC", Some(256), Some("secp256r1"), "RSASSA-PSS", Some("SHA-1"))),
        ("sha224-leaf", ("EC", Some(256), Some("secp256r1"), "sha224WithRSAEncryption", Some("SHA-224"))),
        ("self-v1-rsa512-md5", ("RSA", Some(512), None, "md5WithRSAEncryption", Some("MD5"))),
        ("self-rsa1024-sha1", ("RSA", Some(1024), None, "sha1WithRSAEncryption", Some("SHA-1"))),
        ("self-pss-key", ("RSA", Some(2048), None, "RSASSA-PSS", Some("SHA-256"))),
        ("self-dsa", ("DSA", Some(1024), None, "dsa-with-sha256", Some("SHA-256"))),
        ("self-p521", ("EC", Some(521), Some("secp521r1"), "ecdsa-with-SHA512", Some("SHA-512"))),
        ("self-p224", ("EC", Some(224), Some("secp224r1"), "ecdsa-with-SHA256", Some("SHA-256"))),
        ("self-secp256k1", ("EC", Some(256), Some("secp256k1"), "ecdsa-with-SHA256", Some("SHA-256"))),
        ("self-brainpool", ("EC", Some(384), Some("brainpoolP384r1"), "ecdsa-with-SHA384", Some("SHA-384"))),
        ("self-explicit", ("EC", Some(256), None, "ecdsa-with-SHA256", Some("SHA-256"))),
        ("self-ed25519", ("Ed25519", Some(255), None, "Ed25519", None)),
        ("self-ed448", ("Ed448", Some(448), None, "Ed448", None)),
    ];
    let store = TrustStore::empty();
    for (file, expected) in cases {
        let leaf = facts(&chain(file), "a.gov.vn", &store).leaf;
        let found = (
            leaf.key.algorithm.as_str(),
            leaf.key.bits,
            leaf.key.curve.as_deref(),
            leaf.signature.name.as_str(),
            leaf.signature.hash.as_deref(),
        );
        assert_eq!(found, expected, "{file}");
    }
}

/// Fingerprints and names as OpenSSL prints them.
#[test]
fn facts_agree_with_openssl() {
    let store = TrustStore::empty();
    for case in CASES {
        let path = folder().join(format!("{}.pem", case.file));
        let Ok(out) = Command::new("openssl")
            .args([
                "x509",
                "-noout",
                "-serial",
                "-fingerprint",
                "-sha256",
                "-subject",
                "-nameopt",
                "utf8,sep_comma_plus_space,sname",
            ])
            .arg("-in")
            .arg(&path)
            .output()
        else {
            println!("not compared: no openssl here");
            return;
        };
        let text = String::from_utf8(out.stdout).unwrap();
        let value = |key: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
                .unwrap_or_default()
                .to_owned()
        };
        let leaf = facts(&chain(case.file), "a.gov.vn", &store).leaf;
        assert_eq!(leaf.serial, value("serial").to_lowercase(), "{}", case.file);
        assert_eq!(leaf.sha256, value("sha256 Fingerprint").replace(':', "").to_lowercase(), "{}", case.file);
        assert_eq!(leaf.subject, value("subject"), "{}", case.file);
    }
}

#[test]
fn one_certificate_in_full() {
    let leaf = facts(&chain("good"), "a.gov.vn", &store(&["root"])).leaf;
    assert_eq!(leaf.subject, "C=VN, CN=a.gov.vn");
    assert_eq!(leaf.issuer, "C=VN, CN=Issuing CA");
    assert_eq!(leaf.not_before.to_string(), "2025-01-01T00:00:00Z");
    assert_eq!(leaf.not_after.to_string(), "2049-12-31T23:59:59Z");
    assert_eq!(leaf.validity, ValidityStatus::Valid);
    // From date(1): 25 years and 7 leap days less a second, and 24 years from the moment of observation.
    assert_eq!((leaf.lifetime_days, leaf.days_left), (9131, 8765));
    let names: Vec<&str> = leaf.names.items.iter().map(|name| name.name.as_str()).collect();
    assert_eq!(names, ["a.gov.vn", "*.b.gov.vn", "192.0.2.1", "2001:db8::1"]);
    assert_eq!(leaf.names.incomplete, None);
    assert!(!leaf.self_signed && !leaf.is_ca);
    let expired = facts(&chain("expired-leaf"), "a.gov.vn", &store(&["root"])).leaf;
    assert_eq!((expired.validity, expired.days_left), (ValidityStatus::Expired, -1));
}

#[test]
fn hosts_are_covered_by_the_names_only() {
    let chain = chain("good");
    let store = TrustStore::empty();
    for host in ["a.gov.vn", "A.GOV.VN.", "x.b.gov.vn", "192.0.2.1", "2001:db8::1", "[2001:DB8:0::1]"] {
        assert!(facts(&chain, host, &store).names_host, "{host}");
    }
    for host in ["b.gov.vn", "x.y.b.gov.vn", "192.0.2.2", "2001:db8::2", "gov.vn", "", "[", "*.b.gov.vn"] {
        assert!(!facts(&chain, host, &store).names_host, "{host}");
    }
    // The common name alone does not count.
    assert!(!facts(&self::chain("no-names"), "a.gov.vn", &store).names_host);
}

#[test]
fn a_certificate_given_by_file_is_trusted() {
    for file in ["self-rsa1024-sha1", "self-ed448", "self-v1-rsa512-md5", "self-dsa", "self-p521"] {
        let facts = facts(&chain(file), "a.gov.vn", &store(&[file]));
        assert_eq!((facts.trusted, facts.fault), (true, None), "{file}");
    }
}

#[test]
fn roots_of_old_kinds() {
    // An old root given by file: the chain reaches it, and what is in the way is said.
    let facts = facts(&chain("dsa-issuer"), "a.gov.vn", &store(&["dsa-root"]));
    assert_eq!(facts.fault, Some(ChainFault::Unusable));
    assert!(facts.fault_detail.unwrap().contains("signed with dsa-with-sha256"));
    let facts = self::facts(&chain("short-root-leaf"), "a.gov.vn", &store(&["short-root"]));
    assert_eq!(facts.fault_detail.as_deref(), Some("the trusted root has an RSA key of only 1024 bits"));
}

#[test]
fn a_root_sent_along() {
    let whole = [chain("good"), chain("root")].concat();
    let sent = facts(&whole, "a.gov.vn", &store(&["root"]));
    assert!(sent.trusted && sent.root_sent && sent.in_order);
    let unknown = facts(&whole, "a.gov.vn", &TrustStore::mozilla());
    assert_eq!(unknown.fault, Some(ChainFault::UntrustedRoot));
    let mut turned = whole.clone();
    turned.swap(1, 2);
    let turned = facts(&turned, "a.gov.vn", &store(&["root"]));
    assert!(turned.trusted && turned.root_sent && !turned.in_order);
    let without = facts(&chain("good"), "a.gov.vn", &TrustStore::mozilla());
    assert_eq!(without.fault, Some(ChainFault::MissingIntermediate));
}
