//! Certificates made on the spot: a root, an intermediate below it, and leaves good and bad. Knows no server.

use jiff::{SignedDuration, Timestamp, tz};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// Days a leaf is good for: below every limit that browsers have announced (47 from 2029 on).
const LIFETIME: i64 = 45;

/// What a server shows: its chain, leaf first, and the key of the leaf.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

/// What is wrong with a leaf.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Flaw {
    #[default]
    None,
    Expired,
    ExpiringSoon,
    SelfSigned,
    MissingIntermediate,
    WrongName,
    UntrustedRoot,
}

/// Which key a leaf has. Suites from before elliptic curves want RSA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    P256,
    Rsa,
}

/// An authority.
pub(super) struct Authority {
    now: Timestamp,
    root: String,
    intermediate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
    /// Making one takes longer than all the rest together, so the servers that need one share it.
    rsa: KeyPair,
}

impl Authority {
    /// Makes its keys. `name` tells its certificates from another authority's.
    pub(super) fn new(name: &str, now: Timestamp) -> Result<Self, rcgen::Error> {
        let root_key = KeyPair::generate()?;
        let root_parameters = issuing(&format!("{name} Root"), now);
        let root = root_parameters.self_signed(&root_key)?.pem();
        let root_issuer = Issuer::new(root_parameters, root_key);
        let key = KeyPair::generate()?;
        let parameters = issuing(&format!("{name} Issuing"), now);
        let intermediate = parameters.signed_by(&key, &root_issuer)?.der().clone();
        let rsa = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
        Ok(Self { now, root, intermediate, issuer: Issuer::new(parameters, key), rsa })
    }

    /// The root's certificate, PEM.
    pub(super) fn root(&self) -> &str {
        &self.root
    }

    /// A leaf for these names, the first of which it is called by.
    pub(super) fn identity(&self, names: &[String], key: Key, flaw: Flaw) -> Result<Identity, rcgen::Error> {
        let fresh;
        let key = match key {
            Key::Rsa => &self.rsa,
            Key::P256 => {
                fresh = KeyPair::generate()?;
                &fresh
            }
        };
        let strange = [String::from("cu.tinhmau.example")];
        let names = if flaw == Flaw::WrongName { &strange[..] } else { names };
        let from = match flaw {
            Flaw::Expired => -LIFETIME - 14,
            Flaw::ExpiringSoon => 4 - LIFETIME,
            _ => -5,
        };
        let parameters = self.leaf(names, from)?;
        let chain = match flaw {
            Flaw::SelfSigned => vec![parameters.self_signed(key)?.der().clone()],
            Flaw::MissingIntermediate => vec![parameters.signed_by(key, &self.issuer)?.der().clone()],
            Flaw::UntrustedRoot => {
                let stranger = Self::stranger(self.now)?;
                vec![parameters.signed_by(key, &stranger.1)?.der().clone(), stranger.0]
            }
            _ => vec![parameters.signed_by(key, &self.issuer)?.der().clone(), self.intermediate.clone()],
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Ok(Identity { chain, key })
    }

    /// An issuing certificate whose root is in nobody's store, and in no server either.
    fn stranger(now: Timestamp) -> Result<(CertificateDer<'static>, Issuer<'static, KeyPair>), rcgen::Error> {
        let root = Issuer::new(issuing("Forgotten Root", now), KeyPair::generate()?);
        let key = KeyPair::generate()?;
        let parameters = issuing("Forgotten Issuing", now);
        let certificate = parameters.signed_by(&key, &root)?.der().clone();
        Ok((certificate, Issuer::new(parameters, key)))
    }

    fn leaf(&self, names: &[String], from: i64) -> Result<CertificateParams, rcgen::Error> {
        let mut parameters = CertificateParams::new(names.to_vec())?;
        if let Some(first) = names.first() {
            parameters.distinguished_name.push(DnType::CommonName, first.as_str());
        }
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        parameters.use_authority_key_identifier_extension = true;
        valid(&mut parameters, self.now, from, LIFETIME);
        Ok(parameters)
    }
}

fn issuing(name: &str, now: Timestamp) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name);
    valid(&mut parameters, now, -1_000, 4_000);
    parameters
}

/// Valid from midnight (UTC) so many days from now, for so many days.
fn valid(parameters: &mut CertificateParams, now: Timestamp, from_days: i64, days: i64) {
    let day = |offset: i64| {
        // far from the ends of time, where a clock is wrong, the day stays that of the clock
        let at = now.checked_add(SignedDuration::from_hours(24 * offset)).unwrap_or(now);
        let date = tz::offset(0).to_datetime(at).date();
        let part = |number: i8| u8::try_from(number).unwrap_or(1);
        rcgen::date_time_ymd(i32::from(date.year()), part(date.month()), part(date.day()))
    };
    parameters.not_before = day(from_days);
    parameters.not_after = day(from_days + days);
}
