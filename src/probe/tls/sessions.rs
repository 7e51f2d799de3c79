//! Whether and how clients come back: sessions by id and by ticket, renegotiation up to TLS 1.2, and tickets and early
//! data of TLS 1.3. Each fact from handshakes that were completed.

use std::time::Duration;

use super::{
    Here,
    handshake::{Channel, Client, Completed, Item, Resume, Stop, Terms, random, within_reach},
};
use crate::{
    net::{
        Error, Phase,
        tls::{Compression, FirstVisit, Visit},
    },
    observation::{Attempt, ClientRenegotiation, EarlyData, Failure, Sessions, Support, Versions},
    probe::tls::negotiation::{self, support},
    wire::{
        content_coding,
        http1::{Method, Request},
        tls::{ContentType, Version},
        url::HttpUrl,
    },
};

/// Where counting renegotiations stops: who allows so many allows any number.
const MOST_RENEGOTIATIONS: u32 = 11;

/// How long a second handshake may take before silence is looked into: OpenSSL's own server sleeps for a second first.
const RENEGOTIATION_PATIENCE: Duration = Duration::from_secs(2);

/// What is known of a server's versions up to TLS 1.2 for handshakes by hand.
#[derive(Clone, Debug)]
pub(super) struct Old {
    /// The newest of them.
    pub(super) version: Version,
    /// Its suites that a handshake can be completed with here.
    pub(super) suites: Vec<u16>,
    /// The curve of the certificate's own key, which a server may want to see among the groups (RFC 8422 section 5.1).
    pub(super) certified: Option<u16>,
}

impl Old {
    /// A handshake that begins a session and asks for a ticket.
    pub(super) fn terms<'h>(&self, here: &Here<'h>) -> Terms<'h> {
        Terms {
            host: here.host,
            version: self.version,
            suites: self.suites.clone(),
            certified: self.certified,
            resume: Resume::Nothing,
            wants_ticket: true,
        }
    }
}

/// The newest old version with suites within reach, or why there is none: `Ok(None)` where there is no such version.
pub(super) fn old(
    versions: &Versions,
    suites: &[(Version, u16)],
    leaf: Option<&[u8]>,
) -> Result<Option<Old>, Failure> {
    let mut open = None;
    let mut beyond = None;
    for version in [Version::TLS12, Version::TLS11, Version::TLS10] {
        match support(versions, version) {
            Attempt::Completed(Support::Offered) => {
                let chosen = suites.iter().filter(|(of, _)| *of == version).map(|(_, suite)| *suite);
                let suites = within_reach(version, chosen);
                if !suites.is_empty() {
                    return Ok(Some(Old {
                        version,
                        suites,
                        certified: leaf.and_then(negotiation::curve_of),
                    }));
                }
                beyond = Some(Failure::Unsupported(format!("{version} with the cipher suites it has here")));
            }
            Attempt::Completed(Support::NotOffered) => {}
            Attempt::Failed { failed } => open = Some(failed.clone()),
            Attempt::Skipped { .. } => open = Some(Failure::Closed),
        }
    }
    match beyond.or(open) {
        Some(why) => Err(why),
        None => Ok(None),
    }
}

/// What a first visit with TLS 1.3 showed beside its tickets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct InPassing {
    pub(super) alpn: Option<Vec<u8>>,
    /// The server's own certificate, DER.
    pub(super) leaf: Option<Vec<u8>>,
    /// What was stapled to it, DER.
    pub(super) staple: Option<Vec<u8>>,
    /// Whether it comes compressed, where it came at all.
    pub(super) compression: Option<Compression>,
}

