//! Whole handshakes of TLS 1.0 to 1.2 made by hand, for what no library does any more: coming back with a session, being
//! asked again inside a connection, and servers that know nothing newer. The server's Finished is verified, its
//! certificate is not: nothing secret is ever sent over it.

mod channel;
mod exchange;
mod prf;
mod protection;

pub(super) use channel::{Channel, Item, Stop};
pub(super) use exchange::{PREMASTER, RsaKey, nonzero, pad, random, with_length16};
use prf::{MASTER, Prf, Side};
use protection::{Protection, key_lengths};

use super::reply;
use crate::wire::{
    iana::{self, KeyExchange, SuiteProperties},
    tls::{
        Alert, ClientHello, ContentType, EncodeError, Extension, ExtensionType, HandshakeType, Message,
        Version,
        reply::{Certificate, NewSessionTicket, ServerHello, ServerKeyExchange},
    },
};

const CLOSE_NOTIFY: u8 = 0;

/// What a handshake offers.
#[derive(Clone, Debug)]
pub(super) struct Terms<'a> {
    pub(super) host: &'a str,
    /// This version and none below.
    pub(super) version: Version,
    pub(super) suites: Vec<u16>,
    /// The group of the certificate's own key, offered last: no key is made for it here.
    pub(super) certified: Option<u16>,
    /// What to come back with.
    pub(super) resume: Resume<'a>,
    /// Whether a ticket is asked for, where none is shown.
    pub(super) wants_ticket: bool,
}

/// What to come back with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Resume<'a> {
    Nothing,
    /// The session's id.
    Id(&'a Session),
    /// The session's ticket, and an id to be echoed where it is taken.
    Ticket(&'a Session, &'a [u8]),
}

/// A session that can be resumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) id: Vec<u8>,
    /// Empty where none was handed out.
    pub(super) ticket: Vec<u8>,
    suite: u16,
    master: Vec<u8>,
}

/// What a handshake came to.
#[derive(Clone, Debug)]
pub(super) struct Completed {
    pub(super) session: Session,
    /// Whether the server took what was shown to it.
    pub(super) resumed: bool,
}

/// A connection on which handshakes are completed, one or several.
pub(super) struct Client {
    pub(super) channel: Channel,
    /// Our last Finished, once there is one.
    finished: Option<Vec<u8>>,
}

/// The suites of these that a handshake can be completed with here.
pub(super) fn within_reach(version: Version, suites: impl IntoIterator<Item = u16>) -> Vec<u16> {
    let reachable = |code: &u16| {
        // drafts of ChaCha20 make their nonces in another way
        let registered = iana::cipher_suite(*code).filter(|suite| suite.registered);
        registered.and_then(|suite| suite.properties()).is_some_and(|suite| {
            matches!(suite.key_exchange, KeyExchange::Rsa | KeyExchange::Dhe | KeyExchange::Ecdhe)
                && key_lengths(&suite, version).is_some()
        })
    };
    suites.into_iter().filter(reachable).collect()
}

impl Client {
    pub(super) fn new(channel: Channel) -> Self {
        Self { channel, finished: None }
    }

    /// Ends the connection as agreed: OpenSSL for one keeps no session of a connection that just broke.
    pub(super) async fn close(mut self) {
        /// For the server's own farewell.
        const PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);
        let farewell = Alert::warning(CLOSE_NOTIFY).to_octets();
        self.channel.connection.renew_deadline(PATIENCE);
        if self.channel.send(ContentType::ALERT, &farewell).await.is_ok() {
            while self.channel.next().await.is_ok() {}
        }
    }

    /// Completes a handshake; inside the one before, where there was one.
    pub(super) async fn handshake(&mut self, terms: &Terms<'_>) -> Result<Completed, Stop> {
        let hello =
            hello(terms, self.finished.as_deref()).map_err(|error| Stop::Unsupported(error.to_string()))?;
        let mut under_way = UnderWay {
            channel: &mut self.channel,
            offered: terms.version,
            client_random: hello.random,
            transcript: Vec::new(),
        };
        let message = hello.to_message().and_then(|message| message.encode());
        let message = message.map_err(|error| Stop::Unsupported(error.to_string()))?;
        under_way.transcript.extend(&message);
        under_way.channel.send(ContentType::HANDSHAKE, &message).await?;
        let (completed, finished) = under_way.go_on(terms).await?;
        self.finished = Some(finished);
        Ok(completed)
    }
}

