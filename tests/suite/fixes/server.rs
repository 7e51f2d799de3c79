//! A site on a real nginx or Apache that has nothing wrong, what a test breaks of it, and what a fix does to it.
//! In front of an application that a test scripts.

use std::{fs, net::SocketAddr, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use khien::rule::Server;

use super::snippet::{Place, Snippet, subject};
use crate::peer::{Peer, Pem};

pub(crate) const HOST: &str = "lab.test";
/// What a handshake may be signed with.
const SIGNATURES: &str = "ECDSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA+SHA256:RSA+SHA384";
pub(crate) const TWIN: &str = "www.lab.test";

/// Where the site listens, and where the application behind it.
#[derive(Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) plain: SocketAddr,
    pub(crate) secure: SocketAddr,
    pub(crate) application: SocketAddr,
}

/// A site's configuration by its parts.
#[derive(Clone)]
pub(crate) struct Site {
    server: Server,
    ports: Ports,
    pub(crate) global: Vec<String>,
    pub(crate) plain: Vec<String>,
    /// Port 80 for the twin alone; together with the site's own where there is none.
    pub(crate) plain_twin: Option<Vec<String>>,
    pub(crate) secure: Vec<String>,
    /// Port 443 for the twin alone; together with the site's own where there is none.
    pub(crate) secure_twin: Option<Vec<String>>,
    pub(crate) location: Vec<String>,
    /// Whole blocks.
    beside: Vec<String>,
}

impl Site {
    /// One without a fault; its certificate is `site.pem` with `site.key` in the folder it will run in.
    pub(crate) fn sound(server: Server, ports: Ports) -> Self {
        let own = |lines: &[&str]| lines.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut site = Self {
            server,
            ports,
            global: Vec::new(),
            plain: Vec::new(),
            plain_twin: None,
            secure: Vec::new(),
            secure_twin: None,
            location: Vec::new(),
            beside: Vec::new(),
        };
        if server == Server::Nginx {
            site.global = own(&["server_tokens off;", "ssl_protocols TLSv1.2 TLSv1.3;"]);
            // the OpenSSL here is made to take whatever an old one takes
            site.global.push(format!("ssl_conf_command SignatureAlgorithms {SIGNATURES};"));
            site.plain = own(&["return 301 https://$host$request_uri;"]);
            site.secure = own(&[
                &format!("listen {} ssl;", ports.secure),
                "ssl_certificate FOLDER/site.pem;",
                "ssl_certificate_key FOLDER/site.key;",
                "add_header Strict-Transport-Security \"max-age=31536000\" always;",
                "add_header X-Content-Type-Options \"nosniff\" always;",
                "add_header Content-Security-Policy \"default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; object-src 'none'\" always;",
                "add_header Permissions-Policy \"camera=(), microphone=()\" always;",
                "add_header Cross-Origin-Opener-Policy \"same-origin\" always;",
                "add_header Cross-Origin-Resource-Policy \"same-site\" always;",
                "add_header Referrer-Policy \"strict-origin-when-cross-origin\" always;",
            ]);
            site.location = own(&[&format!("proxy_pass http://{};", ports.application)]);
        } else {
            site.global = own(&["ServerTokens Prod", "ServerSignature Off"]);
            site.plain = own(&[&format!("Redirect permanent / https://{HOST}/")]);
            site.secure = own(&[
                "SSLEngine on",
                "SSLProtocol -all +TLSv1.2 +TLSv1.3",
                &format!("SSLOpenSSLConfCmd SignatureAlgorithms {SIGNATURES}"),
                "SSLCertificateFile FOLDER/site.pem",
                "SSLCertificateKeyFile FOLDER/site.key",
                "Header always set Strict-Transport-Security \"max-age=31536000\"",
                "Header always set X-Content-Type-Options \"nosniff\"",
                "Header always set Content-Security-Policy \"default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; object-src 'none'\"",
                "Header always set Permissions-Policy \"camera=(), microphone=()\"",
                "Header always set Cross-Origin-Opener-Policy \"same-origin\"",
                "Header always set Cross-Origin-Resource-Policy \"same-site\"",
                "Header always set Referrer-Policy \"strict-origin-when-cross-origin\"",
                &format!("ProxyPass / http://{}/ disablereuse=On", ports.application),
            ]);
        }
        site
    }

