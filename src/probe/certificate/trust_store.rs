//! The roots that paths may end at: Mozilla's, and certificates from PEM files. Owns reading such files.

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, TrustAnchor};

use super::parsed::Parsed;

/// Most certificates in a trust store; every path is compared with all of them.
const MAX_ANCHORS: usize = 2_000;
/// Largest PEM file, in bytes.
const MAX_PEM: usize = 8 << 20;

/// Trusted roots.
#[derive(Clone, Debug)]
pub struct TrustStore {
    pub(super) anchors: Vec<TrustAnchor<'static>>,
    /// First and last second of validity since 1970, as long as `anchors`; unknown for Mozilla's.
    validity: Vec<Option<(i64, i64)>>,
}

/// Why a PEM file cannot be added to a trust store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustStoreError {
    /// No block of the file is a certificate.
    #[error(
        "{name}: no certificate found; expected a PEM file with `-----BEGIN CERTIFICATE-----` \
         (convert DER with `openssl x509 -inform DER -in FILE -out FILE.pem`)"
    )]
    NoCertificate {
        /// The file.
        name: String,
    },
    /// One block is bad; nothing of the file was added.
    #[error("{name}: certificate {block} (line {line}): {reason}; take it out, or export it again")]
    Block {
        /// The file.
        name: String,
        /// Which certificate of the file, counted from 1.
        block: usize,
        /// Line of its `BEGIN`, counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The file is larger than anybody needs.
    #[error("{name}: larger than {limit} bytes; keep only the roots that are needed")]
    TooLarge {
        /// The file.
        name: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// The store would grow too much.
    #[error("{name}: more than {limit} trusted certificates; keep only the roots that are needed")]
    TooMany {
        /// The file.
        name: String,
        /// The limit.
        limit: usize,
    },
}

impl TrustStore {
    /// No roots at all.
    pub fn empty() -> Self {
        Self { anchors: Vec::new(), validity: Vec::new() }
    }

    /// The roots of Mozilla's programme, as shipped with this program.
    pub fn mozilla() -> Self {
        let anchors = webpki_roots::TLS_SERVER_ROOTS.to_vec();
        Self { validity: vec![None; anchors.len()], anchors }
    }

    /// How many roots there are.
    pub fn len(&self) -> usize {
        self.anchors.len()
    }

    /// Whether there are none, so that no path can be trusted.
    pub fn is_empty(&self) -> bool {
        self.anchors.is_empty()
    }

    /// Adds every certificate of a PEM file, and returns how many were new. Text between the blocks, blocks of
    /// other kinds (keys, lists), a byte order mark and CRLF do no harm.
    ///
    /// `name` stands for the file in errors. On an error nothing was added.
    pub fn add_pem(&mut self, pem: &[u8], name: &str) -> Result<usize, TrustStoreError> {
        if pem.len() > MAX_PEM {
            return Err(TrustStoreError::TooLarge { name: name.to_owned(), limit: MAX_PEM });
        }
        let blocks = blocks(pem);
        if blocks.is_empty() {
            return Err(TrustStoreError::NoCertificate { name: name.to_owned() });
        }
        let mut grown = self.clone();
        for (i, block) in blocks.iter().enumerate() {
            let (anchor, validity) = block.anchor().map_err(|reason| TrustStoreError::Block {
                name: name.to_owned(),
                block: i.saturating_add(1),
                line: block.line,
                reason,
            })?;
            grown.add(anchor, validity);
            if grown.len() > MAX_ANCHORS {
                return Err(TrustStoreError::TooMany { name: name.to_owned(), limit: MAX_ANCHORS });
            }
        }
        let added = grown.len().saturating_sub(self.len());
        *self = grown;
        Ok(added)
    }

    /// Mozilla's roots alone; `None` where there are no others.
    pub(super) fn public_part(&self) -> Option<Self> {
        if self.validity.iter().all(Option::is_none) {
            return None;
        }
        let public = self.anchors.iter().zip(&self.validity).filter(|(_, validity)| validity.is_none());
        let anchors: Vec<_> = public.map(|(anchor, _)| anchor.clone()).collect();
        Some(Self { validity: vec![None; anchors.len()], anchors })
    }

    /// Whether exactly this subject with exactly this key is trusted; both as contents without header.
    pub(super) fn holds(&self, subject: &[u8], key: &[u8]) -> bool {
        self.anchors.iter().any(|anchor| {
            anchor.subject.as_ref() == subject && anchor.subject_public_key_info.as_ref() == key
        })
    }

    /// Whether an anchor is within its validity, as far as that is known. Anchors of Mozilla's are.
    pub(super) fn in_time(&self, anchor: &TrustAnchor<'_>, moment: i64) -> bool {
        let mut known = self
            .anchors
            .iter()
            .zip(&self.validity)
            .filter(|(held, _)| *held == anchor)
            .map(|(_, validity)| *validity);
        known.any(|validity| validity.is_none_or(|(start, end)| (start..=end).contains(&moment)))
    }

    /// The same subject and key again adds nothing, unless it is valid at another time.
    fn add(&mut self, anchor: TrustAnchor<'static>, validity: (i64, i64)) {
        let mut held = self.anchors.iter().zip(&self.validity);
        if !held.any(|(held, known)| *held == anchor && known.is_none_or(|known| known == validity)) {
            self.anchors.push(anchor);
            self.validity.push(Some(validity));
        }
    }
}

/// One certificate of a PEM file.
struct Block {
    line: usize,
    label: String,
    /// The block with clean line ends; `Err` where its end is missing.
    pem: Result<String, String>,
}

impl Block {
    fn anchor(&self) -> Result<(TrustAnchor<'static>, (i64, i64)), String> {
        if self.label == "TRUSTED CERTIFICATE" {
            return Err("OpenSSL's own kind of block; convert it with `openssl x509 -in FILE -out FILE.pem`"
                .to_owned());
        }
        let pem = self.pem.as_ref().map_err(Clone::clone)?;
        let der =
            CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|error| format!("not base64: {error}"))?;
        let parsed = Parsed::new(&der).map_err(|failure| failure.to_string())?;
        let validity = (parsed.not_before, parsed.not_after);
        let anchor =
            webpki::anchor_from_trusted_cert(&der).map_err(|error| format!("cannot be a root: {error}"))?;
        Ok((anchor.to_owned(), validity))
    }
}

