//! The TLS probe against OpenSSL's own server and nginx.

use crate::peer::{Authority, Peer};
use khien::{
    net::{Net, Options, Pace},
    observation::{Attempt, Support, Tls},
    probe::tls,
    target::ConnectTo,
};

const HOST: &str = "lab.test";

pub(crate) async fn probe(address: std::net::SocketAddr) -> tls::Seen {
    probe_name(address, HOST, &tls::Known::default()).await
}

/// What a further name at the same address brings.
async fn probe_name(address: std::net::SocketAddr, host: &str, known: &tls::Known) -> tls::Seen {
    let net = Net::without_resolver(Options {
        allow_private: true,
        pace: Pace::Lab,
        connect_to: vec![ConnectTo::new(None, None, address)],
        exchange_timeout: std::time::Duration::from_secs(3),
        ..Options::default()
    });
    let lane = net.lane(address.ip()).await.unwrap();
    tls::tls(&lane, host, 443, known).await
}

fn offered(tls: &Tls) -> Vec<&'static str> {
    let v = &tls.versions;
    [
        ("SSLv2", &v.ssl2),
        ("SSLv3", &v.ssl3),
        ("TLSv1.0", &v.tls1_0),
        ("TLSv1.1", &v.tls1_1),
        ("TLSv1.2", &v.tls1_2),
        ("TLSv1.3", &v.tls1_3),
    ]
    .into_iter()
    .filter(|(name, support)| match support {
        Attempt::Completed(support) => *support == Support::Offered,
        other => panic!("{name}: {other:?}"),
    })
    .map(|(name, _)| name)
    .collect()
}

