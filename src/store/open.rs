//! Opening a store: creating, checking, migrating. Refuses whatever it does not understand, and changes nothing then.

use std::{
    borrow::Cow,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sqlx::{
    ConnectOptions, SqlStr, SqliteConnection,
    migrate::{Migration, MigrationType, Migrator},
    sqlite::{SqliteConnectOptions, SqliteSynchronous},
};
use tokio::sync::Mutex;

use super::{Store, StoreError, begin};

/// Every step of the schema, oldest first: version, what it is, SQL. A step that was ever released never changes.
const MIGRATIONS: &[(i64, &str, &str)] = &[(1, "initial", include_str!("migrations/0001_initial.sql"))];
/// The mark of our files: `khin`.
const APPLICATION: i64 = 0x6b68_696e;
/// How long a writer waits for another one.
const PATIENCE: Duration = Duration::from_secs(30);

impl Store {
    /// Opens a store for writing; makes the file (mode 0600, for its owner only) on first use and brings an older
    /// schema up to date. The whole file is checked first: nothing is ever written into a damaged one.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let path = create(path)?;
        let mut connection = connect(&path, options(&path).synchronous(SqliteSynchronous::Normal)).await?;
        check(&mut connection).await?;
        // whose file it is comes first: the journal's mode is written into it
        schema(&mut connection).await?;
        sqlx::query("PRAGMA journal_mode = WAL").execute(&mut connection).await?;
        migrate(&mut connection).await?;
        Ok(Self::over(path, connection))
    }

    /// Opens a store for reading. Never keeps a writer waiting, and is not kept waiting by one.
    pub async fn read_only(path: &Path) -> Result<Self, StoreError> {
        let path = match fs::canonicalize(path) {
            Ok(path) => ordinary(path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(StoreError::Missing),
            Err(error) => return Err(error.into()),
        };
        let mut connection = connect(&path, options(&path).read_only(true)).await?;
        let (found, known) = (schema(&mut connection).await?, known());
        if found < known {
            return Err(StoreError::OlderSchema { found, known });
        }
        Ok(Self::over(path, connection))
    }

    fn over(path: PathBuf, connection: SqliteConnection) -> Self {
        Self { path: Arc::new(path), connection: Arc::new(Mutex::new(connection)) }
    }
}

/// Makes sure that the file is there and ours to read alone; gives its true path, so that two ways to one file lead
/// to one lock.
fn create(path: &Path) -> Result<PathBuf, StoreError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    if fs::metadata(path).is_ok_and(|file| !file.is_file()) {
        return Err(StoreError::NotAFile);
    }
    match fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path) {
        Ok(_) => ordinary(fs::canonicalize(path)?),
        Err(error) => Err(match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => StoreError::NoFolder,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full,
            io::ErrorKind::IsADirectory => StoreError::NotAFile,
            _ => error.into(),
        }),
    }
}

fn ordinary(path: PathBuf) -> Result<PathBuf, StoreError> {
    if fs::metadata(&path)?.is_file() { Ok(path) } else { Err(StoreError::NotAFile) }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .disable_statement_logging()
}

/// `SQLite` reads a file that begins like none of its own as "not a database", and one that was cut short as damaged.
async fn connect(path: &Path, options: SqliteConnectOptions) -> Result<SqliteConnection, StoreError> {
    // SQLite takes a stub of fewer bytes than its header for an empty file and would write over it
    let length = fs::metadata(path)?.len();
    if (1..512).contains(&length) {
        return Err(StoreError::NotADatabase);
    }
    Ok(options.connect().await?)
}

/// Whether the file is sound.
async fn check(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let (verdict,): (String,) = sqlx::query_as("PRAGMA quick_check(1)").fetch_one(connection).await?;
    if verdict == "ok" { Ok(()) } else { Err(StoreError::Corrupt(verdict.replace('\n', " "))) }
}

fn known() -> i64 {
    MIGRATIONS.last().map_or(0, |(version, _, _)| *version)
}

/// The schema of the file: 0 for an empty one. Refuses files of others and of newer versions.
async fn schema(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    let (tables,): (i64,) =
        sqlx::query_as("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *connection).await?;
    if tables == 0 {
        return Ok(0);
    }
    let (application,): (i64,) = sqlx::query_as("PRAGMA application_id").fetch_one(&mut *connection).await?;
    if application != APPLICATION {
        return Err(StoreError::NotOurs);
    }
    let (found,): (i64,) = sqlx::query_as("SELECT coalesce(max(version), 0) FROM _sqlx_migrations")
        .fetch_one(&mut *connection)
        .await?;
    let known = known();
    if found > known { Err(StoreError::NewerSchema { found, known }) } else { Ok(found) }
}

async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    if schema(&mut *connection).await? == known() {
        return Ok(());
    }
    // all steps in one transaction: two that open a new file at once do not meet, and a full disk leaves no half
    let mut transaction = begin(connection).await?;
    if schema(&mut transaction).await? < known() {
        let step = |(version, what, sql): &(i64, &'static str, &'static str)| {
            let sql = SqlStr::from_static(sql);
            Migration::new(*version, Cow::Borrowed(what), MigrationType::Simple, sql, false)
        };
        let migrations = Cow::Owned(MIGRATIONS.iter().map(step).collect());
        Migrator { migrations, ..Migrator::DEFAULT }.run_direct(None, &mut *transaction, false).await?;
    }
    Ok(transaction.commit().await?)
}
