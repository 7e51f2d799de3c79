//! A unit's score over the last runs.

use maud::{Markup, html};

use crate::{
    render::html::{chart, icon, view::View},
    report::UnitCard,
    rule::Lang,
};

pub(super) fn section(view: View<'_, '_>, card: &UnitCard) -> Option<Markup> {
    if card.trend.iter().filter(|point| point.score.is_some()).count() == 0 {
        return None;
    }
    let run = &view.report.run;
    let mut runs: Vec<_> = card.trend.iter().map(|point| (point.at, point.score, point.same_rules)).collect();
    runs.push((run.started_at, card.score, true));
    let scores = || runs.iter().filter_map(|(_, score, _)| *score);
    let label = match (scores().min(), scores().max(), view.lang) {
        (Some(low), Some(high), Lang::Vi) => format!("{} lần gần nhất: từ {low} đến {high} điểm", runs.len()),
        (Some(low), Some(high), Lang::En) => format!("The last {} runs: {low} to {high} points", runs.len()),
        _ => String::new(),
    };
    let id = view.anchor(card, "t-lich-su");
    let mut rows: Vec<_> =
        card.trend.iter().map(|p| (p.at, p.score, p.grade.as_deref(), p.same_rules)).collect();
    rows.push((run.started_at, card.score, card.grade.as_deref(), true));
    Some(html! {
        section id=(view.anchor(card, "lich-su")) aria-labelledby=(view.label(card, &id)) {
            div.sec-head {
                h2 id=(id) { (view.say("Các lần kiểm tra trước", "Earlier runs")) }
                p { (match view.lang {
                    Lang::Vi => format!("{} lần gần nhất", runs.len()),
                    Lang::En => format!("the last {}", runs.len()),
                }) }
            }
            div.two {
                figure { (chart::history(&view, &runs, &label)) }
                table.runs {
                    thead { tr {
                        th scope="col" { (view.say("Ngày", "Day")) }
                        th.r scope="col" { (view.say("Điểm", "Score")) }
                        th scope="col" { (view.say("Loại", "Grade")) }
                        th scope="col" { (view.say("Bộ quy tắc", "Rules")) }
                    } }
                    tbody { @for (at, score, grade, same) in rows.iter().rev() {
                        tr {
                            td { (view.date(*at)) }
                            td.r { @match score { Some(score) => b { (score) }, None => "–" } }
                            td { (icon::grade(&view, *grade, "")) }
                            td { small.quiet { @if *same { (view.say("hiện nay", "of today")) } @else { (view.say("trước khi đổi", "before a change")) } } }
                        }
                    } }
                }
            }
        }
    })
}
