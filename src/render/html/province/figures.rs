//! The row of large figures: each block's mean, coverage, criticals, what changed.

use maud::{Markup, html};

use crate::{
    render::html::{
        chart, icon,
        number::NBSP,
        view::View,
        words::{block, capitalised},
    },
    report::BlockCard,
    rule::{Lang, Severity},
    score::Standing,
};

pub(super) fn figures(view: View<'_, '_>) -> Markup {
    html! {
        dl.figures {
            @for block in &view.report.blocks { (mean(view, block)) }
            (coverage(view))
            (criticals(view))
            (changes(view))
        }
    }
}

fn mean(view: View<'_, '_>, card: &BlockCard) -> Markup {
    let name = capitalised(block(card.block, view.lang));
    let units = || view.report.units.iter().filter(|u| u.block == Some(card.block) && u.rank.is_some());
    let grades: Vec<(&str, &str, usize)> = view
        .report
        .method
        .grades
        .iter()
        .map(|grade| {
            let count = units().filter(|unit| unit.grade.as_deref() == Some(&grade.letter)).count();
            (view.ink_of(Some(&grade.letter)), grade.letter.as_str(), count)
        })
        .collect();
    let list = |between: &str| {
        let some = grades.iter().filter(|(_, _, count)| *count > 0);
        let some: Vec<String> = some.map(|(_, letter, count)| format!("{letter}{NBSP}{count}")).collect();
        some.join(between)
    };
    let label = format!("{}: {}", view.say("Số đơn vị theo loại", "Units by grade"), list(", "));
    let before = card.previous_average.filter(|_| view.compares());
    html! {
        div {
            dt { (name) (view.say(", bình quân", ", mean")) }
            dd {
                p.figure {
                    @if let Some(average) = card.average {
                        (view.tenths(average))
                        @if let Some(before) = before {
                            @let (points, text) = view.signed_tenths(average, before);
                            small { (icon::change(points, &text)) }
                        }
                    } @else { "–" }
                }
                @if card.ranked > 0 { (chart::counts(&grades, &label)) (list(" · ")) }
                @else { (view.say("Chưa có đơn vị nào được xếp hạng.", "No unit has a rank.")) }
            }
        }
    }
}

fn coverage(view: View<'_, '_>) -> Markup {
    let units = || view.report.units.iter();
    let tested: u64 = units().map(|unit| unit.coverage.tested).sum();
    let applicable: u64 = units().map(|unit| unit.coverage.applicable).sum();
    let share = crate::score::Coverage::new(tested, applicable).percent;
    let untested = units().filter(|unit| unit.status == Standing::Untested).count();
    let text = match view.lang {
        Lang::Vi => format!(
            "{} trên {} điểm trọng số đã kiểm tra. {}",
            view.number(tested),
            view.number(applicable),
            if untested > 0 {
                format!("{untested} đơn vị không kiểm tra được.")
            } else {
                "Mọi đơn vị đều kiểm tra được.".to_owned()
            }
        ),
        Lang::En => format!(
            "{} of {} points of weight were tested. {}",
            view.number(tested),
            view.number(applicable),
            if untested > 0 {
                format!("{untested} units could not be tested.")
            } else {
                "Every unit could be tested.".to_owned()
            }
        ),
    };
    html! {
        div {
            dt { (view.say("Độ bao phủ", "Coverage")) }
            dd { p.figure { (view.percent(share)) } (text) }
        }
    }
}

fn criticals(view: View<'_, '_>) -> Markup {
    let scored: Vec<_> = view.failures().filter(|f| f.card.finding.scores()).collect();
    let of = |severity: Severity| scored.iter().filter(move |f| f.card.finding.severity == severity);
    let count = of(Severity::Critical).count();
    let fresh = of(Severity::Critical).filter(|f| view.is_new(&f.card)).count();
    let high = of(Severity::High).count();
    let mut units: Vec<&str> = scored.iter().map(|f| f.unit.id.as_str()).collect();
    units.sort_unstable();
    units.dedup();
    let all = view.count(scored.len());
    html! {
        div {
            dt { (view.say("Lỗi nghiêm trọng", "Critical findings")) }
            dd {
                p class={ "figure" @if count > 0 { " s-critical" } } {
                    (count)
                    @if fresh > 0 { small { (fresh) (view.say(" mới", " new")) } }
                }
                (match view.lang {
                    Lang::Vi => format!("Thêm {high} lỗi mức cao; {all} lỗi mọi mức ở {} đơn vị.", units.len()),
                    Lang::En => format!("{high} more are high; {all} in all, at {} units.", units.len()),
                })
            }
        }
    }
}

fn changes(view: View<'_, '_>) -> Markup {
    let row = |class: &str, count: String, vi: &str, en: &str| {
        html! { li { b class=(class) { (count) } " " (view.say(vi, en)) } }
    };
    let Some(previous) = view.report.previous.as_ref().filter(|run| run.comparable && view.is_sound()) else {
        let why = match &view.report.previous {
            None => view.say(
                "Lần kiểm tra đầu tiên: chưa có gì để so sánh.",
                "The first run: nothing to compare with.",
            ),
            Some(_) => view.say(
                "Hai lượt không so sánh được: suy giảm, chưa đầy đủ, hoặc quét từ nơi khác.",
                "The two runs may not be compared: degraded, not complete, or from another place.",
            ),
        };
        return html! {
            div { dt { (view.say("So với kỳ trước", "Since the last run")) } dd { p.none { "–" } (why) } }
        };
    };
    let moved = |up: bool| {
        let changes = view.report.units.iter().filter_map(|unit| unit.change);
        changes.filter(|change| if up { *change > 0 } else { *change < 0 }).count()
    };
    let (up, down) = (moved(true), moved(false));
    html! {
        div {
            dt { (view.say("So với kỳ trước", "Since the last run")) }
            dd {
                ul.deltas {
                    (row("up", view.number(previous.fixed.into()), "đã khắc phục", "fixed"))
                    (row("down", view.number(previous.new.into()), "mới phát sinh", "new"))
                    (row("down", view.number(previous.recurred.into()), "tái diễn", "back again"))
                    @if previous.same_rules {
                        li { b { (up) } " " (match view.lang {
                            Lang::Vi => format!("đơn vị tăng, {down} giảm"),
                            Lang::En => format!("units up, {down} down"),
                        }) }
                    } @else {
                        li { b { "!" } " " (view.say("bộ quy tắc đã đổi", "the rules changed")) }
                    }
                }
            }
        }
    }
}
