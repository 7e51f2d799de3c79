//! What runs out when: a line of days from today, ◆ where it concerns one site, ■ where several. Wide only; on a phone
//! the list beside it says the same.

use jiff::civil::Date;
use maud::{Markup, html};

use super::{breadth, n, real};
use crate::render::html::view::Book;

/// Something that runs out.
pub(in super::super) struct Event {
    /// Days from today.
    pub(in super::super) days: i32,
    /// The day.
    pub(in super::super) day: Date,
    /// What, in a few words.
    pub(in super::super) label: String,
    /// Whether it concerns several sites.
    pub(in super::super) several: bool,
}

/// The most rows of labels.
const ROWS: usize = 4;

/// The events of the next `horizon` days, soonest first.
pub(in super::super) fn calendar(
    book: &Book<'_>,
    today: Date,
    horizon: i32,
    events: &[Event],
    label: &str,
) -> Markup {
    const WIDTH: f64 = 1152.0;
    const LEFT: f64 = 24.0;
    const ROW: f64 = 24.0;
    let x = |days: i32| LEFT + (WIDTH - 2.0 * LEFT) * f64::from(days) / f64::from(horizon.max(1));
    let mut ends = [0.0_f64; ROWS];
    let mut placed = Vec::new();
    for event in events {
        let text = format!("{}: {}", book.short_day(event.day), event.label);
        let width = breadth(&text);
        let at = x(event.days);
        let left = at + 14.0 + width > WIDTH;
        let (from, to) = if left { (at - 14.0 - width, at + 10.0) } else { (at - 8.0, at + 14.0 + width) };
        let row = ends.iter().position(|end| *end <= from);
        if let Some(end) = row.and_then(|row| ends.get_mut(row)) {
            *end = to;
        }
        // a mark without room for words still stands on the line; the list names it
        placed.push((event, at, row, left, text));
    }
    let rows = placed.iter().filter_map(|(_, _, row, ..)| *row).max().unwrap_or(0) + 1;
    let base = 26.0 + ROW * real(rows);
    let ticks = (0..=horizon).filter(|days| days % 15 == 0);
    html! {
        svg.wide width=(WIDTH) height=(n(base + 26.0)) viewBox={ "0 0 " (WIDTH) " " (n(base + 26.0)) } role="img" aria-label=(label) {
            path.axis d={ "M" (LEFT) "," (n(base)) "H" (WIDTH - LEFT) } {}
            @for days in ticks {
                @let day = today.saturating_add(jiff::Span::new().days(days));
                path.grid d={ "M" (n(x(days))) "," (n(base)) "v5" } {}
                text.mid x=(n(x(days))) y=(n(base + 20.0)) { (book.short_day(day)) }
            }
            path.mean d={ "M" (LEFT) ",18V" (n(base)) } {}
            text.strong.start x="0" y="12" { (book.say("hôm nay", "today")) }
            @for (event, at, row, left, text) in &placed {
                @let y = base - 14.0 - ROW * real(row.unwrap_or(0));
                @let ink = urgency(event.days);
                @if row.is_some() { path.grid d={ "M" (n(*at)) "," (n(y + 6.0)) "V" (n(base)) } {} }
                @if event.several {
                    rect class=(ink) x=(n(at - 5.0)) y=(n(y - 5.0)) width="10" height="10" {}
                } @else {
                    path class=(ink) d={ "M" (n(*at)) "," (n(y - 6.0)) "l6,6l-6,6l-6,-6z" } {}
                }
                @if row.is_some() {
                    text class=(if *left { "end" } else { "start" }) x=(n(if *left { at - 11.0 } else { at + 11.0 })) y=(n(y + 4.5)) { (text) }
                }
            }
        }
    }
}

/// The colour of how soon; the date stands beside it.
fn urgency(days: i32) -> &'static str {
    match days {
        ..=7 => "f-e",
        8..=14 => "f-d",
        15..=30 => "f-c",
        _ => "f-none",
    }
}
