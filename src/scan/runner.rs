//! Runs a plan: many sites at once, each address through its lane, one document per site as soon as it is whole.

use std::{convert::Infallible, net::IpAddr, sync::Arc};

use jiff::Timestamp;
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
};

use super::{Plan, Probe, Probes, Target};
use crate::{
    net::{Net, resolver::Outward},
    observation::{
        Addresses, Attempt, Certificate, Endpoint, Failure, Mail, Observations, SCHEMA, Skip, Tls, Vantage,
        limits,
    },
    probe::{
        certificate::{self, Downloads, LookUps, Sent, TrustStore},
        dns,
        failure::untested,
        http::{self, FirstAnswers, Visitor},
        mail, tls,
    },
};

/// Sites under way at once; what waits beyond that holds no memory but its name.
const SITES_AT_ONCE: usize = 512;
/// Documents that are finished but not yet taken.
const FINISHED: usize = 64;

/// How a plan is run.
#[derive(Clone)]
pub struct Options {
    /// The time that every document carries.
    pub at: Timestamp,
    /// Where the scanner stands.
    pub vantage: Vantage,
    /// Which probes run.
    pub probes: Probes,
    /// Whether names are looked up although their address is given.
    pub resolve_pinned: bool,
    /// The roots that certificates are held against.
    pub trust: Arc<TrustStore>,
    /// What is asked of others about certificates.
    pub look_ups: LookUps,
    /// Whether a host is one of those to be checked: redirects to others are recorded, not followed.
    pub inventoried: Arc<dyn Fn(&str) -> bool + Send + Sync>,
}

/// What happens in a run.
#[derive(Debug)]
pub enum Event {
    /// Name servers cannot be asked directly from here, and why: said once a run, before its end.
    DirectDnsClosed(String),
    /// A site's turn has come.
    Started(Target),
    /// A site is done.
    Finished(Box<Finished>),
}

/// What a site brought.
#[derive(Debug)]
pub struct Finished {
    /// What was seen.
    pub observations: Observations,
    /// The certificates that were sent, DER; the observations name them by their SHA-256.
    pub certificates: Vec<Vec<u8>>,
}

/// What every site of a run shares.
struct Run {
    net: Net,
    options: Options,
    known: tls::Known,
    zones: dns::Zones,
    mail_servers: mail::Known,
    downloads: Downloads,
}

/// Starts a run. Events arrive until every site of the plan is done; dropping the receiver stops the run.
pub fn run(net: Net, mut plan: Plan, options: Options) -> mpsc::Receiver<Event> {
    let (events, receiver) = mpsc::channel(FINISHED);
    // neighbours in the inventory often share a server: a shuffled order spreads them
    net.shuffle(&mut plan.targets);
    let looks_up = options.probes.has(Probe::Dns)
        && plan.targets.iter().any(|target| {
            options.resolve_pinned || net.pinned(&target.site.host, target.site.port).is_none()
        });
    let downloads = Downloads::new(net.clone());
    let run = Arc::new(Run {
        net,
        options,
        known: tls::Known::default(),
        zones: dns::Zones::default(),
        mail_servers: mail::Known::default(),
        downloads,
    });
    tokio::spawn(async move {
        let places = Arc::new(Semaphore::new(SITES_AT_ONCE));
        let mut sites = JoinSet::new();
        if looks_up {
            let (net, events) = (run.net.clone(), events.clone());
            sites.spawn(async move {
                if let Outward::Closed(reason) = net.outward().await {
                    // whoever listened has gone away: nothing is left to say
                    let _ = events.send(Event::DirectDnsClosed(reason)).await;
                }
            });
        }
        for target in plan.targets {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
            if events.send(Event::Started(target.clone())).await.is_err() {
                break;
            }
            let (run, events) = (Arc::clone(&run), events.clone());
            sites.spawn(async move {
                let finished = Box::new(site(&run, &target).await);
                // whoever listened has gone away: nothing is left to do
                let _ = events.send(Event::Finished(finished)).await;
                drop(place);
            });
            while sites.try_join_next().is_some() {}
        }
        tokio::select! {
            () = events.closed() => sites.abort_all(),
            () = async { while sites.join_next().await.is_some() {} } => {}
        }
    });
    receiver
}

