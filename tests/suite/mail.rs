//! The mail probe against a zone and mail servers of its own on loopback: records, STARTTLS right and wrong, servers
//! that never end, dribble or mix plain words into TLS.

mod postfix;
mod server;
mod zone;

use std::{net::IpAddr, sync::Arc, time::Duration};

use khien::{
    net::{Net, Options, Pace},
    observation::{
        Attempt, DkimKind, DmarcLevel, Failure, Mail, MailSession, MailTls, Phase, Skip, SpfFaultKind,
    },
    probe::{
        certificate::TrustStore,
        mail::{Known, Question, mail},
    },
    target::Selector,
    wire::{dmarc::Policy, mta_sts::Mode, spf::SpfResult},
};

use crate::peer::Authority;
use server::{Server, Words};
use zone::Zone;

const MX: &str = "mx.tinh.example";

/// A run over this zone; port 25 is the server's, 443 that of a web server.
fn net(zone: &Zone, smtp: Option<u16>, https: Option<u16>) -> Net {
    let ports = [smtp.map(|port| (25, port)), https.map(|port| (443, port))];
    Net::new(Options {
        resolver: Some(zone.address),
        query_timeout: Duration::from_millis(300),
        exchange_timeout: Duration::from_millis(1_500),
        pace: Pace::Lab,
        allow_private: true,
        port_map: ports.into_iter().flatten().collect(),
        ..Options::default()
    })
    .unwrap()
}

async fn look(net: &Net, host: &str, used: bool, root: &str, known: &Known) -> Mail {
    let mut trust = TrustStore::empty();
    if !root.is_empty() {
        trust.add_pem(root.as_bytes(), "root").unwrap();
    }
    let at = jiff::Timestamp::now();
    let selectors = [Selector::parse("s1").unwrap(), Selector::parse("s2").unwrap()];
    let question = Question { net, host, used, selectors: &selectors, at, trust: &trust, known };
    mail(&question).await.completed().unwrap().clone()
}

/// The records alone.
async fn records(zone: &Zone, host: &str) -> Mail {
    look(&net(zone, None, None), host, false, "", &Known::default()).await
}

fn timed_out<T>() -> Attempt<T> {
    Attempt::failed(Failure::TimedOut { during: Phase::Query, after_ms: 600 })
}

#[tokio::test]
async fn a_sound_domain() {
    let zone = Zone::new()
        .a("tinh.example", "192.0.2.1")
        .mx("tinh.example", 10, MX)
        .a(MX, "192.0.2.25")
        .txt("tinh.example", "v=spf1 mx include:_spf.nha.example -all")
        .txt("_spf.nha.example", "v=spf1 ip4:192.0.2.0/24 ?all")
        .txt("_dmarc.tinh.example", "v=DMARC1; p=reject; rua=mailto:a@tinh.example,mailto:b@nhan.example")
        .txt("tinh.example._report._dmarc.nhan.example", "v=DMARC1")
        .txt("_smtp._tls.tinh.example", "v=TLSRPTv1; rua=mailto:a@tinh.example")
        .txt("s1._domainkey.tinh.example", "v=DKIM1; p=")
        .txt("default._bimi.tinh.example", "v=BIMI1; l=https://tinh.example/a.svg")
        .start()
        .await;
    let seen = records(&zone, "www.tinh.example").await;
    assert_eq!((seen.domain.as_str(), &seen.exists), ("tinh.example", &Attempt::Completed(true)));
    let spf = seen.spf.completed().unwrap().as_ref().unwrap();
    assert_eq!(spf.fault, Attempt::Completed(None));
    assert_eq!((&spf.lookups, &spf.void_lookups), (&Attempt::Completed(2), &Attempt::Completed(0)));
    assert_eq!(spf.stranger, Attempt::Completed(SpfResult::Fail));
    let dmarc = seen.dmarc.completed().unwrap().as_ref().unwrap();
    assert_eq!((dmarc.policy, dmarc.level), (Some(Policy::Reject), DmarcLevel::Domain));
    assert_eq!(seen.dmarc, seen.dmarc_rfc7489);
    let consent: Vec<_> = dmarc.reports.items.iter().map(|report| report.consented.clone()).collect();
    assert_eq!(consent, [Attempt::Completed(None), Attempt::Completed(Some(true))]);
    assert_eq!(seen.tls_rpt.completed().unwrap().as_ref().unwrap().fault, None);
    assert_eq!(seen.dkim_name, Attempt::Completed(true));
    let keys = &seen.dkim_keys.completed().unwrap().items;
    let kinds: Vec<_> =
        keys.iter().map(|key| key.record.completed().unwrap().as_ref().map(|found| found.kind)).collect();
    assert_eq!(kinds, [Some(Some(DkimKind::Revoked)), None]);
    assert!(seen.bimi.completed().unwrap().as_ref().unwrap().logo.is_some());
    assert_eq!(seen.mta_sts, Attempt::Completed(None));
    let exchangers = &seen.mx.completed().unwrap().items;
    assert_eq!((exchangers.len(), exchangers[0].name.as_str()), (1, MX));
    assert!(exchangers[0].is_host_name);
    assert_eq!(exchangers[0].is_alias, Attempt::Completed(false));
    assert_eq!(exchangers[0].servers, Attempt::skipped(Skip::NotRequested));
}

