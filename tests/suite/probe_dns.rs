//! The DNS probe against the lab's zones: addresses, aliases, zone, CAA and what a failed look-up leaves standing.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr as _,
    time::Duration,
};

use crate::net::dns_lab::{Lab, Misdeed};
use hickory_proto::{
    op::Message,
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, CNAME, NS},
    },
};
use jiff::Timestamp;
use khien::{
    net::{Net, Options},
    observation::{Attempt, Dns, DnssecStatus, Failure, Phase, SiteName},
    probe::{
        dns::{Zones, dns},
        http::{Visitor, endpoint, site},
    },
    target::Www,
};
use tokio::net::UdpSocket;

fn net(lab: &Lab, options: Options) -> Net {
    Net::new(Options {
        resolver: Some(lab.address),
        trust_anchor: Some(lab.anchor_file.path().to_owned()),
        query_timeout: Duration::from_millis(300),
        ..options
    })
    .unwrap()
}

async fn ask(lab: &Lab, host: &'static str) -> (Dns, Attempt<Vec<IpAddr>>) {
    let net = net(lab, Options::default());
    // Spawned: the run's jobs are, so the probe must be `Send`.
    let (dns, addresses) =
        tokio::spawn(async move { dns(&net, &Zones::default(), Timestamp::now(), host).await })
            .await
            .unwrap();
    (dns.completed().unwrap().clone(), addresses)
}

fn chain(dns: &Dns) -> Vec<&str> {
    dns.cname.completed().unwrap().items.iter().map(|name| name.name.as_str()).collect()
}

fn timed_out<T>() -> Attempt<T> {
    Attempt::failed(Failure::TimedOut { during: Phase::Query, after_ms: 600 })
}

fn servfail<T>() -> Attempt<T> {
    Attempt::failed(Failure::Rcode(String::from("SERVFAIL")))
}

#[tokio::test]
async fn a_signed_name() {
    let lab = Lab::start(&[]).await;
    let (dns, addresses) = ask(&lab, "www.agency").await;
    assert_eq!(addresses, Attempt::Completed(vec!["203.0.113.2".parse().unwrap()]));
    let a = &dns.a.completed().unwrap().items;
    assert_eq!((a.len(), a[0].ttl), (1, 300));
    assert!(dns.aaaa.completed().unwrap().items.is_empty());
    assert_eq!(chain(&dns), Vec::<&str>::new());
    assert_eq!(dns.nxdomain, Attempt::Completed(false));
    assert_eq!(dns.zone, Attempt::Completed(String::from("agency")));
    assert_eq!(dns.ns.completed().unwrap().items[0].name, "ns.lab");
    let caa = dns.caa.completed().unwrap().clone().unwrap();
    assert_eq!(caa.at, "agency");
    let property = &caa.properties.items[0];
    assert_eq!((property.tag.as_str(), property.value.as_str()), ("issue", "letsencrypt.org"));
    assert!(property.well_formed && !property.critical);
    assert_eq!(dns.dnssec, Attempt::Completed(DnssecStatus::Secure));
}

