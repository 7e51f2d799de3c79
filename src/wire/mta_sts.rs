//! MTA-STS (RFC 8461): the TXT record that announces a policy, and the policy file. Fetches nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tag_list::{Several, after_version, sole};

/// The most seconds a policy may ask to be remembered (§3.2): about a year.
pub const MAX_AGE_LIMIT: u64 = 31_557_600;
/// Patterns kept of a policy.
pub const PATTERN_LIMIT: usize = 100;
/// Bytes of a policy file that are read; the specification lets receivers stop at 64 KiB (§3.3).
pub const FILE_LIMIT: usize = 64 * 1024;

/// What the TXT records of `_mta-sts.DOMAIN` come to (§3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Announced {
    /// No record of MTA-STS, so no policy.
    Nothing,
    /// A policy of this identity.
    Id(String),
    /// Several records, or one that does not follow the grammar: senders act as if there were none.
    Broken(&'static str),
}

/// Reads the TXT records of `_mta-sts.DOMAIN`.
pub fn announced(texts: &[Vec<u8>]) -> Announced {
    let fields = match sole(texts, |text| after_version(text, "v=STSv1")) {
        Ok(None) => return Announced::Nothing,
        Err(Several) => return Announced::Broken("more than one record begins with v=STSv1"),
        Ok(Some(fields)) => fields,
    };
    let Ok(fields) = std::str::from_utf8(fields) else {
        return Announced::Broken("the record holds characters outside of ASCII");
    };
    let mut id = None;
    let Some(fields) = fields.trim_start_matches([' ', '\t']).strip_prefix(';') else {
        return Announced::Broken("no semicolon follows v=STSv1");
    };
    for field in fields.split(';').map(|field| field.trim_matches([' ', '\t'])) {
        match field.split_once('=') {
            Some(("id", value)) => drop(id.get_or_insert(value)),
            Some((name, _)) if is_name(name) => {}
            None if field.is_empty() => {}
            _ => return Announced::Broken("a field is not name=value"),
        }
    }
    match id {
        Some(id) if (1..=32).contains(&id.len()) && id.bytes().all(|octet| octet.is_ascii_alphanumeric()) => {
            Announced::Id(id.to_owned())
        }
        Some(_) => Announced::Broken("id= is not 1 to 32 letters and digits"),
        None => Announced::Broken("id= is missing"),
    }
}

/// How a policy is to be applied (§5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Mail is not delivered where it fails.
    Enforce,
    /// Failures are only reported.
    Testing,
    /// The policy is being withdrawn.
    None,
}

/// A policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How it is applied.
    pub mode: Mode,
    /// For how many seconds senders remember it.
    pub max_age: u64,
    /// Which hosts may be mail exchangers, lower case, without a trailing dot; a leading `*.` stands for one label.
    pub patterns: Vec<String>,
}

/// Why a file is no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Larger than [`FILE_LIMIT`].
    #[error("the file is larger than 64 KiB")]
    TooLarge,
    /// Octets that are no UTF-8.
    #[error("the file is not UTF-8")]
    NotText,
    /// A line that is no field.
    #[error("line {0} is not name: value")]
    Line(usize),
    /// The first field has to be `version: STSv1`.
    #[error("version: STSv1 is missing")]
    Version,
    /// No mode, or none of the three.
    #[error("mode: has to be enforce, testing or none")]
    Mode,
    /// No age, or none within the limit.
    #[error("max_age: has to be a number of seconds up to 31557600")]
    MaxAge,
    /// A mode that needs hosts, and none is named.
    #[error("no mx: line names a mail exchanger")]
    NoExchanger,
    /// A pattern that is no host name.
    #[error("mx: {0:?} is no host name")]
    Pattern(String),
}

impl Policy {
    /// Reads a policy file (§3.2). Fields may come in any order; of a repeated one, `mx` aside, the first counts.
    pub fn parse(file: &[u8]) -> Result<Self, PolicyError> {
        if file.len() > FILE_LIMIT {
            return Err(PolicyError::TooLarge);
        }
        let text = std::str::from_utf8(file).map_err(|_| PolicyError::NotText)?;
        let (mut version, mut mode, mut max_age, mut patterns) = (None, None, None, Vec::new());
        for (number, line) in text.split('\n').enumerate() {
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.trim_matches([' ', '\t']).is_empty() {
                continue;
            }
            let (name, value) = line
                .split_once(':')
                .filter(|(name, _)| is_name(name))
                .ok_or(PolicyError::Line(number + 1))?;
            let value = value.trim_matches([' ', '\t']);
            match name {
                "version" => drop(version.get_or_insert(value)),
                "mode" => drop(mode.get_or_insert(value)),
                "max_age" => drop(max_age.get_or_insert(value)),
                "mx" if patterns.len() < PATTERN_LIMIT => patterns.push(pattern(value)?),
                _ => {}
            }
        }
        if version != Some("STSv1") {
            return Err(PolicyError::Version);
        }
        let mode = match mode {
            Some("enforce") => Mode::Enforce,
            Some("testing") => Mode::Testing,
            Some("none") => Mode::None,
            _ => return Err(PolicyError::Mode),
        };
        let max_age = max_age
            .filter(|age| (1..=10).contains(&age.len()) && age.bytes().all(|digit| digit.is_ascii_digit()))
            .and_then(|age| age.parse().ok())
            .filter(|age| *age <= MAX_AGE_LIMIT)
            .ok_or(PolicyError::MaxAge)?;
        if patterns.is_empty() && mode != Mode::None {
            return Err(PolicyError::NoExchanger);
        }
        Ok(Self { mode, max_age, patterns })
    }

