//! What went wrong against real and hostile servers once, each as a test: hang-ups by turns, hellos that are too long
//! for somebody on the path, keys that the TLS library does not take, deleted cookies, gateways without a site.

use std::{collections::BTreeMap, net::SocketAddr, process::Command, sync::Arc, time::Duration};

use khien::{
    net::{Net, Options, Pace},
    observation::{
        Attempt, Document, Failure, Http, Observations, Phase, Support, Upgrade, Vantage, Versions,
    },
    probe::{
        certificate::{LookUps, TrustStore},
        http::{FirstAnswers, Visitor, endpoint, site},
        tls,
    },
    report::{SiteReport, judge},
    rule::{RuleSet, Verdict},
    scan::{self, Plan, Probe, Probes},
    target::{ConnectTo, Www},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use crate::{
    peer::{Authority, Peer, Pem},
    web_lab::{self, Act, Request, with},
};

const HOST: &str = "lab.test";
/// OpenSSL 3 leaves TLS 1.0 and 1.1 out unless it is told so.
const ALL_VERSIONS: [&str; 2] = ["-cipher", "DEFAULT:@SECLEVEL=0"];

/// What stands in front of a server does with a connection.
enum Door {
    Open,
    Reset,
    Mute,
}

/// Listens in front of `server` and decides on each connection by its number, from 0, and the first flight.
async fn front(
    server: SocketAddr,
    decide: impl Fn(usize, &[u8]) -> Door + Clone + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind(crate::peer::free_address()).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for number in 0.. {
            let Ok((mut client, _)) = listener.accept().await else { return };
            let decide = decide.clone();
            tokio::spawn(async move {
                let Ok(flight) = first_flight(&mut client).await else { return };
                match decide(number, &flight) {
                    Door::Open => {
                        let Ok(mut upstream) = TcpStream::connect(server).await else { return };
                        let _ = upstream.write_all(&flight).await;
                        let _ = copy_bidirectional(&mut client, &mut upstream).await;
                    }
                    Door::Reset => client.set_zero_linger().unwrap(),
                    Door::Mute => tokio::time::sleep(Duration::from_secs(4)).await,
                }
            });
        }
    });
    address
}

/// One TLS record, or whatever a hello of another kind is.
async fn first_flight(client: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut flight = vec![0; 5];
    client.read_exact(&mut flight).await?;
    if let [22, 3, _, high, low] = flight[..] {
        let mut body = vec![0; usize::from(u16::from_be_bytes([high, low]))];
        client.read_exact(&mut body).await?;
        flight.append(&mut body);
    } else {
        client.read_buf(&mut flight).await?;
    }
    Ok(flight)
}

/// The suites of a hello of SSL 3 or later; 0 for any other.
fn suite_count(flight: &[u8]) -> usize {
    let Some(&session) = flight.get(43).filter(|_| flight.first() == Some(&22)) else { return 0 };
    let at = 44 + usize::from(session);
    flight.get(at..at + 2).map_or(0, |octets| usize::from(u16::from_be_bytes([octets[0], octets[1]])) / 2)
}

async fn probe(address: SocketAddr) -> tls::Seen {
    let net = Net::without_resolver(Options {
        allow_private: true,
        pace: Pace::Lab,
        connect_to: vec![ConnectTo::new(None, None, address)],
        exchange_timeout: Duration::from_secs(2),
        ..Options::default()
    });
    let lane = net.lane(address.ip()).await.unwrap();
    tls::tls(&lane, HOST, 443, &tls::Known::default()).await
}

fn modern(versions: &Versions) -> [&Attempt<Support>; 4] {
    [&versions.tls1_0, &versions.tls1_1, &versions.tls1_2, &versions.tls1_3]
}

/// Of several machines behind one address, one is down: whoever answers in front resets every second, third … time.
#[tokio::test]
async fn a_back_end_that_hangs_up_by_turns_hid_a_version() {
    let server = Peer::openssl(&Authority::new().leaf(&[HOST], -1, 90), &ALL_VERSIONS);
    for (period, phase) in [(2, 0), (2, 1), (3, 0), (3, 1), (3, 2), (4, 3)] {
        let by_turns = move |number: usize, _: &[u8]| {
            if number % period == phase { Door::Reset } else { Door::Open }
        };
        let seen = probe(front(server.address(), by_turns).await).await;
        let tls = seen.tls.completed().unwrap();
        for support in modern(&tls.versions) {
            let denied = *support == Attempt::Completed(Support::NotOffered);
            assert!(!denied, "{period} {phase}: {:?}", tls.versions);
        }
    }
}

