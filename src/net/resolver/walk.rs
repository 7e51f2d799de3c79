//! Why an answer is bogus: our own walk from the answer up to the root, which must find a fault before «bogus» is said.
//! Finds faults only; that it finds none proves nothing.

use std::sync::Arc;

use hickory_proto::{
    dnssec::{
        Verifier as _,
        rdata::{DNSKEY, DNSSECRData, DS, RRSIG},
    },
    op::DnsResponse,
    rr::{Name, RData, Record, RecordType},
};

use super::{
    Upstream,
    anchor::{dnskey, names},
    exchange::Question,
    validate::is_answer,
};

/// Zones between an answer and the root; names have at most 127 labels, real ones under ten cuts.
const MOST_ZONES: usize = 20;
/// `RRset`s of one answer that are looked at.
const MOST_RRSETS: usize = 20;
/// Signatures of one `RRset`, and keys of one zone, that are tried: a crafted answer must not cost us hours.
const MOST_TRIES: usize = 16;

/// What is wrong in the chain of trust.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No RRSIG over data of a zone whose parent holds a DS.
    #[error("{owner} {record_type} is not signed although zone {zone} has a DS")]
    SignatureMissing {
        /// Owner of the data.
        owner: String,
        /// Type of the data.
        record_type: String,
        /// The signed zone it belongs to.
        zone: String,
    },
    /// All signatures are past their expiration.
    #[error("the signature over {owner} {record_type} expired at {expiration} (Unix time)")]
    SignatureExpired {
        /// Owner of the data.
        owner: String,
        /// Type of the data.
        record_type: String,
        /// The RRSIG's expiration, seconds since 1970 modulo 2^32.
        expiration: u32,
    },
    /// All signatures lie before their inception.
    #[error("the signature over {owner} {record_type} is valid only from {inception} (Unix time)")]
    SignatureNotYetValid {
        /// Owner of the data.
        owner: String,
        /// Type of the data.
        record_type: String,
        /// The RRSIG's inception, seconds since 1970 modulo 2^32.
        inception: u32,
    },
    /// The zone shows no key that the signature names.
    #[error("zone {zone} has no DNSKEY {key_tag} that signed {owner} {record_type}")]
    KeyMissing {
        /// Owner of the data.
        owner: String,
        /// Type of the data.
        record_type: String,
        /// The signer.
        zone: String,
        /// The tag the RRSIG names.
        key_tag: u16,
    },
    /// The signature does not verify.
    #[error("the signature over {owner} {record_type} does not match DNSKEY {key_tag} of {zone}")]
    SignatureWrong {
        /// Owner of the data.
        owner: String,
        /// Type of the data.
        record_type: String,
        /// The signer.
        zone: String,
        /// The key's tag.
        key_tag: u16,
    },
    /// The parent has a DS, the zone shows no DNSKEY.
    #[error("the parent has a DS for {zone}, the zone has no DNSKEY")]
    DnskeyMissing {
        /// The zone.
        zone: String,
    },
    /// No DNSKEY of the zone matches any DS of the parent.
    #[error("no DNSKEY of {zone} matches a DS in its parent")]
    DsMismatch {
        /// The zone.
        zone: String,
    },
    /// A signed zone says that something does not exist and proves it with nothing.
    #[error("zone {zone} is signed and denies {name} without an NSEC or NSEC3 record")]
    DenialMissing {
        /// The zone.
        zone: String,
        /// What was asked for.
        name: String,
    },
}

/// The first fault on the way from this answer to the root.
pub(super) async fn fault(
    upstream: &Arc<Upstream>,
    question: &Question,
    response: &DnsResponse,
) -> Option<Fault> {
    let now = u32::try_from(jiff::Timestamp::now().as_second().rem_euclid(1 << 32)).unwrap_or(0);
    let walk = Walk { upstream, now };
    let positive = !response.answers.is_empty();
    let section = if positive { &response.answers } else { &response.authorities };
    let mut seen: Vec<(&Name, RecordType)> = Vec::new();
    for record in section.iter().filter(|record| record.record_type() != RecordType::RRSIG) {
        let key = (&record.name, record.record_type());
        if seen.contains(&key) || seen.len() >= MOST_RRSETS {
            continue;
        }
        seen.push(key);
        if let Some(fault) = walk.rrset_and_up(key.0, key.1, section).await {
            return Some(fault);
        }
    }
    if positive {
        return None;
    }
    let denied = seen.iter().any(|(_, kind)| matches!(kind, RecordType::NSEC | RecordType::NSEC3));
    match seen.iter().find(|(_, kind)| *kind == RecordType::SOA) {
        Some((zone, _)) if !denied && walk.has_ds(zone).await => Some(Fault::DenialMissing {
            zone: zone.to_ascii(),
            name: format!("{} {}", question.name.to_ascii(), question.record_type),
        }),
        _ => None,
    }
}

