//! A small province made by hand: rules, units, sites and what each rule came to. Owns no expectation.

use std::{collections::BTreeMap, sync::Arc};

use khien::observation::{SiteName, Vantage};
use khien::report::{
    AssembleError, Member, Place, Report, Roster, RuleBook, RuleEntry, Run, RunZone, Scanner, SiteCard,
    SiteReport, UnitCard, assemble,
};
use khien::rule::{Category, Finding, Level, Owner, Reason, RuleId, Severity, Text, Verdict};
use khien::score::Method;
use khien::target::{Block, Importance, UnitKind};
use khien::yaml::Source;

/// Weights that are easy to reckon with.
pub(crate) const METHOD: &str = r#"
version: "t"
severity: {critical: 10, high: 6, medium: 3, low: 1, info: 0}
category: {tls: 30, certificate: 25, http: 20, dns: 15, mail: 5, web: 5}
importance: {high: 3, normal: 2, low: 1}
minimum_coverage: 80
grades:
  - {letter: A, min: 90, word: {vi: "Tốt", en: "Good"}}
  - {letter: B, min: 80, word: {vi: "Khá", en: "Fair"}}
  - {letter: E, min: 0, word: {vi: "Kém", en: "Poor"}}
caps: {}
cap_reasons: {9: {vi: "c", en: "c"}, 49: {vi: "a", en: "a"}, 79: {vi: "b", en: "b"}}
"#;

/// What a rule came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum V {
    Pass,
    Fail,
    Waived,
    NotApplicable,
    Inconclusive,
    Lost(String),
}

/// What was seen of a site.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) addresses: Vec<String>,
    pub(crate) certificates: Vec<String>,
    pub(crate) keys: Vec<String>,
    pub(crate) zone: Option<String>,
    pub(crate) verdicts: BTreeMap<String, V>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    pub(crate) caps: BTreeMap<String, u8>,
    pub(crate) method: Option<String>,
    pub(crate) rules: Vec<RuleEntry>,
    pub(crate) roster: Roster,
    /// By host; a site without one was not scanned.
    pub(crate) seen: BTreeMap<String, Seen>,
}

pub(crate) fn id(text: &str) -> RuleId {
    RuleId::parse(text).unwrap()
}

pub(crate) fn text(text: &str) -> Text {
    Text::new(text, text)
}

pub(crate) fn rule(name: &str, category: Category, severity: Severity, owner: Owner) -> RuleEntry {
    RuleEntry {
        id: id(name),
        title: text(name),
        why: text("why"),
        category,
        severity,
        level: Level::Required,
        owner,
        minutes: 15,
        after: Vec::new(),
        effective_from: None,
        fix: None,
        cites: Vec::new(),
    }
}

pub(crate) fn site(host: &str) -> Place {
    Place {
        site: SiteName { host: host.to_owned(), port: 443 },
        importance: Importance::Normal,
        shared_operator: None,
        zone: None,
        excluded: false,
    }
}

pub(crate) fn on_server_of(mut place: Place, operator: &str) -> Place {
    place.shared_operator = Some(operator.to_owned());
    place
}

pub(crate) fn in_zone(mut place: Place, name: &str, operator: &str) -> Place {
    place.zone = Some(RunZone { name: name.to_owned(), operator: operator.to_owned() });
    place
}

pub(crate) fn unit(id: &str, sites: Vec<Place>) -> Member {
    Member {
        id: id.to_owned(),
        name: format!("Đơn vị {id}"),
        kind: UnitKind::So,
        block: Some(Block::So),
        sites,
    }
}

pub(crate) fn run() -> Run {
    Run {
        id: "r1".into(),
        started_at: "2026-11-24T02:00:00Z".parse().unwrap(),
        finished_at: "2026-11-24T02:41:00Z".parse().unwrap(),
        vantage: Vantage { name: "ngoài".into(), inside: false },
        scanner: Scanner { name: "khien".into(), version: "0.1.0".into() },
        degraded: false,
        complete: true,
    }
}

