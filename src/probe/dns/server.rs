//! One name server at one address: how it answers for a zone, and what it does whatever the zone. Says nothing of good
//! or bad.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use super::{cut, untested};
use crate::{
    net::{
        Error, Net, Once,
        resolver::{
            DirectAnswer, DirectQuestion, EdnsOffer, Message, RData, RecordType, Station, Transport, plain,
        },
    },
    observation::{Attempt, Edns, NameServer, Skip},
    wire::field::text,
};

/// From the range for experiments (RFC 6891 section 9): nobody gives it a meaning.
const UNKNOWN_OPTION: u16 = 65_001;
/// The last of the flags that nobody has given a meaning.
const UNKNOWN_FLAG: u16 = 0x0001;
const BADVERS: u16 = 16;

/// What is remembered of each server, whichever zone asked first.
pub(super) type Servers = Once<IpAddr, Habits>;

/// What a server does whatever the zone.
#[derive(Debug, Clone)]
pub(super) struct Habits {
    tcp: Attempt<bool>,
    edns: Attempt<Edns>,
    version: Attempt<Option<String>>,
    recursion: Attempt<bool>,
}

/// Asks and counts.
#[derive(Clone)]
pub(super) struct Asker {
    pub(super) net: Net,
    pub(super) asked: Arc<AtomicU32>,
}

impl Asker {
    async fn ask(&self, station: &Station, question: &DirectQuestion) -> Result<DirectAnswer, Error> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.net.ask_authority(&station.name, station.address, question).await
    }
}

/// How a server answers for a zone, and the NS set it gives, where it is one of the zone's.
pub(super) struct Seen {
    pub(super) server: NameServer,
    pub(super) ns: Option<Vec<String>>,
}

/// Asks one server. Its first question finds out whether anybody is there; the rest is asked only then.
pub(super) async fn server(asker: &Asker, servers: &Servers, zone: &str, station: &Station) -> Seen {
    let question = DirectQuestion::new(&mixed(zone), RecordType::SOA);
    let mut control = match asker.ask(station, &question).await {
        Ok(answer) => answer,
        Err(error) => return Seen { server: unheard(station, &error), ns: None },
    };
    let udp_cut = control.message.metadata.truncation;
    if udp_cut {
        let again = DirectQuestion { transport: Transport::Tcp, ..question.clone() };
        if let Ok(whole) = asker.ask(station, &again).await {
            control = DirectAnswer { with_edns: control.with_edns, case_kept: control.case_kept, ..whole };
        }
    }
    let edns = supports_edns(asker, station, &question, &control).await;
    if !edns {
        let without = DirectQuestion { edns: None, ..question.clone() };
        if refuses_edns(&control.message)
            && let Ok(answer) = asker.ask(station, &without).await
        {
            control = answer;
        }
    }
    let soa = soa(&control.message, zone);
    let authoritative = control.message.metadata.authoritative && soa.is_some();
    let base = if edns { question } else { DirectQuestion { edns: None, ..question } };

    let cell = servers.of(station.address);
    let ns = async {
        if !authoritative {
            return None;
        }
        let question = DirectQuestion { name: zone.to_owned(), record_type: RecordType::NS, ..base.clone() };
        let mut answer = asker.ask(station, &question).await.ok()?;
        if answer.message.metadata.truncation {
            let again = DirectQuestion { transport: Transport::Tcp, ..question };
            answer = asker.ask(station, &again).await.ok()?;
        }
        Some(ns_set(&answer.message, zone)).filter(|set| !set.is_empty())
    };
    let (ns, habits, transfer) = tokio::join!(
        ns,
        cell.get_or_init(|| habits(asker, station, zone, &base, &control.message)),
        transfer(asker, station, zone, authoritative),
    );
    let habits = habits.clone();
    let serial = soa.map(|serial| format!(", serial {serial}")).unwrap_or_default();
    let said = match (authoritative, control.message.metadata.authoritative, udp_cut) {
        (true, _, false) => format!("NOERROR{serial}"),
        (true, _, true) => format!("truncated over UDP, NOERROR{serial} over TCP"),
        (false, true, _) => format!("{}, no SOA of the zone", code(&control.message)),
        (false, false, _) => format!("{}, not as a server of the zone (no AA)", code(&control.message)),
    };
    let server = NameServer {
        name: station.name.clone(),
        address: station.address,
        asked: true,
        udp: Attempt::Completed(true),
        tcp: habits.tcp,
        authoritative: Attempt::Completed(authoritative),
        said: cut(&said),
        serial: Attempt::Completed(soa.filter(|_| authoritative)),
        case_kept: Attempt::Completed(control.case_kept),
        edns: habits.edns,
        version: habits.version,
        recursion: habits.recursion,
        transfer,
    };
    Seen { server, ns }
}

