//! Judged sites into the one report that every output reads: who is charged, scores, ranks, fix plans, common causes.

mod assemble;
mod book;
mod cause;
mod charge;
mod findings;
mod model;
mod past;
mod pool;
mod roster;
mod shared_key;
mod sheet;
mod sheet_card;
mod sheet_fact;
mod site;

pub use assemble::{AssembleError, assemble};
pub use book::{Cited, RuleBook, RuleEntry};
pub use findings::{FindingCard, Findings};
pub use model::{
    BlockCard, CapCard, Cause, CauseKind, FixRule, FixStep, GroupCard, GroupKind, MethodCard, PointsLost,
    ProductCard, Report, Run, SCHEMA, Scanner, Share, SiteCard, Tenths, UnitCard, Weights, WorstSite,
};
pub use past::{Past, PastCard, PreviousRun, TrendPoint};
pub use pool::Sites;
pub use roster::{Authorisation, Member, Place, Roster, RunZone};
pub use shared_key::SharedKey;
pub use sheet::{Compared, Experts, Sheet, SheetEndpoint, Simulated};
pub use sheet_card::{
    ClientCard, ProfileCard, ProfileLevel, ShortfallCard, TlsSheet, TlsSheetEndpoint, attach,
};
pub use sheet_fact::SheetFact;
pub use site::{SiteReport, judge};
