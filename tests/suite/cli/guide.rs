//! The guide for Vietnamese officers: its rule is a rule, its commands exist, its links lead somewhere.

use std::{collections::BTreeMap, fs, path::Path};

use super::run::{run, run_in};

const GUIDE: &str = "docs/vi/huong-dan.md";

fn guide() -> String {
    fs::read_to_string(GUIDE).unwrap()
}

/// The code blocks of one language, their indentation taken away, each with the last line of text before it.
fn blocks(text: &str, language: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut before = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let indent = line.len() - line.trim_start().len();
        if line.trim_start().starts_with("```") {
            let body: Vec<&str> = lines.by_ref().take_while(|line| line.trim() != "```").collect();
            if line.trim() == format!("```{language}") {
                let body: Vec<&str> =
                    body.iter().map(|line| line.get(indent..).unwrap_or_default()).collect();
                found.push((before.clone(), body.join("\n") + "\n"));
            }
        } else if !line.trim().is_empty() {
            line.trim().clone_into(&mut before);
        }
    }
    found
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, target).unwrap();
        }
    }
}

#[test]
fn its_rule_is_a_rule() {
    let text = guide();
    let rules = blocks(&text, "yaml");
    let [(before, rule)] = rules.as_slice() else { panic!("one rule, not {}", rules.len()) };
    let path = before.split('`').nth(1).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    copy(Path::new("rules"), &at.join("quy-tac"));
    fs::write(at.join(path), rule).unwrap();

    let lint = run_in(at, ["rules", "lint", "quy-tac"]);
    assert_eq!(lint.code, 0, "{}", lint.err);
    let id = Path::new(path).file_stem().unwrap().to_str().unwrap();
    let held = run_in(at, ["rules", "test", id, "--rules", "quy-tac"]);
    assert_eq!(held.code, 0, "{}{}", held.out, held.err);
    assert!(text.contains(held.out.trim()), "the guide prints something else: {}", held.out);

    // it judges what was seen: somewhere it fails, somewhere it holds
    let here = |path: &str| fs::canonicalize(path).unwrap();
    let (seen, targets) = (here("tests/data/golden/observations.jsonl"), here("targets.example.yaml"));
    let arguments =
        ["assess", seen.to_str().unwrap(), "--targets", targets.to_str().unwrap(), "--rules", "quy-tac"];
    let said = run_in(at, arguments.iter().chain(&["--format", "csv"]));
    assert_eq!(said.code, 1, "{}", said.err);
    let mut verdicts = BTreeMap::new();
    for row in ::csv::Reader::from_reader(said.out.as_bytes()).records() {
        let row = row.unwrap();
        if &row[7] == id {
            *verdicts.entry(row[12].to_owned()).or_insert(0) += 1;
        }
    }
    assert!(verdicts["chưa đạt"] > 3 && verdicts["không áp dụng"] > 0, "{verdicts:?}");

    // a mistake in it is told as the guide says
    fs::write(at.join(path), rule.replace("include_sub_domains\n", "include_subdomains\n")).unwrap();
    let lint = run_in(at, ["rules", "lint", "quy-tac"]);
    assert_eq!(lint.code, 2);
    let flat = |text: &str| text.split(|c: char| c.is_whitespace() || c == '│').collect::<String>();
    for told in [
        format!("{path}:14:57: không có dữ kiện `http.hsts.include_subdomains`"),
        "có phải ý bạn là `include_sub_domains`?".to_owned(),
    ] {
        assert!(flat(&lint.err).contains(&flat(&told)), "{told}: {}", lint.err);
        assert!(flat(&text).contains(&flat(&told)), "{told} is not in the guide");
    }
}

#[test]
fn its_commands_exist() {
    let mut commands = 0;
    for (_, body) in blocks(&guide(), "sh") {
        for line in body.lines().filter(|line| line.starts_with("khien ")) {
            let words: Vec<&str> = line.split_whitespace().skip(1).collect();
            let mut command: Vec<&str> =
                words.iter().take_while(|word| !word.starts_with('-')).copied().collect();
            command.truncate(if command.first() == Some(&"rules") || command.first() == Some(&"targets") {
                2
            } else {
                1
            });
            command.push("--help");
            let help = run(&command);
            assert_eq!(help.code, 0, "{line}: {}", help.err);
            for flag in words.iter().filter(|word| word.starts_with("--")) {
                assert!(help.out.contains(flag), "{line}: no {flag}");
            }
            for format in words.iter().zip(words.iter().skip(1)).filter(|(flag, _)| **flag == "--format") {
                assert!(
                    help.out.contains(format!("- {}:", format.1).as_str()),
                    "{line}: no format {}",
                    format.1
                );
            }
            commands += 1;
        }
    }
    assert!(commands > 25, "{commands}");
    // and the rules it names are there
    let rules = run(["rules", "list"]).out;
    for rule in ["http-hsts-missing", "http-referrer-policy-missing", "dns-address-private"] {
        assert!(guide().contains(rule) && rules.contains(rule), "{rule}");
    }
}

#[test]
fn it_is_short_composed_and_blames_nobody() {
    let text = guide();
    assert!(text.lines().count() <= 350);
    assert!(unicode_normalization::is_nfc(&text));
    for word in ["vi phạm", "hacker", "tấn công"] {
        assert!(!text.to_lowercase().contains(word), "{word}");
    }
    for (at, _) in text.match_indices("](") {
        let target = text[at + 2..].split([')', '#']).next().unwrap();
        assert!(fs::exists(Path::new("docs/vi").join(target)).unwrap(), "{target} is not there");
    }
}
