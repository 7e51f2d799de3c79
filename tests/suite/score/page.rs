//! The worked example of `docs/scoring.md`, reckoned again from its own table of verdicts and the built-in method.

use khien::report::{RuleBook, RuleEntry, assemble};
use khien::rule::{Category, Owner, RuleSet, Severity};
use khien::score::{Bracket, Method};
use khien::target::Importance;

use super::world::{V, World, rule, run, site, unit};

const PAGE: &str = include_str!("../../../docs/scoring.md");

/// The cells of the rows between a heading row and the end of its table.
fn table(heading: &str) -> Vec<Vec<&'static str>> {
    let lines = PAGE.lines().skip_while(|line| !line.starts_with(heading)).skip(2);
    let rows = lines.take_while(|line| line.starts_with('|'));
    let rows: Vec<Vec<_>> =
        rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect();
    assert!(!rows.is_empty(), "no table {heading}");
    rows
}

fn word<T: Copy + std::fmt::Display>(all: &[T], word: &str) -> T {
    *all.iter().find(|one| one.to_string() == word).unwrap_or_else(|| panic!("{word}"))
}

fn example() -> World {
    let rows = table("| Quy tắc");
    let mut rules: Vec<RuleEntry> = Vec::new();
    for row in &rows {
        let (category, severity) = (word(Category::ALL, row[1]), word(Severity::ALL, row[2]));
        let mut entry = rule(row[0], category, severity, Owner::Site);
        entry.minutes = row[3].parse().unwrap();
        entry.after = row[4].strip_prefix("lost with ").map(super::world::id).into_iter().collect();
        rules.push(entry);
    }
    let mut world = World::new(rules, vec![unit("u", vec![site("a.example")])]);
    for row in rows {
        let verdict = match row[4] {
            "pass" => V::Pass,
            "fail" => V::Fail,
            "inconclusive" => V::Inconclusive,
            lost => V::Lost(lost.strip_prefix("lost with ").unwrap().to_owned()),
        };
        world.set("a.example", row[0], verdict);
    }
    world
}

#[test]
fn the_rules_of_the_example_are_real() {
    let rules = RuleSet::built_in().unwrap();
    for entry in example().rules {
        let rule = rules.get(&entry.id).unwrap_or_else(|| panic!("no rule {}", entry.id));
        assert_eq!(
            (rule.category, rule.severity, rule.level, rule.effort.minutes()),
            (entry.category, entry.severity, entry.level, entry.minutes),
            "{}",
            entry.id
        );
        assert!(entry.after.iter().all(|parent| rule.after.iter().any(|after| after.value == *parent)));
    }
}

#[test]
fn every_cap_is_on_a_rule_and_none_is_below_its_parents() {
    let book = RuleBook::of(&RuleSet::built_in().unwrap(), None);
    assert_eq!(book.cap_faults(&Method::built_in().unwrap()), []);
}

fn comma(tenths: u32) -> String {
    format!("{},{}", tenths / 10, tenths % 10)
}

#[test]
fn the_worked_example_is_what_the_program_says() {
    let world = example();
    let method = Method::built_in().unwrap();
    let report = assemble(world.site_reports(), &world.roster, &world.book(), &method, run()).unwrap();
    let unit = &report.units[0];
    let card = &unit.sites[0];

    let categories: Vec<Vec<String>> = (card.categories.iter())
        .map(|c| {
            vec![
                c.category.to_string(),
                c.points.to_string(),
                c.max.to_string(),
                c.score.unwrap().to_string(),
            ]
        })
        .collect();
    assert_eq!(table("| Nhóm"), categories);

    let Bracket(low, high) = card.bracket.unwrap();
    let coverage = card.coverage;
    let cap = card.caps.iter().find(|cap| cap.binding).unwrap();
    let mut numbers = vec![
        ("Điểm gốc / Base".to_owned(), card.base.unwrap().to_string()),
        ("Trần / Cap".to_owned(), format!("{} ({})", cap.cap, cap.rule)),
        ("**Điểm / Score**".to_owned(), format!("**{}**", card.score.unwrap())),
        ("Xếp loại / Grade".to_owned(), format!("{}, {}", card.grade.as_ref().unwrap(), card.grade_word.vi)),
        ("Khoảng điểm / Bracket".to_owned(), format!("{low}–{high}")),
        (
            "Độ bao phủ / Coverage".to_owned(),
            format!("{} / {} = {} %", coverage.tested, coverage.applicable, coverage.percent),
        ),
    ];
    for lost in &card.points_lost {
        numbers.push((format!("Mất điểm / Points lost: {}", lost.rule), comma(lost.points.0)));
    }
    let page: Vec<_> = table("| | |").iter().map(|row| (row[0].to_owned(), row[1].to_owned())).collect();
    assert_eq!(page, numbers);

    let plan: Vec<Vec<String>> = (unit.fix_plan.iter())
        .map(|step| {
            let rules: Vec<_> = step.rules.iter().map(|rule| rule.rule.to_string()).collect();
            let after = format!("{} ({})", step.score, step.grade.as_ref().unwrap());
            vec![rules.join(", "), step.minutes.to_string(), step.gain.to_string(), after]
        })
        .collect();
    assert_eq!(table("| Bước"), plan);
}

#[test]
fn the_page_names_the_weights_and_grades_of_the_method() {
    let method = Method::built_in().unwrap();
    let severity = |severity| method.severity_weight(severity);
    let [critical, high, medium, low] =
        [Severity::Critical, Severity::High, Severity::Medium, Severity::Low].map(severity);
    let [tls, certificate, http, dns, mail, web] =
        [Category::Tls, Category::Certificate, Category::Http, Category::Dns, Category::Mail, Category::Web]
            .map(|category| method.category_weight(category));
    let [most, usual, least] =
        [Importance::High, Importance::Normal, Importance::Low].map(|i| method.importance_weight(i));
    let grades: Vec<String> = (method.grades().iter())
        .map(|g| match g.min {
            0 => format!("{} {}", g.letter, g.word.vi),
            min => format!("{} ≥ {min} {}", g.letter, g.word.vi),
        })
        .collect();
    let text = PAGE.split_whitespace().collect::<Vec<_>>().join(" ");
    for expected in [
        format!("nghiêm trọng {critical}, cao {high}, trung bình {medium}, thấp {low}"),
        format!("TLS {tls}, chứng thư {certificate}, HTTP {http}, DNS {dns}, thư {mail}, nội dung {web}"),
        format!("(cao {most}, thường {usual}, thấp {least})"),
        format!("Dưới {} % thì không xếp loại", method.minimum_coverage()),
        grades.join(" · "),
    ] {
        assert!(text.contains(&expected), "the page does not say: {expected}");
    }
}
