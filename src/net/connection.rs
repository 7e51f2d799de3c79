//! One TCP connection to what is being checked: byte cap, absolute deadline, typed errors. Knows no protocol.

use std::{
    future::Future as _,
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};

use super::{
    error::{Error, Phase},
    lane::Admission,
};

/// How many of the first bytes received are kept, so that a non-TLS peer can be recognised.
const HEAD: usize = 16;

/// Who is at the other end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The site's host name.
    pub host: String,
    /// The address and port as the report names them.
    pub logical: SocketAddr,
    /// Where the connection really goes.
    pub dialled: SocketAddr,
}

/// A connection that a lane handed out. Dropping it closes the socket and gives both permits back.
///
/// Reads fail with [`Error::TooLarge`] past the byte cap and everything fails with [`Error::TimedOut`] past the
/// deadline; through [`AsyncRead`] and [`AsyncWrite`] the typed error travels inside an [`io::Error`].
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    peer: Peer,
    head: Vec<u8>,
    read: u64,
    written: u64,
    /// That nothing came was told; once is enough.
    told: bool,
    read_limit: u64,
    deadline: Pin<Box<Sleep>>,
    given: Duration,
    // Order matters: the socket above is closed before the permits return.
    admission: Admission,
}

impl Connection {
    /// Wraps a connected stream; `given` counts from now.
    pub(super) fn new(
        stream: TcpStream,
        peer: Peer,
        read_limit: u64,
        given: Duration,
        admission: Admission,
    ) -> Self {
        Connection {
            stream,
            peer,
            head: Vec::with_capacity(HEAD),
            read: 0,
            written: 0,
            told: false,
            read_limit,
            deadline: Box::pin(sleep_until(Instant::now() + given)),
            given,
            admission,
        }
    }

    /// Who is at the other end.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Bytes received so far.
    pub fn bytes_read(&self) -> u64 {
        self.read
    }

    /// Bytes sent so far.
    pub fn bytes_written(&self) -> u64 {
        self.written
    }

    /// The first bytes received, at most 16.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// Starts a new exchange on the same connection: `given` counts from now.
    pub fn renew_deadline(&mut self, given: Duration) {
        self.given = given;
        self.deadline.as_mut().reset(Instant::now() + given);
    }

    /// Allows `more` bytes from here on, whatever was read before.
    pub fn renew_read_limit(&mut self, more: u64) {
        self.read_limit = self.read.saturating_add(more);
    }

    /// Reads what is there, at least one byte; `0` is the peer's clean end.
    pub async fn read_some(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.read(buffer).await.map_err(|error| Error::from_io(&error, Phase::Read))
    }

    /// Fills the buffer; [`Error::Closed`] when the peer ends before.
    pub async fn read_full(&mut self, buffer: &mut [u8]) -> Result<(), Error> {
        self.read_exact(buffer).await.map(drop).map_err(|error| Error::from_io(&error, Phase::Read))
    }

    /// Writes everything and flushes.
    pub async fn write_bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let result = async {
            self.write_all(bytes).await?;
            self.flush().await
        };
        result.await.map_err(|error| Error::from_io(&error, Phase::Write))
    }

    /// Forgets the first bytes, so that [`Connection::head`] shows what comes from here on (after STARTTLS).
    pub(super) fn restart_head(&mut self) {
        self.head.clear();
    }

    fn check_deadline(&mut self, cx: &mut Context<'_>, during: Phase) -> Result<(), io::Error> {
        match self.deadline.as_mut().poll(cx) {
            Poll::Ready(()) => {
                let error = Error::TimedOut { during, after: self.given };
                if self.read == 0 && self.written > 0 && during == Phase::Read && !self.told {
                    self.told = true;
                    self.admission.heard_nothing(self.peer.dialled, &error);
                }
                Err(error.into())
            }
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        // The deadline stands first: a peer that always has one more byte ready must not outrun it.
        this.check_deadline(cx, Phase::Read)?;
        let left = this.read_limit.saturating_sub(this.read);
        // One byte more than is allowed is asked for, so that exactly the limit followed by the end is no error.
        let take = usize::try_from(left.saturating_add(1)).unwrap_or(usize::MAX).min(buffer.remaining());
        let count = {
            let mut limited = ReadBuf::new(buffer.initialize_unfilled_to(take));
            ready!(Pin::new(&mut this.stream).poll_read(cx, &mut limited))?;
            let missing = HEAD.saturating_sub(this.head.len());
            this.head.extend(limited.filled().iter().take(missing));
            limited.filled().len()
        };
        if this.read == 0 && count > 0 {
            this.admission.heard(this.peer.dialled);
        }
        this.read = this.read.saturating_add(count as u64);
        if this.read > this.read_limit {
            return Poll::Ready(Err(Error::TooLarge { limit: this.read_limit }.into()));
        }
        buffer.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        this.check_deadline(cx, Phase::Write)?;
        let result = Pin::new(&mut this.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = result {
            this.written = this.written.saturating_add(count as u64);
        }
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check_deadline(cx, Phase::Write)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check_deadline(cx, Phase::Write)?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
