//! Files at fixed places, what the site says of itself, and how much asking for all of it costs at most.

use khien::{
    net::Net,
    observation::{Attempt, Failure, ProductKind, Skip},
    probe::http::{Visitor, endpoint, site_with_pages},
    target::Www,
};

use super::pages::{SECURITY_TXT, answer, html, pages, some};
use crate::web_lab::{Act, Peer, Request, options, redirect, site_name};

fn text(body: &str) -> Act {
    Act::Keep(answer("200 OK", "Content-Type: text/plain\r\n", body.as_bytes()))
}

fn nothing() -> Act {
    Act::Keep(answer("404 Not Found", "", b""))
}

#[tokio::test]
async fn robots_and_the_sitemap_it_names() {
    let (_, web, peer) = pages(|request| match request.place() {
        (_, _, "/robots.txt") => text("User-agent: *\nDisallow: /\nSitemap: /ban-do.xml?k=SECRET\nSitemap: https://b.test/x"),
        (_, _, "/ban-do.xml?k=SECRET") => text(
            "<urlset><url><loc>https://a.test/1</loc><lastmod>2026-01-01</lastmod></url>\
             <url><loc>https://a.test/2</loc><lastmod>2026-11-20</lastmod></url><url><loc>https://a.test/3</loc></url></urlset>",
        ),
        (_, _, "/") => Act::Keep(html("", "<p>x")),
        _ => nothing(),
    })
    .await;
    let robots = some(&web.robots);
    assert_eq!((robots.url.as_str(), robots.allows_home), ("https://a.test/robots.txt", false));
    assert_eq!(robots.sitemaps, ["/ban-do.xml?k=…", "https://b.test/x"]);
    let sitemap = some(&web.sitemap);
    assert_eq!((sitemap.places, sitemap.is_index, sitemap.newest.as_deref()), (3, false, Some("2026-11-20")));
    assert!(!peer.log().iter().any(|line| line.ends_with("/sitemap.xml")));

    let (_, web, _) = pages(|request| match request.path.as_str() {
        "/robots.txt" => text("Sitemap: https://b.test/x"),
        "/" => Act::Keep(html("", "<p>x")),
        _ => nothing(),
    })
    .await;
    assert!(some(&web.robots).allows_home);
    assert_eq!(web.sitemap, Attempt::skipped(Skip::OutsideInventory));

    // a page for every path is no file, and whoever is sent away learns nothing
    let (_, web, _) = pages(|_| Act::Keep(html("", "User-agent: *"))).await;
    assert_eq!((web.robots, web.sitemap), (Attempt::Completed(None), Attempt::Completed(None)));
    let (_, web, _) = pages(|request| match request.path.as_str() {
        "/" => Act::Keep(html("", "<p>x")),
        _ => Act::Keep(answer("403 Forbidden", "", b"")),
    })
    .await;
    let blocked = Failure::Blocked { status: 403, by: None };
    assert_eq!(
        (web.robots, web.security_txt_at_top),
        (Attempt::failed(blocked.clone()), Attempt::failed(blocked))
    );
}

/// RFC 9116 section 3: the one in its place is the one that counts.
#[tokio::test]
async fn a_security_txt_at_the_top_is_only_told() {
    for in_its_place in [false, true] {
        let (_, web, peer) = pages(move |request| match request.path.as_str() {
            "/.well-known/security.txt" if in_its_place => text(SECURITY_TXT),
            "/security.txt" => text(SECURITY_TXT),
            "/" => Act::Keep(html("", "<p>x")),
            _ => nothing(),
        })
        .await;
        let told = (!in_its_place).then(|| "https://a.test/security.txt".to_owned());
        assert_eq!(web.security_txt_at_top, Attempt::Completed(told));
        assert_eq!(web.security_txt.completed().unwrap().is_some(), in_its_place);
        assert_eq!(peer.log().contains(&"https a.test /security.txt".to_owned()), !in_its_place);
    }
}

#[tokio::test]
async fn alternatives_and_products_are_told_with_what_they_rest_on() {
    let fields = "Server: nginx\r\nAlt-Svc: h3=\":443\"; ma=3600, h2=\"b.test:8443\"\r\nSet-Cookie: JSESSIONID=SECRET; Path=/\r\n";
    let (http, _, _) = pages(move |request| match request.path.as_str() {
        "/" => Act::Keep(html(fields, "<meta name=generator content='Liferay Portal'>")),
        _ => Act::Keep(answer(
            "404 Not Found",
            "Content-Type: text/html\r\n",
            b"<h3>Apache Tomcat/9.0.31</h3>",
        )),
    })
    .await;
    let alt_svc = some(&http.alt_svc);
    let told: Vec<_> =
        alt_svc.alternatives.iter().map(|one| (one.protocol.as_str(), one.host.as_str(), one.port)).collect();
    assert_eq!((told, alt_svc.clear), (vec![("h3", "", 443), ("h2", "b.test", 8443)], false));
    let products = http.products.completed().unwrap();
    let told: Vec<_> = products
        .items
        .iter()
        .map(|product| {
            (product.name.as_str(), product.kind, product.evidence.split(" https").next().unwrap())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("nginx", ProductKind::Server, "Server: nginx"),
            ("Apache Tomcat", ProductKind::Runtime, "404"),
            ("Java servlets", ProductKind::Runtime, "Set-Cookie: JSESSIONID"),
            ("Liferay", ProductKind::Platform, "<meta name=generator> Liferay Portal"),
        ]
    );
}

/// Everything there is to ask, and a server that wants each first request again.
#[tokio::test]
async fn no_host_is_asked_more_than_twenty_five_times() {
    let handler = |request: &Request| match request.place() {
        _ if request.count == 1 && request.path == "/" => {
            Act::Keep(answer("429 Too Many Requests", "Retry-After: 0\r\n", b""))
        }
        ("http", host, _) => redirect(301, &format!("https://{host}/")),
        (_, "www.a.test", _) => redirect(301, "https://a.test/vi"),
        (_, _, "/") => redirect(302, "/vi"),
        (_, _, "/vi") => Act::Keep(html("", "<a href=/lien-he>Liên hệ</a>")),
        (_, _, "/robots.txt") => text("Sitemap: /a.xml"),
        (_, _, "/a.xml") => text("<urlset><loc>https://a.test/1</loc>"),
        _ => nothing(),
    };
    let peer = Peer::start(handler).await;
    let net = Net::without_resolver(options(&peer));
    let name = site_name("a.test");
    let lane = net.lane("127.0.0.1".parse().unwrap()).await.unwrap();
    let endpoints = [endpoint(&net, &lane, &name).await];
    drop(lane);
    let visitor =
        Visitor { net: &net, site: &name, www: Www::Auto, inventory: &|_| false, endpoints: &endpoints };
    let (http, web) = site_with_pages(&visitor, "2026-11-24T00:00:00Z".parse().unwrap()).await;
    let asked = peer.log().len();
    assert!((17..=25).contains(&asked), "{asked}: {:?}", peer.log());
    assert!(http.www.completed().unwrap().is_some());
    assert_eq!(some(&web.completed().unwrap().sitemap).places, 1);
}
