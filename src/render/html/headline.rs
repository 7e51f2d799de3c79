//! The one or two sentences that answer a page's question in five seconds. Each is made by one function of the report.

use crate::{
    report::{Report, UnitCard},
    rule::{Lang, Severity},
    score::Standing,
};

use super::{
    view::{Book, Failure},
    words,
};

/// What the lead agency reads first: the mean of each block, then what is critical.
pub(super) fn province(book: &Book<'_>) -> Vec<String> {
    let mut sentences = Vec::new();
    if let Some(doubt) = doubt(book) {
        sentences.push(doubt);
    }
    sentences.push(means(book));
    if let Some(critical) = criticals(book) {
        sentences.push(critical);
    }
    sentences
}

/// What a unit's officer reads first: score, grade, what to do first and what that yields.
pub(super) fn unit(book: &Book<'_>, card: &UnitCard) -> Vec<String> {
    let Some(score) = card.score else {
        return vec![unscored(book, card)];
    };
    let first = match (&card.grade, book.lang) {
        (Some(letter), Lang::Vi) => format!("{score} điểm, loại {letter}."),
        (Some(letter), Lang::En) => format!("{score} points, grade {letter}."),
        (None, Lang::Vi) => format!("{score} điểm, {}.", card.grade_word.get(Lang::Vi)),
        (None, Lang::En) => format!("{score} points, {}.", card.grade_word.get(Lang::En)),
    };
    vec![first, what_first(book, card, score)]
}

/// The step and the minutes that the headline promises: at most two steps.
pub(super) fn first_steps(card: &UnitCard) -> Option<(usize, u32, u8, Option<&str>)> {
    let steps: Vec<_> = card.fix_plan.iter().take(2).collect();
    let last = steps.last()?;
    let minutes = steps.iter().map(|step| step.minutes).fold(0, u32::saturating_add);
    Some((steps.len(), minutes, last.score, last.grade.as_deref()))
}

fn doubt(book: &Book<'_>) -> Option<String> {
    let run = &book.report.run;
    let text = if run.degraded {
        book.say(
            "Lượt quét suy giảm: kết quả chưa dùng để so sánh.",
            "Degraded run: not to be compared with others.",
        )
    } else if !run.complete {
        book.say("Lượt quét chưa đầy đủ.", "The run is not complete.")
    } else {
        return None;
    };
    Some(text.to_owned())
}

fn means(book: &Book<'_>) -> String {
    let report = book.report;
    if report.units.iter().all(|unit| unit.sites.is_empty()) {
        return book.say("Chưa khai báo trang nào.", "No site is declared.").to_owned();
    }
    let scored: Vec<_> =
        report.blocks.iter().filter_map(|block| Some((block.block, block.average?))).collect();
    let mut text = String::new();
    for (place, (block, average)) in scored.iter().enumerate() {
        let (name, average) = (words::block(*block, book.lang), book.tenths(*average));
        text += &match (place, book.lang) {
            (0, Lang::Vi) => format!("{} đạt {average} điểm", words::capitalised(name)),
            (0, Lang::En) => format!("{} score {average} on average", words::capitalised(name)),
            _ => format!(", {name} {average}"),
        };
    }
    if text.is_empty() {
        let tested = report.units.iter().any(|unit| unit.score.is_some());
        let none = if tested {
            book.say("Chưa đủ dữ liệu để xếp loại đơn vị nào", "There is not enough data to grade any unit")
        } else {
            book.say("Không kiểm tra được đơn vị nào", "No unit could be tested")
        };
        text.push_str(none);
    }
    text.push('.');
    text
}

