//! `khien rules`, `facts`, `targets`, `assess`, completions and manual: the workshop, without a socket.

use std::{fs, path::Path};

use super::run::{run, run_in};

/// A copy of the rules, with one file changed or added.
pub(super) fn rules_with(file: &str, change: impl Fn(String) -> String) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut folders = vec![std::path::PathBuf::from("rules")];
    while let Some(from) = folders.pop() {
        fs::create_dir_all(folder.path().join(&from)).unwrap();
        for entry in fs::read_dir(&from).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                fs::copy(&path, folder.path().join(&path)).unwrap();
            }
        }
    }
    let path = folder.path().join(file);
    let text = fs::read_to_string(&path).unwrap_or_default();
    fs::write(path, change(text)).unwrap();
    folder
}

const RULE: &str = "rules/http/http-hsts-missing.yaml";

#[test]
fn a_typo_is_refused_with_line_column_and_suggestion() {
    for (from, to, place, help) in [
        ("severity:", "severty:", ":6:1", "severity"),
        ("severity: medium", "severity: medum", ":6:11", "medium"),
        ("http.hsts.max_age", "http.hsts.max_aeg", "", "max_age"),
        ("has(http.hsts) && ", "", "", "has(http.hsts)"),
    ] {
        let folder = rules_with(RULE, |text| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        });
        let said = run_in(folder.path(), ["rules", "lint", "rules"]);
        let flat = said.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(said.code, 2, "{to}: {flat}");
        assert!(
            flat.contains(&format!("http-hsts-missing.yaml{place}")) && flat.contains(help),
            "{to}: {flat}"
        );
        // a check does not run with rules like that
        let said = run_in(folder.path(), ["check", "a.example", "--authorised-by", "x", "--rules", "rules"]);
        assert_eq!(said.code, 2);
    }
}

#[test]
fn a_new_rule_needs_no_rust() {
    let new = "rules/http/http-server-named.yaml";
    let folder = rules_with(new, |_| {
        fs::read_to_string(RULE)
            .unwrap()
            .split("\nafter:")
            .next()
            .unwrap()
            .replace("id: http-hsts-missing", "id: http-server-named")
            + "\nrequires: \"!http.https.hops.exists(h, h.fields.exists(f, f.name.matches('(?i)^server$') && f.value.matches('[0-9]')))\"\n\
               evidence: ['http.https.hops.map(h, h.status)']\n\
               fix:\n  vi: {nginx: \"server_tokens off;\", undo: \"Xóa dòng vừa thêm.\"}\n  en: {nginx: \"server_tokens off;\", undo: \"Remove the line.\"}\n  who: operator\n\
               cites:\n  - {ref: oshp, clause: \"headers_remove\", role: baseline}\n\
               examples:\n\
               \x20 - {name: none, given: {http: {https: {hops: [{status: 200, fields: {items: []}}]}}}, expect: pass}\n\
               \x20 - {name: named, given: {http: {https: {hops: [{status: 200, fields: {items: [{name: Server, value: nginx/1.18}]}}]}}}, expect: fail}\n\
               \x20 - {name: cut, given: {http: {https: {hops: [{status: 200, fields: {items: [], incomplete: {too_large: {limit: 100}}}}]}}}, expect: inconclusive}\n"
    });
    let said = run_in(folder.path(), ["rules", "test", "http-server-named", "--rules", "rules"]);
    assert_eq!(said.code, 0, "{said:?}");
    let said = run_in(folder.path(), ["rules", "list", "--rules", "rules"]);
    assert!(said.out.contains("http-server-named"));
}

#[test]
fn an_example_that_does_not_hold_is_exit_4() {
    let folder = rules_with(RULE, |text| text.replacen("expect: fail", "expect: not_applicable", 1));
    for (lang, told) in [
        ("vi", "mong đợi \"not_applicable\", nhận được \"fail\""),
        ("en", "expected \"not_applicable\", found \"fail\""),
    ] {
        let said = run_in(folder.path(), ["rules", "test", "--rules", "rules", "--lang", lang]);
        assert_eq!(said.code, 4, "{said:?}");
        assert!(said.out.contains(told), "{}", said.out);
    }
}

