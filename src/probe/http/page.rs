//! What a body holds, read once when it arrives: the page, traces of the software behind it, a way to reach the agency.
//! The body itself, and the text of the page, are forgotten.

use crate::{
    observation::limits,
    wire::{
        content_type::{self, MimeType},
        field,
        html::{self, Page, Target},
        http1::Head,
        robots,
        url::HttpUrl,
    },
};

use super::{traces, words};

/// Octets kept of a text file.
const FILE_LIMIT: usize = robots::ROBOTS_LIMIT;
/// Characters kept of an error's page.
const START: usize = 8 * 1024;
/// How far after a word like «Điện thoại» a number may begin, and what it may hold beside digits.
const NEAR: usize = 30;

/// What a body holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Content {
    /// The page without its text, where it is HTML.
    pub(super) page: Option<Page>,
    /// The MIME type that browsers take.
    pub(super) kind: Option<MimeType>,
    /// An address or telephone number in the page.
    pub(super) contact: Option<String>,
    /// It lists a folder's files.
    pub(super) listing: bool,
    /// What it tells of the software behind it.
    pub(super) leak: Option<&'static str>,
    /// The octets of a text file.
    pub(super) file: Vec<u8>,
    /// Words of gambling pages in the title and the text of the page.
    pub(super) words: Vec<&'static str>,
    /// How an error's page begins, in lower case; empty for every other one.
    pub(super) start: String,
}

impl Content {
    pub(super) fn new(url: &HttpUrl, head: &Head, body: &[u8], cut: bool) -> Self {
        let kind = content_type::from_fields(head.values("content-type"));
        let text = field::text(body);
        let begins = text.trim_start().get(..1) == Some("<");
        let is_html = kind.as_ref().map_or(begins, MimeType::is_html);
        let mut page = is_html.then(|| html::read(&String::from_utf8_lossy(body), url));
        let contact = page.as_ref().and_then(contact);
        let words = page.as_ref().map_or(Vec::new(), |page| {
            words::found(&format!("{} {}", page.title.as_deref().unwrap_or_default(), page.text))
        });
        if let Some(page) = &mut page {
            page.text = String::new();
            page.cut_short |= cut;
        }
        let file = if is_html { &[][..] } else { body.get(..FILE_LIMIT).unwrap_or(body) };
        Self {
            listing: traces::is_listing(&text),
            leak: traces::leak(&text),
            page,
            kind,
            contact,
            words,
            file: file.to_vec(),
            start: if head.status >= 400 {
                text.chars().take(START).collect::<String>().to_lowercase()
            } else {
                String::new()
            },
        }
    }
}

/// The links of a page that promise a contact.
pub(super) fn contact_page(page: &Page) -> Option<&HttpUrl> {
    page.links.iter().find_map(|link| match &link.target {
        Target::Page(url) => {
            let words = link.text.to_lowercase();
            let path = url.path().to_ascii_lowercase();
            let promises = ["liên hệ", "contact"].iter().any(|word| words.contains(word))
                || ["/lien-he", "/lienhe", "/contact"].iter().any(|part| path.contains(part));
            promises.then_some(url)
        }
        Target::Contact(_) => None,
    })
}

/// A `mailto:` or `tel:` link, else an e-mail address or a telephone number in the text.
fn contact(page: &Page) -> Option<String> {
    let link = page.links.iter().find_map(|link| match &link.target {
        Target::Contact(place) => Some(place.split('?').next().unwrap_or_default().to_owned()),
        Target::Page(_) => None,
    });
    link.filter(|place| place.len() > "mailto:".len())
        .or_else(|| mail_address(&page.text))
        .or_else(|| telephone(&page.text))
        .map(|found| found.chars().take(limits::TEXT.min(100)).collect())
}

fn mail_address(text: &str) -> Option<String> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '(' | ')' | '<' | '>' | '"'))
        .map(|word| word.trim_matches(['.', '\'']))
        .find(|word| {
            word.split_once('@').is_some_and(|(local, domain)| {
                let fits = |text: &str| {
                    text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b".-_+".contains(&octet))
                };
                !local.is_empty()
                    && fits(local)
                    && fits(domain)
                    && domain.contains('.')
                    && !domain.contains("..")
            })
        })
        .map(str::to_owned)
}

/// Words behind which a number is one to call.
const CALL: &[&str] = &["điện thoại", "đường dây nóng", "hotline", "đt:", "đt ", "tel:", "sđt", "phone"];

fn telephone(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    CALL.iter().find_map(|word| {
        lower.match_indices(word).take(20).find_map(|(at, _)| {
            let after: String = lower.get(at + word.len()..)?.chars().take(NEAR).collect();
            let begins = after.find(|c: char| c.is_ascii_digit() || c == '+')?;
            let number: String = after
                .get(begins..)?
                .chars()
                .take_while(|c| c.is_ascii_digit() || " .-+()".contains(*c))
                .collect();
            let digits = number.bytes().filter(u8::is_ascii_digit).count();
            // short numbers for the whole country have four
            (4..=13).contains(&digits).then(|| number.trim().to_owned())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(html: &str) -> Content {
        let url = HttpUrl::parse("https://so.vn/").unwrap();
        let fields = vec![field::Field::new("Content-Type", &b"text/html"[..])];
        let head = Head { minor_version: 1, status: 200, reason: String::new(), fields };
        Content::new(&url, &head, html.as_bytes(), false)
    }

    #[test]
    fn a_way_to_reach_the_agency() {
        for (html, expected) in [
            ("<a href='mailto:a@so.vn?subject=x'>thư</a>", Some("mailto:a@so.vn")),
            ("<a href='mailto:'>thư</a>", None),
            ("<p>Email: <b>vanphong.so@tinh.gov.vn</b>.", Some("vanphong.so@tinh.gov.vn")),
            ("<p>Điện thoại:</p> <p>(0258) 3822 230 - Fax", Some("0258) 3822 230 -")),
            ("<p>ĐƯỜNG DÂY NÓNG 1022", Some("1022")),
            ("<p>Năm 2026, điện thoại thông minh", None),
            ("<p>user@host", None),
            ("<script>a@b.vn</script><!-- c@d.vn -->", None),
        ] {
            assert_eq!(content(html).contact.as_deref(), expected, "{html}");
        }
        let page = content("<a href=/tin>Tin</a><a href=/vi/lien-he>x</a>").page.unwrap();
        assert_eq!(contact_page(&page).unwrap().path(), "/vi/lien-he");
        let page = content("<a href=/x>LIÊN HỆ</a>").page.unwrap();
        assert_eq!(contact_page(&page).unwrap().path(), "/x");
    }
}
