//! The servers that khien and the oracles look at: nginx, Apache, OpenSSL, GnuTLS, Java's JSSE and Node, as they come
//! and as nobody should run them.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    peer::{Authority, Peer, Pem, free_address},
    tls_failures::looked::HOST,
};

/// Where the servers' own programs lie.
const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/peers");

/// A configuration by the name it has in the table.
pub(super) struct Configuration {
    pub(super) name: &'static str,
    /// In words.
    pub(super) what: &'static str,
    /// Whether sslyze is given it too: it takes its time.
    pub(super) sslyze: bool,
    /// More than the budget of connections allows to find.
    pub(super) over_budget: bool,
    start: fn(&Certificates) -> (Peer, SocketAddr),
}

/// What servers prove themselves with.
pub(super) struct Certificates {
    rsa: Pem,
    ecdsa: Pem,
    pub(super) root: String,
    folder: tempfile::TempDir,
}

impl Certificates {
    pub(super) fn new() -> Self {
        let authority = Authority::new();
        let folder = tempfile::tempdir().unwrap();
        let (rsa, ecdsa) = (authority.rsa_leaf(&[HOST]), authority.leaf(&[HOST], -1, 90));
        for (name, pem) in [("rsa", &rsa), ("ecdsa", &ecdsa)] {
            let place = folder.path().join(name);
            fs::create_dir(&place).unwrap();
            let (chain, key) = pem.write(&place);
            run(Command::new("openssl")
                .args(["pkcs12", "-export", "-passout", "pass:khien", "-in"])
                .arg(chain)
                .arg("-inkey")
                .arg(key)
                .arg("-out")
                .arg(folder.path().join(format!("{name}.p12"))));
        }
        run(Command::new("openssl")
            .args(["dhparam", "-dsaparam", "-out"])
            .arg(folder.path().join("dh1024.pem"))
            .arg("1024"));
        Self { rsa, ecdsa, root: authority.root, folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Configuration {
    pub(super) fn start(&self, certificates: &Certificates) -> (Peer, SocketAddr) {
        (self.start)(certificates)
    }
}

const fn usual(
    name: &'static str,
    what: &'static str,
    start: fn(&Certificates) -> (Peer, SocketAddr),
) -> Configuration {
    Configuration { name, what, sslyze: true, over_budget: false, start }
}

/// All of them.
pub(super) const CONFIGURATIONS: [Configuration; 19] = [
    usual("nginx", "nginx, RSA, TLS 1.2 and 1.3, everything else as it comes", |with| {
        nginx(&with.rsa, "ssl_protocols TLSv1.2 TLSv1.3;")
    }),
    usual("nginx-intermediate", "nginx, RSA, Mozilla's intermediate profile", |with| {
        nginx(
            &with.rsa,
            "ssl_protocols TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers off;
             ssl_ecdh_curve X25519:prime256v1:secp384r1; ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:\
             ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:\
             ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;",
        )
    }),
    usual("nginx-modern", "nginx, ECDSA, TLS 1.3 alone", |with| nginx(&with.ecdsa, "ssl_protocols TLSv1.3;")),
    usual("nginx-two-certificates", "nginx, RSA and ECDSA, as it comes", |with| {
        let (chain, key) = (with.file("ecdsa/chain.pem"), with.file("ecdsa/key.pem"));
        let more = format!(
            "ssl_certificate {}; ssl_certificate_key {}; ssl_protocols TLSv1.2 TLSv1.3;",
            chain.display(),
            key.display()
        );
        nginx(&with.rsa, &more)
    }),
    usual("nginx-old", "nginx, RSA, TLS 1.0 to 1.3, a prime of its own of 1024 bits", |with| {
        let old = format!(
            "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_dhparam {}; ssl_prefer_server_ciphers on;
             ssl_ciphers ALL:!aNULL:!PSK:!SRP:!ARIA:!CAMELLIA:@SECLEVEL=0;",
            with.file("dh1024.pem").display()
        );
        nginx(&with.rsa, &old)
    }),
    usual("apache", "Apache, RSA, as it comes", apache),
    usual("openssl-everything", "OpenSSL, RSA, every suite it has, server's order", |with| {
        openssl(&with.rsa, &["-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0", "-serverpref"])
    }),
    usual("openssl-ecdsa", "OpenSSL, ECDSA, every suite it has, client's order", |with| {
        openssl(&with.ecdsa, &["-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"])
    }),
    usual("openssl-dhe-first", "OpenSSL, RSA, four suites, DHE before ECDHE", |with| {
        openssl(
            &with.rsa,
            &[
                "-serverpref",
                "-cipher",
                "DHE-RSA-AES256-SHA:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-SHA:AES128-SHA:@SECLEVEL=0",
            ],
        )
    }),
    usual("openssl-two-groups", "OpenSSL, ECDSA, TLS 1.2, P-384 and X25519", |with| {
        openssl(&with.ecdsa, &["-no_tls1_3", "-groups", "P-384:X25519:P-256"])
    }),
    usual("openssl-ccm", "OpenSSL, RSA, TLS 1.3 with CCM alone", |with| {
        openssl(&with.rsa, &["-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256"])
    }),
    usual("gnutls", "GnuTLS, RSA, as it comes", |with| gnutls(&with.rsa, "NORMAL")),
    usual("gnutls-old", "GnuTLS, RSA, TLS 1.0 to 1.3, 3DES, RC4 and MD5", |with| {
        gnutls(&with.rsa, "NORMAL:+VERS-TLS1.1:+VERS-TLS1.0:+3DES-CBC:+ARCFOUR-128:+MD5:%SERVER_PRECEDENCE")
    }),
    usual("java", "Java 17, RSA and ECDSA, TLS 1.2 and 1.3 as they come, DHE of 1024 bits", |with| {
        java(with, "1024", "TLSv1.2,TLSv1.3", "default")
    }),
    usual("java-tls12-all", "Java 17, nothing disabled, TLS 1.2 with NULL, anonymous, RC4, 3DES", |with| {
        java(with, "2048", "TLSv1.2", "all")
    }),
    usual(
        "java-ssl3-export",
        "Java 17, nothing disabled, SSL 3.0 and TLS 1.0 with EXPORT, DHE of 768 bits",
        |with| java(with, "legacy", "SSLv3,TLSv1", "all"),
    ),
    Configuration {
        over_budget: true,
        ..usual("java-everything", "Java 17, nothing disabled, SSL 3.0 to TLS 1.3, every suite", |with| {
            java(with, "legacy", "all", "all")
        })
    },
    usual("node", "Node 26 with OpenSSL 3.5, RSA, post-quantum groups as they come", |with| {
        at_its_address(Peer::node(&with.rsa, "{}"))
    }),
    usual(
        "node-post-quantum",
        "Node 26 with OpenSSL 3.5, RSA, TLS 1.3, two post-quantum groups alone",
        |with| {
            at_its_address(Peer::node(
                &with.rsa,
                r#"{"minVersion":"TLSv1.3","ecdhCurve":"X25519MLKEM768:SecP256r1MLKEM768"}"#,
            ))
        },
    ),
];

/// A nginx with these lines beside its certificate.
fn nginx(certificate: &Pem, lines: &str) -> (Peer, SocketAddr) {
    let block = format!("server {{ listen ADDRESS ssl; server_name {HOST}; CERTIFICATE {lines} }}");
    at_its_address(Peer::nginx(certificate, &block))
}

fn openssl(certificate: &Pem, arguments: &[&str]) -> (Peer, SocketAddr) {
    at_its_address(Peer::openssl(certificate, arguments))
}

fn at_its_address(peer: Peer) -> (Peer, SocketAddr) {
    let address = peer.address();
    (peer, address)
}

fn apache(with: &Certificates) -> (Peer, SocketAddr) {
    let folder = tempfile::tempdir().unwrap();
    let (address, root) = (free_address(), folder.path().display());
    let mut text = String::new();
    for module in ["mpm_event", "authz_core", "ssl"] {
        text += &format!("LoadModule {module}_module /usr/lib/apache2/modules/mod_{module}.so\n");
    }
    let (chain, key) = (with.file("rsa/chain.pem"), with.file("rsa/key.pem"));
    text += &format!(
        "ServerRoot {root}\nServerName {HOST}\nPidFile {root}/pid\nErrorLog {root}/error.log\nDefaultRuntimeDir {root}\n\
         Mutex file:{root} default\nUser www-data\nGroup www-data\nListen {address}\nSSLSessionCache none\n\
         DocumentRoot {root}\n<VirtualHost *:*>\nSSLEngine on\nSSLCertificateFile {}\nSSLCertificateKeyFile {}\n\
         </VirtualHost>\n",
        chain.display(),
        key.display()
    );
    let file = folder.path().join("apache.conf");
    fs::write(&file, text).unwrap();
    let mut command = Command::new("/usr/sbin/apache2");
    // one process: nothing of it outlives the peer
    command.args(["-X", "-f"]).arg(file);
    (Peer::start(command, address, folder), address)
}

fn gnutls(certificate: &Pem, priority: &str) -> (Peer, SocketAddr) {
    let peer = Peer::gnutls(certificate, &["--priority", priority]);
    let address = peer.address();
    (peer, address)
}

fn java(with: &Certificates, dh: &str, versions: &str, suites: &str) -> (Peer, SocketAddr) {
    let address = free_address();
    let mut command = Command::new("java");
    command
        .args(["-Xmx128m", "-XX:TieredStopAtLevel=1", "-Djava.net.preferIPv4Stack=true"])
        .arg(format!("-Djava.security.properties={DATA}/java.security"))
        .arg(format!("-Djdk.tls.ephemeralDHKeySize={dh}"))
        .arg(Path::new(DATA).join("JsseServer.java"))
        .args([&address.ip().to_string(), &address.port().to_string(), versions, suites])
        .arg(with.file("rsa.p12"))
        .arg(with.file("ecdsa.p12"));
    (Peer::start(command, address, tempfile::tempdir().unwrap()), address)
}
