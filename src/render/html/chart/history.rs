//! A unit's score over the last runs, over the bands of the grades; a dashed line where the rules changed.

use jiff::Timestamp;
use maud::{Markup, html};

use super::{Size, n, real};
use crate::{render::html::view::Book, target::local_date};

/// Runs, oldest first: when, which score, whether judged by the present rules. Wide and narrow.
pub(in super::super) fn history(
    book: &Book<'_>,
    runs: &[(Timestamp, Option<u8>, bool)],
    label: &str,
) -> Markup {
    html! {
        @for size in Size::BOTH { (draw(book, runs, size, label)) }
    }
}

fn draw(book: &Book<'_>, runs: &[(Timestamp, Option<u8>, bool)], size: Size, label: &str) -> Markup {
    let (width, height) = (size.pick(656.0, 343.0), 190.0);
    let (left, right, top, bottom) = (12.0, size.pick(104.0, 40.0), 30.0, height - 28.0);
    let known = || runs.iter().filter_map(|(_, score, _)| *score);
    let (low, high) = (known().min().unwrap_or(0), known().max().unwrap_or(100));
    // tens around the scores, at least twenty points
    let floor = (low / 10 * 10).saturating_sub(if high - low < 10 { 10 } else { 0 });
    let ceiling = (high.div_ceil(10) * 10).clamp(floor + 20, 100.max(floor + 20));
    let x = |place: usize| {
        left + 8.0 + (width - left - right - 16.0) * real(place) / real(runs.len().saturating_sub(1).max(1))
    };
    let y = |score: f64| bottom - (bottom - top) * (score - f64::from(floor)) / f64::from(ceiling - floor);
    let cut = runs.windows(2).position(|pair| matches!(pair, [(_, _, false), (_, _, true)]));
    let mut path = String::new();
    let mut pen = false;
    for (place, (_, score, _)) in runs.iter().enumerate() {
        if let Some(score) = score {
            let letter = if pen { 'L' } else { 'M' };
            path.push_str(&format!("{letter}{},{}", n(x(place)), n(y(f64::from(*score)))));
        }
        pen = score.is_some();
    }
    let every = runs.len().div_ceil(size.pick(6, 4)).max(1);
    let last = runs.len().saturating_sub(1);
    let mut above = ceiling;
    html! {
        svg class=(size.class()) width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } role="img" aria-label=(label) {
            @for grade in &book.report.method.grades {
                @let from = grade.min.clamp(floor, above.max(floor));
                @if from < above {
                    @let ink = book.ink_of(Some(&grade.letter));
                    @let (upper, lower) = (y(f64::from(above)), y(f64::from(from)));
                    @if from > floor { path.grid d={ "M" (left) "," (n(lower)) "H" (n(width - right)) } {} }
                    rect class={ "f-" (ink) } x=(n(width - right + 4.0)) y=(n(upper + 1.0)) width="3" height=(n((lower - upper - 2.0).max(0.0))) {}
                    @if lower - upper > 13.0 {
                        text class={ "g-" (ink) " strong start" } x=(n(width - right + 12.0)) y=(n(f64::midpoint(upper, lower) + 4.0)) {
                            (grade.letter)
                            @if size == Size::Wide { " " (grade.word.get(book.lang)) }
                        }
                    }
                }
                @let () = above = from.min(above);
            }
            path.axis d={ "M" (left) "," (n(bottom)) "H" (n(width - right)) } {}
            @if let Some(cut) = cut {
                @let at = f64::midpoint(x(cut), x(cut + 1));
                path.cut-line d={ "M" (n(at)) "," (n(top - 10.0)) "V" (n(bottom)) } {}
                @let end = at > width / 2.0;
                text class=(if end { "end" } else { "start" }) x=(n(if end { at - 5.0 } else { at + 5.0 })) y="14" {
                    (book.say("đổi bộ quy tắc", "other rules"))
                }
            }
            path.line d=(path) {}
            @for (place, (at, score, _)) in runs.iter().enumerate() {
                @if let Some(score) = score {
                    @let ink = book.ink_of(book.grade_of(*score).map(|grade| grade.letter.as_str()));
                    circle class={ "dot f-" (ink) } cx=(n(x(place))) cy=(n(y(f64::from(*score)))) r=(if place == last { "6" } else { "4" }) {}
                    @if place == 0 || place == last {
                        text.strong.mid x=(n(x(place))) y=(n(y(f64::from(*score)) - 11.0)) { (score) }
                    }
                }
                @if (last - place).is_multiple_of(every) {
                    @let anchor = if place == 0 { "start" } else { "mid" };
                    text class=(anchor) x=(n(if place == 0 { x(place) - 8.0 } else { x(place) })) y=(n(height - 8.0)) {
                        (book.short_day(local_date(*at)))
                    }
                }
            }
        }
    }
}
