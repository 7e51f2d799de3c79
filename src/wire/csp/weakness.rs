//! What is weak in the policies of a page: capabilities that all of them leave, hosts that let strangers in, and tokens
//! or directives that do not mean what was written. Each is named with policy, directive and token; the severities are
//! those of Google's CSP Evaluator.

use super::bypass;
use super::capability::{Capability, Grant, List, SCRIPT_ELEMENTS, grants, quoted, tokens};
use super::source::{Ancestor, Keyword, Port, SourceExpression};
use super::{Directive, Policies, Policy};

/// The most weaknesses told of one page.
pub const WEAKNESS_LIMIT: usize = 60;
/// Shorter nonces can be guessed (CSP Evaluator: 8 characters).
const SHORTEST_NONCE: usize = 8;

/// How bad, in the terms of Google's CSP Evaluator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The policy can be got round.
    High,
    /// Browsers do not read it as it was meant.
    Syntax,
    /// Weakens the policy.
    Medium,
    /// Not a strict policy: an allow-list without nonce or hash.
    StrictCsp,
    /// Weakens it perhaps, depending on what is served there.
    MediumMaybe,
    /// Worth knowing.
    Info,
}

/// What is weak. The words are those of facts and rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeaknessKind {
    /// Something that every policy lets injected markup do.
    Allowed(Capability),
    /// A host with which the allow-list of scripts is got round; its name is the subject.
    BypassHost,
    /// `*.gov.vn`: everybody under a public suffix is let in; the suffix is the subject.
    PublicSuffix,
    /// Scripts are allowed by host alone.
    AllowList,
    /// `'strict-dynamic'` without a nonce or hash lets no script run.
    StrictDynamicAlone,
    /// A nonce of less than eight characters.
    ShortNonce,
    /// `http://` in a list: what comes over it can be changed on the way.
    PlainHttp,
    /// An address instead of a name.
    AddressSource,
    /// `'none'` beside other tokens, where it has no effect.
    NoneIgnored,
    /// A token that the grammar does not know.
    UnknownToken,
    /// A directive's name among the tokens of another: a `;` is missing.
    MissingSemicolon,
    /// A directive that no standard knows.
    UnknownDirective,
    /// A directive that browsers no longer read.
    ObsoleteDirective,
    /// A directive sent again; the first one counts.
    DuplicateDirective,
    /// Directives that were dropped because they hold a non-ASCII character.
    NonAscii,
    /// A directive that has no effect in a `<meta>`.
    IneffectiveInMeta,
}

/// One weakness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weakness {
    /// What it is.
    pub kind: WeaknessKind,
    /// How bad.
    pub severity: Severity,
    /// A host or suffix, where there is one; otherwise empty.
    pub subject: String,
    /// Each policy that takes part, with directive and token, or with what it lacks.
    pub quotes: Vec<String>,
}

impl Severity {
    /// The word of facts, CSP Evaluator's in snake case.
    pub fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Syntax => "syntax",
            Self::Medium => "medium",
            Self::StrictCsp => "strict_csp",
            Self::MediumMaybe => "medium_maybe",
            Self::Info => "info",
        }
    }
}

impl WeaknessKind {
    /// The word of facts and rules.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed(Capability::InlineScript) => "inline_script",
            Self::Allowed(Capability::InlineHandler) => "inline_handler",
            Self::Allowed(Capability::Eval) => "eval",
            Self::Allowed(Capability::AnyHostScript) => "any_host_script",
            Self::Allowed(Capability::DataScript) => "data_script",
            Self::Allowed(Capability::Plugin) => "plugin",
            Self::Allowed(Capability::Base) => "base",
            Self::Allowed(Capability::InlineStyle) => "inline_style",
            Self::Allowed(Capability::FormTarget) => "form_target",
            Self::BypassHost => "bypass_host",
            Self::PublicSuffix => "public_suffix",
            Self::AllowList => "allow_list",
            Self::StrictDynamicAlone => "strict_dynamic_alone",
            Self::ShortNonce => "short_nonce",
            Self::PlainHttp => "plain_http",
            Self::AddressSource => "address_source",
            Self::NoneIgnored => "none_ignored",
            Self::UnknownToken => "unknown_token",
            Self::MissingSemicolon => "missing_semicolon",
            Self::UnknownDirective => "unknown_directive",
            Self::ObsoleteDirective => "obsolete_directive",
            Self::DuplicateDirective => "duplicate_directive",
            Self::NonAscii => "non_ascii",
            Self::IneffectiveInMeta => "ineffective_in_meta",
        }
    }
}

