//! YAML with positions: reads a text, turns it into Rust values that remember where they stood, and says what is
//! wrong in one clear sentence. Owns everything that knows serde-saphyr; knows nothing of what the files mean.

mod diagnostic;
mod locate;
mod location;
mod message;
mod nearest;
mod outline;
mod parse;
mod source;
mod syntax;
mod told;

pub use diagnostic::{Diagnostic, Diagnostics};
pub use location::{Located, Location};
pub use nearest::{did_you_mean, nearest};
pub use parse::parse;
pub use source::{MAX_BYTES, ReadError, Source};
pub use told::Told;

#[cfg(test)]
mod tests;
