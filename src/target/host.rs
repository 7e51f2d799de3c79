//! Names of hosts as people type, paste and mistype them. Owns [`Host`] (a DNS name) and [`Authority`] (a name
//! with perhaps a port); resolves nothing.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::language::{Bilingual, Text, bilingual, text};

/// The longest input that is looked at, in bytes. A DNS name has 253; pasted addresses are longer.
const MAX_INPUT: usize = 2048;
/// RFC 1035 section 2.3.4, in the presentation form without the final dot.
const MAX_NAME: usize = 253;
/// RFC 1035 section 2.3.4.
const MAX_LABEL: usize = 63;

/// The DNS name of a host: lower-case A-labels (RFC 5890), at least two, without a final dot; never an IP address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Host(Box<str>);

/// Why a text is not the name of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostError {
    /// Nothing but white space.
    Empty,
    /// An address instead of a name: certificates, SNI and HTTP need the name.
    IpLiteral(IpAddr),
    /// The last label is a number, which browsers read as an IPv4 address (WHATWG URL, "ends in a number").
    EndsInNumber(String),
    /// A whole URL where only a name may stand.
    Url(String),
    /// A scheme other than http and https.
    Scheme(String),
    /// `user@host`: a login, or an e-mail address.
    UserInfo,
    /// `host:port` where only a name may stand.
    Port(String),
    /// A port that is no number from 1 to 65535.
    BadPort(String),
    /// `*.example`.
    Wildcard(String),
    /// `intranet`, `localhost`: no dot in it.
    SingleLabel(String),
    /// A name below `localhost` (RFC 6761 section 6.3).
    Localhost(String),
    /// Two dots in a row, or one at the start.
    EmptyLabel(String),
    /// A label of more than 63 octets, as sent in DNS.
    LabelTooLong(String),
    /// A name of more than 253 octets.
    TooLong,
    /// A hyphen at the start or end of a label (RFC 5891 section 4.2.3.1).
    Hyphen(String),
    /// White space inside the name.
    Space(String),
    /// A character no host name may hold (RFC 952, RFC 1123, RFC 5892).
    Character(char),
    /// Broken Punycode, or letters that IDNA does not allow together (UTS 46).
    Idna(String),
}

impl std::error::Error for HostError {}

impl Bilingual for HostError {
    fn text(&self) -> Text {
        match self {
            Self::Empty => ("thiếu tên máy chủ", "a host name is missing").into(),
            Self::IpLiteral(address) => text!(
                "`{address}` là địa chỉ IP; ghi tên miền của trang, vì chứng thư được đối chiếu với tên",
                "`{address}` is an IP address; write the host name, because a certificate is checked against the name"
            ),
            Self::EndsInNumber(name) => text!(
                "`{name}` kết thúc bằng số nên trình duyệt coi là địa chỉ IP; ghi tên miền của trang",
                "`{name}` ends in a number, which browsers read as an IP address; write the host name"
            ),
            Self::Url(url) => text!(
                "`{url}` là một địa chỉ web đầy đủ; chỉ ghi tên miền",
                "`{url}` is a URL; write only the host name"
            ),
            Self::Scheme(scheme) => text!(
                "`{scheme}://` không thuộc phạm vi kiểm tra; ghi tên miền của một trang web",
                "`{scheme}://` is not checked; write the host name of a web site"
            ),
            Self::UserInfo => (
                "tên miền không chứa `@`: bỏ tên người dùng hoặc mật khẩu đứng trước nó",
                "`@` does not belong in a host name: remove the user name or password before it",
            )
                .into(),
            Self::Port(name) => text!(
                "`{name}` có kèm cổng; chỉ ghi tên miền",
                "`{name}` has a port; write only the host name"
            ),
            Self::BadPort(port) => text!(
                "`{port}` không phải số cổng: cần một số từ 1 đến 65535",
                "`{port}` is not a port: expected a number from 1 to 65535"
            ),
            Self::Wildcard(name) => text!(
                "`{name}` là mẫu chung; ghi từng tên miền, mỗi tên một dòng",
                "`{name}` is a pattern; write each host name on a line of its own"
            ),
            Self::SingleLabel(name) => text!(
                "`{name}` không có dấu chấm; ghi tên đầy đủ, ví dụ `{name}.tinhmau.example`",
                "`{name}` has no dot; write the full name, such as `{name}.tinhmau.example`"
            ),
            Self::Localhost(name) => text!(
                "`{name}` là chính máy tính này (RFC 6761); ghi tên miền công khai",
                "`{name}` is this very computer (RFC 6761); write the public name"
            ),
            Self::EmptyLabel(name) => text!(
                "`{name}` có một phần rỗng: hai dấu chấm liền nhau, hoặc dấu chấm ở đầu",
                "`{name}` has an empty part: two dots in a row, or one at the start"
            ),
            Self::LabelTooLong(label) => text!(
                "phần `{label}` dài hơn {MAX_LABEL} ký tự",
                "the part `{label}` is longer than {MAX_LABEL} characters"
            ),
            Self::TooLong => {
                text!("tên miền dài hơn {MAX_NAME} ký tự", "the name is longer than {MAX_NAME} characters")
            }
            Self::Hyphen(label) => text!(
                "phần `{label}` bắt đầu hoặc kết thúc bằng gạch ngang",
                "the part `{label}` starts or ends with a hyphen"
            ),
            Self::Space(name) => text!(
                "`{name}` có dấu cách bên trong; mỗi mục chỉ ghi một tên miền",
                "`{name}` has a space in it; write one host name per entry"
            ),
            Self::Character(c) => text!(
                "{character} không dùng được trong tên miền",
                "{character} cannot stand in a host name";
                character = describe(*c)
            ),
            Self::Idna(name) => text!(
                "`{name}` không phải tên miền quốc tế hợp lệ (UTS 46)",
                "`{name}` is not a valid internationalised name (UTS 46)"
            ),
        }
    }
}

