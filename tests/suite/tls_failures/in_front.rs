//! Whoever stands in front of a real server and passes its octets on in a way of his own: handshakes succeed, or could.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::TcpStream,
    sync::Mutex,
};

use super::{
    by_hand::{hello_of, listen},
    looked::{HOST, Looked, PATIENT, look, look_at},
};
use crate::peer::{Authority, Peer};
use khien::{
    rule::Verdict,
    wire::tls::{ClientHello, ContentType, Version, to_records},
};

const MODERN: &str = "server { listen ADDRESS ssl; server_name lab.test; CERTIFICATE
    ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM; ssl_ecdh_curve X25519:prime256v1; }";

struct Real {
    server: Peer,
    root: String,
    truth: Looked,
}

impl Real {
    async fn new() -> Self {
        let authority = Authority::new();
        let server = Peer::nginx(&authority.rsa_leaf(&[HOST]), MODERN);
        let truth = look(server.address(), &authority.root, PATIENT).await;
        let fails: Vec<_> = truth.verdicts.iter().filter(|(_, (v, _))| *v == Verdict::Fail).collect();
        assert!(fails.iter().all(|(rule, _)| *rule == "tls-post-quantum-missing"), "{fails:?}");
        assert_eq!(truth.verdict("tls-1-3-missing"), Verdict::Pass);
        assert_eq!(truth.verdict("certificate-chain-invalid"), Verdict::Pass);
        Self { server, root: authority.root, truth }
    }
}

/// Passes everything on, the answers octet by octet or in records of five octets as long as they are in the clear.
async fn passing(server: SocketAddr, fragments: bool) -> SocketAddr {
    listen(move |_, client| async move {
        let upstream = TcpStream::connect(server).await.unwrap();
        upstream.set_nodelay(true).unwrap();
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = upstream.into_split();
        let up = tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
        if fragments {
            in_fragments(&mut from_server, &mut to_client).await;
        } else {
            let mut octet = [0];
            while let Ok(1) = from_server.read(&mut octet).await {
                if to_client.write_all(&octet).await.is_err() {
                    break;
                }
            }
        }
        let _ = to_client.shutdown().await;
        up.abort();
    })
    .await
}

