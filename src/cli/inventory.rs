//! Reading the inventory for a subcommand: warnings told, permission checked, unknown names answered.

use std::path::Path;

use jiff::Timestamp;
use miette::{GraphicalReportHandler, GraphicalTheme};

use super::{Failed, Screen};
use crate::{
    target::{self, Authorisation, AuthorisationError, Inventory, Scope},
    yaml::{Source, nearest},
};

/// Reads an inventory; its warnings go to standard error.
pub(super) fn read(path: &Path, screen: &mut Screen<'_>) -> Result<Inventory, Failed> {
    let source = Source::read(path)?;
    let loaded = target::load(&source)?;
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_links(false);
    for warning in &loaded.warnings {
        let mut text = String::new();
        if handler.render_report(&mut text, warning).is_err() {
            text = warning.to_string();
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
    let refuse = |vi: String, en: String| {
        Err(Failed::usage(
            (format!("{vi}. Chưa có kết nối nào được mở."), format!("{en}. Nothing was dialled.")),
            (
                format!(
                    "ghi văn bản cho phép vào mục `authorisation` của {file}: document, number, date, body, expires"
                ),
                format!(
                    "enter the permission under `authorisation` in {file}: document, number, date, body, expires"
                ),
            ),
        ))
    };
    let Some(authorisation) = &inventory.authorisation else {
        return refuse(
            format!("{file} chưa có văn bản cho phép kiểm tra (authorisation)"),
            format!("{file} has no authorisation to scan"),
        );
    };
    match authorisation.check(now) {
        Ok(()) => Ok(authorisation),
        Err(error @ AuthorisationError::Expired { .. }) => refuse(
            format!(
                "Văn bản {} đã hết hạn ngày {}",
                authorisation.number,
                authorisation.expires.strftime("%d/%m/%Y")
            ),
            error.to_string(),
        ),
        Err(error @ AuthorisationError::NotYet { .. }) => refuse(
            format!(
                "Văn bản {} chỉ có hiệu lực từ ngày {}; kiểm tra đồng hồ của máy",
                authorisation.number,
                authorisation.date.strftime("%d/%m/%Y")
            ),
            error.to_string(),
        ),
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

fn unknown<'n>((vi, en): (&str, &str), name: &str, known: impl Iterator<Item = &'n str>) -> Failed {
    let help = match nearest(name, known) {
        Some(near) => (format!("có phải là `{near}`?"), format!("did you mean `{near}`?")),
        None => (
            "khien targets check liệt kê những gì có trong danh mục".to_owned(),
            "khien targets check lists what is in the inventory".to_owned(),
        ),
    };
    let what = (format!("danh mục không có {vi} `{name}`"), format!("the inventory has no {en} `{name}`"));
    Failed::usage(what, help)
}
