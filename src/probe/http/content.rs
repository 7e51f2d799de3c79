//! Facts from the fields of one answer, each by its codec. Which answer counts is decided in `site`.

use crate::{
    observation::{
        AltSvc, Alternative, Attempt, Cookie, Failure, FrameAncestors, FrameOptions, FrameOptionsPolicy,
        Hsts, NoSniff, ReferrerPolicy, limits,
    },
    probe::failure::cut,
    wire::{
        alt_svc, cookie,
        csp::{self, Ancestor, Disposition, Policies},
        frame_options::{self, Effect},
        hsts, referrer_policy,
    },
};

use super::Reply;

/// `Strict-Transport-Security` of this answer.
pub(super) fn hsts(reply: &Reply) -> Option<Hsts> {
    let response = hsts::from_fields(reply.values("strict-transport-security"))?;
    Some(Hsts {
        raw: cut(&response.raw),
        valid: response.first.valid,
        max_age: response.first.max_age,
        include_sub_domains: response.first.include_sub_domains,
        preload: response.first.preload,
        extra_fields: number(response.extra_fields),
    })
}

/// `X-Frame-Options` of this document.
pub(super) fn frame_options(reply: &Reply) -> Option<FrameOptions> {
    let read = frame_options::from_fields(reply.values("x-frame-options"))?;
    let policy = match read.effect {
        Effect::Deny => FrameOptionsPolicy::Deny,
        Effect::SameOrigin => FrameOptionsPolicy::SameOrigin,
        Effect::ConflictingDeny => FrameOptionsPolicy::Conflicting,
        Effect::AllowAll | Effect::AllowFromIgnored | Effect::UnknownIgnored => FrameOptionsPolicy::Ignored,
    };
    Some(FrameOptions { raw: joined(reply, "x-frame-options"), policy })
}

/// `frame-ancestors` of this document's enforced policies. Failed where there are more policies or directives than the
/// codec reads, since one of the rest may be stricter.
pub(super) fn frame_ancestors(reply: &Reply) -> Attempt<Option<FrameAncestors>> {
    let mut policies = Policies::default();
    policies.add_fields(reply.values("content-security-policy"), Disposition::Enforce);
    if policies.cut_short {
        return Attempt::failed(Failure::TooLarge { limit: csp::POLICY_LIMIT as u64 });
    }
    if policies.enforced().any(|policy| policy.cut_short && policy.directive("frame-ancestors").is_none()) {
        return Attempt::failed(Failure::TooLarge { limit: csp::DIRECTIVE_LIMIT as u64 });
    }
    let page = Ancestor { https: reply.url.is_https(), host: reply.url.host(), port: reply.url.port() };
    Attempt::Completed(csp::framing(&policies, page).map(|framing| {
        FrameAncestors {
            raw: framing
                .lists
                .iter()
                .take(limits::POLICIES)
                .map(|sources| {
                    let directive: Vec<&str> = std::iter::once("frame-ancestors")
                        .chain(sources.iter().map(String::as_str))
                        .collect();
                    cut(&directive.join(" "))
                })
                .collect(),
            allows_any_origin: framing.any_ancestor_allowed,
        }
    }))
}

/// `X-Content-Type-Options` of this document.
pub(super) fn content_type_options(reply: &Reply) -> Option<NoSniff> {
    use crate::wire::content_type_options::from_fields;
    let read = from_fields(reply.values("x-content-type-options"))?;
    Some(NoSniff { raw: joined(reply, "x-content-type-options"), nosniff: read.nosniff })
}

/// The referrer policy of this document: a `<meta>` whose word is known replaces what the fields say (HTML, "meta name
/// referrer").
pub(super) fn referrer_policy(reply: &Reply) -> Option<ReferrerPolicy> {
    let name = |policy| {
        let known = referrer_policy::Policy::ALL.iter().find(|(known, _)| *known == policy);
        known.map(|(_, token)| (*token).to_owned())
    };
    let meta = reply.page().and_then(|page| page.referrer.as_deref());
    if let Some((word, policy)) = meta.and_then(|word| Some((word, referrer_policy::from_meta(word)?))) {
        return Some(ReferrerPolicy { raw: cut(&format!("<meta> {word}")), policy: name(policy) });
    }
    let read = referrer_policy::from_fields(reply.values("referrer-policy"))?;
    Some(ReferrerPolicy { raw: joined(reply, "referrer-policy"), policy: read.policy.and_then(name) })
}

/// Cookies that browsers take from this answer; one that is only taken away is none.
pub(super) fn cookies(reply: &Reply) -> impl Iterator<Item = Cookie> {
    let lines = reply.fields.iter().filter(|field| field.is("set-cookie"));
    let host = reply.url.host();
    let taken = |read: &cookie::SetCookie| !deletes(read) && read.may_come_from(host);
    lines.filter_map(|line| cookie::parse(&line.value).ok()).filter(taken).map(|read| Cookie {
        name: cut(&read.name),
        value_length: number(read.value_length),
        host: reply.url.host().to_owned(),
        secure: read.secure,
        http_only: read.http_only,
        same_site: read.same_site.as_ref().map(same_site),
        session_like: read.session_like(),
        prefix_holds: read.prefix_holds(),
    })
}

/// Where else the site may be fetched.
pub(super) fn alternatives(reply: &Reply) -> Option<AltSvc> {
    let read = alt_svc::from_fields(reply.values("alt-svc"))?;
    let alternatives = match &read {
        alt_svc::AltSvc::Clear => &[][..],
        alt_svc::AltSvc::Alternatives(all) => all,
    };
    let one = |one: &alt_svc::Alternative| Alternative {
        protocol: cut(&one.protocol),
        host: cut(&one.host),
        port: one.port,
        max_age: one.max_age,
    };
    Some(AltSvc {
        raw: cut(&reply.joined("alt-svc")),
        clear: read == alt_svc::AltSvc::Clear,
        alternatives: alternatives.iter().take(limits::ALTERNATIVES).map(one).collect(),
    })
}

/// The line takes a cookie away: it is out of date on arrival, or empty, and nobody keeps an empty value until a date.
/// Dates are compared by the year alone, with one that was over before this program was.
fn deletes(read: &cookie::SetCookie) -> bool {
    const LONG_PAST: std::ops::Range<u16> = 0..2020;
    match read.max_age {
        Some(seconds) => seconds <= 0,
        None => {
            read.expires_year.is_some_and(|year| LONG_PAST.contains(&year))
                || read.value_length == 0 && read.expires
        }
    }
}

fn same_site(value: &cookie::SameSite) -> String {
    match value {
        cookie::SameSite::Strict => "Strict",
        cookie::SameSite::Lax => "Lax",
        cookie::SameSite::None => "None",
        cookie::SameSite::Unknown(other) => other,
    }
    .to_owned()
}

fn joined(reply: &Reply, name: &str) -> String {
    cut(&reply.joined(name))
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
