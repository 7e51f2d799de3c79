//! Profiles as their files describe them: parsed, not validated. Every word is held against what can be seen at all.

use std::sync::Arc;

use include_dir::{Dir, include_dir};
use jiff::civil::Date;
use serde::Deserialize;

use super::Subject;
use crate::{
    language::text,
    observation::Protocol,
    rule::{Text, Verified},
    yaml::{self, Diagnostic, Diagnostics, Located, Source, did_you_mean, nearest},
};

/// The profiles of this release.
static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/rules/profiles");

/// Several profiles, by id; shared with every comparison made with them.
#[derive(Clone, Debug)]
pub struct Profiles(Vec<Arc<Profile>>);

/// Why profiles could not be loaded.
pub type ProfileError = Diagnostics;

/// One guideline.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Stable name, kebab-case.
    pub id: String,
    /// What it is called.
    pub title: Text,
    /// Which edition of its text this is, as its publisher counts.
    pub edition: String,
    /// Where the text stands.
    pub source: String,
    /// How far somebody verified it.
    pub verified: Verified,
    /// When.
    pub checked_on: Date,
    /// Its levels, best first.
    pub levels: Vec<Level>,
    /// What of it is not compared, and why.
    pub left_out: Vec<Text>,
    pub(super) tests: Vec<Test>,
}

/// A level of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// Its short name.
    pub id: String,
    /// What it is called.
    pub word: Text,
}

