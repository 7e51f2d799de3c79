//! Pages and the requests beside them: what is asked, over how many connections, and what is read from the answers.

use khien::{
    net::Net,
    observation::{Attempt, CorsAllowed, Failure, Http, Skip, Web},
    probe::http::{Visitor, endpoint, site_with_pages},
    target::Www,
};

use crate::web_lab::{Act, Peer, Request, options, redirect, site_name, with};

pub(super) async fn pages(handler: impl Fn(&Request) -> Act + Send + Sync + 'static) -> (Http, Web, Peer) {
    let peer = Peer::start(handler).await;
    let net = Net::without_resolver(options(&peer));
    let name = site_name("a.test");
    let lane = net.lane("127.0.0.1".parse().unwrap()).await.unwrap();
    let endpoints = [endpoint(&net, &lane, &name).await];
    drop(lane);
    let visitor =
        Visitor { net: &net, site: &name, www: Www::No, inventory: &|_| false, endpoints: &endpoints };
    let at = "2026-11-24T00:00:00Z".parse().unwrap();
    let (http, web) = site_with_pages(&visitor, at).await;
    assert_eq!(net.load().0, 0, "a lane is still held");
    (http, web.completed().unwrap().clone(), peer)
}

pub(super) fn html(fields: &str, body: &str) -> Vec<u8> {
    answer("200 OK", &format!("Content-Type: text/html\r\n{fields}"), body.as_bytes())
}

