//! What can go wrong with a store, and what its owner can do about it. The caller knows the path and names it.

use jiff::Timestamp;

use crate::target::VIETNAM;

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
    /// The same as [`Display`](std::fmt::Display) in Vietnamese.
    pub fn vietnamese(&self) -> String {
        match self {
            Self::Missing => "chưa có tệp này".to_owned(),
            Self::NoFolder => "chưa có thư mục chứa tệp".to_owned(),
            Self::NotAFile => "đây không phải một tệp thường".to_owned(),
            Self::ReadOnly => "không được ghi vào tệp hoặc thư mục chứa tệp".to_owned(),
            Self::Full => "đĩa đã đầy".to_owned(),
            Self::Corrupt(what) => format!("tệp bị hỏng: {what}"),
            Self::NotADatabase => "tệp không phải kho dữ liệu".to_owned(),
            Self::NotOurs => "tệp là kho dữ liệu của chương trình khác".to_owned(),
            Self::NewerSchema { found, known } => {
                format!("kho dữ liệu ở phiên bản {found}; bản khien này chỉ biết đến phiên bản {known}")
            }
            Self::OlderSchema { found, known } => {
                format!("kho dữ liệu ở phiên bản {found}; muốn đọc cần phiên bản {known}")
            }
            Self::Busy => "một tiến trình khác đang giữ kho dữ liệu".to_owned(),
            Self::Locked(None) => "danh mục này đang được quét".to_owned(),
            Self::Locked(Some(holder)) => {
                let Holder { pid, host, run, since } = &**holder;
                let since = VIETNAM.to_datetime(*since).strftime("%d/%m/%Y %H:%M");
                format!(
                    "danh mục này đang được quét: tiến trình {pid} trên máy {host}, lượt {run}, từ {since}"
                )
            }
            Self::NoSuchRun(run) => format!("không có lượt {run:?}"),
            Self::Ended(run) => format!("lượt {run} đã kết thúc, không tiếp tục được"),
            Self::NotPlanned(site) => format!("{site} không thuộc lượt này"),
            Self::Mismatch { document, findings } => {
                format!("quan sát của {document} đi kèm kết quả của {findings}")
            }
            Self::Time(at) => format!("không ghi được thời điểm {at}"),
            Self::Io(error) => format!("hệ điều hành báo lỗi: {error}"),
            Self::Unexpected(what) => format!("SQLite trả lời ngoài dự kiến: {what}"),
        }
    }

    /// What to do about it, in Vietnamese and English.
    pub fn advice(&self) -> (&'static str, &'static str) {
        match self {
            Self::Missing => (
                "quét trước (`khien scan`), hoặc chỉ tệp kho bằng --db TỆP",
                "scan first (`khien scan`), or name the store with --db FILE",
            ),
            Self::NoFolder => (
                "tạo thư mục trước, hoặc chỉ tệp khác bằng --db TỆP",
                "make the folder first, or name another file with --db FILE",
            ),
            Self::NotAFile => ("chỉ một tệp thường bằng --db TỆP", "name an ordinary file with --db FILE"),
            Self::ReadOnly => (
                "cấp quyền ghi vào tệp và thư mục chứa tệp (SQLite giữ thêm hai tệp bên cạnh), hoặc chỉ tệp khác bằng --db TỆP",
                "give yourself write permission to the file and its folder (SQLite keeps two files beside it), or name another with --db FILE",
            ),
            Self::Full => (
                "dọn chỗ trống rồi chạy lại lệnh này với --resume: trang nào xong vẫn được giữ",
                "make room and run the same command again with --resume: every finished site is kept",
            ),
            Self::Corrupt(_) => (
                "tệp được để nguyên; thay bằng bản sao lưu, hoặc chuyển tệp sang chỗ khác và cứu bằng `sqlite3 TỆP .recover`",
                "nothing was changed; put a backup in its place, or move it aside and rescue it with `sqlite3 FILE .recover`",
            ),
            Self::NotADatabase | Self::NotOurs => (
                "tệp được để nguyên; chỉ tệp khác bằng --db TỆP",
                "nothing was changed; name another file with --db FILE",
            ),
            Self::NewerSchema { .. } => (
                "tệp được để nguyên; dùng bản khien mới đã ghi ra tệp này",
                "nothing was changed; use the newer khien that wrote it",
            ),
            Self::OlderSchema { .. } => (
                "chạy `khien scan` một lần bằng bản này để nâng cấp kho",
                "run one `khien scan` with this version, which brings it up to date",
            ),
            Self::Busy => {
                ("chờ lệnh kia xong rồi thử lại", "wait until the other command is done and try again")
            }
            Self::Locked(_) => {
                ("chờ lượt đó xong, hoặc dừng tiến trình đó", "wait until it is done, or stop that process")
            }
            Self::NoSuchRun(_) => {
                ("xem các lượt bằng `khien report --list`", "list the runs with `khien report --list`")
            }
            Self::Ended(_) => ("bắt đầu lượt mới, không dùng --resume", "start a new run without --resume"),
            Self::Time(_) => ("xem lại đồng hồ và --now", "check the clock and --now"),
            Self::Io(_) => (
                "xem lại chỗ trống, hạn mức, quyền ghi và tình trạng đĩa; những gì đã ghi vẫn còn",
                "check free space, quota, permissions and the health of the disk; what was stored is kept",
            ),
            Self::NotPlanned(_) | Self::Mismatch { .. } | Self::Unexpected(_) => {
                ("đây là lỗi của khien: xin báo lại", "this is a fault of khien: please report it")
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
