//! The same page over HTTP/2: servers that answer alike, servers that do not, and peers that flood, lie or never end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use khien::{
    net::{Net, Options},
    observation::{Attempt, Failure, Http, Http2, Phase},
    probe::http::{Visitor, endpoint, site},
    target::Www,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{
    peer,
    web_lab::{closed, lead_to, server_config, site_name},
};

const GIVEN: Duration = Duration::from_secs(2);
const HTTP1: &str = "HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=9\r\nContent-Length: 0\r\n\r\n";

/// What is sent to a peer that chose HTTP/2.
#[derive(Clone)]
enum Speaks {
    /// HTTP/2 with these fields.
    Properly(Vec<(&'static str, &'static str)>),
    /// These octets once, then these without end.
    Octets(Vec<u8>, Vec<u8>),
    /// These octets, and the end.
    Closes(Vec<u8>),
}

struct Peer {
    address: std::net::SocketAddr,
    written: Arc<AtomicU64>,
}

async fn start(protocols: &[&str], speaks: Speaks) -> Peer {
    let mut config = server_config();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, written) = (listener.local_addr().unwrap(), Arc::<AtomicU64>::default());
    let count = Arc::clone(&written);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, speaks, count) = (acceptor.clone(), speaks.clone(), Arc::clone(&count));
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                    speak(stream, speaks, &count).await;
                } else {
                    let mut head = [0; 4096];
                    if stream.read(&mut head).await.is_ok_and(|read| read > 0) {
                        let _ = stream.write_all(HTTP1.as_bytes()).await;
                        let _ = stream.read(&mut head).await;
                    }
                }
            });
        }
    });
    Peer { address, written }
}

async fn speak(mut stream: TlsStream<TcpStream>, speaks: Speaks, count: &AtomicU64) {
    match speaks {
        Speaks::Properly(fields) => {
            let accepted = h2::server::Builder::new().handshake::<_, &'static [u8]>(stream).await;
            let Ok(mut connection) = accepted else { return };
            while let Some(Ok((request, mut answer))) = connection.accept().await {
                assert_eq!(request.uri().to_string(), "https://a.test/");
                assert!(request.headers()["user-agent"].to_str().unwrap().contains("khien/"));
                let fields = fields
                    .iter()
                    .fold(http::Response::builder(), |built, (name, value)| built.header(*name, *value));
                let mut body = answer.send_response(fields.body(()).unwrap(), false).unwrap();
                body.send_data(&b"<p>x"[..], true).unwrap();
            }
        }
        Speaks::Octets(first, again) => {
            let mut octets = first;
            loop {
                if stream.write_all(&octets).await.is_err() || stream.flush().await.is_err() {
                    return;
                }
                count.fetch_add(octets.len() as u64, Ordering::Relaxed);
                if again.is_empty() {
                    let _ = stream.read(&mut [0; 4096]).await;
                    tokio::time::sleep(Duration::from_mins(1)).await;
                }
                octets.clone_from(&again);
            }
        }
        Speaks::Closes(octets) => {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(&octets).await;
            let _ = stream.shutdown().await;
        }
    }
}

async fn observed(options: Options) -> Http {
    let net = Net::without_resolver(options);
    let name = site_name("a.test");
    let lane = net.lane("127.0.0.1".parse().unwrap()).await.unwrap();
    let endpoints = [endpoint(&net, &lane, &name).await];
    drop(lane);
    let visitor =
        Visitor { net: &net, site: &name, www: Www::No, inventory: &|_| false, endpoints: &endpoints };
    let http = site(&visitor).await;
    assert_eq!(net.load().0, 0, "a lane is still held");
    http
}

async fn over(peer: &Peer) -> Attempt<Option<Http2>> {
    let options = Options { exchange_timeout: GIVEN, ..lead_to(closed().await, peer.address) };
    observed(options).await.h2
}

/// A frame (RFC 9113 section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn settings() -> Vec<u8> {
    frame(4, 0, 0, &[])
}

/// `:status: 200`, indexed (RFC 7541 appendix A).
const STATUS: &[u8] = &[0x88];

#[tokio::test]
async fn the_same_page_has_the_same_fields() {
    let fields = vec![
        ("strict-transport-security", "max-age=9"),
        ("set-cookie", "a=SECRET; Path=/"),
        ("x-a", "1"),
        ("set-cookie", "b=SECRET; Path=/"),
    ];
    let peer = start(&["h2", "http/1.1"], Speaks::Properly(fields)).await;
    let found = over(&peer).await.completed().unwrap().clone().unwrap();
    assert_eq!(found.differences.completed().unwrap().items, []);
    let answer = found.answer.completed().unwrap();
    let cookies: Vec<_> =
        answer.fields.items.iter().filter(|f| f.name == "set-cookie").map(|f| f.value.as_str()).collect();
    assert_eq!((answer.status, cookies), (200, vec!["a=<6 bytes>; Path=/", "b=<6 bytes>; Path=/"]));

    let peer = start(&["h2", "http/1.1"], Speaks::Properly(vec![("server", "x")])).await;
    let found = over(&peer).await.completed().unwrap().clone().unwrap();
    let told: Vec<_> = found
        .differences
        .completed()
        .unwrap()
        .items
        .iter()
        .map(|d| (d.what.as_str(), d.http1.as_str(), d.http2.as_str()))
        .collect();
    assert_eq!(told, [("strict-transport-security", "max-age=9", ""), ("server", "", "x")]);

    let peer = start(&["http/1.1"], Speaks::Closes(Vec::new())).await;
    assert_eq!(over(&peer).await, Attempt::Completed(None));
}

