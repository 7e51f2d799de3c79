//! Charts as SVG, drawn by us: geometry in attributes, colours by class. Wide and narrow ones are drawn apart, because
//! scaling would shrink their text. What a chart shows stands in words beside it too.

mod bar;
mod calendar;
mod distribution;
mod history;
mod scale;
mod spark;

pub(super) use bar::{category, counts, step};
pub(super) use calendar::{Event, calendar};
pub(super) use distribution::{distribution, start};
pub(super) use history::history;
pub(super) use scale::scale;
pub(super) use spark::spark;

/// Drawn twice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Wide,
    Narrow,
}

impl Size {
    /// Both, as they stand in a page.
    const BOTH: [Self; 2] = [Self::Wide, Self::Narrow];

    fn class(self) -> &'static str {
        match self {
            Self::Wide => "wide",
            Self::Narrow => "narrow",
        }
    }

    /// The first on a desktop, the second on a phone.
    fn pick<T>(self, wide: T, narrow: T) -> T {
        match self {
            Self::Wide => wide,
            Self::Narrow => narrow,
        }
    }
}

/// A length in an attribute, to a tenth.
fn n(length: f64) -> String {
    let text = format!("{length:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// About how wide words of 13 px are; rather too much than too little.
fn breadth(text: &str) -> f64 {
    7.2 * real(text.chars().count())
}

/// A number of things as a length.
fn real(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
