//! Facts from policies of a document: Content-Security-Policy with its `<meta>`, permissions, cross-origin policies.

use crate::{
    observation::{
        Attempt, ContentType, CrossOriginPolicy, Csp, CspPolicy, CspSource, CspWeakness, Failure, Listing,
        PermissionsPolicy, limits,
    },
    probe::failure::cut,
    wire::{
        cross_origin::{self, CrossOrigin},
        csp::{self, Ancestor, Disposition, Policies, Policy, Source},
        permissions_policy,
    },
};

use super::{Reply, answer};

/// All policies of a document: fields first, then those of its head. Failed where there are more than are read, since
/// one of the rest may be stricter; or where the page could not be read and no field enforces one.
pub(super) fn csp(reply: &Reply) -> Attempt<Option<Csp>> {
    let policies = policies(reply);
    if policies.cut_short || policies.enforced().any(|policy| policy.cut_short) {
        return Attempt::failed(Failure::TooLarge { limit: csp::DIRECTIVE_LIMIT as u64 });
    }
    if policies.policies.is_empty() {
        return match unread(reply) {
            Some(failed) => Attempt::failed(failed),
            None => Attempt::Completed(None),
        };
    }
    let page = Ancestor { https: reply.url.is_https(), host: reply.url.host(), port: reply.url.port() };
    let (found, more) = csp::weaknesses(&policies, page);
    let weaknesses = found.into_iter().map(|weakness| CspWeakness {
        kind: weakness.kind.name().to_owned(),
        rating: weakness.severity.name().to_owned(),
        subject: Some(cut(&weakness.subject)).filter(|subject| !subject.is_empty()),
        quote: cut(&answer::without_secrets(&hide_nonces(&weakness.quotes.join("; ")))),
    });
    let mut weaknesses = Listing::capped(weaknesses, limits::WEAKNESSES);
    if more {
        weaknesses.incomplete = Some(Failure::TooLarge { limit: limits::WEAKNESSES as u64 });
    }
    Attempt::Completed(Some(Csp {
        enforced: policies.enforced().next().is_some(),
        policies: policies.policies.iter().take(limits::POLICIES).map(shown).collect(),
        weaknesses,
        upgrades_requests: policies
            .enforced()
            .any(|policy| policy.directive("upgrade-insecure-requests").is_some()),
    }))
}

fn policies(reply: &Reply) -> Policies {
    let mut policies = Policies::default();
    policies.add_fields(reply.values("content-security-policy"), Disposition::Enforce);
    policies.add_fields(reply.values("content-security-policy-report-only"), Disposition::Report);
    for meta in reply.page().into_iter().flat_map(|page| &page.policies) {
        policies.add(Policy::parse(meta, Source::Meta, Disposition::Enforce));
    }
    policies
}

/// Why there may be a `<meta>` that was not seen.
fn unread(reply: &Reply) -> Option<Failure> {
    reply.content.as_ref().err().cloned()
}

fn shown(policy: &Policy) -> CspPolicy {
    let directives: Vec<String> = policy
        .directives
        .iter()
        .map(|directive| [std::slice::from_ref(&directive.name), &directive.value[..]].concat().join(" "))
        .collect();
    CspPolicy {
        source: match policy.source {
            Source::Header => CspSource::Header,
            Source::Meta => CspSource::Meta,
        },
        enforced: policy.disposition == Disposition::Enforce,
        raw: cut(&answer::without_secrets(&hide_nonces(&directives.join("; ")))),
    }
}

/// A nonce is for one answer: two scans of the same site would differ by it alone.
pub(super) fn hide_nonces(text: &str) -> String {
    let hidden = |word: &str| match word.get(..7) {
        Some(start) if start.eq_ignore_ascii_case("'nonce-") => {
            let end = if word.ends_with(';') { ";" } else { "" };
            format!("'nonce-…'{end}")
        }
        _ => word.to_owned(),
    };
    text.split(' ').map(hidden).collect::<Vec<_>>().join(" ")
}

/// The nonces of a document's enforced policies.
pub(super) fn nonces(reply: &Reply) -> Vec<String> {
    let policies = policies(reply);
    let mut nonces: Vec<String> = policies
        .enforced()
        .flat_map(|policy| &policy.directives)
        .flat_map(|directive| &directive.value)
        .filter_map(|token| match csp::SourceExpression::parse(token) {
            csp::SourceExpression::Nonce(value) => Some(value),
            _ => None,
        })
        .collect();
    nonces.sort_unstable();
    nonces.dedup();
    nonces
}

/// `Permissions-Policy` of this document.
pub(super) fn permissions(reply: &Reply) -> Option<PermissionsPolicy> {
    let read = permissions_policy::from_fields(reply.values("permissions-policy"))?;
    let features = u32::try_from(read.features.len()).unwrap_or(u32::MAX);
    Some(PermissionsPolicy { raw: cut(&read.raw), valid: read.valid, features })
}

/// `Cross-Origin-Opener-Policy` of this document.
pub(super) fn opener(reply: &Reply) -> Option<CrossOriginPolicy> {
    cross_origin::opener(reply.values("cross-origin-opener-policy")).as_ref().map(stored)
}

/// `Cross-Origin-Embedder-Policy` of this document.
pub(super) fn embedder(reply: &Reply) -> Option<CrossOriginPolicy> {
    cross_origin::embedder(reply.values("cross-origin-embedder-policy")).as_ref().map(stored)
}

/// `Cross-Origin-Resource-Policy` of this document.
pub(super) fn resource(reply: &Reply) -> Option<CrossOriginPolicy> {
    cross_origin::resource(reply.values("cross-origin-resource-policy")).as_ref().map(stored)
}

fn stored(read: &CrossOrigin) -> CrossOriginPolicy {
    CrossOriginPolicy { raw: cut(&read.raw), policy: read.policy.map(str::to_owned) }
}

/// The MIME type of this document.
pub(super) fn content_type(reply: &Reply) -> Option<ContentType> {
    let kind = crate::wire::content_type::from_fields(reply.values("content-type"))?;
    let charset = kind.parameter("charset").map(cut);
    Some(ContentType { essence: cut(&kind.essence), charset })
}
