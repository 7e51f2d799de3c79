//! docs/dns-comparison.md: what khien, Zonemaster and checkdmarc say of the same zones, and why they differ.

use std::{collections::BTreeSet, process::Command};

use super::{
    Compared,
    account::{Facts, Tool},
    known::{KNOWN, Only},
};

pub(super) const FILE: &str = "docs/dns-comparison.md";

const HEAD: &str = "# DNS and mail: khien beside Zonemaster and checkdmarc

Written by `UPDATE=1 cargo test --test suite dns_oracles` from a live run over a closed world of DNS on loopback, which
tests/suite/dns_world builds and signs: NSD, BIND's signing tools, and scripted servers. The same test, without `UPDATE`,
fails on any difference that is not explained below. The resolver of the world does not validate; khien and checkdmarc do
so themselves.

Zonemaster's tags count from NOTICE on; its tests of reverse names and of networks by AS number are left out, for they need
the real internet. Where a zone is about DNS, what all of those lack of mail records is left out: mail-dkim-not-seen,
mail-dmarc-missing, mail-mta-sts-missing and mail-tls-rpt-missing, as checkdmarc says too. Mail servers are not dialled here, and no MTA-STS policy is fetched.
";

pub(super) fn render(all: &[Compared]) -> String {
    let mut text = format!("{HEAD}\n{}.\n", programs().join(", "));
    text += &overview(all);
    text += &reasons(all);
    text
}

/// The programs and their versions.
fn programs() -> Vec<String> {
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let zonemaster = said("zonemaster-cli", &["--version"]);
    let version = |key: &str| {
        zonemaster.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default().trim().to_owned()
    };
    let python = concat!(env!("CARGO_MANIFEST_DIR"), "/target/consumers/checkdmarc/bin/python3");
    let checkdmarc =
        said(python, &["-c", "import importlib.metadata as metadata; print(metadata.version('checkdmarc'))"]);
    vec![
        format!("khien {}", env!("CARGO_PKG_VERSION")),
        format!(
            "zonemaster-cli {}, Zonemaster Engine {}",
            version("CLI version:"),
            version("Engine version:")
        ),
        format!("checkdmarc {}", checkdmarc.trim()),
    ]
}

fn overview(all: &[Compared]) -> String {
    let differing = all.iter().map(|one| one.differences().len()).sum::<usize>();
    let mut text = format!(
        "\n## All {} zones\n\nWhat fails with khien; «?» marks what it could not decide. What the others say, in the words of \
         this comparison where\nkhien has such a rule, else with Zonemaster's tag. Explanation 1 and 2, which stand at nearly every \
         zone, are left out of\nthe table. {differing} differences, all explained.\n\n\
         | zone | khien | Zonemaster | checkdmarc | differences |\n|---|---|---|---|---|\n",
        all.len()
    );
    for one in all {
        let explained = one.explained();
        let everywhere: BTreeSet<&str> = explained
            .iter()
            .filter(|(_, why)| why.is_some_and(|index| KNOWN[index].zones.is_empty()))
            .map(|((.., fact), _)| fact.as_str())
            .collect();
        let ordinary = |word: &str| one.zone.mail.is_none() && ORDINARY.contains(&word);
        let list = |facts: &Facts| {
            let shown: Vec<&str> = facts
                .iter()
                .map(String::as_str)
                .filter(|fact| !everywhere.contains(fact) && !ordinary(fact))
                .collect();
            if shown.is_empty() { "–".to_owned() } else { shown.join(", ") }
        };
        let mut khien: Vec<String> =
            one.fails.iter().filter(|rule| !ordinary(rule)).map(|rule| format!("`{rule}`")).collect();
        khien.extend(
            one.unsure
                .iter()
                .filter(|rule| !RESTS_ON_SERVERS.contains(&rule.as_str()))
                .map(|rule| format!("`{rule}`?")),
        );
        let numbers: BTreeSet<usize> = explained
            .iter()
            .filter_map(|(_, why)| *why)
            .filter(|index| !KNOWN[*index].zones.is_empty())
            .map(|index| index + 1)
            .collect();
        let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
        text += &format!(
            "| {} | {} | {} | {} | {} |\n",
            one.zone.name,
            if khien.is_empty() { "–".to_owned() } else { khien.join(", ") },
            list(&one.zonemaster),
            list(&one.checkdmarc),
            numbers.join(", "),
        );
    }
    text
}

/// What every zone that is about DNS lacks, in khien's words and in the common ones.
const ORDINARY: [&str; 7] = [
    "mail-dkim-not-seen",
    "mail-dmarc-missing",
    "mail-mta-sts-missing",
    "mail-tls-rpt-missing",
    "dmarc missing",
    "mta-sts missing",
    "tls-rpt",
];

/// Undecided wherever mail servers are not dialled.
const RESTS_ON_SERVERS: [&str; 4] = [
    "mail-starttls-missing",
    "mail-certificate-invalid",
    "mail-starttls-plaintext-mixed",
    "mail-dane-broken",
];

fn reasons(all: &[Compared]) -> String {
    let mut text = String::from("\n## Why they differ\n");
    for (index, known) in KNOWN.iter().enumerate() {
        let zones: BTreeSet<&str> = all
            .iter()
            .filter(|one| one.explained().iter().any(|(_, why)| *why == Some(index)))
            .map(|one| one.zone.name)
            .collect();
        let place = match zones.len() {
            0..=6 => zones.into_iter().collect::<Vec<_>>().join(", "),
            many => format!("{many} zones"),
        };
        let who = match (known.only, known.tool) {
            (Only::Khien, Tool::Zonemaster) => "khien, not Zonemaster",
            (Only::Khien, Tool::Checkdmarc) => "khien, not checkdmarc",
            (Only::Oracle, Tool::Zonemaster) => "Zonemaster, not khien",
            (Only::Oracle, Tool::Checkdmarc) => "checkdmarc, not khien",
        };
        text += &format!("\n{}. {} ({who}; {place}). {}\n", index + 1, known.facts.join(", "), known.why);
    }
    text
}
