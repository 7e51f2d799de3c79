//! Staples and timestamps made on the spot, good and bad; odd certificates of every kind.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    SigningKey as _,
};

use super::ct_logs::CtLogs;
use super::tests::{AT, HOST, Party, at, described, pem, store};
use super::*;
use crate::observation::{
    Freshness, Misuse, OcspResponse, OcspSignature, RevocationStatus, SctStatus, Validation,
};
use crate::wire::der::{self, element};

const DAY: i64 = 86_400;

/// A `GeneralizedTime` so many seconds from the moment of the tests.
fn time(from_now: i64) -> Vec<u8> {
    let at = jiff::tz::Offset::UTC.to_datetime(Timestamp::from_second(AT + from_now).unwrap());
    element(der::GENERALIZED_TIME, at.strftime("%Y%m%d%H%M%SZ").to_string().as_bytes())
}

/// A response to be.
struct Answer<'p> {
    issuer: &'p Party,
    serial: Vec<u8>,
    status: Vec<u8>,
    this_update: i64,
    next_update: Option<i64>,
    signer: &'p Party,
    sent: Vec<Vec<u8>>,
}

fn good<'p>(issuer: &'p Party, leaf: &[u8]) -> Answer<'p> {
    let (_, leaf) = x509_parser::parse_x509_certificate(leaf).unwrap();
    Answer {
        issuer,
        serial: leaf.raw_serial().to_vec(),
        status: vec![0x80, 0],
        this_update: -DAY,
        next_update: Some(DAY),
        signer: issuer,
        sent: Vec::new(),
    }
}

impl Answer<'_> {
    fn der(&self) -> Vec<u8> {
        let issuer = self.issuer.by_itself();
        let (_, issuer) = x509_parser::parse_x509_certificate(&issuer).unwrap();
        let sha1 = |octets| element(der::OCTET_STRING, digest(&SHA1_FOR_LEGACY_USE_ONLY, octets).as_ref());
        let algorithm = element(der::SEQUENCE, b"\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00");
        let id = [
            algorithm,
            sha1(issuer.subject().as_raw()),
            sha1(&issuer.tbs_certificate.subject_pki.subject_public_key.data),
            element(der::INTEGER, &self.serial),
        ];
        let mut single =
            [element(der::SEQUENCE, &id.concat()), self.status.clone(), time(self.this_update)].concat();
        if let Some(next) = self.next_update {
            single.extend(element(0xa0, &time(next)));
        }
        let statements = element(der::SEQUENCE, &element(der::SEQUENCE, &single));
        let own = self.signer.by_itself();
        let (_, own) = x509_parser::parse_x509_certificate(&own).unwrap();
        let responder = element(0xa1, own.subject().as_raw());
        let signed = element(der::SEQUENCE, &[responder, time(0), statements].concat());
        // Ed25519
        let algorithm = element(der::SEQUENCE, b"\x06\x03\x2b\x65\x70");
        let signature =
            element(der::BIT_STRING, &[&[0], &self.signer.key.sign(&signed).unwrap()[..]].concat());
        let mut basic = [signed, algorithm, signature].concat();
        if !self.sent.is_empty() {
            basic.extend(element(0xa0, &element(der::SEQUENCE, &self.sent.concat())));
        }
        let basic = element(der::OCTET_STRING, &element(der::SEQUENCE, &basic));
        let kind = element(der::OBJECT_IDENTIFIER, b"\x2b\x06\x01\x05\x05\x07\x30\x01\x01");
        let bytes = element(0xa0, &element(der::SEQUENCE, &[kind, basic].concat()));
        element(der::SEQUENCE, &[element(der::ENUMERATED, &[0]), bytes].concat())
    }
}

/// A root, a leaf below it, and the store that trusts the root.
fn simple() -> (Party, Vec<u8>, TrustStore) {
    let root = Party::ca("root");
    let leaf = Party::leaf().by(&root);
    let store = store(&[root.by_itself()]);
    (root, leaf, store)
}

fn with_staple(leaf: &[u8], staple: &[u8], store: &TrustStore) -> Certificate {
    let chain = [leaf.to_vec()];
    let sent = Sent { chain: &chain, staple: Attempt::Completed(Some(staple)) };
    describe(&sent, HOST, at(), store, CtLogs::shipped()).unwrap()
}

fn statement(found: &Certificate) -> &crate::observation::OcspStatement {
    found.staple.completed().unwrap().as_ref().unwrap().statement.as_ref().unwrap()
}