/// The records of a first hello on these terms.
pub(super) fn hello_of(terms: &Terms<'_>) -> Result<Vec<u8>, EncodeError> {
    hello(terms, None)?.to_records()
}

/// The hello; `again`: our Finished of the handshake that this one is inside of.
fn hello(terms: &Terms<'_>, again: Option<&[u8]>) -> Result<ClientHello, EncodeError> {
    let certified = terms.certified.filter(|group| !exchange::GROUPS.contains(group));
    let groups: Vec<u16> = exchange::GROUPS.into_iter().chain(certified).collect();
    let mut hello = plain_hello(terms.host, terms.version, terms.suites.clone(), &groups)?;
    if again.is_none() {
        hello.cipher_suites.push(iana::EMPTY_RENEGOTIATION_INFO_SCSV);
    }
    let extensions = hello.extensions.get_or_insert_default();
    extensions.push(Extension::extended_master_secret());
    if let Some(finished) = again {
        extensions.push(Extension::renegotiation_info(finished)?);
    }
    match terms.resume {
        Resume::Nothing if terms.wants_ticket => {
            extensions.push(Extension::session_ticket(Vec::new()));
        }
        Resume::Nothing => {}
        Resume::Id(session) => hello.session_id.clone_from(&session.id),
        Resume::Ticket(session, id) => {
            hello.session_id = id.to_vec();
            extensions.push(Extension::session_ticket(session.ticket.clone()));
        }
    }
    Ok(hello)
}

/// What every hello by hand begins with: name, groups and signatures. Up to SSL 3.0 there are no extensions.
pub(super) fn plain_hello(
    host: &str,
    version: Version,
    suites: Vec<u16>,
    groups: &[u16],
) -> Result<ClientHello, EncodeError> {
    let random = reply::random().map_err(|_| EncodeError::Empty { what: "random" })?;
    let mut hello = ClientHello::new(version, random, suites);
    if version <= Version::SSL3 {
        return Ok(hello);
    }
    let mut extensions = Vec::new();
    match Extension::server_name(host) {
        Ok(name) => extensions.push(name),
        Err(EncodeError::AddressAsServerName) => {}
        Err(other) => return Err(other),
    }
    extensions.push(Extension::supported_groups(groups)?);
    extensions.push(Extension::ec_point_formats(&[0])?);
    if version >= Version::TLS12 {
        let all: Vec<u16> = iana::signature_schemes().collect();
        extensions.push(Extension::signature_algorithms(&all)?);
    }
    hello.extensions = Some(extensions);
    Ok(hello)
}

/// A handshake whose hello has been sent.
struct UnderWay<'c> {
    channel: &'c mut Channel,
    offered: Version,
    client_random: [u8; 32],
    transcript: Vec<u8>,
}

/// What both sides have agreed on.
struct Keys {
    prf: Prf,
    master: Vec<u8>,
    client: Protection,
    server: Protection,
}

