//! A mail server in process that says what it is told to, and a web server that gives one answer.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    time::{Duration, sleep},
};
use tokio_rustls::TlsAcceptor;

use crate::peer::Pem;

/// What a mail server says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words {
    /// On connection; empty: it hangs up.
    pub(super) banner: &'static str,
    pub(super) ehlo: &'static str,
    pub(super) starttls: &'static str,
    /// The greeting never ends.
    pub(super) endless: bool,
    /// The greeting comes letter by letter, slower than anybody waits.
    pub(super) slow: bool,
}

impl Default for Words {
    fn default() -> Self {
        Self {
            banner: "220 mx.tinh.example ESMTP\r\n",
            ehlo: "250-mx.tinh.example\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 8BITMIME\r\n",
            starttls: "220 2.0.0 Ready to start TLS\r\n",
            endless: false,
            slow: false,
        }
    }
}

/// A running mail server.
pub(super) struct Server {
    pub(super) port: u16,
    /// What it sends after STARTTLS, DER.
    pub(super) chain: Vec<Vec<u8>>,
    heard: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// Without a certificate nothing follows the answer to STARTTLS.
    pub(super) async fn start(words: Words, certificate: Option<&Pem>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            chain: certificate.map(chain).unwrap_or_default().iter().map(|der| der.to_vec()).collect(),
            heard: Arc::default(),
            connections: Arc::default(),
        };
        let acceptor = certificate.map(acceptor);
        let (heard, connections) = (Arc::clone(&server.heard), Arc::clone(&server.connections));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::Relaxed);
                let (acceptor, heard) = (acceptor.clone(), Arc::clone(&heard));
                tokio::spawn(async move { drop(talk(stream, words, acceptor, &heard).await) });
            }
        });
        server
    }

    /// Lines received in the clear.
    pub(super) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

async fn talk(
    stream: TcpStream,
    words: Words,
    acceptor: Option<TlsAcceptor>,
    heard: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    if words.endless {
        loop {
            stream.write_all(b"220-still here\r\n").await?;
        }
    }
    if words.slow {
        for letter in words.banner.bytes() {
            stream.write_all(&[letter]).await?;
            sleep(Duration::from_millis(400)).await;
        }
    }
    stream.write_all(words.banner.as_bytes()).await?;
    if words.banner.is_empty() {
        return Ok(());
    }
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end().to_owned();
        heard.lock().unwrap().push(line.clone());
        match line.split(' ').next() {
            Some("EHLO") => stream.write_all(words.ehlo.as_bytes()).await?,
            Some("STARTTLS") => {
                stream.write_all(words.starttls.as_bytes()).await?;
                if words.starttls.starts_with("220") {
                    let Some(acceptor) = acceptor else {
                        // agrees and says no more
                        sleep(Duration::from_secs(30)).await;
                        return Ok(());
                    };
                    let mut inside = acceptor.accept(stream.into_inner()).await?;
                    let _ = inside.read(&mut [0; 64]).await?;
                    return inside.write_all(b"221 bye\r\n").await;
                }
            }
            _ => return stream.write_all(b"221 bye\r\n").await,
        }
    }
}

/// A web server with this certificate that answers everything so.
pub(super) async fn web(certificate: &Pem, answer: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = acceptor(certificate);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read_u8().await {
                    Ok(octet) => head.push(octet),
                    Err(_) => break,
                }
            }
            assert!(head.starts_with(b"GET /.well-known/mta-sts.txt HTTP/1.1\r\n"));
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    port
}

/// Its certificates, DER.
pub(super) fn chain(certificate: &Pem) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(certificate.chain.as_bytes()).map(Result::unwrap).collect()
}

fn acceptor(certificate: &Pem) -> TlsAcceptor {
    let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain(certificate), key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}