#[test]
fn staples_of_every_kind() {
    let (root, leaf, store) = simple();
    let reliable = |found: &Certificate| found.staple.completed().unwrap().as_ref().unwrap().reliable;

    let found = with_staple(&leaf, &good(&root, &leaf).der(), &store);
    assert_eq!((statement(&found).signature, statement(&found).age_hours), (OcspSignature::Issuer, 24));
    let revocation = found.revocation.completed().unwrap().clone().unwrap();
    assert!(reliable(&found) && revocation.status == RevocationStatus::Good);

    // Revoked yesterday, since a key leaked.
    let revoked = [time(-DAY), element(0xa0, &element(der::ENUMERATED, &[1]))].concat();
    let answer = Answer { status: element(0xa1, &revoked), ..good(&root, &leaf) };
    let found = with_staple(&leaf, &answer.der(), &store);
    let revocation = found.revocation.completed().unwrap().clone().unwrap();
    assert_eq!(
        (revocation.status, revocation.reason.as_deref()),
        (RevocationStatus::Revoked, Some("keyCompromise"))
    );

    for (this_update, next_update, freshness) in [
        (-3 * DAY, Some(-1), Freshness::Expired),
        (-3 * DAY, Some(0), Freshness::Current),
        (-3 * DAY, None, Freshness::Current),
        (301, Some(DAY), Freshness::Early),
        (300, Some(DAY), Freshness::Current),
    ] {
        let answer = Answer { this_update, next_update, ..good(&root, &leaf) };
        let found = with_staple(&leaf, &answer.der(), &store);
        assert_eq!(statement(&found).freshness, freshness, "{this_update}");
        assert_eq!(reliable(&found), freshness == Freshness::Current);
        assert_eq!(found.revocation.completed().unwrap().is_some(), freshness == Freshness::Current);
    }

    // Of another certificate, by serial number or by issuer.
    let other = Answer { serial: vec![7; 9], ..good(&root, &leaf) };
    let stranger = Party::ca("stranger");
    for answer in [other, good(&stranger, &leaf)] {
        let found = with_staple(&leaf, &answer.der(), &store);
        let staple = found.staple.completed().unwrap().clone().unwrap();
        assert!(!staple.covers_leaf && !staple.reliable && staple.statement.is_none());
        assert_eq!(found.revocation, Attempt::Completed(None));
    }

    // Signed by nobody of ours; changed afterwards.
    let answer = Answer { signer: &stranger, ..good(&root, &leaf) };
    assert_eq!(statement(&with_staple(&leaf, &answer.der(), &store)).signature, OcspSignature::Failed);
    let mut changed = good(&root, &leaf).der();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(statement(&with_staple(&leaf, &changed, &store)).signature, OcspSignature::Failed);

    // Nobody here knows the issuer.
    let found = with_staple(&leaf, &good(&root, &leaf).der(), &TrustStore::empty());
    assert_eq!(statement(&found).signature, OcspSignature::IssuerUnknown);
    assert!(!reliable(&found) && found.revocation == Attempt::Completed(None));

    let found = with_staple(&leaf, &[0x30, 3, 0x0a, 1, 3], &store);
    assert_eq!(found.staple.completed().unwrap().as_ref().unwrap().response, OcspResponse::TryLater);
    let found = with_staple(&leaf, b"no response", &store);
    assert!(matches!(found.staple, Attempt::Failed { failed: Failure::Malformed(_) }));
}

#[test]
fn responders_that_the_issuer_certified_or_not() {
    let (root, leaf, store) = simple();
    let mut responder = Party::leaf();
    responder.params.distinguished_name.push(rcgen::DnType::CommonName, "responder");
    responder.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
    let answer = |sent| Answer { signer: &responder, sent, ..good(&root, &leaf) };
    let signature = |answer: Answer<'_>| statement(&with_staple(&leaf, &answer.der(), &store)).signature;
    assert_eq!(signature(answer(vec![responder.by(&root)])), OcspSignature::Delegate);
    // Not sent; of another issuer; for something else; out of date.
    assert_eq!(signature(answer(vec![])), OcspSignature::Failed);
    assert_eq!(signature(answer(vec![responder.by(&Party::ca("root"))])), OcspSignature::Unauthorized);
    let mut other = Party {
        params: responder.params.clone(),
        key: KeyPair::from_pem(&responder.key.serialize_pem()).unwrap(),
    };
    other.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    assert_eq!(signature(answer(vec![other.by(&root)])), OcspSignature::Unauthorized);
    other.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
    other.params.not_after = rcgen::date_time_ymd(2025, 6, 1);
    assert_eq!(signature(answer(vec![other.by(&root)])), OcspSignature::Unauthorized);
}

