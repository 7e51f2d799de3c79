//! Chains made on the spot: cross-signed, circular, out of date, and whether `webpki` agrees about them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use rustls::pki_types::{CertificateDer, UnixTime};

use super::*;
use crate::observation::{ChainFault, ValidityStatus};

/// 2026-01-01T00:00:00Z.
pub(super) const AT: i64 = 1_767_225_600;
pub(super) const HOST: &str = "a.gov.vn";

/// A subject with a key.
pub(super) struct Party {
    pub(super) params: CertificateParams,
    pub(super) key: KeyPair,
}

impl Party {
    pub(super) fn new(name: &str, is_ca: bool) -> Self {
        let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let mut params = CertificateParams::new(if is_ca { vec![] } else { vec![HOST.to_owned()] }).unwrap();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = if is_ca { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::NoCa };
        params.not_before = date_time_ymd(2025, 1, 1);
        params.not_after = date_time_ymd(2049, 1, 1);
        Self { params, key }
    }

    pub(super) fn ca(name: &str) -> Self {
        Self::new(name, true)
    }

    pub(super) fn leaf() -> Self {
        Self::new("leaf", false)
    }

    pub(super) fn by(&self, issuer: &Self) -> Vec<u8> {
        let issuer = Issuer::from_params(&issuer.params, &issuer.key);
        self.params.signed_by(&self.key, &issuer).unwrap().der().to_vec()
    }

    pub(super) fn by_itself(&self) -> Vec<u8> {
        self.params.self_signed(&self.key).unwrap().der().to_vec()
    }
}

