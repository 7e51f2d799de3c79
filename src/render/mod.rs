//! One file per output format; each reads a `Report` and nothing else.

mod text;

pub use text::{escape, pad, width, wrap};
