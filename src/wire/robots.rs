//! robots.txt (RFC 9309) and sitemaps (sitemaps.org): who may fetch what, and which pages a site tells of. Nothing is
//! fetched because of it here.

/// Octets read of a robots.txt (§2.5 asks for at least 500 KiB).
pub const ROBOTS_LIMIT: usize = 512 * 1024;
/// Rules kept, and sitemaps kept, of a robots.txt.
pub const ROW_LIMIT: usize = 1_000;
/// Octets an element of a sitemap may have (an address has less than 2,048 characters).
const ELEMENT_LIMIT: usize = 8 * 1024;
/// Pages kept of a sitemap.
pub const PAGE_LIMIT: usize = 1_000;

/// A robots.txt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Robots {
    groups: Vec<Group>,
    /// `Sitemap` lines, as sent.
    pub sitemaps: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Group {
    /// Lower case.
    agents: Vec<String>,
    /// Pattern, and whether it allows.
    rules: Vec<(String, bool)>,
}

impl Robots {
    /// Reads a file. Never fails; lines that mean nothing are left out.
    pub fn parse(octets: &[u8]) -> Self {
        let text = String::from_utf8_lossy(octets.get(..ROBOTS_LIMIT).unwrap_or(octets));
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut robots = Self::default();
        let (mut rows, mut open) = (0, false);
        for line in text.split(['\n', '\r']) {
            let line = line.split_once('#').map_or(line, |(line, _)| line);
            let Some((name, value)) = line.split_once(':') else { continue };
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
            rows += 1;
            if rows > ROW_LIMIT {
                break;
            }
            match name.as_str() {
                "user-agent" => {
                    // one after a rule opens a new group
                    if !open {
                        robots.groups.push(Group::default());
                        open = true;
                    }
                    if let Some(group) = robots.groups.last_mut() {
                        group.agents.push(value.to_ascii_lowercase());
                    }
                }
                "allow" | "disallow" => {
                    open = false;
                    if let Some(group) = robots.groups.last_mut()
                        && !value.is_empty()
                    {
                        group.rules.push((value.to_owned(), name == "allow"));
                    }
                }
                "sitemap" if !value.is_empty() => robots.sitemaps.push(value.to_owned()),
                _ => {}
            }
        }
        robots
    }

    /// Whether this product may fetch this path (§2.2.2: the longest match decides, allow wins a draw).
    pub fn allows(&self, product: &str, path: &str) -> bool {
        let product = product.to_ascii_lowercase();
        let own = |group: &&Group| group.agents.contains(&product);
        let any = |group: &&Group| group.agents.iter().any(|agent| agent == "*");
        let named = self.groups.iter().any(|group| own(&group));
        let groups = self.groups.iter().filter(|group| if named { own(group) } else { any(group) });
        let matching = groups.flat_map(|group| &group.rules).filter(|(pattern, _)| matches(pattern, path));
        matching.map(|(pattern, allow)| (pattern.len(), *allow)).max().is_none_or(|(_, allow)| allow)
    }
}

/// `*` is any run of characters, `$` at the end the end (§2.2.3). Greedy with one point to go back to: the work is at
/// most length times length.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, whole) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut parts = pattern.split('*');
    let Some(mut rest) = path.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut last_ends = !pattern.contains('*');
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() && whole {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
        last_ends = false;
    }
    !(whole && last_ends) || rest.is_empty()
}

/// One page of a sitemap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its address, as sent.
    pub location: String,
    /// `lastmod`, as sent.
    pub modified: Option<String>,
}

/// A sitemap, or an index of sitemaps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sitemap {
    /// Its places lead to further sitemaps.
    pub is_index: bool,
    /// Pages, or further sitemaps, in the order sent.
    pub pages: Vec<Page>,
    /// There are more.
    pub cut_short: bool,
}

impl Sitemap {
    /// Reads the XML form (sitemaps.org) and, where there is no markup, the plain one with an address a line. Lenient:
    /// the two elements are looked for, whatever stands around them.
    pub fn parse(octets: &[u8]) -> Self {
        let text = String::from_utf8_lossy(octets);
        let mut map = Self::default();
        if !text.contains('<') {
            for line in text.lines().map(str::trim).filter(|line| line.starts_with("http")) {
                map.push(line.to_owned());
            }
            return map;
        }
        map.is_index = text.contains("<sitemapindex");
        let mut rest = &*text;
        while let Some(at) = rest.find('<') {
            rest = rest.get(at + 1..).unwrap_or_default();
            if let Some(comment) = rest.strip_prefix("!--") {
                rest = comment.split_once("-->").map_or("", |(_, after)| after);
            } else if let Some((value, after)) = element(rest, "loc") {
                map.push(value);
                rest = after;
            } else if let Some((value, after)) = element(rest, "lastmod") {
                if let Some(page) = map.pages.last_mut() {
                    page.modified = Some(value);
                }
                rest = after;
            }
        }
        map
    }

    fn push(&mut self, location: String) {
        if self.pages.len() < PAGE_LIMIT {
            self.pages.push(Page { location, modified: None });
        } else {
            self.cut_short = true;
        }
    }
}

