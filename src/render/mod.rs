//! One file per output format; each reads a `Report` and nothing else.

pub mod terminal;
mod text;

pub use text::{escape, pad, width, wrap};
