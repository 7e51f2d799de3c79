//! The agencies that are scored ([`Unit`]) and their web sites ([`Site`]). Owns their words and defaults, not their scores.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Host;
use super::authorisation::local_date;
use super::selector::Selector;
use crate::language::{Bilingual, Text, bilingual, text};

/// The stable name of a unit: kebab-case ASCII such as `so-khcn`, at most 64 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct UnitId(Box<str>);

/// Why a text is no [`UnitId`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitIdError(String);

impl std::error::Error for UnitIdError {}

impl Bilingual for UnitIdError {
    fn text(&self) -> Text {
        text!(
            "`{id}` không phải mã đơn vị: dùng chữ thường không dấu a–z, chữ số, giữa chúng là một gạch ngang, nhiều nhất 64 ký tự",
            "`{id}` is not an id: use small letters a–z, digits and single hyphens between them, at most 64 characters",
            id = self.0
        )
    }
}

bilingual!(UnitIdError);

impl UnitId {
    const MAX: usize = 64;

    /// Reads an id; only spaces around it are forgiven.
    pub fn parse(text: &str) -> Result<Self, UnitIdError> {
        let text = text.trim();
        let word = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if text.len() <= Self::MAX && text.split('-').all(word) {
            Ok(Self(text.into()))
        } else {
            Err(UnitIdError(text.chars().take(2 * Self::MAX).collect()))
        }
    }

    /// An id made from any text, to suggest one: marks removed, `đ` as `d`, the rest as hyphens.
    pub fn suggest(text: &str) -> Option<Self> {
        use unicode_normalization::UnicodeNormalization;
        let plain = text.to_lowercase().replace('đ', "d");
        let plain: String =
            plain.nfd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)).collect();
        let words: Vec<&str> =
            plain.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
        Self::parse(&words.join("-")).ok()
    }

    /// The id as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for UnitId {
    type Err = UnitIdError;

    fn from_str(text: &str) -> Result<Self, UnitIdError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for UnitId {
    type Error = UnitIdError;

    fn try_from(text: String) -> Result<Self, UnitIdError> {
        Self::parse(&text)
    }
}

impl From<UnitId> for String {
    fn from(id: UnitId) -> Self {
        id.0.into_string()
    }
}

/// An agency that is scored: a sở, a commune, a portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unit {
    /// Stable name; results of earlier runs are found by it.
    pub id: UnitId,
    /// Display name in Vietnamese, NFC, one line.
    pub name: String,
    /// What sort of agency it is.
    pub kind: UnitKind,
    /// The block it is ranked in.
    pub block: Block,
    /// The agency above it, if that is in the inventory; parents form no circle.
    pub parent: Option<UnitId>,
    /// Security level (cấp độ) of its system.
    pub level: Option<Level>,
    /// Whom to write to: free text.
    pub contact: Option<String>,
    /// When the unit exists.
    pub validity: Validity,
    /// The unit it was merged into; successors form no circle.
    pub successor: Option<UnitId>,
    /// Its web sites; may be empty: "chưa khai báo trang nào".
    pub sites: Vec<Site>,
}

/// What sort of agency a unit is, with the Vietnamese words without marks as the contract's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnitKind {
    /// Văn phòng UBND, HĐND, Đoàn đại biểu Quốc hội.
    VanPhong,
    /// Sở.
    So,
    /// Ban: Ban quản lý khu kinh tế, Ban Dân tộc.
    Ban,
    /// Thanh tra tỉnh.
    ThanhTra,
    /// Trung tâm.
    TrungTam,
    /// Đơn vị sự nghiệp: school, hospital, museum.
    DonViSuNghiep,
    /// Cổng thông tin, cổng dịch vụ công, nền tảng dùng chung.
    Cong,
    /// Mặt trận Tổ quốc, đoàn thể.
    DoanThe,
    /// Huyện (until 30/06/2025).
    Huyen,
    /// Thị xã (until 30/06/2025).
    ThiXa,
    /// Thành phố thuộc tỉnh (until 30/06/2025).
    ThanhPho,
    /// Xã.
    Xa,
    /// Phường.
    Phuong,
    /// Thị trấn (until 30/06/2025).
    ThiTran,
    /// Đặc khu (since 01/07/2025).
    DacKhu,
    /// Anything else; needs `block`.
    Khac,
}

impl UnitKind {
    /// All kinds, in the order of the documentation.
    pub const ALL: [Self; 16] = [
        Self::VanPhong,
        Self::So,
        Self::Ban,
        Self::ThanhTra,
        Self::TrungTam,
        Self::DonViSuNghiep,
        Self::Cong,
        Self::DoanThe,
        Self::Huyen,
        Self::ThiXa,
        Self::ThanhPho,
        Self::Xa,
        Self::Phuong,
        Self::ThiTran,
        Self::DacKhu,
        Self::Khac,
    ];

    /// The block such a unit is ranked in unless the inventory says otherwise; `None` for [`UnitKind::Khac`].
    pub fn default_block(self) -> Option<Block> {
        match self {
            Self::VanPhong
            | Self::So
            | Self::Ban
            | Self::ThanhTra
            | Self::TrungTam
            | Self::DonViSuNghiep
            | Self::Cong
            | Self::DoanThe => Some(Block::So),
            Self::Huyen | Self::ThiXa | Self::ThanhPho => Some(Block::Huyen),
            Self::Xa | Self::Phuong | Self::ThiTran | Self::DacKhu => Some(Block::Xa),
            Self::Khac => None,
        }
    }

