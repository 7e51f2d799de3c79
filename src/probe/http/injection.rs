//! Pages that were planted in a site for search engines: the same URLs as a browser, as one that comes from a search
//! engine, and as its crawler. Only where the authorisation covers other names of ours; what is found is a suspicion
//! for a human to look at, and judges nobody.

use std::collections::BTreeSet;

use crate::{
    net::Net,
    observation::{Attempt, Failure, Injection, Listing, Skip, Suspect, View, VisitEnd, limits},
    probe::failure::cut,
    wire::{html::Target, url::HttpUrl},
};

use super::{
    Reply, answer,
    visit::{Scope, Walk, walk},
    way::{Way, bare},
    words,
};

/// An anchor that is longer is a headline: news of a raid link to other news.
const ANCHOR: usize = 40;
/// Zones where no such page is sold.
const OFFICIAL: &str = "gov.vn";

impl View {
    /// Each still ends in our own name, so that whoever reads a log knows who it was.
    fn agent(self, own: &str) -> String {
        let name = own.split("compatible; ").nth(1).and_then(|rest| rest.strip_suffix(')')).unwrap_or(own);
        match self {
            Self::Browser | Self::SearchReferrer => format!(
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 {name}"
            ),
            Self::Crawler => {
                format!("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html) {name}")
            }
        }
    }

    fn fields(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::SearchReferrer => &[("Referer", "https://www.google.com/")],
            Self::Browser | Self::Crawler => &[],
        }
    }
}

const VIEWS: [View; 3] = [View::Browser, View::SearchReferrer, View::Crawler];

/// What one view of one URL shows.
#[derive(Default)]
struct Shown {
    words: BTreeSet<&'static str>,
    /// Hosts of others that links lead to whose text or address has such a word.
    planted: BTreeSet<String>,
    /// All hosts of others that links lead to.
    outside: BTreeSet<String>,
    /// Where it sends a visitor outside of the site.
    sent_to: Option<String>,
}

/// Asks for at most ten URLs, three times each. `fresh` makes a way to the site that knows no answer yet.
pub(super) async fn observe<'n>(
    net: &'n Net,
    scope: &Scope<'_>,
    document: &Attempt<&Reply>,
    newest: &[HttpUrl],
    fresh: impl Fn() -> Way<'n>,
) -> Attempt<Injection> {
    if !net.options().impersonate {
        return Attempt::skipped(Skip::NotRequested);
    }
    let first = match document {
        Attempt::Completed(reply) => &reply.url,
        Attempt::Failed { failed } => return Attempt::failed(failed.clone()),
        Attempt::Skipped { skipped } => return Attempt::skipped(*skipped),
    };
    let mut urls = vec![first.clone()];
    for url in newest {
        if urls.len() < limits::SUSPECT_URLS && scope.owns(url) && !urls.contains(url) {
            urls.push(url.clone());
        }
    }
    let mut incomplete = None;
    let mut views: Vec<Vec<Option<Shown>>> = Vec::new();
    for view in VIEWS {
        let mut way = fresh().named(view.agent(&net.user_agent()), view.fields());
        let mut seen = Vec::new();
        for url in &urls {
            let shown = walk(&mut way, scope, url).await.and_then(|walk| shown(&walk, scope));
            if let Attempt::Failed { failed } = &shown {
                incomplete.get_or_insert_with(|| failed.clone());
            }
            seen.push(match shown {
                Attempt::Completed(shown) => Some(shown),
                Attempt::Failed { .. } | Attempt::Skipped { .. } => None,
            });
        }
        way.leave();
        views.push(seen);
    }
    let mut suspects = Listing::capped(suspects(&urls, &views), limits::SUSPECTS);
    suspects.incomplete = suspects.incomplete.or(incomplete);
    Attempt::Completed(Injection { looked_at: urls.iter().map(answer::shown).collect(), suspects })
}

fn shown(walk: &Walk, scope: &Scope<'_>) -> Attempt<Shown> {
    let Some(last) = walk.hops.last() else { return Attempt::failed(Failure::NoAddress) };
    if let Some(front) = last.front() {
        return Attempt::failed(front);
    }
    let mut shown = Shown::default();
    if matches!(walk.end, Attempt::Completed(VisitEnd::LeftInventory)) {
        shown.sent_to = last.location().map(|to| bare(to.host()).to_owned());
        return Attempt::Completed(shown);
    }
    let content = match last.read() {
        Attempt::Completed(content) => content,
        other => return other.map(|_| Shown::default()),
    };
    shown.words.extend(&content.words);
    for link in content.page.iter().flat_map(|page| &page.links) {
        let Target::Page(url) = &link.target else { continue };
        let host = bare(url.host());
        let official =
            host == OFFICIAL || host.strip_suffix(OFFICIAL).is_some_and(|rest| rest.ends_with('.'));
        if scope.owns(url) || (scope.inventory)(host) || official {
            continue;
        }
        let in_text = if link.text.chars().count() <= ANCHOR { words::found(&link.text) } else { Vec::new() };
        let in_address = words::found(&format!("{host} {}", url.path()));
        if !in_text.is_empty() || !in_address.is_empty() {
            shown.planted.insert(host.to_owned());
        }
        shown.words.extend(in_text.into_iter().chain(in_address));
        shown.outside.insert(host.to_owned());
    }
    Attempt::Completed(shown)
}

/// A word alone is no suspicion: it takes a link to others that carries one, or a page that is another one for search
/// engines.
fn suspects(urls: &[HttpUrl], views: &[Vec<Option<Shown>>]) -> Vec<Suspect> {
    let mut found = Vec::new();
    for (at, url) in urls.iter().enumerate() {
        let of = |view: usize| views.get(view).and_then(|seen| seen.get(at)).and_then(Option::as_ref);
        let browser = of(0);
        for (number, view) in VIEWS.into_iter().enumerate() {
            let Some(shown) = of(number) else { continue };
            let plain = browser.filter(|_| number > 0);
            let new = |these: &BTreeSet<String>, those: Option<&BTreeSet<String>>| -> BTreeSet<String> {
                these.iter().filter(|one| those.is_none_or(|those| !those.contains(*one))).cloned().collect()
            };
            let planted = new(&shown.planted, plain.map(|plain| &plain.planted));
            let only_here: Vec<&str> = match plain {
                Some(plain) => shown.words.difference(&plain.words).copied().collect(),
                None => Vec::new(),
            };
            let elsewhere = plain.map(|plain| new(&shown.outside, Some(&plain.outside))).unwrap_or_default();
            let sent_to = shown
                .sent_to
                .clone()
                .filter(|to| plain.is_some_and(|plain| plain.sent_to.as_ref() != Some(to)));
            let cloaked = sent_to.is_some() || (!only_here.is_empty() && !elsewhere.is_empty());
            if planted.is_empty() && !cloaked {
                continue;
            }
            let hosts = if planted.is_empty() { elsewhere } else { planted };
            found.push(Suspect {
                url: answer::shown(url),
                view,
                words: shown
                    .words
                    .iter()
                    .take(limits::SUSPECT_WORDS)
                    .map(|word| (*word).to_owned())
                    .collect(),
                hosts: hosts.iter().take(limits::SUSPECT_HOSTS).map(|host| cut(host)).collect(),
                only_here: only_here
                    .iter()
                    .take(limits::SUSPECT_WORDS)
                    .map(|word| (*word).to_owned())
                    .collect(),
                sent_to: sent_to.map(|to| cut(&to)),
            });
        }
    }
    found
}