/// Everything about one site. Its mail is looked at beside the rest: other servers answer for it.
async fn site(run: &Arc<Run>, target: &Target) -> Finished {
    let (mut finished, mail) = tokio::join!(Box::pin(visited(run, target)), Box::pin(mail_of(run, target)));
    finished.observations.mail = mail;
    finished
}

/// The mail of one site's domain. Where only an address was given, no names are asked for.
async fn mail_of(run: &Run, target: &Target) -> Attempt<Mail> {
    let Run { net, options, mail_servers, .. } = run;
    let host = target.site.host.as_str();
    if !options.probes.has(Probe::Mail) {
        return Attempt::skipped(Skip::NotRequested);
    }
    if net.pinned(host, target.site.port).is_some() && !options.resolve_pinned {
        return Attempt::skipped(Skip::AddressGiven);
    }
    let question = mail::Question {
        net,
        host,
        used: target.mail,
        selectors: &target.dkim_selectors,
        at: options.at,
        trust: &options.trust,
        known: mail_servers,
    };
    mail::mail(&question).await
}

/// Name, endpoints and visits of one site.
async fn visited(run: &Arc<Run>, target: &Target) -> Finished {
    let Run { net, options, zones, .. } = &**run;
    let host = target.site.host.as_str();
    let probes = &options.probes;
    let pinned = net.pinned(host, target.site.port);
    let (dns, addresses) = match pinned {
        Some(address) if !options.resolve_pinned => {
            (Attempt::skipped(Skip::AddressGiven), Attempt::Completed(vec![address]))
        }
        Some(address) => (dns::dns(net, zones, options.at, host).await.0, Attempt::Completed(vec![address])),
        None if probes.has(Probe::Dns) => dns::dns(net, zones, options.at, host).await,
        None => (Attempt::skipped(Skip::NotRequested), dns::addresses(net, host).await),
    };
    let dns = wanted(probes, Probe::Dns, dns);

    let (mut unrouted, mut certificates, mut leaves) = (Vec::new(), Vec::new(), Vec::new());
    let (endpoints, answers): (_, Result<_, Attempt<Infallible>>) = match addresses {
        Attempt::Completed(mut addresses) => {
            // a machine without IPv6 learns nothing of IPv6 addresses, and the site is not to blame
            if addresses.iter().any(|address| net.has_route(*address)) {
                unrouted = addresses.extract_if(.., |address| !net.has_route(*address)).collect();
            }
            let mut found = (Vec::new(), Vec::new());
            for seen in endpoints(run, target, &addresses).await {
                leaves.push(leaves_of(&seen.endpoint));
                found.0.push(seen.endpoint);
                found.1.push(seen.answers);
                certificates.extend(seen.certificates);
            }
            certificates.sort_unstable();
            certificates.dedup();
            (Attempt::Completed(found.0), Ok(found.1))
        }
        Attempt::Failed { failed } => (Attempt::failed(failed.clone()), Err(Attempt::failed(failed))),
        Attempt::Skipped { skipped } => (Attempt::skipped(skipped), Err(Attempt::skipped(skipped))),
    };
    let (http, web) = match answers {
        Err(why) => (why.clone().map(|never| match never {}), why.map(|never| match never {})),
        Ok(_) if !wants_answers(probes) => {
            (Attempt::skipped(Skip::NotRequested), Attempt::skipped(Skip::NotRequested))
        }
        Ok(answers) => {
            let visitor = Visitor {
                net,
                site: &target.site,
                www: target.www,
                inventory: &*options.inventoried,
                endpoints: &answers,
            };
            let (http, web) = if probes.has(Probe::Web) {
                http::site_with_pages(&visitor, options.at).await
            } else {
                (http::site(&visitor).await, Attempt::skipped(Skip::NotRequested))
            };
            (Attempt::Completed(http), web)
        }
    };
    let observations = Observations {
        schema: SCHEMA.to_owned(),
        site: target.site.clone(),
        at: options.at,
        vantage: options.vantage.clone(),
        dns,
        mail: Attempt::skipped(Skip::NotRequested),
        http: wanted(probes, Probe::Http, http),
        web: wanted(probes, Probe::Web, web),
        addresses: Addresses { certificates: certificate::agree(&leaves) },
        endpoints,
        unrouted,
    };
    Finished { observations, certificates }
}

