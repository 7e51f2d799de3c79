//! Whatever an inventory is refused or warned for is said in Vietnamese too, about the same words.

use jiff::civil::Date;

use super::*;
use crate::language::{Bilingual, Text, assert_good};
use crate::yaml::{Diagnostic, Source};

const FILES: [&str; 2] = [
    include_str!("../../tests/data/targets/mistakes.yaml"),
    include_str!("../../tests/data/targets/warnings.yaml"),
];

fn told(text: &str) -> Vec<Diagnostic> {
    match load(&Source::new("t.yaml", text)) {
        Ok(loaded) => loaded.warnings,
        Err(mistakes) => mistakes.into_iter().collect(),
    }
}

#[test]
fn every_mistake_of_an_inventory_has_both_languages() {
    let list: Vec<Diagnostic> = FILES.iter().flat_map(|text| told(text)).collect();
    assert!(list.len() > 30, "{}", list.len());
    for diagnostic in &list {
        let labels = diagnostic.also().map(|(_, label)| label);
        [diagnostic.message()].into_iter().chain(diagnostic.help()).chain(labels).for_each(assert_good);
    }
}

#[test]
fn what_a_type_refuses_has_both_languages() {
    let connect = |text: &str| text.parse::<ConnectTo>().unwrap_err().text();
    let authority = |text: &str| Authority::parse(text).unwrap_err().text();
    let day = Date::constant(2026, 11, 1);
    let texts: Vec<Text> = vec![
        connect("a"),
        connect("a.example:443:b.example:443"),
        connect("a.example:0:127.0.0.1:443"),
        connect("a:443:127.0.0.1:443"),
        authority("ftp://a.example"),
        authority("https://a@b.example"),
        authority("a.example:99999"),
        UnitId::parse("Sở").unwrap_err().text(),
        AuthorisationError::NotYet { number: "1/KH".into(), from: day }.text(),
        AuthorisationError::Expired { number: "1/KH".into(), expired: day }.text(),
    ];
    for text in &texts[..texts.len() - 2] {
        assert_good(text);
    }
    assert_eq!(&*texts[texts.len() - 1].vi, "Văn bản 1/KH đã hết hạn ngày 01/11/2026");
    assert!(texts[texts.len() - 2].vi.contains("chỉ có hiệu lực từ ngày 01/11/2026"));
}

/// A type of ours that refuses while serde reads passes both languages through.
#[test]
fn a_site_of_the_wrong_kind_is_told_in_both_languages() {
    let example = include_str!("../../targets.example.yaml");
    let at = example.find("- host:").unwrap();
    let text = format!("{}- [1]\n{}", &example[..at], " ".repeat(6) + &example[at..]);
    let list = told(&text);
    let [only] = list.as_slice() else { panic!("{list:?}") };
    assert!(only.message().vi.contains("cần một tên miền, hoặc một nhóm khóa có `host`"), "{only:?}");
    assert!(only.message().en.contains("expected a host name, or a mapping with `host`"), "{only:?}");
    assert_good(only.message());
}
