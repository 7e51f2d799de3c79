//! Clients that still call on Vietnamese sites, as dated data, and what each would agree on with a server, computed from
//! observed facts. Dials nothing, and says neither good nor bad.

mod definition;
mod order;
mod simulate;
mod trust;

pub use definition::{Bits, Client, Clients};
pub use simulate::{Connection, Exchange, Gap, Outcome, Why, simulate};
pub use trust::missing_root;

#[cfg(test)]
mod tests;
