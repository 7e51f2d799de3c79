//! What was seen of a server's TLS beside versions, suites and groups, one line each and in words of both languages, for
//! sheets. Names what could not be seen; judges nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    language::text,
    observation::{
        Alpn, Attempt, Certificate, CertificateCompression, EarlyData, Freshness, Group, HelloTrait,
        Intrusive, Listing, NameAnswer, OcspSignature, Protocol, RevocationStatus, Sct, SctStatus, Sessions,
        Staple, Support, Tls, Weakness, WithoutMatch,
    },
    rule::{self, Text},
};

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SheetFact {
    /// The fact by its path in an address's observations.
    pub fact: String,
    /// What it is called.
    pub name: Text,
    /// What was seen, or why nothing was.
    pub value: Text,
    /// Whether it was seen.
    pub seen: bool,
}

/// The lines of an address that speaks TLS.
pub(super) fn facts(tls: &Tls, certificate: &Attempt<Certificate>) -> Vec<SheetFact> {
    let mut lines = Lines(Vec::new());
    lines.alpn(&tls.alpn);
    lines.certificates(tls, certificate);
    lines.sessions(&tls.sessions);
    let name = ("thỏa thuận lại an toàn (RFC 5746)", "secure renegotiation (RFC 5746)");
    lines.optional("tls.secure_renegotiation", name, &tls.secure_renegotiation, |support| yes(*support));
    lines.optional(
        "tls.extended_master_secret",
        ("extended master secret", "extended master secret"),
        &tls.extended_master_secret,
        |support| yes(*support),
    );
    let name = ("encrypt-then-MAC", "encrypt-then-MAC");
    lines.optional("tls.encrypt_then_mac", name, &tls.encrypt_then_mac, |support| yes(*support));
    let name = ("chống ép hạ phiên bản (SCSV)", "downgrade signal (SCSV)");
    lines.optional("tls.fallback_scsv", name, &tls.fallback_scsv, |support| yes(*support));
    lines.line(
        "tls.compression",
        ("nén dữ liệu (CRIME)", "compression (CRIME)"),
        &tls.compression,
        |support| yes(*support),
    );
    lines.names(tls);
    lines.intolerances(tls);
    if let Attempt::Completed(Some(intrusive)) = &tls.intrusive {
        lines.intrusive(intrusive);
    }
    lines.0
}

/// What the other views have tables for, in lines: versions, suites, groups, primes, certificates.
pub(super) fn overview(
    tls: &Tls,
    certificate: &Attempt<Certificate>,
    second: &Attempt<Option<Certificate>>,
) -> Vec<SheetFact> {
    let mut lines = Lines(Vec::new());
    lines.versions(tls);
    lines.suites(tls);
    for (name, new) in [("TLSv1.3", true), ("≤ TLSv1.2", false)] {
        lines.groups(tls, name, new);
    }
    if tls.dh_primes.completed().is_none_or(|listing| !listing.items.is_empty()) {
        lines.line("tls.dh_primes", ("Diffie-Hellman", "Diffie-Hellman"), &tls.dh_primes, |listing| {
            let words = listing.items.iter().map(|prime| match &prime.known {
                Some(known) => format!("{} bit ({known})", prime.bits),
                None => format!("{} bit", prime.bits),
            });
            with_rest(Text::same(words.collect::<Vec<_>>().join(", ")), listing)
        });
    }
    lines.line("certificate.leaf", ("chứng thư", "certificate"), certificate, leaf);
    lines.optional("second_certificate.leaf", ("chứng thư thứ hai", "second certificate"), second, leaf);
    lines.0
}

/// The line of a key that other sites have too.
pub(super) fn shared_key(others: &[String]) -> SheetFact {
    SheetFact {
        fact: "certificate.leaf.key.spki_sha256".to_owned(),
        name: Text::new("khóa dùng chung với trang khác", "key shared with other sites"),
        value: Text::same(others.join(", ")),
        seen: true,
    }
}

struct Lines(Vec<SheetFact>);

impl Lines {
    fn add(&mut self, fact: &str, name: (&str, &str), value: Text, seen: bool) {
        let name = Text::new(name.0, name.1);
        self.0.push(SheetFact { fact: fact.to_owned(), name, value, seen });
    }

    fn line<T>(&mut self, fact: &str, name: (&str, &str), of: &Attempt<T>, told: impl FnOnce(&T) -> Text) {
        match rule::seen(of) {
            Ok(value) => self.add(fact, name, told(value), true),
            Err(reason) => {
                let why = text!("chưa rõ: {why}", "not known: {why}"; why = reason.words());
                self.add(fact, name, why, false);
            }
        }
    }

