//! Lists written by hand, and certificates that differ in nothing but the list.

use proptest::prelude::*;
use rcgen::{CertificateParams, CustomExtension, KeyPair};

use super::*;

/// A timestamp of version 1.
fn timestamp(log: u8, extensions: &[u8], signature: &[u8]) -> Vec<u8> {
    let mut out = vec![0];
    out.extend([log; 32]);
    out.extend(1_767_225_600_000_u64.to_be_bytes());
    out.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    out.extend(extensions);
    out.extend([4, 3]);
    out.extend(u16::try_from(signature.len()).unwrap().to_be_bytes());
    out.extend(signature);
    out
}

fn list(timestamps: &[Vec<u8>]) -> Vec<u8> {
    let vector = |octets: &[u8]| [&u16::try_from(octets.len()).unwrap().to_be_bytes(), octets].concat();
    vector(&timestamps.iter().flat_map(|timestamp| vector(timestamp)).collect::<Vec<_>>())
}

#[test]
fn lists_and_what_is_none() {
    let both = list(&[timestamp(7, &[], &[1, 2]), timestamp(9, &[5; 8], &[])]);
    let read = parse_list(&both).unwrap();
    let first = read[0].unwrap();
    assert_eq!(
        (first.log_id, first.milliseconds, first.signature),
        (&[7; 32], 1_767_225_600_000, &[1, 2][..])
    );
    assert_eq!((first.hash, first.signature_algorithm), (4, 3));
    assert_eq!(read[1].unwrap().extensions, [5; 8]);
    assert_eq!(parse_list(&[0, 0]), Ok(vec![]));
    // A later version has a grammar of its own.
    assert_eq!(parse_list(&list(&[vec![1, 2, 3], timestamp(7, &[], &[])])).unwrap()[0], None);
    for end in 0..both.len() {
        assert_eq!(parse_list(&both[..end]), Err(SctError), "{end}");
    }
    assert_eq!(parse_list(&[&both[..], &[0]].concat()), Err(SctError));
    assert_eq!(parse_list(&list(&[vec![]])), Err(SctError));
    let many = list(&vec![timestamp(1, &[], &[]); 200]);
    assert_eq!(parse_list(&many).unwrap().len(), 50);
}

#[test]
fn signed_octets_follow_rfc_6962() {
    let one = list(&[timestamp(7, &[0xee], &[])]);
    let one = parse_list(&one).unwrap()[0].unwrap();
    let time = 1_767_225_600_000_u64.to_be_bytes();
    let whole = one.signed_octets(Entry::Certificate(&[0xaa, 0xbb])).unwrap();
    assert_eq!(whole, [&[0, 0][..], &time, &[0, 0, 0, 0, 2, 0xaa, 0xbb, 0, 1, 0xee]].concat());
    let entry = Entry::Precertificate { issuer_key_hash: &[3; 32], tbs: &[0xcc] };
    let pre = one.signed_octets(entry).unwrap();
    assert_eq!(pre, [&[0, 0][..], &time, &[0, 1], &[3; 32], &[0, 0, 1, 0xcc, 0, 1, 0xee]].concat());
}

/// The `TBSCertificate` of a certificate with extensions of these lengths beside the list.
fn tbs(with_list: bool, names: usize) -> Vec<u8> {
    let key = KeyPair::from_pem(
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIHBgJSkzWGTIWbYqRjm4qp1DuUZqXy0xmn0BKCJgsvKO\n-----END PRIVATE KEY-----\n",
    )
    .unwrap();
    let names: Vec<String> = (0..names).map(|number| format!("{number}.example.vn")).collect();
    let mut parameters = CertificateParams::new(names).unwrap();
    parameters.serial_number = Some(7_u64.into());
    if with_list {
        let oid = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];
        parameters.custom_extensions.push(CustomExtension::from_oid_content(&oid, vec![4, 2, 0, 0]));
    }
    let der = parameters.self_signed(&key).unwrap().der().to_vec();
    der::read(der::contents(&der, der::SEQUENCE).unwrap()).unwrap().whole.to_vec()
}

#[test]
fn the_list_is_taken_out_and_every_length_put_right() {
    // Lengths of one, two and three octets.
    for names in [1, 5, 6, 7, 8, 12, 100, 4_000] {
        assert_eq!(without_timestamps(&tbs(true, names)).unwrap(), tbs(false, names), "{names}");
        assert_eq!(without_timestamps(&tbs(false, names)).unwrap(), tbs(false, names), "{names}");
    }
    // Nothing but the list: no extensions are left, and no empty list of them.
    assert_eq!(without_timestamps(&tbs(true, 0)).unwrap(), tbs(false, 0));
}

proptest! {
    #[test]
    fn arbitrary_octets_never_panic(octets in proptest::collection::vec(0_u8.., 0..300)) {
        let _ = parse_list(&octets);
        let _ = without_timestamps(&octets);
    }

    #[test]
    fn changed_certificates_never_panic(changes in proptest::collection::vec((0_usize..3_000, 0_u8..), 1..6)) {
        let mut changed = tbs(true, 3);
        for (at, octet) in changes {
            let at = at % changed.len();
            changed[at] = octet;
        }
        let _ = without_timestamps(&changed);
    }
}
