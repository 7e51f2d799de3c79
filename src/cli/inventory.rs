//! Reading the inventory for a subcommand: warnings told, permission checked, unknown names answered.

use std::path::Path;

use jiff::Timestamp;
use miette::{GraphicalReportHandler, GraphicalTheme};

use super::{Failed, Screen};
use crate::{
    rule::Lang,
    target::{self, Authorisation, AuthorisationError, Inventory},
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

/// The authorisation, where it holds by the real clock.
pub(super) fn authorised<'i>(
    inventory: &'i Inventory,
    now: Timestamp,
    path: &Path,
    lang: Lang,
) -> Result<&'i Authorisation, Failed> {
    let file = path.display();
    let refuse = |vi: String, en: String| {
        Err(match lang {
            Lang::Vi => Failed::usage(
                format!("{vi}. Chưa có kết nối nào được mở."),
                format!(
                    "ghi văn bản cho phép vào mục `authorisation` của {file}: document, number, date, body, expires"
                ),
            ),
            Lang::En => Failed::usage(
                format!("{en}. Nothing was dialled."),
                format!(
                    "enter the permission under `authorisation` in {file}: document, number, date, body, expires"
                ),
            ),
        })
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

/// A name that the inventory does not have.
pub(super) fn unknown<'n>(what: &str, name: &str, known: impl Iterator<Item = &'n str>) -> Failed {
    let help = nearest(name, known).map_or_else(
        || "khien targets check lists what is in the inventory".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    Failed::usage(format!("the inventory has no {what} `{name}`"), help)
}
