//! The report as pages that open from a disk: province → unit → finding, each page whole in itself, no request.
//! Reads a `Report`; writes no file.
//!
//! A folder holds one page per unit, and each carries style and font: a unit's page can be sent alone. A single file
//! holds all of it. Every string that came from outside goes through [`crate::render::escape`] and maud's escaping.

mod chart;
mod frame;
mod headline;
mod icon;
mod look;
mod method;
mod number;
mod province;
mod unit;
mod view;
mod words;

use std::io::{self, Write};

use crate::{render::Subject, report::Report, rule::Lang};

use view::{Layout, View, file_of};

pub use look::GENERATOR;
pub use view::Book;

/// The page that a reader opens first.
pub const INDEX: &str = "index.html";
/// The page that says how the score is made.
const METHOD: &str = "cach-cham-diem.html";
/// The folder of the units' pages.
const UNITS: &str = "don-vi";

/// Whether a name at the top of a folder is one that [`folder`] gives: anything else there is somebody's own.
pub fn is_part(name: &str) -> bool {
    [INDEX, METHOD, UNITS].contains(&name)
}

/// The pages of a folder, made one by one: the path below the folder, with `/`, and the page. The first is [`INDEX`].
pub fn folder(report: &Report, lang: Lang) -> impl Iterator<Item = (String, String)> {
    let subject = Subject::of(report);
    let book = Book::new(report, lang, Layout::Folder);
    let mut names = vec![Name::Index, Name::Method];
    match subject {
        Subject::Province => names.extend((0..report.units.len()).map(Name::Unit)),
        Subject::Unit(own) => {
            let others = report.units.iter().enumerate().filter(|(_, unit)| unit.id != own.id);
            names.extend(others.map(|(place, _)| Name::Unit(place)));
        }
        Subject::Sites(_) => {}
    }
    names.into_iter().filter_map(move |name| {
        let top = View::new(&book, "");
        Some(match name {
            Name::Index => (INDEX.to_owned(), index(top, subject)),
            Name::Method => (METHOD.to_owned(), frame::page(top, &method::page(top)).into_string()),
            Name::Unit(place) => {
                let card = report.units.get(place)?;
                let view = View::new(&book, "../");
                let page = frame::page(view, &unit::page(view, card)).into_string();
                (format!("{UNITS}/{}.html", file_of(&card.id)), page)
            }
        })
    })
}

/// Writes the whole report as one document.
pub fn single(out: &mut dyn Write, report: &Report, lang: Lang) -> io::Result<()> {
    let book = Book::new(report, lang, Layout::Single);
    let view = View::new(&book, "");
    let subject = Subject::of(report);
    let first = match subject {
        Subject::Province => province::page(view),
        Subject::Unit(card) | Subject::Sites(card) => unit::page(view, card),
    };
    let (head, foot) = frame::around(view, &first);
    out.write_all(head.as_bytes())?;
    out.write_all(frame::article(&first).into_string().as_bytes())?;
    for card in &report.units {
        let shown = matches!(subject, Subject::Unit(own) | Subject::Sites(own) if own.id == card.id);
        if !shown {
            out.write_all(frame::article(&unit::page(view, card)).into_string().as_bytes())?;
        }
    }
    out.write_all(frame::article(&method::page(view)).into_string().as_bytes())?;
    out.write_all(foot.as_bytes())
}

#[derive(Clone, Copy)]
enum Name {
    Index,
    Method,
    Unit(usize),
}

fn index(view: View<'_, '_>, subject: Subject<'_>) -> String {
    let page = match subject {
        Subject::Province => province::page(view),
        Subject::Unit(card) | Subject::Sites(card) => unit::page(view, card),
    };
    frame::page(view, &page).into_string()
}
