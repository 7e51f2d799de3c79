//! Facts of signed certificate timestamps: who promised to publish the leaf, and whether they signed it for this one.

use aws_lc_rs::digest;
use jiff::Timestamp;
use x509_parser::asn1_rs::oid;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::ct_logs::{CtLog, CtLogs};
use super::key;
use super::staple::Leaf;
use super::x509::hex;
use crate::observation::{Attempt, Failure, Listing, Sct, SctSource, SctStatus, limits};
use crate::wire::der;
use crate::wire::sct::{self, Entry};

/// Describes the timestamps in the leaf and those in a staple.
pub(super) fn describe(leaf: Leaf<'_, '_>, staple: Option<&[u8]>, logs: &CtLogs) -> Attempt<Listing<Sct>> {
    let own = oid!(1.3.6.1.4.1.11129.2.4.2);
    let mut all = Vec::new();
    if let Some(extension) = leaf.certificate.extension(&own) {
        let Some(list) = der::contents(extension.value, der::OCTET_STRING) else {
            return Attempt::failed(Failure::Malformed(sct::SctError.to_string()));
        };
        let tbs = sct::without_timestamps(leaf.certificate.x509.tbs_certificate.as_ref());
        let issuer = leaf.issuer_key.map(sha256);
        let entry = match (&tbs, &issuer) {
            (Some(tbs), Some(issuer_key_hash)) => Some(Entry::Precertificate { issuer_key_hash, tbs }),
            _ => None,
        };
        match read(list, SctSource::Certificate, entry, logs) {
            Ok(found) => all.extend(found),
            Err(failure) => return Attempt::failed(failure),
        }
    }
    if let Some(list) = staple {
        match read(list, SctSource::Staple, Some(Entry::Certificate(leaf.certificate.der)), logs) {
            Ok(found) => all.extend(found),
            Err(failure) => return Attempt::failed(failure),
        }
    }
    Attempt::Completed(Listing::capped(all, limits::SCTS))
}

fn read(
    list: &[u8],
    source: SctSource,
    entry: Option<Entry<'_>>,
    logs: &CtLogs,
) -> Result<Vec<Sct>, Failure> {
    let timestamps = sct::parse_list(list).map_err(|error| Failure::Malformed(error.to_string()))?;
    // A later version has an id of the log in another place.
    let timestamps = timestamps.into_iter().flatten().map(|timestamp| {
        let log = logs.find(timestamp.log_id);
        let milliseconds = i64::try_from(timestamp.milliseconds).unwrap_or(i64::MAX);
        Ok(Sct {
            log_id: hex(timestamp.log_id),
            log: log.map(|log| log.name.clone()),
            operator: log.map(|log| log.operator.clone()),
            log_state: log.map(|log| log.state),
            timestamp: Timestamp::from_millisecond(milliseconds)
                .map_err(|_| Failure::Malformed("a timestamp that is out of range".to_owned()))?,
            source,
            status: status(&timestamp, entry, log),
        })
    });
    timestamps.collect()
}

fn status(timestamp: &sct::Timestamp<'_>, entry: Option<Entry<'_>>, log: Option<&CtLog>) -> SctStatus {
    let Some(log) = log else { return SctStatus::UnknownLog };
    let Some(entry) = entry else { return SctStatus::IssuerUnknown };
    let Some(octets) = timestamp.signed_octets(entry) else { return SctStatus::Unsupported };
    match is_signed(timestamp, &octets, &log.key) {
        None => SctStatus::Unsupported,
        Some(true) => SctStatus::Verified,
        Some(false) => SctStatus::BadSignature,
    }
}

/// Whether the log signed; `None` for what logs may not sign with (RFC 6962 section 2.1.4).
fn is_signed(timestamp: &sct::Timestamp<'_>, octets: &[u8], key: &[u8]) -> Option<bool> {
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
    };
    let (_, info) = SubjectPublicKeyInfo::from_der(key).ok()?;
    let p256 = key::curve_oid(&info).is_some_and(|curve| curve == "1.2.840.10045.3.1.7");
    let algorithm: &'static dyn VerificationAlgorithm = match (timestamp.hash, timestamp.signature_algorithm)
    {
        (4, 3) if p256 => &ECDSA_P256_SHA256_ASN1,
        (4, 1) if key::rsa_bits(&info).is_some() => &RSA_PKCS1_2048_8192_SHA256,
        _ => return None,
    };
    let key = UnparsedPublicKey::new(algorithm, &info.subject_public_key.data);
    Some(key.verify(octets, timestamp.signature).is_ok())
}

fn sha256(octets: &[u8]) -> [u8; 32] {
    digest::digest(&digest::SHA256, octets).as_ref().try_into().unwrap_or_default()
}
