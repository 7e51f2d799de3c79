//! The first page once more over HTTP/2 (RFC 9113), where the server offers it: browsers meet that answer, and some
//! servers send other fields there, or none. One connection, one request; what floods, lies or never ends is bounded by
//! the connection's deadline and octets, and by the limits given to the library here.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use h2::client::{Builder, SendRequest};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::timeout,
};

use crate::{
    net::{self, Lane, tls::TlsStream},
    observation::{Attempt, Failure, Http2, Http2Difference, Listing, limits},
    probe::failure::{cut, untested},
    wire::{
        content_coding,
        field::Field,
        http1::{DOCUMENT_LIMIT, Framing, Head, Response},
        url::HttpUrl,
    },
};

use super::{Reply, answer, difference::compared, exchange};

/// Octets of all fields together, as for HTTP/1.1.
const FIELDS_LIMIT: u32 = 64 * 1024;
/// Octets that may be under way.
const WINDOW: u32 = 256 * 1024;
/// Octets of answers to a peer's own frames that may wait to be sent.
const SEND_LIMIT: usize = 64 * 1024;

/// Asks the address of this answer for the same URL over HTTP/2, and compares. Nothing, where the server chooses
/// another protocol.
pub(super) async fn observe(lane: &Lane, first: &Reply, agent: &str) -> Attempt<Option<Http2>> {
    match fetch(lane, &first.url, agent).await {
        Ok(None) => Attempt::Completed(None),
        Ok(Some(Ok(response))) => {
            let reply = Reply::new(first.url.clone(), lane.address(), response);
            let differences = match reply.front().or_else(|| first.front()) {
                Some(front) => Attempt::failed(front),
                None => Attempt::Completed(differences(first, &reply)),
            };
            Attempt::Completed(Some(Http2 {
                answer: Attempt::Completed(answer::observed(&reply)),
                differences,
            }))
        }
        Ok(Some(Err(failure))) => Attempt::Completed(Some(Http2 {
            answer: Attempt::failed(failure.clone()),
            differences: Attempt::failed(failure),
        })),
        Err(error) => untested(&error),
    }
}

fn differences(one: &Reply, other: &Reply) -> Listing<Http2Difference> {
    let found = compared(one, other).into_iter().map(|(what, http1, http2)| Http2Difference {
        what,
        http1: cut(&http1),
        http2: cut(&http2),
    });
    Listing::capped(found, limits::DIFFERENCES)
}

/// Nothing, where another protocol was chosen; a failure inside is one of HTTP/2 itself.
async fn fetch(
    lane: &Lane,
    url: &HttpUrl,
    agent: &str,
) -> Result<Option<Result<Response, Failure>>, net::Error> {
    let offered = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let handshake = exchange::secure(lane, url, offered).await?;
    if handshake.alpn.as_deref() != Some(b"h2") {
        return Ok(None);
    }
    let given = lane.exchange_timeout();
    // the connection has the same deadline; this one also ends what waits without touching it
    let asked = timeout(given, ask(handshake.stream, url, agent)).await;
    Ok(Some(asked.unwrap_or_else(|_| {
        let error = net::Error::TimedOut { during: net::Phase::Read, after: given };
        Err(Failure::from(&error))
    })))
}

async fn ask(stream: TlsStream, url: &HttpUrl, agent: &str) -> Result<Response, Failure> {
    let mut builder = Builder::new();
    builder
        .enable_push(false)
        .max_header_list_size(FIELDS_LIMIT)
        .initial_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_concurrent_reset_streams(4)
        .max_send_buffer_size(SEND_LIMIT);
    let below = Below::default();
    let watched = Watched { stream, below: below.clone() };
    let shaken = builder.handshake::<_, &'static [u8]>(watched).await;
    let (client, connection) = shaken.map_err(|error| failure(&error, &below))?;
    beside(exchange_one(client, url, agent, &below), connection, &below).await
}

/// The exchange, while the connection is driven; an end of the connection ends the exchange.
async fn beside(
    exchange: impl Future<Output = Result<Response, Failure>>,
    connection: impl Future<Output = Result<(), h2::Error>>,
    below: &Below,
) -> Result<Response, Failure> {
    tokio::pin!(exchange, connection);
    tokio::select! {
        biased;
        done = &mut exchange => done,
        ended = &mut connection => match ended {
            // what had come before is the exchange's to tell
            Ok(()) => exchange.await,
            Err(error) => match exchange.await {
                Ok(response) => Ok(response),
                Err(_) => Err(failure(&error, below)),
            },
        },
    }
}

async fn exchange_one(
    client: SendRequest<&'static [u8]>,
    url: &HttpUrl,
    agent: &str,
    below: &Below,
) -> Result<Response, Failure> {
    let uri = format!("{}://{}{}", url.scheme(), url.authority(), url.target());
    let request = http::Request::get(uri)
        .header("user-agent", agent)
        .header("accept", exchange::ACCEPT)
        .header("accept-encoding", content_coding::ACCEPTED)
        .body(())
        .map_err(|error| Failure::Malformed(cut(&error.to_string())))?;
    let mut client = client.ready().await.map_err(|error| failure(&error, below))?;
    let (answer, _) = client.send_request(request, true).map_err(|error| failure(&error, below))?;
    let (head, mut stream) = answer.await.map_err(|error| failure(&error, below))?.into_parts();
    let fields =
        head.headers.iter().map(|(name, value)| Field::new(name.as_str(), value.as_bytes())).collect();
    let mut response = Response {
        head: Head { minor_version: 0, status: head.status.as_u16(), reason: String::new(), fields },
        body: Vec::new(),
        trailers: Vec::new(),
        framing: Framing::UntilClose,
        truncated: false,
        cut_short: false,
        interim: 0,
        oddities: Vec::new(),
    };
    while let Some(data) = stream.data().await {
        let Ok(data) = data else {
            response.cut_short = true;
            break;
        };
        let room = DOCUMENT_LIMIT - response.body.len();
        response.body.extend(data.iter().take(room));
        if data.len() > room {
            response.truncated = true;
            break;
        }
        if stream.flow_control().release_capacity(data.len()).is_err() {
            response.cut_short = true;
            break;
        }
    }
    Ok(response)
}

/// What broke below HTTP/2 is told as ever; what broke in it by the reason of RFC 9113 section 7.
fn failure(error: &h2::Error, below: &Below) -> Failure {
    match (error.is_io(), below.taken()) {
        (true, Some(error)) => Failure::from(&error),
        (true, None) => Failure::Closed,
        (false, _) => Failure::Malformed(cut(&format!("HTTP/2: {error}"))),
    }
}

/// The first thing that went wrong on the connection: the library keeps of it the kind and the words alone.
#[derive(Clone, Default)]
struct Below(Arc<Mutex<Option<net::Error>>>);

impl Below {
    fn taken(&self) -> Option<net::Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember<T>(&self, result: Poll<io::Result<T>>, during: net::Phase) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(error)) = &result {
            let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert_with(|| net::Error::from_io(error, during));
        }
        result
    }
}

struct Watched {
    stream: TlsStream,
    below: Below,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.below.remember(read, net::Phase::Read)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, octets);
        self.below.remember(written, net::Phase::Write)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.below.remember(flushed, net::Phase::Write)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
