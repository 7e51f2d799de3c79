//! Mail exchangers: their names, addresses and TLSA records, and, where mail is used, what answers there.

use std::net::IpAddr;

use crate::{
    net::{
        Error, Resolver,
        resolver::{
            Answer, Outcome, RecordType, Security, plain,
            rdata::{MX, TLSA},
        },
    },
    observation::{Address, Attempt, Failure, Listing, MailExchanger, MailServer, Skip, TlsaRecord, limits},
    probe::{dns::addresses_of, failure::untested},
    wire::tlsa::Tlsa,
};

use super::{Question, records::look_up, session};

/// What the MX question brought.
pub(super) type Exchange = Result<Exchangers, Error>;

/// The MX records of a domain.
pub(super) struct Exchangers {
    /// Preference and name, by preference; a null MX is not among them.
    pub(super) listed: Vec<(u16, String)>,
    /// A null MX stands, alone or not.
    pub(super) null: bool,
    security: Security,
}

pub(super) async fn find(resolver: &Resolver, domain: &str) -> Exchange {
    let answer = look_up(resolver, domain, RecordType::MX).await?;
    let mut found = Exchangers { listed: Vec::new(), null: false, security: Security::Indeterminate };
    for mx in answer.iter().flat_map(Answer::data::<MX>) {
        if mx.exchange.is_root() {
            found.null = true;
        } else {
            found.listed.push((mx.preference, plain(&mx.exchange)));
        }
    }
    found.listed.sort();
    found.listed.dedup();
    found.security = answer.map_or(Security::Indeterminate, |answer| answer.security);
    Ok(found)
}

/// Every exchanger, one after another: they often are one provider's.
pub(super) async fn look(question: &Question<'_>, found: &Exchange) -> Attempt<Listing<MailExchanger>> {
    let found = match found {
        Ok(found) => found,
        Err(error) => return untested(error),
    };
    let mut exchangers = Vec::new();
    for (preference, name) in found.listed.iter().take(limits::MAIL_EXCHANGERS) {
        exchangers.push(exchanger(question, found.security, *preference, name).await);
    }
    let mut listing = Listing::complete(exchangers);
    if found.listed.len() > limits::MAIL_EXCHANGERS {
        listing.incomplete = Some(Failure::TooLarge { limit: limits::MAIL_EXCHANGERS as u64 });
    }
    Attempt::Completed(listing)
}

async fn exchanger(question: &Question<'_>, mx: Security, preference: u16, name: &str) -> MailExchanger {
    let resolver = question.net.resolver();
    let is_host_name = is_host_name(name);
    let (a, aaaa) = Box::pin(resolver.addresses(name)).await;
    let tlsa = look_up(resolver, &format!("_25._tcp.{name}"), RecordType::TLSA).await;
    let addresses = addresses(&a, &aaaa);
    let records = tlsa_records(&tlsa);
    let servers = match &addresses {
        _ if !question.used => Attempt::skipped(Skip::NotRequested),
        Attempt::Completed(listing) => {
            Attempt::Completed(servers(question, name, &listing.items, &records).await)
        }
        Attempt::Failed { failed } => Attempt::failed(failed.clone()),
        Attempt::Skipped { skipped } => Attempt::skipped(*skipped),
    };
    MailExchanger {
        name: name.to_owned(),
        preference,
        is_host_name,
        is_alias: is_alias(&a, &aaaa),
        addresses,
        dane: dane(mx, &a, &aaaa, &tlsa),
        tlsa: records.map(|records| Listing::capped(records.iter().map(described), limits::TLSA_RECORDS)),
        servers,
    }
}

/// Letters, digits and hyphens in at least two labels, and no address written as a name.
fn is_host_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
    };
    let top_is_number =
        name.rsplit('.').next().is_some_and(|top| top.bytes().all(|octet| octet.is_ascii_digit()));
    name.contains('.') && name.split('.').all(label) && !top_is_number
}

fn is_alias(a: &Result<Answer, Error>, aaaa: &Result<Answer, Error>) -> Attempt<bool> {
    match (a, aaaa) {
        (Err(Error::CnameLoop(_)), _) | (_, Err(Error::CnameLoop(_))) => Attempt::Completed(true),
        (Ok(answer), _) | (_, Ok(answer)) => Attempt::Completed(!answer.cname_chain.is_empty()),
        (Err(error), Err(_)) => untested(error),
    }
}

