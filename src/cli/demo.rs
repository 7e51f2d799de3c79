//! `khien demo`: the fictional province on loopback, scanned by exactly the code of `scan`. No network, no root.

use std::path::Path;

use super::{
    Exit, Failed, Screen,
    options::Network,
    outcome::Output,
    probing::{self, Listening},
    survey::{Choice, Survey},
};
use crate::{lab::Lab, report::Sites, rule::Lang, target, yaml::Source};

/// The inventory of the fictional province.
const INVENTORY: &str = include_str!("../../targets.example.yaml");

/// Quét thử một tỉnh giả định ngay trên máy này · Scan a fictional province on this machine
#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    network: Network,
    #[command(flatten)]
    output: Output,
}

impl Demo {
    pub(super) fn run(&self, screen: &mut Screen<'_>) -> Result<Exit, Failed> {
        let source = Source::new("targets.example.yaml", INVENTORY);
        let mut inventory = target::load(&source)?.inventory;
        let judge = self.output.judge()?;
        let at = self.network.now();
        // servers of the lab answer from threads of their own, apart from those of the scan
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_name("lab")
            .build()
            .map_err(Failed::internal)?;
        let lab = runtime.block_on(Lab::start(&inventory, at)).map_err(|error| {
            Failed::usage(
                (format!("không dựng được tỉnh thử: {error}"), error.to_string()),
                (
                    "khien demo cần các địa chỉ 127.0.0.0/8 của máy, như trên Linux",
                    "khien demo needs loopback addresses 127.0.0.0/8, as Linux has them",
                ),
            )
        })?;
        lab.host(&mut inventory);
        match screen.lang {
            Lang::Vi => writeln!(
                screen.err,
                "Tỉnh Mẫu (hư cấu) đang chạy trên máy này; mọi kết nối chỉ tới 127.0.0.0/8 và ::1."
            )?,
            Lang::En => writeln!(
                screen.err,
                "The fictional province runs on this machine; everything is dialled at 127.0.0.0/8 and ::1."
            )?,
        }
        let survey = Survey::new(inventory, Path::new("."), at, &self.choice)?;
        let probes = probing::runtime()?;
        let listening =
            Listening { runtime: &probes, keeper: None, deadline: None, degraded: false, experts: None };
        let done = survey.run(
            &self.network.at_lab_pace(),
            &judge,
            &self.output,
            Sites::default(),
            listening,
            screen,
        )?;
        runtime.block_on(lab.stop());
        self.output.report(&judge, done.sites, &done.roster, done.about, screen)
    }
}
