//! Text for people: what came from the network made harmless, widths as a terminal shows them, lines wrapped.

use std::{borrow::Cow, fmt::Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Makes characters that steer a terminal, or make text read otherwise than it is, visible.
///
/// Control characters (C0, C1, DEL), bidirectional controls, zero-width characters and line separators become
/// `\u{…}`; everything else stays.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(steers) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if steers(c) {
            // writing to a String cannot fail
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out.into()
}

fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// At most so many characters of a text; where that is not all of it, an ellipsis stands behind them.
pub fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => text.into(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
    }
}

/// The columns a text takes on a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text cut or filled to exactly so many columns; cut text ends in `…`.
pub fn pad(text: &str, columns: usize) -> String {
    let mut out = String::new();
    if width(text) <= columns {
        out.push_str(text);
    } else {
        let mut used = 0;
        for c in text.chars() {
            used += c.width().unwrap_or(0);
            if used >= columns {
                break;
            }
            out.push(c);
        }
        out.push('…');
    }
    let fill = columns.saturating_sub(width(&out));
    out.extend(std::iter::repeat_n(' ', fill));
    out
}

/// The text in lines of at most so many columns, each after `indent`; its own line breaks stay.
pub fn wrap(text: &str, columns: usize, indent: &str) -> String {
    let mut lines = Vec::new();
    for paragraph in text.trim_end().lines() {
        // steps are often commands: their own indentation stays
        let lead: String = paragraph.chars().take_while(|c| c.is_whitespace()).collect();
        let mut line = format!("{indent}{lead}");
        let mut empty = true;
        for word in paragraph.split_whitespace() {
            if !empty && width(&line) + 1 + width(word) > columns {
                lines.push(std::mem::replace(&mut line, format!("{indent}{lead}")));
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

/// The same, and words that are longer than a line are broken: for evidence, which nobody types again.
pub fn fold(text: &str, columns: usize, indent: &str) -> String {
    let room = columns.saturating_sub(width(indent)).max(1);
    let mut lines = Vec::new();
    for line in wrap(text, columns, indent).lines() {
        let mut rest = line.strip_prefix(indent).unwrap_or(line);
        let whole = width(rest) <= room;
        while width(rest) > room {
            let mut used = 0;
            let fits = rest.char_indices().find(|(_, c)| {
                used += c.width().unwrap_or(0);
                used > room
            });
            // a character wider than the line stands alone on one
            let end = fits.map_or(rest.len(), |(at, c)| if at == 0 { c.len_utf8() } else { at });
            let (head, tail) = rest.split_at(end);
            lines.push(format!("{indent}{head}"));
            rest = tail;
        }
        if whole || !rest.is_empty() {
            lines.push(format!("{indent}{rest}").trim_end().to_owned());
        }
    }
    lines.join("\n")
}

/// The text in lines of at most so many columns: the first behind `lead`, the others indented as far.
pub fn hang(lead: &str, text: &str, columns: usize) -> String {
    let indent = " ".repeat(width(lead));
    let folded = fold(text, columns, &indent);
    format!("{lead}{}", folded.strip_prefix(&indent).unwrap_or(&folded)).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown() {
        assert_eq!(escape("Sở Tài chính 85,5 «a»"), "Sở Tài chính 85,5 «a»");
        assert_eq!(escape("\u{1b}[31mred\u{7}\r\n"), "\\u{1b}[31mred\\u{7}\\u{d}\\u{a}");
        assert_eq!(escape("a\u{202e}b\u{200b}c\u{9b}"), "a\\u{202e}b\\u{200b}c\\u{9b}");
    }

    #[test]
    fn what_is_too_long_is_cut_at_a_character() {
        assert_eq!(cut("Phiên bản", 9), "Phiên bản");
        assert_eq!(cut("Phiên bản", 4), "Phiê…");
        assert_eq!(cut("", 0), "");
    }

    #[test]
    fn vietnamese_widths_are_columns_not_characters() {
        let decomposed = "Phie\u{302}n ba\u{309}n";
        assert_eq!(width(decomposed), width("Phiên bản"));
        assert_eq!(pad("Sở Y tế", 10), "Sở Y tế   ");
        assert_eq!(pad("Sở Văn hóa, Thể thao", 10), "Sở Văn hó…");
        assert_eq!(width(&pad("文字文字文字", 7)), 7);
    }

    #[test]
    fn lines_wrap_at_words() {
        assert_eq!(wrap("một hai ba bốn", 9, "  "), "  một hai\n  ba bốn");
        assert_eq!(wrap("a\n  b c", 80, ""), "a\n  b c");
    }

    #[test]
    fn words_that_are_too_long_are_broken() {
        assert_eq!(fold("một hai", 9, "  "), "  một hai");
        assert_eq!(fold("a bcdefghij k", 6, "  "), "  a\n  bcde\n  fghi\n  j\n  k");
        assert_eq!(fold("文字文字", 5, ""), "文字\n文字");
        assert_eq!(fold("文字", 1, ""), "文\n字");
        assert_eq!(fold("", 5, "  "), "");
        assert_eq!(hang("- ", "aa bb cc", 7), "- aa bb\n  cc");
        assert_eq!(hang("nhóm: ", "aaaa bbbb", 10), "nhóm: aaaa\n      bbbb");
        let long = "W".repeat(10_000);
        assert!(fold(&long, 80, "    ").lines().all(|line| width(line) <= 80));
    }
}
