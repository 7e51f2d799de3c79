//! Signed certificate timestamps (RFC 6962 section 3): the list read, and what a log signed put together again.
//! Verifies nothing and knows no log.

#[cfg(test)]
mod tests;

use super::der::{self, Reader};

/// Timestamps read of one list.
const TIMESTAMPS: usize = 50;
/// The extension with the list in a certificate, 1.3.6.1.4.1.11129.2.4.2.
pub const LIST_EXTENSION: &[u8] = b"\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02";

/// Octets that are no list of timestamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a list of signed certificate timestamps that does not follow its encoding")]
pub struct SctError;

/// One timestamp of version 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp<'a> {
    /// SHA-256 of the log's key.
    pub log_id: &'a [u8; 32],
    /// Milliseconds since 1970.
    pub milliseconds: u64,
    /// Extensions, not read.
    pub extensions: &'a [u8],
    /// `HashAlgorithm` of RFC 5246; 4 is SHA-256, and logs use no other.
    pub hash: u8,
    /// `SignatureAlgorithm` of RFC 5246: 1 RSA, 3 ECDSA.
    pub signature_algorithm: u8,
    /// The signature.
    pub signature: &'a [u8],
}

/// What the timestamp was signed for.
#[derive(Clone, Copy, Debug)]
pub enum Entry<'a> {
    /// A whole certificate, DER.
    Certificate(&'a [u8]),
    /// A precertificate.
    Precertificate {
        /// SHA-256 of the issuer's `SubjectPublicKeyInfo`.
        issuer_key_hash: &'a [u8; 32],
        /// The `TBSCertificate` without the list, as [`without_timestamps`] makes it.
        tbs: &'a [u8],
    },
}

/// Reads a `SignedCertificateTimestampList`. `None` in a place stands for a timestamp of a later version.
pub fn parse_list(list: &[u8]) -> Result<Vec<Option<Timestamp<'_>>>, SctError> {
    let (mut rest, after) = vector(list).ok_or(SctError)?;
    if !after.is_empty() {
        return Err(SctError);
    }
    let mut timestamps = Vec::new();
    while !rest.is_empty() && timestamps.len() < TIMESTAMPS {
        let (timestamp, after) = vector(rest).ok_or(SctError)?;
        rest = after;
        timestamps.push(match timestamp.split_first() {
            Some((0, version_1)) => Some(parse(version_1).ok_or(SctError)?),
            Some(_) => None,
            None => return Err(SctError),
        });
    }
    Ok(timestamps)
}

fn parse(timestamp: &[u8]) -> Option<Timestamp<'_>> {
    let (log_id, rest) = timestamp.split_first_chunk::<32>()?;
    let (milliseconds, rest) = rest.split_first_chunk::<8>()?;
    let (extensions, rest) = vector(rest)?;
    let ([hash, signature_algorithm], rest) = rest.split_first_chunk::<2>()?;
    let (signature, []) = vector(rest)? else { return None };
    Some(Timestamp {
        log_id,
        milliseconds: u64::from_be_bytes(*milliseconds),
        extensions,
        hash: *hash,
        signature_algorithm: *signature_algorithm,
        signature,
    })
}

/// Octets with a length of two octets before them, and what follows.
fn vector(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = input.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

impl Timestamp<'_> {
    /// The octets that the log signed (RFC 6962 section 3.2); nothing where an entry is too large to be one.
    pub fn signed_octets(&self, entry: Entry<'_>) -> Option<Vec<u8>> {
        // Version 1, certificate_timestamp.
        let mut octets = vec![0, 0];
        octets.extend(self.milliseconds.to_be_bytes());
        let long = match entry {
            Entry::Certificate(der) => {
                octets.extend([0, 0]);
                der
            }
            Entry::Precertificate { issuer_key_hash, tbs } => {
                octets.extend([0, 1]);
                octets.extend(issuer_key_hash);
                tbs
            }
        };
        let [0, length @ ..] = u32::try_from(long.len()).ok()?.to_be_bytes() else { return None };
        octets.extend(length);
        octets.extend(long);
        octets.extend(u16::try_from(self.extensions.len()).ok()?.to_be_bytes());
        octets.extend(self.extensions);
        Some(octets)
    }
}

/// A `TBSCertificate` as it was before its timestamps were put in (RFC 6962 section 3.2): without that extension, and
/// with every length as it was. Everything else stays octet for octet.
pub fn without_timestamps(tbs: &[u8]) -> Option<Vec<u8>> {
    let mut fields = Reader::new(der::contents(tbs, der::SEQUENCE)?);
    let mut kept = Vec::with_capacity(tbs.len());
    while !fields.is_empty() {
        let field = fields.any()?;
        if field.tag != der::constructed(3) {
            kept.extend_from_slice(field.whole);
            continue;
        }
        let mut left = Vec::with_capacity(field.contents.len());
        for extension in der::elements(der::contents(field.contents, der::SEQUENCE)?) {
            let extension = extension?;
            if der::contents(extension.contents, der::OBJECT_IDENTIFIER)? != LIST_EXTENSION {
                left.extend_from_slice(extension.whole);
            }
        }
        // RFC 5280 has no empty list of extensions.
        if !left.is_empty() {
            kept.extend(der::element(der::constructed(3), &der::element(der::SEQUENCE, &left)));
        }
    }
    Some(der::element(der::SEQUENCE, &kept))
}