    /// No line where it is absent: the question does not arise there.
    fn optional<T>(
        &mut self,
        fact: &str,
        name: (&str, &str),
        of: &Attempt<Option<T>>,
        told: impl FnOnce(&T) -> Text,
    ) {
        match of {
            Attempt::Completed(None) => {}
            Attempt::Completed(Some(value)) => self.add(fact, name, told(value), true),
            other => self.line(fact, name, other, |_| Text::same("")),
        }
    }

    fn versions(&mut self, tls: &Tls) {
        let versions = &tls.versions;
        let all = [
            ("TLSv1.3", &versions.tls1_3),
            ("TLSv1.2", &versions.tls1_2),
            ("TLSv1.1", &versions.tls1_1),
            ("TLSv1.0", &versions.tls1_0),
            ("SSLv3", &versions.ssl3),
            ("SSLv2", &versions.ssl2),
        ];
        let with = |wanted: fn(&Attempt<Support>) -> bool| {
            let named = all.iter().filter(|(_, support)| wanted(support)).map(|(name, _)| *name);
            named.collect::<Vec<_>>().join(", ")
        };
        let offered = with(|support| support.completed() == Some(&Support::Offered));
        let open = with(|support| support.completed().is_none());
        let offered = if offered.is_empty() { none() } else { Text::same(offered) };
        let told = if open.is_empty() {
            offered
        } else {
            text!("{offered}; chưa rõ: {open}", "{offered}; not known: {open}", open = open; offered = offered)
        };
        self.add("tls.versions", ("phiên bản", "versions"), told, true);
    }

    fn suites(&mut self, tls: &Tls) {
        let Attempt::Completed(listing) = &tls.cipher_suites else {
            let name = ("bộ mã", "cipher suites");
            return self.line("tls.cipher_suites", name, &tls.cipher_suites, |_| Text::same(""));
        };
        for version in [Protocol::Tls13, Protocol::Tls12, Protocol::Tls11, Protocol::Tls10, Protocol::Ssl3] {
            let of = listing.items.iter().filter(|suite| suite.version == version);
            let names: Vec<&str> = of.map(|suite| suite.name.as_str()).collect();
            if !names.is_empty() {
                let version = version.name();
                let (vi, en) = (format!("bộ mã {version}"), format!("suites of {version}"));
                let told = with_rest(Text::same(names.join(", ")), listing);
                self.add("tls.cipher_suites", (&vi, &en), told, true);
            }
        }
    }

    fn groups(&mut self, tls: &Tls, version: &str, new: bool) {
        let (vi, en) = (format!("nhóm trao đổi khóa {version}"), format!("groups {version}"));
        let here = |listing: &Listing<Group>| {
            let of = listing.items.iter().filter(|group| (group.version == Protocol::Tls13) == new);
            of.map(|group| group.name.clone()).collect::<Vec<_>>()
        };
        if tls.groups.completed().is_some_and(|listing| here(listing).is_empty()) {
            return;
        }
        self.line("tls.groups", (&vi, &en), &tls.groups, |listing| {
            with_rest(Text::same(here(listing).join(", ")), listing)
        });
    }

    fn alpn(&mut self, alpn: &Attempt<Alpn>) {
        let name = ("giao thức bên trong (ALPN)", "protocols inside (ALPN)");
        let Attempt::Completed(Alpn { protocols, without_match, npn }) = alpn else {
            return self.line("tls.alpn", name, alpn, |_| Text::same(""));
        };
        self.line("tls.alpn.protocols", name, protocols, |listing| {
            let names: Vec<&str> = listing.items.iter().map(|protocol| protocol.name.as_str()).collect();
            with_rest(if names.is_empty() { none() } else { Text::same(names.join(", ")) }, listing)
        });
        let name = ("khi không có giao thức chung", "where no protocol is shared");
        self.line("tls.alpn.without_match", name, without_match, |answer| match answer {
            WithoutMatch::Refused => Text::new("từ chối", "refuses"),
            WithoutMatch::Ignored => Text::new("vẫn kết nối", "goes on"),
        });
        if *npn == Attempt::Completed(Some(Support::Offered)) {
            self.add(
                "tls.alpn.npn",
                ("NPN, tiền thân của ALPN", "NPN, before ALPN"),
                yes(Support::Offered),
                true,
            );
        }
    }

