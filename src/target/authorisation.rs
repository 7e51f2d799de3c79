//! The written permission to scan and the wishes not to be scanned. Owns when they hold; the refusal itself is the caller's.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;
use jiff::{Timestamp, tz};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Host;
use crate::language::{Bilingual, Text, bilingual, text};

/// Việt Nam's time: UTC+7 the year round since 1975, no daylight saving, so no time zone database is needed.
pub const VIETNAM: tz::Offset = tz::offset(7);

/// Việt Nam's calendar day of a moment.
pub fn local_date(at: Timestamp) -> Date {
    VIETNAM.to_datetime(at).date()
}

/// The document that permits the scan. Copied into every report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorisation {
    /// What the document is called: "Kế hoạch kiểm tra".
    pub document: String,
    /// Its number and sign: "000/KH-UBND".
    pub number: String,
    /// Its date; it holds from the start of that day.
    pub date: Date,
    /// Who issued it.
    pub body: String,
    /// It holds to the end of this day; never before `date`.
    pub expires: Date,
    /// What it permits beyond ordinary requests.
    pub scope: BTreeSet<Scope>,
}

/// What an authorisation permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Read-only, ordinary requests: what any visitor's browser sends.
    Standard,
    /// Abnormal probes: Heartbleed, CCS, ROBOT, Ticketbleed, AXFR, TRACE, open recursion.
    Intrusive,
    /// Requests under another User-Agent.
    Impersonation,
}

/// Why a scan is not permitted now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthorisationError {
    /// Before the date of the document.
    NotYet {
        /// Number of the document.
        number: String,
        /// First day.
        from: Date,
    },
    /// After its last day.
    Expired {
        /// Number of the document.
        number: String,
        /// Last day.
        expired: Date,
    },
}

impl std::error::Error for AuthorisationError {}

impl Bilingual for AuthorisationError {
    fn text(&self) -> Text {
        match self {
            Self::NotYet { number, from } => text!(
                "Văn bản {number} chỉ có hiệu lực từ ngày {day:02}/{month:02}/{year}; kiểm tra đồng hồ của máy",
                "the authorisation {number} holds only from {year}-{month:02}-{day:02}; check the clock of this computer or wait",
                day = from.day(),
                month = from.month(),
                year = from.year(),
            ),
            Self::Expired { number, expired } => text!(
                "Văn bản {number} đã hết hạn ngày {day:02}/{month:02}/{year}",
                "the authorisation {number} expired at the end of {year}-{month:02}-{day:02}; enter the new document in `authorisation:`",
                day = expired.day(),
                month = expired.month(),
                year = expired.year(),
            ),
        }
    }
}

bilingual!(AuthorisationError);

impl Authorisation {
    /// Whether it holds at `now`, which must be the real clock: from the start of `date` to the end of `expires`,
    /// Vietnamese time.
    pub fn check(&self, now: Timestamp) -> Result<(), AuthorisationError> {
        let today = local_date(now);
        if today < self.date {
            return Err(AuthorisationError::NotYet { number: self.number.clone(), from: self.date });
        }
        if today > self.expires {
            return Err(AuthorisationError::Expired { number: self.number.clone(), expired: self.expires });
        }
        Ok(())
    }

    /// Whether it permits this. Ordinary requests are part of every authorisation.
    pub fn allows(&self, scope: Scope) -> bool {
        scope == Scope::Standard || self.scope.contains(&scope)
    }

    /// Days left at `now`, 0 on the last day; negative when expired.
    pub fn days_left(&self, now: Timestamp) -> i32 {
        (self.expires - local_date(now)).get_days()
    }
}

/// "Kế hoạch kiểm tra số 000/KH-UBND ngày 01/11/2026 của UBND Tỉnh Mẫu".
impl fmt::Display for Authorisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { document, number, date, body, .. } = self;
        let (day, month, year) = (date.day(), date.month(), date.year());
        write!(f, "{document} số {number} ngày {day:02}/{month:02}/{year} của {body}")
    }
}

/// A host that is not to be scanned, with its `www.` twin. It stays listed in reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    /// The host.
    pub host: Host,
    /// Why.
    pub reason: String,
    /// Who asked for it.
    pub requested_by: String,
    /// It holds to the end of this day, Vietnamese time.
    pub expires: Date,
}

impl Exclusion {
    /// Whether it still holds at `now`.
    pub fn holds(&self, now: Timestamp) -> bool {
        local_date(now) <= self.expires
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authorisation() -> Authorisation {
        Authorisation {
            document: "Kế hoạch kiểm tra".into(),
            number: "000/KH-UBND".into(),
            date: Date::constant(2026, 11, 1),
            body: "UBND Tỉnh Mẫu".into(),
            expires: Date::constant(2027, 10, 31),
            scope: BTreeSet::from([Scope::Intrusive]),
        }
    }

    #[test]
    fn it_holds_from_the_first_to_the_end_of_the_last_vietnamese_day() {
        let check = |now: &str| authorisation().check(now.parse().unwrap());
        assert!(matches!(check("2026-10-31T16:59:59Z"), Err(AuthorisationError::NotYet { .. })));
        assert_eq!(check("2026-11-01T00:00:00+07:00"), Ok(()));
        assert_eq!(check("2027-10-31T23:59:59.999999999+07:00"), Ok(()));
        assert!(matches!(check("2027-11-01T00:00:00+07:00"), Err(AuthorisationError::Expired { .. })));
        assert_eq!(check(&Timestamp::MAX.to_string()).unwrap_err().to_string().lines().count(), 1);
        assert!(authorisation().check(Timestamp::MIN).is_err());
    }

    #[test]
    fn the_scope_includes_ordinary_requests() {
        let authorisation = authorisation();
        assert!(authorisation.allows(Scope::Standard) && authorisation.allows(Scope::Intrusive));
        assert!(!authorisation.allows(Scope::Impersonation));
    }

    #[test]
    fn it_is_cited_as_a_document_would() {
        assert_eq!(
            authorisation().to_string(),
            "Kế hoạch kiểm tra số 000/KH-UBND ngày 01/11/2026 của UBND Tỉnh Mẫu"
        );
        assert_eq!(authorisation().days_left("2027-10-31T20:00:00+07:00".parse().unwrap()), 0);
        assert_eq!(authorisation().days_left("2027-11-02T00:00:00+07:00".parse().unwrap()), -2);
        assert_eq!(authorisation().days_left("2026-10-31T00:00:00+07:00".parse().unwrap()), 365);
    }

    #[test]
    fn an_exclusion_holds_to_the_end_of_its_day() {
        let exclusion = Exclusion {
            host: Host::parse("x.example").unwrap(),
            reason: "nâng cấp".into(),
            requested_by: "Sở Y tế".into(),
            expires: Date::constant(2026, 12, 31),
        };
        assert!(exclusion.holds("2026-12-31T16:59:59Z".parse().unwrap()));
        assert!(!exclusion.holds("2026-12-31T17:00:00Z".parse().unwrap()));
    }
}
