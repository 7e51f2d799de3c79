//! Who is checked: the province, its units, sites and zones, and the authorisation to check them. Parses; opens no socket.

mod host;
mod text;

pub use host::{Authority, Host, HostError};
