//! The `ServerKeyExchange` message of `SSLv3` to TLS 1.2: its form follows from the suite's key exchange.
//! Parameters are measured and kept, never verified.

use crate::wire::{
    iana::{Authentication, KeyExchange, SuiteProperties},
    tls::{EncodeError, HandshakeType, Malformed, Message, Problem, Reader, Version, Writer},
};

/// A `ServerKeyExchange` as sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerKeyExchange {
    /// PSK identity hint; `Some` for every PSK exchange, often empty.
    pub psk_hint: Option<Vec<u8>>,
    /// The ephemeral parameters.
    pub parameters: KeyExchangeParameters,
    /// `None` for anonymous and pre-shared-key exchanges.
    pub signature: Option<Signature>,
}

/// Ephemeral parameters by kind of exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyExchangeParameters {
    /// Finite field (RFC 5246 §7.4.3).
    Dh(DhParameters),
    /// Elliptic curve (RFC 8422 §5.4).
    Ec(EcParameters),
    /// The temporary RSA key of export suites (RFC 2246 §7.4.3): modulus and exponent.
    Rsa {
        /// Big-endian.
        modulus: Vec<u8>,
        /// Big-endian.
        exponent: Vec<u8>,
    },
    /// SRP (RFC 5054 §2.8.1).
    Srp {
        /// The prime, big-endian.
        prime: Vec<u8>,
        /// The generator.
        generator: Vec<u8>,
        /// The salt.
        salt: Vec<u8>,
        /// The server's public value.
        public: Vec<u8>,
    },
    /// A hint alone: `PSK` and `RSA_PSK` (RFC 4279 §2, §4).
    HintOnly,
}

/// Finite-field parameters, big-endian as sent: leading zeros kept, see [`bit_length`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DhParameters {
    /// The prime.
    pub p: Vec<u8>,
    /// The generator.
    pub g: Vec<u8>,
    /// The server's public value.
    pub public: Vec<u8>,
}

/// Elliptic-curve parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EcParameters {
    /// A named curve and the server's public point.
    Named {
        /// The named group.
        group: u16,
        /// The point, encoded.
        public: Vec<u8>,
    },
    /// An explicit curve (deprecated by RFC 8422): `curve_type` 1 over a prime field, 2 over a binary field.
    Explicit {
        /// 1 or 2.
        curve_type: u8,
        /// Size of the field in bits: of the prime, or `m`.
        field_bits: usize,
        /// The curve's description as sent, from behind `curve_type` to before the point.
        description: Vec<u8>,
        /// The point, encoded.
        public: Vec<u8>,
    },
}

/// A signature over the parameters, undecoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The scheme, from TLS 1.2 on. Before, RSA signs MD5 with SHA-1, DSA and ECDSA sign SHA-1.
    pub scheme: Option<u16>,
    /// The signature; the grammar lets it be empty.
    pub octets: Vec<u8>,
}

/// Bits of a big-endian number, leading zeros not counted.
pub fn bit_length(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|octet| **octet == 0).count();
    let Some(significant @ [first, ..]) = number.get(zeros..) else { return 0 };
    significant.len() * 8 - usize::try_from(first.leading_zeros()).unwrap_or(0)
}

impl DhParameters {
    /// Bits of the prime, leading zeros not counted.
    pub fn prime_bits(&self) -> usize {
        bit_length(&self.p)
    }

    /// Reads p, g and Ys. The grammar wants each of at least one octet.
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        let p = r.vec16("ServerDHParams.p", 1)?.to_vec();
        let g = r.vec16("ServerDHParams.g", 1)?.to_vec();
        let public = r.vec16("ServerDHParams.Ys", 1)?.to_vec();
        Ok(Self { p, g, public })
    }
}

impl EcParameters {
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        let at = r.clone();
        match r.u8("ECParameters.curve_type")? {
            3 => {
                let group = r.u16("ECParameters.named_curve")?;
                let public = r.vec8("ECPoint", 1)?.to_vec();
                Ok(Self::Named { group, public })
            }
            curve_type @ (1 | 2) => {
                let mut described = r.clone();
                let field_bits = read_explicit_curve(r, curve_type)?;
                let description =
                    described.take("ECParameters", r.position() - described.position())?.to_vec();
                let public = r.vec8("ECPoint", 1)?.to_vec();
                Ok(Self::Explicit { curve_type, field_bits, description, public })
            }
            other => Err(at.malformed("ECParameters.curve_type", Problem::Value(other.into()))),
        }
    }
}

/// Walks over RFC 4492 §5.4's explicit curves; gives the bits of the field.
fn read_explicit_curve(r: &mut Reader<'_>, curve_type: u8) -> Result<usize, Malformed> {
    let field_bits = if curve_type == 1 {
        bit_length(r.vec8("ECParameters.prime_p", 1)?)
    } else {
        let m = r.u16("ECParameters.m")?;
        let at = r.clone();
        let exponents = match r.u8("ECParameters.basis")? {
            1 => 1,
            2 => 3,
            other => return Err(at.malformed("ECParameters.basis", Problem::Value(other.into()))),
        };
        for _ in 0..exponents {
            r.vec8("ECParameters.k", 1)?;
        }
        usize::from(m)
    };
    for what in ["ECCurve.a", "ECCurve.b", "ECParameters.base", "ECParameters.order", "ECParameters.cofactor"]
    {
        r.vec8(what, 1)?;
    }
    Ok(field_bits)
}

