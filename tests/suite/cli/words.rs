//! What the usual mistakes look like to whoever made them: the sentence and what to do, in Vietnamese and in English.

use std::{fs, path::Path};

use super::run::{Said, run, run_in};

/// What was said on one line, without the frame that miette draws.
fn flat(said: &Said) -> String {
    let words = said.err.split(|c: char| c.is_whitespace() || c == '│');
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Runs a command in both languages: each says its own sentence and advice, and nothing of the other's.
fn told(folder: &Path, arguments: &[&str], vi: [&str; 2], en: [&str; 2]) {
    let in_vi = run_in(folder, arguments);
    let in_en = run_in(folder, arguments.iter().chain(&["--lang", "en"]));
    for (said, own, other) in [(in_vi, vi, en), (in_en, en, vi)] {
        let text = flat(&said);
        assert_eq!(said.code, 2, "{arguments:?}: {text}");
        assert!(said.out.is_empty(), "{arguments:?}: {}", said.out);
        assert!(unicode_normalization::is_nfc(&text) || arguments.contains(&"nfd.yaml"), "{text}");
        for wanted in own {
            assert!(text.contains(wanted), "{arguments:?}: wanted {wanted:?} in {text}");
        }
        for unwanted in other.into_iter().filter(|unwanted| !unwanted.is_empty()) {
            assert!(!text.contains(unwanted), "{arguments:?}: {unwanted:?} is another language's: {text}");
        }
        for word in ["vi phạm", "hacker", "tấn công"] {
            assert!(!text.to_lowercase().contains(word), "{text}");
        }
    }
}

#[test]
fn mistakes_in_an_inventory() {
    let folder = tempfile::tempdir().unwrap();
    let example = fs::read_to_string("targets.example.yaml").unwrap();
    for (from, to, vi, en) in [
        (
            "kind: so\n",
            "kind: soo\n",
            ["giá trị lạ `soo`", "có phải ý bạn là `so`?"],
            ["unknown value `soo`", "did you mean `so`?"],
        ),
        (
            "    name:",
            "    nmae:",
            ["khóa lạ `nmae`", "có phải ý bạn là `name`?"],
            ["unknown key `nmae`", "did you mean `name`?"],
        ),
        ("    kind: so\n", "", ["thiếu khóa `kind`", ""], ["the key `kind` is missing", ""]),
        (
            "    kind: so\n",
            "\tkind: so\n",
            ["có dấu tab ở đầu dòng", "chỉ thụt đầu dòng bằng dấu cách"],
            ["a tab in the indentation", "indent with spaces only"],
        ),
        ("kind: so\n", "kind:so\n", ["khóa: giá trị", ""], ["key: value", ""]),
        (
            "- host: ",
            "- host: https://a_b.",
            ["dấu gạch dưới (`_`) không dùng được trong tên miền", ""],
            ["an underscore (`_`) cannot stand", ""],
        ),
        (
            "- host: ",
            "- host: 192.0.2.1 #",
            ["`192.0.2.1` là địa chỉ IP; ghi tên miền", ""],
            ["`192.0.2.1` is an IP address", ""],
        ),
        (
            "schema: khien.targets/1",
            "schema: khien.targets/9",
            ["không đọc được dạng tệp `khien.targets/9`", "ghi `schema: khien.targets/1`"],
            ["is not a schema this version reads", "write `schema: khien.targets/1`"],
        ),
        (
            "  expires: ",
            "  expires: 31/12/2026 #",
            ["`31/12/2026`: ngày được ghi là năm-tháng-ngày", "ghi `2026-12-31`"],
            ["a date is written year-month-day", "write `2026-12-31`"],
        ),
        (
            "    level: 2",
            "    level: 7",
            ["không có cấp độ 7; cấp độ từ 1 đến 5", ""],
            ["level 7 does not exist", ""],
        ),
    ] {
        assert!(example.contains(from), "{from:?}");
        fs::write(folder.path().join("t.yaml"), example.replacen(from, to, 1)).unwrap();
        told(folder.path(), &["targets", "check", "t.yaml"], vi, en);
    }
}

#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    told(
        at,
        &["targets", "check", "none.yaml"],
        ["không đọc được none.yaml: không có tệp này", "xem lại tên tệp"],
        ["cannot read none.yaml", "check the name"],
    );
    fs::write(at.join("t.yaml"), b"\xff\xfes\0c\0").unwrap();
    told(
        at,
        &["targets", "check", "t.yaml"],
        ["t.yaml:1: không phải chữ UTF-8", "lưu lại với bảng mã UTF-8"],
        ["t.yaml:1: not UTF-8 text", "save it again with the encoding UTF-8"],
    );
    fs::create_dir(at.join("empty")).unwrap();
    told(
        at,
        &["rules", "lint", "empty"],
        ["không có quy tắc nào trong empty", "quy tắc nằm trong thư mục"],
        ["no rules in empty", "rules stand in folders"],
    );
}

