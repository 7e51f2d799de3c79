//! Set-Cookie as a browser reads it (RFC 6265bis §5.6, §5.7). The cookie's value is measured and forgotten: no
//! type here can hold it. Judging attributes is a rule's business.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use session::{SESSION_NAMES, session_like};

mod session;

/// Longest name plus value a browser accepts, in octets (§5.6 step 5).
pub const NAME_VALUE_LIMIT: usize = 4096;
/// Longest attribute value a browser looks at, in octets (§5.6).
pub const ATTRIBUTE_LIMIT: usize = 1024;
/// Octets kept of a `SameSite` value nobody knows.
const UNKNOWN_LIMIT: usize = 32;

/// One cookie a response sets, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetCookie {
    /// The name; empty for a nameless cookie (`Set-Cookie: value`).
    pub name: String,
    /// Octets of the value. The value itself is never kept.
    pub value_length: usize,
    /// `Secure` is there: sent over https only.
    pub secure: bool,
    /// `HttpOnly` is there: scripts cannot read it.
    pub http_only: bool,
    /// The last `SameSite`; left out when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_site: Option<SameSite>,
    /// The last `Path` that starts with a slash; left out means the request's directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The last `Domain`, lower case, without its leading dot; left out means this host only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// An `Expires` attribute is there.
    pub expires: bool,
    /// The year of the last `Expires` (§5.6.1); nothing else of the date is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_year: Option<u16>,
    /// Seconds of the last well-formed `Max-Age`, saturating; 0 or less deletes the cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<i64>,
    /// `Partitioned` is there (CHIPS).
    pub partitioned: bool,
    /// The prefix the name promises something with; left out when it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<Prefix>,
}

/// The `SameSite` attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SameSite {
    /// Never sent on cross-site requests.
    Strict,
    /// Sent on top-level cross-site navigation only.
    Lax,
    /// Sent always; browsers insist on `Secure` beside it.
    None,
    /// Any other value, cut to 32 octets; browsers treat it as if the attribute were not there.
    Unknown(String),
}

/// A name prefix browsers enforce, matched without regard to case (§5.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Prefix {
    /// `__Secure-`: needs `Secure`.
    Secure,
    /// `__Host-`: needs `Secure`, `Path=/` and no `Domain`.
    Host,
    /// `__Http-`: needs `Secure` and `HttpOnly`.
    Http,
    /// `__Host-Http-`: needs what `__Host-` and `__Http-` need.
    HostHttp,
}

/// Why a browser drops a Set-Cookie line whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rejected {
    /// A control octet other than a tab stands in the line (§5.6 step 1).
    #[error("the line holds a control character; remove it from name, value and attributes")]
    ControlCharacter,
    /// Name and value together exceed 4096 octets (§5.6 step 5).
    #[error("name and value exceed 4096 octets; keep the data on the server and send a short identifier")]
    TooLarge,
    /// Neither name nor value (§5.7).
    #[error("the line has neither a name nor a value")]
    Empty,
    /// A nameless cookie whose value begins like a prefix, an attempt to forge one (§5.7).
    #[error("a nameless cookie's value begins like a name prefix; give the cookie a name")]
    NamelessPrefix,
}

/// Parses one Set-Cookie field value. Lines of one response must not be joined: this field is no list.
pub fn parse(line: &[u8]) -> Result<SetCookie, Rejected> {
    if line.iter().any(|octet| matches!(octet, 0..=8 | 10..=31 | 127)) {
        return Err(Rejected::ControlCharacter);
    }
    let mut parts = line.split(|&octet| octet == b';');
    let pair = parts.next().unwrap_or_default();
    // without "=" the whole is the value of a nameless cookie
    let (name, value) =
        split_once(pair).map_or((&b""[..], trim(pair)), |(name, value)| (trim(name), trim(value)));
    if name.len() + value.len() > NAME_VALUE_LIMIT {
        return Err(Rejected::TooLarge);
    }
    if name.is_empty() && value.is_empty() {
        return Err(Rejected::Empty);
    }
    if name.is_empty() && Prefix::of(value).is_some() {
        return Err(Rejected::NamelessPrefix);
    }
    let mut cookie = SetCookie {
        name: super::field::text(name).into_owned(),
        value_length: value.len(),
        secure: false,
        http_only: false,
        same_site: None,
        path: None,
        domain: None,
        expires: false,
        expires_year: None,
        max_age: None,
        partitioned: false,
        prefix: Prefix::of(name),
    };
    for part in parts {
        let (name, value) = split_once(part).unwrap_or((part, b""));
        let (name, value) = (trim(name), trim(value));
        if value.len() <= ATTRIBUTE_LIMIT {
            cookie.attribute(name, value);
        }
    }
    Ok(cookie)
}

