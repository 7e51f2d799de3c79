//! Looks at hundreds of signed zones of the closed world at once, three name servers each: queries, time, and what one
//! zone alone costs. `cargo bench --bench zones` (NSD and BIND's tools have to be there; `-- 100` for another number).

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::too_many_lines,
    dead_code,
    reason = "a benchmark prints, and the world belongs to the tests"
)]

#[path = "../tests/suite/dns_world/mod.rs"]
mod dns_world;

use std::{sync::Arc, time::Instant};

use khien::{
    net::Options,
    observation::{Attempt, DnssecStatus},
    probe::dns::{Zones, dns},
};
use tokio::{sync::Semaphore, task::JoinSet};

use dns_world::World;

/// Zones looked at together.
const AT_ONCE: usize = 64;

#[tokio::main]
async fn main() {
    let count = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(500);
    let world = World::start_with_sound(count).await;

    let net = world.net(Options::default());
    let began = Instant::now();
    let (alone, _) = dns(&net, &Zones::default(), jiff::Timestamp::now(), "www.z0.example").await;
    let (took, queries) = (began.elapsed(), net.queries());
    assert!(matches!(&alone, Attempt::Completed(_)), "{alone:?}");
    println!("| zones | queries to the resolver | to name servers | wall |");
    println!("|---|---|---|---|");
    println!("| 1 | {} | {} | {:.2} s |", queries.resolver, queries.direct, took.as_secs_f64());

    let net = world.net(Options::default());
    let (zones, places) = (Arc::new(Zones::default()), Arc::new(Semaphore::new(AT_ONCE)));
    let (mut running, began) = (JoinSet::new(), Instant::now());
    for zone in &world.zones {
        let host = format!("www.{}.example", zone.name);
        let (net, zones, places) = (net.clone(), Arc::clone(&zones), Arc::clone(&places));
        running.spawn(async move {
            let _place = places.acquire().await.unwrap();
            let (seen, _) = dns(&net, &zones, jiff::Timestamp::now(), &host).await;
            let Attempt::Completed(seen) = seen else { panic!("{host}: {seen:?}") };
            let servers = seen.delegation.completed().map_or(0, |delegation| delegation.servers.items.len());
            (servers == 3 && seen.dnssec == Attempt::Completed(DnssecStatus::Secure), host)
        });
    }
    for (whole, host) in running.join_all().await {
        assert!(whole, "{host} was not seen whole");
    }
    let (took, queries) = (began.elapsed(), net.queries());
    println!("| {count} | {} | {} | {:.2} s |", queries.resolver, queries.direct, took.as_secs_f64());
}
