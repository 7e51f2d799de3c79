//! What all enforced policies together let somebody do who can write into a page: a capability stands only where every
//! policy allows it, and each policy is quoted with the token that does, or with what it lacks.

use std::fmt;

use super::source::{Ancestor, Keyword, SourceExpression};
use super::{Directive, Policies, Policy, STRANGER, Source};

/// Ports that are tried where lists name many for `*`.
pub(super) const PORTS: usize = 64;

/// What injected markup may do. Names are those of facts and rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Capability {
    /// `<script>…</script>` runs.
    InlineScript,
    /// `onclick=…` and `javascript:` URLs run.
    InlineHandler,
    /// Text becomes code: `eval`, `new Function`, `setTimeout("…")`.
    Eval,
    /// `<script src>` from a host that anybody may own.
    AnyHostScript,
    /// `<script src="data:…">` runs.
    DataScript,
    /// `<object>` and `<embed>` load from anywhere.
    Plugin,
    /// `<base href>` may point relative URLs of the page elsewhere.
    Base,
    /// `<style>…</style>` applies.
    InlineStyle,
    /// A form may send what is typed into it anywhere.
    FormTarget,
}

impl Capability {
    /// All of them, the worst first.
    pub const ALL: [Self; 9] = [
        Self::InlineScript,
        Self::InlineHandler,
        Self::AnyHostScript,
        Self::DataScript,
        Self::Eval,
        Self::Plugin,
        Self::Base,
        Self::FormTarget,
        Self::InlineStyle,
    ];

    /// The directives that decide it, each the fallback of the one before (§6.8.3).
    pub fn directives(self) -> &'static [&'static str] {
        match self {
            Self::InlineScript | Self::AnyHostScript | Self::DataScript => SCRIPT_ELEMENTS,
            Self::InlineHandler => &["script-src-attr", "script-src", "default-src"],
            // §4.4 "string compilation" looks at script-src itself
            Self::Eval => &["script-src", "default-src"],
            Self::Plugin => &["object-src", "default-src"],
            Self::Base => &["base-uri"],
            Self::InlineStyle => &["style-src-elem", "style-src", "default-src"],
            Self::FormTarget => &["form-action"],
        }
    }

    /// The token without which a `sandbox` forbids it all the same; `None` where a sandbox always does.
    fn sandbox_token(self) -> Option<&'static str> {
        match self {
            Self::FormTarget => Some("allow-forms"),
            Self::Plugin => None,
            _ => Some("allow-scripts"),
        }
    }

    /// Whether hosts decide it.
    fn needs_origin(self) -> bool {
        matches!(self, Self::AnyHostScript | Self::Base | Self::FormTarget | Self::Plugin)
    }

    fn sandboxed(self, policy: &Policy) -> bool {
        if matches!(self, Self::Base | Self::InlineStyle) {
            return false;
        }
        policy.directive("sandbox").is_some_and(|sandbox| {
            self.sandbox_token()
                .is_none_or(|allowed| !sandbox.value.iter().any(|token| token.eq_ignore_ascii_case(allowed)))
        })
    }
}

/// Directives for `<script>` elements.
pub(super) const SCRIPT_ELEMENTS: &[&str] = &["script-src-elem", "script-src", "default-src"];

/// How one policy lets something through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its number among the enforced policies, from 1.
    pub policy: usize,
    /// Where the policy stands.
    pub source: Source,
    /// The directive that decides; `None` where the policy has none for it.
    pub directive: Option<String>,
    /// The token that allows; `None` where no directive restricts it.
    pub token: Option<String>,
    /// The directive that is missing.
    pub wanted: &'static str,
}

impl fmt::Display for Grant {
    /// `policy 1 (header): script-src 'unsafe-inline'`, `policy 2 (meta): no base-uri`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "policy {} ({}): ", self.policy, self.source)?;
        match (&self.directive, &self.token) {
            (Some(directive), Some(token)) => write!(f, "{directive} {token}"),
            _ => write!(f, "no {}", self.wanted),
        }
    }
}

/// How every enforced policy allows this to markup injected into the page at `page`. `None` where one forbids it; an
/// empty list where there is no policy.
pub fn grants(policies: &Policies, page: Ancestor<'_>, capability: Capability) -> Option<Vec<Grant>> {
    if policies.enforced().any(|policy| capability.sandboxed(policy)) {
        return None;
    }
    let lists: Vec<Option<List<'_>>> =
        policies.enforced().map(|policy| List::effective(policy, capability.directives())).collect();
    let tokens = if capability.needs_origin() {
        // with one scheme and port that all of them let in
        strangers(&lists, capability, page)
            .find_map(|origin| tokens(&lists, |list| list.token_for_origin(origin, page, capability)))
    } else {
        tokens(&lists, |list| list.token_for(capability))
    }?;
    Some(quoted(policies, &lists, tokens, capability.directives()))
}

