//! Alt-Svc (RFC 7838): other places and protocols where a site may be fetched. Nobody is dialled because of it here.

use super::field::is_token_octet;

/// Alternatives kept of one response.
pub const ALTERNATIVE_LIMIT: usize = 20;

/// What the Alt-Svc fields of one response say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AltSvc {
    /// `clear`: forget every alternative.
    Clear,
    /// Alternatives in the order of preference.
    Alternatives(Vec<Alternative>),
}

/// One alternative service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// ALPN protocol name, percent-decoding undone: `h3`, `h2`.
    pub protocol: String,
    /// Host; empty for the same one.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Seconds it may be remembered; 24 hours where not said.
    pub max_age: u64,
    /// It outlives a change of network.
    pub persist: bool,
}

/// Seconds where `ma` is absent (§3.1).
const DEFAULT_AGE: u64 = 86_400;

/// Reads the fields of one response. `None` when there is no such field. What breaks the grammar is left out, alone.
pub fn from_fields<V: AsRef<str>>(lines: impl IntoIterator<Item = V>) -> Option<AltSvc> {
    let values = super::field::get_decode_and_split(lines)?;
    // the word stands alone and is case-sensitive
    if values.len() == 1 && values.iter().any(|value| value == "clear") {
        return Some(AltSvc::Clear);
    }
    let alternatives = values.iter().filter_map(|value| alternative(value)).take(ALTERNATIVE_LIMIT);
    Some(AltSvc::Alternatives(alternatives.collect()))
}

fn alternative(text: &str) -> Option<Alternative> {
    let mut parts = split_outside_quotes(text).into_iter();
    let (protocol, authority) = parts.next()?.split_once('=')?;
    let authority = unquote(authority)?;
    let (host, port) = authority.rsplit_once(':')?;
    let digits = !port.is_empty() && port.bytes().all(|octet| octet.is_ascii_digit());
    let mut found = Alternative {
        protocol: percent_decoded(protocol)?,
        host: host.to_ascii_lowercase(),
        port: if digits { port.parse().ok()? } else { return None },
        max_age: DEFAULT_AGE,
        persist: false,
    };
    for part in parts {
        let Some((name, value)) = part.trim_matches([' ', '\t']).split_once('=') else { continue };
        let value = unquote(value).unwrap_or_else(|| value.to_owned());
        match name.to_ascii_lowercase().as_str() {
            "ma" if !value.is_empty() && value.bytes().all(|octet| octet.is_ascii_digit()) => {
                found.max_age = value.parse().unwrap_or(u64::from(u32::MAX));
            }
            // only 1 means anything (§3.1)
            "persist" => found.persist = value == "1",
            _ => {}
        }
    }
    Some(found)
}

fn split_outside_quotes(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' if !quoted => {
                parts.push(text.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

fn unquote(text: &str) -> Option<String> {
    let inner = text.trim_matches([' ', '\t']).strip_prefix('"')?.strip_suffix('"')?;
    let mut out = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        out.push(if character == '\\' { characters.next()? } else { character });
    }
    Some(out)
}

/// A protocol name is a token in which other octets are percent-encoded (§3).
fn percent_decoded(token: &str) -> Option<String> {
    let token = token.trim_matches([' ', '\t']);
    if token.is_empty() || !token.bytes().all(is_token_octet) {
        return None;
    }
    let mut octets = Vec::with_capacity(token.len());
    let mut rest = token.bytes();
    while let Some(octet) = rest.next() {
        if octet == b'%' {
            let mut digit = || rest.next().and_then(|hex| char::from(hex).to_digit(16));
            octets.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
        } else {
            octets.push(octet);
        }
    }
    String::from_utf8(octets).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(lines: &[&str]) -> Vec<String> {
        match from_fields(lines).unwrap() {
            AltSvc::Clear => vec!["clear".to_owned()],
            AltSvc::Alternatives(all) => all
                .iter()
                .map(|a| {
                    format!(
                        "{} {}:{} {}{}",
                        a.protocol,
                        a.host,
                        a.port,
                        a.max_age,
                        if a.persist { " persist" } else { "" }
                    )
                })
                .collect(),
        }
    }

    #[test]
    fn examples_of_the_rfc() {
        for (lines, expected) in [
            (&["h2=\"alt.example.com:8000\""][..], &["h2 alt.example.com:8000 86400"][..]),
            (&["h2=\":443\"; ma=3600"], &["h2 :443 3600"]),
            (
                &["h2=\"alt.example.com:8000\", h2=\":443\""],
                &["h2 alt.example.com:8000 86400", "h2 :443 86400"],
            ),
            (&["h3=\":443\"; ma=2592000; persist=1"], &["h3 :443 2592000 persist"]),
            (&["h3=\":443\"; ma=2592000; persist=2"], &["h3 :443 2592000"]),
            (&["w%3Dx%3Ay=\":1\""], &["w=x:y :1 86400"]),
            (&["clear"], &["clear"]),
            (&["Clear"], &[]),
            (&["clear, h2=\":1\""], &["h2 :1 86400"]),
            (&["h3=:443"], &[]),
            (&["h3=\":99999\""], &[]),
            (&["h3=\":\""], &[]),
            (&["h3=\"[::1]:443\""], &["h3 [::1]:443 86400"]),
            (&[""], &[]),
        ] {
            assert_eq!(read(lines), expected, "{lines:?}");
        }
        assert_eq!(from_fields([""; 0]), None);
    }

    proptest! {
        #[test]
        fn never_panics(lines in prop::collection::vec("(h3=\":443\"|[;, =\"%\\\\]|ma=|.){0,20}", 0..4)) {
            if let Some(AltSvc::Alternatives(all)) = from_fields(&lines) {
                prop_assert!(all.len() <= ALTERNATIVE_LIMIT);
            }
        }
    }
}
