//! The cases as sites of one server on loopback, plain and over TLS: what each answers is what its row says.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use serde::Deserialize;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use crate::peer::Pem;

/// What all hosts end in.
pub(super) const ZONE: &str = "case.test";
const PAGE: &str = "<!doctype html><title>Trang thử</title><p>Nội dung";

/// One row of cases.yaml.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) topic: String,
    #[serde(default)]
    pub(super) fields: Vec<String>,
    #[serde(default)]
    pub(super) policies: Vec<String>,
    #[serde(default)]
    pub(super) body: Option<String>,
    #[serde(default)]
    pub(super) routes: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(super) preflight: Option<Vec<String>>,
    #[serde(default)]
    pub(super) security_txt: Option<String>,
}

impl Case {
    pub(super) fn host(&self) -> String {
        format!("{}.{ZONE}", self.name)
    }

    fn answer(&self, scheme: &str, host: &str, request: &str) -> String {
        let mut words = request.split_whitespace();
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let origin = request.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("origin").then(|| value.trim().to_owned())
        });
        let place = format!("{scheme} {} {path}", host.replacen(&self.host(), "HOST", 1));
        if let Some(route) = self.routes.get(&place) {
            let (status, fields) = route.split_first().unwrap();
            return self.response(status, fields, origin.as_deref(), PAGE);
        }
        match (scheme, method, path) {
            ("http", _, "/") => self.response("301", &[format!("Location: https://{host}/")], None, ""),
            ("https", "OPTIONS", "/") if self.preflight.is_some() => {
                self.response("204", self.preflight.as_ref().unwrap(), origin.as_deref(), "")
            }
            ("https", _, "/" | "/home") => {
                let policies =
                    self.policies.iter().map(|policy| format!("Content-Security-Policy: {policy}"));
                let fields: Vec<String> = self.fields.iter().cloned().chain(policies).collect();
                self.response("200", &fields, origin.as_deref(), self.body.as_deref().unwrap_or(PAGE))
            }
            ("https", _, "/.well-known/security.txt") if self.security_txt.is_some() => {
                let kind = ["Content-Type: text/plain; charset=utf-8".to_owned()];
                self.response("200", &kind, None, self.security_txt.as_ref().unwrap())
            }
            _ => self.response("404", &[], None, PAGE),
        }
    }

    fn response(&self, status: &str, fields: &[String], origin: Option<&str>, body: &str) -> String {
        let mut text = format!("HTTP/1.1 {status} X\r\nConnection: close\r\n");
        for field in fields {
            let field = field.replace("HOST", &self.host());
            match (field.contains("ORIGIN"), origin) {
                (true, None) => {}
                (_, origin) => {
                    text += &format!("{}\r\n", field.replace("ORIGIN", origin.unwrap_or_default()));
                }
            }
        }
        if !fields.iter().any(|field| field.to_ascii_lowercase().starts_with("content-type:")) {
            text += "Content-Type: text/html; charset=utf-8\r\n";
        }
        let body = body.replace("HOST", &self.host());
        text + &format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }
}

/// Plain and TLS.
pub(super) async fn start(cases: Arc<Vec<Case>>, certificate: &Pem) -> (SocketAddr, SocketAddr) {
    let chain = CertificateDer::pem_slice_iter(certificate.chain.as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    (serve(Arc::clone(&cases), None).await, serve(cases, Some(acceptor)).await)
}

async fn serve(cases: Arc<Vec<Case>>, acceptor: Option<TlsAcceptor>) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (cases, acceptor) = (Arc::clone(&cases), acceptor.clone());
            tokio::spawn(async move {
                match acceptor {
                    None => talk(stream, "http", &cases).await,
                    Some(acceptor) => {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            talk(stream, "https", &cases).await;
                        }
                    }
                }
            });
        }
    });
    address
}

/// One request, one answer.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, scheme: &str, cases: &[Case]) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(octet) => head.push(octet),
            Err(_) => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let host = head
        .lines()
        .find_map(|line| line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("host")))
        .map_or("", |(_, host)| host.trim());
    let label = host.strip_suffix(ZONE).unwrap_or_default().trim_end_matches('.');
    let name = label.rsplit('.').next().unwrap_or_default();
    if let Some(case) = cases.iter().find(|case| case.name == name) {
        let _ = stream.write_all(case.answer(scheme, host, &head).as_bytes()).await;
    }
    let _ = stream.shutdown().await;
    // until the other side closes, so that no RST outruns what was sent
    let _ = stream.read(&mut [0; 64]).await;
}
