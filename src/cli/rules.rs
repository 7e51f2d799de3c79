//! `khien rules`: the rule workshop. Lists, shows, tests and lints rule files.

mod page;

use std::path::PathBuf;

use crate::{
    language::{Text, text},
    render::{escape, pad, words, wrap},
    rule::{Lang, Rule, RuleId, RuleSet, Verdict},
    yaml::{did_you_mean, nearest},
};

use super::{Exit, Failed, Screen, options::RulesFrom};

/// Bộ quy tắc: liệt kê, xem, chạy ví dụ, tìm lỗi · The rules, their tests and their mistakes
#[derive(Debug, clap::Args)]
pub(super) struct Rules {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Liệt kê mọi quy tắc · List all rules
    List {
        /// Cách in · How to print them
        #[arg(long, value_enum, default_value_t = Format::Terminal)]
        format: Format,
        #[command(flatten)]
        from: RulesFrom,
    },
    /// Xem một quy tắc: lý do, điều kiện, cách sửa, viện dẫn · Show one rule
    Show {
        /// Mã quy tắc, ví dụ http-hsts-missing · The rule's id
        id: String,
        #[command(flatten)]
        from: RulesFrom,
    },
    /// Chạy các ví dụ ghi trong quy tắc · Run the examples inside the rules
    Test {
        /// Chỉ quy tắc này · Only this rule
        id: Option<String>,
        #[command(flatten)]
        from: RulesFrom,
    },
    /// Tìm lỗi trong tệp quy tắc · Check rule files for mistakes
    Lint {
        /// Thư mục quy tắc xếp như rules/; mặc định dùng quy tắc sẵn có · A folder laid out as rules/; the built-in rules by default
        folder: Option<PathBuf>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Mỗi dòng một quy tắc · One rule a line
    Terminal,
    /// Trang tài liệu docs/rules.md, tỉnh có thể công bố · The page docs/rules.md, which a province may publish
    Markdown,
}

impl Rules {
    pub(super) fn run(&self, screen: &mut Screen<'_>) -> Result<Exit, Failed> {
        match &self.action {
            Action::List { format: Format::Terminal, from } => list(&from.load()?, screen),
            Action::List { format: Format::Markdown, from } => {
                page::write(&from.load()?, screen.out)?;
                Ok(Exit::Done)
            }
            Action::Show { id, from } => show(find(&from.load()?, id)?, &from.load()?, screen),
            Action::Test { id, from } => test(&from.load()?, id.as_deref(), screen),
            Action::Lint { folder } => {
                let rules = match folder {
                    Some(folder) => RuleSet::load(folder)?,
                    None => RuleSet::built_in()?,
                };
                match screen.lang {
                    Lang::Vi => writeln!(screen.out, "{} quy tắc, không có lỗi.", rules.rules().len())?,
                    Lang::En => writeln!(screen.out, "{} rules, no mistakes.", rules.rules().len())?,
                }
                Ok(Exit::Done)
            }
        }
    }
}

fn find<'r>(rules: &'r RuleSet, id: &str) -> Result<&'r Rule, Failed> {
    let found = RuleId::parse(id).ok().and_then(|id| rules.get(&id));
    found.ok_or_else(|| {
        let near = nearest(id, rules.rules().iter().map(|rule| rule.id.as_str()));
        let help = near.map_or_else(
            || Text::new("khien rules list nêu mọi quy tắc", "khien rules list names all rules"),
            did_you_mean,
        );
        Failed::usage(text!("không có quy tắc `{id}`", "no rule `{id}`"), help)
    })
}

fn list(rules: &RuleSet, screen: &mut Screen<'_>) -> Result<Exit, Failed> {
    let widest = rules.rules().iter().map(|rule| rule.id.as_str().len()).max().unwrap_or(0);
    for rule in rules.rules() {
        writeln!(
            screen.out,
            "{:widest$}  {}  {}  {}  {}",
            rule.id,
            pad(words::severity(rule.severity, screen.lang), 12),
            pad(words::level(rule.level, screen.lang), 15),
            pad(words::owner(rule.owner, screen.lang), 21),
            rule.title.get(screen.lang)
        )?;
    }
    Ok(Exit::Done)
}

