//! What is asked of others about a chain, by option: the issuers that a server forgot, and whether the leaf is revoked.
//! Never a fault of the server where nobody answers.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use super::ct_logs::CtLogs;
use super::distinguished_name::{cut, one_line};
use super::download::Downloads;
use super::parsed::Parsed;
use super::path::Chain;
use super::places::{Places, places};
use super::staple::{self, Leaf};
use super::trust_store::TrustStore;
use super::verify::{Check, Signed, verify_signed};
use super::{Sent, describe, parse, x509};
use crate::observation::{
    Attempt, Certificate, ChainFault, Completion, Failure, Freshness, Revocation, RevocationSource,
    RevocationStatus, limits,
};
use crate::wire::crl::Crl;
use crate::wire::der::{self, Reader};
use crate::wire::ocsp;

/// Issuers downloaded for one chain, one above the other.
const DOWNLOADS: u32 = 3;
/// Places asked for one file.
const PLACES: usize = 2;
/// Largest certificate or bundle of them, in octets.
const CERTIFICATE_LIMIT: usize = 64 * 1024;
/// Largest list of revoked certificates, in octets.
const LIST_LIMIT: usize = 3 << 20;
/// Certificates taken of one bundle.
const BUNDLE: usize = 10;

/// What may be looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LookUps {
    /// Issuers that were not sent.
    pub issuers: bool,
    /// Whether the leaf is revoked.
    pub revocation: bool,
}

/// Fills in what [`super::certificate`] leaves open: `completion`, `revocation`, and what needed an issuer that was not
/// sent. Whether the chain as sent is trusted stays as it was.
pub async fn look_up(
    found: &mut Certificate,
    sent: &Sent<'_>,
    host: &str,
    at: Timestamp,
    store: &TrustStore,
    wanted: LookUps,
    downloads: &Downloads,
) {
    let mut chain = sent.chain.to_vec();
    if wanted.issuers {
        let completed = if found.fault == Some(ChainFault::MissingIntermediate) {
            complete(&mut chain, sent, host, at, store, downloads).await
        } else {
            Attempt::Completed(None)
        };
        found.completion = completed.map(|completed| {
            let (completion, whole) = completed?;
            found.scts = whole.scts;
            found.staple = whole.staple;
            found.revocation = whole.revocation;
            Some(completion)
        });
    }
    let known = matches!(&found.revocation, Attempt::Completed(Some(known)) if known.status != RevocationStatus::Unknown);
    if wanted.revocation && !known {
        found.revocation = revocation(&chain, store, x509::second(at), downloads).await;
    }
}

/// Downloads issuers until a path is found; what was downloaded stands in `chain` then. With it, the facts of the chain
/// that came of it.
async fn complete(
    chain: &mut Vec<Vec<u8>>,
    sent: &Sent<'_>,
    host: &str,
    at: Timestamp,
    store: &TrustStore,
    downloads: &Downloads,
) -> Attempt<Option<(Completion, Certificate)>> {
    let mut tried: Vec<String> = Vec::new();
    let mut first: Option<(String, String)> = None;
    for count in 1..=DOWNLOADS {
        let urls: Vec<String> =
            missing_from(chain, store).into_iter().filter(|url| !tried.contains(url)).collect();
        let Some((url, file)) = (match first_of(&urls, CERTIFICATE_LIMIT, downloads).await {
            Ok(found) => found,
            Err(why) => return why,
        }) else {
            return Attempt::Completed(None);
        };
        tried.push(url.clone());
        let issuers = certificates_in(&file);
        if issuers.is_empty() {
            return Attempt::failed(Failure::Malformed("a download that is no certificate".to_owned()));
        }
        if first.is_none() {
            let subject = issuers.first().and_then(|der| Parsed::new(der).ok());
            let subject = subject.map_or_else(String::new, |issuer| one_line(issuer.x509.subject()));
            first = Some((url, subject));
        }
        chain.extend(issuers);
        let whole = Sent { chain, staple: sent.staple.clone() };
        match (describe(&whole, host, at, store, CtLogs::shipped()), &first) {
            (Ok(found), Some((url, subject))) if found.trusted => {
                let (url, subject) = (cut(url.clone()), subject.clone());
                return Attempt::Completed(Some((Completion { url, subject, downloads: count }, found)));
            }
            (Ok(found), _) if found.fault == Some(ChainFault::MissingIntermediate) => {}
            _ => return Attempt::Completed(None),
        }
    }
    Attempt::Completed(None)
}