/// The token of each list; `None` where a list has none. No list at all restricts nothing.
pub(super) fn tokens(
    lists: &[Option<List<'_>>],
    token: impl Fn(&List<'_>) -> Option<String>,
) -> Option<Vec<Option<String>>> {
    lists.iter().map(|list| list.as_ref().map_or(Some(None), |list| token(list).map(Some))).collect()
}

/// Each enforced policy with what of it was found.
pub(super) fn quoted(
    policies: &Policies,
    lists: &[Option<List<'_>>],
    tokens: Vec<Option<String>>,
    directives: &[&'static str],
) -> Vec<Grant> {
    let parts = policies.enforced().zip(lists).zip(tokens).enumerate();
    parts
        .map(|(index, ((policy, list), token))| Grant {
            policy: index + 1,
            source: policy.source,
            directive: list.as_ref().map(|list| list.directive.to_owned()),
            token,
            wanted: wanted(directives),
        })
        .collect()
}

/// The directive an author would write.
pub(super) fn wanted(directives: &[&'static str]) -> &'static str {
    directives.iter().find(|name| !name.ends_with("-elem") && !name.ends_with("-attr")).copied().unwrap_or("")
}

/// A source list in force, understood.
pub(super) struct List<'p> {
    /// The directive it stands in.
    pub(super) directive: &'p str,
    /// Tokens as sent, with what they mean.
    pub(super) tokens: Vec<(&'p str, SourceExpression)>,
}

impl<'p> List<'p> {
    /// The list of the first of these directives that a policy has.
    pub(super) fn effective(policy: &'p Policy, directives: &[&str]) -> Option<Self> {
        directives.iter().find_map(|name| policy.directive(name)).map(Self::of)
    }

    /// A directive's list.
    pub(super) fn of(directive: &'p Directive) -> Self {
        let tokens = directive.value.iter().map(|token| (token.as_str(), SourceExpression::parse(token)));
        Self { directive: &directive.name, tokens: tokens.collect() }
    }

    fn has(&self, keyword: Keyword) -> bool {
        self.tokens.iter().any(|(_, token)| *token == SourceExpression::Keyword(keyword))
    }

    /// A nonce or hash that follows the grammar.
    pub(super) fn has_nonce_or_hash(&self) -> bool {
        let exact =
            |token: &SourceExpression| matches!(token, SourceExpression::Nonce(_) | SourceExpression::Hash);
        self.tokens.iter().any(|(_, token)| exact(token))
    }

    /// A nonce that follows the grammar.
    pub(super) fn has_nonce(&self) -> bool {
        self.tokens.iter().any(|(_, token)| matches!(token, SourceExpression::Nonce(_)))
    }

    /// Scripts alone know `'strict-dynamic'`; it drops hosts, schemes, `'self'` and `'unsafe-inline'` (§8.2).
    pub(super) fn is_strict_dynamic(&self) -> bool {
        self.directive_is_for_scripts() && self.has(Keyword::StrictDynamic)
    }

    fn directive_is_for_scripts(&self) -> bool {
        self.directive.starts_with("script-src") || self.directive == "default-src"
    }

    /// The token that allows what no host decides.
    fn token_for(&self, capability: Capability) -> Option<String> {
        let keyword = |wanted: Keyword| self.spelled(|token| *token == SourceExpression::Keyword(wanted));
        match capability {
            // §6.7.3.2 "does a source list allow all inline behavior for type"
            Capability::InlineScript | Capability::InlineHandler => {
                let switched_off = self.has_nonce_or_hash() || self.has(Keyword::StrictDynamic);
                keyword(Keyword::UnsafeInline).filter(|_| !switched_off)
            }
            Capability::InlineStyle => keyword(Keyword::UnsafeInline).filter(|_| !self.has_nonce_or_hash()),
            Capability::Eval => keyword(Keyword::UnsafeEval),
            Capability::DataScript if self.is_strict_dynamic() => None,
            Capability::DataScript => self.data(),
            _ => None,
        }
    }

    fn data(&self) -> Option<String> {
        self.spelled(|token| matches!(token, SourceExpression::Scheme(scheme) if scheme == "data"))
    }

    fn token_for_origin(
        &self,
        origin: Ancestor<'_>,
        page: Ancestor<'_>,
        capability: Capability,
    ) -> Option<String> {
        if capability == Capability::AnyHostScript && self.is_strict_dynamic() {
            return None;
        }
        self.spelled(|token| token.matches_somewhere(origin, page))
    }

    /// The first token that is so, as sent.
    pub(super) fn spelled(&self, is: impl Fn(&SourceExpression) -> bool) -> Option<String> {
        self.tokens.iter().find(|(_, token)| is(token)).map(|(spelling, _)| (*spelling).to_owned())
    }
}

/// A stranger's server on the default port and on the ports that a list gives to any host. What a page over https
/// loads comes over https; where it sends a form may be either.
fn strangers(
    lists: &[Option<List<'_>>],
    capability: Capability,
    page: Ancestor<'_>,
) -> impl Iterator<Item = Ancestor<'static>> {
    let mut ports = vec![443, 80];
    for (_, token) in lists.iter().flatten().flat_map(|list| &list.tokens) {
        if let Some(port) = token.port_of_any_host()
            && ports.len() < PORTS
            && !ports.contains(&port)
        {
            ports.push(port);
        }
    }
    let loads = matches!(capability, Capability::AnyHostScript | Capability::Plugin);
    let plain = !(loads && page.https);
    ports.into_iter().flat_map(move |port| {
        [true, false].into_iter().filter(move |https| *https || plain).map(move |https| Ancestor {
            https,
            host: STRANGER,
            port,
        })
    })
}
