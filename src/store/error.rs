//! What can go wrong with a store, and what its owner can do about it. The caller knows the path and names it.

use jiff::Timestamp;

/// Who holds the lock of an inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Process id, as seen by that process.
    pub pid: u32,
    /// Name of its machine.
    pub host: String,
    /// When it took the lock.
    pub since: Timestamp,
    /// Its run.
    pub run: String,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "process {} on {}, run {}, since {}", self.pid, self.host, self.run, self.since)
    }
}

/// Why a store cannot be opened, read or written. Whatever it is, what was stored before stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing to read.
    #[error("there is no such file")]
    Missing,
    /// The folder it would be made in does not exist.
    #[error("its folder does not exist")]
    NoFolder,
    /// A folder, a socket, a device.
    #[error("it is no ordinary file")]
    NotAFile,
    /// Permissions or the file system forbid writing to the file or its folder.
    #[error("the file or its folder cannot be written")]
    ReadOnly,
    /// No space left.
    #[error("the disk is full")]
    Full,
    /// The file is damaged.
    #[error("the file is damaged: {0}")]
    Corrupt(String),
    /// The file is something else altogether.
    #[error("the file is no database")]
    NotADatabase,
    /// A database of another program.
    #[error("the file is the database of another program")]
    NotOurs,
    /// Written by a newer khien.
    #[error("the store has schema {found}; this khien knows up to {known}")]
    NewerSchema {
        /// The schema it has.
        found: i64,
        /// The newest one that is known here.
        known: i64,
    },
    /// Opened for reading only, and not yet brought up to date.
    #[error("the store has schema {found}; reading needs {known}")]
    OlderSchema {
        /// The schema it has; 0: none.
        found: i64,
        /// The schema that is needed.
        known: i64,
    },
    /// Another process is writing for longer than we wait.
    #[error("another process keeps the store busy")]
    Busy,
    /// Another scan of the same inventory is running; nothing where it has only just begun.
    #[error("a scan of this inventory is running already{}", .0.as_deref().map(|h| format!(": {h}")).unwrap_or_default())]
    Locked(Option<Box<Holder>>),
    /// No run has this id.
    #[error("there is no run {0:?}")]
    NoSuchRun(String),
    /// The run is over.
    #[error("run {0} is over and cannot be resumed")]
    Ended(String),
    /// The site is not among those the run was begun with.
    #[error("{0} is not among the sites of this run")]
    NotPlanned(String),
    /// The document and its findings are about two sites.
    #[error("a document of {document} came with findings of {findings}")]
    Mismatch {
        /// The document's site.
        document: String,
        /// The findings' site.
        findings: String,
    },
    /// A time outside of the years 1678 to 2261.
    #[error("the time {0} cannot be stored")]
    Time(Timestamp),
    /// The operating system refused.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Anything else that `SQLite` reports: a fault of khien.
    #[error("unexpected answer of SQLite: {0}")]
    Unexpected(String),
}

impl StoreError {
    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Missing => "scan first (`khien scan`), or name the store with --db FILE",
            Self::NoFolder => "make the folder first, or name another file with --db FILE",
            Self::NotAFile => "name an ordinary file with --db FILE",
            Self::ReadOnly => {
                "give yourself write permission to the file and its folder (SQLite keeps two files beside it), or name another with --db FILE"
            }
            Self::Full => {
                "make room and run the same command again with --resume: every finished site is kept"
            }
            Self::Corrupt(_) => {
                "nothing was changed; put a backup in its place, or move it aside and rescue it with `sqlite3 FILE .recover`"
            }
            Self::NotADatabase | Self::NotOurs => "nothing was changed; name another file with --db FILE",
            Self::NewerSchema { .. } => "nothing was changed; use the newer khien that wrote it",
            Self::OlderSchema { .. } => "run one `khien scan` with this version, which brings it up to date",
            Self::Busy => "wait until the other command is done and try again",
            Self::Locked(_) => "wait until it is done, or stop that process",
            Self::NoSuchRun(_) => "list the runs with `khien report --list`",
            Self::Ended(_) => "start a new run without --resume",
            Self::Time(_) => "check the clock and --now",
            Self::Io(_) => {
                "check free space, quota, permissions and the health of the disk; what was stored is kept"
            }
            Self::NotPlanned(_) | Self::Mismatch { .. } | Self::Unexpected(_) => {
                "this is a fault of khien: please report it"
            }
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let text = error.to_string();
        let code = match &error {
            sqlx::Error::Database(database) => database.code().and_then(|code| code.parse::<i32>().ok()),
            sqlx::Error::Io(io) => return Self::Io(std::io::Error::new(io.kind(), text)),
            _ => None,
        };
        // https://www.sqlite.org/rescode.html: the low byte is the primary code
        match code {
            Some(4874) => Self::Full, // IOERR_SHMSIZE: no room for the shared index
            Some(code) => match code & 0xff {
                5 | 6 => Self::Busy,
                // READONLY, PERM, and CANTOPEN: the file is there, so what lies beside it cannot be made
                3 | 8 | 14 => Self::ReadOnly,
                10 => Self::Io(std::io::Error::other(text)),
                11 => Self::Corrupt(text),
                13 => Self::Full,
                26 => Self::NotADatabase,
                _ => Self::Unexpected(text),
            },
            None => Self::Unexpected(text),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        use sqlx::migrate::MigrateError as E;
        match error {
            E::Execute(error) | E::ExecuteMigration(error, _) => error.into(),
            other => Self::Unexpected(other.to_string()),
        }
    }
}
