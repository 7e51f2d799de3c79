//! What no modern library speaks any more: `SSLv3`, TLS 1.0 and 1.1, RC4, 3DES. Answers a hello by hand up to
//! `ServerHelloDone`, which is where a prober has seen everything; a handshake is never finished.

use crate::wire::tls::{
    Alert, ClientHello, ContentType, EncodeError, Extension, ExtensionType, HandshakeType, MAX_FRAGMENT,
    Message, Version, reply, to_records,
};

/// Code points of old suites, those with RSA key exchange: no `ServerKeyExchange` is due (RFC 5246 section 7.4.3).
pub(super) mod suite {
    pub(in crate::lab) const RC4_128_SHA: u16 = 0x0005;
    pub(in crate::lab) const TRIPLE_DES_SHA: u16 = 0x000a;
    pub(in crate::lab) const AES_128_SHA: u16 = 0x002f;
    pub(in crate::lab) const AES_256_SHA: u16 = 0x0035;
}

const EMPTY_RENEGOTIATION_INFO_SCSV: u16 = 0x00ff;

const HANDSHAKE_FAILURE: u8 = 40;
const PROTOCOL_VERSION: u8 = 70;

/// An old server.
#[derive(Clone, Debug)]
pub(super) struct Legacy {
    /// Versions, best first.
    pub(super) versions: &'static [Version],
    /// Suites, best first.
    pub(super) suites: &'static [u16],
    /// An RSA leaf and what links it to its root, DER.
    pub(super) chain: Vec<Vec<u8>>,
}

impl Legacy {
    /// What is written in answer to a hello.
    pub(super) fn answer(&self, hello: &ClientHello, random: [u8; 32]) -> Result<Vec<u8>, EncodeError> {
        let Some(version) = self.version(hello) else { return alert(hello.version, PROTOCOL_VERSION) };
        let suite = self.suites.iter().find(|suite| hello.cipher_suites.contains(suite));
        let Some(suite) = suite else { return alert(version, HANDSHAKE_FAILURE) };
        let renegotiation = hello.cipher_suites.contains(&EMPTY_RENEGOTIATION_INFO_SCSV)
            || hello.extension(ExtensionType::RENEGOTIATION_INFO).is_some();
        let extensions = if renegotiation { Some(vec![Extension::renegotiation_info(&[])?]) } else { None };
        let hello = reply::ServerHello {
            legacy_version: version,
            random,
            session_id: random.to_vec(),
            cipher_suite: *suite,
            compression_method: 0,
            extensions,
        };
        let done =
            Message { record_version: version, kind: HandshakeType::SERVER_HELLO_DONE, body: Vec::new() };
        let certificate = reply::Certificate { chain: self.chain.clone() };
        let mut flight = hello.to_message(version)?.to_records()?;
        flight.extend(certificate.to_message(version)?.to_records()?);
        flight.extend(done.to_records()?);
        Ok(flight)
    }

    /// The best version that both have. Without `supported_versions` a client takes everything up to its own.
    fn version(&self, hello: &ClientHello) -> Option<Version> {
        let listed = hello.extension(ExtensionType::SUPPORTED_VERSIONS).is_some();
        let offered = hello.offered_versions().ok()?;
        let takes = |version: Version| {
            if listed { offered.contains(&version) } else { version <= hello.version }
        };
        self.versions.iter().copied().find(|version| takes(*version))
    }
}

/// The record of a fatal alert, in the client's own version where that is one.
fn alert(version: Version, description: u8) -> Result<Vec<u8>, EncodeError> {
    let version = version.clamp(Version::SSL3, Version::TLS12);
    to_records(ContentType::ALERT, version, &Alert::fatal(description).to_octets(), MAX_FRAGMENT)
}

/// What ends a handshake that goes on where we do not follow.
pub(super) fn no_further() -> Result<Vec<u8>, EncodeError> {
    alert(Version::TLS10, HANDSHAKE_FAILURE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::tls::{Event, Reassembler};

    fn old() -> Legacy {
        Legacy {
            versions: &[Version::TLS11, Version::TLS10],
            suites: &[suite::AES_128_SHA, suite::RC4_128_SHA],
            chain: vec![vec![1, 2, 3]],
        }
    }

    fn events(octets: &[u8]) -> Vec<Event> {
        let mut reader = Reassembler::default();
        reader.feed(octets);
        std::iter::from_fn(|| reader.next_event().unwrap()).collect()
    }

    fn said(hello: &ClientHello) -> Vec<Event> {
        events(&old().answer(hello, [9; 32]).unwrap())
    }

    #[test]
    fn the_best_that_both_have_is_chosen() {
        for (offered, chosen) in
            [(Version::TLS12, 0x0302), (Version::TLS11, 0x0302), (Version::TLS10, 0x0301)]
        {
            let hello =
                ClientHello::new(offered, [1; 32], vec![suite::RC4_128_SHA, suite::AES_128_SHA, 0x00ff]);
            let [Event::Handshake(hello), Event::Handshake(certificate), Event::Handshake(done)] =
                &said(&hello)[..]
            else {
                panic!("three messages")
            };
            let hello = reply::ServerHello::parse(&hello.body).unwrap();
            assert_eq!(
                (hello.negotiated_version(), hello.cipher_suite),
                (Version(chosen), suite::AES_128_SHA)
            );
            assert_eq!(hello.renegotiation_info().unwrap(), Some(Vec::new()));
            assert_eq!(reply::Certificate::parse(&certificate.body).unwrap().chain, [[1, 2, 3]]);
            assert_eq!(done.kind, HandshakeType::SERVER_HELLO_DONE);
        }
    }

    #[test]
    fn what_it_does_not_have_is_refused_by_the_right_alert() {
        let ssl3 = ClientHello::new(Version::SSL3, [1; 32], vec![suite::RC4_128_SHA]);
        assert_eq!(said(&ssl3), [Event::Alert(Alert::fatal(PROTOCOL_VERSION))]);
        let mut new = ClientHello::new(Version::TLS12, [1; 32], vec![0x1301]);
        assert_eq!(said(&new), [Event::Alert(Alert::fatal(HANDSHAKE_FAILURE))]);
        new.extensions = Some(vec![Extension::supported_versions(&[Version::TLS13]).unwrap()]);
        assert_eq!(said(&new), [Event::Alert(Alert::fatal(PROTOCOL_VERSION))]);
    }
}