/// One thing that a profile says. Levels are places in [`Profile::levels`].
#[derive(Clone, Debug)]
pub(super) enum Test {
    /// Every word seen has a level: that of its list, or `otherwise`; those in `unranked` have none.
    Each {
        subject: Subject,
        versions: Vec<Protocol>,
        lists: Vec<(usize, Vec<String>)>,
        unranked: Vec<String>,
        otherwise: Option<usize>,
    },
    /// At least one of these words is seen; `otherwise` where none is.
    Some { subject: Subject, versions: Vec<Protocol>, of: Vec<String>, otherwise: usize },
    /// Every number seen has the best level whose bound it keeps, or `otherwise`.
    Bound { subject: Subject, least: bool, bounds: Vec<(usize, u32)>, otherwise: usize },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProfile {
    id: Located<String>,
    title: Text,
    edition: String,
    source: String,
    verified: Verified,
    checked_on: Date,
    levels: Located<Vec<Level>>,
    #[serde(default)]
    left_out: Vec<Text>,
    tests: Vec<RawTest>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum RawTest {
    Each(RawEach),
    Some(RawSome),
    AtLeast(RawBound),
    AtMost(RawBound),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEach {
    subject: Located<Subject>,
    #[serde(default)]
    versions: Vec<Protocol>,
    levels: Vec<RawList>,
    #[serde(default)]
    unranked: Vec<Located<String>>,
    /// Without it, words in no list have no level.
    #[serde(default)]
    otherwise: Option<Located<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawList {
    level: Located<String>,
    of: Vec<Located<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSome {
    subject: Located<Subject>,
    #[serde(default)]
    versions: Vec<Protocol>,
    of: Vec<Located<String>>,
    otherwise: Located<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBound {
    subject: Located<Subject>,
    levels: Vec<RawStep>,
    otherwise: Located<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    level: Located<String>,
    bound: u32,
}

impl Profiles {
    /// The profiles of this release.
    pub fn built_in() -> Result<Self, ProfileError> {
        let files = BUILT_IN.files().filter_map(|file| Some((file.path().to_str()?, file.contents_utf8()?)));
        Self::parse(files.map(|(path, text)| Source::new(format!("rules/profiles/{path}"), text)))
    }

    /// Reads profiles, each a file of its own named after its id; every mistake has its place.
    pub fn parse(sources: impl IntoIterator<Item = Source>) -> Result<Self, ProfileError> {
        let mut sources: Vec<Source> = sources.into_iter().collect();
        sources.sort_by(|a, b| a.name().cmp(b.name()));
        let mut mistakes = Vec::new();
        let mut profiles = Vec::new();
        for source in &sources {
            match yaml::parse::<RawProfile>(source) {
                Ok(raw) => profiles.push(Arc::new(raw.profile(source, &mut mistakes))),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        match Diagnostics::collect(mistakes) {
            Some(mistakes) => Err(mistakes),
            None => Ok(Self(profiles)),
        }
    }

    /// Every profile, by id.
    pub fn all(&self) -> &[Arc<Profile>] {
        &self.0
    }

    /// One profile and no other.
    pub fn only(&self, id: &str) -> Option<Self> {
        let one: Vec<_> = self.0.iter().filter(|profile| profile.id == id).cloned().collect();
        (!one.is_empty()).then_some(Self(one))
    }

    /// One profile.
    pub fn get(&self, id: &str) -> Option<&Profile> {
        self.0.iter().map(Arc::as_ref).find(|profile| profile.id == id)
    }
}

/// Where mistakes of one file go, and the levels its words are held against.
struct Reader<'r> {
    source: &'r Source,
    levels: Vec<String>,
    mistakes: &'r mut Vec<Diagnostic>,
}

impl RawProfile {
    fn profile(self, source: &Source, mistakes: &mut Vec<Diagnostic>) -> Profile {
        let levels = self.levels.iter().map(|level| level.id.clone()).collect();
        let mut reader = Reader { source, levels, mistakes };
        let file = source.name().rsplit('/').next().unwrap_or_default();
        if file != format!("{}.yaml", *self.id) {
            reader.say(
                self.id.at,
                text!(
                    "hồ sơ `{id}` nằm trong tệp `{file}`",
                    "the profile `{id}` stands in `{file}`",
                    id = *self.id
                ),
                ("đặt tên tệp theo tên hồ sơ", "name the file after it"),
            );
        }
        if self.levels.len() < 2 {
            reader.say(
                self.levels.at,
                ("cần ít nhất hai mức để so sánh", "fewer than two levels compare nothing"),
                ("ghi mức tốt nhất trước", "write the best first"),
            );
        }
        let tests = self.tests.into_iter().map(|raw| reader.test(raw)).collect();
        Profile {
            id: self.id.into_inner(),
            title: self.title,
            edition: self.edition,
            source: self.source,
            verified: self.verified,
            checked_on: self.checked_on,
            levels: self.levels.into_inner(),
            left_out: self.left_out,
            tests,
        }
    }
}

impl Reader<'_> {
    fn say(&mut self, at: yaml::Location, message: impl Into<Text>, help: impl Into<Text>) {
        self.mistakes.push(self.source.diagnostic(at, message).with_help(help));
    }

    fn test(&mut self, raw: RawTest) -> Test {
        match raw {
            RawTest::Each(each) => {
                self.speaks_of_words(&each.subject, &each.versions);
                let lists = each
                    .levels
                    .iter()
                    .map(|list| (self.level(&list.level), self.words(*each.subject, &list.of)))
                    .collect();
                let otherwise = each.otherwise.as_ref().map(|level| self.level(level));
                let unranked = self.words(*each.subject, &each.unranked);
                Test::Each { subject: *each.subject, versions: each.versions, lists, unranked, otherwise }
            }
            RawTest::Some(some) => {
                self.speaks_of_words(&some.subject, &some.versions);
                Test::Some {
                    subject: *some.subject,
                    of: self.words(*some.subject, &some.of),
                    otherwise: self.level(&some.otherwise),
                    versions: some.versions,
                }
            }
            RawTest::AtLeast(bound) => self.bound(&bound, true),
            RawTest::AtMost(bound) => self.bound(&bound, false),
        }
    }

    fn bound(&mut self, raw: &RawBound, least: bool) -> Test {
        if !raw.subject.is_number() {
            self.say(
                raw.subject.at,
                ("mục này có tên, không có số", "this subject has words, no numbers"),
                ("dùng `each` hoặc `some`", "use `each` or `some`"),
            );
        }
        let mut bounds: Vec<(usize, u32)> =
            raw.levels.iter().map(|step| (self.level(&step.level), step.bound)).collect();
        bounds.sort_by_key(|(level, _)| *level);
        Test::Bound { subject: *raw.subject, least, bounds, otherwise: self.level(&raw.otherwise) }
    }

    fn speaks_of_words(&mut self, subject: &Located<Subject>, versions: &[Protocol]) {
        if subject.is_number() {
            self.say(
                subject.at,
                ("mục này có số, không có tên", "this subject has numbers, no words"),
                ("dùng `at_least` hoặc `at_most`", "use `at_least` or `at_most`"),
            );
        }
        if !versions.is_empty() && !subject.is_of_suites() {
            self.say(
                subject.at,
                ("chỉ bộ mã mới thuộc về một phiên bản", "only suites belong to a version"),
                ("bỏ `versions`", "leave `versions` out"),
            );
        }
    }

    fn level(&mut self, level: &Located<String>) -> usize {
        if let Some(place) = self.levels.iter().position(|known| *known == **level) {
            return place;
        }
        let near = nearest(level, self.levels.iter().map(String::as_str)).map(did_you_mean);
        let help =
            near.unwrap_or_else(|| ("ghi một trong các mức ở `levels`", "write one of `levels`").into());
        self.say(level.at, text!("không có mức `{level}`", "no level `{level}`", level = **level), help);
        0
    }

    fn words(&mut self, subject: Subject, words: &[Located<String>]) -> Vec<String> {
        for word in words.iter().filter(|word| !subject.is_number() && !subject.knows(word)) {
            let message = text!(
                "`{word}` không bao giờ xuất hiện ở mục {subject}",
                "`{word}` is never seen as {subject}",
                word = **word;
                subject = subject.words()
            );
            let help = ("ghi như trong `khien facts`", "write it as the facts do: `khien facts`");
            self.say(word.at, message, help);
        }
        words.iter().map(|word| word.value.clone()).collect()
    }
}
