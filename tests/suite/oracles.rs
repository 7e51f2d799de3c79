//! khien beside sslscan and sslyze on the same real servers: versions, suites, groups, lengths of primes, options, set by
//! set, and the connections it takes. `UPDATE=1 cargo test --test suite oracles` writes docs/tls-comparison.md anew.

mod account;
mod known;
mod servers;
mod table;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::spawn_blocking,
};

use crate::{
    peer::Peer,
    tls_failures::looked::{Looked, PATIENT, look},
};
use account::{Facts, Tool, is_failure, of_khien, of_sslscan, of_sslyze};
use known::{KNOWN, Only};
use servers::{CONFIGURATIONS, Certificates, Configuration};

/// A server under comparison, and what everybody says of it.
struct Compared {
    configuration: &'static Configuration,
    /// Where connections are counted.
    address: SocketAddr,
    counter: Arc<AtomicUsize>,
    _server: Peer,
    khien: Option<Looked>,
    facts: Facts,
    oracles: BTreeMap<Tool, Facts>,
    /// Connections of khien and of each oracle.
    connections: BTreeMap<&'static str, usize>,
}

/// How often an oracle that left something out is asked again.
const MOST_TRIES: usize = 3;

/// One difference: which program, who says it, what.
type Differing = (Tool, Only, String);

impl Compared {
    async fn start(configuration: &'static Configuration, certificates: Arc<Certificates>) -> Self {
        let (server, behind) = spawn_blocking(move || configuration.start(&certificates)).await.unwrap();
        let counter = Arc::new(AtomicUsize::new(0));
        let address = counting(behind, Arc::clone(&counter)).await;
        Self {
            configuration,
            address,
            counter,
            _server: server,
            khien: None,
            facts: Facts::new(),
            oracles: BTreeMap::new(),
            connections: BTreeMap::new(),
        }
    }

    fn count(&mut self, program: &'static str) {
        self.connections.insert(program, self.counter.swap(0, Ordering::SeqCst));
    }

    fn differences(&self) -> Vec<Differing> {
        let mut found = Vec::new();
        for (tool, theirs) in &self.oracles {
            let ours = tool.part_of(&self.facts);
            found.extend(ours.difference(theirs).map(|fact| (*tool, Only::Khien, fact.clone())));
            found.extend(theirs.difference(&ours).map(|fact| (*tool, Only::Oracle, fact.clone())));
        }
        found
    }

    /// Where each difference stands in [`KNOWN`].
    fn explained(&self) -> Vec<(Differing, Option<usize>)> {
        let known = |(tool, only, fact): &Differing| {
            KNOWN.iter().position(|one| one.explains(*tool, self.configuration.name, *only, fact))
        };
        self.differences().into_iter().map(|differing| (differing.clone(), known(&differing))).collect()
    }

    /// Whether an oracle left out what khien has, or failed: on a busy machine they do, and are asked again.
    fn is_to_be_asked_again(&self, tool: Tool) -> bool {
        let left_out = |only: Only, fact: &str| only == Only::Khien || is_failure(fact);
        let mut explained = self.explained().into_iter();
        explained.any(|((of, only, fact), why)| of == tool && why.is_none() && left_out(only, &fact))
    }

    /// What an oracle found once counts; that it failed, only where it always does.
    fn add(&mut self, tool: Tool, again: &Facts) {
        let facts = self.oracles.entry(tool).or_default();
        facts.retain(|fact| !is_failure(fact) || again.contains(fact));
        facts.extend(again.iter().filter(|fact| !is_failure(fact)).cloned());
    }
}

/// Passes connections on and counts them.
async fn counting(behind: SocketAddr, counter: Arc<AtomicUsize>) -> SocketAddr {
    let listener = TcpListener::bind(crate::peer::free_address()).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                if let Ok(mut server) = TcpStream::connect(behind).await {
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                }
            });
        }
    });
    address
}