/// The text of `name …>text</name>`, and what follows.
fn element<'t>(text: &'t str, name: &str) -> Option<(String, &'t str)> {
    let after = text.strip_prefix(name)?;
    // what has no end is not searched for it in the whole file, again and again
    let (near, far) = after.split_at(after.floor_char_boundary(ELEMENT_LIMIT));
    let (value, rest) = inside(near)?;
    let consumed = near.len() - rest.len();
    Some((value, after.get(consumed..).unwrap_or(far)))
}

/// The same behind the name.
fn inside(after: &str) -> Option<(String, &str)> {
    if !after.starts_with(['>', ' ', '\t', '\r', '\n']) {
        return None;
    }
    let (_, after) = after.split_once('>')?;
    let (value, after) = match after.trim_start().strip_prefix("<![CDATA[") {
        Some(data) => data.split_once("]]>").map(|(value, after)| (value.to_owned(), after))?,
        None => {
            after.find('<').map(|at| after.split_at(at)).map(|(value, after)| (unescape(value), after))?
        }
    };
    Some((value.trim().to_owned(), after))
}

/// The five entities of XML.
fn unescape(text: &str) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An element without an end is not looked for in the whole rest each time: that would be the square of a megabyte.
    #[test]
    fn a_hostile_sitemap_costs_little() {
        for part in ["<loc ", "<loc>", "<loc><![CDATA[", "<lastmod\n", "<!--", "<loc>x</loc>"] {
            let start = std::time::Instant::now();
            let map = Sitemap::parse(part.repeat((1 << 20) / part.len()).as_bytes());
            assert!(map.pages.len() <= PAGE_LIMIT, "{part}");
            assert!(start.elapsed() < std::time::Duration::from_secs(20), "{part}: {:?}", start.elapsed());
        }
        let long = format!("<urlset><loc>{}</loc><loc>b</loc>", "a".repeat(ELEMENT_LIMIT));
        assert_eq!(
            Sitemap::parse(long.as_bytes()).pages.iter().map(|p| &p.location[..]).collect::<Vec<_>>(),
            ["b"]
        );
    }

    /// The examples of RFC 9309, and what crawlers dispute.
    #[test]
    fn who_may_fetch_what() {
        let file = "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n\n\
                    User-Agent: foobot\nDisallow: /\nAllow: /example/page.html\nAllow: /example/allowed.gif\n\n\
                    User-Agent: barbot\nUser-Agent: bazbot\nDisallow: /example/page.html\n\nUser-Agent: quxbot\n";
        let robots = Robots::parse(file.as_bytes());
        for (product, path, allowed) in [
            ("foobot", "/example/page.html", true),
            ("FooBot", "/x", false),
            ("barbot", "/example/page.html", false),
            ("bazbot", "/example/page.html", false),
            ("bazbot", "/a.gif", true),
            ("quxbot", "/example/page.html", true),
            ("khien", "/a.gif", false),
            ("khien", "/a.gif?x", true),
            ("khien", "/example/", false),
            ("khien", "/example", true),
            ("khien", "/publications/", true),
        ] {
            assert_eq!(robots.allows(product, path), allowed, "{product} {path}");
        }
        let rules = |rule: &str, path: &str| {
            Robots::parse(format!("user-agent:*\r\n{rule}").as_bytes()).allows("khien", path)
        };
        for (rule, path, allowed) in [
            ("disallow: /", "/x", false),
            ("disallow:", "/x", true),
            ("disallow: /p\nallow: /p", "/p", true),
            ("disallow: /a*b$", "/axxb", false),
            ("disallow: /a*b$", "/axxbc", true),
            ("disallow: /a*b", "/axxbc", false),
            ("disallow: /$", "/", false),
            ("disallow: /$", "/x", true),
            ("disallow: /**", "/x", false),
        ] {
            assert_eq!(rules(rule, path), allowed, "{rule} {path}");
        }
        assert_eq!(Robots::parse(b"Sitemap: https://a.vn/s.xml # here").sitemaps, ["https://a.vn/s.xml"]);
        assert!(Robots::parse(b"<html>: <p>disallow: /").allows("khien", "/"));
    }

    #[test]
    fn sitemaps() {
        let text = "<?xml version=\"1.0\"?><urlset><!-- <loc>no</loc> --><url><loc>\n https://a.vn/?a=1&amp;b=2 </loc>\
                    <lastmod>2026-11-01</lastmod></url><url><loc><![CDATA[https://a.vn/2]]></loc></url><image:loc>x</image:loc>";
        let map = Sitemap::parse(text.as_bytes());
        let pages: Vec<_> = map.pages.iter().map(|p| (p.location.as_str(), p.modified.as_deref())).collect();
        assert_eq!(pages, [("https://a.vn/?a=1&b=2", Some("2026-11-01")), ("https://a.vn/2", None)]);
        assert!(!map.is_index && Sitemap::parse(b"<sitemapindex><loc>x</loc>").is_index);
        assert_eq!(Sitemap::parse(b"https://a.vn/1\nrubbish\r\nhttps://a.vn/2").pages.len(), 2);
        assert!(Sitemap::parse("<loc>x</loc>".repeat(2_000).as_bytes()).cut_short);
    }

    proptest! {
        #[test]
        fn never_panics(text in "(user-agent:|allow: /|\\*|\\$|<loc>|<!--|<!\\[CDATA\\[|\n|.){0,60}", junk in any::<Vec<u8>>()) {
            for octets in [text.as_bytes(), &junk] {
                Robots::parse(octets).allows("khien", &text);
                Sitemap::parse(octets);
            }
        }
    }
}
