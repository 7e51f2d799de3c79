//! One unit's card: how bad, what first, how long, what it yields; then its sites.

use std::io::{self, Write};

use super::{COLUMNS, Ink, Style, line, site, title};
use crate::{
    render::{escape, pad, words::capitalised, wrap},
    report::{Report, UnitCard},
    rule::Lang,
};

/// The most steps of the fix plan shown.
const MAX_STEPS: usize = 5;

/// Prints one unit's card with those of its sites.
pub fn unit(out: &mut dyn Write, report: &Report, card: &UnitCard, style: Style) -> io::Result<()> {
    line(out, &style.ink(Ink::Strong, &escape(&card.name)))?;
    line(out, &wrap(&headline(card, style), COLUMNS, ""))?;
    plan(out, report, card, style)?;
    for place in &card.sites {
        writeln!(out)?;
        line(out, &style.ink(Ink::Faint, &"─".repeat(COLUMNS)))?;
        site(out, report, place, style)?;
    }
    Ok(())
}

/// The one sentence that answers "how bad, and what first".
fn headline(card: &UnitCard, style: Style) -> String {
    let Some(score) = card.score else {
        return format!("{}.", capitalised(card.status_word.get(style.lang)));
    };
    let grade = card.grade.as_ref().map_or_else(
        || card.grade_word.get(style.lang).to_owned(),
        |g| format!("{} {g}", style.word("loại", "grade")),
    );
    let mut text = match style.lang {
        Lang::Vi => format!("{score} điểm, {grade}."),
        Lang::En => format!("{score} points, {grade}."),
    };
    if let Some(change) = card.change {
        let change = Style::change(change);
        text += &match style.lang {
            Lang::Vi => format!(" So kỳ trước: {change}."),
            Lang::En => format!(" Since the last run: {change}."),
        };
    }
    let steps = card.fix_plan.iter().take(2).collect::<Vec<_>>();
    if let Some(last) = steps.last() {
        let minutes: u32 = steps.iter().map(|s| s.minutes).sum();
        let count = steps.len();
        let after = last
            .grade
            .as_ref()
            .map_or_else(String::new, |g| format!(", {} {g}", style.word("loại", "grade")));
        text += &match style.lang {
            Lang::Vi => {
                format!(" Làm {count} việc đầu, khoảng {minutes} phút, lên {} điểm{after}.", last.score)
            }
            Lang::En => format!(
                " The first {count} steps, about {minutes} minutes, lift it to {}{after}.",
                last.score
            ),
        };
    } else {
        text.push_str(style.word(" Không có lỗi chưa đạt.", " Nothing failed."));
    }
    text
}

fn plan(out: &mut dyn Write, report: &Report, card: &UnitCard, style: Style) -> io::Result<()> {
    if card.fix_plan.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    line(out, &style.ink(Ink::Strong, style.word("Việc cần làm, theo thứ tự", "What to do, in this order")))?;
    for (number, step) in card.fix_plan.iter().take(MAX_STEPS).enumerate() {
        let what: Vec<&str> = step.rules.iter().map(|fix| title(report, &fix.rule, style.lang)).collect();
        let grade = step.grade.as_deref().unwrap_or("–");
        let yields = format!("{:>4} → {:>3} {grade}", format!("+{}", step.gain), step.score);
        let time = pad(&style.minutes(step.minutes), 9);
        let text = match (what.as_slice(), style.lang) {
            ([only], _) => (*only).to_owned(),
            (many, Lang::Vi) => format!("Làm cùng nhau: {}", many.join("; ")),
            (many, Lang::En) => format!("Together: {}", many.join("; ")),
        };
        let wrapped = wrap(&text, COLUMNS - 28, "");
        for (i, part) in wrapped.lines().enumerate() {
            let lead = if i == 0 { format!("{:>2}. {yields}  {time}", number + 1) } else { " ".repeat(26) };
            line(out, &format!("{lead}{part}"))?;
        }
        line(out, &format!("{}{}", " ".repeat(26), style.ink(Ink::Faint, &escape(&step.name))))?;
    }
    if let Some(more) = card.fix_plan.len().checked_sub(MAX_STEPS).filter(|more| *more > 0) {
        line(
            out,
            &match style.lang {
                Lang::Vi => format!("    … và {more} việc nữa"),
                Lang::En => format!("    … and {more} more"),
            },
        )?;
    }
    Ok(())
}
