//! DMARC records and their discovery: examples of both specifications, and where they part.

use std::{cell::RefCell, collections::HashMap};

use proptest::prelude::*;

use super::*;

/// TXT at `_dmarc.` by domain; `ERROR` is no answer. Remembers who was asked for.
struct Zone {
    texts: HashMap<&'static str, Vec<&'static str>>,
    asked: RefCell<Vec<String>>,
}

impl Zone {
    fn new(records: &[(&'static str, &'static str)]) -> Self {
        let mut texts: HashMap<_, Vec<_>> = HashMap::new();
        for (name, text) in records {
            texts.entry(*name).or_default().push(*text);
        }
        Self { texts, asked: RefCell::default() }
    }

    fn ask(&self, name: String) -> std::future::Ready<Texts<String>> {
        let found = self.texts.get(name.as_str()).cloned().unwrap_or_default();
        self.asked.borrow_mut().push(name.clone());
        std::future::ready(if found.contains(&"ERROR") {
            Err(name)
        } else {
            Ok(found.into_iter().map(|text| text.as_bytes().to_vec()).collect())
        })
    }

    fn new_way(&self, domain: &str, exists: bool) -> Result<Found, String> {
        now(under_9989(domain, exists, |name| self.ask(name)))
    }

    fn old_way(&self, domain: &str) -> Result<Found, String> {
        now(under_7489(domain, |name| self.ask(name)))
    }
}

fn now<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Where, and the policy.
fn short(found: &Result<Found, String>) -> String {
    match found {
        Ok(Found::Applied(applied)) => format!("{} {:?} {:?}", applied.at, applied.level, applied.policy),
        other => format!("{other:?}"),
    }
}

#[test]
fn the_walk_of_the_specification() {
    assert_eq!(
        tree("a.b.c.d.e.f.g.h.i.j.mail.example.com"),
        [
            "a.b.c.d.e.f.g.h.i.j.mail.example.com",
            "g.h.i.j.mail.example.com",
            "h.i.j.mail.example.com",
            "i.j.mail.example.com",
            "j.mail.example.com",
            "mail.example.com",
            "example.com",
            "com"
        ]
    );
    assert_eq!(tree("a.mail.example.com."), ["a.mail.example.com", "mail.example.com", "example.com", "com"]);
    assert_eq!(tree("a.b.c.d.e.f.g.h").len(), 8);
    assert_eq!(tree("vn"), ["vn"]);
}

#[test]
fn organisations_by_the_public_suffix_list() {
    for (domain, expected) in [
        ("soyte.hanoi.gov.vn", "hanoi.gov.vn"),
        ("hanoi.gov.vn", "hanoi.gov.vn"),
        ("gov.vn", "gov.vn"),
        ("WWW.Example.COM.", "example.com"),
        ("soyte.tinhmau.example", "tinhmau.example"),
    ] {
        assert_eq!(organizational_domain(domain), expected, "{domain}");
    }
}

