//! The method: weights, caps and grades, read from `rules/method.yaml`. Owns what a valid method is, not what is
//! made of it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::language::text;
use crate::rule::{Category, RuleId, Severity, Text};
use crate::target::Importance;
use crate::yaml::{Diagnostic, Diagnostics, Located, Location, Source, did_you_mean, nearest};

/// The method that khien comes with.
const BUILT_IN: &str = include_str!("../../rules/method.yaml");

/// Highest weight there may be: keeps every product of three weights far inside 64 bits.
pub const MAX_WEIGHT: u16 = 1_000;

/// How verdicts become points.
#[derive(Clone, Debug)]
pub struct Method {
    source: Source,
    version: String,
    severity: SeverityWeights,
    category: CategoryWeights,
    importance: ImportanceWeights,
    minimum_coverage: u8,
    grades: Vec<Grade>,
    caps: BTreeMap<RuleId, Located<u8>>,
    cap_reasons: BTreeMap<u8, Text>,
}

/// A step of the scale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grade {
    /// The letter, `A` best.
    pub letter: String,
    /// The lowest score that has it.
    pub min: u8,
    /// What it is called.
    pub word: Text,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeverityWeights {
    critical: Located<u16>,
    high: Located<u16>,
    medium: Located<u16>,
    low: Located<u16>,
    info: Located<u16>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryWeights {
    tls: Located<u16>,
    certificate: Located<u16>,
    http: Located<u16>,
    dns: Located<u16>,
    mail: Located<u16>,
    web: Located<u16>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ImportanceWeights {
    high: Located<u16>,
    normal: Located<u16>,
    low: Located<u16>,
}

/// The file as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: Located<String>,
    severity: SeverityWeights,
    category: CategoryWeights,
    importance: ImportanceWeights,
    minimum_coverage: Located<u8>,
    grades: Located<Vec<Located<Grade>>>,
    caps: BTreeMap<RuleId, Located<u8>>,
    cap_reasons: BTreeMap<u8, Text>,
}

impl Method {
    /// The method that khien comes with.
    pub fn built_in() -> Result<Self, Diagnostics> {
        Self::parse(Source::new("rules/method.yaml", BUILT_IN))
    }

    /// Reads a method and checks it.
    pub fn parse(source: Source) -> Result<Self, Diagnostics> {
        let file: File = crate::yaml::parse(&source)?;
        match Diagnostics::collect(file.faults(&source)) {
            Some(faults) => Err(faults),
            None => Ok(Self {
                source,
                version: file.version.into_inner(),
                severity: file.severity,
                category: file.category,
                importance: file.importance,
                minimum_coverage: file.minimum_coverage.value,
                grades: file.grades.into_inner().into_iter().map(Located::into_inner).collect(),
                caps: file.caps,
                cap_reasons: file.cap_reasons,
            }),
        }
    }

    /// What is wrong with the caps for these rules, each given with whether it scores and every rule it comes after: a
    /// misspelt rule would silently not cap, and a rule that caps lower than one it comes after would make having
    /// something weak score below having nothing.
    pub fn cap_faults<'a>(
        &self,
        rules: impl IntoIterator<Item = (&'a RuleId, bool, &'a [RuleId])>,
    ) -> Vec<Diagnostic> {
        let rules: BTreeMap<&RuleId, (bool, &[RuleId])> =
            rules.into_iter().map(|(rule, scores, above)| (rule, (scores, above))).collect();
        let scores = |rule: &RuleId| rules.get(rule).is_some_and(|(scores, _)| *scores);
        let effective = |rule: &RuleId| self.cap(rule).filter(|_| scores(rule));
        let fault = |(rule, cap): (&RuleId, &Located<u8>)| {
            let Some((_, ancestors)) = rules.get(rule) else {
                let message =
                    text!("trần điểm cho quy tắc không có `{rule}`", "a cap on the unknown rule `{rule}`");
                let help = nearest(rule.as_str(), rules.keys().map(|rule| rule.as_str())).map_or_else(
                    || {
                        ("xóa dòng này, hoặc viết quy tắc trước", "remove the line, or write the rule first")
                            .into()
                    },
                    did_you_mean,
                );
                return Some(self.source.diagnostic(cap.at, message).with_help(help));
            };
            let milder = |above: &&RuleId| effective(above).is_none_or(|above| above > cap.value);
            let milder = ancestors.iter().find(milder).filter(|_| scores(rule))?;
            let message = text!(
                "`{rule}` có trần {cap}, nhưng đứng sau `{milder}` là quy tắc có trần nhẹ hơn",
                "`{rule}` caps at {cap}, but comes after `{milder}`, which caps less",
                cap = cap.value
            );
            Some(self.source.diagnostic(cap.at, message).with_help(text!(
                "cho `{milder}` trần không quá {cap} và mức `required`, hoặc bỏ nó khỏi `after` của quy tắc",
                "give `{milder}` a cap of at most {cap} and the level `required`, or take it out of the rule's `after`",
                cap = cap.value
            )))
        };
        self.caps.iter().filter_map(fault).collect()
    }

    /// Its version: a change of weights, caps or grades changes it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Points of a rule.
    pub fn severity_weight(&self, severity: Severity) -> u16 {
        match severity {
            Severity::Critical => self.severity.critical.value,
            Severity::High => self.severity.high.value,
            Severity::Medium => self.severity.medium.value,
            Severity::Low => self.severity.low.value,
            Severity::Info => self.severity.info.value,
        }
    }

    /// Weight of a category.
    pub fn category_weight(&self, category: Category) -> u16 {
        match category {
            Category::Tls => self.category.tls.value,
            Category::Certificate => self.category.certificate.value,
            Category::Http => self.category.http.value,
            Category::Dns => self.category.dns.value,
            Category::Mail => self.category.mail.value,
            Category::Web => self.category.web.value,
        }
    }

    /// Weight of a site within its unit.
    pub fn importance_weight(&self, importance: Importance) -> u16 {
        match importance {
            Importance::High => self.importance.high.value,
            Importance::Normal => self.importance.normal.value,
            Importance::Low => self.importance.low.value,
        }
    }

    /// The share of tested weight, in percent, below which there is no grade.
    pub fn minimum_coverage(&self) -> u8 {
        self.minimum_coverage
    }

    /// The scale, best first.
    pub fn grades(&self) -> &[Grade] {
        &self.grades
    }

    /// The grade of a score.
    pub fn grade(&self, score: u8) -> Option<&Grade> {
        self.grades.iter().find(|grade| grade.min <= score)
    }

    /// The score that a failure of this rule holds a site at.
    pub fn cap(&self, rule: &RuleId) -> Option<u8> {
        self.caps.get(rule).map(|cap| cap.value)
    }

    /// Why there is such a cap.
    pub fn cap_reason(&self, cap: u8) -> Option<&Text> {
        self.cap_reasons.get(&cap)
    }
}

