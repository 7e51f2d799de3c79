//! What each program says of a zone, in the same words: khien's rules that fail, Zonemaster's tags from NOTICE on,
//! checkdmarc's exceptions and warnings.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use serde_json::Value;

/// What is wrong with a zone, in words that the programs share; or a tag of Zonemaster's that khien has no word for.
pub(super) type Facts = BTreeSet<String>;

/// An oracle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tool {
    Zonemaster,
    Checkdmarc,
}

impl Tool {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Zonemaster => "Zonemaster",
            Self::Checkdmarc => "checkdmarc",
        }
    }
}

/// A word, khien's rules for it, and Zonemaster's tags: `PREFIX*` for all that begin so.
const WORDS: &[(&str, &[&str], &[&str])] = &[
    (
        "lame",
        &["dns-name-server-lame"],
        &[
            "IS_NOT_AUTHORITATIVE",
            "CN01_UNEXPECTED_RCODE_*",
            "CN01_NS_RECORD_NOT_AA_UDP",
            "CN01_SOA_RECORD_NOT_AA_UDP",
            "CN01_MISSING_*",
            "CN02_UNEXPECTED_RCODE_*",
            "CN02_NS_RECORD_NOT_AA_TCP",
            "CN02_SOA_RECORD_NOT_AA_TCP",
            "CN02_MISSING_*",
            "NS_FAILED",
            "NS_ERROR",
            "UNEXPECTED_RCODE",
            "A_UNEXPECTED_RCODE",
            "SOA_NOT_EXISTS",
            "UPWARD_REFERRAL",
            "EXTRA_PROCESSING_BROKEN",
        ],
    ),
    ("silent", &["dns-name-server-silent"], &["CN01_NO_RESPONSE_UDP"]),
    ("no TCP", &["dns-tcp-refused"], &["CN02_NO_RESPONSE_TCP"]),
    ("parent and zone differ", &["dns-delegation-differs"], &["EXTRA_NAME_PARENT", "EXTRA_NAME_CHILD"]),
    ("glue", &["dns-glue-wrong"], &["IN_BAILIWICK_ADDR_MISMATCH", "OUT_OF_BAILIWICK_ADDR_MISMATCH"]),
    ("server is an alias", &["dns-name-server-alias"], &["NS_IS_CNAME"]),
    ("server's name is missing", &["dns-name-server-missing"], &["CAN_NOT_BE_RESOLVED", "NO_RESOLUTION"]),
    ("single server", &["dns-name-server-single"], &["NOT_ENOUGH_NS_*", "NOT_ENOUGH_IPV4_NS_*"]),
    ("servers disagree", &["dns-name-servers-disagree"], &["MULTIPLE_NS_SET"]),
    ("no server with IPv6", &["dns-name-server-ipv6-missing"], &["NO_IPV6_NS_*"]),
    (
        "serial",
        &["dns-serial-differs"],
        &["MULTIPLE_SOA_SERIALS", "SOA_SERIAL_VARIATION", "Z01_MNAME_NOT_MASTER"],
    ),
    ("timers", &["dns-soa-timers"], &["REFRESH_*", "RETRY_*", "EXPIRE_*", "SOA_DEFAULT_TTL_MAXIMUM_VALUE_*"]),
    ("mailbox", &["dns-soa-mailbox-invalid"], &["RNAME_RFC822_INVALID", "RNAME_MISUSED_AT_SIGN"]),
    ("stale DS", &["dns-ds-stale"], &["DS02_NO_DNSKEY_FOR_DS"]),
    (
        "bogus",
        &["dns-dnssec-bogus", "dns-record-bogus"],
        &[
            "DS02_*",
            "DS08_*",
            "DS09_*",
            "DS10_*",
            "DS11_DS_BUT_UNSIGNED_ZONE",
            "DS_BUT_NOT_DNSKEY",
            "RRSIG_EXPIRED",
        ],
    ),
    (
        "old algorithm",
        &["dns-dnssec-algorithm-old"],
        &[
            "DS01_*",
            "DNSKEY_SMALLER_THAN_REC",
            "DNSKEY_TOO_SMALL_FOR_ALGO",
            "ALGORITHM_DEPRECATED",
            "ALGORITHM_NOT_RECOMMENDED",
        ],
    ),
    ("costly NSEC3", &["dns-nsec3-costly"], &["MANY_ITERATIONS", "TOO_MANY_ITERATIONS"]),
    ("expiring", &["dns-signature-expiring"], &["REMAINING_SHORT"]),
    ("island", &["dns-dnssec-island"], &["DNSKEY_BUT_NOT_DS"]),
    ("not signed", &["dns-dnssec-missing"], &["NOT_SIGNED", "NEITHER_DNSKEY_NOR_DS"]),
    ("CDS", &["dns-cds-inconsistent"], &["DS15_*", "DS16_*", "DS17_*", "DS18_*"]),
    ("EDNS", &["dns-edns-broken"], &["BREAKS_ON_EDNS", "NO_EDNS_SUPPORT", "EDNS_*", "N10_*", "N11_*"]),
    ("case lost", &["dns-case-lost"], &["QNAME_CASE_INSENSITIVE"]),
    ("mail exchanger", &["mail-exchanger-invalid"], &["MX_*", "RNAME_MAIL_DOMAIN_INVALID"]),
    ("null MX beside others", &["mail-null-mx-beside-others"], &["Z09_NULL_MX_WITH_OTHER_MX"]),
];