/// What was seen on the way to something else is told only where it was asked for.
fn wanted<T>(probes: &Probes, probe: Probe, seen: Attempt<T>) -> Attempt<T> {
    if probes.has(probe) { seen } else { Attempt::skipped(Skip::NotRequested) }
}

/// Whether pages are visited.
fn wants_answers(probes: &Probes) -> bool {
    probes.has(Probe::Http) || probes.has(Probe::Web)
}

/// The server certificates sent at an address, by SHA-256.
fn leaves_of(endpoint: &Endpoint) -> Attempt<Vec<String>> {
    endpoint.certificate.as_ref().map(|first| {
        let second = endpoint.second_certificate.completed().and_then(Option::as_ref);
        let mut leaves: Vec<_> =
            [Some(first), second].into_iter().flatten().map(|one| one.leaf.sha256.clone()).collect();
        leaves.sort();
        leaves
    })
}

/// What one address brought.
struct SeenThere {
    endpoint: Endpoint,
    answers: FirstAnswers,
    certificates: Vec<Vec<u8>>,
}

/// All addresses at once, each in its own lane.
async fn endpoints(run: &Arc<Run>, target: &Target, addresses: &[IpAddr]) -> Vec<SeenThere> {
    let mut under_way = JoinSet::new();
    for (place, address) in addresses.iter().copied().enumerate() {
        let (run, target) = (Arc::clone(run), target.clone());
        under_way.spawn(async move { (place, endpoint(&run, &target, address).await) });
    }
    let mut done = Vec::new();
    while let Some(joined) = under_way.join_next().await {
        match joined {
            Ok(seen) => done.push(seen),
            // a panic in a probe is our bug and costs this address, not the run
            Err(error) => {
                let place = addresses.len() + done.len();
                done.push((place, bug(addresses, &done, &error.to_string())));
            }
        }
    }
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, seen)| seen).collect()
}

fn bug(addresses: &[IpAddr], done: &[(usize, SeenThere)], what: &str) -> SeenThere {
    let unseen = addresses.iter().find(|a| done.iter().all(|(_, seen)| seen.endpoint.address != **a));
    let address = unseen.or(addresses.first()).copied().unwrap_or(IpAddr::from([0, 0, 0, 0]));
    let failure = Failure::OurBug(what.to_owned());
    let endpoint = Endpoint {
        address,
        tls: Attempt::failed(failure.clone()),
        certificate: Attempt::failed(failure.clone()),
        second_certificate: Attempt::failed(failure.clone()),
        http: Attempt::failed(failure),
    };
    let answers = FirstAnswers::unasked(address, &crate::net::Error::Local(what.to_owned()));
    SeenThere { endpoint, answers, certificates: Vec::new() }
}

