//! Sessions, renegotiation, early data, names and odd hellos at real servers: OpenSSL's own, nginx, GnuTLS.

use khien::observation::{
    Attempt, ClientRenegotiation, EarlyData, NameAnswer, ServerNames, Sessions, Support, Tls, WithoutMatch,
};

use crate::{
    peer::{Authority, Peer, Pem},
    probe_tls::probe,
};

const HOST: &str = "lab.test";
const YES: Attempt<Option<Support>> = Attempt::Completed(Some(Support::Offered));
const NO: Attempt<Option<Support>> = Attempt::Completed(Some(Support::NotOffered));
const ABSENT: Attempt<Option<Support>> = Attempt::Completed(None);

async fn seen(server: &Peer) -> Tls {
    let seen = probe(server.address()).await;
    let Attempt::Completed(tls) = seen.tls else { panic!("{:?}", seen.tls) };
    assert_eq!(tls.intolerances.completed().map(|list| list.items.as_slice()), Some(&[][..]), "{tls:?}");
    assert_eq!(tls.intolerances.completed().unwrap().incomplete, None);
    tls
}

fn sessions(tls: &Tls) -> &Sessions {
    tls.sessions.completed().unwrap()
}

fn renegotiations(tls: &Tls) -> Option<u32> {
    let Attempt::Completed(seen) = &sessions(tls).client_renegotiation else { panic!("{tls:?}") };
    seen.map(|ClientRenegotiation { accepted }| accepted)
}

fn rsa() -> Pem {
    Authority::new().rsa_leaf(&[HOST])
}

/// Every kind of key exchange and of record protection that is done by hand, against OpenSSL.
#[tokio::test]
async fn sessions_come_back_in_every_old_version_and_suite() {
    let certificate = rsa();
    for (version, suite) in [
        ("-tls1", "AES128-SHA"),
        ("-tls1", "ECDHE-RSA-AES256-SHA"),
        ("-tls1", "DHE-RSA-AES128-SHA"),
        ("-tls1_1", "AES256-SHA"),
        ("-tls1_1", "ECDHE-RSA-AES128-SHA"),
        ("-tls1_2", "AES128-SHA256"),
        ("-tls1_2", "ECDHE-RSA-AES256-SHA384"),
        ("-tls1_2", "DHE-RSA-AES256-GCM-SHA384"),
        ("-tls1_2", "ECDHE-RSA-AES128-GCM-SHA256"),
        ("-tls1_2", "DHE-RSA-CHACHA20-POLY1305"),
    ] {
        let suites = format!("{suite}:@SECLEVEL=0");
        let server = Peer::openssl(&certificate, &[version, "-cipher", &suites]);
        let tls = seen(&server).await;
        let found = sessions(&tls);
        assert_eq!((&found.by_id, &found.by_ticket), (&YES, &YES), "{version} {suite}");
        assert_eq!((&found.by_psk, &found.tickets), (&ABSENT, &Attempt::Completed(None)), "{version}");
        assert_eq!(renegotiations(&tls), Some(0), "{version} {suite}");
        // also where a library of today gets nowhere
        let names = tls.server_names.completed().unwrap();
        assert_eq!(names.wrong, Attempt::Completed(NameAnswer::SameCertificate), "{version} {suite}");
        let alpn = tls.alpn.completed().unwrap();
        assert_eq!(alpn.without_match, Attempt::Completed(WithoutMatch::Ignored), "{version} {suite}");
    }
}

