//! The pages of the province: one small HTTP/1.1 answer per request, with what is wrong with the site.

use std::fmt::Write as _;

use super::province::{Character, Resident};

/// Most octets of a request's head.
pub(super) const HEAD_LIMIT: usize = 8 * 1024;
const MOST_FIELDS: usize = 32;
/// Where security.txt stands (RFC 9116).
const SECURITY_TXT: &str = "/.well-known/security.txt";
/// Days until it expires.
const SECURITY_TXT_DAYS: i64 = 180;
/// Where a downgraded visitor ends.
const OLD_HOME: &str = "/trang-chu";

/// What of a request the pages depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// Lower case, without a port.
    pub(super) host: String,
    pub(super) path: String,
    /// The `Origin` that asks, where one does.
    pub(super) origin: Option<String>,
}

/// The request, once its head is whole; `Err` where it is none.
pub(super) fn read(octets: &[u8]) -> Result<Option<Asked>, httparse::Error> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    if request.parse(octets)?.is_partial() {
        return Ok(None);
    }
    let value = |name: &str| {
        let field = request.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name));
        field.map(|field| String::from_utf8_lossy(field.value).into_owned())
    };
    let host = value("host").unwrap_or_default();
    let host = host.rsplit_once(':').map_or(&*host, |(name, _)| name).to_ascii_lowercase();
    Ok(Some(Asked { host, path: request.path.unwrap_or("/").to_owned(), origin: value("origin") }))
}

/// What a server says to a request it cannot read, or for a site it does not have.
pub(super) fn refusal(status: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").into_bytes()
}

/// A site as its server knows it.
#[derive(Clone, Debug)]
pub(super) struct Site {
    pub(super) host: String,
    /// `:8443`, or nothing where HTTPS is where it belongs.
    pub(super) port: String,
    pub(super) characters: &'static [Character],
}

impl Site {
    /// The site of a resident, with the port of its HTTPS.
    pub(super) fn new(resident: &Resident, port: u16) -> Self {
        Self { port: suffix(port), ..Self::plain(resident.host(), resident.characters) }
    }

    /// A site with HTTPS on port 443.
    pub(super) fn plain(host: String, characters: &'static [Character]) -> Self {
        Self { host, port: String::new(), characters }
    }

    fn is(&self, character: Character) -> bool {
        self.characters.contains(&character)
    }

    /// Whether a request's host is this site or its twin.
    pub(super) fn answers_to(&self, host: &str) -> bool {
        host == self.host || host.strip_prefix("www.") == Some(&self.host)
    }

    /// The answer to a request for this site.
    pub(super) fn answer(&self, asked: &Asked, tls: bool) -> Vec<u8> {
        if tls { self.over_https(asked) } else { self.over_http(asked) }
    }

    fn over_http(&self, asked: &Asked) -> Vec<u8> {
        if self.is(Character::RedirectLoop) {
            let next = if asked.path == "/vi" { "/" } else { "/vi" };
            return redirect("302 Found", &format!("http://{}{next}", self.host), &[]);
        }
        let stays = self.is(Character::NoRedirect)
            || self.is(Character::NoHttps)
            || self.is(Character::Downgrade) && asked.path == OLD_HOME;
        if stays {
            return self.page(asked, false);
        }
        let host = if self.is(Character::OtherHostFirst) {
            format!("www.{}", self.host)
        } else {
            asked.host.clone()
        };
        redirect("301 Moved Permanently", &format!("https://{host}{}{}", self.port, asked.path), &[])
    }

    fn over_https(&self, asked: &Asked) -> Vec<u8> {
        if self.is(Character::Wall) {
            let fields = ["Server: cloudflare", "cf-mitigated: challenge", "Content-Type: text/html"];
            return answer("403 Forbidden", &fields.map(str::to_owned), "<title>Just a moment...</title>");
        }
        let mut fields = Vec::new();
        fields.extend(self.hsts());
        if self.is(Character::Downgrade) {
            return redirect("302 Found", &format!("http://{}{OLD_HOME}", self.host), &fields);
        }
        // one of the two names is the site, the other only leads there
        let main =
            if self.is(Character::OtherHostFirst) { format!("www.{}", self.host) } else { self.host.clone() };
        if asked.host != main && self.is(Character::Twin) {
            return redirect(
                "301 Moved Permanently",
                &format!("https://{main}{}{}", self.port, asked.path),
                &fields,
            );
        }
        match asked.path.as_str() {
            "/" => self.page(asked, true),
            SECURITY_TXT if !self.is(Character::NoSecurityTxt) => self.security_txt(),
            _ => answer("404 Not Found", &self.fields(asked, true), "<title>Không tìm thấy</title>"),
        }
    }

