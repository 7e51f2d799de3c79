//! Zones whose DNS is sound and whose mail records are right or wrong in one way. Text only.

use super::zones::{SITE, Zone, healthy};

/// What a domain with mail says, but for SPF and DMARC.
const EXCHANGER: &str = "@ CAA 0 issue \"letsencrypt.org\"\n@ MX 10 mail\nmail A 203.0.113.8\n\
    k1._domainkey TXT \"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n\
    _smtp._tls TXT \"v=TLSRPTv1; rua=mailto:tls@thu.example\"\n";
const SPF: &str = "@ TXT \"v=spf1 mx -all\"\n";
const DMARC: &str = "_dmarc TXT \"v=DMARC1; p=reject\"\n";

/// The policy file of MTA-STS needs a web server; no zone here announces one but the one that does so wrongly.
const NO_STS: &str = "mail-mta-sts-missing";

fn with(name: &'static str, fails: &'static [&'static str], records: &str) -> Zone {
    Zone { mail: Some(fails), records: format!("{SITE}{records}"), ..healthy(name, &[]) }
}

/// A zone with this SPF record and all the rest in order.
fn spf(name: &'static str, fails: &'static [&'static str], record: &str) -> Zone {
    with(name, fails, &format!("{EXCHANGER}{DMARC}{record}"))
}

/// A zone with this DMARC record and all the rest in order.
fn dmarc(name: &'static str, fails: &'static [&'static str], record: &str) -> Zone {
    with(name, fails, &format!("{EXCHANGER}{SPF}{record}"))
}

/// A zone with this in place of the mail exchanger.
fn exchanger(name: &'static str, fails: &'static [&'static str], records: &str) -> Zone {
    with(name, fails, &format!("{}{SPF}{DMARC}", EXCHANGER.replace("@ MX 10 mail\n", records)))
}

/// A zone with this in place of the record on TLS reports.
fn other(name: &'static str, fails: &'static [&'static str], records: &str) -> Zone {
    let start = EXCHANGER.find("_smtp").unwrap_or_default();
    with(name, fails, &format!("{}{SPF}{DMARC}{records}", &EXCHANGER[..start]))
}

pub(super) fn zones() -> Vec<Zone> {
    let many = "a:www.thu.example ".repeat(11);
    let reporting = "_smtp._tls TXT \"v=TLSRPTv1; rua=mailto:tls@thu.example\"\n";
    vec![
        spf("thu", &[NO_STS], SPF),
        // ── SPF ──
        spf("spf-missing", &["mail-spf-missing", NO_STS], ""),
        spf("spf-everyone", &["mail-spf-allows-everyone", NO_STS], "@ TXT \"v=spf1 mx +all\"\n"),
        spf("spf-neutral", &["mail-spf-undecided", NO_STS], "@ TXT \"v=spf1 mx ?all\"\n"),
        spf("spf-no-end", &["mail-spf-undecided", NO_STS], "@ TXT \"v=spf1 mx\"\n"),
        spf("spf-soft", &[NO_STS], "@ TXT \"v=spf1 mx ~all\"\n"),
        spf("spf-lookups", &["mail-spf-lookups-exceeded", NO_STS], &format!("@ TXT \"v=spf1 {many}-all\"\n")),
        spf(
            "spf-voids",
            &["mail-spf-lookups-exceeded", NO_STS],
            "@ TXT \"v=spf1 a:x1.spf-voids.example a:x2.spf-voids.example a:x3.spf-voids.example -all\"\n",
        ),
        spf("spf-two", &["mail-spf-broken", NO_STS], "@ TXT \"v=spf1 mx -all\"\n@ TXT \"v=spf1 a -all\"\n"),
        spf("spf-syntax", &["mail-spf-broken", NO_STS], "@ TXT \"v=spf1 mx ip4:203.0.113.256 -all\"\n"),
        spf("spf-loop", &["mail-spf-broken", NO_STS], "@ TXT \"v=spf1 include:spf-loop.example -all\"\n"),
        spf(
            "spf-nowhere",
            &["mail-spf-broken", NO_STS],
            "@ TXT \"v=spf1 mx include:_spf.spf-nowhere.example -all\"\n",
        ),
        spf("spf-ptr", &["mail-spf-ptr-used", NO_STS], "@ TXT \"v=spf1 mx ptr -all\"\n"),
        spf("spf-parts", &[NO_STS], "@ TXT \"v=spf1 mx ip4:203.0.\" \"113.0/24 -all\"\n"),
        // ── DMARC ──
        dmarc("dmarc-missing", &["mail-dmarc-missing", NO_STS], ""),
        dmarc(
            "dmarc-none",
            &["mail-dmarc-monitoring-only", NO_STS],
            "_dmarc TXT \"v=DMARC1; p=none; rua=mailto:a@dmarc-none.example\"\n",
        ),
        dmarc("dmarc-quarantine", &[NO_STS], "_dmarc TXT \"v=DMARC1; p=quarantine\"\n"),
        dmarc(
            "dmarc-two",
            &["mail-dmarc-missing", NO_STS],
            "_dmarc TXT \"v=DMARC1; p=reject\"\n_dmarc TXT \"v=DMARC1; p=none\"\n",
        ),
        dmarc(
            "dmarc-syntax",
            &["mail-dmarc-record-faulty", NO_STS],
            "_dmarc TXT \"v=DMARC1; p=reject; adkim=x\"\n",
        ),
        dmarc(
            "dmarc-no-policy",
            // RFC 9989 takes it for «none»; RFC 7489 for no record
            &["mail-dmarc-monitoring-only", "mail-dmarc-record-faulty", "mail-dmarc-views-differ", NO_STS],
            "_dmarc TXT \"v=DMARC1; sp=reject\"\n",
        ),
        dmarc(
            "dmarc-reports",
            &["mail-dmarc-reports-refused", NO_STS],
            "_dmarc TXT \"v=DMARC1; p=reject; rua=mailto:a@thu.example\"\n",
        ),
        // ── exchangers ──
        exchanger("mx-alias", &["mail-exchanger-invalid", NO_STS], "@ MX 10 mx\nmx CNAME mail\n"),
        exchanger("mx-address", &["mail-exchanger-invalid", NO_STS], "@ MX 10 203.0.113.8.\n"),
        exchanger("mx-nowhere", &["mail-exchanger-invalid", NO_STS], "@ MX 10 gone\n"),
        exchanger("mx-null", &[], "@ MX 0 .\n"),
        exchanger("mx-null-beside", &["mail-null-mx-beside-others", NO_STS], "@ MX 0 .\n@ MX 10 mail\n"),
        // ── the rest ──
        other("tlsrpt-missing", &["mail-tls-rpt-missing", NO_STS], ""),
        other("tlsrpt-broken", &["mail-tls-rpt-missing", NO_STS], "_smtp._tls TXT \"v=TLSRPTv1\"\n"),
        other("sts-broken", &["mail-mta-sts-broken"], &format!("{reporting}_mta-sts TXT \"v=STSv1;\"\n")),
        other("sts-version", &["mail-mta-sts-broken"], &format!("{reporting}_mta-sts TXT \"v=STSv1\"\n")),
        other(
            "bimi-broken",
            &["mail-bimi-broken", NO_STS],
            &format!("{reporting}default._bimi TXT \"v=BIMI1; l=http://thu.example/a.svg\"\n"),
        ),
    ]
}
