//! ROBOT (Böck, Somorovsky, Young 2018): an RSA key exchange that is wrong in five different ways. A sound server answers
//! all five alike; one that does not tells who listens what lies inside (Bleichenbacher 1998).

use super::{Here, OldOffer, waiting};
use crate::{
    net::Error,
    observation::{Failure, Weakness},
    probe::tls::handshake::{Channel, Item, PREMASTER, RsaKey, Stop, nonzero, pad, random, with_length16},
    wire::tls::{ContentType, HandshakeType, Message, Version},
};

/// A Finished that cannot be opened, of a length that every cipher takes.
const SEALED: usize = 80;

/// What is wrong with the padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    /// Nothing; the Finished is wrong alone.
    Nothing,
    /// It does not begin with 00 02.
    Start,
    /// The zero that ends the padding stands at the wrong place.
    Zero,
    /// No zero ends the padding.
    NoZero,
    /// The premaster secret has another version.
    Version,
}

const ALL: [Wrong; 5] = [Wrong::Nothing, Wrong::Start, Wrong::Zero, Wrong::NoZero, Wrong::Version];

/// How far the client goes on after its key exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// To a Finished that cannot be opened.
    Whole,
    /// No further.
    Short,
}

/// How the server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Alert(u8),
    HungUp,
    Silence,
    Other,
}

pub(super) async fn once(here: &Here<'_>, offer: &OldOffer) -> Result<Weakness, Failure> {
    for flow in [Flow::Whole, Flow::Short] {
        let first = answers(here, offer, flow).await?;
        if all_alike(&first) {
            continue;
        }
        // two runs that agree; else the difference is in the weather
        if answers(here, offer, flow).await? == first {
            return Ok(Weakness::Vulnerable);
        }
        return Err(Failure::Malformed(
            "answers to RSA key exchanges that change from run to run".to_owned(),
        ));
    }
    Ok(Weakness::NotVulnerable)
}

fn all_alike(answers: &[Answer]) -> bool {
    answers.iter().zip(answers.iter().skip(1)).all(|(one, other)| one == other)
}

async fn answers(here: &Here<'_>, offer: &OldOffer, flow: Flow) -> Result<Vec<Answer>, Failure> {
    let mut answers = Vec::with_capacity(ALL.len());
    for wrong in ALL {
        let mut waiting = waiting(here, offer, Vec::new()).await?;
        let leaf = waiting.chain.first().ok_or(Failure::Closed)?;
        let key = RsaKey::of(leaf).map_err(Failure::Unsupported)?;
        let padded = padded(key.length, offer.version, wrong).map_err(Failure::OurBug)?;
        let body = with_length16(&key.encrypt(&padded)).map_err(Failure::OurBug)?;
        let wait = if flow == Flow::Whole { here.long_wait() } else { here.short_wait() };
        waiting.channel.connection.renew_deadline(wait);
        answers.push(answer(&mut waiting.channel, body, flow).await);
    }
    Ok(answers)
}

/// A premaster secret in padding that is wrong in this way (RFC 8017 section 7.2.1 says what is right).
fn padded(length: usize, version: Version, wrong: Wrong) -> Result<Vec<u8>, String> {
    let version = if wrong == Wrong::Version { [2, 2] } else { version.0.to_be_bytes() };
    let mut octets = pad(length, &[&version, &nonzero(PREMASTER - 2)?[..]].concat())?;
    let end_of_padding = length - PREMASTER - 1;
    let mut put = |at: usize, octet: u8| {
        if let Some(place) = octets.get_mut(at) {
            *place = octet;
        }
    };
    match wrong {
        Wrong::Nothing | Wrong::Version => {}
        // a first octet of its own could lie above the modulus
        Wrong::Start => put(1, 0x17),
        Wrong::Zero => {
            put(end_of_padding, 0x11);
            put(length - 2, 0);
        }
        Wrong::NoZero => put(end_of_padding, 0x11),
    }
    Ok(octets)
}

async fn answer(channel: &mut Channel, body: Vec<u8>, flow: Flow) -> Answer {
    match sent_and_answered(channel, body, flow).await {
        Stop::Alert(description) => Answer::Alert(description),
        Stop::Lost(Error::TimedOut { .. }) => Answer::Silence,
        Stop::Lost(Error::Reset | Error::Closed { .. }) => Answer::HungUp,
        Stop::Lost(_) | Stop::Broken(_) | Stop::Unsupported(_) => Answer::Other,
    }
}

async fn sent_and_answered(channel: &mut Channel, body: Vec<u8>, flow: Flow) -> Stop {
    let message = Message { record_version: Version::TLS12, kind: HandshakeType::CLIENT_KEY_EXCHANGE, body };
    let (Ok(message), Ok(sealed)) = (message.encode(), random(SEALED)) else {
        return Stop::Unsupported("our own key exchange".to_owned());
    };
    let parts: &[(ContentType, &[u8])] = &[
        (ContentType::HANDSHAKE, &message),
        (ContentType::CHANGE_CIPHER_SPEC, &[1]),
        (ContentType::HANDSHAKE, &sealed),
    ];
    let parts = if flow == Flow::Whole { parts } else { parts.get(..1).unwrap_or_default() };
    if let Err(stop) = channel.send_all(parts).await {
        return stop;
    }
    loop {
        match channel.next().await {
            Ok(Item::Warning(_)) => {}
            Ok(_) => return Stop::Broken("something else than an end".to_owned()),
            Err(stop) => return stop,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_wrong_in_its_own_way_and_no_other() {
        for wrong in ALL {
            let octets = padded(256, Version::TLS12, wrong).unwrap();
            assert_eq!(octets.len(), 256);
            let starts = octets.starts_with(&[0, 2]);
            assert_eq!(starts, wrong != Wrong::Start);
            let zero = octets.iter().skip(2).position(|octet| *octet == 0).map(|at| at + 2);
            assert_eq!(
                zero,
                match wrong {
                    Wrong::Nothing | Wrong::Start | Wrong::Version => Some(207),
                    Wrong::Zero => Some(254),
                    Wrong::NoZero => None,
                }
            );
            let version = octets[208..210] == [3, 3];
            assert_eq!(version, wrong != Wrong::Version);
        }
        assert!(padded(40, Version::TLS12, Wrong::Nothing).is_err());
    }

    #[test]
    fn answers_are_alike_or_not() {
        assert!(all_alike(&[Answer::Alert(20), Answer::Alert(20)]));
        assert!(!all_alike(&[Answer::Alert(20), Answer::Alert(20), Answer::HungUp]));
    }
}
