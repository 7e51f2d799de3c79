//! The hellos that ask for one protocol version each. Builds them, sends nothing.

use std::sync::LazyLock;

use crate::wire::{
    iana::{self, BulkCipher, KeyExchange, SuiteProperties},
    tls::{ClientHello, EncodeError, Extension, Version},
};

/// Some servers ignore suites past the 64th or break above 128: three hellos of at most so many reach them all.
const CHUNK: usize = 120;

/// Some servers break above 64 suites: a refusal that may be one of the size is asked again with so few.
const SHORT: usize = 40;

/// What nearly every server of the last twenty years has one of, the rarest combinations of them left out.
const LIKELY: [u16; 26] = [
    0xc02f, 0xc030, 0xc02b, 0xc02c, 0xcca8, 0xcca9, 0xc013, 0xc014, 0xc009, 0xc00a, 0xc027, 0xc028, 0xc023,
    0xc024, 0x009c, 0x009d, 0x003c, 0x003d, 0x002f, 0x0035, 0x0033, 0x0039, 0x000a, 0x0016, 0x0005, 0x0004,
];

/// A hello of 256 to 511 octets makes some old load balancers hang (RFC 7685).
const HANGS: std::ops::Range<usize> = 256..512;

/// A hello that offers exactly one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// The version asked for.
    pub(super) version: Version,
    /// Which part of the suites is offered; see [`chunks`].
    pub(super) chunk: usize,
    /// Only the likeliest suites of that part.
    pub(super) short: bool,
}

impl Question {
    /// Asks for this version with the likeliest part of its suites.
    pub(super) fn first(version: Version) -> Self {
        Self { version, chunk: 0, short: false }
    }
}

/// How many hellos it takes to offer every suite of a version.
pub(super) fn chunks(version: Version) -> usize {
    suites(version).chunks(CHUNK).len()
}

/// The cipher suites of a version, likeliest first.
fn suites(version: Version) -> &'static [u16] {
    static OLD: LazyLock<Vec<u16>> = LazyLock::new(|| {
        let mut suites: Vec<(u8, u16)> = iana::cipher_suites()
            .filter_map(|suite| Some((suite.code, suite.properties()?)))
            .filter(|(_, properties)| !properties.is_tls13())
            .map(|(code, properties)| (rarity(code, &properties), code))
            .collect();
        suites.sort_unstable();
        suites.into_iter().map(|(_, code)| code).collect()
    });
    static NEW: LazyLock<Vec<u16>> = LazyLock::new(|| {
        let mut suites: Vec<u16> = iana::cipher_suites()
            .filter(|suite| suite.properties().is_some_and(|properties| properties.is_tls13()))
            .map(|suite| suite.code)
            .collect();
        // those of RFC 8446 before national ones
        suites.sort_unstable_by_key(|code| (code >> 8 != 0x13, *code));
        suites
    });
    if version == Version::TLS13 { &NEW } else { &OLD }
}

/// How unlikely a server is to have nothing but suites like this one.
fn rarity(code: u16, properties: &SuiteProperties) -> u8 {
    if LIKELY.contains(&code) {
        return 0;
    }
    let usual_cipher = matches!(
        properties.cipher,
        BulkCipher::Aes | BulkCipher::ChaCha20 | BulkCipher::TripleDes | BulkCipher::Rc4
    );
    match (properties.key_exchange, usual_cipher) {
        (KeyExchange::Ecdhe | KeyExchange::Dhe | KeyExchange::Rsa, true) => 1,
        (KeyExchange::Ecdhe | KeyExchange::Dhe | KeyExchange::Rsa, false) => 2,
        (KeyExchange::EcdhAnon | KeyExchange::DhAnon | KeyExchange::Ecdh | KeyExchange::Dh, _) => 3,
        _ => 4,
    }
}

