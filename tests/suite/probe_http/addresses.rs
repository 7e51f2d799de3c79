//! Which ports, addresses and names of a site answer, and what is made of those that do not.

use super::*;

#[tokio::test]
async fn closed_and_foreign_ports() {
    // Nothing listens on port 80.
    let peer = Peer::start(|_| ok()).await;
    let mut closed = options(&peer);
    closed.connect_to[0] = redirected(&closed.connect_to[0], crate::web_lab::closed().await);
    let (_, http) = observe(&Net::without_resolver(closed), Www::No).await;
    assert_eq!(http.http_reachable, Attempt::Completed(false));
    assert_eq!(http.upgrade, Attempt::Completed(Upgrade::PortClosed));
    assert_eq!(http.http.as_ref().map(|_| ()), Attempt::failed(Failure::Refused));
    assert_eq!(http.frame_options, Attempt::Completed(None));
    assert_eq!(http.downgrades.completed().unwrap().incomplete, None);

    // Nothing listens on port 443, or plain HTTP does: there is no HTTPS.
    for (to, failure) in [(crate::web_lab::closed().await, Failure::Refused), (peer.http, Failure::NotTls)] {
        let mut options = options(&peer);
        options.connect_to[1] = redirected(&options.connect_to[1], to);
        let (_, http) = observe(&Net::without_resolver(options), Www::No).await;
        assert_eq!(http.https_reachable, Attempt::Completed(false), "{failure}");
        assert_eq!(http.upgrade, Attempt::Completed(Upgrade::Never));
        assert_eq!(http.https.as_ref().map(|_| ()), Attempt::failed(failure));
        assert_eq!(http.hsts, Attempt::skipped(Skip::DoesNotApply));
        assert_eq!(http.cookies.as_ref().map(|_| ()), Attempt::skipped(Skip::DoesNotApply));
    }

    // Nothing listens at all: whether there is HTTPS was not seen.
    let mut dead = options(&peer);
    let nobody = crate::web_lab::closed().await;
    dead.connect_to.iter_mut().for_each(|row| *row = redirected(row, nobody));
    let (_, http) = observe(&Net::without_resolver(dead), Www::No).await;
    assert_eq!(http.https_reachable, Attempt::failed(Failure::Refused));
    assert_eq!(http.http_reachable, Attempt::Completed(false));
    assert_eq!(http.downgrades.as_ref().map(|_| ()), Attempt::failed(Failure::Refused));

    // The address may not be dialled.
    let refused = Options { allow_private: false, ..options(&peer) };
    let (_, http) = observe(&Net::without_resolver(refused), Www::No).await;
    assert_eq!(http.https_reachable, Attempt::skipped(Skip::ForbiddenAddress));
    assert_eq!(http.hsts, Attempt::skipped(Skip::ForbiddenAddress));
    assert_eq!(http.upgrade, Attempt::skipped(Skip::ForbiddenAddress));
}

/// Of three addresses one is dead, one has only http and one only https: a visitor still gets through.
#[tokio::test]
async fn a_visit_goes_where_an_address_answers() {
    let script = |request: &Request| match (request.tls, request.path.as_str()) {
        (false, _) => redirect(301, "https://a.test/deep"),
        (true, "/") => redirect(302, "/home"),
        (true, _) => with(&[("X-Frame-Options", "DENY")]),
    };
    let (http, https) =
        (Peer::start_at("127.0.0.3", script).await, Peer::start_at("127.0.0.4", script).await);
    // Where only http is served, the https port hangs up.
    let rude = tokio::net::TcpListener::bind(("127.0.0.3", https.https.port())).await.unwrap();
    tokio::spawn(async move { while rude.accept().await.is_ok() {} });
    let net = Net::without_resolver(Options {
        connect_to: Vec::new(),
        port_map: [(80, http.http.port()), (443, https.https.port())].into(),
        ..options(&http)
    });
    let name = site_name("a.test");
    let mut endpoints = Vec::new();
    for address in ["127.0.0.2", "127.0.0.3", "127.0.0.4"] {
        let lane = net.lane(address.parse().unwrap()).await.unwrap();
        endpoints.push(endpoint(&net, &lane, &name).await);
    }
    let visitor =
        Visitor { net: &net, site: &name, www: Www::No, inventory: &|_| false, endpoints: &endpoints };
    let seen = site(&visitor).await;
    assert_eq!(seen.http_reachable, Attempt::Completed(true));
    assert_eq!(seen.https_reachable, Attempt::Completed(true));
    assert_eq!(seen.upgrade, Attempt::Completed(Upgrade::SameHost));
    let path: Vec<(String, String)> = [&seen.http, &seen.https]
        .into_iter()
        .flat_map(|visit| visit.completed().unwrap().hops.clone())
        .map(|hop| (hop.address.to_string(), hop.url))
        .collect();
    let hop = |address: &str, url: &str| (address.to_owned(), url.to_owned());
    assert_eq!(
        path,
        [
            hop("127.0.0.3", "http://a.test/"),
            hop("127.0.0.4", "https://a.test/deep"),
            hop("127.0.0.4", "https://a.test/"),
            hop("127.0.0.4", "https://a.test/home"),
        ]
    );
}

#[tokio::test]
async fn the_twin_is_visited_where_it_is_the_sites() {
    let script = |request: &Request| match request.place() {
        ("http", "a.test" | "www.a.test", _) | ("https", "a.test", _) => redirect(301, "https://www.a.test/"),
        ("https", "www.a.test", _) => with(&[("Set-Cookie", "PHPSESSID=x"), ("X-Frame-Options", "DENY")]),
        other => unreachable!("{other:?} is nobody's"),
    };
    let peer = Peer::start(script).await;
    let (_, http) = observe(&Net::without_resolver(options(&peer)), Www::Auto).await;
    assert_eq!(peer.log(), ["http a.test /", "https a.test /", "https www.a.test /", "http www.a.test /"]);
    assert_eq!(http.upgrade, Attempt::Completed(Upgrade::OtherHost));
    assert_eq!(http.frame_options.as_ref().map(Option::is_some), Attempt::Completed(true));
    let twin = http.www.completed().unwrap().clone().unwrap();
    assert_eq!(twin.host, "www.a.test");
    assert_eq!(end(&twin.http), Attempt::Completed(VisitEnd::Document));
    assert_eq!(end(&twin.https), Attempt::Completed(VisitEnd::Document));
    let cookies = http.cookies.completed().unwrap();
    assert_eq!((cookies.items.len(), cookies.items[0].host.as_str()), (1, "www.a.test"));

    // The same twin, declared another's: a redirect there leaves the inventory.
    let peer = Peer::start(script).await;
    let (_, http) = observe(&Net::without_resolver(options(&peer)), Www::No).await;
    assert_eq!(end(&http.https), Attempt::Completed(VisitEnd::LeftInventory));
    assert_eq!(http.www, Attempt::Completed(None));
    assert_eq!(http.upgrade, Attempt::Completed(Upgrade::OtherHost));
}
