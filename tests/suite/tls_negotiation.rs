//! What the TLS probe finds of real servers' suites, groups and options. What sslscan and sslyze find of the same is
//! compared in `oracles`.

use std::{collections::BTreeSet, process::Command};

use crate::{
    peer::{Authority, Peer, Pem},
    probe_tls::probe,
    tls_failures::looked::{PATIENT, look},
};
use khien::observation::{Attempt, GroupKind, OrderOf, Support, Tls};

const HOST: &str = "lab.test";

async fn seen(server: &Peer) -> Tls {
    let seen = probe(server.address()).await;
    let Attempt::Completed(tls) = seen.tls else { panic!("{:?}", seen.tls) };
    let suites = tls.cipher_suites.completed().unwrap();
    let groups = tls.groups.completed().unwrap();
    assert_eq!((&suites.incomplete, &groups.incomplete), (&None, &None), "{tls:?}");
    // the budget: what was accepted, and 45 for everything else
    let most = u32::try_from(suites.items.len() + groups.items.len() + 45).unwrap();
    assert!(tls.connections <= most.min(200), "{} of {most}", tls.connections);
    tls
}

fn word<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

fn suites(tls: &Tls) -> Pairs {
    let suites = tls.cipher_suites.completed().unwrap();
    suites.items.iter().map(|suite| (word(&suite.version), suite.name.clone())).collect()
}

fn groups(tls: &Tls, version: &str) -> BTreeSet<String> {
    let groups = tls.groups.completed().unwrap();
    groups.items.iter().filter(|g| word(&g.version) == version).map(|g| g.name.clone()).collect()
}

/// Of version and name.
type Pairs = BTreeSet<(String, String)>;

fn rsa() -> Pem {
    Authority::new().rsa_leaf(&[HOST])
}

#[tokio::test]
async fn openssl_says_what_it_is_made_to_take() {
    let server =
        Peer::openssl(&rsa(), &["-cipher", "NULL:aNULL:AES128-SHA:@SECLEVEL=0", "-tls1_2", "-serverpref"]);
    let tls = seen(&server).await;
    let found = tls.cipher_suites.completed().unwrap();
    let having = |wanted: fn(&khien::observation::CipherSuite) -> bool| found.items.iter().any(wanted);
    assert!(having(|suite| suite.cipher == "NULL") && having(|suite| suite.anonymous));
    assert!(having(|suite| suite.name == "TLS_RSA_WITH_AES_128_CBC_SHA" && !suite.forward_secrecy));
    assert_eq!(tls.compression, Attempt::Completed(Support::NotOffered));
    assert_eq!(tls.secure_renegotiation, Attempt::Completed(Some(Support::Offered)));
    assert_eq!(tls.fallback_scsv, Attempt::Completed(None));
    assert_eq!(tls.suite_order.completed().unwrap().items[0].of, OrderOf::Server);
    let server = Peer::openssl(&rsa(), &["-cipher", "DEFAULT:@SECLEVEL=0"]);
    let tls = seen(&server).await;
    assert_eq!(tls.fallback_scsv, Attempt::Completed(Some(Support::Offered)));
    assert!(tls.suite_order.completed().unwrap().items.iter().any(|order| order.of == OrderOf::Client));
    let hashes: BTreeSet<&str> =
        tls.signatures.completed().unwrap().items.iter().map(|s| s.hash.as_str()).collect();
    assert!(hashes.contains("sha1"), "{hashes:?}");
    let server = Peer::openssl(&rsa(), &[]);
    let tls = seen(&server).await;
    let signatures = tls.signatures.completed().unwrap();
    assert_eq!(signatures.incomplete, None, "{} connections", tls.connections);
    assert!(signatures.items.iter().all(|s| s.hash != "sha1" && s.hash != "md5"), "{signatures:?}");
}

/// Primes by their length and by who else has them.
#[tokio::test]
async fn diffie_hellman_primes_are_measured() {
    let made = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).output().unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &output.stdout).unwrap();
        file
    };
    let own = made(&["dhparam", "-dsaparam", "1024"]);
    let published = made(&["genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048"]);
    for (file, bits, known) in [(own, 1024, None), (published, 2048, Some("RFC 7919 ffdhe2048"))] {
        let block = format!(
            "server {{ listen ADDRESS ssl; CERTIFICATE ssl_protocols TLSv1.2; ssl_dhparam {};\
             ssl_ciphers DHE-RSA-AES128-SHA:@SECLEVEL=0; }}",
            file.path().display()
        );
        let server = Peer::nginx(&rsa(), &block);
        let tls = seen(&server).await;
        let primes = tls.dh_primes.completed().unwrap();
        assert_eq!(primes.items.len(), 1, "{primes:?}");
        assert_eq!((primes.items[0].bits, primes.items[0].known.as_deref()), (bits, known));
    }
}