/// Of both families; where one has no answer the list says so.
fn addresses(a: &Result<Answer, Error>, aaaa: &Result<Answer, Error>) -> Attempt<Listing<Address>> {
    let found = [a, aaaa].into_iter().flatten().flat_map(addresses_of);
    match (a, aaaa) {
        (Err(error), Err(_)) => untested(error),
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => {
            let mut listing = Listing::capped(found, limits::ADDRESSES);
            listing.incomplete.get_or_insert(error.into());
            Attempt::Completed(listing)
        }
        (Ok(_), Ok(_)) => Attempt::Completed(Listing::capped(found, limits::ADDRESSES)),
    }
}

fn tlsa_records(answer: &Result<Option<Answer>, Error>) -> Attempt<Vec<Tlsa>> {
    match answer {
        Ok(answer) => {
            let read = answer.iter().flat_map(Answer::data::<TLSA>).map(|tlsa| Tlsa {
                usage: tlsa.cert_usage.into(),
                selector: tlsa.selector.into(),
                matching: tlsa.matching.into(),
                data: tlsa.cert_data.clone(),
            });
            Attempt::Completed(read.take(limits::TLSA_RECORDS + 1).collect())
        }
        Err(error) => untested(error),
    }
}

fn described(record: &Tlsa) -> TlsaRecord {
    let mut data = String::with_capacity(record.data.len().min(512) * 2);
    for octet in record.data.iter().take(limits::TEXT / 2) {
        data.push_str(&format!("{octet:02x}"));
    }
    TlsaRecord {
        usage: record.usage,
        selector: record.selector,
        matching: record.matching,
        data,
        usable: record.is_usable_for_mail(),
    }
}

/// Senders heed TLSA only where everything that leads to it is signed (RFC 7672 section 2.2).
fn dane(
    mx: Security,
    a: &Result<Answer, Error>,
    aaaa: &Result<Answer, Error>,
    tlsa: &Result<Option<Answer>, Error>,
) -> Attempt<bool> {
    let tlsa = match tlsa {
        Ok(Some(answer)) if answer.outcome == Outcome::Found => answer,
        Ok(_) => return Attempt::Completed(false),
        Err(error) => return untested(error),
    };
    let parts = [a, aaaa].into_iter().flatten().map(|answer| answer.security);
    let all: Vec<Security> = parts.chain([mx, tlsa.security]).collect();
    if all.iter().any(|security| matches!(security, Security::Insecure | Security::Bogus)) {
        return Attempt::Completed(false);
    }
    if all.iter().all(|security| *security == Security::Secure) {
        return Attempt::Completed(true);
    }
    let why = tlsa.detail.as_deref().unwrap_or("the answers do not suffice");
    Attempt::failed(Failure::Indeterminate(crate::probe::failure::cut(why)))
}

/// One address of each family, those this machine has a route to.
async fn servers(
    question: &Question<'_>,
    name: &str,
    addresses: &[Address],
    tlsa: &Attempt<Vec<Tlsa>>,
) -> Listing<MailServer> {
    let mut chosen: Vec<IpAddr> = Vec::new();
    let mut unrouted = false;
    for address in addresses.iter().map(|address| address.address) {
        if chosen.iter().any(|other| other.is_ipv4() == address.is_ipv4()) {
            continue;
        }
        if question.net.has_route(address) {
            chosen.push(address);
        } else {
            unrouted = true;
        }
    }
    let mut seen = Vec::new();
    for address in chosen {
        let session = question.known.session(question, name, address).await;
        let session = session.map(|told| session::observed(&told, name, question, tlsa));
        seen.push(MailServer { address, session });
    }
    let mut listing = Listing::complete(seen);
    if listing.items.is_empty() {
        let failure = if unrouted { Failure::Unreachable } else { Failure::NoAddress };
        listing.incomplete = Some(failure);
    }
    listing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names() {
        for (name, expected) in [
            ("mx.tinhmau.example", true),
            ("mx1-a.tinhmau.example", true),
            ("192.0.2.1", false),
            ("mx", false),
            ("mx_1.tinhmau.example", false),
            ("-mx.tinhmau.example", false),
            ("mx..example", false),
            ("", false),
        ] {
            assert_eq!(is_host_name(name), expected, "{name}");
        }
    }
}
