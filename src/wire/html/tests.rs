//! Pages: what browsers load of them, and what they leave alone.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

fn page(html: &str) -> Page {
    read(html, &HttpUrl::parse("https://so.tinh.gov.vn/vi/").unwrap())
}

fn loads(html: &str) -> Vec<String> {
    let shown = |resource: &Resource| {
        let mark = if resource.integrity.is_some() { "!" } else { "" };
        format!("{}{mark} {}", resource.kind.name(), resource.url)
    };
    page(html).resources.iter().map(shown).collect()
}

#[test]
fn what_is_loaded() {
    for (html, expected) in [
        ("<script src=a.js></script>", &["script https://so.tinh.gov.vn/vi/a.js"][..]),
        ("<SCRIPT SRC='//CDN.vn/a.js' integrity=sha256-x>", &["script! https://cdn.vn/a.js"]),
        (
            "<script type=application/json src=a.js></script><script type=module src=b.js>",
            &["script https://so.tinh.gov.vn/vi/b.js"],
        ),
        ("<script src=''></script><script>'<script src=x>'</script>", &[]),
        (
            "<!-- <script src=a.js></script> --><template><img src=a></template><noscript><img src=b></noscript>",
            &[],
        ),
        ("<base href=http://b.vn/x/><base href=http://c.vn/><img src=y.png>", &["image http://b.vn/x/y.png"]),
        (
            "<link rel='Alternate Stylesheet' href=a><link rel=StyleSheet href=b><link rel=preload as=script href=c><link rel=canonical href=http://x>",
            &["style https://so.tinh.gov.vn/vi/b", "script https://so.tinh.gov.vn/vi/c"],
        ),
        (
            "<iframe src=http://a.vn/></iframe><object data=b></object><embed src=c>",
            &[
                "frame http://a.vn/",
                "object https://so.tinh.gov.vn/vi/b",
                "object https://so.tinh.gov.vn/vi/c",
            ],
        ),
        (
            "<img src=a srcset='b 1x, http://c.vn/d 2x'><video poster=p><source src=s></video>",
            &[
                "image https://so.tinh.gov.vn/vi/a",
                "image https://so.tinh.gov.vn/vi/b",
                "image http://c.vn/d",
                "image https://so.tinh.gov.vn/vi/p",
                "media https://so.tinh.gov.vn/vi/s",
            ],
        ),
        // the blank is what ends an address, not the comma
        (
            "<img srcset='a 1x,http://c.vn/d,e 2x,f, data:image/png;base64,AA 3x ,,g'>",
            &[
                "image https://so.tinh.gov.vn/vi/a",
                "image http://c.vn/d,e",
                "image https://so.tinh.gov.vn/vi/f",
                "image https://so.tinh.gov.vn/vi/g",
            ],
        ),
        (
            "<svg><style><image href=http://a.vn/i></style></svg><img src=b>",
            &["image http://a.vn/i", "image https://so.tinh.gov.vn/vi/b"],
        ),
        ("<svg><![CDATA[<img src=a>]]><p><img src=b>", &["image https://so.tinh.gov.vn/vi/b"]),
        ("<textarea><img src=a></textarea><title><img src=b></title><iframe><img src=c></iframe>", &[]),
        ("<img src=javascript:x><img src='data:image/png;base64,AA'>", &[]),
        ("<a href=\"x\"onclick=y><img/src=a", &[]), // the last tag never ends
        ("<img src=\"http://a.vn/?a=1&amp;b=2\">", &["image http://a.vn/?a=…&b=…"]),
    ] {
        assert_eq!(loads(html), expected, "{html}");
    }
}

#[test]
fn the_head_and_what_it_says() {
    let csp = "<meta http-equiv=Content-Security-Policy content=\"default-src 'self'\">";
    for (before, counts) in [
        ("", true),
        ("<!doctype html><html><head><title>x</title><script>a<b</script>", true),
        ("<head></head>", true),
        ("<head></head><body>", false),
        ("text", false),
        ("<p>", false),
        ("<template>", false),
        ("<noscript>", false),
        ("<!--x-->\n ", true),
    ] {
        assert_eq!(page(&format!("{before}{csp}")).policies.len(), usize::from(counts), "{before}");
    }
    let read = page(
        "<title> Sở \n Y&nbsp;tế&amp; </title><svg><title>no</title></svg><title>2</title>\
        <meta NAME=Generator content='WordPress 6.1'><meta name=referrer content=bogus><meta name=referrer content=Origin>",
    );
    assert_eq!(read.title.as_deref(), Some("Sở Y tế&"));
    assert_eq!(read.generators, ["WordPress 6.1"]);
    assert_eq!(read.referrer.as_deref(), Some("origin"));
}

