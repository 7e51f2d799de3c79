//! The scale of grades with the score of now and the score after the first steps.

use maud::{Markup, html};

use super::{Size, n};
use crate::render::html::view::Book;

/// The scale, wide and narrow; `after` is a score and what leads to it.
pub(in super::super) fn scale(
    book: &Book<'_>,
    score: u8,
    grade: Option<&str>,
    after: Option<(u8, &str)>,
    label: &str,
) -> Markup {
    html! {
        @for size in Size::BOTH { (draw(book, size, score, grade, after, label)) }
    }
}

fn draw(
    book: &Book<'_>,
    size: Size,
    score: u8,
    grade: Option<&str>,
    after: Option<(u8, &str)>,
    label: &str,
) -> Markup {
    let (width, edge) = (size.pick(856.0, 343.0), 12.0);
    let x = |score: u8| edge + (width - 2.0 * edge) * f64::from(score.min(100)) / 100.0;
    let grades = &book.report.method.grades;
    let mut bands = Vec::new();
    let mut top = 100;
    for one in grades {
        bands.push((one, one.min.min(top), top));
        top = one.min.min(top);
    }
    let now = format!("{} {score}", book.say("nay", "now"));
    // words stand on the side where they have room
    let side = |at: f64, away: bool| {
        let end = if away { at > width * 0.75 } else { at > width * 0.25 };
        if end { (at + 4.0, "end") } else { (at - 4.0, "start") }
    };
    let (now_x, now_side) = side(x(score), false);
    html! {
        svg class=(size.class()) width=(width) height="92" viewBox={ "0 0 " (width) " 92" } role="img" aria-label=(label) {
            @for (one, from, to) in bands {
                @let ink = book.ink_of(Some(&one.letter));
                @let mine = grade == Some(one.letter.as_str());
                @let (left, right) = (x(from) + 0.7, x(to) - 0.7);
                rect class={ "f-" (ink) @if !mine { " faded" } } x=(n(left)) y="40" width=(n((right - left).max(0.0))) height="12" {}
                text class={ "g-" (ink) " strong mid" } x=(n(f64::midpoint(left, right))) y="70" {
                    (one.letter)
                    @if size == Size::Wide { " " (one.word.get(book.lang)) }
                }
                text.mid x=(n(x(from))) y="87" { (from) }
            }
            text.mid x=(n(x(100))) y="87" { "100" }
            path.mean d={ "M" (n(x(score))) ",28V56" } {}
            text class={ (now_side) " strong" } x=(n(now_x)) y="20" { (now) }
            @if let Some((after, words)) = after {
                @let at = x(after);
                // close to the score of now there is no room for words between
                @let (words_x, words_side) = side(at, true);
                path.prev d={ "M" (n(at)) ",28V56" } {}
                @if at - x(score) > size.pick(110.0, 60.0) {
                    text class=(words_side) x=(n(words_x)) y="20" { (words) ": " (after) }
                }
            }
        }
    }
}
