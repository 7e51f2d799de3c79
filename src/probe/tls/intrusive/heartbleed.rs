//! Heartbleed (CVE-2014-0160): a heartbeat that claims 16 KiB and carries nothing. RFC 6520 section 4 wants it discarded.

use super::{Here, OldOffer, nudge, waiting};
use crate::{
    net::Error,
    observation::{Failure, Weakness},
    probe::tls::handshake::{Channel, Item, Stop},
    wire::tls::{ContentType, Extension, ExtensionType, Heartbeat},
};

const CLAIMED: u16 = 0x4000;

pub(super) async fn once(here: &Here<'_>, offer: &OldOffer) -> Result<Weakness, Failure> {
    let mut waiting = waiting(here, offer, vec![Extension::heartbeat(1)]).await?;
    if !waiting.hello.has(ExtensionType::HEARTBEAT) {
        return Ok(Weakness::NotVulnerable);
    }
    let channel = &mut waiting.channel;
    let message = Heartbeat::hollow(CLAIMED).encode().map_err(|error| Failure::OurBug(error.to_string()))?;
    let failure = |stop: Stop| stop.failure();
    channel.send(ContentType::HEARTBEAT, &message).await.map_err(failure)?;
    channel.connection.renew_deadline(here.short_wait());
    match answer(channel, message.len()).await {
        // silence is what the RFC asks for: whoever then answers something else has read the heartbeat before it
        Err(Stop::Lost(Error::TimedOut { .. })) => {
            channel.connection.renew_deadline(here.long_wait());
            nudge(channel).await.map_err(failure)?;
            settled(answer(channel, message.len()).await)
        }
        other => settled(other),
    }
}

/// Waits for a response that holds more than was sent.
async fn answer(channel: &mut Channel, sent: usize) -> Result<Weakness, Stop> {
    const RESPONSE: u8 = 2;
    loop {
        if let Item::Heartbeat(message) = channel.next().await? {
            let response = Heartbeat::parse(&message)?;
            if response.kind == RESPONSE && message.len() > sent {
                return Ok(Weakness::Vulnerable);
            }
        }
    }
}

fn settled(answer: Result<Weakness, Stop>) -> Result<Weakness, Failure> {
    match answer {
        Ok(weakness) => Ok(weakness),
        Err(stop) if stop.is_refusal() => Ok(Weakness::NotVulnerable),
        Err(stop) => Err(stop.failure()),
    }
}