/// The first of these places that has the file; `Ok(None)` where there is no place at all.
async fn first_of<T>(
    urls: &[String],
    limit: usize,
    downloads: &Downloads,
) -> Result<Option<(String, std::sync::Arc<[u8]>)>, Attempt<T>> {
    let mut why = None;
    for url in urls.iter().take(PLACES) {
        match downloads.get(url, limit).await {
            Attempt::Completed(file) => return Ok(Some((url.clone(), file))),
            Attempt::Failed { failed } => why = why.or(Some(Attempt::failed(failed))),
            Attempt::Skipped { skipped } => why = why.or(Some(Attempt::skipped(skipped))),
        }
    }
    why.map_or(Ok(None), Err)
}

/// Where the issuers are offered at which the ways from the leaf end.
fn missing_from(chain: &[Vec<u8>], store: &TrustStore) -> Vec<String> {
    let Some((leaf, others)) = chain.split_first() else { return Vec::new() };
    let Ok((certificates, _)) = parse(leaf, others) else { return Vec::new() };
    let ends = Chain::new(&certificates).ends(store);
    ends.into_iter().filter_map(|end| certificates.get(end)).flat_map(|end| places(end).issuers).collect()
}

/// The certificates of a download: one as DER or PEM, or a bundle of them (RFC 5280 section 4.2.2.1).
fn certificates_in(file: &[u8]) -> Vec<Vec<u8>> {
    if Parsed::new(file).is_ok() {
        return vec![file.to_vec()];
    }
    if let Ok(der) = CertificateDer::from_pem_slice(file) {
        return vec![der.to_vec()];
    }
    bundle(file).unwrap_or_default()
}

/// The certificates of a PKCS #7 `SignedData` without signatures (RFC 5652 section 5.1).
fn bundle(file: &[u8]) -> Option<Vec<Vec<u8>>> {
    /// `id-signedData`, 1.2.840.113549.1.7.2.
    const SIGNED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
    let mut outer = Reader::new(der::contents(file, der::SEQUENCE)?);
    outer.take(der::OBJECT_IDENTIFIER).filter(|kind| kind.contents == SIGNED_DATA)?;
    let data = outer.take(der::constructed(0))?;
    let mut data = Reader::new(der::contents(data.contents, der::SEQUENCE)?);
    // Version, hashes, and what would be signed.
    data.take(der::INTEGER)?;
    data.any()?;
    data.take(der::SEQUENCE)?;
    let certificates = data.take(der::constructed(0))?;
    der::elements(certificates.contents).take(BUNDLE).map(|element| Some(element?.whole.to_vec())).collect()
}

/// Asks the issuer's responder, and where that does not help its list.
async fn revocation(
    chain: &[Vec<u8>],
    store: &TrustStore,
    at: i64,
    downloads: &Downloads,
) -> Attempt<Option<Revocation>> {
    let question = match Question::new(chain, store) {
        Ok(question) => question,
        Err(failure) => return Attempt::failed(failure),
    };
    let mut why: Option<Attempt<Option<Revocation>>> = None;
    for url in question.places.ocsp.iter().take(PLACES) {
        let answer = downloads.get(&question.ocsp_url(url), ocsp::RESPONSE_LIMIT).await;
        let answer = answer.and_then(|response| question.read_response(url, &response, at).into());
        match answer {
            Attempt::Completed(found) if found.status != RevocationStatus::Unknown => {
                return Attempt::Completed(Some(found));
            }
            other => why = why.or(Some(other.map(Some))),
        }
    }
    for url in question.places.lists.iter().take(PLACES) {
        let list = downloads.get(url, LIST_LIMIT).await;
        match list.and_then(|list| question.read_list(url, &list, at).into()) {
            Attempt::Completed(found) => return Attempt::Completed(Some(found)),
            other => why = why.or(Some(other.map(Some))),
        }
    }
    // A certificate that names nobody to ask.
    why.unwrap_or(Attempt::Completed(None))
}

/// The certificate that is asked about.
struct Question<'c> {
    leaf: Parsed<'c>,
    issuer_key: Vec<u8>,
    places: Places,
}