impl World {
    pub(crate) fn new(rules: Vec<RuleEntry>, units: Vec<Member>) -> Self {
        let roster = Roster {
            province: "Tỉnh Mẫu".into(),
            lead_agency: "Sở KH&CN".into(),
            units,
            ..Roster::default()
        };
        let mut world = Self { rules, roster, ..Self::default() };
        for unit in &world.roster.units {
            for place in &unit.sites {
                let verdicts = world.rules.iter().map(|rule| (rule.id.to_string(), V::Pass)).collect();
                let addresses = vec![format!("192.0.2.{}", world.seen.len() + 1)];
                world.seen.insert(place.site.host.clone(), Seen { addresses, verdicts, ..Seen::default() });
            }
        }
        world
    }

    pub(crate) fn cap(mut self, rule: &str, cap: u8) -> Self {
        self.caps.insert(rule.to_owned(), cap);
        self
    }

    pub(crate) fn set(&mut self, host: &str, rule: &str, verdict: V) -> &mut Self {
        self.seen.get_mut(host).unwrap().verdicts.insert(rule.to_owned(), verdict);
        self
    }

    pub(crate) fn method(&self) -> Method {
        let caps: Vec<String> = self.caps.iter().map(|(rule, cap)| format!("{rule}: {cap}")).collect();
        let text = self.method.as_deref().unwrap_or(METHOD);
        let text = text.replace("caps: {}", &format!("caps: {{{}}}", caps.join(", ")));
        Method::parse(Source::new("method.yaml", text)).unwrap()
    }

    pub(crate) fn book(&self) -> RuleBook {
        RuleBook::new("hash", None, self.rules.clone())
    }

    pub(crate) fn findings(&self, host: &str) -> Vec<Finding> {
        let verdicts = &self.seen[host].verdicts;
        self.rules.iter().map(|rule| finding(rule, &verdicts[rule.id.as_str()])).collect()
    }

    pub(crate) fn site_reports(&self) -> Vec<SiteReport> {
        let report = |(host, seen): (&String, &Seen)| SiteReport {
            site: SiteName { host: host.clone(), port: 443 },
            at: "2026-11-24T02:10:00Z".parse().unwrap(),
            addresses: seen.addresses.clone(),
            certificates: seen.certificates.clone(),
            keys: seen.keys.clone(),
            server: None,
            software: Vec::new(),
            products: Vec::new(),
            suspicions: Vec::new(),
            certificate_expires: None,
            zone: seen.zone.clone(),
            findings: self.findings(host).into_iter().map(Arc::new).collect(),
        };
        self.seen.iter().map(report).collect()
    }

    pub(crate) fn try_report(&self) -> Result<Report, AssembleError> {
        assemble(self.site_reports(), &self.roster, &self.book(), &self.method(), run())
    }

    pub(crate) fn report(&self) -> Report {
        self.try_report().unwrap()
    }

    pub(crate) fn unit(&self, id: &str) -> UnitCard {
        self.report().units.into_iter().find(|unit| unit.id == id).unwrap()
    }

    pub(crate) fn site(&self, host: &str) -> SiteCard {
        let sites = self.report().units.into_iter().flat_map(|unit| unit.sites);
        sites.into_iter().find(|site| site.host == host).unwrap()
    }
}

fn finding(rule: &RuleEntry, verdict: &V) -> Finding {
    let waived = *verdict == V::Waived;
    let (verdict, reason, parent) = match verdict {
        V::Pass => (Verdict::Pass, None, None),
        V::Fail | V::Waived => (Verdict::Fail, None, None),
        V::NotApplicable => (Verdict::NotApplicable, Some(Reason::DoesNotApply), None),
        V::Inconclusive => (Verdict::Inconclusive, Some(Reason::TimedOut), None),
        V::Lost(parent) => (Verdict::NotApplicable, Some(Reason::ParentFailed), Some(id(parent))),
    };
    Finding {
        rule: rule.id.clone(),
        category: rule.category,
        severity: rule.severity,
        level: rule.level,
        verdict,
        owner: rule.owner,
        waived,
        upcoming: false,
        first_seen: None,
        as_of: None,
        reason,
        parent,
        message: text(rule.id.as_str()),
        evidence: Vec::new(),
    }
}
