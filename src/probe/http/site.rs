//! The site as a visitor meets it: which answer each fact is taken from, and what to say where there is none.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::{
    net::Net,
    observation::{
        Attempt, Cookie, Failure, Http, Listing, Product, Redirect, SiteName, Skip, VisitEnd, Web, Www,
        limits,
    },
    target,
    wire::url::HttpUrl,
};

use super::{
    FirstAnswers, Reply, content, difference, injection, no_url, policy, product,
    reach::{self, undecided},
    visit::{Scope, Walk, walk},
    way::Way,
    web,
};

/// What a site's visits need.
#[derive(Clone, Copy)]
pub struct Visitor<'a> {
    /// The run's network. No lane may be held by the caller.
    pub net: &'a Net,
    /// The site.
    pub site: &'a SiteName,
    /// What the inventory says of the `www` twin.
    pub www: target::Www,
    /// Whether a host (A-labels, lower case, no trailing dot) is in the inventory and not excluded: redirects there
    /// are followed, others are recorded alone.
    pub inventory: &'a (dyn Fn(&str) -> bool + Send + Sync),
    /// What each address of the site answered first, in the order of addresses.
    pub endpoints: &'a [FirstAnswers],
}

/// Visits the site from `http://` and `https://`, and its `www` twin likewise. First answers come from the endpoints;
/// what they answered is not asked again. An ordinary site costs no further request, its twin two.
pub async fn site(visitor: &Visitor<'_>) -> Http {
    observe(visitor, None).await.0
}

/// The same, and the facts of its pages: up to eight requests more. `at` is the time of the observation.
pub async fn site_with_pages(visitor: &Visitor<'_>, at: Timestamp) -> (Http, Attempt<Web>) {
    observe(visitor, Some(at)).await
}

async fn observe(visitor: &Visitor<'_>, pages: Option<Timestamp>) -> (Http, Attempt<Web>) {
    let SiteName { host, port } = visitor.site;
    let twin = twin(host).filter(|_| visitor.www != target::Www::No);
    let own: Vec<String> = std::iter::once(host.clone()).chain(twin.clone()).collect();
    let scope = Scope { own: &own, inventory: visitor.inventory };
    let mut way = way(visitor);

    let http = visit(&mut way, &scope, HttpUrl::root(false, host, 80)).await;
    let https = visit(&mut way, &scope, HttpUrl::root(true, host, *port)).await;
    let twin = match twin {
        Some(twin) => visit_twin(&mut way, &scope, twin, *port).await,
        None => Attempt::Completed(None),
    };
    let reachable = reach::https(visitor.endpoints);
    let port_80 = reach::http(visitor.endpoints);
    let document = document(&https, &reachable);
    let (web, missing) = match pages {
        Some(at) => {
            let (mut web, missing, newest) =
                web::web(&mut way, &scope, visitor.site, &document, &http, at).await;
            way.leave();
            web.injection =
                injection::observe(visitor.net, &scope, &document, &newest, || fresh(visitor)).await;
            (Attempt::Completed(web), missing)
        }
        None => (Attempt::skipped(Skip::NotRequested), None),
    };
    let first = https.completed().and_then(Walk::first);
    let h2 = match first {
        // whoever asks to be left alone is
        Some(Reply { status: 429 | 503, .. }) => Attempt::skipped(Skip::DoesNotApply),
        Some(first) => way.over_http2(first).await,
        None => https.as_ref().map(|_| None),
    };
    way.leave();
    let walks: Vec<&Attempt<Walk>> = [&http, &https]
        .into_iter()
        .chain(twin.completed().into_iter().flatten().flat_map(|twin| [&twin.http, &twin.https]))
        .collect();
    let products = products(&https, &walks, &scope, &document, missing.as_deref());
    let http = Http {
        products,
        h2,
        alt_svc: document.as_ref().map(|reply| content::alternatives(reply)),
        upgrade: reach::upgrade(&http, &port_80),
        downgrades: downgrades(&walks, twin_failure(&twin)),
        hsts: hsts(&https, &reachable),
        frame_options: document.as_ref().map(|reply| content::frame_options(reply)),
        frame_ancestors: document.as_ref().and_then(|reply| content::frame_ancestors(reply)),
        content_type_options: document.as_ref().map(|reply| content::content_type_options(reply)),
        referrer_policy: document.as_ref().map(|reply| content::referrer_policy(reply)),
        csp: document.as_ref().and_then(|reply| policy::csp(reply)),
        permissions_policy: document.as_ref().map(|reply| policy::permissions(reply)),
        opener_policy: document.as_ref().map(|reply| policy::opener(reply)),
        embedder_policy: document.as_ref().map(|reply| policy::embedder(reply)),
        resource_policy: document.as_ref().map(|reply| policy::resource(reply)),
        content_type: document.as_ref().map(|reply| policy::content_type(reply)),
        address_differences: difference::differences(visitor.endpoints),
        cookies: cookies(&https, &reachable, &walks, twin_failure(&twin), &scope),
        https_reachable: reachable,
        http_reachable: port_80,
        http: http.as_ref().map(Walk::observed),
        https: https.as_ref().map(Walk::observed),
        www: twin.as_ref().map(|twin| twin.as_ref().map(Twin::observed)),
    };
    (http, web)
}

