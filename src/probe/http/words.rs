//! Words that are planted in other people's pages: a list as dated data (`rules/gambling-words.txt`), found as whole
//! words. A word alone proves nothing; who says what it means is `injection`.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;

const LIST: &str = include_str!("../../../rules/gambling-words.txt");

static WORDS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| LIST.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect());

/// The words that stand in this text or address, each once.
pub(super) fn found(text: &str) -> Vec<&'static str> {
    let text = plain(text);
    WORDS.iter().copied().filter(|word| has(&text, word)).collect()
}

/// Lower case, composed, with a single blank for blanks and what addresses write for them, blanks around every other
/// sign, so that no words are found across it, and a blank at both ends.
fn plain(text: &str) -> String {
    let mut plain = String::from(" ");
    for character in text.nfc().flat_map(char::to_lowercase) {
        if character.is_alphanumeric() {
            plain.push(character);
            continue;
        }
        if !plain.ends_with(' ') {
            plain.push(' ');
        }
        if !character.is_whitespace() && !matches!(character, '-' | '_' | '+') {
            plain.push_str(". ");
        }
    }
    if !plain.ends_with(' ') {
        plain.push(' ');
    }
    plain
}

fn has(plain: &str, word: &str) -> bool {
    plain.match_indices(word).any(|(at, _)| {
        plain.get(..at).is_some_and(|before| before.ends_with(' '))
            && plain.get(at + word.len()..).is_some_and(|after| after.starts_with(' '))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole_and_in_any_writing() {
        for (text, expected) in [
            ("Chơi TÀI  XỈU online", &["tài xỉu"][..]),
            // decomposed
            ("ta\u{300}i xi\u{309}u", &["tài xỉu"]),
            ("https://x.example/ca-cuoc/casino.html", &["ca cuoc", "casino"]),
            ("casinos, xcasino, nhàcái", &[]),
            ("Sở Khoa học và Công nghệ: đề tài, xỉu", &[]),
            ("", &[]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn every_word_can_be_found() {
        assert!(LIST.contains("As of 20") && WORDS.len() > 40);
        for word in WORDS.iter() {
            assert!(found(word).contains(word), "{word}");
        }
    }
}
