//! http and https URLs as browsers read them (WHATWG, by the `url` crate), for requests and redirects. Decides
//! nothing about which host may be contacted.

use std::fmt;

use url::{Host, Url};

/// Longest URL or reference read, in octets.
pub const LENGTH_LIMIT: usize = 8 * 1024;

/// An absolute http or https URL without user name, password and fragment. Its `Debug` and `Display` are
/// [`HttpUrl::redacted`], so that query values do not reach logs; requests use [`HttpUrl::target`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HttpUrl {
    url: Url,
    had_userinfo: bool,
}

/// Why a text is no URL that can be requested over http or https.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Longer than [`LENGTH_LIMIT`].
    #[error("the URL is longer than {LENGTH_LIMIT} octets; shorten the redirect")]
    TooLong,
    /// An absolute URL of another scheme, which is named here.
    #[error("the URL's scheme is {0}, not http or https")]
    NotHttp(String),
    /// No URL, for the reason given by the URL standard.
    #[error("the URL cannot be read: {0}")]
    Malformed(&'static str),
}

impl HttpUrl {
    /// Parses an absolute URL, as a browser would: backslashes are slashes, tabs and line ends are removed,
    /// blanks at the ends are cut, an internationalised host becomes its A-label form in lower case.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        read(text, None)
    }

    /// Resolves a Location value (or a link) against this URL: RFC 3986 §5.2 with the browsers' leniency.
    /// Anything relative, `//host/x`, `?q` and the empty reference included, is resolved.
    pub fn resolve(&self, reference: &str) -> Result<Self, UrlError> {
        read(reference, Some(&self.url))
    }

    /// The URL of a host's root: what is requested first.
    pub fn root(https: bool, host: &str, port: u16) -> Result<Self, UrlError> {
        let scheme = if https { "https" } else { "http" };
        let brackets = host.contains(':') && !host.starts_with('[');
        let host = if brackets { format!("[{host}]") } else { host.to_owned() };
        if host.contains(['/', '\\', '?', '#', '@', ' ']) {
            return Err(UrlError::Malformed("invalid domain character"));
        }
        Self::parse(&format!("{scheme}://{host}:{port}/"))
    }

    /// Whether the scheme is https.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The scheme: `http` or `https`.
    pub fn scheme(&self) -> &str {
        self.url.scheme()
    }

    /// The host in lower case: A-labels, a dotted IPv4 address, or an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The host's address when it is an IP literal, in whatever form it was written (`0x7f.1` included).
    pub fn address(&self) -> Option<std::net::IpAddr> {
        match self.url.host()? {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
        }
    }

    /// The logical port: the one written, else 80 or 443.
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(if self.is_https() { 443 } else { 80 })
    }

    /// The value of the Host field: the port is left out where it is the scheme's default (RFC 9110 §7.2).
    pub fn authority(&self) -> String {
        match self.url.port() {
            Some(port) => format!("{}:{port}", self.host()),
            None => self.host().to_owned(),
        }
    }

    /// The request target in origin form: path and query, percent-encoded.
    pub fn target(&self) -> String {
        match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()),
            None => self.url.path().to_owned(),
        }
    }

    /// The path, percent-encoded.
    pub fn path(&self) -> &str {
        self.url.path()
    }

    /// A user name or password stood in the text; it was dropped and is never sent.
    pub fn had_userinfo(&self) -> bool {
        self.had_userinfo
    }

    /// Whether both URLs name the same host; a dot at the end makes no difference, the port is not looked at.
    pub fn same_host(&self, other: &Self) -> bool {
        let bare = |url: &Self| url.host().strip_suffix('.').unwrap_or(url.host()).to_owned();
        bare(self) == bare(other)
    }

    /// Whether scheme, host and port agree.
    pub fn same_origin(&self, other: &Self) -> bool {
        self.scheme() == other.scheme() && self.same_host(other) && self.port() == other.port()
    }

    /// The URL for evidence: values in the query and of path parameters (`;jsessionid=…`) are replaced by `…`.
    /// A query piece without `=` may be a token as a whole and becomes `…`.
    pub fn redacted(&self) -> String {
        let path: Vec<String> = self.url.path().split('/').map(redact_segment).collect();
        let mut text = format!("{}://{}{}", self.scheme(), self.authority(), path.join("/"));
        if let Some(query) = self.url.query() {
            text.push('?');
            text.push_str(&query.split('&').map(redact_pair).collect::<Vec<_>>().join("&"));
        }
        text
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.redacted())
    }
}

impl fmt::Debug for HttpUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HttpUrl({})", self.redacted())
    }
}

fn read(text: &str, base: Option<&Url>) -> Result<HttpUrl, UrlError> {
    if text.len() > LENGTH_LIMIT {
        return Err(UrlError::TooLong);
    }
    let mut url = Url::options().base_url(base).parse(text).map_err(reason)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(UrlError::NotHttp(url.scheme().to_owned()));
    }
    let had_userinfo = !url.username().is_empty() || url.password().is_some();
    // neither can fail on an http URL, which always has a host
    let dropped = url.set_username("").and_then(|()| url.set_password(None));
    if dropped.is_err() || url.host_str().is_none_or(str::is_empty) {
        return Err(UrlError::Malformed("empty host"));
    }
    // the URL standard lets `"`, `{`, `}` and a backtick stand in a name, a Host field does not
    if !url.host_str().is_some_and(|host| host.bytes().all(is_authority_octet)) {
        return Err(UrlError::Malformed("invalid domain character"));
    }
    url.set_fragment(None);
    // resolving and percent-encoding can make a short text long
    if url.as_str().len() > 4 * LENGTH_LIMIT {
        return Err(UrlError::TooLong);
    }
    Ok(HttpUrl { url, had_userinfo })
}

fn reason(error: url::ParseError) -> UrlError {
    use url::ParseError as E;
    UrlError::Malformed(match error {
        E::EmptyHost => "empty host",
        E::IdnaError => "invalid international domain name",
        E::InvalidPort => "invalid port number",
        E::InvalidIpv4Address => "invalid IPv4 address",
        E::InvalidIpv6Address => "invalid IPv6 address",
        E::InvalidDomainCharacter => "invalid domain character",
        E::RelativeUrlWithoutBase => "relative URL without a base",
        _ => "not a URL",
    })
}

/// Whether a text can be a scheme (RFC 3986 §3.1).
pub(super) fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet))
}

/// Whether `octet` may stand in a Host field: `uri-host [ ":" port ]` (RFC 9110 §7.2, RFC 3986 §3.2.2).
pub(super) fn is_authority_octet(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:[]%".contains(&octet)
}

/// `list;jsessionid=ABC` → `list;jsessionid=…`.
fn redact_segment(segment: &str) -> String {
    match segment.split_once(';') {
        None => segment.to_owned(),
        Some((name, parameters)) => {
            format!("{name};{}", parameters.split(';').map(redact_pair).collect::<Vec<_>>().join(";"))
        }
    }
}

/// `name=value` → `name=…`, `token` → `…`.
fn redact_pair(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, "")) => format!("{name}="),
        Some((name, _)) => format!("{name}=…"),
        None if pair.is_empty() => String::new(),
        None => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests;
