//! Builds the heads of the requests we send. Refuses anything that could end a line early.

use super::super::field::is_token_octet;
use super::super::url::{HttpUrl, is_authority_octet};

/// Longest request head written, in octets.
const REQUEST_LIMIT: usize = 32 * 1024;

/// The methods we use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// GET.
    Get,
    /// HEAD: the response has no body.
    Head,
    /// OPTIONS.
    Options,
}

/// A request head: method, target, Host, then the fields in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    method: Method,
    target: String,
    authority: String,
    fields: Vec<(String, String)>,
}

/// Why a request cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The target is neither `/…` nor, for OPTIONS, `*`, or holds an octet outside visible ASCII.
    #[error("the request target must be \"/…\" (or \"*\" for OPTIONS) in visible ASCII: percent-encode it")]
    Target,
    /// The Host value is empty or holds an octet that cannot stand in one.
    #[error("the host must be an A-label name or an address, with an optional port")]
    Host,
    /// A field name is no token.
    #[error("the field name {0:?} is not a token of RFC 9110 §5.6.2")]
    FieldName(String),
    /// The value of this field holds a control or non-ASCII octet, or begins or ends with a blank.
    #[error("the value of the field {0} must be visible ASCII with single blanks and tabs inside")]
    FieldValue(String),
    /// This field is written by the builder or would announce a body.
    #[error("the field {0} is not the caller's to set")]
    Reserved(String),
    /// The head would exceed 32 KiB.
    #[error("the request head would exceed 32 KiB; send fewer or shorter fields")]
    TooLong,
}

impl Method {
    /// The method as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
        }
    }
}

impl Request {
    /// A request for `url`: its path and query are the target, its host and non-default port the Host field
    /// (RFC 9110 §7.2). Ports are logical; where the connection goes is another matter.
    pub fn new(method: Method, url: &HttpUrl) -> Self {
        Self::with_target(method, url.target(), url.authority())
    }

    /// A request with a target and a Host value of one's own, `OPTIONS *` for instance.
    pub fn with_target(method: Method, target: impl Into<String>, authority: impl Into<String>) -> Self {
        Self { method, target: target.into(), authority: authority.into(), fields: Vec::new() }
    }

