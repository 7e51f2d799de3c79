//! Whether a path of signatures that reaches a root may be used for a TLS server, and why not. The verdict is
//! `webpki`'s, with rules of RFC 5280 that it leaves out (key usage, validity of a root given by file)
//! and one exception (`policies`). The words are ours.

use std::cell::Cell;

use rustls::pki_types::{CertificateDer, TrustAnchor};
use webpki::{EndEntityCert, Error, KeyUsage, VerifiedPath};
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::{SubjectPublicKeyInfo, X509Version};

use super::distinguished_name::{dotted, one_line};
use super::key::{public_key, rsa_bits};
use super::parsed::Parsed;
use super::path::Fault;
use super::policies;
use super::signature::signature_algorithm;
use super::trust_store::TrustStore;
use crate::observation::{ChainFault, Misuse};

/// Longest subject in a sentence, in characters.
const SUBJECT_CHARS: usize = 120;

/// Largest certificate that `webpki` reads, in bytes; a server's chain of this size breaks many clients.
const MAX_VALIDATED: usize = 0xffff;

/// Asks whether the leaf, the first of `certificates`, may be used with these issuers.
///
/// `useful`: the issuers on any path of verified signatures. `trail`: one such path from the leaf up and its
/// anchor, to look for words. `at`: seconds since 1970; the expiry of the leaf does not matter.
pub(super) fn validate(
    certificates: &[Parsed<'_>],
    useful: &[usize],
    trail: &(Vec<usize>, usize),
    store: &TrustStore,
    at: i64,
) -> Result<(), Fault> {
    let Some(leaf) = certificates.first() else { return Err((ChainFault::MissingIntermediate, None)) };
    let issuers: Vec<&Parsed<'_>> = useful.iter().filter_map(|index| certificates.get(*index)).collect();
    let moment = leaf.nearest_valid_moment(at);
    let seconds = i64::try_from(moment.as_secs()).unwrap_or(i64::MAX);
    let unfit_issuer = Cell::new(None);
    let anchor_expired = Cell::new(false);
    let accept = |path: &VerifiedPath<'_>| {
        let on_path = |issuer: &&&Parsed<'_>| {
            path.intermediate_certificates().any(|certificate| certificate.der().as_ref() == issuer.der)
        };
        if let Some(unfit) = issuers.iter().filter(on_path).find(|issuer| !issuer.may_sign_certificates()) {
            unfit_issuer.set(Some(*unfit));
            return Err(Error::EndEntityUsedAsCa);
        }
        if !store.in_time(path.anchor(), seconds) {
            anchor_expired.set(true);
            return Err(Error::CertExpired { time: moment, not_after: moment });
        }
        Ok(())
    };
    let leaf_der = CertificateDer::from(leaf.der);
    let issuer_ders: Vec<_> = issuers.iter().map(|issuer| CertificateDer::from(issuer.der)).collect();
    let verdict = EndEntityCert::try_from(&leaf_der).and_then(|leaf| {
        leaf.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &store.anchors,
            &issuer_ders,
            moment,
            KeyUsage::server_auth(),
            None,
            Some(&accept),
        )
        .map(|_| ())
    });
    let Err(error) = verdict else {
        return if leaf.may_serve_tls() {
            Ok(())
        } else {
            let words = format!("key usage of {} does not allow TLS servers", called(leaf));
            Err((ChainFault::Unusable, Some((Misuse::KeyUsage, words))))
        };
    };
    // The moment lies inside the leaf's validity, so it is somebody else who is not valid at it.
    if anchor_expired.get() || matches!(error, Error::CertExpired { .. } | Error::CertNotValidYet { .. }) {
        return Err((ChainFault::ExpiredIssuer, None));
    }
    let (path, anchor) = (on_trail(certificates, trail), trail.1);
    if error == Error::UnsupportedCriticalExtension
        && let Some(root) = store.anchors.get(anchor)
        && policies::were_the_only_trouble(&path, root)
    {
        let in_time = path.iter().all(|certificate| certificate.is_valid_at(seconds));
        return if in_time && store.in_time(root, seconds) {
            Ok(())
        } else {
            Err((ChainFault::ExpiredIssuer, None))
        };
    }
    let words = unfit_issuer
        .get()
        .map(|issuer| {
            let words = format!("key usage of {} does not allow it to sign certificates", called(issuer));
            (Misuse::KeyUsage, words)
        })
        .or_else(|| explain(&path, anchor, store))
        .unwrap_or_else(|| words(&error));
    Err((ChainFault::Unusable, Some(words)))
}

/// How a certificate is called in a sentence.
pub(super) fn called(certificate: &Parsed<'_>) -> String {
    let subject = one_line(certificate.x509.subject());
    let short: String = subject.chars().take(SUBJECT_CHARS).collect();
    let dots = if short.len() < subject.len() { "…" } else { "" };
    format!("the certificate of «{short}{dots}»")
}

fn on_trail<'p, 'a>(certificates: &'p [Parsed<'a>], trail: &(Vec<usize>, usize)) -> Vec<&'p Parsed<'a>> {
    trail.0.iter().filter_map(|index| certificates.get(*index)).collect()
}

