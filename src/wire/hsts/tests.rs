//! RFC 6797's own examples (§6.2), the values peers dispute, and properties.

use super::*;
use proptest::prelude::*;

fn valid(value: &str) -> Hsts {
    let hsts = parse(value);
    assert!(hsts.valid && hsts.faults.is_empty(), "{value:?} should be valid: {:?}", hsts.faults);
    hsts
}

fn faults(value: &str) -> Vec<Fault> {
    let hsts = parse(value);
    assert!(!hsts.valid, "{value:?} should be invalid");
    hsts.faults
}

#[test]
fn examples_of_rfc_6797() {
    for (value, max_age, sub_domains) in [
        ("max-age=31536000", 31_536_000, false),
        ("max-age=15768000 ; includeSubDomains", 15_768_000, true),
        ("max-age=\"31536000\"", 31_536_000, false),
        ("max-age=0", 0, false),
        ("max-age=0; includeSubDomains", 0, true),
    ] {
        let hsts = valid(value);
        assert_eq!((hsts.max_age, hsts.include_sub_domains), (Some(max_age), sub_domains), "{value}");
    }
}

#[test]
fn accepted_forms() {
    for value in [
        "MAX-AGE=5",
        "includesubdomains;max-age=5",
        ";;max-age=5;; ;",
        "  max-age = 5\t;\tfoo = bar ",
        "max-age=5; foo=\"a;b,c\"",
        "max-age=5; foo=\"caf\u{e9} \\\" \"",
        "max-age=\"\\5\"",
        "max-age=5; unknown",
        "max-age=5; preload=yes",
        "max-age=0005",
    ] {
        assert_eq!(valid(value).max_age, Some(5), "{value}");
    }
    let hsts = valid("max-age=63072000; IncludeSubDomains; Preload");
    assert!(hsts.include_sub_domains && hsts.preload);
    assert!(!valid("max-age=5; preload=yes").preload);
}

#[test]
fn numbers_saturate() {
    assert_eq!(valid("max-age=9223372036854775808").max_age, Some(MAX_AGE_LIMIT));
    assert_eq!(valid("max-age=99999999999999999999999999999").max_age, Some(MAX_AGE_LIMIT));
    assert_eq!(valid("max-age=9223372036854775807").max_age, Some(MAX_AGE_LIMIT));
    assert_eq!(valid("max-age=9223372036854775806").max_age, Some(MAX_AGE_LIMIT - 1));
}

#[test]
fn max_age_must_be_digits() {
    for value in [
        "max-age=abc",
        "max-age=-1",
        "max-age=1.5",
        "max-age=+5",
        "max-age=31536000s",
        "max-age=0x10",
        "max-age=",
        "max-age",
        "max-age=\"\"",
        "max-age=\" 5\"",
        "max-age; includeSubDomains",
        "max-age=; includeSubDomains",
    ] {
        assert_eq!(faults(value), [Fault::MaxAgeNotANumber], "{value}");
        assert_eq!(parse(value).max_age, None, "{value}");
    }
}

#[test]
fn max_age_is_required() {
    for value in ["", " ", ";", ";;", "includeSubDomains", "preload", "maxage=5", "max_age=5"] {
        assert_eq!(faults(value), [Fault::MissingMaxAge], "{value:?}");
    }
}

#[test]
fn nothing_may_be_repeated() {
    assert_eq!(faults("max-age=5; max-age=6"), [Fault::Duplicate("max-age".into())]);
    assert_eq!(parse("max-age=5; max-age=6").max_age, Some(5));
    assert_eq!(faults("max-age=5; Max-Age=5"), [Fault::Duplicate("max-age".into())]);
    assert_eq!(
        faults("max-age=5; includeSubDomains; INCLUDESUBDOMAINS"),
        [Fault::Duplicate("includesubdomains".into())]
    );
    assert_eq!(faults("max-age=5; x; x=1"), [Fault::Duplicate("x".into())]);
    assert_eq!(
        faults("max-age=abc; max-age=5"),
        [Fault::MaxAgeNotANumber, Fault::Duplicate("max-age".into())]
    );
    assert_eq!(parse("max-age=abc; max-age=5").max_age, None);
}

#[test]
fn include_sub_domains_takes_no_value() {
    for value in ["max-age=5; includeSubDomains=true", "max-age=5; includeSubDomains=\"\""] {
        assert_eq!(faults(value), [Fault::IncludeSubDomainsHasValue], "{value}");
        assert!(!parse(value).include_sub_domains);
    }
}

#[test]
fn grammar_violations() {
    for (value, offset) in [
        ("max-age=5, max-age=6", 9),
        ("max-age=5 includeSubDomains", 10),
        ("max-age=5; =x", 11),
        ("max-age=5; x=", 13),
        ("max-age=5; x=\"open", 13),
        ("max-age=5; x=\"a\"b", 16),
        ("max-age=5; tiếng=1", 13),
        ("max-age=5; x=\"a\u{1}b\"", 15),
        ("max-age==5", 8),
    ] {
        let faults = faults(value);
        assert_eq!(faults.first(), Some(&Fault::Syntax(offset)), "{value}");
    }
    // the rest is still read, as evidence
    let hsts = parse("max-age=5 oops; includeSubDomains");
    assert!(hsts.include_sub_domains && !hsts.valid);
}

#[test]
fn only_the_first_field_counts() {
    let response = from_fields(["max-age=0", "max-age=31536000", "x"]).expect("there is a field");
    assert_eq!((response.first.max_age, response.extra_fields, response.first.valid), (Some(0), 2, true));
    let response = from_fields(["max-age=abc", "max-age=31536000"]).expect("there is a field");
    assert!(!response.first.valid);
    assert_eq!(response.raw, "max-age=abc");
    assert_eq!(from_fields(Vec::<&str>::new()), None);
}

#[test]
fn a_hostile_value_is_cheap_and_bounded() {
    let value = (0..20_000).map(|number| format!("d{number}=,")).collect::<Vec<_>>().join(";");
    assert_eq!(parse(&value).faults.len(), 16);
    assert!(!parse(&"a;".repeat(30_000)).valid);
}

proptest! {
    #[test]
    fn never_panics(value in any::<Vec<u8>>()) {
        let text = crate::wire::field::text(&value);
        let hsts = parse(&text);
        prop_assert_eq!(hsts.valid, hsts.faults.is_empty());
        prop_assert!(!hsts.valid || hsts.max_age.is_some());
    }

    #[test]
    fn never_panics_near_the_grammar(value in "[ ;=\"\\\\a,\t]{0,3}(max-age|preload|includeSubDomains)?[ ;=\"\\\\0-9,]{0,12}") {
        let hsts = parse(&value);
        prop_assert_eq!(hsts.valid, hsts.faults.is_empty());
    }

    #[test]
    fn order_and_case_do_not_matter(age in any::<u32>(), upper in any::<bool>(), quoted in any::<bool>(), turn in 0_usize..3) {
        let age_text = if quoted { format!("max-age=\"{age}\"") } else { format!("max-age={age}") };
        let mut parts = [age_text, "includeSubDomains".to_owned(), "preload".to_owned()];
        parts.rotate_left(turn);
        let mut value = parts.join(" ; ");
        if upper { value = value.to_ascii_uppercase(); }
        let hsts = parse(&value);
        prop_assert!(hsts.valid && hsts.include_sub_domains && hsts.preload);
        prop_assert_eq!(hsts.max_age, Some(u64::from(age)));
    }
}