    /// Where port 443 is.
    pub(crate) fn secure_address(&self) -> SocketAddr {
        self.ports.secure
    }

    /// Where the application is.
    pub(crate) fn application(&self) -> SocketAddr {
        self.ports.application
    }

    /// Serves the files of `FOLDER/www`, with these lines about them, instead of the application.
    pub(crate) fn serve_files(&mut self, nginx: &str, apache: &str) {
        if self.server == Server::Nginx {
            self.location = vec![String::from("root FOLDER/www;"), nginx.to_owned()];
        } else {
            self.without("ProxyPass");
            self.secure.push(String::from("DocumentRoot FOLDER/www"));
            self.location = vec![String::from("ForceType text/html"), apache.to_owned()];
        }
    }

    /// Takes every line out that has these words.
    pub(crate) fn without(&mut self, words: &str) {
        let before = self.lines().count();
        for part in [&mut self.global, &mut self.plain, &mut self.secure, &mut self.location] {
            part.retain(|line| !line.contains(words));
        }
        assert!(self.lines().count() < before, "{words} is nowhere");
    }

    fn lines(&self) -> impl Iterator<Item = &String> {
        [&self.global, &self.plain, &self.secure, &self.location].into_iter().flatten()
    }

    /// Does to the configuration what a fix says. A line replaces one of the same subject in its place, as somebody
    /// who edits the file would do it.
    pub(crate) fn apply(&mut self, snippet: &Snippet, folder: &Path) {
        let gone = |line: &String| snippet.removes.iter().any(|name| line.split(' ').next() == Some(name));
        match snippet.place {
            // of one port alone
            Place::Plain => self.plain.retain(|line| !gone(line)),
            Place::PlainTwin => self.plain_twin.iter_mut().for_each(|part| part.retain(|line| !gone(line))),
            _ => {
                for part in [&mut self.global, &mut self.secure, &mut self.location] {
                    part.retain(|line| !gone(line));
                }
            }
        }
        let part = match snippet.place {
            Place::Global => &mut self.global,
            Place::Plain => &mut self.plain,
            Place::PlainTwin => self.plain_twin.as_mut().unwrap(),
            Place::Location if self.server == Server::Nginx => &mut self.location,
            Place::Directory => &mut self.location,
            // Apache has its ProxyPass in the VirtualHost
            Place::Secure | Place::Location => &mut self.secure,
            Place::InsteadOfPlain => {
                self.plain = vec![String::from("INSTEAD")];
                self.beside.push(snippet.lines.join("\n"));
                return;
            }
            Place::Beside => {
                self.beside.push(snippet.lines.join("\n"));
                return;
            }
            Place::Shell => {
                let script = snippet.lines.join("\n");
                let done = Command::new("sh").args(["-ec", &script]).current_dir(folder).status().unwrap();
                assert!(done.success(), "{script}");
                return;
            }
        };
        let new: Vec<String> = snippet.lines.iter().map(|line| subject(line)).collect();
        let kept = |line: &str| !snippet.replaces_policy && line.contains("Content-Security-Policy");
        part.retain(|line| kept(line) || !new.contains(&subject(line)));
        part.extend(snippet.lines.iter().cloned());
    }

    /// Starts it in this folder, where the certificate is.
    pub(crate) fn start(&self, folder: tempfile::TempDir) -> Peer {
        // Apache gives up the rights of root before it serves
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(folder.path().join("openssl.cnf"), EVERYTHING_OLD).unwrap();
        let root = folder.path().display().to_string();
        let text = match self.server {
            Server::Nginx => self.nginx(),
            _ => self.apache(),
        }
        .replace("FOLDER", &root);
        let file = folder.path().join("server.conf");
        fs::write(&file, text).unwrap();
        let mut command = if self.server == Server::Nginx {
            let mut command = Command::new("/usr/sbin/nginx");
            command.arg("-c").arg(&file).arg("-e").arg(folder.path().join("error.log"));
            command
        } else {
            let mut command = Command::new("/usr/sbin/apache2");
            // one process: nothing of it outlives the peer
            command.arg("-X").arg("-f").arg(&file);
            command
        };
        command.env("OPENSSL_CONF", folder.path().join("openssl.cnf"));
        let first = if self.secure.is_empty() { self.ports.plain } else { self.ports.secure };
        Peer::start(command, first, folder)
    }

