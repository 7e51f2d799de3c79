//! Times as the tables hold them: nanoseconds since 1970, so that they sort and come back exactly.

use jiff::Timestamp;

use super::StoreError;

pub(super) fn to_sql(at: Timestamp) -> Result<i64, StoreError> {
    i64::try_from(at.as_nanosecond()).map_err(|_| StoreError::Time(at))
}

pub(super) fn from_sql(nanoseconds: i64) -> Timestamp {
    // every i64 of nanoseconds lies in the years 1677 to 2262
    Timestamp::from_nanosecond(nanoseconds.into()).unwrap_or_default()
}
