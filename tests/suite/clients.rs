//! The simulated clients against real servers: each client's hello is sent to nginx and OpenSSL, and what the server
//! chooses is what was computed from the facts of the probe. Then the real programs that are at hand.

use std::{collections::BTreeMap, net::SocketAddr, process::Command, time::Duration};

use khien::{
    client::{Client, Clients, Connection, Exchange, Outcome, Why, simulate},
    observation::{Attempt, Certificate, Protocol, Tls, Vantage},
    probe::certificate::TrustStore,
    scan::{self, Plan, Probe, Probes},
    target::{ConnectTo, Www},
    wire::{
        iana,
        tls::{
            ClientHello, Event, Extension, HandshakeType, KeyShareEntry, Limits, Reassembler, Version,
            reply::{EcParameters, KeyExchangeParameters, ServerHello, ServerKeyExchange},
        },
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::peer::{Authority, Peer, Pem};

const HOST: &str = "lab.test";

/// What a server chose: version, suite, group or size of the prime.
#[derive(Debug, PartialEq)]
struct Chosen {
    version: Version,
    suite: String,
    exchange: String,
}

/// The facts of TLS and certificate that a scan finds at this server.
async fn facts(server: SocketAddr) -> (Tls, Certificate) {
    let options = khien::net::Options {
        allow_private: true,
        pace: khien::net::Pace::Lab,
        connect_to: vec![ConnectTo::new(None, None, server)],
        exchange_timeout: Duration::from_secs(3),
        ..Default::default()
    };
    let site = khien::observation::SiteName { host: HOST.to_owned(), port: 443 };
    let plan =
        Plan { targets: vec![scan::Target { site, www: Www::No, mail: false, dkim_selectors: Vec::new() }] };
    let options_of_scan = scan::Options {
        at: jiff::Timestamp::now(),
        vantage: Vantage::default(),
        probes: Probes::only([Probe::Tls, Probe::Certificate]),
        resolve_pinned: false,
        trust: std::sync::Arc::new(TrustStore::mozilla()),
        look_ups: khien::probe::certificate::LookUps::default(),
        inventoried: std::sync::Arc::new(|_| true),
    };
    let mut events = scan::run(khien::net::Net::without_resolver(options), plan, options_of_scan);
    while let Some(event) = events.recv().await {
        if let scan::Event::Finished(finished) = event {
            let Attempt::Completed(mut endpoints) = finished.observations.endpoints else { panic!() };
            let endpoint = endpoints.remove(0);
            let (Attempt::Completed(tls), Attempt::Completed(certificate)) =
                (endpoint.tls, endpoint.certificate)
            else {
                panic!("not everything was seen")
            };
            return (tls, certificate);
        }
    }
    panic!("the scan brought nothing")
}

fn version(protocol: Protocol) -> Version {
    match protocol {
        Protocol::Ssl3 => Version::SSL3,
        Protocol::Tls10 => Version::TLS10,
        Protocol::Tls11 => Version::TLS11,
        Protocol::Tls12 => Version::TLS12,
        Protocol::Tls13 => Version::TLS13,
    }
}

fn suite_code(name: &str) -> u16 {
    iana::cipher_suites().find(|suite| suite.name == name).unwrap().code
}

fn group_code(name: &str) -> u16 {
    iana::named_groups().find(|group| group.name == name).unwrap().code
}

/// A share that a server can work with, of those groups that one is wanted for.
fn share(name: &str) -> KeyShareEntry {
    use aws_lc_rs::{agreement, rand::SystemRandom};
    let key = |algorithm| {
        let private = agreement::EphemeralPrivateKey::generate(algorithm, &SystemRandom::new()).unwrap();
        private.compute_public_key().unwrap().as_ref().to_vec()
    };
    let key = match name {
        "x25519" => key(&agreement::X25519),
        "secp256r1" => key(&agreement::ECDH_P256),
        // no server here knows it
        "X25519MLKEM768" => vec![7; 1216],
        other => panic!("{other}"),
    };
    KeyShareEntry { group: group_code(name), key }
}

/// The hello of a client, from its data.
fn hello(client: &Client) -> Vec<u8> {
    let newest = version(*client.versions.iter().max().unwrap());
    let suites: Vec<u16> = client.suites.iter().map(|name| suite_code(name)).collect();
    let groups: Vec<u16> = client.groups.iter().map(|name| group_code(name)).collect();
    let mut hello = ClientHello::new(newest.min(Version::TLS12), [9; 32], suites);
    hello.cipher_suites.push(iana::EMPTY_RENEGOTIATION_INFO_SCSV);
    let mut extensions = vec![
        Extension::server_name(HOST).unwrap(),
        Extension::extended_master_secret(),
        Extension::supported_groups(&groups).unwrap(),
        Extension::ec_point_formats(&[0]).unwrap(),
    ];
    // .NET's are not recorded; Windows 10 has these
    let schemes =
        client.signatures.clone().unwrap_or_else(|| vec![0x0401, 0x0403, 0x0501, 0x0503, 0x0201, 0x0203]);
    extensions.push(Extension::signature_algorithms(&schemes).unwrap());
    if newest == Version::TLS13 {
        let versions: Vec<Version> = client.versions.iter().rev().map(|v| version(*v)).collect();
        let shares: Vec<KeyShareEntry> = client.key_shares.iter().map(|name| share(name)).collect();
        extensions.push(Extension::supported_versions(&versions).unwrap());
        extensions.push(Extension::psk_key_exchange_modes(&[1]).unwrap());
        extensions.push(Extension::key_share(&shares).unwrap());
    }
    hello.extensions = Some(extensions);
    hello.to_records().unwrap()
}

/// What the server chooses for this client; nothing where it refuses.
async fn ask(server: SocketAddr, client: &Client) -> Option<Chosen> {
    let mut stream = TcpStream::connect(server).await.unwrap();
    stream.write_all(&hello(client)).await.unwrap();
    let mut reassembler = Reassembler::new(Limits::default());
    let mut buffer = vec![0; 16_384];
    let mut chosen: Option<(Version, u16)> = None;
    loop {
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut buffer)).await.unwrap();
        match read {
            Ok(0) | Err(_) => return None,
            Ok(length) => reassembler.feed(&buffer[..length]),
        }
        while let Some(event) = reassembler.next_event().unwrap() {
            let Event::Handshake(message) = event else {
                if matches!(event, Event::Alert(_)) {
                    return None;
                }
                continue;
            };
            if message.kind == HandshakeType::SERVER_HELLO {
                let hello = ServerHello::parse(&message.body).unwrap();
                let (version, suite) = (hello.negotiated_version(), hello.cipher_suite);
                if version == Version::TLS13 {
                    let group = hello.selected_group().unwrap().unwrap();
                    return Some(told(version, suite, iana::group_name(group).into_owned()));
                }
                chosen = Some((version, suite));
            } else if let (Some((version, suite)), HandshakeType::SERVER_KEY_EXCHANGE) =
                (chosen, message.kind)
            {
                let properties = iana::cipher_suite(suite).unwrap().properties().unwrap();
                let exchange = ServerKeyExchange::parse(&properties, version, &message.body).unwrap();
                let words = match &exchange.parameters {
                    KeyExchangeParameters::Ec(EcParameters::Named { group, .. }) => {
                        iana::group_name(*group).into_owned()
                    }
                    KeyExchangeParameters::Dh(dh) => format!("{} bits", dh.prime_bits()),
                    other => panic!("{other:?}"),
                };
                return Some(told(version, suite, words));
            } else if let (Some((version, suite)), HandshakeType::SERVER_HELLO_DONE) = (chosen, message.kind)
            {
                return Some(told(version, suite, "static".to_owned()));
            }
        }
    }
}

