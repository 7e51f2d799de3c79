//! The two languages that people read, and a text in both. Owns that neither can be left out; no sentence of its own.

use std::{fmt, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A language that people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Lang {
    /// Vietnamese.
    #[serde(rename = "vi")]
    Vi,
    /// English.
    #[serde(rename = "en")]
    En,
}

impl Lang {
    /// Every one, in order.
    pub const ALL: &'static [Self] = &[Self::Vi, Self::En];

    /// The word for it in rules, reports and flags.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text in both languages; cloning shares it, since the same few texts stand in every finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Vietnamese.
    pub vi: Arc<str>,
    /// English.
    pub en: Arc<str>,
}

impl Text {
    /// A text from both languages.
    pub fn new(vi: impl Into<Arc<str>>, en: impl Into<Arc<str>>) -> Self {
        Self { vi: vi.into(), en: en.into() }
    }

    /// What has no language: a name, a number, a quoted word.
    pub fn same(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        Self { vi: text.clone(), en: text }
    }

    /// The text in one language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Vi => &self.vi,
            Lang::En => &self.en,
        }
    }

    /// Both languages changed alike.
    #[must_use]
    pub fn map(&self, change: impl Fn(&str) -> String) -> Self {
        Self::new(change(&self.vi), change(&self.en))
    }

    /// Both languages as two lines, for an error that has to pass through serde as one string.
    pub fn lines(&self) -> String {
        let line = |text: &str| text.replace(['\n', '\r'], " ");
        format!("{}\n{}", line(&self.vi), line(&self.en))
    }

    /// Reads what [`Text::lines`] wrote.
    pub fn from_lines(lines: &str) -> Option<Self> {
        let (vi, en) = lines.split_once('\n')?;
        (!en.contains('\n')).then(|| Self::new(vi, en))
    }
}

/// Vietnamese first.
impl<V: Into<Arc<str>>, E: Into<Arc<str>>> From<(V, E)> for Text {
    fn from((vi, en): (V, E)) -> Self {
        Self::new(vi, en)
    }
}

/// An error that says in both languages what is wrong.
pub trait Bilingual: std::error::Error {
    /// The sentence.
    fn text(&self) -> Text;
}

impl<E: Bilingual> From<E> for Text {
    fn from(error: E) -> Self {
        error.text()
    }
}

/// A [`Text`] whose two sentences quote the same values: `text!("thiếu khóa `{key}`", "the key `{key}` is missing")`.
/// Behind a semicolon stand values that are texts themselves: `text!("đây là {kind}", "this is {kind}"; kind = of.kind())`.
macro_rules! text {
    ($vi:literal, $en:literal $(, $name:ident = $value:expr)* $(; $($inner:ident = $inside:expr),+)? $(,)?) => {{
        $($(let $inner: $crate::language::Text = ::std::convert::Into::into($inside);)+)?
        $crate::language::Text::new(
            ::std::format!($vi $(, $name = $value)* $($(, $inner = $inner.vi)+)?),
            ::std::format!($en $(, $name = $value)* $($(, $inner = $inner.en)+)?),
        )
    }};
}
pub(crate) use text;

/// An error whose [`Display`](fmt::Display) is the English of its [`Bilingual::text`].
macro_rules! bilingual {
    ($($error:ty),+ $(,)?) => {
        $(
            impl ::std::fmt::Display for $error {
                fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                    f.write_str(&$crate::language::Bilingual::text(self).en)
                }
            }
        )+
    };
}
pub(crate) use bilingual;

/// What holds for every sentence: composed Vietnamese that blames nobody and is not the English, quoting the same words.
#[cfg(test)]
#[track_caller]
pub(crate) fn assert_good(text: &Text) {
    /// Quoted in passing, in the reader's language.
    const EXAMPLES: [(&str, &str); 3] =
        [("`khóa: giá trị`", "`key: value`"), ("`*tên`", "`*name`"), ("`&tên`", "`&name`")];
    let quoted = |text: &str| {
        let mut found: Vec<String> = text.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        found.sort();
        found
    };
    let mut vi = text.vi.to_string();
    for (in_vi, in_en) in EXAMPLES {
        vi = vi.replace(in_vi, in_en);
    }
    assert_eq!(quoted(&vi), quoted(&text.en), "{text:?}");
    assert!(unicode_normalization::is_nfc(&text.vi), "{text:?}");
    assert!(!text.vi.is_empty() && text.vi != text.en, "{text:?}");
    // a word of the reader's own may be quoted, «so»
    let ours: String =
        text.vi.split('«').map(|part| part.split_once('»').map_or(part, |(_, rest)| rest)).collect();
    for word in ["vi phạm", "hacker", "tấn công"] {
        assert!(!ours.to_lowercase().contains(word), "{text:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_pass_through_one_string() {
        let text = text!("thiếu `{key}`", "`{key}` is missing", key = "id");
        assert_eq!(Text::from_lines(&text.lines()), Some(text));
        let inside = text!("đây là {kind}", "this is {kind}"; kind = ("một số", "a number"));
        assert_eq!((&*inside.vi, &*inside.en), ("đây là một số", "this is a number"));
        let hostile = Text::new("a\nb", "c\r\nd");
        assert_eq!(Text::from_lines(&hostile.lines()), Some(Text::new("a b", "c  d")));
        for other in ["", "one line", "a\nb\nc"] {
            assert_eq!(Text::from_lines(other), None, "{other:?}");
        }
    }
}
