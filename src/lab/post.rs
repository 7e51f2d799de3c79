//! A mail server of the province: greets, answers EHLO, lets TLS through or does not have it. Takes no mail. Every
//! connection has a deadline, every line a cap.

use std::{io, sync::Arc};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};

use super::{door, modern::Modern};

/// Octets of one line (RFC 5321 section 4.5.3.1.4).
const LINE_LIMIT: u64 = 512;

/// A mail server at one address.
pub(super) struct Post {
    /// Its name.
    pub(super) name: String,
    /// What STARTTLS leads to; none where it is not offered.
    pub(super) tls: Option<Modern>,
}

/// Accepts until it is dropped.
pub(super) async fn open(listener: TcpListener, post: Arc<Post>, places: Arc<Semaphore>) {
    let receive = |stream| {
        let post = Arc::clone(&post);
        async move { post.receive(stream).await }
    };
    door::accept(listener, places, receive).await;
}

impl Post {
    async fn receive(&self, stream: TcpStream) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        stream.write_all(format!("220 {} ESMTP\r\n", self.name).as_bytes()).await?;
        loop {
            let mut line = Vec::new();
            (&mut stream).take(LINE_LIMIT).read_until(b'\n', &mut line).await?;
            let line = String::from_utf8_lossy(&line).trim_end().to_ascii_uppercase();
            match (line.split(' ').next().unwrap_or_default(), &self.tls) {
                ("EHLO", Some(_)) => {
                    let answer = format!("250-{}\r\n250-SIZE 10240000\r\n250 STARTTLS\r\n", self.name);
                    stream.write_all(answer.as_bytes()).await?;
                }
                ("EHLO", None) => {
                    let answer = format!("250-{}\r\n250 SIZE 10240000\r\n", self.name);
                    stream.write_all(answer.as_bytes()).await?;
                }
                ("STARTTLS", Some(tls)) => {
                    stream.write_all(b"220 ready\r\n").await?;
                    let mut inside = tls.acceptor.accept(stream.into_inner()).await?;
                    // whatever comes next, the conversation is over
                    let _ = inside.read(&mut [0; 512]).await?;
                    return inside.write_all(b"221 bye\r\n").await;
                }
                ("QUIT" | "", _) => return stream.write_all(b"221 bye\r\n").await,
                _ => stream.write_all(b"502 no mail is taken here\r\n").await?,
            }
        }
    }
}
