//! TLS extensions: type, body, and one constructor per extension the prober or a test peer sends.
//! Reading a body needs the message it stands in; see `ClientHello` and `reply::ServerHello`.

use std::{borrow::Cow, net::Ipv6Addr};

use super::{EncodeError, Malformed, Reader, Version, Writer};
use crate::wire::iana;

/// The type of an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExtensionType(pub u16);

#[expect(missing_docs, reason = "IANA's names say all")]
impl ExtensionType {
    pub const SERVER_NAME: Self = Self(0);
    pub const STATUS_REQUEST: Self = Self(5);
    pub const SUPPORTED_GROUPS: Self = Self(10);
    pub const EC_POINT_FORMATS: Self = Self(11);
    pub const SIGNATURE_ALGORITHMS: Self = Self(13);
    pub const HEARTBEAT: Self = Self(15);
    pub const ALPN: Self = Self(16);
    pub const SIGNED_CERTIFICATE_TIMESTAMP: Self = Self(18);
    pub const PADDING: Self = Self(21);
    pub const ENCRYPT_THEN_MAC: Self = Self(22);
    pub const EXTENDED_MASTER_SECRET: Self = Self(23);
    pub const COMPRESS_CERTIFICATE: Self = Self(27);
    pub const SESSION_TICKET: Self = Self(35);
    pub const PRE_SHARED_KEY: Self = Self(41);
    pub const EARLY_DATA: Self = Self(42);
    pub const SUPPORTED_VERSIONS: Self = Self(43);
    pub const COOKIE: Self = Self(44);
    pub const PSK_KEY_EXCHANGE_MODES: Self = Self(45);
    pub const SIGNATURE_ALGORITHMS_CERT: Self = Self(50);
    pub const KEY_SHARE: Self = Self(51);
    pub const NEXT_PROTOCOL_NEGOTIATION: Self = Self(0x3374);
    pub const RENEGOTIATION_INFO: Self = Self(0xff01);
}

impl ExtensionType {
    /// IANA's name, or `0x1234`.
    pub fn name(self) -> Cow<'static, str> {
        iana::extension_name(self.0)
    }
}

/// An extension as it stands on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// Its type.
    pub kind: ExtensionType,
    /// Everything behind type and length.
    pub body: Vec<u8>,
}

/// One share of `key_share`: a group and the public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyShareEntry {
    /// The named group.
    pub group: u16,
    /// The public key, at least one octet.
    pub key: Vec<u8>,
}

impl Extension {
    /// Any extension: GREASE, unknown ones, deliberately wrong ones.
    pub fn raw(kind: u16, body: Vec<u8>) -> Self {
        Self { kind: ExtensionType(kind), body }
    }

    fn new(kind: ExtensionType, body: Writer) -> Self {
        Self { kind, body: body.into_vec() }
    }

    fn empty(kind: ExtensionType) -> Self {
        Self { kind, body: Vec::new() }
    }

    /// `server_name` with one host name in ASCII form (RFC 6066 §3). One trailing dot is dropped. Refuses IP
    /// literals in any spelling a URL parser would take for one, and what is no DNS name.
    pub fn server_name(host: &str) -> Result<Self, EncodeError> {
        let host = host.strip_suffix('.').unwrap_or(host);
        check_server_name(host)?;
        let mut name = Writer::new();
        name.u8(0);
        name.vec16("server_name", host.as_bytes())?;
        let mut w = Writer::new();
        w.vec16("server_name list", &name.into_vec())?;
        Ok(Self::new(ExtensionType::SERVER_NAME, w))
    }

    /// `supported_groups` (RFC 8422, RFC 7919, RFC 8446 §4.2.7).
    pub fn supported_groups(groups: &[u16]) -> Result<Self, EncodeError> {
        Self::u16_list16(ExtensionType::SUPPORTED_GROUPS, "supported_groups", groups)
    }

    /// `ec_point_formats` (RFC 8422 §5.1.2); `&[0]` is uncompressed.
    pub fn ec_point_formats(formats: &[u8]) -> Result<Self, EncodeError> {
        Self::octets8(ExtensionType::EC_POINT_FORMATS, "ec_point_formats", formats)
    }

