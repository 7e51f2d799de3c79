//! Facts of a site's pages, and the few fixed requests beside them: security.txt, one path that does not exist, the page
//! again for a foreign origin, a contact page that it links to, robots.txt and a sitemap. Eight requests at most where
//! nothing redirects, over the connection of the page.

use std::{
    collections::{BTreeMap, hash_map::RandomState},
    convert::Infallible,
    hash::{BuildHasher as _, Hasher as _},
    sync::Arc,
};

use jiff::Timestamp;

use crate::{
    observation::{
        Attempt, Contact, Cors, CorsAllowed, ErrorLeak, ExternalResource, Failure, LinkedHost, Listing,
        MixedContent, NonceUse, SecurityTxt, SiteName, Skip, VisitEnd, Web, WebForm, limits,
    },
    probe::failure::cut,
    wire::{
        cors,
        html::{Page, ResourceKind, Target},
        http1::Method,
        security_txt::{self, Fault, Signature},
        sri::{self, Integrity},
        url::{HttpUrl, UrlError},
    },
};

use super::{
    Reply, answer,
    files::{self, Files},
    no_url,
    page::{Content, contact_page},
    policy,
    visit::{Scope, Walk, walk},
    way::{Way, bare},
};

/// An origin that nobody can own (RFC 2606).
const FOREIGN: &str = "https://khien.invalid";

/// What the further requests brought.
struct Beside {
    security_txt: Attempt<Option<SecurityTxt>>,
    missing: Attempt<Arc<Reply>>,
    again: Attempt<Arc<Reply>>,
    preflight: Attempt<Arc<Reply>>,
    contact: Attempt<Option<Contact>>,
    files: Files,
}

impl Beside {
    /// Nothing was asked, for this reason.
    fn unasked(why: &Attempt<Infallible>) -> Self {
        fn same<T>(why: &Attempt<Infallible>) -> Attempt<T> {
            why.as_ref().map(|never| match *never {})
        }
        Self {
            security_txt: same(why),
            missing: same(why),
            again: same(why),
            preflight: same(why),
            contact: same(why),
            files: Files {
                robots: same(why),
                sitemap: same(why),
                security_txt_at_top: same(why),
                newest: Vec::new(),
            },
        }
    }
}

/// Asks what is to be asked beside the document that the https visit ended with, and reads it. Where there is no such
/// document nothing more is asked, for the same reason. Beside it the answer to the path that does not exist, where the
/// site itself gave it, and the newest pages.
pub(super) async fn web(
    way: &mut Way<'_>,
    scope: &Scope<'_>,
    site: &SiteName,
    document: &Attempt<&Reply>,
    http: &Attempt<Walk>,
    at: Timestamp,
) -> (Web, Option<Arc<Reply>>, Vec<HttpUrl>) {
    let beside = beside(way, scope, site, document, at).await;
    let page = document.as_ref().and_then(|reply| page(reply));
    let missing = beside.missing.completed().filter(|reply| reply.front().is_none()).cloned();
    let web = Web {
        page: document.as_ref().and_then(|reply| reply.read().map(|content| is_page(reply, content))),
        title: page.as_ref().map(|page| page.title.as_deref().map(cut)),
        generators: page.as_ref().map(|page| page.generators.iter().map(|text| cut(text)).collect()),
        mixed_content: page.as_ref().map(|page| mixed_content(page)),
        unchecked_resources: both(document, &page).map(|(reply, page)| unchecked(&reply.url, page)),
        forms: both(document, &page).map(|(reply, page)| forms(&reply.url, page, http)),
        linked_hosts: page.as_ref().map(|page| linked_hosts(page, scope)),
        contact: beside.contact,
        directory_listing: document.as_ref().and_then(|reply| reply.read().map(|content| content.listing)),
        security_txt: beside.security_txt,
        cors: shared(&beside.again, &beside.preflight),
        nonce: document.as_ref().and_then(|reply| nonce(reply, &beside.again)),
        shared_cookie_cache: document.as_ref().map(|reply| shared_cookie_cache(reply)),
        error_leak: beside.missing.and_then(|reply| error_leak(&reply)),
        security_txt_at_top: beside.files.security_txt_at_top,
        robots: beside.files.robots,
        injection: Attempt::skipped(Skip::NotRequested),
        sitemap: beside.files.sitemap,
    };
    (web, missing, beside.files.newest)
}

