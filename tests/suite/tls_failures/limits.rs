//! Too much of everything: certificates with ten thousand names, answers without an end, octets that trickle. Time,
//! memory and what is read stay bounded.

use std::{
    net::SocketAddr,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use khien::{
    rule::Verdict,
    wire::tls::{Alert, ClientHello, ContentType, MAX_FRAGMENT, Version, to_records},
};
use rcgen::{CertificateParams, KeyPair};
use tokio::io::AsyncWriteExt as _;

use super::{
    Behaved,
    by_hand::{Act, Old, Said, hello_of, listen, record_of, server},
    looked::{HOST, PATIENT, SHORT, is_open, look},
    whole,
};

/// Self-signed, for so many names, of which the last is the right one.
fn names(count: usize) -> Vec<u8> {
    let mut names: Vec<String> = (1..count).map(|number| format!("n{number:05}.lab.test")).collect();
    names.push(HOST.to_owned());
    let key = KeyPair::generate().unwrap();
    CertificateParams::new(names).unwrap().self_signed(&key).unwrap().der().to_vec()
}

/// Whether a rule is about what a server's certificate is; one address has none to differ from.
fn is_of_certificate(rule: &str) -> bool {
    rule.starts_with("certificate-") && rule != "certificate-addresses-differ"
}

#[tokio::test]
async fn ten_thousand_names_are_read_to_the_last() {
    let behaved = Behaved::new().await;
    let old = Old { chain: vec![names(10_000)], ..behaved.old.clone() };
    assert!(old.chain[0].len() > 150_000);
    let seen = look(whole(&old).await, &behaved.root, PATIENT).await;
    assert_eq!(seen.facts(), behaved.truth.facts());
    assert_eq!(seen.verdict("certificate-name-mismatch"), Verdict::Pass, "{:?}", seen.verdicts);
    assert_eq!(seen.verdict("certificate-self-signed"), Verdict::Fail);
    let kept = serde_json::to_string(&seen.certificate).unwrap();
    assert!(kept.len() < 40_000, "{} octets are kept", kept.len());
}

/// More than is read of any message: the certificate is not seen, everything else is.
#[tokio::test]
async fn a_certificate_beyond_the_limit_is_not_judged() {
    let behaved = Behaved::new().await;
    let old = Old { chain: vec![names(20_000)], ..behaved.old.clone() };
    assert!(old.chain[0].len() > 1 << 18);
    let seen = look(whole(&old).await, &behaved.root, PATIENT).await;
    assert_eq!(seen.tls["versions"], behaved.truth.tls["versions"]);
    assert_eq!(seen.tls["cipher_suites"], behaved.truth.tls["cipher_suites"]);
    assert!(is_open(&seen.certificate), "{}", seen.certificate);
    for rule in seen.verdicts.keys().filter(|rule| is_of_certificate(rule)) {
        assert_eq!(seen.verdict(rule), Verdict::Inconclusive, "{rule}");
    }
}

#[tokio::test]
async fn garbage_instead_of_a_certificate_hides_nothing_else() {
    let behaved = Behaved::new().await;
    let leaf = behaved.old.chain[0].clone();
    let noise: Vec<u8> = (0..900_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    // a SEQUENCE that says it is longer than all there is, and one of nothing but its own kind
    let boast = [&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff][..], &leaf].concat();
    let nested = [0x30, 0x80].repeat(20_000);
    for (what, chain) in [
        ("noise", vec![noise]),
        ("cut", vec![leaf[..leaf.len() / 2].to_vec()]),
        ("boast", vec![boast]),
        ("nested", vec![nested]),
        ("one octet", vec![vec![0]]),
    ] {
        let old = Old { chain, ..behaved.old.clone() };
        let seen = look(whole(&old).await, &behaved.root, PATIENT).await;
        assert_eq!(seen.facts(), behaved.truth.facts(), "{what}");
        for rule in seen.verdicts.keys().filter(|rule| is_of_certificate(rule)) {
            assert_eq!(seen.verdict(rule), Verdict::Inconclusive, "{what}: {rule}");
        }
    }
    // no certificate at all, where the suite needs one
    for chain in [vec![], vec![vec![]]] {
        let old = Old { chain, ..behaved.old.clone() };
        let seen = look(whole(&old).await, &behaved.root, PATIENT).await;
        for list in ["versions", "cipher_suites"] {
            assert_eq!(seen.tls[list], behaved.truth.tls[list]);
        }
        for rule in seen.verdicts.keys().filter(|rule| is_of_certificate(rule)) {
            assert_eq!(seen.verdict(rule), Verdict::Inconclusive, "{rule}");
        }
    }
}

fn record(kind: ContentType, payload: &[u8]) -> Vec<u8> {
    to_records(kind, Version::TLS12, payload, MAX_FRAGMENT).unwrap()
}

/// What may come for ever, 16 KiB of it at least: smaller pieces would keep the test busy.
fn without_end() -> Vec<(&'static str, Vec<u8>)> {
    // a message of an unknown type, so that nothing is malformed
    let message = [&[250, 0, 0x3f, 0xfc][..], &[0; 0x3ffc]].concat();
    vec![
        ("handshake messages", record(ContentType::HANDSHAKE, &message)),
        (
            "one handshake message",
            record(ContentType::HANDSHAKE, &[[250, 3, 0xff, 0xff].as_slice(), &[0; 16_000]].concat()),
        ),
        ("warnings", record_of(Alert::warning(100)).repeat(2_400)),
        ("application data", record(ContentType::APPLICATION_DATA, &[1; 16_000])),
        ("heartbeats", record(ContentType::HEARTBEAT, &[1; 16_000])),
        ("empty records", record(ContentType::HANDSHAKE, &[]).repeat(3_000)),
        ("text", b"GET OFF MY LAWN ".repeat(1_000)),
        ("zeros", vec![0; 16_000]),
    ]
}

#[tokio::test]
async fn answers_without_an_end_are_cut() {
    let behaved = Behaved::new().await;
    for (what, again) in without_end() {
        let (old, endless) = (behaved.old.clone(), again.clone());
        // behind the server's choice
        let act = move |_: usize, hello: &ClientHello, _: usize| match old.answer(hello) {
            Said::Refused(_) => Act::Write(old.answer(hello).whole()),
            said @ Said::Flight(..) => {
                Act::Endless(said.records(MAX_FRAGMENT).swap_remove(0), endless.clone())
            }
        };
        let seen = look(server(act).await, &behaved.root, Duration::from_secs(3)).await;
        seen.is_honest_beside(&behaved.truth, what);
        assert_eq!(seen.tls["versions"], behaved.truth.tls["versions"], "{what}: the choice stands");
        assert!(seen.took < Duration::from_mins(2), "{what}: {:?}", seen.took);
        // and instead of it
        let (most, conduct) = (Arc::new(AtomicUsize::new(0)), again.clone());
        let counted = Arc::clone(&most);
        let address = listen(move |_, mut stream| {
            let (again, most) = (conduct.clone(), Arc::clone(&counted));
            async move {
                if hello_of(&mut stream).await.is_none() {
                    return;
                }
                let mut written = 0;
                while stream.write_all(&again).await.is_ok() {
                    written += again.len();
                    most.fetch_max(written, Ordering::Relaxed);
                }
            }
        })
        .await;
        let seen = look(address, &behaved.root, Duration::from_secs(2)).await;
        match what {
            // then it is true that there is no TLS
            "text" | "zeros" => assert_eq!(seen.tls["offered"], false, "{what}: {}", seen.tls),
            _ => seen.nothing_is_decided("", what),
        }
        assert!(seen.took < Duration::from_mins(1), "{what}: {:?}", seen.took);
        // what we read, and what fits into the two sockets
        let most = most.load(Ordering::Relaxed);
        assert!(most < 16 << 20, "{what}: {most} octets on one connection");
    }
}

/// The deadline is one for the whole exchange, not one for each octet.
#[tokio::test]
async fn a_trickle_ends_with_the_deadline() {
    let behaved = Behaved::new().await;
    let old = behaved.old.clone();
    let address = listen(move |_, mut stream| {
        let old = old.clone();
        async move {
            let Some((_, Some(hello))) = hello_of(&mut stream).await else { return };
            for octet in old.answer(&hello).whole() {
                tokio::time::sleep(Duration::from_millis(150)).await;
                if stream.write_all(&[octet]).await.is_err() {
                    return;
                }
            }
        }
    })
    .await;
    let seen = look(address, &behaved.root, SHORT).await;
    seen.is_honest_beside(&behaved.truth, "a trickle");
    assert!(seen.took < Duration::from_secs(40), "{:?}", seen.took);
}

/// The program itself beside all of this: what it ever held in memory.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_answers_do_not_fill_the_memory() {
    let behaved = Behaved::new().await;
    let many = Old { chain: vec![names(10_000); 1], ..behaved.old.clone() };
    let mut addresses = vec![("ten thousand names", whole(&many).await)];
    for (what, again) in without_end() {
        addresses.push((what, server(move |_, _, _| Act::Endless(Vec::new(), again.clone())).await));
    }
    for (what, address) in addresses {
        let (peak, took) = tokio::task::spawn_blocking(move || peak_of_check(address)).await.unwrap();
        assert!(peak < 120 * 1024, "{what}: {peak} KiB");
        assert!(took < Duration::from_secs(90), "{what}: {took:?}");
    }
}

/// Peak memory in KiB and time of `khien check` at this address.
fn peak_of_check(address: SocketAddr) -> (u64, Duration) {
    let mut khien = Command::new(env!("CARGO_BIN_EXE_khien"))
        .args(["check", &address.to_string(), "--name", HOST, "--authorised-by", "test"])
        .args(["--allow-private", "--pace", "lab", "--only", "tls,certificate", "--format", "json"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (began, mut peak) = (Instant::now(), 0);
    let status = format!("/proc/{}/status", khien.id());
    let code = loop {
        if let Some(code) = khien.try_wait().unwrap() {
            break code.code();
        }
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(peak);
        std::thread::sleep(Duration::from_millis(10));
    };
    assert!(matches!(code, Some(0 | 1 | 3)), "{code:?}");
    assert!(peak > 0);
    (peak, began.elapsed())
}
