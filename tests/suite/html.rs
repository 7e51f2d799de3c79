//! The pages of the HTML report: what they hold, that nothing of a server becomes markup, that they stand alone.

use std::{fs, path::PathBuf};

use khien::{render::html, report::Report, rule::Lang};

use crate::golden;

/// Where the golden report is written for the browser test.
fn written(name: &str, report: &Report, lang: Lang) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("html").join(name);
    fs::create_dir_all(path.join("don-vi")).unwrap();
    for (name, page) in html::folder(report, lang) {
        fs::write(path.join(name), page).unwrap();
    }
    let mut single = Vec::new();
    html::single(&mut single, report, lang).unwrap();
    fs::write(path.join("single.html"), single).unwrap();
    path
}

#[test]
fn pages_are_written() {
    let report = golden::report();
    written("vi", &report, Lang::Vi);
    written("en", &report, Lang::En);
}
