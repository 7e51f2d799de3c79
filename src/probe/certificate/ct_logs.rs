//! The logs of Certificate Transparency that timestamps are held against: a list of Google's, shipped with its day.
//! Logs come and go, so an unknown one proves nothing.

use std::sync::LazyLock;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::observation::LogState;

/// Made by `data/ct-logs.py`.
const SHIPPED: &str = include_str!("data/ct-logs.tsv");

/// A list of logs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CtLogs {
    /// Its day: `2026-10-03`.
    pub(super) day: String,
    logs: Vec<CtLog>,
}

/// A log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CtLog {
    id: [u8; 32],
    /// `SubjectPublicKeyInfo`, DER.
    pub(super) key: Vec<u8>,
    pub(super) name: String,
    pub(super) operator: String,
    pub(super) state: LogState,
}

impl CtLogs {
    /// The list shipped with this program.
    pub(super) fn shipped() -> &'static Self {
        static LOGS: LazyLock<CtLogs> = LazyLock::new(|| CtLogs::parse(SHIPPED).unwrap_or_default());
        &LOGS
    }

    /// Reads a list: a line `#`, day, then lines of key (base64), state, operator, name, with tabs between.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let day = lines.next()?.strip_prefix("# ")?.split_whitespace().next()?.to_owned();
        let logs = lines.filter(|line| !line.starts_with('#')).map(|line| {
            let mut columns = line.split('\t');
            let key = STANDARD.decode(columns.next()?).ok()?;
            let state = match columns.next()? {
                "pending" => LogState::Pending,
                "qualified" => LogState::Qualified,
                "usable" => LogState::Usable,
                "readonly" => LogState::Readonly,
                "retired" => LogState::Retired,
                "rejected" => LogState::Rejected,
                _ => return None,
            };
            let (operator, name) = (columns.next()?.to_owned(), columns.next()?.to_owned());
            let id = digest::digest(&digest::SHA256, &key).as_ref().try_into().ok()?;
            Some(CtLog { id, key, name, operator, state })
        });
        Some(Self { day, logs: logs.collect::<Option<_>>()? })
    }

    /// The log with this id.
    pub(super) fn find(&self, id: &[u8; 32]) -> Option<&CtLog> {
        self.logs.iter().find(|log| log.id == *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_list_is_whole() {
        let logs = CtLogs::parse(SHIPPED).unwrap();
        assert_eq!(&logs, CtLogs::shipped());
        assert!(logs.day.parse::<jiff::civil::Date>().is_ok(), "{}", logs.day);
        assert!(logs.logs.len() > 25);
        let mut ids: Vec<_> = logs.logs.iter().map(|log| log.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), logs.logs.len());
        // Google's Argon2026h2, whose id everybody knows.
        let id = STANDARD.decode("1219ENGn9XfCx+lf1wC/+YLJM1pl4dCzAXMXwMjFaXc=").unwrap();
        let argon = logs.find(id.as_slice().try_into().unwrap()).unwrap();
        assert_eq!((argon.operator.as_str(), argon.state), ("Google", LogState::Usable));
    }

    #[test]
    fn what_is_no_list() {
        for text in ["", "2026-10-03", "# 2026-10-03\nkey", "# 2026-10-03\nAAAA\tgone\tA\tB"] {
            assert_eq!(CtLogs::parse(text), None, "{text}");
        }
    }
}
