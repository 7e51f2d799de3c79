//! Replies: round trips, captures, hostile bodies.

use proptest::prelude::*;

use super::*;
use crate::wire::{
    iana::{SuiteProperties, cipher_suite, cipher_suites},
    tls::{
        Alert, Event, Extension, ExtensionType, HandshakeType, KeyShareEntry, Message, Problem, Reassembler,
        Version, captures,
    },
};

fn events(capture: &str) -> Vec<Event> {
    let mut peer = Reassembler::default();
    peer.feed(&captures::octets(capture));
    peer.finish();
    std::iter::from_fn(|| peer.next_event().unwrap()).collect()
}

fn messages(capture: &str) -> Vec<Message> {
    let handshake = |event| if let Event::Handshake(message) = event { Some(message) } else { None };
    events(capture).into_iter().filter_map(handshake).collect()
}

fn kinds(messages: &[Message]) -> Vec<u8> {
    messages.iter().map(|message| message.kind.0).collect()
}

fn suite(code: u16) -> SuiteProperties {
    cipher_suite(code).unwrap().properties().unwrap()
}

fn key_exchange(hello: &ServerHello, message: &Message) -> ServerKeyExchange {
    ServerKeyExchange::parse(&suite(hello.cipher_suite), hello.negotiated_version(), &message.body).unwrap()
}

#[test]
fn tls12_ecdhe_with_chain_and_staple() {
    let m = messages(captures::ECDHE_ECDSA_CHAIN_STAPLE);
    assert_eq!(kinds(&m), [2, 11, 22, 12, 14]);
    let hello = ServerHello::parse(&m[0].body).unwrap();
    assert_eq!((hello.negotiated_version(), hello.cipher_suite), (Version::TLS12, 0xc02b));
    assert_eq!((hello.compression_method, hello.is_retry_request()), (0, false));
    assert_eq!(
        hello.downgrade(),
        Some(Downgrade::FromTls13),
        "the server has TLS 1.3, the hello did not offer it"
    );
    assert_eq!(hello.alpn().unwrap().unwrap(), b"h2");
    assert_eq!(hello.renegotiation_info().unwrap(), Some(vec![]));
    assert!(hello.has(ExtensionType::EXTENDED_MASTER_SECRET) && hello.has(ExtensionType::STATUS_REQUEST));
    assert!(!hello.has(ExtensionType::ENCRYPT_THEN_MAC), "not with an AEAD");
    assert_eq!(hello.duplicated_extensions(), []);
    let chain = Certificate::parse(&m[1].body).unwrap().chain;
    assert_eq!(chain.len(), 2);
    for der in &chain {
        let (rest, _) = x509_parser::parse_x509_certificate(der).unwrap();
        assert!(rest.is_empty());
    }
    let CertificateStatus::Ocsp(response) = CertificateStatus::parse(&m[2].body).unwrap() else { panic!() };
    assert_eq!((response.len(), response[0]), (714, 0x30));
    let exchange = key_exchange(&hello, &m[3]);
    let KeyExchangeParameters::Ec(EcParameters::Named { group: 29, public }) = &exchange.parameters else {
        panic!()
    };
    assert_eq!(public.len(), 32);
    assert_eq!(exchange.signature.unwrap().scheme, Some(0x0403));
    parse_server_hello_done(&m[4].body).unwrap();
}

