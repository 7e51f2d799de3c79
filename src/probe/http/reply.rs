//! A response as it came, in memory only: the redacted form that may be stored is made in `answer`.

use std::{borrow::Cow, fmt, net::IpAddr};

use crate::{
    observation::Failure,
    wire::{
        field::{Field, values},
        http1::Response,
        url::{HttpUrl, UrlError},
    },
};

use super::blocked::{self, Front};

/// One response to one of our requests. Its `Debug` shows nothing that a server may have meant for one visitor alone.
pub struct Reply {
    pub(super) url: HttpUrl,
    pub(super) address: IpAddr,
    pub(super) status: u16,
    pub(super) fields: Vec<Field>,
    /// The page is not the site's but stands in front of it.
    pub(super) blocked: Option<Front>,
}

impl Reply {
    /// Keeps the head; the body is only looked at.
    pub(super) fn new(url: HttpUrl, address: IpAddr, response: Response) -> Self {
        let blocked = blocked::recognise(&response.head, &response.body);
        Self { url, address, status: response.head.status, fields: response.head.fields, blocked }
    }

    /// The values of all fields of this name, in the order sent.
    pub(super) fn values<'r>(&'r self, name: &str) -> impl Iterator<Item = Cow<'r, str>> {
        values(&self.fields, name)
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
            .finish()
    }
}
