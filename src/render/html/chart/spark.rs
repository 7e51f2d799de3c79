//! A line as high as a word: a unit's scores over the last runs. Its own scale, at least ten points high.

use maud::{Markup, html};

use super::{n, real};

/// Scores, oldest first; nothing where a run has none. `cut` is the first that was judged by the present rules.
pub(in super::super) fn spark(scores: &[Option<u8>], cut: Option<usize>, ink: &str, label: &str) -> Markup {
    const WIDTH: f64 = 88.0;
    const HEIGHT: f64 = 22.0;
    const EDGE: f64 = 4.0;
    let known = || scores.iter().flatten().map(|score| f64::from(*score));
    let (low, high) = known().fold((100.0_f64, 0.0_f64), |(low, high), s| (low.min(s), high.max(s)));
    let middle = f64::midpoint(low, high);
    let span = (high - low).max(10.0);
    let step = (WIDTH - 2.0 * EDGE) / real(scores.len().saturating_sub(1).max(1));
    let x = |place: usize| EDGE + step * real(place);
    let y = |score: f64| HEIGHT / 2.0 - (score - middle) / span * (HEIGHT - 2.0 * EDGE);
    let mut path = String::new();
    let mut pen = false;
    for (place, score) in scores.iter().enumerate() {
        if let Some(score) = score {
            let letter = if pen { 'L' } else { 'M' };
            path.push_str(&format!("{letter}{},{}", n(x(place)), n(y(f64::from(*score)))));
        }
        // a run without a score is a gap, not a fall
        pen = score.is_some();
    }
    let last = scores.last().copied().flatten();
    html! {
        svg.spark width=(WIDTH) height=(HEIGHT) viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(label) {
            @if let Some(cut) = cut {
                @let at = n(x(cut) - step / 2.0);
                path.cut-line d={ "M" (at) ",0V" (HEIGHT) } {}
            }
            path.line d=(path) {}
            @if let Some(last) = last {
                circle class={ "f-" (ink) } cx=(n(x(scores.len() - 1))) cy=(n(y(f64::from(last)))) r="3" {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_without_a_score_is_a_gap() {
        let svg = spark(&[Some(50), Some(60), None, Some(55)], Some(1), "c", "x").into_string();
        assert!(svg.contains("d=\"M4,18L30.7,4M84,11\""), "{svg}");
        assert!(svg.contains("cut-line"));
        assert!(!spark(&[None], None, "none", "x").into_string().contains("circle"));
        assert!(spark(&[], None, "none", "x").into_string().contains("<svg"));
        // ten points are the least: a change of one is no cliff
        let svg = spark(&[Some(90), Some(91)], None, "a", "x").into_string();
        assert!(svg.contains("M4,11.7L84,10.3"), "{svg}");
    }
}