    fn nginx(&self) -> String {
        let Ports { plain, secure, .. } = self.ports;
        let block = |name: &str, lines: &[String]| {
            format!("server {{ server_name {name};\n{}\n}}\n", lines.join("\n"))
        };
        let both = format!("{HOST} {TWIN}");
        let mut text = format!(
            "daemon off; master_process off; pid FOLDER/nginx.pid; error_log FOLDER/error.log;\n\
             events {{ worker_connections 256; }}\n\
             http {{ access_log off; default_type text/html;\n\
             client_body_temp_path FOLDER/b; proxy_temp_path FOLDER/p; fastcgi_temp_path FOLDER/f;\n\
             uwsgi_temp_path FOLDER/u; scgi_temp_path FOLDER/s;\n{}\n",
            self.global.join("\n")
        );
        let listening = |lines: &[String]| [&[format!("listen {plain};")], lines].concat();
        if let Some(twin) = &self.plain_twin {
            // whoever has no block of its own
            text += &block("_", &[&[format!("listen {plain} default_server;")], &twin[..]].concat());
        }
        if self.plain != ["INSTEAD"] {
            let name = if self.plain_twin.is_some() { HOST } else { &both };
            text += &block(name, &listening(&self.plain));
        }
        for whole in &self.beside {
            text += whole;
            text.push('\n');
        }
        let location = [String::from("location / {"), self.location.join("\n"), String::from("}")];
        let name = if self.secure_twin.is_some() { HOST } else { &both };
        text += &block(name, &[&self.secure[..], &location].concat());
        if let Some(twin) = &self.secure_twin {
            text += &block(TWIN, &[&[format!("listen {secure} ssl;")], &twin[..], &location].concat());
        }
        text + "}\n"
    }

    fn apache(&self) -> String {
        let Ports { plain, secure, .. } = self.ports;
        let mut at_https = self.secure.clone();
        if !self.location.is_empty() {
            at_https.push(format!("<Directory FOLDER/www>\n{}\n</Directory>", self.location.join("\n")));
        }
        let mut text = String::from(
            "ServerRoot FOLDER\nPidFile FOLDER/apache.pid\nErrorLog FOLDER/error.log\nDefaultRuntimeDir FOLDER\n\
             Mutex file:FOLDER default\nServerName lab.test\nUser www-data\nGroup www-data\n",
        );
        for module in [
            "mpm_event",
            "authz_core",
            "autoindex",
            "dir",
            "alias",
            "rewrite",
            "headers",
            "proxy",
            "proxy_http",
            "setenvif",
            "socache_shmcb",
            "ssl",
        ] {
            text += &format!("LoadModule {module}_module /usr/lib/apache2/modules/mod_{module}.so\n");
        }
        text += &format!("Listen {plain}\nListen {secure}\n{}\n", self.global.join("\n"));
        let mut block = |at: SocketAddr, names: &[&str], lines: &[String]| {
            let alias = names.get(1).map(|name| format!("ServerAlias {name}\n")).unwrap_or_default();
            text += &format!(
                "<VirtualHost {at}>\nServerName {}\n{alias}{}\n</VirtualHost>\n",
                names[0],
                lines.join("\n")
            );
        };
        match &self.plain_twin {
            None => block(plain, &[HOST, TWIN], &self.plain),
            Some(twin) => {
                block(plain, &[HOST], &self.plain);
                block(plain, &[TWIN], twin);
            }
        }
        match &self.secure_twin {
            None => block(secure, &[HOST, TWIN], &at_https),
            Some(twin) => {
                block(secure, &[HOST], &at_https);
                block(secure, &[TWIN], twin);
            }
        }
        text
    }
}

/// Lets a server have what Debian's OpenSSL leaves out by default, so that it can have the fault.
const EVERYTHING_OLD: &str = "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n\
                              MinProtocol = TLSv1\nCipherString = DEFAULT:@SECLEVEL=0\n";

/// Writes a chain and its key.
pub(crate) fn write(folder: &Path, pem: &Pem, chain: &str, key: &str) {
    for (file, text) in [(chain, &pem.chain), (key, &pem.key)] {
        fs::write(folder.join(file), text).unwrap();
    }
}
