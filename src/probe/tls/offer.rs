//! A hello with every part free to choose that the probe varies: what is offered, and its octets. Sends nothing.

use super::intolerance;
use crate::{
    observation::HelloTrait,
    wire::{
        iana,
        tls::{ClientHello, EncodeError, Extension, Version},
    },
};

/// A hello of 256 to 511 octets makes some old load balancers hang (RFC 7685).
pub(super) const HANGS: std::ops::Range<usize> = 256..512;

/// Whom a hello asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// The site itself.
    Site,
    /// Somebody else.
    Other(&'static str),
    /// Nobody.
    Nobody,
}

/// What a hello offers: exactly one version, and lists in order of preference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) version: Version,
    pub(super) suites: Vec<u16>,
    pub(super) groups: Vec<u16>,
    /// For the handshake's own signature; certificates may always be signed by anything.
    pub(super) schemes: Vec<u16>,
    /// Also what a server says something about by taking it: compression and the optional extensions up to TLS 1.2.
    pub(super) extras: bool,
    /// `TLS_FALLBACK_SCSV` stands among the suites.
    pub(super) fallback: bool,
    /// What some servers cannot stand, beside what is offered.
    pub(super) odd: Vec<HelloTrait>,
    pub(super) named: Named,
    /// Protocols to speak inside (RFC 7301); none sends no such extension.
    pub(super) alpn: Vec<&'static [u8]>,
}

impl Offer {
    /// Every group and every signature, nothing optional.
    pub(super) fn new(version: Version, suites: Vec<u16>) -> Self {
        Self {
            version,
            suites,
            groups: iana::named_groups().map(|group| group.code).collect(),
            schemes: iana::signature_schemes().collect(),
            extras: false,
            fallback: false,
            odd: Vec::new(),
            named: Named::Site,
            alpn: Vec::new(),
        }
    }

    /// The records to send.
    pub(super) fn to_records(&self, host: &str, random: [u8; 32]) -> Result<Vec<u8>, EncodeError> {
        let mut suites = self.suites.clone();
        if self.version == Version::TLS13 {
            let mut hello = ClientHello::new(Version::TLS12, random, suites);
            // what a browser sends, so that middleboxes take it for a resumption (RFC 8446 appendix D.4)
            hello.session_id = random.to_vec();
            let mut extensions = self.common(host)?;
            extensions.push(Extension::supported_versions(&[Version::TLS13])?);
            extensions.push(Extension::psk_key_exchange_modes(&[1])?);
            // no share: the server names a group by a HelloRetryRequest, and no key has to be made
            extensions.push(Extension::key_share(&[])?);
            hello.extensions = Some(extensions);
            return self.finish(hello);
        }
        // some servers fail without it
        suites.push(iana::EMPTY_RENEGOTIATION_INFO_SCSV);
        if self.fallback {
            suites.push(iana::FALLBACK_SCSV);
        }
        let mut hello = ClientHello::new(self.version, random, suites);
        if self.extras {
            hello.compression_methods = vec![1, 0];
        }
        if self.version > Version::SSL3 {
            let mut extensions = self.common(host)?;
            extensions.push(Extension::ec_point_formats(&[0])?);
            if self.extras {
                extensions.push(Extension::extended_master_secret());
                extensions.push(Extension::encrypt_then_mac());
                extensions.push(Extension::session_ticket(Vec::new()));
                extensions.push(Extension::next_protocol_negotiation());
                extensions.push(Extension::signed_certificate_timestamp());
            }
            hello.extensions = Some(extensions);
        }
        self.finish(hello)
    }

    fn common(&self, host: &str) -> Result<Vec<Extension>, EncodeError> {
        let mut extensions = Vec::new();
        let name = match self.named {
            Named::Site => Some(host),
            Named::Other(name) => Some(name),
            Named::Nobody => None,
        };
        match name.map(Extension::server_name) {
            Some(Ok(name)) => extensions.push(name),
            // an address is no server name: the hello goes without (RFC 6066 section 3)
            None | Some(Err(EncodeError::AddressAsServerName)) => {}
            Some(Err(other)) => return Err(other),
        }
        if !self.alpn.is_empty() {
            extensions.push(Extension::alpn(&self.alpn)?);
        }
        extensions.push(Extension::supported_groups(&self.groups)?);
        // meant for TLS 1.2 and later (RFC 5246 section 7.4.1.4.1)
        if self.version >= Version::TLS12 {
            extensions.push(Extension::signature_algorithms(&self.schemes)?);
            let all: Vec<u16> = iana::signature_schemes().collect();
            if self.schemes != all {
                extensions.push(Extension::signature_algorithms_cert(&all)?);
            }
        }
        Ok(extensions)
    }

    /// The records, of a length that no server hangs at unless that is what is asked.
    fn finish(&self, mut hello: ClientHello) -> Result<Vec<u8>, EncodeError> {
        intolerance::make_odd(&mut hello, &self.odd)?;
        let length = hello.to_message()?.encode()?.len();
        if hello.extensions.is_some()
            && !self.odd.contains(&HelloTrait::Length256To511)
            && HANGS.contains(&length)
        {
            // the extension's own header needs four octets
            hello.pad_to(HANGS.end.max(length + 4))?;
        }
        hello.to_records()
    }
}
