//! Protocol versions as numbers with their usual names.

use std::fmt;

/// A protocol version as sent: any 16-bit value, so that strange servers can be reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u16);

impl Version {
    /// SSL 2.0, which the `SSLv2` hello spells 0002.
    pub const SSL2: Self = Self(0x0002);
    /// SSL 3.0, RFC 6101.
    pub const SSL3: Self = Self(0x0300);
    /// TLS 1.0, RFC 2246.
    pub const TLS10: Self = Self(0x0301);
    /// TLS 1.1, RFC 4346.
    pub const TLS11: Self = Self(0x0302);
    /// TLS 1.2, RFC 5246.
    pub const TLS12: Self = Self(0x0303);
    /// TLS 1.3, RFC 8446; on the wire only in `supported_versions`.
    pub const TLS13: Self = Self(0x0304);
}

impl fmt::Display for Version {
    /// `SSLv3`, `TLSv1.2`; a version without a name as `0x1234`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::SSL2 => "SSLv2",
            Self::SSL3 => "SSLv3",
            Self::TLS10 => "TLSv1.0",
            Self::TLS11 => "TLSv1.1",
            Self::TLS12 => "TLSv1.2",
            Self::TLS13 => "TLSv1.3",
            Self(other) => return write!(f, "0x{other:04x}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_order() {
        assert_eq!(Version::TLS10.to_string(), "TLSv1.0");
        assert_eq!(Version(0x7f1c).to_string(), "0x7f1c");
        assert!(Version::SSL2 < Version::SSL3 && Version::TLS12 < Version::TLS13);
    }
}