#[test]
fn where_both_agree_and_where_not() {
    const REJECT: &str = "v=DMARC1; p=reject";
    for (records, new, old) in [
        (
            &[("so.tinh.gov.vn", REJECT)][..],
            "so.tinh.gov.vn Domain Some(Reject)",
            "so.tinh.gov.vn Domain Some(Reject)",
        ),
        (
            &[("tinh.gov.vn", "v=DMARC1; p=reject; sp=none")],
            "tinh.gov.vn Organization Some(None)",
            "tinh.gov.vn Organization Some(None)",
        ),
        // a plain record at the suffix becomes everybody's under the new rules alone
        (&[("gov.vn", REJECT)], "gov.vn Organization Some(Reject)", "Ok(Nothing)"),
        (
            &[("gov.vn", "v=DMARC1; p=reject"), ("tinh.gov.vn", "v=DMARC1; p=none")],
            "gov.vn Organization Some(Reject)",
            "tinh.gov.vn Organization Some(None)",
        ),
        // psd=y keeps the suffix apart from its organisations
        (
            &[("gov.vn", "v=DMARC1; p=reject; psd=y"), ("tinh.gov.vn", "v=DMARC1; p=none")],
            "tinh.gov.vn Organization Some(None)",
            "tinh.gov.vn Organization Some(None)",
        ),
        (&[("gov.vn", "v=DMARC1; p=reject; psd=y")], "gov.vn PublicSuffix Some(Reject)", "Ok(Nothing)"),
        (
            &[("gov.vn", REJECT), ("tinh.gov.vn", "v=DMARC1; p=quarantine; psd=n")],
            "tinh.gov.vn Organization Some(Quarantine)",
            "tinh.gov.vn Organization Some(Quarantine)",
        ),
        // several records: the walk goes on, the old search ends
        (
            &[("so.tinh.gov.vn", REJECT), ("so.tinh.gov.vn", "v=DMARC1; p=none"), ("tinh.gov.vn", REJECT)],
            "tinh.gov.vn Organization Some(Reject)",
            "Ok(Several { at: \"so.tinh.gov.vn\" })",
        ),
        (
            &[("tinh.gov.vn", REJECT), ("tinh.gov.vn", REJECT)],
            "Ok(Several { at: \"tinh.gov.vn\" })",
            "Ok(Several { at: \"tinh.gov.vn\" })",
        ),
        (
            &[("so.tinh.gov.vn", "v=DMARC1; p=reject; t=y; pct=0")],
            "so.tinh.gov.vn Domain Some(Quarantine)",
            "so.tinh.gov.vn Domain Some(Reject)",
        ),
        (
            &[("so.tinh.gov.vn", "v=DMARC1; rua=mailto:a@tinh.gov.vn")],
            "so.tinh.gov.vn Domain Some(None)",
            "so.tinh.gov.vn Domain Some(None)",
        ),
        (
            &[("so.tinh.gov.vn", "v=DMARC1;")],
            "so.tinh.gov.vn Domain Some(None)",
            "so.tinh.gov.vn Domain None",
        ),
        (
            &[("so.tinh.gov.vn", "v=DMARC1; p=rejected")],
            "so.tinh.gov.vn Domain None",
            "so.tinh.gov.vn Domain None",
        ),
        (&[("so.tinh.gov.vn", "v=spf1 -all"), ("vn", "v=DMARC2; p=none")], "Ok(Nothing)", "Ok(Nothing)"),
        (&[("so.tinh.gov.vn", "ERROR")], "Err(\"so.tinh.gov.vn\")", "Err(\"so.tinh.gov.vn\")"),
        // an unknown answer above may hold the record that decides, but not above one that ends the walk
        (&[("vn", "ERROR"), ("tinh.gov.vn", REJECT)], "Err(\"vn\")", "tinh.gov.vn Organization Some(Reject)"),
        (
            &[("vn", "ERROR"), ("tinh.gov.vn", "v=DMARC1; p=reject; psd=n")],
            "tinh.gov.vn Organization Some(Reject)",
            "tinh.gov.vn Organization Some(Reject)",
        ),
    ] {
        let zone = Zone::new(records);
        let seen = (short(&zone.new_way("so.tinh.gov.vn", true)), short(&zone.old_way("so.tinh.gov.vn")));
        assert_eq!((seen.0.as_str(), seen.1.as_str()), (new, old), "{records:?}");
    }
}

#[test]
fn names_that_do_not_exist_have_their_own_policy() {
    let zone = Zone::new(&[("tinh.gov.vn", "v=DMARC1; p=none; sp=quarantine; np=reject")]);
    assert_eq!(short(&zone.new_way("khong.tinh.gov.vn", false)), "tinh.gov.vn Organization Some(Reject)");
    assert_eq!(short(&zone.new_way("so.tinh.gov.vn", true)), "tinh.gov.vn Organization Some(Quarantine)");
    assert_eq!(short(&zone.old_way("khong.tinh.gov.vn")), "tinh.gov.vn Organization Some(Quarantine)");
}

