//! Reading the inventory for a subcommand: warnings told, permission checked, unknown names answered.

use std::path::Path;

use jiff::Timestamp;
use miette::{GraphicalReportHandler, GraphicalTheme};

use super::{Failed, Screen};
use crate::{
    language::{Bilingual, Text, text},
    target::{self, Authorisation, Inventory, Scope},
    yaml::{Source, did_you_mean, nearest},
};

/// Reads an inventory; its warnings go to standard error.
pub(super) fn read(path: &Path, screen: &mut Screen<'_>) -> Result<Inventory, Failed> {
    let source = Source::read(path)?;
    let loaded = target::load(&source)?;
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_links(false);
    for warning in &loaded.warnings {
        let mut text = String::new();
        let told = warning.told(screen.lang);
        if handler.render_report(&mut text, &told).is_err() {
            text = told.to_string();
        }
        writeln!(screen.err, "{}", text.trim_end())?;
    }
    Ok(loaded.inventory)
}

/// Refuses abnormal probes that the authorisation does not cover.
pub(super) fn allows_intrusion(asked: bool, authorisation: &Authorisation) -> Result<(), Failed> {
    if !asked || authorisation.allows(Scope::Intrusive) {
        return Ok(());
    }
    Err(Failed::usage(
        (
            format!("văn bản {} không cho phép các phép thử bất thường", authorisation.number),
            format!("the authorisation {} does not cover abnormal probes", authorisation.number),
        ),
        (
            "bỏ --intrusive, hoặc xin bổ sung `intrusive` vào phạm vi (scope) của văn bản",
            "leave --intrusive out, or have `intrusive` written into the authorisation's scope",
        ),
    ))
}

/// The authorisation, where it holds by the real clock.
pub(super) fn authorised<'i>(
    inventory: &'i Inventory,
    now: Timestamp,
    path: &Path,
) -> Result<&'i Authorisation, Failed> {
    let file = path.display();
    let refuse = |why: Text| {
        let what = text!(
            "{why}. Chưa có kết nối nào được mở.",
            "{why}. Nothing was dialled.";
            why = why
        );
        let help = text!(
            "ghi văn bản cho phép vào mục `authorisation` của {file}: document, number, date, body, expires",
            "enter the permission under `authorisation` in {file}: document, number, date, body, expires"
        );
        Err(Failed::usage(what, help))
    };
    let Some(authorisation) = &inventory.authorisation else {
        return refuse(text!(
            "{file} chưa có văn bản cho phép kiểm tra (authorisation)",
            "{file} has no authorisation to scan"
        ));
    };
    match authorisation.check(now) {
        Ok(()) => Ok(authorisation),
        Err(error) => refuse(error.text()),
    }
}

/// A unit that the inventory does not have.
pub(super) fn unknown_unit<'n>(id: &str, known: impl Iterator<Item = &'n str>) -> Failed {
    unknown(("đơn vị", "unit"), id, known)
}

/// A site that the inventory does not have.
pub(super) fn unknown_site<'n>(host: &str, known: impl Iterator<Item = &'n str>) -> Failed {
    unknown(("trang", "site"), host, known)
}

fn unknown<'n>(what: (&str, &str), name: &str, known: impl Iterator<Item = &'n str>) -> Failed {
    let help = nearest(name, known).map_or_else(
        || {
            Text::new(
                "khien targets check liệt kê những gì có trong danh mục",
                "khien targets check lists what is in the inventory",
            )
        },
        did_you_mean,
    );
    let what =
        text!("danh mục không có {what} `{name}`", "the inventory has no {what} `{name}`"; what = what);
    Failed::usage(what, help)
}
