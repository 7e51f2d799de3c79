//! The words of a rule: identifiers, categories, severities, levels, owners, efforts.

use std::{fmt, num::NonZeroU32, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::language::{Bilingual, Text, bilingual, text};

/// A rule's identifier: kebab-case, names the fault, stable for ever.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct RuleId(#[schemars(with = "String")] Arc<str>);

/// Why a word is no rule identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleIdError(String);

impl std::error::Error for RuleIdError {}

impl Bilingual for RuleIdError {
    fn text(&self) -> Text {
        text!(
            "{id:?} không phải mã quy tắc: dùng chữ thường không dấu và chữ số, các từ nối bằng một dấu gạch ngang, ví dụ http-hsts-missing",
            "{id:?} is no rule id: use lower-case words joined by single hyphens, e.g. http-hsts-missing",
            id = self.0
        )
    }
}

impl RuleId {
    /// Reads an identifier.
    pub fn parse(text: &str) -> Result<Self, RuleIdError> {
        let word = |w: &str| !w.is_empty() && w.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let kebab = text.starts_with(|c: char| c.is_ascii_lowercase()) && text.split('-').all(word);
        if kebab && text.len() <= 64 { Ok(Self(text.into())) } else { Err(RuleIdError(text.to_owned())) }
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for RuleId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(|error| serde::de::Error::custom(error.text().lines()))
    }
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every one, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word for it in rules, reports and flags.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words! {
    /// What a rule is about.
    Category {
        /// Transport encryption.
        Tls = "tls",
        /// Certificates.
        Certificate = "certificate",
        /// HTTP and its fields.
        Http = "http",
        /// Names.
        Dns = "dns",
        /// Mail.
        Mail = "mail",
        /// Content of pages.
        Web = "web",
    }
}

words! {
    /// How bad a failure is, worst first.
    Severity {
        /// Nghiêm trọng.
        Critical = "critical",
        /// Cao.
        High = "high",
        /// Trung bình.
        Medium = "medium",
        /// Thấp.
        Low = "low",
        /// Thông tin.
        Info = "info",
    }
}

words! {
    /// What a rule asks.
    Level {
        /// Scores.
        Required = "required",
        /// Shown, without points.
        Recommended = "recommended",
        /// Told, nothing asked.
        Info = "info",
    }
}

words! {
    /// Who can fix a failure.
    Owner {
        /// The unit the site belongs to.
        Site = "site",
        /// Whoever runs the server at the address.
        Address = "address",
        /// Whoever runs the DNS zone.
        Zone = "zone",
        /// Whoever runs the mail exchanger.
        Mx = "mx",
    }
}

/// How long a fix takes somebody who has the steps in front of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Effort(NonZeroU32);

/// Why a text is no effort.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffortError(String);

impl std::error::Error for EffortError {}

impl Bilingual for EffortError {
    fn text(&self) -> Text {
        text!(
            "{effort:?} không phải thời lượng: ghi phút, giờ hoặc ngày, ví dụ 15m, 2h, 1d (một ngày làm việc có 8 giờ)",
            "{effort:?} is no effort: write minutes, hours or days as in 15m, 2h, 1d (a working day has 8 hours)",
            effort = self.0
        )
    }
}

bilingual!(RuleIdError, EffortError);

impl Effort {
    /// An effort in minutes; at least one.
    pub fn from_minutes(minutes: u32) -> Self {
        Self(NonZeroU32::new(minutes).unwrap_or(NonZeroU32::MIN))
    }

    /// Reads `15m`, `2h` or `1d`; a working day has 8 hours.
    pub fn parse(text: &str) -> Result<Self, EffortError> {
        let error = || EffortError(text.to_owned());
        let unit = match text.chars().last() {
            Some('m') => 1,
            Some('h') => 60,
            Some('d') => 480,
            _ => return Err(error()),
        };
        let digits = text.get(..text.len() - 1).filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
        let number = digits.and_then(|d| d.parse::<u32>().ok()).filter(|n| (1..=1_000).contains(n));
        number.and_then(|n| NonZeroU32::new(n * unit)).map(Self).ok_or_else(error)
    }

    /// In minutes.
    pub fn minutes(self) -> u32 {
        self.0.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_ids_are_kebab_case() {
        for good in ["http-hsts-missing", "tls13", "a"] {
            assert!(RuleId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "a--b", "A-b", "a_b", "1a", "a b", "thẻ"] {
            assert!(RuleId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn efforts_are_minutes_hours_and_days() {
        assert_eq!(Effort::parse("15m").map(Effort::minutes), Ok(15));
        assert_eq!(Effort::parse("2h").map(Effort::minutes), Ok(120));
        assert_eq!(Effort::parse("1d").map(Effort::minutes), Ok(480));
        for bad in ["", "m", "0m", "15", "-1m", "1.5h", "15 m", "1w", "99999999999m", "１m"] {
            assert!(Effort::parse(bad).is_err(), "{bad}");
        }
    }
}