/// What a server that said nothing was not asked for.
const REST: Skip = Skip::DoesNotApply;

/// A server that gave no usable answer to its first question.
fn unheard(station: &Station, error: &Error) -> NameServer {
    let (asked, udp) = match error {
        Error::NoRoute { .. } | Error::Forbidden { .. } | Error::BudgetSpent { .. } | Error::Local(_) => {
            (false, untested(error))
        }
        Error::Malformed(_) => (true, Attempt::Completed(true)),
        _ => (true, Attempt::Completed(false)),
    };
    let answers = udp == Attempt::Completed(true);
    NameServer {
        name: station.name.clone(),
        address: station.address,
        asked,
        udp,
        tcp: Attempt::skipped(REST),
        authoritative: if answers { Attempt::Completed(false) } else { Attempt::skipped(REST) },
        said: cut(&error.to_string()),
        serial: Attempt::skipped(REST),
        case_kept: Attempt::skipped(REST),
        edns: Attempt::skipped(REST),
        version: Attempt::skipped(REST),
        recursion: Attempt::skipped(REST),
        transfer: Attempt::skipped(REST),
    }
}

/// Whether questions with an OPT record are answered, and with one. A server whose first answer was to a question
/// without gets another chance: a datagram may have been lost.
async fn supports_edns(
    asker: &Asker,
    station: &Station,
    question: &DirectQuestion,
    control: &DirectAnswer,
) -> bool {
    if control.with_edns {
        return control.message.edns.is_some();
    }
    matches!(asker.ask(station, question).await, Ok(answer) if answer.with_edns && answer.message.edns.is_some())
}

/// FORMERR or NOTIMP without OPT is what a server from before EDNS says (RFC 6891 section 7).
fn refuses_edns(message: &Message) -> bool {
    message.edns.is_none() && matches!(u16::from(message.metadata.response_code), 1 | 4)
}

async fn habits(
    asker: &Asker,
    station: &Station,
    zone: &str,
    base: &DirectQuestion,
    control: &Message,
) -> Habits {
    let over_tcp = DirectQuestion { transport: Transport::Tcp, ..base.clone() };
    let version =
        DirectQuestion { chaos: true, edns: None, ..DirectQuestion::new("version.bind", RecordType::TXT) };
    let (tcp, edns, version, recursion) = tokio::join!(
        asker.ask(station, &over_tcp),
        edns(asker, station, base, control),
        asker.ask(station, &version),
        recursion(asker, station, zone),
    );
    Habits {
        tcp: match tcp {
            Ok(_) | Err(Error::Malformed(_)) => Attempt::Completed(true),
            Err(error @ (Error::Local(_) | Error::BudgetSpent { .. })) => untested(&error),
            Err(_) => Attempt::Completed(false),
        },
        edns: Attempt::Completed(edns),
        version: match version {
            Ok(answer) => Attempt::Completed(version_text(&answer.message)),
            // saying nothing at all is a way not to tell
            Err(Error::TimedOut { .. } | Error::Malformed(_)) => Attempt::Completed(None),
            Err(error) => untested(&error),
        },
        recursion,
    }
}

async fn edns(asker: &Asker, station: &Station, base: &DirectQuestion, control: &Message) -> Edns {
    let Some(offer) = base.edns.clone() else {
        let rest = || Attempt::skipped(Skip::DoesNotApply);
        return Edns { supported: false, badvers: rest(), unknown_ignored: rest(), unknown_echoed: rest() };
    };
    let with = |offer: EdnsOffer| DirectQuestion { edns: Some(offer), ..base.clone() };
    let later = with(EdnsOffer { version: 1, ..offer.clone() });
    let unknown =
        with(EdnsOffer { option: Some((UNKNOWN_OPTION, b"khien".to_vec())), z: UNKNOWN_FLAG, ..offer });
    let (later, unknown) = tokio::join!(asker.ask(station, &later), asker.ask(station, &unknown));
    let heard = |error: &Error| match error {
        // it answered before, so that it does not answer this is its doing
        Error::TimedOut { .. } | Error::Malformed(_) | Error::Refused => Attempt::Completed(false),
        other => untested(other),
    };
    Edns {
        supported: true,
        badvers: match &later {
            Ok(answer) => Attempt::Completed(
                u16::from(answer.message.metadata.response_code) == BADVERS && answer.message.edns.is_some(),
            ),
            Err(error) => heard(error),
        },
        unknown_ignored: match &unknown {
            Ok(answer) => Attempt::Completed(
                answer.message.metadata.response_code == control.metadata.response_code
                    && answer.message.edns.is_some(),
            ),
            Err(error) => heard(error),
        },
        unknown_echoed: match &unknown {
            Ok(answer) => Attempt::Completed(echoes(&answer.message)),
            Err(error) => heard(error),
        },
    }
}