    /// `signature_algorithms` (RFC 8446 §4.2.3).
    pub fn signature_algorithms(schemes: &[u16]) -> Result<Self, EncodeError> {
        Self::u16_list16(ExtensionType::SIGNATURE_ALGORITHMS, "signature_algorithms", schemes)
    }

    /// `signature_algorithms_cert` (RFC 8446 §4.2.3).
    pub fn signature_algorithms_cert(schemes: &[u16]) -> Result<Self, EncodeError> {
        Self::u16_list16(ExtensionType::SIGNATURE_ALGORITHMS_CERT, "signature_algorithms_cert", schemes)
    }

    /// `application_layer_protocol_negotiation` (RFC 7301); a server answers with one protocol.
    pub fn alpn(protocols: &[&[u8]]) -> Result<Self, EncodeError> {
        let mut list = Writer::new();
        for protocol in protocols {
            if protocol.is_empty() {
                return Err(EncodeError::Empty { what: "ALPN protocol" });
            }
            list.vec8("ALPN protocol", protocol)?;
        }
        let mut w = Writer::new();
        w.vec16("ALPN list", &list.into_vec())?;
        Ok(Self::new(ExtensionType::ALPN, w))
    }

    /// A client's `supported_versions` (RFC 8446 §4.2.1).
    pub fn supported_versions(versions: &[Version]) -> Result<Self, EncodeError> {
        let values: Vec<u16> = versions.iter().map(|version| version.0).collect();
        let mut w = Writer::new();
        w.u16_list8("supported_versions", &values)?;
        Ok(Self::new(ExtensionType::SUPPORTED_VERSIONS, w))
    }

    /// A server's `supported_versions`: the one it chose.
    pub fn selected_version(version: Version) -> Self {
        let mut w = Writer::new();
        w.u16(version.0);
        Self::new(ExtensionType::SUPPORTED_VERSIONS, w)
    }

    /// A client's `key_share` (RFC 8446 §4.2.8). Empty asks for a `HelloRetryRequest`.
    pub fn key_share(entries: &[KeyShareEntry]) -> Result<Self, EncodeError> {
        let mut list = Writer::new();
        for entry in entries {
            entry.write(&mut list)?;
        }
        let mut w = Writer::new();
        w.vec16("key_share list", &list.into_vec())?;
        Ok(Self::new(ExtensionType::KEY_SHARE, w))
    }

    /// A `ServerHello`'s `key_share`.
    pub fn selected_key_share(entry: &KeyShareEntry) -> Result<Self, EncodeError> {
        let mut w = Writer::new();
        entry.write(&mut w)?;
        Ok(Self::new(ExtensionType::KEY_SHARE, w))
    }

    /// A `HelloRetryRequest`'s `key_share`: the group the server wants.
    pub fn retry_group(group: u16) -> Self {
        let mut w = Writer::new();
        w.u16(group);
        Self::new(ExtensionType::KEY_SHARE, w)
    }

    /// `cookie` (RFC 8446 §4.2.2).
    pub fn cookie(cookie: &[u8]) -> Result<Self, EncodeError> {
        let mut w = Writer::new();
        w.vec16("cookie", cookie)?;
        Ok(Self::new(ExtensionType::COOKIE, w))
    }

    /// `status_request` for OCSP without responder ids or extensions (RFC 6066 §8).
    pub fn status_request() -> Self {
        Self { kind: ExtensionType::STATUS_REQUEST, body: vec![1, 0, 0, 0, 0] }
    }

    /// `extended_master_secret` (RFC 7627).
    pub fn extended_master_secret() -> Self {
        Self::empty(ExtensionType::EXTENDED_MASTER_SECRET)
    }

    /// `encrypt_then_mac` (RFC 7366).
    pub fn encrypt_then_mac() -> Self {
        Self::empty(ExtensionType::ENCRYPT_THEN_MAC)
    }

    /// `session_ticket` (RFC 5077); empty asks for one.
    pub fn session_ticket(ticket: Vec<u8>) -> Self {
        Self { kind: ExtensionType::SESSION_TICKET, body: ticket }
    }

    /// `renegotiation_info` (RFC 5746); empty in a first handshake.
    pub fn renegotiation_info(verify_data: &[u8]) -> Result<Self, EncodeError> {
        Self::octets8(ExtensionType::RENEGOTIATION_INFO, "renegotiation_info", verify_data)
    }

