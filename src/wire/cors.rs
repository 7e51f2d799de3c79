//! Cross-origin resource sharing (Fetch, "CORS check"): which other sites may read a response, with or without the
//! visitor's cookies. What was asked is the caller's to say.

use super::field::joined;

/// What the CORS fields of one response let the asking origin do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cors {
    /// Access-Control-Allow-Origin, all lines joined by `, `, as browsers read them.
    pub allow_origin: String,
    /// What it names.
    pub allowed: Allowed,
    /// Access-Control-Allow-Credentials is `true`, case-sensitive, once.
    pub credentials: bool,
}

/// Whom Access-Control-Allow-Origin names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// `*`: everybody, but never with cookies.
    Any,
    /// The very origin that asked.
    Asker,
    /// `null`, which sandboxed frames of anybody have.
    Null,
    /// Another origin, or nothing that browsers accept.
    Other,
}

impl Cors {
    /// The page that asked may read the response as the visitor sees it, logged in.
    pub fn asker_reads_with_credentials(&self) -> bool {
        self.credentials && self.allowed == Allowed::Asker
    }
}

/// Reads the fields of a response to a request with this `Origin`. `None` where nothing is shared.
pub fn from_fields<V: AsRef<str>, W: AsRef<str>>(
    allow_origin: impl IntoIterator<Item = V>,
    allow_credentials: impl IntoIterator<Item = W>,
    origin: &str,
) -> Option<Cors> {
    let allow_origin = joined(allow_origin)?;
    let credentials = joined(allow_credentials);
    let allowed = match allow_origin.as_str() {
        "*" => Allowed::Any,
        value if value == origin => Allowed::Asker,
        "null" => Allowed::Null,
        _ => Allowed::Other,
    };
    Some(Cors { allow_origin, allowed, credentials: credentials.as_deref() == Some("true") })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ORIGIN: &str = "https://khac.example";

    #[test]
    fn who_may_read() {
        for (origins, credentials, allowed, with_credentials) in [
            (&["*"][..], &["true"][..], Allowed::Any, false), // browsers refuse this pair
            (&[ORIGIN], &["true"], Allowed::Asker, true),
            (&[ORIGIN], &[], Allowed::Asker, false),
            (&[ORIGIN], &["True"], Allowed::Asker, false),
            (&[ORIGIN], &["true", "true"], Allowed::Asker, false),
            (&[ORIGIN, ORIGIN], &["true"], Allowed::Other, false),
            (&["https://khac.example/"], &["true"], Allowed::Other, false),
            (&["HTTPS://khac.example"], &["true"], Allowed::Other, false),
            (&["null"], &["true"], Allowed::Null, false),
            (&["https://so.gov.vn"], &["true"], Allowed::Other, false),
            (&[""], &["true"], Allowed::Other, false),
        ] {
            let read = from_fields(origins, credentials, ORIGIN).unwrap();
            let found = (read.allowed, read.asker_reads_with_credentials());
            assert_eq!(found, (allowed, with_credentials), "{origins:?} {credentials:?}");
        }
        assert_eq!(from_fields([""; 0], ["true"], ORIGIN), None);
    }

    proptest! {
        #[test]
        fn cookies_go_to_the_asker_alone(line in ".{0,20}", more in ".{0,20}") {
            if let Some(read) = from_fields([&line], [&more], ORIGIN) {
                prop_assert!(!read.asker_reads_with_credentials() || (line == ORIGIN && more == "true"));
            }
        }
    }
}
