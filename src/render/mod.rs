//! One file per output format; each reads a `Report` and nothing else.

mod csv;
mod junit;
mod sarif;
pub mod terminal;
mod text;
pub mod words;

pub use csv::csv;
pub use junit::junit;
pub use sarif::sarif;
pub use text::{cut, escape, pad, width, wrap};
