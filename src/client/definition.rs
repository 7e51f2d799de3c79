//! Clients as `clients.yaml` describes them: parsed, not validated. Codes are looked up in IANA's registries, so that a
//! typing mistake is refused with its place instead of never matching.

use jiff::civil::Date;
use serde::Deserialize;

use crate::{
    language::text,
    observation::Protocol,
    wire::iana,
    yaml::{self, Diagnostic, Diagnostics, Located, Source},
};

/// The clients of this release.
const BUILT_IN: &str = include_str!("clients.yaml");

/// Clients in the order they are listed in.
#[derive(Clone, Debug)]
pub struct Clients {
    snapshot: Date,
    clients: Vec<Client>,
}

/// One client: what its hello says, and what it refuses beside that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Stable name, kebab-case.
    pub id: String,
    /// What people call it; the same in every language.
    pub name: String,
    /// Where its hello was read.
    pub source: String,
    /// Versions it accepts.
    pub versions: Vec<Protocol>,
    /// IANA names of its cipher suites, most wanted first.
    pub suites: Vec<String>,
    /// IANA names of its groups, most wanted first; empty where it sends none.
    pub groups: Vec<String>,
    /// Groups it sends a share for in its first hello of TLS 1.3.
    pub key_shares: Vec<String>,
    /// Codes of the signature schemes it accepts; `None` where the source does not say.
    pub signatures: Option<Vec<u16>>,
    /// ALPN protocols, most wanted first.
    pub alpn: Vec<String>,
    /// Sizes of finite-field Diffie-Hellman it accepts.
    pub dh_bits: Bits,
    /// Sizes of RSA keys it accepts.
    pub rsa_bits: Bits,
    /// Common names of public roots that its own store lacks.
    pub lacks_roots: Vec<String>,
}

/// Sizes in bits, both ends included; an end that is not there is not known to exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bits {
    /// The smallest.
    #[serde(default)]
    pub min: Option<u32>,
    /// The largest.
    #[serde(default)]
    pub max: Option<u32>,
}