/// Asks for everything about sessions.
pub(super) async fn look(
    here: &Here<'_>,
    versions: &Versions,
    old: &Result<Option<Old>, Failure>,
) -> (Sessions, InPassing) {
    let mut sessions = match old {
        Err(why) => nothing(&Attempt::failed(why.clone())),
        Ok(None) => nothing(&Attempt::Completed(None)),
        Ok(Some(old)) => Box::pin(up_to_tls12(here, old)).await,
    };
    let mut in_passing = InPassing::default();
    let newest = match &versions.tls1_3 {
        Attempt::Completed(Support::Offered) => {
            Attempt::from(Box::pin(tls13(here, &mut in_passing)).await.map(Some))
        }
        other => other.clone().map(|_| None),
    };
    sessions.by_psk = newest.clone().map(|seen| seen.map(|(support, ..)| support));
    sessions.tickets = newest.clone().map(|seen| seen.map(|(_, count, _)| count));
    sessions.early_data = newest.map(|seen| seen.map(|(.., early)| early));
    (sessions, in_passing)
}

/// Nothing was looked for, for this reason.
pub(super) fn nothing(why: &Attempt<Option<()>>) -> Sessions {
    fn of<T>(why: &Attempt<Option<()>>) -> Attempt<Option<T>> {
        why.clone().map(|_| None)
    }
    Sessions {
        by_id: of(why),
        by_ticket: of(why),
        by_psk: of(why),
        tickets: of(why),
        early_data: of(why),
        client_renegotiation: of(why),
    }
}

async fn up_to_tls12(here: &Here<'_>, old: &Old) -> Sessions {
    let terms = old.terms(here);
    let (client, first) = match begin(here, &terms).await {
        Ok(begun) => begun,
        // what is not completed once is not tried again: it may cost a whole deadline each time
        Err(why) => return nothing(&Attempt::failed(why)),
    };
    let client_renegotiation = renegotiated(here, client, &terms).await;
    let by_ticket = resumed_by_ticket(here, &terms, &first).await;
    let by_id = resumed_by_id(here, &Terms { wants_ticket: false, ..terms }).await;
    let none = nothing(&Attempt::Completed(None));
    Sessions {
        by_id: by_id.map(Some),
        by_ticket: by_ticket.map(Some),
        client_renegotiation: client_renegotiation.map(Some),
        ..none
    }
}

/// A connection with one handshake completed on it.
pub(super) async fn begin(here: &Here<'_>, terms: &Terms<'_>) -> Result<(Client, Completed), Failure> {
    let mut failed = Failure::Closed;
    // once more after a hang-up
    for _ in 0..2 {
        let connection = here.connect().await.map_err(|error| Failure::from(&error))?;
        let mut client = Client::new(Channel::new(connection));
        match Box::pin(client.handshake(terms)).await {
            Ok(completed) => return Ok((client, completed)),
            Err(stop) => {
                failed = stop.failure();
                if !matches!(stop, Stop::Lost(Error::Reset | Error::Closed { .. })) {
                    break;
                }
            }
        }
    }
    Err(failed)
}

async fn resumed_by_ticket(here: &Here<'_>, terms: &Terms<'_>, first: &Completed) -> Attempt<Support> {
    if first.session.ticket.is_empty() {
        return Attempt::Completed(Support::NotOffered);
    }
    let Ok(id) = random(32) else { return Attempt::failed(Failure::OurBug("no random numbers".to_owned())) };
    let terms = Terms { resume: Resume::Ticket(&first.session, &id), ..terms.clone() };
    begin(here, &terms).await.map(|(_, completed)| support_of(completed.resumed)).into()
}

async fn resumed_by_id(here: &Here<'_>, terms: &Terms<'_>) -> Attempt<Support> {
    let first = match begin(here, terms).await {
        Ok((client, first)) => {
            client.close().await;
            first
        }
        Err(why) => return Attempt::failed(why),
    };
    if first.session.id.is_empty() {
        return Attempt::Completed(Support::NotOffered);
    }
    let terms = Terms { resume: Resume::Id(&first.session), ..terms.clone() };
    begin(here, &terms).await.map(|(_, completed)| support_of(completed.resumed)).into()
}

fn support_of(yes: bool) -> Support {
    if yes { Support::Offered } else { Support::NotOffered }
}

