//! Signs zones with BIND's own tools, each right or wrong in one way.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// How a zone is signed.
#[derive(Clone, Debug)]
pub(crate) struct Signing {
    pub(crate) algorithm: &'static str,
    pub(crate) bits: Option<u32>,
    /// Not at all.
    pub(crate) absent: bool,
    /// Validity in days from now.
    pub(crate) from: i32,
    pub(crate) until: i32,
    /// Iterations and salt.
    pub(crate) nsec3: Option<(u16, &'static str)>,
    /// Whether the parent gets a DS.
    pub(crate) ds: bool,
    pub(crate) digest: &'static str,
    /// The DS is of a key that the zone does not have.
    pub(crate) ds_of_another: bool,
    /// Such a DS beside the right one.
    pub(crate) ds_stale: bool,
    /// CDS and CDNSKEY of the zone's own key.
    pub(crate) cds: bool,
}

impl Default for Signing {
    fn default() -> Self {
        Signing {
            algorithm: "ECDSAP256SHA256",
            bits: None,
            absent: false,
            from: -1,
            until: 14,
            nsec3: None,
            ds: true,
            digest: "SHA-256",
            ds_of_another: false,
            ds_stale: false,
            cds: false,
        }
    }
}

impl Signing {
    pub(crate) fn none() -> Self {
        Signing { absent: true, ds: false, ..Signing::default() }
    }
}

/// Runs a tool and gives what it printed.
pub(crate) fn run(folder: &Path, tool: &str, arguments: &[&str]) -> String {
    let output = Command::new(tool)
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{tool}: {error}; tests/run installs bind9 and bind9-utils"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{tool} {arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// A key, as the name of its files.
fn key(folder: &Path, zone: &str, signing: &Signing) -> String {
    let bits = signing.bits.map(|bits| bits.to_string());
    let mut arguments = vec!["-q", "-a", signing.algorithm, "-f", "KSK"];
    if let Some(bits) = &bits {
        arguments.extend(["-b", bits]);
    }
    arguments.push(zone);
    run(folder, "dnssec-keygen", &arguments).trim().to_owned()
}

fn day(offset: i32) -> String {
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * i64::from(offset));
    at.strftime("%Y%m%d%H%M%S").to_string()
}

/// Signs `texts`, all of the same zone, with one key; gives the files to serve and the DS records for the parent.
pub(crate) fn zone(
    folder: &Path,
    origin: &str,
    texts: &[String],
    signing: &Signing,
) -> (Vec<PathBuf>, String) {
    let folder = folder.join(if origin == "." { "root" } else { origin.trim_end_matches('.') });
    fs::create_dir_all(&folder).unwrap();
    let stranger = |number: &str| {
        let elsewhere = folder.join(number);
        fs::create_dir_all(&elsewhere).unwrap();
        let key = key(&elsewhere, origin, &Signing::default());
        run(&elsewhere, "dnssec-dsfromkey", &["-a", "SHA-256", &format!("{key}.key")])
    };
    let own = (!signing.absent).then(|| key(&folder, origin, signing));
    let mut files = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let mut text = text.clone();
        if let (Some(key), true) = (&own, signing.cds) {
            let ds = run(&folder, "dnssec-dsfromkey", &["-a", "SHA-256", &format!("{key}.key")]);
            text += &ds.replace(" DS ", " CDS ");
            let public = fs::read_to_string(folder.join(format!("{key}.key"))).unwrap();
            let line = public.lines().find(|line| line.contains("DNSKEY")).unwrap();
            text += &format!("{}\n", line.replace(" DNSKEY ", " CDNSKEY "));
        }
        let plain = format!("zone{number}");
        let Some(key) = &own else {
            fs::write(folder.join(&plain), text).unwrap();
            files.push(folder.join(plain));
            continue;
        };
        text += &fs::read_to_string(folder.join(format!("{key}.key"))).unwrap();
        fs::write(folder.join(&plain), text).unwrap();
        let (signed, from, until) = (format!("{plain}.signed"), day(signing.from), day(signing.until));
        let rounds = signing.nsec3.map(|(rounds, _)| rounds.to_string());
        let mut arguments = vec!["-q", "-P", "-z", "-O", "full", "-o", origin, "-s", &from, "-e", &until];
        if let (Some((_, salt)), Some(rounds)) = (signing.nsec3, &rounds) {
            arguments.extend(["-3", salt, "-H", rounds]);
        } else if signing.algorithm == "NSEC3RSASHA1" {
            arguments.extend(["-3", "-", "-H", "0"]);
        }
        arguments.extend(["-f", &signed, &plain, key]);
        run(&folder, "dnssec-signzone", &arguments);
        files.push(folder.join(signed));
    }
    let mut ds = String::new();
    if signing.ds_of_another {
        ds += &stranger("another");
    } else if let (Some(key), true) = (&own, signing.ds) {
        ds += &run(&folder, "dnssec-dsfromkey", &["-a", signing.digest, &format!("{key}.key")]);
    }
    if signing.ds_stale {
        ds += &stranger("stale");
    }
    (files, ds)
}
