//! The scale of grades with the score of now and the score after the first steps.

use maud::{Markup, html};

use super::{Size, breadth, n};
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
    let now_at = x(score);
    let now_left = (now_at + 4.0 - breadth(&now)).max(0.0);
    let label_of = |(after, words): (u8, &str)| {
        let text = format!("{words}: {after}");
        let at = x(after);
        // beside its mark, right of the words for now, and inside the chart; where that cannot be it is left out
        let left = (at - 4.0).min(width - breadth(&text)).max(now_left + breadth(&now) + 10.0);
        let fits = left + breadth(&text) <= width && left <= at + 8.0;
        (at, fits.then_some((left, text)))
    };
    let after = after.map(label_of);
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
            text.strong.start x=(n(now_left)) y="20" { (now) }
            @if let Some((at, words)) = after {
                path.prev d={ "M" (n(at)) ",28V56" } {}
                @if let Some((left, text)) = words { text.start x=(n(left)) y="20" { (text) } }
            }
        }
    }
}