impl ServerKeyExchange {
    /// Parses the body of a `server_key_exchange` message for the negotiated suite and version. An exchange that has
    /// no such message (RSA, static DH, TLS 1.3, Kerberos, GOST), or one of its own that no server met uses (ECCPWD,
    /// CECPQ1), is [`Problem::Unexpected`].
    pub fn parse(suite: &SuiteProperties, version: Version, body: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let psk = matches!(
            suite.key_exchange,
            KeyExchange::Psk | KeyExchange::RsaPsk | KeyExchange::DhePsk | KeyExchange::EcdhePsk
        );
        let psk_hint = if psk { Some(r.vec16("ServerKeyExchange.psk_hint", 0)?.to_vec()) } else { None };
        let parameters = match suite.key_exchange {
            KeyExchange::Dhe | KeyExchange::DhAnon | KeyExchange::DhePsk => {
                KeyExchangeParameters::Dh(DhParameters::read(&mut r)?)
            }
            KeyExchange::Ecdhe | KeyExchange::EcdhAnon | KeyExchange::EcdhePsk => {
                KeyExchangeParameters::Ec(EcParameters::read(&mut r)?)
            }
            KeyExchange::Rsa if suite.export => KeyExchangeParameters::Rsa {
                modulus: r.vec16("ServerRSAParams.modulus", 1)?.to_vec(),
                exponent: r.vec16("ServerRSAParams.exponent", 1)?.to_vec(),
            },
            KeyExchange::Srp => KeyExchangeParameters::Srp {
                prime: r.vec16("ServerSRPParams.N", 1)?.to_vec(),
                generator: r.vec16("ServerSRPParams.g", 1)?.to_vec(),
                salt: r.vec8("ServerSRPParams.s", 1)?.to_vec(),
                public: r.vec16("ServerSRPParams.B", 1)?.to_vec(),
            },
            KeyExchange::Psk | KeyExchange::RsaPsk => KeyExchangeParameters::HintOnly,
            _ => return Err(r.malformed("ServerKeyExchange", Problem::Unexpected)),
        };
        let signature = if is_signed(suite) { Some(Signature::read(&mut r, version)?) } else { None };
        r.end("ServerKeyExchange")?;
        Ok(Self { psk_hint, parameters, signature })
    }

    /// The message for a test peer to send, in the form its fields say.
    pub fn to_message(&self, record_version: Version) -> Result<Message, EncodeError> {
        let mut w = Writer::new();
        if let Some(hint) = &self.psk_hint {
            w.vec16("ServerKeyExchange.psk_hint", hint)?;
        }
        match &self.parameters {
            KeyExchangeParameters::Dh(DhParameters { p, g, public }) => {
                w.vec16("ServerDHParams.p", p)?;
                w.vec16("ServerDHParams.g", g)?;
                w.vec16("ServerDHParams.Ys", public)?;
            }
            KeyExchangeParameters::Ec(EcParameters::Named { group, public }) => {
                w.u8(3);
                w.u16(*group);
                w.vec8("ECPoint", public)?;
            }
            KeyExchangeParameters::Ec(EcParameters::Explicit { curve_type, description, public, .. }) => {
                w.u8(*curve_type);
                w.put(description);
                w.vec8("ECPoint", public)?;
            }
            KeyExchangeParameters::Rsa { modulus, exponent } => {
                w.vec16("ServerRSAParams.modulus", modulus)?;
                w.vec16("ServerRSAParams.exponent", exponent)?;
            }
            KeyExchangeParameters::Srp { prime, generator, salt, public } => {
                w.vec16("ServerSRPParams.N", prime)?;
                w.vec16("ServerSRPParams.g", generator)?;
                w.vec8("ServerSRPParams.s", salt)?;
                w.vec16("ServerSRPParams.B", public)?;
            }
            KeyExchangeParameters::HintOnly => {}
        }
        if let Some(signature) = &self.signature {
            if let Some(scheme) = signature.scheme {
                w.u16(scheme);
            }
            w.vec16("ServerKeyExchange.signature", &signature.octets)?;
        }
        Ok(Message { record_version, kind: HandshakeType::SERVER_KEY_EXCHANGE, body: w.into_vec() })
    }
}

/// Signed are the exchanges that a certificate vouches for; `RSA_PSK` encrypts to its certificate instead.
fn is_signed(suite: &SuiteProperties) -> bool {
    let certificate =
        matches!(suite.authentication, Authentication::Rsa | Authentication::Dss | Authentication::Ecdsa);
    certificate && suite.key_exchange != KeyExchange::RsaPsk
}

impl Signature {
    fn read(r: &mut Reader<'_>, version: Version) -> Result<Self, Malformed> {
        let scheme =
            if version >= Version::TLS12 { Some(r.u16("ServerKeyExchange.signature_scheme")?) } else { None };
        let octets = r.vec16("ServerKeyExchange.signature", 0)?.to_vec();
        Ok(Self { scheme, octets })
    }
}
