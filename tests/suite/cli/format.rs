//! `--format csv | sarif | junit`: the document alone on standard output, or whole in a file.

use std::{fs, os::unix::fs::PermissionsExt as _};

use super::run::{run, run_in};

const OBSERVATIONS: &str = "tests/data/golden/observations.jsonl";

fn assess(more: &[&str]) -> super::run::Said {
    run(["assess", OBSERVATIONS, "--targets", "targets.example.yaml"].iter().chain(more))
}

#[test]
fn the_document_alone_goes_to_standard_output() {
    for (format, begins, ends) in [
        ("csv", "\u{feff}Tỉnh,Khối,", "\r\n"),
        ("sarif", "{\n  \"$schema\": ", "}\n"),
        ("junit", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites ", "</testsuites>\n"),
    ] {
        let said = assess(&["--format", format]);
        assert_eq!(said.code, 1, "{}", said.err);
        assert!(said.out.starts_with(begins) && said.out.ends_with(ends), "{format}");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report");
        let path = file.to_str().unwrap();
        let whole = assess(&["--format", format, "--out", path]);
        assert_eq!((whole.code, whole.out.as_str()), (1, ""));
        assert_eq!(fs::read_to_string(&file).unwrap().len(), said.out.len());
        // nobody but its owner reads results
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let english = assess(&["--format", "csv", "--lang", "en"]);
    assert!(english.out.starts_with("\u{feff}Province,Block,"));
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let said = run_in(
        folder.path(),
        ["demo", "--only", "dns", "--unit", "so-khcn", "--format", "sarif", "--out", "no/such/file.sarif"],
    );
    assert_eq!(said.code, 2, "{}", said.err);
}
