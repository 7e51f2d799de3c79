//! Web servers in process, scripted request by request and logged, and an nginx of one's own.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use khien::{
    net::{Options, Pace},
    observation::SiteName,
    target::ConnectTo,
};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What arrived.
pub(crate) struct Request {
    pub(crate) tls: bool,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) method: String,
    pub(crate) origin: Option<String>,
    pub(crate) cookie: Option<String>,
    pub(crate) agent: String,
    pub(crate) referer: Option<String>,
    /// `X-Forwarded-Proto`, from a server that passes a request on.
    pub(crate) forwarded: Option<String>,
    /// How often this URL was asked for, this time included.
    pub(crate) count: usize,
}

impl Request {
    /// Scheme, host, path.
    pub(crate) fn place(&self) -> (&'static str, &str, &str) {
        (if self.tls { "https" } else { "http" }, &self.host, &self.path)
    }
}

/// What a peer does with a request.
#[derive(Clone)]
pub(crate) enum Act {
    /// Sends this and closes.
    Send(Vec<u8>),
    /// Sends this and waits for the next request.
    Keep(Vec<u8>),
    /// Sends this, then nothing, and keeps the connection.
    Hang(String),
    /// Sends this, then a body without end.
    Forever(String),
    /// Resets the connection.
    Reset,
}

impl Act {
    pub(crate) fn raw(text: &str) -> Act {
        Act::Send(text.as_bytes().to_vec())
    }
}

pub(crate) fn ok() -> Act {
    with(&[])
}

/// A page with these fields.
pub(crate) fn with(fields: &[(&str, &str)]) -> Act {
    let fields: String = fields.iter().flat_map(|(name, value)| [*name, ": ", *value, "\r\n"]).collect();
    Act::raw(&format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 5\r\n\r\nhello"))
}

pub(crate) fn redirect(status: u16, to: &str) -> Act {
    Act::raw(&format!("HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"))
}

pub(crate) fn site_name(host: &str) -> SiteName {
    SiteName { host: host.to_owned(), port: 443 }
}

type Handler = Arc<dyn Fn(&Request) -> Act + Send + Sync>;
type Log = Arc<Mutex<Vec<String>>>;

/// A server on two ports of loopback, plain and TLS with a certificate nobody signed.
pub(crate) struct Peer {
    pub(crate) http: SocketAddr,
    pub(crate) https: SocketAddr,
    log: Log,
    connections: Arc<AtomicUsize>,
}

impl Peer {
    pub(crate) async fn start(handler: impl Fn(&Request) -> Act + Send + Sync + 'static) -> Peer {
        Self::start_at("127.0.0.1", handler).await
    }

    pub(crate) async fn start_at(
        address: &str,
        handler: impl Fn(&Request) -> Act + Send + Sync + 'static,
    ) -> Peer {
        let address = address.parse().unwrap();
        let (handler, log): (Handler, Log) = (Arc::new(handler), Arc::default());
        let connections: Arc<AtomicUsize> = Arc::default();
        let acceptor = TlsAcceptor::from(Arc::new(server_config()));
        let http =
            serve(address, None, Arc::clone(&handler), Arc::clone(&log), Arc::clone(&connections)).await;
        let https = serve(address, Some(acceptor), handler, Arc::clone(&log), Arc::clone(&connections)).await;
        Peer { http, https, log, connections }
    }

    /// Connections that were opened.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// `scheme host path` of every request, in order.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

/// Every name leads to this peer.
pub(crate) fn options(peer: &Peer) -> Options {
    lead_to(peer.http, peer.https)
}

pub(crate) fn lead_to(http: SocketAddr, https: SocketAddr) -> Options {
    let row = |port, to| ConnectTo::new(None, Some(port), to);
    Options {
        allow_private: true,
        pace: Pace::Lab,
        connect_to: vec![row(80, http), row(443, https)],
        ..Options::default()
    }
}

/// A port where nobody listens.
pub(crate) async fn closed() -> SocketAddr {
    TcpListener::bind((HERE, 0)).await.unwrap().local_addr().unwrap()
}

pub(crate) fn server_config() -> ServerConfig {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec!["another.test".into()]).unwrap().self_signed(&key).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap()
}

async fn serve(
    at: IpAddr,
    acceptor: Option<TlsAcceptor>,
    handler: Handler,
    log: Log,
    connections: Arc<AtomicUsize>,
) -> SocketAddr {
    let listener = TcpListener::bind((at, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let counts: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            connections.fetch_add(1, Ordering::Relaxed);
            let (acceptor, handler) = (acceptor.clone(), Arc::clone(&handler));
            let (log, counts) = (Arc::clone(&log), Arc::clone(&counts));
            tokio::spawn(async move {
                let answer = |head: &str, tls: bool| {
                    let mut request = read_request(head, tls);
                    let (scheme, host, path) = request.place();
                    let line = format!("{scheme} {host} {path}");
                    let mut counts = counts.lock().unwrap();
                    let count = counts.entry(line.clone()).or_default();
                    *count += 1;
                    request.count = *count;
                    log.lock().unwrap().push(line);
                    handler(&request)
                };
                match acceptor {
                    None => talk(stream, |stream| stream, |head| answer(head, false)).await,
                    Some(acceptor) => {
                        let Ok(stream) = acceptor.accept(stream).await else { return };
                        talk(stream, |stream| stream.into_inner().0, |head| answer(head, true)).await;
                    }
                }
            });
        }
    });
    address
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    inner: impl FnOnce(S) -> TcpStream,
    mut answer: impl FnMut(&str) -> Act,
) {
    let act = loop {
        let Some(head) = read_head(&mut stream).await else { return };
        match answer(&head) {
            Act::Keep(bytes) => {
                if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
                    return;
                }
            }
            other => break other,
        }
    };
    match act {
        Act::Send(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
            // Until the other side closes, so that no RST outruns what was sent.
            let _ = stream.read(&mut [0; 64]).await;
        }
        Act::Keep(_) => {}
        Act::Hang(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
            let _ = stream.flush().await;
            let _ = stream.read(&mut [0; 64]).await;
        }
        Act::Forever(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
            while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
        }
        Act::Reset => {
            let stream = inner(stream);
            stream.set_zero_linger().unwrap();
        }
    }
}