async fn in_fragments(from: &mut (impl AsyncReadExt + Unpin), to: &mut (impl AsyncWriteExt + Unpin)) {
    let mut clear = true;
    loop {
        let mut header = [0; 5];
        if from.read_exact(&mut header).await.is_err() {
            return;
        }
        let mut body = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
        if from.read_exact(&mut body).await.is_err() {
            return;
        }
        clear &= header[0] == 22;
        let records = if clear {
            let version = Version(u16::from_be_bytes([header[1], header[2]]));
            to_records(ContentType::HANDSHAKE, version, &body, 5).unwrap()
        } else {
            [&header[..], &body].concat()
        };
        if to.write_all(&records).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn fragments_and_single_octets_change_nothing() {
    let real = Real::new().await;
    for fragments in [false, true] {
        let seen = look(passing(real.server.address(), fragments).await, &real.root, PATIENT).await;
        assert_eq!(seen.facts(), real.truth.facts(), "fragments: {fragments}");
        seen.verdicts_are_honest(&real.truth, "passed on");
        assert_eq!(seen.certificate, real.truth.certificate);
    }
}

/// Takes one connection at a time: whoever comes meanwhile is reset.
#[tokio::test]
async fn a_second_connection_that_is_reset_proves_nothing() {
    let real = Real::new().await;
    let (server, open) = (real.server.address(), Arc::new(AtomicUsize::new(0)));
    let address = listen(move |_, mut client| {
        let open = Arc::clone(&open);
        async move {
            if open.fetch_add(1, Ordering::SeqCst) == 0 {
                if let Ok(mut upstream) = TcpStream::connect(server).await {
                    let _ = copy_bidirectional(&mut client, &mut upstream).await;
                }
            } else {
                client.set_zero_linger().unwrap();
            }
            open.fetch_sub(1, Ordering::SeqCst);
        }
    })
    .await;
    let seen = look(address, &real.root, PATIENT).await;
    seen.is_honest_beside(&real.truth, "the second one is reset");
}

/// Takes one connection at a time: whoever comes meanwhile waits, as at `openssl s_server`.
#[tokio::test]
async fn a_queue_of_one_is_waited_for() {
    let real = Real::new().await;
    let (server, turn) = (real.server.address(), Arc::new(Mutex::new(())));
    let address = listen(move |_, mut client| {
        let turn = Arc::clone(&turn);
        async move {
            let _turn = turn.lock().await;
            if let Ok(mut upstream) = TcpStream::connect(server).await {
                let _ = copy_bidirectional(&mut client, &mut upstream).await;
            }
        }
    })
    .await;
    let seen = look(address, &real.root, PATIENT).await;
    assert_eq!(seen.facts(), real.truth.facts());
}

/// Whether a connection is reset, by its number and its hello where that is one of TLS.
type Minds = fn(usize, Option<&ClientHello>) -> bool;

#[tokio::test]
async fn resets_on_any_kind_of_hello_are_no_finding() {
    let real = Real::new().await;
    let server = real.server.address();
    let minds: [(&str, Minds); 6] = [
        ("the first hello", |number, _| number == 0),
        ("every hello but the first", |number, _| number > 0),
        ("every third", |number, _| number % 3 == 2),
        ("whatever is no TLS", |_, hello| hello.is_none()),
        ("TLS 1.3 without a key share", |_, hello| {
            hello.is_some_and(|hello| hello.key_shares().unwrap().is_some_and(|shares| shares.is_empty()))
        }),
        ("more than 100 suites", |_, hello| hello.is_some_and(|hello| hello.cipher_suites.len() > 100)),
    ];
    for (what, minds) in minds {
        let address = listen(move |number, mut client| async move {
            let Some((octets, hello)) = hello_of(&mut client).await else { return };
            if minds(number, hello.as_ref()) {
                return client.set_zero_linger().unwrap();
            }
            let Ok(mut upstream) = TcpStream::connect(server).await else { return };
            if upstream.write_all(&octets).await.is_ok() {
                let _ = copy_bidirectional(&mut client, &mut upstream).await;
            }
        })
        .await;
        let seen = look(address, &real.root, PATIENT).await;
        seen.is_honest_beside(&real.truth, what);
    }
}

/// RSA and ECDSA: each hello gets the certificate that its suites are for.
#[tokio::test]
async fn two_certificates_on_one_port_are_one_server() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let (chain, key) = authority.rsa_leaf(&[HOST]).write(folder.path());
    let block = format!(
        "server {{ listen ADDRESS ssl; server_name lab.test; CERTIFICATE
         ssl_certificate {}; ssl_certificate_key {}; ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM; }}",
        chain.display(),
        key.display()
    );
    let server = Peer::nginx(&authority.leaf(&[HOST], -1, 90), &block);
    let seen = look(server.address(), &authority.root, PATIENT).await;
    let suites = seen.tls["cipher_suites"]["items"].as_array().unwrap();
    for authentication in ["RSA", "ECDSA"] {
        let of = suites.iter().filter(|suite| suite["authentication"] == authentication).count();
        assert_eq!(of, 2, "{authentication}: {suites:?}");
    }
    for list in ["cipher_suites", "groups", "signatures", "suite_order"] {
        assert_eq!(seen.tls[list].get("incomplete"), None, "{list}: {}", seen.tls);
    }
    let most = suites.len() + seen.tls["groups"]["items"].as_array().unwrap().len() + 45;
    assert!(seen.tls["connections"].as_u64().unwrap() <= most as u64, "{}", seen.tls);
    assert_eq!(seen.verdict("certificate-chain-invalid"), Verdict::Pass);
}

/// Each name has a certificate of its own at one address; whoever asks without a name gets a third.
#[tokio::test]
async fn every_name_at_an_address_is_judged_by_its_own_certificate() {
    let authority = Authority::new();
    let folders: Vec<_> = (0..2).map(|_| tempfile::tempdir().unwrap()).collect();
    let (one, other) = ("one.lab.test", "other.lab.test");
    let good = authority.leaf(&[one], -1, 90).write(folders[0].path());
    let expired = authority.leaf(&[other], -40, 30).write(folders[1].path());
    let block = |name: &str, (chain, key): &(std::path::PathBuf, std::path::PathBuf)| {
        format!(
            "server {{ listen ADDRESS ssl; server_name {name}; ssl_certificate {}; ssl_certificate_key {};
             ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM; }} ",
            chain.display(),
            key.display()
        )
    };
    let default = "server { listen ADDRESS ssl default_server; server_name nobody; CERTIFICATE
        ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM; } ";
    let http = [default, &block(one, &good), &block(other, &expired)].concat();
    let server = Peer::nginx(&crate::peer::self_signed(&["nobody"]), &http);
    let seen = look_at(&[one, other], server.address(), &authority.root, PATIENT).await;
    let verdicts = |rule: &str| [seen[0].verdict(rule), seen[1].verdict(rule)];
    assert_eq!(verdicts("certificate-expired"), [Verdict::Pass, Verdict::Fail]);
    assert_eq!(verdicts("certificate-name-mismatch"), [Verdict::Pass; 2]);
    assert_eq!(verdicts("certificate-self-signed"), [Verdict::Pass; 2]);
    assert_eq!(seen[0].tls["cipher_suites"], seen[1].tls["cipher_suites"]);
    let shared: Vec<bool> = seen.iter().map(|one| one.tls.get("shared_with").is_some()).collect();
    assert_eq!(shared.iter().filter(|shared| **shared).count(), 1, "one of them was enumerated: {shared:?}");
}