async fn beside(
    way: &mut Way<'_>,
    scope: &Scope<'_>,
    site: &SiteName,
    document: &Attempt<&Reply>,
    at: Timestamp,
) -> Beside {
    let reply = match document {
        Attempt::Completed(reply) => *reply,
        Attempt::Failed { failed } => return Beside::unasked(&Attempt::failed(failed.clone())),
        Attempt::Skipped { skipped } => return Beside::unasked(&Attempt::skipped(*skipped)),
    };
    let origin = [("Origin", FOREIGN)];
    let again = way.ask(&reply.url, Method::Get, &origin).await;
    let asked = [("Origin", FOREIGN), ("Access-Control-Request-Method", "GET")];
    let preflight = way.ask(&reply.url, Method::Options, &asked).await;
    let missing = match at_root(site, &format!("/khien-{:016x}", RandomState::new().build_hasher().finish()))
    {
        Ok(url) => way.ask(&url, Method::Get, &[]).await,
        Err(error) => no_url(&error),
    };
    let security_txt = match at_root(site, "/.well-known/security.txt") {
        Ok(url) => walk(way, scope, &url).await.and_then(|walk| read_security_txt(&url, &walk, at)),
        Err(error) => no_url(&error),
    };
    let files = files::files(way, scope, site, &security_txt).await;
    Beside { security_txt, missing, again, preflight, contact: contact(way, scope, reply).await, files }
}

pub(super) fn at_root(site: &SiteName, path: &str) -> Result<HttpUrl, UrlError> {
    HttpUrl::root(true, &site.host, site.port).and_then(|root| root.resolve(path))
}

/// The page; a body that is none, or stands behind a login, has no such facts.
fn page(reply: &Reply) -> Attempt<&Page> {
    reply.read().and_then(|content| match &content.page {
        Some(page) if is_page(reply, content) => Attempt::Completed(page),
        _ => Attempt::skipped(Skip::DoesNotApply),
    })
}

fn is_page(reply: &Reply, content: &Content) -> bool {
    content.page.is_some() && reply.status != 401
}

fn both<'r>(document: &Attempt<&'r Reply>, page: &Attempt<&'r Page>) -> Attempt<(&'r Reply, &'r Page)> {
    document.as_ref().and_then(|reply| page.as_ref().map(|page| (*reply, *page)))
}

/// Lists of a page that was not read to its end may lack some.
fn listed<T>(page: &Page, items: impl IntoIterator<Item = T>, limit: usize) -> Listing<T> {
    let mut listing = Listing::capped(items, limit);
    if page.cut_short && listing.incomplete.is_none() {
        listing.incomplete = Some(Failure::TooLarge { limit: crate::wire::http1::DOCUMENT_LIMIT as u64 });
    }
    listing
}

fn mixed_content(page: &Page) -> Listing<MixedContent> {
    let mut found: Vec<MixedContent> = Vec::new();
    for resource in page.resources.iter().filter(|resource| !resource.url.is_https()) {
        let item = MixedContent {
            kind: resource.kind.name().to_owned(),
            url: answer::shown(&resource.url),
            active: !matches!(resource.kind, ResourceKind::Image | ResourceKind::Media),
        };
        if !found.contains(&item) {
            found.push(item);
        }
    }
    // what could change the page comes first, so that a limit does not hide it
    found.sort_by_key(|item| !item.active);
    listed(page, found, limits::RESOURCES)
}

fn unchecked(document: &HttpUrl, page: &Page) -> Listing<ExternalResource> {
    let mut found: Vec<ExternalResource> = Vec::new();
    for resource in &page.resources {
        let checked =
            resource.integrity.as_deref().is_some_and(|text| sri::parse(text) != Integrity::Ignored);
        let can = matches!(resource.kind, ResourceKind::Script | ResourceKind::Style);
        if !can || checked || resource.url.same_origin(document) {
            continue;
        }
        let item =
            ExternalResource { kind: resource.kind.name().to_owned(), url: answer::shown(&resource.url) };
        if !found.contains(&item) {
            found.push(item);
        }
    }
    listed(page, found, limits::RESOURCES)
}

