//! "Did you mean": the known word nearest to a mistyped one.

use crate::language::{Text, text};

/// The question that proposes a word found by [`nearest`].
pub fn did_you_mean(near: &str) -> Text {
    text!("có phải ý bạn là `{near}`?", "did you mean `{near}`?")
}

/// The word of `known` nearest to `word`, if one is near enough to be worth suggesting.
///
/// A word that differs only in case wins; else the smallest edit distance, which may be a third of the
/// length of `word`, at least 1 and at most 3. Ties go to the first.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // The distance is quadratic in the length: a hostile megabyte must not cost a minute.
    const LONGEST: usize = 200;
    let folded = word.to_lowercase();
    let length = folded.chars().count();
    if length > LONGEST {
        return None;
    }
    let allowed = (length / 3).clamp(1, 3);
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in known {
        let candidate_folded = candidate.to_lowercase();
        if candidate_folded == folded {
            return Some(candidate);
        }
        if candidate_folded.chars().count().abs_diff(length) > allowed {
            continue;
        }
        let distance = strsim::damerau_levenshtein(&folded, &candidate_folded);
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let known = ["severity", "title", "id", "requires"];
        assert_eq!(nearest("severty", known), Some("severity"));
        assert_eq!(nearest("tilte", known), Some("title"));
        assert_eq!(nearest("requries", known), Some("requires"));
        assert_eq!(nearest("ID", known), Some("id"));
        assert_eq!(nearest("weight", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest("x", []), None);
    }

    #[test]
    fn the_same_word_in_another_case_beats_a_nearer_edit() {
        assert_eq!(nearest("XA", ["xb", "xa"]), Some("xa"));
        assert_eq!(nearest("Huyen", ["huyện", "huyen"]), Some("huyen"));
    }

    #[test]
    fn a_megabyte_is_not_compared() {
        assert_eq!(nearest(&"a".repeat(1_000_000), ["a", "aa"]), None);
    }
}