/// A word of mail and khien's rules for it.
const MAIL: &[(&str, &[&str])] = &[
    ("spf missing", &["mail-spf-missing"]),
    ("spf broken", &["mail-spf-broken"]),
    ("spf too many", &["mail-spf-lookups-exceeded"]),
    ("spf everyone", &["mail-spf-allows-everyone"]),
    ("spf undecided", &["mail-spf-undecided"]),
    ("spf ptr", &["mail-spf-ptr-used"]),
    ("dmarc missing", &["mail-dmarc-missing"]),
    ("dmarc none", &["mail-dmarc-monitoring-only"]),
    ("dmarc faulty", &["mail-dmarc-record-faulty"]),
    ("dmarc reports", &["mail-dmarc-reports-refused"]),
    ("mx invalid", &["mail-exchanger-invalid"]),
    ("mx null beside", &["mail-null-mx-beside-others"]),
    ("mta-sts missing", &["mail-mta-sts-missing"]),
    ("mta-sts broken", &["mail-mta-sts-broken"]),
    ("tls-rpt", &["mail-tls-rpt-missing"]),
    ("bimi broken", &["mail-bimi-broken"]),
    ("not secure", &["dns-dnssec-missing", "dns-dnssec-bogus", "dns-dnssec-island"]),
];

/// khien's, in the words that a tool has.
pub(super) fn of_khien(tool: Tool, fails: &BTreeSet<String>) -> Facts {
    let any = |rules: &[&str]| rules.iter().any(|rule| fails.contains(*rule));
    match tool {
        Tool::Zonemaster => {
            WORDS.iter().filter(|(_, rules, _)| any(rules)).map(|(word, ..)| (*word).to_owned()).collect()
        }
        Tool::Checkdmarc => {
            MAIL.iter().filter(|(_, rules)| any(rules)).map(|(word, _)| (*word).to_owned()).collect()
        }
    }
}