/// Forms of the https page, and of the page that a visitor of `http://` is left with.
fn forms(document: &HttpUrl, page: &Page, http: &Attempt<Walk>) -> Listing<WebForm> {
    let plain = http.completed().and_then(|walk| {
        let last = walk.last().filter(|last| !last.url.is_https() && last.failure().is_none())?;
        let ended = matches!(walk.end, Attempt::Completed(VisitEnd::Document));
        Some((&last.url, last.page()?)).filter(|_| ended)
    });
    let mut found: Vec<WebForm> = Vec::new();
    for (url, page) in plain.into_iter().chain([(document, page)]) {
        for form in &page.forms {
            let sends = form.action.as_ref().is_some_and(|action| !action.is_https());
            let item = WebForm {
                page: answer::shown(url),
                action: form.action.as_ref().map(answer::shown),
                password: form.password,
                // a search box of a plain page leaks nothing that the page itself does not
                plain: if url.is_https() { sends } else { form.password },
            };
            if !found.contains(&item) {
                found.push(item);
            }
        }
    }
    found.sort_by_key(|form| (!form.plain, !form.password));
    listed(page, found, limits::FORMS)
}

fn linked_hosts(page: &Page, scope: &Scope<'_>) -> Listing<LinkedHost> {
    let mut hosts: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    let links = page.links.iter().filter_map(|link| match &link.target {
        Target::Page(url) => Some((url, true)),
        Target::Contact(_) => None,
    });
    let resources = page.resources.iter().map(|resource| (&resource.url, false));
    for (url, is_link) in links.chain(resources).filter(|(url, _)| !scope.owns(url)) {
        let counts = hosts.entry(bare(url.host()).to_owned()).or_default();
        if is_link {
            counts.0 += 1;
        } else {
            counts.1 += 1;
        }
    }
    let items =
        hosts.into_iter().map(|(host, (links, resources))| LinkedHost { host: cut(&host), links, resources });
    listed(page, items, limits::LINKED_HOSTS)
}

/// On the page, else on the contact page it links to, where that is the site's own.
async fn contact(way: &mut Way<'_>, scope: &Scope<'_>, reply: &Reply) -> Attempt<Option<Contact>> {
    let found = |reply: &Reply| {
        let text = reply.content.as_ref().ok()?.contact.clone()?;
        Some(Contact { page: answer::shown(&reply.url), text: cut(&text) })
    };
    if let Some(contact) = found(reply) {
        return Attempt::Completed(Some(contact));
    }
    let url = match page(reply) {
        Attempt::Completed(page) => contact_page(page).filter(|url| scope.owns(url)),
        other => return other.map(|_| None),
    };
    let Some(url) = url else { return Attempt::Completed(None) };
    way.get(url, None).await.and_then(|reply| match reply.failure() {
        Some(failed) => Attempt::failed(failed),
        None => Attempt::Completed(found(&reply)),
    })
}

fn read_security_txt(asked: &HttpUrl, walk: &Walk, at: Timestamp) -> Attempt<Option<SecurityTxt>> {
    walk.end.as_ref().and_then(|end| {
        let Some(last) = walk.last() else { return Attempt::Completed(None) };
        match (end, last.status) {
            (VisitEnd::LeftInventory, _) => return Attempt::skipped(Skip::OutsideInventory),
            (VisitEnd::Document, 200) => {}
            (VisitEnd::Document, 403 | 429 | 500..=599) => {
                return Attempt::failed(
                    last.failure().unwrap_or(Failure::Blocked { status: last.status, by: None }),
                );
            }
            _ => return Attempt::Completed(None),
        }
        if let Some(front) = last.failure() {
            return Attempt::failed(front);
        }
        last.read().map(|content| security_txt(asked, last, content, at))
    })
}

