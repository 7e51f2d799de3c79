//! Critical certificate policy extensions, which government PKIs use, browsers take and `webpki` refuses. Owns the
//! one exception to «trusted is what `webpki` trusts».
//!
//! RFC 5280 section 6.1 with any policy acceptable fails on policies only where a certificate requires an explicit
//! policy: `explicit_policy` begins at n + 1 and is decremented n times. So on a path where no certificate requires
//! one, and none maps policies, having ignored the extensions is having processed them. Such a path is accepted if
//! it passes everything else; one with name constraints is left to `webpki`, and stays refused.

use rustls::pki_types::TrustAnchor;
use x509_parser::extensions::PolicyConstraints;
use x509_parser::oid_registry as oid;
use x509_parser::prelude::FromDer as _;

use super::parsed::Parsed;
use super::refusal::{fault_of, key_fault_of_anchor};

/// Whether, dates aside, `webpki` refused this path, the leaf first, for nothing but critical policy extensions. Its
/// signatures have been verified; dates are the caller's to check.
pub(super) fn were_the_only_trouble(path: &[&Parsed<'_>], root: &TrustAnchor<'_>) -> bool {
    root.name_constraints.is_none()
        && key_fault_of_anchor(root).is_none()
        && path.iter().enumerate().all(|(depth, certificate)| {
            fault_of(certificate, depth).is_none()
                && certificate.not_before <= certificate.not_after
                && (depth == 0 || certificate.may_sign_certificates())
                && certificate.extension(&oid::OID_X509_EXT_NAME_CONSTRAINTS).is_none()
                && certificate.x509.signature_algorithm == certificate.x509.tbs_certificate.signature
                && has_each_extension_once(certificate)
                && requires_no_policy(certificate)
        })
}

/// Whether a critical extension is one of those that change nothing.
pub(super) fn changes_nothing(certificate: &Parsed<'_>, extension: &str) -> bool {
    match extension {
        // Certificate policies, and inhibit anyPolicy.
        "2.5.29.32" | "2.5.29.54" => true,
        "2.5.29.36" => requires_no_policy(certificate),
        _ => false,
    }
}

/// Whether policy constraints, critical or not, are absent or do not ask for an explicit policy, and no policy is
/// mapped.
fn requires_no_policy(certificate: &Parsed<'_>) -> bool {
    let constraints = certificate.extension(&oid::OID_X509_EXT_POLICY_CONSTRAINTS);
    let asks_for_none = constraints.is_none_or(|extension| {
        PolicyConstraints::from_der(extension.value)
            .is_ok_and(|(_, constraints)| constraints.require_explicit_policy.is_none())
    });
    asks_for_none && certificate.extension(&oid::OID_X509_EXT_POLICY_MAPPINGS).is_none()
}

/// RFC 5280 section 4.2; `webpki` would have minded.
fn has_each_extension_once(certificate: &Parsed<'_>) -> bool {
    let extensions = certificate.x509.extensions();
    extensions
        .iter()
        .enumerate()
        .all(|(i, one)| !extensions.iter().skip(i + 1).any(|other| other.oid == one.oid))
}
