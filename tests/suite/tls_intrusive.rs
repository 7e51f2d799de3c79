//! Old holes: servers written by hand that have one, that have none, and that only look as if; and the real ones of today,
//! which have none.

use std::{
    io::Write as _,
    net::SocketAddr,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use khien::{
    net::{Net, Options, Pace},
    observation::{Attempt, Intrusive, Tls, Weakness},
    probe::tls,
    target::ConnectTo,
    wire::tls::{
        Alert, ClientHello, ContentType, Extension, ExtensionType, HandshakeType, MAX_FRAGMENT, Message,
        Record, RecordReader, Version, reply, to_records,
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::peer::{Authority, Peer, Pem};

const HOST: &str = "lab.test";
const OPEN: Attempt<Weakness> = Attempt::Completed(Weakness::Vulnerable);
const CLOSED: Attempt<Weakness> = Attempt::Completed(Weakness::NotVulnerable);

async fn probe(address: SocketAddr, intrusive: bool) -> Tls {
    let net = Net::without_resolver(Options {
        allow_private: true,
        pace: Pace::Lab,
        connect_to: vec![ConnectTo::new(None, None, address)],
        exchange_timeout: std::time::Duration::from_secs(3),
        intrusive,
        ..Options::default()
    });
    let lane = net.lane(address.ip()).await.unwrap();
    let seen = tls::tls(&lane, HOST, 443, &tls::Known::default()).await;
    let Attempt::Completed(tls) = seen.tls else { panic!("{:?}", seen.tls) };
    assert!(tls.connections <= 200, "{} connections", tls.connections);
    tls
}

async fn holes(address: SocketAddr) -> Intrusive {
    let tls = probe(address, true).await;
    let Attempt::Completed(Some(seen)) = tls.intrusive else { panic!("{tls:?}") };
    seen
}

/// What a server written by hand does behind its first flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// What the RFCs say.
    Right,
    /// Answers a hollow heartbeat with memory, so many times.
    Bleeds(u32),
    /// Answers a hollow heartbeat with what is no TLS.
    Babbles,
    /// Takes early keys.
    TakesCcs,
    /// Says nothing to anything.
    Sleeps,
    /// Tells good padding from bad.
    TellsPadding,
    /// Tells this from that, each time otherwise.
    TellsAnything,
}

struct Responder {
    does: Does,
    leaf: Vec<u8>,
    key: tempfile::NamedTempFile,
    turns: AtomicU32,
}

impl Responder {
    async fn start(does: Does) -> SocketAddr {
        let pem = Authority::new().rsa_leaf(&[HOST]);
        let body: String =
            pem.chain.lines().skip(1).take_while(|line| !line.starts_with("-----END")).collect();
        let key = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(key.path(), &pem.key).unwrap();
        let leaf = STANDARD.decode(body).unwrap();
        let responder = Arc::new(Self { does, leaf, key, turns: AtomicU32::new(0) });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let responder = Arc::clone(&responder);
                tokio::spawn(async move { responder.serve(stream).await });
            }
        });
        address
    }

    /// One connection. Whatever goes wrong ends it.
    async fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let mut reader = RecordReader::default();
        let (mut changed, mut heard_hello) = (0, false);
        loop {
            let record = next(&mut stream, &mut reader).await?;
            let answer = match record.kind {
                ContentType::HANDSHAKE if changed > 0 => alert(20),
                ContentType::HANDSHAKE => match record.fragment.first()? {
                    1 if !heard_hello => {
                        heard_hello = true;
                        self.first_flight(&record)?
                    }
                    16 => self.key_exchange(&record.fragment)?,
                    _ if self.does == Does::Sleeps => Vec::new(),
                    _ => alert(10),
                },
                ContentType::CHANGE_CIPHER_SPEC => {
                    changed += 1;
                    match (self.does, changed) {
                        (Does::TakesCcs, 1) | (Does::Sleeps, _) => Vec::new(),
                        (Does::TakesCcs, _) => alert(20),
                        _ => alert(10),
                    }
                }
                ContentType::HEARTBEAT => self.heartbeat(),
                _ => return None,
            };
            stream.write_all(&answer).await.ok()?;
            if is_alert(&answer) {
                stream.shutdown().await.ok()?;
                return None;
            }
        }
    }

    fn first_flight(&self, record: &Record) -> Option<Vec<u8>> {
        let hello = ClientHello::parse(record.version, record.fragment.get(4..)?).ok()?;
        let versions = hello.offered_versions().ok()?;
        if !versions.iter().any(|version| *version >= Version::TLS12) || versions == [Version::TLS13] {
            return Some(alert(70));
        }
        let suite = [0x002f, 0x0035].into_iter().find(|suite| hello.cipher_suites.contains(suite));
        let Some(cipher_suite) = suite else { return Some(alert(40)) };
        let mut extensions = vec![Extension::renegotiation_info(&[]).ok()?];
        if hello.extension(ExtensionType::HEARTBEAT).is_some() {
            extensions.push(Extension::heartbeat(1));
        }
        let hello = reply::ServerHello {
            legacy_version: Version::TLS12,
            random: [7; 32],
            session_id: Vec::new(),
            cipher_suite,
            compression_method: 0,
            extensions: Some(extensions),
        };
        let version = Version::TLS12;
        let mut flight = hello.to_message(version).ok()?.to_records().ok()?;
        let certificate = reply::Certificate { chain: vec![self.leaf.clone()] };
        flight.extend(certificate.to_message(version).ok()?.to_records().ok()?);
        let done =
            Message { record_version: version, kind: HandshakeType::SERVER_HELLO_DONE, body: Vec::new() };
        flight.extend(done.to_records().ok()?);
        Some(flight)
    }

    fn heartbeat(&self) -> Vec<u8> {
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        match self.does {
            Does::Bleeds(times) if turn < times => {
                let memory = [&[2, 0x40, 0][..], &[b'm'; 0x3ff0]].concat();
                to_records(ContentType::HEARTBEAT, Version::TLS12, &memory, MAX_FRAGMENT).unwrap()
            }
            Does::Babbles => b"220 FTP server ready, and more of it than was asked for\r\n".to_vec(),
            _ => Vec::new(),
        }
    }

    /// What is answered to a key exchange at once: nothing, where it is to go on.
    fn key_exchange(&self, message: &[u8]) -> Option<Vec<u8>> {
        match self.does {
            Does::TellsPadding => {
                let padded = self.decrypted(message.get(6..)?)?;
                let at = padded.iter().skip(2).position(|octet| *octet == 0).map(|at| at + 2);
                let right = padded.starts_with(&[0, 2]) && at == Some(padded.len() - 49);
                Some(if right { Vec::new() } else { alert(47) })
            }
            Does::TellsAnything => {
                let turn = self.turns.fetch_add(1, Ordering::Relaxed);
                Some(alert([20, 47, 51, 10, 20, 80, 47][turn as usize % 7]))
            }
            _ => Some(Vec::new()),
        }
    }

    fn decrypted(&self, octets: &[u8]) -> Option<Vec<u8>> {
        let mut openssl = Command::new("openssl")
            .args(["pkeyutl", "-decrypt", "-pkeyopt", "rsa_padding_mode:none", "-inkey"])
            .arg(self.key.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        openssl.stdin.take()?.write_all(octets).ok()?;
        Some(openssl.wait_with_output().ok()?.stdout)
    }
}

