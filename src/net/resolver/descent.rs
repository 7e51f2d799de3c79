//! The way down from the root to a name, asked of the servers themselves: which zones there are, what the parent says
//! of each. Each step is taken once a run. Judges nothing, validates nothing.

use std::sync::Arc;

use hickory_proto::{
    op::{Message, ResponseCode},
    rr::{Name, RData, RecordType},
};
use tokio::{sync::OnceCell, task::JoinSet};

use super::{Authorities, DirectQuestion, Resolver, Station, plain, rooted};
use crate::net::{Once, error::Error, lane::has_route};

/// Steps that are remembered; a run of a province takes a few thousand.
const MOST_STEPS: usize = 200_000;
/// Servers of one zone that are tried for one answer.
const MOST_TRIED: usize = 13;
/// Servers in a row that may be silent to one question: some drop what they do not know, and all of a zone's do alike.
const MOST_SILENT: usize = 3;
/// Names and glue addresses taken from one referral.
const MOST_SERVERS: usize = 64;
/// Labels below the root that are walked: a name has at most 127, real ones under ten.
const MOST_LABELS: usize = 32;
/// Root servers that are asked whether anybody can be asked at all.
const ROOTS_TRIED: usize = 3;

/// Whether name servers can be asked directly from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outward {
    /// A server of the root answered as one.
    Open,
    /// None did: port 53 is closed, or something on the way answers in their place.
    Closed(String),
    /// Nobody said where the root is: port 53 is mapped, or the resolver has a port of its own, and no root hints
    /// were given. The real root knows nothing of such a network and is not asked.
    NoHints,
}

/// One zone as it was found on the way down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The zone's apex, lower case, no trailing dot.
    pub zone: String,
    /// The zone above; the root is `.`.
    pub parent: String,
    /// Its name servers: as the parent says where `referred`, else as the zone itself does. Sorted, each once.
    pub servers: Vec<String>,
    /// Addresses that came with the referral, of servers inside the parent's zone.
    pub glue: Vec<Station>,
    /// Addresses that came with it of names outside the parent's zone: not believed, not used.
    pub foreign_glue: usize,
    /// Whether the parent's server referred to the zone. One that serves both answers for the zone at once, and what
    /// the parent would say does not show.
    pub referred: bool,
    /// Who said so.
    pub said_by: Station,
}

/// The zones from the root's child down to the one a name lies in.
#[derive(Debug, Clone, Default)]
pub struct Descent {
    /// In order; the last is the closest one known. Empty: the name lies in the root zone, or nothing is known.
    pub cuts: Vec<Arc<Cut>>,
    /// Why it goes no further, where it should.
    pub stopped: Option<Error>,
}

#[derive(Debug, Clone)]
enum Step {
    Cut(Arc<Cut>),
    SameZone,
    Unknown(Error),
}

/// What a run remembers of its descents.
#[derive(Debug)]
pub(in crate::net) struct Descents {
    hints: Option<Vec<Station>>,
    outward: OnceCell<Outward>,
    steps: Once<String, Step>,
}

impl Descents {
    /// `hints` absent: the root is not to be asked.
    pub(in crate::net) fn new(hints: Option<Vec<Station>>) -> Self {
        Descents { hints, outward: OnceCell::new(), steps: Once::new(MOST_STEPS) }
    }

    /// Asked once a run, of a few root servers at a time.
    pub(in crate::net) async fn outward(&self, authorities: &Arc<Authorities>) -> &Outward {
        self.outward
            .get_or_init(|| async {
                match &self.hints {
                    None => Outward::NoHints,
                    Some(hints) => outward(authorities, hints).await,
                }
            })
            .await
    }

    pub(in crate::net) async fn descend(
        &self,
        authorities: &Arc<Authorities>,
        resolver: &Resolver,
        host: &str,
    ) -> Result<Descent, Error> {
        if *self.outward(authorities).await != Outward::Open {
            return Err(Error::Unreachable);
        }
        let host = rooted(host)?.to_lowercase();
        let mut descent = Descent::default();
        let labels = usize::from(host.num_labels());
        for depth in 1..=labels.min(MOST_LABELS) {
            let name = host.trim_to(depth);
            let above = descent.cuts.last().map(Arc::clone);
            let cell = self.steps.of(plain(&name));
            // Boxed: a step may look up addresses, and that validates.
            let step =
                cell.get_or_init(|| Box::pin(self.ask(authorities, resolver, above.as_deref(), &name))).await;
            match step {
                Step::Cut(cut) => descent.cuts.push(Arc::clone(cut)),
                Step::SameZone => {}
                Step::Unknown(error) => {
                    descent.stopped = Some(error.clone());
                    break;
                }
            }
        }
        Ok(descent)
    }