#[tokio::test]
async fn openssl_versions_one_by_one() {
    let authority = Authority::new();
    let certificate = authority.leaf(&[HOST], -1, 90);
    for (arguments, expected) in [
        (vec!["-tls1_3"], vec!["TLSv1.3"]),
        (vec!["-tls1_2"], vec!["TLSv1.2"]),
        (vec!["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], vec!["TLSv1.1"]),
        (vec!["-tls1", "-cipher", "ALL:@SECLEVEL=0"], vec!["TLSv1.0"]),
        (vec!["-cipher", "ALL:@SECLEVEL=0"], vec!["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"]),
        (vec!["-cipher", "ALL:@SECLEVEL=0", "-no_tls1_2"], vec!["TLSv1.0", "TLSv1.1", "TLSv1.3"]),
        (vec![], vec!["TLSv1.2", "TLSv1.3"]),
    ] {
        let server = Peer::openssl(&certificate, &arguments);
        let seen = probe(server.address()).await;
        let Attempt::Completed(tls) = seen.tls else { panic!("{arguments:?}: {:?}", seen.tls) };
        assert_eq!(offered(&tls), expected, "{arguments:?}");
        assert!(tls.offered);
        eprintln!("{arguments:?} {} connections, {:?}", tls.connections, tls.handshake);
        if expected.contains(&"TLSv1.2") || expected.contains(&"TLSv1.3") {
            assert!(tls.handshake.completed().is_some(), "{:?}", tls.handshake);
        }
        assert_eq!(seen.chain.completed().map(Vec::len), Some(2), "{arguments:?}");
    }
}

#[tokio::test]
async fn nginx_with_its_defaults() {
    let authority = Authority::new();
    let certificate = authority.leaf(&[HOST], -1, 90);
    let server = Peer::nginx(
        &certificate,
        "server { listen ADDRESS ssl; server_name lab.test; CERTIFICATE ssl_protocols TLSv1.2 TLSv1.3; }",
    );
    let seen = probe(server.address()).await;
    let Attempt::Completed(tls) = seen.tls else { panic!("{:?}", seen.tls) };
    assert_eq!(offered(&tls), ["TLSv1.2", "TLSv1.3"]);
    let handshake = tls.handshake.completed().unwrap();
    assert_eq!(handshake.version, "TLSv1.3");
    assert!(handshake.cipher_suite.starts_with("TLS_"));
    eprintln!("{} connections {handshake:?}", tls.connections);
}

#[tokio::test]
async fn plain_http_on_the_port_is_an_observation() {
    let server = Peer::nginx(&crate::peer::self_signed(&[HOST]), "server { listen ADDRESS; }");
    let seen = probe(server.address()).await;
    let Attempt::Completed(tls) = seen.tls else { panic!("{:?}", seen.tls) };
    assert!(!tls.offered);
    assert!(offered(&tls).is_empty());
}

#[tokio::test]
async fn further_names_on_one_server_cost_three_connections() {
    let authority = Authority::new();
    let (one, other, third) = ("one.lab.test", "other.lab.test", "third.lab.test");
    let certificate = authority.leaf(&[one, other, third], -1, 90);
    let server = Peer::nginx(
        &certificate,
        "server { listen ADDRESS ssl; server_name one.lab.test other.lab.test third.lab.test; CERTIFICATE
         ssl_protocols TLSv1.2 TLSv1.3; }",
    );
    let known = tls::Known::default();
    let mut seen = Vec::new();
    for host in [one, other, third, one] {
        let found = probe_name(server.address(), host, &known).await;
        assert_eq!(found.chain.completed().map(Vec::len), Some(2), "{host}: its own certificate");
        seen.push(found.tls.completed().unwrap().clone());
    }
    assert_eq!(seen[0].shared_with, None);
    assert_eq!(seen[1].shared_with.as_deref(), Some(one));
    assert_eq!(seen[1].versions, seen[0].versions);
    assert_eq!(seen[1].cipher_suites, seen[0].cipher_suites);
    assert_eq!(seen[1].server_names, seen[0].server_names);
    // a handshake, a hello for TLS 1.1 and one for TLS 1.2; the first name is asked for the latter once
    let spent: Vec<u32> = seen.iter().map(|tls| tls.connections).collect();
    assert_eq!(spent[1..3], [4, 3]);
    assert!(spent[0] > 5, "{spent:?}");
    // a name is not shared with itself: a second look is a look
    assert_eq!(seen[3].shared_with, None);
}

/// Names that agree on TLS 1.3 and refuse what is old alike, and have other suites of TLS 1.2.
#[tokio::test]
async fn names_that_differ_in_tls_1_2_share_nothing() {
    let authority = Authority::new();
    let (weak, strong) = ("weak.lab.test", "strong.lab.test");
    let certificate = authority.rsa_leaf(&[weak, strong]);
    let behind_weak = Peer::openssl(&certificate, &["-cipher", "AES256-SHA"]);
    let behind_strong = Peer::openssl(&certificate, &["-cipher", "ECDHE-RSA-AES128-GCM-SHA256"]);
    let address = routed_by_name(&[(weak, behind_weak.address()), (strong, behind_strong.address())]).await;
    for order in [[weak, strong], [strong, weak]] {
        let known = tls::Known::default();
        for host in order {
            let seen = probe_name(address, host, &known).await;
            let tls = seen.tls.completed().unwrap();
            let suites = &tls.cipher_suites.completed().unwrap().items;
            let has_cbc = suites.iter().any(|suite| suite.mode == "CBC");
            assert_eq!((&tls.shared_with, has_cbc), (&None, host == weak), "{host} of {order:?}");
        }
    }
}

/// Apache has `SSLProtocol` in every virtual host: two names at one address that agree on TLS 1.3 may differ below.
#[tokio::test]
async fn names_that_differ_in_old_versions_share_nothing() {
    let authority = Authority::new();
    let (old, new) = ("old.lab.test", "new.lab.test");
    let certificate = authority.leaf(&[old, new], -1, 90);
    let behind_old = Peer::openssl(&certificate, &["-cipher", "ALL:@SECLEVEL=0"]);
    let behind_new = Peer::openssl(&certificate, &[]);
    let address = routed_by_name(&[(old, behind_old.address()), (new, behind_new.address())]).await;
    for order in [[old, new], [new, old]] {
        let known = tls::Known::default();
        for host in order {
            let seen = probe_name(address, host, &known).await;
            let tls = seen.tls.completed().unwrap();
            assert_eq!(tls.shared_with, None, "{host} of {order:?}");
            assert_eq!(offered(tls).contains(&"TLSv1.0"), host == old, "{host} of {order:?}");
        }
    }
}

/// Listens in front of servers and hands each connection to that whose name stands in the first bytes.
async fn routed_by_name(servers: &[(&'static str, std::net::SocketAddr)]) -> std::net::SocketAddr {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind(crate::peer::free_address()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let servers = servers.to_vec();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let servers = servers.clone();
            tokio::spawn(async move {
                let mut hello = vec![0; 4096];
                let length = client.read(&mut hello).await.unwrap_or(0);
                let hello = &hello[..length];
                let named = |name: &str| hello.windows(name.len()).any(|part| part == name.as_bytes());
                // an SSLv2 hello names nobody: the first server is the default one
                let (_, behind) = servers.iter().find(|(name, _)| named(name)).unwrap_or(&servers[0]);
                let Ok(mut server) = tokio::net::TcpStream::connect(behind).await else { return };
                if server.write_all(hello).await.is_ok() {
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                }
            });
        }
    });
    address
}

/// Listens in front of another server and drops connections whose first read is too long: what some middleboxes do to
/// the 1.2 KiB of a post-quantum key share.
async fn drops_long_hellos(behind: std::net::SocketAddr) -> std::net::SocketAddr {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind(crate::peer::free_address()).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut hello = vec![0; 4096];
                let length = client.read(&mut hello).await.unwrap_or(0);
                if length > 1_000 {
                    return;
                }
                let Ok(mut server) = tokio::net::TcpStream::connect(behind).await else { return };
                if server.write_all(&hello[..length]).await.is_ok() {
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn a_path_that_drops_long_hellos_hides_nothing() {
    let authority = Authority::new();
    let block =
        "server { listen ADDRESS ssl; server_name lab.test; CERTIFICATE ssl_protocols TLSv1.2 TLSv1.3; }";
    let server = Peer::nginx(&authority.leaf(&[HOST], -1, 90), block);
    let seen = probe(drops_long_hellos(server.address()).await).await;
    let Attempt::Completed(tls) = seen.tls else { panic!("{:?}", seen.tls) };
    assert_eq!(offered(&tls), ["TLSv1.2", "TLSv1.3"]);
    assert!(tls.handshake.completed().is_some(), "{:?}", tls.handshake);
    assert_eq!(seen.chain.completed().map(Vec::len), Some(2));
}