async fn everybody_looks() -> Vec<Compared> {
    let certificates = Arc::new(spawn_blocking(Certificates::new).await.unwrap());
    let mut all = Vec::new();
    let starting: Vec<_> = CONFIGURATIONS
        .iter()
        .map(|one| tokio::spawn(Compared::start(one, Arc::clone(&certificates))))
        .collect();
    for one in starting {
        all.push(one.await.unwrap());
    }
    for one in &mut all {
        let seen = look(one.address, &certificates.root, PATIENT).await;
        one.facts = of_khien(&seen.tls);
        one.khien = Some(seen);
        one.count("khien");
    }
    for chunk in all.chunks_mut(4) {
        let running: Vec<_> = chunk
            .iter()
            .map(|one| {
                let address = one.address;
                spawn_blocking(move || of_sslscan(address))
            })
            .collect();
        for (one, running) in chunk.iter_mut().zip(running) {
            one.oracles.insert(Tool::Sslscan, running.await.unwrap());
            one.count("sslscan");
        }
    }
    let given = |one: &&mut Compared| one.configuration.sslyze;
    let addresses: Vec<SocketAddr> = all.iter_mut().filter(given).map(|one| one.address).collect();
    let found = spawn_blocking(move || of_sslyze(&addresses)).await.unwrap();
    for one in all.iter_mut().filter(given) {
        one.oracles.insert(Tool::Sslyze, found[&one.address].clone());
        one.count("sslyze");
    }
    for one in &mut all {
        for tool in [Tool::Sslscan, Tool::Sslyze] {
            for _ in 0..MOST_TRIES {
                if !one.is_to_be_asked_again(tool) {
                    break;
                }
                let address = one.address;
                let again = spawn_blocking(move || match tool {
                    Tool::Sslscan => of_sslscan(address),
                    Tool::Sslyze => of_sslyze(&[address]).remove(&address).unwrap(),
                });
                one.add(tool, &again.await.unwrap());
            }
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_server_is_seen_as_the_oracles_see_it() {
    let all = everybody_looks().await;
    let (mut unknown, mut used) = (Vec::new(), BTreeSet::new());
    for one in &all {
        for ((tool, only, fact), why) in one.explained() {
            match why {
                Some(index) => drop(used.insert(index)),
                None => unknown.push(format!("{} {} {only:?}: {fact}", one.configuration.name, tool.name())),
            }
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(table::FILE, table::render(&all)).unwrap();
    }
    assert!(unknown.is_empty(), "nobody explains:\n{}", unknown.join("\n"));
    let stale: Vec<&str> =
        (0..KNOWN.len()).filter(|index| !used.contains(index)).map(|index| KNOWN[index].why).collect();
    assert!(stale.is_empty(), "no longer so: {stale:#?}");
    for one in &all {
        keeps_the_budget(one);
    }
    let committed = std::fs::read_to_string(table::FILE).unwrap();
    for text in all.iter().map(|one| one.configuration.what).chain(KNOWN.iter().map(|one| one.why)) {
        assert!(committed.contains(text), "{}: write it anew with UPDATE=1: {text}", table::FILE);
    }
}

/// What was accepted and 45 for everything else, and what is told is what was opened.
fn keeps_the_budget(one: &Compared) {
    let name = one.configuration.name;
    let tls = &one.khien.as_ref().unwrap().tls;
    let count = |list: &str| tls[list]["items"].as_array().unwrap().len();
    let told = usize::try_from(tls["connections"].as_u64().unwrap()).unwrap();
    assert_eq!(one.connections["khien"], told, "{name}: opened and told");
    let most = (count("cipher_suites") + count("groups") + 45).min(200);
    assert!(told <= most, "{name}: {told} of {most}");
    for list in ["cipher_suites", "groups", "dh_primes"] {
        let cut = tls[list].get("incomplete");
        if one.configuration.over_budget {
            assert!(cut.is_none_or(|why| why.get("budget").is_some()), "{name}: {list}: {cut:?}");
        } else {
            assert_eq!(cut, None, "{name}: {list}");
        }
    }
    assert!(!one.configuration.over_budget || tls["cipher_suites"].get("incomplete").is_some(), "{name}");
}
