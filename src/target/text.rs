//! Names of people's things: province, units, documents. Owns what a displayable one-line text is.

use unicode_normalization::UnicodeNormalization;

use crate::language::{Bilingual, Text, bilingual, text};

/// The longest name, in characters after trimming.
const MAX_CHARS: usize = 300;

/// Why a text cannot be shown as a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TextError {
    Empty,
    TooLong,
    LineBreak,
    Invisible(u32),
}

impl std::error::Error for TextError {}

impl Bilingual for TextError {
    fn text(&self) -> Text {
        match self {
            Self::Empty => {
                ("cần một đoạn chữ, nhưng chỉ gặp dấu cách", "expected a text, found nothing but spaces")
                    .into()
            }
            Self::TooLong => {
                text!("dài hơn {MAX_CHARS} ký tự", "longer than {MAX_CHARS} characters")
            }
            Self::LineBreak => (
                "đoạn chữ có chỗ xuống dòng; viết trên một dòng",
                "a line break in the text; write it on one line",
            )
                .into(),
            Self::Invisible(code) => text!(
                "đoạn chữ có ký tự không nhìn thấy U+{code:04X}; xóa nó và gõ lại",
                "the invisible character U+{code:04X} in the text; delete it and type the text again"
            ),
        }
    }
}

bilingual!(TextError);

/// A one-line text: NFC, spaces trimmed and no-break spaces made plain, nothing invisible in it.
pub(super) fn line(text: &str) -> Result<String, TextError> {
    let plain: String = text.nfc().map(|c| if c == '\u{a0}' || c == '\t' { ' ' } else { c }).collect();
    let plain = plain.trim_matches(' ');
    if plain.is_empty() {
        return Err(TextError::Empty);
    }
    if plain.chars().count() > MAX_CHARS {
        return Err(TextError::TooLong);
    }
    match plain.chars().find(|c| c.is_control() || is_invisible(*c)) {
        None => Ok(plain.to_owned()),
        Some('\n' | '\r' | '\u{2028}' | '\u{2029}' | '\u{85}') => Err(TextError::LineBreak),
        Some(c) => Err(TextError::Invisible(u32::from(c))),
    }
}

/// Characters without a shape of their own that reorder, join or hide text: bidirectional controls, zero-width
/// characters, fillers, tags and variation selectors.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_nfc() {
        // «Sở» with combining marks, as a Mac types file names.
        assert_eq!(line("So\u{31b}\u{309} Y t\u{ea}\u{301}").unwrap(), "Sở Y tế");
        assert_eq!(line(" \u{a0}UBND\u{a0}xã\tA ").unwrap(), "UBND xã A");
    }

    #[test]
    fn what_cannot_be_shown_is_refused() {
        assert_eq!(line(" \t\u{a0}"), Err(TextError::Empty));
        assert_eq!(line("a\nb"), Err(TextError::LineBreak));
        for c in ['\u{202e}', '\u{200b}', '\u{200d}', '\u{feff}', '\u{ad}', '\u{2066}', '\u{1b}', '\u{0}'] {
            assert_eq!(line(&format!("Sở{c} Y tế")), Err(TextError::Invisible(u32::from(c))), "{c:?}");
        }
        assert_eq!(line(&"ầ".repeat(300)).map(|text| text.chars().count()), Ok(300));
        assert_eq!(line(&"ầ".repeat(301)), Err(TextError::TooLong));
    }
}