fn echoes(message: &Message) -> bool {
    message.edns.as_ref().is_some_and(|edns| {
        edns.flags().z & UNKNOWN_FLAG != 0
            || edns.options().as_ref().iter().any(|(code, _)| u16::from(*code) == UNKNOWN_OPTION)
    })
}

/// Whether it resolves a name that is none of its own: the top-level domain above the zone, with RD set.
async fn recursion(asker: &Asker, station: &Station, zone: &str) -> Attempt<bool> {
    if !asker.net.options().intrusive {
        return Attempt::skipped(Skip::NotRequested);
    }
    let top = zone.rsplit('.').next().unwrap_or(zone);
    let question = DirectQuestion { recursion_desired: true, ..DirectQuestion::new(top, RecordType::SOA) };
    match asker.ask(station, &question).await {
        Ok(answer) => {
            let bits = &answer.message.metadata;
            Attempt::Completed(
                bits.recursion_available && !bits.authoritative && soa(&answer.message, top).is_some(),
            )
        }
        Err(Error::TimedOut { .. }) => Attempt::Completed(false),
        Err(error) => untested(&error),
    }
}

/// Whether the first message of a zone transfer brings more than the SOA it begins with.
async fn transfer(asker: &Asker, station: &Station, zone: &str, authoritative: bool) -> Attempt<bool> {
    if !asker.net.options().intrusive {
        return Attempt::skipped(Skip::NotRequested);
    }
    if !authoritative {
        return Attempt::skipped(Skip::DoesNotApply);
    }
    let question = DirectQuestion {
        transport: Transport::Tcp,
        edns: None,
        ..DirectQuestion::new(zone, RecordType::AXFR)
    };
    match asker.ask(station, &question).await {
        Ok(answer) => {
            let begins = soa(&answer.message, zone).is_some();
            Attempt::Completed(begins && answer.message.answers.len() > 1)
        }
        // closing the connection is how many refuse
        Err(Error::Closed { .. } | Error::Reset | Error::Refused | Error::TimedOut { .. }) => {
            Attempt::Completed(false)
        }
        Err(error) => untested(&error),
    }
}

/// The serial of the SOA at the zone's apex.
fn soa(message: &Message, zone: &str) -> Option<u32> {
    message.answers.iter().find_map(|record| match &record.data {
        RData::SOA(soa) if plain(&record.name) == zone => Some(soa.serial),
        _ => None,
    })
}

fn ns_set(message: &Message, zone: &str) -> Vec<String> {
    let mut names: Vec<String> = message
        .answers
        .iter()
        .filter(|record| plain(&record.name) == zone)
        .filter_map(|record| match &record.data {
            RData::NS(ns) => Some(plain(&ns.0)),
            _ => None,
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

fn version_text(message: &Message) -> Option<String> {
    message.answers.iter().find_map(|record| match &record.data {
        RData::TXT(txt) => {
            let whole = txt.txt_data.concat();
            (!whole.is_empty()).then(|| cut(&text(&whole)))
        }
        _ => None,
    })
}

fn code(message: &Message) -> String {
    match u16::from(message.metadata.response_code) {
        0 => "NOERROR".to_owned(),
        1 => "FORMERR".to_owned(),
        2 => "SERVFAIL".to_owned(),
        3 => "NXDOMAIN".to_owned(),
        4 => "NOTIMP".to_owned(),
        5 => "REFUSED".to_owned(),
        9 => "NOTAUTH".to_owned(),
        other => format!("RCODE {other}"),
    }
}

/// Every other letter in upper case: what a server has to send back unchanged.
fn mixed(name: &str) -> String {
    let mut letters = 0;
    name.chars()
        .map(|c| {
            letters += i32::from(c.is_ascii_alphabetic());
            if letters % 2 == 1 { c.to_ascii_uppercase() } else { c }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_other_letter_changes_and_nothing_else() {
        assert_eq!(mixed("tinh-1.gov.vn"), "TiNh-1.GoV.vN");
        assert_eq!(mixed("."), ".");
    }
}