#[test]
fn tls12_dhe_and_anonymous_exchanges() {
    let m = messages(captures::DHE_RSA);
    assert_eq!(kinds(&m), [2, 11, 12, 14]);
    let hello = ServerHello::parse(&m[0].body).unwrap();
    let exchange = key_exchange(&hello, &m[2]);
    let KeyExchangeParameters::Dh(dh) = &exchange.parameters else { panic!() };
    assert_eq!((dh.prime_bits(), &dh.g[..]), (2048, &[2][..]));
    assert_eq!(exchange.signature.unwrap().scheme, Some(0x0804));

    let m = messages(captures::DH_ANON);
    assert_eq!(kinds(&m), [2, 12, 14]);
    let hello = ServerHello::parse(&m[0].body).unwrap();
    assert_eq!(hello.cipher_suite, 0x0034);
    assert!(hello.has(ExtensionType::ENCRYPT_THEN_MAC));
    let exchange = key_exchange(&hello, &m[1]);
    assert!(matches!(exchange.parameters, KeyExchangeParameters::Dh(_)) && exchange.signature.is_none());

    let m = messages(captures::ECDH_ANON);
    let exchange = key_exchange(&ServerHello::parse(&m[0].body).unwrap(), &m[1]);
    assert!(matches!(exchange.parameters, KeyExchangeParameters::Ec(EcParameters::Named { group: 29, .. })));
    assert_eq!(exchange.signature, None);
}

#[test]
fn tls10_signatures_carry_no_scheme() {
    let m = messages(captures::TLS10_ECDHE_RSA);
    let hello = ServerHello::parse(&m[0].body).unwrap();
    assert_eq!((hello.negotiated_version(), m[0].record_version), (Version::TLS10, Version::TLS10));
    assert_eq!(hello.downgrade(), Some(Downgrade::FromTls12));
    let signature = key_exchange(&hello, &m[2]).signature.unwrap();
    assert_eq!((signature.scheme, signature.octets.len()), (None, 256));
    // Read as TLS 1.2 the same octets make no sense, and the parser says so.
    assert!(ServerKeyExchange::parse(&suite(hello.cipher_suite), Version::TLS12, &m[2].body).is_err());
}

#[test]
fn tls13_hello_and_retry_request() {
    let m = messages(captures::HELLO_RETRY_REQUEST);
    let retry = ServerHello::parse(&m[0].body).unwrap();
    assert!(retry.is_retry_request());
    assert_eq!((retry.negotiated_version(), retry.legacy_version), (Version::TLS13, Version::TLS12));
    assert_eq!((retry.selected_group().unwrap(), retry.cookie().unwrap()), (Some(29), None));
    assert_eq!(retry.session_id, [0x77; 32]);

    let all = events(captures::TLS13_SERVER_HELLO);
    assert!(matches!(all[..3], [Event::Handshake(_), Event::ChangeCipherSpec, Event::Encrypted { .. }]));
    let hello = ServerHello::parse(&messages(captures::TLS13_SERVER_HELLO)[0].body).unwrap();
    assert!(!hello.is_retry_request());
    assert_eq!((hello.negotiated_version(), hello.cipher_suite), (Version::TLS13, 0x1301));
    assert_eq!(hello.selected_group().unwrap(), Some(29));
}

#[test]
fn client_certificates_are_asked_for() {
    let m = messages(captures::CLIENT_CERTIFICATE);
    assert_eq!(kinds(&m), [2, 11, 12, 13, 14]);
    let request = CertificateRequest::parse(Version::TLS12, &m[3].body).unwrap();
    assert_eq!(request.types, [1, 2, 64]);
    assert!(request.signature_algorithms.unwrap().contains(&0x0403));
    assert_eq!(request.authorities.len(), 1);
}

#[test]
fn alerts_alone_and_warnings_in_front() {
    assert_eq!(events(captures::NO_COMMON_SUITE), [Event::Alert(Alert::fatal(40))]);
    assert_eq!(events(captures::SSL3_REFUSED), [Event::Alert(Alert::fatal(40))]);
    assert_eq!(events(captures::SSLV2_REFUSED), [Event::Alert(Alert::fatal(70))]);
    let all = events(captures::WARNING);
    assert_eq!(all[0], Event::Alert(Alert::warning(112)));
    assert_eq!(kinds(&messages(captures::WARNING)), [2, 11, 12, 14]);
}