#[test]
fn mistakes_in_a_rule() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::create_dir_all(at.join("r/http")).unwrap();
    fs::create_dir_all(at.join("r/frameworks")).unwrap();
    for file in fs::read_dir("rules/frameworks").unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), at.join("r/frameworks").join(file.file_name())).unwrap();
    }
    let rule = fs::read_to_string("rules/http/http-hsts-missing.yaml").unwrap();
    for (from, to, vi, en) in [
        (
            "http.hsts",
            "http.hsst",
            ["không có dữ kiện `http.hsst`", "có phải ý bạn là `hsts`?"],
            ["no fact `http.hsst`", "did you mean `hsts`?"],
        ),
        (
            "severity: ",
            "severity: very-",
            ["`severity`: giá trị lạ", "ghi một trong các từ: critical, high"],
            ["unknown value", "expected one of: critical, high"],
        ),
        (
            "effort: ",
            "effort: 15 phút #",
            ["không phải thời lượng: ghi phút, giờ hoặc ngày", ""],
            ["is no effort: write minutes", ""],
        ),
        ("id: http-hsts-missing", "id: HSTS", ["không phải mã quy tắc", ""], ["is no rule id", ""]),
    ] {
        assert!(rule.contains(from), "{from:?}");
        fs::write(at.join("r/http/http-hsts-missing.yaml"), rule.replacen(from, to, 1)).unwrap();
        told(at, &["rules", "lint", "r"], vi, en);
    }
}

/// `file:line:column` counts characters, in the sentence and above the snippet, as editors do.
#[test]
fn columns_count_characters_behind_vietnamese() {
    let folder = tempfile::tempdir().unwrap();
    let example = fs::read_to_string("targets.example.yaml").unwrap();
    let (line, old) = example.lines().enumerate().find(|(_, line)| line.starts_with("  - id: ")).unwrap();
    let new = "  - {name: \"Sở Nội vụ, Ủy ban\", idd: x, kind: so}";
    let text = example.replacen(old, &format!("{new}\n{old}"), 1);
    fs::write(folder.path().join("t.yaml"), text).unwrap();
    let said = run_in(folder.path(), ["targets", "check", "t.yaml"]);
    let column = 1 + new.split("idd").next().unwrap().chars().count();
    let place = format!("t.yaml:{}:{column}", line + 1);
    assert!(
        said.err.contains(&format!("{place}: ")) && said.err.contains(&format!("[{place}]")),
        "{place}: {}",
        said.err
    );
}

#[test]
fn several_mistakes_are_counted_in_the_readers_language() {
    let said = run(["targets", "check", "tests/data/targets/mistakes.yaml"]);
    let count = said.err.matches("╭─[").count();
    assert!(count > 30 && said.err.trim_end().ends_with("Sửa từng chỗ rồi chạy lại."), "{}", said.err);
    assert!(said.err.contains(&format!("{count} lỗi.")), "{count}");
    for english in ["Error", "here", "expected"] {
        assert!(!said.err.contains(english), "{english}: {}", said.err);
    }
}

#[test]
fn a_command_line_that_is_wrong_is_told_in_vietnamese_first() {
    for (arguments, first, english) in [
        (
            &["scna"][..],
            "lỗi: không có lệnh `scna`\n  gợi ý: có phải ý bạn là `scan`?\n",
            "unrecognized subcommand",
        ),
        (
            &["scan", "--unti", "x"],
            "lỗi: không có tùy chọn `--unti`\n  gợi ý: có phải ý bạn là `--unit`?\n",
            "unexpected argument",
        ),
        (&["scan", "--unit"], "lỗi: thiếu giá trị cho `--unit <ID>`\n", "a value is required"),
        (&["check"], "lỗi: còn thiếu `<HOST[:PORT]>...`\n", "required arguments were not provided"),
        (
            &["scan", "--pace", "fast"],
            "lỗi: `--pace <PACE>` không nhận giá trị `fast`\n  gợi ý: chọn một trong: gentle, normal, lab\n",
            "invalid value",
        ),
        (
            &["scan", "--deadline", "25"],
            "lỗi: `--deadline <HH:MM>` không nhận giá trị `25`\n  gợi ý: ghi giờ và phút, ví dụ 05:30\n",
            "write hours and minutes",
        ),
    ] {
        let said = run(arguments);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.err.starts_with(first) && said.err.contains(english), "{arguments:?}: {}", said.err);
        let said = run(["--lang", "en"].iter().chain(arguments));
        assert!(
            said.code == 2 && said.err.starts_with("error: ") && said.err.contains(english),
            "{}",
            said.err
        );
    }
}

#[test]
fn short_help_fits_eighty_columns() {
    for command in
        ["", "check", "scan", "recheck", "report", "diff", "assess", "rules", "facts", "targets", "prune"]
    {
        let mut program = super::run::khien();
        let output =
            program.args(command.split_whitespace()).arg("-h").env("COLUMNS", "80").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(" · ") && text.contains("In trợ giúp"), "{command}: {text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{command}: {line}");
        }
    }
}
