//! Macro strings (RFC 7208 section 7): read once, expanded as often as wanted. Knows no DNS; who expands brings `%{p}`.

use std::net::{IpAddr, Ipv4Addr};

use super::record::SyntaxError;

/// A macro string, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MacroString {
    /// In order.
    pub parts: Vec<Part>,
}

/// A part of a macro string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text that stands for itself; the escapes `%%` and `%_` among them.
    Literal(String),
    /// `%%`, `%_` or `%-`, expanded.
    Escape(&'static str),
    /// `%{…}`.
    Expand(Expand),
}

/// One `%{…}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expand {
    /// Lower case: one of `s l o d i p h v`, in explanations also `c r t`.
    pub letter: char,
    /// An upper-case letter asks for URL escaping.
    pub escape: bool,
    /// How many parts of the right are kept; `None`: all.
    pub keep: Option<usize>,
    /// Whether the parts are put in reverse order first.
    pub reverse: bool,
    /// Where parts are split; empty: at dots.
    pub delimiters: String,
}

/// Which letters may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In a domain or an unknown modifier.
    Term,
    /// In the text of an explanation, where `c r t` and spaces may stand too.
    Explanation,
}

/// What the letters stand for (§7.2).
#[derive(Clone, Debug)]
pub(super) struct Values<'v> {
    pub(super) sender: &'v str,
    pub(super) local_part: &'v str,
    pub(super) sender_domain: &'v str,
    /// The domain of the record being evaluated.
    pub(super) domain: &'v str,
    pub(super) address: IpAddr,
    /// The validated name of the client.
    pub(super) validated: &'v str,
    pub(super) helo: &'v str,
    pub(super) receiver: &'v str,
    /// Seconds since 1970.
    pub(super) now: u64,
}

impl<'v> Values<'v> {
    /// For texts that name no macro but the domain.
    pub(super) fn of_domain(domain: &'v str) -> Self {
        Self {
            sender: "",
            local_part: "",
            sender_domain: "",
            domain,
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            validated: "",
            helo: "",
            receiver: "",
            now: 0,
        }
    }
}

impl MacroString {
    /// Reads a macro string that stands in a term.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Self::read(text, Place::Term)
    }

    /// Reads the text of an explanation, where spaces and the letters `c r t` may stand as well.
    pub fn parse_explanation(text: &str) -> Result<Self, SyntaxError> {
        Self::read(text, Place::Explanation)
    }

    fn read(text: &str, place: Place) -> Result<Self, SyntaxError> {
        let wrong = || SyntaxError::Macro(text.chars().take(100).collect());
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            if next != '%' {
                let plain = next.is_ascii_graphic() || (next == ' ' && place == Place::Explanation);
                if !plain {
                    return Err(wrong());
                }
                literal.push(next);
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            let after = rest.get(1..).unwrap_or_default();
            let (part, length) = match after.chars().next() {
                Some('%') => (Part::Escape("%"), 2),
                Some('_') => (Part::Escape(" "), 2),
                Some('-') => (Part::Escape("%20"), 2),
                Some('{') => {
                    let inside =
                        after.get(1..).and_then(|inside| inside.split_once('}')).ok_or_else(wrong)?.0;
                    (Part::Expand(Expand::parse(inside, place).ok_or_else(wrong)?), inside.len() + 3)
                }
                _ => return Err(wrong()),
            };
            parts.push(part);
            rest = rest.get(length..).unwrap_or_default();
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Self { parts })
    }

    /// Whether this letter is among its macros.
    pub fn uses(&self, letter: char) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Expand(expand) if expand.letter == letter))
    }

    /// Whether it is the same for every sender: no macro but the domain itself.
    pub fn is_fixed(&self) -> bool {
        self.parts.iter().all(|part| match part {
            Part::Literal(_) | Part::Escape(_) => true,
            Part::Expand(expand) => expand.letter == 'd',
        })
    }

    /// As it reads with these values.
    pub(super) fn expand(&self, values: &Values<'_>) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Escape(escape) => text.push_str(escape),
                Part::Expand(expand) => text.push_str(&expand.of(values)),
            }
        }
        text
    }
}

