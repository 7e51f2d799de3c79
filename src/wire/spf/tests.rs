//! SPF against a zone in memory: what the published suite leaves out, and the walk without a sender.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

/// TXT, A and MX by name; `ERROR` as a text makes the name unanswerable.
#[derive(Default)]
struct Zone {
    txt: HashMap<String, Vec<Vec<u8>>>,
    a: HashMap<String, Vec<Ipv4Addr>>,
    mx: HashMap<String, Vec<String>>,
}

impl Zone {
    fn new(records: &[(&str, &str)]) -> Self {
        let mut zone = Self::default();
        for (name, text) in records {
            zone.txt.entry((*name).to_owned()).or_default().push(text.as_bytes().to_vec());
        }
        zone
    }
}

impl Dns for Zone {
    type Error = String;

    async fn txt(&self, name: &str) -> Result<Vec<Vec<u8>>, String> {
        let found = self.txt.get(&name.to_ascii_lowercase()).cloned().unwrap_or_default();
        if found.iter().any(|text| text == b"ERROR") {
            Err(format!("no answer for {name}"))
        } else {
            Ok(found)
        }
    }
    async fn a(&self, name: &str) -> Result<Vec<Ipv4Addr>, String> {
        Ok(self.a.get(name).cloned().unwrap_or_default())
    }
    async fn aaaa(&self, _: &str) -> Result<Vec<Ipv6Addr>, String> {
        Ok(Vec::new())
    }
    async fn mx(&self, name: &str) -> Result<Vec<String>, String> {
        Ok(self.mx.get(name).cloned().unwrap_or_default())
    }
    async fn ptr(&self, _: IpAddr) -> Result<Vec<String>, String> {
        Err(String::from("no reverse zone"))
    }
}

fn walk(zone: &Zone) -> Survey<String> {
    now(survey(zone, "tinh.example"))
}

/// The zone answers at once, so nothing ever waits.
fn now<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn check(zone: &Zone, mail_from: &str) -> Checked<String> {
    let address = "192.0.2.7".parse().unwrap();
    now(check_host(zone, &Sender { address, helo: "mail.tinh.example", mail_from, receiver: "", now: 0 }))
}

#[test]
fn strangers() {
    for (records, stranger, has_all) in [
        (&[("tinh.example", "v=spf1 -all")][..], SpfResult::Fail, true),
        (&[("tinh.example", "v=spf1 ip4:192.0.2.0/24 ~all")], SpfResult::SoftFail, true),
        (&[("tinh.example", "v=spf1 ?all")], SpfResult::Neutral, true),
        (&[("tinh.example", "v=spf1 ip4:192.0.2.0/24")], SpfResult::Neutral, false),
        (&[("tinh.example", "v=spf1 all")], SpfResult::Pass, true),
        (&[("tinh.example", "v=spf1 +all -all")], SpfResult::Pass, true),
        (&[("tinh.example", "v=spf1 ip4:0.0.0.0/0 -all")], SpfResult::Pass, false),
        (&[("tinh.example", "v=spf1 -ip4:0.0.0.0/0 -all")], SpfResult::Fail, true),
        (
            &[("tinh.example", "v=spf1 redirect=nha.example"), ("nha.example", "v=spf1 -all")],
            SpfResult::Fail,
            true,
        ),
        // an include that lets everybody pass lets everybody pass here
        (
            &[("tinh.example", "v=spf1 include:nha.example -all"), ("nha.example", "v=spf1 +all")],
            SpfResult::Pass,
            true,
        ),
        (
            &[("tinh.example", "v=spf1 ~include:nha.example -all"), ("nha.example", "v=spf1 +all")],
            SpfResult::SoftFail,
            true,
        ),
        (
            &[("tinh.example", "v=spf1 include:nha.example ~all"), ("nha.example", "v=spf1 -all")],
            SpfResult::SoftFail,
            true,
        ),
        (&[], SpfResult::None, false),
    ] {
        let seen = walk(&Zone::new(records));
        assert_eq!((seen.stranger, seen.has_all, seen.problem), (stranger, has_all, None), "{records:?}");
    }
}

#[test]
fn every_term_that_asks_is_counted_and_none_after_all() {
    let mut zone = Zone::new(&[
        ("tinh.example", "v=spf1 a mx include:nha.example exists:%{i}.x.example ptr -all a a a"),
        ("nha.example", "v=spf1 a:a.nha.example ip4:192.0.2.1 redirect=cuoi.example"),
        ("cuoi.example", "v=spf1 mx:khong.example ?all"),
    ]);
    zone.a.insert("tinh.example".into(), vec!["192.0.2.1".parse().unwrap()]);
    zone.mx.insert("tinh.example".into(), vec!["mx.tinh.example".into()]);
    let seen = walk(&zone);
    assert_eq!((seen.lookups, seen.void_lookups), (8, 2));
    assert_eq!(seen.leads_to, ["nha.example", "cuoi.example"]);
    assert!(seen.uses_ptr && seen.depends_on_sender && seen.problem.is_none());
}

