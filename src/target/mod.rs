//! Who is checked: the province, its units, sites and zones, and the authorisation to check them. Parses; opens no socket.

mod authorisation;
mod circle;
mod host;
mod inventory;
mod lab;
mod load;
mod raw;
mod read;
mod selector;
mod text;
mod unit;
#[cfg(test)]
mod words_tests;

pub use authorisation::{Authorisation, AuthorisationError, Exclusion, Scope, VIETNAM, local_date};
pub use host::{Authority, Host, HostError};
pub use inventory::{Inventory, LeadAgency, Province, Vantage, Zone};
pub use lab::{ConnectTo, ConnectToError, Lab, Ports};
pub use load::{Loaded, SCHEMA, load};
pub use selector::{Selector, SelectorError};
pub use unit::{Block, Importance, Level, Site, Unit, UnitId, UnitIdError, UnitKind, Validity, Www};
