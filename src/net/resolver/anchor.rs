//! Which root keys are trusted: the built-in ones, or those of the operator's file. Validates nothing itself.

use std::path::Path;

use hickory_proto::{
    dnssec::{
        TrustAnchors, Verifier as _,
        rdata::{DNSKEY, DNSSECRData, DS},
    },
    rr::{Name, RData, Record, RecordType},
};

use crate::net::error::SetupError;

/// A trust anchor file is a handful of records.
const FILE_LIMIT: usize = 64 * 1024;

/// Keys that are trusted as they are, and digests that name a key the root still has to show.
#[derive(Clone)]
pub(super) struct Anchors {
    keys: TrustAnchors,
    digests: Vec<DS>,
}

impl std::fmt::Debug for Anchors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Anchors")
            .field("keys", &self.keys.len())
            .field("digests", &self.digests.len())
            .finish()
    }
}

impl Anchors {
    /// IANA's root keys KSK-2017 and KSK-2024.
    pub(super) fn built_in() -> Self {
        Anchors { keys: TrustAnchors::default(), digests: Vec::new() }
    }

    pub(super) fn from_file(path: &Path) -> Result<Self, SetupError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| SetupError::AnchorFile { path: path.display().to_string(), source })?;
        Self::parse(&text).map_err(|reason| SetupError::Anchor { path: path.display().to_string(), reason })
    }

    /// One record a line in zone file syntax; comments start with `;`. Only the root's records are taken.
    fn parse(text: &str) -> Result<Self, String> {
        if text.len() > FILE_LIMIT {
            return Err(format!("longer than {FILE_LIMIT} bytes"));
        }
        let mut anchors = Anchors { keys: TrustAnchors::empty(), digests: Vec::new() };
        for (index, line) in text.lines().enumerate() {
            let line = line.split(';').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            anchors.take(line).map_err(|reason| format!("line {}: {reason}", index + 1))?;
        }
        if anchors.keys.is_empty() && anchors.digests.is_empty() {
            return Err(String::from("no DNSKEY and no DS record"));
        }
        Ok(anchors)
    }

    fn take(&mut self, line: &str) -> Result<(), String> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let position = fields
            .iter()
            .position(|field| field.eq_ignore_ascii_case("DNSKEY") || field.eq_ignore_ascii_case("DS"))
            .ok_or("neither a DNSKEY nor a DS record")?;
        if fields.first() != Some(&".") || position == 0 {
            return Err(String::from("only the root zone's records are taken; the owner must be `.`"));
        }
        let kind = fields.get(position).copied().unwrap_or_default();
        let rdata = fields.get(position + 1..).unwrap_or_default().join(" ");
        if kind.eq_ignore_ascii_case("DS") {
            match RData::try_from_str(RecordType::DS, &rdata).map_err(|error| error.to_string())? {
                RData::DNSSEC(DNSSECRData::DS(ds)) => self.digests.push(ds),
                _ => return Err(String::from("not a DS record")),
            }
        } else {
            let keys: TrustAnchors =
                format!(". IN DNSKEY {rdata}\n").parse().map_err(|error| format!("{error}"))?;
            for index in 0..keys.len() {
                if let Some(key) = keys.get(index) {
                    self.keys.insert(key);
                }
            }
        }
        Ok(())
    }

    /// The trusted keys, those included that the root shows and a digest names.
    pub(super) fn resolve(&self, shown: &[Record]) -> TrustAnchors {
        let root = Name::root();
        let mut trusted = self.keys.clone();
        for key in shown.iter().filter(|record| record.name.is_root()).filter_map(dnskey) {
            if self.digests.iter().any(|ds| names(ds, &root, key)) {
                trusted.insert(key.public_key());
            }
        }
        trusted
    }
}

/// The DNSKEY in a record.
pub(super) fn dnskey(record: &Record) -> Option<&DNSKEY> {
    match &record.data {
        RData::DNSSEC(DNSSECRData::DNSKEY(key)) => Some(key),
        _ => None,
    }
}

/// Whether a DS names this key: tag, algorithm and digest (RFC 4035 section 5.2).
pub fn names(ds: &DS, owner: &Name, key: &DNSKEY) -> bool {
    ds.algorithm() == key.algorithm()
        && key.calculate_key_tag().is_ok_and(|tag| tag == ds.key_tag())
        && ds.covers(owner, key).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// IANA's root anchors of 2017 and 2024 as DS records.
    const IANA: &str = "; root-anchors\n\
        . 172800 IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n\
        \n\
        .\tIN\tDS\t38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16 ;; state=2\n";

    #[test]
    fn digests_name_the_built_in_keys() {
        let built_in = Anchors::built_in().keys;
        let shown: Vec<Record> = (0..built_in.len())
            .map(|index| {
                let key = DNSKEY::with_flags(257, built_in.get(index).unwrap().clone());
                Record::from_rdata(Name::root(), 60, RData::DNSSEC(DNSSECRData::DNSKEY(key)))
            })
            .collect();
        let anchors = Anchors::parse(IANA).unwrap();
        assert!(anchors.keys.is_empty());
        let trusted = anchors.resolve(&shown);
        assert_eq!(trusted.len(), 2);
        // The same keys shown by another name are not the root's.
        let elsewhere: Vec<Record> = shown
            .into_iter()
            .map(|mut record| {
                record.name = Name::from_ascii("vn.").unwrap();
                record
            })
            .collect();
        assert!(anchors.resolve(&elsewhere).is_empty());
        // One digit off names nothing.
        let anchors = Anchors::parse(&IANA.replace("E06D", "E06E").replace("683D", "683E")).unwrap();
        assert!(anchors.resolve(&elsewhere).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_an_anchor_or_an_error(line in "(\\. (IN )?(DS|DNSKEY) )?.{0,80}") {
            let _ = Anchors::parse(&line);
        }
    }

    #[test]
    fn what_is_no_root_anchor_is_refused_with_its_line() {
        for (text, expected) in [
            ("", "no DNSKEY"),
            (";\n\n; DS\n", "no DNSKEY"),
            ("\nvn. IN DS 1 8 2 AABB\n", "line 2: only the root"),
            ("DS 1 8 2 AABB", "line 1: only the root"),
            (". IN DS one 8 2 AABB", "line 1"),
            (". IN DNSKEY 257 3 8 ???", "line 1"),
            (". IN DNSKEY", "line 1"),
            ("trust-anchors {", "line 1: neither"),
        ] {
            let error = Anchors::parse(text).unwrap_err();
            assert!(error.starts_with(expected), "{text:?}: {error}");
        }
    }
}
