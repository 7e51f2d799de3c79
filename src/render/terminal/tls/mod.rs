//! One site's TLS for an expert: what each address offers, the chain drawn, who can connect, how it compares; every failure
//! under the facts it rests on. Reads a report's card and the sheet beside it.

mod chain;
mod clients;
mod facts;

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use super::{COLUMNS, Ink, Style, failures, line, site};
use crate::{
    observation::{Attempt, Failure, Skip},
    render::{escape, hang, width},
    report::{FindingCard, Report, Sheet, SheetEndpoint, SiteCard},
    rule::{self, Category, Lang, Reason, RuleId},
};

/// Where a failure is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Versions,
    Suites,
    Groups,
    Primes,
    Signatures,
    Options,
    Chain,
}

/// Prints one site's card with everything known of its TLS.
pub fn tls(
    out: &mut dyn Write,
    report: &Report,
    card: &SiteCard,
    sheet: &Sheet,
    style: Style,
) -> io::Result<()> {
    site::heading(out, report, card, style)?;
    let failed = failures(&card.findings);
    let mut shown = BTreeSet::new();
    for endpoint in &sheet.endpoints {
        let page = Page { endpoint, failed: &failed, style };
        page.print(out, &mut shown)?;
    }
    for failure in failed.iter().filter(|failure| !shown.contains(&failure.finding.rule)) {
        site::finding(out, report, failure, style)?;
    }
    site::rest(out, card, style)
}

/// One address.
struct Page<'p> {
    endpoint: &'p SheetEndpoint,
    failed: &'p [FindingCard],
    style: Style,
}

impl Page<'_> {
    fn print(&self, out: &mut dyn Write, shown: &mut BTreeSet<RuleId>) -> io::Result<()> {
        let style = self.style;
        writeln!(out)?;
        let address = escape(&self.endpoint.address);
        let rule = "─".repeat(COLUMNS.saturating_sub(width(&address) + 4));
        line(out, &style.ink(Ink::Faint, &format!("── {address} {rule}")))?;
        match &self.endpoint.tls {
            Attempt::Completed(tls) if !tls.offered => {
                let text =
                    style.word("Cổng này trả lời nhưng không nói TLS.", "The port answers, but not in TLS.");
                line(out, &style.ink(Ink::High, text))?;
                self.failures(out, Place::Versions, shown)?;
            }
            Attempt::Completed(tls) => {
                facts::versions(out, tls, style)?;
                self.failures(out, Place::Versions, shown)?;
                facts::suites(out, tls, style)?;
                self.failures(out, Place::Suites, shown)?;
                facts::groups(out, tls, style)?;
                self.failures(out, Place::Groups, shown)?;
                facts::primes(out, tls, style)?;
                self.failures(out, Place::Primes, shown)?;
                facts::signatures(out, tls, style)?;
                self.failures(out, Place::Signatures, shown)?;
                facts::options(out, &self.endpoint.facts, tls.connections, style)?;
                self.failures(out, Place::Options, shown)?;
            }
            Attempt::Skipped { skipped: Skip::NotRequested } => {}
            Attempt::Failed { .. } | Attempt::Skipped { .. } => {
                title(out, "TLS", style)?;
                seen(out, &self.endpoint.tls, style)?;
            }
        }
        chain::chain(out, style.word("Chứng thư", "Certificate"), &self.endpoint.certificate, style)?;
        let second = style.word("Chứng thư thứ hai", "Second certificate");
        match &self.endpoint.second_certificate {
            Attempt::Completed(Some(other)) => {
                chain::chain(out, second, &Attempt::Completed(other.clone()), style)?;
            }
            Attempt::Failed { .. } if self.endpoint.certificate.completed().is_some() => {
                if let Some(text) = unseen(&format!("{second}: "), &self.endpoint.second_certificate, style) {
                    line(out, &text)?;
                }
            }
            _ => {}
        }
        self.failures(out, Place::Chain, shown)?;
        clients::clients(out, &self.endpoint.clients, style)?;
        clients::comparisons(out, &self.endpoint.comparisons, style)
    }

    /// The failures that rest on facts of this place, at this address.
    fn failures(&self, out: &mut dyn Write, place: Place, shown: &mut BTreeSet<RuleId>) -> io::Result<()> {
        let style = self.style;
        for failure in self.failed.iter().filter(|failure| place_of(failure) == Some(place)) {
            let finding = &failure.finding;
            let mut addresses = finding.evidence.iter().filter_map(|evidence| evidence.address.as_deref());
            let elsewhere = finding.evidence.iter().all(|evidence| evidence.address.is_some())
                && addresses.all(|address| address != self.endpoint.address);
            if elsewhere && !finding.evidence.is_empty() {
                continue;
            }
            shown.insert(finding.rule.clone());
            let plain = Style { colour: false, ..style }.severity(finding.severity);
            let head = style.severity(finding.severity);
            let text = hang(&" ".repeat(width(&plain) + 4), finding.message.get(style.lang), COLUMNS);
            let text = text.trim_start();
            line(out, &format!("  {head}  {}", style.ink(Ink::Strong, text)))?;
            let steps =
                format!("    {} khien rules show {}", style.word("cách sửa:", "steps:"), finding.rule);
            line(out, &style.ink(Ink::Faint, &steps))?;
        }
        Ok(())
    }
}

