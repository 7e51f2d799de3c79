//! The words of a report that several formats print: severities, owners, verdicts, evidence, in both languages.
//! Whatever came from the network leaves here escaped.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use serde_json::Value;

use super::{cut, escape};
use crate::{
    report::SiteCard,
    rule::{Category, Evidence, Finding, Fix, Lang, Level, Owner, Reason, Server, Severity, Verdict},
    target::Block,
};

fn of<'t>(lang: Lang, vi: &'t str, en: &'t str) -> &'t str {
    match lang {
        Lang::Vi => vi,
        Lang::En => en,
    }
}

/// How bad a failure is.
pub fn severity(severity: Severity, lang: Lang) -> &'static str {
    match severity {
        Severity::Critical => of(lang, "nghiêm trọng", "critical"),
        Severity::High => of(lang, "cao", "high"),
        Severity::Medium => of(lang, "trung bình", "medium"),
        Severity::Low => of(lang, "thấp", "low"),
        Severity::Info => of(lang, "thông tin", "info"),
    }
}

/// A verdict, without the mark that [`Verdict::words`] puts before it.
pub fn verdict(verdict: Verdict, lang: Lang) -> &'static str {
    match verdict {
        Verdict::Pass => of(lang, "đạt", "pass"),
        Verdict::Fail => of(lang, "chưa đạt", "failed"),
        Verdict::NotApplicable => of(lang, "không áp dụng", "not applicable"),
        Verdict::Inconclusive => of(lang, "không kiểm tra được", "could not check"),
    }
}

/// What a rule is about.
pub fn category(category: Category, lang: Lang) -> &'static str {
    match category {
        Category::Tls => of(lang, "Giao thức TLS", "TLS protocol"),
        Category::Certificate => of(lang, "Chứng thư số", "Certificate"),
        Category::Http => of(lang, "Kết nối HTTP", "HTTP"),
        Category::Dns => of(lang, "Tên miền (DNS)", "Names (DNS)"),
        Category::Mail => of(lang, "Thư điện tử", "Mail"),
        Category::Web => of(lang, "Nội dung trang", "Page content"),
    }
}

/// What a rule asks.
pub fn level(level: Level, lang: Lang) -> &'static str {
    match level {
        Level::Required => of(lang, "bắt buộc", "required"),
        Level::Recommended => of(lang, "khuyến nghị", "recommended"),
        Level::Info => of(lang, "để biết", "for information"),
    }
}

/// Who can fix a failure.
pub fn owner(owner: Owner, lang: Lang) -> &'static str {
    match owner {
        Owner::Site => of(lang, "đơn vị có trang", "the site's unit"),
        Owner::Address => of(lang, "nơi vận hành máy chủ", "whoever runs the server"),
        Owner::Zone => of(lang, "nơi quản lý tên miền", "whoever runs the zone"),
        Owner::Mx => of(lang, "nơi vận hành thư", "whoever runs the mail"),
    }
}

/// Server software.
pub fn server(server: Server) -> &'static str {
    match server {
        Server::Nginx => "nginx",
        Server::Apache => "Apache",
        Server::Iis => "IIS",
        Server::Tomcat => "Tomcat",
    }
}

/// The first letter large.
pub fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Why most of what could not be tested could not.
pub fn commonest_reason<'f>(findings: impl IntoIterator<Item = &'f Arc<Finding>>) -> Option<Reason> {
    let mut counts = BTreeMap::<Reason, usize>::new();
    let open = findings.into_iter().filter(|finding| finding.verdict == Verdict::Inconclusive);
    for reason in open.filter_map(|finding| finding.reason) {
        *counts.entry(reason).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(reason, _)| reason)
}

/// A site's name, with its port where that is not the usual one. Not escaped.
pub fn site(site: &SiteCard) -> String {
    if site.port == 443 { site.host.clone() } else { format!("{}:{}", site.host, site.port) }
}

/// A time as machines read it, to the second: `2026-11-24T02:00:00Z`.
pub fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The block a unit is ranked in.
pub fn block(block: Block, lang: Lang) -> &'static str {
    match (block, lang) {
        (_, Lang::Vi) => block.vietnamese(),
        (Block::So, Lang::En) => "Departments",
        (Block::Huyen, Lang::En) => "Districts",
        (Block::Xa, Lang::En) => "Communes",
    }
}

/// One piece of evidence in one line: `192.0.2.1: http.server = «nginx/1.22»`. Of a value at most so many characters
/// are quoted: a server chooses how long its fields are.
pub fn evidence(evidence: &Evidence, lang: Lang, most: usize) -> String {
    let quote = |text: &str| format!("«{}»", escape(&cut(text, most)));
    let value = match &evidence.value {
        Value::Null => of(lang, "không có", "absent").to_owned(),
        Value::String(text) => quote(text),
        Value::Array(items) if items.is_empty() => of(lang, "không có mục nào", "none").to_owned(),
        Value::Array(items) => {
            let mut told: Vec<(String, usize)> = Vec::new();
            for item in items {
                let text = item.as_str().map_or_else(|| quote(&item.to_string()), quote);
                match told.iter_mut().find(|(known, _)| *known == text) {
                    Some((_, count)) => *count += 1,
                    None => told.push((text, 1)),
                }
            }
            let once = |(text, count)| if count == 1 { text } else { format!("{text} ×{count}") };
            let items: Vec<String> = told.into_iter().map(once).collect();
            cut(&items.join(", "), most).into_owned()
        }
        other => escape(&cut(&other.to_string(), most)).into_owned(),
    };
    let address = evidence.address.as_deref().map_or_else(String::new, |a| format!("{}: ", escape(a)));
    format!("{address}{} = {value}", escape(&evidence.fact))
}

/// Software whose steps fit the site, in the order they should be offered.
pub fn software(site: &SiteCard) -> impl Iterator<Item = Server> {
    site.software.into_iter().chain(site.behind.iter().copied())
}

/// The steps that fit the site's software, what speaks to the visitor before what stands behind, or those that fit any.
pub fn steps<'f>(fix: &'f Fix, site: &SiteCard, lang: Lang) -> Option<&'f str> {
    let text = match lang {
        Lang::Vi => &fix.vi,
        Lang::En => &fix.en,
    };
    software(site).find_map(|server| text.for_server(server)).or(text.any.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_one_line_that_steers_nothing() {
        let seen = |value| Evidence { fact: "http.server".to_owned(), value, address: None };
        let text = |value| evidence(&seen(value), Lang::En, 5);
        assert_eq!(text(Value::Null), "http.server = absent");
        assert_eq!(text("a\nb".into()), "http.server = «a\\u{a}b»");
        assert_eq!(text("abcdefg".into()), "http.server = «abcde…»");
        assert_eq!(text(serde_json::json!(["a", 1])), "http.server = «a», …");
        assert_eq!(text(serde_json::json!([])), "http.server = none");
        let twice = evidence(&seen(serde_json::json!(["a", "b", "a"])), Lang::En, 50);
        assert_eq!(twice, "http.server = «a» ×2, «b»");
        assert_eq!(text(serde_json::json!({"a": 1})), "http.server = {\"a\":…");
        let there = Evidence { address: Some("192.0.2.1\u{202e}".to_owned()), ..seen(true.into()) };
        assert_eq!(evidence(&there, Lang::Vi, 9), "192.0.2.1\\u{202e}: http.server = true");
    }
}
