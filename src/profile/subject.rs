//! What profiles speak about: which words of the facts stand for it, and which words there can be at all.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    observation::{
        Attempt, Certificate, ChainFault, CipherSuite, Failure, Listing, OrderOf, Protocol, Support, Tls,
        ValidityStatus, X509,
    },
    rule::{Reason, Text, seen},
    wire::iana,
};

/// Something that a profile has an opinion on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Protocol versions offered: `TLSv1.2` …
    Version,
    /// Cipher suites, by IANA's names.
    Suite,
    /// Their ciphers: `AES`, `RC4` …
    SuiteCipher,
    /// How their ciphers are used: `GCM`, `CBC` …
    SuiteMode,
    /// Whether they encrypt and authenticate in one: `aead` or `other`.
    SuiteAead,
    /// Whether recorded sessions stay closed: `forward_secrecy` or `none`.
    SuiteSecrecy,
    /// Whose order decides between suites: `server`, `client`, `mixed`.
    SuiteOrder,
    /// Key exchange groups, by IANA's names.
    Group,
    /// Primes of finite-field Diffie-Hellman: where they are published, or `own`.
    DhPrime,
    /// Hashes that key exchanges are signed with: `sha256` …
    SignatureHash,
    /// RFC 5746: `offered`, `not_offered`.
    SecureRenegotiation,
    /// TLS compression: `offered`, `not_offered`.
    Compression,
    /// RFC 7627: `offered`, `not_offered`.
    ExtendedMasterSecret,
    /// The kind of the certificate's key: `RSA`, `EC` …
    CertificateKey,
    /// The curve of the certificate's key.
    CertificateCurve,
    /// The algorithm that the server's own certificate is signed with.
    LeafSignature,
    /// Signature algorithms in the chain, roots left out.
    CertificateSignature,
    /// What is wrong with the chain, or `trusted`.
    CertificateChain,
    /// Whether it covers the site's name: `covered`, `not_covered`.
    CertificateName,
    /// `valid`, `expired`, `not_yet_valid`.
    CertificateValidity,
    /// Bits of RSA keys in the chain, roots left out.
    RsaBits,
    /// Bits of the smallest prime of finite-field Diffie-Hellman.
    DhBits,
    /// Days the server's certificate is valid.
    LifetimeDays,
}

/// What the facts say on a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen<T> {
    /// The words or numbers seen.
    pub(super) values: Vec<T>,
    /// Why there may be more, or why there is none.
    pub(super) gap: Option<Reason>,
}

impl<T> Seen<T> {
    fn whole(values: Vec<T>) -> Self {
        Self { values, gap: None }
    }

    fn nothing(reason: Reason) -> Self {
        Self { values: Vec::new(), gap: Some(reason) }
    }
}

/// The facts of one address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'f> {
    pub(super) tls: &'f Tls,
    pub(super) certificate: &'f Attempt<Certificate>,
}

impl Subject {
    /// What it is called.
    pub fn words(self) -> Text {
        let (vi, en) = match self {
            Self::Version => ("phiên bản", "versions"),
            Self::Suite | Self::SuiteCipher | Self::SuiteMode | Self::SuiteAead => ("bộ mã", "suites"),
            Self::SuiteSecrecy => ("giữ kín phiên cũ", "forward secrecy"),
            Self::SuiteOrder => ("thứ tự bộ mã", "suite order"),
            Self::Group => ("nhóm", "groups"),
            Self::DhPrime => ("số nguyên tố DH", "DH primes"),
            Self::SignatureHash => ("hàm băm chữ ký", "signature hashes"),
            Self::SecureRenegotiation => ("thỏa thuận lại an toàn", "secure renegotiation"),
            Self::Compression => ("nén TLS", "TLS compression"),
            Self::ExtendedMasterSecret => ("extended master secret", "extended master secret"),
            Self::CertificateKey => ("loại khóa chứng thư", "certificate key"),
            Self::CertificateCurve => ("đường cong chứng thư", "certificate curve"),
            Self::LeafSignature => ("chữ ký chứng thư", "certificate signature"),
            Self::CertificateSignature => ("chữ ký trong chuỗi", "signatures in the chain"),
            Self::CertificateChain => ("chuỗi chứng thư", "certificate chain"),
            Self::CertificateName => ("tên trong chứng thư", "certificate name"),
            Self::CertificateValidity => ("hạn chứng thư", "certificate validity"),
            Self::RsaBits => ("khóa RSA (bit)", "RSA key (bits)"),
            Self::DhBits => ("số nguyên tố DH (bit)", "DH prime (bits)"),
            Self::LifetimeDays => ("thời hạn chứng thư (ngày)", "certificate lifetime (days)"),
        };
        Text::new(vi, en)
    }

