//! TLS 1.2 and 1.3 as rustls speaks them, and whether it would have anything for a client's hello.

use std::sync::Arc;

use rustls::{
    CipherSuite, ServerConfig, SignatureAlgorithm, SupportedCipherSuite, SupportedProtocolVersion,
    crypto::aws_lc_rs,
    version::{TLS12, TLS13},
};
use tokio_rustls::TlsAcceptor;

use super::{
    LabError,
    authority::{Identity, Key},
};
use crate::wire::tls::{ClientHello, ExtensionType, Version};

/// A rustls server.
#[derive(Clone)]
pub(super) struct Modern {
    pub(super) acceptor: TlsAcceptor,
    versions: &'static [&'static SupportedProtocolVersion],
    key: SignatureAlgorithm,
}

impl Modern {
    /// Shows this identity, whose key is of that kind.
    pub(super) fn new(identity: Identity, key: Key, tls13: bool) -> Result<Self, LabError> {
        const BOTH: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];
        const OLDER: &[&SupportedProtocolVersion] = &[&TLS12];
        let versions = if tls13 { BOTH } else { OLDER };
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(versions)?
            .with_no_client_auth()
            .with_single_cert(identity.chain, identity.key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let key = match key {
            Key::P256 => SignatureAlgorithm::ECDSA,
            Key::Rsa => SignatureAlgorithm::RSA,
        };
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), versions, key })
    }

    /// Whether version, suite and group of a handshake can be found in this hello; a server of both worlds picks the
    /// newer one then.
    pub(super) fn serves(&self, hello: &ClientHello) -> bool {
        let offered = hello.offered_versions().unwrap_or_default();
        let listed = hello.extension(ExtensionType::SUPPORTED_VERSIONS).is_some();
        let takes = |version: Version| {
            let known = self.versions.iter().any(|known| u16::from(known.version) == version.0);
            known
                && if listed {
                    offered.contains(&version)
                } else {
                    version <= hello.version.min(Version::TLS12)
                }
        };
        let (new, old) = (takes(Version::TLS13), takes(Version::TLS12));
        let suite = |suite: &SupportedCipherSuite| match suite {
            SupportedCipherSuite::Tls13(_) => new,
            SupportedCipherSuite::Tls12(_) => old && suite.usable_for_signature_algorithm(self.key),
        };
        let has = |suite: CipherSuite| hello.cipher_suites.contains(&u16::from(suite));
        // without the extension a client takes every group (RFC 8422 section 4)
        let groups = hello.supported_groups().ok().flatten();
        let group = |code: u16| groups.as_ref().is_none_or(|groups| groups.contains(&code));
        aws_lc_rs::ALL_CIPHER_SUITES.iter().any(|known| suite(known) && has(known.suite()))
            && aws_lc_rs::ALL_KX_GROUPS.iter().any(|known| group(u16::from(known.name())))
    }
}