/// Hang-ups on everything that is old are a refusal all the same: load balancers send no alert.
#[tokio::test]
async fn a_reset_on_every_old_hello_is_a_refusal() {
    let server = Peer::openssl(&Authority::new().leaf(&[HOST], -1, 90), &["-tls1_2"]);
    let old = |_: usize, flight: &[u8]| {
        if flight.get(9..11) == Some(&[3, 3]) { Door::Open } else { Door::Reset }
    };
    let seen = probe(front(server.address(), old).await).await;
    let versions = &seen.tls.completed().unwrap().versions;
    for support in [&versions.ssl2, &versions.ssl3, &versions.tls1_0, &versions.tls1_1] {
        assert_eq!(*support, Attempt::Completed(Support::NotOffered), "{versions:?}");
    }
    assert_eq!(versions.tls1_2, Attempt::Completed(Support::Offered));
}

#[tokio::test]
async fn a_server_that_breaks_above_64_suites_seemed_to_have_no_tls_1_2() {
    let server = Peer::openssl(&Authority::new().leaf(&[HOST], -1, 90), &ALL_VERSIONS);
    let few = |_: usize, flight: &[u8]| if suite_count(flight) > 64 { Door::Reset } else { Door::Open };
    let seen = probe(front(server.address(), few).await).await;
    let tls = seen.tls.completed().unwrap();
    for support in modern(&tls.versions) {
        assert_eq!(*support, Attempt::Completed(Support::Offered), "{:?}", tls.versions);
    }
}

/// The key shares of a post-quantum hybrid fill more than a packet, and somebody on the path drops the second one.
#[tokio::test]
async fn a_hello_too_long_for_the_path_left_the_site_untested() {
    let server = Peer::nginx(
        &Authority::new().leaf(&["a.test"], -1, 90),
        "server { listen ADDRESS ssl; CERTIFICATE location / { return 200 ok; } }",
    );
    let short = |_: usize, flight: &[u8]| if flight.len() > 1400 { Door::Mute } else { Door::Open };
    let address = front(server.address(), short).await;
    let seen = probe(address).await;
    assert!(seen.tls.completed().unwrap().handshake.completed().is_some(), "{:?}", seen.tls);
    let net = Net::without_resolver(Options {
        allow_private: true,
        pace: Pace::Lab,
        connect_to: vec![ConnectTo::new(None, Some(443), address)],
        exchange_timeout: Duration::from_secs(2),
        ..Options::default()
    });
    let lane = net.lane(address.ip()).await.unwrap();
    let first = khien::probe::http::secure(&net, &lane, &web_lab::site_name("a.test")).await;
    assert!(first.completed().is_some(), "{first:?}");
}

/// The library calls whatever a short key signed a bad signature.
#[tokio::test]
async fn a_key_of_1024_bits_was_accused_of_a_wrong_signature() {
    let server = Peer::openssl(&rsa_1024(), &ALL_VERSIONS);
    let seen = probe(server.address()).await;
    let handshake = &seen.tls.completed().unwrap().handshake;
    assert!(
        matches!(handshake, Attempt::Failed { failed: Failure::Unsupported(why) } if why.contains("1024 bits")),
        "{handshake:?}"
    );
    assert_eq!(seen.chain.completed().map(Vec::len), Some(1));
}

fn rsa_1024() -> Pem {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:1024", "-nodes", "-subj", "/CN=lab.test", "-keyout", "-"])
        .output()
        .unwrap();
    let text = String::from_utf8(made.stdout).unwrap();
    let at = text.find("-----BEGIN CERTIFICATE").unwrap();
    Pem { chain: text[at..].to_owned(), key: text[..at].to_owned() }
}

/// TLS 1.3 shows its certificate to who shares a cipher suite; the reason given was another connection's.
#[tokio::test]
async fn a_certificate_nobody_could_see_had_a_stranger_as_its_reason() {
    let server = Peer::openssl(
        &Authority::new().leaf(&[HOST], -1, 90),
        &["-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_8_SHA256"],
    );
    let seen = probe(server.address()).await;
    assert_eq!(seen.tls.completed().unwrap().versions.tls1_3, Attempt::Completed(Support::Offered));
    let expected = Failure::Alert { description: "handshake_failure".into() };
    assert_eq!(seen.chain, Attempt::failed(expected));
}

