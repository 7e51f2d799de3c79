//! Rules as SARIF lists them: what they ask, how to fix, what they rest on. Nothing from the network stands here.

use std::collections::BTreeMap;

use super::{
    View,
    model::{
        Component, ComponentReference, Configuration, Descriptor, DescriptorReference, Message, Relationship,
        RuleProperties,
    },
};
use crate::{
    render::escape,
    report::{Cited, RuleEntry},
    rule::{Lang, Level, Severity},
};

impl View<'_> {
    /// The tool with its rules, in the order of the report.
    pub(super) fn driver(&self) -> Component {
        let scanner = &self.report.run.scanner;
        let cited = self.cited();
        Component {
            name: escape(&scanner.name).into_owned(),
            version: Some(escape(&scanner.version).into_owned()),
            short_description: Some(Message::plain(self.word(
                "Kiểm tra an toàn trang thông tin điện tử của các cơ quan trong tỉnh.",
                "Checks the web sites of a province's agencies.",
            ))),
            language: self.language(),
            rules: self.report.rules.iter().map(|rule| self.rule(rule, &cited)).collect(),
            notifications: self.told(),
            supported_taxonomies: cited
                .keys()
                .enumerate()
                .map(|(index, name)| reference(name, index))
                .collect(),
            ..Component::default()
        }
    }

    fn rule(&self, rule: &RuleEntry, cited: &Cites<'_>) -> Descriptor {
        let (title, why) = (escape(rule.title.get(self.lang)), escape(rule.why.get(self.lang)));
        Descriptor {
            id: rule.id.to_string(),
            name: Some(pascal(rule.id.as_str())),
            short_description: Some(Message::plain(sentence(&title))),
            full_description: Some(Message::plain(sentence(&why))),
            help: Some(self.help(rule, &why)),
            default_configuration: Some(Configuration {
                level: level(rule.severity, rule.level == Level::Required),
            }),
            relationships: rule.cites.iter().filter_map(|cite| relationship(cite, cited)).collect(),
            properties: Some(RuleProperties {
                tags: vec!["security", rule.category.as_str()],
                precision: "high",
                problem_severity: match level(rule.severity, rule.level == Level::Required) {
                    "error" => "error",
                    "warning" => "warning",
                    _ => "recommendation",
                },
                security_severity: security_severity(rule.severity),
                level: rule.level.as_str(),
                minutes: rule.minutes,
            }),
            ..Descriptor::default()
        }
    }

    /// Why, then the steps for each server, then how to undo them; the steps in code blocks, so that nothing of them is
    /// formatted.
    fn help(&self, rule: &RuleEntry, why: &str) -> Message {
        let fix = rule.fix.as_ref().map(|fix| match self.lang {
            Lang::Vi => &fix.vi,
            Lang::En => &fix.en,
        });
        let (mut text, mut formatted) = (why.trim().to_owned(), markdown(why.trim()));
        let undo = fix.map(|fix| (self.word("hoàn tác", "undo"), fix.undo.as_str()));
        for (heading, steps) in fix.into_iter().flat_map(|fix| fix.steps()).chain(undo) {
            let heading = match heading {
                "any" => self.word("cách sửa", "steps"),
                other => other,
            };
            let steps: Vec<_> = steps.trim().lines().map(escape).collect();
            let steps = steps.join("\n");
            text += &format!("\n\n{heading}:\n{steps}");
            let fence = "`".repeat(longest_run(&steps, '`').max(2) + 1);
            formatted += &format!("\n\n**{heading}**\n\n{fence}text\n{steps}\n{fence}");
        }
        let more = format!("khien rules show {}", rule.id);
        text += &format!("\n\n{more}");
        formatted += &format!("\n\n`{more}`");
        Message { text, markdown: Some(formatted) }
    }

    /// The laws, standards and RFCs that rules rest on, in the order of their indices.
    pub(super) fn taxonomies(&self) -> Vec<Component> {
        let taxonomy = |(name, (full, clauses)): (&str, (&Cited, BTreeMap<&str, &Cited>))| Component {
            name: name.to_owned(),
            full_name: Some(escape(full.title.get(self.lang)).into_owned()),
            short_description: Some(Message::plain(sentence(&escape(full.title.get(self.lang))))),
            language: self.language(),
            taxa: clauses
                .into_iter()
                .map(|(clause, cite)| Descriptor {
                    id: clause.to_owned(),
                    short_description: Some(Message::plain(sentence(&escape(cite.summary.get(self.lang))))),
                    ..Descriptor::default()
                })
                .collect(),
            ..Component::default()
        };
        self.cited().into_iter().map(taxonomy).collect()
    }

    fn cited(&self) -> Cites<'_> {
        let mut cited: Cites<'_> = BTreeMap::new();
        for cite in self.report.rules.iter().flat_map(|rule| &rule.cites) {
            let (_, clauses) = cited.entry(&cite.framework).or_insert_with(|| (cite, BTreeMap::new()));
            clauses.entry(&cite.clause).or_insert(cite);
        }
        cited
    }
}

/// By framework: one citation that has its title, and one of each clause.
type Cites<'r> = BTreeMap<&'r str, (&'r Cited, BTreeMap<&'r str, &'r Cited>)>;

/// A rule rests on a clause, which is no class its failures fall into: `relevant` (§3.53.3).
fn relationship(cite: &Cited, cited: &Cites<'_>) -> Option<Relationship> {
    let framework = cited.keys().position(|name| *name == cite.framework)?;
    let (_, clauses) = cited.get(cite.framework.as_str())?;
    Some(Relationship {
        target: DescriptorReference {
            id: cite.clause.clone(),
            index: clauses.keys().position(|clause| *clause == cite.clause),
            tool_component: Some(reference(&cite.framework, framework)),
        },
        kinds: ["relevant"],
    })
}

fn reference(name: &str, index: usize) -> ComponentReference {
    ComponentReference { name: name.to_owned(), index }
}

/// §3.27.10; what does not score is an opportunity to improve.
pub(super) fn level(severity: Severity, scores: bool) -> &'static str {
    match severity {
        _ if !scores => "note",
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// The middle of the ranges that GitHub calls critical (from 9.0), high (7.0), medium (4.0) and low (0.1).
fn security_severity(severity: Severity) -> Option<&'static str> {
    match severity {
        Severity::Critical => Some("9.5"),
        Severity::High => Some("8.0"),
        Severity::Medium => Some("5.5"),
        Severity::Low => Some("2.0"),
        Severity::Info => None,
    }
}

/// `HttpHstsMissing` (§3.49.7: a name for people, other than the id).
fn pascal(id: &str) -> String {
    let word = |word: &str| {
        let mut chars = word.chars();
        chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
    };
    id.split('-').map(word).collect()
}

/// The text with a full stop, where it has no end.
fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

/// Text that GitHub-flavoured Markdown shows as it is: no HTML (§3.11.4.2), no links, no emphasis.
fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '#' | '|' | '~' | '!') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of).map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_are_what_readers_expect() {
        assert_eq!(pascal("http-hsts-missing"), "HttpHstsMissing");
        assert_eq!(sentence("Chưa bật HSTS"), "Chưa bật HSTS.");
        assert_eq!(sentence(" Chưa bật? "), "Chưa bật?");
        assert_eq!(markdown("<b>[a](b)</b> `c`"), "\\<b\\>\\[a\\](b)\\</b\\> \\`c\\`");
        assert_eq!(longest_run("a``b```c", '`'), 3);
    }
}