    /// `psk_key_exchange_modes` (RFC 8446 §4.2.9); 0 is `psk_ke`, 1 is `psk_dhe_ke`.
    pub fn psk_key_exchange_modes(modes: &[u8]) -> Result<Self, EncodeError> {
        Self::octets8(ExtensionType::PSK_KEY_EXCHANGE_MODES, "psk_key_exchange_modes", modes)
    }

    /// `signed_certificate_timestamp` of a client: empty (RFC 6962 §3.3.1).
    pub fn signed_certificate_timestamp() -> Self {
        Self::empty(ExtensionType::SIGNED_CERTIFICATE_TIMESTAMP)
    }

    /// `padding` with `length` zeros (RFC 7685).
    pub fn padding(length: u16) -> Self {
        Self { kind: ExtensionType::PADDING, body: vec![0; usize::from(length)] }
    }

    /// `compress_certificate` (RFC 8879); 1 zlib, 2 brotli, 3 zstd.
    pub fn compress_certificate(algorithms: &[u16]) -> Result<Self, EncodeError> {
        let mut w = Writer::new();
        w.u16_list8("compress_certificate", algorithms)?;
        Ok(Self::new(ExtensionType::COMPRESS_CERTIFICATE, w))
    }

    /// `next_protocol_negotiation` of a client: empty (the draft of 2012).
    pub fn next_protocol_negotiation() -> Self {
        Self::empty(ExtensionType::NEXT_PROTOCOL_NEGOTIATION)
    }

    /// `heartbeat` (RFC 6520); 1 allows the peer to send, 2 does not.
    pub fn heartbeat(mode: u8) -> Self {
        Self { kind: ExtensionType::HEARTBEAT, body: vec![mode] }
    }

    fn u16_list16(kind: ExtensionType, what: &'static str, values: &[u16]) -> Result<Self, EncodeError> {
        let mut w = Writer::new();
        w.u16_list16(what, values)?;
        Ok(Self::new(kind, w))
    }

    fn octets8(kind: ExtensionType, what: &'static str, octets: &[u8]) -> Result<Self, EncodeError> {
        let mut w = Writer::new();
        w.vec8(what, octets)?;
        Ok(Self::new(kind, w))
    }
}

impl KeyShareEntry {
    fn write(&self, w: &mut Writer) -> Result<(), EncodeError> {
        if self.key.is_empty() {
            return Err(EncodeError::Empty { what: "key_share key" });
        }
        w.u16(self.group);
        w.vec16("key_share key", &self.key)
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        let group = r.u16("key_share.group")?;
        let key = r.vec16("key_share.key", 1)?.to_vec();
        Ok(Self { group, key })
    }
}

/// RFC 6066 §3: "Literal IPv4 and IPv6 addresses are not permitted". Like the URL standard, a last label that is a
/// number makes the name an address, so that `127.1` and `0x7f.1` are caught too.
fn check_server_name(host: &str) -> Result<(), EncodeError> {
    let not_a_name = || EncodeError::NotADnsName(host.chars().take(260).collect());
    if host.starts_with('[') || host.parse::<Ipv6Addr>().is_ok() {
        return Err(EncodeError::AddressAsServerName);
    }
    let label_fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_')
    };
    if host.len() > 253 || !host.split('.').all(label_fits) {
        return Err(not_a_name());
    }
    let last = host.rsplit('.').next().unwrap_or(host);
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    let is_number = last.bytes().all(|octet| octet.is_ascii_digit())
        || hex.is_some_and(|digits| digits.bytes().all(|octet| octet.is_ascii_hexdigit()));
    if is_number { Err(EncodeError::AddressAsServerName) } else { Ok(()) }
}

/// Reads an extension block, length included; `None` when the message ends before it (RFC 5246 §7.4.1.4).
pub(super) fn read_extensions(
    r: &mut Reader<'_>,
    what: &'static str,
) -> Result<Option<Vec<Extension>>, Malformed> {
    if r.is_empty() {
        return Ok(None);
    }
    let mut block = r.inside16(what, 0)?;
    let mut extensions = Vec::new();
    while !block.is_empty() {
        let kind = ExtensionType(block.u16(what)?);
        let body = block.vec16(what, 0)?.to_vec();
        extensions.push(Extension { kind, body });
    }
    Ok(Some(extensions))
}