/// A request's head; nothing where the other side is done, or speaks TLS to a plain port.
async fn read_head<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            // A TLS record: what a plain HTTP server says to it.
            Ok(0x16) if head.is_empty() => {
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
                return None;
            }
            Ok(octet) => head.push(octet),
            Err(_) => return None,
        }
    }
    Some(String::from_utf8(head).unwrap())
}

fn read_request(head: &str, tls: bool) -> Request {
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap().split(' ');
    let (method, path) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
    let fields: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    assert!(fields["user-agent"].contains("khien/"), "who we are is always said");
    assert_eq!(fields["accept-encoding"], "gzip, deflate, br, zstd");
    Request {
        tls,
        host: fields["host"].clone(),
        path,
        method,
        origin: fields.get("origin").cloned(),
        cookie: fields.get("cookie").cloned(),
        agent: fields["user-agent"].clone(),
        referer: fields.get("referer").cloned(),
        forwarded: fields.get("x-forwarded-proto").cloned(),
        count: 0,
    }
}

/// A real server in a directory of its own; killed when dropped.
pub(crate) struct Nginx {
    child: Child,
    http: SocketAddr,
    https: SocketAddr,
    _directory: tempfile::TempDir,
}

impl Nginx {
    /// `None` where nginx is not installed.
    pub(crate) async fn start() -> Option<Nginx> {
        let program = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"]
            .into_iter()
            .find(|path| std::path::Path::new(path).exists())?;
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().display().to_string();
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate =
            rcgen::CertificateParams::new(vec!["a.test".into()]).unwrap().self_signed(&key).unwrap();
        std::fs::write(directory.path().join("key.pem"), key.serialize_pem()).unwrap();
        std::fs::write(directory.path().join("certificate.pem"), certificate.pem()).unwrap();
        let (http, https) = (closed().await, closed().await);
        let configuration = format!(
            "daemon off; master_process off; pid {root}/pid; error_log {root}/error.log;\n\
             events {{}}\n\
             http {{ access_log off; client_body_temp_path {root}/b; proxy_temp_path {root}/p;\n\
             fastcgi_temp_path {root}/f; uwsgi_temp_path {root}/u; scgi_temp_path {root}/s;\n\
             server {{ listen {http}; return 301 https://$host$request_uri; }}\n\
             server {{ listen {https} ssl; ssl_certificate {root}/certificate.pem;\n\
             ssl_certificate_key {root}/key.pem;\n\
             add_header Strict-Transport-Security max-age=63072000 always;\n\
             add_header X-Frame-Options SAMEORIGIN; add_header Set-Cookie PHPSESSID=0123;\n\
             location / {{ default_type text/html; return 200 hello; }} }} }}\n"
        );
        std::fs::write(directory.path().join("nginx.conf"), configuration).unwrap();
        let child = Command::new(program)
            .args(["-p", &root, "-c", "nginx.conf", "-e", &format!("{root}/error.log")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let nginx = Nginx { child, http, https, _directory: directory };
        for _ in 0..100 {
            if TcpStream::connect(https).await.is_ok() {
                return Some(nginx);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        unreachable!("nginx does not listen on {https}");
    }

    pub(crate) fn options(&self) -> Options {
        lead_to(self.http, self.https)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