async fn next(stream: &mut TcpStream, reader: &mut RecordReader) -> Option<Record> {
    loop {
        if let Some(record) = reader.next_record().ok()? {
            return Some(record);
        }
        let mut buffer = [0; 4096];
        let length = stream.read(&mut buffer).await.ok().filter(|length| *length > 0)?;
        reader.feed(&buffer[..length]);
    }
}

fn alert(description: u8) -> Vec<u8> {
    let octets = Alert::fatal(description).to_octets();
    to_records(ContentType::ALERT, Version::TLS12, &octets, MAX_FRAGMENT).unwrap()
}

fn is_alert(answer: &[u8]) -> bool {
    answer.first() == Some(&ContentType::ALERT.0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hole_is_found_and_no_other() {
    let sound = Intrusive { heartbleed: CLOSED, ccs_injection: CLOSED, ticketbleed: CLOSED, robot: CLOSED };
    for (does, expected) in [
        (Does::Right, sound.clone()),
        (Does::Bleeds(u32::MAX), Intrusive { heartbleed: OPEN, ..sound.clone() }),
        (Does::TakesCcs, Intrusive { ccs_injection: OPEN, ..sound.clone() }),
        (Does::TellsPadding, Intrusive { robot: OPEN, ..sound.clone() }),
    ] {
        // no handshake is ever completed there, so that nothing is known of tickets
        let seen = holes(Responder::start(does).await).await;
        assert!(matches!(seen.ticketbleed, Attempt::Failed { .. }), "{seen:?}");
        assert_eq!(Intrusive { ticketbleed: CLOSED, ..seen }, expected, "{does:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_looks_open_is_not_called_so() {
    let unknown = |seen: &Attempt<Weakness>| matches!(seen, Attempt::Failed { .. });
    let once = holes(Responder::start(Does::Bleeds(1)).await).await;
    assert!(unknown(&once.heartbleed), "{once:?}");
    let text = holes(Responder::start(Does::Babbles).await).await;
    assert!(unknown(&text.heartbleed), "{text:?}");
    let asleep = holes(Responder::start(Does::Sleeps).await).await;
    assert!(unknown(&asleep.heartbleed) && unknown(&asleep.ccs_injection), "{asleep:?}");
    let noisy = holes(Responder::start(Does::TellsAnything).await).await;
    assert!(unknown(&noisy.robot), "{noisy:?}");
    assert_eq!((noisy.heartbleed, noisy.ccs_injection), (CLOSED, CLOSED));
}

#[tokio::test]
async fn nothing_is_looked_for_without_being_told_to() {
    let tls = probe(Responder::start(Does::Bleeds(u32::MAX)).await, false).await;
    assert_eq!(tls.intrusive, Attempt::Completed(None));
}

/// Stands before a real server and puts memory behind short session ids, as F5's did.
async fn bleeding_proxy(behind: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(relay(client, behind));
        }
    });
    address
}

async fn relay(mut client: TcpStream, behind: SocketAddr) -> Option<()> {
    let mut server = TcpStream::connect(behind).await.ok()?;
    let (mut from_client, mut from_server) = (vec![0; 16_384], vec![0; 16_384]);
    let (mut short_id, mut first) = (false, true);
    loop {
        tokio::select! {
            length = client.read(&mut from_client) => {
                let length = length.ok().filter(|length| *length > 0)?;
                // the length of the session id stands behind record, header, version and random
                short_id |= from_client[0] == 22 && from_client.get(43).is_some_and(|id| (1..32).contains(id));
                server.write_all(&from_client[..length]).await.ok()?;
            }
            length = server.read(&mut from_server) => {
                let length = length.ok().filter(|length| *length > 0)?;
                let mut octets = from_server[..length].to_vec();
                if short_id && std::mem::take(&mut first) && octets[0] == 22 && octets[5] == 2 {
                    let id = usize::from(octets[43]);
                    let more = 32 - id;
                    octets.splice(44 + id..44 + id, std::iter::repeat_n(b'm', more));
                    octets[43] = 32;
                    octets[8] += u8::try_from(more).unwrap();
                    octets[4] += u8::try_from(more).unwrap();
                }
                client.write_all(&octets).await.ok()?;
            }
        }
    }
}

fn rsa() -> Pem {
    Authority::new().rsa_leaf(&[HOST])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_behind_a_short_session_id_is_found() {
    let server = Peer::openssl(&rsa(), &["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"]);
    let seen = holes(bleeding_proxy(server.address()).await).await;
    assert_eq!(seen.ticketbleed, OPEN, "{seen:?}");
    let seen = holes(server.address()).await;
    assert_eq!(seen.ticketbleed, CLOSED, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_of_today_have_none() {
    let sound = Intrusive { heartbleed: CLOSED, ccs_injection: CLOSED, ticketbleed: CLOSED, robot: CLOSED };
    let openssl = Peer::openssl(&rsa(), &["-cipher", "AES128-SHA:AES256-GCM-SHA384:ECDHE-RSA-AES128-SHA"]);
    assert_eq!(holes(openssl.address()).await, sound, "OpenSSL");
    let block = "server { listen ADDRESS ssl; CERTIFICATE ssl_ciphers AES128-SHA:ECDHE+AESGCM; }";
    assert_eq!(holes(Peer::nginx(&rsa(), block).address()).await, sound, "nginx");
    let gnutls = Peer::gnutls(&rsa(), &["--heartbeat"]);
    assert_eq!(holes(gnutls.address()).await, sound, "GnuTLS");
}