fn told(version: Version, suite: u16, exchange: String) -> Chosen {
    Chosen { version, suite: iana::cipher_suite_name(suite).into_owned(), exchange }
}

/// Whether what was computed and what was chosen agree.
fn agrees(connection: &Connection, chosen: &Chosen, tls: &Tls) -> bool {
    let exchange = match &connection.exchange {
        Exchange::Static => chosen.exchange == "static",
        Exchange::Group(name) => chosen.exchange == *name,
        Exchange::OneOf(names) => names.contains(&chosen.exchange),
        Exchange::FiniteField(bits) => chosen.exchange == format!("{bits} bits"),
        // a server with several primes takes one by the suite's strength
        Exchange::Unknown => {
            let primes = &tls.dh_primes.completed().unwrap().items;
            primes.len() > 1 && primes.iter().any(|prime| chosen.exchange == format!("{} bits", prime.bits))
        }
    };
    let suite = connection.suite.as_ref() == Some(&chosen.suite);
    version(connection.version) == chosen.version && suite && exchange
}

/// Holds every client against one server; says how many of each outcome there were.
async fn hold(server: &Peer, what: &str) -> BTreeMap<&'static str, usize> {
    let (tls, certificate) = facts(server.address()).await;
    let mut counts = BTreeMap::new();
    for client in Clients::built_in().unwrap().all() {
        let outcome = simulate(client, &tls, Some(&certificate));
        let chosen = ask(server.address(), client).await;
        let (kind, right) = match (&outcome, &chosen) {
            (Outcome::Connects(connection), Some(chosen)) => ("connects", agrees(connection, chosen, &tls)),
            // the client's own refusal: the server knows nothing of it
            (Outcome::Fails(Why::Prime(bits)), Some(chosen)) => {
                ("refuses", chosen.exchange == format!("{bits} bits"))
            }
            (Outcome::Fails(Why::Key(_)), _) => ("refuses", true),
            (Outcome::Fails(_), None) => ("fails", true),
            _ => ("?", false),
        };
        assert!(right, "{what}: {}: {outcome:?}, and the server: {chosen:?}", client.id);
        *counts.entry(kind).or_default() += 1;
    }
    counts
}

