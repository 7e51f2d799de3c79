//! The `ClientHello` (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2, RFC 6101 §5.6.1.2): every field free to choose, written
//! and read. Chooses nothing itself; the random comes from the caller.

use super::{
    ContentType, EncodeError, Extension, ExtensionType, HandshakeType, KeyShareEntry, MAX_FRAGMENT,
    Malformed, Message, Problem, Reader, Version, Writer,
    extension::{duplicated_extensions, find_extension, read_extensions, write_extensions},
    to_records,
};

/// A `ClientHello`. `encode` after `parse` gives the same octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientHello {
    /// Version field of the records that carry it: 0301 suits every server, 0300 an `SSLv3` hello.
    pub record_version: Version,
    /// `client_version`, called `legacy_version` by TLS 1.3: never above 0303 there.
    pub version: Version,
    /// 32 octets.
    pub random: [u8; 32],
    /// At most 32 octets.
    pub session_id: Vec<u8>,
    /// In order of preference; SCSVs and GREASE values stand among them.
    pub cipher_suites: Vec<u16>,
    /// `[0]` is "none"; 1 is DEFLATE.
    pub compression_methods: Vec<u8>,
    /// In order. `None` leaves the block out (`SSLv3`), an empty list writes a block of length zero.
    pub extensions: Option<Vec<Extension>>,
}

impl ClientHello {
    /// A hello with "no compression", an empty session id and an empty extension block.
    pub fn new(version: Version, random: [u8; 32], cipher_suites: Vec<u16>) -> Self {
        Self {
            record_version: if version == Version::SSL3 { Version::SSL3 } else { Version::TLS10 },
            version,
            random,
            session_id: Vec::new(),
            cipher_suites,
            compression_methods: vec![0],
            extensions: (version != Version::SSL3).then(Vec::new),
        }
    }

    /// The message without its header.
    pub fn encode_body(&self) -> Result<Vec<u8>, EncodeError> {
        if self.session_id.len() > 32 {
            let length = self.session_id.len();
            return Err(EncodeError::TooLong { what: "ClientHello.session_id", length, max: 32 });
        }
        let mut w = Writer::new();
        w.u16(self.version.0);
        w.put(&self.random);
        w.vec8("ClientHello.session_id", &self.session_id)?;
        w.u16_list16("ClientHello.cipher_suites", &self.cipher_suites)?;
        w.vec8("ClientHello.compression_methods", &self.compression_methods)?;
        write_extensions(&mut w, self.extensions.as_deref())?;
        Ok(w.into_vec())
    }

    /// The handshake message.
    pub fn to_message(&self) -> Result<Message, EncodeError> {
        Ok(Message {
            record_version: self.record_version,
            kind: HandshakeType::CLIENT_HELLO,
            body: self.encode_body()?,
        })
    }

    /// What is written to the socket: records of up to [`MAX_FRAGMENT`] octets.
    pub fn to_records(&self) -> Result<Vec<u8>, EncodeError> {
        self.to_records_of(MAX_FRAGMENT)
    }

    /// What is written to the socket, in records of `fragment` octets (1 to [`MAX_FRAGMENT`]).
    pub fn to_records_of(&self, fragment: usize) -> Result<Vec<u8>, EncodeError> {
        let message = self.to_message()?.encode()?;
        to_records(ContentType::HANDSHAKE, self.record_version, &message, fragment)
    }

    /// Appends a `padding` extension that makes the handshake message, header included, exactly `total` octets
    /// (RFC 7685: some servers hang on 256 to 511).
    pub fn pad_to(&mut self, total: usize) -> Result<(), EncodeError> {
        let length = self.to_message()?.encode()?.len();
        // A block that is not there yet costs its own length field.
        let length = length + 4 + if self.extensions.is_none() { 2 } else { 0 };
        let too_long = EncodeError::TooLong { what: "ClientHello", length, max: total };
        let missing =
            total.checked_sub(length).and_then(|missing| u16::try_from(missing).ok()).ok_or(too_long)?;
        self.extensions.get_or_insert_default().push(Extension::padding(missing));
        Ok(())
    }

    /// Parses the body of a `client_hello` message. Lengths are strict; suites, versions and extensions are free.
    pub fn parse(record_version: Version, body: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let version = Version(r.u16("ClientHello.version")?);
        let random = r.array("ClientHello.random")?;
        let at = r.clone();
        let session_id = r.vec8("ClientHello.session_id", 0)?.to_vec();
        if session_id.len() > 32 {
            return Err(at.malformed("ClientHello.session_id", Problem::Length(session_id.len())));
        }
        let cipher_suites = r.u16_list16("ClientHello.cipher_suites", 2)?;
        let compression_methods = r.vec8("ClientHello.compression_methods", 1)?.to_vec();
        let extensions = read_extensions(&mut r, "ClientHello.extensions")?;
        r.end("ClientHello")?;
        Ok(Self {
            record_version,
            version,
            random,
            session_id,
            cipher_suites,
            compression_methods,
            extensions,
        })
    }

