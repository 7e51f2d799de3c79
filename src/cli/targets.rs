//! `khien targets check`: what the inventory says, or what is wrong with it. Dials nothing.

use std::path::PathBuf;

use super::{Exit, Failed, Screen, inventory};
use crate::{rule::Lang, target::Block};

/// Danh mục đơn vị và trang · The inventory: who is checked
#[derive(Debug, clap::Args)]
pub(super) struct Targets {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Tìm lỗi trong danh mục, không quét · Check an inventory for mistakes
    Check {
        /// Tệp danh mục đơn vị và trang · The inventory
        #[arg(default_value = "targets.yaml", value_name = "TARGETS")]
        inventory: PathBuf,
    },
}

impl Targets {
    pub(super) fn run(&self, screen: &mut Screen<'_>) -> Result<Exit, Failed> {
        let Action::Check { inventory: path } = &self.action;
        let inventory = inventory::read(path, screen)?;
        let now = jiff::Timestamp::now();
        let sites = inventory.sites().count();
        let out = &mut *screen.out;
        match screen.lang {
            Lang::Vi => writeln!(
                out,
                "{}: {} đơn vị, {sites} trang, {} vùng tên miền, {} loại trừ.",
                inventory.province.name,
                inventory.units.len(),
                inventory.zones.len(),
                inventory.exclusions.len()
            )?,
            Lang::En => writeln!(
                out,
                "{}: {} units, {sites} sites, {} zones, {} exclusions.",
                inventory.province.name,
                inventory.units.len(),
                inventory.zones.len(),
                inventory.exclusions.len()
            )?,
        }
        for block in Block::ALL {
            let units = inventory.units.iter().filter(|unit| unit.block == block);
            let (mut count, mut empty) = (0, 0);
            for unit in units {
                count += 1;
                empty += usize::from(unit.sites.is_empty());
            }
            if count > 0 {
                match screen.lang {
                    Lang::Vi => writeln!(
                        out,
                        "  {}: {count} đơn vị, {empty} chưa khai báo trang nào",
                        block.vietnamese()
                    )?,
                    Lang::En => writeln!(out, "  {}: {count} units, {empty} without a site", block.as_str())?,
                }
            }
        }
        // the inventory is sound; whether one may scan with it now is another question, answered in the same breath
        match inventory::authorised(&inventory, now, path) {
            Ok(authorisation) => {
                let days = authorisation.days_left(now);
                match screen.lang {
                    Lang::Vi => writeln!(out, "Ủy quyền: {authorisation}, còn {days} ngày")?,
                    Lang::En => writeln!(out, "Authorisation: {authorisation}, {days} days left")?,
                }
            }
            Err(failed) => {
                if let Some(words) = failed.words {
                    writeln!(screen.err, "{}", words.in_language(screen.lang))?;
                }
                match screen.lang {
                    Lang::Vi => {
                        writeln!(out, "Danh mục đúng quy cách, nhưng chưa quét được vì chưa có ủy quyền.")?;
                    }
                    Lang::En => writeln!(
                        out,
                        "The inventory is sound, but without an authorisation it cannot be scanned."
                    )?,
                }
            }
        }
        Ok(Exit::Done)
    }
}
