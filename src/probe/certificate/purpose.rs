//! Facts of the extensions that say what a certificate is for and how far its issuer vouches: key usage, extended key
//! usage, the CA/B Forum's policies, must-staple.

use x509_parser::asn1_rs::{Oid, oid};
use x509_parser::extensions::{ExtendedKeyUsage, KeyUsage};
use x509_parser::oid_registry as oid;
use x509_parser::prelude::FromDer as _;

use super::distinguished_name::dotted;
use super::parsed::Parsed;
use crate::observation::{Attempt, Failure, Validation, limits};
use crate::wire::der::{self, Reader};

/// Names of the bits (RFC 5280 section 4.2.1.3), the first bit first.
const KEY_USAGES: [&str; limits::KEY_USAGES] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];

/// `id-pe-tlsfeature` (RFC 7633).
const TLS_FEATURE: Oid<'static> = oid!(1.3.6.1.5.5.7.1.24);
/// The TLS extension `status_request` (RFC 6066).
const STATUS_REQUEST: &[u8] = &[5];
/// Policies read of a certificate.
const POLICIES: usize = 100;

/// The CA/B Forum's reserved policies (BR 7.1.6.1) and how the subject was checked, the strictest first.
const VALIDATIONS: [(&[u8], Validation); 4] = [
    // 2.23.140.1.1
    (b"\x67\x81\x0c\x01\x01", Validation::Extended),
    // 2.23.140.1.2.3
    (b"\x67\x81\x0c\x01\x02\x03", Validation::Individual),
    // 2.23.140.1.2.2
    (b"\x67\x81\x0c\x01\x02\x02", Validation::Organization),
    // 2.23.140.1.2.1
    (b"\x67\x81\x0c\x01\x02\x01", Validation::Domain),
];

/// What the key may be used for; absent where that is not restricted.
pub(super) fn key_usage(certificate: &Parsed<'_>) -> Attempt<Option<Vec<String>>> {
    let Some(extension) = certificate.extension(&oid::OID_X509_EXT_KEY_USAGE) else {
        return Attempt::Completed(None);
    };
    match KeyUsage::from_der(extension.value) {
        Ok((_, usage)) => {
            let names = KEY_USAGES.iter().enumerate().filter(|(bit, _)| usage.flags >> bit & 1 == 1);
            Attempt::Completed(Some(names.map(|(_, name)| (*name).to_owned()).collect()))
        }
        Err(_) => malformed("key usage"),
    }
}

/// What the certificate may be used for; absent where that is not restricted.
pub(super) fn extended_key_usage(certificate: &Parsed<'_>) -> Attempt<Option<Vec<String>>> {
    let Some(extension) = certificate.extension(&oid::OID_X509_EXT_EXTENDED_KEY_USAGE) else {
        return Attempt::Completed(None);
    };
    let Ok((_, usage)) = ExtendedKeyUsage::from_der(extension.value) else {
        return malformed("extended key usage");
    };
    let known = [
        (usage.any, "anyExtendedKeyUsage"),
        (usage.server_auth, "serverAuth"),
        (usage.client_auth, "clientAuth"),
        (usage.code_signing, "codeSigning"),
        (usage.email_protection, "emailProtection"),
        (usage.time_stamping, "timeStamping"),
        (usage.ocsp_signing, "OCSPSigning"),
    ];
    let known = known.into_iter().filter(|(set, _)| *set).map(|(_, name)| name.to_owned());
    let mut all = known.chain(usage.other.iter().map(dotted));
    let purposes: Vec<String> = all.by_ref().take(limits::PURPOSES).collect();
    if all.next().is_some() {
        return Attempt::failed(Failure::TooLarge {
            limit: u64::try_from(limits::PURPOSES).unwrap_or(u64::MAX),
        });
    }
    Attempt::Completed(Some(purposes))
}

/// How the subject was checked, by the strictest of the reserved policies.
pub(super) fn validation(certificate: &Parsed<'_>) -> Option<Validation> {
    let extension = certificate.extension(&oid::OID_X509_EXT_CERTIFICATE_POLICIES)?;
    let stated: Vec<&[u8]> = der::elements(der::contents(extension.value, der::SEQUENCE)?)
        .take(POLICIES)
        .map_while(|policy| der::contents(policy?.contents, der::OBJECT_IDENTIFIER))
        .collect();
    VALIDATIONS.iter().find(|(policy, _)| stated.contains(policy)).map(|(_, validation)| *validation)
}

/// Whether the certificate demands `status_request` of its server.
pub(super) fn must_staple(certificate: &Parsed<'_>) -> bool {
    let Some(extension) = certificate.extension(&TLS_FEATURE) else { return false };
    let Some(features) = der::contents(extension.value, der::SEQUENCE) else { return false };
    let mut features = Reader::new(features);
    std::iter::from_fn(|| features.take(der::INTEGER)).any(|feature| feature.contents == STATUS_REQUEST)
}

fn malformed<T>(what: &str) -> Attempt<T> {
    Attempt::failed(Failure::Malformed(format!("{what} that does not follow its encoding")))
}
