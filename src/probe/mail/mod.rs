//! Mail of a site's domain: records for every domain, and a few words with its mail servers where the inventory says
//! that mail is used. Asks the run's resolver, the servers behind MX, and the host of an MTA-STS policy; judges nothing.

mod dkim;
mod dmarc;
mod exchangers;
mod known;
mod policy;
mod records;
mod session;
mod spf;

use jiff::Timestamp;

use crate::{
    net::{Net, resolver::Outcome},
    observation::{self, Attempt, DkimKey, Listing, Mail, MtaSts, Skip, TlsRpt},
    target::Selector,
    wire::{bimi::Bimi, tls_rpt},
};

pub use known::Known;

use super::{
    certificate::TrustStore,
    failure::{attempt, cut, untested},
};

/// Whose mail is looked at, and with what.
#[derive(Clone, Copy)]
pub struct Question<'q> {
    /// The run's network.
    pub net: &'q Net,
    /// The site's host.
    pub host: &'q str,
    /// Whether the inventory says that mail is used, so that mail servers are asked.
    pub used: bool,
    /// Selectors of the domain's DKIM keys, as the inventory names them.
    pub selectors: &'q [Selector],
    /// When the site is observed.
    pub at: Timestamp,
    /// The roots that certificates are held against.
    pub trust: &'q TrustStore,
    /// Mail servers that were asked already in this run.
    pub known: &'q Known,
}

/// Everything about the mail of a site's domain. An address has none.
pub async fn mail(question: &Question<'_>) -> Attempt<Mail> {
    let domain = domain(question.host);
    if domain.parse::<std::net::IpAddr>().is_ok() {
        return Attempt::skipped(Skip::DoesNotApply);
    }
    let resolver = question.net.resolver();
    let exchange = Box::pin(exchangers::find(resolver, &domain)).await;
    let exists = Box::pin(exists(question.net, &domain, &exchange)).await;
    // Boxed: each holds many look-ups, and a look-up's state is large.
    let (spf, dmarc, servers, others) = tokio::join!(
        Box::pin(spf::spf(resolver, &domain)),
        Box::pin(dmarc::dmarc(resolver, &domain, &exists)),
        Box::pin(exchangers::look(question, &exchange)),
        Box::pin(others(question, &domain, &exchange)),
    );
    Attempt::Completed(Mail {
        used: question.used,
        exists,
        mx: servers,
        null_mx: exchange.as_ref().map_or_else(untested, |found| Attempt::Completed(found.null)),
        spf,
        dmarc: dmarc.new,
        dmarc_rfc7489: dmarc.old,
        dmarc_repeated_at: dmarc.repeated_at,
        dkim_name: others.dkim_name,
        dkim_keys: others.dkim_keys,
        mta_sts: others.mta_sts,
        tls_rpt: others.tls_rpt,
        bimi: others.bimi,
        domain,
    })
}

/// What says something only of a domain that has mail.
struct Others {
    dkim_name: Attempt<bool>,
    dkim_keys: Attempt<Listing<DkimKey>>,
    mta_sts: Attempt<Option<MtaSts>>,
    tls_rpt: Attempt<Option<TlsRpt>>,
    bimi: Attempt<Option<observation::Bimi>>,
}

/// A domain without mail is not asked: most names of a province have none.
async fn others(question: &Question<'_>, domain: &str, exchange: &exchangers::Exchange) -> Others {
    if !question.used && exchange.as_ref().is_ok_and(|found| found.listed.is_empty()) {
        return Others {
            dkim_name: Attempt::skipped(Skip::DoesNotApply),
            dkim_keys: Attempt::skipped(Skip::DoesNotApply),
            mta_sts: Attempt::skipped(Skip::DoesNotApply),
            tls_rpt: Attempt::skipped(Skip::DoesNotApply),
            bimi: Attempt::skipped(Skip::DoesNotApply),
        };
    }
    let resolver = question.net.resolver();
    let tls_rpt = records::texts(resolver, &format!("_smtp._tls.{domain}")).await;
    let bimi = records::texts(resolver, &format!("default._bimi.{domain}")).await;
    Others {
        dkim_name: records::name_exists(resolver, &format!("_domainkey.{domain}")).await,
        dkim_keys: dkim::keys(resolver, domain, question.selectors).await,
        mta_sts: policy::mta_sts(question, domain, exchange).await,
        tls_rpt: attempt(tls_rpt).map(|texts| reporting(&texts)),
        bimi: attempt(bimi).map(|texts| logo(&texts)),
    }
}

/// The domain whose name people would write into an address: `www.` names no one.
fn domain(host: &str) -> String {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    match host.strip_prefix("www.") {
        // what is left has to be a domain still
        Some(rest) if rest.contains('.') => rest.to_owned(),
        _ => host,
    }
}

/// An address or a mail exchanger (RFC 9989 section 3.2.13).
async fn exists(net: &Net, domain: &str, exchange: &exchangers::Exchange) -> Attempt<bool> {
    if exchange.as_ref().is_ok_and(|found| found.null || !found.listed.is_empty()) {
        return Attempt::Completed(true);
    }
    let (a, aaaa) = net.resolver().addresses(domain).await;
    let found = |answer: &Result<crate::net::resolver::Answer, _>| {
        answer.as_ref().is_ok_and(|answer| answer.outcome == Outcome::Found)
    };
    if found(&a) || found(&aaaa) {
        return Attempt::Completed(true);
    }
    match (exchange, a, aaaa) {
        (Ok(_), Ok(_), Ok(_)) => Attempt::Completed(false),
        (Err(error), ..) => untested(error),
        (_, Err(error), _) | (_, _, Err(error)) => untested(&error),
    }
}

fn reporting(texts: &[Vec<u8>]) -> Option<TlsRpt> {
    let fault = match tls_rpt::reporting(texts) {
        tls_rpt::Reporting::Nothing => return None,
        tls_rpt::Reporting::To(_) => None,
        tls_rpt::Reporting::Broken(why) => Some(why.to_owned()),
    };
    Some(TlsRpt { fault })
}

fn logo(texts: &[Vec<u8>]) -> Option<observation::Bimi> {
    match Bimi::select(texts) {
        Ok(None) => None,
        Ok(Some(bimi)) => Some(observation::Bimi { fault: None, logo: bimi.logo.map(|logo| cut(&logo)) }),
        Err(error) => Some(observation::Bimi { fault: Some(error.to_string()), logo: None }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_of_a_site() {
        for (host, expected) in [
            ("www.tinhmau.example", "tinhmau.example"),
            ("WWW.SoYTe.tinhmau.example.", "soyte.tinhmau.example"),
            ("soyte.tinhmau.example", "soyte.tinhmau.example"),
            ("www.example", "www.example"),
            ("wwwx.tinhmau.example", "wwwx.tinhmau.example"),
        ] {
            assert_eq!(domain(host), expected, "{host}");
        }
    }
}