/// The visits of the `www` twin.
struct Twin {
    host: String,
    http: Attempt<Walk>,
    https: Attempt<Walk>,
}

impl Twin {
    fn observed(&self) -> Www {
        Www {
            host: self.host.clone(),
            http: self.http.as_ref().map(Walk::observed),
            https: self.https.as_ref().map(Walk::observed),
        }
    }
}

/// `www.host`, or the host without its `www.` where a name of at least two labels remains.
fn twin(host: &str) -> Option<String> {
    if host.parse::<IpAddr>().is_ok() {
        return None;
    }
    match host.strip_prefix("www.") {
        Some(bare) => bare.contains('.').then(|| bare.to_owned()),
        None => Some(format!("www.{host}")),
    }
}

/// A way to this site that knows its addresses and no answers.
fn fresh<'a>(visitor: &Visitor<'a>) -> Way<'a> {
    let mut way = Way::new(visitor.net);
    way.settle(&visitor.site.host, order(visitor).iter().map(|answers| answers.address).collect());
    way
}

/// Addresses that answer come first: a visitor's browser would end there too.
fn order<'a>(visitor: &Visitor<'a>) -> Vec<&'a FirstAnswers> {
    let mut order: Vec<&FirstAnswers> = visitor.endpoints.iter().collect();
    order.sort_by_key(|answers| (answers.https.completed().is_none(), answers.http.completed().is_none()));
    order
}

/// The way of this site's visits, with all that its endpoints told.
fn way<'a>(visitor: &Visitor<'a>) -> Way<'a> {
    let SiteName { host, port } = visitor.site;
    let mut way = fresh(visitor);
    for answers in visitor.endpoints {
        way.count(answers.address, answers.requests);
    }
    if let Ok(url) = HttpUrl::root(false, host, 80) {
        way.learn(url, reach::first(visitor.endpoints, |answers| &answers.http));
    }
    if let Ok(url) = HttpUrl::root(true, host, *port) {
        way.learn(url, reach::first(visitor.endpoints, |answers| &answers.https));
    }
    way
}

async fn visit(
    way: &mut Way<'_>,
    scope: &Scope<'_>,
    start: Result<HttpUrl, crate::wire::url::UrlError>,
) -> Attempt<Walk> {
    match start {
        Ok(start) => walk(way, scope, &start).await,
        Err(error) => no_url(&error),
    }
}

/// Absent where the twin has no address.
async fn visit_twin(way: &mut Way<'_>, scope: &Scope<'_>, host: String, port: u16) -> Attempt<Option<Twin>> {
    match way.addresses(&host, port).await {
        Attempt::Completed(_) => {}
        Attempt::Failed { failed: Failure::NoAddress } => return Attempt::Completed(None),
        Attempt::Failed { failed } => return Attempt::failed(failed),
        Attempt::Skipped { skipped } => return Attempt::skipped(skipped),
    }
    let http = visit(way, scope, HttpUrl::root(false, &host, 80)).await;
    let https = visit(way, scope, HttpUrl::root(true, &host, port)).await;
    Attempt::Completed(Some(Twin { host, http, https }))
}

/// Why it is not known what the twin does.
fn twin_failure(twin: &Attempt<Option<Twin>>) -> Option<Failure> {
    undecided(&twin.as_ref().map(|_| ()))
}

