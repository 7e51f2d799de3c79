//! `ServerHello` and `HelloRetryRequest` (RFC 8446 §4.1.3, §4.1.4; RFC 5246 §7.4.1.3).

use crate::wire::tls::{
    EncodeError, Extension, ExtensionType, HandshakeType, KeyShareEntry, Malformed, Message, Problem, Reader,
    Version, Writer,
    extension::{duplicated_extensions, find_extension, read_extensions, write_extensions},
    hello::{read_alpn, read_whole},
};

/// The random that makes a `ServerHello` a `HelloRetryRequest`: SHA-256 of "`HelloRetryRequest`".
pub const HELLO_RETRY_REQUEST_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// A `ServerHello`, or a `HelloRetryRequest` when [`ServerHello::is_retry_request`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerHello {
    /// The version field; TLS 1.3 freezes it at 0303, see [`ServerHello::negotiated_version`].
    pub legacy_version: Version,
    /// 32 octets.
    pub random: [u8; 32],
    /// At most 32 octets; TLS 1.3 echoes the client's.
    pub session_id: Vec<u8>,
    /// The chosen suite, whether it was offered or not.
    pub cipher_suite: u16,
    /// The chosen compression method; 0 is none.
    pub compression_method: u8,
    /// In order; `None` when the message ends before the block.
    pub extensions: Option<Vec<Extension>>,
}

/// The mark of a server that supports more than it was made to negotiate (RFC 8446 §4.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Downgrade {
    /// `DOWNGRD\x01`: TLS 1.2 chosen by a server that has TLS 1.3.
    FromTls13,
    /// `DOWNGRD\x00`: TLS 1.1 or older chosen by a server that has TLS 1.2 or 1.3.
    FromTls12,
}