bilingual!(HostError);

impl HostError {
    /// Whether the text is an IP address, or would be read as one: the caller may have another way to take it.
    pub fn is_ip_literal(&self) -> bool {
        matches!(self, Self::IpLiteral(_) | Self::EndsInNumber(_))
    }
}

impl Host {
    /// Reads a name: trims white space and one final dot, folds case, and maps international names by UTS 46
    /// (non-transitional).
    pub fn parse(text: &str) -> Result<Self, HostError> {
        let text = text.trim();
        if text.contains("://") || text.contains(['/', '\\', '?', '#']) {
            return Err(HostError::Url(shorten(text)));
        }
        if text.contains('@') {
            return Err(HostError::UserInfo);
        }
        refuse_address(text)?;
        if let Some((name, port)) = text.rsplit_once(':')
            && !name.is_empty()
            && port.bytes().all(|byte| byte.is_ascii_digit())
        {
            return Err(HostError::Port(shorten(text)));
        }
        Self::parse_name(text)
    }

    /// `text` has no scheme, user, port or path any more.
    fn parse_name(text: &str) -> Result<Self, HostError> {
        if text.len() > MAX_INPUT {
            return Err(HostError::TooLong);
        }
        // UTS 46 reads these three as a full stop too; people who type Chinese or Japanese produce them.
        let dotted = text.replace(['\u{3002}', '\u{ff0e}', '\u{ff61}'], ".");
        let name = dotted.strip_suffix('.').unwrap_or(&dotted);
        if name.is_empty() {
            return Err(if text.is_empty() {
                HostError::Empty
            } else {
                HostError::EmptyLabel(shorten(text))
            });
        }
        refuse_characters(name)?;
        if name.split('.').any(str::is_empty) {
            return Err(HostError::EmptyLabel(shorten(name)));
        }
        let ascii = if name.is_ascii() && !has_ace_label(name) {
            name.to_ascii_lowercase()
        } else {
            // Length, hyphens and what the mapping brought forth are judged below, with better sentences.
            let mapped = Uts46::new().to_ascii(
                name.as_bytes(),
                AsciiDenyList::EMPTY,
                Hyphens::Allow,
                DnsLength::Ignore,
            );
            mapped.map_err(|_| HostError::Idna(shorten(name)))?.into_owned()
        };
        // The mapping turns full-width digits and signs into ASCII: look again.
        refuse_address(&ascii)?;
        refuse_characters(&ascii)?;
        check_labels(&ascii)?;
        Ok(Self(ascii.into_boxed_str()))
    }

    /// The name as sent in DNS, SNI and the Host header.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as people write it, for display.
    pub fn to_unicode(&self) -> String {
        let (unicode, valid) = idna::domain_to_unicode(&self.0);
        // What does not come back as the same name is shown as it is sent.
        match valid {
            Ok(()) if Self::parse(&unicode).as_ref() == Ok(self) => unicode,
            _ => self.0.to_string(),
        }
    }

    /// The labels from left to right; at least two.
    pub fn labels(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('.')
    }

    /// The name without its first label, while at least two labels remain.
    pub fn parent(&self) -> Option<Self> {
        let (_, parent) = self.0.split_once('.')?;
        parent.contains('.').then(|| Self(parent.into()))
    }

