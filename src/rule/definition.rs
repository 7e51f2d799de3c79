//! One rule, checked: what a rule file means. Checks everything that needs no other rule.

use std::sync::Arc;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Category, Effort, Expected, FixText, FixedBy, Level, Names, Owner, Role, RuleId, Server, Severity, Text,
    Verdict,
    condition::{Condition, Mistake},
    example,
    framework::{Frameworks, no_day},
    raw::{RawCitation, RawExample, RawFix, RawRule},
};
use crate::language::text;
use crate::yaml::{self, Diagnostic, Located, Location, Source, did_you_mean, nearest};

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Names the fault; stable for ever.
    pub id: RuleId,
    /// What it is about.
    pub category: Category,
    /// Who can fix a failure.
    pub owner: Owner,
    /// How bad a failure is.
    pub severity: Severity,
    /// What it asks.
    pub level: Level,
    /// How long a fix takes.
    pub effort: Effort,
    /// Before this day it is shown without points.
    pub effective_from: Option<Date>,
    /// The fault in one line.
    pub title: Text,
    /// Why it matters, for a leader: one or two sentences.
    pub why: Text,
    /// Rules that come before it: when one of them fails, this one has nothing to say of its own.
    pub after: Vec<Located<RuleId>>,
    /// Whether it looks at the whole site or at each address.
    pub scope: Scope,
    /// When it applies; always, where there is none.
    pub applies: Option<Arc<Condition>>,
    /// The numbers an officer may change.
    pub params: Arc<Value>,
    /// What must hold.
    pub requires: Arc<Condition>,
    /// What to show when it does not; never empty.
    pub evidence: Vec<Arc<Condition>>,
    /// How to fix it.
    pub fix: Fix,
    /// What it rests on; never empty.
    pub cites: Vec<Citation>,
    /// Documents with the verdict they must get; never empty.
    pub examples: Vec<Example>,
    /// The file it stands in.
    pub source: Source,
    /// Where its id stands.
    pub at: Location,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The whole site, once.
    Site,
    /// Each address, with `tls`, `certificate` and `endpoint` bound to it.
    Endpoint,
}

/// How to fix a failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// The steps in Vietnamese.
    pub vi: FixText,
    /// The steps in English.
    pub en: FixText,
    /// Who carries it out.
    pub who: FixedBy,
    /// Server software the steps were tried on by a test.
    pub tried_on: Vec<Server>,
}

/// One citation.
#[derive(Clone, Debug)]
pub struct Citation {
    /// The text's id in `rules/frameworks/`.
    pub reference: String,
    /// The clause.
    pub clause: String,
    /// What it is for.
    pub role: Role,
}

/// One example: a document, and the verdict it must get.
#[derive(Clone, Debug)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// Facts, `tls`, `certificate` and `endpoint` bound directly or inside `endpoints`.
    pub given: Map<String, Value>,
    /// The verdict.
    pub expect: Verdict,
    /// Where it stands.
    pub at: Location,
}

impl Rule {
    /// Reads one rule file and checks all that needs no other rule.
    pub fn parse(source: &Source, frameworks: &Frameworks) -> Result<Self, Vec<Diagnostic>> {
        let raw: RawRule = yaml::parse(source).map_err(|d| vec![d])?;
        let mut reader = Reader { source, mistakes: Vec::new() };
        match reader.rule(raw, frameworks) {
            Some(rule) if reader.mistakes.is_empty() => Ok(rule),
            _ => Err(reader.mistakes),
        }
    }

    /// Every condition of the rule with nothing left out.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.applies.iter().chain([&self.requires]).chain(&self.evidence).map(AsRef::as_ref)
    }
}

