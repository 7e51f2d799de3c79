//! Pages that look planted: a section of its own, apart from everything that is judged.

use maud::{Markup, html};

use crate::{
    render::{html::view::View, suspicion},
    report::UnitCard,
};

/// How many there are on the unit's sites.
pub(super) fn count(card: &UnitCard) -> usize {
    card.sites.iter().map(|site| site.suspicions.len()).sum()
}

/// Nothing where there are none.
pub(super) fn section(view: View<'_, '_>, card: &UnitCard) -> Markup {
    let id = view.anchor(card, "nghi-van");
    let heading = format!("{id}-h");
    html! {
        @if count(card) > 0 {
            section id=(id) aria-labelledby=(heading) {
                h2 id=(heading) { (suspicion::heading(view.lang)) }
                p { (suspicion::advice(view.lang)) }
                @for site in card.sites.iter().filter(|site| !site.suspicions.is_empty()) {
                    h3 { (super::site_name(site)) }
                    ul {
                        @for suspect in &site.suspicions {
                            @let lines = suspicion::lines(suspect, view.lang);
                            li {
                                @for (place, line) in lines.iter().enumerate() {
                                    @if place == 0 { b { (line) } } @else { br; (line) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
