//! A closed world of DNS on loopback: NSD serves a root, `example` below it and all zones below that, signed by BIND's
//! tools, each wrong in one way; scripted servers stand beside it. Nothing beyond 127.60.0.0/16 and `::1`, and port 53
//! only in a network of its own.

mod mail;
mod resolver;
mod rogue;
mod sign;
mod zones;

use std::{
    fs,
    net::{IpAddr, SocketAddr, TcpListener, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use khien::net::{Net, Options, Pace};

use sign::Signing;
pub(crate) use zones::{Zone, zones};

const ROOT: &str = "127.60.0.1";
const EXAMPLE: &str = "127.60.0.2";
/// Beside the first server, in its network.
const NEIGHBOUR: &str = "127.60.1.2";
/// Where the resolver stands; it asks from there too.
pub(crate) const RESOLVER: &str = "127.60.0.9";

/// The running world. Its servers end when it is dropped.
pub(crate) struct World {
    servers: Vec<Child>,
    folder: tempfile::TempDir,
    port: u16,
    resolver: SocketAddr,
    mute: tokio::net::UdpSocket,
    pub(crate) zones: Vec<Zone>,
}

impl Drop for World {
    fn drop(&mut self) {
        for server in &mut self.servers {
            // asked to end, it ends its children too
            let _ = Command::new("kill").arg(server.id().to_string()).status();
            let _ = server.wait();
        }
    }
}

impl World {
    pub(crate) async fn start() -> World {
        Self::start_at(free_port(), 0, zones()).await
    }

    /// The same at port 53, the resolver too: for who runs in a network of his own.
    pub(crate) async fn start_at_port_53() -> World {
        Self::start_at(53, 53, zones()).await
    }

    /// So many sound zones and no other.
    pub(crate) async fn start_with_sound(count: usize) -> World {
        // the names live as long as the process, which ends with its world
        let named = |number| -> &'static str { Box::leak(format!("z{number}").into_boxed_str()) };
        let zones = (0..count).map(|number| zones::healthy(named(number), &[])).collect();
        Self::start_at(free_port(), 0, zones).await
    }

    async fn start_at(port: u16, resolver_port: u16, zones: Vec<Zone>) -> World {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().to_owned();
        let built = zones.clone();
        let configurations = tokio::task::spawn_blocking(move || build(&at, port, &built)).await.unwrap();
        let servers: Vec<Child> = configurations.iter().map(|file| nsd(file)).collect();
        for address in [ROOT, EXAMPLE, NEIGHBOUR, zones::SERVERS[1], zones::SERVERS[2]] {
            wait_for(SocketAddr::new(address.parse().unwrap(), port), folder.path()).await;
        }
        let behind = SocketAddr::new(zones::SERVERS[2].parse().unwrap(), port);
        for (place, (name, _)) in zones::ROGUES.iter().enumerate() {
            rogue::start(name, SocketAddr::new(zones::rogue(place).parse().unwrap(), port), behind).await;
        }
        let mute = tokio::net::UdpSocket::bind((zones::MUTE, port)).await.unwrap();
        let resolver = resolver::Recursor::start(ROOT.parse().unwrap(), port, resolver_port).await;
        World { servers, folder, port, resolver, mute, zones }
    }

    /// Root hints as a zone file.
    pub(crate) fn hints(&self) -> PathBuf {
        self.folder.path().join("hints")
    }

    /// Datagrams that the mute server got so far.
    pub(crate) fn sent_to_the_mute(&self) -> usize {
        let mut buffer = [0; 512];
        std::iter::from_fn(|| self.mute.try_recv(&mut buffer).ok()).count()
    }

    /// A network that knows this world and no other.
    pub(crate) fn net(&self, options: Options) -> Net {
        Net::new(Options {
            resolver: Some(self.resolver),
            trust_anchor: Some(self.folder.path().join("anchor")),
            root_hints: Some(self.folder.path().join("hints")),
            port_map: [(53, self.port)].into(),
            allow_private: true,
            pace: Pace::Lab,
            query_timeout: Duration::from_millis(1200),
            ..options
        })
        .unwrap()
    }
}

fn nsd(configuration: &Path) -> Child {
    let program = if Path::new("/usr/sbin/nsd").exists() { "/usr/sbin/nsd" } else { "nsd" };
    Command::new(program)
        .args(["-d", "-c"])
        .arg(configuration)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("nsd: {error}; tests/run installs it"))
}

/// Until anything at all comes back from there.
async fn wait_for(address: SocketAddr, folder: &Path) {
    let started = Instant::now();
    loop {
        let socket = tokio::net::UdpSocket::bind("127.60.0.9:0").await.unwrap();
        socket.connect(address).await.unwrap();
        let mut buffer = [0; 512];
        // a header with one question: the root's SOA
        let question = b"\x12\x34\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x06\x00\x01";
        let heard = async {
            socket.send(question).await?;
            socket.recv(&mut buffer).await
        };
        if matches!(tokio::time::timeout(Duration::from_millis(300), heard).await, Ok(Ok(_))) {
            return;
        }
        let log =
            || fs::read_dir(folder).unwrap().flatten().map(|file| file.path()).filter(|p| p.ends_with("log"));
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "{address} is silent: {:?}",
            log().collect::<Vec<_>>()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// One port that is free for UDP and TCP at a few of the addresses; nobody else uses this network.
fn free_port() -> u16 {
    for _ in 0..100 {
        let udp = UdpSocket::bind((ROOT, 0)).unwrap();
        let port = udp.local_addr().unwrap().port();
        let free = |address: IpAddr| {
            TcpListener::bind((address, port)).is_ok() && UdpSocket::bind((address, port)).is_ok()
        };
        if TcpListener::bind((ROOT, port)).is_ok()
            && free(IpAddr::from([127, 60, 1, 1]))
            && free(std::net::Ipv6Addr::LOCALHOST.into())
        {
            return port;
        }
    }
    panic!("no port is free");
}

/// Everything on disk; gives the configuration of each server.
fn build(folder: &Path, port: u16, zones: &[Zone]) -> Vec<PathBuf> {
    let signed: Vec<(Vec<PathBuf>, String)> = std::thread::scope(|scope| {
        let halves = zones.chunks(zones.len().div_ceil(2));
        let tasks: Vec<_> = halves
            .map(|half| scope.spawn(move || half.iter().map(|zone| child(folder, zone)).collect::<Vec<_>>()))
            .collect();
        tasks.into_iter().flat_map(|task| task.join().unwrap()).collect()
    });
    let mut example = String::from(
        "$TTL 3600\n@ SOA a.nic quantri ( 1 14400 3600 1209600 3600 )\n@ NS a.nic\na.nic A 127.60.0.2\n",
    );
    for (zone, (_, ds)) in zones.iter().zip(&signed) {
        example += &zone.parent;
        example += ds;
    }
    // servers of each other, and no address for either
    example += "loop-a NS ns.loop-b\nloop-b NS ns.loop-a\n";
    let (example, example_ds) = sign::zone(folder, "example.", &[example], &Signing::default());
    let root = format!(
        "$TTL 3600\n@ SOA a.root.example. quantri.example. ( 1 14400 3600 1209600 3600 )\n\
         @ NS a.root.example.\na.root.example. A {ROOT}\nexample. NS a.nic.example.\na.nic.example. A {EXAMPLE}\n\
         {example_ds}"
    );
    let (root, anchor) = sign::zone(folder, ".", &[root], &Signing::default());
    fs::write(folder.join("anchor"), anchor).unwrap();
    fs::write(folder.join("hints"), format!(". NS a.root.example.\na.root.example. A {ROOT}\n")).unwrap();
    configurations(folder, port, zones, &signed, &root[0], &example[0])
}

/// The zone's files, first and second server's, and its DS records.
fn child(folder: &Path, zone: &Zone) -> (Vec<PathBuf>, String) {
    let text = |servers: &str, soa: &str| {
        let mailbox = zone.mailbox;
        format!("$TTL 3600\n@ SOA ns1 {mailbox} ( {soa} )\n{servers}{}", zone.records)
    };
    let second = zone.second.as_ref().unwrap_or(&zone.servers);
    let texts = [text(&zone.servers, zone.soa[0]), text(second, zone.soa[1])];
    let (files, ds) = sign::zone(folder, &format!("{}.example.", zone.name), &texts, &zone.signing);
    if let Some((holding, old, new)) = zone.tamper {
        for file in &files {
            let text = fs::read_to_string(file).unwrap();
            let change = |line: &str| -> Option<String> {
                let hit = line.contains(holding) && line.contains(old);
                match (hit, new) {
                    (false, _) => Some(line.to_owned()),
                    (true, "") => None,
                    (true, new) => Some(line.replace(old, new)),
                }
            };
            let changed: Vec<String> = text.lines().filter_map(change).collect();
            assert_ne!(
                text.lines().collect::<Vec<_>>(),
                changed,
                "{}: nothing was changed in\n{text}",
                zone.name
            );
            fs::write(file, changed.join("\n") + "\n").unwrap();
        }
    }
    (files, ds)
}

/// One server for each place; the first stands at three addresses.
fn configurations(
    folder: &Path,
    port: u16,
    zones: &[Zone],
    signed: &[(Vec<PathBuf>, String)],
    root: &Path,
    example: &Path,
) -> Vec<PathBuf> {
    let [first, second, third] = zones::SERVERS;
    let zone =
        |name: &str, file: &Path| format!("zone:\n  name: \"{name}\"\n  zonefile: \"{}\"\n", file.display());
    let all = |number: usize, keep: &dyn Fn(&Zone) -> bool| -> String {
        let kept = zones.iter().zip(signed).filter(|(zone, _)| keep(zone));
        kept.map(|(each, (files, _))| {
            let transfer = if each.name == "transfer" {
                "  provide-xfr: 0.0.0.0/0 NOKEY\n  provide-xfr: ::0/0 NOKEY\n"
            } else {
                ""
            };
            zone(&format!("{}.example", each.name), &files[number]) + transfer
        })
        .collect()
    };
    let places: [(&str, &[&str], String); 5] = [
        ("root", &[ROOT], zone(".", root)),
        ("example", &[EXAMPLE], zone("example", example)),
        ("first", &[first, NEIGHBOUR, "::1"], all(0, &|_| true)),
        ("second", &[second], all(1, &|_| true)),
        ("third", &[third], all(0, &|zone| zone.third)),
    ];
    let mut files = Vec::new();
    for (name, addresses, zones) in places {
        let at = folder.join(format!("nsd-{name}"));
        fs::create_dir_all(&at).unwrap();
        let (here, mut text) = (at.display(), String::from("server:\n"));
        for address in addresses {
            text += &format!("  ip-address: {address}@{port}\n");
        }
        text += &format!(
            "  username: \"\"\n  chroot: \"\"\n  zonesdir: \"\"\n  database: \"\"\n  pidfile: \"{here}/pid\"\n  \
             xfrdfile: \"{here}/xfrd\"\n  xfrdir: \"{here}\"\n  zonelistfile: \"{here}/zones\"\n  \
             logfile: \"{here}/log\"\n  server-count: 1\n  hide-version: yes\n  hide-identity: yes\n  \
             rrl-ratelimit: 0\n  rrl-whitelist-ratelimit: 0\n  \
             cookie-secret-file: \"{here}/cookies\"\n\
             remote-control:\n  control-enable: no\n{zones}"
        );
        let file = at.join("conf");
        fs::write(&file, text).unwrap();
        files.push(file);
    }
    files
}
