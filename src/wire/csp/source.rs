//! Source expressions of CSP Level 3 §2.3.1 and how they match an origin (§6.7.2). Which directive they stand in, and
//! what they let a page do, is not decided here.

use crate::wire::url::is_scheme;

/// One token of a source list, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceExpression {
    /// `*`.
    Star,
    /// `https:`; the scheme in lower case.
    Scheme(String),
    /// `[scheme://]host[:port][/path]`.
    Host(HostSource),
    /// `'self'`.
    SelfOrigin,
    /// `'none'`, which counts only when it stands alone.
    None,
    /// Another keyword.
    Keyword(Keyword),
    /// `'nonce-…'` that follows the grammar, so that it switches `'unsafe-inline'` off; the value as sent.
    Nonce(String),
    /// `'sha256-…'` that follows the grammar, likewise.
    Hash,
    /// Nothing the grammar knows: matches nothing.
    Other,
}

/// A keyword of a source list beside `'self'` and `'none'`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyword {
    /// `'unsafe-inline'`.
    UnsafeInline,
    /// `'unsafe-eval'`.
    UnsafeEval,
    /// `'strict-dynamic'`.
    StrictDynamic,
    /// `'unsafe-hashes'`.
    UnsafeHashes,
    /// One of those that open nothing by themselves: `'report-sample'`, `'wasm-unsafe-eval'` …
    Harmless,
}

/// Keywords in lower case.
const KEYWORDS: &[(&str, Keyword)] = &[
    ("'unsafe-inline'", Keyword::UnsafeInline),
    ("'unsafe-eval'", Keyword::UnsafeEval),
    ("'strict-dynamic'", Keyword::StrictDynamic),
    ("'unsafe-hashes'", Keyword::UnsafeHashes),
    ("'report-sample'", Keyword::Harmless),
    ("'wasm-unsafe-eval'", Keyword::Harmless),
    ("'unsafe-allow-redirects'", Keyword::Harmless),
    ("'inline-speculation-rules'", Keyword::Harmless),
    ("'trusted-types-eval'", Keyword::Harmless),
    ("'report-sha256'", Keyword::Harmless),
    ("'report-sha384'", Keyword::Harmless),
    ("'report-sha512'", Keyword::Harmless),
    ("'unsafe-webtransport-hashes'", Keyword::Harmless),
];

/// A host source, lower-cased but for its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSource {
    /// `https` in `https://x.vn`.
    pub scheme: Option<String>,
    /// `*`, `*.x.vn`, `x.vn`.
    pub host: String,
    /// The port.
    pub port: Option<Port>,
    /// The path with its leading slash, or empty.
    pub path: String,
}

/// The port of a host source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// `:*`.
    Any,
    /// `:8443`.
    Number(u16),
}

/// The origin of a page that would frame, or of the framed page itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ancestor<'h> {
    /// It was loaded over https; over http otherwise.
    pub https: bool,
    /// Its host in lower case.
    pub host: &'h str,
    /// Its port, the default of the scheme written out.
    pub port: u16,
}

impl Ancestor<'_> {
    fn scheme(self) -> &'static str {
        if self.https { "https" } else { "http" }
    }

    fn default_port(self) -> bool {
        self.port == if self.https { 443 } else { 80 }
    }
}

impl SourceExpression {
    /// Reads one token of a source list.
    pub fn parse(token: &str) -> Self {
        let lower = token.to_ascii_lowercase();
        match lower.as_str() {
            "*" => return Self::Star,
            "'self'" => return Self::SelfOrigin,
            "'none'" => return Self::None,
            _ => {}
        }
        if let Some((_, keyword)) = KEYWORDS.iter().find(|(word, _)| *word == lower) {
            return Self::Keyword(*keyword);
        }
        if let Some(quoted) = token.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
            return quoted_value(quoted).unwrap_or(Self::Other);
        }
        if let Some(scheme) = lower.strip_suffix(':').filter(|scheme| is_scheme(scheme)) {
            return Self::Scheme(scheme.to_owned());
        }
        HostSource::parse(token).map_or(Self::Other, Self::Host)
    }

    /// Whether `ancestor` matches this expression of a policy of the page at `page`
    /// (§6.7.2.8 "does url match expression in origin", no redirects).
    pub fn matches(&self, ancestor: Ancestor<'_>, page: Ancestor<'_>) -> bool {
        match self {
            Self::Star => true, // every ancestor here is http or https
            Self::Scheme(scheme) => scheme_matches(scheme, ancestor.scheme()),
            Self::Host(host) => host.matches(ancestor, page),
            Self::SelfOrigin => {
                ancestor == page
                    || (ancestor.host == page.host
                        && (ancestor.port == page.port || (ancestor.default_port() && page.default_port()))
                        && ancestor.https)
            }
            Self::None | Self::Keyword(_) | Self::Nonce(_) | Self::Hash | Self::Other => false,
        }
    }

    /// `8443` of `*:8443`: the port on which every host is let in.
    pub(super) fn port_of_any_host(&self) -> Option<u16> {
        match self {
            Self::Host(HostSource { host, port: Some(Port::Number(port)), .. }) if host == "*" => Some(*port),
            _ => None,
        }
    }

    /// Whether something at `origin` matches, whatever the path: who owns a host picks the path.
    pub fn matches_somewhere(&self, origin: Ancestor<'_>, page: Ancestor<'_>) -> bool {
        match self {
            Self::Host(host) => host.origin_matches(origin, page),
            other => other.matches(origin, page),
        }
    }
}

