//! One file per output format; each reads a `Report` and nothing else.

mod csv;
pub mod html;
mod json;
mod junit;
mod sarif;
mod subject;
pub mod suspicion;
pub mod terminal;
mod text;
pub mod words;

pub use csv::csv;
pub use json::json;
pub use junit::junit;
pub use sarif::sarif;
pub use subject::Subject;
pub use text::{cut, escape, fold, hang, pad, width, wrap};
