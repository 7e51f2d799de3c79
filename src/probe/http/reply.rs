//! A response as it came, in memory only: the redacted form that may be stored is made in `answer`.

use std::{borrow::Cow, fmt, net::IpAddr};

use crate::{
    observation::{Attempt, Failure},
    wire::{
        content_coding,
        field::{self, Field, values},
        html::Page,
        http1::{DOCUMENT_LIMIT, Response},
        url::{HttpUrl, UrlError},
    },
};

use super::{
    blocked::{self, Front},
    page::Content,
};

/// One response to one of our requests. Its `Debug` shows nothing that a server may have meant for one visitor alone.
pub struct Reply {
    pub(super) url: HttpUrl,
    pub(super) address: IpAddr,
    pub(super) status: u16,
    pub(super) fields: Vec<Field>,
    /// The page is not the site's but stands in front of it.
    pub(super) blocked: Option<Front>,
    /// What the body holds; failed where it could not be decoded.
    pub(super) content: Result<Content, Failure>,
}

impl Reply {
    /// Keeps the head and what the body holds; the body is forgotten.
    pub(super) fn new(url: HttpUrl, address: IpAddr, response: Response) -> Self {
        let Response { head, body, truncated, cut_short, .. } = response;
        let decoded = content_coding::decode(head.values("content-encoding"), body, DOCUMENT_LIMIT)
            .map_err(|error| Failure::Malformed(error.to_string()));
        let octets = decoded.as_ref().map_or(&[][..], |decoded| &decoded.body);
        let blocked = blocked::recognise(&head, octets);
        let content = decoded.map(|decoded| {
            let cut = truncated || cut_short || decoded.truncated || decoded.broken;
            Content::new(&url, &head, &decoded.body, cut)
        });
        Self { url, address, status: head.status, fields: head.fields, blocked, content }
    }

    /// The values of all fields of this name, in the order sent.
    pub(super) fn values<'r>(&'r self, name: &str) -> impl Iterator<Item = Cow<'r, str>> {
        values(&self.fields, name)
    }

    /// The values of all fields of this name, joined by `, `; empty where there is none.
    pub(super) fn joined(&self, name: &str) -> String {
        field::joined(self.values(name)).unwrap_or_default()
    }

    /// The page, where the body is one that could be read.
    pub(super) fn page(&self) -> Option<&Page> {
        self.content.as_ref().ok().and_then(|content| content.page.as_ref())
    }

    /// What the body holds.
    pub(super) fn read(&self) -> Attempt<&Content> {
        match &self.content {
            Ok(content) => Attempt::Completed(content),
            Err(failed) => Attempt::failed(failed.clone()),
        }
    }

    /// The page of a product in front of the site, or one that tells to come back later: no answer even to a question
    /// for a path that does not exist.
    pub(super) fn front(&self) -> Option<Failure> {
        let product = self.blocked.is_some_and(|front| front.by.is_some());
        self.failure().filter(|_| product || matches!(self.status, 403 | 429 | 502..=504))
    }

    /// Why the page says nothing of the site's content, where another one stands in front of it.
    pub(super) fn failure(&self) -> Option<Failure> {
        self.blocked.map(|front| Failure::Blocked { status: self.status, by: front.by.map(str::to_owned) })
    }

    /// Where it redirects to: the first `Location` of a redirect status (Fetch, "redirect status").
    pub(super) fn target(&self) -> Option<Result<HttpUrl, UrlError>> {
        if !matches!(self.status, 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        self.values("location").next().map(|location| self.url.resolve(&location))
    }

    /// The URL it redirects to, where there is one that can be read.
    pub(super) fn location(&self) -> Option<HttpUrl> {
        self.target().and_then(Result::ok)
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("url", &self.url)
            .field("address", &self.address)
            .field("status", &self.status)
            .field("fields", &self.fields.len())
            .field("blocked", &self.blocked)
            .finish_non_exhaustive()
    }
}
