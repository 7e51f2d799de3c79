//! Chains that are meant to hurt or to mislead: huge, hostile, broken, with names that are none.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use rcgen::{CertificateParams, CustomExtension, Issuer, KeyPair, SubjectPublicKeyInfo};
use rustls::pki_types::CertificateDer;

use super::tests::{HOST, Party, at, described, facts, fault, store};
use super::*;
use crate::observation::ChainFault;

#[test]
fn ten_thousand_names() {
    let (root, mut leaf) = (Party::ca("root"), Party::leaf());
    let names: Vec<String> = (0..10_000).map(|i| format!("host-number-{i}.gov.vn")).collect();
    leaf.params.subject_alt_names = CertificateParams::new(names).unwrap().subject_alt_names;
    let chain = [leaf.by(&root)];
    let started = Instant::now();
    let found = described(&chain, "host-number-9999.gov.vn", &store(&[root.by_itself()])).unwrap();
    assert!(found.names_host);
    assert_eq!(found.leaf.names.items.len(), limits::SUBJECT_NAMES);
    assert_eq!(found.leaf.names.incomplete, Some(Failure::TooLarge { limit: 100 }));
    assert_eq!(found.fault, Some(ChainFault::Unusable));
    assert!(found.fault_detail.unwrap().contains("larger than"));
    assert!(started.elapsed() < Duration::from_secs(5));
    // A thousand are no trouble.
    leaf.params.subject_alt_names.truncate(1_000);
    assert_eq!(fault(&[leaf.by(&root)], &store(&[root.by_itself()])), None);
}

#[test]
fn names_that_are_not_names() {
    let names = |contents: &[u8]| {
        let (root, mut leaf) = (Party::ca("root"), Party::leaf());
        leaf.params.subject_alt_names.clear();
        let extension = [&[0x30, u8::try_from(contents.len()).unwrap()], contents].concat();
        leaf.params.custom_extensions.push(CustomExtension::from_oid_content(&[2, 5, 29, 17], extension));
        facts(&[leaf.by(&root)], &store(&[root.by_itself()]))
    };
    let nul = names(b"\x82\x0ea.gov.vn\0.evil");
    assert!(!nul.names_host);
    assert_eq!(nul.leaf.names.items[0].name, "a.gov.vn\\00.evil");
    let good_among_bad = names(b"\x82\x03\xc3\xa9x\x82\x08a.gov.vn\x87\x05\x01\x02\x03\x04\x05");
    assert!(good_among_bad.names_host);
    assert_eq!(good_among_bad.leaf.names.items.len(), 2);
    assert!(matches!(good_among_bad.leaf.names.incomplete, Some(Failure::Malformed(_))));
    let broken = names(b"\x82\x08a.gov.vn\x82\x70a");
    assert!(matches!(broken.leaf.names.incomplete, Some(Failure::Malformed(_))));
    assert!(names(b"").leaf.names.items.is_empty());
}

/// A `SubjectPublicKeyInfo` with an RSA modulus of so many octets.
fn rsa_key(octets: usize) -> SubjectPublicKeyInfo {
    let wrap = |tag: u8, contents: &[u8]| {
        let length = u32::try_from(contents.len()).unwrap().to_be_bytes();
        let skip =
            if contents.len() < 128 { 4 } else { length.iter().take_while(|octet| **octet == 0).count() };
        let head = match contents.len() {
            short @ 0..128 => vec![tag, u8::try_from(short).unwrap()],
            _ => [&[tag, 0x80 | u8::try_from(4 - skip).unwrap()], &length[skip..]].concat(),
        };
        [head, contents.to_vec()].concat()
    };
    let modulus = [&[0], vec![0xff; octets].as_slice()].concat();
    let numbers = wrap(0x30, &[wrap(2, &modulus), wrap(2, &[1, 0, 1])].concat());
    let algorithm = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
    let bits = wrap(3, &[&[0], numbers.as_slice()].concat());
    SubjectPublicKeyInfo::from_der(&wrap(0x30, &[algorithm.as_slice(), &bits].concat())).unwrap()
}

