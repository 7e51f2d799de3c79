//! One file per output format; each reads a `Report` and nothing else.

pub mod html;
mod subject;
pub mod terminal;
mod text;

pub use subject::Subject;
pub use text::{escape, pad, width, wrap};