fn rsa() -> Pem {
    Authority::new().rsa_leaf(&[HOST])
}

fn nginx(certificate: &Pem, more: &str) -> Peer {
    let block = format!(
        "server {{ listen ADDRESS ssl; server_name {HOST}; CERTIFICATE {more}
         location / {{ return 200 \"$ssl_protocol $ssl_cipher $ssl_curve\"; }} }}"
    );
    Peer::nginx(certificate, &block)
}

const INTERMEDIATE: &str = "ssl_protocols TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers off;
    ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:\
ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
    ssl_ecdh_curve X25519:prime256v1:secp384r1;";

#[tokio::test]
async fn on_nginx_every_client_gets_what_was_computed() {
    let ec = Authority::new().leaf(&[HOST], -1, 90);
    let old = "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers ALL:@SECLEVEL=0;";
    let preferring = format!("{old} ssl_prefer_server_ciphers on;");
    // IE 11 on Windows 7 and 8.1 has ECDHE with GCM for ECDSA certificates alone
    let counts = hold(&nginx(&rsa(), INTERMEDIATE), "intermediate, RSA").await;
    assert_eq!(counts.get("fails"), Some(&2), "{counts:?}");
    let counts = hold(&nginx(&ec, INTERMEDIATE), "intermediate, ECDSA").await;
    assert!(counts.get("connects") > Some(&15), "{counts:?}");
    let counts = hold(&nginx(&rsa(), "ssl_protocols TLSv1.3;"), "TLS 1.3 alone").await;
    assert!(counts.get("fails") > Some(&9) && counts.get("connects") > Some(&7), "{counts:?}");
    for (certificate, what) in [(rsa(), "RSA"), (ec, "ECDSA")] {
        hold(&nginx(&certificate, old), &format!("everything, {what}")).await;
        hold(&nginx(&certificate, &preferring), &format!("everything in its order, {what}")).await;
    }
}

#[tokio::test]
async fn on_openssl_every_client_gets_what_was_computed() {
    let folder = tempfile::tempdir().unwrap();
    let parameters = folder.path().join("dh.pem").display().to_string();
    let made = Command::new("openssl")
        .args([
            "genpkey",
            "-genparam",
            "-algorithm",
            "DH",
            "-pkeyopt",
            "group:ffdhe4096",
            "-out",
            &parameters,
        ])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let all = "ALL:@SECLEVEL=0";
    for (arguments, refusing) in [
        (vec!["-cipher", all, "-serverpref"], false),
        (vec!["-cipher", all, "-serverpref", "-prioritize_chacha"], false),
        (vec!["-cipher", all, "-groups", "P-521:P-384"], false),
        (vec!["-cipher", all, "-no_tls1_3", "-no_tls1_2"], false),
        (vec!["-cipher", "DHE:@SECLEVEL=0", "-no_tls1_3", "-dhparam", &parameters], true),
        (vec!["-cipher", "AES128-SHA:@SECLEVEL=0", "-tls1"], false),
    ] {
        let counts = hold(&Peer::openssl(&rsa(), &arguments), &format!("{arguments:?}")).await;
        // Java 8u31 takes no prime above 2048 bits
        assert_eq!(counts.contains_key("refuses"), refusing, "{arguments:?}: {counts:?}");
    }
}

/// OpenSSL's words for suites.
fn suite_names() -> BTreeMap<String, String> {
    let output = Command::new("openssl").args(["ciphers", "-stdname", "ALL:@SECLEVEL=0"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let words = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    words.filter(|words| words.len() > 2).map(|words| (words[2].to_owned(), words[0].to_owned())).collect()
}

/// What nginx says it agreed on, as its page: version, suite, curve.
fn by_openssl(server: SocketAddr) -> Option<String> {
    let script = format!(
        "printf 'GET / HTTP/1.1\\r\\nHost: {HOST}\\r\\nConnection: close\\r\\n\\r\\n' \
         | openssl s_client -quiet -servername {HOST} -connect {server} 2>/dev/null"
    );
    page(&Command::new("sh").arg("-c").arg(script).output().unwrap().stdout)
}

fn by_chromium(server: SocketAddr) -> Option<String> {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--ignore-certificate-errors", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--host-resolver-rules=MAP {HOST} {}", server.ip()))
        .arg(format!("https://{HOST}:{}/", server.port()))
        .output()
        .unwrap_or_else(|error| panic!("chromium: {error}; tests/run installs it"));
    page(&output.stdout)
}

/// The first line with a version in it.
fn page(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let at = text.find("TLSv1")?;
    text[at..].split(['<', '\n', '\r']).next().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn real_programs_get_what_was_computed() {
    let clients = Clients::built_in().unwrap();
    let named = |id: &str| clients.all().iter().find(|client| client.id == id).unwrap();
    let of_openssl = suite_names();
    for more in [
        INTERMEDIATE,
        "ssl_protocols TLSv1.2; ssl_prefer_server_ciphers on; ssl_ecdh_curve secp384r1;
         ssl_ciphers ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-GCM-SHA384;",
        "ssl_protocols TLSv1.2; ssl_ciphers AES256-GCM-SHA384:AES128-SHA;",
        "ssl_protocols TLSv1 TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;",
    ] {
        let server = nginx(&rsa(), more);
        let (tls, certificate) = facts(server.address()).await;
        for (id, said) in
            [("openssl-3-0", by_openssl(server.address())), ("chromium-156", by_chromium(server.address()))]
        {
            let outcome = simulate(named(id), &tls, Some(&certificate));
            match (&outcome, &said) {
                (Outcome::Connects(connection), Some(said)) => {
                    let words: Vec<&str> = said.split(' ').collect();
                    let suite = of_openssl.get(words[1]).map_or(words[1], String::as_str);
                    assert_eq!(connection.suite.as_deref(), Some(suite), "{id} {more}: {said}");
                    let version = serde_json::to_value(connection.version).unwrap();
                    // nginx calls TLS 1.0 by its first name
                    assert_eq!(
                        version.as_str().unwrap().replace("TLSv1.0", "TLSv1"),
                        words[0],
                        "{id} {more}"
                    );
                }
                (Outcome::Fails(_), None) => {}
                _ => panic!("{id} {more}: {outcome:?}, and in truth {said:?}"),
            }
        }
    }
}