/// The site `a.test` as one address answers it.
async fn visit(net: &Net) -> Http {
    let name = web_lab::site_name("a.test");
    let lane = net.lane("127.0.0.1".parse().unwrap()).await.unwrap();
    let first = endpoint(net, &lane, &name).await;
    drop(lane);
    judge_nothing(net, &[first]).await
}

async fn judge_nothing(net: &Net, endpoints: &[FirstAnswers]) -> Http {
    let name = web_lab::site_name("a.test");
    site(&Visitor { net, site: &name, www: Www::No, inventory: &|_| false, endpoints }).await
}

async fn http_of(handler: impl Fn(&Request) -> Act + Send + Sync + 'static) -> Http {
    let peer = web_lab::Peer::start(handler).await;
    visit(&Net::without_resolver(web_lab::options(&peer))).await
}

#[tokio::test]
async fn a_cookie_that_php_takes_away_was_a_session_without_protection() {
    let http = http_of(|_| {
        with(&[
            ("Set-Cookie", "PHPSESSID=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; path=/"),
            ("Set-Cookie", "JSESSIONID=1; expires=Fri, 01-Jan-2100 00:00:01 GMT"),
        ])
    })
    .await;
    let cookies = http.cookies.completed().unwrap();
    let names: Vec<&str> = cookies.items.iter().map(|cookie| cookie.name.as_str()).collect();
    assert_eq!(names, ["JSESSIONID"]);
}

/// nginx leaves `add_header` out of the pages it makes itself, so they show nothing of the site.
#[tokio::test]
async fn the_fields_of_a_gateways_error_page_were_taken_for_the_sites() {
    for status in [502_u16, 504] {
        let http = http_of(move |_| {
            Act::raw(&format!("HTTP/1.1 {status} Gateway\r\nServer: nginx\r\nContent-Length: 0\r\n\r\n"))
        })
        .await;
        assert_eq!(http.hsts, Attempt::failed(Failure::Blocked { status, by: None }));
        assert_eq!(http.content_type_options, Attempt::failed(Failure::Blocked { status, by: None }));
        assert_eq!(http.https_reachable, Attempt::Completed(true));
    }
}

/// Nothing listens on port 80, and on 443 something does that is no HTTPS for this site.
#[tokio::test]
async fn a_port_443_without_https_was_called_untested() {
    let net = Net::without_resolver(Options { allow_private: true, ..Options::default() });
    let alert = |description: &str| Failure::Alert { description: description.into() };
    let silence = Failure::TimedOut { during: Phase::Handshake, after_ms: 1 };
    for (https, expected) in [
        (Failure::NotTls, Some(false)),
        (alert("unrecognized_name"), Some(false)),
        // TLS is spoken there, if not so that we could go on
        (alert("handshake_failure"), Some(true)),
        (silence, None),
        (Failure::Refused, None),
    ] {
        let lane = net.lane("127.0.0.1".parse().unwrap()).await.unwrap();
        let first =
            FirstAnswers::new(&lane, Attempt::failed(Failure::Refused), Attempt::failed(https.clone()));
        drop(lane);
        let http = judge_nothing(&net, &[first]).await;
        assert_eq!(http.https_reachable.completed().copied(), expected, "{https:?}");
        assert_eq!(http.upgrade, Attempt::Completed(Upgrade::PortClosed));
    }
}

/// What a whole scan of [`HOST`] at this address finds, DNS left out: the facts as JSON, and the rules' verdicts.
async fn judged(
    address: SocketAddr,
    authority: &Authority,
) -> (serde_json::Value, BTreeMap<String, Verdict>) {
    let to = vec![ConnectTo::new(None, None, address)];
    let (facts, report) = scanned(HOST, Www::No, to, &authority.root, &RuleSet::built_in().unwrap()).await;
    (facts, report.findings.iter().map(|f| (f.rule.to_string(), f.verdict)).collect())
}

/// A scan through these rows, DNS left out, with one more root to trust.
pub(crate) struct Scan<'s> {
    pub(crate) connect_to: Vec<ConnectTo>,
    pub(crate) root: &'s str,
    pub(crate) probes: Probes,
    pub(crate) look_ups: LookUps,
    pub(crate) exchange_timeout: Duration,
}