    /// The file, as [`Policy::parse`] reads it.
    pub fn to_file(&self) -> String {
        let mode = match self.mode {
            Mode::Enforce => "enforce",
            Mode::Testing => "testing",
            Mode::None => "none",
        };
        let mut file = format!("version: STSv1\r\nmode: {mode}\r\n");
        for pattern in &self.patterns {
            file.push_str(&format!("mx: {pattern}\r\n"));
        }
        file.push_str(&format!("max_age: {}\r\n", self.max_age));
        file
    }

    /// Whether a mail exchanger may be one (§4.1): `*.` matches exactly one label.
    pub fn allows(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        self.patterns.iter().any(|pattern| match pattern.strip_prefix("*.") {
            Some(parent) => {
                host.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == parent)
            }
            None => *pattern == host,
        })
    }
}

fn pattern(value: &str) -> Result<String, PolicyError> {
    let value = value.strip_suffix('.').unwrap_or(value);
    let host = value.strip_prefix("*.").unwrap_or(value);
    let fits = host.len() <= 253
        && host.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
        });
    if fits {
        Ok(value.to_ascii_lowercase())
    } else {
        Err(PolicyError::Pattern(value.chars().take(100).collect()))
    }
}

/// `( ALPHA / DIGIT ) *31( ALPHA / DIGIT / "_" / "-" / "." )`.
fn is_name(name: &str) -> bool {
    name.len() <= 32
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn announcements() {
        let of = |texts: &[&str]| {
            announced(&texts.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>())
        };
        assert_eq!(of(&["v=STSv1; id=20160831085700Z;"]), Announced::Id(String::from("20160831085700Z")));
        assert_eq!(of(&["v=spf1 -all", "v=STSv1 ;id=1"]), Announced::Id(String::from("1")));
        assert_eq!(of(&["v=STSv1; x=y; id=2; "]), Announced::Id(String::from("2")));
        assert_eq!(of(&["v=STSv2; id=1", "v=STSv10; id=1"]), Announced::Nothing);
        assert_eq!(of(&[]), Announced::Nothing);
        for texts in [
            &["v=STSv1"][..],
            &["v=STSv1;"],
            &["v=STSv1; id="],
            &["v=STSv1; id=2-3"],
            &["v=STSv1; id=123456789012345678901234567890123"],
            &["v=STSv1; oops"],
            &["v=STSv1; id=1", "v=STSv1; id=2"],
        ] {
            assert!(matches!(of(texts), Announced::Broken(_)), "{texts:?}");
        }
    }

    #[test]
    fn files() {
        let file = b"version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.Example.net\r\nmax_age: 604800\r\n";
        let policy = Policy::parse(file).unwrap();
        assert_eq!((policy.mode, policy.max_age), (Mode::Enforce, 604_800));
        for (host, expected) in [
            ("mail.example.com", true),
            ("MAIL.example.com.", true),
            ("a.example.net", true),
            ("a.b.example.net", false),
            ("example.net", false),
            ("mail2.example.com", false),
        ] {
            assert_eq!(policy.allows(host), expected, "{host}");
        }
        let lines = "max_age: 1\nmode: none\nversion: STSv1\nx.y: z";
        assert_eq!(Policy::parse(lines.as_bytes()).map(|policy| policy.mode), Ok(Mode::None));
        for (file, error) in [
            ("", PolicyError::Version),
            ("version: STSv2\nmode: none\nmax_age: 1", PolicyError::Version),
            ("version: STSv1\nmode: on\nmax_age: 1", PolicyError::Mode),
            ("version: STSv1\nmode: none", PolicyError::MaxAge),
            ("version: STSv1\nmode: none\nmax_age: 31557601", PolicyError::MaxAge),
            ("version: STSv1\nmode: none\nmax_age: +1", PolicyError::MaxAge),
            ("version: STSv1\nmode: testing\nmax_age: 1", PolicyError::NoExchanger),
            ("version: STSv1\nmode: testing\nmx: a b\nmax_age: 1", PolicyError::Pattern(String::from("a b"))),
            ("<html>", PolicyError::Line(1)),
        ] {
            assert_eq!(Policy::parse(file.as_bytes()), Err(error), "{file}");
        }
        assert_eq!(Policy::parse(b"\xff"), Err(PolicyError::NotText));
        assert_eq!(Policy::parse(&vec![b'\n'; FILE_LIMIT + 1]), Err(PolicyError::TooLarge));
    }

    proptest! {
        #[test]
        fn never_panics(file in any::<Vec<u8>>()) {
            let _ = Policy::parse(&file);
            announced(&[file]);
        }

        #[test]
        fn round_trip(max_age in 0..=MAX_AGE_LIMIT, hosts in prop::collection::vec("(\\*\\.)?[a-z]{1,5}\\.[a-z]{1,3}", 1..5)) {
            let policy = Policy { mode: Mode::Testing, max_age, patterns: hosts };
            prop_assert_eq!(Policy::parse(policy.to_file().as_bytes()), Ok(policy));
        }
    }
}
