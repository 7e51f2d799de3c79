//! What a peer may do wrong to a TLS probe, on sockets: by servers written by hand. Each look is compared with one at
//! the same server when it behaves: what could not be seen may be missing, and nothing else may differ.

mod by_hand;
mod in_front;
mod limits;
pub(crate) mod looked;

use std::time::Duration;

use khien::{
    rule::Verdict,
    wire::tls::{Alert, ClientHello, ContentType, Extension, MAX_FRAGMENT, Version, reply, to_records},
};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};

use crate::peer::{Authority, Pem};
use by_hand::{Act, Old, Said, record_of, server};
use looked::{HOST, Looked, PATIENT, SHORT, look};

fn der(pem: &Pem) -> Vec<Vec<u8>> {
    CertificateDer::pem_slice_iter(pem.chain.as_bytes()).map(|one| one.unwrap().to_vec()).collect()
}

/// The usual old server, the root it is to be trusted by, and what is to be seen of it.
struct Behaved {
    old: Old,
    root: String,
    truth: Looked,
}

impl Behaved {
    async fn new() -> Self {
        let authority = Authority::new();
        let old = Old::usual(&der(&authority.rsa_leaf(&[HOST])));
        let truth = look(whole(&old).await, &authority.root, PATIENT).await;
        // or the comparisons below would be of nothing
        for (version, support) in [
            ("SSLv3", "not_offered"),
            ("TLSv1.0", "offered"),
            ("TLSv1.2", "offered"),
            ("TLSv1.3", "not_offered"),
        ] {
            assert_eq!(truth.version(version), support, "{version}: {}", truth.tls);
        }
        assert_eq!(truth.tls["cipher_suites"]["items"].as_array().unwrap().len(), 9, "{}", truth.tls);
        assert_eq!(truth.tls["cipher_suites"].get("incomplete"), None, "{}", truth.tls);
        assert_eq!(truth.verdict("certificate-chain-invalid"), Verdict::Pass);
        assert_eq!(truth.verdict("tls-legacy-version-offered"), Verdict::Fail);
        Self { old, root: authority.root, truth }
    }

    async fn look(
        &self,
        act: impl Fn(usize, &ClientHello, usize) -> Act + Clone + Send + Sync + 'static,
        deadline: Duration,
    ) -> Looked {
        look(server(act).await, &self.root, deadline).await
    }
}

async fn whole(old: &Old) -> std::net::SocketAddr {
    let old = old.clone();
    server(move |_, hello, _| Act::Write(old.answer(hello).whole())).await
}

/// The octets of an answer.
type Shape = fn(&Said) -> Vec<u8>;

/// Records may be cut anywhere, and alerts of no consequence may stand between them (RFC 5246 sections 6.2.1, 7.2).
#[tokio::test]
async fn however_the_octets_come_the_facts_are_the_same() {
    let behaved = Behaved::new().await;
    let shapes: [(&str, Shape); 8] = [
        ("records of five octets", |said| said.records(5).concat()),
        ("records of one octet", |said| said.records(1).concat()),
        ("one record for everything", Said::glued),
        ("a warning that the name is not known, first", |said| {
            [record_of(Alert::warning(112)), said.whole()].concat()
        }),
        ("a warning between any two messages", |said| {
            let warning = record_of(Alert::warning(100));
            said.records(MAX_FRAGMENT).join(&warning[..])
        }),
        ("a fatal alert behind the last record", |said| [said.whole(), record_of(Alert::fatal(40))].concat()),
        ("the end of the connection announced behind the last record", |said| {
            [said.whole(), record_of(Alert::warning(0))].concat()
        }),
        ("a record version of its own", |said| {
            let mut octets = said.whole();
            // the first record's alone: some servers answer with 3.1 whatever was agreed on
            octets[2] = 1;
            octets
        }),
    ];
    for (number, (shape, octets)) in shapes.into_iter().enumerate() {
        // octet by octet too, some of them: that takes a moment
        for drips in [false, true].into_iter().take(1 + usize::from(number % 2 == 0)) {
            let old = behaved.old.clone();
            let act = move |_: usize, hello: &ClientHello, _: usize| {
                let octets = octets(&old.answer(hello));
                if drips { Act::Drip(octets) } else { Act::Write(octets) }
            };
            let seen = behaved.look(act, PATIENT).await;
            assert_eq!(seen.facts(), behaved.truth.facts(), "{shape}, octet by octet: {drips}");
            seen.verdicts_are_honest(&behaved.truth, shape);
        }
    }
    let old = behaved.old.clone();
    let act = move |_: usize, hello: &ClientHello, _: usize| match old.answer(hello) {
        Said::Refused(_) => Act::Write(old.answer(hello).whole()),
        said @ Said::Flight(version, _) => {
            let empty = to_records(ContentType::HANDSHAKE, version, &[], MAX_FRAGMENT).unwrap();
            Act::Write(said.records(MAX_FRAGMENT).join(&empty.repeat(10)[..]))
        }
    };
    let seen = behaved.look(act, PATIENT).await;
    assert_eq!(seen.facts(), behaved.truth.facts(), "empty records");
}