/// One address: TLS, its certificates, and the first HTTP answers, while nobody else talks to it.
async fn endpoint(run: &Run, target: &Target, address: IpAddr) -> SeenThere {
    let Run { net, options, known, .. } = run;
    let probes = &options.probes;
    let host = target.site.host.as_str();
    let lane = match net.lane(address).await {
        Ok(lane) => lane,
        Err(error) => {
            let endpoint = Endpoint {
                address,
                tls: untested(&error),
                certificate: untested(&error),
                second_certificate: untested(&error),
                http: untested(&error),
            };
            let answers = FirstAnswers::unasked(address, &error);
            return SeenThere { endpoint, answers, certificates: Vec::new() };
        }
    };
    let not_requested = || Skip::NotRequested;
    let wants_answers = wants_answers(probes);
    // port 80 is asked while TLS is, so that a mute server costs its deadlines once
    let (mut seen, http) = tokio::join!(
        async {
            if probes.has(Probe::Tls) || probes.has(Probe::Certificate) {
                Some(tls::tls(&lane, host, target.site.port, known).await)
            } else {
                None
            }
        },
        async {
            if wants_answers {
                http::plain(net, &lane, &target.site).await
            } else {
                Attempt::skipped(not_requested())
            }
        }
    );
    let https = match &seen {
        _ if !wants_answers => Attempt::skipped(not_requested()),
        // what TLS could not reach, or found to be something else, is not asked again
        Some(tls::Seen { tls: Attempt::Failed { failed }, .. }) => Attempt::failed(failed.clone()),
        Some(tls::Seen { tls: Attempt::Skipped { skipped }, .. }) => Attempt::skipped(*skipped),
        Some(tls::Seen { tls: Attempt::Completed(tls), .. }) if !tls.offered => {
            Attempt::failed(Failure::NotTls)
        }
        _ => http::secure(net, &lane, &target.site).await,
    };
    let answers = FirstAnswers::new(&lane, http, https);
    let other = match &mut seen {
        Some(tls::Seen { tls: Attempt::Completed(tls), chain: Attempt::Completed(chain), .. })
            if probes.has(Probe::Certificate) =>
        {
            let (before, _) = lane.spent();
            let other = certificate::other(&lane, host, target.site.port, chain, tls).await;
            // pages were visited in between, which is not counted there
            tls.connections += lane.spent().0.saturating_sub(before);
            other
        }
        Some(seen) => seen.chain.as_ref().map(|_| None),
        None => Attempt::skipped(not_requested()),
    };
    drop(lane);
    let mut certificates = Vec::new();
    let (tls, certificate): (Attempt<Tls>, Attempt<Certificate>) = match seen {
        None => (Attempt::skipped(not_requested()), Attempt::skipped(not_requested())),
        Some(seen) => {
            let described = match seen.chain {
                Attempt::Completed(chain) => {
                    describe(run, host, chain, &seen.staple, &mut certificates).await
                }
                Attempt::Failed { failed } => Attempt::failed(failed),
                Attempt::Skipped { skipped } => Attempt::skipped(skipped),
            };
            (seen.tls, described)
        }
    };
    let second = match other {
        Attempt::Completed(Some(other)) => {
            let staple = Attempt::Completed(other.staple);
            describe(run, host, other.chain, &staple, &mut certificates).await.map(Some)
        }
        other => other.map(|_| None),
    };
    let endpoint = Endpoint {
        address,
        tls: wanted(probes, Probe::Tls, tls),
        certificate: wanted(probes, Probe::Certificate, certificate),
        second_certificate: wanted(probes, Probe::Certificate, second),
        http: wanted(probes, Probe::Http, Attempt::Completed(answers.observed())),
    };
    SeenThere { endpoint, answers, certificates }
}

/// What a chain is worth; the certificates that are described are the ones that observations name.
async fn describe(
    run: &Run,
    host: &str,
    chain: Vec<Vec<u8>>,
    staple: &Attempt<Option<Vec<u8>>>,
    certificates: &mut Vec<Vec<u8>>,
) -> Attempt<Certificate> {
    let Run { options, downloads, .. } = run;
    let sent = Sent { chain: &chain, staple: staple.as_ref().map(Option::as_deref) };
    let mut described = certificate::certificate(&sent, host, options.at, &options.trust);
    if let Attempt::Completed(found) = &mut described {
        let wanted = options.look_ups;
        certificate::look_up(found, &sent, host, options.at, &options.trust, wanted, downloads).await;
    }
    certificates.extend(chain.into_iter().take(limits::CHAIN + 1));
    described
}
