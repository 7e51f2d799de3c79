//! What answered when it was not TLS: the protocol by its first octets, and a printable excerpt for the report.

/// An answer in another protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// The protocol, as far as the first octets tell.
    pub kind: ForeignKind,
    /// The first line, at most [`Foreign::EXCERPT`] octets, with `.` for what does not print.
    pub excerpt: String,
}

/// Protocols that are met on port 443 and tell themselves by their first octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ForeignKind {
    /// A status line: plain HTTP on the TLS port.
    Http,
    /// Markup without a status line (HTTP/0.9 style error pages).
    Html,
    /// `* OK`.
    Imap,
    /// `+OK`.
    Pop3,
    /// `220 …`: SMTP and FTP greet alike.
    SmtpOrFtp,
    /// `SSH-2.0-…`.
    Ssh,
    /// Something else.
    Other,
}

impl Foreign {
    /// Most octets in an excerpt.
    pub const EXCERPT: usize = 64;

    /// Classifies the first octets of an answer.
    pub fn new(first: &[u8]) -> Self {
        let line = first.split(|octet| matches!(octet, b'\r' | b'\n')).next().unwrap_or(first);
        let line = line.get(..Self::EXCERPT).unwrap_or(line);
        let print = |octet: &u8| if matches!(octet, b' '..=b'~') { char::from(*octet) } else { '.' };
        Self { kind: ForeignKind::of(first), excerpt: line.iter().map(print).collect() }
    }
}

impl ForeignKind {
    fn of(first: &[u8]) -> Self {
        let starts =
            |text: &[u8]| first.get(..text.len()).is_some_and(|head| head.eq_ignore_ascii_case(text));
        match () {
            () if starts(b"HTTP/") => Self::Http,
            () if starts(b"SSH-") => Self::Ssh,
            () if starts(b"220 ") || starts(b"220-") => Self::SmtpOrFtp,
            () if starts(b"* OK") || starts(b"* BYE") || starts(b"* PREAUTH") => Self::Imap,
            () if starts(b"+OK") || starts(b"-ERR") => Self::Pop3,
            () if first.trim_ascii_start().starts_with(b"<") => Self::Html,
            () => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_are_told_apart() {
        let kind = |text: &str| Foreign::new(text.as_bytes()).kind;
        assert_eq!(kind("HTTP/1.1 400 Bad Request\r\n"), ForeignKind::Http);
        assert_eq!(kind("SSH-2.0-OpenSSH_9.2\r\n"), ForeignKind::Ssh);
        assert_eq!(kind("220 mail.agency.test ESMTP"), ForeignKind::SmtpOrFtp);
        assert_eq!(kind("\n <!DOCTYPE html>"), ForeignKind::Html);
        assert_eq!(kind("* OK IMAP4rev1"), ForeignKind::Imap);
        assert_eq!(kind("+OK ready"), ForeignKind::Pop3);
        assert_eq!(kind("J\0\0\0"), ForeignKind::Other);
    }

    #[test]
    fn excerpts_are_short_and_printable() {
        assert_eq!(Foreign::new(b"HTTP/1.1 400 B\x1b[31m\xc3\r\nServer: x").excerpt, "HTTP/1.1 400 B.[31m.");
        assert_eq!(Foreign::new(&[b'x'; 500]).excerpt.len(), Foreign::EXCERPT);
        assert_eq!(Foreign::new(b"").excerpt, "");
    }
}
