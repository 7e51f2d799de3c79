//! One dot a unit, block by block, over the bands of the grades, with each block's mean now and before.

use maud::{Markup, html};

use super::{Size, n, real};
use crate::{
    render::html::{
        view::{Book, name_of},
        words::{self, capitalised},
    },
    report::{BlockCard, Tenths, UnitCard},
};

/// Room for half a label at either end of the axis.
const EDGE: f64 = 12.0;

/// Where the axis begins: the tens below the lowest score.
pub(in super::super) fn start(book: &Book<'_>) -> u8 {
    let lowest = book.report.units.iter().filter(|u| u.rank.is_some()).filter_map(|u| u.score).min();
    lowest.unwrap_or(0).min(90) / 10 * 10
}

/// The chart, wide and narrow.
pub(in super::super) fn distribution(book: &Book<'_>, label: &str) -> Markup {
    html! {
        @for size in Size::BOTH { (draw(book, size, label)) }
    }
}

/// A block's lane: its dots in columns, each column from the line up.
struct Lane<'r> {
    block: &'r BlockCard,
    units: Vec<(&'r UnitCard, u8)>,
    columns: Vec<(f64, Vec<usize>)>,
    top: f64,
    base: f64,
    step: f64,
}

fn draw(book: &Book<'_>, size: Size, label: &str) -> Markup {
    let (width, left, radius) = (size.pick(1152.0, 343.0), size.pick(96.0, 0.0), size.pick(7.0, 5.0));
    let start = start(book);
    let span = f64::from(100 - start);
    let at = |score: f64| left + EDGE + (width - left - 2.0 * EDGE) * (score - f64::from(start)) / span;
    let mut lanes = Vec::new();
    let mut y = 26.0;
    for block in &book.report.blocks {
        let lane = lane(book, block, y, radius, size, &at);
        y = lane.base + size.pick(8.0, 4.0);
        lanes.push(lane);
    }
    let bottom = y;
    let height = bottom + 26.0;
    html! {
        svg class=(size.class()) width=(width) height=(n(height)) viewBox={ "0 0 " (width) " " (n(height)) } role="img" aria-label=(label) {
            (bands(book, size, bottom, start, &at))
            @for lane in &lanes { (dots(book, size, lane, left, width, radius, &at)) }
            @for tens in (start / 10)..=10 {
                text.mid x=(n(at(f64::from(tens) * 10.0))) y=(n(bottom + 18.0)) { (u32::from(tens) * 10) }
            }
        }
    }
}

fn lane<'r>(
    book: &Book<'r>,
    block: &'r BlockCard,
    y: f64,
    radius: f64,
    size: Size,
    at: &impl Fn(f64) -> f64,
) -> Lane<'r> {
    let pitch = 2.0 * radius + 1.0;
    let ranked = book.report.units.iter().filter(|u| u.block == Some(block.block) && u.rank.is_some());
    let mut units: Vec<(&UnitCard, u8)> = ranked.filter_map(|u| Some((u, u.score?))).collect();
    units.sort_by_key(|(_, score)| *score);
    let mut columns: Vec<(f64, Vec<usize>)> = Vec::new();
    for (place, (_, score)) in units.iter().enumerate() {
        let x = at(f64::from(*score));
        match columns.last_mut() {
            Some((column, places)) if x - *column < pitch - 1.0 => places.push(place),
            _ => columns.push((x, vec![place])),
        }
    }
    let highest = columns.iter().map(|(_, places)| places.len()).max().unwrap_or(1);
    // a crowd stands closer, so that a province of a thousand units has a chart of one screen
    let step = pitch.min(180.0 / real(highest.max(1)));
    let names = size.pick(0.0, 22.0);
    let base = y + names + 38.0 + step * real(highest) + radius;
    Lane { block, units, columns, top: y + names, base, step }
}

fn bands(book: &Book<'_>, size: Size, bottom: f64, start: u8, at: &impl Fn(f64) -> f64) -> Markup {
    let mut top = 100_u8;
    let mut shown = Vec::new();
    for (place, grade) in book.report.method.grades.iter().enumerate() {
        let from = grade.min.clamp(start, top.max(start));
        if from < top {
            let edge = |score: u8| match score {
                100 => at(100.0) + EDGE,
                score if score == start => at(f64::from(start)) - EDGE,
                score => at(f64::from(score)),
            };
            shown.push((place, grade, edge(from), edge(top)));
        }
        top = from;
    }
    html! {
        @for (place, grade, left, right) in shown {
            @let ink = book.ink_of(Some(&grade.letter));
            @if place.is_multiple_of(2) {
                rect.wash x=(n(left)) y="26" width=(n(right - left)) height=(n(bottom - 26.0)) {}
            }
            rect class={ "f-" (ink) } x=(n(left + 1.0)) y="23" width=(n((right - left - 2.0).max(0.0))) height="3" {}
            text class={ "g-" (ink) " mid strong" } x=(n(f64::midpoint(left, right))) y="16" {
                (grade.letter)
                @if size == Size::Wide { " " (grade.word.get(book.lang)) }
            }
        }
    }
}

fn dots(
    book: &Book<'_>,
    size: Size,
    lane: &Lane<'_>,
    left: f64,
    width: f64,
    radius: f64,
    at: &impl Fn(f64) -> f64,
) -> Markup {
    let name = capitalised(words::block(lane.block.block, book.lang));
    let ranked = match book.lang {
        crate::rule::Lang::Vi => format!("{} đơn vị", lane.block.ranked),
        crate::rule::Lang::En => format!("{} units", lane.block.ranked),
    };
    let mean = lane.block.average.map(|mean| (at(f64::from(mean.0) / 10.0), mean));
    let before: Option<Tenths> = lane.block.previous_average.filter(|_| book.compares());
    html! {
        @if size == Size::Wide {
            text.strong x="0" y=(n(lane.base - 20.0)) { (name) }
            text x="0" y=(n(lane.base - 3.0)) { (ranked) }
        } @else {
            text.strong x="4" y=(n(lane.top - 4.0)) { (name) }
        }
        path.axis d={ "M" (left) "," (n(lane.base)) "H" (width) } {}
        @for (x, places) in &lane.columns {
            @for (height, place) in places.iter().enumerate() {
                @if let Some((unit, score)) = lane.units.get(*place) {
                    circle class={ "dot f-" (book.ink_of(unit.grade.as_deref())) } cx=(n(*x)) cy=(n(lane.base - radius - 1.0 - lane.step * real(height))) r=(radius) {
                        title { (name_of(unit)) ": " (score) }
                    }
                }
            }
        }
        @if let Some(before) = before {
            path.prev d={ "M" (n(at(f64::from(before.0) / 10.0))) "," (n(lane.base)) "V" (n(lane.top + 22.0)) } {}
        }
        @if let Some((x, mean)) = mean {
            @let end = x > left + width / 4.0;
            path.mean d={ "M" (n(x)) "," (n(lane.base)) "V" (n(lane.top + 14.0)) } {}
            text class={ "strong " @if end { "end" } @else { "start" } } x=(n(if end { x - 6.0 } else { x + 6.0 })) y=(n(lane.top + 21.0)) {
                (book.say("bình quân ", "mean ")) (book.tenths(mean))
            }
        }
    }
}
