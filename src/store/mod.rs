//! The store: runs, observations, verdict history, scorecards, certificates, in one `SQLite` file. The only SQL.
//! Judges nothing and scores nothing; it keeps what others made and finds it again.

mod body;
mod certificate;
mod diff;
mod error;
mod history;
mod lock;
mod open;
mod prune;
mod run;
mod scorecard;
mod time;
mod visit;

#[cfg(test)]
mod tests;

use std::{path::Path, path::PathBuf, sync::Arc};

use sqlx::SqliteConnection;
use tokio::sync::{Mutex, MutexGuard};

pub use diff::{Change, Diff, Kind};
pub use error::{Holder, StoreError};
pub use history::{History, STANDS_FOR, StandIn, Streak};
pub use prune::Pruned;
pub use run::{End, InventoryKey, NewRun, RunHandle, StoredRun};
pub use scorecard::Scorecard;
pub use visit::{StandIns, Stored, Visits};

/// An open store. Clones share one connection; open the file again to read while something is written.
#[derive(Clone, Debug)]
pub struct Store {
    path: Arc<PathBuf>,
    connection: Arc<Mutex<SqliteConnection>>,
}

impl Store {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    async fn connection(&self) -> MutexGuard<'_, SqliteConnection> {
        self.connection.lock().await
    }

    /// Closes the file where this is the last clone: what is still in the write-ahead log goes into the file.
    /// Without it nothing is lost either; the next one to open the file finds the log.
    pub async fn close(self) -> Result<(), StoreError> {
        if let Some(connection) = Arc::into_inner(self.connection) {
            sqlx::Connection::close(connection.into_inner()).await?;
        }
        Ok(())
    }
}

/// Starts a transaction that may write at once: it waits for another writer here, and never fails half way because
/// one came in between.
async fn begin(connection: &mut SqliteConnection) -> Result<sqlx::Transaction<'_, sqlx::Sqlite>, StoreError> {
    Ok(sqlx::Connection::begin_with(connection, "BEGIN IMMEDIATE").await?)
}
