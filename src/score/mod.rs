//! The only module that multiplies weights: verdicts into the scores of a site and of a unit, ranks and fix plans.

mod exact;
mod item;
mod method;
mod plan;
mod points;
mod rank;
mod unit;

pub use exact::Exact;
pub use item::{Item, State, Terms, UnknownRule, fold, items, unwaived};
pub use method::{Grade, MAX_WEIGHT, Method};
pub use plan::{MAX_STEPS, Step, plan};
pub use points::{Bracket, Cap, CategoryScore, Coverage, Score, exact_base, points_lost, score};
pub use rank::ranks;
pub use unit::{Group, Standing, UnitScore, unit, unit_points_lost};
