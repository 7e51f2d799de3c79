//! `--out` and `--format html`: a folder, a file, standard output; what is there already; the format by the name.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use khien::cli::Exit;

use super::run::{Said, run};

const FINDINGS: i32 = 1;

fn assess(more: &[&str]) -> Said {
    let mut arguments =
        vec!["assess", "tests/data/golden/observations.jsonl", "--targets", "targets.example.yaml"];
    arguments.extend(more);
    run(arguments)
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_folder_of_pages_beside_the_scorecards() {
    let home = tempfile::tempdir().unwrap();
    // a name without an ending that is not there yet
    let folder = home.path().join("bao-cao");
    let said = assess(&["--out", &text(&folder)]);
    assert_eq!(said.code, FINDINGS, "{}", said.err);
    // people read the scorecards as ever, and where the pages are
    assert!(said.out.contains("KHỐI SỞ, BAN, NGÀNH"), "{}", said.out);
    let last = said.out.lines().last().unwrap();
    assert_eq!(last, format!("Đã ghi {}/index.html: mở bằng trình duyệt web.", folder.display()));
    let index = fs::read_to_string(folder.join("index.html")).unwrap();
    assert!(index.contains("<html lang=\"vi\">") && index.contains("don-vi/so-y-te.html"));
    assert!(folder.join("don-vi/so-y-te.html").is_file() && folder.join("cach-cham-diem.html").is_file());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&folder.join("index.html"))), (0o700, 0o600));
    // written anew, in English; only the report is left
    let said = assess(&["--lang", "en", "--out", &format!("{}/", folder.display())]);
    assert!(said.out.ends_with("open it in a web browser.\n"), "{}", said.out);
    assert!(fs::read_to_string(folder.join("index.html")).unwrap().contains("<html lang=\"en\">"));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
}

#[test]
fn what_khien_did_not_write_stays() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("cong-van.docx"), "mine").unwrap();
    let said = assess(&["--out", &text(home.path())]);
    assert_eq!(said.code, i32::from(Exit::Usage.code()), "{}", said.out);
    let flat = said.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("cong-van.docx") && flat.contains("thư mục mới"), "{flat}");
    // refused before anything is done
    assert_eq!(said.out, "");
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
}

#[test]
fn one_file_and_standard_output_are_the_same_document() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("bao-cao.html");
    let said = assess(&["--format", "html", "--out", &text(&file)]);
    assert_eq!(said.code, FINDINGS, "{}", said.err);
    // pages alone were asked for: nothing on standard output
    assert_eq!(said.out, "");
    assert!(said.err.contains("bao-cao.html"));
    let one = fs::read_to_string(&file).unwrap();
    let out = assess(&["--format", "html"]).out;
    assert!(out.starts_with("<!DOCTYPE html>") && out.ends_with("</html>"));
    // they differ in the moment they ended
    assert_eq!(one.len(), out.len());
    let said = assess(&["--out", &text(&file)]);
    assert!(said.out.contains("KHỐI SỞ, BAN, NGÀNH") && said.out.trim_end().ends_with("trình duyệt web."));
}

#[test]
fn the_name_says_the_format() {
    let home = tempfile::tempdir().unwrap();
    let written = |name: &str| {
        let path = home.path().join(name);
        assert_eq!(assess(&["--out", &text(&path)]).code, FINDINGS);
        fs::read_to_string(path).unwrap()
    };
    let json: serde_json::Value = serde_json::from_str(&written("a.json")).unwrap();
    assert_eq!(json["schema"], "khien.report/1");
    assert!(written("a.txt").contains("KHỐI SỞ, BAN, NGÀNH"));
    assert!(written("a.HTML").starts_with("<!DOCTYPE html>"));
    // a flag wins over a name
    let path = home.path().join("b.html");
    assess(&["--format", "json", "--out", &text(&path)]);
    assert!(fs::read_to_string(path).unwrap().starts_with('{'));
}
