//! Why something could not be decided, from what the probes say of it, and in words for people.

use super::{Reason, Text, condition::Unseen};
use crate::observation::{Attempt, Failure, Skip};

impl From<&Failure> for Reason {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::Refused => Self::Refused,
            Failure::TimedOut { .. } => Self::TimedOut,
            Failure::Reset => Self::Reset,
            Failure::Closed => Self::Closed,
            Failure::Unreachable => Self::Unreachable,
            Failure::Alert { .. } => Self::Alert,
            Failure::NotTls => Self::NotTls,
            Failure::NoAddress => Self::NoAddress,
            Failure::Rcode(_) => Self::Rcode,
            Failure::Indeterminate(_) => Self::Indeterminate,
            Failure::Blocked { .. } => Self::Blocked,
            Failure::TooLarge { .. } => Self::TooLarge,
            Failure::Malformed(_) => Self::Malformed,
            Failure::Budget(_) => Self::Budget,
            Failure::Unsupported(_) => Self::Unsupported,
            Failure::OurBug(_) => Self::OurBug,
        }
    }
}

impl From<Skip> for Reason {
    fn from(skip: Skip) -> Self {
        match skip {
            Skip::NotRequested => Self::NotRequested,
            Skip::AddressGiven => Self::AddressGiven,
            Skip::DirectDnsClosed => Self::DirectDnsClosed,
            Skip::ForbiddenAddress => Self::ForbiddenAddress,
            Skip::Budget => Self::Budget,
            Skip::Excluded => Self::Excluded,
            Skip::OutsideInventory => Self::OutsideInventory,
            Skip::Interrupted => Self::Interrupted,
            Skip::DoesNotApply => Self::DoesNotApply,
        }
    }
}

impl From<&Unseen> for Reason {
    fn from(unseen: &Unseen) -> Self {
        match unseen {
            Unseen::Failed(failure) => failure.into(),
            Unseen::Skipped(skip) => (*skip).into(),
        }
    }
}

/// The value of a fact, or why it was not seen.
pub fn seen<T>(attempt: &Attempt<T>) -> Result<&T, Reason> {
    match attempt {
        Attempt::Completed(value) => Ok(value),
        Attempt::Failed { failed } => Err(failed.into()),
        Attempt::Skipped { skipped } => Err((*skipped).into()),
    }
}

impl Reason {
    /// The reason in words, as the end of a sentence.
    pub fn words(self) -> Text {
        let (vi, en) = match self {
            Self::DoesNotApply => ("không áp dụng cho trang này", "does not apply to this site"),
            Self::ParentFailed => ("chờ xử lý lỗi đứng trước", "waits for a failure that comes before it"),
            Self::Refused => ("máy chủ từ chối kết nối", "the server refused the connection"),
            Self::TimedOut => ("quá thời gian chờ mà không có trả lời", "no answer in time"),
            Self::Reset => ("kết nối bị ngắt giữa chừng", "the connection was reset"),
            Self::Closed => (
                "máy chủ đóng kết nối mà không trả lời",
                "the server closed the connection without an answer",
            ),
            Self::Unreachable => {
                ("không có đường tới địa chỉ này từ máy quét", "no route to the address from the scanner")
            }
            Self::Alert => ("máy chủ từ chối bắt tay TLS", "the server refused the TLS handshake"),
            Self::NotTls => ("cổng này không nói TLS", "the port does not speak TLS"),
            Self::NoAddress => ("tên miền không có địa chỉ", "the name has no address"),
            Self::Rcode => ("máy chủ tên miền trả lời lỗi", "the name server answered with an error"),
            Self::Indeterminate => (
                "máy phân giải không cho đủ dữ liệu để xác minh chữ ký DNSSEC",
                "the resolver's answers do not suffice to verify DNSSEC",
            ),
            Self::Blocked => ("tường lửa trả lời thay cho trang", "a firewall answered instead of the site"),
            Self::TooLarge => ("dữ liệu vượt giới hạn đọc", "more data than the scanner reads"),
            Self::Malformed => {
                ("dữ liệu nhận được sai quy cách", "what came does not follow its specification")
            }
            Self::Budget => {
                ("đã dùng hết số kết nối cho phép tới địa chỉ này", "the budget for this address is used up")
            }
            Self::Unsupported => ("máy quét chưa đọc được dữ liệu này", "the scanner cannot read what came"),
            Self::NotRequested => ("không nằm trong lần kiểm tra này", "not part of this check"),
            Self::AddressGiven => (
                "địa chỉ được cho sẵn nên không tra tên miền",
                "the address was given, so no name was looked up",
            ),
            Self::DirectDnsClosed => (
                "từ máy quét không hỏi thẳng được máy chủ tên miền (cổng 53 bị chặn)",
                "name servers cannot be asked directly from the scanner (port 53 is closed)",
            ),
            Self::ForbiddenAddress => ("địa chỉ không được phép kết nối", "the address may not be dialled"),
            Self::Excluded => ("có trong danh sách loại trừ", "excluded by the inventory"),
            Self::OutsideInventory => ("nằm ngoài danh mục kiểm tra", "outside the inventory"),
            Self::Interrupted => {
                ("lần quét bị dừng trước khi tới lượt", "the scan was stopped before its turn")
            }
            Self::OurBug => ("lỗi của máy quét", "a fault of the scanner"),
            Self::RuleError => ("lỗi của quy tắc kiểm tra", "a fault of the check rule"),
        };
        Text::new(vi, en)
    }
}
