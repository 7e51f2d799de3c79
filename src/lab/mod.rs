//! A fictional province on loopback: name server, web servers, certificates, all in this process, without root and
//! without network. `khien demo` and the tests scan it. Dials nothing and judges nothing.
//!
//! [`PROVINCE`] says who lives there and what is wrong with each; [`Lab::table`] says how to reach it: one port per
//! protocol, one address of 127.0.0.0/8 per server, real names from the lab's own name server.

mod authority;
mod crowd;
mod door;
mod folder;
mod legacy;
mod modern;
mod names;
mod ports;
mod post;
mod province;
mod town;
mod web;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use hickory_server::Server;
use jiff::Timestamp;
use tokio::{net::TcpListener, sync::Semaphore, task::JoinSet};

pub use crowd::Crowd;
pub use province::{Character, PROVINCE, Resident};

use crate::target::{self, ConnectTo, Inventory, Ports};
use door::Door;
use folder::Folder;
use names::Names;
use post::Post;

/// A running province. Everything ends when it is dropped; [`Lab::stop`] waits for that.
pub struct Lab {
    resolver: SocketAddr,
    ports: Ports,
    connect_to: Vec<ConnectTo>,
    root: String,
    anchor: String,
    folder: Folder,
    names: Server<Names>,
    doors: JoinSet<()>,
}

