//! Records there and back, records built by the letter of RFC 5246, hostile ones, and whole handshakes.

use std::{
    io::{Read, Write},
    sync::Arc,
};

use proptest::prelude::*;
use rustls::{
    ClientConnection, ContentType, ProtocolVersion, ServerConfig, ServerConnection,
    crypto::{CryptoProvider, cipher::OutboundChunks},
    pki_types::{PrivateKeyDer, ServerName},
};

use super::*;
use crate::net::tls::{Offer, Recorder, Versions, configure, provider};

const KINDS: [&Cbc; 3] = [&AES_128_SHA, &AES_256_SHA, &AES_128_SHA256];
const VERSION: ProtocolVersion = ProtocolVersion::TLSv1_2;
const DATA: ContentType = ContentType::ApplicationData;

fn aes_key(kind: &Cbc) -> &'static [u8] {
    &b"0123456789abcdefFEDCBA9876543210"[..kind.aes_key]
}

/// The library's constructor of shorter keys is its own, and HMAC fills a shorter key up with zeros.
fn mac_key() -> AeadKey {
    AeadKey::from(*b"a MAC key of thirty-two octets..")
}

fn decrypt(kind: &Cbc, typ: ContentType, record: &mut [u8], seq: u64) -> Result<Vec<u8>, Error> {
    let message = InboundOpaqueMessage::new(typ, VERSION, record);
    kind.decrypter(mac_key(), aes_key(kind)).decrypt(message, seq).map(|plain| plain.payload.to_vec())
}

/// A record as another implementation would make it, with this padding behind the MAC, its length octet included.
fn record(kind: &Cbc, seq: u64, fragment: &[u8], padding: &[u8]) -> Vec<u8> {
    let mut authenticated = seq.to_be_bytes().to_vec();
    authenticated.extend([23, 3, 3]);
    authenticated.extend(u16::try_from(fragment.len()).unwrap().to_be_bytes());
    authenticated.extend(fragment);
    let tag = hmac::sign(&hmac::Key::new(kind.mac, mac_key().as_ref()), &authenticated);
    let mut block = [fragment, tag.as_ref(), padding].concat();
    let key = EncryptingKey::cbc(UnboundCipherKey::new(kind.aes, aes_key(kind)).unwrap()).unwrap();
    let context = key.encrypt(&mut block).unwrap();
    let iv: &[u8] = (&context).try_into().unwrap();
    [iv, &block].concat()
}

/// A fragment that, with its MAC, leaves four octets to whole blocks: three of padding and its length.
fn fragment(kind: &Cbc) -> Vec<u8> {
    vec![b'x'; 2 * BLOCK + 12 - kind.mac_len % BLOCK]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_encrypted_comes_back(
        kind in 0..3_usize,
        fragment in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..100),
            (0..=LONGEST_FRAGMENT, any::<u8>()).prop_map(|(length, octet)| vec![octet; length]),
        ],
        seq: u64,
        typ in prop_oneof![Just(ContentType::Alert), Just(ContentType::Handshake), Just(DATA)],
        split: prop::sample::Index,
    ) {
        let kind = KINDS[kind];
        let (front, back) = fragment.split_at(split.index(fragment.len() + 1));
        let chunks = [front, back];
        let message = OutboundPlainMessage { typ, version: VERSION, payload: OutboundChunks::new(&chunks) };
        let mut encrypter = kind.encrypter(mac_key(), aes_key(kind), &[]);
        let sent = encrypter.encrypt(message, seq).unwrap();
        let mut sent = sent.encode().split_off(5);
        prop_assert_eq!(sent.len(), encrypter.encrypted_payload_len(fragment.len()));
        prop_assert!(sent.len() <= LONGEST_FRAGMENT + 2048);

        prop_assert_eq!(decrypt(kind, typ, &mut sent.clone(), seq), Ok(fragment));
        prop_assert_eq!(decrypt(kind, typ, &mut sent.clone(), seq ^ 1), Err(Error::DecryptError));
        prop_assert_eq!(decrypt(kind, ContentType::Heartbeat, &mut sent, seq), Err(Error::DecryptError));
    }

    #[test]
    fn arbitrary_records_are_refused(
        kind in 0..3_usize,
        mut record in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..400),
            proptest::collection::vec(any::<[u8; BLOCK]>(), 0..40).prop_map(|blocks| blocks.concat()),
        ],
        seq: u64,
    ) {
        prop_assert_eq!(decrypt(KINDS[kind], DATA, &mut record, seq), Err(Error::DecryptError));
    }

    /// Any padding and any MAC, decrypted by the right key: what a server may send that has it.
    #[test]
    fn arbitrary_insides_do_not_panic(kind in 0..3_usize, inside: Vec<[u8; BLOCK]>, fill: u8, filled in 0..300_usize) {
        let kind = KINDS[kind];
        let mut block = inside.concat();
        let length = block.len();
        block[length - filled.min(length)..].fill(fill);
        let key = EncryptingKey::cbc(UnboundCipherKey::new(kind.aes, aes_key(kind)).unwrap()).unwrap();
        let context = key.encrypt(&mut block).unwrap();
        let iv: &[u8] = (&context).try_into().unwrap();
        let mut record = [iv, &block].concat();
        prop_assert_eq!(decrypt(kind, DATA, &mut record, 0), Err(Error::DecryptError));
    }

    #[test]
    fn a_changed_bit_is_noticed(kind in 0..3_usize, bit: prop::sample::Index) {
        let kind = KINDS[kind];
        let mut changed = record(kind, 7, &fragment(kind), &[3; 4]);
        let bit = bit.index(changed.len() * 8);
        changed[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(decrypt(kind, DATA, &mut changed, 7), Err(Error::DecryptError));
    }
}

