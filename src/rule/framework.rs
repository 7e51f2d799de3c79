//! The texts that rules may cite: laws, standards, RFCs, each clause with how far somebody verified it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Text;
use crate::language::text;
use crate::yaml::{self, Diagnostic, Located, Source};

/// Every text that may be cited, by its id.
#[derive(Clone, Debug, Default)]
pub struct Frameworks(BTreeMap<String, Framework>);

/// One law, standard or RFC.
#[derive(Clone, Debug)]
pub struct Framework {
    /// Its name.
    pub title: Text,
    /// Whether it is in force.
    pub status: Status,
    /// Since when.
    pub effective_from: Option<Date>,
    /// Until when.
    pub effective_to: Option<Date>,
    clauses: BTreeMap<String, Clause>,
}

/// One clause, in our own words.
#[derive(Clone, Debug)]
pub struct Clause {
    /// What it says, in our own words.
    pub summary: Text,
    /// How far somebody verified it.
    pub verified: Verified,
    /// When.
    pub checked_on: Date,
    /// Where it was read.
    pub source: String,
}

/// Whether a text is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// In force on the day it was checked.
    InForce,
    /// Replaced by another.
    Superseded,
    /// To be verified.
    Verify,
}

/// How far a clause was verified. A clause that nobody verified cannot be written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verified {
    /// The text of the clause was read.
    FullText,
    /// Another source says what it says.
    Secondary,
    /// Only its number and title were read.
    TitleOnly,
}

impl Verified {
    /// The mark that is printed behind a citation.
    pub fn mark(self) -> Text {
        let (vi, en) = match self {
            Self::FullText => ("đã đọc nguyên văn", "full text read"),
            Self::Secondary => ("theo nguồn thứ cấp", "from a secondary source"),
            Self::TitleOnly => ("mới đọc số và tên mục", "number and title read only"),
        };
        Text::new(vi, en)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    frameworks: Vec<RawFramework>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFramework {
    id: Located<String>,
    title: Text,
    status: Status,
    #[serde(default)]
    effective_from: Option<Day>,
    #[serde(default)]
    effective_to: Option<Day>,
    clauses: Vec<RawClause>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClause {
    clause: Located<String>,
    summary: Text,
    verified: Verified,
    checked_on: Day,
    source: String,
}

/// A day as a file gives it; the library's own refusal is in English.
struct Day(Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let refuse = |_| serde::de::Error::custom(no_day(&text).lines());
        text.parse().map(Self).map_err(refuse)
    }
}

/// Why a text is no day.
pub(super) fn no_day(text: &str) -> Text {
    text!("{text:?} không phải ngày: ghi dạng 2026-01-31", "{text:?} is no day: write 2026-01-31")
}

impl Frameworks {
    /// Adds the texts of one file.
    pub fn add(&mut self, source: &Source) -> Result<(), Vec<Diagnostic>> {
        let file: RawFile = yaml::parse(source).map_err(|d| vec![d])?;
        let mut mistakes = Vec::new();
        for raw in file.frameworks {
            let mut clauses = BTreeMap::new();
            for clause in raw.clauses {
                let at = clause.clause.at;
                let value = Clause {
                    summary: clause.summary,
                    verified: clause.verified,
                    checked_on: clause.checked_on.0,
                    source: clause.source,
                };
                if clauses.insert(clause.clause.value.clone(), value).is_some() {
                    let message = text!(
                        "điều khoản {clause:?} của {framework} được ghi hai lần",
                        "clause {clause:?} of {framework} stands twice",
                        clause = *clause.clause,
                        framework = *raw.id
                    );
                    mistakes.push(source.diagnostic(at, message));
                }
            }
            let framework = Framework {
                title: raw.title,
                status: raw.status,
                effective_from: raw.effective_from.map(|day| day.0),
                effective_to: raw.effective_to.map(|day| day.0),
                clauses,
            };
            if self.0.insert(raw.id.value.clone(), framework).is_some() {
                let message = text!("{id:?} được ghi hai lần", "{id:?} stands twice", id = *raw.id);
                mistakes.push(source.diagnostic(raw.id.at, message));
            }
        }
        if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
    }

    /// One text.
    pub fn get(&self, id: &str) -> Option<&Framework> {
        self.0.get(id)
    }

    /// The ids of all texts.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl Framework {
    /// One clause.
    pub fn clause(&self, clause: &str) -> Option<&Clause> {
        self.clauses.get(clause)
    }

    /// The numbers of all clauses.
    pub fn clauses(&self) -> impl Iterator<Item = (&str, &Clause)> {
        self.clauses.iter().map(|(number, clause)| (number.as_str(), clause))
    }
}