/// Zonemaster's, from NOTICE on.
pub(super) fn of_zonemaster(hints: &Path, domain: &str) -> Facts {
    let profile = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/peers/zonemaster.json");
    let output = Command::new("zonemaster-cli")
        .args(["--json", "--no-progress", "--level", "NOTICE", "--profile", profile, "--hints"])
        .arg(hints)
        .arg(domain)
        .output()
        .unwrap_or_else(|error| panic!("zonemaster-cli: {error}; tests/run installs it"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let start = said.find('[').unwrap_or_else(|| panic!("{domain}: {output:?}"));
    let entries: Vec<Value> = serde_json::from_str(&said[start..]).unwrap();
    if let Some(folder) = std::env::var_os("KEEP") {
        std::fs::write(Path::new(&folder).join(domain), &said[start..]).unwrap();
    }
    entries.iter().map(|entry| word(entry["tag"].as_str().unwrap())).collect()
}

fn word(tag: &str) -> String {
    let of = |pattern: &&str| match pattern.strip_suffix('*') {
        Some(start) => tag.starts_with(start),
        None => tag == *pattern,
    };
    let found = WORDS.iter().find(|(.., tags)| tags.iter().any(of));
    found.map_or(tag, |(word, ..)| word).to_owned()
}

/// checkdmarc's, of all domains at once.
pub(super) fn of_checkdmarc(resolver: &str, domains: &[String]) -> BTreeMap<String, Facts> {
    let output =
        Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/target/consumers/checkdmarc/bin/python3"))
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/peers/checkdmarc_zones.py"))
            .arg(resolver)
            .args(domains)
            .output()
            .unwrap_or_else(|error| panic!("checkdmarc: {error}; tests/run installs it"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    if let Some(folder) = std::env::var_os("KEEP") {
        std::fs::write(Path::new(&folder).join("checkdmarc"), &output.stdout).unwrap();
    }
    let all: BTreeMap<String, Value> = serde_json::from_slice(&output.stdout).unwrap();
    all.into_iter().map(|(domain, said)| (domain, of_domain(&said))).collect()
}

fn of_domain(said: &Value) -> Facts {
    let mut facts = Facts::new();
    let error = |part: &str| said[part]["error"].as_str();
    let warned = |part: &str, words: &str| {
        let mut warnings = said[part]["warnings"].as_array().into_iter().flatten();
        warnings.any(|warning| warning.as_str().unwrap().contains(words))
    };
    match error("spf") {
        // an include's target has none
        Some("SPFRecordNotFound") if said["spf"]["said"].as_str().unwrap().starts_with("The include") => {
            facts.insert("spf broken".into())
        }
        Some("SPFRecordNotFound") => facts.insert("spf missing".into()),
        Some("SPFTooManyDNSLookups" | "SPFTooManyVoidDNSLookups") => facts.insert("spf too many".into()),
        Some(_) => facts.insert("spf broken".into()),
        None => match said["spf"]["all"].as_str() {
            Some("pass") => facts.insert("spf everyone".into()),
            Some("neutral") | None => facts.insert("spf undecided".into()),
            Some(_) => false,
        },
    };
    if warned("spf", "ptr mechanism") {
        facts.insert("spf ptr".into());
    }
    match error("dmarc") {
        Some("DMARCRecordNotFound" | "MultipleDMARCRecords") => facts.insert("dmarc missing".into()),
        Some(_) => facts.insert("dmarc faulty".into()),
        None => said["dmarc"]["policy"] == "none" && facts.insert("dmarc none".into()),
    };
    if warned("dmarc", "is not a valid") || warned("dmarc", "missing p tag") {
        facts.insert("dmarc faulty".into());
    }
    if warned("dmarc", "does not indicate that it accepts") {
        facts.insert("dmarc reports".into());
    }
    facts.extend(error("dnssec").map(|error| format!("failed dnssec {error}")));
    if said["dnssec"]["secure"] == false {
        facts.insert("not secure".into());
    }
    match error("mta_sts") {
        Some("MTASTSRecordNotFound") => facts.insert("mta-sts missing".into()),
        Some(_) => facts.insert("mta-sts broken".into()),
        None => false,
    };
    if error("tls_rpt").is_some() {
        facts.insert("tls-rpt".into());
    }
    match error("bimi") {
        Some("BIMIRecordNotFound") | None => false,
        Some(_) => facts.insert("bimi broken".into()),
    };
    if warned("mx", "alongside other MX") {
        facts.insert("mx null beside".into());
    }
    let invalid = ["is a CNAME alias", "points at the IP address", "does not exist"];
    if error("mx").is_some() || invalid.iter().any(|words| warned("mx", words)) {
        facts.insert("mx invalid".into());
    }
    facts
}