/// RFC 8701 reserves these; a server that stumbles over one stumbles over browsers.
#[tokio::test]
async fn nothing_reserved_is_needed_to_see_a_server() {
    let behaved = Behaved::new().await;
    let old = behaved.old.clone();
    let is_grease = |code: u16| code & 0x0f0f == 0x0a0a && code >> 8 == code & 0xff;
    let act = move |_: usize, hello: &ClientHello, _: usize| {
        let extensions = hello.extensions.iter().flatten().map(|extension| extension.kind.0);
        let groups = hello.supported_groups().unwrap().unwrap_or_default();
        let mut codes = extensions.chain(groups).chain(hello.cipher_suites.iter().copied());
        if codes.any(is_grease) { Act::Reset } else { Act::Write(old.answer(hello).whole()) }
    };
    let seen = behaved.look(act, PATIENT).await;
    seen.is_honest_beside(&behaved.truth, "reset on what is reserved");
    for list in ["versions", "cipher_suites", "dh_primes"] {
        assert_eq!(seen.tls[list], behaved.truth.tls[list]);
    }
}

#[tokio::test]
async fn whoever_says_nothing_was_not_seen() {
    let behaved = Behaved::new().await;
    let silent = by_hand::listen(|_, mut stream| async move {
        by_hand::wait_for_the_end(&mut stream).await;
    })
    .await;
    let seen = look(silent, &behaved.root, SHORT).await;
    seen.nothing_is_decided("TimedOut", "silent");
    assert!(seen.took < Duration::from_secs(20), "{:?}", seen.took);
    // and the same only after our hello was read
    let seen = behaved.look(|_, _, _| Act::Hang, SHORT).await;
    seen.nothing_is_decided("TimedOut", "silent after the hello");
    assert!(seen.took < Duration::from_secs(20), "{:?}", seen.took);
    let seen = behaved.look(|_, _, _| Act::Reset, SHORT).await;
    seen.nothing_is_decided("Reset", "reset after the hello");
    let closes = by_hand::listen(|_, stream| async move { drop(stream) }).await;
    // what was not read when it closed makes a reset of it
    let seen = look(closes, &behaved.root, SHORT).await;
    assert!(looked::is_open(&seen.tls), "{}", seen.tls);
    seen.verdicts_are_honest(&behaved.truth, "closes at once");
}

#[tokio::test]
async fn resets_by_number_hide_nothing() {
    let behaved = Behaved::new().await;
    for sixth in [5, 6, 20] {
        for lasts in [false, true] {
            let old = behaved.old.clone();
            let act = move |number: usize, hello: &ClientHello, _: usize| {
                let now = number == sixth || lasts && number > sixth;
                if now { Act::Reset } else { Act::Write(old.answer(hello).whole()) }
            };
            let seen = behaved.look(act, PATIENT).await;
            seen.is_honest_beside(&behaved.truth, &format!("reset at {sixth}, and ever after: {lasts}"));
        }
    }
}

/// Silence from some connection on, as from a firewall that has had enough.
#[tokio::test]
async fn silence_by_number_hides_nothing_and_ends() {
    let behaved = Behaved::new().await;
    for first in [1, 5, 12] {
        let old = behaved.old.clone();
        let act = move |number: usize, hello: &ClientHello, _: usize| {
            if number >= first { Act::Hang } else { Act::Write(old.answer(hello).whole()) }
        };
        let seen = behaved.look(act, SHORT).await;
        seen.is_honest_beside(&behaved.truth, &format!("silent from {first} on"));
        assert!(seen.took < Duration::from_secs(30), "{:?}", seen.took);
    }
}

/// The path drops long packets: what the server chose comes through, its certificate does not.
#[tokio::test]
async fn answers_that_stop_in_the_middle_cost_few_deadlines() {
    let behaved = Behaved::new().await;
    let old = behaved.old.clone();
    let act = move |_: usize, hello: &ClientHello, _: usize| {
        let said = old.answer(hello);
        Act::Write(said.records(MAX_FRAGMENT).swap_remove(0))
    };
    let seen = behaved.look(act, SHORT).await;
    seen.is_honest_beside(&behaved.truth, "only the first message");
    assert_eq!(seen.tls["versions"], behaved.truth.tls["versions"]);
    assert!(seen.tls["cipher_suites"]["incomplete"]["timed_out"].is_object(), "{}", seen.tls);
    assert_eq!(seen.reason("tls-cipher-insecure-offered"), "TimedOut");
    assert!(seen.took < SHORT * 15, "{:?}", seen.took);
}