#[test]
fn huge_rsa_keys() {
    let (root, leaf) = (Party::ca("root"), Party::leaf());
    let certify = |party: &Party, key: &SubjectPublicKeyInfo| {
        let issuer = Issuer::from_params(&root.params, &root.key);
        party.params.signed_by(key, &issuer).unwrap().der().to_vec()
    };
    let huge = rsa_key(7_000);
    let found = facts(&[certify(&leaf, &huge)], &store(&[root.by_itself()]));
    assert_eq!((found.leaf.key.bits, found.fault), (Some(56_000), None));
    // As an issuer: nobody verifies under such a key.
    let mut rsa = Party::ca("rsa issuer");
    rsa.key = KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let started = Instant::now();
    let found = facts(&[leaf.by(&rsa), certify(&rsa, &huge)], &store(&[root.by_itself()]));
    assert_eq!(found.fault, Some(ChainFault::Unusable));
    assert!(found.fault_detail.unwrap().contains("sha256WithRSAEncryption"));
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[test]
fn hostile_chains_cost_little() {
    // Twenty of the same name and other keys: 400 signatures to check, 20! orders.
    let crowd: Vec<Party> = (0..20).map(|_| Party::ca("crowd")).collect();
    let leaf = Party::leaf();
    let mut chain = vec![leaf.by(&crowd[0])];
    chain.extend((0..20).map(|i| crowd[i].by(&crowd[(i + 1) % 20])));
    let started = Instant::now();
    let found = facts(&chain, &TrustStore::mozilla());
    assert_eq!(found.fault, Some(ChainFault::Unusable));
    assert!(found.fault_detail.unwrap().contains("more than 100 signatures"));
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());

    // Layers of four that share a key each, below a certificate that a trusted root gave to a mere server: every
    // signature verifies, and there are 4^5 paths.
    let root = Party::ca("root");
    let server = Party::new("server", false);
    let layers: Vec<Party> = (0..5).map(|i| Party::ca(&format!("layer {i}"))).collect();
    let mut chain = vec![leaf.by(&layers[0]), server.by(&root)];
    for (i, layer) in layers.iter().enumerate() {
        let above = layers.get(i + 1).unwrap_or(&server);
        chain.extend((0..4).map(|_| layer.by(above)));
    }
    chain.truncate(1 + limits::CHAIN);
    let started = Instant::now();
    let found = facts(&chain, &store(&[root.by_itself()]));
    assert_eq!(found.fault, Some(ChainFault::Unusable));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn what_cannot_be_parsed() {
    let malformed = |chain: &[Vec<u8>]| {
        matches!(
            certificate(&Sent::chain_alone(chain), HOST, at(), &TrustStore::mozilla()),
            Attempt::Failed { failed: Failure::Malformed(_) }
        )
    };
    let (root, issuer, leaf) = (Party::ca("root"), Party::ca("issuer"), Party::leaf());
    let good = leaf.by(&issuer);
    assert!(malformed(&[]));
    assert!(malformed(&[vec![]]));
    assert!(malformed(&[vec![0x30, 0x80]]));
    for end in 0..good.len() {
        assert!(malformed(&[good[..end].to_vec()]), "{end}");
    }
    assert!(malformed(&[[good.as_slice(), &[0]].concat()]));
    let large = Failure::TooLarge { limit: 1 << 20 };
    assert_eq!(described(&[vec![0; 2 << 20]], HOST, &TrustStore::mozilla()), Err(large));
    // Among the issuers it is skipped and said.
    let found = facts(&[good, vec![1, 2, 3], issuer.by(&root)], &store(&[root.by_itself()]));
    assert!(found.trusted && !found.in_order);
    assert_eq!(found.issuers.items.len(), 1);
    assert!(
        matches!(&found.issuers.incomplete, Some(Failure::Malformed(words)) if words.starts_with("issuer 1:"))
    );
}

#[test]
fn more_issuers_than_anybody_needs() {
    let (root, issuer, leaf) = (Party::ca("root"), Party::ca("issuer"), Party::leaf());
    let mut chain = vec![leaf.by(&issuer)];
    chain.extend((0..limits::CHAIN).map(|i| Party::ca(&format!("{i}")).by_itself()));
    chain.push(issuer.by(&root));
    let found = facts(&chain, &store(&[root.by_itself()]));
    assert_eq!(found.issuers.items.len(), limits::CHAIN);
    assert_eq!(found.issuers.incomplete, Some(Failure::TooLarge { limit: 20 }));
    assert_eq!(found.fault, Some(ChainFault::MissingIntermediate));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(chain in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 0..4), host in ".{0,40}") {
        let _ = certificate(&Sent::chain_alone(&chain), &host, at(), &TrustStore::empty());
    }

    #[test]
    fn changed_certificates_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        file in prop::sample::select(vec![
            include_bytes!("../../../tests/data/certificates/good.pem").as_slice(),
            include_bytes!("../../../tests/data/certificates/self-dsa.pem"),
            include_bytes!("../../../tests/data/certificates/self-explicit.pem"),
            include_bytes!("../../../tests/data/certificates/self-v1-rsa512-md5.pem"),
            include_bytes!("../../../tests/data/certificates/pss.pem"),
            include_bytes!("../../../tests/data/certificates/constrained.pem"),
        ]),
        seconds in any::<i32>(),
    ) {
        use rustls::pki_types::pem::PemObject as _;

        let mut chain: Vec<Vec<u8>> = CertificateDer::pem_slice_iter(file).map(|der| der.unwrap().to_vec()).collect();
        for (index, octet) in changes {
            let certificate = index.index(chain.len());
            let place = index.index(chain[certificate].len());
            chain[certificate][place] = octet;
        }
        let mut store = TrustStore::mozilla();
        store.add_pem(include_bytes!("../../../tests/data/certificates/root.pem"), "root.pem").unwrap();
        let started = Instant::now();
        let _ = certificate(&Sent::chain_alone(&chain), HOST, Timestamp::from_second(seconds.into()).unwrap(), &store);
        prop_assert!(started.elapsed() < Duration::from_secs(2));
    }
}
