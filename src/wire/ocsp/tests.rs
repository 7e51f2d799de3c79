//! Responses made by OpenSSL (`testdata/make.sh`), cut and changed.

use proptest::prelude::*;

use super::*;

const GOOD: &[u8] = include_bytes!("testdata/good.der");
const REVOKED: &[u8] = include_bytes!("testdata/revoked.der");
const DELEGATED: &[u8] = include_bytes!("testdata/delegated.der");
const UNKNOWN: &[u8] = include_bytes!("testdata/unknown.der");

#[test]
fn what_openssl_answers() {
    let basic = Response::parse(GOOD).unwrap().basic.unwrap();
    let statement = basic.statements[0];
    assert_eq!(
        (statement.status, statement.about.hash, basic.statements.len()),
        (Status::Good, Hash::Sha1, 1)
    );
    assert_eq!(statement.about.issuer_key_hash.len(), 20);
    assert!(statement.next_update.unwrap() > statement.this_update);
    assert!(matches!(basic.responder, Responder::Name(_)));

    let revoked = Response::parse(REVOKED).unwrap().basic.unwrap().statements[0].status;
    let Status::Revoked { at, reason } = revoked else { panic!("{revoked:?}") };
    assert_eq!((at, reason.and_then(reason_name)), (1_767_225_600, Some("keyCompromise")));

    let delegated = Response::parse(DELEGATED).unwrap().basic.unwrap();
    assert!(matches!(delegated.responder, Responder::KeyHash(hash) if hash.len() == 20));
    assert_eq!(delegated.certificates.len(), 1);
    let unknown = Response::parse(UNKNOWN).unwrap().basic.unwrap();
    assert_eq!(unknown.statements[0].status, Status::Unknown);
}

#[test]
fn responders_that_will_not_answer() {
    for status in [1, 2, 3, 5, 6, 9] {
        let response = [0x30, 3, 0x0a, 1, status];
        assert_eq!(Response::parse(&response), Ok(Response { status, basic: None }));
    }
    for broken in
        [&[][..], &[0x30, 0], &[0x30, 3, 0x0a, 1, 0], &[0x30, 3, 0x0a, 1, 1, 0], &[0x30, 4, 0x0a, 2, 0, 1]]
    {
        assert!(Response::parse(broken).is_err(), "{broken:x?}");
    }
}

#[test]
fn a_response_that_ends_early_is_none() {
    for whole in [GOOD, REVOKED, DELEGATED] {
        for end in 0..whole.len() {
            assert!(Response::parse(&whole[..end]).is_err(), "{end}");
        }
        assert!(Response::parse(&[whole, &[0]].concat()).is_err());
    }
}

#[test]
fn the_request_that_openssl_makes() {
    let made = include_bytes!("testdata/request.der");
    let leaf = include_bytes!("testdata/leaf.der");
    let issuer = include_bytes!("testdata/issuer.der");
    let (_, leaf) = x509_parser::parse_x509_certificate(leaf).unwrap();
    let (_, issuer) = x509_parser::parse_x509_certificate(issuer).unwrap();
    let key = &issuer.tbs_certificate.subject_pki.subject_public_key.data;
    assert_eq!(request(leaf.issuer().as_raw(), key, leaf.raw_serial()), made);
}

proptest! {
    #[test]
    fn arbitrary_octets_never_panic(octets in proptest::collection::vec(0_u8.., 0..300)) {
        let _ = Response::parse(&octets);
    }

    #[test]
    fn changed_responses_never_panic(changes in proptest::collection::vec((0_usize..3_000, 0_u8..), 1..6)) {
        for whole in [GOOD, REVOKED, DELEGATED] {
            let mut changed = whole.to_vec();
            for (at, octet) in &changes {
                let at = at % changed.len();
                changed[at] = *octet;
            }
            let _ = Response::parse(&changed);
        }
    }
}
