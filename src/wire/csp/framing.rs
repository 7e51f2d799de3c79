//! What the `frame-ancestors` directives of all enforced policies let in together.

use super::capability::PORTS;
use super::source::{Ancestor, SourceExpression};
use super::{Policies, Policy, STRANGER};

/// The sum of all enforced `frame-ancestors` directives. Once there is one, X-Frame-Options no longer counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Framing {
    /// The source list of each enforced policy that has the directive, tokens as sent, in policy order.
    pub lists: Vec<Vec<String>>,
    /// A page on any host may frame this one: some scheme and port exist with which a stranger's page matches
    /// every list. A stranger picks both, so `*`, `https:`, `http://*` and `*:8443` all let everybody in.
    pub any_ancestor_allowed: bool,
    /// No page may frame this one: some list is empty, `'none'`, or made of nothing that can match an origin.
    pub none_allowed: bool,
}

/// Reads the `frame-ancestors` of all enforced policies sent as headers. `page` is the page that carries them.
/// `None` when no enforced policy has the directive, so that X-Frame-Options decides.
pub fn framing(policies: &Policies, page: Ancestor<'_>) -> Option<Framing> {
    let lists: Vec<&[String]> = policies
        .enforced()
        .filter_map(|policy: &Policy| policy.directive("frame-ancestors"))
        .map(|directive| directive.value.as_slice())
        .collect();
    if lists.is_empty() {
        return None;
    }
    let parsed: Vec<Vec<SourceExpression>> =
        lists.iter().map(|list| list.iter().map(|token| SourceExpression::parse(token)).collect()).collect();
    Some(Framing {
        any_ancestor_allowed: strangers(&parsed).any(|stranger| {
            parsed.iter().all(|list| list.iter().any(|source| source.matches(stranger, page)))
        }),
        none_allowed: parsed.iter().any(|list| !list.iter().any(can_match)),
        lists: lists.into_iter().map(<[String]>::to_vec).collect(),
    })
}

/// A stranger under each scheme, on the default port and on every port the lists name.
fn strangers(lists: &[Vec<SourceExpression>]) -> impl Iterator<Item = Ancestor<'static>> {
    let mut ports: Vec<u16> = lists.iter().flatten().filter_map(SourceExpression::port_of_any_host).collect();
    ports.sort_unstable();
    ports.dedup();
    ports.truncate(PORTS);
    ports.extend([80, 443]);
    ports.into_iter().flat_map(|port| [true, false].map(|https| Ancestor { https, host: STRANGER, port }))
}

/// Whether some http or https origin could match.
fn can_match(source: &SourceExpression) -> bool {
    match source {
        SourceExpression::Star | SourceExpression::SelfOrigin => true,
        SourceExpression::Scheme(scheme) => is_web(scheme),
        SourceExpression::Host(host) => {
            host.scheme.as_deref().is_none_or(is_web) && matches!(host.path.as_str(), "" | "/")
        }
        SourceExpression::None
        | SourceExpression::Keyword(_)
        | SourceExpression::Nonce(_)
        | SourceExpression::Hash
        | SourceExpression::Other => false,
    }
}

/// Schemes that admit http or https.
fn is_web(scheme: &str) -> bool {
    matches!(scheme, "http" | "https" | "ws" | "wss")
}
