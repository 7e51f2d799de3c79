//! The certificate probe's pure part: from the chain a server sent to facts. No socket, no verdict.
//!
//! Every certificate is parsed once (`parsed`) and described on its own (`x509`). `path` walks over names and
//! signatures from the leaf; where the walk reaches a trusted root, `refusal` asks `webpki` whether the path may be
//! used, and only then is a chain trusted.

mod der;
mod distinguished_name;
mod key;
mod md5;
mod names;
mod parsed;
mod path;
mod policies;
mod refusal;
mod signature;
mod trust_store;
mod verify;
mod x509;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

pub use self::trust_store::{TrustStore, TrustStoreError};

use self::parsed::Parsed;
use self::path::Chain;
use crate::observation::{Attempt, Certificate, Failure, Listing, X509, limits};

/// Describes a chain and looks for a path to a trusted root.
///
/// `chain` holds the DER of each certificate as sent, the leaf first; certificates after the leaf that cannot be
/// parsed are left out, and the listing says so. `host` is a DNS name or an IP address. `at` is the moment of
/// observation.
///
/// Fails as malformed where there is no leaf or it cannot be parsed.
pub fn certificate(chain: &[Vec<u8>], host: &str, at: Timestamp, store: &TrustStore) -> Attempt<Certificate> {
    describe(chain, host, at, store).into()
}

fn describe(
    chain: &[Vec<u8>],
    host: &str,
    at: Timestamp,
    store: &TrustStore,
) -> Result<Certificate, Failure> {
    let Some((leaf, sent)) = chain.split_first() else {
        return Err(Failure::Malformed("a certificate message without certificates".to_owned()));
    };
    let (certificates, incomplete) = parse(leaf, sent)?;
    let mut chain = Chain::new(&certificates);
    let mut facts: Vec<X509> = Vec::with_capacity(certificates.len());
    for (index, certificate) in certificates.iter().enumerate() {
        facts.push(x509::describe(certificate, at, chain.is_self_signed(index)));
    }
    // A certificate that could not be read certifies nothing.
    let all_readable = !matches!(incomplete, Some(Failure::Malformed(_)));
    let in_order = all_readable && chain.is_in_order();
    let fault = chain.find_path(store, x509::second(at)).err();
    let mut facts = facts.into_iter();
    let (Some(leaf), Some(parsed)) = (facts.next(), certificates.first()) else {
        return Err(Failure::OurBug("no facts of the leaf".to_owned()));
    };
    let issuers: Vec<X509> = facts.collect();
    Ok(Certificate {
        names_host: names::cover(parsed, host),
        trusted: fault.is_none(),
        fault_detail: fault.as_ref().and_then(|(_, detail)| detail.clone()),
        fault: fault.map(|(fault, _)| fault),
        in_order,
        root_sent: issuers.iter().any(|issuer| issuer.self_signed),
        leaf,
        issuers: Listing { items: issuers, incomplete },
    })
}

/// IANA's name of the curve of a certificate's key; nothing where it has none or cannot be read.
pub(super) fn curve(certificate: &[u8]) -> Option<String> {
    key::public_key(&Parsed::new(certificate).ok()?.x509.tbs_certificate.subject_pki).curve
}

/// The leaf and the issuers that can be parsed, and why some are missing.
fn parse<'a>(leaf: &'a [u8], sent: &'a [Vec<u8>]) -> Result<(Vec<Parsed<'a>>, Option<Failure>), Failure> {
    let mut certificates = vec![Parsed::new(leaf)?];
    let mut incomplete = None;
    for (index, der) in sent.iter().take(limits::CHAIN).enumerate() {
        match Parsed::new(der) {
            Ok(certificate) => certificates.push(certificate),
            Err(failure) if incomplete.is_none() => {
                let place = index.saturating_add(1);
                incomplete = Some(match failure {
                    Failure::Malformed(words) => Failure::Malformed(format!("issuer {place}: {words}")),
                    other => other,
                });
            }
            Err(_) => {}
        }
    }
    if sent.len() > limits::CHAIN {
        let limit = u64::try_from(limits::CHAIN).unwrap_or(u64::MAX);
        incomplete = incomplete.or(Some(Failure::TooLarge { limit }));
    }
    Ok((certificates, incomplete))
}
