//! The alert message (RFC 8446 §6, RFC 5246 §7.2).

use std::{borrow::Cow, fmt};

use crate::wire::iana;

/// An alert as sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Alert {
    /// Warning, fatal, or something else a broken server wrote.
    pub level: AlertLevel,
    /// The description's number; [`Alert::name`] has its name.
    pub description: u8,
}

/// The level octet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlertLevel {
    /// 1: the handshake goes on (an unrecognized name, for instance).
    Warning,
    /// 2: the connection ends here.
    Fatal,
    /// Neither 1 nor 2: against the RFC, kept for the report.
    Other(u8),
}

impl Alert {
    /// A fatal alert.
    pub fn fatal(description: u8) -> Self {
        Self { level: AlertLevel::Fatal, description }
    }

    /// A warning.
    pub fn warning(description: u8) -> Self {
        Self { level: AlertLevel::Warning, description }
    }

    /// Reads the two octets of an alert. Every pair is an alert; unknown numbers are kept.
    pub fn from_octets(octets: [u8; 2]) -> Self {
        let [level, description] = octets;
        let level = match level {
            1 => AlertLevel::Warning,
            2 => AlertLevel::Fatal,
            other => AlertLevel::Other(other),
        };
        Self { level, description }
    }

    /// The two octets on the wire.
    pub fn to_octets(self) -> [u8; 2] {
        let level = match self.level {
            AlertLevel::Warning => 1,
            AlertLevel::Fatal => 2,
            AlertLevel::Other(other) => other,
        };
        [level, self.description]
    }

    /// IANA's name of the description, `handshake_failure`.
    pub fn name(self) -> Cow<'static, str> {
        iana::alert_name(self.description)
    }

    /// Whether the server ends the connection: fatal, or `close_notify`.
    pub fn is_end(self) -> bool {
        self.level == AlertLevel::Fatal || self.description == 0
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            AlertLevel::Warning => f.write_str("warning")?,
            AlertLevel::Fatal => f.write_str("fatal")?,
            AlertLevel::Other(other) => write!(f, "level {other}")?,
        }
        write!(f, " alert {} ({})", self.description, self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_octets_survives() {
        for level in 0..=u8::MAX {
            let octets = [level, level.wrapping_mul(7)];
            assert_eq!(Alert::from_octets(octets).to_octets(), octets);
        }
        assert_eq!(Alert::fatal(40).to_string(), "fatal alert 40 (handshake_failure)");
        assert_eq!(Alert::from_octets([9, 200]).to_string(), "level 9 alert 200 (0xc8)");
        assert!(Alert::warning(0).is_end() && !Alert::warning(112).is_end());
    }
}
