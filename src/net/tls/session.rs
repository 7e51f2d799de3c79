//! Coming back to a server of TLS 1.3: the tickets it hands out, whether it takes one again, and whether it takes early
//! data with it (RFC 8446 sections 2.2, 2.3, 4.6.1).

use std::{io::Write as _, sync::Arc, time::Duration};

use rustls::{ClientConfig, ClientConnection, HandshakeKind, client::Resumption, pki_types::ServerName};
use tokio::io::AsyncWriteExt as _;

use super::{BUFFER, Offer, Recorder, Versions, compression, configure, own_fault, provider, record, sni};
use crate::net::{
    connection::Connection,
    error::{Error, Phase},
};

/// Tickets that are kept: servers hand out a handful.
const TICKETS: usize = 8;
/// For saying goodbye.
const FAREWELL: Duration = Duration::from_secs(1);

/// The number of the algorithm (IANA: 1 zlib, 2 brotli, 3 zstd) that a certificate comes compressed with; `None` where it
/// comes as it is.
pub type Compression = Option<u16>;

/// What a first visit came to.
pub enum Visit {
    /// It was made.
    Made(Box<FirstVisit>),
    /// The server compresses its certificate; the rest is to be seen by who does not offer that.
    Compressed,
}

/// What a first visit brought, and what is needed to come back.
pub struct FirstVisit {
    /// Tickets that came before the first octets of an answer.
    pub tickets: u32,
    /// The protocol that the server chose.
    pub alpn: Option<Vec<u8>>,
    /// The server's own certificate, DER.
    pub leaf: Option<Vec<u8>>,
    /// The stapled OCSP response, DER.
    pub staple: Option<Vec<u8>>,
    config: ClientConfig,
    server: ServerName<'static>,
}

/// What coming back brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecondVisit {
    /// Whether the server took the ticket.
    pub resumed: bool,
    /// How many octets of early data the ticket allows; 0 where it says nothing of early data.
    pub early_data_limit: u32,
    /// Whether the server took the early data that was sent.
    pub early_data_accepted: bool,
}

impl FirstVisit {
    /// A full handshake of TLS 1.3, and `request`, so that tickets which come only with an answer are seen too.
    /// The versions of the offer do not count.
    ///
    /// `shown`: how the server sends its certificate, as soon as that is seen. Empty, certificate compression is offered
    /// too, and where the server takes it the visit ends there ([`Visit::Compressed`]): one more has to be made, with what
    /// is in `shown` then.
    pub async fn make(
        mut connection: Connection,
        offer: &Offer,
        request: &[u8],
        shown: &mut Option<Compression>,
    ) -> Result<Visit, Error> {
        let offer = Offer { versions: Versions::Tls13, ..offer.clone() };
        let recorder = Arc::new(Recorder::new(provider(&offer), offer.authentication));
        let name = offer.server_name.as_deref().and_then(sni);
        let mut config = configure(&recorder, &offer, name.is_some()).map_err(|error| own_fault(&error))?;
        config.resumption = Resumption::in_memory_sessions(TICKETS);
        let server = name.map_or_else(
            || ServerName::IpAddress(connection.peer().logical.ip().into()),
            ServerName::DnsName,
        );
        let mut offered = config.clone();
        if shown.is_none() {
            offered.cert_decompressors = compression::witnesses();
        }
        let mut session =
            ClientConnection::new(Arc::new(offered), server.clone()).map_err(|error| own_fault(&error))?;
        let completed = complete(&mut session, &mut connection).await;
        let (chain, staple) = recorder.seen();
        if !chain.is_empty() {
            shown.get_or_insert(None);
        }
        if let Completed::Compressed(algorithm) = completed? {
            *shown = Some(Some(algorithm));
            return Ok(Visit::Compressed);
        }
        // what is answered does not matter, nor whether anything is: only that the connection stood to the end
        let answered = answered(&mut session, &mut connection, request).await;
        // a server may forget the sessions of connections that just break; whether it hears this does not matter
        session.send_close_notify();
        connection.renew_deadline(FAREWELL);
        let _ = flush(&mut session, &mut connection).await;
        let _ = connection.shutdown().await;
        let tickets = session.tls13_tickets_received();
        match answered {
            // a server that wants a certificate of us, or hangs up, might have handed some out to others
            Err(error) if tickets == 0 => Err(error),
            _ => {
                let alpn = session.alpn_protocol().map(<[u8]>::to_vec);
                let leaf = chain.into_iter().next();
                Ok(Visit::Made(Box::new(Self { tickets, alpn, leaf, staple, config, server })))
            }
        }
    }