impl Expand {
    /// `letter *DIGIT ["r"] *delimiter`.
    fn parse(inside: &str, place: Place) -> Option<Self> {
        let first = inside.chars().next()?;
        let letter = first.to_ascii_lowercase();
        let known = "slodiphv".contains(letter) || (place == Place::Explanation && "crt".contains(letter));
        if !known {
            return None;
        }
        let rest = inside.get(1..)?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = rest.split_at_checked(digits)?;
        let keep = match digits {
            "" => None,
            // more digits than a number can have keep everything, as a smaller number would
            digits => {
                Some(digits.parse::<usize>().unwrap_or(usize::MAX)).filter(|keep| *keep > 0).map(Some)?
            }
        };
        let (reverse, delimiters) = match rest.strip_prefix(['r', 'R']) {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        delimiters.chars().all(|c| ".-+,/_=".contains(c)).then(|| Self {
            letter,
            escape: first.is_ascii_uppercase(),
            keep,
            reverse,
            delimiters: delimiters.to_owned(),
        })
    }

    fn of(&self, values: &Values<'_>) -> String {
        let value = match self.letter {
            's' => values.sender.to_owned(),
            'l' => values.local_part.to_owned(),
            'o' => values.sender_domain.to_owned(),
            'd' => values.domain.to_owned(),
            'i' => dotted(values.address),
            'p' => values.validated.to_owned(),
            'h' => values.helo.to_owned(),
            'c' => values.address.to_string(),
            'r' => values.receiver.to_owned(),
            't' => values.now.to_string(),
            // the grammar lets no other letter through
            _ => String::from(if values.address.is_ipv4() { "in-addr" } else { "ip6" }),
        };
        let transformed = self.transform(&value);
        if self.escape { escaped(&transformed) } else { transformed }
    }

    fn transform(&self, value: &str) -> String {
        let split_at =
            |c: char| if self.delimiters.is_empty() { c == '.' } else { self.delimiters.contains(c) };
        if self.keep.is_none() && !self.reverse && self.delimiters.is_empty() {
            return value.to_owned();
        }
        let mut parts: Vec<&str> = value.split(split_at).collect();
        if self.reverse {
            parts.reverse();
        }
        let skip = parts.len().saturating_sub(self.keep.unwrap_or(usize::MAX));
        parts.get(skip..).unwrap_or_default().join(".")
    }
}

/// IPv4 as it is written; IPv6 as 32 nibbles with dots between.
fn dotted(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let digits = format!("{:032X}", u128::from(v6));
            let nibbles: Vec<String> = digits.chars().map(String::from).collect();
            nibbles.join(".")
        }
    }
}

/// Everything but unreserved characters as `%XX` (RFC 3986 section 2.3).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            out.push(char::from(octet));
        } else {
            out.push_str(&format!("%{octet:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 7208 section 7.4.
    #[test]
    fn examples_of_the_specification() {
        let values = |address: &str| Values {
            sender: "strong-bad@email.example.com",
            local_part: "strong-bad",
            sender_domain: "email.example.com",
            domain: "email.example.com",
            address: address.parse().unwrap(),
            validated: "unknown",
            helo: "mail.example",
            receiver: "unknown",
            now: 7,
        };
        for (text, expected) in [
            ("%{s}", "strong-bad@email.example.com"),
            ("%{o}", "email.example.com"),
            ("%{d}", "email.example.com"),
            ("%{d4}", "email.example.com"),
            ("%{d3}", "email.example.com"),
            ("%{d2}", "example.com"),
            ("%{d1}", "com"),
            ("%{dr}", "com.example.email"),
            ("%{d2r}", "example.email"),
            ("%{l}", "strong-bad"),
            ("%{l-}", "strong.bad"),
            ("%{lr}", "strong-bad"),
            ("%{lr-}", "bad.strong"),
            ("%{l1r-}", "strong"),
            ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
            ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
            ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
            ("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"),
            ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
            ("%{S}", "strong-bad%40email.example.com"),
            ("%{d99999999999999999999999}", "email.example.com"),
            ("a%%b%_c%-d", "a%b c%20d"),
        ] {
            let parsed = MacroString::parse(text).unwrap();
            assert_eq!(parsed.expand(&values("192.0.2.3")), expected, "{text}");
        }
        let six = MacroString::parse("%{ir}.%{v}._spf.%{d2}").unwrap().expand(&values("2001:db8::cb01"));
        assert_eq!(
            six,
            "1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6._spf.example.com"
        );
        let text = MacroString::parse_explanation("%{c} at %{t} by %{r}").unwrap();
        assert_eq!(text.expand(&values("192.0.2.3")), "192.0.2.3 at 7 by unknown");
    }

    #[test]
    fn what_is_no_macro_string() {
        for text in [
            "%", "%a", "%{", "%{}", "%{x}", "%{d0}", "%{d2x}", "%{dr2}", "%{c}", "%{r}", "%{t}", "a b", "ạ",
            "%{d:}",
        ] {
            assert!(MacroString::parse(text).is_err(), "{text}");
        }
        assert!(MacroString::parse_explanation("%{c} %{r} %{t}").is_ok());
        assert!(MacroString::parse_explanation("tab\there").is_err());
        assert!(MacroString::parse("").is_ok());
    }
}
