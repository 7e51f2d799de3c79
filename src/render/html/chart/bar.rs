//! Bars: how many units have which grade, points of a category, what a step of the fix plan adds.

use maud::{Markup, html};

use super::{n, real};

/// Units by grade, side by side: colour, letter, number.
pub(in super::super) fn counts(grades: &[(&str, &str, usize)], label: &str) -> Markup {
    const WIDTH: f64 = 196.0;
    const GAP: f64 = 2.0;
    const LEAST: f64 = 14.0;
    let shown: Vec<_> = grades.iter().filter(|(_, _, count)| *count > 0).collect();
    let total: usize = shown.iter().map(|(_, _, count)| count).sum();
    let room = WIDTH - real(shown.len()) * (LEAST + GAP);
    let mut x = 0.0;
    html! {
        svg width=(WIDTH) height="18" viewBox={ "0 0 " (WIDTH) " 18" } role="img" aria-label=(label) {
            @for (ink, _, count) in shown {
                @let width = LEAST + room * real(*count) / real(total.max(1));
                rect class={ "f-" (ink) } x=(n(x)) width=(n(width)) height="18" {}
                text.on x=(n(x + width / 2.0)) y="13" { (count) }
                @let () = x += width + GAP;
            }
        }
    }
}

/// A share of full credit.
pub(in super::super) fn category(percent: u8, ink: &str) -> Markup {
    html! {
        svg viewBox="0 0 100 10" height="10" preserveAspectRatio="none" aria-hidden="true" {
            rect.track width="100" height="10" {}
            rect class={ "f-" (ink) } width=(percent.min(100)) height="10" {}
        }
    }
}

/// From the score before a step to the score after it.
pub(in super::super) fn step(before: u8, after: u8, ink: &str) -> Markup {
    let after = after.min(100);
    let before = before.min(after);
    html! {
        svg.step width="150" height="10" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" {
            rect.track width="100" height="10" {}
            rect.was width=(before) height="10" {}
            rect class={ "f-" (ink) } x=(before) width=(after - before) height="10" {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_show_what_they_are_given() {
        let svg = counts(&[("a", "A", 3), ("b", "B", 0), ("e", "E", 1)], "A 3, E 1").into_string();
        assert_eq!(svg.matches("<rect").count(), 2, "{svg}");
        assert!(svg.contains("aria-label=\"A 3, E 1\"") && svg.contains(">3<") && svg.contains(">1<"));
        assert!(counts(&[], "").into_string().contains("<svg"));
        let svg = step(73, 78, "c").into_string();
        assert!(svg.contains("class=\"was\" width=\"73\"") && svg.contains("x=\"73\" width=\"5\""), "{svg}");
        // a report that says nonsense draws nothing outside
        assert!(step(255, 200, "c").into_string().contains("x=\"100\" width=\"0\""));
    }
}
