//! Records as they stand on the wire, for a client that holds keys: cut out of received octets and handed over whole,
//! encrypted or not. Reads nothing inside them; what holds no keys uses [`super::Reassembler`].

use super::{ContentType, Malformed, Problem, Version};

/// The most a record may carry encrypted: 2^14 + 2048 octets (RFC 5246 §6.2.3).
const MAX_RECORD: usize = (1 << 14) + 2048;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What is inside.
    pub kind: ContentType,
    /// The version field of its header.
    pub version: Version,
    /// What follows the header.
    pub fragment: Vec<u8>,
}

/// Cuts records out of octets, however those were cut when fed. Holds one record at most beside what is fed at once.
///
/// ```
/// use khien::wire::tls::RecordReader;
///
/// let mut reader = RecordReader::default();
/// reader.feed(&[21, 3, 3, 0, 2, 2]);
/// assert_eq!(reader.next_record(), Ok(None));
/// reader.feed(&[40]);
/// assert_eq!(reader.next_record().unwrap().unwrap().fragment, [2, 40]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct RecordReader {
    buffer: Vec<u8>,
    /// Octets not yet cut begin here.
    start: usize,
    /// Octets cut in all.
    consumed: usize,
}

impl RecordReader {
    /// Takes received octets.
    pub fn feed(&mut self, octets: &[u8]) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.buffer.extend_from_slice(octets);
    }

    /// Whether the stream may end here: nothing is half read.
    pub fn is_empty(&self) -> bool {
        self.start == self.buffer.len()
    }

    /// The next record; `Ok(None)` when more octets are needed. An error repeats: the stream has lost its rhythm.
    pub fn next_record(&mut self) -> Result<Option<Record>, Malformed> {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let Some((&[kind, major, minor, high, low], rest)) = rest.split_first_chunk() else {
            return Ok(None);
        };
        let malformed = |what, problem| Malformed { what, at: self.consumed, problem };
        if !(20..=24).contains(&kind) {
            return Err(malformed("record type", Problem::Value(kind.into())));
        }
        if major != 3 {
            return Err(malformed("record version", Problem::Value(major.into())));
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length > MAX_RECORD {
            return Err(malformed("record length", Problem::Length(length)));
        }
        let Some(fragment) = rest.get(..length) else { return Ok(None) };
        let record = Record {
            kind: ContentType(kind),
            version: Version(u16::from_be_bytes([major, minor])),
            fragment: fragment.to_vec(),
        };
        self.start += 5 + length;
        self.consumed += 5 + length;
        Ok(Some(record))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::tls::to_records;

    fn drain(reader: &mut RecordReader) -> Vec<Record> {
        std::iter::from_fn(|| reader.next_record().ok().flatten()).collect()
    }

    #[test]
    fn what_is_no_record_is_malformed() {
        for (octets, what) in [
            (&b"HTTP/1.1 400"[..], "record type"),
            (&[22, 2, 0, 0, 1, 0], "record version"),
            (&[23, 3, 3, 0x48, 1], "record length"),
        ] {
            let mut reader = RecordReader::default();
            reader.feed(octets);
            assert_eq!(reader.next_record().unwrap_err().what, what);
            assert_eq!(reader.next_record().unwrap_err().what, what);
        }
    }

    proptest! {
        #[test]
        fn records_do_not_depend_on_the_cut(
            payloads in proptest::collection::vec((20u8..=24, proptest::collection::vec(any::<u8>(), 0..200)), 0..6),
            cut in 1usize..50,
        ) {
            let stream: Vec<u8> = payloads
                .iter()
                .flat_map(|(kind, payload)| to_records(ContentType(*kind), Version::TLS12, payload, 1000).unwrap())
                .collect();
            let mut reader = RecordReader::default();
            let mut read = Vec::new();
            for part in stream.chunks(cut) {
                reader.feed(part);
                read.extend(drain(&mut reader).into_iter().map(|record| (record.kind.0, record.fragment)));
            }
            prop_assert_eq!(read, payloads);
            prop_assert!(reader.is_empty());
        }

        #[test]
        fn arbitrary_octets_never_panic(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut reader = RecordReader::default();
            reader.feed(&octets);
            drain(&mut reader);
        }
    }
}
