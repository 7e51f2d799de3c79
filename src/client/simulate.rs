//! What a client would agree on with a server, from the facts of one address. Says `Unknown` wherever a list was cut short
//! or a fact was not seen and the answer depends on it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Client, order};
use crate::{
    observation::{
        Certificate, CipherSuite, Failure, Group, Listing, Protocol, PublicKey, Skip, Support, Tls, Versions,
    },
    rule::{Reason, seen},
    wire::iana,
};

/// What becomes of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// They agree. Whether the client then trusts the certificate is another matter: [`super::missing_root`].
    Connects(Connection),
    /// They do not.
    Fails(Why),
    /// The facts do not say.
    Unknown(Gap),
}

/// What both agreed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Connection {
    /// The version.
    pub version: Protocol,
    /// IANA name of the suite; `None` where the facts leave more than one open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suite: Option<String>,
    /// How keys are exchanged.
    pub exchange: Exchange,
    /// The protocol chosen by ALPN; `None` where none is, or the facts do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
}

/// How keys are exchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Exchange {
    /// The certificate's own key: no forward secrecy.
    Static,
    /// In this group.
    Group(String),
    /// In one of these groups: client and server rank them differently.
    OneOf(Vec<String>),
    /// In a finite field with a prime of so many bits.
    FiniteField(u32),
    /// The facts do not say.
    Unknown,
}

/// Why a client and a server cannot agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// They have no version in common.
    Version,
    /// They have no cipher suite in common.
    Suite,
    /// They have suites in common, but no group to exchange keys in.
    Group,
    /// The server's prime has a size that the client refuses.
    Prime(u32),
    /// The client refuses the certificate's key, or cannot verify signatures made with it.
    Key(String),
}

/// Why it is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// A fact was not seen, for this reason.
    NotSeen(Reason),
    /// What was seen allows more than one answer.
    Ambiguous,
}

impl From<Reason> for Gap {
    fn from(reason: Reason) -> Self {
        Self::NotSeen(reason)
    }
}

impl From<&Failure> for Gap {
    fn from(failure: &Failure) -> Self {
        Self::NotSeen(failure.into())
    }
}

/// What this client would agree on with the server that has these facts. `certificate` is the chain seen there, where one
/// was.
pub fn simulate(client: &Client, tls: &Tls, certificate: Option<&Certificate>) -> Outcome {
    if !tls.offered {
        return Outcome::Unknown(Gap::NotSeen(Skip::DoesNotApply.into()));
    }
    let version = match version(client, &tls.versions) {
        Ok(Some(version)) => version,
        Ok(None) => return Outcome::Fails(Why::Version),
        Err(gap) => return Outcome::Unknown(gap),
    };
    let key = certificate.map(|certificate| &certificate.leaf.key);
    let attempt = Meeting { client, tls, version, key };
    match attempt.suites().and_then(|(suites, whole)| attempt.agree(&suites, whole)) {
        Ok(outcome) => outcome,
        Err(gap) => Outcome::Unknown(gap),
    }
}

/// The highest version that both have; nothing where there is none.
fn version(client: &Client, versions: &Versions) -> Result<Option<Protocol>, Gap> {
    let mut wanted = client.versions.clone();
    wanted.sort_unstable();
    for version in wanted.into_iter().rev() {
        let support = match version {
            Protocol::Ssl3 => &versions.ssl3,
            Protocol::Tls10 => &versions.tls1_0,
            Protocol::Tls11 => &versions.tls1_1,
            Protocol::Tls12 => &versions.tls1_2,
            Protocol::Tls13 => &versions.tls1_3,
        };
        if *seen(support)? == Support::Offered {
            return Ok(Some(version));
        }
    }
    Ok(None)
}

/// A client and a server that have agreed on a version.
struct Meeting<'m> {
    client: &'m Client,
    tls: &'m Tls,
    version: Protocol,
    key: Option<&'m PublicKey>,
}

impl<'m> Meeting<'m> {
    /// The server's suites in this version, in its order, and whether these are all.
    fn suites(&self) -> Result<(Vec<&'m CipherSuite>, Option<Gap>), Gap> {
        let Listing { items, incomplete } = seen(&self.tls.cipher_suites)?;
        let suites = items.iter().filter(|suite| suite.version == self.version).collect();
        Ok((suites, incomplete.as_ref().map(Gap::from)))
    }