    fn security_txt(&self) -> Vec<u8> {
        let expires = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * SECURITY_TXT_DAYS);
        let expires = jiff::Timestamp::from_second(expires.as_second()).unwrap_or(expires);
        let body =
            format!("Contact: mailto:attt@{}\nExpires: {expires}\nPreferred-Languages: vi\n", self.host);
        answer("200 OK", &["Content-Type: text/plain; charset=utf-8".to_owned()], &body)
    }

    fn hsts(&self) -> Option<String> {
        let age = match () {
            () if self.is(Character::NoHsts) => return None,
            () if self.is(Character::ShortHsts) => 86_400,
            () => 31_536_000,
        };
        Some(format!("Strict-Transport-Security: max-age={age}"))
    }

    /// Fields of every page.
    fn fields(&self, asked: &Asked, tls: bool) -> Vec<String> {
        let mut fields = vec![String::from("Content-Type: text/html; charset=utf-8")];
        if tls {
            fields.extend(self.hsts());
        }
        let framing = if self.is(Character::Framable) { "" } else { "; frame-ancestors 'self'" };
        let scripts =
            if self.is(Character::InlineScripts) { "; script-src 'self' 'unsafe-inline'" } else { "" };
        if !self.is(Character::NoCsp) {
            fields.push(format!(
                "Content-Security-Policy: default-src 'self'{scripts}; base-uri 'none'; form-action 'self'{framing}"
            ));
        }
        fields.push(String::from("Permissions-Policy: camera=(), microphone=(), geolocation=()"));
        fields.push(String::from("Cross-Origin-Opener-Policy: same-origin"));
        fields.push(String::from("Cross-Origin-Resource-Policy: same-site"));
        if let (true, Some(origin)) = (self.is(Character::OpenCors), &asked.origin) {
            fields.push(format!("Access-Control-Allow-Origin: {origin}"));
            fields.push(String::from("Access-Control-Allow-Credentials: true"));
        }
        if !self.is(Character::Framable) {
            fields.push(String::from("X-Frame-Options: SAMEORIGIN"));
        }
        if !self.is(Character::Sniffable) {
            fields.push(String::from("X-Content-Type-Options: nosniff"));
        }
        if self.is(Character::LeakyReferrer) {
            fields.push(String::from("Referrer-Policy: unsafe-url"));
        } else if !self.is(Character::NoReferrerPolicy) {
            fields.push(String::from("Referrer-Policy: strict-origin-when-cross-origin"));
        }
        if self.is(Character::BareSessionCookie) {
            fields.push(String::from("Set-Cookie: PHPSESSID=0b1f5a1c9e7d4c33; path=/"));
        } else if tls {
            fields
                .push(String::from("Set-Cookie: __Host-ngonngu=vi; Path=/; Secure; HttpOnly; SameSite=Lax"));
        }
        if self.is(Character::BrokenPrefix) {
            fields.push(format!("Set-Cookie: __Host-donvi=1; Path=/; Secure; Domain={}", self.host));
        }
        fields
    }

    /// The home page.
    fn page(&self, asked: &Asked, tls: bool) -> Vec<u8> {
        let mixed = if self.is(Character::MixedContent) {
            "<script src=\"http://thongke.tinhmau.example/dem.js\"></script>"
        } else {
            ""
        };
        let body = format!(
            "<!doctype html><html lang=\"vi\"><head><meta charset=\"utf-8\"><title>{0}</title>{mixed}</head>\
             <body><h1>{0}</h1><p>Trang của một tỉnh hư cấu.</p>\
             <p>Tiếp nhận sự cố: <a href=\"mailto:attt@{0}\">attt@{0}</a></p></body></html>",
            self.host
        );
        answer("200 OK", &self.fields(asked, tls), &body)
    }
}

fn suffix(port: u16) -> String {
    if port == 443 { String::new() } else { format!(":{port}") }
}

fn redirect(status: &str, to: &str, fields: &[String]) -> Vec<u8> {
    let fields: Vec<String> = fields.iter().cloned().chain([format!("Location: {to}")]).collect();
    answer(status, &fields, "")
}

fn answer(status: &str, fields: &[String], body: &str) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status}\r\n");
    for field in fields {
        // writing to a String cannot fail
        let _ = write!(text, "{field}\r\n");
    }
    let _ = write!(text, "Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(host: &str, path: &str) -> Asked {
        Asked { host: host.to_owned(), path: path.to_owned(), origin: None }
    }

    fn text(characters: &'static [Character], tls: bool, host: &str, path: &str) -> String {
        let site = Site::plain("a.example".to_owned(), characters);
        String::from_utf8(site.answer(&asked(host, path), tls)).unwrap()
    }

    #[test]
    fn requests_are_read_whole_or_not_at_all() {
        let request = b"GET /a HTTP/1.1\r\nHost: A.example:8443\r\n\r\n";
        assert_eq!(read(request).unwrap(), Some(asked("a.example", "/a")));
        assert_eq!(read(&request[..request.len() - 1]).unwrap(), None);
        assert!(read(b"\x16\x03\x01\x02\x00").is_err());
    }

    #[test]
    fn an_excellent_site_sends_everything_and_redirects_its_twin() {
        let page = text(&[Character::Twin], true, "a.example", "/");
        for field in [
            "Strict-Transport-Security: max-age=31536000\r\n",
            "X-Frame-Options",
            "nosniff",
            "Referrer-Policy",
        ] {
            assert!(page.contains(field), "{field}");
        }
        let (head, body) = page.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())));
        assert!(
            text(&[Character::Twin], true, "www.a.example", "/x")
                .contains("Location: https://a.example/x\r\n")
        );
        assert!(text(&[], false, "a.example", "/x").contains("Location: https://a.example/x\r\n"));
    }

    #[test]
    fn circles_never_leave_port_80() {
        assert!(
            text(&[Character::RedirectLoop], false, "a.example", "/")
                .contains("Location: http://a.example/vi\r\n")
        );
        assert!(
            text(&[Character::RedirectLoop], false, "a.example", "/vi")
                .contains("Location: http://a.example/\r\n")
        );
    }

    #[test]
    fn characters_cannot_be_smuggled_into_a_header() {
        // the host comes from the request: httparse has refused every control character in it
        assert!(read(b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n").is_err());
    }
}