#[tokio::test]
async fn nothing_at_all_and_no_mail() {
    let zone = Zone::new()
        .a("trong.example", "192.0.2.1")
        .a("khoa.example", "192.0.2.1")
        .mx("khoa.example", 0, ".")
        .start()
        .await;
    let seen = records(&zone, "trong.example").await;
    assert_eq!(seen.exists, Attempt::Completed(true));
    assert_eq!((&seen.spf, &seen.dmarc), (&Attempt::Completed(None), &Attempt::Completed(None)));
    assert_eq!(seen.null_mx, Attempt::Completed(false));
    assert!(seen.mx.completed().unwrap().items.is_empty());
    assert_eq!(seen.dkim_name, Attempt::skipped(Skip::DoesNotApply));
    let seen = records(&zone, "khoa.example").await;
    assert_eq!((seen.null_mx, seen.exists), (Attempt::Completed(true), Attempt::Completed(true)));
    assert!(seen.mx.completed().unwrap().items.is_empty());
    let seen = records(&zone, "khong.example").await;
    assert_eq!(seen.exists, Attempt::Completed(false));
}

#[tokio::test]
async fn silence_is_not_absence() {
    let zone = Zone::new()
        .a("tinh.example", "192.0.2.1")
        .txt("tinh.example", "v=spf1 include:im.example -all")
        .mx("tinh.example", 10, MX)
        .a(MX, "192.0.2.25")
        .silent("im.example")
        .silent("_dmarc.tinh.example")
        .silent("_mta-sts.tinh.example")
        .a("lang.example", "192.0.2.1")
        .silent("lang.example TXT")
        .silent("lang.example MX")
        .start()
        .await;
    let seen = records(&zone, "tinh.example").await;
    let spf = seen.spf.completed().unwrap().as_ref().unwrap();
    assert_eq!((&spf.fault, &spf.stranger), (&timed_out(), &timed_out()));
    assert_eq!(spf.lookups, timed_out());
    assert_eq!((&seen.dmarc, &seen.dmarc_rfc7489), (&timed_out(), &timed_out()));
    assert_eq!(seen.mta_sts, timed_out());
    let seen = records(&zone, "lang.example").await;
    assert_eq!((&seen.spf, &seen.mx), (&timed_out(), &timed_out()));
    assert_eq!(seen.exists, Attempt::Completed(true));
}

