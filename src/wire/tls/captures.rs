//! Answers of real servers for the tests of this module, and the hellos that drew them; see `testdata/README.md`.

use super::{ClientHello, Extension, KeyShareEntry, Version};

pub(super) const ECDHE_ECDSA_CHAIN_STAPLE: &str = include_str!("testdata/tls12_ecdhe_ecdsa_chain_staple.hex");
pub(super) const DHE_RSA: &str = include_str!("testdata/tls12_dhe_rsa.hex");
pub(super) const DH_ANON: &str = include_str!("testdata/tls12_dh_anon.hex");
pub(super) const ECDH_ANON: &str = include_str!("testdata/tls12_ecdh_anon.hex");
pub(super) const NO_COMMON_SUITE: &str = include_str!("testdata/tls12_no_common_suite.hex");
pub(super) const TLS10_ECDHE_RSA: &str = include_str!("testdata/tls10_ecdhe_rsa.hex");
pub(super) const HELLO_RETRY_REQUEST: &str = include_str!("testdata/tls13_hello_retry_request.hex");
pub(super) const TLS13_SERVER_HELLO: &str = include_str!("testdata/tls13_server_hello.hex");
pub(super) const CLIENT_CERTIFICATE: &str = include_str!("testdata/tls12_client_certificate.hex");
pub(super) const WARNING: &str = include_str!("testdata/tls12_warning_unrecognized_name.hex");
pub(super) const SSL3_REFUSED: &str = include_str!("testdata/ssl3_refused.hex");
pub(super) const SSLV2_REFUSED: &str = include_str!("testdata/sslv2_refused.hex");

pub(super) const ALL: [&str; 12] = [
    ECDHE_ECDSA_CHAIN_STAPLE,
    DHE_RSA,
    DH_ANON,
    ECDH_ANON,
    NO_COMMON_SUITE,
    TLS10_ECDHE_RSA,
    HELLO_RETRY_REQUEST,
    TLS13_SERVER_HELLO,
    CLIENT_CERTIFICATE,
    WARNING,
    SSL3_REFUSED,
    SSLV2_REFUSED,
];

/// The octets of a capture; lines that begin with `#` are notes.
pub(super) fn octets(text: &str) -> Vec<u8> {
    let digits: String = text.lines().filter(|line| !line.starts_with('#')).collect();
    (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap()).collect()
}

/// The hello that a capture's first line names.
pub(super) fn hello(name: &str) -> ClientHello {
    let mut hello = match name {
        "ecdhe" => with_extensions(vec![0xc02f, 0xc02b]),
        "dhe" => with_extensions(vec![0x009e, 0x0033]),
        "anon" => with_extensions(vec![0x0034]),
        "ecdh_anon" => with_extensions(vec![0xc018]),
        "alert" => with_extensions(vec![0x0005]),
        "tls10" => with_extensions(vec![0xc014, 0x0039]),
        "ssl3" => ClientHello::new(Version::SSL3, [0x5a; 32], vec![0x0035, 0x00ff]),
        "hrr" | "tls13" => with_extensions(vec![0x1301, 0x1302]),
        other => panic!("no hello is called {other}"),
    };
    if name == "tls10" {
        hello.version = Version::TLS10;
    }
    if matches!(name, "hrr" | "tls13") {
        let shares = if name == "hrr" { vec![] } else { vec![KeyShareEntry { group: 29, key: vec![9; 32] }] };
        hello.session_id = vec![0x77; 32];
        hello.extensions.as_mut().unwrap().extend([
            Extension::supported_versions(&[Version::TLS13]).unwrap(),
            Extension::key_share(&shares).unwrap(),
            Extension::psk_key_exchange_modes(&[1]).unwrap(),
        ]);
    }
    hello
}

fn with_extensions(suites: Vec<u16>) -> ClientHello {
    let mut hello = ClientHello::new(Version::TLS12, [0x5a; 32], suites);
    hello.extensions = Some(vec![
        Extension::server_name("www.agency.test").unwrap(),
        Extension::supported_groups(&[29, 23, 24, 25]).unwrap(),
        Extension::ec_point_formats(&[0]).unwrap(),
        Extension::signature_algorithms(&[0x0804, 0x0401, 0x0403, 0x0201, 0x0203]).unwrap(),
        Extension::alpn(&[b"h2", b"http/1.1"]).unwrap(),
        Extension::status_request(),
        Extension::extended_master_secret(),
        Extension::encrypt_then_mac(),
        Extension::session_ticket(vec![]),
        Extension::renegotiation_info(&[]).unwrap(),
    ]);
    hello
}