/// The blocks that hold certificates, in the order of the file.
fn blocks(pem: &[u8]) -> Vec<Block> {
    const LABELS: [&str; 3] = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"];
    let text = String::from_utf8_lossy(pem);
    let mut blocks = Vec::new();
    let mut open: Option<(usize, &str, String)> = None;
    for (i, line) in text.lines().enumerate() {
        let line = line.trim_start_matches('\u{feff}').trim();
        let unfinished = |(start, label, _): (usize, &str, String)| Block {
            line: start,
            label: label.to_owned(),
            pem: Err("its `-----END …-----` line is missing".to_owned()),
        };
        if let Some(label) = boundary(line, "BEGIN") {
            blocks.extend(open.take().map(unfinished));
            if LABELS.contains(&label) {
                open = Some((i.saturating_add(1), label, "-----BEGIN CERTIFICATE-----\n".to_owned()));
            }
        } else if let Some(end) = boundary(line, "END") {
            match open.take() {
                Some((line, label, mut pem)) if label == end => {
                    pem.push_str("-----END CERTIFICATE-----\n");
                    blocks.push(Block { line, label: label.to_owned(), pem: Ok(pem) });
                }
                other => blocks.extend(other.map(unfinished)),
            }
        } else if let Some((.., pem)) = &mut open {
            pem.push_str(line);
            pem.push('\n');
        }
    }
    blocks.extend(open.map(|(line, label, _)| Block {
        line,
        label: label.to_owned(),
        pem: Err("its `-----END …-----` line is missing".to_owned()),
    }));
    blocks
}

/// `X` of `-----BEGIN X-----`.
fn boundary<'a>(line: &'a str, kind: &str) -> Option<&'a str> {
    line.strip_prefix("-----")?.strip_prefix(kind)?.strip_prefix(' ')?.strip_suffix("-----")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{Party, pem};
    use super::*;

    #[test]
    fn pem_files_as_people_have_them() {
        let (a, b) = (pem(&Party::ca("a").by_itself()), pem(&Party::ca("b").by_itself()));
        let key = Party::leaf().key.serialize_pem();
        let mut store = TrustStore::empty();
        let file = format!("\u{feff}# Gốc của tỉnh\n{a}\nSubject: CN=b\n{key}\n{b}").replace('\n', "\r\n");
        assert_eq!(store.add_pem(file.as_bytes(), "tinh.pem"), Ok(2));
        assert_eq!(store.add_pem(file.as_bytes(), "tinh.pem"), Ok(0));
        assert_eq!(store.add_pem(format!("\u{feff}{a}").as_bytes(), "x"), Ok(0));

        let bad_base64 = a.replacen("MII", "M*I", 1).replacen("MIH", "M*H", 1).replacen("MIG", "M*G", 1);
        let cut = b.replace("-----END CERTIFICATE-----", "");
        let not_der = pem(b"not a certificate");
        let trusted = b.replace("CERTIFICATE", "TRUSTED CERTIFICATE");
        for (bad, block, line, words) in [
            (format!("{a}\n{bad_base64}"), 2, a.lines().count() + 2, "base64"),
            (format!("{cut}{a}"), 1, 1, "`-----END …-----` line is missing"),
            (format!("{a}{cut}"), 2, a.lines().count() + 1, "`-----END …-----` line is missing"),
            (not_der, 1, 1, "malformed"),
            (trusted, 1, 1, "openssl x509"),
        ] {
            match store.add_pem(bad.as_bytes(), "tinh.pem") {
                Err(TrustStoreError::Block { name, block: found, line: at, reason }) => {
                    assert_eq!((name.as_str(), found, at), ("tinh.pem", block, line), "{reason}");
                    assert!(reason.contains(words), "{reason}");
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(store.len(), 2);
        for nothing in [&b""[..], b"hello", &Party::ca("a").by_itself(), key.as_bytes()] {
            assert!(matches!(store.add_pem(nothing, "x"), Err(TrustStoreError::NoCertificate { .. })));
        }
        assert!(matches!(store.add_pem(&vec![b' '; 9 << 20], "x"), Err(TrustStoreError::TooLarge { .. })));
    }

    proptest! {
        #[test]
        fn arbitrary_pem_never_panics(text in "(-----BEGIN CERTIFICATE-----|-----END CERTIFICATE-----|\r|\n|[A-Za-z=+/ ]{0,9}|-){0,40}") {
            let _ = TrustStore::empty().add_pem(text.as_bytes(), "x");
        }
    }
}
