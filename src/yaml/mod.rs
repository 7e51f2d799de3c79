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

pub use diagnostic::{Diagnostic, Diagnostics};
pub use location::{Located, Location};
pub use nearest::nearest;
pub use parse::parse;
pub use source::{MAX_BYTES, ReadError, Source};

#[cfg(test)]
mod tests;
