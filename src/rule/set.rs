//! All rules together: loading from a folder or from what is built in, order, hash, and what needs more than one rule.

use std::{collections::HashMap, fmt::Write as _, fs, path::Path};

use include_dir::{Dir, include_dir};

use super::{Category, Rule, RuleId, framework::Frameworks};
use crate::language::{Bilingual, Text, bilingual, text};
use crate::yaml::{Diagnostic, Diagnostics, ReadError, Source, did_you_mean, nearest};

/// The rules of this release.
static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// Rules in an order where each comes after those it names in `after`.
#[derive(Clone, Debug)]
pub struct RuleSet {
    rules: Vec<Rule>,
    /// For each rule the places of those it comes after.
    parents: Vec<Vec<usize>>,
    frameworks: Frameworks,
    hash: String,
}

/// Why rules could not be loaded.
#[derive(Debug)]
pub enum RuleSetError {
    /// A file could not be read.
    Read(ReadError),
    /// The folder could not be listed.
    List {
        /// The folder.
        folder: String,
        /// Why.
        source: std::io::Error,
    },
    /// Files with mistakes.
    Mistakes(Diagnostics),
    /// A folder without any rule.
    Empty(String),
}

impl std::error::Error for RuleSetError {}

impl Bilingual for RuleSetError {
    fn text(&self) -> Text {
        match self {
            Self::Read(error) => error.text(),
            Self::List { folder, source } => text!(
                "không liệt kê được quy tắc trong {folder}: {source}",
                "cannot list the rules in {folder}: {source}"
            ),
            Self::Mistakes(mistakes) => text!("{count} lỗi", "{count} mistakes", count = mistakes.count()),
            Self::Empty(folder) => text!("không có quy tắc nào trong {folder}", "no rules in {folder}"),
        }
    }
}

bilingual!(RuleSetError);

impl RuleSetError {
    /// What to do about it.
    pub fn help(&self) -> Text {
        match self {
            Self::Read(error) => error.help(),
            Self::List { .. } => (
                "chỉ một thư mục xếp như rules/: tls/, certificate/, http/, dns/, frameworks/",
                "give a folder laid out as rules/: tls/, certificate/, http/, dns/, frameworks/",
            )
                .into(),
            Self::Mistakes(_) => {
                ("sửa từng chỗ rồi chạy lại", "mend each place and run the command again").into()
            }
            Self::Empty(_) => (
                "quy tắc nằm trong thư mục mang tên nhóm của nó: rules/http/http-hsts-missing.yaml",
                "rules stand in folders named after their category: rules/http/http-hsts-missing.yaml",
            )
                .into(),
        }
    }
}

impl From<ReadError> for RuleSetError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<Diagnostics> for RuleSetError {
    fn from(mistakes: Diagnostics) -> Self {
        Self::Mistakes(mistakes)
    }
}

impl RuleSet {
    /// The rules built into this release.
    pub fn built_in() -> Result<Self, RuleSetError> {
        let mut files = Vec::new();
        let mut folders = vec![&BUILT_IN];
        while let Some(folder) = folders.pop() {
            folders.extend(folder.dirs());
            for file in folder.files() {
                if let (Some(path), Some(text)) = (file.path().to_str(), file.contents_utf8()) {
                    files.push((path.to_owned(), Source::new(format!("rules/{path}"), text)));
                }
            }
        }
        Self::from_files(files, "rules")
    }

    /// The rules in a folder laid out as `rules/`.
    pub fn load(folder: &Path) -> Result<Self, RuleSetError> {
        let name = folder.display().to_string();
        let mut files = Vec::new();
        for part in Category::ALL.iter().map(|c| c.as_str()).chain(["frameworks"]) {
            let path = folder.join(part);
            let listed = match fs::read_dir(&path) {
                Ok(listed) => listed,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && folder.is_dir() => continue,
                Err(source) => return Err(RuleSetError::List { folder: name, source }),
            };
            for entry in listed {
                let entry = entry.map_err(|source| RuleSetError::List { folder: name.clone(), source })?;
                let file = entry.file_name().to_string_lossy().into_owned();
                files.push((format!("{part}/{file}"), Source::read(&entry.path())?));
            }
        }
        Self::from_files(files, &name)
    }

    /// A set of one rule, for its examples; nothing else is checked.
    pub(super) fn of_one(rule: Rule) -> Self {
        Self {
            rules: vec![rule],
            parents: vec![Vec::new()],
            frameworks: Frameworks::default(),
            hash: String::new(),
        }
    }

