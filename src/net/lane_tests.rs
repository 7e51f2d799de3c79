//! Lanes against peers on loopback: mapping, deadlines, caps, budgets, fairness, cancellation.

use std::collections::BTreeMap;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};

use crate::target::ConnectTo;

use super::*;
use crate::net::{
    Net, Special,
    options::{Budgets, Pace},
};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn lab() -> Options {
    Options { allow_private: true, pace: Pace::Lab, ..Options::default() }
}

fn net(options: Options) -> Net {
    Net::without_resolver(options)
}

/// A peer on an address of its own (all of 127/8 is loopback) that treats every connection alike.
async fn peer<F, R>(address: IpAddr, serve: F) -> u16
where
    F: Fn(TcpStream) -> R + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind((address, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    port
}

async fn silent(stream: TcpStream) {
    tokio::time::sleep(Duration::from_mins(1)).await;
    drop(stream);
}

async fn open(net: &Net, port: u16) -> Result<Connection, Error> {
    net.lane(HERE).await?.connect("www.test", port, Purpose::Http).await
}

#[tokio::test]
async fn a_mapped_port_is_dialled_and_the_logical_one_is_told() {
    let port = peer(HERE, |mut stream| async move {
        let _ = stream.write_all(b"hello").await;
    })
    .await;
    let options = Options { port_map: BTreeMap::from([(80, port)]), ..lab() };
    let mut connection = open(&net(options), 80).await.unwrap();
    let mut text = [0; 5];
    connection.read_full(&mut text).await.unwrap();
    assert_eq!(&text, b"hello");
    assert_eq!(connection.peer().logical, SocketAddr::new(HERE, 80));
    assert_eq!(connection.peer().dialled, SocketAddr::new(HERE, port));
    assert_eq!((connection.bytes_read(), connection.head()), (5, &b"hello"[..]));
    // Then the clean end.
    assert_eq!(connection.read_some(&mut text).await, Ok(0));
    assert_eq!(connection.read_full(&mut text).await, Err(Error::Closed { during: Phase::Read }));
}

#[tokio::test]
async fn the_guard_judges_the_address_that_is_dialled() {
    let port = peer(HERE, silent).await;
    let to = SocketAddr::new(HERE, port);
    let row = ConnectTo::new(Some("www.test".parse().unwrap()), None, to);
    let options = Options { connect_to: vec![row.clone()], pace: Pace::Lab, ..Options::default() };
    let closed = net(options);
    let outside: IpAddr = "203.162.1.1".parse().unwrap();
    let lane = closed.lane(outside).await.unwrap();
    let refused = lane.connect("www.test", 443, Purpose::Tls).await.err();
    assert_eq!(refused, Some(Error::Forbidden { address: HERE, reason: Special::Loopback }));
    assert_eq!(lane.spent(), (0, 0), "what is not sent is not counted");
    drop(lane);

    let open = net(Options { connect_to: vec![row], ..lab() });
    let lane = open.lane(outside).await.unwrap();
    let connection = lane.connect("www.test", 443, Purpose::Tls).await.unwrap();
    assert_eq!(connection.peer().dialled, to);
    assert_eq!(connection.peer().logical, SocketAddr::new(outside, 443));
    let metadata = lane.connect("other.test", 80, Purpose::Http);
    drop(metadata);
    drop(connection);
    drop(lane);
    let lane = open.lane("169.254.169.254".parse().unwrap()).await.unwrap();
    let refused = lane.connect("other.test", 80, Purpose::Http).await.err();
    assert!(matches!(refused, Some(Error::Forbidden { reason: Special::Metadata, .. })));
}

#[tokio::test]
async fn refused_reset_and_oversized() {
    let port = {
        let listener = TcpListener::bind((HERE, 0)).await.unwrap();
        listener.local_addr().unwrap().port()
    };
    assert_eq!(open(&net(lab()), port).await.err(), Some(Error::Refused));

    let port = peer(HERE, |stream| async move {
        stream.set_zero_linger().unwrap();
    })
    .await;
    let mut connection = open(&net(lab()), port).await.unwrap();
    let mut buffer = [0; 1024];
    assert_eq!(connection.read_some(&mut buffer).await, Err(Error::Reset));

    let port = peer(HERE, |mut stream| async move {
        let chunk = [b'x'; 4096];
        while stream.write_all(&chunk).await.is_ok() {}
    })
    .await;
    let limited = net(Options { read_limit: 100_000, ..lab() });
    let mut connection = open(&limited, port).await.unwrap();
    let mut total = 0;
    let error = loop {
        match connection.read_some(&mut buffer).await {
            Ok(count) => total += count,
            Err(error) => break error,
        }
    };
    assert_eq!(error, Error::TooLarge { limit: 100_000 });
    assert!(total <= 100_000 && connection.bytes_read() <= 100_001);
}

#[tokio::test]
async fn a_machine_without_a_route_says_so_of_itself() {
    let net = net(lab());
    assert!(net.has_route(HERE));
    let far: IpAddr = "2405:4800::1".parse().unwrap();
    if !net.has_route(far) {
        let lane = net.lane(far).await.unwrap();
        let error = lane.connect("www.test", 443, Purpose::Tls).await.err();
        assert_eq!(error, Some(Error::NoRoute { address: far }));
    }
}

#[tokio::test]
async fn exactly_the_limit_is_not_too_much() {
    let port = peer(HERE, |mut stream| async move {
        let _ = stream.write_all(&[7; 1000]).await;
    })
    .await;
    let mut connection = open(&net(Options { read_limit: 1000, ..lab() }), port).await.unwrap();
    let mut all = Vec::new();
    connection.read_to_end(&mut all).await.unwrap();
    assert_eq!(all.len(), 1000);
}

#[tokio::test]
async fn the_deadline_holds_against_silence_and_against_a_trickle() {
    let given = Duration::from_millis(600);
    let late = Error::TimedOut { during: Phase::Read, after: given };
    let silent_port = peer(HERE, silent).await;
    let trickle_port = peer(HERE, |mut stream| async move {
        while stream.write_all(b".").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    for port in [silent_port, trickle_port] {
        let mut connection = open(&net(Options { exchange_timeout: given, ..lab() }), port).await.unwrap();
        let began = Instant::now();
        let mut buffer = [0; 100];
        assert_eq!(connection.read_full(&mut buffer).await, Err(late.clone()));
        assert!(began.elapsed() < given * 2, "{:?}", began.elapsed());
        // A deadline that has passed stays passed, for writing too.
        assert!(matches!(connection.write_bytes(b"x").await, Err(Error::TimedOut { .. })));
        connection.renew_deadline(given);
        connection.write_bytes(b"x").await.unwrap();
    }
}

#[tokio::test]
async fn budgets_are_per_job_and_per_address() {
    let port = peer(HERE, silent).await;
    let budgets = Budgets { tls_per_job: 3, http_per_job: 2, tls_per_address: 5, ..Budgets::default() };
    let net = net(Options { budgets, ..lab() });
    let spent = |what| Some(Error::BudgetSpent { what });
    {
        let lane = net.lane(HERE).await.unwrap();
        lane.connect("a", port, Purpose::Https).await.unwrap();
        lane.connect("a", port, Purpose::Http).await.unwrap();
        assert_eq!(lane.connect("a", port, Purpose::Http).await.err(), spent(Budget::HttpPerJob));
        assert_eq!(lane.count_request().err(), spent(Budget::HttpPerJob));
        lane.connect("a", port, Purpose::Tls).await.unwrap();
        lane.connect("a", port, Purpose::Smtp).await.unwrap();
        assert_eq!(lane.connect("a", port, Purpose::Tls).await.err(), spent(Budget::TlsPerJob));
    }
    assert_eq!(net.load().0, 0, "an idle lane leaves the table");
    // The next job starts afresh, but the address remembers the first three.
    let lane = net.lane(HERE).await.unwrap();
    lane.connect("b", port, Purpose::Tls).await.unwrap();
    lane.connect("b", port, Purpose::Tls).await.unwrap();
    assert_eq!(lane.connect("b", port, Purpose::Tls).await.err(), spent(Budget::TlsPerAddress));
}

#[tokio::test]
async fn addresses_are_bounded() {
    let budgets = Budgets { addresses: 2, ..Budgets::default() };
    let net = net(Options { budgets, ..lab() });
    for last in [1, 2, 1, 2] {
        net.lane(IpAddr::from([127, 0, 0, last])).await.unwrap();
    }
    let third = net.lane(IpAddr::from([127, 0, 0, 3])).await;
    assert_eq!(third.err(), Some(Error::BudgetSpent { what: Budget::Addresses }));
}

#[tokio::test]
async fn starts_keep_their_gap_even_from_job_to_job() {
    let port = peer(HERE, silent).await;
    let net = net(Options { pace: Pace::Normal, ..lab() });
    let began = Instant::now();
    for _ in 0..2 {
        let lane = net.lane(HERE).await.unwrap();
        let (one, two) =
            tokio::join!(lane.connect("a", port, Purpose::Tls), lane.connect("a", port, Purpose::Tls));
        one.unwrap();
        two.unwrap();
    }
    // Four starts, three gaps.
    assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_back_off_holds_the_address_and_is_bounded() {
    let port = peer(HERE, silent).await;
    let net = net(lab());
    let lane = net.lane(HERE).await.unwrap();
    lane.back_off(Duration::from_millis(300)).unwrap();
    let began = Instant::now();
    lane.connect("a", port, Purpose::Tls).await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(300));

    lane.back_off(Duration::from_hours(1)).unwrap();
    let until = lane.lanes.not_before(HERE).unwrap();
    assert!(until <= Instant::now() + Duration::from_secs(30));
    let spent = Err(Error::BudgetSpent { what: Budget::BackOff });
    assert_eq!(lane.back_off(Duration::from_secs(30)), spent);
    lane.back_off(Duration::from_secs(29)).unwrap();
    assert_eq!(lane.back_off(Duration::from_secs(1)), spent);
}

#[tokio::test]
async fn one_job_at_a_time_in_order_of_arrival() {
    let net = net(lab());
    let first = net.lane(HERE).await.unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let (net, order) = (net.clone(), Arc::clone(&order));
        tasks.spawn(async move {
            let _lane = net.lane(HERE).await.unwrap();
            order.lock().unwrap().push(number);
        });
        // On one thread a yield lets the task queue up before the next one is made.
        tokio::task::yield_now().await;
    }
    assert_eq!(net.load().0, 1);
    assert!(order.lock().unwrap().is_empty());
    drop(first);
    tasks.join_all().await;
    assert_eq!(*order.lock().unwrap(), (0..20).collect::<Vec<_>>());
    assert_eq!(net.load().0, 0);
}

#[tokio::test]
async fn a_connection_that_outlives_its_lane_still_counts() {
    let port = peer(HERE, silent).await;
    let net = net(lab());
    let lane = net.lane(HERE).await.unwrap();
    let one = lane.connect("a", port, Purpose::Tls).await.unwrap();
    let two = lane.connect("a", port, Purpose::Tls).await.unwrap();
    drop(lane);
    let lane = net.lane(HERE).await.unwrap();
    let third = lane.connect("b", port, Purpose::Tls);
    tokio::pin!(third);
    assert!(timeout(Duration::from_millis(150), &mut third).await.is_err());
    drop(one);
    third.await.unwrap();
    drop(two);
}

#[tokio::test]
async fn holding_one_permit_and_wanting_another_ends() {
    let port = peer(HERE, silent).await;
    let options = Options { max_connections: 1, exchange_timeout: Duration::from_millis(200), ..lab() };
    let net = net(options);
    let lane = net.lane(HERE).await.unwrap();
    let held = lane.connect("a", port, Purpose::Tls).await.unwrap();
    assert_eq!(lane.connect("a", port, Purpose::Tls).await.err(), Some(Error::Busy));
    drop(held);
    lane.connect("a", port, Purpose::Tls).await.unwrap();
}

/// 200 sites behind one portal must not keep 50 other servers waiting for the global permits (measured in the design:
/// taking the permit before the lane starves them).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowded_address_does_not_starve_the_others() {
    const WORK: Duration = Duration::from_millis(10);
    let portal = IpAddr::from([127, 0, 1, 1]);
    let others: Vec<IpAddr> = (1..=50).map(|last| IpAddr::from([127, 0, 2, last])).collect();
    let name = |address: IpAddr| format!("{}.test", address.to_string().replace('.', "-"));
    let mut rows = Vec::new();
    for address in others.iter().copied().chain([portal]) {
        let port = peer(address, silent).await;
        rows.push(ConnectTo::new(Some(name(address).parse().unwrap()), None, SocketAddr::new(address, port)));
    }
    let net = net(Options { max_connections: 8, connect_to: rows, ..lab() });
    let job = |net: Net, address: IpAddr| async move {
        let lane = net.lane(address).await.unwrap();
        for _ in 0..2 {
            let connection = lane.connect(&name(address), 443, Purpose::Tls).await.unwrap();
            tokio::time::sleep(WORK).await;
            drop(connection);
        }
    };
    let began = Instant::now();
    let mut crowd = JoinSet::new();
    for _ in 0..200 {
        crowd.spawn(job(net.clone(), portal));
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    let mut rest = JoinSet::new();
    for address in &others {
        rest.spawn(job(net.clone(), *address));
    }
    rest.join_all().await;
    let others_took = began.elapsed();
    crowd.join_all().await;
    let all_took = began.elapsed();
    // 200 jobs of 2 × 10 ms one after another are at least 4 s; the others share 7 of 8 permits.
    assert!(all_took >= Duration::from_secs(4), "{all_took:?}");
    assert!(others_took < all_took / 3, "{others_took:?} of {all_took:?}");
    assert_eq!(net.load(), (0, 8));
}

/// Futures dropped anywhere between the lane and the last byte give back what they hold, and nothing locks up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancellation_leaks_nothing_and_locks_nothing() {
    let port = peer(HERE, |mut stream| async move {
        tokio::time::sleep(Duration::from_millis(2)).await;
        let _ = stream.write_all(b"x").await;
    })
    .await;
    let addresses: Vec<IpAddr> = (1..=6).map(|last| IpAddr::from([127, 0, 3, last])).collect();
    let rows = vec![ConnectTo::new(None, None, SocketAddr::new(HERE, port))];
    let budgets = Budgets { tls_per_address: u32::MAX, ..Budgets::default() };
    let options = Options {
        max_connections: 4,
        connect_to: rows,
        exchange_timeout: Duration::from_secs(1),
        budgets,
        ..lab()
    };
    let net = net(options);
    let mut tasks = JoinSet::new();
    for number in 0..600_u64 {
        let net = net.clone();
        let address = addresses[usize::try_from(number).unwrap() % addresses.len()];
        tasks.spawn(async move {
            let job = async {
                let lane = net.lane(address).await.unwrap();
                let both =
                    tokio::join!(lane.connect("a", 443, Purpose::Tls), lane.connect("a", 443, Purpose::Tls));
                for connection in [both.0, both.1].into_iter().flatten() {
                    let mut connection = connection;
                    let _ = connection.read_some(&mut [0; 8]).await;
                }
            };
            // A spread of patience from nothing to enough, the same in every run.
            let patience = Duration::from_micros((number * 7919) % 60_000);
            timeout(patience, job).await.is_ok()
        });
    }
    let finished = timeout(Duration::from_secs(30), tasks.join_all()).await.expect("locked up");
    assert!(finished.iter().any(|done| !done), "nothing was cancelled");
    assert_eq!(net.load(), (0, 4));
    // And the net still works.
    let lane = net.lane(addresses[0]).await.unwrap();
    lane.connect("a", 443, Purpose::Tls).await.unwrap().read_some(&mut [0; 8]).await.unwrap();
}

/// Ten names at a dead address used to cost ten times its deadlines, one after the other.
#[tokio::test]
async fn a_port_that_never_answers_costs_three_deadlines_and_no_more() {
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    let port = peer(HERE, move |stream| {
        counted.fetch_add(1, Ordering::Relaxed);
        silent(stream)
    })
    .await;
    let net = net(Options { exchange_timeout: Duration::from_millis(100), ..lab() });
    for place in 0..10 {
        let result = open(&net, port).await;
        let ended = match result {
            Err(error) => error,
            Ok(mut connection) => {
                connection.write_bytes(b"hello?").await.unwrap();
                connection.read_some(&mut [0; 8]).await.unwrap_err()
            }
        };
        assert!(matches!(ended, Error::TimedOut { .. }), "{place}: {ended:?}");
    }
    assert_eq!(count.load(Ordering::Relaxed), 3);
}
