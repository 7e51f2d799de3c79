//! DNSSEC beyond the addresses: each record set's status with its reason, the zone's keys, signatures and parameters.
//! Asks only the run's resolver, which validates; decides nothing.

use jiff::Timestamp;

use super::{Lookup, cut, untested};
use crate::{
    net::{
        Error, Resolver,
        resolver::{
            Answer, Fault, Name, Outcome, RData, RecordType, Security,
            dnssec::{
                Algorithm, DigestType, PublicKey as _,
                rdata::{CDNSKEY, CDS, DNSKEY, DNSSECRData, DS, NSEC3PARAM, RRSIG},
            },
            names_key, rooted,
        },
    },
    observation::{
        Attempt, DnsKey, DnssecStatus, Ds, Failure, Listing, Nsec3, RecordSet, Signature, Signing, Why,
        limits,
    },
    wire::der::bit_length,
};

/// How far a look-up's answer can be believed.
pub(super) fn status(lookup: &Lookup) -> Attempt<DnssecStatus> {
    match lookup {
        Err(error) => untested(error),
        Ok(answer) => match answer.security {
            Security::Bogus => Attempt::Completed(DnssecStatus::Bogus),
            Security::Insecure => Attempt::Completed(DnssecStatus::Insecure),
            Security::Secure => Attempt::Completed(DnssecStatus::Secure),
            Security::Indeterminate => {
                let why = answer.detail.as_deref().unwrap_or("the answers do not suffice");
                Attempt::failed(Failure::Indeterminate(cut(why)))
            }
        },
    }
}

/// One record set's status and why. `unsupported`: the zone has DS records, all of algorithms that are not known.
pub(super) fn record_set(name: &str, kind: RecordType, lookup: &Lookup, unsupported: bool) -> RecordSet {
    let (present, why, detail) = match lookup {
        Err(error) => (untested(error), None, None),
        Ok(answer) => {
            let why = match (answer.security, &answer.fault) {
                (Security::Bogus, Some(fault)) => Some(why(fault)),
                (Security::Insecure, _) if unsupported => Some(Why::UnsupportedAlgorithm),
                (Security::Insecure, _) => Some(Why::Unsigned),
                _ => None,
            };
            let detail = answer.detail.as_deref().filter(|_| answer.security == Security::Bogus).map(cut);
            (Attempt::Completed(answer.outcome == Outcome::Found), why, detail)
        }
    };
    RecordSet { name: name.to_owned(), kind: kind.to_string(), present, status: status(lookup), why, detail }
}

fn why(fault: &Fault) -> Why {
    match fault {
        Fault::SignatureMissing { .. } => Why::MissingSignature,
        Fault::SignatureExpired { .. } => Why::Expired,
        Fault::SignatureNotYetValid { .. } => Why::NotYetValid,
        Fault::KeyMissing { .. } => Why::KeyMissing,
        Fault::SignatureWrong { .. } => Why::BadSignature,
        Fault::DnskeyMissing { .. } => Why::DsWithoutKey,
        Fault::DsMismatch { .. } => Why::NoDsMatch,
        Fault::DenialMissing { .. } => Why::MissingDenial,
    }
}

/// How a zone is signed. `soa` and `ns` are the answers for those types at its apex.
pub(super) async fn signing(
    resolver: &Resolver,
    zone: &str,
    at: Timestamp,
    soa: &Lookup,
    ns: &Lookup,
) -> (Signing, Lookup) {
    let (ds, keys) =
        tokio::join!(resolver.lookup(zone, RecordType::DS), resolver.lookup(zone, RecordType::DNSKEY));
    let shown: Vec<&DNSKEY> = keys.iter().flat_map(Answer::data).collect();
    let apex = rooted(zone);
    let matches = |ds: &DS| match (&keys, &apex) {
        (Ok(_), Ok(apex)) => Attempt::Completed(shown.iter().any(|key| names_key(ds, apex, key))),
        (Err(error), _) | (_, Err(error)) => untested(error),
    };
    let described = ds.iter().flat_map(Answer::data::<DS>).map(|ds| Ds {
        text: format!(
            "DS {}, algorithm {}, digest {}",
            ds.key_tag(),
            u8::from(ds.algorithm()),
            u8::from(ds.digest_type())
        ),
        key_tag: ds.key_tag(),
        algorithm: ds.algorithm().into(),
        digest_type: ds.digest_type().into(),
        matches: matches(ds),
    });
    let described = Listing::capped(described, limits::DNSSEC_KEYS);
    let (nsec3, child_ds_agrees) = if shown.is_empty() {
        match &keys {
            Ok(_) => (Attempt::Completed(None), Attempt::Completed(None)),
            Err(error) => (untested(error), untested(error)),
        }
    } else {
        tokio::join!(nsec3(resolver, zone), child_ds(resolver, zone, &shown))
    };
    let signing = Signing {
        ds: listed(&ds, described),
        keys: listed(&keys, Listing::capped(shown.iter().copied().map(key), limits::DNSSEC_KEYS)),
        signatures: signatures(at, &[soa, ns, &keys]),
        nsec3,
        child_ds_agrees,
    };
    (signing, keys)
}