#[test]
fn every_captured_choice_was_offered() {
    for capture in captures::ALL {
        let name = capture.split('"').nth(1).unwrap();
        for message in messages(capture).iter().filter(|m| m.kind == HandshakeType::SERVER_HELLO) {
            let answer = ServerHello::parse(&message.body).unwrap();
            let hello = captures::hello(name);
            assert!(hello.cipher_suites.contains(&answer.cipher_suite), "{name}");
            assert!(hello.offered_versions().unwrap().contains(&answer.negotiated_version()), "{name}");
            for extension in answer.extensions.unwrap() {
                assert!(hello.extension(extension.kind).is_some(), "{name} {}", extension.kind.name());
            }
        }
    }
}

#[test]
fn trailing_octets_and_strange_values_are_malformed() {
    for capture in captures::ALL {
        let Some(first) = messages(capture).into_iter().next() else { continue };
        let mut body = first.body;
        body.push(0);
        assert_eq!(ServerHello::parse(&body).unwrap_err().problem, Problem::Trailing(1));
    }
    let hello = |extensions| ServerHello {
        legacy_version: Version::TLS12,
        random: [0; 32],
        session_id: vec![],
        cipher_suite: 0x1301,
        compression_method: 0,
        extensions: Some(extensions),
    };
    let reread = |extensions| ServerHello::parse(&hello(extensions).to_message(Version::TLS12).unwrap().body);
    assert_eq!(reread(vec![Extension::raw(43, vec![3])]).unwrap_err().what, "supported_versions.selected");
    assert_eq!(reread(vec![Extension::raw(43, vec![3, 4, 0])]).unwrap_err().problem, Problem::Trailing(1));
    let odd =
        reread(vec![Extension::raw(16, vec![9]), Extension::raw(0x2a2a, vec![]), Extension::raw(16, vec![])]);
    let odd = odd.unwrap();
    assert!(odd.alpn().is_err());
    assert_eq!(odd.duplicated_extensions(), [ExtensionType::ALPN]);
    let two = reread(vec![Extension::alpn(&[b"h2", b"x"]).unwrap()]).unwrap();
    assert_eq!(two.alpn().unwrap_err().problem, Problem::TooMany(1));
    assert_eq!(parse_server_hello_done(&[0]).unwrap_err().problem, Problem::Trailing(1));
    assert_eq!(CertificateStatus::parse(&[3, 0, 0, 1, 9]).unwrap_err().problem, Problem::Value(3));
    let rsa = ServerKeyExchange::parse(&suite(0x002f), Version::TLS12, &[]).unwrap_err();
    assert_eq!(rsa.problem, Problem::Unexpected);
}

#[test]
fn chains_have_limits() {
    let chain = |count, size| Certificate { chain: vec![vec![0x30; size]; count] };
    let body = |certificate: Certificate| certificate.to_message(Version::TLS12).unwrap().body;
    assert!(Certificate::parse(&body(chain(50, 10))).is_ok());
    assert_eq!(Certificate::parse(&body(chain(51, 10))).unwrap_err().problem, Problem::TooMany(50));
    assert!(matches!(Certificate::parse(&body(chain(2, 140_000))).unwrap_err().problem, Problem::Length(_)));
    assert_eq!(Certificate::parse(&[0, 0, 0]).unwrap().chain, Vec::<Vec<u8>>::new());
    assert_eq!(Certificate::parse(&[0, 0, 3, 0, 0, 0]).unwrap_err().problem, Problem::Length(0));
}

#[test]
fn sizes_ignore_leading_zeros() {
    assert_eq!(
        [bit_length(&[]), bit_length(&[0, 0]), bit_length(&[0, 1]), bit_length(&[0x80, 0])],
        [0, 0, 1, 16]
    );
    let dh = DhParameters { p: [vec![0; 3], vec![0xff; 64]].concat(), g: vec![2], public: vec![1] };
    assert_eq!(dh.prime_bits(), 512);
}

fn octets(min: usize, most: usize) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), min..=most)
}

fn list(min: usize) -> impl Strategy<Value = Vec<Vec<u8>>> {
    proptest::collection::vec(octets(min, 20), 0..6)
}