#[tokio::test]
async fn a_hostile_peer_costs_bounded_time_and_octets() {
    let headers = |flags, block: &[u8]| frame(1, flags, 1, block);
    // a literal field without indexing, and its repetition
    let field: Vec<u8> = [&[0x00, 1, b'a', 100][..], &[b'x'; 100]].concat();
    let large = field.repeat(150);
    let begun = [settings(), headers(0, STATUS)].concat();
    let answered = [settings(), headers(4, STATUS)].concat();
    let too_large = [
        settings(),
        headers(0, &[STATUS, &large].concat()),
        frame(9, 0, 1, &large).repeat(4),
        frame(9, 4, 1, &large),
    ]
    .concat();
    let early_hints = frame(1, 4, 1, &[&[0x08, 3][..], b"103"].concat());
    let cases: Vec<(&str, Speaks)> = vec![
        ("nothing", Speaks::Octets(Vec::new(), Vec::new())),
        ("settings without end", Speaks::Octets(settings(), settings().repeat(1000))),
        ("pings without end", Speaks::Octets(settings(), frame(6, 0, 0, &[0; 8]).repeat(1000))),
        ("continuations without end", Speaks::Octets(begun.clone(), frame(9, 0, 1, &large))),
        ("empty continuations without end", Speaks::Octets(begun, frame(9, 0, 1, &[]).repeat(1000))),
        ("interim answers without end", Speaks::Octets(settings(), early_hints.repeat(100))),
        ("pushes without end", Speaks::Octets(settings(), frame(5, 4, 1, &[0, 0, 0, 2, 0x82]).repeat(100))),
        ("an unknown frame without end", Speaks::Octets(settings(), frame(0xfa, 0, 0, &[0; 16_000]))),
        ("fields larger than agreed", Speaks::Octets(too_large, Vec::new())),
        ("a body without end", Speaks::Octets(answered.clone(), frame(0, 0, 1, &[b'x'; 16_000]))),
        (
            "a frame larger than agreed",
            Speaks::Octets([settings(), vec![0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]].concat(), vec![0; 60_000]),
        ),
        (
            "an empty body in pieces without end",
            Speaks::Octets(answered.clone(), frame(0, 0, 1, &[]).repeat(1000)),
        ),
        (
            "a window that overflows",
            Speaks::Octets([settings(), frame(8, 0, 0, &[0x7f, 0xff, 0xff, 0xff])].concat(), Vec::new()),
        ),
        ("another protocol", Speaks::Closes(HTTP1.as_bytes().to_vec())),
        ("goodbye", Speaks::Closes([settings(), frame(7, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 11])].concat())),
        ("a reset", Speaks::Octets([settings(), frame(3, 0, 1, &[0, 0, 0, 13])].concat(), Vec::new())),
        ("an end", Speaks::Closes(Vec::new())),
    ];
    let mut running = tokio::task::JoinSet::new();
    for (what, speaks) in cases {
        running.spawn(async move {
            let peer = start(&["h2", "http/1.1"], speaks).await;
            let start = Instant::now();
            let found = over(&peer).await;
            let (took, sent) = (start.elapsed(), peer.written.load(Ordering::Relaxed));
            assert!(took < GIVEN * 4, "{what}: {took:?}");
            // the cap of a connection is 4 MiB; what else was written stands in the sockets' buffers
            assert!(sent < 24 << 20, "{what}: {sent} octets");
            let Attempt::Completed(Some(found)) = &found else { panic!("{what}: {found:?}") };
            match (what, &found.answer) {
                // fields had come, and only the body did not end
                ("an empty body in pieces without end" | "a body without end", Attempt::Completed(_)) => {}
                (_, Attempt::Failed { failed }) => {
                    assert!(!matches!(failed, Failure::OurBug(_)), "{what}: {failed}");
                    let silent = Failure::TimedOut { during: Phase::Response, after_ms: 2000 };
                    assert!(what != "nothing" || *failed == silent, "{what}: {failed}");
                    println!("{what}: {failed} ({took:?}, {sent} octets)");
                }
                (_, other) => panic!("{what}: {other:?}"),
            }
        });
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
}

#[tokio::test]
async fn a_real_nginx_answers_alike() {
    let authority = peer::Authority::new();
    let nginx = peer::Peer::nginx(
        &authority.leaf(&["a.test"], -1, 90),
        "server { listen ADDRESS ssl http2; CERTIFICATE\n\
         add_header Strict-Transport-Security max-age=63072000; add_header Set-Cookie a=1; add_header Set-Cookie b=2;\n\
         location / { default_type text/html; return 200 hello; } }",
    );
    let http = observed(lead_to(closed().await, nginx.address())).await;
    let found = http.h2.completed().unwrap().clone().unwrap();
    let answer = found.answer.completed().unwrap();
    let cookies = answer.fields.items.iter().filter(|field| field.name == "set-cookie").count();
    assert_eq!((answer.status, cookies), (200, 2));
    assert_eq!(found.differences.completed().unwrap().items, []);
}
