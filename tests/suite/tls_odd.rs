//! Real servers configured as few are, each of which was once seen wrongly or not at all.

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use khien::{
    net::{Net, Options, Pace},
    observation::{
        Alpn, Attempt, CertificateCompression, ClientRenegotiation, Failure, Listing, NameAnswer, OrderOf,
        ServerNames, Support, Tls, WithoutMatch,
    },
    probe::{
        certificate::{self, Sent},
        tls,
    },
    target::ConnectTo,
};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};

use crate::{
    peer::{Authority, Peer, Pem, free_address},
    probe_tls::probe,
};

const HOST: &str = "lab.test";
const YES: Attempt<Option<Support>> = Attempt::Completed(Some(Support::Offered));

async fn seen(server: &Peer) -> Tls {
    let seen = probe(server.address()).await;
    let Attempt::Completed(tls) = seen.tls else { panic!("{:?}", seen.tls) };
    tls
}

fn rsa() -> Pem {
    Authority::new().rsa_leaf(&[HOST])
}

/// Self-signed, with a key that this command makes.
fn self_signed(key: &[&str]) -> Pem {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    let run = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let key = run(key);
    std::fs::write(&file, &key).unwrap();
    let chain =
        run(&["req", "-x509", "-key", file.to_str().unwrap(), "-subj", "/CN=lab.test", "-days", "90"]);
    Pem { chain, key }
}

fn orders(tls: &Tls) -> Vec<OrderOf> {
    tls.suite_order.completed().unwrap().items.iter().map(|order| order.of).collect()
}

/// A client that puts `CHACHA20` first in one of two orders sees the client's order at a server that has its own.
#[tokio::test]
async fn a_server_that_moves_chacha20_was_said_to_leave_the_order_to_clients() {
    let certificate = rsa();
    for (arguments, expected) in [
        (&["-serverpref", "-prioritize_chacha"][..], OrderOf::ServerButChacha20),
        (&["-serverpref"], OrderOf::Server),
        (&["-prioritize_chacha"], OrderOf::Client),
        (&[], OrderOf::Client),
    ] {
        let tls = seen(&Peer::openssl(&certificate, arguments)).await;
        assert_eq!(orders(&tls), [expected, expected], "{arguments:?}");
    }
}

/// A server that wants a certificate of its clients tells them so only after the handshake; those without one get no
/// ticket, which says nothing of the others.
#[tokio::test]
async fn whoever_is_turned_away_has_not_seen_that_there_are_no_tickets() {
    let server = Peer::openssl(&rsa(), &["-tls1_3", "-Verify", "1"]);
    let sessions = seen(&server).await.sessions;
    let sessions = sessions.completed().unwrap();
    let turned_away = Failure::Alert { description: "certificate_required".to_owned() };
    assert_eq!(sessions.by_psk, Attempt::failed(turned_away.clone()));
    assert_eq!(sessions.tickets, Attempt::failed(turned_away));
}

/// Such a server wants to see its own curve in the hello; the handshakes by hand named four others.
#[tokio::test]
async fn sessions_were_not_seen_behind_certificates_on_other_curves() {
    for curve in ["secp256k1", "brainpoolP384r1", "secp224r1"] {
        let curve = format!("ec_paramgen_curve:{curve}");
        let made =
            ["genpkey", "-algorithm", "EC", "-pkeyopt", &curve, "-pkeyopt", "ec_param_enc:named_curve"];
        let tls = seen(&Peer::openssl(&self_signed(&made), &[])).await;
        let sessions = tls.sessions.completed().unwrap();
        assert_eq!((&sessions.by_id, &sessions.by_ticket), (&YES, &YES), "{curve}");
        let names = ServerNames {
            without: Attempt::Completed(NameAnswer::SameCertificate),
            wrong: Attempt::Completed(NameAnswer::SameCertificate),
        };
        assert_eq!(tls.server_names, Attempt::Completed(names), "{curve}");
    }
}

/// OpenSSL's own server sleeps for a second before it answers a second hello, which was all it was given.
#[tokio::test]
async fn renegotiation_that_takes_a_second_was_not_waited_for() {
    let server = Peer::openssl(&rsa(), &["-tls1_2", "-client_renegotiation"]);
    let tls = seen(&server).await;
    let renegotiation = &tls.sessions.completed().unwrap().client_renegotiation;
    assert_eq!(*renegotiation, Attempt::Completed(Some(ClientRenegotiation { accepted: 11 })));
}

/// Who refuses every client that speaks neither of its protocols has said what it speaks.
#[tokio::test]
async fn a_server_that_speaks_neither_protocol_says_so() {
    let server = Peer::gnutls(&rsa(), &["--alpn", "h3", "--alpn-fatal"]);
    let tls = seen(&server).await;
    let Alpn { protocols, without_match, .. } = tls.alpn.completed().unwrap();
    assert_eq!(*protocols, Attempt::Completed(Listing::default()));
    assert_eq!(*without_match, Attempt::Completed(WithoutMatch::Refused));
    assert!(tls.handshake.completed().is_none(), "as for every browser: {:?}", tls.handshake);
}

#[tokio::test]
async fn a_server_without_common_groups_still_says_whom_it_answers() {
    let tls = seen(&Peer::openssl(&rsa(), &["-groups", "P-521"])).await;
    assert!(tls.handshake.completed().is_none(), "{:?}", tls.handshake);
    assert!(tls.server_names.completed().is_some_and(|names| names.wrong.completed().is_some()));
    // and where nothing can be seen, the reason is the server's word
    let tls = seen(&Peer::openssl(&rsa(), &["-groups", "ffdhe2048", "-tls1_3"])).await;
    let refused = Failure::Alert { description: "handshake_failure".to_owned() };
    assert_eq!(tls.server_names, Attempt::failed(refused));
}