/// Whether there are DS records, and none that a validator could follow.
pub(super) fn all_unsupported(signing: &Signing) -> bool {
    signing.ds.completed().is_some_and(|ds| {
        !ds.items.is_empty()
            && !ds.items.iter().any(|ds| {
                Algorithm::from_u8(ds.algorithm).is_supported()
                    && DigestType::from(ds.digest_type).is_supported()
            })
    })
}

fn listed<T>(lookup: &Lookup, listing: Listing<T>) -> Attempt<Listing<T>> {
    match lookup {
        Ok(_) => Attempt::Completed(listing),
        Err(error) => untested(error),
    }
}

fn key(key: &DNSKEY) -> DnsKey {
    let algorithm: u8 = key.public_key().algorithm().into();
    let key_tag = key.calculate_key_tag().unwrap_or(0);
    // RSAMD5, RSASHA1, RSASHA1-NSEC3-SHA1, RSASHA256, RSASHA512
    let rsa = matches!(algorithm, 1 | 5 | 7 | 8 | 10);
    let rsa_bits = rsa.then(|| rsa_bits(key.public_key().public_bytes())).flatten();
    let bits = rsa_bits.map(|bits| format!(", {bits} bits")).unwrap_or_default();
    DnsKey {
        text: format!("DNSKEY {key_tag}, algorithm {algorithm}{bits}"),
        key_tag,
        algorithm,
        rsa_bits,
        secure_entry_point: key.secure_entry_point(),
    }
}

/// The length of the modulus in an RSA key (RFC 3110 section 2): the exponent's length in one octet, or in two after
/// a zero, then exponent and modulus.
fn rsa_bits(key: &[u8]) -> Option<u32> {
    let (first, rest) = key.split_first()?;
    let (length, rest) = match *first {
        0 => {
            let (two, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*two)), rest)
        }
        one => (usize::from(one), rest),
    };
    bit_length(rest.get(length..)?).filter(|bits| *bits > 0)
}

fn signatures(at: Timestamp, sets: &[&Lookup]) -> Attempt<Listing<Signature>> {
    let mut all = Vec::new();
    for lookup in sets {
        match lookup {
            Err(error) => return untested(error),
            Ok(answer) => all.extend(answer.signatures.iter().filter_map(|record| match &record.data {
                RData::DNSSEC(DNSSECRData::RRSIG(signature)) => signed(at, signature),
                _ => None,
            })),
        }
    }
    Attempt::Completed(Listing::capped(all, limits::DNSSEC_SIGNATURES))
}

fn signed(at: Timestamp, signature: &RRSIG) -> Option<Signature> {
    let input = signature.input();
    // The field counts modulo 2^32 and means the moment closest to now (RFC 4034 section 3.1.5).
    let now = u32::try_from(at.as_second().rem_euclid(1 << 32)).ok()?;
    let left = i64::from(input.sig_expiration.get().wrapping_sub(now).cast_signed());
    let expires = Timestamp::from_second(at.as_second().checked_add(left)?).ok()?;
    Some(Signature {
        text: format!("{} by {} until {expires}", input.type_covered, input.key_tag),
        covers: input.type_covered.to_string(),
        key_tag: input.key_tag,
        expires,
        lifetime_hours: i64::from(input.sig_expiration.get().wrapping_sub(input.sig_inception.get())) / 3600,
        hours_left: left.div_euclid(3600),
    })
}