    fn agree(&self, server: &[&'m CipherSuite], cut_short: Option<Gap>) -> Result<Outcome, Gap> {
        let shared: Vec<&CipherSuite> =
            server.iter().copied().filter(|suite| self.client.suites.contains(&suite.name)).collect();
        if shared.is_empty() {
            return cut_short.map_or(Ok(Outcome::Fails(Why::Suite)), Err);
        }
        if let Some(outcome) = self.refuses_key(server)? {
            return Ok(outcome);
        }
        let mut usable = Vec::new();
        let mut doubt = None;
        for suite in &shared {
            match self.usable(suite) {
                Ok(true) => usable.push(*suite),
                Ok(false) => {}
                Err(gap) => doubt = Some(gap),
            }
        }
        if usable.is_empty() {
            return match doubt.or(cut_short) {
                Some(gap) => Err(gap),
                None => Ok(Outcome::Fails(Why::Group)),
            };
        }
        let by_server: Vec<&str> = usable.iter().map(|suite| suite.name.as_str()).collect();
        let by_client: Vec<&str> =
            self.client.suites.iter().map(String::as_str).filter(|name| by_server.contains(name)).collect();
        // what was not seen, or may not be usable, could stand before
        let order = if doubt.is_none() && cut_short.is_none() { Some(self.order()) } else { None };
        // those of the drafts are unknown to whoever has the registered ones
        let wanted_most = self.client.suites.iter().find(|name| registered(name));
        let chacha_first = wanted_most.is_some_and(|name| name.contains("CHACHA20"));
        let chosen = order.and_then(|order| order::suite(order, &by_client, &by_server, chacha_first));
        let Some(suite) = chosen.and_then(|name| usable.iter().copied().find(|suite| suite.name == name))
        else {
            // in TLS 1.3 the group is agreed on apart from the suite
            let exchange = usable.first().filter(|_| self.version == Protocol::Tls13);
            return Ok(self.connects(None, exchange.map_or(Exchange::Unknown, |suite| self.exchange(suite))));
        };
        let sizes = self.prime_sizes(suite);
        Ok(match sizes.as_slice() {
            // whichever of its primes the server takes
            [smallest, ..] if sizes.iter().all(|bits| !self.client.dh_bits.allow(*bits)) => {
                Outcome::Fails(Why::Prime(*smallest))
            }
            [only] => self.connects(Some(suite), Exchange::FiniteField(*only)),
            [] => self.connects(Some(suite), self.exchange(suite)),
            _ => self.connects(Some(suite), Exchange::Unknown),
        })
    }

    fn connects(&self, suite: Option<&CipherSuite>, exchange: Exchange) -> Outcome {
        Outcome::Connects(Connection {
            version: self.version,
            suite: suite.map(|suite| suite.name.clone()),
            exchange,
            alpn: self.alpn(),
        })
    }

    fn order(&self) -> Option<crate::observation::OrderOf> {
        let orders = self.tls.suite_order.completed()?;
        orders.items.iter().find(|order| order.version == self.version).map(|order| order.of)
    }

    /// The server's choice was seen for a client that offers h2 and http/1.1, h2 first.
    fn alpn(&self) -> Option<String> {
        let chosen = self.tls.handshake.completed()?.alpn.clone()?;
        self.client.alpn.contains(&chosen).then_some(chosen)
    }

    /// Whether the client turns the certificate's key away whatever suite is chosen.
    fn refuses_key(&self, server: &[&CipherSuite]) -> Result<Option<Outcome>, Gap> {
        let Some(key) = self.key else { return Ok(None) };
        let name = match (key.algorithm.as_str(), key.bits, &key.curve) {
            ("RSA", Some(bits), _) if !self.client.rsa_bits.allow(bits) => format!("RSA {bits}"),
            _ if self.version == Protocol::Tls13 && !self.verifies(key) => {
                key.curve.clone().unwrap_or_else(|| key.algorithm.clone())
            }
            _ => return Ok(None),
        };
        // with a second certificate of another kind the server may have shown that one
        let kind = if key.algorithm == "RSA" { "RSA" } else { "ECDSA" };
        let known = self.tls.cipher_suites.completed().into_iter().flat_map(|listing| &listing.items);
        let others = known.chain(server.iter().copied()).any(|suite| {
            matches!(suite.authentication.as_str(), "RSA" | "ECDSA") && suite.authentication != kind
        });
        if others { Err(Gap::Ambiguous) } else { Ok(Some(Outcome::Fails(Why::Key(name)))) }
    }

    /// Whether the client has a signature scheme of TLS 1.3 for this key (RFC 8446 section 4.2.3).
    fn verifies(&self, key: &PublicKey) -> bool {
        let Some(signatures) = &self.client.signatures else { return true };
        let schemes: &[u16] = match (key.algorithm.as_str(), key.curve.as_deref()) {
            ("RSA", _) => &[0x0804, 0x0805, 0x0806],
            ("EC", Some("secp256r1")) => &[0x0403],
            ("EC", Some("secp384r1")) => &[0x0503],
            ("EC", Some("secp521r1")) => &[0x0603],
            ("Ed25519", _) => &[0x0807],
            ("Ed448", _) => &[0x0808],
            _ => return true,
        };
        schemes.iter().any(|scheme| signatures.contains(scheme))
    }

    /// Whether both sides have what this suite needs beside itself.
    fn usable(&self, suite: &CipherSuite) -> Result<bool, Gap> {
        if self.version == Protocol::Tls13 {
            return self.shares_group();
        }
        if suite.key_exchange.starts_with("ECDH") && suite.forward_secrecy {
            if suite.authentication == "ECDSA" && !self.takes_ec_key() {
                return Ok(false);
            }
            return self.shares_group();
        }
        Ok(true)
    }

    /// Whether the client names the curve of an ECDSA certificate among its groups, as RFC 8422 section 5.3 asks.
    fn takes_ec_key(&self) -> bool {
        let curve = self.key.and_then(|key| key.curve.as_ref());
        self.client.groups.is_empty() || curve.is_none_or(|curve| self.client.groups.contains(curve))
    }

    fn shares_group(&self) -> Result<bool, Gap> {
        if self.client.groups.is_empty() {
            // a client that names none accepts any
            return Ok(true);
        }
        let listing = seen(&self.tls.groups)?;
        if self.server_groups(listing).any(|group| self.client.groups.contains(&group.name)) {
            return Ok(true);
        }
        if let Some(failure) = &listing.incomplete {
            return Err(failure.into());
        }
        // behind the curve of an ECDSA certificate there may be groups that were never chosen
        let hidden = self.version != Protocol::Tls13 && self.key.is_some_and(|key| key.algorithm == "EC");
        if hidden { Err(Gap::Ambiguous) } else { Ok(false) }
    }

    /// The server's groups in versions like this one.
    fn server_groups<'l>(&self, listing: &'l Listing<Group>) -> impl Iterator<Item = &'l Group> + use<'l> {
        let new = self.version == Protocol::Tls13;
        listing.items.iter().filter(move |group| (group.version == Protocol::Tls13) == new)
    }

