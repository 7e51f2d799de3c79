//! The form of a response that may be stored: redacted, cut and counted. The only way from a [`Reply`] into an
//! observation's field list.

use crate::{
    observation::{Answer, Field, Listing, limits},
    probe::failure::cut,
    wire::{field, url::HttpUrl},
};

use super::Reply;

/// Never kept, not even their length: what a server must not send and a proxy may have left.
const DROPPED: &[&str] =
    &["authorization", "proxy-authorization", "authentication-info", "proxy-authentication-info", "cookie"];
/// Names that hold one of these carry a value for one visitor: their length is kept.
const SECRET_PARTS: &[&str] =
    &["token", "csrf", "xsrf", "secret", "password", "api-key", "apikey", "session-id", "sessionid"];
/// Fields that carry URLs, whose queries are redacted.
const WITH_URLS: &[&str] = &[
    "content-location",
    "content-security-policy",
    "content-security-policy-report-only",
    "link",
    "location",
    "nel",
    "refresh",
    "report-to",
    "reporting-endpoints",
    "sourcemap",
    "x-pingback",
    "x-redirect-by",
];

/// The answer as an observation keeps it.
pub(super) fn observed(reply: &Reply) -> Answer {
    let fields = reply
        .fields
        .iter()
        .filter(|field| !DROPPED.iter().any(|name| field.is(name)))
        .map(|field| Field { name: cut(&field.name), value: cut(&value(field)) });
    Answer {
        url: shown(&reply.url),
        address: reply.address,
        status: reply.status,
        fields: Listing::capped(fields, limits::FIELDS),
        location: reply.location().as_ref().map(shown),
    }
}

/// A URL as an observation keeps it.
pub(super) fn shown(url: &HttpUrl) -> String {
    cut(&redact(&format!("{}://{}{}", url.scheme(), url.authority(), url.target())))
}

/// A field's value without what was meant for one visitor alone.
pub(super) fn value(field: &field::Field) -> String {
    let lower = field.name.to_ascii_lowercase();
    if matches!(lower.as_str(), "set-cookie" | "set-cookie2") {
        return cookie(&field.value);
    }
    if SECRET_PARTS.iter().any(|part| lower.contains(part)) {
        return length(field.value.len());
    }
    let text = field.text();
    if WITH_URLS.contains(&lower.as_str()) { without_secrets(&text) } else { text.into_owned() }
}

/// `name=<N bytes>; attributes…`; the attributes as sent.
fn cookie(octets: &[u8]) -> String {
    let (pair, attributes) = match octets.iter().position(|&octet| octet == b';') {
        Some(at) => octets.split_at(at),
        None => (octets, &[][..]),
    };
    let (name, value) = match pair.iter().position(|&octet| octet == b'=') {
        Some(at) => (pair.get(..=at).unwrap_or_default(), pair.get(at + 1..).unwrap_or_default()),
        // Without `=` the whole is the value of a nameless cookie.
        None => (&[][..], pair),
    };
    format!("{}{}{}", field::text(name), length(value.trim_ascii().len()), field::text(attributes))
}

fn length(octets: usize) -> String {
    format!("<{octets} bytes>")
}

/// A text that holds URLs, with the values of their queries and path parameters, their fragments and their user names
/// replaced by `…`. What is no URL may be touched too: too much is better than too little.
pub(super) fn without_secrets(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut word = String::new();
    for character in text.chars() {
        if character.is_whitespace() || matches!(character, '"' | '\'' | '<' | '>' | ',') {
            kept.push_str(&redact(&word));
            word.clear();
            kept.push(character);
        } else {
            word.push(character);
        }
    }
    kept.push_str(&redact(&word));
    kept
}