#[test]
fn the_eleventh_look_up_is_a_fault_and_is_told_how_many() {
    let ten = format!("v=spf1{} -all", " exists:%{i}.x.example".repeat(10));
    assert_eq!(walk(&Zone::new(&[("tinh.example", &ten)])).problem, None);
    let twelve = format!("v=spf1{} -all", " exists:%{i}.x.example".repeat(12));
    let seen = walk(&Zone::new(&[("tinh.example", &twelve)]));
    assert_eq!((seen.lookups, seen.problem, seen.cut_short), (12, Some(Problem::TooManyLookups), false));
    let endless = walk(&Zone::new(&[
        ("tinh.example", "v=spf1 redirect=mot.example"),
        ("mot.example", "v=spf1 redirect=hai.example"),
        ("hai.example", "v=spf1 redirect=mot.example"),
    ]));
    assert!(endless.cut_short && endless.problem == Some(Problem::TooManyLookups));
}

#[test]
fn faults_are_named_and_silence_is_none() {
    let of = |records: &[(&str, &str)]| walk(&Zone::new(records)).problem.map(|problem| problem.to_string());
    let told = of(&[("tinh.example", "v=spf1 ip4:192.0.2.300 -all")]).unwrap();
    assert!(told.contains("tinh.example") && told.contains("ip4:192.0.2.300"), "{told}");
    let told = of(&[("tinh.example", "v=spf1 -all"), ("tinh.example", "v=spf1 mx -all")]).unwrap();
    assert!(told.contains("2 SPF records"), "{told}");
    let told = of(&[("tinh.example", "v=spf1 include:khong.example -all")]).unwrap();
    assert!(told.contains("khong.example"), "{told}");
    let told = of(&[
        ("tinh.example", "v=spf1 include:nha.example -all"),
        ("nha.example", "v=spf1 include:tinh.example -all"),
    ])
    .unwrap();
    assert!(told.contains("back to itself"), "{told}");

    let silent = walk(&Zone::new(&[("tinh.example", "ERROR")]));
    assert_eq!((silent.stranger, silent.record.is_none()), (SpfResult::TempError, true));
    assert!(silent.error.is_some() && silent.problem.is_none());
    let half =
        walk(&Zone::new(&[("tinh.example", "v=spf1 include:nha.example -all"), ("nha.example", "ERROR")]));
    assert_eq!((half.stranger, half.lookups), (SpfResult::TempError, 1));
}

#[test]
fn a_time_out_is_a_temperror_with_its_reason() {
    let checked = check(&Zone::new(&[("tinh.example", "ERROR")]), "a@tinh.example");
    assert_eq!(checked.verdict, SpfResult::TempError);
    assert_eq!(checked.error.as_deref(), Some("no answer for tinh.example"));
    let checked = check(&Zone::new(&[]), "a@tinh.example");
    assert_eq!((checked.verdict, checked.error), (SpfResult::None, None));
}

#[test]
fn internationalised_domains_are_asked_for_in_their_ascii_form() {
    let ascii = idna::domain_to_ascii("tình.example").unwrap();
    let zone = Zone::new(&[(&ascii, "v=spf1 ip4:192.0.2.7 -all")]);
    assert_eq!(check(&zone, "a@tình.example").verdict, SpfResult::Pass);
}

#[test]
fn what_is_no_domain_has_no_record() {
    for mail_from in ["a@vn", "a@[192.0.2.7]", "a@", "a@..", "a@192.0.2.7"] {
        assert_eq!(check(&Zone::default(), mail_from).verdict, SpfResult::None, "{mail_from}");
    }
}

proptest! {
    #[test]
    fn never_panics(text in any::<Vec<u8>>(), more in "[ -~]{0,60}") {
        let _ = Record::parse(&text);
        let record = format!("v=spf1 {more}");
        let _ = Record::parse(record.as_bytes());
        let zone = Zone::new(&[("tinh.example", &record), ("x.example", "v=spf1 a -all")]);
        walk(&zone);
        check(&zone, "a@tinh.example");
    }

    #[test]
    fn terms_of_the_grammar_are_read(qualifier in "[-+~?]?", octet in any::<u8>(), prefix in 0u8..=32,
                                     label in "[a-z]{1,10}", keep in 1usize..9) {
        let text = format!(
            "v=spf1 {qualifier}ip4:192.0.2.{octet}/{prefix} {qualifier}a:%{{d{keep}}}/{prefix}//{prefix} \
             {qualifier}MX/{prefix} x-{label}=%{{l}} exists:{label}.%{{IR-}}.vn ~all redirect={label}.vn"
        );
        let record = Record::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(record.directives.len(), 5);
        prop_assert_eq!(record.all(), Some(Qualifier::SoftFail));
        prop_assert!(record.redirect.is_some());
    }
}