    /// Whether this is `zone` or lies below it, on a label boundary.
    pub fn is_within(&self, zone: &Self) -> bool {
        self.0.strip_suffix(&*zone.0).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    /// The other of the pair `x` and `www.x`; `None` when it would not be a host name.
    pub fn www_twin(&self) -> Option<Self> {
        const WWW: &str = "www.";
        match self.0.strip_prefix(WWW) {
            Some(rest) => rest.contains('.').then(|| Self(rest.into())),
            None => (WWW.len() + self.0.len() <= MAX_NAME).then(|| Self(format!("{WWW}{}", self.0).into())),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for Host {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Lets a map keyed by [`Host`] be asked with a `&str` in the same normal form.
impl std::borrow::Borrow<str> for Host {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl FromStr for Host {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Host {
    type Error = HostError;

    fn try_from(text: String) -> Result<Self, HostError> {
        Self::parse(&text)
    }
}

impl From<Host> for String {
    fn from(host: Host) -> Self {
        host.0.into_string()
    }
}

/// What someone typed or pasted for a site (RFC 3986 section 3.2): a host name, `host:port`, or a whole URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// The name.
    pub host: Host,
    /// The port, if one was written.
    pub port: Option<u16>,
    /// Whether it was a URL, of which scheme, path and the rest were dropped.
    pub was_url: bool,
}

impl Authority {
    /// Reads `host`, `host:port` or `http(s)://host:port/path?query#fragment`.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        let text = text.trim();
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, text.strip_prefix("//").unwrap_or(text)),
        };
        if let Some(scheme) = scheme
            && !scheme.eq_ignore_ascii_case("https")
            && !scheme.eq_ignore_ascii_case("http")
        {
            return Err(HostError::Scheme(shorten(scheme)));
        }
        // A backslash ends the authority in every browser (WHATWG URL).
        let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
        let authority = rest.get(..end).unwrap_or_default().trim();
        let was_url = authority.len() < text.len();
        if authority.contains('@') {
            return Err(HostError::UserInfo);
        }
        refuse_address(authority)?;
        let (name, port) = match authority.split_once(':') {
            Some((name, "")) => (name, None),
            Some((name, port)) => (name, Some(parse_port(port)?)),
            None => (authority, None),
        };
        Ok(Self { host: Host::parse_name(name.trim())?, port, was_url })
    }
}

/// A port from 1 to 65535 in decimal digits.
pub(super) fn parse_port(text: &str) -> Result<u16, HostError> {
    let bad = || HostError::BadPort(shorten(text));
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let port = if digits { text.parse().map_err(|_| bad())? } else { 0 };
    if port == 0 { Err(bad()) } else { Ok(port) }
}

/// Refuses IPv4 and IPv6 addresses, bare, in brackets and with a port.
fn refuse_address(text: &str) -> Result<(), HostError> {
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(address, _)| address),
        None => text,
    };
    let bare = bare.split_once('%').map_or(bare, |(address, _)| address);
    let without_port = bare.rsplit_once(':').map_or(bare, |(address, _)| address);
    match bare.parse().or_else(|_| without_port.parse()) {
        Ok(address) => Err(HostError::IpLiteral(address)),
        Err(_) => Ok(()),
    }
}

/// Refuses, with the best sentence, every ASCII character that is no letter, digit, hyphen or dot.
fn refuse_characters(name: &str) -> Result<(), HostError> {
    match name
        .chars()
        .find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.') || is_idna_candidate(*c)))
    {
        None => Ok(()),
        Some('*') => Err(HostError::Wildcard(shorten(name))),
        Some(c) if c.is_whitespace() => Err(HostError::Space(shorten(name))),
        Some(c) => Err(HostError::Character(c)),
    }
}

/// UTS 46 silently drops some invisible characters; in a name someone typed they are a mistake or a trick.
fn is_idna_candidate(c: char) -> bool {
    !c.is_ascii() && !c.is_control() && !c.is_whitespace() && !super::text::is_invisible(c)
}

fn has_ace_label(name: &str) -> bool {
    name.split('.').any(|label| label.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("xn--")))
}

/// The rules of RFC 1123 section 2.1 and RFC 1035 section 2.3.4 for a lower-case ASCII name.
fn check_labels(name: &str) -> Result<(), HostError> {
    for label in name.split('.') {
        if label.is_empty() {
            return Err(HostError::EmptyLabel(shorten(name)));
        }
        if label.len() > MAX_LABEL {
            return Err(HostError::LabelTooLong(shorten(label)));
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err(HostError::Hyphen(shorten(label)));
        }
    }
    if name.len() > MAX_NAME {
        return Err(HostError::TooLong);
    }
    let Some((_, last)) = name.rsplit_once('.') else { return Err(single_label(name)) };
    if last == "localhost" {
        return Err(HostError::Localhost(shorten(name)));
    }
    let hexadecimal =
        last.strip_prefix("0x").is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if hexadecimal || last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(HostError::EndsInNumber(shorten(name)));
    }
    Ok(())
}

fn single_label(name: &str) -> HostError {
    if name == "localhost" {
        HostError::Localhost(name.to_owned())
    } else if name.bytes().all(|byte| byte.is_ascii_digit()) {
        HostError::EndsInNumber(shorten(name))
    } else {
        HostError::SingleLabel(shorten(name))
    }
}

/// The start of a text that may be hostile, fit for a sentence.
fn shorten(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn describe(c: char) -> Text {
    if c == '_' {
        ("dấu gạch dưới (`_`)", "an underscore (`_`)").into()
    } else if c.is_control() || super::text::is_invisible(c) {
        text!(
            "ký tự không nhìn thấy U+{code:04X}",
            "the invisible character U+{code:04X}",
            code = u32::from(c)
        )
    } else {
        Text::same(format!("`{c}`"))
    }
}

#[cfg(test)]
#[path = "host_tests.rs"]
mod tests;
