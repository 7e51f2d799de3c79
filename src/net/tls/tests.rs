//! Handshakes with in-process peers on loopback.

use std::net::{Ipv4Addr, SocketAddr};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::net::{Net, Options, Pace, Purpose};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn certificate() -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let key = rcgen::KeyPair::generate().unwrap();
    let parameters = rcgen::CertificateParams::new(vec!["another.test".into()]).unwrap();
    let certificate = parameters.self_signed(&key).unwrap();
    (certificate.der().clone(), PrivateKeyDer::try_from(key.serialize_der()).unwrap())
}

fn server(versions: &[&'static SupportedProtocolVersion]) -> ServerConfig {
    let (certificate, key) = certificate();
    let mut config = ServerConfig::builder_with_provider(provider(&Offer::default()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert_with_ocsp(vec![certificate], key, b"a staple".to_vec())
        .unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

/// Serves TLS, tells back the SNI it got, and ends with or without `close_notify`.
async fn tls_peer(config: ServerConfig, polite: bool) -> u16 {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    raw_peer(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut tls) = acceptor.accept(stream).await else { return };
            let name = tls.get_ref().1.server_name().unwrap_or("none").to_owned();
            let _ = tls.write_all(name.as_bytes()).await;
            let _ = tls.flush().await;
            if polite {
                let _ = tls.shutdown().await;
            }
        }
    })
    .await
}

async fn raw_peer<F, R>(serve: F) -> u16
where
    F: Fn(TcpStream) -> R + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind((HERE, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    port
}

async fn connect(port: u16) -> Connection {
    let options = Options {
        allow_private: true,
        pace: Pace::Lab,
        exchange_timeout: Duration::from_secs(1),
        ..Options::default()
    };
    let net = Net::without_resolver(options);
    net.lane(HERE).await.unwrap().connect("www.test", port, Purpose::Tls).await.unwrap()
}

fn offer(name: Option<&str>) -> Offer {
    Offer {
        server_name: name.map(str::to_owned),
        alpn: vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        versions: Versions::Both,
        ..Offer::default()
    }
}

async fn read_all(stream: &mut TlsStream) -> Vec<u8> {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.unwrap();
    all
}

#[tokio::test]
async fn a_wrong_self_signed_certificate_is_recorded_not_refused() {
    let port = tls_peer(server(&[&TLS13, &TLS12]), true).await;
    let mut done = handshake(connect(port).await, &offer(Some("www.test."))).await.unwrap();
    assert_eq!(done.version, 0x0304);
    assert!(done.suite.name.starts_with("TLS_") && done.suite.code >> 8 == 0x13, "{:?}", done.suite);
    assert_eq!(done.group, Some(Registered { code: 0x11ec, name: "X25519MLKEM768".into() }));
    assert_eq!(done.alpn.as_deref(), Some(&b"http/1.1"[..]));
    assert_eq!(done.chain.len(), 1);
    assert_eq!(done.staple.as_deref(), Some(&b"a staple"[..]));
    assert!(done.server_name_sent);
    assert_eq!(read_all(&mut done.stream).await, b"www.test");
    assert!(!done.stream.truncated());
    assert_eq!(done.stream.peer().dialled, SocketAddr::new(HERE, port));
}

#[tokio::test]
async fn without_the_hybrids_the_hello_fits_one_packet() {
    let port = tls_peer(server(&[&TLS13]), true).await;
    let classic = Offer { classic_groups_only: true, ..offer(Some("www.test")) };
    let done = handshake(connect(port).await, &classic).await.unwrap();
    assert_eq!(done.group, Some(Registered { code: 0x001d, name: "x25519".into() }));

    let length = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let seen = Arc::clone(&length);
    let port = raw_peer(move |mut stream| {
        let seen = Arc::clone(&seen);
        async move {
            let mut buffer = vec![0; 4096];
            let mut total = 0;
            while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                total += count;
                seen.store(total, std::sync::atomic::Ordering::SeqCst);
            }
        }
    })
    .await;
    assert!(handshake(connect(port).await, &classic).await.is_err());
    assert!((100..1200).contains(&length.load(std::sync::atomic::Ordering::SeqCst)));
}

#[tokio::test]
async fn tls_12_alone_and_an_impolite_end() {
    let port = tls_peer(server(&[&TLS12]), false).await;
    let mut done = handshake(connect(port).await, &offer(Some("www.test"))).await.unwrap();
    assert_eq!(done.version, 0x0303);
    assert!(done.suite.name.starts_with("TLS_ECDHE_"), "{:?}", done.suite);
    assert_eq!(read_all(&mut done.stream).await, b"www.test");
    assert!(done.stream.truncated());
}

#[tokio::test]
async fn no_ip_literal_goes_into_sni() {
    let port = tls_peer(server(&[&TLS13]), true).await;
    for name in [None, Some("127.0.0.1"), Some("::1"), Some("not a name")] {
        let mut done = handshake(connect(port).await, &offer(name)).await.unwrap();
        assert!(!done.server_name_sent);
        assert_eq!(read_all(&mut done.stream).await, b"none", "{name:?}");
    }
}

#[tokio::test]
async fn an_alert_is_told_with_its_name() {
    let port = tls_peer(server(&[&TLS13]), true).await;
    let only_12 = Offer { versions: Versions::Tls12, ..offer(Some("www.test")) };
    let failed = handshake(connect(port).await, &only_12).await.unwrap_err();
    assert_eq!(failed.error, Error::Alert { level: 2, description: 70, name: "protocol_version".into() });

    let port = raw_peer(|mut stream| async move {
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(&[21, 3, 3, 0, 2, 2, 40]).await;
        let _ = stream.read(&mut [0; 4096]).await;
    })
    .await;
    let failed = handshake(connect(port).await, &offer(None)).await.unwrap_err();
    assert_eq!(failed.error, Error::Alert { level: 2, description: 40, name: "handshake_failure".into() });
}

#[tokio::test]
async fn other_protocols_are_not_tls() {
    for banner in
        ["HTTP/1.1 400 Bad Request\r\n\r\n<html>", "SSH-2.0-OpenSSH_9.2\r\n", "220 mail ESMTP\r\n", "x"]
    {
        let port = raw_peer(move |mut stream| async move {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(banner.as_bytes()).await;
        })
        .await;
        let failed = handshake(connect(port).await, &offer(None)).await.unwrap_err();
        let Error::NotTls { head } = failed.error else { panic!("{banner}: {:?}", failed.error) };
        assert!(banner.as_bytes().starts_with(&head));
    }
}

#[tokio::test]
async fn after_starttls_the_banner_is_not_held_against_the_peer() {
    let acceptor = TlsAcceptor::from(Arc::new(server(&[&TLS13])));
    let port = raw_peer(move |mut stream| {
        let acceptor = acceptor.clone();
        async move {
            let _ = stream.write_all(b"220 ready\r\n").await;
            let _ = acceptor.accept(stream).await;
        }
    })
    .await;
    let mut connection = connect(port).await;
    connection.read_full(&mut [0; 11]).await.unwrap();
    handshake(connection, &offer(None)).await.unwrap();

    let port = raw_peer(|mut stream| async move {
        let _ = stream.write_all(b"220 ready\r\n").await;
        let _ = stream.read(&mut [0; 4096]).await;
    })
    .await;
    let mut connection = connect(port).await;
    connection.read_full(&mut [0; 11]).await.unwrap();
    let failed = handshake(connection, &offer(None)).await.unwrap_err();
    assert_eq!(failed.error, Error::Closed { during: Phase::Handshake });
}

#[tokio::test]
async fn silence_end_and_reset_in_the_handshake() {
    let port = raw_peer(|stream| async move {
        tokio::time::sleep(Duration::from_secs(10)).await;
        drop(stream);
    })
    .await;
    let failed = handshake(connect(port).await, &offer(None)).await.unwrap_err();
    assert_eq!(failed.error, Error::TimedOut { during: Phase::Handshake, after: Duration::from_secs(1) });

    let port = raw_peer(|mut stream| async move {
        let _ = stream.read(&mut [0; 4096]).await;
    })
    .await;
    let failed = handshake(connect(port).await, &offer(None)).await.unwrap_err();
    assert_eq!(failed.error, Error::Closed { during: Phase::Handshake });

    let port = raw_peer(|mut stream| async move {
        let _ = stream.read(&mut [0; 16]).await;
        stream.set_zero_linger().unwrap();
    })
    .await;
    let failed = handshake(connect(port).await, &offer(None)).await.unwrap_err();
    assert_eq!(failed.error, Error::Reset);
}

/// A key that the library cannot verify with says nothing about the certificate, which is recorded all the same.
#[tokio::test]
async fn a_certificate_the_library_cannot_read_is_kept() {
    #[derive(Debug)]
    struct Garbled(Arc<rustls::sign::CertifiedKey>);
    impl rustls::server::ResolvesServerCert for Garbled {
        fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<rustls::sign::CertifiedKey>> {
            Some(Arc::clone(&self.0))
        }
    }
    let (_, key) = certificate();
    let key = provider(&Offer::default()).key_provider.load_private_key(key).unwrap();
    let garbled = CertificateDer::from(b"0\x03\x02\x01\x01 not a certificate".to_vec());
    let certified = Arc::new(rustls::sign::CertifiedKey::new(vec![garbled.clone()], key));
    for versions in [&[&TLS13][..], &[&TLS12][..]] {
        let config = ServerConfig::builder_with_provider(provider(&Offer::default()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Garbled(Arc::clone(&certified))));
        let port = tls_peer(config, true).await;
        let failed = handshake(connect(port).await, &offer(None)).await.unwrap_err();
        assert!(matches!(failed.error, Error::SignatureUnsupported { .. }), "{:?}", failed.error);
        assert_eq!(failed.chain, [garbled.to_vec()]);
    }
}

/// The certificate is another server's: its key did not sign this handshake.
#[tokio::test]
async fn a_borrowed_certificate_is_found_out() {
    #[derive(Debug)]
    struct Borrowed(Arc<rustls::sign::CertifiedKey>);
    impl rustls::server::ResolvesServerCert for Borrowed {
        fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<rustls::sign::CertifiedKey>> {
            Some(Arc::clone(&self.0))
        }
    }
    let ((theirs, _), (_, own)) = (certificate(), certificate());
    let own = provider(&Offer::default()).key_provider.load_private_key(own).unwrap();
    let certified = Arc::new(rustls::sign::CertifiedKey::new(vec![theirs], own));
    let config = ServerConfig::builder_with_provider(provider(&Offer::default()))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Borrowed(certified)));
    let port = tls_peer(config, true).await;
    let failed = handshake(connect(port).await, &offer(None)).await.unwrap_err();
    assert!(matches!(failed.error, Error::SignatureWrong { .. }), "{:?}", failed.error);
}