/// Every weakness of the enforced policies of the page at `page`, at most [`WEAKNESS_LIMIT`]; none where there is no
/// policy. The second part says that there were more.
pub fn weaknesses(policies: &Policies, page: Ancestor<'_>) -> (Vec<Weakness>, bool) {
    if policies.enforced().next().is_none() {
        return (Vec::new(), false);
    }
    let mut found = Vec::new();
    let mut held = Vec::new();
    for capability in Capability::ALL {
        if let Some(grants) = grants(policies, page, capability) {
            held.push(capability);
            found.push(Weakness::of(
                WeaknessKind::Allowed(capability),
                severity(policies, capability),
                "",
                &grants,
            ));
        }
    }
    if !held.contains(&Capability::AnyHostScript) {
        let eval = held.contains(&Capability::Eval);
        for (host, grants) in bypass::allowed(policies, page, eval) {
            found.push(Weakness::of(WeaknessKind::BypassHost, Severity::High, host, &grants));
        }
    }
    found.extend(public_suffixes(policies, page));
    for (number, policy) in policies.enforced().enumerate() {
        let place = Place { number: number + 1, policy };
        place.scripts(&mut found);
        place.directives(&mut found);
        for directive in policy.directives.iter().filter(|directive| has_source_list(&directive.name)) {
            place.tokens(directive, &mut found);
        }
    }
    let more = found.len() > WEAKNESS_LIMIT;
    found.truncate(WEAKNESS_LIMIT);
    (found, more)
}

/// A missing `base-uri` undoes a policy of nonces, and one of hashes whose scripts may load others. It matters less to an
/// allow-list, where a relative URL that is led elsewhere is not on the list.
fn severity(policies: &Policies, capability: Capability) -> Severity {
    match capability {
        Capability::InlineScript
        | Capability::InlineHandler
        | Capability::AnyHostScript
        | Capability::DataScript
        | Capability::Plugin => Severity::High,
        Capability::Base => {
            let exact = |policy: &Policy| {
                List::effective(policy, SCRIPT_ELEMENTS).is_some_and(|list| {
                    list.has_nonce() || list.has_nonce_or_hash() && list.is_strict_dynamic()
                })
            };
            if policies.enforced().any(exact) { Severity::High } else { Severity::MediumMaybe }
        }
        Capability::Eval => Severity::MediumMaybe,
        Capability::FormTarget | Capability::InlineStyle => Severity::Info,
    }
}

impl Weakness {
    fn of(kind: WeaknessKind, severity: Severity, subject: &str, grants: &[Grant]) -> Self {
        let quotes = grants.iter().map(ToString::to_string).collect();
        Self { kind, severity, subject: subject.to_owned(), quotes }
    }
}

/// Lists in which a public suffix behind `*.` matters, with their fallbacks.
const SUFFIX_LISTS: &[&[&str]] = &[
    SCRIPT_ELEMENTS,
    &["object-src", "default-src"],
    &["base-uri"],
    &["form-action"],
    &["frame-ancestors"],
    &["connect-src", "default-src"],
    &["style-src-elem", "style-src", "default-src"],
];

/// `*.gov.vn` lets every agency of the country in, `*.github.io` everybody.
fn public_suffixes(policies: &Policies, page: Ancestor<'_>) -> Vec<Weakness> {
    let mut found: Vec<Weakness> = Vec::new();
    for directives in SUFFIX_LISTS {
        let lists: Vec<Option<List<'_>>> =
            policies.enforced().map(|policy| List::effective(policy, directives)).collect();
        if *directives == SCRIPT_ELEMENTS && lists.iter().flatten().any(List::is_strict_dynamic) {
            continue;
        }
        let mut suffixes: Vec<(String, u16)> = Vec::new();
        for (_, token) in lists.iter().flatten().flat_map(|list| &list.tokens) {
            if let Some(suffix) = suffix_of(token)
                && !suffixes.contains(&suffix)
                && suffixes.len() < WEAKNESS_LIMIT
            {
                suffixes.push(suffix);
            }
        }
        for (suffix, port) in suffixes {
            let host = format!("stranger.{suffix}");
            let stranger = Ancestor { https: true, host: &host, port };
            let Some(tokens) =
                tokens(&lists, |list| list.spelled(|token| token.matches_somewhere(stranger, page)))
            else {
                continue;
            };
            let quotes = quoted(policies, &lists, tokens, directives);
            let weakness = Weakness::of(WeaknessKind::PublicSuffix, Severity::High, &suffix, &quotes);
            // one list may decide several kinds of resource
            if !found.contains(&weakness) {
                found.push(weakness);
            }
        }
    }
    found
}

/// The public suffix (publicsuffix.org) right behind a `*.`, and a port that the token admits.
fn suffix_of(token: &SourceExpression) -> Option<(String, u16)> {
    let SourceExpression::Host(host) = token else { return None };
    let suffix = host.host.strip_prefix("*.")?;
    let public = psl::suffix(suffix.as_bytes())?;
    let port = match host.port {
        Some(Port::Number(port)) if port != 80 => port,
        _ => 443,
    };
    (public.is_known() && public.as_bytes() == suffix.as_bytes()).then(|| (suffix.to_owned(), port))
}

/// One enforced policy and its number.
struct Place<'p> {
    number: usize,
    policy: &'p Policy,
}

