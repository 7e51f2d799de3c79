//! Plans which probes run where and runs them through the lanes; says what happens as events.
//! Judges nothing, stores nothing, prints nothing.

mod plan;
mod runner;

pub use plan::{Plan, Probe, Probes, Target};
pub use runner::{Event, Finished, Options, run};