#[tokio::test]
async fn a_name_is_always_sent_and_one_that_is_not_known_proves_nothing() {
    let behaved = Behaved::new().await;
    let old = behaved.old.clone();
    let act = move |_: usize, hello: &ClientHello, _: usize| {
        let named = hello.server_name().unwrap().is_some_and(|name| name == HOST.as_bytes());
        // SSL 3.0 has no extensions to carry a name in
        let said = if named { old.answer(hello) } else { Said::Refused(by_hand::UNRECOGNIZED_NAME) };
        Act::Write(said.whole())
    };
    let seen = behaved.look(act, PATIENT).await;
    seen.is_honest_beside(&behaved.truth, "112 to hellos without a name");
    for version in ["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"] {
        assert_eq!(seen.version(version), behaved.truth.version(version), "{version}");
    }
    assert_eq!(seen.version("SSLv3")["failed"]["alert"]["description"], "unrecognized_name");

    let act = |_: usize, _: &ClientHello, _: usize| Act::Write(Said::Refused(112).whole());
    let seen = behaved.look(act, PATIENT).await;
    for version in ["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"] {
        assert_eq!(
            seen.version(version)["failed"]["alert"]["description"],
            "unrecognized_name",
            "{}",
            seen.tls
        );
    }
    for rule in ["tls-legacy-version-offered", "tls-cipher-insecure-offered", "tls-forward-secrecy-missing"] {
        assert_eq!(seen.verdict(rule), Verdict::Inconclusive, "{rule}");
        assert_eq!(seen.reason(rule), "Alert", "{rule}");
    }
}

/// What becomes of long hellos at some old load balancers.
#[tokio::test]
async fn hellos_that_are_too_long_are_not_refusals() {
    let behaved = Behaved::new().await;
    for (resets, longest) in [(false, 300), (true, 300), (false, 511), (true, 511)] {
        let old = behaved.old.clone();
        let act = move |_: usize, hello: &ClientHello, length: usize| match () {
            () if length <= longest => Act::Write(old.answer(hello).whole()),
            () if resets => Act::Reset,
            () => Act::Hang,
        };
        let seen = behaved.look(act, SHORT).await;
        seen.is_honest_beside(&behaved.truth, &format!("resets {resets}, above {longest}"));
        assert!(seen.took < Duration::from_secs(30), "{:?}", seen.took);
    }
}

/// RFC 5246 appendix E.1: a server is to choose a lower version; this one refuses or hangs up instead.
#[tokio::test]
async fn intolerance_of_versions_is_not_their_absence() {
    let behaved = Behaved::new().await;
    let old = Old { versions: vec![Version::TLS10], ..behaved.old.clone() };
    let truth = look(whole(&old).await, &behaved.root, PATIENT).await;
    let refusals: [fn() -> Act; 3] =
        [|| Act::Write(Said::Refused(70).whole()), || Act::Write(Said::Refused(50).whole()), || Act::Reset];
    for (number, refusal) in refusals.into_iter().enumerate() {
        let old = old.clone();
        let act = move |_: usize, hello: &ClientHello, _: usize| {
            if hello.version > Version::TLS10 { refusal() } else { Act::Write(old.answer(hello).whole()) }
        };
        let seen = behaved.look(act, PATIENT).await;
        seen.is_honest_beside(&truth, &format!("intolerance {number}"));
        assert_eq!(seen.version("TLSv1.0"), "offered", "{number}: {}", seen.tls);
        assert_eq!(seen.tls["cipher_suites"]["items"], truth.tls["cipher_suites"]["items"], "{number}");
    }
}

