//! CCS injection (CVE-2014-0224): a `ChangeCipherSpec` before there are keys. A sound server ends the connection; one that
//! took it reads the next record with keys that everybody knows, and finds it broken.

use super::{Here, OldOffer, waiting};
use crate::{
    net::Error,
    observation::{Failure, Weakness},
    probe::tls::handshake::{Channel, Item, Stop},
    wire::tls::ContentType,
};

const BAD_RECORD_MAC: u8 = 20;
const DECRYPTION_FAILED: u8 = 21;
const UNEXPECTED_MESSAGE: u8 = 10;

pub(super) async fn once(here: &Here<'_>, offer: &OldOffer) -> Result<Weakness, Failure> {
    let mut waiting = waiting(here, offer, Vec::new()).await?;
    let channel = &mut waiting.channel;
    match early(channel, here.short_wait()).await {
        Stop::Lost(Error::TimedOut { .. }) => {}
        stop if stop.is_refusal() => return Ok(Weakness::NotVulnerable),
        stop => return Err(stop.failure()),
    }
    // the first was swallowed: taken, or not yet looked at
    match early(channel, here.long_wait()).await {
        Stop::Alert(BAD_RECORD_MAC | DECRYPTION_FAILED) => Ok(Weakness::Vulnerable),
        Stop::Alert(UNEXPECTED_MESSAGE) => Ok(Weakness::NotVulnerable),
        stop => Err(stop.failure()),
    }
}

/// Sends one and waits for what ends the connection.
async fn early(channel: &mut Channel, wait: std::time::Duration) -> Stop {
    channel.connection.renew_deadline(wait);
    if let Err(stop) = channel.send(ContentType::CHANGE_CIPHER_SPEC, &[1]).await {
        return stop;
    }
    loop {
        match channel.next().await {
            Ok(Item::Warning(_) | Item::Heartbeat(_)) => {}
            Ok(_) => return Stop::Broken("something else than an end".to_owned()),
            Err(stop) => return stop,
        }
    }
}