    /// Adds a field line.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The octets to send, the empty line included.
    pub fn encode(&self) -> Result<Vec<u8>, RequestError> {
        let starred = self.target == "*" && self.method == Method::Options;
        if !(starred || self.target.starts_with('/')) || !self.target.bytes().all(|o| o.is_ascii_graphic()) {
            return Err(RequestError::Target);
        }
        if self.authority.is_empty() || !self.authority.bytes().all(is_authority_octet) {
            return Err(RequestError::Host);
        }
        let mut head =
            format!("{} {} HTTP/1.1\r\nHost: {}\r\n", self.method.as_str(), self.target, self.authority);
        for (name, value) in &self.fields {
            check(name, value)?;
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        if head.len() > REQUEST_LIMIT {
            return Err(RequestError::TooLong);
        }
        Ok(head.into_bytes())
    }
}

fn check(name: &str, value: &str) -> Result<(), RequestError> {
    if name.is_empty() || !name.bytes().all(is_token_octet) {
        return Err(RequestError::FieldName(name.to_owned()));
    }
    let reserved = ["host", "content-length", "transfer-encoding"];
    if reserved.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        return Err(RequestError::Reserved(name.to_owned()));
    }
    let fits = value.bytes().all(|octet| octet.is_ascii_graphic() || matches!(octet, b' ' | b'\t'));
    if !fits || value.starts_with([' ', '\t']) || value.ends_with([' ', '\t']) {
        return Err(RequestError::FieldValue(name.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn url(text: &str) -> HttpUrl {
        HttpUrl::parse(text).expect("a URL")
    }

    #[test]
    fn a_whole_head() {
        let request = Request::new(Method::Get, &url("https://Sở.vn/a b?c=d#e"))
            .field("User-Agent", "Mozilla/5.0 (compatible; khien/1; +https://x.vn/)")
            .field("Accept-Encoding", "identity");
        assert_eq!(
            String::from_utf8(request.encode().expect("valid")).expect("ASCII"),
            "GET /a%20b?c=d HTTP/1.1\r\nHost: xn--s-lym.vn\r\n\
             User-Agent: Mozilla/5.0 (compatible; khien/1; +https://x.vn/)\r\nAccept-Encoding: identity\r\n\r\n"
        );
    }

    #[test]
    fn host_names_the_port_unless_default() {
        for (text, host) in [
            ("https://x.vn/", "x.vn"),
            ("https://x.vn:443/", "x.vn"),
            ("https://x.vn:80/", "x.vn:80"),
            ("http://x.vn:80/", "x.vn"),
            ("http://x.vn:443/", "x.vn:443"),
            ("http://[::1]:8080/", "[::1]:8080"),
        ] {
            let head = Request::new(Method::Head, &url(text)).encode().expect("valid");
            assert_eq!(head, format!("HEAD / HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes());
        }
    }

    #[test]
    fn injections_are_refused() {
        let get = |target: &str, host: &str| Request::with_target(Method::Get, target, host).encode();
        for target in ["", "x", "*", "/a b", "/\r\nX: y", "/\n", "/\0", "/\u{7f}", "/é", "http://x.vn/"] {
            assert_eq!(get(target, "x.vn"), Err(RequestError::Target), "{target:?}");
        }
        for host in ["", "x.vn\r\nX: y", "x vn", "x.vn/", "a@x.vn", "tỉnh.vn", "x\0"] {
            assert_eq!(get("/", host), Err(RequestError::Host), "{host:?}");
        }
        let field = |name: &str, value: &str| {
            Request::with_target(Method::Get, "/", "x.vn").field(name, value).encode().map(|_| ())
        };
        for name in ["", "A B", "A:", "A\r\n", "A\0", "É"] {
            assert_eq!(field(name, "v"), Err(RequestError::FieldName(name.into())), "{name:?}");
        }
        for value in ["a\r\nX: y", "a\nb", "a\rb", "a\0", "\u{1b}", " a", "a\t", "é", "\u{7f}"] {
            assert_eq!(field("A", value), Err(RequestError::FieldValue("A".into())), "{value:?}");
        }
        for name in ["Host", "content-length", "Transfer-Encoding"] {
            assert_eq!(field(name, "1"), Err(RequestError::Reserved(name.into())));
        }
        assert_eq!(field("A", &"a".repeat(REQUEST_LIMIT)), Err(RequestError::TooLong));
        assert_eq!(field("A", ""), Ok(()));
        let starred = Request::with_target(Method::Options, "*", "x.vn").encode().expect("valid");
        assert!(starred.starts_with(b"OPTIONS * HTTP/1.1\r\n"));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(target in "/[!-~]{0,20}", host in "[a-z0-9.]{1,12}(:[0-9]{1,4})?",
                                      fields in prop::collection::vec(("X-[a-zA-Z0-9-]{1,8}", "([!-~]([ -~]{0,10}[!-~])?)?"), 0..6)) {
            let request = fields.iter().fold(Request::with_target(Method::Get, &target, &host),
                |request, (name, value)| request.field(name, value));
            let head = request.encode().expect("valid");
            let mut slots = [httparse::EMPTY_HEADER; 8];
            let mut parsed = httparse::Request::new(&mut slots);
            let status = parsed.parse(&head);
            prop_assert_eq!(status, Ok(httparse::Status::Complete(head.len())));
            prop_assert_eq!(parsed.path, Some(target.as_str()));
            let read: Vec<(String, String)> = parsed.headers.iter().skip(1)
                .map(|h| (h.name.to_owned(), String::from_utf8_lossy(h.value).into_owned())).collect();
            prop_assert_eq!(read, fields);
        }

        #[test]
        fn every_url_can_be_requested(text in "https?://[ -~é]{1,20}(/[ -~é\u{0}-\u{20}]{0,20})?") {
            if let Ok(url) = HttpUrl::parse(&text) {
                prop_assert!(Request::new(Method::Get, &url).encode().is_ok());
            }
        }

        #[test]
        fn arbitrary_text_never_breaks_a_line(target in any::<String>(), host in any::<String>(), name in any::<String>(), value in any::<String>()) {
            if let Ok(head) = Request::with_target(Method::Get, target, host).field(name, value).encode() {
                let lines = head.split(|&octet| octet == b'\n').count();
                prop_assert_eq!(lines, 5); // request line, Host, field, empty line, end
                prop_assert!(!head.contains(&0));
            }
        }
    }
}
