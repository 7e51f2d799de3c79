//! What a report is about for its reader: a province, one unit, or sites that somebody checked once.

use crate::report::{Report, UnitCard};

/// Whom a report is for.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'r> {
    /// Units in their blocks.
    Province,
    /// One unit that was asked for; others only run its zone or server.
    Unit(&'r UnitCard),
    /// The sites of a one-off check, which have no unit.
    Sites(&'r UnitCard),
}

impl<'r> Subject<'r> {
    /// What this report is about: one unit without a block is a one-off check; one unit that has sites, beside those
    /// that only run its zone or server, was asked for alone; otherwise it is the province.
    pub fn of(report: &'r Report) -> Self {
        match report.units.as_slice() {
            [only] if only.block.is_none() => Self::Sites(only),
            units => {
                let (owners, others): (Vec<_>, Vec<_>) =
                    units.iter().partition(|unit| !unit.sites.is_empty());
                match owners.as_slice() {
                    [only] if others.iter().all(|other| other.score.is_some()) => Self::Unit(only),
                    _ => Self::Province,
                }
            }
        }
    }
}
