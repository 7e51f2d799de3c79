//! SMTP replies (RFC 5321 section 4.2) and the keywords of EHLO, read as they arrive. Sends nothing.

/// Octets of one reply, all its lines together: many times what any server says.
pub const REPLY_LIMIT: usize = 16 * 1024;
/// Lines of one reply.
pub const LINE_LIMIT: usize = 100;

/// One reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its code, 200 to 599.
    pub code: u16,
    /// The text of each line, code and line ending left out; octets outside of ASCII replaced.
    pub lines: Vec<String>,
}

/// What a buffer holds so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// A whole reply, and how many octets it took.
    Reply(Reply, usize),
    /// The end is not there yet.
    More,
}

/// Why octets are no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSmtp {
    /// A line that does not begin with a code.
    #[error("a line does not begin with a reply code")]
    Code,
    /// Lines of one reply with different codes.
    #[error("the lines of one reply have different codes")]
    Codes,
    /// More than [`REPLY_LIMIT`] octets or [`LINE_LIMIT`] lines.
    #[error("the reply does not end")]
    Endless,
}

/// Reads the reply at the start of a buffer. A bare line feed ends a line too, as many servers are lax.
pub fn read(buffer: &[u8]) -> Result<Read, NotSmtp> {
    let (mut lines, mut code) = (Vec::new(), None);
    let mut at = 0;
    loop {
        let rest = buffer.get(at..).unwrap_or_default();
        let Some(end) = rest.iter().position(|octet| *octet == b'\n') else {
            if buffer.len() >= REPLY_LIMIT {
                return Err(NotSmtp::Endless);
            }
            // what will never be a reply is told before its line ends
            let begins = rest.iter().take(3).all(u8::is_ascii_digit);
            return if begins { Ok(Read::More) } else { Err(NotSmtp::Code) };
        };
        let line = rest.get(..end).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        at += end + 1;
        let (number, last, text) = split(line).ok_or(NotSmtp::Code)?;
        if *code.get_or_insert(number) != number {
            return Err(NotSmtp::Codes);
        }
        if lines.len() >= LINE_LIMIT || at > REPLY_LIMIT {
            return Err(NotSmtp::Endless);
        }
        lines.push(text);
        if last {
            return Ok(Read::Reply(Reply { code: number, lines }, at));
        }
    }
}

/// The code, whether the line is the last, and its text.
fn split(line: &[u8]) -> Option<(u16, bool, String)> {
    let (code, rest) = line.split_at_checked(3)?;
    if !code.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let code: u16 = std::str::from_utf8(code).ok()?.parse().ok().filter(|code| (200..=599).contains(code))?;
    let (last, text) = match rest.split_first() {
        None => (true, rest),
        Some((b' ', text)) => (true, text),
        Some((b'-', text)) => (false, text),
        Some(_) => return None,
    };
    Some((code, last, String::from_utf8_lossy(text).into_owned()))
}

impl Reply {
    /// Whether the server agrees (2xx).
    pub fn is_positive(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// The keywords after the greeting of a reply to EHLO, upper case, with their parameters (RFC 5321 section 4.1.1.1).
    pub fn keywords(&self) -> Vec<(String, String)> {
        let lines = self.lines.iter().skip(1);
        lines
            .filter_map(|line| {
                let line = line.trim();
                let (keyword, parameters) = line.split_once(' ').unwrap_or((line, ""));
                let fits = !keyword.is_empty()
                    && keyword.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-=".contains(&octet));
                fits.then(|| (keyword.to_ascii_uppercase(), parameters.trim().to_owned()))
            })
            .collect()
    }

    /// Whether STARTTLS is among the keywords (RFC 3207).
    pub fn offers_starttls(&self) -> bool {
        self.is_positive() && self.keywords().iter().any(|(keyword, _)| keyword == "STARTTLS")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn replies() {
        let ehlo = b"250-mx.tinh.example at your service\r\n250-SIZE 35882577\r\n250-starttls\r\n250 SMTPUTF8\r\nMORE";
        let Ok(Read::Reply(reply, taken)) = read(ehlo) else { panic!() };
        assert_eq!((reply.code, taken), (250, ehlo.len() - 4));
        assert!(reply.offers_starttls());
        assert_eq!(reply.keywords()[0], (String::from("SIZE"), String::from("35882577")));
        let plain = Reply { code: 220, lines: vec![String::from("mx.tinh.example ESMTP")] };
        assert_eq!(read(b"220 mx.tinh.example ESMTP\n"), Ok(Read::Reply(plain, 26)));
        assert_eq!(read(b"220\r\n"), Ok(Read::Reply(Reply { code: 220, lines: vec![String::new()] }, 5)));
        for part in [&b""[..], b"2", b"220", b"220-x\r\n", b"220-x\r\n22", b"220 x\r"] {
            assert_eq!(read(part), Ok(Read::More), "{part:?}");
        }
        for (text, error) in [
            (&b"SSH-2.0-x\r\n"[..], NotSmtp::Code),
            (b"<ht", NotSmtp::Code),
            (b"120 x\r\n", NotSmtp::Code),
            (b"220_x\r\n", NotSmtp::Code),
            (b"\r\n", NotSmtp::Code),
            (b"250-a\r\n251 b\r\n", NotSmtp::Codes),
        ] {
            assert_eq!(read(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn endless_replies_end() {
        let many = b"220-x\r\n".repeat(LINE_LIMIT + 1);
        assert_eq!(read(&many), Err(NotSmtp::Endless));
        let long = [&b"220 "[..], &vec![b'x'; REPLY_LIMIT]].concat();
        assert_eq!(read(&long), Err(NotSmtp::Endless));
    }

    #[test]
    fn a_refusal_offers_nothing() {
        let refusal = Reply { code: 502, lines: vec![String::from("x"), String::from("STARTTLS")] };
        assert!(!refusal.offers_starttls() && !refusal.is_positive());
        let greeting = Reply { code: 250, lines: vec![String::from("STARTTLS")] };
        assert!(!greeting.offers_starttls(), "the first line is the server's name");
    }

    proptest! {
        #[test]
        fn never_panics(buffer in any::<Vec<u8>>()) {
            if let Ok(Read::Reply(reply, taken)) = read(&buffer) {
                prop_assert!(taken <= buffer.len());
                reply.keywords();
            }
        }

        #[test]
        fn what_is_cut_anywhere_wants_more(lines in prop::collection::vec("[ -~]{0,20}", 1..5), cut in any::<prop::sample::Index>()) {
            let mut text = String::new();
            for (place, line) in lines.iter().enumerate() {
                let mark = if place + 1 == lines.len() { ' ' } else { '-' };
                text.push_str(&format!("250{mark}{line}\r\n"));
            }
            let whole = Read::Reply(Reply { code: 250, lines }, text.len());
            prop_assert_eq!(read(text.as_bytes()), Ok(whole));
            let part = &text.as_bytes()[..cut.index(text.len())];
            prop_assert_eq!(read(part), Ok(Read::More));
        }
    }
}
