//! Files that certificates point at, each fetched once in a run: over plain HTTP, through the guard and the lanes of
//! `net`, with a cap on size and a deadline. Judges nothing of what comes.

use std::sync::Arc;
use std::time::Duration;

use crate::net::{Connection, Error, Net, Once, Purpose};
use crate::observation::{Attempt, Failure, Phase};
use crate::probe::dns;
use crate::probe::failure::{cut, untested};
use crate::wire::http1::{Method, Progress, Request, ResponseReader};
use crate::wire::url::HttpUrl;

/// Most URLs fetched in a run.
const URLS: usize = 2_000;
/// For one file, names and waiting included.
const DEADLINE: Duration = Duration::from_secs(30);
/// Where authorities offer files; other ports are none of a scanner's business.
const PORT: u16 = 80;

type Fetched = Attempt<Arc<[u8]>>;

/// What was fetched in a run.
#[derive(Debug)]
pub struct Downloads {
    net: Net,
    known: Once<String, Fetched>,
}

impl Downloads {
    /// Nothing yet.
    pub fn new(net: Net) -> Self {
        Self { net, known: Once::new(URLS) }
    }

    /// The file at an `http` URL, of at most so many octets. Whoever asks for what is being fetched waits for it.
    pub(super) async fn get(&self, url: &str, limit: usize) -> Fetched {
        let Some(cell) = self.known.within(url.to_owned()) else {
            return Attempt::failed(Failure::Budget("downloads of the run".to_owned()));
        };
        let fetched = cell.get_or_init(|| async {
            tokio::time::timeout(DEADLINE, self.fetch(url, limit)).await.unwrap_or_else(|_| {
                let after_ms = u32::try_from(DEADLINE.as_millis()).unwrap_or(u32::MAX);
                Attempt::failed(Failure::TimedOut { during: Phase::Response, after_ms })
            })
        });
        fetched.await.clone()
    }

    async fn fetch(&self, url: &str, limit: usize) -> Fetched {
        let url = match HttpUrl::parse(url) {
            Ok(url) if !url.is_https() && url.port() == PORT => url,
            Ok(_) => {
                return Attempt::failed(Failure::Unsupported(
                    "a download that is not plain HTTP on port 80".to_owned(),
                ));
            }
            Err(error) => return Attempt::failed(Failure::Malformed(cut(&error.to_string()))),
        };
        let address = match (url.address().or_else(|| self.net.pinned(url.host(), PORT)), url.host()) {
            (Some(address), _) => address,
            (None, host) => match dns::addresses(&self.net, host).await {
                Attempt::Completed(addresses) => {
                    let routed = addresses.iter().find(|address| self.net.has_route(**address));
                    match routed.or(addresses.first()) {
                        Some(address) => *address,
                        None => return Attempt::failed(Failure::NoAddress),
                    }
                }
                Attempt::Failed { failed } => return Attempt::failed(failed),
                Attempt::Skipped { skipped } => return Attempt::skipped(skipped),
            },
        };
        let lane = match self.net.lane(address).await {
            Ok(lane) => lane,
            Err(error) => return untested(&error),
        };
        match lane.connect(url.host(), PORT, Purpose::Http).await {
            Ok(connection) => exchange(connection, &url, &self.net.user_agent(), limit).await,
            Err(error) => untested(&error),
        }
    }
}

async fn exchange(mut connection: Connection, url: &HttpUrl, agent: &str, limit: usize) -> Fetched {
    let request = Request::new(Method::Get, url)
        .field("User-Agent", agent)
        .field("Accept", "*/*")
        .field("Accept-Encoding", "identity")
        .field("Connection", "close");
    let request = match request.encode() {
        Ok(request) => request,
        Err(error) => return Attempt::failed(Failure::Malformed(cut(&error.to_string()))),
    };
    if let Err(error) = connection.write_bytes(&request).await {
        return untested(&error);
    }
    let mut reader = ResponseReader::new(Method::Get, limit);
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let progress = match connection.read_some(&mut buffer).await {
            Ok(0) => reader.close(),
            Ok(count) => reader.feed(buffer.get(..count).unwrap_or_default()),
            Err(error) => return untested::<Arc<[u8]>>(&error),
        };
        match progress {
            Ok(Progress::NeedMore) => {}
            Ok(Progress::Done) => break,
            Err(error) => return Attempt::failed((&error).into()),
        }
    }
    let Some(response) = reader.finish() else { return untested(&Error::Reset) };
    match response.head.status {
        // A page in front of the file is not the file.
        200 if response.truncated => {
            Attempt::failed(Failure::TooLarge { limit: u64::try_from(limit).unwrap_or(u64::MAX) })
        }
        200 if response.cut_short => Attempt::failed(Failure::Closed),
        200 => Attempt::Completed(response.body.into()),
        status => {
            Attempt::failed(Failure::Unsupported(format!("a download answered with HTTP status {status}")))
        }
    }
}