prop_compose! {
    fn server_hello()(
        legacy_version: u16, random: [u8; 32], session_id in octets(0, 32), cipher_suite: u16, compression_method: u8,
        extensions in proptest::option::of(proptest::collection::vec(extension(), 0..8)),
    ) -> ServerHello {
        let legacy_version = Version(legacy_version);
        ServerHello { legacy_version, random, session_id, cipher_suite, compression_method, extensions }
    }
}

fn extension() -> impl Strategy<Value = Extension> {
    prop_oneof![
        any::<u16>().prop_map(|version| Extension::selected_version(Version(version))),
        any::<u16>().prop_map(Extension::retry_group),
        (any::<u16>(), octets(1, 40))
            .prop_map(|(group, key)| Extension::selected_key_share(&KeyShareEntry { group, key }).unwrap()),
        octets(1, 20).prop_map(|name| Extension::alpn(&[&name]).unwrap()),
        octets(1, 20).prop_map(|cookie| Extension::cookie(&cookie).unwrap()),
        (any::<u16>(), octets(0, 20))
            .prop_filter("checked at once", |(kind, _)| *kind != ExtensionType::SUPPORTED_VERSIONS.0)
            .prop_map(|(kind, body)| Extension::raw(kind, body)),
    ]
}

/// A suite and a key exchange that fits it.
fn exchange() -> impl Strategy<Value = (SuiteProperties, Version, ServerKeyExchange)> {
    let codes: Vec<u16> = vec![
        0xc02f, 0xc02b, 0x0033, 0x0032, 0x0018, 0xc018, 0x008c, 0x0094, 0x0090, 0xc035, 0x0003, 0x0014,
        0xc01d, 0xc01e,
    ];
    let part = || octets(1, 40);
    let parts = (part(), part(), part(), part(), any::<[u16; 2]>());
    (prop::sample::select(codes), 0x0300..=0x0303u16, octets(0, 9), parts).prop_map(
        |(code, version, hint, parts)| {
            let (first, second, third, last, [group, scheme]) = parts;
            let (suite, version) = (suite(code), Version(version));
            let name = cipher_suite(code).unwrap().name;
            let parameters = match () {
                () if name.contains("SRP") => KeyExchangeParameters::Srp {
                    prime: first,
                    generator: second,
                    salt: third,
                    public: last.clone(),
                },
                () if name.contains("ECDH") => {
                    KeyExchangeParameters::Ec(EcParameters::Named { group, public: first })
                }
                () if name.contains("DH") => {
                    KeyExchangeParameters::Dh(DhParameters { p: first, g: second, public: third })
                }
                () if name.contains("RSA_EXPORT") => {
                    KeyExchangeParameters::Rsa { modulus: first, exponent: second }
                }
                () => KeyExchangeParameters::HintOnly,
            };
            let signed = !name.contains("anon") && !name.contains("PSK") && !name.contains("SRP_SHA_WITH");
            let scheme = (version >= Version::TLS12).then_some(scheme);
            let signature = signed.then_some(Signature { scheme, octets: last });
            let psk_hint = name.contains("PSK").then_some(hint);
            (suite, version, ServerKeyExchange { psk_hint, parameters, signature })
        },
    )
}

fn explicit_curve() -> impl Strategy<Value = EcParameters> {
    let vec8 = |octets: &[u8]| [&[u8::try_from(octets.len()).unwrap()], octets].concat();
    (octets(1, 40), any::<u16>(), 0..3usize, octets(1, 20)).prop_map(move |(number, m, form, public)| {
        let (curve_type, field_bits, head) = match form {
            0 => (1, bit_length(&number), vec8(&number)),
            1 => (2, usize::from(m), [&m.to_be_bytes()[..], &[1], &vec8(&number)].concat()),
            _ => (2, usize::from(m), [&m.to_be_bytes()[..], &[2], &vec8(&number).repeat(3)].concat()),
        };
        let description = [head, vec8(&number).repeat(5)].concat();
        EcParameters::Explicit { curve_type, field_bits, description, public }
    })
}