struct Reader<'s> {
    source: &'s Source,
    mistakes: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn rule(&mut self, raw: RawRule, frameworks: &Frameworks) -> Option<Rule> {
        let id = self.read(&raw.id, RuleId::parse(&raw.id));
        let effort = self.read(&raw.effort, Effort::parse(&raw.effort));
        let effective_from = raw.effective_from.as_ref().map(|day| {
            let parsed = day.parse::<Date>().map_err(|_| no_day(day));
            self.read(day, parsed)
        });
        let after: Vec<_> = raw
            .after
            .iter()
            .filter_map(|id| Some(Located::new(self.read(id, RuleId::parse(id))?, id.at)))
            .collect();

        let params = raw.params.unwrap_or_else(|| Located::new(Map::new(), Location::UNKNOWN));
        let applies = raw.applies.as_ref().map(|text| self.condition(text));
        let requires = self.condition(&raw.requires);
        let evidence: Vec<_> = raw.evidence.iter().map(|text| self.condition(text)).collect();
        let texts: Vec<&Located<String>> =
            raw.applies.iter().chain([&raw.requires]).chain(raw.evidence.iter()).collect();
        let compiled: Vec<_> = applies.iter().chain([&requires]).chain(&evidence).collect();

        let of_endpoint =
            |c: &Condition| c.names().iter().any(|name| ["tls", "certificate", "endpoint"].contains(name));
        let scope = if compiled.iter().filter_map(|c| c.as_ref()).any(|c| of_endpoint(c)) {
            Scope::Endpoint
        } else {
            Scope::Site
        };
        let names = match scope {
            Scope::Site => Names::site(),
            Scope::Endpoint => Names::endpoint(),
        }
        .with_params(&params);
        let decided = texts.len() - raw.evidence.len();
        for (i, (text, condition)) in texts.iter().zip(&compiled).enumerate() {
            let Some(condition) = condition else { continue };
            if i < decided {
                self.check(text, condition, &names, Expected::Bool);
            } else if condition.path().is_none() {
                self.check(text, condition, &names, Expected::Scalars);
            } else {
                self.check(text, condition, &names, Expected::Path);
            }
        }
        self.params(&params, compiled.iter().filter_map(|c| c.as_deref()));
        if raw.evidence.is_empty() {
            self.mistake(
                raw.evidence.at,
                (
                    "kết quả chưa đạt mà không có bằng chứng thì không trình bày được",
                    "a failure without evidence cannot be shown",
                ),
                Some(("nêu các dữ kiện đã quyết định", "name the facts that decided it").into()),
            );
        }
        if let Some(requires) = &requires
            && requires.needs_presence()
            && raw.after.is_empty()
            && !raw.independent
        {
            self.mistake(
                raw.requires.at,
                (
                    "quy tắc cần một dữ kiện có thể không có, mà chưa nêu quy tắc đứng trước nó",
                    "this needs something optional to be present, and names no rule that comes before it",
                ),
                Some(Text::new(
                    "thêm after: [quy tắc về việc không có dữ kiện đó], hoặc independent: true",
                    "add after: [the rule about its absence], or independent: true",
                )),
            );
        }
        self.text(&raw.title);
        self.text(&raw.why);
        let fix = self.fix(raw.fix);
        let cites = self.cites(&raw.cites, frameworks);
        let examples = self.examples(raw.examples, &names);
        Some(Rule {
            id: id?,
            category: raw.category,
            owner: raw.owner,
            severity: raw.severity,
            level: raw.level,
            effort: effort?,
            effective_from: effective_from.flatten(),
            title: raw.title.into_inner(),
            why: raw.why.into_inner(),
            after,
            scope,
            applies: match applies {
                None => None,
                Some(condition) => Some(condition?),
            },
            params: Arc::new(Value::Object(params.into_inner())),
            requires: requires?,
            evidence: evidence.into_iter().collect::<Option<_>>()?,
            fix,
            cites,
            examples,
            source: self.source.clone(),
            at: raw.id.at,
        })
    }

    fn mistake(&mut self, at: Location, message: impl Into<Text>, help: Option<Text>) {
        let diagnostic = self.source.diagnostic(at, message);
        self.mistakes.push(match help {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        });
    }

    fn read<T, U, E: Into<Text>>(&mut self, at: &Located<U>, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.mistake(at.at, error, None)).ok()
    }

    fn condition(&mut self, text: &Located<String>) -> Option<Arc<Condition>> {
        match Condition::parse(text) {
            Ok(condition) => Some(Arc::new(condition)),
            Err(mistakes) => {
                self.in_expression(text, mistakes);
                None
            }
        }
    }

    fn check(&mut self, text: &Located<String>, condition: &Condition, names: &Names, expected: Expected) {
        self.in_expression(text, condition.check(names, expected));
    }

    fn in_expression(&mut self, text: &Located<String>, mistakes: Vec<Mistake>) {
        for mistake in mistakes {
            let at = self.source.locate(text.at, mistake.offset);
            self.mistake(at, mistake.message, mistake.help);
        }
    }

    fn params<'c>(
        &mut self,
        params: &Located<Map<String, Value>>,
        conditions: impl Iterator<Item = &'c Condition>,
    ) {
        let texts: Vec<&str> = conditions.map(Condition::text).collect();
        for (name, value) in params.iter() {
            let scalar = |v: &Value| matches!(v, Value::Bool(_) | Value::Number(_) | Value::String(_));
            let good = scalar(value) || value.as_array().is_some_and(|items| items.iter().all(scalar));
            if !good {
                let message = text!(
                    "tham số `{name}` không phải một giá trị, cũng không phải danh sách giá trị",
                    "parameter `{name}` is neither a value nor a list of values"
                );
                self.mistake(params.at, message, None);
            }
            let uses = format!("params.{name}");
            if !texts.iter().any(|text| text.contains(&uses)) {
                let message = text!("tham số `{name}` không được dùng", "parameter `{name}` is not used");
                self.mistake(params.at, message, None);
            }
        }
    }

    fn text(&mut self, text: &Located<Text>) {
        if text.vi.trim().is_empty() || text.en.trim().is_empty() {
            self.mistake(text.at, ("cần đủ cả hai ngôn ngữ", "both languages are needed"), None);
        }
        self.vietnamese(text.at, &text.vi);
    }

    /// What an officer reads is in composed characters, and blames nobody.
    fn vietnamese(&mut self, at: Location, text: &str) {
        if !unicode_normalization::is_nfc(text) {
            let message = (
                "chữ tiếng Việt không ở dạng dựng sẵn (NFC)",
                "the Vietnamese text is not in composed form (NFC)",
            );
            self.mistake(at, message, Some(("gõ lại các chữ có dấu", "retype the marks").into()));
        }
        for (word, instead) in [("vi phạm", "chưa đạt"), ("hacker", "kẻ xấu"), ("tấn công", "xâm nhập")]
        {
            if text.to_lowercase().contains(word) {
                let message = text!("không dùng từ «{word}» ở đây", "«{word}» is not a word of ours");
                self.mistake(at, message, Some(text!("ghi «{instead}»", "write «{instead}»")));
            }
        }
    }

    fn fix(&mut self, raw: Located<RawFix>) -> Fix {
        let at = raw.at;
        let raw = raw.into_inner();
        for (lang, text) in [("vi", &raw.vi), ("en", &raw.en)] {
            if text.steps().next().is_none() {
                let help = (
                    "ghi các bước dưới `any`, `nginx`, `apache`, `iis` hoặc `tomcat`",
                    "write the steps under `any`, `nginx`, `apache`, `iis` or `tomcat`",
                );
                let message = text!(
                    "cách khắc phục chưa có bước nào trong `{lang}`",
                    "the fix has no steps in `{lang}`"
                );
                self.mistake(at, message, Some(help.into()));
            }
            if text.undo.trim().is_empty() {
                let message = text!(
                    "cách khắc phục chưa nói trong `{lang}` làm sao để hoàn tác",
                    "the fix does not say in `{lang}` how to undo it"
                );
                self.mistake(at, message, None);
            }
        }
        let of = |text: &FixText| text.steps().map(|(name, _)| name).collect::<Vec<_>>();
        if of(&raw.vi) != of(&raw.en) {
            let message = (
                "cách khắc phục ở hai ngôn ngữ không nói về cùng các máy chủ",
                "the fix is not for the same servers in both languages",
            );
            self.mistake(at, message, None);
        }
        for text in raw.vi.steps().map(|(_, text)| text).chain([raw.vi.undo.as_str()]) {
            self.vietnamese(at, text);
        }
        for server in &raw.tried_on {
            if raw.vi.for_server(**server).is_none() {
                let message = (
                    "ghi là đã thử trên một máy chủ mà không có bước nào cho nó",
                    "tried on a server it has no steps for",
                );
                self.mistake(server.at, message, None);
            }
        }
        let tried_on = raw.tried_on.into_iter().map(Located::into_inner).collect();
        Fix { vi: raw.vi, en: raw.en, who: raw.who, tried_on }
    }

    fn cites(&mut self, raw: &Located<Vec<Located<RawCitation>>>, frameworks: &Frameworks) -> Vec<Citation> {
        if !raw.iter().any(|cite| cite.role == Role::Baseline) {
            let help = (
                "viện dẫn tiêu chuẩn mà yêu cầu này dựa vào, với role: baseline",
                "cite the standard the requirement comes from, with role: baseline",
            );
            let message = ("quy tắc chưa dựa vào căn cứ nào", "the rule rests on nothing");
            self.mistake(raw.at, message, Some(help.into()));
        }
        for cite in raw.iter() {
            let Some(framework) = frameworks.get(&cite.reference) else {
                let near = nearest(&cite.reference, frameworks.ids()).map(did_you_mean);
                let message = text!(
                    "không có văn bản {id:?} trong rules/frameworks/",
                    "no text {id:?} in rules/frameworks/",
                    id = *cite.reference
                );
                self.mistake(cite.reference.at, message, near);
                continue;
            };
            if framework.clause(&cite.clause).is_none() {
                let numbers: Vec<&str> = framework.clauses().map(|(number, _)| number).collect();
                let near = nearest(&cite.clause, numbers.iter().copied()).map_or_else(
                    || text!("có các điều khoản {all}", "there are {all}", all = numbers.join("; ")),
                    did_you_mean,
                );
                let message = text!(
                    "điều khoản {clause:?} của {framework} không nằm trong các điều khoản đã đối chiếu",
                    "clause {clause:?} of {framework} is not among the verified ones",
                    clause = *cite.clause,
                    framework = *cite.reference
                );
                self.mistake(cite.clause.at, message, Some(near));
            }
        }
        raw.iter()
            .map(|cite| Citation {
                reference: cite.reference.value.clone(),
                clause: cite.clause.value.clone(),
                role: cite.role,
            })
            .collect()
    }

    fn examples(&mut self, raw: Located<Vec<Located<RawExample>>>, names: &Names) -> Vec<Example> {
        for verdict in [Verdict::Pass, Verdict::Fail, Verdict::Inconclusive] {
            if !raw.iter().any(|example| example.expect == verdict) {
                let word = serde_json::to_value(verdict).unwrap_or_default();
                let message =
                    text!("chưa có ví dụ nào cho kết luận {word}", "no example with the verdict {word}");
                self.mistake(raw.at, message, None);
            }
        }
        let mut out = Vec::new();
        for example in raw.into_inner() {
            let at = example.at;
            let RawExample { name, given, expect } = example.into_inner();
            for wrong in example::unknown_facts(&given, names) {
                self.mistake(given.at, wrong.message, wrong.help);
            }
            out.push(Example { name, given: given.into_inner(), expect, at });
        }
        out
    }
}
