//! What a cipher suite is: key exchange, authentication, cipher, mode, hash; read from its name by `suite_name`.
//! Judges nothing (whether RC4 is bad is a rule's business).

use super::cipher_suites::{REGISTERED, UNREGISTERED};

/// A known cipher suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CipherSuite {
    /// The code point.
    pub code: u16,
    /// IANA's name, `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`; unregistered suites carry the name scanners print.
    pub name: &'static str,
    /// Whether IANA's registry has this code under this name (false: drafts and vendors' private codes).
    pub registered: bool,
}

impl CipherSuite {
    /// What the name says; `None` for the two signalling values (SCSVs), which are no cipher suites.
    pub fn properties(&self) -> Option<SuiteProperties> {
        SuiteProperties::from_name(self.name)
    }
}

/// Looks a code up in both tables.
pub fn cipher_suite(code: u16) -> Option<CipherSuite> {
    let find = |rows: &'static [(u16, &'static str)], registered| {
        let row = rows.binary_search_by_key(&code, |row| row.0).ok().and_then(|i| rows.get(i))?;
        Some(CipherSuite { code, name: row.1, registered })
    };
    find(REGISTERED, true).or_else(|| find(UNREGISTERED, false))
}

/// Every known suite: the registered ones in ascending order, then the unregistered ones. SCSVs included.
pub fn cipher_suites() -> impl Iterator<Item = CipherSuite> {
    let rows = |rows: &'static [(u16, &'static str)], registered| {
        rows.iter().map(move |&(code, name)| CipherSuite { code, name, registered })
    };
    rows(REGISTERED, true).chain(rows(UNREGISTERED, false))
}

/// How the premaster secret comes about. For TLS 1.3 suites the handshake decides, not the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyExchange {
    /// Chrome's experiment of 2016: X25519 with `NewHope`.
    Cecpq1,
    /// Static Diffie-Hellman: the key is in the certificate.
    Dh,
    /// Unauthenticated Diffie-Hellman.
    DhAnon,
    /// Ephemeral Diffie-Hellman over a finite field.
    Dhe,
    /// Ephemeral Diffie-Hellman with a pre-shared key.
    DhePsk,
    /// RFC 8492 password.
    Eccpwd,
    /// Static elliptic-curve Diffie-Hellman.
    Ecdh,
    /// Unauthenticated elliptic-curve Diffie-Hellman.
    EcdhAnon,
    /// Ephemeral elliptic-curve Diffie-Hellman.
    Ecdhe,
    /// Ephemeral elliptic-curve Diffie-Hellman with a pre-shared key.
    EcdhePsk,
    /// `SSLv3`'s Fortezza KEA.
    Fortezza,
    /// GOST R 34.10 key transport.
    Gost,
    /// RFC 2712.
    Kerberos,
    /// `TLS_NULL_WITH_NULL_NULL`.
    Null,
    /// Pre-shared key alone.
    Psk,
    /// RSA key transport.
    Rsa,
    /// RSA key transport with a pre-shared key.
    RsaPsk,
    /// RFC 5054.
    Srp,
    /// TLS 1.3: negotiated by `supported_groups` and `key_share`.
    Tls13,
}

impl KeyExchange {
    /// The name used in reports: the spelling of the suite names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cecpq1 => "CECPQ1",
            Self::Dh => "DH",
            Self::DhAnon => "DH_anon",
            Self::Dhe => "DHE",
            Self::DhePsk => "DHE_PSK",
            Self::Eccpwd => "ECCPWD",
            Self::Ecdh => "ECDH",
            Self::EcdhAnon => "ECDH_anon",
            Self::Ecdhe => "ECDHE",
            Self::EcdhePsk => "ECDHE_PSK",
            Self::Fortezza => "FORTEZZA_KEA",
            Self::Gost => "GOST",
            Self::Kerberos => "KRB5",
            Self::Null => "NULL",
            Self::Psk => "PSK",
            Self::Rsa => "RSA",
            Self::RsaPsk => "RSA_PSK",
            Self::Srp => "SRP",
            Self::Tls13 => "TLS13",
        }
    }

    /// Whether a stolen long-term key leaves past sessions closed. Anonymous exchanges are ephemeral too.
    pub fn forward_secrecy(self) -> bool {
        matches!(
            self,
            Self::Cecpq1
                | Self::DhAnon
                | Self::Dhe
                | Self::DhePsk
                | Self::Eccpwd
                | Self::EcdhAnon
                | Self::Ecdhe
                | Self::EcdhePsk
                | Self::Srp
                | Self::Tls13
        )
    }
}

/// How the server proves who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Authentication {
    /// Nobody is authenticated.
    Anonymous,
    /// A DSA certificate.
    Dss,
    /// An ECDSA (or `EdDSA`) certificate.
    Ecdsa,
    /// A Fortezza certificate.
    Fortezza,
    /// A GOST R 34.10 certificate.
    Gost,
    /// A Kerberos ticket.
    Kerberos,
    /// A shared password (SRP without certificate, ECCPWD).
    Password,
    /// A pre-shared key.
    Psk,
    /// An RSA certificate (with a pre-shared key as well for `RSA_PSK`).
    Rsa,
    /// TLS 1.3: `signature_algorithms` or a PSK decides.
    Tls13,
}

