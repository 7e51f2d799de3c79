//! The HTTP probe against peers on loopback: scripted ones that misbehave, and a real nginx where there is one.

mod addresses;
mod files;
mod http2;
mod injection;
mod pages;

use std::time::Duration;

use crate::web_lab::{Act, Peer, Request, ok, options, redirect, site_name, with};
use khien::{
    net::{Budgets, Net, Options},
    observation::{Attempt, Failure, FrameOptionsPolicy, Http, Phase, Skip, Upgrade, Visit, VisitEnd},
    probe::http::{FirstAnswers, Visitor, endpoint, site},
    target::Www,
};
use tokio::time::Instant;

/// The site `a.test` as its visitors see it; `b.test` is in the inventory too, `out.test` is not.
async fn observe(net: &Net, www: Www) -> (FirstAnswers, Http) {
    let name = site_name("a.test");
    let lane = net.lane("127.0.0.1".parse().unwrap()).await.unwrap();
    let first = endpoint(net, &lane, &name).await;
    drop(lane);
    let inventory = |host: &str| matches!(host, "a.test" | "b.test");
    let endpoints = [first];
    let http = site(&Visitor { net, site: &name, www, inventory: &inventory, endpoints: &endpoints }).await;
    assert_eq!(net.load().0, 0, "a lane is still held");
    let [first] = endpoints;
    (first, http)
}

async fn visit(handler: impl Fn(&Request) -> Act + Send + Sync + 'static) -> (Http, Peer) {
    let peer = Peer::start(handler).await;
    let net = Net::without_resolver(options(&peer));
    // Spawned: the run's jobs are, so the probe must be `Send`.
    let (_, http) = tokio::spawn(async move { observe(&net, Www::No).await }).await.unwrap();
    (http, peer)
}

fn end(visit: &Attempt<Visit>) -> Attempt<VisitEnd> {
    visit.as_ref().and_then(|visit| visit.end.clone())
}