impl Scan<'_> {
    pub(crate) fn start(self, targets: Vec<scan::Target>) -> tokio::sync::mpsc::Receiver<scan::Event> {
        let net = Net::without_resolver(Options {
            allow_private: true,
            pace: Pace::Lab,
            connect_to: self.connect_to,
            exchange_timeout: self.exchange_timeout,
            ..Options::default()
        });
        let mut trust = TrustStore::mozilla();
        trust.add_pem(self.root.as_bytes(), "root.pem").unwrap();
        let options = scan::Options {
            at: jiff::Timestamp::now(),
            vantage: Vantage { name: "test".into(), inside: false },
            probes: self.probes,
            resolve_pinned: false,
            trust: Arc::new(trust),
            look_ups: self.look_ups,
            inventoried: Arc::new(|_| false),
        };
        scan::run(net, Plan { targets }, options)
    }

    /// What is seen of the only site.
    pub(crate) async fn only(self, target: scan::Target) -> Observations {
        let mut events = self.start(vec![target]);
        while let Some(event) = events.recv().await {
            if let scan::Event::Finished(seen) = event {
                return seen.observations;
            }
        }
        unreachable!("the scan ended without its only site")
    }
}

/// One site scanned through these rows: the facts as JSON, and the report.
pub(crate) async fn scanned(
    host: &str,
    www: Www,
    connect_to: Vec<ConnectTo>,
    root: &str,
    rules: &RuleSet,
) -> (serde_json::Value, SiteReport) {
    let probes = Probes::only([Probe::Tls, Probe::Certificate, Probe::Http]);
    scanned_by(probes, host, www, connect_to, root, rules).await
}

/// The same by these probes.
pub(crate) async fn scanned_by(
    probes: Probes,
    host: &str,
    www: Www,
    connect_to: Vec<ConnectTo>,
    root: &str,
    rules: &RuleSet,
) -> (serde_json::Value, SiteReport) {
    let scan = Scan {
        connect_to,
        root,
        probes,
        look_ups: LookUps::default(),
        // nobody is silent here: only a busy machine is slow
        exchange_timeout: Duration::from_secs(5),
    };
    let seen = scan
        .only(scan::Target { site: web_lab::site_name(host), www, mail: false, dkim_selectors: Vec::new() })
        .await;
    let report = judge(rules, &Document::try_from(&seen).unwrap());
    (serde_json::to_value(&seen).unwrap(), report)
}

/// IIS up to 2012 R2 and old Java: the library has no suite in common with them, and all of HTTP was lost.
#[tokio::test]
async fn a_server_without_aead_was_not_looked_at() {
    let authority = Authority::new();
    let (rsa, ecdsa) = (authority.rsa_leaf(&[HOST]), authority.leaf(&[HOST], -1, 90));
    for (cipher, certificate, name) in [
        ("ECDHE-RSA-AES128-SHA", &rsa, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
        ("ECDHE-RSA-AES256-SHA", &rsa, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
        ("ECDHE-RSA-AES128-SHA256", &rsa, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"),
        ("ECDHE-ECDSA-AES128-SHA", &ecdsa, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
        ("ECDHE-ECDSA-AES256-SHA", &ecdsa, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
        ("ECDHE-ECDSA-AES128-SHA256", &ecdsa, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"),
    ] {
        let openssl = Peer::openssl(certificate, &["-no_tls1_3", "-cipher", cipher, "-www"]);
        let nginx = Peer::nginx(
            certificate,
            &format!(
                "server {{ listen ADDRESS ssl; CERTIFICATE ssl_protocols TLSv1.2; ssl_ciphers {cipher};\n\
                 add_header Strict-Transport-Security max-age=63072000; add_header X-Frame-Options DENY;\n\
                 location / {{ default_type text/html; return 200 hello; }} }}"
            ),
        );
        for (server, has_hsts) in [(openssl, Verdict::Fail), (nginx, Verdict::Pass)] {
            let (facts, verdicts) = judged(server.address(), &authority).await;
            let text = facts.to_string();
            assert!(text.contains(&format!("\"cipher_suite\":\"{name}\"")), "{cipher}: {text}");
            assert_eq!(facts["http"]["https_reachable"], true, "{cipher}: {text}");
            for (rule, expected) in [
                ("tls-https-missing", Verdict::Pass),
                ("tls-modern-version-missing", Verdict::Pass),
                ("certificate-untrusted-root", Verdict::Pass),
                ("http-hsts-missing", has_hsts),
                ("http-clickjacking-unprotected", has_hsts),
                ("http-nosniff-missing", Verdict::Fail),
            ] {
                assert_eq!(verdicts[rule], expected, "{cipher} {rule}: {text}");
            }
        }
    }
}
