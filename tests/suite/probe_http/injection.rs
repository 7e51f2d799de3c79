//! Planted pages: what each visitor is shown, what makes a suspicion and what does not, and that nobody is asked under
//! another name without permission.

use khien::{
    net::{Net, Options},
    observation::{Attempt, Failure, Injection, Skip, View},
    probe::http::{Visitor, endpoint, site_with_pages},
    target::Www,
};

use super::pages::{answer, html};
use crate::web_lab::{Act, Peer, Request, options, redirect, site_name};

async fn looked(
    impersonate: bool,
    handler: impl Fn(&Request) -> Act + Send + Sync + 'static,
) -> (Attempt<Injection>, Peer) {
    let peer = Peer::start(handler).await;
    let net = Net::without_resolver(Options { impersonate, ..options(&peer) });
    let name = site_name("a.test");
    let lane = net.lane("127.0.0.1".parse().unwrap()).await.unwrap();
    let endpoints = [endpoint(&net, &lane, &name).await];
    drop(lane);
    let visitor = Visitor {
        net: &net,
        site: &name,
        www: Www::No,
        inventory: &|host| host == "tinh.test",
        endpoints: &endpoints,
    };
    let (_, web) = site_with_pages(&visitor, "2026-11-24T00:00:00Z".parse().unwrap()).await;
    assert_eq!(net.load().0, 0, "a lane is still held");
    (web.completed().unwrap().injection.clone(), peer)
}

fn page(body: &str) -> Act {
    Act::Keep(html("", &format!("<!doctype html><title>Sở</title>{body}")))
}

fn nothing() -> Act {
    Act::Keep(answer("404 Not Found", "", b""))
}

fn view(request: &Request) -> Option<View> {
    if request.agent.contains("Googlebot") {
        Some(View::Crawler)
    } else if request.referer.is_some() {
        Some(View::SearchReferrer)
    } else {
        request.agent.contains("Chrome").then_some(View::Browser)
    }
}

#[tokio::test]
async fn nobody_is_asked_under_another_name_without_permission() {
    let (found, peer) = looked(false, |request| {
        assert!(view(request).is_none() && request.referer.is_none(), "{}", request.agent);
        match request.path.as_str() {
            "/" => page("<a href=https://x.example/>nổ hũ</a>"),
            _ => nothing(),
        }
    })
    .await;
    assert_eq!(found, Attempt::skipped(Skip::NotRequested));
    assert!(!peer.log().is_empty());
}

#[tokio::test]
async fn three_views_of_the_newest_pages_each_under_our_name() {
    let urls: Vec<String> = (1..=30)
        .map(|n| format!("<url><loc>https://a.test/{n}</loc><lastmod>2026-11-{n:02}</lastmod></url>"))
        .collect();
    let urls = urls.concat();
    let map =
        format!("<urlset>{urls}<url><loc>https://b.test/x</loc><lastmod>2026-12-01</lastmod></url></urlset>");
    let (found, peer) = looked(true, move |request| {
        assert!(
            request.agent.contains("khien/") && request.agent.contains("; +https://"),
            "{}",
            request.agent
        );
        match request.path.as_str() {
            "/robots.txt" => Act::Keep(answer("200 OK", "Content-Type: text/plain\r\n", b"Sitemap: /m.xml")),
            "/m.xml" => Act::Keep(answer("200 OK", "Content-Type: application/xml\r\n", map.as_bytes())),
            "/khong-co" => nothing(),
            _ => page("<p>Tin tức"),
        }
    })
    .await;
    let found = found.completed().unwrap().clone();
    assert_eq!(found.looked_at.len(), 10);
    assert_eq!(found.looked_at[..3], ["https://a.test/", "https://a.test/30", "https://a.test/29"]);
    assert_eq!((found.suspects.items, found.suspects.incomplete), (vec![], None));
    assert_eq!(peer.log().iter().filter(|line| line.ends_with("/30")).count(), 3);
    assert!(peer.log().len() <= 25 + 30, "{}", peer.log().len());
    assert!(!peer.log().iter().any(|line| line.contains("b.test")));
}

#[tokio::test]
async fn what_makes_a_suspicion() {
    type Page = fn(Option<View>) -> Act;
    type Told = (View, &'static [&'static str], Option<&'static str>);
    let cases: Vec<(&str, Page, Vec<Told>)> = vec![
        (
            "links planted for everybody",
            |_| page("<div style=display:none><a href=https://x.example/>Tài xỉu online</a></div>"),
            vec![(View::Browser, &["x.example"], None)],
        ),
        (
            "links in the address alone",
            |_| page("<a href=https://x.example/nha-cai/>.</a>"),
            vec![(View::Browser, &["x.example"], None)],
        ),
        (
            "a page for the crawler",
            |view| match view {
                Some(View::Crawler) => page("<p>nổ hũ, game bài<a href=https://x.example/>vào</a>"),
                _ => page("<p>Tin tức<a href=https://news.example/>báo</a>"),
            },
            vec![(View::Crawler, &["x.example"], None)],
        ),
        (
            "visitors of a search engine are sent away",
            |view| match view {
                Some(View::SearchReferrer) => redirect(302, "https://bet.example/a"),
                _ => page("<p>Tin tức"),
            },
            vec![(View::SearchReferrer, &[], Some("bet.example"))],
        ),
        (
            "news of a raid",
            |_| {
                page(
                    "<h1>Triệt phá đường dây cá cược, tài xỉu</h1><a href=https://bao.example/1>Công an tỉnh triệt \
                     phá đường dây đánh bạc, cá cược nghìn tỷ</a><a href=https://bocongan.gov.vn/ca-cuoc>cá cược</a>\
                     <a href=https://tinh.test/ca-cuoc>cá cược</a><a href=/ca-cuoc>cá cược</a>",
                )
            },
            vec![],
        ),
        (
            "another page for the crawler, without such words",
            |view| match view {
                Some(View::Crawler) => page("<a href=https://cdn.example/>x</a>"),
                _ => page("<p>Tin tức"),
            },
            vec![],
        ),
        ("sent away like everybody", |_| redirect(302, "https://a.test/x"), vec![]),
    ];
    for (what, shows, expected) in cases {
        let (found, _) = looked(true, move |request| match request.path.as_str() {
            "/" => shows(view(request)),
            "/x" => page("<p>x"),
            _ => nothing(),
        })
        .await;
        let found = found.completed().unwrap().suspects.items.clone();
        let told: Vec<_> = found
            .iter()
            .map(|one| {
                let hosts: Vec<&str> = one.hosts.iter().map(String::as_str).collect();
                (one.view, hosts, one.sent_to.as_deref())
            })
            .collect();
        let expected: Vec<_> =
            expected.into_iter().map(|(view, hosts, to)| (view, hosts.to_vec(), to)).collect();
        assert_eq!(told, expected, "{what}: {found:?}");
        if what == "a page for the crawler" {
            assert_eq!(found[0].only_here, ["game bài", "nổ hũ"]);
        }
    }
}

/// Firewalls refuse whoever says to be a crawler and is none: that shows nothing, and says so.
#[tokio::test]
async fn a_refused_view_is_no_difference() {
    let (found, _) = looked(true, |request| match (request.path.as_str(), view(request)) {
        ("/", Some(View::Crawler)) => Act::Keep(answer("403 Forbidden", "", "nổ hũ".as_bytes())),
        ("/", _) => page("<p>Tin"),
        _ => nothing(),
    })
    .await;
    let found = found.completed().unwrap().suspects.clone();
    assert_eq!((found.items, found.incomplete), (vec![], Some(Failure::Blocked { status: 403, by: None })));
}