proptest! {
    #[test]
    fn server_hellos_survive_the_wire(hello in server_hello()) {
        let message = hello.to_message(Version::TLS12).unwrap();
        let read = ServerHello::parse(&message.body).unwrap();
        let _ = (read.alpn(), read.selected_group(), read.cookie(), read.renegotiation_info(), read.next_protocols());
        prop_assert_eq!(read, hello);
    }

    #[test]
    fn certificates_survive_the_wire(chain in list(1)) {
        let certificate = Certificate { chain };
        let message = certificate.to_message(Version::TLS10).unwrap();
        prop_assert_eq!(Certificate::parse(&message.body).unwrap(), certificate);
    }

    #[test]
    fn staples_survive_the_wire(one in octets(1, 40), many in list(0)) {
        let mut statuses = vec![CertificateStatus::Ocsp(one)];
        if !many.is_empty() {
            statuses.push(CertificateStatus::OcspMulti(many));
        }
        for status in statuses {
            let message = status.to_message(Version::TLS12).unwrap();
            prop_assert_eq!(CertificateStatus::parse(&message.body).unwrap(), status);
        }
    }

    #[test]
    fn certificate_requests_survive_the_wire(
        types in octets(1, 5),
        schemes in proptest::option::of(proptest::collection::vec(any::<u16>(), 1..9)),
        authorities in list(1),
    ) {
        let version = if schemes.is_some() { Version::TLS12 } else { Version::TLS11 };
        let request = CertificateRequest { types, signature_algorithms: schemes, authorities };
        let message = request.to_message(version).unwrap();
        prop_assert_eq!(CertificateRequest::parse(version, &message.body).unwrap(), request);
    }

    #[test]
    fn key_exchanges_survive_the_wire((suite, version, exchange) in exchange()) {
        let message = exchange.to_message(version).unwrap();
        prop_assert_eq!(ServerKeyExchange::parse(&suite, version, &message.body).unwrap(), exchange);
    }

    #[test]
    fn explicit_curves_survive_the_wire(curve in explicit_curve()) {
        let parameters = KeyExchangeParameters::Ec(curve);
        let exchange = ServerKeyExchange { psk_hint: None, parameters, signature: None };
        let message = exchange.to_message(Version::TLS12).unwrap();
        let suite = suite(0xc018);
        prop_assert_eq!(ServerKeyExchange::parse(&suite, Version::TLS12, &message.body).unwrap(), exchange);
    }

    #[test]
    fn arbitrary_octets_never_panic(body in octets(0, 200), version in 0x0300..=0x0304u16) {
        read_everything(&body, Version(version));
    }

    #[test]
    fn damaged_captures_never_panic(
        capture in prop::sample::select(captures::ALL.to_vec()), at: prop::sample::Index, octet: u8, cut: prop::sample::Index,
    ) {
        for message in messages(capture) {
            let mut body = message.body;
            if body.is_empty() {
                continue;
            }
            let i = at.index(body.len());
            body[i] = octet;
            read_everything(&body, Version::TLS12);
            body.truncate(cut.index(body.len()));
            read_everything(&body, Version::TLS10);
        }
    }
}

/// Every parser over the same octets; what one accepts must be written back as it was.
fn read_everything(body: &[u8], version: Version) {
    if let Ok(hello) = ServerHello::parse(body) {
        assert_eq!(hello.to_message(version).unwrap().body, body);
        let _ = (hello.alpn(), hello.selected_group(), hello.cookie(), hello.signed_certificate_timestamps());
    }
    if let Ok(certificate) = Certificate::parse(body) {
        assert_eq!(certificate.to_message(version).unwrap().body, body);
    }
    if let Ok(status) = CertificateStatus::parse(body) {
        assert_eq!(status.to_message(version).unwrap().body, body);
    }
    if let Ok(request) = CertificateRequest::parse(version, body) {
        assert_eq!(request.to_message(version).unwrap().body, body);
    }
    for suite in cipher_suites().filter_map(|suite| suite.properties()) {
        if let Ok(exchange) = ServerKeyExchange::parse(&suite, version, body) {
            assert_eq!(exchange.to_message(version).unwrap().body, body);
        }
    }
}