async fn nsec3(resolver: &Resolver, zone: &str) -> Attempt<Option<Nsec3>> {
    let answer = match resolver.lookup(zone, RecordType::NSEC3PARAM).await {
        Ok(answer) => answer,
        Err(error) => return untested(&error),
    };
    Attempt::Completed(answer.data::<NSEC3PARAM>().next().map(|parameters| Nsec3 {
        iterations: parameters.iterations(),
        salt_length: u8::try_from(parameters.salt().len()).unwrap_or(u8::MAX),
    }))
}

/// RFC 7344 section 4.1: CDS and CDNSKEY, where both stand, say the same, and of the zone's own keys; RFC 8078 adds
/// the wish that the DS be removed.
async fn child_ds(resolver: &Resolver, zone: &str, keys: &[&DNSKEY]) -> Attempt<Option<bool>> {
    let (cds, cdnskey) =
        tokio::join!(resolver.lookup(zone, RecordType::CDS), resolver.lookup(zone, RecordType::CDNSKEY));
    for lookup in [&cds, &cdnskey] {
        if let Err(error) = lookup {
            return untested::<Option<bool>>(error);
        }
    }
    let cds: Vec<&CDS> = cds.iter().flat_map(Answer::data).collect();
    let cdnskey: Vec<&CDNSKEY> = cdnskey.iter().flat_map(Answer::data).collect();
    let Ok(apex) = rooted(zone) else { return Attempt::Completed(None) };
    Attempt::Completed(child_ds_agrees(&apex, &cds, &cdnskey, keys))
}

fn child_ds_agrees(apex: &Name, cds: &[&CDS], cdnskey: &[&CDNSKEY], keys: &[&DNSKEY]) -> Option<bool> {
    if cds.is_empty() && cdnskey.is_empty() {
        return None;
    }
    let removal = cds.iter().any(|cds| cds.is_delete()) || cdnskey.iter().any(|key| key.is_delete());
    if removal {
        return Some(cds.iter().all(|cds| cds.is_delete()) && cdnskey.iter().all(|key| key.is_delete()));
    }
    let by_digest = |cds: &&CDS| {
        let ds = DS::new(cds.key_tag(), cds.algorithm()?, cds.digest_type(), cds.digest().to_vec());
        keys.iter().position(|key| names_key(&ds, apex, key))
    };
    let by_key = |child: &&CDNSKEY| {
        keys.iter().position(|key| {
            child.flags() == key.flags()
                && child.public_key().is_some_and(|public| {
                    public.public_bytes() == key.public_key().public_bytes()
                        && public.algorithm() == key.public_key().algorithm()
                })
        })
    };
    let set = |found: Vec<Option<usize>>| -> Option<std::collections::BTreeSet<usize>> {
        found.into_iter().collect()
    };
    let (Some(digests), Some(whole)) =
        (set(cds.iter().map(by_digest).collect()), set(cdnskey.iter().map(by_key).collect()))
    else {
        return Some(false);
    };
    Some(digests.is_empty() || whole.is_empty() || digests == whole)
}

/// An error that says that the question itself was wrong makes no record set.
pub(super) fn askable(lookup: &Lookup) -> bool {
    !matches!(lookup, Err(Error::BadName(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_rsa_key_says_how_long_it_is() {
        let key = |exponent: &[u8], modulus: &[u8]| {
            let mut key = vec![u8::try_from(exponent.len()).unwrap()];
            key.extend_from_slice(exponent);
            key.extend_from_slice(modulus);
            key
        };
        assert_eq!(rsa_bits(&key(&[1, 0, 1], &[0xff; 128])), Some(1024));
        assert_eq!(rsa_bits(&key(&[3], &[&[0x01][..], &[0; 255]].concat())), Some(2041));
        assert_eq!(rsa_bits(&key(&[3], &[&[0, 0x80][..], &[0; 255]].concat())), Some(2048));
        assert_eq!(rsa_bits(&[&[0, 0, 2, 1, 1][..], &[0x80; 256]].concat()), Some(2048));
        for short in [&[][..], &[3], &[3, 1, 0, 1], &[0, 1], &[1, 3, 0, 0]] {
            assert_eq!(rsa_bits(short), None, "{short:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_octets_are_a_length_or_none(octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600)) {
            if let Some(bits) = rsa_bits(&octets) {
                assert!(bits as usize <= octets.len() * 8);
            }
        }
    }
}