pub(super) fn answer(status: &str, fields: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

pub(super) fn some<T: Clone>(attempt: &Attempt<Option<T>>) -> T {
    attempt.completed().unwrap().clone().unwrap()
}

pub(super) const SECURITY_TXT: &str = "Contact: mailto:a@a.test\nExpires: 2027-06-01T00:00:00Z\n";

#[tokio::test]
async fn what_stands_beside_the_page_costs_six_requests_on_one_connection() {
    let (http, web, peer) = pages(|request| match request.place() {
        ("http", ..) => redirect(301, "https://a.test/"),
        (_, _, "/.well-known/security.txt") => Act::Keep(answer(
            "200 OK",
            "Content-Type: text/plain; charset=utf-8\r\n",
            SECURITY_TXT.as_bytes(),
        )),
        (_, _, "/") => {
            let nonce = format!("Content-Security-Policy: script-src 'nonce-abcdefgh{}'\r\n", request.count);
            Act::Keep(html(&nonce, "<title>T</title><a href=mailto:a@a.test>x</a>"))
        }
        _ => Act::Keep(answer("404 Not Found", "", b"")),
    })
    .await;
    let log = peer.log();
    assert_eq!(log[..4], ["http a.test /", "https a.test /", "https a.test /", "https a.test /"]);
    assert!(log[4].starts_with("https a.test /khien-") && log[4].len() == 36, "{}", log[4]);
    let files =
        ["https a.test /.well-known/security.txt", "https a.test /robots.txt", "https a.test /sitemap.xml"];
    assert_eq!(log[5..], files);
    // port 80, the first answer over https, one for all the rest, and one that looks for HTTP/2
    assert_eq!(peer.connections(), 4);
    let file = some(&web.security_txt);
    assert!(file.valid, "{:?}", file.faults);
    assert_eq!((file.days_left, file.signed), (Some(189), false));
    assert_eq!(some(&web.contact).text, "mailto:a@a.test");
    assert!(!some(&web.nonce).reused);
    assert_eq!(web.title, Attempt::Completed(Some("T".into())));
    assert_eq!((&web.cors, &web.error_leak), (&Attempt::Completed(None), &Attempt::Completed(None)));
    // nonces are not stored: two scans would differ by them alone
    assert_eq!(some(&http.csp).policies[0].raw, "script-src 'nonce-…'");
}

#[tokio::test]
async fn a_server_that_closes_is_asked_anew() {
    let (_, web, peer) = pages(|request| match request.place() {
        (_, _, "/") => Act::Send(html("", "<p>x")),
        _ => Act::Send(answer("404 Not Found", "", b"")),
    })
    .await;
    assert_eq!((peer.log().len(), web.security_txt), (9, Attempt::Completed(None)));
    assert_eq!(web.contact, Attempt::Completed(None));
}

#[tokio::test]
async fn what_a_page_holds() {
    let body = "<script src=http://b.test/x.js></script><img src=http://b.test/y.png>\
        <script src=https://c.test/z.js></script><form action=http://b.test/><input type=password></form>\
        <a href=https://c.test/>c</a><a href=/lien-he>Liên hệ</a><meta name=generator content='NukeViet 4.5'>";
    let (http, web, peer) = pages(move |request| match request.place() {
        ("http", _, "/") => Act::Send(html("", "<form><input type=password></form>")),
        (_, _, "/lien-he") => Act::Send(html("", "Điện thoại: 0258 3822 230")),
        (_, _, "/") => Act::Send(html("Set-Cookie: a=b\r\nCache-Control: public, max-age=60\r\n", body)),
        _ => Act::Send(answer("404 Not Found", "", b"<hr><center>nginx/1.18.0</center>")),
    })
    .await;
    assert!(peer.log().iter().any(|line| line == "https a.test /lien-he"));
    let mixed = web.mixed_content.completed().unwrap();
    let kinds: Vec<_> = mixed.items.iter().map(|item| (item.kind.as_str(), item.active)).collect();
    assert_eq!(kinds, [("script", true), ("image", false)]);
    let unchecked = web.unchecked_resources.completed().unwrap();
    assert_eq!(unchecked.items.len(), 2);
    let forms: Vec<_> =
        web.forms.completed().unwrap().items.iter().map(|f| (f.page.as_str(), f.plain)).collect();
    assert_eq!(forms, [("http://a.test/", true), ("https://a.test/", true)]);
    let hosts: Vec<_> = web
        .linked_hosts
        .completed()
        .unwrap()
        .items
        .iter()
        .map(|h| (h.host.as_str(), h.links, h.resources))
        .collect();
    assert_eq!(hosts, [("b.test", 0, 2), ("c.test", 1, 1)]);
    assert_eq!(web.generators, Attempt::Completed(vec!["NukeViet 4.5".into()]));
    assert_eq!(some(&web.contact).page, "https://a.test/lien-he");
    assert_eq!(some(&web.shared_cookie_cache), "public, max-age=60");
    assert_eq!(some(&web.error_leak).what, "nginx version");
    assert_eq!(http.csp, Attempt::Completed(None));
}

#[tokio::test]
async fn whom_the_page_lets_read_and_whether_nonces_repeat() {
    for (origin, credentials, allowed) in [
        ("", "", None),
        ("*", "true", Some(CorsAllowed::Any)),
        ("ask", "true", Some(CorsAllowed::Asker)),
        ("null", "true", Some(CorsAllowed::Null)),
    ] {
        let (_, web, _) = pages(move |request| {
            let mut fields = vec![
                ("Content-Security-Policy", "script-src 'nonce-abcdefgh'"),
                ("Content-Type", "text/html"),
            ];
            let asker = request.origin.clone().unwrap_or_default();
            assert!(asker.is_empty() || asker == "https://khien.invalid");
            assert!(["GET", "OPTIONS"].contains(&request.method.as_str()));
            if !asker.is_empty() && !origin.is_empty() {
                fields.push(("Access-Control-Allow-Origin", if origin == "ask" { &asker } else { origin }));
                fields.push(("Access-Control-Allow-Credentials", credentials));
            }
            with(&fields)
        })
        .await;
        assert_eq!(web.cors.completed().unwrap().as_ref().map(|cors| cors.allowed), allowed);
        assert!(some(&web.nonce).reused);
    }
}

#[tokio::test]
async fn compressed_pages_are_read_and_bombs_are_not_kept() {
    let zip = |text: &[u8]| {
        let deflated = miniz_oxide::deflate::compress_to_vec(text, 9);
        [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &deflated, &[0; 8]].concat()
    };
    let fields = "Content-Type: text/html\r\nContent-Encoding: gzip\r\n";
    for (text, cut) in [
        (b"<script src=http://b.test/x.js></script>".to_vec(), false),
        ([&b"<script src=http://b.test/x.js></script>"[..], &vec![b' '; 50 << 20]].concat(), true),
    ] {
        let body = zip(&text);
        let (_, web, _) = pages(move |_| Act::Send(answer("200 OK", fields, &body))).await;
        let mixed = web.mixed_content.completed().unwrap();
        assert_eq!((mixed.items.len(), mixed.incomplete.is_some()), (1, cut));
    }
    let (http, web, _) = pages(move |_| Act::Send(answer("200 OK", fields, b"no gzip at all"))).await;
    assert!(
        matches!(web.mixed_content, Attempt::Failed { failed: Failure::Malformed(_) }),
        "{:?}",
        web.mixed_content
    );
    assert!(matches!(http.csp, Attempt::Failed { .. }), "there may be a <meta>");
}

#[tokio::test]
async fn where_there_is_no_page_nothing_is_asked_or_claimed() {
    let (http, web, peer) =
        pages(|_| Act::Send(answer("403 Forbidden", "Content-Type: text/html\r\n", b"no"))).await;
    let blocked = Failure::Blocked { status: 403, by: None };
    assert_eq!((http.csp, web.forms), (Attempt::failed(blocked.clone()), Attempt::failed(blocked.clone())));
    assert_eq!((web.security_txt, peer.log().len()), (Attempt::failed(blocked), 2));
    // a login is the site itself: its fields count, and there is no page
    let (http, web, _) = pages(|request| match request.place() {
        (_, _, "/") => Act::Send(answer("401 Unauthorized", "Content-Type: text/html\r\n", b"<p>x")),
        _ => Act::Send(answer("404 Not Found", "", b"")),
    })
    .await;
    assert_eq!((http.csp, web.forms), (Attempt::Completed(None), Attempt::skipped(Skip::DoesNotApply)));
    assert_eq!(web.page, Attempt::Completed(false));
    // a page that is served for every path is no security.txt, and a soft 404 leaks nothing
    let (_, web, _) = pages(|_| Act::Send(html("", "<p>Contact: x"))).await;
    assert_eq!((web.security_txt, web.error_leak), (Attempt::Completed(None), Attempt::Completed(None)));
}
