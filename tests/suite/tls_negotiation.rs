//! What the TLS probe finds of real servers' suites, groups and options, beside what sslscan finds of the same server.

use std::{collections::BTreeSet, process::Command};

use crate::{
    peer::{Authority, Peer, Pem},
    probe_tls::probe,
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

/// The attribute of every element of this name in sslscan's XML.
fn attributes<'x>(xml: &'x str, element: &str, wanted: [&str; 2]) -> BTreeSet<(&'x str, &'x str)> {
    let value = |tag: &'x str, name: &str| {
        let at = tag.find(&format!(" {name}=\""))? + name.len() + 3;
        tag[at..].split('"').next()
    };
    xml.split('<')
        .filter(|tag| tag.split_whitespace().next() == Some(element))
        .filter_map(|tag| Some((value(tag, wanted[0])?, value(tag, wanted[1])?)))
        .collect()
}

/// Of version and name.
type Pairs = BTreeSet<(String, String)>;

/// Pairs of version and suite, and of version and group, as sslscan finds them.
fn by_sslscan(server: &Peer) -> (Pairs, Pairs) {
    let output = Command::new("sslscan")
        .args(["--no-colour", "--show-cipher-ids", "--xml=-", "--no-heartbleed", "--no-check-certificate"])
        .arg(format!("--sni-name={HOST}"))
        .arg(server.address().to_string())
        .output()
        .unwrap_or_else(|error| panic!("sslscan: {error}; tests/run installs it"));
    let xml = String::from_utf8(output.stdout).unwrap();
    let suites = attributes(&xml, "cipher", ["sslversion", "id"]);
    let suites: Pairs = suites
        .into_iter()
        .map(|(version, id)| {
            let code = u16::from_str_radix(id.trim_start_matches("0x"), 16).unwrap();
            (version.to_owned(), khien::wire::iana::cipher_suite_name(code).into_owned())
        })
        .collect();
    assert!(!suites.is_empty(), "{xml}");
    let groups = attributes(&xml, "group", ["sslversion", "name"]);
    (suites, groups.into_iter().map(|(version, name)| (version.to_owned(), group_name(name))).collect())
}

/// sslscan's words for groups, where they are not IANA's.
fn group_name(theirs: &str) -> String {
    let name = theirs.split(" (").next().unwrap_or(theirs);
    match name {
        "NIST P-256" => "secp256r1".into(),
        "NIST P-384" => "secp384r1".into(),
        "NIST P-521" => "secp521r1".into(),
        other => other.to_owned(),
    }
}

/// What sslscan does not see, and why.
fn beyond_sslscan(suite: &str) -> bool {
    // it offers OpenSSL's own TLS 1.3 suites, and its raw hellos have no CCM of TLS 1.3
    suite.starts_with("TLS_AES_128_CCM")
}

fn rsa() -> Pem {
    Authority::new().rsa_leaf(&[HOST])
}

#[tokio::test]
async fn the_same_suites_and_groups_as_sslscan() {
    let everything = ["-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0", "-serverpref"];
    // its hello for groups has DHE before curves: where a client decides, it sees none
    let few =
        ["-serverpref", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA:DHE-RSA-AES256-SHA:@SECLEVEL=0"];
    let curves = ["-groups", "P-384:X25519", "-no_tls1_3"];
    let ec = Authority::new().leaf(&[HOST], -1, 90);
    for (certificate, arguments) in
        [(rsa(), &everything[..]), (rsa(), &few), (rsa(), &curves), (rsa(), &[]), (ec, &everything)]
    {
        let server = Peer::openssl(&certificate, arguments);
        let tls = seen(&server).await;
        let ours: BTreeSet<_> = suites(&tls).into_iter().filter(|(_, name)| !beyond_sslscan(name)).collect();
        let without = |theirs: Pairs| -> BTreeSet<_> {
            theirs.into_iter().filter(|(_, name)| !beyond_sslscan(name)).collect()
        };
        let (theirs, mut their_groups) = by_sslscan(&server);
        let mut theirs = without(theirs);
        // on a busy machine it sometimes leaves something out
        if theirs != ours {
            let (more, more_groups) = by_sslscan(&server);
            theirs.extend(without(more));
            their_groups.extend(more_groups);
        }
        assert_eq!(ours, theirs, "{arguments:?}");
        let of = |version: &str| -> BTreeSet<String> {
            their_groups.iter().filter(|(of, _)| of == version).map(|(_, name)| name.clone()).collect()
        };
        assert_eq!(groups(&tls, "TLSv1.3"), of("TLSv1.3"), "{arguments:?}");
        // up to TLS 1.2 it offers suites without curves too, and misses groups where the server likes those better
        let (ours, theirs) = (groups(&tls, "TLSv1.2"), of("TLSv1.2"));
        assert!(theirs.is_subset(&ours), "{arguments:?}: {theirs:?} {ours:?}");
        if arguments == curves {
            assert_eq!(ours, BTreeSet::from(["secp384r1".to_owned(), "x25519".to_owned()]));
        } else {
            // what OpenSSL has without being told
            let usual = ["secp256r1", "secp384r1", "secp521r1", "x25519", "x448"].map(str::to_owned);
            assert_eq!(ours, BTreeSet::from(usual), "{arguments:?}");
        }
    }
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

#[tokio::test]
async fn nginx_keeps_the_budget() {
    for (configuration, most) in [
        // Mozilla's intermediate profile
        (
            "ssl_protocols TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers off; ssl_ecdh_curve X25519:prime256v1:secp384r1;\
             ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:\
             ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;",
            70,
        ),
        ("ssl_protocols TLSv1.2 TLSv1.3;", 95),
    ] {
        let block =
            format!("server {{ listen ADDRESS ssl; server_name lab.test; CERTIFICATE {configuration} }}");
        let server = Peer::nginx(&rsa(), &block);
        let tls = seen(&server).await;
        eprintln!("{} connections, {:?}", tls.connections, suites(&tls).len());
        assert!(tls.connections <= most, "{} connections", tls.connections);
        assert!(groups(&tls, "TLSv1.2").contains("x25519"));
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
    let address = crate::peer::free_address();
    let folder = tempfile::tempdir().unwrap();
    let (chain, key) = rsa().write(folder.path());
    let mut command = Command::new("gnutls-serv");
    command
        .args(["--http", "--quiet", "--port", &address.port().to_string()])
        .args([
            "--priority",
            "NORMAL:+VERS-TLS1.1:+VERS-TLS1.0:+3DES-CBC:+ARCFOUR-128:+MD5:%SERVER_PRECEDENCE",
        ])
        .arg("--x509certfile")
        .arg(chain)
        .arg("--x509keyfile")
        .arg(key);
    // it listens at every address
    let anywhere = std::net::SocketAddr::from(([0, 0, 0, 0], address.port()));
    let server = Peer::start(command, anywhere, folder);
    let seen = probe(std::net::SocketAddr::from(([127, 0, 0, 1], address.port()))).await;
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
