//! The exit codes: one definition, from which the documentation is made.

use std::process::ExitCode;

/// How a command ended. When several apply, the strongest is the largest of [`Exit::strength`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, and nothing at or above `--fail-on`.
    Done,
    /// Findings at or above `--fail-on`.
    Findings,
    /// Wrong usage, configuration or authorisation: nothing was probed.
    Usage,
    /// Not everything could be done: interrupted, deadline, lock held, or too much could not be tested.
    Incomplete,
    /// A fault of khien itself.
    Internal,
}

impl Exit {
    /// Every code, for the documentation.
    pub const ALL: [Self; 5] = [Self::Done, Self::Findings, Self::Usage, Self::Incomplete, Self::Internal];

    /// The number the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Incomplete => 3,
            Self::Internal => 4,
        }
    }

    /// What it means, in Vietnamese and English.
    pub fn meaning(self) -> (&'static str, &'static str) {
        match self {
            Self::Done => {
                ("xong, không có lỗi từ mức --fail-on trở lên", "done, nothing at or above --fail-on")
            }
            Self::Findings => ("có lỗi từ mức --fail-on trở lên", "findings at or above --fail-on"),
            Self::Usage => (
                "sai cách dùng, cấu hình hoặc ủy quyền; chưa có kết nối nào được mở",
                "wrong usage, configuration or authorisation; nothing was dialled",
            ),
            Self::Incomplete => (
                "chưa làm hết: bị dừng, quá giờ, hoặc quá nhiều phần không kiểm tra được",
                "incomplete: stopped, past the deadline, or too much could not be tested",
            ),
            Self::Internal => ("lỗi của chính khien", "a fault of khien itself"),
        }
    }

    /// Where it stands when several apply: 4, then 2, 3, 1, 0.
    pub fn strength(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Findings => 1,
            Self::Incomplete => 2,
            Self::Usage => 3,
            Self::Internal => 4,
        }
    }

    /// The stronger of two.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if other.strength() > self.strength() { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