    /// Whether it is a number rather than words.
    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::RsaBits | Self::DhBits | Self::LifetimeDays)
    }

    /// Whether a version can be named to narrow it.
    pub(super) fn is_of_suites(self) -> bool {
        matches!(
            self,
            Self::Suite | Self::SuiteCipher | Self::SuiteMode | Self::SuiteAead | Self::SuiteSecrecy
        )
    }

    /// Whether a word can ever be seen on this subject: a misspelt one would silently never match.
    pub(super) fn knows(self, word: &str) -> bool {
        let suites = || iana::cipher_suites().filter_map(|suite| suite.properties());
        let one_of = |words: &[&str]| words.contains(&word);
        match self {
            Self::Version => one_of(&["SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"]),
            Self::Suite => iana::cipher_suites().any(|suite| suite.name == word),
            Self::SuiteCipher => suites().any(|of| of.cipher.name() == word),
            Self::SuiteMode => suites().any(|of| of.mode.name() == word),
            Self::SuiteAead => one_of(&["aead", "other"]),
            Self::SuiteSecrecy => one_of(&["forward_secrecy", "none"]),
            Self::SuiteOrder => one_of(&["server", "client", "mixed"]),
            Self::Group | Self::CertificateCurve => iana::named_groups().any(|group| group.name == word),
            Self::DhPrime => word == "own" || word.starts_with("RFC "),
            Self::SignatureHash => {
                one_of(&["md5", "sha1", "sha224", "sha256", "sha384", "sha512", "intrinsic"])
            }
            Self::SecureRenegotiation | Self::Compression | Self::ExtendedMasterSecret => {
                one_of(&["offered", "not_offered"])
            }
            Self::CertificateKey => one_of(&["RSA", "EC", "Ed25519", "Ed448", "DSA", "ML-DSA"]),
            Self::LeafSignature | Self::CertificateSignature => {
                word.contains("WithRSA")
                    || word.starts_with("ecdsa-with-")
                    || one_of(&["RSASSA-PSS", "Ed25519", "Ed448"])
            }
            Self::CertificateChain => one_of(&[
                "trusted",
                "self_signed",
                "missing_intermediate",
                "untrusted_root",
                "expired_issuer",
                "bad_signature",
                "unusable",
            ]),
            Self::CertificateName => one_of(&["covered", "not_covered"]),
            Self::CertificateValidity => one_of(&["valid", "expired", "not_yet_valid"]),
            Self::RsaBits | Self::DhBits | Self::LifetimeDays => false,
        }
    }

    /// The words that the facts have on this subject, each once; of suites only those in these versions, where any are
    /// named.
    pub(super) fn words_of(self, facts: Facts<'_>, versions: &[Protocol]) -> Seen<String> {
        let tls = facts.tls;
        let suites = |word: fn(&CipherSuite) -> String| {
            let wanted = |suite: &&CipherSuite| versions.is_empty() || versions.contains(&suite.version);
            of_listing(&tls.cipher_suites, |items| items.iter().filter(wanted).map(word).collect())
        };
        let mut seen = match self {
            Self::Version => offered_versions(tls),
            Self::Suite => suites(|suite| suite.name.clone()),
            Self::SuiteCipher => suites(|suite| suite.cipher.clone()),
            Self::SuiteMode => suites(|suite| suite.mode.clone()),
            Self::SuiteAead => suites(|suite| if suite.aead { "aead" } else { "other" }.to_owned()),
            Self::SuiteSecrecy => {
                suites(|suite| if suite.forward_secrecy { "forward_secrecy" } else { "none" }.to_owned())
            }
            Self::SuiteOrder => of_listing(&tls.suite_order, |items| {
                let word = |of| match of {
                    OrderOf::Server | OrderOf::ServerButChacha20 => "server",
                    OrderOf::Client => "client",
                    OrderOf::Mixed => "mixed",
                };
                items.iter().map(|order| word(order.of).to_owned()).collect()
            }),
            Self::Group => {
                of_listing(&tls.groups, |items| items.iter().map(|group| group.name.clone()).collect())
            }
            Self::DhPrime => of_listing(&tls.dh_primes, |items| {
                items.iter().map(|prime| prime.known.clone().unwrap_or_else(|| "own".to_owned())).collect()
            }),
            Self::SignatureHash => {
                of_listing(&tls.signatures, |items| items.iter().map(|scheme| scheme.hash.clone()).collect())
            }
            Self::Compression => of_attempt(&tls.compression, |support| vec![support_word(*support)]),
            Self::SecureRenegotiation => optional_support(&tls.secure_renegotiation),
            Self::ExtendedMasterSecret => optional_support(&tls.extended_master_secret),
            _ => self.words_of_certificate(facts.certificate),
        };
        let mut once: Vec<String> = Vec::with_capacity(seen.values.len());
        for value in seen.values.drain(..) {
            if !once.contains(&value) {
                once.push(value);
            }
        }
        Seen { values: once, gap: seen.gap }
    }

    fn words_of_certificate(self, certificate: &Attempt<Certificate>) -> Seen<String> {
        of_attempt(certificate, |certificate| {
            let leaf = &certificate.leaf;
            match self {
                Self::CertificateKey => vec![leaf.key.algorithm.clone()],
                Self::CertificateCurve => leaf.key.curve.iter().cloned().collect(),
                Self::LeafSignature => vec![leaf.signature.name.clone()],
                Self::CertificateSignature => {
                    sent(certificate).map(|one| one.signature.name.clone()).collect()
                }
                Self::CertificateChain => vec![chain_word(certificate).to_owned()],
                Self::CertificateName => {
                    vec![if certificate.names_host { "covered" } else { "not_covered" }.to_owned()]
                }
                Self::CertificateValidity => vec![
                    match leaf.validity {
                        ValidityStatus::Valid => "valid",
                        ValidityStatus::Expired => "expired",
                        ValidityStatus::NotYetValid => "not_yet_valid",
                    }
                    .to_owned(),
                ],
                _ => Vec::new(),
            }
        })
    }

    /// The numbers that the facts have on this subject.
    pub(super) fn numbers_of(self, facts: Facts<'_>) -> Seen<u32> {
        match self {
            Self::DhBits => {
                of_listing(&facts.tls.dh_primes, |primes| primes.iter().map(|p| p.bits).collect())
            }
            Self::RsaBits => of_attempt(facts.certificate, |certificate| {
                sent(certificate)
                    .filter(|one| one.key.algorithm == "RSA")
                    .filter_map(|one| one.key.bits)
                    .collect()
            }),
            Self::LifetimeDays => of_attempt(facts.certificate, |certificate| {
                u32::try_from(certificate.leaf.lifetime_days).ok().into_iter().collect()
            }),
            _ => Seen::whole(Vec::new()),
        }
    }
}

