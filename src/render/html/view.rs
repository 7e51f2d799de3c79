//! The report with what pages look up in it, the language, and where links lead. Writes no markup.

use std::{borrow::Cow, collections::HashMap, fmt::Write as _, ops::Deref, sync::Arc};

use crate::{
    render::escape,
    report::{FindingCard, Report, RuleEntry, SiteCard, UnitCard},
    rule::{Lang, RuleId, Verdict},
    score::Grade,
    target::UnitId,
};

use super::{INDEX, METHOD, UNITS};

/// How the pages lie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// A file per page.
    Folder,
    /// One document.
    Single,
}

/// A report that pages are made of, indexed once.
pub struct Book<'r> {
    pub(super) report: &'r Report,
    pub(super) lang: Lang,
    layout: Layout,
    rules: HashMap<&'r str, &'r RuleEntry>,
    units: HashMap<&'r str, &'r UnitCard>,
    /// By the unit that answers for them, and by the unit on whose sites they are.
    charged: HashMap<Arc<str>, Vec<Failure<'r>>>,
    seen: HashMap<&'r str, Vec<Failure<'r>>>,
}

/// A failure and where it was seen.
#[derive(Clone)]
pub(super) struct Failure<'r> {
    pub(super) unit: &'r UnitCard,
    pub(super) site: &'r SiteCard,
    pub(super) card: FindingCard,
}

/// A book, seen from one page.
#[derive(Clone, Copy)]
pub(super) struct View<'b, 'r> {
    book: &'b Book<'r>,
    /// The way to the top of the folder: nothing, or `../`.
    up: &'static str,
}

impl<'r> Deref for View<'_, 'r> {
    type Target = Book<'r>;

    fn deref(&self) -> &Book<'r> {
        self.book
    }
}

impl<'r> Book<'r> {
    pub(super) fn new(report: &'r Report, lang: Lang, layout: Layout) -> Self {
        let mut charged: HashMap<Arc<str>, Vec<Failure<'r>>> = HashMap::new();
        let mut seen: HashMap<&str, Vec<Failure<'r>>> = HashMap::new();
        for failure in all(report) {
            let answers = failure.card.charged_to.clone().unwrap_or_else(|| failure.unit.id.as_str().into());
            charged.entry(answers).or_default().push(failure.clone());
            seen.entry(&failure.unit.id).or_default().push(failure);
        }
        let rules = report.rules.iter().map(|rule| (rule.id.as_str(), rule)).collect();
        let units = report.units.iter().map(|unit| (unit.id.as_str(), unit)).collect();
        Self { report, lang, layout, rules, units, charged, seen }
    }

    /// The word in the language of the page.
    pub(super) fn say<'t>(&self, vi: &'t str, en: &'t str) -> &'t str {
        match self.lang {
            Lang::Vi => vi,
            Lang::En => en,
        }
    }

    pub(super) fn rule(&self, id: &RuleId) -> Option<&'r RuleEntry> {
        self.rules.get(id.as_str()).copied()
    }

    pub(super) fn title<'t>(&'t self, id: &'t RuleId) -> &'t str {
        self.rule(id).map_or(id.as_str(), |rule| rule.title.get(self.lang))
    }

    pub(super) fn unit(&self, id: &str) -> Option<&'r UnitCard> {
        self.units.get(id).copied()
    }

    /// What a unit answers for, wherever it was seen.
    pub(super) fn charged_to(&self, unit: &UnitCard) -> &[Failure<'r>] {
        self.charged.get(unit.id.as_str()).map_or(&[], Vec::as_slice)
    }

    /// What failed on a unit's own sites, whoever answers for it.
    pub(super) fn seen_at(&self, unit: &UnitCard) -> &[Failure<'r>] {
        self.seen.get(unit.id.as_str()).map_or(&[], Vec::as_slice)
    }

    /// Every failure of the report, site by site.
    pub(super) fn failures(&self) -> impl Iterator<Item = &Failure<'r>> {
        self.report.units.iter().flat_map(|unit| self.seen_at(unit))
    }

    /// Whether changes since the previous run mean something.
    pub(super) fn compares(&self) -> bool {
        let comparable = self.report.previous.as_ref().is_some_and(|run| run.comparable && run.same_rules);
        comparable && self.is_sound()
    }

    /// Whether the run is complete and not degraded: ranks and changes mean something.
    pub(super) fn is_sound(&self) -> bool {
        self.report.run.complete && !self.report.run.degraded
    }

    /// Whether a failure was not there in the previous run.
    pub(super) fn is_new(&self, card: &FindingCard) -> bool {
        let since = self.report.previous.as_ref().filter(|_| self.compares()).map(|run| run.started_at);
        since.zip(card.finding.first_seen).is_some_and(|(since, seen)| seen > since)
    }

    /// The grade that a score has on the report's scale.
    pub(super) fn grade_of(&self, score: u8) -> Option<&'r Grade> {
        self.report.method.grades.iter().find(|grade| grade.min <= score)
    }

    /// What names a part of a unit's page: its heading, and in a document of many units the unit too.
    pub(super) fn label(&self, unit: &UnitCard, heading: &str) -> String {
        match self.layout {
            Layout::Folder => heading.to_owned(),
            Layout::Single => format!("{heading} {}", self.anchor(unit, "ten")),
        }
    }

    /// The colour of a grade: `a` for the best of the scale to `e`, `none` for no grade.
    pub(super) fn ink_of(&self, letter: Option<&str>) -> &'static str {
        const INKS: [&str; 5] = ["a", "b", "c", "d", "e"];
        let place = letter.and_then(|l| self.report.method.grades.iter().position(|g| g.letter == l));
        place.map_or("none", |place| INKS.get(place).copied().unwrap_or("e"))
    }

    /// An id of an element on a unit's page; unique in the document.
    pub(super) fn anchor(&self, unit: &UnitCard, name: &str) -> String {
        match self.layout {
            Layout::Folder => name.to_owned(),
            Layout::Single => format!("{}_{name}", file_of(&unit.id)),
        }
    }
}

