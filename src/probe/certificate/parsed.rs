//! One certificate, parsed once: the parts that facts and path building read. Owns the limit on its size and what
//! counts as malformed.

use std::time::Duration;

use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use x509_parser::asn1_rs::Oid;
use x509_parser::extensions::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyIdentifier, KeyUsage, X509Extension,
};
use x509_parser::nom::{self, Parser as _};
use x509_parser::oid_registry as oid;
use x509_parser::prelude::{FromDer, X509Certificate, X509CertificateParser};

use super::key::public_key;
use crate::observation::Failure;
use crate::wire::der;

/// Largest certificate looked at, in bytes. 10,000 long names fit.
pub(super) const MAX_DER: usize = 1 << 20;

/// A certificate and what is asked of it more than once.
pub(super) struct Parsed<'a> {
    pub(super) der: &'a [u8],
    pub(super) x509: X509Certificate<'a>,
    /// Contents of the Name, without the header, as a trust anchor keeps it.
    pub(super) subject: &'a [u8],
    /// Contents of the issuer's Name.
    pub(super) issuer: &'a [u8],
    /// Contents of the `SubjectPublicKeyInfo`.
    pub(super) key: &'a [u8],
    /// Seconds since 1970.
    pub(super) not_before: i64,
    /// Seconds since 1970; this second is still inside.
    pub(super) not_after: i64,
    /// The same as moments.
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
}

impl<'a> Parsed<'a> {
    /// Parses one certificate. Extensions that make no sense do not matter here: they are facts.
    pub(super) fn new(der: &'a [u8]) -> Result<Self, Failure> {
        if der.len() > MAX_DER {
            return Err(Failure::TooLarge { limit: u64::try_from(MAX_DER).unwrap_or(u64::MAX) });
        }
        let mut parser = X509CertificateParser::new().with_deep_parse_extensions(false);
        let (rest, x509) = parser.parse(der).map_err(|error| malformed(&error))?;
        if !rest.is_empty() {
            return Err(Failure::Malformed(format!("{} bytes after the end of the certificate", rest.len())));
        }
        let inside = |element| {
            der::contents(element, der::SEQUENCE)
                .ok_or_else(|| Failure::Malformed("a name or key that is not a SEQUENCE".to_owned()))
        };
        let (not_before, not_after) =
            (x509.validity().not_before.timestamp(), x509.validity().not_after.timestamp());
        Ok(Self {
            der,
            subject: inside(x509.tbs_certificate.subject.as_raw())?,
            issuer: inside(x509.tbs_certificate.issuer.as_raw())?,
            key: inside(x509.tbs_certificate.subject_pki.raw)?,
            not_before,
            not_after,
            start: timestamp(not_before)?,
            end: timestamp(not_after)?,
            x509,
        })
    }