impl Place<'_> {
    fn push(&self, found: &mut Vec<Weakness>, kind: WeaknessKind, severity: Severity, what: &str) {
        // a hostile policy has thousands; one more than the limit is the proof
        if found.len() <= WEAKNESS_LIMIT {
            let quotes = vec![format!("policy {} ({}): {what}", self.number, self.policy.source)];
            found.push(Weakness { kind, severity, subject: String::new(), quotes });
        }
    }

    /// What is weak in how scripts are chosen.
    fn scripts(&self, found: &mut Vec<Weakness>) {
        let Some(list) = List::effective(self.policy, SCRIPT_ELEMENTS) else { return };
        let exact = list.has_nonce_or_hash();
        if list.is_strict_dynamic() {
            if !exact {
                let token = list.spelled(|token| *token == SourceExpression::Keyword(Keyword::StrictDynamic));
                let what = format!("{} {}", list.directive, token.unwrap_or_default());
                self.push(found, WeaknessKind::StrictDynamicAlone, Severity::Info, &what);
            }
        } else if !exact && let Some(token) = list.spelled(|token| matches!(token, SourceExpression::Host(_)))
        {
            let what = format!("{} {token}", list.directive);
            self.push(found, WeaknessKind::AllowList, Severity::StrictCsp, &what);
        }
    }

    fn directives(&self, found: &mut Vec<Weakness>) {
        use super::Source::Meta;
        for Directive { name, .. } in &self.policy.directives {
            if OBSOLETE.contains(&name.as_str()) {
                self.push(found, WeaknessKind::ObsoleteDirective, Severity::Info, name);
            } else if !KNOWN.contains(&name.as_str()) {
                self.push(found, WeaknessKind::UnknownDirective, Severity::Syntax, name);
            }
            if self.policy.source == Meta && super::NOT_IN_META.contains(&name.as_str()) {
                self.push(found, WeaknessKind::IneffectiveInMeta, Severity::Syntax, name);
            }
        }
        for name in &self.policy.duplicates {
            self.push(found, WeaknessKind::DuplicateDirective, Severity::Syntax, name);
        }
        if self.policy.non_ascii > 0 {
            let what = format!("{} directives", self.policy.non_ascii);
            self.push(found, WeaknessKind::NonAscii, Severity::Syntax, &what);
        }
    }

    fn tokens(&self, directive: &Directive, found: &mut Vec<Weakness>) {
        let alone = directive.value.len() == 1;
        for (token, meaning) in List::of(directive).tokens {
            let (kind, severity) = match meaning {
                SourceExpression::None if !alone => (WeaknessKind::NoneIgnored, Severity::Syntax),
                SourceExpression::Nonce(value) if value.len() < SHORTEST_NONCE => {
                    (WeaknessKind::ShortNonce, Severity::Medium)
                }
                SourceExpression::Other | SourceExpression::Host(_) if is_directive(token) => {
                    (WeaknessKind::MissingSemicolon, Severity::Syntax)
                }
                SourceExpression::Other => (WeaknessKind::UnknownToken, Severity::Syntax),
                // self, unsafe-inline without their quotes are hosts to a browser
                SourceExpression::Host(_) if is_unquoted(token) => {
                    (WeaknessKind::UnknownToken, Severity::Syntax)
                }
                SourceExpression::Host(host) if host.scheme.as_deref() == Some("http") => {
                    (WeaknessKind::PlainHttp, Severity::Medium)
                }
                SourceExpression::Host(host) if host.host.parse::<std::net::Ipv4Addr>().is_ok() => {
                    (WeaknessKind::AddressSource, Severity::Info)
                }
                _ => continue,
            };
            self.push(found, kind, severity, &format!("{} {token}", directive.name));
        }
    }
}

/// A directive's name in place of a token.
fn is_directive(token: &str) -> bool {
    let lower = token.to_ascii_lowercase();
    KNOWN.contains(&lower.as_str()) || OBSOLETE.contains(&lower.as_str())
}

/// A keyword, nonce or hash whose quotes are missing.
fn is_unquoted(token: &str) -> bool {
    !matches!(SourceExpression::parse(&format!("'{token}'")), SourceExpression::Other)
}

/// Whether the directive's value is a source list.
fn has_source_list(name: &str) -> bool {
    name.ends_with("-src")
        || name.starts_with("script-src-")
        || name.starts_with("style-src-")
        || matches!(name, "base-uri" | "form-action" | "frame-ancestors")
}

/// Directives of CSP Level 3 and of the standards that add to it.
const KNOWN: &[&str] = &[
    "base-uri",
    "child-src",
    "connect-src",
    "default-src",
    "fenced-frame-src",
    "font-src",
    "form-action",
    "frame-ancestors",
    "frame-src",
    "img-src",
    "manifest-src",
    "media-src",
    "object-src",
    "report-to",
    "report-uri",
    "require-trusted-types-for",
    "sandbox",
    "script-src",
    "script-src-attr",
    "script-src-elem",
    "style-src",
    "style-src-attr",
    "style-src-elem",
    "trusted-types",
    "upgrade-insecure-requests",
    "webrtc",
    "worker-src",
];

/// Directives of earlier levels and drafts.
const OBSOLETE: &[&str] = &[
    "block-all-mixed-content",
    "disown-opener",
    "navigate-to",
    "plugin-types",
    "prefetch-src",
    "referrer",
    "reflected-xss",
    "require-sri-for",
];

#[cfg(test)]
mod tests;