#[test]
fn forms_and_links() {
    let forms = |html: &str| {
        let shown = |form: &Form| {
            let action = form.action.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
            format!("{action}{}", if form.password { " password" } else { "" })
        };
        page(html).forms.iter().map(shown).collect::<Vec<_>>()
    };
    for (html, expected) in [
        ("<form action=/login><input type=PASSWORD></form>", &["https://so.tinh.gov.vn/login password"][..]),
        ("<form action=http://a.vn/><input>", &["http://a.vn/"]),
        (
            "<form><form action=http://no.vn></form><input type=password>",
            &["https://so.tinh.gov.vn/vi/", "https://so.tinh.gov.vn/vi/ password"],
        ),
        ("<input type=password>", &["https://so.tinh.gov.vn/vi/ password"]),
        ("<form action=javascript:x><button formaction=http://b.vn/></form>", &["http://b.vn/", "-"]),
    ] {
        assert_eq!(forms(html), expected, "{html}");
    }
    let read = page(
        "<p>Xin  chào<br>bạn<a href=/lien-he>Liên <b>hệ</b></a> <a href=mailto:a@b.vn>thư</a><a name=x>y</a><a href=javascript:z>q</a>",
    );
    assert_eq!(read.text, "Xin chào bạn Liên hệ thư y q");
    let links: Vec<_> = read.links.iter().map(|link| (link.text.as_str(), &link.target)).collect();
    let here = HttpUrl::parse("https://so.tinh.gov.vn/lien-he").unwrap();
    assert_eq!(links, [("Liên hệ", &Target::Page(here)), ("thư", &Target::Contact("mailto:a@b.vn".into()))]);
}

/// Each attribute is compared with all before it, so names must differ to cost anything.
#[test]
fn attributes_without_end_cost_their_length() {
    const SIZE: usize = 1024 * 1024;
    for (what, start, every) in [
        ("a tag", "<p ", ""),
        ("a tag with others in its names", "<p ", "<x "),
        ("a tag with end tags in its names", "<p ", "</x "),
        ("a name that begins with =", "<p =\"", ""),
        ("an end tag", "<p></p ", ""),
        ("the end of a script", "<script>'<x a=\"</p b='</script ", "<x "),
        ("after a comment", "<!-- <x a=\"--><p ", "<x "),
        ("after another tag's text", "<p>a<x b='>' c>d</x><title></title ", "<x "),
    ] {
        let mut html = start.to_owned();
        for number in 0_u32.. {
            html.push_str(&format!("{number:x} "));
            if number % 300 == 0 {
                html.push_str(every);
            }
            if html.len() > SIZE {
                break;
            }
        }
        let begin = Instant::now();
        let page = page(&html);
        assert!(page.cut_short, "{what}");
        assert!(begin.elapsed() < Duration::from_secs(10), "{what}: {:?}", begin.elapsed());
    }
    // what only looks like one tag with many
    let words = "word ".repeat(2_000);
    for html in [
        format!("<script>'<x {words}' </y {words}</script><p>x"),
        format!("<p>{words}<br>{words}"),
        format!("<img alt='{words}<x {words}</x'>"),
    ] {
        assert!(!page(&html).cut_short, "{}", html.get(..40).unwrap());
    }
}

#[test]
fn a_hostile_page_costs_its_length() {
    const SIZE: usize = 256 * 1024;
    for (what, unit) in [
        ("depth", "<div>"),
        ("formatting", "<b a=1><p>"),
        ("tags", "<a href=x>"),
        ("attributes", "a "),
        ("slashes", "a/"),
        ("quoted", "a=''"),
        ("open tags", "<"),
        ("templates", "<template>"),
        ("entities", "&amp"),
        ("comments", "<!--"),
        ("scripts", "<script>"),
        ("images", "<img srcset='a, b, c'>"),
    ] {
        for start in ["", "<p ", "<script>"] {
            let html = start.to_owned() + &unit.repeat(SIZE / unit.len());
            let begin = Instant::now();
            let page = page(&html);
            assert!(begin.elapsed() < Duration::from_secs(10), "{what}: {:?}", begin.elapsed());
            assert!(page.resources.len() <= RESOURCE_LIMIT && page.text.len() <= TEXT_LIMIT + 4);
        }
    }
}

proptest! {
    #[test]
    fn never_panics(html in "(<(/)?(a|p|form|svg|script|title|template|base|meta|input) ?|href=|src=|['\" />]|<!--|]]>|.){0,60}") {
        page(&html);
    }

    #[test]
    fn text_is_kept(words in prop::collection::vec("[a-zàđệỹ]{1,8}", 1..20)) {
        let html = format!("<p>{}</p>", words.join("</p><p>"));
        prop_assert_eq!(page(&html).text, words.join(" "));
    }
}
