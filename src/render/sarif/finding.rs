//! One finding as a SARIF result: where, what was seen, why it matters. What came from the network stands only here.

use std::{fmt::Write as _, net::Ipv6Addr};

use super::{
    Seen, View,
    model::{
        ArtifactLocation, Finding, FindingProperties, Fingerprints, Location, LogicalLocation, Message,
        PhysicalLocation, Provenance, Suppression,
    },
    plain,
    rule::level,
};
use crate::{
    render::{escape, words},
    report::SiteCard,
    rule::Verdict,
};

/// The most characters quoted of one piece of evidence.
const MAX_QUOTED: usize = 2_000;

impl View<'_> {
    pub(super) fn result(&self, seen: &Seen<'_>) -> Finding {
        let (finding, lang) = (&seen.card.finding, self.lang);
        let failed = finding.verdict == Verdict::Fail;
        let place = self.places.get(&finding.rule).copied();
        let identity = format!("{}:{}/{}", seen.site.host, seen.site.port, finding.rule);
        let identity = escape(&identity).into_owned();
        let waived = finding.waived.then(|| Suppression {
            kind: "external",
            status: "accepted",
            justification: self.word("Được miễn trừ có thời hạn.", "Waived for a time."),
        });
        Finding {
            rule_id: finding.rule.to_string(),
            rule_index: place,
            kind: if failed { "fail" } else { "open" },
            level: if failed { level(finding.severity, finding.scores()) } else { "none" },
            message: Message::plain(self.message(seen)),
            locations: [location(seen.site)],
            partial_fingerprints: Fingerprints {
                site_rule: identity.clone(),
                primary_location_line_hash: identity,
            },
            // on every result or on none (§3.27.23)
            suppressions: waived.into_iter().collect(),
            provenance: finding.first_seen.map(|at| Provenance { first_detection_time_utc: at.to_string() }),
            properties: FindingProperties {
                unit: escape(&seen.unit.id).into_owned(),
                unit_name: escape(&seen.unit.name).into_owned(),
                charged_to: seen.card.charged_to.as_deref().map(|unit| escape(unit).into_owned()),
                severity: finding.severity.as_str(),
                requirement: words::level(finding.level, lang),
                owner: words::owner(finding.owner, lang),
                upcoming: finding.upcoming,
                as_of: finding.as_of.map(|at| at.to_string()),
                reason: finding.reason,
            },
        }
    }

    /// Where and what in the first sentence, then what was seen, then why it matters (§3.27.11); the steps are the
    /// rule's `help`.
    fn message(&self, seen: &Seen<'_>) -> String {
        let (finding, lang) = (&seen.card.finding, self.lang);
        let site = words::site(seen.site);
        let mut text =
            format!("{}: {}.", plain(&site), plain(finding.message.get(lang).trim_end_matches('.')));
        for evidence in &finding.evidence {
            text.push('\n');
            text.push_str(&plain(&words::evidence(evidence, lang, MAX_QUOTED)));
        }
        let why = self.places.get(&finding.rule).and_then(|place| self.report.rules.get(*place));
        if let Some(rule) = why.filter(|_| finding.verdict == Verdict::Fail) {
            text.push('\n');
            text.push_str(&plain(rule.why.get(lang).trim()));
        }
        text
    }
}

/// The site's home page. It has no region: what is found is the site's, not a line's (§3.29.4).
pub(super) fn location(site: &SiteCard) -> Location {
    Location {
        physical_location: PhysicalLocation { artifact_location: ArtifactLocation { uri: uri(site) } },
        logical_locations: [LogicalLocation {
            name: escape(&site.host).into_owned(),
            fully_qualified_name: escape(&format!("{}:{}", site.host, site.port)).into_owned(),
            kind: "site",
        }],
    }
}

/// `https://host/`, whatever the host is made of (RFC 3986 §3.2.2).
fn uri(site: &SiteCard) -> String {
    let mut uri = "https://".to_owned();
    if let Ok(address) = site.host.parse::<Ipv6Addr>() {
        // writing to a String cannot fail
        let _ = write!(uri, "[{address}]");
    } else {
        for byte in site.host.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                uri.push(char::from(byte));
            } else {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    if site.port != 443 {
        let _ = write!(uri, ":{}", site.port);
    }
    uri.push('/');
    uri
}