#[tokio::test]
async fn openssl_says_no_where_it_is_told_to() {
    let certificate = rsa();
    let server = Peer::openssl(&certificate, &["-no_ticket", "-no_cache", "-no_tls1_3"]);
    let tls = seen(&server).await;
    let found = sessions(&tls);
    assert_eq!((&found.by_id, &found.by_ticket), (&NO, &NO));
    assert_eq!(renegotiations(&tls), Some(0));
    let server = Peer::openssl(&certificate, &["-tls1_3", "-num_tickets", "3"]);
    let tls = seen(&server).await;
    let found = sessions(&tls);
    assert_eq!((&found.by_id, &found.by_ticket, &found.by_psk), (&ABSENT, &ABSENT, &YES));
    assert_eq!(found.tickets, Attempt::Completed(Some(3)));
    assert_eq!(found.client_renegotiation, Attempt::Completed(None));
    assert_eq!(found.early_data, Attempt::Completed(Some(EarlyData { limit: 0, accepted: false })));
    let server = Peer::openssl(&certificate, &["-tls1_3", "-num_tickets", "0"]);
    let tls = seen(&server).await;
    assert_eq!((&sessions(&tls).by_psk, &sessions(&tls).tickets), (&NO, &Attempt::Completed(Some(0))));
}

#[tokio::test]
async fn early_data_is_what_nginx_is_told() {
    for (line, expected) in [
        ("ssl_early_data on;", EarlyData { limit: 16_384, accepted: true }),
        ("", EarlyData { limit: 0, accepted: false }),
    ] {
        let block = format!(
            "server {{ listen ADDRESS ssl http2; server_name lab.test; CERTIFICATE ssl_protocols TLSv1.2 TLSv1.3;\
             ssl_session_cache shared:a:1m; {line} }}"
        );
        let tls = seen(&Peer::nginx(&rsa(), &block)).await;
        let found = sessions(&tls);
        assert_eq!(found.early_data, Attempt::Completed(Some(expected)));
        assert_eq!((&found.by_id, &found.by_ticket, &found.by_psk), (&YES, &YES, &YES));
        assert_eq!(renegotiations(&tls), Some(0));
        let alpn = tls.alpn.completed().unwrap();
        let names: Vec<&str> =
            alpn.protocols.completed().unwrap().items.iter().map(|protocol| protocol.name.as_str()).collect();
        assert_eq!(names, ["h2", "http/1.1"]);
        assert_eq!(alpn.npn, NO);
        assert_eq!(tls.signed_certificate_timestamps, Attempt::Completed(Some(0)));
    }
}

#[tokio::test]
async fn strangers_are_told_apart() {
    let (mine, other) = (rsa(), Authority::new().rsa_leaf(&["other.test"]));
    let folder = tempfile::tempdir().unwrap();
    let (chain, key) = other.write(folder.path());
    let other_first = format!(
        "server {{ listen ADDRESS ssl; ssl_certificate {}; ssl_certificate_key {}; }}\
         server {{ listen ADDRESS ssl; server_name lab.test; CERTIFICATE }}",
        chain.display(),
        key.display()
    );
    let refused = "server { listen ADDRESS ssl default_server; ssl_reject_handshake on; }\
                   server { listen ADDRESS ssl; server_name lab.test; CERTIFICATE }";
    let alone = "server { listen ADDRESS ssl; server_name lab.test; CERTIFICATE }";
    for (block, expected) in [
        (alone, NameAnswer::SameCertificate),
        (&other_first, NameAnswer::OtherCertificate),
        (refused, NameAnswer::Refused),
    ] {
        let tls = seen(&Peer::nginx(&mine, block)).await;
        let answer = || Attempt::Completed(expected);
        assert_eq!(tls.server_names, Attempt::Completed(ServerNames { without: answer(), wrong: answer() }));
        let alpn = tls.alpn.completed().unwrap();
        let alert = Attempt::Completed(WithoutMatch::Refused);
        assert_eq!(alpn.without_match, alert, "nginx knows http/1.1");
    }
}

#[tokio::test]
async fn gnutls_lets_clients_begin_again() {
    let server = Peer::gnutls(&rsa(), &["--priority", "NORMAL:-VERS-TLS1.3"]);
    let seen = probe(server.address()).await;
    let Attempt::Completed(tls) = seen.tls else { panic!("{:?}", seen.tls) };
    eprintln!("{:?} {:?}", tls.sessions, tls.intolerances);
    assert_eq!(renegotiations(&tls), Some(11));
    assert_eq!(sessions(&tls).by_ticket, YES);
    drop(server);
}