#[test]
fn padding_may_be_as_long_as_its_length_octet_says() {
    for kind in KINDS {
        let fragment = fragment(kind);
        for blocks in 0..=15_u8 {
            let filler = 3 + 16 * blocks;
            let padding = vec![filler; usize::from(filler) + 1];
            let opened = decrypt(kind, DATA, &mut record(kind, 1 << 40, &fragment, &padding), 1 << 40);
            assert_eq!(opened.as_ref(), Ok(&fragment), "{filler}");
        }
        for wrong in [[0, 3, 3, 3], [3, 3, 2, 3], [3, 3, 3, 0], [3, 3, 3, 2], [3, 3, 3, 4], [255; 4]] {
            let opened = decrypt(kind, DATA, &mut record(kind, 0, &fragment, &wrong), 0);
            assert_eq!(opened, Err(Error::DecryptError), "{wrong:?}");
        }
    }
}

/// Old OpenSSL sends a record of nothing before each other one.
#[test]
fn a_fragment_may_be_empty_and_none_may_be_too_long() {
    for kind in KINDS {
        let filler = |fragment: usize| {
            let rest = 15 - (fragment + kind.mac_len) % BLOCK;
            vec![u8::try_from(rest).unwrap(); rest + 1]
        };
        assert_eq!(decrypt(kind, DATA, &mut record(kind, 0, &[], &filler(0)), 0), Ok(Vec::new()));
        let longest = vec![0; LONGEST_FRAGMENT];
        let mut sent = record(kind, 0, &longest, &filler(longest.len()));
        assert_eq!(decrypt(kind, DATA, &mut sent, 0), Ok(longest));
        let longer = vec![0; LONGEST_FRAGMENT + 1];
        let mut sent = record(kind, 0, &longer, &filler(longer.len()));
        assert_eq!(decrypt(kind, DATA, &mut sent, 0), Err(Error::PeerSentOversizedRecord));
    }
}

#[test]
fn the_offer_has_them_last() {
    let all: Vec<u16> =
        provider(&Offer::default()).cipher_suites.iter().map(|suite| suite.suite().into()).collect();
    assert!(all.ends_with(&[0xc023, 0xc027, 0xc009, 0xc013, 0xc00a, 0xc014]), "{all:04x?}");
    assert_eq!(all.len(), 15);
}

/// Both ends with every suite, and more than one record of the longest fragment each way.
#[test]
fn a_conversation_over_each_suite() {
    let body: Vec<u8> = (0..50_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    for suite in SUITES {
        let name = format!("{:?}", suite.suite());
        let kind =
            if name.contains("_ECDSA_") { &rcgen::PKCS_ECDSA_P256_SHA256 } else { &rcgen::PKCS_RSA_SHA256 };
        let key = rcgen::KeyPair::generate_for(kind).unwrap();
        let certificate =
            rcgen::CertificateParams::new(vec!["old.test".into()]).unwrap().self_signed(&key).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let only = CryptoProvider { cipher_suites: vec![suite], ..(*provider(&Offer::default())).clone() };
        let server = ServerConfig::builder_with_provider(Arc::new(only))
            .with_protocol_versions(&[&rustls::version::TLS12])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let recorder = Arc::new(Recorder::new(provider(&Offer::default()), None));
        let offer = Offer { versions: Versions::Both, ..Offer::default() };
        let client = configure(&recorder, &offer, true).unwrap();

        let mut server = ServerConnection::new(Arc::new(server)).unwrap();
        let mut client =
            ClientConnection::new(Arc::new(client), ServerName::try_from("old.test").unwrap()).unwrap();
        let (mut at_server, mut at_client) = (Vec::new(), Vec::new());
        client.set_buffer_limit(None);
        server.set_buffer_limit(None);
        client.writer().write_all(&body).unwrap();
        server.writer().write_all(&body).unwrap();
        for _ in 0..100 {
            let mut wire = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut wire).unwrap();
            }
            let mut wire = wire.as_slice();
            while !wire.is_empty() {
                server.read_tls(&mut wire).unwrap();
                server.process_new_packets().unwrap();
                let _ = server.reader().read_to_end(&mut at_server);
            }
            let mut wire = Vec::new();
            while server.wants_write() {
                server.write_tls(&mut wire).unwrap();
            }
            let mut wire = wire.as_slice();
            while !wire.is_empty() {
                client.read_tls(&mut wire).unwrap();
                client.process_new_packets().unwrap();
                let _ = client.reader().read_to_end(&mut at_client);
            }
        }
        assert_eq!(client.negotiated_cipher_suite().unwrap().suite(), suite.suite());
        assert_eq!((at_server == body, at_client == body), (true, true), "{name}");
    }
}