#[tokio::test]
async fn faults_are_told() {
    let eleven = format!("v=spf1{} -all", " include:mot.example".repeat(11));
    let zone = Zone::new()
        .a("tinh.example", "192.0.2.1")
        .mx("tinh.example", 5, "192.0.2.7")
        .mx("tinh.example", 10, "bi-danh.tinh.example")
        .cname("bi-danh.tinh.example", MX)
        .a(MX, "192.0.2.25")
        .txt("tinh.example", "v=spf1 +all")
        .txt("tinh.example", "v=spf1 -all")
        .txt("_dmarc.tinh.example", "v=DMARC1; p=none; rua=x@nhan.example; rua=mailto:x@nhan.example")
        .txt("_dmarc.example", "v=DMARC1; p=reject")
        .txt("_mta-sts.tinh.example", "v=STSv1; id=")
        .txt("_smtp._tls.tinh.example", "v=TLSRPTv1;")
        .a("dai.example", "192.0.2.1")
        .txt("dai.example", &eleven)
        .txt("mot.example", "v=spf1 ip4:192.0.2.1 -all")
        .txt("_dmarc.dai.example", "v=DMARC1; p=none")
        .txt("_dmarc.dai.example", "v=DMARC1; p=reject")
        .start()
        .await;
    let seen = records(&zone, "tinh.example").await;
    let fault = seen.spf.completed().unwrap().as_ref().unwrap().fault.completed().unwrap().clone().unwrap();
    assert_eq!(fault.kind, SpfFaultKind::SeveralRecords);
    let dmarc = seen.dmarc.completed().unwrap().as_ref().unwrap();
    assert_eq!((dmarc.policy, dmarc.faults.items.len()), (Some(Policy::None), 2));
    assert!(seen.mta_sts.completed().unwrap().as_ref().unwrap().fault.completed().unwrap().is_some());
    assert!(seen.tls_rpt.completed().unwrap().as_ref().unwrap().fault.is_some());
    let exchangers = &seen.mx.completed().unwrap().items;
    assert!(!exchangers[0].is_host_name, "an address is no host name");
    assert_eq!(exchangers[1].is_alias, Attempt::Completed(true));

    let seen = records(&zone, "dai.example").await;
    let spf = seen.spf.completed().unwrap().as_ref().unwrap();
    assert_eq!(spf.lookups, Attempt::Completed(11));
    assert_eq!(spf.fault.completed().unwrap().as_ref().unwrap().kind, SpfFaultKind::TooManyLookups);
    // several records: the walk of RFC 9989 goes on to the suffix, that of RFC 7489 ends
    let dmarc = seen.dmarc.completed().unwrap().as_ref().unwrap();
    assert_eq!((dmarc.at.as_str(), dmarc.policy), ("example", Some(Policy::Reject)));
    assert_eq!(seen.dmarc_rfc7489, Attempt::Completed(None));
    assert_eq!(seen.dmarc_repeated_at, Attempt::Completed(Some(String::from("dai.example"))));
}

/// What one mail server at `mx.tinh.example` is seen to do.
async fn session(server: &Server, root: &str) -> Attempt<MailSession> {
    let zone = Zone::new().mx("tinh.example", 10, MX).a(MX, "127.0.0.1").start().await;
    let net = net(&zone, Some(server.port), None);
    let seen = look(&net, "tinh.example", true, root, &Known::default()).await;
    let exchanger = &seen.mx.completed().unwrap().items[0];
    let servers = &exchanger.servers.completed().unwrap().items;
    assert_eq!((servers.len(), servers[0].address), (1, "127.0.0.1".parse::<IpAddr>().unwrap()));
    servers[0].session.clone()
}

fn tls(session: &Attempt<MailSession>) -> &MailTls {
    session.completed().unwrap().tls.completed().unwrap()
}

#[tokio::test]
async fn certificates_after_starttls() {
    let authority = Authority::new();
    for (names, from, days, expected) in [
        (&[MX][..], -1, 40, (true, true, true)),
        (&[MX], -60, 40, (false, true, true)),
        (&["khac.tinh.example"], -1, 40, (true, false, true)),
    ] {
        let server = Server::start(Words::default(), Some(&authority.leaf(names, from, days))).await;
        let seen = session(&server, &authority.root).await;
        let told = tls(&seen);
        assert_eq!((told.valid_now, told.names_host, told.trusted), expected, "{names:?}");
        assert_eq!(told.version, "TLSv1.3");
        let spoken = seen.completed().unwrap();
        assert!(spoken.starttls && !spoken.plaintext_after_starttls);
        assert_eq!(spoken.banner, "mx.tinh.example ESMTP");
        // nothing but greeting and leave: no mail, no address
        assert_eq!(server.heard(), ["EHLO khien.invalid", "STARTTLS"]);
    }
    let server = Server::start(Words::default(), Some(&crate::peer::self_signed(&[MX]))).await;
    assert!(!tls(&session(&server, &authority.root).await).trusted);
}

#[tokio::test]
async fn no_starttls_and_refusals() {
    let plain = Server::start(Words { ehlo: "250-mx\r\n250 SIZE 10\r\n", ..Words::default() }, None).await;
    let seen = session(&plain, "").await;
    assert!(!seen.completed().unwrap().starttls);
    assert_eq!(seen.completed().unwrap().tls, Attempt::skipped(Skip::DoesNotApply));
    assert_eq!(plain.heard(), ["EHLO khien.invalid", "QUIT"]);

    // a server of before EHLO has no STARTTLS
    let old = Server::start(Words { ehlo: "502 what?\r\n", ..Words::default() }, None).await;
    assert!(!session(&old, "").await.completed().unwrap().starttls);

    let refusing = Server::start(Words { starttls: "454 not now\r\n", ..Words::default() }, None).await;
    let seen = session(&refusing, "").await;
    assert!(seen.completed().unwrap().starttls);
    assert!(
        matches!(&seen.completed().unwrap().tls, Attempt::Failed { failed: Failure::Malformed(why) } if why.contains("454"))
    );

    // turned away: nothing is known of what others are offered
    for words in [
        Words { banner: "554 go away\r\n", ..Words::default() },
        Words { ehlo: "421 too many\r\n", ..Words::default() },
        Words { banner: "SSH-2.0-x\r\n", ..Words::default() },
        Words { banner: "", ..Words::default() },
    ] {
        let server = Server::start(words, None).await;
        assert!(session(&server, "").await.completed().is_none(), "{words:?}");
    }
}