    /// Rules from files named by their path below `rules/`.
    fn from_files(mut files: Vec<(String, Source)>, folder: &str) -> Result<Self, RuleSetError> {
        files.retain(|(path, _)| Path::new(path).extension().is_some_and(|e| e == "yaml" || e == "yml"));
        // profiles are compared with, never judged by: they are no part of what makes two runs alike
        files.retain(|(path, _)| !path.starts_with("profiles/"));
        files.sort_by(|a, b| a.0.cmp(&b.0));
        let mut mistakes: Vec<Diagnostic> = Vec::new();
        let mut frameworks = Frameworks::default();
        for (_, source) in files.iter().filter(|(path, _)| path.starts_with("frameworks/")) {
            mistakes.extend(frameworks.add(source).err().into_iter().flatten());
        }
        let mut rules = Vec::new();
        for (path, source) in &files {
            let Some((part, file)) = path.split_once('/') else { continue };
            if !Category::ALL.iter().any(|c| c.as_str() == part) {
                continue;
            }
            match Rule::parse(source, &frameworks) {
                Ok(rule) => {
                    mistakes.extend(missettled(&rule, part, file));
                    rules.push(rule);
                }
                Err(found) => mistakes.extend(found),
            }
        }
        let hash = hash(files.iter().map(|(path, source)| (path.as_str(), source.text())));
        match order(rules) {
            Ok((rules, parents)) if mistakes.is_empty() => {
                if rules.is_empty() {
                    return Err(RuleSetError::Empty(folder.to_owned()));
                }
                Ok(Self { rules, parents, frameworks, hash })
            }
            Ok(_) => Err(mistakes),
            Err(found) => {
                // a file that cannot be read makes every mention of it look unknown
                if mistakes.is_empty() {
                    mistakes = found;
                }
                Err(mistakes)
            }
        }
        .map_err(|mistakes| match Diagnostics::collect(mistakes) {
            Some(mistakes) => mistakes.into(),
            None => RuleSetError::Empty(folder.to_owned()),
        })
    }

    /// Every rule, each after those it names in `after`.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// One rule.
    pub fn get(&self, id: &RuleId) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == *id)
    }

    /// The places of the rules that the rule at this place comes after.
    pub fn parents(&self, index: usize) -> &[usize] {
        self.parents.get(index).map_or(&[], Vec::as_slice)
    }

    /// The texts that rules cite.
    pub fn frameworks(&self) -> &Frameworks {
        &self.frameworks
    }

    /// SHA-256 over all rule files, lower-case hex: two runs with the same hash were judged alike.
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

fn missettled(rule: &Rule, part: &str, file: &str) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    if part != rule.category.as_str() {
        let message = text!(
            "quy tắc thuộc nhóm `{category}` lại nằm trong thư mục {part}/",
            "a rule of category `{category}` stands in the folder {part}/",
            category = rule.category
        );
        let help = text!("chuyển sang {category}/", "move it to {category}/", category = rule.category);
        out.push(rule.source.diagnostic(rule.at, message).with_help(help));
    }
    let stem = file.trim_end_matches(".yaml").trim_end_matches(".yml");
    if stem != rule.id.as_str() {
        let message = text!(
            "tệp tên là {file}, quy tắc là {id}",
            "the file is named {file}, the rule {id}",
            id = rule.id
        );
        let help = text!("đặt tên tệp là {id}.yaml", "name the file {id}.yaml", id = rule.id);
        out.push(rule.source.diagnostic(rule.at, message).with_help(help));
    }
    out
}

/// Rules in order, and for each the places of those it comes after.
type Ordered = (Vec<Rule>, Vec<Vec<usize>>);

/// Puts each rule after those it names, by id where nothing else decides.
fn order(mut rules: Vec<Rule>) -> Result<Ordered, Vec<Diagnostic>> {
    rules.sort_by(|a, b| (a.category, &a.id).cmp(&(b.category, &b.id)));
    let mut mistakes = Vec::new();
    let mut places: HashMap<RuleId, usize> = HashMap::new();
    for (place, rule) in rules.iter().enumerate() {
        if let Some(first) = places.insert(rule.id.clone(), place).and_then(|first| rules.get(first)) {
            let message = text!(
                "mã {id} đã được dùng trong {file}",
                "the id {id} is taken by {file}",
                id = rule.id,
                file = first.source.name()
            );
            mistakes.push(rule.source.diagnostic(rule.at, message));
        }
    }
    for rule in &rules {
        for parent in &rule.after {
            if !places.contains_key(&parent.value) {
                let near = nearest(parent.as_str(), places.keys().map(RuleId::as_str));
                let message = text!("không có quy tắc {id}", "no rule {id}", id = parent.value);
                let diagnostic = rule.source.diagnostic(parent.at, message);
                mistakes.push(match near {
                    Some(near) => diagnostic.with_help(did_you_mean(near)),
                    None => diagnostic,
                });
            }
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let mut waiting = rules;
    let mut ordered: Vec<Rule> = Vec::with_capacity(waiting.len());
    let mut settled: HashMap<RuleId, usize> = HashMap::new();
    while !waiting.is_empty() {
        let ready = |rule: &Rule| rule.after.iter().all(|parent| settled.contains_key(&parent.value));
        let (now, later): (Vec<Rule>, Vec<Rule>) = waiting.into_iter().partition(ready);
        if now.is_empty() {
            let in_circle = |rule: &Rule| {
                let message = text!(
                    "{id}, qua các quy tắc khác, lại đứng sau chính nó",
                    "{id} comes, over others, after itself",
                    id = rule.id
                );
                rule.source.diagnostic(rule.at, message)
            };
            return Err(later.iter().map(in_circle).collect());
        }
        for rule in now {
            settled.insert(rule.id.clone(), ordered.len());
            ordered.push(rule);
        }
        waiting = later;
    }
    let parents = ordered
        .iter()
        .map(|rule| rule.after.iter().filter_map(|parent| settled.get(&parent.value).copied()).collect())
        .collect();
    Ok((ordered, parents))
}

fn hash<'f>(files: impl Iterator<Item = (&'f str, &'f str)>) -> String {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for (path, text) in files {
        for part in [path, text] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
    }
    let digest = context.finish();
    digest.as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // writing to a String cannot fail
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
