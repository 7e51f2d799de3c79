//! Which software stands behind the site, as far as it says so: the signs are data (`rules/products.tsv`), and each
//! guess comes with what it rests on. A guess chooses the order of a fix's steps; it never judges.

use std::sync::LazyLock;

use crate::{
    observation::{Attempt, Listing, Product, ProductKind, limits},
    probe::failure::cut,
    wire::html::Page,
};

use super::{Reply, answer, content, visit::Walk};

const SIGNS: &str = include_str!("../../../rules/products.tsv");

/// One row of the data.
struct Sign {
    product: &'static str,
    kind: ProductKind,
    steps: Option<&'static str>,
    place: Place,
    text: Text,
}

/// Where a sign stands.
enum Place {
    Field(&'static str),
    Cookie(&'static str),
    Generator,
    Resource,
    ErrorPage,
}

/// What it holds; lower case.
enum Text {
    Anything,
    Whole(String),
    Begins(String),
    Holds(String),
}

impl Text {
    fn read(text: &str) -> Self {
        let lower = text.to_lowercase();
        match lower.strip_prefix('^') {
            Some(begins) => match begins.strip_suffix('$') {
                Some(whole) => Self::Whole(whole.to_owned()),
                None => Self::Begins(begins.to_owned()),
            },
            None if lower.is_empty() => Self::Anything,
            None => Self::Holds(lower),
        }
    }

    fn is_in(&self, value: &str) -> bool {
        let value = value.to_lowercase();
        match self {
            Self::Anything => true,
            Self::Whole(whole) => value == *whole,
            Self::Begins(begins) => value.starts_with(begins),
            Self::Holds(part) => value.contains(part),
        }
    }
}

static READ: LazyLock<Vec<Sign>> = LazyLock::new(|| SIGNS.lines().filter_map(row).collect());

/// A line of the data; none for a comment. That every other line can be read is a test.
fn row(line: &'static str) -> Option<Sign> {
    if line.starts_with('#') {
        return None;
    }
    let mut columns = line.split('\t');
    let product = columns.next()?;
    let kind = match columns.next()? {
        "server" => ProductKind::Server,
        "runtime" => ProductKind::Runtime,
        "platform" => ProductKind::Platform,
        _ => return None,
    };
    let steps = match columns.next()? {
        "-" => None,
        server @ ("nginx" | "apache" | "iis" | "tomcat") => Some(server),
        _ => return None,
    };
    let (place, name) = (columns.next()?, columns.next()?);
    let place = match place {
        "field" => Place::Field(name),
        "cookie" => Place::Cookie(name),
        "generator" => Place::Generator,
        "resource" => Place::Resource,
        "error_page" => Place::ErrorPage,
        _ => return None,
    };
    Some(Sign { product, kind, steps, place, text: Text::read(columns.next()?) })
}

/// What there is to look at.
pub(super) struct Seen<'r> {
    /// Answers of the site's own hosts.
    pub(super) answers: Vec<&'r Reply>,
    /// The final document, where it is the site's.
    pub(super) page: Option<&'r Page>,
    /// The answer to a path that does not exist, where the site itself gave it.
    pub(super) missing: Option<&'r Reply>,
}

/// Each product once, with the first sign of it: what speaks to the visitor before what stands behind.
pub(super) fn products(https: &Attempt<Walk>, seen: &Seen<'_>) -> Attempt<Listing<Product>> {
    if seen.answers.is_empty() {
        return https.as_ref().map(|_| Listing::default());
    }
    let mut found: Vec<Product> = Vec::new();
    for sign in READ.iter() {
        if found.iter().any(|product| product.name == sign.product) {
            continue;
        }
        if let Some(evidence) = evidence(sign, seen) {
            found.push(Product {
                name: sign.product.to_owned(),
                kind: sign.kind,
                steps: sign.steps.map(str::to_owned),
                evidence: cut(&evidence),
            });
        }
    }
    found.sort_by_key(|product| product.kind);
    Attempt::Completed(Listing::capped(found, limits::PRODUCTS))
}

fn evidence(sign: &Sign, seen: &Seen<'_>) -> Option<String> {
    let text = &sign.text;
    match sign.place {
        Place::Field(name) => seen.answers.iter().find_map(|reply| {
            let field = reply.fields.iter().find(|field| field.is(name) && text.is_in(&field.text()))?;
            Some(format!("{}: {}", field.name, answer::value(field)))
        }),
        Place::Cookie(name) => {
            let name = name.to_lowercase();
            let mut cookies = seen.answers.iter().flat_map(|reply| content::cookies(reply));
            let cookie = cookies.find(|cookie| cookie.name.to_lowercase().starts_with(&name))?;
            Some(format!("Set-Cookie: {}", cookie.name))
        }
        Place::Generator => {
            let named = seen.page?.generators.iter().find(|generator| text.is_in(generator))?;
            Some(format!("<meta name=generator> {named}"))
        }
        Place::Resource => {
            let hosts = || seen.answers.iter().map(|reply| reply.url.host());
            let own = |host: &str| hosts().any(|own| own == host);
            let mut resources = seen.page?.resources.iter();
            let found = resources.find(|one| own(one.url.host()) && text.is_in(one.url.path()))?;
            Some(answer::shown(&found.url))
        }
        Place::ErrorPage => {
            let reply = seen.missing?;
            let Text::Holds(part) = text else { return None };
            let start = reply.content.as_ref().ok()?.start.as_str();
            let told = start.contains(part.as_str());
            told.then(|| format!("{} {}: {part}", reply.status, answer::shown(&reply.url)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{
        field::Field,
        http1::{Framing, Head, Response},
        url::HttpUrl,
    };

    #[test]
    fn every_row_can_be_read() {
        for line in SIGNS.lines().filter(|line| !line.starts_with('#')) {
            assert_eq!(line.split('\t').count(), 6, "{line}");
            assert!(row(line).is_some(), "{line}");
        }
        assert!(READ.len() > 40);
        // an empty text in a page would fit every page
        for sign in READ.iter() {
            let bare = matches!(sign.text, Text::Anything);
            assert!(!bare || matches!(sign.place, Place::Field(_) | Place::Cookie(_)), "{}", sign.product);
        }
        assert!(SIGNS.contains("As of 20"));
    }

    fn reply(status: u16, path: &str, fields: &[(&str, &str)], body: &str) -> Reply {
        let url = HttpUrl::parse(&format!("https://a.test{path}")).unwrap();
        let mut fields: Vec<Field> =
            fields.iter().map(|(name, value)| Field::new(*name, value.as_bytes())).collect();
        fields.push(Field::new("Content-Type", &b"text/html"[..]));
        let head = Head { minor_version: 1, status, reason: String::new(), fields };
        let response = Response {
            head,
            body: body.as_bytes().to_vec(),
            framing: Framing::Length(body.len() as u64),
            truncated: false,
            cut_short: false,
            oddities: Vec::new(),
            interim: 0,
            trailers: Vec::new(),
        };
        Reply::new(url, std::net::Ipv4Addr::LOCALHOST.into(), response)
    }

    type Pairs<'p> = &'p [(&'p str, &'p str)];

    fn names(fields: Pairs<'_>, body: &str, missing: &str) -> Vec<(String, Option<String>)> {
        let (page, missing) = (reply(200, "/", fields, body), reply(404, "/x", &[], missing));
        let seen = Seen { answers: vec![&page], page: page.page(), missing: Some(&missing) };
        let none = Attempt::failed(crate::observation::Failure::Refused);
        let found = products(&none, &seen).completed().unwrap().clone();
        found.items.into_iter().map(|product| (product.name, product.steps)).collect()
    }

    /// Headers and pages as these products send them, shortened.
    #[test]
    fn products_are_told_by_what_they_say() {
        let html = "<!doctype html><title>x</title>";
        let cases: &[(Pairs<'_>, &str, &str, Pairs<'_>)] = &[
            (&[("Server", "nginx")], html, "", &[("nginx", "nginx")]),
            (&[], html, "<hr><center>nginx/1.22.1</center>", &[("nginx", "nginx")]),
            (&[("Server", "Apache")], html, "", &[("Apache HTTP Server", "apache")]),
            (&[("Server", "Apache/2.4.57 (Debian)")], html, "", &[("Apache HTTP Server", "apache")]),
            (&[("Server", "Apache-Coyote/1.1")], html, "", &[("Apache Tomcat", "tomcat")]),
            (&[], html, "<h3>Apache Tomcat/9.0.31</h3>", &[("Apache Tomcat", "tomcat")]),
            (
                &[("Server", "nginx/1.18.0"), ("Set-Cookie", "JSESSIONID=0123; Path=/; HttpOnly")],
                html,
                "",
                &[("nginx", "nginx"), ("Java servlets", "tomcat")],
            ),
            (
                &[
                    ("Liferay-Portal", "Liferay Community Edition Portal 7.4.3"),
                    ("Set-Cookie", "JSESSIONID=1; Path=/"),
                ],
                html,
                "",
                &[("Java servlets", "tomcat"), ("Liferay", "tomcat")],
            ),
            (
                &[
                    ("Server", "Microsoft-IIS/10.0"),
                    ("MicrosoftSharePointTeamServices", "16.0.0.10337"),
                    ("X-Powered-By", "ASP.NET"),
                ],
                html,
                "",
                &[("Microsoft IIS", "iis"), ("ASP.NET", "iis"), ("SharePoint", "iis")],
            ),
            (
                &[("Server", "Microsoft-IIS/8.5"), ("Set-Cookie", "ASP.NET_SessionId=abc; path=/; HttpOnly")],
                html,
                "",
                &[("Microsoft IIS", "iis"), ("ASP.NET", "iis")],
            ),
            (
                &[("Server", "nginx"), ("Set-Cookie", "nv4_ctr=a; path=/")],
                "<meta name=\"generator\" content=\"NukeViet v4.5\">",
                "",
                &[("nginx", "nginx"), ("NukeViet", "")],
            ),
            (
                &[
                    ("X-Powered-By", "PHP/8.1.2"),
                    ("Link", "<https://a.test/wp-json/>; rel=\"https://api.w.org/\""),
                ],
                "<script src=/wp-includes/js/a.js></script>",
                "",
                &[("PHP", ""), ("WordPress", "")],
            ),
            (
                &[],
                "<meta name=generator content='Joomla! - Open Source Content Management'>",
                "",
                &[("Joomla", "")],
            ),
            // what others load from elsewhere, and news about it, is nobody's
            (
                &[],
                "<script src=https://b.test/wp-content/a.js></script><p>WordPress, nginx, Liferay",
                "not nginx",
                &[],
            ),
            (&[("Server", "cloudflare")], html, "", &[]),
            (&[("Server", "apachectl-lookalike")], html, "", &[]),
        ];
        for (fields, body, missing, expected) in cases {
            let expected: Vec<(String, Option<String>)> = expected
                .iter()
                .map(|(name, steps)| {
                    ((*name).to_owned(), Some((*steps).to_owned()).filter(|s| !s.is_empty()))
                })
                .collect();
            assert_eq!(names(fields, body, missing), expected, "{fields:?} {body} {missing}");
        }
    }
}