impl Authentication {
    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Dss => "DSS",
            Self::Ecdsa => "ECDSA",
            Self::Fortezza => "FORTEZZA",
            Self::Gost => "GOST",
            Self::Kerberos => "KRB5",
            Self::Password => "password",
            Self::Psk => "PSK",
            Self::Rsa => "RSA",
            Self::Tls13 => "TLS13",
        }
    }
}

/// The cipher that protects records; its key length is beside it in [`SuiteProperties`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names of the ciphers are all there is to say")]
pub enum BulkCipher {
    Aegis,
    Aes,
    Aria,
    Camellia,
    ChaCha20,
    Des,
    FortezzaSkipjack,
    Gost28147,
    Idea,
    Kuznyechik,
    Magma,
    /// No encryption at all.
    Null,
    Rc2,
    Rc4,
    Seed,
    Sm4,
    TripleDes,
}

impl BulkCipher {
    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aegis => "AEGIS",
            Self::Aes => "AES",
            Self::Aria => "ARIA",
            Self::Camellia => "CAMELLIA",
            Self::ChaCha20 => "CHACHA20",
            Self::Des => "DES",
            Self::FortezzaSkipjack => "SKIPJACK",
            Self::Gost28147 => "28147",
            Self::Idea => "IDEA",
            Self::Kuznyechik => "KUZNYECHIK",
            Self::Magma => "MAGMA",
            Self::Null => "NULL",
            Self::Rc2 => "RC2",
            Self::Rc4 => "RC4",
            Self::Seed => "SEED",
            Self::Sm4 => "SM4",
            Self::TripleDes => "3DES",
        }
    }
}

/// How the cipher is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CipherMode {
    /// An AEAD of its own kind: ChaCha20-Poly1305, AEGIS.
    Aead,
    /// Cipher block chaining with a MAC beside it.
    Cbc,
    /// CCM with a 16-octet tag.
    Ccm,
    /// CCM with an 8-octet tag.
    Ccm8,
    /// Counter mode with a MAC beside it (GOST).
    Ctr,
    /// Galois/counter mode.
    Gcm,
    /// Multilinear Galois mode (RFC 9058).
    Mgm,
    /// No encryption.
    Null,
    /// A stream cipher with a MAC beside it.
    Stream,
}

impl CipherMode {
    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aead => "AEAD",
            Self::Cbc => "CBC",
            Self::Ccm => "CCM",
            Self::Ccm8 => "CCM_8",
            Self::Ctr => "CTR",
            Self::Gcm => "GCM",
            Self::Mgm => "MGM",
            Self::Null => "NULL",
            Self::Stream => "stream",
        }
    }

    /// Whether encryption and integrity are one operation.
    pub fn is_aead(self) -> bool {
        matches!(self, Self::Aead | Self::Ccm | Self::Ccm8 | Self::Gcm | Self::Mgm)
    }
}

/// The hash in the name: the record MAC's without AEAD, the PRF's or HKDF's with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names of the hashes are all there is to say")]
pub enum SuiteHash {
    Gost,
    Md5,
    Null,
    Ripemd160,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
    Sm3,
}

impl SuiteHash {
    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gost => "GOST",
            Self::Md5 => "MD5",
            Self::Null => "NULL",
            Self::Ripemd160 => "RIPEMD160",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha384 => "SHA384",
            Self::Sha512 => "SHA512",
            Self::Sm3 => "SM3",
        }
    }
}

/// Everything a suite's name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SuiteProperties {
    /// How keys are agreed.
    pub key_exchange: KeyExchange,
    /// How the server is authenticated.
    pub authentication: Authentication,
    /// The record cipher.
    pub cipher: BulkCipher,
    /// Secret key bits of the cipher as named: 40 for export suites, 56 for DES, 168 for 3DES, 0 for NULL.
    pub key_bits: u16,
    /// Block size in bits (64 or 128; AEGIS 128 or 256), `None` for stream ciphers and NULL.
    pub block_bits: Option<u16>,
    /// How the cipher is used.
    pub mode: CipherMode,
    /// The hash in the name.
    pub hash: SuiteHash,
    /// Weakened for the export rules of the nineties (`EXPORT` and `EXPORT1024`).
    pub export: bool,
}

impl SuiteProperties {
    /// Nobody is authenticated: `DH_anon`, `ECDH_anon`, and `TLS_NULL_WITH_NULL_NULL`.
    pub fn anonymous(&self) -> bool {
        self.authentication == Authentication::Anonymous
    }

    /// Records travel in the clear.
    pub fn null_encryption(&self) -> bool {
        self.cipher == BulkCipher::Null
    }

    /// See [`KeyExchange::forward_secrecy`].
    pub fn forward_secrecy(&self) -> bool {
        self.key_exchange.forward_secrecy()
    }

    /// Usable only with TLS 1.3.
    pub fn is_tls13(&self) -> bool {
        self.key_exchange == KeyExchange::Tls13
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_and_names_are_unique() {
        for rows in [REGISTERED, UNREGISTERED] {
            assert!(rows.windows(2).all(|w| w[0].0 < w[1].0));
        }
        let mut names: Vec<_> = cipher_suites().map(|s| s.name).collect();
        let mut codes: Vec<_> = cipher_suites().map(|s| s.code).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!((names.len(), codes.len()), (count, count));
    }
}
