//! IANA's TLS registries as data: cipher suites, groups, signature schemes, alerts, extensions, `SSLv2` cipher kinds.
//! Names and what the names say; no verdicts. An unknown code is shown as `0x1234`.

mod alerts;
mod cipher_suites;
mod extensions;
mod groups;
mod signatures;
mod sslv2_kinds;
mod suite;
mod suite_name;

use std::borrow::Cow;

pub use alerts::alert_name;
pub use extensions::extension_name;
pub use groups::{GroupKind, NamedGroup, named_group, named_groups};
pub use signatures::{SignatureHash, signature_scheme_hash, signature_scheme_name, signature_schemes};
pub use sslv2_kinds::{SSLV2_CIPHER_KINDS, sslv2_cipher_kind_name};
pub use suite::{
    Authentication, BulkCipher, CipherMode, CipherSuite, KeyExchange, SuiteHash, SuiteProperties,
    cipher_suite, cipher_suites,
};

/// When and from what these tables were written.
pub const SNAPSHOT: &str = "transcribed 2026-11 from the RFCs and drafts that define the entries; compared with \
     OpenSSL 3.0.19 (suites), rustls 0.23.46, scapy 2.8.0 and cryptodatahub 1.6.1, not with the registry itself";

/// IANA's name of a cipher suite, or `0x1234`.
pub fn cipher_suite_name(code: u16) -> Cow<'static, str> {
    cipher_suite(code).map_or_else(|| Cow::Owned(hex(code)), |suite| Cow::Borrowed(suite.name))
}

/// IANA's name of a supported group, or `0x1234`.
pub fn group_name(code: u16) -> Cow<'static, str> {
    named_group(code).map_or_else(|| Cow::Owned(hex(code)), |group| Cow::Borrowed(group.name))
}

/// The sixteen values of RFC 8701, `0x0a0a` to `0xfafa`, for suites, groups, extensions and versions.
pub const GREASE: [u16; 16] = [
    0x0a0a, 0x1a1a, 0x2a2a, 0x3a3a, 0x4a4a, 0x5a5a, 0x6a6a, 0x7a7a, 0x8a8a, 0x9a9a, 0xaaaa, 0xbaba, 0xcaca,
    0xdada, 0xeaea, 0xfafa,
];

/// Whether a value is one of RFC 8701's reserved ones.
pub fn is_grease(code: u16) -> bool {
    GREASE.contains(&code)
}

/// `TLS_EMPTY_RENEGOTIATION_INFO_SCSV` (RFC 5746 §3.3).
pub const EMPTY_RENEGOTIATION_INFO_SCSV: u16 = 0x00ff;

/// `TLS_FALLBACK_SCSV` (RFC 7507).
pub const FALLBACK_SCSV: u16 = 0x5600;

/// How an unknown code is shown.
fn hex(code: u16) -> String {
    format!("0x{code:04x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_codes_are_shown_in_hex() {
        assert_eq!(cipher_suite_name(0xc02f), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
        assert_eq!(cipher_suite_name(0x1234), "0x1234");
        assert_eq!(group_name(0x11ec), "X25519MLKEM768");
        assert_eq!(group_name(0xfafa), "0xfafa");
    }

    #[test]
    fn no_grease_value_is_assigned() {
        for code in GREASE {
            assert!(cipher_suite(code).is_none() && named_group(code).is_none());
            assert!(extension_name(code).starts_with("0x"));
        }
        assert!(is_grease(0x3a3a) && !is_grease(0x3a4a));
    }

    #[test]
    fn scsvs_are_where_the_registry_has_them() {
        assert_eq!(cipher_suite_name(EMPTY_RENEGOTIATION_INFO_SCSV), "TLS_EMPTY_RENEGOTIATION_INFO_SCSV");
        assert_eq!(cipher_suite_name(FALLBACK_SCSV), "TLS_FALLBACK_SCSV");
    }
}