struct Walk<'a> {
    upstream: &'a Arc<Upstream>,
    now: u32,
}

impl Walk<'_> {
    /// The `RRset` itself, then its zone, then each parent: a loop, never a recursion.
    async fn rrset_and_up(&self, owner: &Name, kind: RecordType, section: &[Record]) -> Option<Fault> {
        let mut zone = match self.rrset(owner, kind, section).await {
            Err(fault) => return Some(fault),
            Ok(None) => return self.unsigned(owner, kind).await,
            Ok(Some(zone)) => zone,
        };
        for _ in 0..MOST_ZONES {
            if zone.is_root() {
                return None;
            }
            zone = match self.zone(&zone).await {
                Err(fault) => return Some(fault),
                Ok(None) => return None,
                Ok(Some(parent)) => parent,
            };
        }
        None
    }

    /// One zone against its parent: DS names a key, that key signs the keys, the DS is signed by the parent.
    /// `Ok(Some(parent))`: no fault here. `Ok(None)`: cannot tell, or the zone has no DS and is insecure.
    async fn zone(&self, zone: &Name) -> Result<Option<Name>, Fault> {
        let Some(ds_answer) = self.ask(zone, RecordType::DS).await else { return Ok(None) };
        let digests: Vec<&DS> = ds_answer.answers.iter().filter_map(ds).collect();
        if digests.is_empty() {
            return Ok(None);
        }
        let Some(key_answer) = self.ask(zone, RecordType::DNSKEY).await else { return Ok(None) };
        let keys: Vec<&DNSKEY> = key_answer.answers.iter().filter_map(dnskey).take(MOST_TRIES).collect();
        if keys.is_empty() {
            return Err(Fault::DnskeyMissing { zone: zone.to_ascii() });
        }
        if !digests.iter().any(|ds| ds.algorithm().is_supported() && ds.digest_type().is_supported()) {
            // RFC 4035 section 5.2: a zone signed only by what we do not know counts as unsigned.
            return Ok(None);
        }
        let entry = |key: &DNSKEY| digests.iter().any(|ds| names(ds, zone, key));
        if !keys.iter().any(|key| entry(key)) {
            return Err(Fault::DsMismatch { zone: zone.to_ascii() });
        }
        let entries: Vec<&DNSKEY> = keys.iter().copied().filter(|key| entry(key)).collect();
        self.signed(zone, RecordType::DNSKEY, &key_answer.answers, zone, &entries)?;
        self.rrset(zone, RecordType::DS, &ds_answer.answers).await
    }

    /// One `RRset` against the keys of its signer, whatever those are worth. `Ok(None)`: it is not signed, or we
    /// cannot tell.
    async fn rrset(&self, owner: &Name, kind: RecordType, section: &[Record]) -> Result<Option<Name>, Fault> {
        let Some(signer) = signatures(owner, kind, section)
            .map(|signature| signature.input().signer_name.clone())
            .find(|signer| signer.zone_of(owner))
        else {
            return Ok(None);
        };
        let Some(key_answer) = self.ask(&signer, RecordType::DNSKEY).await else { return Ok(Some(signer)) };
        let keys: Vec<&DNSKEY> = key_answer.answers.iter().filter_map(dnskey).take(MOST_TRIES).collect();
        if keys.is_empty() {
            // The zone's own turn says whether its keys should be there.
            return Ok(Some(signer));
        }
        self.signed(owner, kind, section, &signer, &keys)?;
        Ok(Some(signer))
    }

    /// Whether any signature by `signer` over the `RRset` verifies now with any of the keys.
    fn signed(
        &self,
        owner: &Name,
        kind: RecordType,
        section: &[Record],
        signer: &Name,
        keys: &[&DNSKEY],
    ) -> Result<(), Fault> {
        let (owner_text, kind_text, zone) = (owner.to_ascii(), kind.to_string(), signer.to_ascii());
        let rrset = || section.iter().filter(|r| r.record_type() == kind && r.name == *owner);
        let mut worst: Option<Fault> = None;
        for signature in signatures(owner, kind, section)
            .filter(|signature| signature.input().signer_name == *signer)
            .take(MOST_TRIES)
        {
            let input = signature.input();
            if !input.algorithm.is_supported() {
                return Ok(());
            }
            let fault = if after(self.now, input.sig_expiration.get()) {
                Fault::SignatureExpired {
                    owner: owner_text.clone(),
                    record_type: kind_text.clone(),
                    expiration: input.sig_expiration.get(),
                }
            } else if after(input.sig_inception.get(), self.now) {
                Fault::SignatureNotYetValid {
                    owner: owner_text.clone(),
                    record_type: kind_text.clone(),
                    inception: input.sig_inception.get(),
                }
            } else {
                let named: Vec<&&DNSKEY> = keys
                    .iter()
                    .filter(|key| {
                        key.zone_key()
                            && key.algorithm() == input.algorithm
                            && key.calculate_key_tag().is_ok_and(|tag| tag == input.key_tag)
                    })
                    .collect();
                let good = |key: &&&DNSKEY| {
                    let class = hickory_proto::rr::DNSClass::IN;
                    key.verify_rrsig(owner, class, signature, rrset()).is_ok()
                };
                if named.iter().any(good) {
                    return Ok(());
                }
                let (owner, record_type) = (owner_text.clone(), kind_text.clone());
                let (zone, key_tag) = (zone.clone(), input.key_tag);
                if named.is_empty() {
                    Fault::KeyMissing { owner, record_type, zone, key_tag }
                } else {
                    Fault::SignatureWrong { owner, record_type, zone, key_tag }
                }
            };
            worst.get_or_insert(fault);
        }
        Err(worst.unwrap_or(Fault::SignatureMissing { owner: owner_text, record_type: kind_text, zone }))
    }

    /// Unsigned data is a fault where the closest enclosing zone has a DS.
    async fn unsigned(&self, owner: &Name, kind: RecordType) -> Option<Fault> {
        let mut name = owner.clone();
        for _ in 0..MOST_ZONES {
            if name.is_root() {
                return None;
            }
            let is_zone = self
                .ask(&name, RecordType::SOA)
                .await?
                .answers
                .iter()
                .any(|record| record.record_type() == RecordType::SOA && record.name == name);
            if is_zone {
                if !self.has_ds(&name).await {
                    return None;
                }
                // The zone's own fault explains more than the missing signature.
                return Some(self.zone(&name).await.err().unwrap_or_else(|| Fault::SignatureMissing {
                    owner: owner.to_ascii(),
                    record_type: kind.to_string(),
                    zone: name.to_ascii(),
                }));
            }
            name = name.base_name();
        }
        None
    }

    async fn has_ds(&self, zone: &Name) -> bool {
        zone.is_root()
            || self.ask(zone, RecordType::DS).await.is_some_and(|answer| {
                answer.answers.iter().filter_map(ds).any(|ds| ds.algorithm().is_supported())
            })
    }

    async fn ask(&self, name: &Name, record_type: RecordType) -> Option<Arc<DnsResponse>> {
        let question = Question { name: name.to_lowercase(), record_type, checking_disabled: true };
        self.upstream.ask(&question).await.ok().filter(|response| is_answer(response))
    }
}

/// `a` later than `b` in serial arithmetic (RFC 4034 section 3.1.5, RFC 1982).
fn after(a: u32, b: u32) -> bool {
    a != b && a.wrapping_sub(b) < 1 << 31
}

fn ds(record: &Record) -> Option<&DS> {
    match &record.data {
        RData::DNSSEC(DNSSECRData::DS(ds)) => Some(ds),
        _ => None,
    }
}

/// The RRSIG records over one `RRset`.
fn signatures<'a>(
    owner: &'a Name,
    kind: RecordType,
    section: &'a [Record],
) -> impl Iterator<Item = &'a RRSIG> + 'a {
    section.iter().filter(move |record| record.name == *owner).filter_map(move |record| match &record.data {
        RData::DNSSEC(DNSSECRData::RRSIG(signature)) if signature.input().type_covered == kind => {
            Some(signature)
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_time_wraps() {
        assert!(after(2, 1));
        assert!(!after(1, 2));
        assert!(!after(1, 1));
        assert!(after(5, u32::MAX - 5));
        assert!(!after(u32::MAX - 5, 5));
    }
}