#[tokio::test]
async fn aliases_and_names_that_are_not_there() {
    let lab = Lab::start(&[]).await;
    let (dns, addresses) = ask(&lab, "far.agency").await;
    assert_eq!(chain(&dns), ["out.agency", "www.plain"]);
    assert_eq!(addresses, Attempt::Completed(vec!["203.0.113.3".parse().unwrap()]));
    // The zone and the CAA are those of the alias: what its target lacks is looked for above the alias.
    assert_eq!(dns.zone, Attempt::Completed(String::from("agency")));
    assert_eq!(dns.caa.completed().unwrap().as_ref().unwrap().at, "agency");
    assert_eq!(dns.dnssec, Attempt::Completed(DnssecStatus::Insecure));

    let (dns, addresses) = ask(&lab, "dangling.agency").await;
    assert_eq!(chain(&dns), ["gone.agency"]);
    assert_eq!(dns.nxdomain, Attempt::Completed(true));
    assert_eq!(addresses, Attempt::failed(Failure::NoAddress));

    let (dns, addresses) = ask(&lab, "ping.agency").await;
    assert!(matches!(dns.cname, Attempt::Failed { failed: Failure::Malformed(_) }));
    assert!(matches!(addresses, Attempt::Failed { failed: Failure::Malformed(_) }));
    assert_eq!(dns.zone, Attempt::Completed(String::from("agency")));

    let (dns, addresses) = ask(&lab, "nothing.plain").await;
    assert_eq!(dns.nxdomain, Attempt::Completed(true));
    assert_eq!(addresses, Attempt::failed(Failure::NoAddress));
    assert_eq!(dns.caa, Attempt::Completed(None));
    assert_eq!(dns.zone, Attempt::Completed(String::from("plain")));

    let (dns, addresses) = ask(&lab, "agency").await;
    assert_eq!(dns.nxdomain, Attempt::Completed(false));
    assert_eq!(addresses, Attempt::failed(Failure::NoAddress));
    assert_eq!(dns.zone, Attempt::Completed(String::from("agency")));

    let (dns, _) = ask(&lab, "a.b.c.below.plain").await;
    assert_eq!(dns.zone, Attempt::Completed(String::from("below.plain")));
}

#[tokio::test]
async fn bogus_is_said_and_still_probed() {
    let lab = Lab::start(&[("tampered.agency.", Misdeed::Tamper)]).await;
    let (dns, addresses) = ask(&lab, "tampered.agency").await;
    assert_eq!(dns.dnssec, Attempt::Completed(DnssecStatus::Bogus));
    assert_eq!(addresses, Attempt::Completed(vec!["203.0.113.66".parse().unwrap()]));
    // One family bogus, the other silent: bogus all the same.
    let lab =
        Lab::start(&[("tampered.agency. A", Misdeed::Tamper), ("tampered.agency. AAAA", Misdeed::Drop)])
            .await;
    let (dns, _) = ask(&lab, "tampered.agency").await;
    assert_eq!(dns.dnssec, Attempt::Completed(DnssecStatus::Bogus));
}

#[tokio::test]
async fn what_could_not_be_asked_is_not_absent() {
    let lab = Lab::start(&[
        ("www.agency. AAAA", Misdeed::Drop),
        ("www.agency. CAA", Misdeed::ServFail),
        ("www.agency. NS", Misdeed::Refuse),
    ])
    .await;
    let (dns, addresses) = ask(&lab, "www.agency").await;
    assert_eq!(addresses, Attempt::Completed(vec!["203.0.113.2".parse().unwrap()]));
    assert_eq!(dns.aaaa, timed_out());
    assert_eq!(dns.dnssec, timed_out());
    assert_eq!(dns.nxdomain, Attempt::Completed(false));
    assert_eq!(dns.caa, servfail());
    assert_eq!(dns.zone, Attempt::failed(Failure::Rcode(String::from("REFUSED"))));

    // Above the name: the record that governs it may stand there.
    let lab = Lab::start(&[("plain. CAA", Misdeed::ServFail)]).await;
    assert_eq!(ask(&lab, "www.plain").await.0.caa, servfail());

    // No A, and AAAA unknown: there may be an address.
    let lab = Lab::start(&[("big.agency. AAAA", Misdeed::ServFail)]).await;
    assert_eq!(ask(&lab, "big.agency").await.1, servfail());

    let lab = Lab::start(&[("*", Misdeed::Drop)]).await;
    let (dns, addresses) = ask(&lab, "www.agency").await;
    assert_eq!(addresses, timed_out());
    assert_eq!(dns.a, timed_out());
    assert_eq!(dns.cname, timed_out());
    assert_eq!(dns.nxdomain, timed_out());
    assert_eq!(dns.ns, timed_out());
}

