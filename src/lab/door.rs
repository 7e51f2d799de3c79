//! What stands at one address of the province: accepts on both ports, lets TLS through or answers it by hand, serves
//! pages. Every connection has a deadline, every read a cap.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};

use super::{
    legacy::{self, Legacy},
    modern::Modern,
    web::{self, Site},
};
use crate::wire::tls::{ClientHello, Event, HandshakeType, Reassembler};

/// Connections under way in a whole lab.
pub(super) const CONNECTIONS: usize = 1024;
/// A connection that lasts longer is cut.
const LONGEST: Duration = Duration::from_secs(20);
/// How long we wait for the other side to close, so that no RST outruns what was sent.
const GOODBYE: Duration = Duration::from_secs(2);
/// Most octets of a first flight.
const FLIGHT_LIMIT: usize = 64 * 1024;

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Serve,
    Hang,
    Reset,
}

/// A server at one address.
pub(super) struct Door {
    pub(super) manner: Manner,
    /// TLS 1.2 and 1.3; none where only the past is spoken.
    pub(super) modern: Option<Modern>,
    /// Whoever offers what `modern` does not have.
    pub(super) legacy: Option<Legacy>,
    pub(super) sites: Vec<Site>,
}

/// Accepts until it is dropped.
pub(super) async fn open(listener: TcpListener, door: Arc<Door>, places: Arc<Semaphore>, tls: bool) {
    let receive = |stream| {
        let door = Arc::clone(&door);
        async move { door.receive(stream, tls).await }
    };
    accept(listener, places, receive).await;
}

/// Gives every connection to `receive`, as many at once as there are places, each for a while at most.
pub(super) async fn accept<R>(listener: TcpListener, places: Arc<Semaphore>, receive: impl Fn(TcpStream) -> R)
where
    R: Future<Output = io::Result<()>> + Send + 'static,
{
    /// After a refusal to accept (no file is free), the kernel gets a moment.
    const BREATH: Duration = Duration::from_millis(50);
    let mut under_way = JoinSet::new();
    loop {
        let accepted = listener.accept().await;
        while under_way.try_join_next().is_some() {}
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(BREATH).await;
            continue;
        };
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let received = receive(stream);
        under_way.spawn(async move {
            // cut or broken: nobody waits for what became of it
            let _ = timeout(LONGEST, received).await;
            drop(place);
        });
    }
}

impl Door {
    async fn receive(&self, mut stream: TcpStream, tls: bool) -> io::Result<()> {
        match self.manner {
            Manner::Reset => stream.set_zero_linger(),
            Manner::Hang => wait_for_close(&mut stream).await,
            Manner::Serve if tls => self.secure(stream).await,
            Manner::Serve => self.serve(stream, false).await,
        }
    }

    async fn secure(&self, mut stream: TcpStream) -> io::Result<()> {
        let (read, hello) = first_flight(&mut stream).await?;
        if let Some(flight) = self.by_hand(hello.as_ref())? {
            stream.write_all(&flight).await?;
            // a client that goes on where we do not is told so
            if timeout(GOODBYE, stream.read(&mut [0; 512])).await.is_ok_and(|read| read.is_ok_and(|n| n > 0))
            {
                stream.write_all(&legacy::no_further().map_err(io::Error::other)?).await?;
            }
            return leave(&mut stream).await;
        }
        let Some(modern) = &self.modern else { return Ok(()) };
        let (rest, write) = stream.into_split();
        let replayed = tokio::io::join(io::Cursor::new(read).chain(rest), write);
        self.serve(modern.acceptor.accept(replayed).await?, true).await
    }

    /// The answer to a hello that rustls could only refuse.
    fn by_hand(&self, hello: Option<&ClientHello>) -> io::Result<Option<Vec<u8>>> {
        let (Some(legacy), Some(hello)) = (&self.legacy, hello) else { return Ok(None) };
        if self.modern.as_ref().is_some_and(|modern| modern.serves(hello)) {
            return Ok(None);
        }
        let mut octets = [0; 32];
        random(&mut octets)?;
        legacy.answer(hello, octets).map(Some).map_err(io::Error::other)
    }

    async fn serve(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin, tls: bool) -> io::Result<()> {
        let mut head = Vec::new();
        let mut part = [0; 2048];
        let answer = loop {
            let length = stream.read(&mut part).await?;
            head.extend_from_slice(part.get(..length).unwrap_or_default());
            match web::read(&head) {
                Ok(Some(asked)) => {
                    let site = self.sites.iter().find(|site| site.answers_to(&asked.host));
                    break site.map_or_else(
                        || web::refusal("421 Misdirected Request"),
                        |site| site.answer(&asked, tls),
                    );
                }
                Ok(None) if length > 0 && head.len() < web::HEAD_LIMIT => {}
                Ok(None) | Err(_) => break web::refusal("400 Bad Request"),
            }
        };
        stream.write_all(&answer).await?;
        leave(&mut stream).await
    }
}

fn random(octets: &mut [u8]) -> io::Result<()> {
    aws_lc_rs::rand::fill(octets).map_err(|_| io::Error::other("no random numbers"))
}

/// Reads up to the end of the client's hello, if that is what it sends; gives everything that was read.
async fn first_flight(stream: &mut TcpStream) -> io::Result<(Vec<u8>, Option<ClientHello>)> {
    let mut read = Vec::new();
    let mut reader = Reassembler::default();
    let mut part = [0; 4096];
    while read.len() < FLIGHT_LIMIT {
        let length = stream.read(&mut part).await?;
        let part = part.get(..length).unwrap_or_default();
        read.extend_from_slice(part);
        reader.feed(part);
        if length == 0 {
            reader.finish();
        }
        match reader.next_event() {
            Ok(Some(Event::Handshake(message))) if message.kind == HandshakeType::CLIENT_HELLO => {
                return Ok((read, ClientHello::parse(message.record_version, &message.body).ok()));
            }
            Ok(None) if length > 0 => {}
            Ok(_) | Err(_) => break,
        }
    }
    Ok((read, None))
}

async fn leave(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
    stream.shutdown().await?;
    let _ = timeout(GOODBYE, wait_for_close(stream)).await;
    Ok(())
}

async fn wait_for_close(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let mut dustbin = [0; 512];
    while stream.read(&mut dustbin).await? > 0 {}
    Ok(())
}