/// Advice in both languages.
type Both = (&'static str, &'static str);

fn weight_of(weight: u16) -> Text {
    text!("trọng số {weight}", "a weight of {weight}")
}

impl File {
    fn faults(&self, source: &Source) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        let mut say = |at: Location, message: Text, help: Both| {
            faults.push(source.diagnostic(at, message).with_help(help));
        };
        if self.version.trim().is_empty() {
            say(
                self.version.at,
                ("phương pháp chưa có phiên bản", "the method has no version").into(),
                ("ghi ví dụ \"2026.1\"", "write for example \"2026.1\""),
            );
        }
        for weight in self.positive_weights() {
            if !(1..=MAX_WEIGHT).contains(&weight.value) {
                let help = ("ghi số nguyên từ 1 đến 1000", "write a whole number from 1 to 1000");
                say(weight.at, weight_of(weight.value), help);
            }
        }
        if self.severity.info.value > MAX_WEIGHT {
            let help = ("ghi số nguyên từ 0 đến 1000", "write a whole number from 0 to 1000");
            say(self.severity.info.at, weight_of(self.severity.info.value), help);
        }
        if self.minimum_coverage.value > 100 {
            let message =
                text!("độ bao phủ {share} %", "a coverage of {share} %", share = self.minimum_coverage.value);
            let help = ("ghi tỷ lệ từ 0 đến 100", "write a share from 0 to 100");
            say(self.minimum_coverage.at, message, help);
        }
        for cap in self.caps.values() {
            if cap.value > 99 {
                let message =
                    text!("trần {cap} không chặn gì", "a cap of {cap} caps nothing", cap = cap.value);
                say(cap.at, message, ("ghi điểm từ 0 đến 99", "write a score from 0 to 99"));
            } else if !self.cap_reasons.contains_key(&cap.value) {
                let message =
                    text!("trần {cap} chưa có lý do", "the cap {cap} has no reason", cap = cap.value);
                let help = (
                    "ghi dưới `cap_reasons` điều đó nghĩa là gì với người truy cập, bằng vi và en",
                    "tell under `cap_reasons` what it means to a visitor, in vi and en",
                );
                say(cap.at, message, help);
            }
        }
        self.scale_faults(&mut say);
        faults
    }

    fn scale_faults(&self, say: &mut impl FnMut(Location, Text, Both)) {
        let mut above = 101;
        for grade in self.grades.iter() {
            if grade.min >= above {
                let message = text!(
                    "loại {letter} bắt đầu từ {min}, không thấp hơn loại đứng trước",
                    "the grade {letter} starts at {min}, not below the one before",
                    letter = grade.letter,
                    min = grade.min
                );
                let help = (
                    "xếp các loại từ tốt nhất đến kém nhất, `min` giảm dần",
                    "order the grades from the best to the worst, each `min` lower",
                );
                say(grade.at, message, help);
            }
            if grade.letter.trim().is_empty()
                || grade.word.vi.trim().is_empty()
                || grade.word.en.trim().is_empty()
            {
                say(
                    grade.at,
                    ("một loại thiếu chữ hoặc tên gọi", "a grade without its letter or words").into(),
                    ("ghi letter, word.vi và word.en", "write letter, word.vi and word.en"),
                );
            }
            above = grade.min;
        }
        if above != 0 {
            let message = ("không có loại nào bắt đầu từ 0", "no grade starts at 0").into();
            let help = (
                "loại cuối phải nhận mọi điểm còn lại: `min: 0`",
                "the last grade must hold every score: `min: 0`",
            );
            say(self.grades.at, message, help);
        }
    }

    fn positive_weights(&self) -> [&Located<u16>; 13] {
        let (s, c, i) = (&self.severity, &self.category, &self.importance);
        [
            &s.critical,
            &s.high,
            &s.medium,
            &s.low,
            &c.tls,
            &c.certificate,
            &c.http,
            &c.dns,
            &c.mail,
            &c.web,
            &i.high,
            &i.normal,
            &i.low,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::assert_good;

    fn faults(from: &str, to: &str) -> Vec<String> {
        assert!(BUILT_IN.contains(from), "{from}");
        let text = BUILT_IN.replacen(from, to, 1);
        Method::parse(Source::new("m.yaml", text))
            .unwrap_err()
            .iter()
            .map(|fault| {
                [fault.message()].into_iter().chain(fault.help()).for_each(assert_good);
                format!("{fault:?}")
            })
            .collect()
    }

    #[test]
    fn the_built_in_method_is_valid_and_has_the_designs_scale() {
        let method = Method::built_in().unwrap();
        let scale: Vec<_> = method.grades().iter().map(|g| (g.letter.as_str(), g.min, &*g.word.vi)).collect();
        let design =
            [("A", 90, "Tốt"), ("B", 80, "Khá"), ("C", 65, "Trung bình"), ("D", 50, "Yếu"), ("E", 0, "Kém")];
        assert_eq!(scale, design);
        let letter = |score| method.grade(score).unwrap().letter.clone();
        assert_eq!([100, 90, 89, 80, 79, 65, 64, 50, 49, 0].map(letter).concat(), "AABBCCDDEE");
        assert_eq!(method.minimum_coverage(), 80);
        assert_eq!(method.severity_weight(Severity::Info), 0);
    }

    #[test]
    fn mistakes_are_named_with_line_and_column() {
        for (from, to, expected) in [
            ("critical: 10", "critical: 0", "m.yaml:6:22: a weight of 0"),
            ("tls: 30", "tls: 1001", "m.yaml:9:17: a weight of 1001"),
            ("normal: 2", "normal: 0", "a weight of 0"),
            ("info: 0", "info: 1001", "a weight of 1001"),
            ("minimum_coverage: 80", "minimum_coverage: 101", "m.yaml:15:19: a coverage of 101 %"),
            ("tls-https-missing: 49", "tls-https-missing: 100", "m.yaml:26:22: a cap of 100 caps nothing"),
            ("tls-https-missing: 49", "tls-https-missing: 48", "the cap 48 has no reason"),
            ("min: 80", "min: 90", "the grade B starts at 90"),
            ("min: 0", "min: 1", "m.yaml:18:3: no grade starts at 0"),
            ("version: \"2026.1\"", "version: \"\"", "m.yaml:3:10: the method has no version"),
            ("letter: A", "letter: \"\"", "a grade without its letter"),
            ("tls-https-missing", "TLS_https", "no rule id"),
            ("severity: {", "severity: {urgent: 3, ", "urgent"),
            ("mail: 5, ", "", "mail"),
            ("caps:", "kaps:", "kaps"),
            ("low: 1,", "low: 1.5,", "m.yaml:6"),
            ("low: 1,", "low: -1,", "m.yaml:6"),
        ] {
            let faults = faults(from, to).join("\n");
            assert!(faults.contains(expected), "{to}: {faults}");
        }
    }

    /// What a type refuses while serde reads passes through it in both languages.
    #[test]
    fn a_rule_id_that_is_none_is_told_in_both_languages() {
        let text = BUILT_IN.replacen("tls-https-missing", "TLS_https", 1);
        let faults = Method::parse(Source::new("m.yaml", text)).unwrap_err();
        let told: Vec<_> = faults.iter().map(|fault| fault.message().clone()).collect();
        assert!(told[0].vi.starts_with("`caps`: \"TLS_https\" không phải mã quy tắc: "), "{told:?}");
        assert!(told[0].en.starts_with("`caps`: \"TLS_https\" is no rule id: "), "{told:?}");
    }

    fn alone(rule: &RuleId) -> (&RuleId, bool, &[RuleId]) {
        (rule, true, &[])
    }

    #[test]
    fn a_cap_on_a_rule_that_is_not_there_is_told() {
        let method = Method::built_in().unwrap();
        let rules: Vec<RuleId> = method.caps.keys().cloned().collect();
        assert!(method.cap_faults(rules.iter().map(alone)).is_empty());
        let other = RuleId::parse("dns-dnssec-boguz").unwrap();
        let rules = rules.iter().filter(|rule| rule.as_str() != "dns-dnssec-bogus").chain([&other]);
        let faults = method.cap_faults(rules.map(alone));
        assert_eq!(faults.len(), 1);
        assert_good(faults[0].message());
        assert!(faults[0].to_string().contains("unknown rule `dns-dnssec-bogus`"), "{}", faults[0]);
        assert_eq!(faults[0].help().map(|help| &*help.en), Some("did you mean `dns-dnssec-boguz`?"));
    }

    #[test]
    fn a_child_may_not_cap_lower_than_its_parent() {
        let method = Method::built_in().unwrap();
        let caps: Vec<RuleId> = method.caps.keys().cloned().collect();
        let id = |text: &str| RuleId::parse(text).unwrap();
        let faults = |child: &str, parent: &str, scores: bool| {
            let (child, parent) = (id(child), [id(parent)]);
            let rules: Vec<_> = caps
                .iter()
                .map(|rule| (rule, scores || *rule == child, if *rule == child { &parent[..] } else { &[] }))
                .collect();
            method.cap_faults(rules).len()
        };
        assert_eq!(faults("certificate-intermediate-missing", "tls-https-missing", true), 0);
        assert_eq!(faults("certificate-intermediate-missing", "tls-https-missing", false), 1);
        assert_eq!(faults("tls-https-missing", "certificate-intermediate-missing", true), 1);
        assert_eq!(faults("tls-https-missing", "http-hsts-missing", true), 1);
    }
}
