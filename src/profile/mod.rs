//! Guidelines that others publish for TLS, as data under `rules/profiles/`, and how a server's facts compare with them.
//! A comparison adds a column, never points: rules and scores know nothing of it.

mod compare;
mod definition;
mod subject;

pub use compare::{Comparison, Missing, Shortfall, Told, compare};
pub use definition::{Level, Profile, ProfileError, Profiles};
pub use subject::Subject;

#[cfg(test)]
mod tests;