    /// Asks the servers of the zone above, one after another, until one answers as its server.
    async fn ask(
        &self,
        authorities: &Authorities,
        resolver: &Resolver,
        above: Option<&Cut>,
        name: &Name,
    ) -> Step {
        let parent = above.map_or_else(Name::root, |cut| rooted(&cut.zone).unwrap_or_else(|_| Name::root()));
        let stations = match above {
            None => self.hints.clone().unwrap_or_default(),
            Some(cut) => stations(resolver, cut).await,
        };
        let mut last = Error::Malformed(format!("no server of {} has an address", plain(&parent)));
        let mut silent = 0;
        let routed = stations.iter().filter(|station| has_route(station.address));
        for station in routed.take(MOST_TRIED) {
            let question = DirectQuestion::new(&name.to_ascii(), RecordType::NS);
            match authorities.ask_whole(&station.name, station.address, &question).await {
                Ok(answer) => match read(&answer.message, &parent, name, station) {
                    Some(step) => return step,
                    None => last = lame(&answer.message, station),
                },
                Err(error) => {
                    silent += usize::from(matches!(error, Error::TimedOut { .. }));
                    last = error;
                }
            }
            if silent >= MOST_SILENT {
                break;
            }
        }
        Step::Unknown(last)
    }
}

fn lame(message: &Message, station: &Station) -> Error {
    let code = message.metadata.response_code;
    Error::Malformed(format!(
        "{} ({}) does not answer as a server of its zone: {code}",
        station.name, station.address
    ))
}

/// Where the servers of a zone are: glue first, the rest as the resolver says.
async fn stations(resolver: &Resolver, cut: &Cut) -> Vec<Station> {
    let mut stations = cut.glue.clone();
    for name in cut.servers.iter().take(MOST_TRIED) {
        if stations.len() >= MOST_SERVERS {
            break;
        }
        if stations.iter().any(|station| station.name == *name) {
            continue;
        }
        let (a, aaaa) = resolver.addresses(name).await;
        for answer in [a, aaaa].into_iter().flatten() {
            stations.extend(
                answer
                    .records
                    .iter()
                    .filter_map(|record| record.data.ip_addr())
                    .map(|address| Station { name: name.clone(), address }),
            );
        }
    }
    // what nearly every machine can reach is tried first
    stations.sort_by_key(|station| station.address.is_ipv6());
    stations
}

/// What one answer says of `name`; `None` where it is no answer of a server of `parent`.
fn read(message: &Message, parent: &Name, name: &Name, by: &Station) -> Option<Step> {
    let authoritative = message.metadata.authoritative;
    let code = message.metadata.response_code;
    let ns = |records: &[hickory_proto::rr::Record]| -> Vec<String> {
        let mut names: Vec<String> = records
            .iter()
            .filter(|record| record.name == *name)
            .filter_map(|record| match &record.data {
                RData::NS(ns) => Some(plain(&ns.0)),
                _ => None,
            })
            .take(MOST_SERVERS)
            .collect();
        names.sort();
        names.dedup();
        names
    };
    let (own, referral) = (ns(&message.answers), ns(&message.authorities));
    match (code, authoritative) {
        (ResponseCode::NoError, true) if !own.is_empty() => {
            Some(Step::Cut(Arc::new(cut(message, parent, name, own, false, by))))
        }
        // Some servers set AA on a referral; the records stand in the authority section all the same, below the parent.
        (ResponseCode::NoError, _) if !referral.is_empty() && message.answers.is_empty() => {
            Some(Step::Cut(Arc::new(cut(message, parent, name, referral, true, by))))
        }
        (ResponseCode::NoError | ResponseCode::NXDomain, true) => Some(Step::SameZone),
        _ => None,
    }
}

fn cut(
    message: &Message,
    parent: &Name,
    name: &Name,
    servers: Vec<String>,
    referred: bool,
    by: &Station,
) -> Cut {
    let (mut glue, mut foreign_glue) = (Vec::new(), 0);
    for record in message.additionals.iter().take(2 * MOST_SERVERS) {
        let Some(address) = record.data.ip_addr() else { continue };
        let owner = plain(&record.name);
        if !servers.contains(&owner) {
            continue;
        }
        if parent.zone_of(&record.name) {
            glue.push(Station { name: owner, address });
        } else {
            foreign_glue += 1;
        }
    }
    glue.sort();
    glue.dedup();
    Cut {
        zone: plain(name),
        parent: plain(parent),
        servers,
        glue,
        foreign_glue,
        referred,
        said_by: by.clone(),
    }
}

