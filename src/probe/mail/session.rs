//! One conversation with a mail server: greeting, EHLO, STARTTLS, one handshake, QUIT. No mail is sent and no address
//! named. Whatever follows the answer to STARTTLS in the clear is thrown away and told.

use std::net::IpAddr;

use base64::Engine as _;
use jiff::Timestamp;

use crate::{
    net::{
        Connection, Error, Net, Purpose,
        tls::{self, Offer},
    },
    observation::{Attempt, MailSession, MailTls, Skip, ValidityStatus},
    probe::{
        certificate::{Sent, TrustStore, certificate},
        failure::{cut, untested},
    },
    wire::{
        iana,
        smtp::{NotSmtp, Read, Reply, read},
        tls::Version,
        tlsa::Tlsa,
        url::HttpUrl,
    },
};

use super::{
    Question,
    known::{Broken, malformed},
};

/// The port of mail between servers.
const PORT: u16 = 25;
/// Octets read before TLS: a greeting and two replies at their limit.
const CLEAR_LIMIT: u64 = 3 * crate::wire::smtp::REPLY_LIMIT as u64;
/// Octets of the handshake: a chain as long as any server sends.
const HANDSHAKE_LIMIT: u64 = 256 * 1024;
/// Letters kept of a greeting.
const BANNER_LIMIT: usize = 200;

/// What a server said.
#[derive(Debug)]
pub(super) struct Told {
    banner: String,
    starttls: bool,
    plaintext_after_starttls: bool,
    handshake: Attempt<Handshake>,
}

/// What the handshake showed.
#[derive(Clone, Debug)]
struct Handshake {
    version: u16,
    suite: u16,
    chain: Vec<Vec<u8>>,
}

/// Talks to one address. A key share of ML-KEM makes a hello longer than a packet, which some middleboxes drop, so it
/// is left out.
pub(super) async fn converse(net: &Net, name: &str, address: IpAddr) -> Result<Told, Broken> {
    let fail = |error: Error| untested(&error);
    let lane = net.lane(address).await.map_err(fail)?;
    let connection = lane.connect(name, PORT, Purpose::Smtp).await.map_err(fail)?;
    let mut talk = Line { connection, buffer: Vec::new() };
    talk.connection.renew_read_limit(CLEAR_LIMIT);

    let greeting = talk.reply().await?;
    let banner: String = cut(&greeting.lines.join(" ")).chars().take(BANNER_LIMIT).collect();
    if !greeting.is_positive() {
        talk.quit().await;
        return Err(malformed(&format!("the greeting is a refusal: {} {banner}", greeting.code)));
    }
    let mut told = Told {
        banner,
        starttls: false,
        plaintext_after_starttls: false,
        handshake: Attempt::skipped(Skip::DoesNotApply),
    };
    talk.say(&format!("EHLO {}\r\n", own_name(&net.options().contact_url))).await.map_err(fail)?;
    let ehlo = talk.reply().await?;
    told.starttls = ehlo.offers_starttls();
    if !told.starttls {
        talk.quit().await;
        return if ehlo.is_positive() || ehlo.code == 502 || ehlo.code == 500 {
            Ok(told)
        } else {
            // a server that turns us away says nothing of what it offers to others
            let words = ehlo.lines.join(" ");
            Err(malformed(&format!("EHLO was refused: {} {words}", ehlo.code)))
        };
    }
    talk.say("STARTTLS\r\n").await.map_err(fail)?;
    let answer = talk.reply().await?;
    if answer.code != 220 {
        let words = answer.lines.join(" ");
        talk.quit().await;
        told.handshake = malformed(&format!("STARTTLS was refused: {} {words}", answer.code));
        return Ok(told);
    }
    told.plaintext_after_starttls = !talk.buffer.is_empty();
    talk.connection.renew_read_limit(HANDSHAKE_LIMIT);
    let offer = Offer { server_name: Some(name.to_owned()), classic_groups_only: true, ..Offer::default() };
    told.handshake = match tls::handshake(talk.connection, &offer).await {
        Ok(mut done) => {
            // the server need not wait for a time-out to learn that this was all
            let _ = done.stream.write_bytes(b"QUIT\r\n").await;
            Attempt::Completed(Handshake { version: done.version, suite: done.suite.code, chain: done.chain })
        }
        Err(failed) => untested(&failed.error),
    };
    Ok(told)
}