/// `nonce-VALUE` or `sha256-VALUE`; the words are case-insensitive, the value is base64 in either alphabet.
fn quoted_value(quoted: &str) -> Option<SourceExpression> {
    let (kind, value) = quoted.split_once('-')?;
    let digits = value.trim_end_matches('=');
    let base64 = !digits.is_empty()
        && value.len() - digits.len() <= 2
        && digits.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"+/-_".contains(&octet));
    if !base64 {
        return None;
    }
    match kind.to_ascii_lowercase().as_str() {
        "nonce" => Some(SourceExpression::Nonce(value.to_owned())),
        "sha256" | "sha384" | "sha512" => Some(SourceExpression::Hash),
        _ => None,
    }
}

impl HostSource {
    fn parse(token: &str) -> Option<Self> {
        let (scheme, rest) = match token.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
            None => (None, token),
        };
        if scheme.as_deref().is_some_and(|scheme| !is_scheme(scheme)) {
            return None;
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = match authority.split_once(':') {
            Some((host, "*")) => (host, Some(Port::Any)),
            Some((host, digits)) if digits.bytes().all(|octet| octet.is_ascii_digit()) => {
                (host, Some(Port::Number(digits.parse().ok()?)))
            }
            Some(_) => return None,
            None => (authority, None),
        };
        // path-part is RFC 3986's `path`: no query, no fragment
        if !is_host_part(host) || path.contains(['?', '#']) {
            return None;
        }
        Some(Self { scheme, host: host.to_ascii_lowercase(), port, path: path.to_owned() })
    }

    fn matches(&self, ancestor: Ancestor<'_>, page: Ancestor<'_>) -> bool {
        // an origin's path is "/"
        self.origin_matches(ancestor, page) && matches!(self.path.as_str(), "" | "/")
    }

    fn origin_matches(&self, origin: Ancestor<'_>, page: Ancestor<'_>) -> bool {
        let scheme = self.scheme.as_deref().unwrap_or(page.scheme());
        scheme_matches(scheme, origin.scheme()) && self.host_matches(origin.host) && self.port_matches(origin)
    }

    /// Whether this path admits that of a URL (§6.7.2.12), written alike: a path that ends in `/` admits all below it.
    pub fn admits_path(&self, path: &str) -> bool {
        match self.path.as_str() {
            "" | "/" => true,
            pattern if pattern.ends_with('/') => path.starts_with(pattern),
            pattern => path == pattern,
        }
    }

    /// §6.7.2.10. The standard lets no written-out address match; browsers compare it like a name, as here.
    fn host_matches(&self, host: &str) -> bool {
        match self.host.strip_prefix('*') {
            Some("") => true,
            Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
            None => self.host == host,
        }
    }

    /// §6.7.2.11. Port 80 also admits 443, as http admits https.
    fn port_matches(&self, ancestor: Ancestor<'_>) -> bool {
        match self.port {
            None => ancestor.default_port(),
            Some(Port::Any) => true,
            Some(Port::Number(port)) => {
                port == ancestor.port || (port == 80 && ancestor.port == 443 && ancestor.https)
            }
        }
    }
}

/// §6.7.2.9 "scheme-part matches": the insecure scheme admits the secure one, `ws` and `wss` admit http(s).
fn scheme_matches(pattern: &str, scheme: &str) -> bool {
    pattern == scheme
        || match pattern {
            "http" | "wss" => scheme == "https",
            "ws" => matches!(scheme, "http" | "https"),
            _ => false,
        }
}

/// `host-part = "*" / [ "*." ] 1*host-char *( "." 1*host-char ) [ "." ]`.
fn is_host_part(text: &str) -> bool {
    let labels = text.strip_prefix("*.").unwrap_or(text);
    let labels = labels.strip_suffix('.').unwrap_or(labels);
    text == "*"
        || labels.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
        })
}