/// Why there is no lab.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The system has 127.0.0.1 alone, as macOS and the BSDs do; Linux answers all of 127.0.0.0/8.
    #[error(
        "this system does not answer at {address}: run it on Linux, or add the addresses first \
         (macOS: `for p in $(seq 2 62); do sudo ifconfig lo0 alias 127.63.0.$p; sudo ifconfig lo0 alias 127.63.1.$p; done`)"
    )]
    NoLoopback {
        /// Where the lab wanted to listen.
        address: IpAddr,
    },
    /// A socket could not be had.
    #[error(
        "cannot listen at {address}: {error}; where too many files are open, raise the limit with `ulimit -n 4096`"
    )]
    Listen {
        /// Where.
        address: IpAddr,
        /// What the system says.
        error: io::Error,
    },
    /// Nobody is to be served.
    #[error("a lab needs at least one site and one address")]
    NoAddress,
    /// The inventory names a site that no server plays.
    #[error(
        "nobody plays {0}: the lab serves the sites of targets.example.yaml; add a row to src/lab/province.rs"
    )]
    Stranger(String),
    /// A certificate could not be made.
    #[error("cannot make a certificate: {0}; please report this")]
    Certificate(#[from] rcgen::Error),
    /// A TLS server could not be set up.
    #[error("cannot set up TLS: {0}; please report this")]
    Tls(#[from] rustls::Error),
    /// A zone could not be made.
    #[error("cannot make the zones: {0}; please report this")]
    Names(String),
    /// The files that tell a scan whom to trust could not be written.
    #[error("cannot write to {folder}: {error}; point TMPDIR to a folder you may write to")]
    Files {
        /// Where.
        folder: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A task of the lab died.
    #[error("a task of the lab failed: {0}; please report this")]
    Task(#[from] tokio::task::JoinError),
}

/// Everything that is made before anyone listens.
struct Town {
    /// Where each door stands; doors that take no HTTPS stand apart.
    doors: Vec<(IpAddr, Arc<Door>)>,
    closed_to_https: Vec<(IpAddr, Arc<Door>)>,
    /// Where the name servers stand, the resolver first.
    name_servers: Vec<IpAddr>,
    names: Names,
    root: String,
    anchor: String,
    /// Sites whose HTTPS has a port of its own, and where they stand.
    odd_ports: Vec<(target::Host, u16, IpAddr)>,
    /// Mail servers.
    posts: Vec<(IpAddr, Arc<Post>)>,
}

impl Lab {
    /// Starts the province of `targets.example.yaml`. Certificates are made relative to `now`; signatures of zones by
    /// the real clock. Wants the runtime it is called in to go on.
    pub async fn start(inventory: &Inventory, now: Timestamp) -> Result<Self, LabError> {
        let sites: Vec<(String, u16)> =
            inventory.sites().map(|(_, site)| (site.host.as_str().to_owned(), site.port)).collect();
        let ipv6 = ports::has_ipv6().await;
        Self::open(town::province(&sites, ipv6, now).await?).await
    }

    /// Starts a province of many names for load tests; gives its inventory, a YAML text.
    pub async fn crowd(crowd: Crowd, now: Timestamp) -> Result<(Self, String), LabError> {
        let town = tokio::task::spawn_blocking(move || crowd.town(now)).await??;
        let lab = Self::open(town).await?;
        let inventory = crowd.inventory(&lab, now);
        Ok((lab, inventory))
    }

    async fn open(town: Town) -> Result<Self, LabError> {
        let folder = Folder::new(&[
            ("root.pem", &town.root),
            ("anchor.txt", &town.anchor),
            ("root.hints", &hints(&town.name_servers)),
        ])?;
        let (secure_port, secure) = listen(&town.doors).await?;
        let everybody: Vec<_> = town.doors.iter().chain(&town.closed_to_https).cloned().collect();
        let (plain_port, plain) = listen(&everybody).await?;
        let (smtp_port, posts) = letters(&town.posts).await?;
        let (dns_port, dns) = ports::names(&town.name_servers).await?;
        let Some(first) = town.name_servers.first() else { return Err(LabError::NoAddress) };

        let mut names = Server::new(town.names);
        for (udp, tcp) in dns {
            names.register_socket(udp);
            names.register_listener(tcp, std::time::Duration::from_secs(5), 4096);
        }
        let places = Arc::new(Semaphore::new(door::CONNECTIONS));
        let mut doors = JoinSet::new();
        for (listener, door) in plain {
            doors.spawn(door::open(listener, door, Arc::clone(&places), false));
        }
        for (listener, door) in secure {
            doors.spawn(door::open(listener, door, Arc::clone(&places), true));
        }
        for (listener, post) in posts {
            doors.spawn(post::open(listener, post, Arc::clone(&places)));
        }
        let connect_to = town.odd_ports.into_iter().map(|(host, port, address)| {
            ConnectTo::new(Some(host), Some(port), SocketAddr::new(address, secure_port))
        });
        Ok(Self {
            resolver: SocketAddr::new(*first, dns_port),
            ports: Ports {
                http: Some(plain_port),
                https: Some(secure_port),
                smtp: smtp_port,
                dns: Some(dns_port),
            },
            connect_to: connect_to.collect(),
            root: town.root,
            anchor: town.anchor,
            folder,
            names,
            doors,
        })
    }

    /// The name server that a scan asks.
    pub fn resolver(&self) -> SocketAddr {
        self.resolver
    }

    /// What to dial where 80, 443, 25 and 53 would be dialled.
    pub fn ports(&self) -> Ports {
        self.ports
    }

    /// Sites whose HTTPS is on another port than 443: what to dial for them.
    pub fn connect_to(&self) -> &[ConnectTo] {
        &self.connect_to
    }

    /// The certificate of the lab's root, PEM: to be trusted beside Mozilla's.
    pub fn root_certificate(&self) -> &str {
        &self.root
    }

    /// The key of the lab's root zone, a DNSKEY record: to be trusted instead of the real root's.
    pub fn trust_anchor(&self) -> &str {
        &self.anchor
    }

    /// The `lab:` table of an inventory that leads here. Its files live as long as the lab.
    pub fn table(&self) -> target::Lab {
        target::Lab {
            connect_to: self.connect_to.clone(),
            resolver: Some(self.resolver),
            ports: self.ports,
            ca_file: Some(self.folder.path("root.pem")),
            root_hints: Some(self.folder.path("root.hints")),
            trust_anchor: Some(self.folder.path("anchor.txt")),
        }
    }

    /// Makes an inventory lead here: sets the `lab:` table, opens loopback, and says that the scanner stands inside.
    /// It does: it runs on the province's own machine, and addresses of 127.0.0.0/8 in its zone are a fault only for
    /// those outside.
    pub fn host(&self, inventory: &mut Inventory) {
        inventory.lab = self.table();
        inventory.allow_private = true;
        inventory.vantage.inside = true;
    }

    /// Ends it all and waits until every task is gone and every port is free.
    pub async fn stop(mut self) {
        self.doors.shutdown().await;
        // its tasks end with an error where a socket was closed under them; they end all the same
        let _ = self.names.shutdown_gracefully().await;
    }
}

impl std::fmt::Debug for Lab {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lab")
            .field("resolver", &self.resolver)
            .field("ports", &self.ports)
            .finish_non_exhaustive()
    }
}

/// The name servers as those of the root, which they serve too.
fn hints(name_servers: &[IpAddr]) -> String {
    let of = |(number, address): (usize, &IpAddr)| {
        let kind = if address.is_ipv4() { "A" } else { "AAAA" };
        format!(". NS ns{0}.root.example.\nns{0}.root.example. {kind} {address}\n", number + 1)
    };
    name_servers.iter().enumerate().map(of).collect()
}

async fn listen(doors: &[(IpAddr, Arc<Door>)]) -> Result<(u16, Vec<(TcpListener, Arc<Door>)>), LabError> {
    let addresses: Vec<IpAddr> = doors.iter().map(|(address, _)| *address).collect();
    let (port, listeners) = ports::web(&addresses).await?;
    Ok((port, listeners.into_iter().zip(doors.iter().map(|(_, door)| Arc::clone(door))).collect()))
}

/// Where the mail servers stand; no port where there are none.
async fn letters(
    posts: &[(IpAddr, Arc<Post>)],
) -> Result<(Option<u16>, Vec<(TcpListener, Arc<Post>)>), LabError> {
    if posts.is_empty() {
        return Ok((None, Vec::new()));
    }
    let addresses: Vec<IpAddr> = posts.iter().map(|(address, _)| *address).collect();
    let (port, listeners) = ports::web(&addresses).await?;
    Ok((Some(port), listeners.into_iter().zip(posts.iter().map(|(_, post)| Arc::clone(post))).collect()))
}
