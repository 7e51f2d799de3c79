//! The certificate probe: from the chain a server sent to facts. No verdict.
//!
//! Every certificate is parsed once (`parsed`) and described on its own (`x509`). `path` walks over names and
//! signatures from the leaf; where the walk reaches a trusted root, `refusal` asks `webpki` whether the path may be
//! used, and only then is a chain trusted. What is looked up elsewhere (`look_up`), by option, has sockets of `net`.

mod ct_logs;
mod distinguished_name;
mod download;
mod key;
mod look_up;
mod names;
mod other;
mod parsed;
mod path;
mod places;
mod policies;
mod purpose;
mod refusal;
mod roca;
mod signature;
mod staple;
mod timestamps;
mod trust_store;
mod verify;
mod x509;

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod trust_tests;

use jiff::Timestamp;

pub use self::download::Downloads;
pub use self::look_up::{LookUps, look_up};
pub use self::other::{Other, agree, other};
pub use self::trust_store::{TrustStore, TrustStoreError};

use self::ct_logs::CtLogs;
use self::parsed::Parsed;
use self::path::Chain;
use self::staple::Leaf;
use crate::observation::{
    Attempt, Certificate, Failure, Listing, RevocationSource, Skip, Staple, X509, limits,
};

/// What a server sent in its handshake.
#[derive(Clone, Debug)]
pub struct Sent<'s> {
    /// DER of each certificate, the leaf first.
    pub chain: &'s [Vec<u8>],
    /// The stapled OCSP response, DER; absent where none was sent.
    pub staple: Attempt<Option<&'s [u8]>>,
}

impl<'s> Sent<'s> {
    /// Certificates of which nobody asked for a staple.
    pub fn chain_alone(chain: &'s [Vec<u8>]) -> Self {
        Self { chain, staple: Attempt::skipped(Skip::NotRequested) }
    }
}

/// Describes a chain and looks for a path to a trusted root.
///
/// Certificates after the leaf that cannot be parsed are left out, and the listing says so. `host` is a DNS name or an
/// IP address. `at` is the moment of observation. Nothing is looked up: `completion` is skipped, and `revocation` is
/// what a staple says.
///
/// Fails as malformed where there is no leaf or it cannot be parsed.
pub fn certificate(sent: &Sent<'_>, host: &str, at: Timestamp, store: &TrustStore) -> Attempt<Certificate> {
    describe(sent, host, at, store, CtLogs::shipped()).into()
}

fn describe(
    sent: &Sent<'_>,
    host: &str,
    at: Timestamp,
    store: &TrustStore,
    logs: &CtLogs,
) -> Result<Certificate, Failure> {
    let Some((leaf, others)) = sent.chain.split_first() else {
        return Err(Failure::Malformed("a certificate message without certificates".to_owned()));
    };
    let (certificates, incomplete) = parse(leaf, others)?;
    let second = x509::second(at);
    let mut chain = Chain::new(&certificates);
    let mut facts: Vec<X509> = Vec::with_capacity(certificates.len());
    for (index, certificate) in certificates.iter().enumerate() {
        facts.push(x509::describe(certificate, at, chain.is_self_signed(index)));
    }
    // A certificate that could not be read certifies nothing.
    let all_readable = !matches!(incomplete, Some(Failure::Malformed(_)));
    let in_order = all_readable && chain.is_in_order();
    let issuer_key = chain.key_of_issuer(store);
    let fault = chain.find_path(store, second).err();
    let publicly_trusted = fault.is_none() && is_public(&mut chain, store, second);
    let mut facts = facts.into_iter();
    let (Some(leaf), Some(parsed)) = (facts.next(), certificates.first()) else {
        return Err(Failure::OurBug("no facts of the leaf".to_owned()));
    };
    let issuers: Vec<X509> = facts.collect();
    let of_leaf = Leaf { certificate: parsed, issuer_key: issuer_key.as_deref() };
    let (staple, stapled_timestamps) = describe_staple(&sent.staple, of_leaf, second);
    let (kind, detail) = fault.map_or((None, None), |(kind, detail)| (Some(kind), detail));
    let (misuse, fault_detail) = detail.map_or((None, None), |(misuse, words)| (Some(misuse), Some(words)));
    Ok(Certificate {
        names_host: names::cover(parsed, host),
        trusted: kind.is_none(),
        publicly_trusted,
        fault_detail,
        misuse,
        fault: kind,
        in_order,
        root_sent: issuers.iter().any(|issuer| issuer.self_signed),
        completion: Attempt::skipped(Skip::NotRequested),
        revocation: Attempt::Completed(
            staple
                .completed()
                .and_then(Option::as_ref)
                .and_then(|staple| staple::revocation(staple, RevocationSource::Staple, None)),
        ),
        staple,
        scts: timestamps::describe(of_leaf, stapled_timestamps, logs),
        ct_logs_of: logs.day.clone(),
        leaf,
        issuers: Listing { items: issuers, incomplete },
    })
}

/// Whether a path leads to a root of Mozilla's programme too.
fn is_public(chain: &mut Chain<'_, '_>, store: &TrustStore, at: i64) -> bool {
    store.public_part().is_none_or(|public| chain.find_path(&public, at).is_ok())
}

fn describe_staple<'s>(
    staple: &Attempt<Option<&'s [u8]>>,
    leaf: Leaf<'_, '_>,
    at: i64,
) -> (Attempt<Option<Staple>>, Option<&'s [u8]>) {
    let der = match staple {
        Attempt::Completed(Some(der)) => *der,
        other => return (other.clone().map(|_| None), None),
    };
    match staple::describe(der, leaf, at) {
        Ok((staple, timestamps)) => (Attempt::Completed(Some(staple)), timestamps),
        Err(failure) => (Attempt::failed(failure), None),
    }
}

/// IANA's name of the curve of a certificate's key; nothing where it has none or cannot be read.
pub(super) fn curve(certificate: &[u8]) -> Option<String> {
    key::public_key(&Parsed::new(certificate).ok()?.x509.tbs_certificate.subject_pki).curve
}

/// Whether a certificate demands that its server staples (RFC 7633).
pub(super) fn demands_staple(certificate: &[u8]) -> bool {
    Parsed::new(certificate).is_ok_and(|parsed| purpose::must_staple(&parsed))
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