#[test]
fn no_more_is_asked_than_is_needed() {
    let zone = Zone::new(&[("so.tinh.gov.vn", "v=DMARC1; p=none")]);
    zone.new_way("so.tinh.gov.vn", true).unwrap();
    assert_eq!(zone.asked.borrow().as_slice(), ["so.tinh.gov.vn"]);
    let zone = Zone::new(&[("tinh.gov.vn", "v=DMARC1; p=none; psd=n")]);
    zone.new_way("so.tinh.gov.vn", true).unwrap();
    assert_eq!(zone.asked.borrow().as_slice(), ["so.tinh.gov.vn", "tinh.gov.vn"]);
}

#[test]
fn records() {
    let record = Record::parse(
        b"v=DMARC1; P=Quarantine; sp=none; adkim=s; aspf=r; pct=20; fo=1; rf=afrf; ri=86400; \
          rua=mailto:a@tinh.gov.vn!10m, https://nhan.example/x ,mailto:b@NHAN.example; ruf=mailto:@x; x=y; p=none",
    )
    .unwrap();
    assert_eq!((record.policy, record.subdomain_policy), (Some(Policy::Quarantine), Some(Policy::None)));
    assert_eq!((record.dkim_alignment, record.spf_alignment), (Alignment::Strict, Alignment::Relaxed));
    assert_eq!(record.percent, 20);
    let uris: Vec<&str> = record.aggregate.iter().map(|uri| uri.uri.as_str()).collect();
    assert_eq!(uris, ["mailto:a@tinh.gov.vn", "https://nhan.example/x", "mailto:b@NHAN.example"]);
    let consent: Vec<_> = record.aggregate.iter().map(|uri| uri.consent_name("so.tinh.gov.vn")).collect();
    assert_eq!(consent, [None, None, Some(String::from("so.tinh.gov.vn._report._dmarc.nhan.example"))]);
    assert_eq!(record.faults, [Fault::Value { tag: "ruf", value: String::from("mailto:@x") }]);

    for text in
        ["", "v=dmarc1; p=none", "p=none; v=DMARC1", "v=DMARC1.0; p=none", "; v=DMARC1", "v=DMARC1 p=none"]
    {
        assert_eq!(Record::parse(text.as_bytes()), None, "{text}");
    }
    for (text, faults) in [
        ("v=DMARC1", &["p= is missing"][..]),
        (
            "v=DMARC1; p=none; pct=101; t=x",
            &["t=\"x\" is no value of this tag", "pct=\"101\" is no value of this tag"],
        ),
        (
            "v = DMARC1 ; p = none ; p=none ; oops",
            &["\"oops\" is no tag; tags are separated by semicolons", "p= stands more than once"],
        ),
        ("v=DMARC1; p=none; rua=a@b.vn", &["rua=\"a@b.vn\" is no value of this tag"]),
    ] {
        let seen: Vec<String> =
            Record::parse(text.as_bytes()).unwrap().faults.iter().map(ToString::to_string).collect();
        assert_eq!(seen, faults, "{text}");
    }
}

proptest! {
    #[test]
    fn never_panics(text in any::<Vec<u8>>(), more in "[ -~]{0,60}", domain in "[a-z.]{0,40}") {
        Record::parse(&text);
        Record::parse(format!("v=DMARC1;{more}").as_bytes());
        ReportUri::parse(&more);
        prop_assert!(tree(&domain).len() <= TXT_LIMIT);
        organizational_domain(&domain);
    }

    #[test]
    fn a_written_policy_is_read(policy in 0usize..3, sub in prop::option::of(0usize..3), gap in "[ \t]{0,2}") {
        const WORDS: [(&str, Policy); 3] =
            [("none", Policy::None), ("quarantine", Policy::Quarantine), ("reject", Policy::Reject)];
        let mut text = format!("v{gap}={gap}DMARC1{gap};{gap}p={}", WORDS[policy].0);
        if let Some(sub) = sub {
            text.push_str(&format!(";sp={gap}{}{gap};", WORDS[sub].0));
        }
        let record = Record::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(record.policy, Some(WORDS[policy].1));
        prop_assert_eq!(record.subdomain_policy, sub.map(|sub| WORDS[sub].1));
        prop_assert!(record.faults.is_empty());
    }
}