/// The file and where it breaks the RFC, or what of it the RFC asks of the place where it stands.
fn security_txt(asked: &HttpUrl, last: &Reply, content: &Content, at: Timestamp) -> Option<SecurityTxt> {
    // a page that is served for every path is no file
    if content.page.is_some() {
        return None;
    }
    let file = security_txt::parse(&content.file);
    if file.faults.contains(&Fault::NotTheFormat) {
        return None;
    }
    let mut faults: Vec<String> = file.faults.iter().map(|fault| fault.name().to_owned()).collect();
    let kind = content.kind.as_ref();
    let plain = kind.is_some_and(|kind| {
        let charset = kind.parameter("charset");
        kind.essence == "text/plain" && charset.is_none_or(|name| name.eq_ignore_ascii_case("utf-8"))
    });
    let canonical = |url: &String| HttpUrl::parse(url).is_ok_and(|url| url == *asked || url == last.url);
    let expired = file.expires.is_some_and(|expires| expires <= at);
    for (wrong, fault) in [
        (!last.url.is_https(), "not_https"),
        (!plain, "content_type"),
        (!file.canonical.is_empty() && !file.canonical.iter().any(canonical), "not_canonical"),
        (expired, "expired"),
    ] {
        if wrong {
            faults.push(fault.to_owned());
        }
    }
    faults.truncate(limits::SECURITY_TXT);
    let days = |expires: Timestamp| (expires.as_second() - at.as_second()).div_euclid(86_400);
    Some(SecurityTxt {
        url: answer::shown(&last.url),
        valid: faults.is_empty(),
        faults,
        contacts: file.contacts.iter().take(limits::SECURITY_TXT).map(|text| cut(text)).collect(),
        days_left: file.expires.map(days),
        signed: file.signature == Signature::Present,
    })
}

/// What the answer to a foreign origin shares, else what its preflight would.
fn shared(again: &Attempt<Arc<Reply>>, preflight: &Attempt<Arc<Reply>>) -> Attempt<Option<Cors>> {
    let read = |reply: &Reply| {
        let read = cors::from_fields(
            reply.values("access-control-allow-origin"),
            reply.values("access-control-allow-credentials"),
            FOREIGN,
        )?;
        Some(Cors {
            url: answer::shown(&reply.url),
            allow_origin: cut(&read.allow_origin),
            allowed: match read.allowed {
                cors::Allowed::Any => CorsAllowed::Any,
                cors::Allowed::Asker => CorsAllowed::Asker,
                cors::Allowed::Null => CorsAllowed::Null,
                cors::Allowed::Other => CorsAllowed::Other,
            },
            credentials: read.credentials,
        })
    };
    if let Some(found) = again.completed().and_then(|reply| read(reply)) {
        return Attempt::Completed(Some(found));
    }
    again.as_ref().and_then(|reply| match reply.failure() {
        Some(blocked) => Attempt::failed(blocked),
        // that a server does not know OPTIONS is an answer
        None => Attempt::Completed(preflight.completed().and_then(|reply| read(reply))),
    })
}

fn nonce(reply: &Reply, again: &Attempt<Arc<Reply>>) -> Attempt<Option<NonceUse>> {
    let first = policy::nonces(reply);
    if first.is_empty() {
        return Attempt::Completed(None);
    }
    again.as_ref().and_then(|again| {
        if let Some(blocked) = again.failure() {
            return Attempt::failed(blocked);
        }
        let reused = policy::nonces(again).iter().any(|nonce| first.contains(nonce));
        Attempt::Completed(Some(NonceUse { reused }))
    })
}

/// Explicit freshness for shared caches (RFC 9111 section 3): `Set-Cookie` alone does not keep a page out of them.
fn shared_cookie_cache(reply: &Reply) -> Option<String> {
    reply.fields.iter().find(|field| field.is("set-cookie"))?;
    let raw = reply.joined("cache-control");
    let directives: Vec<String> = raw.split(',').map(|part| part.trim().to_ascii_lowercase()).collect();
    let has = |name: &str| directives.iter().any(|directive| directive.split('=').next() == Some(name));
    let seconds = |name: &str| {
        directives.iter().find_map(|directive| {
            let (known, value) = directive.split_once('=')?;
            (known.trim() == name).then(|| value.trim_matches(['"', ' ']).parse::<u64>().ok())?
        })
    };
    let fresh = seconds("s-maxage").or_else(|| seconds("max-age"));
    let kept = has("public") && fresh != Some(0) || fresh.is_some_and(|seconds| seconds > 0);
    let kept_out = has("no-store") || has("private") || has("no-cache");
    (kept && !kept_out).then(|| cut(&raw))
}

fn error_leak(reply: &Reply) -> Attempt<Option<ErrorLeak>> {
    if let Some(front) = reply.front() {
        return Attempt::failed(front);
    }
    reply
        .read()
        .map(|content| content.leak.map(|what| ErrorLeak { what: what.to_owned(), status: reply.status }))
}
