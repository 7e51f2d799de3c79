//! Files at fixed places beside the page: robots.txt, the sitemap it names, security.txt where it used to stand. Facts
//! of what is there; nothing is fetched because of them here.

use std::sync::Arc;

use crate::{
    observation::{Attempt, Failure, Robots, SecurityTxt, SiteName, Sitemap, Skip, VisitEnd, limits},
    probe::failure::cut,
    wire::{robots, security_txt, url::HttpUrl},
};

use super::{
    Reply, answer, no_url,
    visit::{Scope, walk},
    way::Way,
    web::at_root,
};

/// What was found there.
pub(super) struct Files {
    pub(super) robots: Attempt<Option<Robots>>,
    pub(super) sitemap: Attempt<Option<Sitemap>>,
    pub(super) security_txt_at_top: Attempt<Option<String>>,
    /// The newest pages of the sitemap, newest first; the first sitemap of an index where that is one.
    pub(super) newest: Vec<HttpUrl>,
}

/// Two requests, three where there is no security.txt in its place; redirects are followed.
pub(super) async fn files(
    way: &mut Way<'_>,
    scope: &Scope<'_>,
    site: &SiteName,
    security_txt: &Attempt<Option<SecurityTxt>>,
) -> Files {
    let file = at(way, scope, site, "/robots.txt").await;
    let read =
        file.as_ref().map(|file| file.as_ref().map(|reply| (reply, robots::Robots::parse(octets(reply)))));
    let named = read.completed().and_then(|read| read.as_ref()?.1.sitemaps.first().cloned());
    let sitemap = match named {
        None => at(way, scope, site, "/sitemap.xml").await,
        Some(named) => match at_root(site, "/").and_then(|root| root.resolve(&named)) {
            Ok(url) if scope.owns(&url) => fetch(way, scope, &url).await,
            Ok(_) => Attempt::skipped(Skip::OutsideInventory),
            Err(error) => no_url(&error),
        },
    };
    let security_txt_at_top = match security_txt {
        Attempt::Completed(None) => at(way, scope, site, "/security.txt").await.map(|file| {
            let reply = file?;
            let parsed = security_txt::parse(octets(&reply));
            let is_one = !parsed.faults.contains(&security_txt::Fault::NotTheFormat);
            is_one.then(|| answer::shown(&reply.url))
        }),
        other => other.as_ref().map(|_| None),
    };
    let newest = newest(way, scope, sitemap.completed().and_then(Option::as_ref)).await;
    Files {
        newest,
        robots: read.map(|read| read.map(|(reply, robots)| facts(reply, &robots))),
        sitemap: sitemap.map(|file| file.and_then(|reply| sitemap_facts(&reply))),
        security_txt_at_top,
    }
}

/// Asked for further only where pages may be looked at under other names.
async fn newest(way: &mut Way<'_>, scope: &Scope<'_>, file: Option<&Arc<Reply>>) -> Vec<HttpUrl> {
    let Some(file) = file.filter(|_| way.may_impersonate()) else { return Vec::new() };
    let mut map = robots::Sitemap::parse(octets(file));
    let mut url = file.url.clone();
    if map.is_index {
        let Some(part) = sorted(&map, &url).into_iter().find(|part| scope.owns(part)) else {
            return Vec::new();
        };
        let Attempt::Completed(Some(part)) = fetch(way, scope, &part).await else { return Vec::new() };
        map = robots::Sitemap::parse(octets(&part));
        url.clone_from(&part.url);
    }
    let mut pages = sorted(&map, &url);
    pages.retain(|page| scope.owns(page));
    pages.truncate(limits::SUSPECT_URLS);
    pages
}

/// Places, the latest first; those without a time come last, in the order of the file. RFC 3339 sorts as text, as far as
/// days go.
fn sorted(map: &robots::Sitemap, base: &HttpUrl) -> Vec<HttpUrl> {
    let mut pages: Vec<&robots::Page> = map.pages.iter().collect();
    pages.sort_by(|a, b| b.modified.cmp(&a.modified));
    pages.into_iter().filter_map(|page| base.resolve(&page.location).ok()).collect()
}

fn facts(reply: &Reply, robots: &robots::Robots) -> Robots {
    let sitemaps = robots.sitemaps.iter().take(limits::SITEMAPS);
    Robots {
        url: answer::shown(&reply.url),
        allows_home: robots.allows("*", "/"),
        sitemaps: sitemaps.map(|text| cut(&answer::without_secrets(text))).collect(),
    }
}

fn sitemap_facts(reply: &Reply) -> Option<Sitemap> {
    let map = robots::Sitemap::parse(octets(reply));
    let newest = map.pages.iter().filter_map(|page| page.modified.as_deref()).max().map(cut);
    (!map.pages.is_empty()).then(|| Sitemap {
        url: answer::shown(&reply.url),
        is_index: map.is_index,
        places: u32::try_from(map.pages.len()).unwrap_or(u32::MAX),
        newest,
    })
}

async fn at(
    way: &mut Way<'_>,
    scope: &Scope<'_>,
    site: &SiteName,
    path: &str,
) -> Attempt<Option<Arc<Reply>>> {
    match at_root(site, path) {
        Ok(url) => fetch(way, scope, &url).await,
        Err(error) => no_url(&error),
    }
}

/// The file at this place, redirects followed; absent where there is none, or a page is served for every path.
pub(super) async fn fetch(
    way: &mut Way<'_>,
    scope: &Scope<'_>,
    url: &HttpUrl,
) -> Attempt<Option<Arc<Reply>>> {
    walk(way, scope, url).await.and_then(|walk| {
        let Some(last) = walk.hops.last() else { return Attempt::Completed(None) };
        walk.end.as_ref().and_then(|end| match (end, last.status) {
            (VisitEnd::LeftInventory, _) => Attempt::skipped(Skip::OutsideInventory),
            (VisitEnd::Document, 200) => match (last.failure(), &last.content) {
                (Some(front), _) => Attempt::failed(front),
                (None, Err(failed)) => Attempt::failed(failed.clone()),
                (None, Ok(content)) => Attempt::Completed(content.page.is_none().then(|| Arc::clone(last))),
            },
            (VisitEnd::Document, 403 | 429 | 500..=599) => {
                Attempt::failed(last.failure().unwrap_or(Failure::Blocked { status: last.status, by: None }))
            }
            _ => Attempt::Completed(None),
        })
    })
}

fn octets(reply: &Reply) -> &[u8] {
    reply.content.as_ref().map_or(&[], |content| &content.file)
}