/// A resolver that says of `alias.lab` that it stands for `lab`, which is a zone with many addresses.
async fn crowded() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let query = Message::from_vec(&buffer[..length]).unwrap();
            let (name, kind) = (query.queries[0].name().clone(), query.queries[0].query_type());
            let mut answer = query.clone().into_response();
            let lab = Name::from_str("lab.").unwrap();
            if name.to_ascii() == "alias.lab." {
                answer.add_answer(Record::from_rdata(name.clone(), 60, RData::CNAME(CNAME(lab.clone()))));
            }
            let records: Vec<RData> = match kind {
                _ if !name.to_ascii().ends_with("lab.") => vec![],
                RecordType::A => (0..40).rev().map(|n| RData::A(A::new(203, 0, 113, n))).collect(),
                RecordType::AAAA => vec![RData::AAAA("2001:db8::1".parse().unwrap())],
                RecordType::NS => {
                    ["B.Lab.", "a.lab."].map(|ns| RData::NS(NS(Name::from_str(ns).unwrap()))).into()
                }
                _ => vec![],
            };
            for rdata in records {
                answer.add_answer(Record::from_rdata(lab.clone(), 60, rdata));
            }
            socket.send_to(&answer.to_vec().unwrap(), from).await.unwrap();
        }
    });
    address
}

#[tokio::test]
async fn lists_are_sorted_and_cut_and_an_alias_is_no_zone() {
    let net = Net::new(Options { resolver: Some(crowded().await), ..Options::default() }).unwrap();
    let (seen, addresses) = dns(&net, &Zones::default(), Timestamp::now(), "alias.lab").await;
    let seen = seen.completed().unwrap();
    let a = seen.a.completed().unwrap();
    assert_eq!((a.items.len(), a.incomplete.clone()), (32, Some(Failure::TooLarge { limit: 32 })));
    assert_eq!(seen.aaaa.completed().unwrap().items.len(), 1);
    let addresses: Vec<String> = addresses.completed().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(addresses, (0..16).map(|n| ["203.0.113.", &n.to_string()].concat()).collect::<Vec<_>>());
    assert_eq!(chain(seen), ["lab"]);
    // The alias leads to a zone's name and is none itself; its own zone is found above it.
    assert_eq!(seen.zone, Attempt::Completed(String::from("lab")));
    let servers: Vec<&str> = seen.ns.completed().unwrap().items.iter().map(|ns| ns.name.as_str()).collect();
    assert_eq!(servers, ["a.lab", "b.lab"]);
}

#[tokio::test]
async fn a_name_that_cannot_be_asked_for() {
    let lab = Lab::start(&[]).await;
    let (dns, addresses) =
        dns(&net(&lab, Options::default()), &Zones::default(), Timestamp::now(), "tỉnh.vn").await;
    assert!(matches!(dns, Attempt::Failed { failed: Failure::Malformed(_) }));
    assert!(matches!(addresses, Attempt::Failed { failed: Failure::Malformed(_) }));
}

/// Twins that DNS decides about: `www.mail.plain` is not there, `www.c0.agency` cannot be asked for.
#[tokio::test]
async fn the_twin_is_absent_or_unknown_as_dns_says() {
    let peer = crate::web_lab::Peer::start(|_| crate::web_lab::ok()).await;
    let lab = Lab::start(&[("www.c0.agency.", Misdeed::ServFail)]).await;
    for (host, expected) in [("mail.plain", Attempt::Completed(None)), ("c0.agency", servfail())] {
        let mut options = crate::web_lab::options(&peer);
        options.connect_to.iter_mut().for_each(|row| row.host = Some(host.parse().unwrap()));
        let net = net(&lab, options);
        let name = SiteName { host: host.to_owned(), port: 443 };
        let lane = net.lane("127.0.0.1".parse().unwrap()).await.unwrap();
        let endpoints = [endpoint(&net, &lane, &name).await];
        drop(lane);
        let visitor =
            Visitor { net: &net, site: &name, www: Www::Auto, inventory: &|_| false, endpoints: &endpoints };
        let http = site(&visitor).await;
        assert_eq!(http.www, expected, "{host}");
        assert_eq!(http.https_reachable, Attempt::Completed(true));
        let incomplete = http.cookies.completed().unwrap().incomplete.clone();
        assert_eq!(incomplete.is_some(), expected.completed().is_none());
    }
}