/// How often the server lets a client begin again on this connection.
async fn renegotiated(
    here: &Here<'_>,
    mut client: Client,
    terms: &Terms<'_>,
) -> Attempt<ClientRenegotiation> {
    let terms = Terms { wants_ticket: false, ..terms.clone() };
    let mut accepted = 0;
    while accepted < MOST_RENEGOTIATIONS {
        client.channel.connection.renew_deadline(RENEGOTIATION_PATIENCE.min(here.lane.exchange_timeout()));
        match Box::pin(client.handshake(&terms)).await {
            Ok(_) => accepted += 1,
            Err(stop) if stop.is_refusal() => break,
            Err(Stop::Lost(Error::TimedOut { .. })) => match goes_on(here, &mut client).await {
                Ok(()) => break,
                Err(failed) => return Attempt::failed(failed),
            },
            Err(stop) => return Attempt::failed(stop.failure()),
        }
    }
    Attempt::Completed(ClientRenegotiation { accepted })
}

/// Whether the connection goes on as before where a second hello was met by silence: some servers pass over it, and some
/// hold their `no_renegotiation` back until they have something else to say (rustls). So they are asked for the page.
async fn goes_on(here: &Here<'_>, client: &mut Client) -> Result<(), Failure> {
    let request = request(here)?;
    here.lane.count_request().map_err(|error| Failure::from(&error))?;
    client.channel.connection.renew_deadline(here.lane.exchange_timeout());
    client
        .channel
        .send(ContentType::APPLICATION_DATA, &request)
        .await
        .map_err(|stop| Stop::failure(&stop))?;
    match client.channel.next().await {
        Ok(Item::Data(_) | Item::Warning(_)) => Ok(()),
        // only late: it would have begun again
        Ok(_) => {
            let late = Error::TimedOut { during: Phase::Handshake, after: RENEGOTIATION_PATIENCE };
            Err(Failure::from(&late))
        }
        Err(stop) if stop.is_refusal() => Ok(()),
        Err(stop) => Err(stop.failure()),
    }
}

/// Whether a ticket is taken back, how many there are, and what early data it allows. What the first visit showed in
/// passing goes where it is told to.
async fn tls13(here: &Here<'_>, in_passing: &mut InPassing) -> Result<(Support, u32, EarlyData), Failure> {
    let request = request(here)?;
    let offer = here.offer(&[b"http/1.1"]);
    let failure = |error: Error| Failure::from(&error);
    let first = loop {
        here.lane.count_request().map_err(failure)?;
        let connection = here.connect().await.map_err(failure)?;
        let seen_before = in_passing.compression.is_some();
        match Box::pin(FirstVisit::make(connection, &offer, &request, &mut in_passing.compression)).await {
            Ok(Visit::Made(first)) => break first,
            // once: compression is not offered again
            Ok(Visit::Compressed) if !seen_before => {}
            Ok(Visit::Compressed) => return Err(Failure::OurBug("compression nobody offered".to_owned())),
            Err(error) => return Err(failure(error)),
        }
    };
    in_passing.alpn.clone_from(&first.alpn);
    in_passing.leaf.clone_from(&first.leaf);
    in_passing.staple.clone_from(&first.staple);
    if first.tickets == 0 {
        return Ok((Support::NotOffered, 0, EarlyData { limit: 0, accepted: false }));
    }
    // the early data is a request
    here.lane.count_request().map_err(failure)?;
    let connection = here.connect().await.map_err(failure)?;
    let second = Box::pin(first.again(connection, &request)).await.map_err(failure)?;
    let early = EarlyData { limit: second.early_data_limit, accepted: second.early_data_accepted };
    Ok((support_of(second.resumed), first.tickets, early))
}

/// What a visitor asks for: the page, in our own name.
fn request(here: &Here<'_>) -> Result<Vec<u8>, Failure> {
    let bad = |why: String| Failure::Malformed(why);
    let url = HttpUrl::root(true, here.host, here.port).map_err(|error| bad(error.to_string()))?;
    Request::new(Method::Get, &url)
        .field("User-Agent", here.lane.user_agent())
        .field("Accept", "text/html,*/*;q=0.1")
        .field("Accept-Encoding", content_coding::ACCEPTED)
        .field("Connection", "close")
        .encode()
        .map_err(|error| bad(error.to_string()))
}
