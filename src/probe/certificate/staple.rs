//! What an OCSP response, stapled or looked up, says about a leaf, and whether a client may rely on it (RFC 6960
//! sections 3.2 and 4.2.2.2).

use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, digest};
use jiff::Timestamp;
use x509_parser::extensions::ExtendedKeyUsage;
use x509_parser::oid_registry as oid;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use super::parsed::Parsed;
use super::verify::{Check, Signed, verify, verify_signed};
use crate::observation::{
    Failure, Freshness, OcspResponse, OcspSignature, OcspStatement, Revocation, RevocationSource,
    RevocationStatus, Staple,
};
use crate::wire::ocsp::{Basic, Hash, Responder, Response, Statement, Status, reason_name};

/// How far a responder's clock may run ahead of ours, in seconds.
const SKEW: i64 = 300;
const HOUR: i64 = 3_600;

/// A certificate and the key that signed it, where that is known: `SubjectPublicKeyInfo`, DER.
#[derive(Clone, Copy)]
pub(super) struct Leaf<'p, 'a> {
    pub(super) certificate: &'p Parsed<'a>,
    pub(super) issuer_key: Option<&'p [u8]>,
}

/// Describes a response at a moment, seconds since 1970; also the timestamps of logs in it.
pub(super) fn describe<'r>(
    response: &'r [u8],
    leaf: Leaf<'_, '_>,
    at: i64,
) -> Result<(Staple, Option<&'r [u8]>), Failure> {
    let response = Response::parse(response).map_err(|error| Failure::Malformed(error.to_string()))?;
    let code = match response.status {
        0 => OcspResponse::Successful,
        1 => OcspResponse::MalformedRequest,
        2 => OcspResponse::InternalError,
        3 => OcspResponse::TryLater,
        5 => OcspResponse::SigRequired,
        6 => OcspResponse::Unauthorized,
        _ => OcspResponse::Other,
    };
    let own = response.basic.as_ref().and_then(|basic| {
        let about_leaf = basic.statements.iter().filter(|statement| is_about(statement, leaf));
        // Of several the newest counts.
        about_leaf.max_by_key(|statement| statement.this_update).map(|statement| (basic, *statement))
    });
    let Some((basic, statement)) = own else {
        let nothing = Staple { response: code, covers_leaf: false, reliable: false, statement: None };
        return Ok((nothing, None));
    };
    let facts = describe_statement(&statement, signature(basic, leaf.issuer_key, at), at)?;
    let reliable = facts.freshness == Freshness::Current
        && matches!(facts.signature, OcspSignature::Issuer | OcspSignature::Delegate);
    let staple = Staple { response: code, covers_leaf: true, reliable, statement: Some(facts) };
    Ok((staple, statement.scts))
}

/// What a response says of revocation; nothing where no client may rely on it.
pub(super) fn revocation(
    answer: &Staple,
    source: RevocationSource,
    url: Option<String>,
) -> Option<Revocation> {
    let statement = answer.statement.as_ref().filter(|_| answer.reliable)?;
    Some(Revocation {
        status: statement.status,
        source,
        url,
        as_of: statement.this_update,
        revoked_at: statement.revoked_at,
        reason: statement.reason.clone(),
    })
}

fn describe_statement(
    statement: &Statement<'_>,
    signature: OcspSignature,
    at: i64,
) -> Result<OcspStatement, Failure> {
    let (status, revoked) = match statement.status {
        Status::Good => (RevocationStatus::Good, None),
        Status::Unknown => (RevocationStatus::Unknown, None),
        Status::Revoked { at, reason } => (RevocationStatus::Revoked, Some((at, reason))),
    };
    Ok(OcspStatement {
        status,
        this_update: moment(statement.this_update)?,
        next_update: statement.next_update.map(moment).transpose()?,
        age_hours: at.saturating_sub(statement.this_update).div_euclid(HOUR),
        freshness: freshness(statement.this_update, statement.next_update, at),
        signature,
        revoked_at: revoked.map(|(at, _)| moment(at)).transpose()?,
        reason: revoked.and_then(|(_, reason)| reason_name(reason?)).map(str::to_owned),
    })
}