impl ServerHello {
    /// Parses the body of a `server_hello` message. Every length and `supported_versions` are checked; the other
    /// extensions only when they are asked for, so that one strange extension does not hide the suite.
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let legacy_version = Version(r.u16("ServerHello.version")?);
        let random = r.array("ServerHello.random")?;
        let at = r.clone();
        let session_id = r.vec8("ServerHello.session_id", 0)?.to_vec();
        if session_id.len() > 32 {
            return Err(at.malformed("ServerHello.session_id", Problem::Length(session_id.len())));
        }
        let cipher_suite = r.u16("ServerHello.cipher_suite")?;
        let compression_method = r.u8("ServerHello.compression_method")?;
        let extensions = read_extensions(&mut r, "ServerHello.extensions")?;
        r.end("ServerHello")?;
        let hello = Self { legacy_version, random, session_id, cipher_suite, compression_method, extensions };
        hello.selected_version()?;
        Ok(hello)
    }

    /// The message for a test peer to send.
    pub fn to_message(&self, record_version: Version) -> Result<Message, EncodeError> {
        if self.session_id.len() > 32 {
            let length = self.session_id.len();
            return Err(EncodeError::TooLong { what: "ServerHello.session_id", length, max: 32 });
        }
        let mut w = Writer::new();
        w.u16(self.legacy_version.0);
        w.put(&self.random);
        w.vec8("ServerHello.session_id", &self.session_id)?;
        w.u16(self.cipher_suite);
        w.u8(self.compression_method);
        write_extensions(&mut w, self.extensions.as_deref())?;
        Ok(Message { record_version, kind: HandshakeType::SERVER_HELLO, body: w.into_vec() })
    }

    /// The version in `supported_versions`, else the version field.
    pub fn negotiated_version(&self) -> Version {
        // `parse` refused a body that cannot be read; a hello built by hand falls back to its version field.
        self.selected_version().ok().flatten().unwrap_or(self.legacy_version)
    }

    /// Whether this asks for another `ClientHello` (RFC 8446 §4.1.4).
    pub fn is_retry_request(&self) -> bool {
        self.random == HELLO_RETRY_REQUEST_RANDOM
    }

    /// The downgrade mark in the random, if there is one. Meaningful below TLS 1.3 only.
    pub fn downgrade(&self) -> Option<Downgrade> {
        match self.random.last_chunk()? {
            b"DOWNGRD\x01" => Some(Downgrade::FromTls13),
            b"DOWNGRD\x00" => Some(Downgrade::FromTls12),
            _ => None,
        }
    }

    /// The group in `key_share`: the one in use, or the one a `HelloRetryRequest` wants.
    pub fn selected_group(&self) -> Result<Option<u16>, Malformed> {
        let retry = self.is_retry_request();
        self.read(ExtensionType::KEY_SHARE, |r| {
            if retry {
                r.u16("key_share.selected_group")
            } else {
                KeyShareEntry::read(r).map(|entry| entry.group)
            }
        })
    }

    /// The cookie of a `HelloRetryRequest`.
    pub fn cookie(&self) -> Result<Option<Vec<u8>>, Malformed> {
        self.read(ExtensionType::COOKIE, |r| Ok(r.vec16("cookie", 1)?.to_vec()))
    }

    /// The protocol chosen by ALPN: exactly one (RFC 7301 §3.1).
    pub fn alpn(&self) -> Result<Option<Vec<u8>>, Malformed> {
        self.read(ExtensionType::ALPN, |r| {
            let at = r.clone();
            match <[_; 1]>::try_from(read_alpn(r)?) {
                Ok([protocol]) => Ok(protocol),
                Err(_) => Err(at.malformed("ALPN list", Problem::TooMany(1))),
            }
        })
    }

    /// The verify data in `renegotiation_info`: `Some` of an empty vector in a first handshake with a server that
    /// has RFC 5746.
    pub fn renegotiation_info(&self) -> Result<Option<Vec<u8>>, Malformed> {
        self.read(ExtensionType::RENEGOTIATION_INFO, |r| Ok(r.vec8("renegotiation_info", 0)?.to_vec()))
    }

    /// The signed certificate timestamps sent by extension (RFC 6962 §3.3), each undecoded.
    pub fn signed_certificate_timestamps(&self) -> Result<Option<Vec<Vec<u8>>>, Malformed> {
        self.read(ExtensionType::SIGNED_CERTIFICATE_TIMESTAMP, |r| {
            let mut list = r.inside16("SCT list", 1)?;
            let mut timestamps = Vec::new();
            while !list.is_empty() {
                timestamps.push(list.vec16("SCT", 1)?.to_vec());
            }
            Ok(timestamps)
        })
    }

    /// The protocols a server lists by NPN (the draft of 2012), in its order.
    pub fn next_protocols(&self) -> Result<Option<Vec<Vec<u8>>>, Malformed> {
        self.read(ExtensionType::NEXT_PROTOCOL_NEGOTIATION, |r| {
            let mut protocols = Vec::new();
            while !r.is_empty() {
                protocols.push(r.vec8("NPN protocol", 1)?.to_vec());
            }
            Ok(protocols)
        })
    }

    /// Whether an extension is there, whatever its body (EMS, encrypt-then-MAC, session ticket, status request).
    pub fn has(&self, kind: ExtensionType) -> bool {
        self.extension(kind).is_some()
    }

    /// The first extension of a type.
    pub fn extension(&self, kind: ExtensionType) -> Option<&Extension> {
        find_extension(self.extensions.as_deref(), kind)
    }

    /// Extension types sent more than once.
    pub fn duplicated_extensions(&self) -> Vec<ExtensionType> {
        duplicated_extensions(self.extensions.as_deref())
    }

    fn selected_version(&self) -> Result<Option<Version>, Malformed> {
        self.read(ExtensionType::SUPPORTED_VERSIONS, |r| r.u16("supported_versions.selected").map(Version))
    }

    fn read<T>(
        &self,
        kind: ExtensionType,
        read: impl FnOnce(&mut Reader<'_>) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Malformed> {
        self.extension(kind).map(|extension| read_whole(extension, read)).transpose()
    }
}
