//! One request and its response through a lane, with at most one retry. Follows no redirect.

use std::time::Duration;

use crate::{
    net::{
        Connection, Error, Lane, Phase, Purpose,
        tls::{self, Offer, TlsStream},
    },
    observation::{Attempt, Failure},
    probe::failure::{cut, untested},
    wire::{
        http1::{Method, Progress, ReadError, Request, RequestError, Response, ResponseReader},
        url::HttpUrl,
    },
};

use super::Reply;

/// Enough of a body to recognise a page that stands in front of a site.
const BODY_LIMIT: usize = 64 * 1024;
/// How long we wait where 429 or 503 does not say.
const DEFAULT_WAIT: Duration = Duration::from_secs(2);
/// How long we wait after a reset.
const RESET_WAIT: Duration = Duration::from_secs(1);
/// A server that wants more than this to pass is not asked again in this run.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What to ask for.
pub(super) struct Ask<'a> {
    pub(super) url: &'a HttpUrl,
    /// The `User-Agent`.
    pub(super) agent: &'a str,
    /// The `Cookie` field, if any.
    pub(super) cookies: Option<&'a str>,
    /// Whether the budget leaves room for a second try.
    pub(super) retry: bool,
}

enum Fault {
    Net(Error),
    Read(ReadError),
    Request(RequestError),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Net(error)
    }
}

impl Fault {
    fn attempt<T>(&self) -> Attempt<T> {
        match self {
            Self::Net(error) => untested(error),
            Self::Read(error) => Attempt::failed(error.into()),
            Self::Request(error) => Attempt::failed(Failure::Malformed(cut(&error.to_string()))),
        }
    }
}

/// GET, and once more where the server said 429 or 503 or reset the connection: after the time it asked for, which
/// holds for everybody who comes to this address in this run.
pub(super) async fn fetch(lane: &Lane, ask: &Ask<'_>) -> Attempt<Reply> {
    let mut first = exchange(lane, ask).await;
    // Some middleboxes drop a hello longer than one packet; a shorter one tells them from a mute server.
    if ask.url.is_https() && ask.retry && !lane.wants_classic_groups() && is_hello_dropped(&first) {
        lane.keep_to_classic_groups();
        first = exchange(lane, ask).await;
    }
    let wait = match &first {
        Ok(reply) if matches!(reply.status, 429 | 503) => retry_after(reply),
        Err(Fault::Net(Error::Reset)) => RESET_WAIT,
        _ => return kept(first),
    };
    if lane.back_off(wait).is_err() || !ask.retry || wait > LONGEST_WAIT {
        return kept(first);
    }
    let second = exchange(lane, ask).await;
    // An answer tells more than none, and a spent budget tells nothing of the server.
    match &second {
        Err(_) if first.is_ok() => kept(first),
        Err(Fault::Net(Error::BudgetSpent { .. })) => kept(first),
        _ => kept(second),
    }
}

fn is_hello_dropped(result: &Result<Reply, Fault>) -> bool {
    matches!(result, Err(Fault::Net(Error::TimedOut { during: Phase::Handshake, .. })))
}

fn kept(result: Result<Reply, Fault>) -> Attempt<Reply> {
    match result {
        Ok(reply) => Attempt::Completed(reply),
        Err(fault) => fault.attempt(),
    }
}

/// `Retry-After` in seconds (RFC 9110 section 10.2.3); its other form, a date, counts as none.
fn retry_after(reply: &Reply) -> Duration {
    match reply.values("retry-after").next().as_deref().map(str::trim) {
        Some(digits) if !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()) => {
            Duration::from_secs(digits.parse().unwrap_or(u64::MAX))
        }
        _ => DEFAULT_WAIT,
    }
}

async fn exchange(lane: &Lane, ask: &Ask<'_>) -> Result<Reply, Fault> {
    let url = ask.url;
    let head = head(ask).encode().map_err(Fault::Request)?;
    let purpose = if url.is_https() { Purpose::Https } else { Purpose::Http };
    let connection = lane.connect(url.host(), url.port(), purpose).await?;
    let mut stream = if url.is_https() {
        let offer = Offer {
            server_name: Some(url.host().to_owned()),
            alpn: vec![b"http/1.1".to_vec()],
            classic_groups_only: lane.wants_classic_groups(),
            ..Offer::default()
        };
        let handshake = tls::handshake(connection, &offer).await.map_err(Error::from)?;
        Stream::Tls(Box::new(handshake.stream))
    } else {
        Stream::Plain(Box::new(connection))
    };
    // A server may answer and close before it has read everything; then its answer is what counts.
    let written = stream.write(&head).await;
    match (read(&mut stream).await, written) {
        (Ok(response), _) => Ok(Reply::new(url.clone(), lane.address(), response)),
        (Err(_), Err(error)) => Err(error.into()),
        (Err(fault), Ok(())) => Err(fault),
    }
}

fn head(ask: &Ask<'_>) -> Request {
    let request = Request::new(Method::Get, ask.url)
        .field("User-Agent", ask.agent)
        .field("Accept", "text/html,*/*;q=0.1")
        .field("Accept-Encoding", "identity")
        .field("Connection", "close");
    match ask.cookies {
        Some(cookies) => request.field("Cookie", cookies),
        None => request,
    }
}

/// Reads until the response is whole or long enough. What breaks after the head leaves the head standing.
async fn read(stream: &mut Stream) -> Result<Response, Fault> {
    let mut reader = ResponseReader::new(Method::Get, BODY_LIMIT);
    let mut buffer = vec![0; 16 * 1024];
    let fault = loop {
        let progress = match stream.read(&mut buffer).await {
            Ok(0) => reader.close(),
            Ok(count) => reader.feed(buffer.get(..count).unwrap_or_default()),
            Err(error) => break Some(Fault::Net(error)),
        };
        match progress {
            Ok(Progress::NeedMore) => {}
            Ok(Progress::Done) => break None,
            Err(error) => break Some(Fault::Read(error)),
        }
    };
    match (reader.finish(), fault) {
        (Some(response), _) => Ok(response),
        (None, Some(fault)) => Err(fault),
        (None, None) => Err(Fault::Read(ReadError::Closed { received: 0 })),
    }
}

enum Stream {
    Plain(Box<Connection>),
    Tls(Box<TlsStream>),
}

impl Stream {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        match self {
            Self::Plain(connection) => connection.read_some(buffer).await,
            Self::Tls(stream) => stream.read_some(buffer).await,
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Self::Plain(connection) => connection.write_bytes(bytes).await,
            Self::Tls(stream) => stream.write_bytes(bytes).await,
        }
    }
}