#[test]
fn rules_are_listed_and_shown_in_both_languages() {
    let said = run(["rules", "list"]);
    assert_eq!(said.code, 0);
    assert!(said.out.lines().count() >= 40 && said.out.contains("Chưa bật HSTS"), "{}", said.out);
    let said = run(["--lang", "en", "rules", "show", "http-hsts-missing"]);
    for text in ["Requires:", "[nginx]", "[undo]", "Citations", "full text read"] {
        assert!(said.out.contains(text), "{text}: {}", said.out);
    }
    for (rule, marks) in [
        ("http-hsts-missing", ["[nginx]  (đã thử tại đây)", "[IIS]  (chưa kiểm chứng tại đây)"]),
        ("tls-ssl2-ssl3-offered", ["[nginx]  (chưa kiểm chứng tại đây)", "Ai làm: đơn vị vận hành máy chủ"]),
    ] {
        let said = run(["rules", "show", rule]);
        assert!(marks.iter().all(|mark| said.out.contains(mark)), "{}", said.out);
    }
    for (lang, words, terms) in [
        ("vi", "[mọi phần mềm]", "trung bình, khuyến nghị, nơi quản lý tên miền, 30 phút"),
        ("en", "[any software]", "medium, recommended, whoever runs the zone, 30 minutes"),
    ] {
        let said = run(["--lang", lang, "rules", "show", "dns-caa-missing"]);
        assert!(said.out.contains(terms), "{}", said.out);
        assert!(said.out.contains(words) && !said.out.contains("[any]"), "{}", said.out);
    }
    let said = run(["rules", "show", "http-hsts-mising"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("http-hsts-missing"), "{}", said.err);
    assert_eq!(run(["rules", "test"]).code, 0);
    assert_eq!(run(["rules", "lint"]).code, 0);
}

#[test]
fn facts_are_found_by_their_beginning() {
    let said = run(["facts", "tls.versions"]);
    assert!(said.out.contains("tls.versions[\"TLSv1.0\"]") && !said.out.contains("http."), "{}", said.out);
    let said = run(["facts", "tsl", "--lang", "en"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("did you mean `tls`?"), "{}", said.err);
}

#[test]
fn the_example_inventory_is_sound() {
    let said = run(["targets", "check", "targets.example.yaml"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("Tỉnh Mẫu"), "{}", said.out);
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string("targets.example.yaml").unwrap();
    fs::write(folder.path().join("t.yaml"), text.replacen("kind: so", "kind: soo", 1)).unwrap();
    let said = run_in(folder.path(), ["targets", "check", "t.yaml"]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("t.yaml:") && said.err.contains("`so`"), "{}", said.err);
}

#[test]
fn assess_refuses_what_is_no_observation_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let good = r#"{"schema":"khien.observations/1","site":{"host":"a.example","port":443},"at":"2026-11-24T00:00:00Z","vantage":{"name":"x","inside":false},"dns":{"failed":"no_address"},"http":{"failed":"no_address"},"endpoints":{"failed":"no_address"}}"#;
    for (text, line, message) in [
        (format!("{good}\nnot json\n"), ":2:", "not an observation document"),
        (good.replace("observations/1", "observations/9"), ":1:", "khien.observations/9"),
        (good.replace("\"endpoints\"", "\"endpoint\""), ":1:", "no `endpoints`"),
        (String::new(), "", "no observations"),
    ] {
        fs::write(folder.path().join("seen.jsonl"), &text).unwrap();
        let said = run_in(folder.path(), ["assess", "seen.jsonl", "--lang", "en"]);
        let flat = said.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(said.code, 2, "{flat}");
        assert!(flat.contains(line) && flat.contains(message), "{flat}");
    }
    fs::write(folder.path().join("seen.jsonl"), format!("{good}\n\n")).unwrap();
    let said = run_in(folder.path(), ["assess", "seen.jsonl", "--format", "json"]);
    assert_eq!(said.code, 3, "{}", said.err);
    assert_eq!(said.json()["units"][0]["sites"][0]["host"], "a.example");
}

#[test]
fn shells_and_man_are_served() {
    for shell in ["bash", "zsh", "fish"] {
        let said = run(["completions", shell]);
        assert!(said.code == 0 && said.out.contains("khien"), "{shell}");
    }
    let said = run(["man"]);
    assert!(said.out.contains(".TH khien"), "{}", said.out);
    let said = run(["--version"]);
    assert_eq!(said.out.trim(), format!("khien {}", env!("CARGO_PKG_VERSION")));
    for command in ["check", "scan", "assess", "rules", "facts", "targets"] {
        let said = run([command, "--help"]);
        assert!(said.code == 0 && !said.out.is_empty(), "{command}");
    }
    assert!(Path::new("rules").is_dir());
}
