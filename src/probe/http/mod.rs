//! HTTP as a visitor meets it: the first answers of each address, then visits with redirects followed, then a few fixed
//! requests beside the page. Bodies are read and forgotten; nothing here says good or bad.
//!
//! Order: [`endpoint`] once per address, inside the address's lane; then, with no lane held, [`site`](site()) or
//! [`site_with_pages`] once per site.

mod answer;
mod blocked;
mod content;
mod difference;
mod exchange;
mod files;
mod h2;
mod injection;
mod jar;
mod page;
mod policy;
mod port;
mod product;
mod reach;
mod reply;
mod site;
mod traces;
mod visit;
mod way;
mod web;
mod words;

use std::{net::IpAddr, sync::Arc};

use crate::{
    net::{self, Lane, Net},
    observation::{Attempt, EndpointHttp, Failure, SiteName},
    wire::{
        http1::Method,
        url::{HttpUrl, UrlError},
    },
};

pub use reply::Reply;
pub use site::{Visitor, site, site_with_pages};

use super::failure::untested;
use exchange::Ask;

/// What `GET /` gave at one address over http and https, redirects not followed. Holds what was really sent; only
/// [`FirstAnswers::observed`] may be stored.
#[derive(Clone, Debug)]
pub struct FirstAnswers {
    /// The address.
    pub address: IpAddr,
    /// `GET http://host/`.
    pub http: Attempt<Arc<Reply>>,
    /// `GET https://host:port/`, whatever the certificate.
    pub https: Attempt<Arc<Reply>>,
    /// Requests that were sent for it; they count against the site's budget at this address.
    requests: u32,
}

impl FirstAnswers {
    /// What [`plain`] and [`secure`] gave in this job.
    pub fn new(lane: &Lane, http: Attempt<Arc<Reply>>, https: Attempt<Arc<Reply>>) -> Self {
        Self { address: lane.address(), http, https, requests: lane.spent().1 }
    }

    /// For an address whose lane could not be entered: nothing was sent.
    pub fn unasked(address: IpAddr, error: &net::Error) -> Self {
        Self { address, http: untested(error), https: untested(error), requests: 0 }
    }

    /// The facts, redacted: cookie values are lengths, query values are `…`.
    pub fn observed(&self) -> EndpointHttp {
        EndpointHttp {
            http: self.http.as_ref().map(|reply| answer::observed(reply)),
            https: self.https.as_ref().map(|reply| answer::observed(reply)),
        }
    }
}

/// Asks one address for `http://host/` on port 80 and `https://host:port/`: two requests, four where it answers 429,
/// 503 or a reset to the first try.
pub async fn endpoint(net: &Net, lane: &Lane, site: &SiteName) -> FirstAnswers {
    let http = plain(net, lane, site).await;
    let https = secure(net, lane, site).await;
    FirstAnswers::new(lane, http, https)
}

/// Asks one address for `http://host/` on port 80.
pub async fn plain(net: &Net, lane: &Lane, site: &SiteName) -> Attempt<Arc<Reply>> {
    first(net, lane, HttpUrl::root(false, &site.host, 80)).await
}

/// Asks one address for `https://host:port/`, whatever the certificate.
pub async fn secure(net: &Net, lane: &Lane, site: &SiteName) -> Attempt<Arc<Reply>> {
    first(net, lane, HttpUrl::root(true, &site.host, site.port)).await
}

async fn first(net: &Net, lane: &Lane, url: Result<HttpUrl, UrlError>) -> Attempt<Arc<Reply>> {
    match url {
        Ok(url) => {
            let given = net.options().exchange_timeout;
            let ask = Ask {
                url: &url,
                agent: &net.user_agent(),
                method: Method::Get,
                fields: &[],
                given,
                retry: true,
            };
            exchange::fetch(lane, &ask, &mut None).await.map(Arc::new)
        }
        Err(error) => no_url(&error),
    }
}

fn no_url<T>(error: &UrlError) -> Attempt<T> {
    Attempt::failed(Failure::Malformed(error.to_string()))
}