    /// The first extension of a type.
    pub fn extension(&self, kind: ExtensionType) -> Option<&Extension> {
        find_extension(self.extensions.as_deref(), kind)
    }

    /// Extension types sent more than once.
    pub fn duplicated_extensions(&self) -> Vec<ExtensionType> {
        duplicated_extensions(self.extensions.as_deref())
    }

    /// The versions of `supported_versions`, else the version field alone.
    pub fn offered_versions(&self) -> Result<Vec<Version>, Malformed> {
        let list = self.read(ExtensionType::SUPPORTED_VERSIONS, |r| r.u16_list8("supported_versions", 2))?;
        Ok(list.map_or_else(|| vec![self.version], |list| list.into_iter().map(Version).collect()))
    }

    /// The host name of `server_name`, as sent.
    pub fn server_name(&self) -> Result<Option<Vec<u8>>, Malformed> {
        let name = self.read(ExtensionType::SERVER_NAME, |r| {
            let mut list = r.inside16("server_name list", 1)?;
            let mut host = None;
            while !list.is_empty() {
                let kind = list.u8("server_name.type")?;
                let name = list.vec16("server_name.name", 1)?;
                if kind == 0 && host.is_none() {
                    host = Some(name.to_vec());
                }
            }
            Ok(host)
        })?;
        Ok(name.flatten())
    }

    /// The list of `supported_groups`.
    pub fn supported_groups(&self) -> Result<Option<Vec<u16>>, Malformed> {
        self.read(ExtensionType::SUPPORTED_GROUPS, |r| r.u16_list16("supported_groups", 2))
    }

    /// The list of `signature_algorithms`.
    pub fn signature_algorithms(&self) -> Result<Option<Vec<u16>>, Malformed> {
        self.read(ExtensionType::SIGNATURE_ALGORITHMS, |r| r.u16_list16("signature_algorithms", 2))
    }

    /// The protocols of ALPN.
    pub fn alpn(&self) -> Result<Option<Vec<Vec<u8>>>, Malformed> {
        self.read(ExtensionType::ALPN, read_alpn)
    }

    /// The shares of `key_share`; an empty list is a request for `HelloRetryRequest`.
    pub fn key_shares(&self) -> Result<Option<Vec<KeyShareEntry>>, Malformed> {
        self.read(ExtensionType::KEY_SHARE, |r| {
            let mut list = r.inside16("key_share list", 0)?;
            let mut entries = Vec::new();
            while !list.is_empty() {
                entries.push(KeyShareEntry::read(&mut list)?);
            }
            Ok(entries)
        })
    }

