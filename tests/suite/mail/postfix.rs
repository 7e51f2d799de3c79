//! A real Postfix on loopback, run from its unpacked package: one `smtpd` for each way to be wrong. Needs root, as
//! Postfix does, and nothing of the system's own mail.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::CommandExt as _,
    },
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::peer::{Pem, free_port};

/// Where tests/run unpacks it.
const USR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/consumers/postfix/usr");
/// Accounts that every Debian has; Postfix wants three of its own that have no part in one another.
const OWNER: (&str, u32) = ("www-data", 33);
const GROUP: &str = "mail";

/// A running Postfix; ends when it is dropped.
pub(super) struct Postfix {
    master: Child,
    /// The same for all its addresses.
    pub(super) port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // it ends its whole group
        let _ = Command::new("kill").arg(self.master.id().to_string()).status();
        let _ = self.master.wait();
    }
}

/// Whether it can run here: it does so as root alone.
pub(super) fn is_possible() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// The address of the service of this number.
pub(super) fn address(number: u8) -> IpAddr {
    Ipv4Addr::new(127, 61, 0, number + 1).into()
}

impl Postfix {
    /// One service for each certificate; none means that it offers no STARTTLS.
    pub(super) fn start(services: &[Option<&Pem>]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let port = free_port(address(0)).port();
        let configuration = at.join("etc");
        fs::create_dir(&configuration).unwrap();
        // smtpd leaves root behind before it looks for anything in there
        fs::set_permissions(at, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        for place in ["queue/pid", "queue/private", "queue/public", "data"] {
            fs::create_dir_all(at.join(place)).unwrap();
            if place != "queue/pid" {
                chown(at.join(place), Some(OWNER.1), None).unwrap();
            }
        }
        fs::write(configuration.join("dynamicmaps.cf"), "").unwrap();
        fs::write(configuration.join("main.cf"), main(at)).unwrap();
        let mut lines = String::from(
            "tlsmgr unix - - n 1000? 1 tlsmgr\nanvil unix - - n - 1 anvil\nrewrite unix - - n - - trivial-rewrite\n\
             cleanup unix n - n - 0 cleanup\nproxymap unix - - n - - proxymap\n",
        );
        for (number, certificate) in (0..).zip(services) {
            let option = match certificate {
                Some(pem) => {
                    let file = at.join(format!("chain{number}.pem"));
                    fs::write(&file, format!("{}{}", pem.key, pem.chain)).unwrap();
                    format!("smtpd_tls_security_level=may -o smtpd_tls_chain_files={}", file.display())
                }
                None => String::from("smtpd_tls_security_level=none"),
            };
            lines += &format!("{}:{port} inet n - n - - smtpd -o {option}\n", address(number));
        }
        fs::write(configuration.join("master.cf"), lines).unwrap();
        let master = Command::new(format!("{USR}/lib/postfix/sbin/master"))
            .arg("-d")
            .arg("-c")
            .arg(&configuration)
            .env("LD_LIBRARY_PATH", format!("{USR}/lib/postfix"))
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("postfix: {error}; tests/run fetches it"));
        let mut postfix = Self { master, port, _folder: folder };
        let began = Instant::now();
        while std::net::TcpStream::connect((address(0), port)).is_err() {
            assert_eq!(postfix.master.try_wait().unwrap(), None, "Postfix does not run");
            assert!(began.elapsed() < Duration::from_secs(30), "Postfix does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        postfix
    }
}

/// Nothing but what answers at port 25: no mail is taken in.
fn main(at: &Path) -> String {
    let here = at.display();
    format!(
        "compatibility_level = 3.6\nqueue_directory = {here}/queue\ndata_directory = {here}/data\n\
         command_directory = {USR}/sbin\ndaemon_directory = {USR}/lib/postfix/sbin\n\
         shlib_directory = {USR}/lib/postfix\nmeta_directory = {here}/etc\nmail_owner = {}\nsetgid_group = {GROUP}\n\
         default_privs = nobody\nimport_environment = MAIL_CONFIG LD_LIBRARY_PATH PATH\nmyhostname = mx.tinh.example\n\
         inet_protocols = ipv4\nmydestination =\nlocal_recipient_maps =\nalias_maps =\nsmtpd_peername_lookup = no\n",
        OWNER.0
    )
}