/// With sessions, names, staples and the second certificate: all that a scan of `tls,certificate` asks.
#[tokio::test]
async fn nginx_keeps_the_budget() {
    // Mozilla's intermediate profile
    const INTERMEDIATE: &str = "ssl_protocols TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers off; ssl_ecdh_curve X25519:prime256v1:secp384r1;\
         ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:\
         ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;";
    const DEFAULTS: &str = "ssl_protocols TLSv1.2 TLSv1.3;";
    let authority = Authority::new();
    for (configuration, two, most) in
        [(INTERMEDIATE, false, 70), (DEFAULTS, false, 95), (INTERMEDIATE, true, 70), (DEFAULTS, true, 115)]
    {
        let folder = tempfile::tempdir().unwrap();
        let (chain, key) = authority.leaf(&[HOST], -1, 90).write(folder.path());
        let second = if two {
            format!("ssl_certificate {}; ssl_certificate_key {};", chain.display(), key.display())
        } else {
            String::new()
        };
        let block = format!(
            "server {{ listen ADDRESS ssl; server_name lab.test; CERTIFICATE {second} {configuration} }}"
        );
        let server = Peer::nginx(&authority.rsa_leaf(&[HOST]), &block);
        let seen = look(server.address(), &authority.root, PATIENT).await;
        let count = |list: &str| seen.tls[list]["items"].as_array().unwrap().len();
        let connections = usize::try_from(seen.tls["connections"].as_u64().unwrap()).unwrap();
        eprintln!("{connections} connections, {} suites, {} groups", count("cipher_suites"), count("groups"));
        assert!(connections <= most, "{connections} connections of {most}");
        assert!(connections <= count("cipher_suites") + count("groups") + 45, "{connections} connections");
        let groups = seen.tls["groups"]["items"].as_array().unwrap();
        let is_there = |name: &str| groups.iter().any(|g| g["version"] == "TLSv1.2" && g["name"] == name);
        assert!(is_there("x25519"), "{groups:?}");
        assert!(
            seen.tls["sessions"]["by_ticket"].is_string() && seen.tls["server_names"]["wrong"].is_string()
        );
    }
}

/// An ECDSA certificate's own curve stands at the end of every list.
#[tokio::test]
async fn the_curve_of_a_certificate_hides_no_other() {
    let server =
        Peer::openssl(&Authority::new().leaf(&[HOST], -1, 90), &["-tls1_2", "-groups", "P-256:P-384:X25519"]);
    let tls = seen(&server).await;
    let expected = ["secp256r1", "secp384r1", "x25519"].map(str::to_owned);
    assert_eq!(groups(&tls, "TLSv1.2"), BTreeSet::from(expected));
    assert!(tls.groups.completed().unwrap().items.iter().all(|group| group.kind == GroupKind::PrimeCurve));
}

#[tokio::test]
async fn gnutls_is_enumerated_too() {
    let priority = "NORMAL:+VERS-TLS1.1:+VERS-TLS1.0:+3DES-CBC:+ARCFOUR-128:+MD5:%SERVER_PRECEDENCE";
    let server = Peer::gnutls(&rsa(), &["--priority", priority]);
    let seen = probe(server.address()).await;
    let Attempt::Completed(tls) = seen.tls else { panic!("{:?}", seen.tls) };
    let listing = tls.cipher_suites.completed().unwrap();
    eprintln!("{} connections, {} suites, {:?}", tls.connections, listing.items.len(), listing.incomplete);
    assert_eq!(listing.incomplete, None);
    let found = suites(&tls);
    for name in
        ["TLS_RSA_WITH_RC4_128_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"]
    {
        assert!(found.iter().any(|(_, suite)| suite == name), "{name} {found:?}");
    }
    assert!(groups(&tls, "TLSv1.3").contains("secp256r1"), "{:?}", tls.groups);
    drop(server);
}