fn criticals(book: &Book<'_>) -> Option<String> {
    let scored: Vec<&Failure<'_>> = book.failures().filter(|f| f.card.finding.scores()).collect();
    let critical = || scored.iter().filter(|f| f.card.finding.severity == Severity::Critical);
    let count = critical().count();
    let mut units: Vec<&str> = critical().map(|f| f.unit.id.as_str()).collect();
    units.sort_unstable();
    units.dedup();
    let fresh = critical().filter(|f| book.is_new(&f.card)).count();
    if count > 0 {
        let mut text = match book.lang {
            Lang::Vi => format!("Còn {count} lỗi nghiêm trọng ở {} đơn vị", units.len()),
            Lang::En => format!(
                "{count} critical {} at {} {}",
                if count == 1 { "finding" } else { "findings" },
                units.len(),
                if units.len() == 1 { "unit" } else { "units" }
            ),
        };
        if fresh == count {
            text.push_str(book.say(", đều mới phát sinh", ", all of them new"));
        } else if fresh > 0 {
            text += &match book.lang {
                Lang::Vi => format!(", {fresh} lỗi mới"),
                Lang::En => format!(", {fresh} of them new"),
            };
        }
        return Some(text + ".");
    }
    // nothing can be said of what nobody looked at
    book.report.units.iter().any(|unit| unit.score.is_some()).then(|| {
        let text = if scored.is_empty() {
            book.say("Không có lỗi chưa đạt.", "Nothing failed.")
        } else {
            book.say("Không có lỗi nghiêm trọng.", "Nothing critical.")
        };
        text.to_owned()
    })
}

fn unscored(book: &Book<'_>, card: &UnitCard) -> String {
    let text = match card.status {
        Standing::NoSite => book.say("Chưa khai báo trang nào.", "No site is declared."),
        Standing::Shared => book.say(
            "Trang dùng chung: đơn vị vận hành chịu trách nhiệm mọi phép kiểm tra.",
            "Shared: whoever runs the site answers for every check.",
        ),
        Standing::Untested => {
            let reason = card.sites.iter().find_map(super::unit::commonest_reason);
            return match reason {
                Some(reason) => {
                    let lead = book.say("Không kiểm tra được", "Could not be tested");
                    format!("{lead}: {}.", reason.words().get(book.lang))
                }
                None => book.say("Không kiểm tra được.", "Could not be tested.").to_owned(),
            };
        }
        Standing::InsufficientData | Standing::Ranked => {
            book.say("Chưa đủ dữ liệu để chấm điểm.", "Not enough data for a score.")
        }
    };
    text.to_owned()
}

fn what_first(book: &Book<'_>, card: &UnitCard, score: u8) -> String {
    let Some((steps, minutes, after, grade)) = first_steps(card) else {
        let mut own = book.charged_to(card).iter().filter(|f| f.card.finding.scores());
        let others =
            book.seen_at(card).iter().any(|f| f.card.finding.scores() && f.card.charged_to.is_some());
        let text = if own.next().is_some() {
            book.say("Còn lỗi chưa đạt, xem từng lỗi bên dưới.", "Something failed: see the findings below.")
        } else if others {
            book.say(
                "Không còn việc của đơn vị; có lỗi do nơi vận hành xử lý.",
                "Nothing is left for the unit; what failed is for others to fix.",
            )
        } else {
            book.say("Không có lỗi chưa đạt.", "Nothing failed.")
        };
        return text.to_owned();
    };
    let time = book.minutes(minutes);
    if after <= score {
        return match book.lang {
            Lang::Vi => format!("Còn việc nhỏ, khoảng {time}, chưa thêm đủ một điểm."),
            Lang::En => format!("What is left takes about {time} and gains less than a point."),
        };
    }
    let total = card.fix_plan.len();
    let what = match (steps, total, book.lang) {
        (1, _, Lang::Vi) => "Làm 1 việc".to_owned(),
        (n, total, Lang::Vi) if n == total => format!("Làm {n} việc"),
        (n, _, Lang::Vi) => format!("Làm {n} việc đầu"),
        (1, _, Lang::En) => "One step".to_owned(),
        (n, total, Lang::En) if n == total => format!("{n} steps"),
        (n, _, Lang::En) => format!("The first {n} steps"),
    };
    let grade = grade.map_or_else(String::new, |g| format!(", {} {g}", book.say("loại", "grade")));
    match book.lang {
        Lang::Vi => format!("{what}, khoảng {time}, lên {after} điểm{grade}."),
        Lang::En => format!("{what}, about {time}, up to {after}{grade}."),
    }
}

/// How many sites have a result, of how many.
pub(super) fn looked_at(report: &Report) -> (usize, usize) {
    let sites = || report.units.iter().flat_map(|unit| &unit.sites);
    (sites().filter(|site| site.untested.is_none()).count(), sites().count())
}

#[cfg(test)]
#[path = "headline_tests.rs"]
pub(super) mod tests;