/// A log with a key of its own, the only one of a list.
fn log() -> (KeyPair, CtLogs) {
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let line = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        rcgen::PublicKeyData::subject_public_key_info(&key),
    );
    (key, CtLogs::parse(&format!("# 2026-01-01\n{line}\tusable\tTest\tTest log")).unwrap())
}

/// A leaf with one timestamp, which this log signs for a precertificate with what `change` makes of its body.
fn with_timestamp(key: &KeyPair, root: &Party, change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let leaf = Party::leaf();
    let issuer = Issuer::from_params(&root.params, &root.key);
    let of = |list: Option<Vec<u8>>| {
        let mut params = leaf.params.clone();
        params.serial_number = Some(4_242_u64.into());
        if let Some(list) = list {
            let oid = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];
            let list = element(der::OCTET_STRING, &list);
            params.custom_extensions.push(CustomExtension::from_oid_content(&oid, list));
        }
        params.signed_by(&leaf.key, &issuer).unwrap().der().to_vec()
    };
    let without = of(None);
    let mut tbs = der::read(der::contents(&without, der::SEQUENCE).unwrap()).unwrap().whole.to_vec();
    change(&mut tbs);
    let hash = |octets: &[u8]| digest(&SHA256, octets).as_ref().to_vec();
    let milliseconds = u64::try_from(AT * 1_000).unwrap().to_be_bytes();
    let mut signed = vec![0, 0];
    signed.extend(milliseconds);
    signed.extend([0, 1]);
    signed.extend(hash(&rcgen::PublicKeyData::subject_public_key_info(&root.key)));
    signed.extend(&u32::try_from(tbs.len()).unwrap().to_be_bytes()[1..]);
    signed.extend(&tbs);
    signed.extend([0, 0]);
    let signature = key.sign(&signed).unwrap();
    let mut timestamp = vec![0];
    timestamp.extend(hash(&rcgen::PublicKeyData::subject_public_key_info(key)));
    timestamp.extend(milliseconds);
    timestamp.extend([0, 0, 4, 3]);
    let vector = |octets: &[u8]| [&u16::try_from(octets.len()).unwrap().to_be_bytes(), octets].concat();
    timestamp.extend(vector(&signature));
    of(Some(vector(&vector(&timestamp))))
}

#[test]
fn timestamps_of_logs() {
    let root = Party::ca("root");
    let trust = store(&[root.by_itself()]);
    let (key, logs) = log();
    let of = |leaf: &[u8], trust: &TrustStore, logs: &CtLogs| {
        let chain = [leaf.to_vec()];
        let found = describe(&Sent::chain_alone(&chain), HOST, at(), trust, logs).unwrap();
        let scts = found.scts.completed().unwrap().items.clone();
        assert_eq!(scts.len(), 1);
        (scts[0].status, scts[0].log.clone(), found.ct_logs_of)
    };
    let leaf = with_timestamp(&key, &root, |_| ());
    assert_eq!(of(&leaf, &trust, &logs), (SctStatus::Verified, Some("Test log".into()), "2026-01-01".into()));
    assert_eq!(of(&leaf, &trust, CtLogs::shipped()).0, SctStatus::UnknownLog);
    assert_eq!(of(&leaf, &TrustStore::empty(), &logs).0, SctStatus::IssuerUnknown);
    // For another certificate.
    let forged = with_timestamp(&key, &root, |tbs| *tbs.last_mut().unwrap() ^= 1);
    assert_eq!(of(&forged, &trust, &logs).0, SctStatus::BadSignature);
    // By another log under this one's id.
    let (stranger, _) = log();
    let by_stranger = with_timestamp(&stranger, &root, |_| ());
    assert_eq!(of(&by_stranger, &trust, &logs).0, SctStatus::UnknownLog);

    let (_, plain, trust) = simple();
    assert_eq!(described(&[plain], HOST, &trust).unwrap().scts, Attempt::Completed(Listing::default()));
    let mut params = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
    let oid = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];
    params.custom_extensions.push(CustomExtension::from_oid_content(&oid, vec![4, 3, 0, 9, 9]));
    let broken = params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
    let found = described(&[broken], HOST, &trust).unwrap().scts;
    assert!(matches!(found, Attempt::Failed { failed: Failure::Malformed(_) }));
}

