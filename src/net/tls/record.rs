//! The verifier that records instead of judging, and what the TLS library's errors mean.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::{
    CertificateError, DigitallySignedStruct, InvalidMessage, PeerMisbehaved, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use super::Authentication;
use crate::net::error::Error;

/// The library takes handshake messages up to this size; a longer certificate chain is cut off.
const LARGEST_HANDSHAKE_MESSAGE: u64 = 0xffff;

/// Takes every certificate and keeps what the server sent. The signature over the handshake is still checked.
#[derive(Debug)]
pub(super) struct Recorder {
    provider: Arc<CryptoProvider>,
    /// The only kind of signature that is offered, if any.
    authentication: Option<Authentication>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    chain: Vec<Vec<u8>>,
    staple: Vec<u8>,
}

impl Recorder {
    pub(super) fn new(provider: Arc<CryptoProvider>, authentication: Option<Authentication>) -> Self {
        Recorder { provider, authentication, seen: Mutex::default() }
    }

    pub(super) fn provider(&self) -> &Arc<CryptoProvider> {
        &self.provider
    }

    /// The chain, leaf first, and the staple.
    pub(super) fn seen(&self) -> (Vec<Vec<u8>>, Option<Vec<u8>>) {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        (seen.chain.clone(), (!seen.staple.is_empty()).then(|| seen.staple.clone()))
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.chain = std::iter::once(end_entity).chain(intermediates).map(|der| der.to_vec()).collect();
        seen.staple = ocsp_response.to_vec();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
            .map_err(|error| of_short_key(certificate, error))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
            .map_err(|error| of_short_key(certificate, error))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = self.provider.signature_verification_algorithms.supported_schemes();
        let kinds: &[&str] = match self.authentication {
            None => return schemes,
            Some(Authentication::Rsa) => &["RSA_"],
            // one kind of suite for both (RFC 8422 section 2.2)
            Some(Authentication::Ecdsa) => &["ECDSA_", "ED"],
        };
        schemes.retain(|scheme| kinds.iter().any(|kind| format!("{scheme:?}").starts_with(kind)));
        schemes
    }
}

/// How our own word for such a key begins.
const SHORT_KEY: &str = "the library takes no RSA key of";

/// The library refuses to verify with an RSA key outside 2048 to 8192 bits and calls every such signature bad; of this
/// one nothing is known.
fn of_short_key(certificate: &CertificateDer<'_>, error: rustls::Error) -> rustls::Error {
    use x509_parser::{parse_x509_certificate, public_key::PublicKey};
    let verifiable = 2048..=8192;
    let is_bad = matches!(error, rustls::Error::InvalidCertificate(CertificateError::BadSignature));
    let Ok((_, parsed)) = parse_x509_certificate(certificate) else { return error };
    match parsed.public_key().parsed() {
        Ok(PublicKey::RSA(key)) if is_bad && !verifiable.contains(&key.key_size()) => {
            rustls::Error::General(format!("{SHORT_KEY} {} bits", key.key_size()))
        }
        _ => error,
    }
}

/// Whether the first bytes could open a TLS record: content type 20–24, major version 3. Nothing yet: benefit of doubt.
pub(super) fn looks_like_tls(head: &[u8]) -> bool {
    match head {
        [] | [20..=24] => true,
        [20..=24, major, ..] => *major == 3,
        _ => false,
    }
}

/// What the library's error says about the peer.
pub(super) fn explain(error: &rustls::Error) -> Error {
    match error {
        rustls::Error::AlertReceived(alert) => {
            let description = u8::from(*alert);
            // The library swallows warnings; what it reports ended the connection.
            Error::Alert { level: 2, description, name: alert_name(description).to_owned() }
        }
        rustls::Error::InvalidCertificate(CertificateError::BadSignature) => {
            Error::SignatureWrong { detail: error.to_string() }
        }
        // The verifier takes every certificate, so this comes from reading the key out of it for the signature.
        rustls::Error::InvalidCertificate(_)
        | rustls::Error::PeerMisbehaved(
            PeerMisbehaved::SignedKxWithWrongAlgorithm
            | PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme,
        ) => Error::SignatureUnsupported { detail: error.to_string() },
        rustls::Error::General(detail) if detail.starts_with(SHORT_KEY) => {
            Error::SignatureUnsupported { detail: detail.clone() }
        }
        rustls::Error::InvalidMessage(
            InvalidMessage::HandshakePayloadTooLarge | InvalidMessage::CertificatePayloadTooLarge,
        ) => Error::TooLarge { limit: LARGEST_HANDSHAKE_MESSAGE },
        rustls::Error::FailedToGetRandomBytes | rustls::Error::FailedToGetCurrentTime => {
            Error::Local(error.to_string())
        }
        other => Error::Tls { detail: other.to_string() },
    }
}

/// The name of an alert in IANA's TLS Alerts registry.
pub fn alert_name(description: u8) -> &'static str {
    match description {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        21 => "decryption_failed",
        22 => "record_overflow",
        30 => "decompression_failure",
        40 => "handshake_failure",
        41 => "no_certificate",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        52 => "too_many_cids_requested",
        60 => "export_restriction",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        100 => "no_renegotiation",
        109 => "missing_extension",
        110 => "unsupported_extension",
        111 => "certificate_unobtainable",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        114 => "bad_certificate_hash_value",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        117 => "general_error",
        120 => "no_application_protocol",
        121 => "ech_required",
        _ => "unknown",
    }
}