/// The document that the https visit ends with.
fn document<'w>(https: &'w Attempt<Walk>, reachable: &Attempt<bool>) -> Attempt<&'w Reply> {
    if reachable.completed() == Some(&false) {
        return Attempt::skipped(Skip::DoesNotApply);
    }
    let walk = match https {
        Attempt::Completed(walk) => walk,
        Attempt::Failed { failed } => return Attempt::failed(failed.clone()),
        Attempt::Skipped { skipped } => return Attempt::skipped(*skipped),
    };
    walk.end.as_ref().and_then(|end| match (end, walk.last()) {
        (VisitEnd::LeftInventory, _) => Attempt::skipped(Skip::OutsideInventory),
        (VisitEnd::Document, Some(last)) => match last.failure() {
            Some(blocked) => Attempt::failed(blocked),
            // It went back to http: there is no https document.
            None if !last.url.is_https() => Attempt::skipped(Skip::DoesNotApply),
            None => Attempt::Completed(last),
        },
        _ => Attempt::skipped(Skip::DoesNotApply),
    })
}

/// Of the first answer, whatever comes after it. A page that stands in front of the site proves what it has, not what
/// it lacks.
fn hsts(https: &Attempt<Walk>, reachable: &Attempt<bool>) -> Attempt<Option<crate::observation::Hsts>> {
    if reachable.completed() == Some(&false) {
        return Attempt::skipped(Skip::DoesNotApply);
    }
    https.as_ref().and_then(|walk| {
        let first = walk.first();
        match (first.and_then(content::hsts), first.and_then(Reply::failure)) {
            (None, Some(blocked)) => Attempt::failed(blocked),
            (found, _) => Attempt::Completed(found),
        }
    })
}

/// Of every answer of the site's own hosts, pages in front of it left out.
fn products(
    https: &Attempt<Walk>,
    walks: &[&Attempt<Walk>],
    scope: &Scope<'_>,
    document: &Attempt<&Reply>,
    missing: Option<&Reply>,
) -> Attempt<Listing<Product>> {
    let hops = walks.iter().filter_map(|walk| walk.completed()).flat_map(|walk| &walk.hops);
    let own = hops.map(AsRef::as_ref).filter(|reply: &&Reply| scope.owns(&reply.url));
    // the site's own pages before what may stand in front of it
    let mut answers: Vec<&Reply> = own.collect();
    answers.sort_by_key(|reply| (reply.blocked.is_some(), !reply.url.is_https()));
    let page = document.completed().and_then(|reply| reply.page());
    product::products(https, &product::Seen { answers, page, missing })
}

fn downgrades(walks: &[&Attempt<Walk>], twin: Option<Failure>) -> Attempt<Listing<Redirect>> {
    let [http, https, ..] = walks else { return Attempt::Completed(Listing::default()) };
    if let (None, None) = (http.completed(), https.completed()) {
        return https.as_ref().map(|_| Listing::default());
    }
    let mut found: Vec<Redirect> = Vec::new();
    for redirect in walks.iter().filter_map(|walk| walk.completed()).flat_map(Walk::downgrades) {
        if !found.contains(&redirect) {
            found.push(redirect);
        }
    }
    let mut listing = Listing::capped(found, limits::HOPS);
    listing.incomplete = listing.incomplete.or_else(|| unseen(walks)).or(twin);
    Attempt::Completed(listing)
}

fn cookies(
    https: &Attempt<Walk>,
    reachable: &Attempt<bool>,
    walks: &[&Attempt<Walk>],
    twin: Option<Failure>,
    scope: &Scope<'_>,
) -> Attempt<Listing<Cookie>> {
    if reachable.completed() == Some(&false) {
        return Attempt::skipped(Skip::DoesNotApply);
    }
    https.as_ref().and_then(|walk| {
        if let Some(blocked) = walk.last().and_then(Reply::failure) {
            return Attempt::failed(blocked);
        }
        let mut found: Vec<Cookie> = Vec::new();
        let hops = walks.iter().filter_map(|walk| walk.completed()).flat_map(|walk| &walk.hops);
        for reply in hops {
            if !reply.url.is_https() || !scope.owns(&reply.url) || reply.blocked.is_some() {
                continue;
            }
            // The same page may be met on several visits, and a value's length may differ each time.
            for cookie in content::cookies(reply) {
                let same =
                    |other: &Cookie| Cookie { value_length: cookie.value_length, ..other.clone() } == cookie;
                if !found.iter().any(same) {
                    found.push(cookie);
                }
            }
        }
        let mut listing = Listing::capped(found, limits::COOKIES);
        listing.incomplete = listing.incomplete.or_else(|| unseen(walks)).or(twin);
        Attempt::Completed(listing)
    })
}

/// Why there may have been more answers than the visits saw.
fn unseen(walks: &[&Attempt<Walk>]) -> Option<Failure> {
    walks.iter().find_map(|walk| match walk {
        Attempt::Completed(walk) => undecided(&walk.end).or_else(|| walk.last().and_then(Reply::failure)),
        other => undecided(&other.as_ref()),
    })
}
