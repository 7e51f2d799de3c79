//! The facts of one certificate on its own. Owns dates, days and the serial number; names, keys and signatures have
//! files of their own.

use std::fmt::Write as _;

use aws_lc_rs::digest;
use jiff::Timestamp;
use x509_parser::oid_registry as oid;

use super::distinguished_name::{cut, one_line};
use super::key::public_key;
use super::names::{has_wildcard, names};
use super::parsed::Parsed;
use super::purpose;
use super::signature::signature_algorithm;
use crate::observation::{ValidityStatus, X509, limits};

const DAY: i64 = 86_400;
const NANOSECONDS: i128 = 1_000_000_000;

/// Describes a certificate at a moment. `self_signed` is path building's to find out.
pub(super) fn describe(certificate: &Parsed<'_>, at: Timestamp, self_signed: bool) -> X509 {
    let x509 = &certificate.x509;
    X509 {
        sha256: sha256(certificate.der),
        subject: one_line(x509.subject()),
        issuer: one_line(x509.issuer()),
        serial: serial(x509.raw_serial()),
        serial_octets: u32::try_from(x509.raw_serial().len()).unwrap_or(u32::MAX),
        serial_positive: is_positive(x509.raw_serial()),
        not_before: certificate.start,
        not_after: certificate.end,
        validity: validity(certificate, at),
        days_left: days_left(certificate.not_after, at),
        lifetime_days: lifetime_days(certificate.not_before, certificate.not_after),
        names: names(certificate),
        names_present: certificate.extension(&oid::OID_X509_EXT_SUBJECT_ALT_NAME).is_some(),
        wildcard: has_wildcard(certificate),
        validation: purpose::validation(certificate),
        key_usage: purpose::key_usage(certificate),
        extended_key_usage: purpose::extended_key_usage(certificate),
        must_staple: purpose::must_staple(certificate),
        key: public_key(&x509.tbs_certificate.subject_pki),
        signature: signature_algorithm(&x509.signature_algorithm),
        self_signed,
        is_ca: certificate.is_ca(),
        path_length: certificate.basic_constraints().and_then(|constraints| constraints.path_len_constraint),
        constrains_names: certificate.extension(&oid::OID_X509_EXT_NAME_CONSTRAINTS).is_some(),
    }
}

/// SHA-256 in lower-case hex.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// The second a moment lies in, counted from 1970.
pub(super) fn second(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond().div_euclid(NANOSECONDS)).unwrap_or(i64::MAX)
}

/// Where a moment stands to the validity. The last second is inside to its end.
fn validity(certificate: &Parsed<'_>, at: Timestamp) -> ValidityStatus {
    let now = second(at);
    if now < certificate.not_before {
        ValidityStatus::NotYetValid
    } else if now > certificate.not_after {
        ValidityStatus::Expired
    } else {
        ValidityStatus::Valid
    }
}

/// Whole days to the end of validity, rounded down.
fn days_left(not_after: i64, at: Timestamp) -> i64 {
    let left = i128::from(not_after).saturating_mul(NANOSECONDS).saturating_sub(at.as_nanosecond());
    i64::try_from(left.div_euclid(NANOSECONDS.saturating_mul(DAY.into()))).unwrap_or(i64::MAX)
}

/// Whole days of validity with both ends inside (CA/B BR 6.3.2: 398 days are 34,387,200 seconds), rounded up.
fn lifetime_days(not_before: i64, not_after: i64) -> i64 {
    let seconds = not_after.saturating_sub(not_before).saturating_add(1);
    seconds.saturating_add(DAY - 1).div_euclid(DAY)
}

/// Whether an INTEGER is larger than zero.
fn is_positive(integer: &[u8]) -> bool {
    integer.first().is_some_and(|first| *first < 0x80) && integer.iter().any(|octet| *octet != 0)
}

/// Lower-case hex of the number as encoded: without the zero octet that only keeps it positive, with `-` before
/// the magnitude of a negative one. Zero octets beyond the one that DER wants are kept, since they are a fault.
fn serial(octets: &[u8]) -> String {
    match octets {
        [0, rest @ ..] if rest.first().is_some_and(|first| *first >= 0x80) => cut(hex_start(rest)),
        [first, ..] if *first >= 0x80 => {
            // Two's complement: invert, and add one from the right.
            let mut magnitude: Vec<u8> = octets.iter().map(|octet| !octet).collect();
            for octet in magnitude.iter_mut().rev() {
                let (sum, carry) = octet.overflowing_add(1);
                *octet = sum;
                if !carry {
                    break;
                }
            }
            cut(format!("-{}", hex_start(&magnitude)))
        }
        _ => cut(hex_start(octets)),
    }
}

/// Hex of as many octets as a text can hold.
fn hex_start(octets: &[u8]) -> String {
    hex(octets.get(..limits::TEXT).unwrap_or(octets))
}

pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len().saturating_mul(2)), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_the_lifetime_count() {
        // CA/B BR 6.3.2: 398 days is 34,387,200 seconds; one second more is another day.
        assert_eq!(lifetime_days(0, 34_387_200 - 1), 398);
        assert_eq!(lifetime_days(0, 34_387_200), 399);
        assert_eq!(lifetime_days(0, 0), 1);
        assert_eq!(lifetime_days(DAY, 0), 0);
        assert_eq!(lifetime_days(i64::MIN, i64::MAX), i64::MAX / DAY);
    }

    #[test]
    fn days_left_round_down() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(days_left(10 * DAY, at("1970-01-01T00:00:00Z")), 10);
        assert_eq!(days_left(10 * DAY, at("1970-01-01T00:00:00.5Z")), 9);
        assert_eq!(days_left(10 * DAY, at("1970-01-11T00:00:00Z")), 0);
        assert_eq!(days_left(10 * DAY, at("1970-01-11T00:00:01Z")), -1);
        assert_eq!(days_left(0, Timestamp::MAX), -2_932_896);
    }

    #[test]
    fn a_second_lasts_to_its_end() {
        assert_eq!(second("1969-12-31T23:59:59.5Z".parse().unwrap()), -1);
        assert_eq!(second("1970-01-01T00:00:00.999Z".parse().unwrap()), 0);
    }

    #[test]
    fn serial_numbers_as_encoded() {
        for (octets, text) in [
            (&[0x00][..], "00"),
            (&[0x01], "01"),
            (&[0x00, 0xff], "ff"),
            (&[0x00, 0x00, 0x01], "000001"),
            (&[0x00, 0x7f], "007f"),
            (&[0xff], "-01"),
            (&[0x80], "-80"),
            (&[0xff, 0x00], "-0100"),
            (&[], ""),
        ] {
            assert_eq!(serial(octets), text, "{octets:x?}");
            assert_eq!(is_positive(octets), !text.is_empty() && text != "00" && !text.starts_with('-'));
        }
        assert_eq!(serial(&vec![1; 70_000]).chars().count(), limits::TEXT);
    }
}
