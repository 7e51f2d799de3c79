//! Ticketbleed (CVE-2016-9244): who comes back with a ticket and a short session id is echoed the id, and where a server
//! takes every id to be 32 octets long, what lies behind it in memory.

use super::Here;
use crate::{
    observation::{Failure, Weakness},
    probe::tls::{
        handshake::{Channel, Item, Resume, Stop, Terms, hello_of, nonzero},
        sessions::{Old, begin},
    },
    wire::tls::{HandshakeType, reply::ServerHello},
};

/// Shorter than every id that a client makes by itself.
const SHORT: usize = 8;

pub(super) async fn once(here: &Here<'_>, old: &Old) -> Result<Weakness, Failure> {
    let terms = old.terms(here);
    let (client, first) = begin(here, &terms).await?;
    client.close().await;
    if first.session.ticket.is_empty() {
        return Ok(Weakness::NotVulnerable);
    }
    let id = nonzero(SHORT).map_err(Failure::OurBug)?;
    let terms = Terms { resume: Resume::Ticket(&first.session, &id), ..terms };
    let hello = hello_of(&terms).map_err(|error| Failure::OurBug(error.to_string()))?;
    let connection = here.connect().await.map_err(|error| Failure::from(&error))?;
    let mut channel = Channel::new(connection);
    match echoed(&mut channel, &hello).await {
        Ok(echo) => match echo.strip_prefix(id.as_slice()) {
            Some(behind) if behind.iter().any(|octet| *octet != 0) => Ok(Weakness::Vulnerable),
            _ => Ok(Weakness::NotVulnerable),
        },
        // who will not have such an id sends nothing back
        Err(Stop::Alert(_)) => Ok(Weakness::NotVulnerable),
        Err(stop) => Err(stop.failure()),
    }
}

/// The session id of the server's hello.
async fn echoed(channel: &mut Channel, hello: &[u8]) -> Result<Vec<u8>, Stop> {
    channel.write(hello).await?;
    loop {
        match channel.next().await? {
            Item::Message { kind: HandshakeType::SERVER_HELLO, body, .. } => {
                return Ok(ServerHello::parse(&body)?.session_id);
            }
            Item::Warning(_) => {}
            _ => return Err(Stop::Broken("something else than a ServerHello".to_owned())),
        }
    }
}