impl Bits {
    /// Whether a size lies inside.
    pub fn allow(self, bits: u32) -> bool {
        self.min.is_none_or(|min| bits >= min) && self.max.is_none_or(|max| bits <= max)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    snapshot: Date,
    clients: Vec<RawClient>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClient {
    id: Located<String>,
    name: String,
    source: String,
    versions: Located<Vec<Protocol>>,
    suites: Located<String>,
    groups: Located<String>,
    #[serde(default)]
    key_shares: Option<Located<String>>,
    #[serde(default)]
    signatures: Option<Located<String>>,
    #[serde(default)]
    alpn: Vec<String>,
    #[serde(default)]
    dh_bits: Bits,
    #[serde(default)]
    rsa_bits: Bits,
    #[serde(default)]
    lacks_roots: Vec<String>,
}

impl Clients {
    /// The clients of this release.
    pub fn built_in() -> Result<Self, Diagnostics> {
        Self::parse(&Source::new("src/client/clients.yaml", BUILT_IN))
    }

    /// Reads a file of clients; every mistake has its place.
    pub fn parse(source: &Source) -> Result<Self, Diagnostics> {
        let file: RawFile = yaml::parse(source)?;
        let mut mistakes = Vec::new();
        let mut clients: Vec<Client> = Vec::with_capacity(file.clients.len());
        for raw in file.clients {
            if clients.iter().any(|client| client.id == *raw.id) {
                mistakes.push(source.diagnostic(
                    raw.id.at,
                    text!(
                        "chương trình `{id}` được ghi hai lần",
                        "the client `{id}` stands twice",
                        id = *raw.id
                    ),
                ));
            }
            clients.push(raw.client(source, &mut mistakes));
        }
        match Diagnostics::collect(mistakes) {
            Some(mistakes) => Err(mistakes),
            None => Ok(Self { snapshot: file.snapshot, clients }),
        }
    }

    /// When the list was last looked through.
    pub fn snapshot(&self) -> Date {
        self.snapshot
    }

    /// Every client.
    pub fn all(&self) -> &[Client] {
        &self.clients
    }
}

impl RawClient {
    fn client(self, source: &Source, mistakes: &mut Vec<Diagnostic>) -> Client {
        let mut codes = |what: &str, text: &Located<String>, name: fn(u16) -> Option<String>| {
            let mut found: Vec<(u16, String)> = Vec::new();
            for word in text.split_whitespace() {
                let code = u16::from_str_radix(word, 16).ok().filter(|_| word.len() == 4);
                let Some((code, name)) = code.and_then(|code| Some((code, name(code)?))) else {
                    let message = text!(
                        "`{word}` không phải mã số của IANA ({what})",
                        "`{word}` is no code of IANA's ({what})"
                    );
                    let help = (
                        "ghi giá trị của IANA bằng bốn chữ số thập lục phân, như c02f",
                        "write IANA's value as four hexadecimal digits, as in c02f",
                    );
                    mistakes.push(source.diagnostic(text.at, message).with_help(help));
                    continue;
                };
                if found.iter().any(|(known, _)| *known == code) {
                    mistakes.push(source.diagnostic(
                        text.at,
                        text!("`{word}` được ghi hai lần ({what})", "`{word}` stands twice ({what})"),
                    ));
                }
                found.push((code, name));
            }
            found
        };
        let names = |found: Vec<(u16, String)>| found.into_iter().map(|(_, name)| name).collect();
        let suite = |code| iana::cipher_suite(code).map(|suite| suite.name.to_owned());
        let group = |code| iana::named_group(code).map(|group| group.name.to_owned());
        let scheme =
            |code| Some(iana::signature_scheme_name(code).into_owned()).filter(|n| !n.starts_with("0x"));
        let suites: Vec<String> = names(codes("cipher suite", &self.suites, suite));
        let groups: Vec<String> = names(codes("group", &self.groups, group));
        let shares = self.key_shares.as_ref();
        let key_shares: Vec<String> =
            names(shares.map(|text| codes("group", text, group)).unwrap_or_default());
        let signatures = self.signatures.as_ref().map(|text| codes("signature scheme", text, scheme));
        if let (Some(stray), Some(at)) = (key_shares.iter().find(|share| !groups.contains(share)), shares) {
            mistakes.push(source.diagnostic(
                at.at,
                text!("`{stray}` không có trong `groups`", "`groups` does not have `{stray}`"),
            ));
        }
        if self.versions.is_empty() || suites.is_empty() {
            mistakes.push(source.diagnostic(
                self.versions.at,
                ("thiếu phiên bản hoặc bộ mã", "a client without versions or suites"),
            ));
        }
        Client {
            id: self.id.into_inner(),
            name: self.name,
            source: self.source,
            versions: self.versions.into_inner(),
            suites,
            groups,
            key_shares,
            signatures: signatures.map(|found| found.into_iter().map(|(code, _)| code).collect()),
            alpn: self.alpn,
            dh_bits: self.dh_bits,
            rsa_bits: self.rsa_bits,
            lacks_roots: self.lacks_roots,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(from: &str, to: &str) -> String {
        assert!(BUILT_IN.contains(from), "{from}");
        let text = BUILT_IN.replacen(from, to, 1);
        let found = Clients::parse(&Source::new("c.yaml", text)).unwrap_err();
        found.iter().map(|fault| format!("{fault:?}")).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_built_in_clients_are_in_order() {
        let clients = Clients::built_in().unwrap();
        assert!((12..=24).contains(&clients.all().len()));
        for client in clients.all() {
            let has_13 = client.versions.contains(&Protocol::Tls13);
            assert_eq!(has_13, client.suites.iter().any(|s| s == "TLS_AES_128_GCM_SHA256"), "{}", client.id);
            assert_eq!(has_13, !client.key_shares.is_empty(), "{}", client.id);
            assert!(client.versions.is_sorted(), "{}", client.id);
            assert!(!client.source.is_empty() && !client.name.is_empty());
        }
    }

    #[test]
    fn mistakes_are_named_with_line_and_column() {
        for (from, to, expected) in [
            ("versions: [TLSv1.0", "versions: [TLSv1.5", "c.yaml:11"),
            ("\"0017 0018\"", "\"0017 0x18\"", "c.yaml:15:13"),
            ("\"0017 0018\"", "\"0017 9918\"", "is no code of IANA's (group)"),
            ("\"0017 0018\"", "\"0017 17\"", "is no code"),
            ("\"0017 0018\"", "\"0017 0017\"", "`0017` stands twice (group)"),
            ("id: ie-11-windows-8-1", "id: ie-11-windows-7", "c.yaml:19:9: the client"),
            ("key_shares: \"001d\"", "key_shares: \"0019\"", "does not have `secp521r1`"),
            ("dh_bits: {min: 1024", "dh_bits: {least: 1024", "least"),
            ("snapshot: 2026-11-24\n", "", "snapshot"),
        ] {
            let found = mistakes(from, to);
            assert!(found.contains(expected), "{to}: {found}");
        }
    }

    #[test]
    fn a_size_is_allowed_between_its_ends() {
        let bits = Bits { min: Some(1024), max: Some(2048) };
        assert_eq!([1023, 1024, 2048, 2049].map(|n| bits.allow(n)), [false, true, true, false]);
        assert!(Bits::default().allow(0));
    }
}