#[tokio::test]
async fn words_in_the_clear_after_starttls_are_thrown_away_and_told() {
    let authority = Authority::new();
    let words = Words { starttls: "220 go\r\n250 injected.example\r\n", ..Words::default() };
    let server = Server::start(words, Some(&authority.leaf(&[MX], -1, 40))).await;
    let seen = session(&server, &authority.root).await;
    assert!(seen.completed().unwrap().plaintext_after_starttls);
    assert!(tls(&seen).trusted, "the handshake goes on with what TLS says");
}

#[tokio::test]
async fn endless_and_slow_servers_end() {
    let started = std::time::Instant::now();
    let endless = Server::start(Words { endless: true, ..Words::default() }, None).await;
    assert!(matches!(session(&endless, "").await, Attempt::Failed { failed: Failure::Malformed(_) }));
    let slow = Server::start(Words { slow: true, ..Words::default() }, None).await;
    assert!(matches!(session(&slow, "").await, Attempt::Failed { failed: Failure::TimedOut { .. } }));
    let mute = Server::start(Words { starttls: "220 go\r\n", ..Words::default() }, None).await;
    let seen = session(&mute, "").await;
    assert!(seen.completed().unwrap().starttls && seen.completed().unwrap().tls.completed().is_none());
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn tlsa_records_match_or_do_not() {
    let authority = Authority::new();
    let leaf = authority.leaf(&[MX], -1, 40);
    let server = Server::start(Words::default(), Some(&leaf)).await;
    let der = &server.chain[0];
    let digest = aws_digest(der);
    for (usage, data, expected) in [
        (3, digest.clone(), Some(true)),
        (3, vec![0; 32], Some(false)),
        (2, aws_digest(&server.chain[1]), Some(true)),
        (1, digest, None),
    ] {
        let zone = Zone::new()
            .mx("tinh.example", 10, MX)
            .a(MX, "127.0.0.1")
            .tlsa(&format!("_25._tcp.{MX}"), usage, 0, 1, data)
            .start()
            .await;
        let net = net(&zone, Some(server.port), None);
        let seen = look(&net, "tinh.example", true, &authority.root, &Known::default()).await;
        let exchanger = &seen.mx.completed().unwrap().items[0];
        assert_eq!(exchanger.tlsa.completed().unwrap().items[0].usage, usage);
        let session = &exchanger.servers.completed().unwrap().items[0].session;
        assert_eq!(tls(session).tlsa_matches, Attempt::Completed(expected), "{usage}");
    }
}

fn aws_digest(octets: &[u8]) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, octets).as_ref().to_vec()
}

/// What a real Postfix does: STARTTLS with sound and expired certificates and with another's name, TLSA that matches by
/// key and by authority, and no STARTTLS.
#[tokio::test]
async fn a_real_postfix() {
    if !postfix::is_possible() {
        println!("skipped: Postfix runs as root alone");
        return;
    }
    let authority = Authority::new();
    let sound = authority.leaf(&[MX], -1, 40);
    let expired = authority.leaf(&[MX], -40, 10);
    let foreign = authority.leaf(&["mx.khac.example"], -1, 40);
    let chain = server::chain(&sound);
    let services = [Some(&sound), None, Some(&expired), Some(&foreign)];
    let postfix = postfix::Postfix::start(&services);
    let mut told = Vec::new();
    for number in 0..4 {
        let zone = Zone::new()
            .mx("tinh.example", 10, MX)
            .a(MX, &postfix::address(number).to_string())
            .tlsa(&format!("_25._tcp.{MX}"), 3, 0, 1, aws_digest(&chain[0]))
            .tlsa(&format!("_25._tcp.{MX}"), 2, 0, 1, aws_digest(&chain[1]))
            .start()
            .await;
        let net = net(&zone, Some(postfix.port), None);
        let seen = look(&net, "tinh.example", true, &authority.root, &Known::default()).await;
        let exchanger = &seen.mx.completed().unwrap().items[0];
        told.push(exchanger.servers.completed().unwrap().items[0].session.completed().unwrap().clone());
    }
    for session in &told {
        assert!(session.banner.contains("ESMTP Postfix"), "{}", session.banner);
        assert!(!session.plaintext_after_starttls);
    }
    assert_eq!(told.iter().map(|one| one.starttls).collect::<Vec<_>>(), [true, false, true, true]);
    assert_eq!(told[1].tls, Attempt::skipped(Skip::DoesNotApply));
    for (number, expected) in [
        (0, (true, true, true, Some(true))),
        // the authority that a record names signed these too, but one is expired and one is another's
        (2, (false, true, true, Some(false))),
        (3, (true, false, true, Some(false))),
    ] {
        let tls = told[number].tls.completed().unwrap();
        assert_eq!(tls.version, "TLSv1.3");
        let matches = tls.tlsa_matches.completed().copied().unwrap();
        assert_eq!((tls.valid_now, tls.names_host, tls.trusted, matches), expected, "{number}");
    }
}