/// `EdDSA` shares its suites with ECDSA, and was taken for no kind at all.
#[tokio::test]
async fn a_second_certificate_may_have_a_key_of_edwards_curves() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let mut paths = Vec::new();
    let edwards = self_signed(&["genpkey", "-algorithm", "ed25519"]);
    for (name, pem) in [("rsa", authority.rsa_leaf(&[HOST])), ("edwards", edwards.clone())] {
        let place = folder.path().join(name);
        std::fs::create_dir(&place).unwrap();
        let (chain, key) = pem.write(&place);
        paths.push((chain.display().to_string(), key.display().to_string()));
    }
    let both = ["-dcert", &paths[0].0, "-dkey", &paths[0].1];
    for (arguments, expected) in [(&both[..], Some("RSA")), (&[], None)] {
        let found = second(&Peer::openssl(&edwards, arguments)).await;
        assert_eq!(found.as_deref(), expected, "{arguments:?}");
    }
    // the other way round it is the first that a client of today is given
    let both = ["-dcert", &paths[1].0, "-dkey", &paths[1].1, "-serverpref"];
    let found = second(&Peer::openssl(&authority.rsa_leaf(&[HOST]), &both)).await;
    assert!(found.is_some(), "{found:?}");
}

/// The kind of key in the second certificate that a server sends.
async fn second(server: &Peer) -> Option<String> {
    let net = Net::without_resolver(Options {
        allow_private: true,
        pace: Pace::Lab,
        connect_to: vec![ConnectTo::new(None, None, server.address())],
        ..Options::default()
    });
    let lane = net.lane(server.address().ip()).await.unwrap();
    let seen = tls::tls(&lane, HOST, 443, &tls::Known::default()).await;
    let chain = seen.chain.completed().unwrap();
    let other = certificate::other(&lane, HOST, 443, chain, seen.tls.completed().unwrap()).await;
    let Attempt::Completed(other) = other else { panic!("{other:?}") };
    let sent = Sent::chain_alone(&other.as_ref()?.chain);
    let described =
        certificate::certificate(&sent, HOST, jiff::Timestamp::now(), &certificate::TrustStore::empty());
    Some(described.completed().unwrap().leaf.key.algorithm.clone())
}

/// RFC 8879, by a server whose OpenSSL has it.
#[tokio::test]
async fn node_compresses_its_certificate_as_it_is_told() {
    use CertificateCompression::{Brotli, None, Zlib, Zstd};
    let certificate = rsa();
    for (options, expected) in [
        (r#"{"certificateCompression":["zlib"]}"#, Zlib),
        (r#"{"certificateCompression":["brotli"]}"#, Brotli),
        (r#"{"certificateCompression":["zstd"]}"#, Zstd),
        (r#"{"maxVersion":"TLSv1.2"}"#, None),
        ("{}", None),
    ] {
        let tls = seen(&Peer::node(&certificate, options)).await;
        assert_eq!(tls.certificate_compression, Attempt::Completed(expected), "{options}");
    }
}

/// Staples from its second whole handshake on, as nginx does, which begins to ask its authority when a client has come.
#[derive(Debug)]
struct Lazy {
    certified: Arc<CertifiedKey>,
    stapled: Arc<CertifiedKey>,
    asked: AtomicUsize,
}

impl ResolvesServerCert for Lazy {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // hellos by hand name no such protocol and ask for no staple
        let is_handshake = hello.alpn().is_some_and(|mut all| all.any(|one| one == b"http/1.1"));
        let before = if is_handshake { self.asked.fetch_add(1, Ordering::Relaxed) } else { 0 };
        Some(if before == 0 { self.certified.clone() } else { self.stapled.clone() })
    }
}

async fn lazy(versions: &[&'static rustls::SupportedProtocolVersion], demands: bool) -> std::net::SocketAddr {
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
    if demands {
        // id-pe-tlsfeature: status_request
        let feature =
            CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 24], vec![0x30, 3, 2, 1, 5]);
        parameters.custom_extensions.push(feature);
    }
    let leaf = parameters.self_signed(&key).unwrap().der().clone();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let key = aws_lc_rs::sign::any_supported_type(&key).unwrap();
    let certified = CertifiedKey::new(vec![leaf], key);
    let stapled = CertifiedKey { ocsp: Some(vec![0x30, 3, 0x0a, 1, 6]), ..certified.clone() };
    let lazy = Lazy { certified: certified.into(), stapled: stapled.into(), asked: AtomicUsize::new(0) };
    let mut config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(lazy));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind(free_address()).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                use tokio::io::AsyncReadExt as _;
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    let _ = stream.read(&mut [0; 1024]).await;
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn the_first_client_of_a_server_saw_that_it_does_not_staple() {
    for (versions, demands, stapled) in [
        (&[&TLS13, &TLS12][..], false, true),
        // one more handshake, but only where the certificate demands it
        (&[&TLS12], true, true),
        (&[&TLS12], false, false),
    ] {
        let seen = probe(lazy(versions, demands).await).await;
        let tls = seen.tls.completed().unwrap();
        let handshake = tls.handshake.completed().unwrap();
        assert_eq!(handshake.ocsp_staple.is_some(), stapled, "{versions:?} {demands}");
        let staple = stapled.then(|| vec![0x30, 3, 0x0a, 1, 6]);
        assert_eq!(seen.staple, Attempt::Completed(staple), "{versions:?} {demands}");
    }
}