    fn certificates(&mut self, tls: &Tls, certificate: &Attempt<Certificate>) {
        let name = ("xác nhận OCSP gửi kèm (stapling)", "OCSP staple");
        match certificate {
            Attempt::Completed(certificate) => {
                self.line("certificate.staple", name, &certificate.staple, |found| {
                    found.as_ref().map_or_else(none, staple)
                });
                let name = ("dấu thời gian CT (SCT)", "CT timestamps (SCT)");
                self.line("certificate.scts", name, &certificate.scts, timestamps);
            }
            _ => self.line("tls.handshake.ocsp_staple", name, &tls.handshake, |handshake| {
                yes(if handshake.ocsp_staple.is_some() { Support::Offered } else { Support::NotOffered })
            }),
        }
        if let Attempt::Completed(Some(count @ 1..)) = &tls.signed_certificate_timestamps {
            let name = ("dấu thời gian CT trong bắt tay", "CT timestamps by extension");
            let count = Text::same(count.to_string());
            self.add("tls.signed_certificate_timestamps", name, count, true);
        }
        let name = ("nén chứng thư (RFC 8879)", "certificate compression (RFC 8879)");
        self.line("tls.certificate_compression", name, &tls.certificate_compression, |how| match how {
            CertificateCompression::None => none(),
            CertificateCompression::Zlib => Text::same("zlib"),
            CertificateCompression::Brotli => Text::same("Brotli"),
            CertificateCompression::Zstd => Text::same("Zstandard"),
        });
    }

    fn sessions(&mut self, sessions: &Attempt<Sessions>) {
        let Attempt::Completed(sessions) = sessions else {
            return self.line("tls.sessions", ("nối lại phiên", "session resumption"), sessions, |_| {
                Text::same("")
            });
        };
        let name = ("nối lại phiên theo mã (≤ TLSv1.2)", "resumption by id (≤ TLSv1.2)");
        self.optional("tls.sessions.by_id", name, &sessions.by_id, |support| yes(*support));
        let name = ("nối lại phiên bằng vé (≤ TLSv1.2)", "resumption by ticket (≤ TLSv1.2)");
        self.optional("tls.sessions.by_ticket", name, &sessions.by_ticket, |support| yes(*support));
        let name = ("nối lại phiên (TLSv1.3)", "resumption (TLSv1.3)");
        self.optional("tls.sessions.by_psk", name, &sessions.by_psk, |support| match &sessions.tickets {
            Attempt::Completed(Some(count)) => {
                text!("{yes}, {count} vé", "{yes}, {count} tickets", count = count; yes = yes(*support))
            }
            _ => yes(*support),
        });
        let name = ("dữ liệu sớm (0-RTT)", "early data (0-RTT)");
        self.optional("tls.sessions.early_data", name, &sessions.early_data, |early| match early {
            EarlyData { accepted: true, limit } => {
                text!("nhận, tới {limit} byte", "taken, up to {limit} bytes", limit = limit)
            }
            EarlyData { limit: 0, .. } => none(),
            EarlyData { limit, .. } => {
                text!("cho tới {limit} byte, không nhận", "{limit} bytes allowed, not taken", limit = limit)
            }
        });
        let name = ("trình duyệt tự thỏa thuận lại", "renegotiation by clients");
        self.optional("tls.sessions.client_renegotiation", name, &sessions.client_renegotiation, |seen| {
            match seen.accepted {
                0 => Text::new("không cho", "not allowed"),
                11.. => Text::new("không giới hạn (thử 11 lần)", "without limit (11 tried)"),
                times => text!("tối đa {times} lần", "{times} times at most", times = times),
            }
        });
    }

    fn names(&mut self, tls: &Tls) {
        let Attempt::Completed(names) = &tls.server_names else {
            let name = ("tên máy chủ (SNI)", "server names (SNI)");
            return self.line("tls.server_names", name, &tls.server_names, |_| Text::same(""));
        };
        let given = |answer: &NameAnswer| match answer {
            NameAnswer::SameCertificate => Text::new("chứng thư của trang này", "this site's certificate"),
            NameAnswer::OtherCertificate => Text::new("chứng thư khác", "another certificate"),
            NameAnswer::Refused => Text::new("từ chối", "refused"),
        };
        let name = ("khách không gửi tên", "to clients without a name");
        self.line("tls.server_names.without", name, &names.without, given);
        let name = ("khách gửi tên lạ", "to clients with a wrong name");
        self.line("tls.server_names.wrong", name, &names.wrong, given);
    }

    fn intolerances(&mut self, tls: &Tls) {
        let name = ("lời chào hợp lệ làm hỏng kết nối", "valid hellos it cannot stand");
        self.line("tls.intolerances", name, &tls.intolerances, |listing| {
            let words: Vec<Text> = listing.items.iter().map(|one| trait_words(one.to)).collect();
            let join = |of: fn(&Text) -> &str| words.iter().map(of).collect::<Vec<_>>().join(", ");
            let all = Text::new(join(|text| &text.vi), join(|text| &text.en));
            with_rest(if words.is_empty() { none() } else { all }, listing)
        });
    }