#[tokio::test]
async fn what_was_not_offered_is_not_believed() {
    let behaved = Behaved::new().await;
    let old = behaved.old.clone();
    let act = move |_: usize, hello: &ClientHello, _: usize| match old.answer(hello) {
        Said::Flight(version, _) => Act::Write(old.choose(version, 0x002f).whole()),
        // even to those who have nothing in common with it
        refused @ Said::Refused(by_hand::PROTOCOL_VERSION) => Act::Write(refused.whole()),
        Said::Refused(_) => Act::Write(old.choose(hello.version.min(Version::TLS12), 0x002f).whole()),
    };
    let seen = behaved.look(act, PATIENT).await;
    let suites = &seen.tls["cipher_suites"];
    let names: std::collections::BTreeSet<&str> =
        suites["items"].as_array().unwrap().iter().map(|suite| suite["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["TLS_RSA_WITH_AES_128_CBC_SHA"].into());
    let why = suites["incomplete"]["malformed"].as_str().unwrap();
    assert!(why.contains("not offered"), "{why}");
    assert_eq!(seen.verdict("tls-cipher-insecure-offered"), Verdict::Inconclusive);
    assert_eq!(seen.reason("tls-cipher-insecure-offered"), "Malformed");

    // a version above all that was offered
    let old = Old { versions: vec![Version::TLS12], ..behaved.old.clone() };
    let act = move |_: usize, hello: &ClientHello, _: usize| {
        let suite = *hello.cipher_suites.first().unwrap();
        Act::Write(old.choose(Version::TLS12, suite).whole())
    };
    let seen = behaved.look(act, PATIENT).await;
    for version in ["SSLv3", "TLSv1.0", "TLSv1.1"] {
        assert!(seen.version(version)["failed"]["malformed"].is_string(), "{version}: {}", seen.tls);
    }
    assert_eq!(seen.verdict("tls-legacy-version-offered"), Verdict::Inconclusive);
}

/// TLS 1.3 by hand: whoever always asks for the same group, or chooses the same suite, has not said what else there is.
#[tokio::test]
async fn a_retry_for_what_was_not_offered_is_not_believed() {
    let behaved = Behaved::new().await;
    for (group, suites) in
        [(0x001d, vec![0x1301]), (0x001d, vec![0x1301, 0x1302, 0x1303]), (0x7777, vec![0x1301])]
    {
        let act = move |_: usize, hello: &ClientHello, _: usize| {
            if !hello.offered_versions().unwrap().contains(&Version::TLS13) {
                return Act::Write(Said::Refused(by_hand::PROTOCOL_VERSION).whole());
            }
            let suite = suites.iter().find(|suite| hello.cipher_suites.contains(suite)).unwrap_or(&suites[0]);
            let retry = reply::ServerHello {
                legacy_version: Version::TLS12,
                random: reply::HELLO_RETRY_REQUEST_RANDOM,
                session_id: hello.session_id.clone(),
                cipher_suite: *suite,
                compression_method: 0,
                extensions: Some(vec![
                    Extension::selected_version(Version::TLS13),
                    Extension::retry_group(group),
                ]),
            };
            Act::Write(retry.to_message(Version::TLS12).unwrap().to_records().unwrap())
        };
        let seen = behaved.look(act, PATIENT).await;
        assert_eq!(seen.version("TLSv1.3"), "offered", "{}", seen.tls);
        assert_eq!(seen.version("TLSv1.2"), "not_offered", "{}", seen.tls);
        let (suites, groups) = (&seen.tls["cipher_suites"], &seen.tls["groups"]);
        assert!(suites["incomplete"]["malformed"].is_string(), "{suites}");
        if group == 0x7777 {
            assert!(groups["incomplete"]["malformed"].is_string(), "{groups}");
        }
        assert!(
            groups["items"].as_array().unwrap().iter().all(|group| group["name"] == "x25519"),
            "{groups}"
        );
        assert_eq!(seen.verdict("tls-post-quantum-missing"), Verdict::Inconclusive, "{groups}");
    }
}

#[tokio::test]
async fn another_protocol_is_no_tls() {
    let behaved = Behaved::new().await;
    let banners: [&'static [u8]; 5] = [
        b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n",
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"<html><body>The plain HTTP request was sent to HTTPS port</body></html>",
        b"220 mail.lab.test ESMTP\r\n",
        b"\x00\x00\x00\x00\x00\x00\x00\x00",
    ];
    for banner in banners {
        for first in [false, true] {
            let address = by_hand::listen(move |_, mut stream| async move {
                use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
                if !first {
                    let _ = stream.read(&mut [0; 4096]).await;
                }
                let _ = stream.write_all(banner).await;
                by_hand::wait_for_the_end(&mut stream).await;
            })
            .await;
            let seen = look(address, &behaved.root, SHORT).await;
            let name = String::from_utf8_lossy(banner);
            assert_ne!(seen.tls["offered"], true, "{name}: {}", seen.tls);
            for rule in ["tls-legacy-version-offered", "tls-ssl2-ssl3-offered", "certificate-expired"] {
                assert_ne!(seen.verdict(rule), Verdict::Fail, "{name}: {rule}");
            }
        }
    }
}
