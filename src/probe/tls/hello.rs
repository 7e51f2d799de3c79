//! The hellos that ask for one protocol version each. Builds them, sends nothing.

use std::sync::LazyLock;

use super::offer::Offer;
use crate::wire::{
    iana::{self, BulkCipher, KeyExchange, SuiteHash, SuiteProperties},
    tls::Version,
};

/// Some servers ignore suites past the 64th or break above 128: three hellos of at most so many reach them all.
pub(super) const CHUNK: usize = 120;

/// Some servers break above 64 suites: a refusal that may be one of the size is asked again with so few.
const SHORT: usize = 40;

/// What nearly every server of the last twenty years has one of, the rarest combinations of them left out.
const LIKELY: [u16; 26] = [
    0xc02f, 0xc030, 0xc02b, 0xc02c, 0xcca8, 0xcca9, 0xc013, 0xc014, 0xc009, 0xc00a, 0xc027, 0xc028, 0xc023,
    0xc024, 0x009c, 0x009d, 0x003c, 0x003d, 0x002f, 0x0035, 0x0033, 0x0039, 0x000a, 0x0016, 0x0005, 0x0004,
];

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
    /// What is offered.
    pub(super) fn offer(&self) -> Offer {
        let mut offered: Vec<u16> =
            suites(self.version).chunks(CHUNK).nth(self.chunk).unwrap_or_default().to_vec();
        if self.short {
            offered.truncate(SHORT);
        }
        Offer::new(self.version, offered)
    }
}

/// The suites of a version in the order in which they are enumerated: those that no server should have come first, so
/// that they are found even where the budget ends early; then the likely ones.
pub(super) fn weakest_first(version: Version) -> Vec<u16> {
    let mut all = suites(version).to_vec();
    if version != Version::TLS13 {
        all.sort_by_key(|code| {
            !iana::cipher_suite(*code).and_then(|suite| suite.properties()).is_some_and(|p| is_past(&p))
        });
    }
    all
}

/// A hello as long as any of ours whose first two thirds are suites that no web server has, and the rest the likeliest:
/// who chooses one of these has read it to its end.
pub(super) fn long(version: Version) -> Offer {
    let likely = Question { short: true, ..Question::first(version) }.offer().suites;
    let mut offered: Vec<u16> = foreign_suites().take(CHUNK - SHORT).collect();
    offered.extend(likely);
    Offer::new(version, offered)
}

/// Suites that no web server has: with keys shared beforehand, passwords, Kerberos.
pub(super) fn foreign_suites() -> impl Iterator<Item = u16> {
    suites(Version::TLS12).iter().copied().filter(|code| {
        let suite = iana::cipher_suite(*code).and_then(|suite| suite.properties());
        suite.is_some_and(|suite| {
            matches!(
                suite.key_exchange,
                KeyExchange::Psk
                    | KeyExchange::DhePsk
                    | KeyExchange::EcdhePsk
                    | KeyExchange::RsaPsk
                    | KeyExchange::Kerberos
                    | KeyExchange::Srp
                    | KeyExchange::Eccpwd
            )
        })
    })
}

/// Without encryption, authentication or strength, and with blocks of 64 bits.
pub(super) fn is_past(properties: &SuiteProperties) -> bool {
    properties.null_encryption()
        || properties.anonymous()
        || properties.export
        || properties.block_bits == Some(64)
        || properties.cipher == BulkCipher::Rc4
        || properties.hash == SuiteHash::Md5
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::tls::offer::HANGS;

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
    fn the_past_comes_first_and_nothing_is_lost() {
        let (ordered, mut all) = (weakest_first(Version::TLS12), suites(Version::TLS12).to_vec());
        let name = |code: u16| iana::cipher_suite(code).unwrap().name;
        let past: Vec<&str> = ordered[..CHUNK].iter().map(|code| name(*code)).collect();
        for wanted in ["_RC4_", "_NULL_", "_anon_", "EXPORT", "3DES", "_DES_"] {
            assert!(past.iter().any(|name| name.contains(wanted)), "{wanted}");
        }
        let mut sorted = ordered.clone();
        sorted.sort_unstable();
        all.sort_unstable();
        assert_eq!(sorted, all);
        let long = long(Version::TLS12).suites;
        assert_eq!(long.len(), CHUNK);
        assert!(long[CHUNK - SHORT..].iter().all(|code| !name(*code).contains("PSK")));
    }

    #[test]
    fn hellos_avoid_the_sizes_that_hang() {
        for version in [Version::SSL3, Version::TLS10, Version::TLS11, Version::TLS12, Version::TLS13] {
            for (chunk, short) in (0..chunks(version)).flat_map(|chunk| [(chunk, false), (chunk, true)]) {
                let records = Question { version, chunk, short }
                    .offer()
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
        let of = |host| question.offer().to_records(host, [7; 32]).unwrap_or_default();
        let contains = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
        assert!(contains(&of("site.example"), "site.example"));
        assert!(!contains(&of("192.0.2.1"), "192.0.2.1"));
    }
}
