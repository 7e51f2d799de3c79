//! `khien scan [targets.yaml]`: every site of the inventory, judged, scored, ranked.

use std::path::{Path, PathBuf};

use super::{
    Exit, Failed, Screen, inventory,
    options::Network,
    outcome::Output,
    survey::{Choice, Survey},
};
use crate::target::Scope;

/// Scan every site of an inventory and print the units' scorecards
#[derive(Debug, clap::Args)]
pub(super) struct Scan {
    /// The inventory
    #[arg(default_value = "targets.yaml", value_name = "TARGETS")]
    inventory: PathBuf,
    #[command(flatten)]
    choice: Choice,
    /// Say nothing but errors and the document asked for with --out
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    network: Network,
    #[command(flatten)]
    output: Output,
}

impl Scan {
    pub(super) fn run(&self, screen: &mut Screen<'_>) -> Result<Exit, Failed> {
        let inventory = inventory::read(&self.inventory, screen)?;
        // the real clock: --now sets what observations carry, never whether we may scan
        let now = jiff::Timestamp::now();
        let authorisation = inventory::authorised(&inventory, now, &self.inventory, screen.lang)?;
        if self.network.intrusive && !authorisation.allows(Scope::Intrusive) {
            return Err(Failed::usage(
                format!("the authorisation {} does not cover abnormal probes", authorisation.number),
                "leave --intrusive out, or have `intrusive` written into the authorisation's scope",
            ));
        }
        let judge = self.output.judge()?;
        let folder = self.inventory.parent().unwrap_or(Path::new("."));
        let survey = Survey::new(inventory, folder, self.network.now(), &self.choice)?;
        screen.quiet = self.quiet;
        let done = survey.run(&self.network, &judge, &self.output, screen)?;
        if self.quiet {
            let mut nothing = std::io::sink();
            let mut silent = Screen { out: &mut nothing, err: &mut *screen.err, ..*screen };
            return self.output.report(&judge, done.sites, &done.roster, done.about, &mut silent);
        }
        self.output.report(&judge, done.sites, &done.roster, done.about, screen)
    }
}
