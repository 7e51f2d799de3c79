//! Hosts whose scripts get round a script allow-list: data with a date, and which of them all policies let in.

use std::sync::LazyLock;

use super::Policies;
use super::capability::{Grant, List, SCRIPT_ELEMENTS, quoted, tokens};
use super::source::{Ancestor, SourceExpression};

/// What is wrong with a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Answers with a script that calls whatever function the URL names.
    Jsonp,
    /// Likewise, but harmful only where text may become code.
    JsonpWithEval,
    /// Serves `AngularJS`, which runs expressions in attributes.
    Angular,
}

/// A known URL.
struct Known {
    host: &'static str,
    path: &'static str,
    kind: Kind,
}

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let rows = include_str!("bypass_hosts.txt").lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|row| {
        let (url, kind) = row.split_once(' ')?;
        let (host, path) = url.split_at(url.find('/').unwrap_or(url.len()));
        let kind = match kind {
            "jsonp" => Kind::Jsonp,
            "jsonp-with-eval" => Kind::JsonpWithEval,
            "angular" => Kind::Angular,
            _ => return None,
        };
        Some(Known { host, path, kind })
    })
    .collect()
});

/// Hosts of the list that every enforced policy lets scripts come from by naming them, with the tokens; once each.
/// `eval` says whether text may become code.
pub(super) fn allowed(
    policies: &Policies,
    page: Ancestor<'_>,
    eval: bool,
) -> Vec<(&'static str, Vec<Grant>)> {
    let lists: Vec<Option<List<'_>>> =
        policies.enforced().map(|policy| List::effective(policy, SCRIPT_ELEMENTS)).collect();
    // 'strict-dynamic' drops hosts; where no list names any, there is nothing to get round
    if lists.iter().flatten().any(List::is_strict_dynamic) || lists.iter().all(Option::is_none) {
        return Vec::new();
    }
    let mut found: Vec<(&'static str, Vec<Grant>)> = Vec::new();
    for known in KNOWN.iter().filter(|known| eval || known.kind != Kind::JsonpWithEval) {
        if found.iter().any(|(host, _)| *host == known.host) {
            continue;
        }
        let url = Ancestor { https: true, host: known.host, port: 443 };
        let names = |token: &SourceExpression| {
            token.matches_somewhere(url, page)
                && matches!(token, SourceExpression::Host(host) if host.admits_path(known.path))
        };
        if let Some(tokens) = tokens(&lists, |list| list.spelled(names)) {
            found.push((known.host, quoted(policies, &lists, tokens, SCRIPT_ELEMENTS)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_read_whole() {
        let text = include_str!("bypass_hosts.txt");
        let rows = text.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(KNOWN.len(), rows, "a row of bypass_hosts.txt is not understood");
        assert!(rows > 100 && text.contains("2026-"), "{rows}");
        for kind in [Kind::Jsonp, Kind::JsonpWithEval, Kind::Angular] {
            assert!(KNOWN.iter().any(|known| known.kind == kind), "{kind:?}");
        }
    }
}