/// Writes an extension block, length included; nothing at all for `None`.
pub(super) fn write_extensions(w: &mut Writer, extensions: Option<&[Extension]>) -> Result<(), EncodeError> {
    let Some(extensions) = extensions else { return Ok(()) };
    let mut block = Writer::new();
    for extension in extensions {
        block.u16(extension.kind.0);
        block.vec16("extension", &extension.body)?;
    }
    w.vec16("extensions", &block.into_vec())
}

/// The first extension of a type.
pub(super) fn find_extension(extensions: Option<&[Extension]>, kind: ExtensionType) -> Option<&Extension> {
    extensions?.iter().find(|extension| extension.kind == kind)
}

/// Types that occur more than once, against RFC 8446 §4.2; ascending.
pub(super) fn duplicated_extensions(extensions: Option<&[Extension]>) -> Vec<ExtensionType> {
    let mut kinds: Vec<_> = extensions.unwrap_or_default().iter().map(|extension| extension.kind).collect();
    kinds.sort_unstable();
    let mut twice: Vec<_> =
        kinds.iter().zip(kinds.iter().skip(1)).filter(|(a, b)| a == b).map(|(a, _)| *a).collect();
    twice.dedup();
    twice
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_name_takes_names_only() {
        let ok = Extension::server_name("www.hanoi.gov.vn.").unwrap();
        assert_eq!(ok.body[..5], [0, 19, 0, 0, 16]);
        assert_eq!(&ok.body[5..], b"www.hanoi.gov.vn");
        for name in ["xn--h-ni-8qa.vn", "a_b.test", "localhost", "3com.test", "1.2.3.4.test"] {
            assert!(Extension::server_name(name).is_ok(), "{name}");
        }
        for address in ["127.0.0.1", "127.1", "1", "0x7f.0.0.0x1", "::1", "[::1]", "2001:db8::1", "a.09"] {
            assert_eq!(Extension::server_name(address), Err(EncodeError::AddressAsServerName), "{address}");
        }
        for other in ["", ".", "a..b", "hà-nội.vn", "a b", "a\0b", &"a".repeat(64), &["abc"; 70].join(".")]
        {
            assert!(matches!(Extension::server_name(other), Err(EncodeError::NotADnsName(_))), "{other}");
        }
    }

    #[test]
    fn bodies_on_the_wire() {
        assert_eq!(Extension::supported_groups(&[0x11ec, 29]).unwrap().body, [0, 4, 0x11, 0xec, 0, 29]);
        assert_eq!(Extension::key_share(&[]).unwrap().body, [0, 0]);
        let entry = KeyShareEntry { group: 29, key: vec![9] };
        assert_eq!(Extension::key_share(std::slice::from_ref(&entry)).unwrap().body, [0, 5, 0, 29, 0, 1, 9]);
        assert_eq!(Extension::selected_key_share(&entry).unwrap().body, [0, 29, 0, 1, 9]);
        assert_eq!(Extension::supported_versions(&[Version::TLS13]).unwrap().body, [2, 3, 4]);
        assert_eq!(Extension::alpn(&[b"h2"]).unwrap().body, [0, 3, 2, b'h', b'2']);
        assert_eq!(Extension::renegotiation_info(&[]).unwrap().body, [0]);
        assert_eq!(Extension::compress_certificate(&[2]).unwrap().body, [2, 0, 2]);
        assert!(Extension::key_share(&[KeyShareEntry { group: 29, key: vec![] }]).is_err());
        assert!(Extension::alpn(&[b""]).is_err() && Extension::alpn(&[&[b'x'; 256]]).is_err());
        assert!(Extension::supported_groups(&vec![0; 32_768]).is_err());
        assert!(Extension::supported_versions(&[Version::TLS12; 128]).is_err());
    }

    #[test]
    fn duplicates_are_noted_once() {
        let e = |kind| Extension::raw(kind, vec![]);
        let list = [e(5), e(1), e(5), e(5), e(2), e(1)];
        assert_eq!(duplicated_extensions(Some(&list)), [ExtensionType(1), ExtensionType(5)]);
        assert_eq!(duplicated_extensions(None), []);
    }
}
