//! The fix plan: step by step what, who, how long, how many points, and the score after it.

use maud::{Markup, html};

use crate::{
    render::{
        escape,
        html::{chart, icon, view::View, words},
    },
    report::{FixStep, GroupKind, UnitCard},
    rule::Lang,
};

/// The most steps before the rest is folded.
const SHOWN: usize = 6;

pub(super) fn section(view: View<'_, '_>, card: &UnitCard) -> Markup {
    if card.fix_plan.is_empty() {
        return html! {};
    }
    let id = view.anchor(card, "t-viec");
    let before = |place: usize| match place.checked_sub(1).and_then(|above| card.fix_plan.get(above)) {
        Some(step) => step.score,
        None => card.score.unwrap_or(0),
    };
    let steps = || card.fix_plan.iter().enumerate();
    html! {
        section id=(view.anchor(card, "viec")) aria-labelledby=(view.label(card, &id)) {
            div.sec-head {
                h2 id=(id) { (view.say("Việc cần làm trước", "What to do first")) }
                p { (view.say("Gỡ trần điểm trước, rồi theo điểm được thêm trên mỗi phút", "What lifts a cap first, then by points a minute")) }
            }
            div.plan-head aria-hidden="true" {
                span {} span { (view.say("Việc, ai làm", "Step, who does it")) }
                span { (view.say("Được thêm", "Gain")) } span { (view.say("Thời gian", "Time")) }
                span { (view.say("Điểm sau khi làm", "Score after it")) }
            }
            ol.plan { @for (place, one) in steps().take(SHOWN) { (step(view, card, place, one, before(place))) } }
            @if card.fix_plan.len() > SHOWN {
                details.more {
                    summary { (match view.lang {
                        Lang::Vi => format!("{} việc nữa", card.fix_plan.len() - SHOWN),
                        Lang::En => format!("{} more steps", card.fix_plan.len() - SHOWN),
                    }) }
                    ol.plan start=(SHOWN + 1) { @for (place, one) in steps().skip(SHOWN) { (step(view, card, place, one, before(place))) } }
                }
            }
            p.fine.note { (total(view, card)) }
        }
    }
}

fn step(view: View<'_, '_>, card: &UnitCard, place: usize, step: &FixStep, before: u8) -> Markup {
    let group = words::group(step.kind, view.lang);
    let gain = if step.gain > 0 {
        match view.lang {
            Lang::Vi => format!("+{} điểm", step.gain),
            Lang::En => format!("+{}", step.gain),
        }
    } else {
        match view.lang {
            Lang::Vi => format!("+{} điểm gốc", view.tenths(step.base_gain)),
            Lang::En => format!("+{} of base", view.tenths(step.base_gain)),
        }
    };
    let together = step.rules.len() > 1;
    html! {
        li {
            span.step { (place + 1) }
            div class={ "what" @if together { " pair" } } {
                @for fix in &step.rules {
                    @let rule = view.rule(&fix.rule);
                    p.one {
                        @if let Some(rule) = rule { (icon::severity_mark(&view, rule.severity)) " " }
                        a.t href=(view.to_finding(card, &fix.rule)) { (view.title(&fix.rule)) }
                    }
                }
                small {
                    @if step.kind != GroupKind::Site { (group) " " }
                    (escape(&step.name))
                    @if let Some(who) = who(view, step) { ". " (who) }
                }
                @if together {
                    small { (match (step.lifts_cap, view.lang) {
                        (Some(cap), Lang::Vi) => format!("Làm cùng nhau: sửa xong tất cả mới gỡ được trần {cap}."),
                        (Some(cap), Lang::En) => format!("Together: only all of them lift the cap of {cap}."),
                        (None, Lang::Vi) => "Làm cùng nhau.".to_owned(),
                        (None, Lang::En) => "Together.".to_owned(),
                    }) }
                } @else if let Some(cap) = step.lifts_cap {
                    small { (match view.lang {
                        Lang::Vi => format!("Gỡ trần {cap} điểm."),
                        Lang::En => format!("Lifts the cap of {cap}."),
                    }) }
                }
            }
            span.gain { (gain) }
            span.min { (view.minutes(step.minutes)) }
            span.to {
                (chart::step(before, step.score, view.ink_of(step.grade.as_deref())))
                b { (step.score) } " "
                (icon::grade(&view, step.grade.as_deref(), ""))
            }
        }
    }
}

fn who(view: View<'_, '_>, step: &FixStep) -> Option<&'static str> {
    let fix = view.rule(&step.rules.first()?.rule)?.fix.as_ref()?;
    Some(words::fixed_by(fix.who, view.lang))
}

fn total(view: View<'_, '_>, card: &UnitCard) -> String {
    let minutes = card.fix_plan.iter().map(|step| step.minutes).fold(0, u32::saturating_add);
    let (time, now) = (view.minutes(minutes), card.score.unwrap_or(0));
    let after = card.fix_plan.last().map_or(now, |step| step.score);
    match view.lang {
        Lang::Vi => format!("Cộng {time}: {now} lên {after} điểm."),
        Lang::En => format!("{time} in all: from {now} to {after}."),
    }
}
