//! One request and its response through a lane, with at most one retry, over the connection of the request before
//! where the server keeps it. Follows no redirect.

use std::time::Duration;

use crate::{
    net::{
        Connection, Error, Lane, Purpose,
        tls::{self, Handshake, Offer, TlsStream},
    },
    observation::{Attempt, Failure},
    probe::failure::{cut, untested},
    wire::{
        content_coding,
        http1::{
            DOCUMENT_LIMIT, Framing, Method, Progress, ReadError, Request, RequestError, Response,
            ResponseReader,
        },
        url::HttpUrl,
    },
};

use super::Reply;

/// What we take, browsers' order in short.
pub(super) const ACCEPT: &str = "text/html,*/*;q=0.1";
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
    /// The method.
    pub(super) method: Method,
    /// Further fields: `Cookie`, `Origin`.
    pub(super) fields: &'a [(&'a str, &'a str)],
    /// How long a request may take on a connection that was kept.
    pub(super) given: Duration,
    /// Whether the budget leaves room for a second try.
    pub(super) retry: bool,
}

/// A connection that the server keeps for the next request.
pub(super) struct Kept {
    https: bool,
    host: String,
    port: u16,
    stream: Stream,
}

impl Kept {
    fn serves(&self, url: &HttpUrl) -> bool {
        (self.https, self.host.as_str(), self.port) == (url.is_https(), url.host(), url.port())
    }
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

/// The answer, and once more where the server said 429 or 503 or reset the connection: after the time it asked for,
/// which holds for everybody who comes to this address in this run.
pub(super) async fn fetch(lane: &Lane, ask: &Ask<'_>, kept: &mut Option<Kept>) -> Attempt<Reply> {
    let first = exchange(lane, ask, kept).await;
    let wait = match &first {
        Ok(reply) if matches!(reply.status, 429 | 503) => retry_after(reply),
        Err(Fault::Net(Error::Reset)) => RESET_WAIT,
        _ => return told(first),
    };
    // the pause is for the server's sake: no connection waits through it
    *kept = None;
    if lane.back_off(wait).is_err() || !ask.retry || wait > LONGEST_WAIT {
        return told(first);
    }
    let second = exchange(lane, ask, kept).await;
    // An answer tells more than none, and a spent budget tells nothing of the server.
    match &second {
        Err(_) if first.is_ok() => told(first),
        Err(Fault::Net(Error::BudgetSpent { .. })) => told(first),
        _ => told(second),
    }
}

fn told(result: Result<Reply, Fault>) -> Attempt<Reply> {
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

async fn exchange(lane: &Lane, ask: &Ask<'_>, kept: &mut Option<Kept>) -> Result<Reply, Fault> {
    let url = ask.url;
    let reused = kept.take().filter(|kept| kept.serves(url));
    let head = head(ask).encode().map_err(Fault::Request)?;
    if let Some(Kept { mut stream, .. }) = reused {
        stream.renew(ask.given);
        match converse(lane, ask, &head, stream, kept).await {
            // counted once it was answered: what a server closed meanwhile goes out again on a new connection
            Ok(reply) => {
                lane.count_request()?;
                return Ok(reply);
            }
            Err(silent @ Fault::Net(Error::TimedOut { .. })) => return Err(silent),
            Err(_) => {}
        }
    }
    let stream = if url.is_https() {
        let http1 = vec![b"http/1.1".to_vec()];
        Stream::Tls(Box::new(secure(lane, url, http1).await?.stream))
    } else {
        Stream::Plain(Box::new(lane.connect(url.host(), url.port(), Purpose::Http).await?))
    };
    converse(lane, ask, &head, stream, kept).await
}

async fn converse(
    lane: &Lane,
    ask: &Ask<'_>,
    head: &[u8],
    mut stream: Stream,
    kept: &mut Option<Kept>,
) -> Result<Reply, Fault> {
    let url = ask.url;
    // A server may answer and close before it has read everything; then its answer is what counts.
    let written = stream.write(head).await;
    match (read(&mut stream, ask.method).await, written) {
        (Ok(response), written) => {
            if written.is_ok() && stays_open(&response) {
                *kept = Some(Kept {
                    https: url.is_https(),
                    host: url.host().to_owned(),
                    port: url.port(),
                    stream,
                });
            }
            Ok(Reply::new(url.clone(), lane.address(), response))
        }
        (Err(_), Err(error)) => Err(error.into()),
        (Err(fault), Ok(())) => Err(fault),
    }
}

/// Whether another request may follow (RFC 9112 section 9.3): the end of this response is known and was reached.
fn stays_open(response: &Response) -> bool {
    let says = |word: &str| {
        let mut lines = response.head.values("connection");
        lines.any(|line| line.split(',').any(|option| option.trim().eq_ignore_ascii_case(word)))
    };
    response.head.minor_version >= 1
        && !says("close")
        && response.framing != Framing::UntilClose
        && !response.truncated
        && !response.cut_short
        && response.oddities.is_empty()
}

/// A TLS handshake to speak HTTP after, by one of these protocols. A key share of ML-KEM makes a hello of 1.2 KiB that some middleboxes drop, so it is
/// left out at first; a server that refuses the rest is asked once more with it.
pub(super) async fn secure(lane: &Lane, url: &HttpUrl, alpn: Vec<Vec<u8>>) -> Result<Handshake, Error> {
    let mut offer = Offer {
        server_name: Some(url.host().to_owned()),
        alpn,
        classic_groups_only: true,
        ..Offer::default()
    };
    let connection = lane.connect(url.host(), url.port(), Purpose::Https).await?;
    match tls::handshake(connection, &offer).await.map_err(Error::from) {
        Ok(handshake) => Ok(handshake),
        Err(refused @ Error::Alert { .. }) => {
            offer.classic_groups_only = false;
            // the request is counted already: this is one more TLS connection
            let connection = lane.connect(url.host(), url.port(), Purpose::Tls).await?;
            tls::handshake(connection, &offer).await.map_err(|_| refused)
        }
        Err(other) => Err(other),
    }
}

fn head(ask: &Ask<'_>) -> Request {
    let request = Request::new(ask.method, ask.url)
        .field("User-Agent", ask.agent)
        .field("Accept", ACCEPT)
        .field("Accept-Encoding", content_coding::ACCEPTED);
    ask.fields.iter().fold(request, |request, (name, value)| request.field(*name, *value))
}

/// Reads until the response is whole or long enough. What breaks after the head leaves the head standing.
async fn read(stream: &mut Stream, method: Method) -> Result<Response, Fault> {
    let mut reader = ResponseReader::new(method, DOCUMENT_LIMIT);
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
    /// A new exchange begins, with a deadline of its own.
    fn renew(&mut self, given: Duration) {
        match self {
            Self::Plain(connection) => connection.renew_deadline(given),
            Self::Tls(stream) => stream.renew_deadline(given),
        }
    }

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
