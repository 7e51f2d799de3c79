//! Cookies of one visit, in memory: sites that set one and send the visitor to the same page would look like a loop
//! without. Nothing of it is kept, and no attribute but `Secure` and `Max-Age` matters here.

use crate::wire::{cookie, url::HttpUrl};

use super::Reply;

/// Cookies remembered in one visit.
const MOST: usize = 50;
/// Octets of one `Cookie` field we send.
const FIELD_LIMIT: usize = 8 * 1024;

/// What the servers of one visit set.
#[derive(Debug, Default)]
pub(super) struct Jar {
    cookies: Vec<Kept>,
}

struct Kept {
    host: String,
    name: Vec<u8>,
    value: Vec<u8>,
    secure: bool,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: <{} octets>", self.host, self.value.len())
    }
}

impl Jar {
    /// Takes the cookies of an answer; later ones replace earlier ones of the same name.
    pub(super) fn absorb(&mut self, reply: &Reply) {
        for field in reply.fields.iter().filter(|field| field.is("set-cookie")) {
            let Ok(parsed) = cookie::parse(&field.value) else { continue };
            // A cookie that only https may set is not taken over http (RFC 6265bis section 5.7).
            if parsed.secure && !reply.url.is_https() {
                continue;
            }
            let Some((name, value)) = pair(&field.value) else { continue };
            self.cookies.retain(|kept| kept.host != reply.url.host() || kept.name != name);
            let deleted = parsed.max_age.is_some_and(|seconds| seconds <= 0);
            if !deleted && self.cookies.len() < MOST {
                self.cookies.push(Kept {
                    host: reply.url.host().to_owned(),
                    name: name.to_vec(),
                    value: value.to_vec(),
                    secure: parsed.secure,
                });
            }
        }
    }

    /// The `Cookie` field for a request, where there is anything to send; what a field cannot hold is left out.
    pub(super) fn for_request(&self, url: &HttpUrl) -> Option<String> {
        let mut field = String::new();
        for kept in self.cookies.iter().filter(|kept| kept.host == url.host()) {
            let pair = [kept.name.as_slice(), b"=", kept.value.as_slice()].concat();
            let fits = pair.iter().all(|octet| octet.is_ascii_graphic() || *octet == b' ');
            let Some(pair) = String::from_utf8(pair).ok().filter(|pair| fits && pair.trim() == *pair) else {
                continue;
            };
            if (kept.secure && !url.is_https()) || field.len() + pair.len() + 2 > FIELD_LIMIT {
                continue;
            }
            if !field.is_empty() {
                field.push_str("; ");
            }
            field.push_str(&pair);
        }
        (!field.is_empty()).then_some(field)
    }
}

/// Name and value, blanks around them removed; a nameless cookie is not sent back.
fn pair(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let pair = line.split(|&octet| octet == b';').next()?;
    let at = pair.iter().position(|&octet| octet == b'=')?;
    let (name, value) = (pair.get(..at)?.trim_ascii(), pair.get(at + 1..)?.trim_ascii());
    (!name.is_empty()).then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::field::Field;

    fn url(text: &str) -> HttpUrl {
        HttpUrl::parse(text).unwrap()
    }

    fn reply(from: &str, lines: &[&str]) -> Reply {
        Reply {
            url: url(from),
            address: "192.0.2.1".parse().unwrap(),
            status: 200,
            fields: lines.iter().map(|line| Field::new("Set-Cookie", line.as_bytes())).collect(),
            blocked: None,
            content: Ok(crate::probe::http::page::Content::default()),
        }
    }

    #[test]
    fn cookies_go_back_to_whom_they_came_from() {
        let mut jar = Jar::default();
        jar.absorb(&reply(
            "https://a.test/",
            &["s=1; Secure", "p=2", "bad=\u{e9}", "nameless", "p=3; Path=/x"],
        ));
        jar.absorb(&reply("http://b.test/", &["b=1", "t=1; Secure"]));
        assert_eq!(jar.for_request(&url("https://a.test/x")).as_deref(), Some("s=1; p=3"));
        assert_eq!(jar.for_request(&url("http://a.test/")).as_deref(), Some("p=3"));
        assert_eq!(jar.for_request(&url("https://b.test/")).as_deref(), Some("b=1"));
        assert_eq!(jar.for_request(&url("https://sub.a.test/")), None);
        jar.absorb(&reply("https://a.test/", &["s=; Max-Age=0", "p=x; Max-Age=-1"]));
        assert_eq!(jar.for_request(&url("https://a.test/")), None);
    }

    #[test]
    fn a_server_cannot_fill_the_jar_or_break_a_field() {
        let mut jar = Jar::default();
        let lines: Vec<String> = (0..200).map(|n| format!("n{n}={}", "x".repeat(4000))).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        jar.absorb(&reply("https://a.test/", &lines));
        jar.absorb(&reply("https://c.test/", &["a=b\tc", "d=\"q r\""]));
        assert!(jar.cookies.len() <= MOST);
        assert!(jar.for_request(&url("https://a.test/")).unwrap().len() <= FIELD_LIMIT);
    }
}