#[test]
fn what_a_leaf_is_for() {
    let root = Party::ca("root");
    let trust = store(&[root.by_itself()]);
    let of = |change: &dyn Fn(&mut CertificateParams)| {
        let mut leaf = Party::leaf();
        change(&mut leaf.params);
        described(&[leaf.by(&root)], HOST, &trust).unwrap()
    };
    let plain = of(&|_| ());
    assert!(plain.trusted && !plain.publicly_trusted && plain.leaf.names_present && !plain.leaf.wildcard);
    assert!(plain.leaf.serial_positive && plain.leaf.serial_octets >= 8 && !plain.leaf.must_staple);
    assert_eq!(plain.leaf.validation, None);

    let found = of(&|params| params.subject_alt_names.clear());
    assert!(!found.leaf.names_present && !found.names_host);
    let found = of(&|params| {
        params.subject_alt_names = vec![rcgen::SanType::DnsName("*.gov.vn".try_into().unwrap())];
    });
    assert!(found.leaf.wildcard && found.names_host);

    let found = of(&|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]);
    assert_eq!(found.misuse, Some(Misuse::ExtendedKeyUsage));
    assert_eq!(found.leaf.extended_key_usage, Attempt::Completed(Some(vec!["clientAuth".to_owned()])));
    let found = of(&|params| params.key_usages = vec![rcgen::KeyUsagePurpose::CrlSign]);
    assert_eq!(found.misuse, Some(Misuse::KeyUsage));
    assert_eq!(found.leaf.key_usage, Attempt::Completed(Some(vec!["cRLSign".to_owned()])));
    let found = of(&|params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
    assert_eq!((found.misuse, found.leaf.path_length), (Some(Misuse::AuthorityAsServer), Some(0)));

    let extension = |oid: &[u64], content: Vec<u8>, critical: bool| {
        let mut extension = CustomExtension::from_oid_content(oid, content);
        extension.set_criticality(critical);
        extension
    };
    let found = of(&|params| params.custom_extensions.push(extension(&[1, 2, 3, 4], vec![5, 0], true)));
    assert_eq!(found.misuse, Some(Misuse::CriticalExtension));
    let must_staple = [1, 3, 6, 1, 5, 5, 7, 1, 24];
    let found =
        of(&|params| params.custom_extensions.push(extension(&must_staple, vec![0x30, 3, 2, 1, 5], false)));
    assert!(found.leaf.must_staple);
    let found =
        of(&|params| params.custom_extensions.push(extension(&must_staple, vec![0x30, 3, 2, 1, 17], false)));
    assert!(!found.leaf.must_staple);
    for (oid, validation) in [
        (&b"\x67\x81\x0c\x01\x02\x01"[..], Validation::Domain),
        (b"\x67\x81\x0c\x01\x02\x02", Validation::Organization),
        (b"\x67\x81\x0c\x01\x01", Validation::Extended),
    ] {
        let policy = element(der::SEQUENCE, &element(der::OBJECT_IDENTIFIER, oid));
        let policies = element(der::SEQUENCE, &policy);
        let found =
            of(&|params| params.custom_extensions.push(extension(&[2, 5, 29, 32], policies.clone(), false)));
        assert_eq!(found.leaf.validation, Some(validation));
    }
    for (serial, octets, positive) in
        [(vec![0x7f; 20], 20, true), (vec![0xff; 20], 21, true), (vec![1], 1, true)]
    {
        let found = of(&|params| params.serial_number = Some(serial.clone().into()));
        assert_eq!((found.leaf.serial_octets, found.leaf.serial_positive), (octets, positive));
    }
}

#[test]
fn mozillas_roots_are_told_from_those_given() {
    let root = Party::ca("root");
    let leaf = Party::leaf().by(&root);
    let mut both = TrustStore::mozilla();
    assert!(both.public_part().is_none());
    both.add_pem(pem(&root.by_itself()).as_bytes(), "province.pem").unwrap();
    assert_eq!(both.public_part().unwrap().len() + 1, both.len());
    let found = described(&[leaf], HOST, &both).unwrap();
    assert!(found.trusted && !found.publicly_trusted);
}

proptest! {
    #[test]
    fn changed_staples_never_panic(changes in proptest::collection::vec((0_usize..2_000, 0_u8..), 1..6)) {
        let (root, leaf, store) = simple();
        let mut staple = good(&root, &leaf).der();
        for (place, octet) in changes {
            let place = place % staple.len();
            staple[place] = octet;
        }
        let found = with_staple(&leaf, &staple, &store);
        // Whatever was changed, an answer that is not the issuer's is never relied on.
        if let Attempt::Completed(Some(found)) = &found.staple
            && found.reliable
        {
            prop_assert!(staple_is_untouched(&staple, &good(&root, &leaf).der()));
        }
    }
}

/// Whether what is signed, and so what counts, is as it was.
fn staple_is_untouched(staple: &[u8], original: &[u8]) -> bool {
    let signed = |der: &[u8]| crate::wire::ocsp::Response::parse(der).unwrap().basic.unwrap().signed.to_vec();
    signed(staple) == signed(original)
}
