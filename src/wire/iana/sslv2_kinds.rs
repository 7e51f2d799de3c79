//! `SSLv2`'s cipher kinds (three octets each), as data.

use std::borrow::Cow;

/// The seven cipher kinds of the `SSLv2` draft, in its order: value and name.
pub const SSLV2_CIPHER_KINDS: [(u32, &str); 7] = [
    (0x01_0080, "SSL_CK_RC4_128_WITH_MD5"),
    (0x02_0080, "SSL_CK_RC4_128_EXPORT40_WITH_MD5"),
    (0x03_0080, "SSL_CK_RC2_128_CBC_WITH_MD5"),
    (0x04_0080, "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5"),
    (0x05_0080, "SSL_CK_IDEA_128_CBC_WITH_MD5"),
    (0x06_0040, "SSL_CK_DES_64_CBC_WITH_MD5"),
    (0x07_00c0, "SSL_CK_DES_192_EDE3_CBC_WITH_MD5"),
];

/// What `SSLeay` and its descendants answered beyond the draft.
const LATER_KINDS: [(u32, &str); 3] = [
    (0x06_0140, "SSL_CK_DES_64_CBC_WITH_SHA"),
    (0x07_01c0, "SSL_CK_DES_192_EDE3_CBC_WITH_SHA"),
    (0x08_0080, "SSL_CK_RC4_64_WITH_MD5"),
];

/// Name of a cipher kind; a TLS suite sent in three octets (leading zero) keeps its TLS name; else `0x123456`.
pub fn sslv2_cipher_kind_name(kind: u32) -> Cow<'static, str> {
    if let Some((_, name)) = SSLV2_CIPHER_KINDS.iter().chain(&LATER_KINDS).find(|row| row.0 == kind) {
        return Cow::Borrowed(name);
    }
    match u16::try_from(kind).ok().and_then(super::cipher_suite) {
        Some(suite) => Cow::Borrowed(suite.name),
        None => Cow::Owned(format!("0x{kind:06x}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(sslv2_cipher_kind_name(0x01_0080), "SSL_CK_RC4_128_WITH_MD5");
        assert_eq!(sslv2_cipher_kind_name(0x07_00c0), "SSL_CK_DES_192_EDE3_CBC_WITH_MD5");
        assert_eq!(sslv2_cipher_kind_name(0x00_0005), "TLS_RSA_WITH_RC4_128_SHA");
        assert_eq!(sslv2_cipher_kind_name(0x12_3456), "0x123456");
    }
}