impl Question {
    /// The records to send.
    pub(super) fn to_records(&self, host: &str, random: [u8; 32]) -> Result<Vec<u8>, EncodeError> {
        let mut offered: Vec<u16> =
            suites(self.version).chunks(CHUNK).nth(self.chunk).unwrap_or_default().to_vec();
        if self.short {
            offered.truncate(SHORT);
        }
        if self.version == Version::TLS13 {
            let mut hello = ClientHello::new(Version::TLS12, random, offered);
            // what a browser sends, so that middleboxes take it for a resumption (RFC 8446 appendix D.4)
            hello.session_id = random.to_vec();
            let mut extensions = Self::common(host)?;
            extensions.push(Extension::supported_versions(&[Version::TLS13])?);
            extensions.push(Extension::psk_key_exchange_modes(&[1])?);
            // no share: the server names a group by a HelloRetryRequest, and no key has to be made
            extensions.push(Extension::key_share(&[])?);
            hello.extensions = Some(extensions);
            return Self::finish(hello);
        }
        // some servers fail without it
        offered.push(iana::EMPTY_RENEGOTIATION_INFO_SCSV);
        let mut hello = ClientHello::new(self.version, random, offered);
        if self.version > Version::SSL3 {
            let mut extensions = Self::common(host)?;
            extensions.push(Extension::ec_point_formats(&[0])?);
            if self.version < Version::TLS12 {
                // signature_algorithms is meant for TLS 1.2 and later (RFC 5246 section 7.4.1.4.1)
                extensions.retain(|e| e.kind != crate::wire::tls::ExtensionType::SIGNATURE_ALGORITHMS);
            }
            hello.extensions = Some(extensions);
        }
        Self::finish(hello)
    }

    fn common(host: &str) -> Result<Vec<Extension>, EncodeError> {
        let groups: Vec<u16> = iana::named_groups().map(|group| group.code).collect();
        let schemes: Vec<u16> = iana::signature_schemes().collect();
        let mut extensions = Vec::new();
        match Extension::server_name(host) {
            Ok(name) => extensions.push(name),
            // an address is no server name: the hello goes without (RFC 6066 section 3)
            Err(EncodeError::AddressAsServerName) => {}
            Err(other) => return Err(other),
        }
        extensions.push(Extension::supported_groups(&groups)?);
        extensions.push(Extension::signature_algorithms(&schemes)?);
        Ok(extensions)
    }

    fn finish(mut hello: ClientHello) -> Result<Vec<u8>, EncodeError> {
        let length = hello.to_message()?.encode()?.len();
        if HANGS.contains(&length) && hello.extensions.is_some() {
            // the extension's own header needs four octets
            hello.pad_to(HANGS.end.max(length + 4))?;
        }
        hello.to_records()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suite_is_offered_once_and_the_likely_ones_first() {
        let all = suites(Version::TLS12);
        assert!(all.len() > 300 && chunks(Version::TLS12) == all.len().div_ceil(CHUNK));
        for likely in LIKELY {
            assert!(all[..SHORT].contains(&likely), "{likely:04x}");
        }
        let mut seen = all.to_vec();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), all.len());
        assert!(suites(Version::TLS13).starts_with(&[0x1301]));
    }

    #[test]
    fn hellos_avoid_the_sizes_that_hang() {
        for version in [Version::SSL3, Version::TLS10, Version::TLS11, Version::TLS12, Version::TLS13] {
            for (chunk, short) in (0..chunks(version)).flat_map(|chunk| [(chunk, false), (chunk, true)]) {
                let records = Question { version, chunk, short }
                    .to_records("site.example", [7; 32])
                    .unwrap_or_default();
                assert!(records.len() > 9);
                if version > Version::SSL3 {
                    assert!(!HANGS.contains(&(records.len() - 5)), "{version} {chunk}: {}", records.len());
                }
            }
        }
    }

    #[test]
    fn an_address_sends_no_server_name() {
        let question = Question::first(Version::TLS12);
        let of = |host| question.to_records(host, [7; 32]).unwrap_or_default();
        let contains = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
        assert!(contains(&of("site.example"), "site.example"));
        assert!(!contains(&of("192.0.2.1"), "192.0.2.1"));
    }
}
