//! The score and the report: properties over random worlds, the peers' mistakes, the page for citizens, the schema.
mod cases;
mod causes;
mod page;
mod plan;
mod properties;
mod random;
mod schema;
mod world;
