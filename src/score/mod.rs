//! The only module that multiplies weights: verdicts into the scores of a site and of a unit, ranks and fix plans.

mod exact;
mod method;

pub use exact::Exact;
pub use method::{Grade, MAX_WEIGHT, Method};