    /// The first extension of this kind.
    pub(super) fn extension(&self, kind: &Oid<'_>) -> Option<&X509Extension<'a>> {
        self.x509.extensions().iter().find(|extension| extension.oid == *kind)
    }

    /// Basic constraints, where they are there and can be read.
    pub(super) fn basic_constraints(&self) -> Option<BasicConstraints> {
        self.read(&oid::OID_X509_EXT_BASIC_CONSTRAINTS)
    }

    /// Whether basic constraints say CA.
    pub(super) fn is_ca(&self) -> bool {
        self.basic_constraints().is_some_and(|constraints| constraints.ca)
    }

    /// Whether key usage is absent or allows signing certificates (RFC 5280 section 4.2.1.3).
    pub(super) fn may_sign_certificates(&self) -> bool {
        self.extension(&oid::OID_X509_EXT_KEY_USAGE).is_none_or(|extension| {
            KeyUsage::from_der(extension.value).is_ok_and(|(_, usage)| usage.key_cert_sign())
        })
    }

    /// Whether key usage is absent or allows what a TLS server does with its key: sign handshakes (RFC 8446 section
    /// 4.4.2.2) or, with RSA before TLS 1.3, decrypt (RFC 5246 section 7.4.2).
    pub(super) fn may_serve_tls(&self) -> bool {
        self.extension(&oid::OID_X509_EXT_KEY_USAGE).is_none_or(|extension| {
            KeyUsage::from_der(extension.value).is_ok_and(|(_, usage)| {
                let is_rsa = public_key(&self.x509.tbs_certificate.subject_pki).algorithm == "RSA";
                usage.digital_signature() || is_rsa && usage.key_encipherment()
            })
        })
    }

    /// Whether extended key usage is absent or allows TLS servers (RFC 5280 section 4.2.1.12).
    pub(super) fn allows_tls_servers(&self) -> bool {
        self.extension(&oid::OID_X509_EXT_EXTENDED_KEY_USAGE).is_none_or(|extension| {
            ExtendedKeyUsage::from_der(extension.value).is_ok_and(|(_, usage)| usage.server_auth)
        })
    }

    /// Whether the key identifiers say that `issuer` holds another key than the one that signed this certificate
    /// (RFC 5280 section 4.2.1.1).
    pub(super) fn names_another_key_than(&self, issuer: &Self) -> bool {
        let wanted = self
            .extension(&oid::OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER)
            .and_then(|extension| AuthorityKeyIdentifier::from_der(extension.value).ok())
            .and_then(|(_, identifier)| identifier.key_identifier);
        let held = issuer
            .extension(&oid::OID_X509_EXT_SUBJECT_KEY_IDENTIFIER)
            .and_then(|extension| KeyIdentifier::from_der(extension.value).ok());
        matches!((wanted, held), (Some(wanted), Some((_, held))) if wanted != held)
    }

    /// Issuer and subject are the same.
    pub(super) fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// Whether a second since 1970 lies inside the validity.
    pub(super) fn is_valid_at(&self, second: i64) -> bool {
        (self.not_before..=self.not_after).contains(&second)
    }

    /// The moment inside the validity that is nearest to `at`, both in seconds since 1970.
    pub(super) fn nearest_valid_moment(&self, at: i64) -> UnixTime {
        let moment = at.min(self.not_after).max(self.not_before);
        UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(moment).unwrap_or(0)))
    }

    fn read<T>(&self, kind: &Oid<'_>) -> Option<T>
    where
        T: for<'b> FromDer<'b, x509_parser::error::X509Error>,
    {
        self.extension(kind).and_then(|extension| T::from_der(extension.value).ok()).map(|(_, value)| value)
    }
}

/// A date of a certificate. The year 9999 says «no end» (RFC 5280 section 4.1.2.5); its last two days lie beyond what
/// can be represented, and are drawn in.
fn timestamp(seconds: i64) -> Result<Timestamp, Failure> {
    /// 9999-12-31T23:59:59Z.
    const NO_END: i64 = 253_402_300_799;
    if (Timestamp::MAX.as_second()..=NO_END).contains(&seconds) {
        return Ok(Timestamp::MAX);
    }
    Timestamp::from_second(seconds).map_err(|_| Failure::Malformed("a date that is out of range".to_owned()))
}

/// Why bytes are not a certificate, in words without the bytes.
fn malformed(error: &nom::Err<x509_parser::error::X509Error>) -> Failure {
    Failure::Malformed(match error {
        nom::Err::Incomplete(_) => "the certificate ends early".to_owned(),
        nom::Err::Error(error) | nom::Err::Failure(error) => format!("not a certificate: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_end_is_no_fault() {
        assert_eq!(timestamp(253_402_300_799), Ok(Timestamp::MAX));
        assert_eq!(timestamp(253_402_214_400), Ok(Timestamp::MAX));
        assert!(matches!(timestamp(253_402_300_800), Err(Failure::Malformed(_))));
        assert_eq!(timestamp(0), Ok(Timestamp::UNIX_EPOCH));
    }
}