impl SetCookie {
    /// One attribute; later ones replace earlier ones of the same name (§5.7 reads the last).
    fn attribute(&mut self, name: &[u8], value: &[u8]) {
        match name.to_ascii_lowercase().as_slice() {
            b"secure" => self.secure = true,
            b"httponly" => self.http_only = true,
            b"partitioned" => self.partitioned = true,
            b"expires" => {
                self.expires = true;
                self.expires_year = year(value);
            }
            b"max-age" => self.max_age = max_age(value).or(self.max_age),
            b"samesite" => self.same_site = Some(SameSite::from_value(value)),
            b"path" => {
                self.path = value.starts_with(b"/").then(|| super::field::text(value).into_owned());
            }
            b"domain" => {
                let domain = value.strip_prefix(b".").unwrap_or(value);
                let domain = super::field::text(domain).to_ascii_lowercase();
                self.domain = (!domain.is_empty()).then_some(domain);
            }
            _ => {}
        }
    }

    /// Whether the conditions of the name's prefix hold; `None` without a prefix. Browsers drop the cookie
    /// where they do not. `__Host-` is held to a literal `Path=/`, the only form that works from every page.
    pub fn prefix_holds(&self) -> Option<bool> {
        let host_only = self.domain.is_none() && self.path.as_deref() == Some("/");
        self.prefix.map(|prefix| {
            self.secure
                && match prefix {
                    Prefix::Secure => true,
                    Prefix::Host => host_only,
                    Prefix::Http => self.http_only,
                    Prefix::HostHttp => host_only && self.http_only,
                }
        })
    }

    /// Whether a browser takes it from an answer of this host (lower case): a `Domain` must cover the host and be no public
    /// suffix, unless it is the host itself (§5.7).
    pub fn may_come_from(&self, host: &str) -> bool {
        let Some(domain) = &self.domain else { return true };
        let covers = host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.ends_with('.'))
            && host.parse::<std::net::IpAddr>().is_err();
        let public =
            || psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix.as_bytes() == domain.as_bytes());
        host == domain || covers && !public()
    }

    /// `SameSite=None` without `Secure`, which browsers drop (§5.7).
    pub fn same_site_none_without_secure(&self) -> bool {
        self.same_site == Some(SameSite::None) && !self.secure
    }

    /// The cookie outlives the browser session: it has an `Expires` or a positive `Max-Age`. `Max-Age` wins over
    /// `Expires` where both stand.
    pub fn persistent(&self) -> bool {
        self.max_age.map_or(self.expires, |seconds| seconds > 0)
    }

    /// The name reads like that of a session cookie, see [`session_like`]; a prefix does not hide it.
    pub fn session_like(&self) -> bool {
        session_like(&self.name)
    }
}

impl SameSite {
    fn from_value(value: &[u8]) -> Self {
        match value.to_ascii_lowercase().as_slice() {
            b"strict" => Self::Strict,
            b"lax" => Self::Lax,
            b"none" => Self::None,
            _ => Self::Unknown(super::field::text(value.get(..UNKNOWN_LIMIT).unwrap_or(value)).into_owned()),
        }
    }
}

impl Prefix {
    /// Longest first: `__Host-Http-` also begins with `__Host-`.
    const ALL: [(Self, &'static str); 4] = [
        (Self::HostHttp, "__host-http-"),
        (Self::Host, "__host-"),
        (Self::Secure, "__secure-"),
        (Self::Http, "__http-"),
    ];

    fn of(name: &[u8]) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, text)| {
                name.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text.as_bytes()))
            })
            .map(|(prefix, _)| *prefix)
    }
}

/// `["-"] *DIGIT` after §5.6.2; a lone `-` counts as 0 there as well as in browsers.
fn max_age(value: &[u8]) -> Option<i64> {
    let (negative, digits) = match value.split_first()? {
        (b'-', digits) => (true, digits),
        _ => (false, value),
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let seconds = digits
        .iter()
        .fold(0_i64, |sum, digit| sum.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    Some(if negative { -seconds } else { seconds })
}

/// The year of a cookie date (§5.6.1): after time and day of the month, the first token that begins with two to four
/// digits. Two digits are of 1970 to 2069.
fn year(date: &[u8]) -> Option<u16> {
    let mut day_seen = false;
    for token in date.split(|octet| !(octet.is_ascii_alphanumeric() || matches!(octet, b':' | 128..))) {
        if token.contains(&b':') {
            continue;
        }
        let digits = token.iter().take_while(|octet| octet.is_ascii_digit()).count();
        if (1..=2).contains(&digits) && !day_seen {
            day_seen = true;
        } else if (2..=4).contains(&digits) {
            let number = token.iter().take(digits).fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
            return Some(match number {
                70..=99 => number + 1900,
                0..=69 => number + 2000,
                _ => number,
            });
        }
    }
    None
}

fn split_once(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = octets.iter().position(|&octet| octet == b'=')?;
    Some((octets.get(..at)?, octets.get(at + 1..)?))
}

/// Removes spaces and tabs, the only whitespace the algorithm knows.
fn trim(octets: &[u8]) -> &[u8] {
    let is_blank = |octet: &u8| matches!(octet, b' ' | b'\t');
    let start = octets.iter().position(|octet| !is_blank(octet)).unwrap_or(octets.len());
    let end = octets.iter().rposition(|octet| !is_blank(octet)).map_or(start, |last| last + 1);
    octets.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests;
