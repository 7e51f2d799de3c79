//! The score and the report: properties over random worlds, the peers' mistakes, the page for citizens, the schema.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's helpers fail by panicking")]

#[path = "score/cases.rs"]
mod cases;
#[path = "score/causes.rs"]
mod causes;
#[path = "score/page.rs"]
mod page;
#[path = "score/plan.rs"]
mod plan;
#[path = "score/properties.rs"]
mod properties;
#[path = "score/random.rs"]
mod random;
#[path = "score/schema.rs"]
mod schema;
#[path = "score/world.rs"]
mod world;