    fn read<T>(
        &self,
        kind: ExtensionType,
        read: impl FnOnce(&mut Reader<'_>) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Malformed> {
        self.extension(kind).map(|extension| read_whole(extension, read)).transpose()
    }
}

/// Applies a reader to an extension's whole body.
pub(super) fn read_whole<T>(
    extension: &Extension,
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, Malformed>,
) -> Result<T, Malformed> {
    let mut r = Reader::new(&extension.body);
    let value = read(&mut r)?;
    r.end("extension body")?;
    Ok(value)
}

/// The `ProtocolNameList` of RFC 7301.
pub(super) fn read_alpn(r: &mut Reader<'_>) -> Result<Vec<Vec<u8>>, Malformed> {
    let mut list = r.inside16("ALPN list", 2)?;
    let mut protocols = Vec::new();
    while !list.is_empty() {
        protocols.push(list.vec8("ALPN protocol", 1)?.to_vec());
    }
    Ok(protocols)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn modern() -> ClientHello {
        let mut hello = ClientHello::new(Version::TLS12, [7; 32], vec![0x1301, 0xc02f, 0x00ff]);
        hello.session_id = vec![1; 32];
        hello.extensions = Some(vec![
            Extension::raw(0x2a2a, vec![]),
            Extension::server_name("www.agency.test").unwrap(),
            Extension::supported_groups(&[0x11ec, 29, 23]).unwrap(),
            Extension::signature_algorithms(&[0x0804, 0x0403]).unwrap(),
            Extension::alpn(&[b"h2", b"http/1.1"]).unwrap(),
            Extension::supported_versions(&[Version::TLS13, Version::TLS12]).unwrap(),
            Extension::key_share(&[]).unwrap(),
            Extension::status_request(),
        ]);
        hello
    }

    #[test]
    fn what_was_built_is_read_back() {
        let hello = modern();
        let message = hello.to_message().unwrap();
        let read = ClientHello::parse(message.record_version, &message.body).unwrap();
        assert_eq!(read, hello);
        assert_eq!(read.server_name().unwrap().unwrap(), b"www.agency.test");
        assert_eq!(read.supported_groups().unwrap().unwrap(), [0x11ec, 29, 23]);
        assert_eq!(read.signature_algorithms().unwrap().unwrap(), [0x0804, 0x0403]);
        assert_eq!(read.alpn().unwrap().unwrap(), [b"h2".to_vec(), b"http/1.1".to_vec()]);
        assert_eq!(read.offered_versions().unwrap(), [Version::TLS13, Version::TLS12]);
        assert_eq!(read.key_shares().unwrap().unwrap(), []);
        assert!(read.extension(ExtensionType(0x2a2a)).unwrap().body.is_empty());
    }

    #[test]
    fn sslv3_has_no_extension_block() {
        let hello = ClientHello::new(Version::SSL3, [0; 32], vec![0x0005, 0x00ff]);
        let records = hello.to_records().unwrap();
        assert_eq!(records[..11], [22, 3, 0, 0, 47, 1, 0, 0, 43, 3, 0]);
        assert_eq!(records[43..], [0, 0, 4, 0, 5, 0, 0xff, 1, 0]);
        assert_eq!(hello.offered_versions().unwrap(), [Version::SSL3]);
    }

    #[test]
    fn padding_reaches_the_exact_length() {
        for total in [280, 256 + 40, 511, 512, 16_000] {
            let mut hello = modern();
            hello.pad_to(total).unwrap();
            assert_eq!(hello.to_message().unwrap().encode().unwrap().len(), total);
        }
        let mut bare = ClientHello::new(Version::SSL3, [0; 32], vec![5]);
        bare.pad_to(300).unwrap();
        assert_eq!(bare.to_message().unwrap().encode().unwrap().len(), 300);
        assert!(modern().pad_to(50).is_err());
    }

    #[test]
    fn lengths_that_do_not_fit_are_errors() {
        let mut hello = modern();
        hello.cipher_suites = vec![5; 32_768];
        assert!(matches!(
            hello.to_records(),
            Err(EncodeError::TooLong { what: "ClientHello.cipher_suites", .. })
        ));
        let mut hello = modern();
        hello.session_id = vec![0; 33];
        assert!(hello.to_records().is_err());
        let mut hello = modern();
        hello.extensions.as_mut().unwrap().push(Extension::raw(1, vec![0; 65_536]));
        assert!(hello.to_records().is_err());
        let mut hello = modern();
        hello.extensions = Some(vec![Extension::padding(40_000), Extension::padding(40_000)]);
        assert!(matches!(hello.to_records(), Err(EncodeError::TooLong { what: "extensions", .. })));
    }

    #[test]
    fn trailing_octets_are_malformed() {
        let mut body = modern().encode_body().unwrap();
        let length = body.len();
        body.push(0);
        let error = ClientHello::parse(Version::TLS10, &body).unwrap_err();
        assert_eq!((error.at, error.problem), (length, Problem::Trailing(1)));
    }

    prop_compose! {
        fn any_extension()(kind: u16, body in proptest::collection::vec(any::<u8>(), 0..40)) -> Extension {
            Extension::raw(kind, body)
        }
    }

    prop_compose! {
        fn any_hello()(
            record_version: u16, version: u16, random: [u8; 32],
            session_id in proptest::collection::vec(any::<u8>(), 0..=32),
            cipher_suites in proptest::collection::vec(any::<u16>(), 1..300),
            compression_methods in proptest::collection::vec(any::<u8>(), 1..5),
            extensions in proptest::option::of(proptest::collection::vec(any_extension(), 0..12)),
        ) -> ClientHello {
            ClientHello {
                record_version: Version(record_version), version: Version(version), random, session_id,
                cipher_suites, compression_methods, extensions,
            }
        }
    }

    proptest! {
        #[test]
        fn every_hello_survives_the_wire(hello in any_hello()) {
            let body = hello.encode_body().unwrap();
            prop_assert_eq!(ClientHello::parse(hello.record_version, &body).unwrap(), hello);
        }

        #[test]
        fn arbitrary_octets_never_panic_and_what_parses_is_written_back(
            body in proptest::collection::vec(any::<u8>(), 0..400)
        ) {
            read_everything(&body);
        }

        #[test]
        fn damaged_hellos_never_panic(hello in any_hello(), at: prop::sample::Index, octet: u8, cut: prop::sample::Index) {
            let mut body = hello.encode_body().unwrap();
            let i = at.index(body.len());
            body[i] = octet;
            read_everything(&body);
            body.truncate(cut.index(body.len()));
            read_everything(&body);
        }
    }

    fn read_everything(body: &[u8]) {
        if let Ok(hello) = ClientHello::parse(Version::TLS10, body) {
            assert_eq!(hello.encode_body().unwrap(), body);
            let _ = (hello.server_name(), hello.supported_groups(), hello.signature_algorithms());
            let _ =
                (hello.alpn(), hello.key_shares(), hello.offered_versions(), hello.duplicated_extensions());
        }
    }
}