    /// The sizes of the primes that this suite may be used with, ascending; none where it uses none, or they are not known.
    fn prime_sizes(&self, suite: &CipherSuite) -> Vec<u32> {
        if !uses_prime(suite) {
            return Vec::new();
        }
        let primes = self.tls.dh_primes.completed().filter(|primes| primes.incomplete.is_none());
        let mut sizes: Vec<u32> = primes.into_iter().flat_map(|p| &p.items).map(|p| p.bits).collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    fn exchange(&self, suite: &CipherSuite) -> Exchange {
        if uses_prime(suite) {
            return Exchange::Unknown;
        }
        if self.version != Protocol::Tls13 && !suite.forward_secrecy {
            return Exchange::Static;
        }
        let Some(listing) = self.tls.groups.completed().filter(|listing| listing.incomplete.is_none()) else {
            return Exchange::Unknown;
        };
        let server: Vec<&str> = self.server_groups(listing).map(|group| group.name.as_str()).collect();
        let among = |names: &'m [String]| -> Vec<&'m str> {
            names.iter().map(String::as_str).filter(|name| server.contains(name)).collect()
        };
        let mut by_client = among(&self.client.groups);
        // a share that is already there saves a round trip, which servers prefer to their own order (RFC 8446 4.2.8)
        let shares = among(&self.client.key_shares);
        if self.version == Protocol::Tls13 && !shares.is_empty() {
            by_client = shares;
        }
        let by_server: Vec<&str> = server.iter().copied().filter(|name| by_client.contains(name)).collect();
        let mut either = order::groups(&by_client, &by_server);
        match (either.len(), either.pop()) {
            (1, Some(only)) => Exchange::Group(only),
            (2, Some(second)) => {
                either.push(second);
                Exchange::OneOf(either)
            }
            _ => Exchange::Unknown,
        }
    }
}

fn uses_prime(suite: &CipherSuite) -> bool {
    suite.key_exchange.starts_with("DHE") || suite.key_exchange.starts_with("DH_anon")
}

fn registered(suite: &str) -> bool {
    iana::cipher_suites().any(|known| known.name == suite && known.registered)
}
