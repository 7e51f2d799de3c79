//! Every mistake the reader knows, with the sentence it makes.

use serde::Deserialize;

use super::*;
use crate::language::{Lang, assert_good};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    id: Located<String>,
    #[serde(default)]
    weight: Option<Located<u8>>,
    #[serde(default)]
    tags: Vec<Located<String>>,
    #[serde(default)]
    intrusive: Option<bool>,
    #[serde(default)]
    severity: Option<Severity>,
    #[serde(default)]
    fix: Option<Located<Fix>>,
    #[serde(default)]
    sites: Vec<Site>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Low,
    Medium,
    High,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fix {
    who: String,
    #[serde(default)]
    minutes: Option<u16>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Site {
    host: Located<String>,
    #[serde(default)]
    port: Option<Located<u16>>,
}

/// The mistake of `yaml` without the file's name, and its advice.
fn mistake<T: serde::de::DeserializeOwned>(yaml: &str) -> (String, String) {
    let Err(error) = parse::<T>(&Source::new("r", yaml)) else { panic!("accepted: {yaml:?}") };
    for text in [error.message()].into_iter().chain(error.help()).chain(error.also().map(|(_, label)| label))
    {
        assert_good(text);
    }
    let line = error.to_string();
    let help = error.help().map(|help| help.en.to_string()).unwrap_or_default();
    (line.strip_prefix("r:").unwrap().trim_start().to_owned(), help)
}

/// Each row: the text, the whole sentence with its place, a part of the advice ("" for none).
fn check(rows: &[(&str, &str, &str)]) {
    for (yaml, sentence, advice) in rows {
        let (line, help) = mistake::<Rule>(yaml);
        assert_eq!(line, *sentence, "{yaml:?}");
        assert!(help.contains(advice) && help.is_empty() == advice.is_empty(), "{yaml:?}: {help:?}");
    }
}

#[test]
fn unknown_words_get_a_suggestion() {
    check(&[
        ("id: a\nseverty: high\n", "2:1: unknown key `severty`", "did you mean `severity`?"),
        ("id: a\nfix:\n  who: x\n  mintes: 3\n", "4:3: `fix`: unknown key `mintes`", "`minutes`?"),
        ("id: a\nID: b\n", "2:1: unknown key `ID`", "`id`?"),
        ("id: a\nzzz: 1\n", "2:1: unknown key `zzz`", "expected one of: id, weight, tags"),
        ("id: a\nseverity: hihg\n", "2:11: `severity`: unknown value `hihg`", "`high`?"),
        ("id: a\nseverity: urgent\n", "2:11: `severity`: unknown value `urgent`", "low, medium, high"),
    ]);
}

#[test]
fn a_missing_key_is_told_at_the_start_of_its_mapping() {
    check(&[
        ("weight: 3\nfix: {who: x}\n", "1:1: the key `id` is missing", ""),
        ("id: a\nfix:\n  minutes: 1\n", "3:3: `fix`: the key `who` is missing", ""),
        ("id: a\nsites:\n  - host: b\n  - port: 1\n", "4:5: `sites[1]`: the key `host` is missing", ""),
        ("id: a\nfix: {minutes: 1}\n", "2:6: `fix`: the key `who` is missing", ""),
        ("id: a\nfix: {}\n", "2:6: `fix`: the key `who` is missing", ""),
    ]);
}

#[test]
fn a_wrong_indent_is_recognised() {
    let fits_no_mapping = "this line does not fit the indentation of the mapping above it";
    check(&[
        (
            "id: a\nsites:\n  - port: 1\nhost: x\n",
            "3:5: `sites[0]`: the key `host` is missing",
            "the `host` of line 4 is indented too little",
        ),
        ("id: a\nfix:\n  minutes: 1\n who: x\n", &format!("4:2: {fits_no_mapping}"), "align"),
        ("fix:\n  who: x\n minutes: 2\nid: a\n", &format!("3:2: {fits_no_mapping}"), "align"),
        (
            "id: a\n  weight: 1\n",
            "2:9: `key: value` cannot stand here: the line is indented wrongly, or the value itself holds a colon",
            "align",
        ),
        (
            "id: a\ntags:\n  - a\n  b: c\n",
            "4:3: this line does not fit the list above it: expected an entry that starts with `- `",
            "align",
        ),
    ]);
}

#[test]
fn a_duplicate_key_is_told_at_the_second() {
    check(&[
        ("id: a\nweight: 1\nweight: 2\n", "3:1: the key `weight` is written twice", "keep one"),
        (
            "id: a\nsites:\n  - {host: a, host: b}\n",
            "3:15: `sites[0]`: the key `host` is written twice",
            "keep one",
        ),
    ]);
}

#[test]
fn a_number_out_of_range_names_the_range_and_what_was_found() {
    check(&[
        ("id: a\nweight: 300\n", "2:9: `weight`: expected a whole number from 0 to 255, found `300`", ""),
        ("id: a\nweight: -1\n", "2:9: `weight`: expected a whole number from 0 to 255, found `-1`", ""),
        ("id: a\nweight: 1.5\n", "2:9: `weight`: expected a whole number from 0 to 255, found `1.5`", ""),
        (
            "id: a\nweight: ''\n",
            "2:9: `weight`: expected a whole number from 0 to 255, found an empty text",
            "",
        ),
        (
            "id: a\nsites:\n  - host: x\n    port: 99999999999999999999999\n",
            "4:11: `sites[0].port`: expected a whole number from 0 to 65535, found `99999999999999999999999`",
            "",
        ),
        ("weight: &w 300\nid: x\n", "1:12: `weight`: expected a whole number from 0 to 255, found `300`", ""),
    ]);
}

#[test]
fn a_wrong_type_says_what_was_expected_and_what_was_found() {
    check(&[
        ("id: [a]\n", "1:5: `id`: expected a single value, found a list", ""),
        ("id:\n  a: b\n", "2:3: `id`: expected a single value, found a mapping", ""),
        ("id:\n", "1:3: `id`: expected a text, found nothing", "behind the colon"),
        ("id: ~\n", "1:5: `id`: expected a text, found nothing", "behind the colon"),
        ("id: a\nintrusive: yes\n", "2:12: `intrusive`: expected `true` or `false`, found `yes`", "YAML 1.2"),
        ("id: a\ntags: x\n", "2:7: `tags`: expected a list, found `x`", "starting with `- `"),
        ("id: a\ntags:\n  a: b\n", "3:3: `tags`: expected a list, found a mapping", "starting with `- `"),
        ("id: a\ntags:\n", "2:5: `tags`: expected a list, found nothing", "starting with `- `"),
        (
            "id: a\nfix: x\n",
            "2:6: `fix`: expected a mapping (lines of `key: value`), found `x`",
            "indented below",
        ),
        (
            "id: a\nfix: who:x\n",
            "2:6: `fix`: expected a mapping (lines of `key: value`), found `who:x`",
            "needs a space",
        ),
        (
            "id: a\nfix:\n  - who: x\n",
            "3:3: `fix`: expected a mapping (lines of `key: value`), found a list",
            "indented",
        ),
        ("id: a\nseverity: {low: 1}\n", "2:17: `severity.low`: expected a single word, found a mapping", ""),
        ("id: !!int a\n", "1:11: `id`: expected a text, found `a`", ""),
        ("- a\n", "1:1: expected a mapping (lines of `key: value`), found a list", "indented"),
        ("id:a\n", "1:1: expected a mapping (lines of `key: value`), found `id:a`", "needs a space"),
        ("", "the file holds no values, only comments or nothing", ""),
        ("# nothing\n", "the file holds no values, only comments or nothing", ""),
    ]);
}

#[test]
fn tabs_quotes_brackets_and_characters() {
    let colon =
        "`key: value` cannot stand here: the line is indented wrongly, or the value itself holds a colon";
    check(&[
        ("id: a\n\tweight: 1\n", "2:1: a tab in the indentation", "spaces only"),
        ("id: a\nfix:\n\twho: x\n", "3:1: a tab in the indentation", "spaces only"),
        ("id: a\nfix:\n  who: x\n \tminutes: 3\n", "4:2: a tab in the indentation", "spaces only"),
        ("id: 'abc\n", "1:5: a quote that opens here is not closed", "same quote"),
        ("id: 'it's'\n", "1:9: text behind a closing quote", "written twice"),
        (
            "id: \"a\\qb\"\n",
            "1:5: a backslash that starts no known escape in this double-quoted text",
            "twice",
        ),
        ("{id: a\n", "1:1: the bracket `{` is not closed", ""),
        ("tags: [a}\nid: a", "1:7: `[` is closed with `}`", ""),
        (
            "tags: [a, , b]\nid: a\n",
            "1:11: between brackets: expected a comma or the closing bracket",
            "two commas",
        ),
        ("id: a: b\n", &format!("1:6: {colon}"), "double quotes"),
        ("id: @a\n", "1:5: a text cannot start with `@`", "double quotes"),
        ("id: a\u{0}\n", "1:6: an invisible control character (U+0000)", "delete it"),
        ("id: -\n", "1:5: a list entry (`- `) cannot stand here", "below its key"),
        ("id: a\ntags:\n-a\n-b\n", "3:1: expected `key: value`", "a dash and a space"),
        ("id: |x\n  a\n", "1:5: a text block (`|` or `>`) that is not well formed", "next line"),
    ]);
}

#[test]
fn one_document_without_tags_merges_and_includes() {
    check(&[
        ("id: a\n---\nid: b\n", "3:1: a second document starts here; a file holds one", "---"),
        ("id: a\n...\ngarbage\n", "3:1: a second document starts here; a file holds one", "..."),
        ("id: !foo a\n", "1:10: the tag `!foo` means nothing here", "quotes"),
        ("id: a\nfix: !include x.yaml\n", "2:15: the tag `!include` means nothing here", "quotes"),
        ("id: a\n<<: {weight: 3}\n", "2:1: merge keys (`<<`) are not read here", "write the keys out"),
        ("id: *nope\n", "1:5: an alias (`*name`) without its anchor (`&name`)", "quotes"),
        (
            "%FOO\nid: a\n",
            "2:1: lines starting with `%` and the marks `---` and `...` are not needed here",
            "remove the line",
        ),
    ]);
}

#[test]
fn hostile_texts_end_quickly_with_a_sentence() {
    use std::time::{Duration, Instant};
    let mut lines = vec!["a0: &a0 [x,x,x,x,x,x,x,x,x,x]".to_owned()];
    for n in 1..10 {
        let aliases = vec![format!("*a{}", n - 1); 10].join(",");
        lines.push(format!("a{n}: &a{n} [{aliases}]"));
    }
    let laughs = lines.join("\n");
    let flow = format!("id: {}", "[".repeat(20_000));
    let block = (0..200).map(|n| " ".repeat(n) + "a:").collect::<Vec<_>>().join("\n");
    let dashes = "- ".repeat(20_000);
    let documents = "---\na: 1\n".repeat(10_000);
    let wide = "[],".repeat(600_001);
    let wide = format!("[{wide}]");
    let start = Instant::now();
    for (yaml, word) in [
        (&laughs, "more than a file may repeat"),
        (&flow, "more than 32 deep"),
        (&block, "more than 32 deep"),
        (&dashes, "more than 32 deep"),
        (&documents, "second document"),
        (&wide, "more than 600000 values"),
    ] {
        let (line, _) = mistake::<serde_json::Value>(yaml);
        assert!(line.contains(word), "{line}");
    }
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    let cycle = mistake::<serde_json::Value>("a: &a [*a]\n");
    assert!(cycle.0.contains("alias"), "{cycle:?}");
}

#[test]
fn values_are_yaml_1_2_and_nothing_is_interpolated() {
    let text = "id: ${HOME}\ntags: [no, off, 0755, 1.10, 2026-01-01, ~x]\nintrusive: true\n";
    let rule: Rule = parse(&Source::new("r", text)).unwrap();
    let tags: Vec<&str> = rule.tags.iter().map(|tag| tag.as_str()).collect();
    assert_eq!(rule.id.value, "${HOME}");
    assert_eq!(tags, ["no", "off", "0755", "1.10", "2026-01-01", "~x"]);
    assert!(rule.intrusive.unwrap() && rule.severity.is_none() && rule.weight.is_none());
}

#[test]
fn places_survive_a_byte_order_mark_crlf_and_vietnamese() {
    let text = "\u{feff}id: \"Sở Y tế\"\r\n# ghi chú\r\nweight: 3\r\ntags: [ỹ, b]\r\nsites:\r\n  - {host: h, port: 1}\r\n";
    let source = Source::new("r", text);
    let rule: Rule = parse(&source).unwrap();
    let tag = &rule.tags[1];
    assert_eq!((tag.at.line, tag.at.column), (4, 11));
    assert_eq!(&source.text()[tag.at.offset..tag.at.offset + tag.at.len], "b");
    assert_eq!(rule.weight.map(|weight| (weight.value, weight.at.line)), Some((3, 3)));
    assert_eq!(rule.sites[0].host.at.column, 12);
    assert_eq!(rule.sites[0].port.as_ref().map(|port| port.value), Some(1));
}

#[test]
fn a_list_and_a_mapping_are_located_at_their_first_character() {
    let source = Source::new("r", "id: a\nfix:\n  who: x\n");
    let fix = parse::<Rule>(&source).unwrap().fix.unwrap();
    assert_eq!((fix.at.line, fix.at.column, fix.at.len), (3, 3, 0));
    assert_eq!((fix.who.as_str(), fix.minutes), ("x", None));
}

/// Our own counting of lines and columns agrees with the parser's, for every kind of line break.
#[test]
fn lines_end_where_yaml_ends_them() {
    for newline in ["\n", "\r\n", "\r"] {
        let source = Source::new("r", ["id: ầ", "tags:", "  - ỹ x", "", "weight: 3", ""].join(newline));
        let rule: Rule = parse(&source).unwrap();
        for at in [rule.id.at, rule.tags[0].at, rule.weight.unwrap().at] {
            assert_eq!(source.location(at.offset, at.len), at, "{newline:?}");
        }
    }
}

#[test]
fn the_usual_mistakes_in_vietnamese() {
    for (yaml, sentence, advice) in [
        ("id: a\nseverty: high\n", "2:1: khóa lạ `severty`", "có phải ý bạn là `severity`?"),
        ("id: a\nzzz: 1\n", "2:1: khóa lạ `zzz`", "ghi một trong các từ: id, weight, tags"),
        ("id: a\nseverity: hihg\n", "2:11: `severity`: giá trị lạ `hihg`", "có phải ý bạn là `high`?"),
        ("weight: 3\nfix: {who: x}\n", "1:1: thiếu khóa `id`", ""),
        ("id: a\nweight: 1\nweight: 2\n", "3:1: khóa `weight` được ghi hai lần", "giữ lại một"),
        ("id: a\nweight: 300\n", "2:9: `weight`: cần số nguyên từ 0 đến 255, nhưng gặp `300`", ""),
        ("id:\n", "1:3: `id`: cần một đoạn chữ, nhưng gặp chỗ trống", "phía sau dấu hai chấm"),
        (
            "id: a\nintrusive: yes\n",
            "2:12: `intrusive`: cần `true` hoặc `false`, nhưng gặp `yes`",
            "YAML 1.2",
        ),
        ("id: a\ntags: x\n", "2:7: `tags`: cần một danh sách, nhưng gặp `x`", "bắt đầu bằng `- `"),
        (
            "id:a\n",
            "1:1: cần một nhóm khóa (các dòng `khóa: giá trị`), nhưng gặp `id:a`",
            "sau dấu hai chấm phải có dấu cách",
        ),
        ("id: a\n\tweight: 1\n", "2:1: có dấu tab ở đầu dòng", "chỉ thụt đầu dòng bằng dấu cách"),
        ("id: 'abc\n", "1:5: dấu nháy mở ở đây chưa được đóng", "đúng loại dấu nháy"),
        (
            "id: a\nfix:\n  minutes: 1\n who: x\n",
            "4:2: dòng này thụt không khớp với nhóm khóa phía trên",
            "căn dòng này thẳng",
        ),
        ("", "tệp không có giá trị nào, chỉ có chú thích hoặc để trống", ""),
    ] {
        let Err(error) = parse::<Rule>(&Source::new("r", yaml)) else { panic!("accepted: {yaml:?}") };
        let told = error.told(Lang::Vi).to_string();
        assert_eq!(told.strip_prefix("r:").unwrap().trim_start(), sentence, "{yaml:?}");
        let help = error.help().map_or("", |help| &help.vi);
        assert!(help.contains(advice) && help.is_empty() == advice.is_empty(), "{yaml:?}: {help:?}");
    }
}

proptest::proptest! {
    /// Whatever the text, there is an answer, and a mistake has a printable line and lies inside the text.
    #[test]
    fn any_text_gets_an_answer(text in r"([a-z]{1,3}(: |:\n  |\n)|[\[\]{},\-&*!|>'\u{22}%#\t?:]|id|fix| |\n|\PC){0,40}") {
        let source = Source::new("r", text);
        if let Err(error) = parse::<Rule>(&source) {
            proptest::prop_assert!(!error.to_string().contains('\n'));
            proptest::prop_assert!(source.text().get(error.at().offset..error.at().offset + error.at().len).is_some());
        }
    }
}