/// One certificate as a PEM file.
pub(super) fn pem(der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let lines: Vec<&str> =
        body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

pub(super) fn store(roots: &[Vec<u8>]) -> TrustStore {
    let mut store = TrustStore::empty();
    for root in roots {
        store.add_pem(pem(root).as_bytes(), "root").unwrap();
    }
    store
}

pub(super) fn at() -> Timestamp {
    Timestamp::from_second(AT).unwrap()
}

pub(super) fn facts(chain: &[Vec<u8>], store: &TrustStore) -> Certificate {
    described(chain, HOST, store).unwrap()
}

pub(super) fn described(chain: &[Vec<u8>], host: &str, store: &TrustStore) -> Result<Certificate, Failure> {
    describe(&Sent::chain_alone(chain), host, at(), store, CtLogs::shipped())
}

pub(super) fn fault(chain: &[Vec<u8>], store: &TrustStore) -> Option<ChainFault> {
    facts(chain, store).fault
}

#[test]
fn a_root_added_to_mozillas() {
    let (root, leaf) = (Party::ca("root"), Party::leaf());
    let chain = [leaf.by(&root)];
    let mut store = TrustStore::mozilla();
    let before = store.len();
    assert!(before > 100);
    assert_eq!(fault(&chain, &store), Some(ChainFault::MissingIntermediate));
    assert_eq!(store.add_pem(pem(&root.by_itself()).as_bytes(), "province.pem"), Ok(1));
    assert_eq!(store.len(), before + 1);
    let facts = facts(&chain, &store);
    assert!(facts.trusted && facts.names_host && facts.in_order && !facts.root_sent);
}

#[test]
fn cross_signed_in_any_order() {
    let (trusted, unknown) = (Party::ca("trusted root"), Party::ca("unknown root"));
    let (issuer, leaf) = (Party::ca("issuer"), Party::leaf());
    let sent = [issuer.by(&unknown), issuer.by(&trusted), unknown.by_itself(), unknown.by(&trusted)];
    let store = store(&[trusted.by_itself()]);
    for order in [[0, 1, 2, 3], [1, 0, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
        let chain: Vec<_> = [leaf.by(&issuer)].into_iter().chain(order.map(|i| sent[i].clone())).collect();
        let facts = facts(&chain, &store);
        assert!(facts.trusted && facts.root_sent, "{order:?}");
    }
    // Only by way of the unknown root.
    let chain = [leaf.by(&issuer), sent[0].clone(), sent[3].clone()];
    assert_eq!(fault(&chain, &store), None);
    assert_eq!(fault(&chain[..2], &store), Some(ChainFault::MissingIntermediate));
    assert_eq!(
        fault(&[chain[0].clone(), sent[0].clone(), sent[2].clone()], &store),
        Some(ChainFault::UntrustedRoot)
    );
}

#[test]
fn an_expired_way_beside_a_good_one() {
    let (root, mut issuer, leaf) = (Party::ca("root"), Party::ca("issuer"), Party::leaf());
    let good = issuer.by(&root);
    issuer.params.not_after = date_time_ymd(2025, 6, 1);
    let expired = issuer.by(&root);
    let store = store(&[root.by_itself()]);
    assert_eq!(fault(&[leaf.by(&issuer), expired.clone(), good], &store), None);
    assert_eq!(fault(&[leaf.by(&issuer), expired], &store), Some(ChainFault::ExpiredIssuer));
}

#[test]
fn several_of_the_same_name() {
    let (root, leaf) = (Party::ca("root"), Party::leaf());
    let (wrong, right) = (Party::ca("issuer"), Party::ca("issuer"));
    let store = store(&[root.by_itself()]);
    let chain = [leaf.by(&right), wrong.by(&root), right.by(&root)];
    let found = facts(&chain, &store);
    assert!(found.trusted && !found.in_order);
    // No key identifiers here, so a signature by nobody of that name is a bad one.
    assert_eq!(fault(&chain[..2], &store), Some(ChainFault::BadSignature));
}

#[test]
fn a_changed_byte_is_a_bad_signature() {
    let (root, leaf) = (Party::ca("root"), Party::leaf());
    let mut broken = leaf.by(&root);
    *broken.last_mut().unwrap() ^= 1;
    assert_eq!(fault(&[broken], &store(&[root.by_itself()])), Some(ChainFault::BadSignature));
}

#[test]
fn a_broken_self_signature_is_a_bad_signature() {
    use rustls::pki_types::pem::PemObject as _;

    let leaf = Party::leaf();
    let files = [
        pem(&leaf.by_itself()).into_bytes(),
        include_bytes!("../../../tests/data/certificates/self-v1-rsa512-md5.pem").to_vec(),
        include_bytes!("../../../tests/data/certificates/self-rsa1024-sha1.pem").to_vec(),
        include_bytes!("../../../tests/data/certificates/self-p521.pem").to_vec(),
        include_bytes!("../../../tests/data/certificates/self-secp256k1.pem").to_vec(),
        include_bytes!("../../../tests/data/certificates/self-pss-key.pem").to_vec(),
    ];
    for (i, file) in files.iter().enumerate() {
        let mut der = CertificateDer::from_pem_slice(file).unwrap().to_vec();
        assert_eq!(fault(&[der.clone()], &TrustStore::mozilla()), Some(ChainFault::SelfSigned), "{i}");
        *der.last_mut().unwrap() ^= 1;
        let found = facts(&[der], &TrustStore::mozilla());
        assert_eq!((found.leaf.self_signed, found.fault), (false, Some(ChainFault::BadSignature)), "{i}");
    }
}

/// Browsers refuse such a key (RFC 8446 section 4.4.2.2); `webpki` does not look at the key usage of a leaf.
#[test]
fn a_key_that_may_not_sign_handshakes_was_trusted() {
    use rcgen::KeyUsagePurpose::{DigitalSignature, KeyAgreement, KeyCertSign, KeyEncipherment};
    let root = Party::ca("root");
    let store = store(&[root.by_itself()]);
    for (usages, expected) in [
        (vec![], None),
        (vec![DigitalSignature], None),
        (vec![DigitalSignature, KeyEncipherment], None),
        (vec![KeyCertSign], Some(ChainFault::Unusable)),
        // the key is on a curve: it cannot encipher
        (vec![KeyEncipherment], Some(ChainFault::Unusable)),
        (vec![KeyAgreement], Some(ChainFault::Unusable)),
    ] {
        let mut leaf = Party::leaf();
        leaf.params.key_usages = usages.clone();
        let found = facts(&[leaf.by(&root)], &store);
        assert_eq!((found.trusted, found.fault), (expected.is_none(), expected), "{usages:?}");
    }
}

#[test]
fn post_quantum_signatures() {
    let (mut root, mut leaf) = (Party::ca("root"), Party::leaf());
    root.key = KeyPair::generate_for(&rcgen::PKCS_ML_DSA_65).unwrap();
    leaf.key = KeyPair::generate_for(&rcgen::PKCS_ML_DSA_44).unwrap();
    let found = facts(&[leaf.by(&root), root.by_itself()], &TrustStore::empty());
    assert_eq!((found.leaf.key.algorithm.as_str(), found.leaf.key.bits), ("ML-DSA", None));
    assert_eq!(
        (found.leaf.signature.name.as_str(), found.leaf.signature.hash.as_deref()),
        ("ML-DSA-65", None)
    );
    assert_eq!((found.fault, found.root_sent), (Some(ChainFault::UntrustedRoot), true));
}

#[test]
fn key_usage_that_cannot_be_read_allows_nothing() {
    let (root, mut issuer, leaf) = (Party::ca("root"), Party::ca("issuer"), Party::leaf());
    issuer.params.custom_extensions.push(CustomExtension::from_oid_content(&[2, 5, 29, 15], vec![4, 1, 6]));
    let found = facts(&[leaf.by(&issuer), issuer.by(&root)], &store(&[root.by_itself()]));
    assert_eq!(found.fault, Some(ChainFault::Unusable));
    assert!(found.fault_detail.unwrap().starts_with("key usage of the certificate of «CN=issuer»"));
}

#[test]
fn circles_end() {
    let (a, b, leaf) = (Party::ca("a"), Party::ca("b"), Party::leaf());
    let facts = facts(&[leaf.by(&a), a.by(&b), b.by(&a)], &TrustStore::mozilla());
    assert_eq!(facts.fault, Some(ChainFault::Unusable));
    assert!(facts.fault_detail.unwrap().contains("circle"));
    assert!(facts.in_order);
    // The same certificate again and again.
    let root = Party::ca("root");
    let chain = vec![leaf.by(&root); 15];
    assert_eq!(fault(&chain, &store(&[root.by_itself()])), None);
    let chain = vec![leaf.by_itself(); 15];
    assert_eq!(fault(&chain, &TrustStore::mozilla()), Some(ChainFault::SelfSigned));
}

#[test]
fn a_root_given_by_file_that_has_expired() {
    let (mut root, leaf) = (Party::ca("root"), Party::leaf());
    root.params.not_after = date_time_ymd(2025, 6, 1);
    let mut store = store(&[root.by_itself()]);
    assert_eq!(fault(&[leaf.by(&root)], &store), Some(ChainFault::ExpiredIssuer));
    // The same key, renewed.
    root.params.not_after = date_time_ymd(2049, 1, 1);
    assert_eq!(store.add_pem(pem(&root.by_itself()).as_bytes(), "renewed"), Ok(1));
    assert_eq!(fault(&[leaf.by(&root)], &store), None);
}

#[test]
fn the_leafs_own_dates_do_not_matter_to_the_path() {
    let (mut issuer, root, mut leaf) = (Party::ca("issuer"), Party::ca("root"), Party::leaf());
    issuer.params.not_after = date_time_ymd(2025, 9, 1);
    leaf.params.not_after = date_time_ymd(2025, 8, 1);
    let store = store(&[root.by_itself()]);
    let found = facts(&[leaf.by(&issuer), issuer.by(&root)], &store);
    assert_eq!((found.leaf.validity, found.fault), (ValidityStatus::Expired, None));
    leaf.params.not_after = date_time_ymd(2025, 10, 1);
    leaf.params.not_before = date_time_ymd(2025, 9, 15);
    let chain = [leaf.by(&issuer), issuer.by(&root)];
    assert_eq!(fault(&chain, &store), Some(ChainFault::ExpiredIssuer));
    leaf.params.not_before = date_time_ymd(2030, 1, 1);
    leaf.params.not_after = date_time_ymd(9999, 12, 31);
    let found = facts(&[leaf.by(&root)], &store);
    assert_eq!((found.leaf.validity, found.fault), (ValidityStatus::NotYetValid, None));
    leaf.params.not_before = date_time_ymd(2031, 1, 1);
    leaf.params.not_after = date_time_ymd(2030, 1, 1);
    let found = facts(&[leaf.by(&root)], &store);
    assert_eq!(found.fault, Some(ChainFault::Unusable));
    assert!(found.fault_detail.unwrap().contains("ends before it begins"));
}

/// The verdict of `webpki` alone, given everything that was sent.
fn webpki_trusts(chain: &[Vec<u8>], store: &TrustStore) -> bool {
    let ders: Vec<CertificateDer<'_>> =
        chain.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let time = UnixTime::since_unix_epoch(Duration::from_secs(AT.unsigned_abs()));
    let leaf = webpki::EndEntityCert::try_from(&ders[0]).unwrap();
    let usage = webpki::KeyUsage::server_auth();
    leaf.verify_for_usage(webpki::ALL_VERIFICATION_ALGS, &store.anchors, &ders[1..], time, usage, None, None)
        .is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// The walk hides nothing from `webpki` and adds nothing: any graph of who signed whom, any part of it sent in
    /// any order, some that are no authorities or have expired.
    #[test]
    fn the_walk_and_webpki_agree(
        signers in prop::collection::vec((0..6_usize, 0..6_usize, any::<bool>(), 0..10_u8), 1..9),
        leaf_signer in 0..6_usize,
        roots in prop::collection::vec(0..6_usize, 0..3),
    ) {
        let names = ["n", "m", "n", "o", "p", "o"];
        let parties: Vec<Party> = names.iter().map(|name| Party::ca(name)).collect();
        let leaf = Party::leaf();
        let mut chain = vec![leaf.by(&parties[leaf_signer])];
        for (signed, signer, is_ca, age) in signers {
            let mut params = parties[signed].params.clone();
            if !is_ca && age < 5 {
                params.is_ca = IsCa::NoCa;
            }
            if age == 9 {
                params.not_after = date_time_ymd(2025, 6, 1);
            }
            let issuer = Issuer::from_params(&parties[signer].params, &parties[signer].key);
            chain.push(params.signed_by(&parties[signed].key, &issuer).unwrap().der().to_vec());
        }
        let roots: Vec<Vec<u8>> = roots.into_iter().map(|root| parties[root].by_itself()).collect();
        let store = store(&roots);
        let found = facts(&chain, &store);
        prop_assert_eq!(found.trusted, webpki_trusts(&chain, &store), "{:?} {:?}", found.fault, found.fault_detail);
        prop_assert_eq!(found.trusted, found.fault.is_none());
    }
}