    /// The Vietnamese word.
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::VanPhong => "văn phòng",
            Self::So => "sở",
            Self::Ban => "ban",
            Self::ThanhTra => "thanh tra",
            Self::TrungTam => "trung tâm",
            Self::DonViSuNghiep => "đơn vị sự nghiệp",
            Self::Cong => "cổng thông tin",
            Self::DoanThe => "đoàn thể",
            Self::Huyen => "huyện",
            Self::ThiXa => "thị xã",
            Self::ThanhPho => "thành phố",
            Self::Xa => "xã",
            Self::Phuong => "phường",
            Self::ThiTran => "thị trấn",
            Self::DacKhu => "đặc khu",
            Self::Khac => "khác",
        }
    }
}

/// The block a unit is ranked in; never across blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Block {
    /// Sở, ban, ngành and what belongs to the province.
    So,
    /// District level, for periods before 01/07/2025.
    Huyen,
    /// Commune level.
    Xa,
}

impl Block {
    /// All blocks in the order of reports.
    pub const ALL: [Self; 3] = [Self::So, Self::Huyen, Self::Xa];

    /// The value in files: `so`, `huyen`, `xa`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::So => "so",
            Self::Huyen => "huyen",
            Self::Xa => "xa",
        }
    }

    /// The heading of a ranking in Vietnamese.
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::So => "Khối sở, ban, ngành",
            Self::Huyen => "Khối huyện, thị xã, thành phố",
            Self::Xa => "Khối xã, phường, đặc khu",
        }
    }
}

/// Security level of an information system (cấp độ), 1 to 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Level(u8);

impl Level {
    /// A level from 1 to 5.
    pub fn new(level: u8) -> Option<Self> {
        (1..=5).contains(&level).then_some(Self(level))
    }

    /// The number.
    pub fn get(self) -> u8 {
        self.0
    }
}

/// When a unit exists; both days belong to it, in Vietnamese time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Validity {
    /// First day.
    pub from: Option<Date>,
    /// Last day; not before `from`.
    pub until: Option<Date>,
}

impl Validity {
    /// Whether the unit exists at this moment.
    pub fn contains(&self, now: Timestamp) -> bool {
        let today = local_date(now);
        self.from.is_none_or(|from| from <= today) && self.until.is_none_or(|until| today <= until)
    }
}

/// A web site of a unit: one name and port, unique in the inventory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Site {
    /// The name it is visited under.
    pub host: Host,
    /// The port of its HTTPS, never 0; 443 unless said otherwise.
    pub port: u16,
    /// Its weight in the unit's score.
    pub importance: Importance,
    /// Whether `www.` in front of the name (or the name without it) is the same site.
    pub www: Www,
    /// The unit that runs the server, when that is another one.
    pub shared_operator: Option<UnitId>,
    /// Whether the unit receives or sends mail under this name, so that mail rules apply.
    pub mail: bool,
    /// Selectors of the DKIM keys that its mail is signed with, sorted, each once; none unless `mail`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dkim_selectors: Vec<Selector>,
}

impl Site {
    /// The twin (`www.x` of `x`, or `x` of `www.x`) that belongs to this site, unless `www: no`.
    pub fn twin(&self) -> Option<Host> {
        if self.www == Www::No { None } else { self.host.www_twin() }
    }
}

/// `host`, or `host:port` when the port is not 443.
impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            443 => write!(f, "{}", self.host),
            port => write!(f, "{}:{port}", self.host),
        }
    }
}

/// How much a site counts within its unit.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Importance {
    /// A side page.
    Low,
    /// The default.
    #[default]
    Normal,
    /// Public services, personal data.
    High,
}

/// What is known of the `www.` twin of a site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Www {
    /// Looked up: the twin belongs to the site if it exists.
    #[default]
    Auto,
    /// The twin must work.
    Yes,
    /// The twin is not ours; it is not touched.
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_kebab() {
        for id in ["so-khcn", "xa", "xa-2", "3-a"] {
            assert_eq!(UnitId::parse(id).unwrap().as_str(), id);
        }
        assert_eq!(UnitId::parse(" xa ").unwrap().as_str(), "xa");
        for id in ["", "-", "a-", "-a", "a--b", "A", "sở", "a_b", "a b", &"a".repeat(65)] {
            assert!(UnitId::parse(id).is_err(), "{id:?}");
        }
        assert_eq!(UnitId::suggest("Xã Đông  Hòa_2").unwrap().as_str(), "xa-dong-hoa-2");
        assert_eq!(UnitId::suggest("——"), None);
    }

    #[test]
    fn validity_counts_whole_vietnamese_days() {
        let validity =
            Validity { from: Some(Date::constant(2025, 7, 1)), until: Some(Date::constant(2025, 7, 2)) };
        for (now, inside) in [
            ("2025-06-30T16:59:59Z", false),
            ("2025-06-30T17:00:00Z", true),
            ("2025-07-02T16:59:59Z", true),
            ("2025-07-02T17:00:00Z", false),
        ] {
            assert_eq!(validity.contains(now.parse().unwrap()), inside, "{now}");
        }
        assert!(Validity::default().contains(Timestamp::UNIX_EPOCH));
    }
}
