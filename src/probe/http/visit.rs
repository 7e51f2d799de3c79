//! One visit: answers from a first URL to where redirects end, as a browser follows them, except that no host outside
//! the inventory is asked.

use std::{collections::HashSet, sync::Arc};

use crate::{
    observation::{Attempt, Redirect, Visit, VisitEnd, limits},
    wire::url::HttpUrl,
};

use super::{
    Reply, answer,
    jar::Jar,
    port,
    way::{Way, bare},
};

/// Whom a visit may ask.
pub(super) struct Scope<'a> {
    /// The site's host and its twin, where it is the site's.
    pub(super) own: &'a [String],
    /// Whether a host is in the inventory.
    pub(super) inventory: &'a (dyn Fn(&str) -> bool + Send + Sync),
}

impl Scope<'_> {
    /// Whether this host is the site's own.
    pub(super) fn owns(&self, url: &HttpUrl) -> bool {
        self.own.iter().any(|host| host == bare(url.host()))
    }

    /// An address instead of a name is nobody's in the inventory.
    fn admits(&self, url: &HttpUrl) -> bool {
        url.address().is_none() && (self.owns(url) || (self.inventory)(bare(url.host())))
    }
}

/// A visit with everything that was really sent.
#[derive(Debug)]
pub(super) struct Walk {
    /// At least one.
    pub(super) hops: Vec<Arc<Reply>>,
    pub(super) end: Attempt<VisitEnd>,
}

/// Follows redirects from the first URL; no visit where that one does not answer.
pub(super) async fn walk(way: &mut Way<'_>, scope: &Scope<'_>, start: &HttpUrl) -> Attempt<Walk> {
    match way.get(start, None).await {
        Attempt::Completed(first) => Attempt::Completed(follow(way, scope, start, first).await),
        Attempt::Failed { failed } => Attempt::failed(failed),
        Attempt::Skipped { skipped } => Attempt::skipped(skipped),
    }
}

async fn follow(way: &mut Way<'_>, scope: &Scope<'_>, start: &HttpUrl, first: Arc<Reply>) -> Walk {
    let mut jar = Jar::default();
    // With other cookies the same URL may answer otherwise, as it does where a site tests whether they are kept.
    let mut asked = HashSet::from([(start.clone(), None)]);
    let mut hops = vec![Arc::clone(&first)];
    let mut last = first;
    let end = loop {
        jar.absorb(&last);
        let target = match last.target() {
            None => break Attempt::Completed(VisitEnd::Document),
            Some(Ok(target)) if !port::is_bad(target.port()) => target,
            Some(_) => break Attempt::Completed(VisitEnd::BadLocation),
        };
        let cookies = jar.for_request(&target);
        if !asked.insert((target.clone(), cookies.clone())) {
            break Attempt::Completed(VisitEnd::Loop);
        }
        if !scope.admits(&target) {
            break Attempt::Completed(VisitEnd::LeftInventory);
        }
        if hops.len() >= limits::HOPS {
            break Attempt::Completed(VisitEnd::TooManyRedirects);
        }
        match way.get(&target, cookies.as_deref()).await {
            Attempt::Completed(reply) => {
                hops.push(Arc::clone(&reply));
                last = reply;
            }
            Attempt::Failed { failed } => break Attempt::failed(failed),
            Attempt::Skipped { skipped } => break Attempt::skipped(skipped),
        }
    };
    Walk { hops, end }
}

impl Walk {
    /// The form that may be stored.
    pub(super) fn observed(&self) -> Visit {
        Visit { hops: self.hops.iter().map(|reply| answer::observed(reply)).collect(), end: self.end.clone() }
    }

    pub(super) fn first(&self) -> Option<&Reply> {
        self.hops.first().map(AsRef::as_ref)
    }

    pub(super) fn last(&self) -> Option<&Reply> {
        self.hops.last().map(AsRef::as_ref)
    }

    /// Redirects from https to http, the one that left the inventory included.
    pub(super) fn downgrades(&self) -> impl Iterator<Item = Redirect> {
        self.hops.iter().filter(|reply| reply.url.is_https()).filter_map(|reply| {
            let to = reply.location().filter(|to| !to.is_https())?;
            Some(Redirect { from: answer::shown(&reply.url), to: answer::shown(&to) })
        })
    }
}