impl UnderWay<'_> {
    /// From the `ServerHello` on. With what came of it, our Finished.
    async fn go_on(mut self, terms: &Terms<'_>) -> Result<(Completed, Vec<u8>), Stop> {
        let hello = match self.message().await? {
            (HandshakeType::SERVER_HELLO, body) => ServerHello::parse(&body)?,
            (kind, _) => return Err(unexpected(kind)),
        };
        let version = hello.negotiated_version();
        let suite = iana::cipher_suite(hello.cipher_suite).and_then(|suite| suite.properties());
        let (Some(suite), true) = (suite, terms.suites.contains(&hello.cipher_suite)) else {
            return Err(Stop::Broken("a cipher suite that was not offered".to_owned()));
        };
        if version != self.offered {
            return Err(Stop::Broken(format!("{version}, which was not offered")));
        }
        self.channel.speak(version);
        let mut ticket = Vec::new();
        let first = loop {
            match self.next().await? {
                Item::Message { kind: HandshakeType::NEW_SESSION_TICKET, body, .. } => {
                    ticket = NewSessionTicket::parse(&body)?.ticket;
                }
                item => break item,
            }
        };
        let resumed = match (terms.resume, &first) {
            (Resume::Id(session) | Resume::Ticket(session, _), Item::ChangeCipherSpec) => Some(session),
            _ => None,
        };
        if resumed.is_some_and(|session| session.suite != hello.cipher_suite) {
            return Err(Stop::Broken("a session that goes on with another cipher suite".to_owned()));
        }
        let (master, finished) = if let Some(session) = resumed {
            let keys = self.keys(&suite, session.master.clone(), &hello)?;
            let Keys { prf, master, client, server } = keys;
            self.channel.incoming = Some(server);
            self.server_finished(prf, &master).await?;
            let finished = self.client_finished(prf, &master, client, Vec::new()).await?;
            (master, finished)
        } else {
            let (message, wants_certificate, premaster) = self.key_exchange(&suite, &hello, first).await?;
            let mut flight = Vec::new();
            if wants_certificate {
                // we have none
                let none = self.wrap(HandshakeType::CERTIFICATE, vec![0, 0, 0])?;
                flight.extend(self.channel.records(ContentType::HANDSHAKE, &none)?);
            }
            let message = self.wrap(HandshakeType::CLIENT_KEY_EXCHANGE, message)?;
            flight.extend(self.channel.records(ContentType::HANDSHAKE, &message)?);
            let master = self.master(&suite, &premaster, &hello);
            let Keys { prf, master, client, server } = self.keys(&suite, master, &hello)?;
            let finished = self.client_finished(prf, &master, client, flight).await?;
            loop {
                match self.next().await? {
                    Item::Message { kind: HandshakeType::NEW_SESSION_TICKET, body, .. } => {
                        ticket = NewSessionTicket::parse(&body)?.ticket;
                    }
                    Item::ChangeCipherSpec => break,
                    other => return Err(unexpected_item(&other)),
                }
            }
            self.channel.incoming = Some(server);
            self.server_finished(prf, &master).await?;
            (master, finished)
        };
        let session = Session { id: hello.session_id.clone(), ticket, suite: hello.cipher_suite, master };
        Ok((Completed { session, resumed: resumed.is_some() }, finished))
    }

    /// The rest of the server's flight, and our answer to it: the `ClientKeyExchange`, whether a certificate is
    /// wanted of us, and the premaster secret.
    async fn key_exchange(
        &mut self,
        suite: &SuiteProperties,
        hello: &ServerHello,
        first: Item,
    ) -> Result<(Vec<u8>, bool, Vec<u8>), Stop> {
        let (mut chain, mut exchange, mut wants_certificate) = (Vec::new(), None, false);
        let mut item = first;
        loop {
            match item {
                Item::Message { kind: HandshakeType::CERTIFICATE, body, .. } => {
                    chain = Certificate::parse(&body)?.chain;
                }
                Item::Message { kind: HandshakeType::SERVER_KEY_EXCHANGE, body, .. } => {
                    exchange = Some(ServerKeyExchange::parse(suite, hello.negotiated_version(), &body)?);
                }
                Item::Message { kind: HandshakeType::CERTIFICATE_REQUEST, .. } => wants_certificate = true,
                Item::Message { kind: HandshakeType::CERTIFICATE_STATUS, .. } => {}
                Item::Message { kind: HandshakeType::SERVER_HELLO_DONE, .. } => break,
                other => return Err(unexpected_item(&other)),
            }
            item = self.next().await?;
        }
        let leaf = chain.first().map(Vec::as_slice);
        let agreed = exchange::agree(suite.key_exchange, self.offered, leaf, exchange.as_ref())
            .map_err(Stop::Unsupported)?;
        Ok((agreed.message, wants_certificate, agreed.premaster))
    }

    fn master(&self, suite: &SuiteProperties, premaster: &[u8], hello: &ServerHello) -> Vec<u8> {
        let prf = Prf::of(self.offered, suite.hash);
        if hello.has(ExtensionType::EXTENDED_MASTER_SECRET) {
            // RFC 7627 section 4: over everything up to the ClientKeyExchange
            let seed = prf.transcript(&self.transcript);
            return prf.expand(premaster, "extended master secret", &seed, MASTER);
        }
        let seed = [self.client_random, hello.random].concat();
        prf.expand(premaster, "master secret", &seed, MASTER)
    }

    fn keys(&self, suite: &SuiteProperties, master: Vec<u8>, hello: &ServerHello) -> Result<Keys, Stop> {
        let beyond = || Stop::Unsupported("records of this cipher suite".to_owned());
        let prf = Prf::of(self.offered, suite.hash);
        let lengths = key_lengths(suite, self.offered).ok_or_else(beyond)?;
        let seed = [hello.random, self.client_random].concat();
        let all = 2 * (lengths.mac + lengths.key + lengths.iv);
        let block = prf.expand(&master, "key expansion", &seed, all);
        let mut rest = block.as_slice();
        let mut take = |length| {
            let (part, after) = rest.split_at_checked(length).unwrap_or_default();
            rest = after;
            part
        };
        let (client_mac, server_mac) = (take(lengths.mac), take(lengths.mac));
        let (client_key, server_key) = (take(lengths.key), take(lengths.key));
        let (client_iv, server_iv) = (take(lengths.iv), take(lengths.iv));
        let protect = |mac, key, iv| Protection::new(suite, self.offered, mac, key, iv).map_err(|_| beyond());
        let client = protect(client_mac, client_key, client_iv)?;
        let server = protect(server_mac, server_key, server_iv)?;
        Ok(Keys { prf, master, client, server })
    }

    /// Sends what is left of our flight, switches to keys and proves what was seen.
    async fn client_finished(
        &mut self,
        prf: Prf,
        master: &[u8],
        protection: Protection,
        mut flight: Vec<u8>,
    ) -> Result<Vec<u8>, Stop> {
        let verify_data = prf.verify_data(master, Side::Client, &self.transcript);
        flight.extend(self.channel.records(ContentType::CHANGE_CIPHER_SPEC, &[1])?);
        self.channel.outgoing = Some(protection);
        let finished = self.wrap(HandshakeType::FINISHED, verify_data.clone())?;
        flight.extend(self.channel.records(ContentType::HANDSHAKE, &finished)?);
        self.channel.write(&flight).await?;
        Ok(verify_data)
    }

    async fn server_finished(&mut self, prf: Prf, master: &[u8]) -> Result<(), Stop> {
        let expected = prf.verify_data(master, Side::Server, &self.transcript);
        match self.message().await? {
            (HandshakeType::FINISHED, body) if body == expected => Ok(()),
            (HandshakeType::FINISHED, _) => Err(Stop::Broken("a Finished that proves nothing".to_owned())),
            (kind, _) => Err(unexpected(kind)),
        }
    }

    /// A message of ours, hashed.
    fn wrap(&mut self, kind: HandshakeType, body: Vec<u8>) -> Result<Vec<u8>, Stop> {
        let message = Message { record_version: self.offered, kind, body };
        let octets = message.encode().map_err(|error| Stop::Unsupported(error.to_string()))?;
        self.transcript.extend(&octets);
        Ok(octets)
    }

    async fn message(&mut self) -> Result<(HandshakeType, Vec<u8>), Stop> {
        match self.next().await? {
            Item::Message { kind, body, .. } => Ok((kind, body)),
            other => Err(unexpected_item(&other)),
        }
    }

    /// What comes next, handshake messages hashed. Warnings pass by, except the one that says no to a second
    /// handshake.
    async fn next(&mut self) -> Result<Item, Stop> {
        const NO_RENEGOTIATION: u8 = 100;
        loop {
            match self.channel.next().await? {
                // the server asks for what is under way already
                Item::Message { kind: HandshakeType::HELLO_REQUEST, .. } => {}
                Item::Message { kind, body, octets } => {
                    self.transcript.extend(&octets);
                    return Ok(Item::Message { kind, body, octets });
                }
                Item::Warning(NO_RENEGOTIATION) => return Err(Stop::Alert(NO_RENEGOTIATION)),
                Item::Warning(_) => {}
                other => return Ok(other),
            }
        }
    }
}

fn unexpected(kind: HandshakeType) -> Stop {
    Stop::Broken(format!("handshake message {} out of turn", kind.0))
}

fn unexpected_item(item: &Item) -> Stop {
    match item {
        Item::Message { kind, .. } => unexpected(*kind),
        Item::ChangeCipherSpec => Stop::Broken("ChangeCipherSpec out of turn".to_owned()),
        Item::Warning(_) | Item::Heartbeat(_) | Item::Data(_) => {
            Stop::Broken("something else than the handshake".to_owned())
        }
    }
}