/// Where a failure belongs, by the first fact of its evidence that has a place.
fn place_of(failure: &FindingCard) -> Option<Place> {
    let finding = &failure.finding;
    if !matches!(finding.category, Category::Tls | Category::Certificate) {
        return None;
    }
    finding.evidence.iter().find_map(|evidence| {
        let fact = evidence.fact.as_str();
        let places = [
            ("tls.versions", Place::Versions),
            ("tls.offered", Place::Versions),
            ("tls.cipher_suites", Place::Suites),
            ("tls.suite_order", Place::Suites),
            ("tls.handshake.cipher_suite", Place::Suites),
            ("tls.groups", Place::Groups),
            ("tls.handshake.group", Place::Groups),
            ("tls.dh_primes", Place::Primes),
            ("tls.signatures", Place::Signatures),
            ("certificate", Place::Chain),
            ("tls.", Place::Options),
        ];
        places.into_iter().find(|(word, _)| fact.contains(word)).map(|(_, place)| place)
    })
}

/// The title of a section.
fn title(out: &mut dyn Write, text: &str, style: Style) -> io::Result<()> {
    line(out, &style.ink(Ink::Strong, text))
}

/// The value of a fact; where there is none, why not is printed.
fn seen<'a, T>(out: &mut dyn Write, attempt: &'a Attempt<T>, style: Style) -> io::Result<Option<&'a T>> {
    if let Some(text) = unseen("", attempt, style) {
        line(out, &text)?;
    }
    Ok(attempt.completed())
}

/// Why a fact was not seen, as a line of its own behind what it is of.
fn unseen<T>(of: &str, attempt: &Attempt<T>, style: Style) -> Option<String> {
    let reason = rule::seen(attempt).err()?.words();
    let detail = match attempt {
        Attempt::Failed { failed: Failure::Alert { description } } => format!(" ({})", escape(description)),
        _ => String::new(),
    };
    let text = match style.lang {
        Lang::Vi => format!("{of}không kiểm tra được: {}{detail}", reason.get(style.lang)),
        Lang::En => format!("{of}could not be checked: {}{detail}", reason.get(style.lang)),
    };
    Some(style.ink(Ink::Medium, &hang("  ? ", &text, COLUMNS)))
}

/// Why a list may be longer than what stands there.
fn cut_short(failure: Option<&Failure>, style: Style) -> Option<String> {
    let reason = Reason::from(failure?).words();
    let text = match style.lang {
        Lang::Vi => format!("có thể còn nữa: {}", reason.get(style.lang)),
        Lang::En => format!("there may be more: {}", reason.get(style.lang)),
    };
    Some(style.ink(Ink::Medium, &hang("  ? ", &text, COLUMNS)))
}