#[tokio::test]
async fn a_provider_is_asked_once_for_all_its_domains() {
    let authority = Authority::new();
    let server = Server::start(Words::default(), Some(&authority.leaf(&[MX], -1, 40))).await;
    let mut zone = Zone::new().a(MX, "127.0.0.1");
    for number in 0..20 {
        zone = zone.mx(&format!("xa{number}.example"), 10, MX);
    }
    let zone = zone.start().await;
    let net = net(&zone, Some(server.port), None);
    let (known, root) = (Arc::new(Known::default()), authority.root.clone());
    let mut sites = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (net, known, root) = (net.clone(), Arc::clone(&known), root.clone());
        // spawned: the run's jobs are, so the probe must be `Send`
        sites.spawn(async move { look(&net, &format!("xa{number}.example"), true, &root, &known).await });
    }
    let mut seen = 0;
    while let Some(mail) = sites.join_next().await {
        let mail = mail.unwrap();
        let session = &mail.mx.completed().unwrap().items[0].servers.completed().unwrap().items[0].session;
        assert!(tls(session).trusted);
        seen += 1;
    }
    assert_eq!((seen, server.connections()), (20, 1));
}

#[tokio::test]
async fn policies_of_mta_sts() {
    let sound = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 71\r\n\r\n\
                 version: STSv1\r\nmode: enforce\r\nmx: mx.tinh.example\r\nmax_age: 604800\r\n\r\n\r\n";
    let other = sound.replace("mx: mx.tinh.example", "mx: *.khac.example.");
    let html = sound.replace("text/plain", "text/html");
    let broken_off = sound.replace("Content-Length: 71", "Content-Length: 710");
    let moved = "HTTP/1.1 301 Moved\r\nLocation: https://khac.example/\r\nContent-Length: 0\r\n\r\n";
    for (answer, trusted, expected) in [
        (sound, true, Ok((Mode::Enforce, 0))),
        (&broken_off, true, Err("")),
        (&other, true, Ok((Mode::Enforce, 1))),
        (&html, true, Err("text/html")),
        (moved, true, Err("status 301")),
        (sound, false, Err("certificate")),
    ] {
        let authority = Authority::new();
        let host = if trusted { "mta-sts.tinh.example" } else { "khac.tinh.example" };
        let port = server::web(&authority.leaf(&[host], -1, 40), answer.to_owned()).await;
        let zone = Zone::new()
            .mx("tinh.example", 10, MX)
            .a(MX, "192.0.2.25")
            .txt("_mta-sts.tinh.example", "v=STSv1; id=1")
            .a("mta-sts.tinh.example", "127.0.0.1")
            .start()
            .await;
        let net = net(&zone, None, Some(port));
        let seen = look(&net, "tinh.example", false, &authority.root, &Known::default()).await;
        let sts = seen.mta_sts.completed().unwrap().clone().unwrap();
        match expected {
            Ok((mode, missing)) => {
                let policy = sts.policy.completed().unwrap();
                assert_eq!(sts.fault, Attempt::Completed(None));
                assert_eq!((policy.mode, policy.missing.completed().unwrap().items.len()), (mode, missing));
            }
            // nothing is known of a file that did not come whole
            Err("") => assert_eq!(sts.fault, Attempt::failed(Failure::Closed)),
            Err(word) => {
                let why = sts.fault.completed().unwrap().clone().unwrap();
                assert!(why.contains(word), "{why}");
            }
        }
    }
}