/// The first of a few root servers that answers decides.
async fn outward(authorities: &Arc<Authorities>, hints: &[Station]) -> Outward {
    let mut asking = JoinSet::new();
    for station in hints.iter().filter(|station| has_route(station.address)).take(ROOTS_TRIED) {
        let (authorities, station) = (Arc::clone(authorities), station.clone());
        asking.spawn(async move {
            let question = DirectQuestion::new(".", RecordType::NS);
            let answer = authorities.ask_whole(&station.name, station.address, &question).await;
            (station, answer)
        });
    }
    let mut reason = String::from("no route to any root name server");
    while let Some(joined) = asking.join_next().await {
        let Ok((Station { name, address }, answer)) = joined else { continue };
        match answer {
            Ok(answer) if answer.message.metadata.authoritative && !answer.message.answers.is_empty() => {
                return Outward::Open;
            }
            Ok(_) => {
                reason = format!("something answers in place of the root name server {name} ({address})");
            }
            Err(error) => reason = format!("{name} ({address}): {error}"),
        }
    }
    Outward::Closed(reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::{
        op::OpCode,
        rr::{
            Record,
            rdata::{A, NS, SOA},
        },
    };

    fn n(name: &str) -> Name {
        Name::from_ascii(name).unwrap()
    }

    fn by() -> Station {
        Station { name: String::from("a.nic.example"), address: [192, 0, 2, 1].into() }
    }

    fn ns(owner: &str, server: &str) -> Record {
        Record::from_rdata(n(owner), 60, RData::NS(NS(n(server))))
    }

    fn message(authoritative: bool, code: ResponseCode) -> Message {
        let mut message = Message::response(1, OpCode::Query);
        message.metadata.authoritative = authoritative;
        message.metadata.response_code = code;
        message
    }

    fn step(message: &Message) -> Option<Step> {
        read(message, &n("vn."), &n("gov.vn."), &by())
    }

    #[test]
    fn a_referral_keeps_its_glue_and_leaves_what_it_may_not_speak_of() {
        let mut referral = message(false, ResponseCode::NoError);
        referral.add_authority(ns("gov.vn.", "NS2.gov.vn."));
        referral.add_authority(ns("gov.vn.", "ns1.elsewhere.com."));
        for owner in ["ns2.gov.vn.", "ns1.elsewhere.com.", "unasked.vn."] {
            referral.add_additional(Record::from_rdata(n(owner), 60, RData::A(A::new(192, 0, 2, 7))));
        }
        let Some(Step::Cut(cut)) = step(&referral) else { panic!() };
        assert!(cut.referred);
        assert_eq!(cut.servers, ["ns1.elsewhere.com", "ns2.gov.vn"]);
        assert_eq!(cut.glue, [Station { name: String::from("ns2.gov.vn"), address: [192, 0, 2, 7].into() }]);
        assert_eq!(cut.foreign_glue, 1);
    }

    #[test]
    fn answers_of_a_server_that_serves_both_or_neither() {
        let mut both = message(true, ResponseCode::NoError);
        both.add_answer(ns("gov.vn.", "ns1.gov.vn."));
        assert!(matches!(step(&both), Some(Step::Cut(cut)) if !cut.referred));

        let soa = SOA::new(n("a."), n("b."), 1, 1, 1, 1, 1);
        let mut none = message(true, ResponseCode::NoError);
        none.add_authority(Record::from_rdata(n("vn."), 60, RData::SOA(soa)));
        assert!(matches!(step(&none), Some(Step::SameZone)));
        assert!(matches!(step(&message(true, ResponseCode::NXDomain)), Some(Step::SameZone)));

        // upwards, sideways, cached, refused: no word of a server of the zone
        for owner in [".", "vn.", "com."] {
            let mut astray = message(false, ResponseCode::NoError);
            astray.add_authority(ns(owner, "ns1.gov.vn."));
            assert!(step(&astray).is_none(), "{owner}");
        }
        let mut cached = message(false, ResponseCode::NoError);
        cached.add_answer(ns("gov.vn.", "ns1.gov.vn."));
        assert!(step(&cached).is_none());
        assert!(step(&message(false, ResponseCode::Refused)).is_none());
        assert!(step(&message(false, ResponseCode::NXDomain)).is_none());
    }
}
