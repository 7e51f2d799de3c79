//! The resolver against signed, unsigned and broken zones on loopback, behind a front that can misbehave.
pub(crate) mod dns_lab;

use std::{collections::BTreeMap, time::Duration};

use dns_lab::{Lab, Misdeed};
use khien::net::{
    Error, Net, Options, Phase, Resolver,
    resolver::{Answer, DirectQuestion, EdnsOffer, Fault, Outcome, RData, RecordType, Security, Transport},
};
use tokio::{task::JoinSet, time::Instant};

fn resolver(lab: &Lab) -> Resolver {
    Resolver::new(&options(lab)).unwrap()
}

fn options(lab: &Lab) -> Options {
    Options {
        resolver: Some(lab.address),
        trust_anchor: Some(lab.anchor_file.path().to_owned()),
        query_timeout: Duration::from_millis(300),
        ..Options::default()
    }
}

fn seen(answer: &Answer) -> (Outcome, Security) {
    (answer.outcome, answer.security)
}

#[tokio::test]
async fn what_exists_and_what_does_not_in_every_kind_of_zone() {
    use Outcome::{Found, NoData, NxDomain};
    use RecordType::{A, AAAA, CAA, TLSA, TXT};
    use Security::{Insecure, Secure};
    // The server calls a wildcard's missing type NXDOMAIN; its proof is that of NODATA (RFC 4035 section 3.1.3.4).
    let corrected = [("any.wild.agency. AAAA", Misdeed::NoError), ("any.hashed. AAAA", Misdeed::NoError)];
    let lab = Lab::start(&corrected).await;
    let resolver = resolver(&lab);
    let mut wrong = Vec::new();
    for (name, record_type, expected) in [
        ("www.agency", A, (Found, Secure)),
        ("WWW.Agency.", A, (Found, Secure)),
        ("www.agency", AAAA, (NoData, Secure)),
        ("nothing.agency", A, (NxDomain, Secure)),
        ("agency", CAA, (Found, Secure)),
        ("_443._tcp.www.agency", TLSA, (Found, Secure)),
        ("big.agency", TXT, (Found, Secure)),
        ("any.wild.agency", A, (Found, Secure)),
        ("any.wild.agency", AAAA, (NoData, Secure)),
        ("very.deep.wild.agency", A, (Found, Secure)),
        ("www.hashed", A, (Found, Secure)),
        ("www.hashed", AAAA, (NoData, Secure)),
        ("any.hashed", A, (Found, Secure)),
        ("any.hashed", AAAA, (NoData, Secure)),
        ("any.wild.hashed", A, (Found, Secure)),
        ("very.deep.wild.hashed", A, (Found, Secure)),
        ("nothing", A, (NxDomain, Secure)),
        ("www.plain", A, (Found, Insecure)),
        ("www.plain", AAAA, (NoData, Insecure)),
        ("nothing.plain", A, (NxDomain, Insecure)),
        ("www.below.plain", A, (Found, Insecure)),
        ("www.below.plain", AAAA, (NoData, Insecure)),
        ("nothing.below.plain", A, (NxDomain, Insecure)),
        ("www.optout", A, (Found, Secure)),
        ("nothing.optout", A, (NxDomain, Secure)),
        ("www.child.optout", A, (Found, Insecure)),
        ("www.child.optout", AAAA, (NoData, Insecure)),
        (".", RecordType::NS, (Found, Secure)),
        ("agency", RecordType::DS, (Found, Secure)),
        ("plain", RecordType::DS, (NoData, Secure)),
        ("agency", RecordType::DNSKEY, (Found, Secure)),
    ] {
        let answer = resolver.lookup(name, record_type).await.unwrap();
        if seen(&answer) != expected {
            wrong.push(format!("{name} {record_type}: {:?} {:?}", seen(&answer), answer.detail));
            continue;
        }
        assert_eq!(answer.records.is_empty(), expected.0 != Found, "{name} {record_type}");
        assert_eq!(answer.signatures.is_empty(), expected != (Found, Secure), "{name} {record_type}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let (a, aaaa) = resolver.addresses("www.agency").await;
    assert!(matches!(a.unwrap().records.as_slice(), [record] if matches!(record.data, RData::A(_))));
    assert_eq!(aaaa.unwrap().outcome, NoData);
}

#[tokio::test]
async fn a_fault_in_the_chain_is_bogus_and_named() {
    let lab = Lab::start(&[
        ("tampered.agency.", Misdeed::Tamper),
        ("stripped.agency.", Misdeed::Strip),
        ("nothing.agency.", Misdeed::StripDenial),
    ])
    .await;
    let resolver = resolver(&lab);
    // The stale zone's signatures last one second.
    tokio::time::sleep(Duration::from_millis(2200)).await;
    for (name, expected) in [
        ("www.bad", "DsMismatch"),
        ("nothing.bad", "DsMismatch"),
        ("www.stale", "SignatureExpired"),
        ("tampered.agency", "SignatureWrong"),
        ("stripped.agency", "SignatureMissing"),
        ("nothing.agency", "DenialMissing"),
        ("www.keyless", "DnskeyMissing"),
    ] {
        let answer = resolver.lookup(name, RecordType::A).await.unwrap();
        let fault = format!("{:?}", answer.fault);
        assert_eq!(answer.security, Security::Bogus, "{name}: {:?}", answer.detail);
        assert!(fault.contains(expected), "{name}: {fault}");
        assert!(answer.detail.is_some());
    }
}

#[tokio::test]
async fn what_could_not_be_seen_is_not_bogus() {
    // The keys of the zone never arrive.
    let lab = Lab::start(&[("agency. DNSKEY", Misdeed::Drop)]).await;
    let answer = resolver(&lab).lookup("www.agency", RecordType::A).await.unwrap();
    assert_eq!(seen(&answer), (Outcome::Found, Security::Indeterminate));
    assert!(answer.detail.unwrap().contains("DNSKEY"));

    // The resolver cannot hand them out.
    let lab = Lab::start(&[("agency. DNSKEY", Misdeed::ServFail)]).await;
    let answer = resolver(&lab).lookup("www.agency", RecordType::A).await.unwrap();
    assert_eq!(answer.security, Security::Indeterminate);

    // A resolver that knows no DNSSEC hides every signature.
    let lab = Lab::start(&[("*", Misdeed::Strip)]).await;
    let answer = resolver(&lab).lookup("www.agency", RecordType::A).await.unwrap();
    assert_eq!(seen(&answer), (Outcome::Found, Security::Indeterminate));
    assert!(answer.detail.unwrap().contains("no DNSSEC signatures"));

    // One from before EDNS has none to hand out.
    let lab = Lab::start(&[("*", Misdeed::NoEdns)]).await;
    let answer = resolver(&lab).lookup("www.agency", RecordType::A).await.unwrap();
    assert_eq!(seen(&answer), (Outcome::Found, Security::Indeterminate));

    // A wildcard's signature without the proof that nothing closer exists could be replayed for any name.
    let lab = Lab::start(&[("any.wild.agency.", Misdeed::StripDenial)]).await;
    let answer = resolver(&lab).lookup("any.wild.agency", RecordType::A).await.unwrap();
    assert_eq!(seen(&answer), (Outcome::Found, Security::Indeterminate));

    // The anchor is another root's.
    let (lab, other) = (Lab::start(&[]).await, Lab::start(&[]).await);
    let options = Options { trust_anchor: Some(other.anchor_file.path().to_owned()), ..options(&lab) };
    let answer = Resolver::new(&options).unwrap().lookup("www.agency", RecordType::A).await.unwrap();
    assert_eq!(answer.security, Security::Indeterminate);
    assert!(answer.detail.unwrap().contains("trust anchor"));

    // Nothing but a header: no zone named, nothing proved.
    let lab = Lab::start(&[
        ("www.agency. AAAA", Misdeed::StripAuthority),
        ("nothing.agency.", Misdeed::StripAuthority),
        ("www.plain. AAAA", Misdeed::StripAuthority),
    ])
    .await;
    let headers_only = resolver(&lab);
    for (name, record_type) in
        [("www.agency", RecordType::AAAA), ("nothing.agency", RecordType::A), ("www.plain", RecordType::AAAA)]
    {
        let answer = headers_only.lookup(name, record_type).await.unwrap();
        assert!(answer.records.is_empty());
        assert!(
            matches!(answer.security, Security::Indeterminate | Security::Insecure),
            "{name}: {:?} {:?}",
            answer.security,
            answer.detail
        );
        assert_ne!((name, answer.security), ("www.agency", Security::Insecure));
    }

    // The resolver vouches for what we cannot verify.
    let lab = Lab::start(&[("tampered.agency.", Misdeed::TamperAndVouch)]).await;
    let answer = resolver(&lab).lookup("tampered.agency", RecordType::A).await.unwrap();
    assert_eq!(answer.security, Security::Indeterminate);
    assert!(answer.resolver_ad);
}

#[tokio::test]
async fn servfail_is_asked_again_without_validation() {
    let lab = Lab::start(&[
        ("www.bad.", Misdeed::ServFailUnlessCd(Some(6))),
        ("www.agency.", Misdeed::ServFailUnlessCd(None)),
        ("www.plain.", Misdeed::ServFail),
        ("mail.plain.", Misdeed::ServFailUnlessCd(Some(9))),
        ("refused.plain.", Misdeed::Refuse),
    ])
    .await;
    let resolver = resolver(&lab);

    let bogus = resolver.lookup("www.bad", RecordType::A).await.unwrap();
    assert_eq!(seen(&bogus), (Outcome::Found, Security::Bogus));
    assert!(bogus.only_with_checking_disabled);
    assert_eq!(bogus.fault, Some(Fault::DsMismatch { zone: "bad.".into() }));
    assert_eq!(bogus.extended.first().map(|extended| extended.code), Some(6));

    // It verifies here and the resolver named no reason: a failure, not a forgery.
    let failed = resolver.lookup("www.agency", RecordType::A).await.unwrap_err();
    assert!(matches!(failed, Error::Rcode { code: 2, .. }), "{failed}");
    // It fails whatever we ask.
    let failed = resolver.lookup("www.plain", RecordType::A).await.unwrap_err();
    let Error::Rcode { code: 2, name, extended } = failed else { panic!("{failed}") };
    assert_eq!(
        (name.as_str(), extended.first().map(|e| (e.code, e.text.as_str()))),
        ("SERVFAIL", Some((22, "lab")))
    );
    // The resolver says bogus, we can prove that the zone is unsigned.
    let disputed = resolver.lookup("mail.plain", RecordType::A).await.unwrap();
    assert_eq!(disputed.security, Security::Indeterminate);

    let refused = resolver.lookup("refused.plain", RecordType::A).await.unwrap_err();
    assert!(matches!(refused, Error::Rcode { code: 5, .. }), "{refused}");
}

#[tokio::test]
async fn cnames_are_followed_to_the_end() {
    let lab = Lab::start(&[]).await;
    let resolver = resolver(&lab);
    for (name, chain, expected) in [
        ("alias.agency", vec!["www.agency"], (Outcome::Found, Security::Secure)),
        ("out.agency", vec!["www.plain"], (Outcome::Found, Security::Insecure)),
        ("far.agency", vec!["out.agency", "www.plain"], (Outcome::Found, Security::Insecure)),
        ("dangling.agency", vec!["gone.agency"], (Outcome::NxDomain, Security::Secure)),
        ("astray.agency", vec!["www.bad"], (Outcome::Found, Security::Bogus)),
    ] {
        let answer = resolver.lookup(name, RecordType::A).await.unwrap();
        assert_eq!(answer.cname_chain, chain, "{name}");
        assert_eq!(seen(&answer), expected, "{name}: {:?}", answer.detail);
    }
    let itself = resolver.lookup("alias.agency", RecordType::CNAME).await.unwrap();
    assert_eq!((itself.outcome, itself.cname_chain.len(), itself.records.len()), (Outcome::Found, 0, 1));

    let looped = resolver.lookup("ping.agency", RecordType::A).await.unwrap_err();
    assert_eq!(
        looped,
        Error::CnameLoop(["ping", "pong", "ping"].map(|host| format!("{host}.agency")).into())
    );
    let endless = resolver.lookup("c0.agency", RecordType::A).await.unwrap_err();
    assert!(matches!(endless, Error::CnameLoop(chain) if chain.len() == 12));
}

#[tokio::test]
async fn the_same_question_is_asked_once() {
    let lab = Lab::start(&[]).await;
    let resolver = resolver(&lab);
    let mut tasks = JoinSet::new();
    for number in 0..300 {
        let resolver = resolver.clone();
        let name = if number % 2 == 0 { "www.agency" } else { "alias.agency" };
        tasks.spawn(async move { resolver.lookup(name, RecordType::A).await.unwrap().security });
    }
    assert!(tasks.join_all().await.into_iter().all(|security| security == Security::Secure));
    for question in ["www.agency. A", "alias.agency. A", "agency. DNSKEY", "agency. DS"] {
        assert_eq!(lab.asked(question), 1, "{question}");
    }
}

#[tokio::test]
async fn truncated_answers_come_over_tcp() {
    let lab = Lab::start(&[("www.agency.", Misdeed::Truncate)]).await;
    let resolver = resolver(&lab);
    let answer = resolver.lookup("www.agency", RecordType::A).await.unwrap();
    assert_eq!(seen(&answer), (Outcome::Found, Security::Secure));
    assert_eq!(lab.asked("www.agency. A over TCP"), 1);
}

#[tokio::test]
async fn nonsense_and_silence_end_in_time() {
    let lab = Lab::start(&[
        ("silent.plain.", Misdeed::Drop),
        ("garbage.plain.", Misdeed::Garbage),
        ("other.plain.", Misdeed::AnotherQuestion),
        ("once.plain.", Misdeed::DropFirst),
    ])
    .await;
    let resolver = resolver(&lab);
    let began = Instant::now();
    let late = Error::TimedOut { during: Phase::Query, after: Duration::from_millis(600) };
    assert_eq!(resolver.lookup("silent.plain", RecordType::A).await.unwrap_err(), late);
    assert_eq!(lab.asked("silent.plain. A"), 2);
    // Remembered for a while, so that many who wait do not wait one after another.
    assert_eq!(resolver.lookup("silent.plain", RecordType::A).await.unwrap_err(), late);
    assert_eq!(lab.asked("silent.plain. A"), 2);
    assert_eq!(resolver.lookup("other.plain", RecordType::A).await.unwrap_err(), late);
    let garbage = resolver.lookup("garbage.plain", RecordType::A).await.unwrap_err();
    assert!(matches!(garbage, Error::Malformed(_)), "{garbage}");
    assert_eq!(resolver.lookup("once.plain", RecordType::A).await.unwrap().outcome, Outcome::NxDomain);
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());

    for name in ["", "a..b", "đơn-vị.vn", &"a".repeat(64), &"a.".repeat(200)] {
        assert!(matches!(resolver.lookup(name, RecordType::A).await, Err(Error::BadName(_))), "{name}");
    }
}

#[tokio::test]
async fn no_resolver_there_fails_at_once() {
    let lab = Lab::start(&[]).await;
    let closed = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = Resolver::new(&Options { resolver: Some(closed), ..options(&lab) }).unwrap();
    let began = Instant::now();
    assert_eq!(refused.lookup("www.agency", RecordType::A).await.unwrap_err(), Error::Refused);
    let net = Net::without_resolver(options(&lab));
    assert_eq!(net.resolver().lookup("www.agency", RecordType::A).await.unwrap_err(), Error::Unreachable);
    assert!(began.elapsed() < Duration::from_millis(250));
}

#[tokio::test]
async fn a_name_server_is_asked_directly_and_politely() {
    let lab = Lab::start(&[("silent.plain.", Misdeed::Drop), ("www.plain.", Misdeed::Truncate)]).await;
    let port_map = BTreeMap::from([(53, lab.address.port())]);
    let options = Options { port_map, allow_private: true, ..options(&lab) };
    let net = Net::without_resolver(options.clone());
    let ask = |question: DirectQuestion| {
        let (net, address) = (net.clone(), lab.address.ip());
        async move { net.ask_authority("ns.lab", address, &question).await }
    };
    let began = Instant::now();

    let plain = ask(DirectQuestion::new("WwW.agency", RecordType::A)).await.unwrap();
    assert!(plain.message.metadata.authoritative && plain.case_kept && plain.bytes > 100);
    assert_eq!(plain.message.answers.len(), 2, "the record and its RRSIG");
    let bare = DirectQuestion { edns: None, ..DirectQuestion::new("www.agency", RecordType::A) };
    let bare = ask(bare).await.unwrap();
    assert!(bare.message.edns.is_none());
    assert_eq!(bare.message.answers.len(), 1);

    let cut = ask(DirectQuestion::new("www.plain", RecordType::A)).await.unwrap();
    assert!(cut.message.metadata.truncation);
    let whole =
        DirectQuestion { transport: Transport::Tcp, ..DirectQuestion::new("www.plain", RecordType::A) };
    assert_eq!(ask(whole).await.unwrap().message.answers.len(), 1);

    // A code is an answer here.
    let elsewhere = EdnsOffer { version: 1, ..EdnsOffer::default() };
    let badvers = DirectQuestion { edns: Some(elsewhere), ..DirectQuestion::new("agency", RecordType::SOA) };
    let badvers = ask(badvers).await.unwrap();
    assert_eq!(u16::from(badvers.message.metadata.response_code), 16);

    let silent = ask(DirectQuestion::new("silent.plain", RecordType::A)).await.unwrap_err();
    assert!(matches!(silent, Error::TimedOut { during: Phase::Query, .. }));
    assert_eq!(lab.asked("silent.plain. A"), 2);
    // Six questions have five gaps of 50 ms; the last is silent for two tries of 300 ms.
    assert!(began.elapsed() >= Duration::from_millis(250 + 600), "{:?}", began.elapsed());

    let closed = Net::without_resolver(Options { allow_private: false, ..options });
    let forbidden = closed
        .ask_authority("ns.lab", lab.address.ip(), &DirectQuestion::new("agency", RecordType::SOA))
        .await;
    assert!(matches!(forbidden, Err(Error::Forbidden { .. })));
}

#[tokio::test]
async fn the_dns_port_is_mapped_and_both_kinds_of_anchor_work() {
    let lab = Lab::start(&[]).await;
    for anchor in [&lab.anchor_file, &lab.digest_file] {
        let options = Options {
            resolver: Some((lab.address.ip(), 53).into()),
            port_map: BTreeMap::from([(53, lab.address.port())]),
            trust_anchor: Some(anchor.path().to_owned()),
            ..options(&lab)
        };
        let net = Net::new(options).unwrap();
        assert_eq!(net.resolver().address(), Some(lab.address));
        let answer = net.resolver().lookup("www.agency", RecordType::A).await.unwrap();
        assert_eq!(answer.security, Security::Secure, "{:?}", answer.detail);
    }
    let wrong = tempfile::NamedTempFile::new().unwrap();
    for text in
        ["", "; nothing\n", "example. IN DS 1 8 2 AA\n", ". IN DNSKEY 257 3 8 !!\n", ". IN A 192.0.2.1\n"]
    {
        std::fs::write(wrong.path(), text).unwrap();
        let options = Options { trust_anchor: Some(wrong.path().to_owned()), ..options(&lab) };
        let error = Resolver::new(&options).unwrap_err().to_string();
        assert!(error.starts_with("--trust-anchor"), "{text}: {error}");
    }
}