fn show(rule: &Rule, rules: &RuleSet, screen: &mut Screen<'_>) -> Result<Exit, Failed> {
    let lang = screen.lang;
    let vi = lang == Lang::Vi;
    let word = |in_vi: &'static str, in_en: &'static str| if vi { in_vi } else { in_en };
    let out = &mut *screen.out;
    writeln!(out, "{}  {}", rule.id, rule.title.get(lang))?;
    writeln!(
        out,
        "{}, {}, {}, {} {}",
        words::severity(rule.severity, lang),
        words::level(rule.level, lang),
        words::owner(rule.owner, lang),
        rule.effort.minutes(),
        word("phút", "minutes")
    )?;
    writeln!(out, "{} {}", word("Ai làm:", "Fixed by:"), page::who(rule.fix.who).get(lang))?;
    writeln!(out, "\n{}", wrap(rule.why.get(lang), 78, ""))?;
    if !rule.after.is_empty() {
        let after: Vec<&str> = rule.after.iter().map(|id| id.as_str()).collect();
        writeln!(out, "\n{} {}", word("Sau:", "After:"), after.join(", "))?;
    }
    if let Some(applies) = &rule.applies {
        writeln!(out, "\n{} {}", word("Áp dụng khi:", "Applies when:"), applies.text())?;
    }
    writeln!(out, "{} {}", word("Yêu cầu:", "Requires:"), rule.requires.text())?;
    for (name, value) in rule.params.as_object().into_iter().flatten() {
        writeln!(out, "  params.{name} = {value}")?;
    }
    writeln!(out, "\n{}", word("Cách làm", "Steps"))?;
    let fix = match lang {
        Lang::Vi => &rule.fix.vi,
        Lang::En => &rule.fix.en,
    };
    for (server, steps) in fix.steps() {
        let tried = page::server(server).map(|server| page::tried(rule, server));
        let mark = tried.map(|tried| format!("  ({})", tried.get(lang))).unwrap_or_default();
        let name = match (server, page::server(server)) {
            (_, Some(server)) => words::server(server),
            ("any", None) => word("mọi phần mềm", "any software"),
            (other, None) => other,
        };
        writeln!(out, "  [{name}]{mark}\n{}", wrap(steps, 78, "    "))?;
    }
    writeln!(out, "  [{}]\n{}", word("hoàn tác", "undo"), wrap(&fix.undo, 78, "    "))?;
    writeln!(out, "\n{}", word("Viện dẫn", "Citations"))?;
    for cite in &rule.cites {
        let framework = rules.frameworks().get(&cite.reference);
        let Some((framework, clause)) = framework.and_then(|f| Some((f, f.clause(&cite.clause)?))) else {
            continue;
        };
        writeln!(
            out,
            "  {} {}: {} ({}, {})",
            framework.title.get(lang),
            cite.clause,
            clause.summary.get(lang),
            clause.verified.mark().get(lang),
            clause.checked_on
        )?;
    }
    Ok(Exit::Done)
}

fn test(rules: &RuleSet, id: Option<&str>, screen: &mut Screen<'_>) -> Result<Exit, Failed> {
    let chosen: Vec<&Rule> = match id {
        Some(id) => vec![find(rules, id)?],
        None => rules.rules().iter().collect(),
    };
    let mut examples = 0;
    let mut wrong = 0;
    for rule in &chosen {
        examples += rule.examples.len();
        for mismatch in rules.mismatches(rule) {
            wrong += 1;
            let example = &mismatch.example;
            let place = format!("{}:{}:{}", rule.source.name(), example.at.line, example.at.column);
            writeln!(screen.out, "{place}: {} / {}", rule.id, escape(&example.name))?;
            let word = |verdict: Verdict| serde_json::to_value(verdict).unwrap_or_default();
            match &mismatch.found {
                Ok(finding) => {
                    let (expected, found) = (word(example.expect), word(finding.verdict));
                    let told =
                        text!("mong đợi {expected}, nhận được {found}", "expected {expected}, found {found}");
                    writeln!(screen.out, "  {}", told.get(screen.lang))?;
                    for evidence in &finding.evidence {
                        writeln!(
                            screen.out,
                            "  {} = {}",
                            escape(&evidence.fact),
                            escape(&evidence.value.to_string())
                        )?;
                    }
                }
                Err(why) => writeln!(screen.out, "  {}", escape(why))?,
            }
        }
    }
    let count = chosen.len();
    match screen.lang {
        Lang::Vi => {
            writeln!(screen.out, "{count} quy tắc, {examples} ví dụ, {wrong} ví dụ không như mong đợi.")?;
        }
        Lang::En => writeln!(screen.out, "{count} rules, {examples} examples, {wrong} not as expected.")?,
    }
    Ok(if wrong == 0 { Exit::Done } else { Exit::Internal })
}