impl<'c> Question<'c> {
    fn new(chain: &'c [Vec<u8>], store: &TrustStore) -> Result<Self, Failure> {
        let unknown =
            || Failure::Unsupported("revocation of a certificate whose issuer is not known".to_owned());
        let (leaf, others) = chain.split_first().ok_or_else(unknown)?;
        let (certificates, _) = parse(leaf, others)?;
        let issuer_key = Chain::new(&certificates).key_of_issuer(store).ok_or_else(unknown)?;
        let leaf = certificates.into_iter().next().ok_or_else(unknown)?;
        Ok(Self { places: places(&leaf), leaf, issuer_key })
    }

    /// The request as part of a URL (RFC 6960 appendix A.1).
    fn ocsp_url(&self, url: &str) -> String {
        let key = staple::key_octets(&self.issuer_key).unwrap_or_default();
        let x509 = &self.leaf.x509;
        let request = ocsp::request(x509.issuer().as_raw(), &key, x509.raw_serial());
        let mut out = format!("{}/", url.trim_end_matches('/'));
        for octet in STANDARD.encode(request).bytes() {
            match octet {
                b'+' | b'/' | b'=' => {
                    let _ = write!(out, "%{octet:02X}");
                }
                _ => out.push(char::from(octet)),
            }
        }
        out
    }

    fn read_response(&self, url: &str, response: &[u8], at: i64) -> Result<Revocation, Failure> {
        let leaf = Leaf { certificate: &self.leaf, issuer_key: Some(&self.issuer_key) };
        let (answer, _) = staple::describe(response, leaf, at)?;
        staple::revocation(&answer, RevocationSource::Ocsp, Some(cut(url.to_owned())))
            .ok_or_else(|| Failure::Malformed("an OCSP response that cannot be relied on".to_owned()))
    }

    fn read_list(&self, url: &str, list: &[u8], at: i64) -> Result<Revocation, Failure> {
        let unreliable = |words: &str| Failure::Malformed(format!("a list of revoked certificates {words}"));
        // Some offer theirs as PEM.
        let armoured = rustls::pki_types::CertificateRevocationListDer::from_pem_slice(list).ok();
        let list = armoured.as_ref().map_or(list, AsRef::as_ref);
        let crl = Crl::parse(list).map_err(|error| Failure::Malformed(error.to_string()))?;
        if crl.issuer != self.leaf.issuer {
            return Err(unreliable("of another issuer"));
        }
        let places = &crl.scope.places;
        if crl.scope.no_end_entities || !places.is_empty() && !places.contains(&url.as_bytes()) {
            return Err(unreliable("that is not about this certificate"));
        }
        if staple::freshness(crl.this_update, crl.next_update, at) != Freshness::Current {
            return Err(unreliable("that is out of date"));
        }
        let broken = || unreliable("that does not follow its encoding");
        let (_, key) = SubjectPublicKeyInfo::from_der(&self.issuer_key).map_err(|_| broken())?;
        let (_, algorithm) = AlgorithmIdentifier::from_der(crl.algorithm).map_err(|_| broken())?;
        let signed = Signed { algorithm: &algorithm, message: crl.signed, signature: crl.signature };
        match verify_signed(signed, &key) {
            Check::Verified => {}
            Check::Failed => return Err(unreliable("that its issuer did not sign")),
            Check::Unsupported => {
                return Err(Failure::Unsupported(
                    "the signature of a list of revoked certificates".to_owned(),
                ));
            }
        }
        let entry = crl.find(self.leaf.x509.raw_serial()).map_err(|_| broken())?;
        // «removeFromCRL» is an entry of deltas, and takes a hold back.
        let entry = entry.filter(|entry| entry.reason != Some(8));
        Ok(Revocation {
            status: if entry.is_some() { RevocationStatus::Revoked } else { RevocationStatus::Good },
            source: RevocationSource::Crl,
            url: Some(cut(url.chars().take(limits::TEXT).collect())),
            as_of: staple::moment(crl.this_update)?,
            revoked_at: entry.map(|entry| staple::moment(entry.at)).transpose()?,
            reason: entry.and_then(|entry| ocsp::reason_name(entry.reason?)).map(str::to_owned),
        })
    }
}