/// One word: `scheme://user@host/path;parameter=value?name=value#fragment`. A word without `/` and `?` is no URL, and
/// a `;` at its end is punctuation.
fn redact(word: &str) -> String {
    if !word.contains(['/', '?', '#']) {
        return word.to_owned();
    }
    let end = word.strip_suffix(';').map_or("", |_| ";");
    let word = word.strip_suffix(';').unwrap_or(word);
    let (word, fragment) = match word.split_once('#') {
        Some((word, fragment)) => (word, if fragment.is_empty() { "#" } else { "#…" }),
        None => (word, ""),
    };
    let (path, query) = match word.split_once('?') {
        Some((path, query)) => (path, format!("?{}", pairs(query, '&'))),
        None => (word, String::new()),
    };
    let path = match path.split_once("//") {
        Some((scheme, rest)) => {
            let (authority, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = authority.rsplit_once('@').map(|(_, host)| format!("…@{host}"));
            format!("{scheme}//{}{}", host.as_deref().unwrap_or(authority), parameters(rest))
        }
        None => parameters(path),
    };
    format!("{path}{query}{fragment}{end}")
}

/// `list;jsessionid=ABC/x` → `list;jsessionid=…/x`.
fn parameters(path: &str) -> String {
    let segment = |segment: &str| match segment.split_once(';') {
        Some((name, rest)) => format!("{name};{}", pairs(rest, ';')),
        None => segment.to_owned(),
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

fn pairs(text: &str, separator: char) -> String {
    let pair = |pair: &str| match pair.split_once('=') {
        // A token in base64 ends in `=` and is no name.
        Some((name, value)) if !value.trim_matches('=').is_empty() => format!("{name}=…"),
        None if pair.is_empty() => String::new(),
        _ => String::from("…"),
    };
    text.split(separator).map(pair).collect::<Vec<_>>().join(&separator.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stored(name: &str, text: &str) -> String {
        value(&field::Field::new(name, text.as_bytes()))
    }

    #[test]
    fn what_belongs_to_one_visitor_is_not_kept() {
        for (name, text, expected) in [
            ("Set-Cookie", "sid=SECRET; Path=/; HttpOnly", "sid=<6 bytes>; Path=/; HttpOnly"),
            ("set-cookie", "SECRET", "<6 bytes>"),
            ("Set-Cookie", "=SECRET;Secure", "=<6 bytes>;Secure"),
            ("Set-Cookie", "a=b=SECRET", "a=<8 bytes>"),
            ("X-CSRF-Token", "SECRET", "<6 bytes>"),
            ("Location", "/login?ticket=SECRET&b=#SECRET", "/login?ticket=…&…#…"),
            ("Location", "https://u:SECRET@host/a;jsessionid=SECRET/b", "https://…@host/a;jsessionid=…/b"),
            ("Location", "/?U0VDUkVU==", "/?…"),
            ("Location", "//SECRET@host?SECRET", "//…@host?…"),
            ("Refresh", "0; url=/x?a=SECRET", "0; url=/x?a=…"),
            ("Link", "<https://x/?t=SECRET>; rel=next", "<https://x/?t=…>; rel=next"),
            (
                "Content-Security-Policy",
                "default-src 'self'; report-uri https://r/?k=SECRET; img-src *",
                "default-src 'self'; report-uri https://r/?k=…; img-src *",
            ),
            ("Server", "Apache/2.4 (a?b=c)", "Apache/2.4 (a?b=c)"),
        ] {
            assert_eq!(stored(name, text), expected, "{name}: {text}");
        }
    }

    proptest! {
        #[test]
        fn a_cookie_value_never_gets_through(
            name in "[a-z]{1,8}",
            secret in "SECRET[A-Za-z0-9=/+]{0,20}",
            token in "SECRET[A-Za-z0-9/+]{0,20}={0,2}",
        ) {
            let line = format!("{name}={secret}; Path=/");
            prop_assert!(!stored("Set-Cookie", &line).contains("SECRET"));
            let location = format!("https://h/{name}?{name}={secret}&{token}#{secret}");
            prop_assert!(!stored("Location", &location).contains("SECRET"));
            let url = HttpUrl::parse(&location).expect("a URL");
            prop_assert!(!shown(&url).contains("SECRET"), "{}", shown(&url));
        }

        #[test]
        fn never_panics(name in "[ -~]{0,30}", octets in any::<Vec<u8>>()) {
            value(&field::Field::new(name, octets.clone()));
            value(&field::Field::new("Set-Cookie", octets.clone()));
            value(&field::Field::new("Location", octets));
        }
    }
}
