//! One scan per inventory at a time. The lock is held on a file beside the store, so that the kernel lets go of it
//! when its process dies, whatever namespace that ran in; a row of the store names the holder.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::{Holder, StoreError, time};

/// Held until dropped.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Drop for Lock {
    /// Closing alone would not do: a process forked in this moment holds the file a little longer.
    fn drop(&mut self) {
        // where it cannot be unlocked, closing it is what is left
        let _ = self.file.unlock();
    }
}

/// Takes the lock of an inventory, or says who holds it.
pub(super) async fn take(
    store: &Path,
    inventory: i64,
    connection: &mut SqliteConnection,
) -> Result<Lock, StoreError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(beside(store, inventory))
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                StoreError::ReadOnly
            }
            std::io::ErrorKind::StorageFull => StoreError::Full,
            _ => error.into(),
        })?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { file }),
        Err(TryLockError::Error(error)) => Err(error.into()),
        Err(TryLockError::WouldBlock) => {
            Err(StoreError::Locked(holder(inventory, connection).await?.map(Box::new)))
        }
    }
}

fn beside(store: &Path, inventory: i64) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(format!("-lock-{inventory}"));
    name.into()
}

/// Who wrote itself down as the holder last, and has not signed off.
pub(super) async fn holder(
    inventory: i64,
    connection: &mut SqliteConnection,
) -> Result<Option<Holder>, StoreError> {
    let row: Option<(i64, String, i64, String)> = sqlx::query_as(
        "SELECT lock.pid, lock.host, lock.since, run.name FROM lock JOIN run ON run.id = lock.run
         WHERE lock.inventory = ?1",
    )
    .bind(inventory)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(pid, host, since, run)| Holder {
        pid: u32::try_from(pid).unwrap_or_default(),
        host,
        since: time::from_sql(since),
        run,
    }))
}

/// Writes this process down as the holder.
pub(super) async fn sign(
    inventory: i64,
    run: i64,
    connection: &mut SqliteConnection,
) -> Result<(), StoreError> {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    sqlx::query("INSERT OR REPLACE INTO lock (inventory, run, pid, host, since) VALUES (?1, ?2, ?3, ?4, ?5)")
        .bind(inventory)
        .bind(run)
        .bind(i64::from(std::process::id()))
        .bind(host.trim())
        // the real clock: --now sets what observations carry, never the lock
        .bind(time::to_sql(Timestamp::now())?)
        .execute(connection)
        .await?;
    Ok(())
}