/// Where a moment stands to two updates.
pub(super) fn freshness(this_update: i64, next_update: Option<i64>, at: i64) -> Freshness {
    if this_update > at.saturating_add(SKEW) {
        Freshness::Early
    } else if next_update.is_some_and(|next| at > next) {
        Freshness::Expired
    } else {
        Freshness::Current
    }
}

/// A time of a response.
pub(super) fn moment(seconds: i64) -> Result<Timestamp, Failure> {
    Timestamp::from_second(seconds)
        .map_err(|_| Failure::Malformed("a date that is out of range in an OCSP response".to_owned()))
}

/// The octets of the BIT STRING of a `SubjectPublicKeyInfo`: what hashes of keys are made of.
pub(super) fn key_octets(key: &[u8]) -> Option<Vec<u8>> {
    SubjectPublicKeyInfo::from_der(key).ok().map(|(_, info)| info.subject_public_key.data.to_vec())
}

fn is_about(statement: &Statement<'_>, leaf: Leaf<'_, '_>) -> bool {
    let about = statement.about;
    let algorithm = match about.hash {
        Hash::Sha1 => &SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha256 => &digest::SHA256,
        Hash::Other => return false,
    };
    let is_hash = |hash: &[u8], of: &[u8]| digest(algorithm, of).as_ref() == hash;
    let x509 = &leaf.certificate.x509;
    about.serial == x509.raw_serial()
        && is_hash(about.issuer_name_hash, x509.issuer().as_raw())
        && leaf
            .issuer_key
            .is_none_or(|key| key_octets(key).is_some_and(|octets| is_hash(about.issuer_key_hash, &octets)))
}

/// Who signed a response: the issuer itself, or one whom it certified for that.
fn signature(basic: &Basic<'_>, issuer_key: Option<&[u8]>, at: i64) -> OcspSignature {
    let Some((_, issuer)) = issuer_key.and_then(|key| SubjectPublicKeyInfo::from_der(key).ok()) else {
        return OcspSignature::IssuerUnknown;
    };
    let Ok((_, algorithm)) = AlgorithmIdentifier::from_der(basic.algorithm) else {
        return OcspSignature::Unsupported;
    };
    let signed = Signed { algorithm: &algorithm, message: basic.signed, signature: basic.signature };
    let by_issuer = verify_signed(signed, &issuer);
    if by_issuer == Check::Verified {
        return OcspSignature::Issuer;
    }
    let mut found = match by_issuer {
        Check::Unsupported => OcspSignature::Unsupported,
        _ => OcspSignature::Failed,
    };
    for der in &basic.certificates {
        let Ok(responder) = Parsed::new(der) else { continue };
        if !is_responder(&responder, basic.responder) {
            continue;
        }
        match verify_signed(signed, &responder.x509.tbs_certificate.subject_pki) {
            Check::Verified if may_speak(&responder, &issuer, at) => return OcspSignature::Delegate,
            Check::Verified => found = OcspSignature::Unauthorized,
            Check::Unsupported if found == OcspSignature::Failed => found = OcspSignature::Unsupported,
            Check::Unsupported | Check::Failed => {}
        }
    }
    found
}

fn is_responder(certificate: &Parsed<'_>, responder: Responder<'_>) -> bool {
    match responder {
        Responder::Name(name) => certificate.subject == name,
        Responder::KeyHash(hash) => {
            let key = &certificate.x509.tbs_certificate.subject_pki.subject_public_key.data;
            digest(&SHA1_FOR_LEGACY_USE_ONLY, key).as_ref() == hash
        }
    }
}

/// Whether the issuer itself certified this responder for OCSP, and it is valid.
fn may_speak(responder: &Parsed<'_>, issuer: &SubjectPublicKeyInfo<'_>, at: i64) -> bool {
    let for_ocsp = responder.extension(&oid::OID_X509_EXT_EXTENDED_KEY_USAGE).is_some_and(|extension| {
        ExtendedKeyUsage::from_der(extension.value).is_ok_and(|(_, usage)| usage.ocsp_signing)
    });
    for_ocsp && responder.is_valid_at(at) && verify(&responder.x509, issuer) == Check::Verified
}