#[tokio::test]
async fn an_ordinary_site_costs_two_requests() {
    let (http, peer) = visit(|request| match request.place() {
        ("http", "a.test", "/") => redirect(301, "https://a.test/"),
        _ => with(&[("Strict-Transport-Security", "max-age=31536000")]),
    })
    .await;
    assert_eq!(peer.log(), ["http a.test /", "https a.test /"]);
    assert_eq!(http.https_reachable, Attempt::Completed(true));
    assert_eq!(http.http_reachable, Attempt::Completed(true));
    assert_eq!(http.upgrade, Attempt::Completed(Upgrade::SameHost));
    let visit = http.http.completed().unwrap();
    assert_eq!(visit.hops.len(), 2);
    assert_eq!(visit.hops[0].location.as_deref(), Some("https://a.test/"));
    assert_eq!(visit.hops[1].location, None);
    assert_eq!(http.hsts.completed().unwrap().as_ref().unwrap().max_age, Some(31_536_000));
    assert_eq!(http.frame_options, Attempt::Completed(None));
    assert_eq!(http.www, Attempt::Completed(None));
    assert!(http.downgrades.completed().unwrap().items.is_empty());
    assert_eq!(http.downgrades.completed().unwrap().incomplete, None);
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table, a row of which is a site")]
async fn redirects_end_where_a_browser_ends() {
    use VisitEnd::{BadLocation, Document, LeftInventory, Loop, TooManyRedirects};
    type Script = fn(&Request) -> Act;
    let cases: [(&str, Script, VisitEnd, Upgrade, VisitEnd, usize); 15] = [
        ("no redirect", |_| ok(), Document, Upgrade::Never, Document, 0),
        (
            "to another http page first",
            |r| match r.place() {
                ("http", _, "/") => redirect(302, "/trang-chu"),
                ("http", ..) => redirect(302, "https://a.test/trang-chu"),
                _ => ok(),
            },
            Document,
            Upgrade::OtherHost,
            Document,
            0,
        ),
        (
            "scheme-relative to an inventoried host",
            |r| match r.place() {
                ("http", "a.test", _) => redirect(302, "//b.test/x"),
                ("http", "b.test", _) => redirect(302, "https://b.test/x"),
                _ => ok(),
            },
            Document,
            Upgrade::OtherHost,
            Document,
            0,
        ),
        (
            "outside over https",
            |r| if r.tls { ok() } else { redirect(301, "https://out.test/") },
            LeftInventory,
            Upgrade::OtherHost,
            Document,
            0,
        ),
        (
            "outside over http",
            |_| redirect(301, "http://out.test/"),
            LeftInventory,
            Upgrade::Never,
            LeftInventory,
            1,
        ),
        (
            "an address is nobody's",
            |r| if r.tls { ok() } else { redirect(301, "https://127.0.0.1/") },
            LeftInventory,
            Upgrade::OtherHost,
            Document,
            0,
        ),
        ("to itself", |r| if r.tls { ok() } else { redirect(302, "/") }, Loop, Upgrade::Loop, Document, 0),
        (
            "ping pong",
            |r| redirect(302, if r.tls { "http://a.test/" } else { "https://a.test/" }),
            Loop,
            Upgrade::Loop,
            Loop,
            1,
        ),
        (
            "without end",
            |r| if r.tls { ok() } else { redirect(302, &format!("{}x", r.path)) },
            TooManyRedirects,
            Upgrade::Loop,
            Document,
            0,
        ),
        (
            "not http",
            |r| if r.tls { redirect(302, "ftp://a.test/") } else { redirect(302, "javascript:alert(1)") },
            BadLocation,
            Upgrade::Never,
            BadLocation,
            0,
        ),
        (
            "to a mail server",
            |r| if r.tls { ok() } else { redirect(302, "https://a.test:25/") },
            BadLocation,
            Upgrade::Never,
            Document,
            0,
        ),
        (
            "no Location",
            |r| if r.tls { ok() } else { Act::raw("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n") },
            Document,
            Upgrade::Never,
            Document,
            0,
        ),
        (
            "two Locations: the first counts",
            |r| {
                if r.tls {
                    return ok();
                }
                Act::raw(
                    "HTTP/1.1 301 Moved\r\nLocation: https://a.test/\r\nLocation: http://out.test/\r\n\
                     Content-Length: 0\r\n\r\n",
                )
            },
            Document,
            Upgrade::SameHost,
            Document,
            0,
        ),
        (
            "back to http",
            |r| match (r.tls, r.path.as_str()) {
                (true, _) => redirect(302, "http://a.test/x?ticket=SECRET"),
                (false, "/") => redirect(301, "https://a.test/"),
                _ => ok(),
            },
            Document,
            Upgrade::SameHost,
            Document,
            1,
        ),
        (
            "a Location on a page that is no redirect",
            |r| {
                if r.tls {
                    ok()
                } else {
                    Act::raw("HTTP/1.1 201 Created\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n")
                }
            },
            Document,
            Upgrade::Never,
            Document,
            0,
        ),
    ];
    for (what, script, http_end, upgrade, https_end, downgrades) in cases {
        let (http, _) = visit(script).await;
        assert_eq!(end(&http.http), Attempt::Completed(http_end), "{what}");
        assert_eq!(http.upgrade, Attempt::Completed(upgrade), "{what}");
        assert_eq!(end(&http.https), Attempt::Completed(https_end), "{what}");
        assert_eq!(http.downgrades.completed().unwrap().items.len(), downgrades, "{what}");
        let hops = http.http.completed().unwrap().hops.len();
        assert_eq!(hops == 11, http_end == TooManyRedirects, "{what}: {hops} hops");
        assert!(!serde_json::to_string(&http).unwrap().contains("SECRET"), "{what}");
        match https_end {
            LeftInventory => assert_eq!(http.frame_options, Attempt::skipped(Skip::OutsideInventory)),
            Document if what != "back to http" => assert_eq!(http.frame_options, Attempt::Completed(None)),
            _ => assert_eq!(http.frame_options, Attempt::skipped(Skip::DoesNotApply), "{what}"),
        }
    }
}

#[tokio::test]
async fn outsiders_are_never_asked() {
    let (_, peer) = visit(|request| {
        redirect(302, if request.tls { "https://out.test/x" } else { "http://169.254.169.254/latest" })
    })
    .await;
    assert_eq!(peer.log(), ["http a.test /", "https a.test /"]);
}

#[tokio::test]
async fn a_test_for_cookies_is_no_loop_and_no_cookie_is_kept() {
    let (http, peer) = visit(|request| match (request.tls, request.cookie.as_deref()) {
        (false, _) => redirect(301, "https://a.test/"),
        (true, Some("gate=SECRET1")) => with(&[
            ("Set-Cookie", "ASP.NET_SessionId=SECRET22; path=/; HttpOnly"),
            ("Set-Cookie", "__Host-x=SECRET; Path=/; Secure; SameSite=Lax"),
            ("Set-Cookie", "old=; Max-Age=0"),
            ("X-CSRF-Token", "SECRET"),
            ("Authorization", "Bearer SECRET"),
            ("Content-Location", "/home?key=SECRET"),
        ]),
        (true, _) => Act::raw(
            "HTTP/1.1 302 Found\r\nLocation: https://a.test/\r\nSet-Cookie: gate=SECRET1; Secure\r\n\
             Content-Length: 0\r\n\r\n",
        ),
    })
    .await;
    // The gate is met twice, on either visit; what answered without a cookie is not asked again.
    assert_eq!(peer.log(), ["http a.test /", "https a.test /", "https a.test /", "https a.test /"]);
    assert_eq!(end(&http.http), Attempt::Completed(VisitEnd::Document));
    assert_eq!(http.upgrade, Attempt::Completed(Upgrade::SameHost));
    let stored = serde_json::to_string(&http).unwrap();
    assert!(!stored.contains("SECRET"), "{stored}");
    assert!(stored.contains("ASP.NET_SessionId=<8 bytes>; path=/; HttpOnly"), "{stored}");
    assert!(!stored.contains("Bearer"));
    let cookies = http.cookies.completed().unwrap();
    let names: Vec<&str> = cookies.items.iter().map(|cookie| cookie.name.as_str()).collect();
    assert_eq!(names, ["gate", "ASP.NET_SessionId", "__Host-x"]);
    let session = &cookies.items[1];
    assert!(session.session_like && session.http_only && !session.secure);
    assert_eq!((session.value_length, session.same_site.as_deref(), session.prefix_holds), (8, None, None));
    assert_eq!(cookies.items[2].prefix_holds, Some(true));
    assert_eq!(cookies.incomplete, None);
}

#[tokio::test]
async fn fields_are_read_from_the_answer_that_counts() {
    let (http, _) = visit(|request| match (request.tls, request.path.as_str()) {
        (false, _) => with(&[("Strict-Transport-Security", "max-age=1"), ("X-Frame-Options", "DENY")]),
        (true, "/") => Act::raw(
            "HTTP/1.1 302 Found\r\nLocation: /trang-chu\r\nStrict-Transport-Security: max-age=\"600\"; preload\r\n\
             Strict-Transport-Security: max-age=31536000\r\nX-Frame-Options: DENY\r\nContent-Length: 0\r\n\r\n",
        ),
        (true, _) => with(&[
            ("Strict-Transport-Security", "max-age=7"),
            ("X-Frame-Options", "SAMEORIGIN"),
            ("X-Frame-Options", "deny"),
            ("Content-Security-Policy", "default-src 'self'; frame-ancestors 'self'"),
            ("Content-Security-Policy", "frame-ancestors *"),
            ("Content-Security-Policy-Report-Only", "frame-ancestors 'none'"),
            ("x-content-type-options", "NoSniff"),
            ("Referrer-Policy", "origin, unknown"),
        ]),
    })
    .await;
    let hsts = http.hsts.completed().unwrap().clone().unwrap();
    assert_eq!((hsts.max_age, hsts.extra_fields, hsts.preload, hsts.valid), (Some(600), 1, true, true));
    assert_eq!(hsts.raw, "max-age=\"600\"; preload");
    let frame_options = http.frame_options.completed().unwrap().clone().unwrap();
    assert_eq!(frame_options.policy, FrameOptionsPolicy::Conflicting);
    assert_eq!(frame_options.raw, "SAMEORIGIN, deny");
    let ancestors = http.frame_ancestors.completed().unwrap().clone().unwrap();
    assert_eq!(ancestors.raw, ["frame-ancestors 'self'", "frame-ancestors *"]);
    assert!(!ancestors.allows_any_origin);
    assert!(http.content_type_options.completed().unwrap().as_ref().unwrap().nosniff);
    let referrer = http.referrer_policy.completed().unwrap().clone().unwrap();
    assert_eq!((referrer.raw.as_str(), referrer.policy.as_deref()), ("origin, unknown", Some("origin")));
}

#[tokio::test]
async fn a_page_in_front_of_the_site_is_not_the_site() {
    let hsts = "Strict-Transport-Security: max-age=600\r\n";
    let page = |status: u16, fields: &str, body: &str| {
        format!("HTTP/1.1 {status} X\r\n{fields}Content-Length: {}\r\n\r\n{body}", body.len())
    };
    let blocked = |status, by: Option<&str>| Some(Failure::Blocked { status, by: by.map(str::to_owned) });
    let rejected = "<html><head><title>Request Rejected</title></head>Your support ID is: 1</html>";
    for (answer, expected, has_hsts) in [
        (page(401, "WWW-Authenticate: Basic\r\n", ""), None, false),
        (page(403, hsts, "Forbidden"), blocked(403, None), true),
        (page(404, "", ""), blocked(404, None), false),
        (page(500, "", ""), blocked(500, None), false),
        (
            page(403, &format!("cf-mitigated: challenge\r\n{hsts}"), ""),
            blocked(403, Some("Cloudflare challenge")),
            true,
        ),
        (page(403, "Server: AkamaiGHost\r\n", ""), blocked(403, Some("Akamai")), false),
        (page(200, "", rejected), blocked(200, Some("F5 BIG-IP")), false),
        (page(503, "Retry-After: 0\r\n", "bảo trì"), blocked(503, None), false),
    ] {
        let sent = answer.clone();
        let (http, peer) = visit(move |_| Act::raw(&sent)).await;
        for content in [
            http.frame_options.as_ref().map(|_| ()),
            http.frame_ancestors.as_ref().map(|_| ()),
            http.content_type_options.as_ref().map(|_| ()),
            http.referrer_policy.as_ref().map(|_| ()),
            http.cookies.as_ref().map(|_| ()),
        ] {
            match &expected {
                None => assert_eq!(content, Attempt::Completed(()), "{answer}"),
                Some(failure) => assert_eq!(content, Attempt::failed(failure.clone()), "{answer}"),
            }
        }
        let (seen, upgrade) = (http.hsts.as_ref().map(Option::is_some), http.upgrade);
        if let Some(failure) = &expected {
            assert_eq!(upgrade, Attempt::failed(failure.clone()), "{answer}");
            let lacking = Attempt::failed(failure.clone());
            assert_eq!(seen, if has_hsts { Attempt::Completed(true) } else { lacking }, "{answer}");
        } else {
            assert_eq!(upgrade, Attempt::Completed(Upgrade::Never), "{answer}");
            assert_eq!(seen, Attempt::Completed(has_hsts), "{answer}");
        }
        let tries = if answer.contains("Retry-After") { 2 } else { 1 };
        assert_eq!(peer.log().len(), 2 * tries, "{answer}");
    }
}

#[tokio::test]
async fn slow_down_is_obeyed_once() {
    let peer = Peer::start(|request| match (request.tls, request.count) {
        (false, 1) => {
            Act::raw("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n")
        }
        (false, _) => redirect(301, "https://a.test/"),
        (true, _) => Act::raw("HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"),
    })
    .await;
    let net = Net::without_resolver(options(&peer));
    let start = Instant::now();
    let (_, http) = observe(&net, Www::No).await;
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(peer.log(), ["http a.test /", "http a.test /", "https a.test /", "https a.test /"]);
    assert_eq!(http.upgrade, Attempt::Completed(Upgrade::SameHost));
    assert_eq!(http.hsts, Attempt::failed(Failure::Blocked { status: 503, by: None }));
    assert_eq!(http.https_reachable, Attempt::Completed(true));
}

#[tokio::test]
async fn whoever_wants_an_hour_is_left_alone() {
    let peer = Peer::start(|request| match request.place() {
        ("http", ..) => redirect(301, "https://a.test/"),
        _ => Act::raw("HTTP/1.1 503 Busy\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"),
    })
    .await;
    let start = Instant::now();
    let (_, http) = observe(&Net::without_resolver(options(&peer)), Www::No).await;
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(peer.log(), ["http a.test /", "https a.test /"]);
    assert_eq!(http.upgrade, Attempt::Completed(Upgrade::SameHost));
}

#[tokio::test]
async fn a_reset_is_forgiven_once() {
    let (http, peer) = visit(|request| match (request.tls, request.count) {
        (false, 2) => redirect(301, "https://a.test/"),
        _ => Act::Reset,
    })
    .await;
    assert_eq!(peer.log().len(), 4, "{:?}", peer.log());
    assert_eq!(http.http_reachable, Attempt::Completed(true));
    assert_eq!(http.https_reachable, Attempt::failed(Failure::Reset));
    assert_eq!(http.hsts, Attempt::failed(Failure::Reset));
    assert_eq!(http.cookies, Attempt::failed(Failure::Reset));
    // Where http leads was seen all the same.
    assert_eq!(http.upgrade, Attempt::Completed(Upgrade::SameHost));
    assert_eq!(http.downgrades.completed().unwrap().incomplete, Some(Failure::Reset));
}

#[tokio::test]
async fn what_is_read_is_bounded() {
    let timed_out = Attempt::failed(Failure::TimedOut { during: Phase::Response, after_ms: 2000 });
    let head = "HTTP/1.1 200 OK\r\nX-Frame-Options: DENY\r\n";
    let many: String = (0..150).map(|n| ["X-", &n.to_string(), ": x\r\n"].concat()).collect();
    let cases: Vec<(&str, Act, Attempt<bool>)> = vec![
        (
            "chunked",
            Act::raw(&format!("{head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")),
            Attempt::Completed(true),
        ),
        (
            "cut chunk",
            Act::raw(&format!("{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n")),
            Attempt::Completed(true),
        ),
        ("never-ending body", Act::Forever(format!("{head}\r\n")), Attempt::Completed(true)),
        ("slow body", Act::Hang(format!("{head}Content-Length: 9\r\n\r\nx")), Attempt::Completed(true)),
        ("slow head", Act::Hang(String::from("HTTP/1.1 200 OK\r\nX-Fr")), timed_out),
        ("closed early", Act::raw("HTTP/1.1 200 OK\r\nX-Fr"), Attempt::failed(Failure::Closed)),
        ("no answer", Act::raw(""), Attempt::failed(Failure::Closed)),
        (
            "70 KiB of fields",
            Act::raw(&format!("{head}X-Big: {}\r\n\r\n", "x".repeat(70 * 1024))),
            Attempt::failed(Failure::TooLarge { limit: 65_536 }),
        ),
        (
            "fields past the list",
            Act::raw(&format!("{head}{many}Content-Length: 0\r\n\r\n")),
            Attempt::Completed(true),
        ),
    ];
    let mut running = tokio::task::JoinSet::new();
    for (what, act, expected) in cases {
        running.spawn(async move {
            let peer = Peer::start(move |_| act.clone()).await;
            let options = Options { exchange_timeout: Duration::from_secs(2), ..options(&peer) };
            let (first, http) = observe(&Net::without_resolver(options), Www::No).await;
            let framed = http.frame_options.as_ref().map(Option::is_some);
            assert_eq!(framed, expected, "{what}");
            assert_eq!(http.http_reachable, expected, "{what}");
            assert_eq!(first.observed().https.map(|_| true), expected, "{what}");
            if what == "fields past the list" {
                let fields = first.observed().https.completed().unwrap().fields.clone();
                assert_eq!(fields.items.len(), 100);
                assert_eq!(fields.incomplete, Some(Failure::TooLarge { limit: 100 }));
            }
        });
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
    let (http, _) = visit(|_| Act::raw("SSH-2.0-OpenSSH_9.6\r\n")).await;
    assert!(matches!(http.http_reachable, Attempt::Failed { failed: Failure::Malformed(_) }));
}

#[tokio::test]
async fn a_sites_requests_at_one_address_are_counted_over_all_its_visits() {
    let peer = Peer::start(|request| redirect(302, &format!("{}x", request.path))).await;
    let budgets = Budgets { http_per_job: 5, ..Budgets::default() };
    let (_, http) = observe(&Net::without_resolver(Options { budgets, ..options(&peer) }), Www::Auto).await;
    assert_eq!(peer.log().len(), 5, "{:?}", peer.log());
    assert!(matches!(end(&http.http), Attempt::Failed { failed: Failure::Budget(_) }));
    assert!(matches!(http.upgrade, Attempt::Failed { failed: Failure::Budget(_) }));
}

#[tokio::test]
async fn a_real_nginx() {
    let Some(nginx) = crate::web_lab::Nginx::start().await else {
        println!("skipped: nginx is not installed");
        return;
    };
    let net = Net::without_resolver(nginx.options());
    let (first, http) = observe(&net, Www::Auto).await;
    assert_eq!(http.upgrade, Attempt::Completed(Upgrade::SameHost));
    assert_eq!(end(&http.https), Attempt::Completed(VisitEnd::Document));
    assert_eq!(http.hsts.completed().unwrap().as_ref().unwrap().max_age, Some(63_072_000));
    assert_eq!(
        http.frame_options.completed().unwrap().as_ref().unwrap().policy,
        FrameOptionsPolicy::SameOrigin
    );
    assert_eq!(http.cookies.completed().unwrap().items[0].name, "PHPSESSID");
    let twin = http.www.completed().unwrap().clone().unwrap();
    assert_eq!(end(&twin.https), Attempt::Completed(VisitEnd::Document));
    let fields = first.observed().https.completed().unwrap().fields.items.clone();
    assert!(fields.iter().any(|field| field.name == "Server" && field.value.starts_with("nginx")));
}

/// The same row, leading elsewhere.
fn redirected(row: &khien::target::ConnectTo, to: std::net::SocketAddr) -> khien::target::ConnectTo {
    khien::target::ConnectTo::new(row.host.clone(), row.port, to)
}