/// The certificates sent, roots left out: nobody relies on what a root says of itself.
fn sent(certificate: &Certificate) -> impl Iterator<Item = &X509> {
    let issuers = certificate.issuers.items.iter().filter(|issuer| !issuer.self_signed);
    std::iter::once(&certificate.leaf).chain(issuers)
}

fn chain_word(certificate: &Certificate) -> &'static str {
    match (certificate.trusted, certificate.fault) {
        (true, _) => "trusted",
        (false, Some(ChainFault::SelfSigned)) => "self_signed",
        (false, Some(ChainFault::MissingIntermediate)) => "missing_intermediate",
        (false, Some(ChainFault::ExpiredIssuer)) => "expired_issuer",
        (false, Some(ChainFault::BadSignature)) => "bad_signature",
        (false, Some(ChainFault::Unusable)) => "unusable",
        (false, Some(ChainFault::UntrustedRoot) | None) => "untrusted_root",
    }
}

fn offered_versions(tls: &Tls) -> Seen<String> {
    let all = [
        ("SSLv2", &tls.versions.ssl2),
        ("SSLv3", &tls.versions.ssl3),
        ("TLSv1.0", &tls.versions.tls1_0),
        ("TLSv1.1", &tls.versions.tls1_1),
        ("TLSv1.2", &tls.versions.tls1_2),
        ("TLSv1.3", &tls.versions.tls1_3),
    ];
    let mut found = Seen::whole(Vec::new());
    for (name, support) in all {
        match seen(support) {
            Ok(Support::Offered) => found.values.push(name.to_owned()),
            Ok(Support::NotOffered) => {}
            Err(reason) => found.gap = Some(reason),
        }
    }
    found
}

fn support_word(support: Support) -> String {
    match support {
        Support::Offered => "offered",
        Support::NotOffered => "not_offered",
    }
    .to_owned()
}

fn optional_support(attempt: &Attempt<Option<Support>>) -> Seen<String> {
    of_attempt(attempt, |support| support.iter().map(|support| support_word(*support)).collect())
}

fn of_attempt<T, V>(attempt: &Attempt<T>, values: impl FnOnce(&T) -> Vec<V>) -> Seen<V> {
    match seen(attempt) {
        Ok(value) => Seen::whole(values(value)),
        Err(reason) => Seen::nothing(reason),
    }
}

fn of_listing<T, V>(attempt: &Attempt<Listing<T>>, values: impl FnOnce(&[T]) -> Vec<V>) -> Seen<V> {
    let gap = attempt.completed().and_then(|listing| listing.incomplete.as_ref());
    let mut seen = of_attempt(attempt, |listing| values(&listing.items));
    seen.gap = seen.gap.or(gap.map(|failure: &Failure| failure.into()));
    seen
}