    /// Comes back with a ticket; with `early` as early data where the ticket allows as much.
    pub async fn again(&self, mut connection: Connection, early: &[u8]) -> Result<SecondVisit, Error> {
        let mut config = self.config.clone();
        config.enable_early_data = true;
        let mut session = ClientConnection::new(Arc::new(config), self.server.clone())
            .map_err(|error| own_fault(&error))?;
        let early_data_limit = match session.early_data() {
            Some(mut writer) => {
                let limit = writer.bytes_left();
                if limit >= early.len() {
                    writer.write_all(early).map_err(|error| Error::Local(error.to_string()))?;
                }
                u32::try_from(limit).unwrap_or(u32::MAX)
            }
            None => 0,
        };
        // offers no compression
        let _ = complete(&mut session, &mut connection).await?;
        Ok(SecondVisit {
            resumed: session.handshake_kind() == Some(HandshakeKind::Resumed),
            early_data_limit,
            early_data_accepted: session.is_early_data_accepted(),
        })
    }
}

/// How far a handshake came.
enum Completed {
    Whole,
    /// To a certificate that is compressed, for a client that only wanted to know.
    Compressed(u16),
}

/// Drives a handshake to its end.
async fn complete(session: &mut ClientConnection, connection: &mut Connection) -> Result<Completed, Error> {
    let in_handshake = |error| match error {
        Error::TimedOut { after, .. } => Error::TimedOut { during: Phase::Handshake, after },
        other => other,
    };
    loop {
        flush(session, connection).await.map_err(in_handshake)?;
        if !session.is_handshaking() {
            return Ok(Completed::Whole);
        }
        let mut buffer = vec![0; BUFFER];
        let length = connection.read_some(&mut buffer).await.map_err(in_handshake)?;
        if length == 0 {
            return Err(Error::Closed { during: Phase::Handshake });
        }
        let mut received = buffer.get(..length).unwrap_or_default();
        while !received.is_empty() {
            session.read_tls(&mut received).map_err(|error| Error::Local(error.to_string()))?;
            match compression::witness(|| session.process_new_packets()) {
                (_, Some(algorithm)) => return Ok(Completed::Compressed(algorithm)),
                (Ok(_), None) => {}
                (Err(error), None) => return Err(record::explain(&error)),
            }
        }
    }
}

/// Sends a request and waits for the first octets of an answer, or the end.
async fn answered(
    session: &mut ClientConnection,
    connection: &mut Connection,
    request: &[u8],
) -> Result<(), Error> {
    session.writer().write_all(request).map_err(|error| Error::Local(error.to_string()))?;
    let mut buffer = vec![0; BUFFER];
    loop {
        flush(session, connection).await?;
        let length = connection.read_some(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        let mut received = buffer.get(..length).unwrap_or_default();
        while !received.is_empty() {
            session.read_tls(&mut received).map_err(|error| Error::Local(error.to_string()))?;
            let state = session.process_new_packets().map_err(|error| record::explain(&error))?;
            if state.plaintext_bytes_to_read() > 0 || state.peer_has_closed() {
                return Ok(());
            }
        }
    }
}

/// Writes what the session has to say.
async fn flush(session: &mut ClientConnection, connection: &mut Connection) -> Result<(), Error> {
    let mut out = Vec::new();
    while session.wants_write() {
        session.write_tls(&mut out).map_err(|error| Error::Local(error.to_string()))?;
    }
    connection.write_bytes(&out).await
}