/// The first thing wrong on a path, naming the certificate, which `webpki`'s errors do not.
fn explain(path: &[&Parsed<'_>], anchor: usize, store: &TrustStore) -> Option<(Misuse, String)> {
    let own = path.iter().enumerate().find_map(|(depth, certificate)| fault_of(certificate, depth));
    own.or_else(|| {
        let words = key_fault_of_anchor(store.anchors.get(anchor)?)?;
        Some((Misuse::Key, format!("the trusted root has {words}")))
    })
}

/// A key of a trusted root that no signature is accepted from.
pub(super) fn key_fault_of_anchor(anchor: &TrustAnchor<'_>) -> Option<String> {
    let info = webpki::spki_for_anchor(anchor);
    SubjectPublicKeyInfo::from_der(info.as_ref()).ok().and_then(|(_, key)| key_fault(&key))
}

/// What is wrong with one certificate of a path; `depth` 0 is the leaf.
pub(super) fn fault_of(certificate: &Parsed<'_>, depth: usize) -> Option<(Misuse, String)> {
    let name = called(certificate);
    let because = |misuse, words| Some((misuse, words));
    if certificate.der.len() > MAX_VALIDATED {
        return because(
            Misuse::Other,
            format!("{name} is larger than {MAX_VALIDATED} bytes, which is not accepted"),
        );
    }
    let version = certificate.x509.version();
    if version != X509Version::V3 {
        let words = format!("{name} is of X.509 version {}, not 3", version.0.saturating_add(1));
        return because(Misuse::Other, words);
    }
    if let Some(oid) = unknown_critical_extension(certificate) {
        let words = format!("{name} has the critical extension {oid}, which is not understood");
        return because(Misuse::CriticalExtension, words);
    }
    match (depth, certificate.is_ca()) {
        (0, true) => {
            let words = "the server's certificate is one of a certification authority".to_owned();
            return because(Misuse::AuthorityAsServer, words);
        }
        (1.., false) => {
            let words = format!("{name} is not one of a certification authority");
            return because(Misuse::ServerAsAuthority, words);
        }
        _ => {}
    }
    if !certificate.allows_tls_servers() {
        let words = format!("extended key usage of {name} does not allow TLS servers");
        return because(Misuse::ExtendedKeyUsage, words);
    }
    let below = u32::try_from(depth.saturating_sub(1)).unwrap_or(u32::MAX);
    let allowed = certificate.basic_constraints().and_then(|constraints| constraints.path_len_constraint);
    if depth > 0 && allowed.is_some_and(|allowed| below > allowed) {
        let words = format!("more authorities below {name} than its path length allows");
        return because(Misuse::PathLength, words);
    }
    if depth > 0
        && let Some(words) = key_fault(&certificate.x509.tbs_certificate.subject_pki)
    {
        return because(Misuse::Key, format!("{name} has {words}"));
    }
    let signature = signature_algorithm(&certificate.x509.signature_algorithm);
    let accepted = match signature.hash.as_deref() {
        Some("SHA-256" | "SHA-384" | "SHA-512") | None => true,
        Some(_) => false,
    };
    (!accepted).then(|| {
        let words = format!("{name} is signed with {}, which is not accepted", signature.name);
        (Misuse::Signature, words)
    })
}

/// A key that no signature is accepted from.
fn key_fault(key: &SubjectPublicKeyInfo<'_>) -> Option<String> {
    let facts = public_key(key);
    match (facts.algorithm.as_str(), rsa_bits(key)) {
        ("RSA", Some(bits)) if bits < 2048 => Some(format!("an RSA key of only {bits} bits")),
        ("RSA", Some(bits)) if bits > 8192 => {
            Some(format!("an RSA key of {bits} bits, more than is looked at"))
        }
        ("EC", _) if !matches!(facts.curve.as_deref(), Some("secp256r1" | "secp384r1" | "secp521r1")) => {
            Some(format!(
                "a key on the curve {}, which is not accepted",
                facts.curve.as_deref().unwrap_or("without a name")
            ))
        }
        _ => None,
    }
}

/// The first critical extension besides those that path validation takes into account.
fn unknown_critical_extension(certificate: &Parsed<'_>) -> Option<String> {
    const UNDERSTOOD: [&str; 7] = [
        "2.5.29.15",
        "2.5.29.17",
        "2.5.29.19",
        "2.5.29.30",
        "2.5.29.31",
        "2.5.29.37",
        "1.3.6.1.4.1.11129.2.4.2",
    ];
    let critical = certificate.x509.extensions().iter().filter(|extension| extension.critical);
    critical
        .map(|extension| dotted(&extension.oid))
        .find(|oid| !UNDERSTOOD.contains(&oid.as_str()) && !policies::changes_nothing(certificate, oid))
}

/// An error of path validation in a sentence.
fn words(error: &Error) -> (Misuse, String) {
    let (misuse, words) = match error {
        Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => {
            (Misuse::ExtendedKeyUsage, "extended key usage of a certificate does not allow TLS servers")
        }
        Error::UnsupportedCriticalExtension => {
            (Misuse::CriticalExtension, "a certificate has a critical extension that is not understood")
        }
        Error::NameConstraintViolation => {
            (Misuse::NameConstraints, "a name lies outside the name constraints of an issuer")
        }
        Error::PathLenConstraintViolated => {
            (Misuse::PathLength, "more authorities below an issuer than its path length allows")
        }
        Error::InvalidCertValidity => (Misuse::Other, "the validity of a certificate ends before it begins"),
        Error::MaximumPathDepthExceeded => {
            (Misuse::Other, "more issuers one above the other than are followed")
        }
        Error::CertDistrusted => (Misuse::Other, "an issuer is distrusted by name"),
        Error::ExtensionValueInvalid | Error::MalformedExtensions => {
            (Misuse::Other, "an extension of a certificate is malformed or stands there twice")
        }
        Error::BadDer | Error::BadDerTime | Error::TrailingData(_) => {
            (Misuse::Other, "a certificate does not follow its encoding")
        }
        Error::SignatureAlgorithmMismatch => {
            (Misuse::Signature, "a certificate states two different signature algorithms")
        }
        other => return (Misuse::Other, format!("path validation says {other}")),
    };
    (misuse, words.to_owned())
}