    fn intrusive(&mut self, seen: &Intrusive) {
        let told = |weakness: &Weakness| match weakness {
            Weakness::Vulnerable => Text::new("có lỗ hổng", "vulnerable"),
            Weakness::NotVulnerable => Text::new("không có", "not vulnerable"),
        };
        for (fact, name, found) in [
            ("tls.intrusive.heartbleed", "Heartbleed", &seen.heartbleed),
            ("tls.intrusive.ccs_injection", "CCS injection", &seen.ccs_injection),
            ("tls.intrusive.ticketbleed", "Ticketbleed", &seen.ticketbleed),
            ("tls.intrusive.robot", "ROBOT", &seen.robot),
        ] {
            self.line(fact, (name, name), found, told);
        }
    }
}

/// Key, end of validity, trust.
fn leaf(certificate: &Certificate) -> Text {
    let key = &certificate.leaf.key;
    let size = key.curve.clone().or_else(|| key.bits.map(|bits| bits.to_string())).unwrap_or_default();
    let trust = if certificate.trusted {
        Text::new("được tin cậy", "trusted")
    } else {
        Text::new("không được tin cậy", "not trusted")
    };
    text!(
        "{algorithm} {size}, còn {days} ngày, {trust}",
        "{algorithm} {size}, {days} days left, {trust}",
        algorithm = key.algorithm,
        size = size,
        days = certificate.leaf.days_left;
        trust = trust
    )
}

fn none() -> Text {
    Text::new("không", "no")
}

fn yes(support: Support) -> Text {
    match support {
        Support::Offered => Text::new("có", "yes"),
        Support::NotOffered => none(),
    }
}

/// What a list may lack.
fn with_rest<T>(told: Text, listing: &Listing<T>) -> Text {
    match &listing.incomplete {
        None => told,
        Some(why) => {
            let reason = rule::Reason::from(why).words();
            text!("{told}; có thể còn nữa: {reason}", "{told}; there may be more: {reason}"; told = told, reason = reason)
        }
    }
}

fn staple(staple: &Staple) -> Text {
    let Some(statement) = &staple.statement else {
        return Text::new("có, nhưng không nói về chứng thư này", "yes, but not about this certificate");
    };
    let status = match statement.status {
        RevocationStatus::Good => Text::new("có, chưa bị thu hồi", "yes, not revoked"),
        RevocationStatus::Revoked => Text::new("có, đã bị thu hồi", "yes, revoked"),
        RevocationStatus::Unknown => Text::new("có, nơi cấp không biết", "yes, unknown to the issuer"),
    };
    let age = statement.age_hours;
    let told = text!("{status}, {age} giờ trước", "{status}, {age} hours old", age = age; status = status);
    let trouble = match (statement.freshness, statement.signature) {
        (Freshness::Expired, _) => Text::new("đã hết hạn", "out of date"),
        (Freshness::Early, _) => Text::new("chưa tới hạn", "not of now"),
        (_, OcspSignature::Issuer | OcspSignature::Delegate) => return told,
        (_, OcspSignature::IssuerUnknown | OcspSignature::Unsupported) => {
            Text::new("chữ ký không kiểm tra được", "its signature cannot be checked")
        }
        _ => Text::new("chữ ký sai", "its signature is wrong"),
    };
    text!("{told}; {trouble}", "{told}; {trouble}"; told = told, trouble = trouble)
}

fn timestamps(listing: &Listing<Sct>) -> Text {
    let all = listing.items.len();
    if all == 0 {
        return with_rest(none(), listing);
    }
    let of = |status: SctStatus| listing.items.iter().filter(|sct| sct.status == status).count();
    let (good, bad) = (of(SctStatus::Verified), of(SctStatus::BadSignature));
    let told = if bad > 0 {
        text!(
            "{all}, {good} chữ ký đúng, {bad} chữ ký sai",
            "{all}, {good} verified, {bad} wrong",
            all = all,
            good = good,
            bad = bad
        )
    } else {
        text!("{all}, {good} chữ ký đúng", "{all}, {good} verified", all = all, good = good)
    };
    with_rest(told, listing)
}

fn trait_words(to: HelloTrait) -> Text {
    let (vi, en) = match to {
        HelloTrait::HighVersion => {
            ("phiên bản cao hơn mọi phiên bản đang có", "a version above all there are")
        }
        HelloTrait::HighRecordVersion => ("phiên bản bản ghi cao", "a high record version"),
        HelloTrait::UnknownSuite => ("bộ mã lạ (GREASE)", "an unknown suite (GREASE)"),
        HelloTrait::UnknownExtension => ("phần mở rộng lạ (GREASE)", "an unknown extension (GREASE)"),
        HelloTrait::UnknownGroup => ("nhóm lạ (GREASE)", "an unknown group (GREASE)"),
        HelloTrait::Length256To511 => ("dài 256 đến 511 byte", "256 to 511 octets"),
        HelloTrait::MoreThan64Suites => ("hơn 64 bộ mã", "more than 64 suites"),
        HelloTrait::MoreThan128Suites => ("hơn 128 bộ mã", "more than 128 suites"),
    };
    Text::new(vi, en)
}