impl<'b, 'r> View<'b, 'r> {
    pub(super) fn new(book: &'b Book<'r>, up: &'static str) -> Self {
        Self { book, up }
    }

    /// Where the first page is.
    pub(super) fn to_index(self) -> String {
        match self.layout {
            Layout::Folder => format!("{}{INDEX}", self.up),
            Layout::Single => "#dau-trang".to_owned(),
        }
    }

    /// Where it is said how the score is made.
    pub(super) fn to_method(self) -> String {
        match self.layout {
            Layout::Folder => format!("{}{METHOD}", self.up),
            Layout::Single => "#cach-cham-diem".to_owned(),
        }
    }

    /// Where a unit's page is.
    pub(super) fn to_unit(self, unit: &UnitCard) -> String {
        match self.layout {
            Layout::Folder => format!("{}{UNITS}/{}.html", self.up, file_of(&unit.id)),
            Layout::Single => format!("#{}", self.anchor(unit, "don-vi")),
        }
    }

    /// Where a finding is on the page of the unit that answers for it.
    pub(super) fn to_finding(self, unit: &UnitCard, rule: &RuleId) -> String {
        let anchor = self.anchor(unit, &format!("loi-{rule}"));
        match self.layout {
            Layout::Folder => format!("{}#{anchor}", self.to_unit(unit)),
            Layout::Single => format!("#{anchor}"),
        }
    }
}

fn all(report: &Report) -> impl Iterator<Item = Failure<'_>> {
    let sites = report.units.iter().flat_map(|unit| unit.sites.iter().map(move |site| (unit, site)));
    sites.flat_map(|(unit, site)| {
        let failed = site.findings.iter().filter(|card| card.finding.verdict == Verdict::Fail);
        failed.map(move |card| Failure { unit, site, card })
    })
}

/// A unit's name, harmless; its id where it has none, so that a link always says something.
pub(super) fn name_of(unit: &UnitCard) -> Cow<'_, str> {
    escape(if unit.name.trim().is_empty() { &unit.id } else { &unit.name })
}

/// A unit's id as a file name and an HTML id. What is no id of an inventory has its other bytes written as `_xx`.
pub(super) fn file_of(id: &str) -> Cow<'_, str> {
    if UnitId::parse(id).is_ok_and(|parsed| parsed.as_str() == id) {
        return Cow::Borrowed(id);
    }
    let mut name = String::from("_");
    for byte in id.bytes().take(64) {
        if byte.is_ascii_lowercase() || byte.is_ascii_digit() {
            name.push(char::from(byte));
        } else {
            // writing to a String cannot fail
            let _ = write!(name, "_{byte:02x}");
        }
    }
    Cow::Owned(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_an_inventory_are_file_names_and_others_are_made_harmless() {
        assert_eq!(file_of("so-y-te"), "so-y-te");
        assert_eq!(file_of("../a b\"Ă"), "__2e_2e_2fa_20b_22_c4_82");
        assert_eq!(file_of(""), "_");
    }
}