/// Our name in a greeting: the host where a server's operator reads who we are.
fn own_name(contact_url: &str) -> String {
    let host = match contact_url.strip_prefix("mailto:") {
        Some(address) => address.rsplit_once('@').map(|(_, host)| host.to_owned()),
        None => HttpUrl::parse(contact_url).ok().map(|url| url.host().to_owned()),
    };
    let fits = |host: &String| {
        host.contains('.')
            && host.bytes().all(|octet| octet.is_ascii_alphanumeric() || b".-".contains(&octet))
    };
    host.filter(fits).unwrap_or_else(|| String::from("khien.invalid"))
}

/// The clear part of a conversation.
struct Line {
    connection: Connection,
    /// Received and not yet read.
    buffer: Vec<u8>,
}

impl Line {
    async fn reply(&mut self) -> Result<Reply, Broken> {
        let mut chunk = [0; 2048];
        loop {
            match read(&self.buffer) {
                Ok(Read::Reply(reply, taken)) => {
                    self.buffer.drain(..taken);
                    return Ok(reply);
                }
                Ok(Read::More) => {}
                Err(error @ (NotSmtp::Code | NotSmtp::Codes | NotSmtp::Endless)) => {
                    return Err(malformed(&error.to_string()));
                }
            }
            match self.connection.read_some(&mut chunk).await {
                Ok(0) => return Err(untested(&Error::Closed { during: crate::net::Phase::Read })),
                Ok(count) => self.buffer.extend_from_slice(chunk.get(..count).unwrap_or_default()),
                Err(error) => return Err(untested(&error)),
            }
        }
    }

    async fn say(&mut self, words: &str) -> Result<(), Error> {
        self.connection.write_bytes(words.as_bytes()).await
    }

    /// Takes leave; whether that is heard does not matter.
    async fn quit(&mut self) {
        let _ = self.say("QUIT\r\n").await;
    }
}

/// What was said as facts. What hangs on the time and on the roots is worked out for each site.
pub(super) fn observed(
    told: &Told,
    name: &str,
    question: &Question<'_>,
    tlsa: &Attempt<Vec<Tlsa>>,
) -> MailSession {
    let domain = super::domain(question.host);
    let tls = told.handshake.as_ref().and_then(|handshake| {
        certificate(&Sent::chain_alone(&handshake.chain), name, question.at, question.trust).map(
            |certificate| MailTls {
                version: Version(handshake.version).to_string(),
                cipher_suite: iana::cipher_suite_name(handshake.suite).into_owned(),
                sha256: certificate.leaf.sha256,
                not_after: certificate.leaf.not_after,
                valid_now: certificate.leaf.validity == ValidityStatus::Valid,
                names_host: certificate.names_host,
                trusted: certificate.trusted,
                tlsa_matches: tlsa
                    .as_ref()
                    .map(|records| matching(records, &handshake.chain, &[name, &domain], question.at)),
            },
        )
    });
    MailSession {
        banner: told.banner.clone(),
        starttls: told.starttls,
        plaintext_after_starttls: told.plaintext_after_starttls,
        tls,
    }
}

/// One usable record that matches is enough (RFC 7672 section 3.1). `names` are those that the server may go by.
fn matching(records: &[Tlsa], chain: &[Vec<u8>], names: &[&str], at: Timestamp) -> Option<bool> {
    let mut usable = records.iter().filter(|record| record.is_usable_for_mail()).peekable();
    usable.peek()?;
    Some(usable.any(|record| accepts(record, chain, names, at)))
}

/// Whether a sender that heeds this record goes on. For the server's own key its certificate's names and dates do not
/// matter (RFC 7672 section 3.1.1); under an authority they do, and so does the chain up to it (section 3.1.2).
fn accepts(record: &Tlsa, chain: &[Vec<u8>], names: &[&str], at: Timestamp) -> bool {
    let Some(anchor) = record.place_in(chain).and_then(|place| chain.get(place)) else { return false };
    if record.usage == 3 {
        return true;
    }
    let mut authority = TrustStore::empty();
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        base64::engine::general_purpose::STANDARD.encode(anchor)
    );
    if authority.add_pem(pem.as_bytes(), "TLSA").is_err() {
        return false;
    }
    names.iter().any(|name| {
        let seen = certificate(&Sent::chain_alone(chain), name, at, &authority);
        seen.completed().is_some_and(|seen| {
            seen.trusted && seen.names_host && seen.leaf.validity == ValidityStatus::Valid
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_name_is_the_contacts_host() {
        for (contact, expected) in [
            ("https://so.example.gov.vn/khien", "so.example.gov.vn"),
            ("mailto:attt@tinhmau.example", "tinhmau.example"),
            ("mailto:attt@tinh mau", "khien.invalid"),
            ("https://[::1]/", "khien.invalid"),
            ("no address", "khien.invalid"),
        ] {
            assert_eq!(own_name(contact), expected, "{contact}");
        }
    }
}
